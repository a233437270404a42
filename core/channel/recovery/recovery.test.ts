/** RFC 9002's rules, one after the other, on one path. */
import test from "ava";
import { createRecovery, abandon, deadlineOf, maySend, nextProbe, noteSent, onTimeout, takeAck } from "./recovery.ts";
import type { RecoveryOptions } from "./recovery.ts";
import { MAX_TRACKED } from "./sent-ring.ts";
import type { News, Recovery } from "./state.ts";
import { statsOf } from "./stats.ts";

const MS = 1_000_000;
const SIZE = 1_000;
const news: News = { acked: [], lost: [], spurious: [] };

function path(options: Partial<RecoveryOptions> = {}): Recovery {
  return createRecovery({ datagram: SIZE, controller: "newreno", pacing: false, ...options }, 0);
}

function send(recovery: Recovery, count: number, now: number): void {
  for (let i = 0; i < count; i++) noteSent(recovery, SIZE, true, 0, i, SIZE, 0, now);
}

test("the first window is ten packets; who wants more waits", (t) => {
  const recovery = path();
  for (let i = 0; i < 10; i++) {
    t.true(maySend(recovery, SIZE, 0));
    t.is(noteSent(recovery, SIZE, true, 3, 100 * i, 50, 7, 0), i);
  }
  t.false(maySend(recovery, SIZE, 0));
  t.true(recovery.limited);
  t.is(recovery.paceAt, -1);
  t.like(statsOf(recovery), { inFlight: 10 * SIZE, window: 10 * SIZE, srtt: 0, min: 0 });
  t.is(recovery.sent.channel[4], 3);
  t.is(recovery.sent.offset[4], 400);
  t.is(recovery.sent.length[4], 50);
  t.is(recovery.sent.flags[4], 7);
});

test("5.3: the first sample sets the estimates; later ones leave out the other side's delay, up to 25 ms", (t) => {
  const recovery = path();
  send(recovery, 1, 0);
  takeAck(recovery, [0, 1], 10 * MS, 0, 100 * MS, news);
  t.like(statsOf(recovery), { srtt: 100 * MS, variance: 50 * MS, min: 100 * MS });
  send(recovery, 1, 100 * MS);
  takeAck(recovery, [0, 2], 60 * MS, 0, 260 * MS, news);
  // 160 ms less 25: smoothed 7/8 100 + 1/8 135, variation 3/4 50 + 1/4 35.
  t.like(statsOf(recovery), { srtt: 104.375 * MS, variance: 46.25 * MS, min: 100 * MS });
});

test("5.1: an acknowledgement whose largest number is old news gives no sample", (t) => {
  const recovery = path();
  send(recovery, 2, 0);
  takeAck(recovery, [1, 2], 0, 0, 50 * MS, news);
  takeAck(recovery, [0, 2], 0, 0, 90 * MS, news);
  t.deepEqual(news.acked, [0]);
  t.is(recovery.rtt.latest, 50 * MS);
});

test("6.1.1: three numbers behind the largest acknowledged is lost, two is not", (t) => {
  const recovery = path();
  send(recovery, 5, 0);
  takeAck(recovery, [2, 3], 0, 0, 50 * MS, news);
  t.deepEqual(news, { acked: [2], lost: [], spurious: [] });
  takeAck(recovery, [2, 4], 0, 0, 50 * MS, news);
  t.deepEqual(news, { acked: [3], lost: [0], spurious: [] });
  takeAck(recovery, [2, 5], 0, 0, 50 * MS, news);
  t.deepEqual(news, { acked: [4], lost: [1], spurious: [] });
  t.like(statsOf(recovery), { lost: 2, acked: 3, inFlight: 0, congestionEvents: 1 });
});

test("6.1.2: what is 9/8 of a round trip older is lost when its time comes", (t) => {
  const recovery = path();
  send(recovery, 1, 0);
  send(recovery, 1, 4 * MS);
  takeAck(recovery, [1, 2], 0, 0, 84 * MS, news);
  t.deepEqual(news.lost, []);
  // 9/8 of the one sample, 80 ms.
  t.is(deadlineOf(recovery), 90 * MS);
  onTimeout(recovery, 90 * MS - 1, news);
  t.deepEqual(news.lost, []);
  onTimeout(recovery, 90 * MS, news);
  t.deepEqual(news.lost, [0]);
  t.is(deadlineOf(recovery), -1);
});

test("6.2: probe timeouts double, let two packets go each, and lose nothing", (t) => {
  const recovery = path();
  send(recovery, 10, 0);
  // kInitialRtt: 333 + 4 * 166.5 + 25.
  const pto = 333 * MS + 4 * 166.5 * MS + 25 * MS;
  t.is(deadlineOf(recovery), pto);
  onTimeout(recovery, pto - 1, news);
  t.is(recovery.probes, 0);
  onTimeout(recovery, pto, news);
  t.deepEqual(news, { acked: [], lost: [], spurious: [] });
  t.is(recovery.probes, 2);
  t.deepEqual([nextProbe(recovery), nextProbe(recovery)], [0, 1]);
  t.true(maySend(recovery, SIZE, pto));
  send(recovery, 2, pto);
  t.is(recovery.probes, 0);
  t.false(maySend(recovery, SIZE, pto));
  t.is(deadlineOf(recovery), pto + 2 * pto);
  onTimeout(recovery, 3 * pto, news);
  t.is(nextProbe(recovery), 0);
  t.is(deadlineOf(recovery), pto + 4 * pto);
  t.is(statsOf(recovery).probeTimeouts, 2);
  takeAck(recovery, [0, 12], 0, 0, 3 * pto + 1, news);
  t.is(recovery.probeCount, 0);
  t.is(recovery.probes, 0);
});

test("7.3: slow start adds what arrives; a loss halves, once a round trip; then a packet a window", (t) => {
  const recovery = path();
  while (maySend(recovery, SIZE, 0)) send(recovery, 1, 0);
  takeAck(recovery, [0, 2], 0, 0, 50 * MS, news);
  t.is(recovery.controller.window, 12 * SIZE);
  takeAck(recovery, [0, 2, 3, 6], 0, 0, 50 * MS, news);
  t.deepEqual(news.lost, [2]);
  t.is(recovery.controller.window, 6 * SIZE);
  takeAck(recovery, [0, 2, 3, 6, 7, 10], 0, 0, 50 * MS, news);
  t.deepEqual(news.lost, [6]);
  t.is(recovery.controller.window, 6 * SIZE);
  t.is(recovery.controller.events, 1);
  while (maySend(recovery, SIZE, 60 * MS)) send(recovery, 1, 60 * MS);
  takeAck(recovery, [10, 16], 0, 0, 110 * MS, news);
  t.true(recovery.controller.window > 6.9 * SIZE && recovery.controller.window <= 7 * SIZE);
});

test("7.8: no growth where the window did not hold the sender up", (t) => {
  const recovery = path();
  t.true(maySend(recovery, SIZE, 0));
  send(recovery, 1, 0);
  takeAck(recovery, [0, 1], 0, 0, 50 * MS, news);
  t.is(recovery.controller.window, 10 * SIZE);
});

test("7.1: a count of marks that grew is congestion, the same count again is not", (t) => {
  const recovery = path();
  send(recovery, 4, 0);
  takeAck(recovery, [0, 1], 0, 1, 50 * MS, news);
  t.is(recovery.controller.window, 5 * SIZE);
  takeAck(recovery, [0, 2], 0, 1, 60 * MS, news);
  t.is(recovery.controller.events, 1);
  // Sent before the recovery period began: no second reaction to the same congestion.
  takeAck(recovery, [0, 3], 0, 2, 70 * MS, news);
  t.is(recovery.controller.events, 1);
});

test("7.6: losses in a row over three probe timeouts take the window to its least", (t) => {
  const spread = (gap: number): Recovery => {
    const recovery = path();
    send(recovery, 1, 0);
    takeAck(recovery, [0, 1], 0, 0, 100 * MS, news);
    // With the sample of packet 5: 3 (100 + 4 * 37.5 + 25) = 825 ms.
    for (let i = 0; i < 4; i++) send(recovery, 1, 100 * MS + 1 + i * gap);
    send(recovery, 1, 2_000 * MS);
    takeAck(recovery, [5, 6], 0, 0, 2_100 * MS, news);
    t.deepEqual(news.lost, [1, 2, 3, 4]);
    return recovery;
  };
  t.like(statsOf(spread(276 * MS)), { persistent: 1, window: 2 * SIZE });
  t.like(statsOf(spread(275 * MS)), { persistent: 0, window: 5 * SIZE });
});

test("what was declared lost and arrives is spurious, and the reduction is undone once nothing of it is missing", (t) => {
  for (const controller of ["newreno", "cubic"] as const) {
    const recovery = path({ controller });
    send(recovery, 8, 0);
    takeAck(recovery, [2, 6], 0, 0, 50 * MS, news);
    t.deepEqual(news.lost, [0, 1]);
    t.true(recovery.controller.window < 10 * SIZE);
    takeAck(recovery, [0, 1, 2, 6], 0, 0, 51 * MS, news);
    t.deepEqual(news, { acked: [], lost: [], spurious: [0] });
    t.true(recovery.controller.window < 10 * SIZE);
    takeAck(recovery, [0, 7], 0, 0, 52 * MS, news);
    t.deepEqual(news, { acked: [6], lost: [], spurious: [1] });
    t.is(recovery.controller.window, 10 * SIZE);
    t.is(recovery.controller.threshold, Number.MAX_SAFE_INTEGER);
    t.like(statsOf(recovery), { spurious: 2, undone: 1 });
  }
});

test("packets that ask for no acknowledgement count nowhere, and never fill the table", (t) => {
  const recovery = path();
  for (let i = 0; i < 200_000; i++) noteSent(recovery, 40, false, -1, 0, 0, 0, i);
  t.like(statsOf(recovery), { inFlight: 0, sent: 0 });
  t.is(deadlineOf(recovery), -1);
  t.true(recovery.sent.status.length <= 16);
  t.true(takeAck(recovery, [0, 200_000], 0, 0, 300_000, news));
  t.deepEqual(news, { acked: [], lost: [], spurious: [] });
  send(recovery, 1, 300_000);
  t.true(takeAck(recovery, [200_000, 200_001], 0, 0, 400_000, news));
  t.deepEqual(news.acked, [200_000]);
});

test("an acknowledgement of what was not sent changes nothing", (t) => {
  const recovery = path();
  send(recovery, 3, 0);
  const before = structuredClone(recovery);
  for (const ranges of [[0, 4], [3, 4], [2, 1], [1, 1], [0, 2, 1, 3], [-1, 2], [0], [Number.NaN, 2]]) {
    t.false(takeAck(recovery, ranges, 0, 9, 50 * MS, news));
  }
  before.counts.impossible = 8;
  t.deepEqual(recovery, before);
});

test("paced, a window goes in 0.8 of a round trip after ten packets at once; not paced, at once", (t) => {
  const count = (pacing: boolean): { now: number; sent: number } => {
    const recovery = path({ controller: "fixed", window: 110 * SIZE, pacing, initialRtt: 100 * MS });
    let now = 0;
    for (;;) {
      while (maySend(recovery, SIZE, now)) send(recovery, 1, now);
      if (recovery.paceAt < 0) return { now, sent: recovery.sent.next };
      t.is(deadlineOf(recovery), recovery.paceAt);
      now = recovery.paceAt;
    }
  };
  t.deepEqual(count(false), { now: 0, sent: 110 });
  const paced = count(true);
  t.is(paced.sent, 110);
  // 100 packets at 1.25 * 110 a 100 ms.
  t.true(Math.abs(paced.now - (100 / (1.25 * 110)) * 100 * MS) < 1000, `${paced.now}`);
});

test("a path given up loses what flies, and reacts to no congestion", (t) => {
  const recovery = path();
  send(recovery, 4, 0);
  takeAck(recovery, [1, 2], 0, 0, 50 * MS, news);
  abandon(recovery, news);
  t.deepEqual(news, { acked: [], lost: [0, 2, 3], spurious: [] });
  t.like(statsOf(recovery), { inFlight: 0, congestionEvents: 0 });
  t.is(deadlineOf(recovery), -1);
});

test("a table full of lost packets with nothing in flight makes room at once", (t) => {
  const recovery = path({ controller: "fixed", window: 70_000 * SIZE });
  while (maySend(recovery, SIZE, 0)) send(recovery, 1, 0);
  t.is(recovery.sent.next, MAX_TRACKED);
  t.false(maySend(recovery, SIZE, 5_000 * MS));
  takeAck(recovery, [MAX_TRACKED - 1, MAX_TRACKED], 0, 0, 10 * MS, news);
  t.is(news.lost.length, MAX_TRACKED - 3);
  onTimeout(recovery, deadlineOf(recovery), news);
  t.is(news.lost.length, 2);
  t.true(maySend(recovery, SIZE, 12 * MS));
});

test("a fixed window stays, and counts the congestion it does not react to", (t) => {
  const recovery = path({ controller: "fixed", window: 8 * SIZE });
  send(recovery, 8, 0);
  takeAck(recovery, [4, 5], 0, 0, 50 * MS, news);
  takeAck(recovery, [4, 7], 0, 0, 51 * MS, news);
  t.like(statsOf(recovery), { window: 8 * SIZE, congestionEvents: 1, lost: 4 });
});
