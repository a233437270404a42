/** What a receiver acknowledges, and when. */
import test from "ava";
import fc from "fast-check";
import { addRange, type Ranges } from "../../transport/ranges.ts";
import {
  ackIsDue,
  type Acks,
  confirmAck,
  createAcks,
  isReplay,
  MAX_RANGES,
  noteReceived,
  REPLAY_WINDOW,
  takeAckRanges,
} from "./acks.ts";

const MS = 1_000_000;

const take = (acks: Acks, number: number, now = 0, eliciting = true, ce = false): string =>
  noteReceived(acks, number, eliciting, ce, now);

test("every second packet at once, a single one after 25 ms", (t) => {
  const acks = createAcks();
  take(acks, 0, 5 * MS);
  t.is(acks.ackAt, 30 * MS);
  t.false(ackIsDue(acks, 30 * MS - 1));
  t.true(ackIsDue(acks, 30 * MS));
  take(acks, 1, 6 * MS);
  t.true(ackIsDue(acks, 6 * MS));
  t.deepEqual(takeAckRanges(acks, 8 * MS), { ranges: [0, 2], delayNs: 2 * MS, ce: 0 });
  t.is(acks.ackAt, -1);
  const one = createAcks({ every: 1 });
  take(one, 0, 7);
  t.is(one.ackAt, 7);
  const patient = createAcks({ every: 10, maxDelay: 3 * MS });
  take(patient, 0, 7);
  t.is(patient.ackAt, 7 + 3 * MS);
});

test("a gap, a late one, a mark: at once; packets that ask for nothing: never", (t) => {
  const due = (...numbers: number[]): boolean => {
    const acks = createAcks();
    for (const number of numbers.slice(0, -1)) take(acks, number);
    takeAckRanges(acks, 0);
    take(acks, numbers.at(-1) as number);
    return ackIsDue(acks, 0);
  };
  t.false(due(0, 1));
  t.true(due(0, 2));
  t.true(due(0, 2, 1));
  t.true(due(1));
  const acks = createAcks();
  take(acks, 0, 0, true, true);
  t.true(ackIsDue(acks, 0));
  t.is(takeAckRanges(acks, 0).ce, 1);
  for (let number = 1; number < 9; number += 2) take(acks, number, 0, false);
  t.is(acks.ackAt, -1);
});

test("the delay is that of the largest number", (t) => {
  const acks = createAcks();
  take(acks, 5, 10 * MS);
  take(acks, 3, 20 * MS);
  t.is(takeAckRanges(acks, 30 * MS).delayNs, 20 * MS);
});

test("each number is new once, whatever the order; what fell out of the window is old (fast-check)", (t) => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -40, max: 40 }) },
    { weight: 1, arbitrary: fc.integer({ min: -2 * REPLAY_WINDOW, max: 2 * REPLAY_WINDOW }) },
  );
  const holds = (start: number, steps: number[]): void => {
    const acks = createAcks();
    const known = new Set<number>();
    let [at, largest] = [start, -1];
    for (const move of steps) {
      at = Math.max(0, at + move);
      const expected = at <= largest - REPLAY_WINDOW ? "old" : known.has(at) ? "duplicate" : "new";
      t.is(isReplay(acks, at), expected !== "new");
      t.is(take(acks, at), expected);
      known.add(at);
      largest = Math.max(largest, at);
      t.is(acks.largest, largest);
    }
    t.is(acks.received + acks.duplicates + acks.old, steps.length);
  };
  const starts = fc.constantFrom(0, 100, 4_294_967_290, 281_474_976_000_000);
  fc.assert(fc.property(starts, fc.array(step, { maxLength: 300 }), holds));
});

test("ranges are what arrived, at most 32 of them, the newest (fast-check)", (t) => {
  const holds = (numbers: number[]): void => {
    const acks = createAcks();
    const all: Ranges = [];
    for (const number of numbers) if (take(acks, number) === "new") addRange(all, number, number + 1);
    const { ranges } = takeAckRanges(acks, 0);
    t.true(ranges.length <= 2 * MAX_RANGES);
    if (all.length <= 2 * MAX_RANGES) t.deepEqual(ranges, all);
    for (let i = 0; i < ranges.length; i += 2) {
      for (let number = ranges[i] as number; number < (ranges[i + 1] as number); number++)
        t.true(numbers.includes(number));
    }
    t.is(ranges.at(-1), all.at(-1));
  };
  fc.assert(fc.property(fc.array(fc.nat(200), { minLength: 1, maxLength: 150 }), holds), { numRuns: 200 });
});

test("ranges are forgotten once confirmed, or after two seconds; the last one stays", (t) => {
  const acks = createAcks();
  for (const number of [0, 2, 4, 6]) take(acks, number);
  confirmAck(acks, 4);
  t.deepEqual(takeAckRanges(acks, 0).ranges, [4, 5, 6, 7]);
  confirmAck(acks, 1_000_000);
  t.deepEqual(takeAckRanges(acks, 0).ranges, [6, 7]);
  take(acks, 8, 1_000 * MS);
  take(acks, 10, 1_500 * MS);
  t.deepEqual(takeAckRanges(acks, 0).ranges, [6, 7, 8, 9, 10, 11]);
  take(acks, 12, 2_000 * MS);
  t.deepEqual(takeAckRanges(acks, 0).ranges, [8, 9, 10, 11, 12, 13]);
});

test("the window of numbers moves on: what lies a window back is old, and leaves no mark on what comes in its place", (t) => {
  const acks = createAcks();
  for (const number of [5, 6, 40]) take(acks, number);
  take(acks, REPLAY_WINDOW + 6);
  t.is(take(acks, 6), "old");
  t.is(take(acks, 7), "new");
  t.is(take(acks, 40), "duplicate");
  t.is(take(acks, REPLAY_WINDOW + 5), "new");
  take(acks, REPLAY_WINDOW + 50);
  t.is(take(acks, REPLAY_WINDOW + 40), "new");
  take(acks, 10 * REPLAY_WINDOW);
  t.is(take(acks, 10 * REPLAY_WINDOW - 1), "new");
  t.is(take(acks, 9 * REPLAY_WINDOW + 50), "new");
  t.deepEqual([acks.received, acks.duplicates, acks.old], [11, 1, 1]);
});
