import test from "ava";
import { MILLISECOND, SECOND } from "../../units.ts";
import { readChannel } from "../streams/reading.ts";
import { acceptChannel, finishChannel, openChannel } from "../streams/life.ts";
import { writeChannel } from "../streams/sending.ts";
import type { Association } from "./association.ts";
import type { Arrival } from "./ingress.ts";
import { createPair, type Network, open, type Pair, PERFECT, run, settle } from "./pair-testing.ts";

const BYTES = 60_000;
const WAYS = ["one", "two"];

/** Both ways stand, and a channel that the peer has accepted. */
function standing(scheduler: "redundant" | "minrtt"): { pair: Pair; a: Association; b: Association; channel: number } {
  const pair = createPair({ crypto: "modelled", paths: { scheduler } });
  const a = open(pair, "a", WAYS);
  run(pair, SECOND);
  const b = pair.b.association as Association;
  const channel = openChannel(a.channels, {}) as number;
  settle(pair, "a");
  run(pair, 2 * SECOND);
  acceptChannel(b.channels, channel);
  settle(pair, "b");
  run(pair, 3 * SECOND);
  return { pair, a, b, channel };
}

function send({ pair, a, channel }: ReturnType<typeof standing>, length: number): void {
  writeChannel(a.channels, channel, length);
  finishChannel(a.channels, channel);
  settle(pair, "a");
}

/** Counts data by way; `fate` may lose a packet. */
function counting(delays: Readonly<Record<string, number>>, lost: (packet: Arrival) => boolean = () => false) {
  const bytes: Record<string, number> = { one: 0, two: 0 };
  const network: Network = (arrival, from, count) => {
    if (from === "a" && arrival.length > 200) bytes[arrival.key] = (bytes[arrival.key] ?? 0) + arrival.length;
    if (from === "a" && lost(arrival)) return [];
    return PERFECT(arrival, from, count).map((one) => ({ ...one, delay: delays[arrival.key] ?? one.delay }));
  };
  return { bytes, network };
}

const read = (b: Association, channel: number): number => readChannel(b.channels, channel, 10 * BYTES)?.length ?? 0;

test("redundant: everything goes over both ways", (t) => {
  const world = standing("redundant");
  const { bytes, network } = counting({});
  world.pair.network = network;
  send(world, BYTES);
  run(world.pair, 20 * SECOND);
  t.is(read(world.b, world.channel), BYTES);
  for (const way of WAYS) t.true((bytes[way] as number) >= BYTES, `${way} ${bytes[way]}`);
  t.is(world.a.copies.size, 0, "nothing waits any more");
});

test("redundant: what one way loses the other has brought, without a retransmission", (t) => {
  const world = standing("redundant");
  // Few enough for the first window of both.
  const length = 8_000;
  const { network } = counting({}, ({ key }) => key === "one");
  world.pair.network = network;
  const begun = world.pair.now;
  send(world, length);
  run(world.pair, begun + 11 * MILLISECOND);
  t.is(read(world.b, world.channel), length);
});

test("redundant: a way ten times as slow skips what has arrived, and does not hold up the quick one", (t) => {
  const slow = standing("redundant");
  const { bytes, network } = counting({ one: 10 * MILLISECOND, two: 400 * MILLISECOND });
  slow.pair.network = network;
  send(slow, 10 * BYTES);
  let got = 0;
  const begun = slow.pair.now;
  while (got < 10 * BYTES && slow.pair.now < begun + 30 * SECOND) {
    run(slow.pair, slow.pair.now + 10 * MILLISECOND);
    got += read(slow.b, slow.channel);
    settle(slow.pair, "b");
  }
  t.is(got, 10 * BYTES);
  t.true(slow.pair.now - begun < SECOND, `${slow.pair.now - begun} ns`);
  t.true((bytes["two"] as number) < (bytes["one"] as number));
});

test("redundant: a copy that comes before all else opens the channel", (t) => {
  const world = standing("redundant");
  const { pair, a, b } = world;
  const { network } = counting({ one: 400 * MILLISECOND, two: 10 * MILLISECOND });
  pair.network = network;
  const channel = openChannel(a.channels, {}) as number;
  send({ ...world, channel }, 3_000);
  run(pair, pair.now + 15 * MILLISECOND);
  t.is(b.phase, "established", b.ending?.reason ?? "");
  t.true(acceptChannel(b.channels, channel));
  t.is(read(b, channel), 3_000);
});

test("other schedulers send each packet once", (t) => {
  const world = standing("minrtt");
  const { bytes, network } = counting({});
  world.pair.network = network;
  send(world, BYTES);
  run(world.pair, 20 * SECOND);
  t.is(read(world.b, world.channel), BYTES);
  t.true((bytes["one"] as number) + (bytes["two"] as number) < 1.2 * BYTES);
});
