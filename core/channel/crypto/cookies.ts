/** Stateless retry: what makes an initiator prove that it receives at the address it sends from (RFC 9000, section 8.1.2). */
import type { Nanos } from "../../units.ts";

/** Secrets that cookies are made with. Plain data. */
export interface SecretRing {
  current: Uint8Array;
  /** Still good for checking; empty: none. */
  previous: Uint8Array;
  /** Of `current`; each rotation adds one. */
  number: number;
  rotateAt: Nanos;
  /** Between rotations. */
  readonly life: Nanos;
}

/** What a cookie is bound to. */
export interface CookieClaim {
  /** Address and port as the packet gave them. */
  readonly peer: Uint8Array;
  readonly version: number;
  readonly destination: Uint8Array;
  readonly source: Uint8Array;
  /** First 32 bytes of Noise's first message. */
  readonly ephemeral: Uint8Array;
}

export type CookieFault = "cookie_length" | "cookie_expired" | "cookie_forged";
