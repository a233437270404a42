/**
 * Whole numbers in as few bytes as they need, as git writes offsets: groups of seven bits, the most significant first, 0x80 marks
 * that more follow, and each continuation adds one, so that no number has two forms.
 */

const MORE = 0x80;
/** Numbers stay exact below 2^53; nothing on this wire comes near. */
const MAX_VALUE = Number.MAX_SAFE_INTEGER;

export interface ReadVarint {
  readonly value: number;
  /** Offset of the first byte after it. */
  readonly next: number;
}

/** Bytes that `putVarint` writes. */
export function varintLength(value: number): number {
  let length = 1;
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor((left - 1) / 128)) length++;
  return length;
}

/** Writes a whole number from 0 to 2^53 - 1; answers the offset after it. */
export function putVarint(bytes: Uint8Array, at: number, value: number): number {
  const next = at + varintLength(value);
  let left = value;
  for (let place = next - 1; place >= at; place--) {
    bytes[place] = (left % 128) | (place === next - 1 ? 0 : MORE);
    left = Math.floor(left / 128) - 1;
  }
  return next;
}

/** Reads a number that ends before `end`; null where it does not, or is beyond 2^53 - 1. */
export function readVarint(bytes: Uint8Array, at: number, end: number): ReadVarint | null {
  let value = 0;
  for (let place = at; place < end; place++) {
    const byte = bytes[place] as number;
    value = value * 128 + (byte & 0x7f);
    if (value > MAX_VALUE) return null;
    if ((byte & MORE) === 0) return { value, next: place + 1 };
    value++;
  }
  return null;
}
