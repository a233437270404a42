/** All parts together: a stateless responder, a cookie, Noise in long packets, keys, a first packet; each of them tampered with. */
import { fc, testProp } from "@fast-check/ava";
import test from "ava";
import { checkCookie, createSecretRing, retryCookie, type SecretRing } from "./cookies.ts";
import { createKeys, type CryptoMode, type Keys } from "./keys.ts";
import {
  answerFits,
  answers,
  decodeLong,
  type EncodedLong,
  encodeLong,
  LONG_HEADER,
  longHeader,
  type LongPacket,
  VERSION,
} from "./long-packets.ts";
import { MODELLED_PRIMITIVES } from "./modelled.ts";
import { createNoise, type Noise, type NoisePattern, readNoise, splitSecret, writeNoise } from "./noise.ts";
import { bytesOfText, createKeyPair, KEY_BYTES, type Primitives, PURE_PRIMITIVES } from "./primitives.ts";
import {
  createOpened,
  isFor,
  protect,
  SHORT_HEADER,
  SHORT_OVERHEAD,
  unprotect,
  writeShortHeader,
} from "./protection.ts";

const PROLOGUE = bytesOfText("handshake test");
const PEER = Uint8Array.of(10, 0, 0, 1, 4, 210);
const [DRAWN, NEAR, FAR] = [7, 8, 9].map((byte) => new Uint8Array(8).fill(byte)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const secretOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

interface World {
  readonly p: Primitives;
  readonly mode: CryptoMode;
  readonly pattern: NoisePattern;
}

interface Ends {
  readonly initiator: Noise;
  /** Made for each attempt anew: it answers what it understood, and forgets the rest. */
  readonly responder: () => Noise;
  readonly ring: SecretRing;
}

function endsOf({ p, pattern }: World): Ends {
  const both = { pattern, prologue: PROLOGUE };
  const far = { ...both, initiator: false, localStatic: createKeyPair(secretOf(2), p), ephemeral: secretOf(4) };
  const near = { ...both, initiator: true, localStatic: createKeyPair(secretOf(1), p), ephemeral: secretOf(3) };
  return {
    initiator: createNoise({ ...near, remoteStatic: p.publicOf(secretOf(2)) }, p),
    responder: () => createNoise(far, p),
    ring: createSecretRing(secretOf(5), 0),
  };
}

type Tamper = (packet: EncodedLong, at: number) => EncodedLong;

/** One packet on its way: what it is at the other end, or why it is refused there. */
function carry(
  packet: LongPacket,
  to: Uint8Array | null,
  tamper: (packet: EncodedLong) => EncodedLong,
): LongPacket | string {
  const { rest, length } = tamper(encodeLong(packet));
  if (to !== null && !isFor(rest, to)) return "not for us";
  const decoded = decodeLong(rest, length);
  if (!decoded.ok) return decoded.error.field;
  const { value } = decoded;
  return value.kind === "foreign" || value.kind !== packet.kind ? `unexpected ${value.kind}` : value;
}

function asMessage(packet: LongPacket): Uint8Array {
  return packet.kind === "initial" || packet.kind === "response" || packet.kind === "final" ? packet.message : PEER;
}

/** A handshake; its secrets, or the word of the first refusal. */
function shake(world: World, tamper: Tamper): { readonly near: Keys; readonly far: Keys } | string {
  const { p, mode, pattern } = world;
  const { initiator, responder: begin, ring } = endsOf(world);
  const head = { version: VERSION, destination: DRAWN, source: NEAR };
  const first = {
    ...head,
    kind: "initial" as const,
    message: writeNoise(initiator, PEER, p, longHeader("initial", head)),
  };
  const bare = carry({ ...first, cookie: null }, null, (packet) => tamper(packet, 0));
  if (typeof bare === "string") return bare;
  const claimOf = ({ version, destination, source, ...rest }: LongPacket): Parameters<typeof retryCookie>[1] => {
    const message = asMessage(rest as LongPacket);
    return { peer: PEER, version, destination, source, message };
  };
  const cookie = retryCookie(ring, claimOf(bare), 1, p);
  const retry = { ...head, kind: "retry" as const, destination: bare.source, source: bare.destination, cookie };
  if (!answerFits(encodeLong({ ...first, cookie: null }).length, 0, encodeLong(retry).length)) return "too much";
  const got = carry(retry, NEAR, (packet) => tamper(packet, 1));
  if (typeof got === "string") return got;
  if (!answers(got, head)) return "no answer to us";
  const again = carry({ ...first, cookie: got.kind === "retry" ? got.cookie : null }, null, (packet) =>
    tamper(packet, 2),
  );
  if (typeof again === "string") return again;
  const proof = again.kind === "initial" ? again.cookie : null;
  const fault = proof === null ? "cookie" : checkCookie(ring, claimOf(again), proof, 2, p);
  if (fault !== null) return fault;

  const responder = begin();
  if (readNoise(responder, asMessage(again), p, longHeader("initial", again)) === null) return `${responder.fault}`;
  const back = { version: VERSION, destination: again.source, source: FAR };
  const message = writeNoise(responder, PEER, p, longHeader("response", back));
  const response = carry({ ...back, kind: "response", message }, NEAR, (packet) => tamper(packet, 3));
  if (typeof response === "string") return response;
  if (readNoise(initiator, asMessage(response), p, longHeader("response", response)) === null)
    return `${initiator.fault}`;
  if (pattern === "XX") {
    const forth = { version: VERSION, destination: response.source, source: NEAR };
    const last = {
      ...forth,
      kind: "final" as const,
      message: writeNoise(initiator, PEER, p, longHeader("final", forth)),
    };
    const final = carry(last, FAR, (packet) => tamper(packet, 4));
    if (typeof final === "string") return final;
    if (readNoise(responder, asMessage(final), p, longHeader("final", final)) === null) return `${responder.fault}`;
  }
  const keysOf = (noise: Noise): Keys => createKeys({ mode, keying: "channel", secret: splitSecret(noise, p) });
  return { near: keysOf(initiator), far: keysOf(responder) };
}

const WORLDS: readonly World[] = [
  { mode: "real", p: PURE_PRIMITIVES, pattern: "XX" },
  { mode: "real", p: PURE_PRIMITIVES, pattern: "IK" },
  { mode: "modelled", p: MODELLED_PRIMITIVES, pattern: "XX" },
  { mode: "modelled", p: MODELLED_PRIMITIVES, pattern: "IK" },
];

function lengthsOf(world: World): number[] {
  const lengths: number[] = [];
  shake(world, (packet) => {
    lengths.push(packet.length);
    return packet;
  });
  return lengths;
}

for (const world of WORLDS) {
  const { p, mode, pattern } = world;

  test(`${mode} ${pattern}: from nothing to a packet each way`, (t) => {
    const ends = shake(world, (packet) => packet);
    if (typeof ends === "string") return t.fail(ends);
    const lengths = lengthsOf(world);
    t.is(lengths.length, pattern === "XX" ? 5 : 4);
    t.deepEqual(
      lengths,
      lengthsOf({ ...world, mode: "real", p: PURE_PRIMITIVES }),
      "modelled packets are as long as real ones",
    );
    for (const [from, to] of [
      [ends.near, ends.far],
      [ends.far, ends.near],
    ] as const) {
      const buffer = new Uint8Array(100);
      writeShortHeader(buffer, FAR, 0, 0, 1);
      buffer[SHORT_HEADER] = 77;
      const rest = protect(from, buffer, SHORT_HEADER + 1, 40, p);
      const opened = unprotect(to, rest, 40 + SHORT_OVERHEAD, p, createOpened());
      t.is(typeof opened === "string" ? opened : opened.bytes[opened.start], 77);
    }
  });

  testProp(
    `${mode} ${pattern}: no other byte in any packet of a handshake is taken for the right one`,
    [fc.nat(4), fc.nat(1000), fc.integer({ min: 1, max: 255 }), fc.boolean()],
    (t, which, place, flip, head) => {
      let where = "";
      const ends = shake(world, ({ rest, length }, at) => {
        if (at !== Math.min(which, pattern === "XX" ? 4 : 3)) return { rest, length };
        const whole = new Uint8Array(length);
        whole.set(rest);
        // Of the first initial nothing is kept but what the cookie binds, header and ephemeral key: the rest counts when it
        // comes again.
        const bound = at === 0 ? LONG_HEADER + KEY_BYTES : length;
        const among = place % (head ? LONG_HEADER : bound);
        const offset = at === 0 && among >= LONG_HEADER ? among + 3 : among;
        whole[offset] = (whole[offset] as number) ^ flip;
        where = `packet ${at}, byte ${offset}`;
        return { rest: whole, length };
      });
      t.is(typeof ends, "string", where);
    },
    { numRuns: mode === "real" ? 8 : 300 },
  );
}
