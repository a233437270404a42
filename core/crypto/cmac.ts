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
}

/** Makes a key of 16 bytes ready. */
export function createCmacKey(key: Uint8Array): CmacKey {
  if (key.length !== BLOCK_BYTES) throw new Error(`an AES-128 key has ${BLOCK_BYTES} bytes, found ${key.length}`);
  const rounds = unsafe.expandKeyLE(key);
  const { s0, s1, s2, s3 } = unsafe.encrypt(rounds, 0, 0, 0, 0);
  return { rounds, whole: wordsOfBytes(unsafe.dbl(bytesOfWords([s0, s1, s2, s3]))) };
}

/** MAC of exactly one block: `block` holds the message before and its MAC after. */
export function cmacOfBlock({ rounds, whole }: CmacKey, block: Int32Array): void {
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
