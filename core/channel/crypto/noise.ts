/**
 * Noise_XX_25519_ChaChaPoly_SHA256 and Noise_IK_25519_ChaChaPoly_SHA256 (The Noise Protocol Framework, revision 34). The state
 * is plain data. A message that cannot be read leaves it as it was: over datagrams anybody may send one, and the right one may
 * still come.
 *
 *     XX:  -> e                       IK:  <- s  (known before)
 *          <- e, ee, s, es                 -> e, es, s, ss
 *          -> s, se                        <- e, ee, se
 */
import {
  bytesOfText,
  concat,
  createKeyPair,
  isZero,
  KEY_BYTES,
  type KeyPair,
  NONCE_BYTES,
  type Primitives,
  sameBytes,
  TAG_BYTES,
} from "./primitives.ts";

export type NoisePattern = "XX" | "IK";

/** Why a message was not read. */
export type NoiseFault =
  /** Shorter than its keys and tags. */
  | "truncated"
  /** Read after the last message, or where it is this end's turn to write. */
  | "out_of_turn"
  /** A point of low order came for a key. */
  | "weak_key"
  /** A tag does not fit: changed on the way, or made for another static key than ours (IK), or in another prologue. */
  | "forged"
  /** All is well, but the peer's static key is not the one that was asked for. */
  | "wrong_identity";

export interface NoiseOptions {
  readonly pattern: NoisePattern;
  readonly initiator: boolean;
  /** What both ends must have seen alike: version, ids. */
  readonly prologue: Uint8Array;
  readonly localStatic: KeyPair;
  /** IK's initiator must know it. With XX: the only identity to be accepted; absent: anybody's. */
  readonly remoteStatic?: Uint8Array;
  /** Fresh 32 bytes, never used for another handshake. */
  readonly ephemeral: Uint8Array;
}

/** What each message changes. */
interface Progress {
  chaining: Uint8Array;
  hash: Uint8Array;
  /** Empty before the first key. */
  key: Uint8Array;
  nonce: number;
  /** Messages written and read so far. */
  step: number;
  remoteStatic: Uint8Array | null;
  remoteEphemeral: Uint8Array | null;
}

export interface Noise extends Progress {
  readonly pattern: NoisePattern;
  readonly initiator: boolean;
  readonly localStatic: KeyPair;
  readonly localEphemeral: KeyPair;
  readonly expected: Uint8Array | null;
  done: boolean;
  /** Of the last message that was not read. */
  fault: NoiseFault | null;
}
