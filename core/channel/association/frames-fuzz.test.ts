/**
 * Peers that have the keys and say what they like, and long packets that were tampered with: nothing throws, nothing goes round in circles,
 * memory stays within bounds, and an association that ends says why.
 */
import { fc, testProp } from "@fast-check/ava";
import { protect, SHORT_HEADER, SHORT_OVERHEAD, writeShortHeader } from "../crypto/protection.ts";
import { decodeLong } from "../crypto/long-packets.ts";
import type { Keys } from "../crypto/keys.ts";
import type { PathState } from "../paths/types.ts";
import { acceptChannel, openChannel } from "../streams/life.ts";
import { readChannel } from "../streams/reading.ts";
import { writeChannel } from "../streams/sending.ts";
import { writeVarint } from "../streams/varint.ts";
import { judge } from "./admission.ts";
import type { Association } from "./association.ts";
import type { Arrival } from "./ingress.ts";
import { around, arrive, createPair, DELAY, imprint, open, type Pair, PERFECT, run, settle } from "./pair-testing.ts";

const SECOND = 1_000_000_000;

const KINDS = [
  0x00, 0x01, 0x02, 0x03, 0x08, 0x09, 0x0a, 0x0b, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x18, 0x19, 0x1a, 0x1c,
  0x1d, 0x1e, 0x20, 0x21, 0x22, 0x23, 0x28, 0x29, 0x3c, 0x05, 0x3f,
];
const number = fc.oneof(
  fc.nat(4),
  fc.nat(70),
  fc.nat(70_000),
  fc.constantFrom(2 ** 30, 2 ** 40, 2 ** 53 - 1, 16_383, 16_384, 1_048_576),
);
const frame = fc.record({
  kind: fc.constantFrom(...KINDS),
  numbers: fc.array(number, { maxLength: 8 }),
  tail: fc.uint8Array({ maxLength: 40 }),
});
type Frame = typeof frame extends fc.Arbitrary<infer T> ? T : never;

const message = fc.record({
  frames: fc.array(frame, { minLength: 1, maxLength: 4 }),
  channel: fc.constantFrom(0, 1, 2, 3, 4, 6, 65_534),
  path: fc.constantFrom(0, 0, 0, 1, 7, 255),
  zeros: fc.constantFrom(0, 0, 3, 400),
  /** Packet numbers passed over. */
  skip: fc.constantFrom(0, 0, 1, 5, 5_000),
});

function bytesOf(frames: readonly Frame[]): Uint8Array {
  const bytes = new Uint8Array(1_000);
  let at = 0;
  for (const { kind, numbers, tail } of frames) {
    at = writeVarint(bytes, at, kind);
    for (const one of numbers) at = writeVarint(bytes, at, one);
    bytes.set(tail, at);
    at += tail.length;
  }
  return bytes.slice(0, at);
}

/** What `b` would send with these bytes for frames, under the right keys. */
function sealed(pair: Pair, frames: Uint8Array, channel: number, path: number, zeros: number, skip: number): Arrival {
  const b = pair.b.association as Association;
  const { sent } = (b.paths.list[0] as PathState).recovery;
  sent.next += 1 + skip;
  sent.first = sent.next;
  const buffer = new Uint8Array(SHORT_HEADER + frames.length);
  buffer.set(frames, SHORT_HEADER);
  writeShortHeader(buffer, b.remoteId, path, channel, sent.next - 1);
  const length = frames.length + zeros;
  const rest = protect(b.keys as Keys, buffer, buffer.length, length, pair.primitives);
  return { rest, length: length + SHORT_OVERHEAD, key: "one", ce: false, mtu: 1_200, peer: "x" };
}

/** Two ends with a channel from each, some data under way. */
function talking(crypto: "real" | "modelled"): Pair {
  const pair = createPair({ crypto, windows: { channel: 50_000, association: 100_000 }, limits: { channels: 8 } });
  open(pair, "a", ["one", "two"]);
  run(pair, SECOND);
  for (const side of ["a", "b"] as const) {
    const { channels } = pair[side].association as Association;
    const id = openChannel(channels, side === "a" ? {} : { reliability: "unreliable", framing: "stream" }) as number;
    writeChannel(channels, id, new Uint8Array(3_000).fill(7));
    settle(pair, side);
    run(pair, pair.now + 3 * DELAY);
    acceptChannel((pair[side === "a" ? "b" : "a"].association as Association).channels, id);
  }
  run(pair, pair.now + SECOND);
  return pair;
}

/** Everything that a peer can make grow. */
function excess({ channels, paths, cargo, pings, rekeys, keys }: Association): string[] {
  const most = channels.limits.channels + channels.openLimit;
  const found = [
    channels.byId.size > most && `${channels.byId.size} channels`,
    channels.controls.length > 16 * (most + 1) && `${channels.controls.length} control frames`,
    channels.received > channels.receiveLimit && "more than granted",
    paths.list.length > 2 * paths.options.maxPaths && `${paths.list.length} paths`,
    paths.retired.length > 256 && `${paths.retired.length} retired ids`,
    cargo.size > 1_000 && `${cargo.size} freights`,
    pings.length > 256 && `${pings.length} pings`,
    rekeys.length > 256 && `${rekeys.length} rekeys`,
    (keys?.channels.size ?? 0) > 1_024 && `keys of ${keys?.channels.size} channels`,
    ...[...channels.byId.values()].map(
      ({ id, receive }) => receive.blocks.kept.size > receive.window / 4_096 + 2 && `blocks of ${id}`,
    ),
  ];
  return found.filter((one) => typeof one === "string");
}

for (const crypto of ["modelled", "real"] as const) {
  testProp(
    `${crypto}: whatever frames a peer with the keys sends, no exception, no storm, bounds, and a reason at the end`,
    [fc.array(message, { minLength: 1, maxLength: 12 })],
    (t, messages) => {
      const pair = talking(crypto);
      const a = pair.a.association as Association;
      for (const { frames, channel, path, zeros, skip } of messages) {
        arrive(pair, "a", sealed(pair, bytesOf(frames), channel, path, zeros, skip));
        t.deepEqual(excess(a), []);
      }
      const sent = pair.a.sent;
      pair.network = (arrival, from) => (from === "a" ? [] : PERFECT(arrival, from, 0));
      run(pair, pair.now + 100 * SECOND);
      t.is(a.phase, "closed", "nobody answers any more");
      t.true(a.ending !== null && (a.ending.reason !== "" || a.ending.by === "peer"));
      t.true(pair.a.sent - sent < 500, `${pair.a.sent - sent} packets for ${messages.length}`);
    },
    { numRuns: crypto === "real" ? 30 : 150 },
  );
}

/** Kinds that anybody who saw an initial may send: what they may do is ask again, or give up. */
const UNSEALED = new Set(["retry", "versions", "refusal", "initial", "foreign", "final"]);

testProp(
  "long packets tampered with, at every step of the handshake: nothing throws, what is sealed changes nothing, and there is an end with a reason",
  [
    fc.constantFrom("XX" as const, "IK" as const),
    fc.array(fc.record({ place: fc.nat(), bit: fc.nat(7), cut: fc.boolean() }), { maxLength: 6 }),
    fc.boolean(),
  ],
  (t, pattern, harms, isFirst) => {
    const pair = createPair({ pattern });
    let wrong = 0;
    pair.network = (arrival) => {
      const bad = harms.map(({ place, bit, cut }) => harm(arrival, place, bit, cut));
      const genuine = { arrival, delay: DELAY };
      return [...bad.map((one) => ({ arrival: one, delay: isFirst ? DELAY - 1 : DELAY + 1 })), genuine];
    };
    open(pair, "a");
    for (let steps = 0; steps < 60; steps++) {
      const next = pair.flying.toSorted((one, other) => one.at - other.at)[0];
      if (next === undefined) break;
      const end = pair[next.to];
      pair.flying.splice(pair.flying.indexOf(next), 1);
      pair.now = Math.max(pair.now, next.at);
      // What is due by now goes first.
      settle(pair, next.to);
      const before = end.association === null ? "" : essence(end.association);
      const { arrival } = next;
      const decoded = decodeLong(arrival.rest, arrival.length);
      const isSealed = decoded.ok && !UNSEALED.has(decoded.value.kind);
      const dropped = end.association === null ? 0 : sum(end.association);
      arrive(pair, next.to, arrival);
      if (end.association === null || before === "" || !isSealed) continue;
      if (sum(end.association) > dropped && essence(end.association) !== before) wrong++;
    }
    t.is(wrong, 0, "dropped, and yet something changed");
    pair.network = PERFECT;
    run(pair, pair.now + 25 * SECOND);
    const { a, b } = pair;
    // Who comes first with another message all the time can keep two ends apart, and no more.
    const stands = a.association?.phase === "established" && b.association?.phase === "established";
    if (!isFirst) t.true(stands, JSON.stringify([a.association?.phase, a.association?.ending, b.association?.phase]));
    run(pair, pair.now + 200 * SECOND);
    t.truthy(a.association?.ending?.reason);
    t.true(b.association === null || b.association.ending !== null);
  },
  { numRuns: 60 },
);

/** But for the note why Noise refused the last message. */
function essence(association: Association): string {
  return imprint(association).replace(/"fault":("\w+"|null)/, "");
}

function harm(arrival: Arrival, place: number, bit: number, cut: boolean): Arrival {
  const { rest } = arrival;
  const at = place % rest.length;
  if (cut) return { ...arrival, rest: rest.slice(0, at), length: at };
  const bad = rest.slice();
  bad[at] = (bad[at] as number) ^ (1 << bit);
  return { ...arrival, rest: bad };
}

function sum({ counts }: Association): number {
  return Object.values(counts.dropped).reduce((total, one) => total + one, 0);
}

testProp(
  "a listener answers garbage with at most three times its size, and keeps nothing of it",
  [fc.uint8Array({ maxLength: 300 }), fc.constantFrom(0xc0, 0xc1, 0xc4, 0x40, 0x00, 0xff), fc.boolean(), fc.nat(1_200)],
  (t, garbage, first, ours, extra) => {
    const pair = createPair({});
    const rest = garbage.slice();
    if (rest.length > 0) rest[0] = first;
    if (ours && rest.length > 5) rest.set([0x50, 0x4c, 0, 1], 1);
    const length = rest.length + extra;
    const before = JSON.stringify(pair.b.ring);
    const arrival = { rest, length, key: "one", ce: false, mtu: 1_200, peer: "x" };
    const verdict = judge(arrival, pair.b.ring, pair.b.resetSecret, around(pair, pair.b));
    t.not(verdict.kind, "admit");
    if (verdict.kind === "answer") t.true(verdict.answer.length <= 3 * length);
    t.is(JSON.stringify(pair.b.ring), before);
  },
  { numRuns: 500 },
);

testProp(
  "what a peer says of windows never takes back what it granted: data arrives whole all the same",
  [fc.array(fc.nat(20_000), { minLength: 1, maxLength: 6 })],
  (t, limits) => {
    const pair = talking("modelled");
    const [a, b] = [pair.a.association as Association, pair.b.association as Association];
    const id = openChannel(a.channels, {}) as number;
    writeChannel(a.channels, id, 40_000);
    settle(pair, "a");
    run(pair, pair.now + 3 * DELAY);
    acceptChannel(b.channels, id);
    settle(pair, "b");
    for (const limit of limits) {
      const frames: Frame[] = [
        { kind: 0x18, numbers: [limit], tail: new Uint8Array(0) },
        { kind: 0x19, numbers: [id, limit], tail: new Uint8Array(0) },
        { kind: 0x1a, numbers: [0], tail: new Uint8Array(0) },
      ];
      arrive(pair, "a", sealed(pair, bytesOf(frames), 0, 0, 0, 0));
    }
    run(pair, pair.now + 10 * SECOND);
    t.is(a.phase, "established");
    t.is(readChannel(b.channels, id, 100_000)?.length, 40_000);
  },
  { numRuns: 20 },
);
