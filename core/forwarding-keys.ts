/** The forwarding keys of ASes: from their master keys, or from the run's seed; derived when first asked for, and kept. */
import { pbkdf2 } from "@noble/hashes/pbkdf2.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { IA } from "./address.ts";
import { type CmacKey, createCmacKey, keyFromLog, withLog } from "./crypto/cmac.ts";

/** Salt and iterations of scionproto's `scrypto.HFMacFactory`. */
const SALT = "Derive OF Key";
const ITERATIONS = 1_000;
const KEY_BYTES = 16;

/** An AS's forwarding key, ready for MACs. The first call for an AS with a master key costs about a millisecond. */
export type ForwardingKeys = (ia: IA) => CmacKey;

/** The key that signs and verifies hop fields, from the master key that an AS keeps in `keys/master0.key`. */
export function deriveForwardingKey(master: Uint8Array): Uint8Array {
  return pbkdf2(sha256, master, asciiBytes(SALT), { c: ITERATIONS, dkLen: KEY_BYTES });
}

/**
 * The key of an AS that has no master key: part of a hash over seed and AS. The seed is a run's number, or a secret of 32 hex digits. The slow derivation guards weak passwords, and there is
 * none here: in a large network it would cost more than all else that finding a path does.
 */
export function seedKeyOf(seed: number | string, ia: IA): Uint8Array {
  return sha256(asciiBytes(`${seed}\u0000${ia}\u0000forwarding`)).slice(0, KEY_BYTES);
}

/**
 * `seed`: of the run, which anybody may know, or a secret text in its place. `masters`: master keys as 32 hex digits, for the ASes
 * that have their own.
 */
export function createForwardingKeys(
  seed: number | string,
  masters: Readonly<Record<IA, string>> = {},
): ForwardingKeys {
  return remembered((ia) => {
    const given = masters[ia];
    return createCmacKey(given === undefined ? seedKeyOf(seed, ia) : deriveForwardingKey(bytesOfKey(ia, given)));
  });
}

/** The same keys; what they sign and verify is written down in `macs`, by AS and block. */
export function logMacs(keys: ForwardingKeys, macs: Map<string, string>): ForwardingKeys {
  return remembered((ia) => withLog(keys(ia), ia, macs));
}

/** In place of keys that were not kept: all they ever signed or verified. */
export function keysFromLog(macs: Map<string, string>): ForwardingKeys {
  return remembered((ia) => keyFromLog(ia, macs));
}

function remembered(make: ForwardingKeys): ForwardingKeys {
  const known = new Map<IA, CmacKey>();
  return (ia) => {
    const key = known.get(ia) ?? make(ia);
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
