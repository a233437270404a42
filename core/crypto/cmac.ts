/** AES-128-CMAC (RFC 4493) and the CBC-MAC with zero IV that EPIC uses. */
import { type AesKey, encryptBlock, expandAesKey, wordAt } from "./aes.ts";

/** A key ready for MACs. Plain data. */
export interface CmacKey {
  readonly aes: AesKey;
  /** Subkeys of RFC 4493, 2.3: for a last block that is whole, and for one that was padded. */
  readonly whole: Int32Array;
  readonly padded: Int32Array;
}

export function createCmacKey(key: Uint8Array): CmacKey {
  const aes = expandAesKey(key);
  const zero = new Int32Array(4);
  encryptBlock(aes, zero);
  const whole = doubled(zero);
  return { aes, whole, padded: doubled(whole) };
}

/** Multiplication by x in GF(2^128). */
function doubled(words: Int32Array): Int32Array {
  const [a = 0, b = 0, c = 0, d = 0] = words;
  return Int32Array.of(
    (a << 1) | (b >>> 31),
    (b << 1) | (c >>> 31),
    (c << 1) | (d >>> 31),
    (d << 1) ^ ((a >>> 31) * 0x87),
  );
}

/** MAC of exactly one block: `block` holds the message before and its MAC after. */
export function cmacOfBlock(key: CmacKey, block: Int32Array): void {
  const { whole } = key;
  block[0] = (block[0] as number) ^ (whole[0] as number);
  block[1] = (block[1] as number) ^ (whole[1] as number);
  block[2] = (block[2] as number) ^ (whole[2] as number);
  block[3] = (block[3] as number) ^ (whole[3] as number);
  encryptBlock(key.aes, block);
}

/** MAC of a message of any length, 16 bytes. */
export function cmac(key: CmacKey, message: Uint8Array): Uint8Array {
  const blocks = Math.max(1, Math.ceil(message.length / 16));
  const state = new Int32Array(4);
  for (let block = 0; block < blocks - 1; block++) absorb(key.aes, state, message, 16 * block);
  const last = new Uint8Array(16);
  last.set(message.subarray(16 * (blocks - 1)));
  const rest = message.length - 16 * (blocks - 1);
  if (rest < 16) last[rest] = 0x80;
  const subkey = rest < 16 ? key.padded : key.whole;
  for (let i = 0; i < 4; i++) state[i] = (state[i] as number) ^ (subkey[i] as number);
  absorb(key.aes, state, last, 0);
  return bytesOfWords(state);
}

/** CBC-MAC with zero IV; the message is zero-padded to whole blocks. 16 bytes. */
export function cbcMac(key: AesKey, message: Uint8Array): Uint8Array {
  const state = new Int32Array(4);
  for (let at = 0; at < message.length; at += 16) absorb(key, state, message, at);
  return bytesOfWords(state);
}

function absorb(key: AesKey, state: Int32Array, message: Uint8Array, at: number): void {
  for (let i = 0; i < 4; i++) state[i] = (state[i] as number) ^ wordAt(message, at + 4 * i);
  encryptBlock(key, state);
}

/** Big-endian bytes of words. */
export function bytesOfWords(words: Int32Array): Uint8Array {
  const bytes = new Uint8Array(4 * words.length);
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => view.setInt32(4 * index, word));
  return bytes;
}
