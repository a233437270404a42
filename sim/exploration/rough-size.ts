/** Bytes of heap that one object, and one of its fields, takes: about what V8 takes. */
const OBJECT_BYTES = 32;
const FIELD_BYTES = 12;

/** About how much memory plain data takes, in bytes; what is referred to twice counts once. */
export function roughSize(data: unknown): number {
  const seen = new Set<object>();
  const open: unknown[] = [data];
  let bytes = 0;
  for (let value = open.pop(); value !== undefined || open.length > 0; value = open.pop()) {
    if (typeof value === "string") bytes += OBJECT_BYTES + value.length;
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    bytes += OBJECT_BYTES + sizeOf(value, open);
  }
  return bytes;
}

/** An object's own bytes; what it refers to is still open. */
function sizeOf(value: object, open: unknown[]): number {
  if (ArrayBuffer.isView(value)) return value.byteLength;
  if (value instanceof ArrayBuffer) return value.byteLength;
  const parts =
    value instanceof Map
      ? [...value.keys(), ...value.values()]
      : value instanceof Set
        ? [...value]
        : Object.values(value);
  for (const part of parts) {
    if (typeof part === "string" ? part.length > SHORT_TEXT : typeof part === "object" && part !== null)
      open.push(part);
  }
  return parts.length * FIELD_BYTES;
}

/** Texts this short are mostly names, shared by all that hold them. */
const SHORT_TEXT = 24;
