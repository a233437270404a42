import { fc, testProp } from "@fast-check/ava";
import test from "ava";
import {
  checkCookie,
  COOKIE_BYTES,
  COOKIE_LIFE,
  type CookieClaim,
  createSecretRing,
  resetToken,
  retryCookie,
  rotateSecrets,
  type SecretRing,
} from "./cookies.ts";
import { MODELLED_PRIMITIVES } from "./modelled.ts";
import { PURE_PRIMITIVES } from "./primitives.ts";

const SECOND = 1_000_000_000;
const secret = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

function claimOf(changes: Partial<CookieClaim> = {}): CookieClaim {
  const [peer, destination, source] = [6, 8, 8].map((length, at) => new Uint8Array(length).fill(at + 1));
  const claim = { peer, destination, source, version: 1, message: secret(9), ...changes };
  return claim as CookieClaim;
}

for (const [name, p] of [
  ["real", PURE_PRIMITIVES],
  ["modelled", MODELLED_PRIMITIVES],
] as const) {
  test(`${name}: a cookie is good for its claim, from its making until its life is over`, (t) => {
    const ring = createSecretRing(secret(1), 0);
    const now = 5.7 * SECOND;
    const cookie = retryCookie(ring, claimOf(), now, p);
    t.is(cookie.length, COOKIE_BYTES);
    t.is(checkCookie(ring, claimOf(), cookie, now, p), null);
    t.is(checkCookie(ring, claimOf(), cookie, now + COOKIE_LIFE, p), null);
    t.is(checkCookie(ring, claimOf(), cookie, now + COOKIE_LIFE + SECOND, p), "cookie_expired");
    const others: Partial<CookieClaim>[] = [
      { peer: new Uint8Array(6).fill(9) },
      { peer: new Uint8Array(7).fill(1) },
      { destination: new Uint8Array(8) },
      { source: new Uint8Array(8) },
      { version: 2 },
      { message: secret(8) },
    ];
    for (const other of others) t.is(checkCookie(ring, claimOf(other), cookie, now, p), "cookie_forged");
    t.is(checkCookie(createSecretRing(secret(2), 0), claimOf(), cookie, now, p), "cookie_forged");
    t.deepEqual(structuredClone(ring), ring);
  });

  test(`${name}: secrets rotate: the one before is still good, the one before that is not`, (t) => {
    const ring = createSecretRing(secret(1), 0, 20 * SECOND);
    t.is(ring.rotateAt, 20 * SECOND);
    const cookie = retryCookie(ring, claimOf(), 19 * SECOND, p);
    rotateSecrets(ring, secret(2), 20 * SECOND);
    t.is(ring.rotateAt, 40 * SECOND);
    t.is(checkCookie(ring, claimOf(), cookie, 20 * SECOND, p), null);
    t.is(checkCookie(ring, claimOf(), retryCookie(ring, claimOf(), 20 * SECOND, p), 20 * SECOND, p), null);
    rotateSecrets(ring, secret(3), 21 * SECOND);
    t.is(checkCookie(ring, claimOf(), cookie, 21 * SECOND, p), "cookie_expired");
  });

  test(`${name}: reset tokens hang on secret and id, and on nothing else`, (t) => {
    const id = new Uint8Array(8).fill(1);
    t.is(resetToken(secret(1), id, p).length, 16);
    t.deepEqual(resetToken(secret(1), id, p), resetToken(secret(1), id.slice(), p));
    t.notDeepEqual(resetToken(secret(1), id, p), resetToken(secret(2), id, p));
    t.notDeepEqual(resetToken(secret(1), id, p), resetToken(secret(1), id.with(0, 2), p));
  });
}

test("a fresh ring has no previous secret to check with", (t) => {
  const p = PURE_PRIMITIVES;
  const ring = createSecretRing(secret(1), 0);
  const empty: SecretRing = { ...ring, current: new Uint8Array(0), number: 255 };
  const forged = retryCookie(empty, claimOf(), 0, p);
  t.is(checkCookie(ring, claimOf(), forged, 0, p), "cookie_expired");
});

testProp(
  "no other byte and no other length passes; bytes of any kind get a word, never an exception",
  [fc.nat(COOKIE_BYTES - 1), fc.integer({ min: 1, max: 255 }), fc.uint8Array({ maxLength: 40 }), fc.nat()],
  (t, place, flip, noise, now) => {
    const p = PURE_PRIMITIVES;
    const ring = createSecretRing(secret(1), 0);
    rotateSecrets(ring, secret(2), 0);
    const cookie = retryCookie(ring, claimOf(), now, p);
    const changed = cookie.with(place, (cookie[place] as number) ^ flip);
    t.regex(String(checkCookie(ring, claimOf(), changed, now, p)), /^cookie_(expired|forged)$/);
    t.regex(String(checkCookie(ring, claimOf(), noise, now, p)), /^cookie_(length|expired|forged)$/);
  },
);
