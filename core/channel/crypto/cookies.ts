/**
 * What a responder without state can say and check: cookies, which make an initiator prove that it receives at the address it
 * sends from (RFC 9000, section 8.1.2), and reset tokens, which prove that an association's state is lost (section 10.3).
 *
 *     cookie   [0] number of the secret   [1..5) time in seconds   [5..21) HMAC-SHA256 of both and of the claim, cut to 16 bytes
 */
import { SECOND, type Nanos } from "../../units.ts";
import { get32, put32 } from "../../wire/bytes.ts";
import { bytesOfText, concat, type Primitives, sameBytes } from "./primitives.ts";
import { RESET_TOKEN_BYTES } from "./long-packets.ts";

export const COOKIE_BYTES = 21;
/** An initiator has this long from the retry until its second initial arrives. */
export const COOKIE_LIFE: Nanos = 30 * SECOND;

/** Secrets that cookies are made with. Plain data. */
export interface SecretRing {
  current: Uint8Array;
  /** Still good for checking; empty: none. */
  previous: Uint8Array;
  /** Of `current`, counted by rotations. */
  number: number;
  rotateAt: Nanos;
  /** From one rotation to the next. */
  readonly life: Nanos;
}

/** What a cookie is bound to. */
export interface CookieClaim {
  /** Address and port, as the packet gave them. */
  readonly peer: Uint8Array;
  readonly version: number;
  readonly destination: Uint8Array;
  readonly source: Uint8Array;
  /** Noise's first message: what the responder takes must be what the cookie was asked for with. */
  readonly message: Uint8Array;
}

export type CookieFault =
  | "cookie_length"
  /** Older than `COOKIE_LIFE`, or of a secret rotated away. */
  | "cookie_expired"
  | "cookie_forged";

/** A ring of one fresh secret of 32 bytes; `life` is at least `COOKIE_LIFE` (default ten times that), or cookies die before their time. */
export function createSecretRing(secret: Uint8Array, now: Nanos, life: Nanos = 10 * COOKIE_LIFE): SecretRing {
  return { current: secret, previous: new Uint8Array(0), number: 0, rotateAt: now + life, life };
}

/** Puts a fresh secret in the place of the current one, which serves one life longer for checking. Due at `ring.rotateAt`. */
export function rotateSecrets(ring: SecretRing, secret: Uint8Array, now: Nanos): void {
  // Where nobody rotated for two lives, cookies of the current secret are long expired.
  ring.previous = ring.current;
  ring.current = secret;
  ring.number++;
  ring.rotateAt = now + ring.life;
}

/** A cookie for who sent `claim`; nothing of it is kept. */
export function retryCookie(ring: SecretRing, claim: CookieClaim, now: Nanos, p: Primitives): Uint8Array {
  const head = new Uint8Array(5);
  head[0] = ring.number;
  put32(head, 1, Math.floor(now / SECOND));
  return concat(head, macOf(ring.current, head, claim, p));
}

/** Null: whoever sent `claim` got a cookie of ours at that address, not long ago. Never throws. */
export function checkCookie(
  ring: SecretRing,
  claim: CookieClaim,
  cookie: Uint8Array,
  now: Nanos,
  p: Primitives,
): CookieFault | null {
  if (cookie.length !== COOKIE_BYTES) return "cookie_length";
  const isCurrent = cookie[0] === (ring.number & 0xff);
  const isPrevious = cookie[0] === ((ring.number - 1) & 0xff) && ring.previous.length > 0;
  if (!isCurrent && !isPrevious) return "cookie_expired";
  const head = cookie.slice(0, 5);
  if (!sameBytes(macOf(isCurrent ? ring.current : ring.previous, head, claim, p), cookie.subarray(5)))
    return "cookie_forged";
  return now - get32(cookie, 1) * SECOND >= COOKIE_LIFE + SECOND ? "cookie_expired" : null;
}

/** What proves to the peer that `id`'s state is lost: told in the handshake, made again from the static secret alone. 16 bytes. */
export function resetToken(secret: Uint8Array, id: Uint8Array, p: Primitives): Uint8Array {
  return p.hmac(secret, concat(RESET_LABEL, id)).slice(0, RESET_TOKEN_BYTES);
}

const COOKIE_LABEL = bytesOfText("pathloom cookie");
const RESET_LABEL = bytesOfText("pathloom reset");

/** Only the address has a length of its own; what comes before says it. */
function macOf(secret: Uint8Array, head: Uint8Array, claim: CookieClaim, p: Primitives): Uint8Array {
  const { peer, version, destination, source, message } = claim;
  const numbers = new Uint8Array(8);
  put32(numbers, 0, version);
  put32(numbers, 4, peer.length);
  return p
    .hmac(secret, concat(COOKIE_LABEL, head, numbers, peer, destination, source, message))
    .slice(0, COOKIE_BYTES - 5);
}
