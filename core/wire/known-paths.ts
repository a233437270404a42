/**
 * SCION paths remembered by their bytes: flows carry the same one in packet after packet, and making its objects costs
 * more than all the rest of a packet. What is remembered is a pure function's values and nothing else, immutable, found
 * by comparing every byte, in a table of fixed size, so that no run can see another in it.
 */
import type { ScionPath } from "../path.ts";
import { get32 } from "./bytes.ts";

/** Entries of the table; a power of two. */
const SLOTS = 1024;
/** Meta header, one info and one hop field. */
const LEAST_BYTES = 24;
const SPREAD = 0x9e37_79b1;

interface KnownPath {
  readonly bytes: Uint8Array;
  readonly path: ScionPath;
}

const PATHS: (KnownPath | undefined)[] = Array.from({ length: SLOTS }, () => undefined);

/** What was last met in each slot: a path is kept when it comes again, so that those that come once cost no copy. */
const MET = new Int32Array(SLOTS);

/** Hash of the pieces of a path that tell one from another: lengths, first info field, last hop fields; not the pointers. */
export function hashPath(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < LEAST_BYTES) return 0;
  const lengths = get32(bytes, start) & 0xff_ffff;
  let hash = Math.imul(lengths ^ get32(bytes, start + 4), SPREAD);
  hash = Math.imul(hash ^ (hash >>> 15) ^ get32(bytes, start + 8), SPREAD);
  hash = Math.imul(hash ^ (hash >>> 15) ^ get32(bytes, end - 16), SPREAD);
  hash = Math.imul(hash ^ (hash >>> 15) ^ get32(bytes, end - 4), SPREAD);
  return hash ^ (hash >>> 15);
}

/** The path that fills `bytes[start, end)`, if it has been remembered; null where not. Paths take whole units of four bytes. */
export function knownPath(hash: number, bytes: Uint8Array, start: number, end: number): ScionPath | null {
  const known = PATHS[hash & (SLOTS - 1)];
  if (known === undefined) return null;
  const kept = known.bytes;
  const length = kept.length;
  if (length !== end - start) return null;
  let different = 0;
  for (let i = 1; i < 4; i++) different |= (kept[i] as number) ^ (bytes[start + i] as number);
  for (let i = 4, at = start + 4; i < length; i += 4, at += 4) {
    different |= (kept[i] as number) ^ (bytes[at] as number);
    different |= (kept[i + 1] as number) ^ (bytes[at + 1] as number);
    different |= (kept[i + 2] as number) ^ (bytes[at + 2] as number);
    different |= (kept[i + 3] as number) ^ (bytes[at + 3] as number);
  }
  return different === 0 ? known.path : null;
}

/** Remembers a path without reserved bits, from the second time on that it comes in a row. */
export function rememberPath(hash: number, bytes: Uint8Array, start: number, end: number, path: ScionPath): void {
  const slot = hash & (SLOTS - 1);
  if (MET[slot] === hash) PATHS[slot] = { bytes: new Uint8Array(bytes.subarray(start, end)), path };
  MET[slot] = hash;
}
