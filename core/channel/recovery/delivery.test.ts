/** Delivery rates as draft-cheng-iccrg-delivery-rate-estimation counts them. */
import test from "ava";
import { createDelivery, finishSample } from "./delivery.ts";
import { createRecovery, maySend, noteSent, takeAck } from "./recovery.ts";
import type { News, Recovery } from "./state.ts";
import { statsOf } from "./stats.ts";

const MS = 1_000_000;
const SIZE = 1_000;
const news: News = { acked: [], lost: [], spurious: [] };

function path(): Recovery {
  return createRecovery({ datagram: SIZE, controller: "fixed", window: 10 * SIZE, pacing: false }, 0);
}

function fill(recovery: Recovery, now: number): void {
  while (maySend(recovery, SIZE, now)) noteSent(recovery, SIZE, true, 0, 0, 0, 0, now);
}

const rateOf = (recovery: Recovery): number => Math.round(statsOf(recovery).deliveryRate);

test("a window a round trip", (t) => {
  const recovery = path();
  for (let round = 0; round < 3; round++) {
    fill(recovery, round * 50 * MS);
    takeAck(recovery, [0, 10 * (round + 1)], 0, 0, (round + 1) * 50 * MS, news);
    t.is(rateOf(recovery), (10 * SIZE * 1_000) / 50);
  }
});

test("packets that left slowly: the slower of the two times counts, however bunched the acknowledgements come", (t) => {
  const recovery = path();
  for (let i = 0; i < 10; i++) noteSent(recovery, SIZE, true, 0, 0, 0, 0, i * 20 * MS);
  takeAck(recovery, [0, 1], 0, 0, 200 * MS, news);
  // All stamped before anything arrived; the last left 180 ms after the first.
  recovery.limited = true;
  takeAck(recovery, [0, 10], 0, 0, 201 * MS, news);
  t.is(rateOf(recovery), Math.round((10 * SIZE) / 0.201));
});

test("an interval below the least round trip is no sample", (t) => {
  for (const [minRtt, rate] of [
    [60, 5_000 / 60],
    [61, 0],
  ] as const) {
    const delivery = createDelivery(0);
    Object.assign(delivery, { delivered: 5_000, priorAt: 40, sentElapsed: 30 });
    finishSample(delivery, minRtt, 100);
    t.is(delivery.sample.rate, rate);
    t.is(delivery.rate, rate);
  }
});

test("a sender without data says less than the path could: such a sample counts only where it is greater", (t) => {
  const recovery = path();
  fill(recovery, 0);
  takeAck(recovery, [0, 10], 0, 0, 50 * MS, news);
  const full = rateOf(recovery);
  // Nothing more to send: from here on samples are limited until what flies now has arrived.
  maySend(recovery, SIZE, 50 * MS);
  noteSent(recovery, SIZE, true, 0, 0, 0, 0, 50 * MS);
  takeAck(recovery, [0, 11], 0, 0, 100 * MS, news);
  maySend(recovery, SIZE, 100 * MS);
  noteSent(recovery, SIZE, true, 0, 0, 0, 0, 100 * MS);
  takeAck(recovery, [0, 12], 0, 0, 150 * MS, news);
  t.true(recovery.delivery.sample.appLimited);
  t.true(recovery.delivery.sample.rate > 0);
  const before = rateOf(recovery);
  t.true(before <= full);
});

test("sending may take longer than arriving; lower rates replace higher ones, unless data was short", (t) => {
  const delivery = createDelivery(0);
  const sample = (delivered: number, appLimited: boolean): number => {
    Object.assign(delivery, { delivered, priorAt: 90, sentElapsed: 80 });
    delivery.sample.appLimited = appLimited;
    finishSample(delivery, 5, 100);
    return delivery.rate;
  };
  t.is(sample(8_000, false), 100);
  t.is(sample(4_000, true), 100);
  t.is(sample(4_000, false), 50);
  t.is(sample(8_000, true), 100);
});
