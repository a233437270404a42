/**
 * What stands for the signature of an AS entry: a keyed hash under a key that only the AS has, in the room that an ECDSA signature takes. Who
 * verifies asks the run for the signer's key, as a real AS asks the control-plane PKI for its certificate. It tells forged and damaged entries
 * from true ones; it is no cryptography.
 */
import type { IA } from "../address.ts";
import { finish, hashText } from "../digest.ts";
import { get32 } from "../wire/bytes.ts";

/** An ECDSA signature over P-256 in DER. */
export const AUTHENTICATOR_BYTES = 72;

export type Authenticator = readonly [high: number, low: number];

/** The key of an AS; null where nobody has vouched for such an AS. */
export type BeaconKeys = (ia: IA) => Authenticator | null;

export function createBeaconKeys(seed: number, ias: Iterable<IA>): BeaconKeys {
  const keys = new Map<IA, Authenticator>();
  for (const ia of ias) keys.set(ia, hashText(`${seed}\u0000${ia}\u0000beacon`));
  return (ia) => keys.get(ia) ?? null;
}

/** Keyed hash of an entry's body. */
export function digestBody(
  [keyHigh, keyLow]: Authenticator,
  bytes: Uint8Array,
  start: number,
  end: number,
): Authenticator {
  let low = finish(keyLow);
  let high = finish(keyHigh);
  let at = start;
  for (; at + 4 <= end; at += 4) {
    low = Math.imul(low ^ get32(bytes, at), 0x85eb_ca6b);
    low = (low << 13) | (low >>> 19);
    high = Math.imul(high ^ low, 0xc2b2_ae35);
    high = (high << 17) | (high >>> 15);
  }
  for (; at < end; at++) low = Math.imul(low ^ (bytes[at] as number), 0x9e37_79b1);
  return [finish(high ^ low ^ keyLow) >>> 0, finish(low ^ (end - start) ^ keyHigh) >>> 0];
}

/** Over a body, by way of its digest, and over all before it by way of the authenticator (of a first one: timestamp and SegID) before. */
export function authenticate([high, low]: Authenticator, [beforeHigh, beforeLow]: Authenticator): Authenticator {
  const left = finish(finish(low ^ beforeLow) + beforeHigh);
  const right = finish(finish(high ^ beforeHigh) + beforeLow);
  return [finish(right ^ left ^ low) >>> 0, finish(left ^ high) >>> 0];
}
