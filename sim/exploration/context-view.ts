/** A context as text that people can read: cut where it is deep or long, typed arrays and maps by their content, times with a unit. */
import type { ContextView } from "../../core/exploration.ts";

const DEEPEST = 6;
const MOST_ENTRIES = 40;
const MOST_ALTOGETHER = 1_500;
const LONGEST_TEXT = 200;

/** Names of what counts in nanoseconds. */
const TIMES =
  /(?:_ns|Ns|[aA]t|Until|^start|^stop|^due|^wake|^now|rtt|Rtt|^min|^latest|^smoothed|^variance|[tT]imeout|^interval|^period|^detection|^revocation|^release|[lL]atency|[dD]elay|^measureFrom|^convergence|^since|^busyUntil)$/;
const NEVER_TEXT = "never";

/** What is left of the entries shown altogether. */
interface Budget {
  left: number;
}

export function contextView(context: unknown): ContextView {
  return viewOf("", context, 0, { left: MOST_ALTOGETHER }, []);
}

/** `around`: what the value lies in, so that a circle ends. */
function viewOf(name: string, value: unknown, depth: number, budget: Budget, around: readonly unknown[]): ContextView {
  if (typeof value !== "object" || value === null) return { kind: "value", text: textOf(name, value) };
  if (around.includes(value)) return { kind: "value", text: "(the same as around it)" };
  const [what, size] = kindOf(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return typedArray(name, value as Numbers, what);
  if (depth >= DEEPEST || size === 0) return { kind: "value", text: size === 0 ? `${what}, empty` : what };
  const room = Math.max(0, Math.min(MOST_ENTRIES, budget.left, size));
  budget.left -= room;
  const inside = [...around, value];
  const entries = firstEntries(value, room).map(
    ([key, one]) => [key, viewOf(Array.isArray(value) ? name : key, one, depth + 1, budget, inside)] as const,
  );
  return { kind: "group", what, entries, more: size - entries.length };
}

function kindOf(value: object): [what: string, size: number] {
  if (Array.isArray(value)) return [`list of ${value.length}`, value.length];
  if (value instanceof Map) return [`map of ${value.size}`, value.size];
  if (value instanceof Set) return [`set of ${value.size}`, value.size];
  if (ArrayBuffer.isView(value)) {
    const { length } = value as Uint8Array;
    return [`${value.constructor.name} of ${length}`, length];
  }
  const size = Object.keys(value).length;
  return [size === 1 ? "1 field" : `${size} fields`, size];
}

function firstEntries(value: object, most: number): [key: string, value: unknown][] {
  // Lists by number may have holes.
  if (Array.isArray(value)) return Array.from(value.slice(0, most), (one: unknown, at) => [String(at), one]);
  if (value instanceof Set) return firstEntries([...value], most);
  const all = value instanceof Map ? value : Object.entries(value);
  const found: [string, unknown][] = [];
  for (const [key, one] of all) {
    if (found.length >= most) break;
    found.push([typeof key === "object" ? JSON.stringify(key) : String(key), one]);
  }
  return found;
}

/** What a typed array of any kind has. */
type Numbers = Int32Array | Float64Array | Uint8Array;

function typedArray(name: string, values: Numbers, what: string): ContextView {
  const { length } = values;
  if (length === 0) return { kind: "value", text: `${what}, empty` };
  if (values instanceof Uint8Array) return { kind: "value", text: `${hexOf(values)} (${length} bytes)` };
  const shown = [...values.subarray(0, 16)].map((one) => textOf(name, one));
  return { kind: "value", text: `${what}: ${shown.join(", ")}${length > shown.length ? ", ..." : ""}` };
}

function hexOf(bytes: Uint8Array): string {
  const hex = [...bytes.subarray(0, 24)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return bytes.length > 24 ? `${hex}...` : hex;
}

function textOf(name: string, value: unknown): string {
  if (typeof value === "string") {
    const cut = value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}...` : value;
    return JSON.stringify(cut);
  }
  if (typeof value !== "number") return String(value);
  if (value === Number.MAX_SAFE_INTEGER || value === Number.POSITIVE_INFINITY) return NEVER_TEXT;
  if (TIMES.test(name) && value >= 1_000) return `${numberText(value)} (${durationText(value)})`;
  return numberText(value);
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (!Number.isInteger(value)) return String(Number(value.toPrecision(6)));
  const digits = String(Math.abs(value)).replace(/\B(?=(?:\d{3})+$)/g, " ");
  return value < 0 ? `-${digits}` : digits;
}

/** `12.5 ms`, `3 s`. */
export function durationText(nanoseconds: number): string {
  const [unit, length] =
    nanoseconds >= 1e9 ? ["s", 1e9] : nanoseconds >= 1e6 ? ["ms", 1e6] : nanoseconds >= 1e3 ? ["us", 1e3] : ["ns", 1];
  return `${Number((nanoseconds / length).toFixed(3))} ${unit}`;
}
