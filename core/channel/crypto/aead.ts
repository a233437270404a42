/**
 * ChaCha20-Poly1305 (RFC 8439, section 2.8) of @noble's cipher and authenticator, put together for packets: the library's own
 * construction calls the cipher twice and the authenticator three times, and each call checks, copies and wipes. Here the one-time
 * key (block 0) and the text (block 1 on) come of one run of the cipher, and what is authenticated already lies in one piece:
 *
 *     work    ... | associated data, zeros to 16 | text, zeros to 16 | lengths
 *                 ^ block 0 before: its first 32 bytes are the one-time key
 */
import { Poly1305 } from "@noble/ciphers/_poly1305.js";
import { chacha20 } from "@noble/ciphers/chacha.js";

const TAG = 16;
const BLOCK = 64;

/** Where packets are put together, as long as they are no longer; nothing is read that was not written just before. */
const WORK = new Uint8Array(0x1_0100);
const RESULT = new Uint8Array(0x1_0100);

/** Ciphertext, then 16 bytes of tag. */
export function sealChaCha(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Uint8Array {
  const at = textAt(aad);
  const end = at + plain.length;
  const work = areaOf(WORK, end);
  work.fill(0, at - BLOCK, at);
  work.set(plain, at);
  const stream = work.subarray(at - BLOCK, end);
  chacha20(key, nonce, stream, stream);
  const sealed = new Uint8Array(plain.length + TAG);
  sealed.set(work.subarray(at, end));
  sealed.set(tagOf(work.slice(at - BLOCK, at - BLOCK + 32), work, aad, at, end), plain.length);
  return sealed;
}

/** The plain text, or null where the tag does not fit. Never throws for what `sealed` holds. */
export function openChaCha(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | null {
  if (sealed.length < TAG) return null;
  const at = textAt(aad);
  const end = at + sealed.length - TAG;
  const work = areaOf(WORK, end);
  const result = areaOf(RESULT, end);
  work.fill(0, at - BLOCK, at);
  work.set(sealed.subarray(0, sealed.length - TAG), at);
  chacha20(key, nonce, work.subarray(at - BLOCK, end), result.subarray(at - BLOCK, end));
  const tag = tagOf(result.slice(at - BLOCK, at - BLOCK + 32), work, aad, at, end);
  let difference = 0;
  for (let i = 0; i < TAG; i++) difference |= (tag[i] as number) ^ (sealed[sealed.length - TAG + i] as number);
  return difference === 0 ? result.slice(at, end) : null;
}

/** Room for block 0 and for the associated data; whole blocks, since words are quicker than bytes. */
function textAt(aad: Uint8Array): number {
  return Math.max(BLOCK, (aad.length + BLOCK - 1) & -BLOCK);
}

function areaOf(area: Uint8Array, end: number): Uint8Array {
  const length = end + 2 * TAG;
  return length <= area.length ? area : new Uint8Array(length);
}

/** The tag over ciphertext `work[at, end)`: associated data goes before it, the lengths of both after it. */
function tagOf(oneTimeKey: Uint8Array, work: Uint8Array, aad: Uint8Array, at: number, end: number): Uint8Array {
  const start = at - ((aad.length + TAG - 1) & -TAG);
  work.set(aad, start);
  work.fill(0, start + aad.length, at);
  const lengths = at + ((end - at + TAG - 1) & -TAG);
  work.fill(0, end, lengths + TAG);
  put32LE(work, lengths, aad.length);
  put32LE(work, lengths + 8, end - at);
  return new Poly1305(oneTimeKey).update(work.subarray(start, lengths + TAG)).digest();
}

function put32LE(bytes: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i++) bytes[at + i] = value >>> (8 * i);
}
