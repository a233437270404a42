/**
 * AES-128-CMAC (RFC 4493) of single blocks, which is all that hop fields need: one exclusive or with the subkey, one block of
 * AES. The key schedule, the subkey and AES itself are @noble/ciphers'; its `cmac` would expand the key for every packet.
 * Blocks are four words of little-endian bytes, as the library's own.
 */
import { cbc, unsafe } from "@noble/ciphers/aes.js";

const BLOCK_BYTES = 16;

/** What of a key is worth computing once. Plain data. */
export interface CmacKey {
  /** Eleven round keys of four words. */
  readonly rounds: Uint32Array;
  /** Subkey K1, for whole blocks. */
  readonly whole: Int32Array;
  /** Where MACs under this key are written down, or read in its place; left out: nowhere. */
  readonly log?: MacLog;
}

/** MACs of single blocks by owner and block, as a run that keeps its keys secret made them: enough to replay it without them. */
export interface MacLog {
  /** Whose key it is. */
  readonly owner: string;
  /** `owner`, a space and the block, and its MAC, each in words of eight hex digits. */
  readonly macs: Map<string, string>;
  /** What is not in the log has no MAC here: the key is not known. */
  readonly readOnly: boolean;
}

/** Most MACs that a log holds: packets that somebody makes up could go on for ever. Later ones are computed, and not written down. */
export const MAX_LOGGED_MACS = 1_000_000;

/** The same key, whose MACs go into a log. */
export function withLog(key: CmacKey, owner: string, macs: Map<string, string>): CmacKey {
  return { ...key, log: { owner, macs, readOnly: false } };
}

/** In place of a key that is not known: only blocks in the log have a MAC, others get zeros. */
export function keyFromLog(owner: string, macs: Map<string, string>): CmacKey {
  return { rounds: new Uint32Array(44), whole: new Int32Array(4), log: { owner, macs, readOnly: true } };
}

/** Makes a key of 16 bytes ready. */
export function createCmacKey(key: Uint8Array): CmacKey {
  if (key.length !== BLOCK_BYTES) throw new Error(`an AES-128 key has ${BLOCK_BYTES} bytes, found ${key.length}`);
  const rounds = unsafe.expandKeyLE(key);
  const { s0, s1, s2, s3 } = unsafe.encrypt(rounds, 0, 0, 0, 0);
  return { rounds, whole: wordsOfBytes(unsafe.dbl(bytesOfWords([s0, s1, s2, s3]))) };
}

/** MAC of exactly one block: `block` holds the message before and its MAC after. */
export function cmacOfBlock(key: CmacKey, block: Int32Array): void {
  if (key.log === undefined) computeMac(key, block);
  else macByLog(key, key.log, block);
}

function macByLog(key: CmacKey, { owner, macs, readOnly }: MacLog, block: Int32Array): void {
  const name = `${owner} ${hexWords(block)}`;
  const known = macs.get(name);
  if (known !== undefined || readOnly) {
    for (let word = 0; word < 4; word++)
      block[word] = Number.parseInt((known ?? NO_MAC).slice(8 * word, 8 * word + 8), 16);
    return;
  }
  computeMac(key, block);
  if (macs.size < MAX_LOGGED_MACS) macs.set(name, hexWords(block));
}

const NO_MAC = "0".repeat(32);

function hexWords(words: Int32Array): string {
  return Array.from(words, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

function computeMac({ rounds, whole }: CmacKey, block: Int32Array): void {
  const { s0, s1, s2, s3 } = unsafe.encrypt(
    rounds,
    (block[0] as number) ^ (whole[0] as number),
    (block[1] as number) ^ (whole[1] as number),
    (block[2] as number) ^ (whole[2] as number),
    (block[3] as number) ^ (whole[3] as number),
  );
  block[0] = s0;
  block[1] = s1;
  block[2] = s2;
  block[3] = s3;
}

/** CBC-MAC with zero IV under a key of 16 bytes; the message is whole blocks. 16 bytes. */
export function cbcMac(key: Uint8Array, message: Uint8Array): Uint8Array {
  return cbc(key, new Uint8Array(BLOCK_BYTES), { disablePadding: true }).encrypt(message).slice(-BLOCK_BYTES);
}

/** Bytes of little-endian words. */
export function bytesOfWords(words: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 * words.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < words.length; i++) view.setInt32(4 * i, words[i] as number, true);
  return bytes;
}

/** Little-endian words of whole blocks. */
export function wordsOfBytes(bytes: Uint8Array): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int32Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(4 * i, true));
}
