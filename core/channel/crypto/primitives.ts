/**
 * The few functions that all of the channels' cryptography is made of: ChaCha20-Poly1305 (RFC 8439), X25519 (RFC 7748),
 * SHA-256, HMAC (RFC 2104) and, upon it, HKDF (RFC 5869). Worlds give their own as long as the bytes are the same.
 */
import { x25519 } from "@noble/curves/ed25519.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { RandomStream } from "../../rng.ts";
import { openChaCha, sealChaCha } from "./aead.ts";

/** Bytes of a key, of a secret, of a hash and of a point of X25519. */
export const KEY_BYTES = 32;
/** Bytes that sealing adds. */
export const TAG_BYTES = 16;
export const NONCE_BYTES = 12;

/** None of them throws for what came from a network, and none keeps or changes an argument. */
export interface Primitives {
  /** Ciphertext and tag: 16 bytes more than `plain`. */
  seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Uint8Array;
  /** What `seal` was given; null where key, nonce, associated data or any byte is another. */
  open(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | null;
  /** `header`, which is the associated data, ciphertext and tag in one array: what `seal` gives behind what it was given. Where it is missing, `seal` does. */
  sealPacket?(key: Uint8Array, nonce: Uint8Array, header: Uint8Array, plain: Uint8Array): Uint8Array;
  /** X25519. Zeros where `pub` is a point of low order, of which nothing secret can come (RFC 7748, section 6.1). */
  dh(secret: Uint8Array, pub: Uint8Array): Uint8Array;
  publicOf(secret: Uint8Array): Uint8Array;
  sha256(bytes: Uint8Array): Uint8Array;
  hmac(key: Uint8Array, bytes: Uint8Array): Uint8Array;
  /** Bytes that nobody can predict, where the world has any; absent in simulation, whose bytes come from its seed. */
  random?(length: number): Uint8Array;
}

/** In JavaScript alone, by @noble: simulation's. */
export const PURE_PRIMITIVES: Primitives = {
  seal: sealChaCha,
  open: openChaCha,
  dh(secret, pub) {
    try {
      return x25519.getSharedSecret(secret, pub);
    } catch {
      return new Uint8Array(KEY_BYTES);
    }
  },
  publicOf: (secret) => x25519.getPublicKey(secret),
  sha256: (bytes) => sha256(bytes),
  hmac: (key, bytes) => hmac(sha256, key, bytes),
};

/** A static or ephemeral key of X25519. */
export interface KeyPair {
  readonly secret: Uint8Array;
  readonly public: Uint8Array;
}

export function createKeyPair(secret: Uint8Array, p: Primitives): KeyPair {
  return { secret, public: p.publicOf(secret) };
}

/** Fresh bytes for secrets, ids and ephemeral keys: the world's own where it has them, else drawn from `stream`, four a draw. */
export function drawBytes(stream: RandomStream, length: number, p: Primitives): Uint8Array {
  if (p.random !== undefined) return p.random(length);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 4) {
    const word = stream.below(0x1_0000_0000);
    for (let i = 0; i < 4 && at + i < length; i++) bytes[at + i] = word >>> (8 * i);
  }
  return bytes;
}

/** RFC 5869, section 2.2. */
export function hkdfExtract(salt: Uint8Array, material: Uint8Array, p: Primitives): Uint8Array {
  return p.hmac(salt, material);
}

/** RFC 5869, section 2.3; `length` at most 255 x 32. */
export function hkdfExpand(secret: Uint8Array, info: Uint8Array, length: number, p: Primitives): Uint8Array {
  const result = new Uint8Array(length);
  let block = new Uint8Array(0);
  for (let at = 0, count = 1; at < length; at += KEY_BYTES, count++) {
    block = new Uint8Array(p.hmac(secret, concat(block, info, Uint8Array.of(count))));
    result.set(block.subarray(0, length - at), at);
  }
  return result;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Bytes of a text of ASCII alone: labels and names. */
export function bytesOfText(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** Whether two secrets are the same, in a time that does not tell where they differ. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}

export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
