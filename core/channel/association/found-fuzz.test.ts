/** What the swarm and the fuzz tests found, each by itself. */
import test from "ava";
import type { PathState } from "../paths/types.ts";
import { acceptChannel, closeChannel, finishChannel, openChannel, stopSending } from "../streams/life.ts";
import { readChannel } from "../streams/reading.ts";
import { writeChannel } from "../streams/sending.ts";
import type { Association } from "./association.ts";
import { close, closeWhenDone } from "./closing.ts";
import { around, createPair, DELAY, kindOf, open, type Pair, PERFECT, run, settle } from "./pair-testing.ts";
import { deadlineOf } from "./timers.ts";

const SECOND = 1_000_000_000;

function standing(pair: Pair): { a: Association; b: Association } {
  const a = open(pair, "a");
  run(pair, SECOND);
  return { a, b: pair.b.association as Association };
}

/** A channel from `a` to `b` with so many bytes in it, all arrived. */
function written(pair: Pair, bytes: number): { a: Association; b: Association; id: number } {
  const { a, b } = standing(pair);
  const id = openChannel(a.channels, {}) as number;
  writeChannel(a.channels, id, bytes);
  finishChannel(a.channels, id);
  settle(pair, "a");
  run(pair, pair.now + 3 * DELAY);
  acceptChannel(b.channels, id);
  finishChannel(b.channels, id);
  settle(pair, "b");
  run(pair, pair.now + SECOND);
  return { a, b, id };
}

test("a retry that comes twice is taken once, and says nothing about the round trip", (t) => {
  const pair = createPair({ crypto: "modelled" });
  pair.network = (packet, from) => {
    const copy = PERFECT(packet, from, 0);
    return kindOf(packet) === "retry" ? [...copy, ...copy, { arrival: packet, delay: DELAY + 5 }] : copy;
  };
  const a = open(pair, "a");
  run(pair, 3 * DELAY);
  t.is(a.counts.cookies, 1);
  t.is(a.counts.dropped.unexpected_long, 2);
  run(pair, SECOND);
  t.is(a.phase, "established");
});

test("a handshake whose answer seemed to come at once is not given up at once", (t) => {
  const pair = createPair({ crypto: "modelled" });
  pair.network = (packet, from) =>
    kindOf(packet) === "response" ? [] : [{ arrival: packet, delay: from === "a" ? 1 : 1 }];
  const a = open(pair, "a");
  run(pair, 2 * SECOND);
  t.is(a.phase, "handshaking");
  t.true(pair.a.sent <= 7, `${pair.a.sent} packets`);
});

test("a keep-alive without an answer is not followed by a storm of them", (t) => {
  const pair = createPair({ crypto: "modelled", keepAlive: SECOND, idleTimeout: 20 * SECOND });
  standing(pair);
  const sent = pair.b.sent;
  pair.network = (packet, from) => (from === "b" ? [] : PERFECT(packet, from, 0));
  close(pair.a.association as Association, 0, "", around(pair, pair.a));
  run(pair, pair.now + 40 * SECOND);
  t.is(pair.b.association?.ending?.word, "idle");
  t.true(pair.b.sent - sent < 100, `${pair.b.sent - sent} packets`);
});

test("an acknowledgement that no path can take waits, and time goes on", (t) => {
  const pair = createPair({ crypto: "modelled" });
  const { a } = standing(pair);
  const path = a.paths.list[0] as PathState;
  path.acks.waiting = 1;
  path.acks.ackAt = pair.now;
  t.is(deadlineOf(a), pair.now);
  path.state = "failed";
  t.not(deadlineOf(a), pair.now);
});

test("the way that a peer came by is not sent more than three times what came, acknowledgements included", (t) => {
  const pair = createPair({ crypto: "modelled" });
  const { b } = standing(pair);
  const path = b.paths.list[0] as PathState;
  Object.assign(path, { validated: false, state: "validating" });
  path.allowance.received = 40;
  path.allowance.sent = 100;
  path.acks.report.ranges.push(500, 501, 600, 601);
  path.acks.ackAt = pair.now;
  const sent = pair.b.sent;
  settle(pair, "b");
  t.is(pair.b.sent, sent);
  t.not(deadlineOf(b), pair.now);
});

test("what came before the peer's orderly end can be read after it, for half a minute", (t) => {
  const pair = createPair({ crypto: "modelled" });
  const { a, b, id } = written(pair, 10_000);
  closeWhenDone(a, around(pair, pair.a));
  settle(pair, "a");
  run(pair, pair.now + 10 * SECOND);
  t.is(a.phase, "closed");
  t.is(b.phase, "draining");
  t.is(readChannel(b.channels, id, 4_000)?.length, 4_000);
  run(pair, pair.now + SECOND);
  t.is(readChannel(b.channels, id, 40_000)?.length, 6_000);
  run(pair, pair.now + SECOND);
  t.is(b.phase, "closed");

  const other = createPair({ crypto: "modelled" });
  const forgetful = written(other, 10_000);
  closeWhenDone(forgetful.a, around(other, other.a));
  settle(other, "a");
  run(other, other.now + 32 * SECOND);
  t.is(forgetful.b.phase, "closed");
});

test("who wants no more of a channel that its peer closed is rid of it", (t) => {
  const pair = createPair({ crypto: "modelled" });
  const { a, b } = standing(pair);
  const id = openChannel(a.channels, {}) as number;
  writeChannel(a.channels, id, 5_000);
  settle(pair, "a");
  run(pair, pair.now + 3 * DELAY);
  acceptChannel(b.channels, id);
  settle(pair, "b");
  run(pair, pair.now + SECOND);
  closeChannel(a.channels, id, 300);
  settle(pair, "a");
  run(pair, pair.now + SECOND);
  t.is(b.channels.byId.size, 1, "it has something to read");
  t.true(stopSending(b.channels, id, 301));
  settle(pair, "b");
  run(pair, pair.now + SECOND);
  t.is(b.channels.byId.size, 0);
  t.is(a.channels.byId.size, 0);
});
