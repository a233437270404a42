/** RED's probability at given averages, its average, and the spread of its drops (Floyd and Jacobson 1993). */
import test from "ava";
import { linkKeys } from "./passage.ts";
import type { Packet } from "./packet.ts";
import { createHeldQueue, dequeue, enqueue, marksOf } from "./queue-disciplines.ts";
import { createRed, earlyProbability, observeQueue, type RedState, strikesEarly } from "./red.ts";
import { RandomStream } from "./rng.ts";
import { DEFAULT_DIRECTION, type QueueDiscipline } from "./scenario.ts";

const RED: Extract<QueueDiscipline, { kind: "red" }> = {
  kind: "red",
  minimum_bytes: 10_000,
  maximum_bytes: 30_000,
  max_probability: 0.1,
  weight: 0.002,
  ecn: false,
};
const at = (average: number): RedState => ({ ...createRed(RED), average });

test("the probability is 0 below the minimum, max_probability at the maximum, 1 at twice the maximum, straight in between", (t) => {
  const expected = [
    [0, 0],
    [9_999, 0],
    [10_000, 0],
    [20_000, 0.05],
    [30_000, 0.1],
    [45_000, 0.55],
    [60_000, 1],
    [99_000, 1],
  ] as const;
  for (const [average, probability] of expected)
    t.true(Math.abs(earlyProbability(at(average)) - probability) < 1e-12, `at ${average} B`);
});

test("drops are spread evenly: gaps between them uniform from 1 to 1/p, mean (1 + 1/p) / 2", (t) => {
  const red = at(20_000);
  const stream = new RandomStream(5, "red", "early");
  const gaps: number[] = [];
  for (let gap = 1; gaps.length < 20_000; gap++) {
    if (!strikesEarly(red, stream.uniform())) continue;
    gaps.push(gap);
    gap = 0;
  }
  const mean = gaps.slice(1).reduce((sum, gap) => sum + gap, 0) / (gaps.length - 1);
  // Uniform on 1 to 20: mean 10.5, deviation 5.77; 20,000 of them.
  t.true(Math.abs(mean - 10.5) < 0.17, `mean gap ${mean}; seed 5`);
  t.true(gaps.slice(1).every((gap) => gap <= 20));
  for (const of of [1, 7, 20]) {
    const share = gaps.filter((gap) => gap === of).length / gaps.length;
    t.true(Math.abs(share - 0.05) < 0.007, `${share} of the gaps are ${of}; seed 5`);
  }
});

test("the average follows the queue by its weight and decays while the line is idle", (t) => {
  const red = at(10_000);
  observeQueue(red, 20_000, 0);
  t.is(red.average, 10_000 + 0.002 * 10_000);
  const idle = at(10_000);
  observeQueue(idle, 0, 100.7);
  const byHand = Array.from({ length: 100 }).reduce<number>((average) => average * 0.998, 10_000);
  t.true(Math.abs(idle.average - byHand) < 1e-8);
  observeQueue(idle, 0, Infinity);
  t.is(idle.average, 0);
});

const packetOf = (number: number, trafficClass: number): Packet =>
  ({ flow: 1, number, wireLength: 1_000, trafficClass }) as Packet;

/** Shares dropped and marked of 20,000 packets that find this average. */
function struck(average: number, ecn: boolean, trafficClass: number): { dropped: number; marked: number } {
  const discipline = { ...RED, ecn, weight: 1e-12 };
  const queue = createHeldQueue({ ...DEFAULT_DIRECTION, discipline, queue_packets: 0 }, linkKeys(4, "link").queue);
  if (queue.red !== null) queue.red.average = average;
  let dropped = 0;
  for (let number = 0; number < 20_000; number++) {
    const packet = packetOf(number, trafficClass);
    if (enqueue(queue, 0, packet, { free: false, idle: 0, transmission: 0 }) === "early_drop") dropped++;
    else dequeue(queue, 0);
  }
  return { dropped: dropped / 20_000, marked: marksOf(queue) / 20_000 };
}

test("packets are dropped, or marked where both sides take part in ECN, as often as the average says", (t) => {
  // Spread evenly, one of (1 + 1/p) / 2 is struck.
  const share = 2 / (1 + 1 / 0.05);
  const near = (found: number) => Math.abs(found - share) < 0.01;
  const plain = struck(20_000, false, 0b10);
  t.true(near(plain.dropped) && plain.marked === 0, `${plain.dropped} dropped`);
  const marked = struck(20_000, true, 0b10);
  t.true(near(marked.marked) && marked.dropped === 0, `${marked.marked} marked`);
  t.true(near(struck(20_000, true, 0).dropped));
  t.deepEqual(struck(9_000, true, 0), { dropped: 0, marked: 0 });
  t.deepEqual(struck(70_000, true, 0b01), { dropped: 1, marked: 0 });
});

test("a marked packet says so: its low two bits are both set, the DSCP stays", (t) => {
  const discipline = { ...RED, ecn: true, max_probability: 1, weight: 1e-12 };
  const queue = createHeldQueue({ ...DEFAULT_DIRECTION, discipline }, linkKeys(4, "link").queue);
  if (queue.red !== null) queue.red.average = 29_999.9;
  const packet = packetOf(1, (46 << 2) | 0b01);
  enqueue(queue, 0, packet, { free: false, idle: 0, transmission: 0 });
  t.is(packet.trafficClass, (46 << 2) | 0b11);
});
