/**
 * Primitives of `crypto: modelled`: handshakes, cookies and tokens run as they are, with true sizes, but what they compute is a
 * mixing of bits that protects nothing. Wrong keys, changed messages and forged cookies are still found, as long as nobody tries.
 * Packets of data do not even come here (protection.ts).
 */
import { KEY_BYTES, type Primitives, sameBytes, TAG_BYTES } from "./primitives.ts";

export const MODELLED_PRIMITIVES: Primitives = {
  seal(key, nonce, aad, plain) {
    const sealed = new Uint8Array(plain.length + TAG_BYTES);
    sealed.set(plain);
    sealed.set(tagOf(key, nonce, aad, plain), plain.length);
    return sealed;
  },
  open(key, nonce, aad, sealed) {
    const plain = sealed.slice(0, Math.max(0, sealed.length - TAG_BYTES));
    return sameBytes(tagOf(key, nonce, aad, plain), sealed.subarray(plain.length)) ? plain : null;
  },
  // Commutes: the public key is the secret one in disguise.
  dh: (secret, pub) =>
    pub.some((byte) => byte !== 0) ? mix([xor(MODELLED_PRIMITIVES.publicOf(secret), pub)]) : new Uint8Array(KEY_BYTES),
  publicOf: (secret) => mix([secret]),
  sha256: (bytes) => mix([bytes]),
  hmac: (key, bytes) => mix([key, bytes]),
};

function tagOf(...parts: readonly Uint8Array[]): Uint8Array {
  return mix(parts).slice(0, TAG_BYTES);
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, at) => byte ^ (b[at] ?? 0));
}

/** 32 bytes that hang on every bit of the parts and on their lengths. */
function mix(parts: readonly Uint8Array[]): Uint8Array {
  let [a, b] = [0x9e37_79b9, 0x85eb_ca6b];
  for (const part of parts) {
    a = turn(a ^ part.length);
    for (const byte of part) {
      a = turn(a ^ byte);
      b = (Math.imul(b, 31) + a) | 0;
    }
  }
  const words = Uint32Array.from({ length: KEY_BYTES / 4 }, (_, at) => {
    a = turn(a ^ b ^ at);
    b = turn(b + a);
    return a ^ b;
  });
  const result = new Uint8Array(KEY_BYTES);
  for (let i = 0; i < KEY_BYTES; i++) result[i] = (words[i >> 2] as number) >>> (8 * (i & 3));
  return result;
}

/** One to one on 32 bits: no difference is lost. */
function turn(word: number): number {
  const product = Math.imul(word ^ (word >>> 15), 0x2c1b_3c6d);
  return product ^ (product >>> 13);
}
