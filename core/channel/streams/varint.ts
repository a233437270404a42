/** Numbers of one, two, four or eight bytes (RFC 9000, section 16): the two highest bits of the first byte say how many. */
import { put32 } from "../../wire/bytes.ts";

const TWO_TO_32 = 0x1_0000_0000;
/** Above it neighbours cannot be told apart in a `number`; frames refuse such values. */
export const MAX_VARINT = Number.MAX_SAFE_INTEGER;

/** Bytes that `value` takes, 1 to 8. */
export function sizeOfVarint(value: number): number {
  if (value < 0x40) return 1;
  if (value < 0x4000) return 2;
  return value < 0x4000_0000 ? 4 : 8;
}

/** Writes `value` (whole, from 0 to `MAX_VARINT`) in as few bytes as it takes; answers where the next byte goes. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  if (value < 0x40) {
    bytes[at] = value;
    return at + 1;
  }
  if (value < 0x4000) {
    bytes[at] = 0x40 | (value >>> 8);
    bytes[at + 1] = value;
    return at + 2;
  }
  if (value < 0x4000_0000) {
    put32(bytes, at, (0x8000_0000 | value) >>> 0);
    return at + 4;
  }
  put32(bytes, at, (0xc000_0000 | Math.floor(value / TWO_TO_32)) >>> 0);
  put32(bytes, at + 4, value % TWO_TO_32);
  return at + 8;
}

/**
 * A place in a packet's frames. Bytes from `end` up to `limit` are not there and read as zeros: simulations leave out zeros at a
 * packet's end.
 */
export interface Cursor {
  bytes: Uint8Array;
  /** Of the next byte. */
  at: number;
  /** Behind the last byte that is there. */
  end: number;
  /** Behind the last byte. */
  limit: number;
}

/** The next byte, or -1 at the end. */
export function readByte(cursor: Cursor): number {
  const at = cursor.at++;
  if (at < cursor.end) return cursor.bytes[at] as number;
  return at < cursor.limit ? 0 : -1;
}

/** The next number, or -1 where bytes are missing. Above 2^53 the nearest that a `number` holds. */
export function readVarint(cursor: Cursor): number {
  const first = readByte(cursor);
  if (first < 0x40) return first;
  if (first < 0x80) return pair(first & 0x3f, readByte(cursor));
  const high = pair(pair(first & 0x3f, readByte(cursor)), readByte(cursor));
  const word = pair(high, readByte(cursor));
  if (first < 0xc0) return word;
  let low = 0;
  for (let count = 0; count < 4; count++) low = pair(low, readByte(cursor));
  return word < 0 || low < 0 ? -1 : word * TWO_TO_32 + low;
}

function pair(high: number, low: number): number {
  return high < 0 || low < 0 ? -1 : high * 0x100 + low;
}
