/** Big-endian numbers in byte arrays, and the one kind of error that decoding answers. */

const TWO_TO_32 = 0x1_0000_0000;

/** Part of a packet in which decoding stopped. */
export type WireLayer =
  | "common header"
  | "address header"
  | "path"
  | "hop-by-hop"
  | "end-to-end"
  | "udp"
  | "scmp"
  | "bfd";

/** Why bytes are no packet that a record can hold. */
export interface WireError {
  readonly layer: WireLayer;
  /** Of the first byte at fault, from the packet's start. */
  readonly offset: number;
  readonly reason: string;
}

export function fault(layer: WireLayer, offset: number, reason: string): WireError {
  return { layer, offset, reason };
}

/** Readers do not check bounds: decoders compare lengths before they read. */
export function get16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

export function get32(bytes: Uint8Array, at: number): number {
  return get16(bytes, at) * 0x1_0000 + get16(bytes, at + 2);
}

export function get48(bytes: Uint8Array, at: number): number {
  return get16(bytes, at) * TWO_TO_32 + get32(bytes, at + 2);
}

/** A 64-bit number, or -1 where it is beyond 2^53-1 and a `number` cannot hold it exactly. */
export function get64(bytes: Uint8Array, at: number): number {
  const high = get32(bytes, at);
  return high > 0x1f_ffff ? -1 : high * TWO_TO_32 + get32(bytes, at + 4);
}

export function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function put32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

export function put48(bytes: Uint8Array, at: number, value: number): void {
  const low = value % TWO_TO_32;
  put16(bytes, at, (value - low) / TWO_TO_32);
  put32(bytes, at + 2, low);
}

export function put64(bytes: Uint8Array, at: number, value: number): void {
  const low = value % TWO_TO_32;
  put32(bytes, at, (value - low) / TWO_TO_32);
  put32(bytes, at + 4, low);
}

/**
 * Memory that copies are cut from: an array buffer for each costs more than all the rest of decoding a packet. No run can see
 * another in it: a range is given out once, zero or written all over, and what a copy holds hangs on nothing else.
 */
const POOL = { bytes: new Uint8Array(0), used: 0 };
const POOL_BYTES = 0x1_0000;

/** Engines keep arrays up to here with their objects, and long ones are worth a buffer of their own. */
const [POOLED_FROM, POOLED_TO] = [65, 4096];

/** Zeros that nobody else writes to. */
export function zeroBytes(length: number): Uint8Array {
  return length >= POOLED_FROM && length <= POOLED_TO ? pooled(length) : new Uint8Array(length);
}

/** A copy of `bytes[start, end)` that nobody else writes to. */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start;
  const copy = zeroBytes(length);
  if (length > COPY_LOOP_BYTES) {
    copy.set(bytes.subarray(start, end));
    return copy;
  }
  let i = 0;
  for (let at = start; i + 3 < length; i += 4, at += 4) {
    copy[i] = bytes[at] as number;
    copy[i + 1] = bytes[at + 1] as number;
    copy[i + 2] = bytes[at + 2] as number;
    copy[i + 3] = bytes[at + 3] as number;
  }
  for (; i < length; i++) copy[i] = bytes[start + i] as number;
  return copy;
}

/** Up to here a loop copies faster than the engine's own call begins. */
const COPY_LOOP_BYTES = 256;

function pooled(length: number): Uint8Array {
  if (POOL.used + length > POOL.bytes.length) {
    POOL.bytes = new Uint8Array(POOL_BYTES);
    POOL.used = 0;
  }
  const copy = new Uint8Array(POOL.bytes.buffer, POOL.used, length);
  POOL.used += (length + 7) & ~7;
  return copy;
}
