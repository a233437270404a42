/** Handshakes, ends and the peer's misbehaviour, between two ends without actors. */
import { fc, testProp } from "@fast-check/ava";
import test from "ava";
import { MILLISECOND, SECOND } from "../../units.ts";
import type { PathState } from "../paths/types.ts";
import type { Channel } from "../streams/channels.ts";
import { acceptChannel, finishChannel, openChannel } from "../streams/life.ts";
import { readChannel } from "../streams/reading.ts";
import { writeChannel } from "../streams/sending.ts";
import type { Association } from "./association.ts";
import { close } from "./closing.ts";
import type { Arrival } from "./ingress.ts";
import {
  arrive,
  around,
  createPair,
  DELAY,
  imprint,
  kindOf,
  open,
  type Pair,
  PERFECT,
  run,
  settle,
  type Side,
} from "./pair-testing.ts";
import { rekey } from "./rekeying.ts";

const MS = MILLISECOND;

function standing(pair: Pair, ways?: readonly string[]): { a: Association; b: Association } {
  const a = open(pair, "a", ways);
  run(pair, pair.now + SECOND);
  const b = pair.b.association as Association;
  return { a, b };
}

/** Writes bytes on a new channel of `a`, and reads them at `b`. */
function exchange(pair: Pair, length: number): Uint8Array {
  const [a, b] = [pair.a.association as Association, pair.b.association as Association];
  const id = openChannel(a.channels, {}) as number;
  const bytes = Uint8Array.from({ length }, (_, at) => (at * 7) & 0xff);
  writeChannel(a.channels, id, bytes);
  finishChannel(a.channels, id);
  settle(pair, "a");
  run(pair, pair.now + SECOND);
  acceptChannel(b.channels, id);
  settle(pair, "b");
  run(pair, pair.now + 5 * SECOND);
  const got: number[] = [];
  for (let piece = readChannel(b.channels, id, 1e9); piece !== null; piece = readChannel(b.channels, id, 1e9)) {
    got.push(...(piece.bytes ?? new Uint8Array(piece.length)));
    settle(pair, "b");
    run(pair, pair.now + SECOND);
  }
  return Uint8Array.from(got);
}

for (const pattern of ["XX", "IK"] as const) {
  for (const crypto of ["real", "modelled"] as const) {
    test(`${pattern}, ${crypto}: one round trip to the cookie, one more to keys, and each knows the other`, (t) => {
      const pair = createPair({ pattern, crypto });
      const kinds: string[] = [];
      pair.network = (arrival, from) => {
        kinds.push(`${from} ${kindOf(arrival)}`);
        return PERFECT(arrival, from, 0);
      };
      const a = open(pair, "a");
      run(pair, 4 * DELAY);
      t.is(a.phase, "established");
      const final = pattern === "XX" ? ["a final"] : [];
      t.deepEqual(kinds.slice(0, 4 + final.length), ["a initial", "b retry", "a initial", "b response", ...final]);
      run(pair, SECOND);
      const b = pair.b.association as Association;
      t.is(b.phase, "established");
      t.true(a.confirmed && b.confirmed);
      t.deepEqual(b.identity, pair.a.options.localStatic.public);
      t.deepEqual(a.identity, pair.b.options.localStatic.public);
      t.true(pair.b.answeredBytes <= 3 * pair.b.strangerBytes);
      t.deepEqual(
        exchange(pair, 5_000),
        Uint8Array.from({ length: 5_000 }, (_, at) => (at * 7) & 0xff),
      );
    });
  }
}

test("every packet of the handshake may be lost once", (t) => {
  for (const pattern of ["XX", "IK"] as const) {
    for (let lost = 0; lost < 6; lost++) {
      for (const side of ["a", "b"] as const) {
        const pair = createPair({ pattern, crypto: "modelled" });
        pair.network = (arrival, from, count) => (from === side && count === lost ? [] : PERFECT(arrival, from, count));
        const { a, b } = standing(pair);
        run(pair, 5 * SECOND);
        t.is(a.phase, "established", `${pattern}: packet ${lost} of ${side}`);
        t.is(b.phase, "established", `${pattern}: packet ${lost} of ${side}`);
        t.true(a.confirmed && b.confirmed);
      }
    }
  }
});

test("no answer: retries double, give or take a quarter, and then it is over", (t) => {
  const pair = createPair({ crypto: "modelled", handshakeTimeout: 100 * MS, handshakeAttempts: 5 });
  const times: number[] = [];
  pair.network = () => {
    times.push(pair.now);
    return [];
  };
  const a = open(pair, "a");
  run(pair, 60 * SECOND);
  t.is(a.phase, "closed");
  t.is(a.ending?.word, "handshake-timeout");
  t.is(times.length, 5);
  times.slice(1).forEach((at, n) => {
    const gap = at - (times[n] as number);
    t.true(gap >= 75 * MS * 2 ** n && gap <= 125 * MS * 2 ** n, `${gap} after retry ${n}`);
  });
});

test("a peer with another static key than the one asked for is turned away", (t) => {
  const other = new Uint8Array(32).fill(9);
  const pair = createPair({ remoteStatic: other });
  const a = open(pair, "a");
  run(pair, SECOND);
  t.is(a.phase, "closed");
  t.is(a.ending?.word, "identity");
});

test("both connect at once: the lower id goes on, the other end answers it", (t) => {
  for (let seed = 1; seed < 9; seed++) {
    const pair = createPair({ crypto: "modelled" }, { crypto: "modelled" }, seed);
    const [a, b] = [open(pair, "a"), open(pair, "b")];
    const aLower = Buffer.compare(a.localId, b.localId) < 0;
    run(pair, 5 * SECOND);
    t.is(a.phase, "established");
    t.is(b.phase, "established");
    t.is(a.role, aLower ? "initiator" : "responder");
    t.is(b.role, aLower ? "responder" : "initiator");
    t.true(a.confirmed && b.confirmed);
  }
});

test("an end that closes is answered by silence, and both forget", (t) => {
  const pair = createPair({ crypto: "modelled" });
  const { a, b } = standing(pair);
  close(a, 300, "enough", around(pair, pair.a));
  settle(pair, "a");
  t.is(a.phase, "closing");
  run(pair, pair.now + DELAY);
  t.is(b.phase, "draining");
  t.deepEqual(b.ending, { by: "peer", word: "closed", code: 300, reason: "enough" });
  run(pair, pair.now + 10 * SECOND);
  t.is(a.phase, "closed");
  t.is(b.phase, "closed");
});

test("silence for too long ends it, keep-alives prevent that", (t) => {
  const quiet = createPair({ crypto: "modelled", idleTimeout: 3 * SECOND });
  const { a } = standing(quiet);
  run(quiet, 20 * SECOND);
  t.is(a.phase, "closed");
  t.is(a.ending?.word, "idle");
  const alive = createPair({ crypto: "modelled", idleTimeout: 3 * SECOND, keepAlive: SECOND });
  const both = standing(alive);
  run(alive, 20 * SECOND);
  t.is(both.a.phase, "established");
  t.is(both.b.phase, "established");
  t.true(both.a.counts.pings + both.b.counts.pings >= 10);
  alive.network = () => [];
  run(alive, 40 * SECOND);
  t.is(both.a.phase, "closed");
  t.is(both.b.phase, "closed");
});

test("a peer that has lost its state says so, and only it can", (t) => {
  const pair = createPair({});
  const { a } = standing(pair);
  const forged: Arrival = { rest: new Uint8Array(37), length: 37, key: "one", ce: false, mtu: 1_200, peer: "b" };
  forged.rest.set([0xc6, 0x50, 0x4c, 0, 1]);
  arrive(pair, "a", forged);
  t.is(a.phase, "established");
  t.is(a.counts.dropped.unexpected_long, 1);
  pair.b.association = null;
  a.pingDue = true;
  const id = openChannel(a.channels, {}) as number;
  writeChannel(a.channels, id, 1_000);
  settle(pair, "a");
  run(pair, pair.now + SECOND);
  t.is(a.phase, "closed");
  t.is(a.ending?.word, "reset");
});

for (const keying of ["channel", "association"] as const) {
  test(`keys of a channel change while it runs (${keying})`, (t) => {
    const pair = createPair({ keying, rekeyAfter: 4 });
    const { a, b } = standing(pair);
    t.is(exchange(pair, 40_000).length, 40_000);
    t.true(a.counts.rekeys + b.counts.rekeys > 2);
    t.is(a.counts.dropped.forged + b.counts.dropped.forged, 0);
    t.is(a.phase, "established");
  });
}

test("a channel's keys change on demand, whatever is lost", (t) => {
  const pair = createPair({});
  const { a, b } = standing(pair);
  t.is(exchange(pair, 1_000).length, 1_000);
  pair.network = (arrival, from, count) => (count % 3 === 0 ? [] : PERFECT(arrival, from, count));
  t.true(rekey(a, 0, around(pair, pair.a)));
  settle(pair, "a");
  run(pair, pair.now + 10 * SECOND);
  for (const end of [a, b]) t.is(end.keys?.channels.get(0)?.current.number, 1);
  t.is(exchange(pair, 10_000).length, 10_000);
});

/** The phases that packets may come in. */
const STAGES: readonly (readonly [name: string, side: Side, prepare: (pair: Pair) => void])[] = [
  ["connecting", "a", (pair) => void open(pair, "a")],
  ["handshaking, asking", "a", (pair) => (open(pair, "a"), run(pair, 2 * DELAY))],
  ["handshaking, asked", "b", (pair) => (open(pair, "a"), run(pair, 3 * DELAY))],
  ["established", "a", (pair) => void standing(pair)],
  ["established, asked", "b", (pair) => void standing(pair)],
  [
    "draining",
    "b",
    (pair) => (close(standing(pair).a, 0, "", around(pair, pair.a)), settle(pair, "a"), run(pair, pair.now + DELAY)),
  ],
];

for (const [name, side, prepare] of STAGES) {
  testProp(
    `${name}: what is forged, cut, replayed or garbage is counted and changes nothing`,
    [
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(),
      fc.nat(255),
      fc.constantFrom("garbage", "flip", "cut", "replay", "id"),
    ],
    (t, garbage, place, byte, how) => {
      const pair = createPair({});
      const taken: Arrival[] = [];
      pair.network = (arrival, from) => {
        if (from !== side) taken.push(arrival);
        return PERFECT(arrival, from, 0);
      };
      prepare(pair);
      const association = pair[side].association as Association;
      const genuine = taken[place % Math.max(1, taken.length)];
      const arrival = spoil(association, genuine, garbage, place, byte, how);
      if (arrival === null) {
        t.pass();
        return;
      }
      const before = imprint(association);
      const dropped = sum(association);
      arrive(pair, side, arrival);
      t.true(imprint(association) === before);
      t.is(sum(association), dropped + 1);
    },
    { numRuns: 15 },
  );
}

function sum({ counts }: Association): number {
  return Object.values(counts.dropped).reduce((total, one) => total + one, 0);
}

/** null: that would be a packet like any other. */
function spoil(
  association: Association,
  genuine: Arrival | undefined,
  garbage: Uint8Array,
  place: number,
  byte: number,
  how: string,
): Arrival | null {
  const base = genuine ?? { rest: garbage, length: garbage.length, key: "one", ce: false, mtu: 1_200, peer: "x" };
  if (how === "garbage") return { ...base, rest: garbage, length: garbage.length };
  if (how === "id") {
    const rest = Uint8Array.from([0x40, ...association.localId, ...garbage]);
    return { ...base, rest, length: rest.length };
  }
  if (genuine === undefined || kindOf(genuine) !== "short") return null;
  const { rest } = genuine;
  if (how === "replay") return genuine;
  if (how === "cut") return { ...genuine, rest: rest.slice(0, place % rest.length), length: place % rest.length };
  const flipped = rest.slice();
  flipped[place % rest.length] = (rest[place % rest.length] as number) ^ (byte || 1);
  return { ...genuine, rest: flipped };
}

/** Breaks the rules at `b` and sees what `a` closes with. */
const BREACHES: readonly (readonly [
  name: string,
  word: string,
  break_: (a: Association, b: Association, pair: Pair) => void,
])[] = [
  [
    "acknowledges what was not sent",
    "acknowledgement",
    (_a, b) => {
      const { acks } = b.paths.list[0] as PathState;
      acks.report.ranges.push(5_000, 5_001);
      acks.ackAt = 0;
      b.pingDue = true;
    },
  ],
  [
    "opens more channels than allowed",
    "limit",
    (_a, b) => {
      b.channels.openLimit = 10_000;
      for (let n = 0; n < 200; n++) openChannel(b.channels, {});
    },
  ],
  [
    "sends beyond the window",
    "flow-control",
    (_a, b) => {
      const id = openChannel(b.channels, {}) as number;
      (b.channels.byId.get(id) as Channel).send.limit = 1e9;
      writeChannel(b.channels, id, 200_000);
    },
  ],
  [
    "opens channels of ours",
    "state",
    (_a, b) => {
      const id = openChannel(b.channels, {}) as number;
      const channel = b.channels.byId.get(id) as Channel;
      b.channels.byId.set(4, { ...channel, id: 4 });
      writeChannel(b.channels, 4, 100);
    },
  ],
  [
    "answers no question about keys",
    "keys",
    (_a, b) => void b.rekeys.push({ channel: 0, answer: true, generation: 3, public: new Uint8Array(32).fill(5) }),
  ],
];

for (const [name, word, breach] of BREACHES) {
  test(`a peer that ${name} is left, and told why`, (t) => {
    const pair = createPair({ crypto: "modelled" });
    const { a, b } = standing(pair);
    breach(a, b, pair);
    settle(pair, "b");
    run(pair, pair.now + SECOND);
    t.is(a.ending?.word, "violation");
    t.true(a.ending?.reason.startsWith(`${word}: `), a.ending?.reason);
    t.deepEqual([b.ending?.by, b.ending?.word, b.ending?.code], ["peer", "violation", a.ending?.code]);
    run(pair, pair.now + 20 * SECOND);
    t.is(a.phase, "closed");
    t.is(b.phase, "closed");
  });
}

test("a reader that never reads holds its writer up, and memory stays within the window", (t) => {
  const pair = createPair({ crypto: "modelled", windows: { channel: 100_000, association: 100_000 } });
  const { a, b } = standing(pair);
  const id = openChannel(a.channels, {}) as number;
  writeChannel(a.channels, id, 10_000_000);
  settle(pair, "a");
  run(pair, pair.now + SECOND);
  acceptChannel(b.channels, id);
  settle(pair, "b");
  run(pair, pair.now + 10 * SECOND);
  t.is(a.channels.sent, 100_000);
  t.is(a.phase, "established");
  t.is(readChannel(b.channels, id, 1e9)?.length, 100_000);
  settle(pair, "b");
  run(pair, pair.now + SECOND);
  t.true(a.channels.sent > 150_000);
});
