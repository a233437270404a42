/** The forwarding keys of ASes: from key files, or from the run's seed; derived when first asked for, and kept. */
import { pbkdf2 } from "@noble/hashes/pbkdf2.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { IA } from "./address.ts";
import { type CmacKey, createCmacKey } from "./crypto/cmac.ts";

const KEY_BYTES = 16;

/** PBKDF2 with HMAC-SHA256 as in scionproto's `scrypto.HFMacFactory`. */
export const KEY_DERIVATION = { salt: "Derive OF Key", iterations: 1_000, bytes: KEY_BYTES } as const;

/** From a master key to the forwarding key: `deriveForwardingKey`, or another way to compute the same. */
export type DeriveKey = (master: Uint8Array) => Uint8Array;

/** An AS's forwarding key, ready for MACs. The first call for an AS costs about a millisecond. */
export type ForwardingKeys = (ia: IA) => CmacKey;

/** The key that signs and verifies hop fields, from the master key that an AS keeps in `keys/master0.key`. */
export function deriveForwardingKey(master: Uint8Array): Uint8Array {
  const { salt, iterations, bytes } = KEY_DERIVATION;
  return pbkdf2(sha256, master, asciiBytes(salt), { c: iterations, dkLen: bytes });
}

/** Master key of an AS that has no key file: part of a hash over seed and AS. */
export function masterKeyOf(seed: number, ia: IA): Uint8Array {
  return sha256(asciiBytes(`${seed}\u0000${ia}\u0000master0`)).slice(0, KEY_BYTES);
}

/** `masters`: master keys as 32 hex digits, for the ASes that have their own. */
export function createForwardingKeys(
  seed: number,
  masters: Readonly<Record<IA, string>> = {},
  derive: DeriveKey = deriveForwardingKey,
): ForwardingKeys {
  const known = new Map<IA, CmacKey>();
  return (ia) => {
    const before = known.get(ia);
    if (before !== undefined) return before;
    const given = masters[ia];
    const master = given === undefined ? masterKeyOf(seed, ia) : bytesOfKey(ia, given);
    const key = createCmacKey(derive(master));
    known.set(ia, key);
    return key;
  };
}

function bytesOfKey(ia: IA, text: string): Uint8Array {
  if (!/^[0-9a-f]{32}$/i.test(text)) throw new Error(`master key of ${ia}: expected 32 hex digits`);
  return Uint8Array.from({ length: KEY_BYTES }, (_, at) => Number.parseInt(text.slice(2 * at, 2 * at + 2), 16));
}

function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
