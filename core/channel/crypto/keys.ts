/** Keys of packets: one for each (channel, direction, generation), made when first needed. */
import type { Nanos } from "../../units.ts";

export type CryptoMode = "real" | "modelled";
export type Keying = "channel" | "association";

/** How many packets a key may serve (RFC 9001, section 6.6). */
export interface KeyLimits {
  /** Sealed with one key. */
  readonly sealed: number;
  /** That did not open with one key. */
  readonly forged: number;
}

export interface KeyOptions {
  /** The association's secrets: `splitSecret` of its handshake. */
  readonly secret: { readonly send: Uint8Array; readonly receive: Uint8Array };
  readonly mode: CryptoMode;
  readonly keying: Keying;
  readonly limits?: KeyLimits;
}

/** One generation of a channel's keys. Empty arrays where crypto is modelled. */
export interface Generation {
  readonly number: number;
  readonly sendSecret: Uint8Array;
  readonly receiveSecret: Uint8Array;
  readonly sendKey: Uint8Array;
  readonly receiveKey: Uint8Array;
  sealed: number;
  forged: number;
}

export interface ChannelKeys {
  /** What this end seals with. */
  current: Generation;
  /** Still opened with until `retireAt`. */
  previous: Generation | null;
  /** Answered, not yet seen in use by the peer, who asked for it. */
  next: Generation | null;
  /** -1: no time set. */
  retireAt: Nanos;
  /** The peer has used `current`. */
  confirmed: boolean;
  /** Asked for by this end, not yet answered. */
  pending: { readonly generation: number; readonly secret: Uint8Array; readonly public: Uint8Array } | null;
  /** The last answer, for the same question asked again. */
  answered: { readonly generation: number; readonly theirs: Uint8Array; readonly public: Uint8Array } | null;
}

export interface Keys {
  readonly mode: CryptoMode;
  readonly keying: Keying;
  readonly sendSecret: Uint8Array;
  readonly receiveSecret: Uint8Array;
  readonly limits: KeyLimits;
  /** By channel id (0 for all with `keying: association`). */
  readonly channels: Map<number, ChannelKeys>;
}
