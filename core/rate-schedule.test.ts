/** Lines whose rate changes: times by hand, and against a line that is looked at nanosecond by nanosecond. */
import { testProp } from "@fast-check/ava";
import test from "ava";
import fc from "fast-check";
import {
  bitsBetween,
  createCursor,
  type LineRate,
  movesFrom,
  NEVER,
  offeredBetween,
  type Opportunities,
  rateAt,
  sentBy,
  takeOpportunities,
} from "./rate-schedule.ts";

/** One bit a nanosecond. */
const G = 1_000_000_000;

function stepsLine(rate: number, period_ns: number, steps: readonly (readonly [at: number, rate: number])[]): LineRate {
  const schedule = {
    kind: "steps" as const,
    period_ns,
    steps: steps.map(([at_ns, rate_bps]) => ({ at_ns, rate_bps })),
  };
  return { rate, schedule, cap: null };
}

test("a step holds until the next; before the first the line has its own rate; the last holds into the next period", (t) => {
  const line = stepsLine(8 * G, 100, [
    [10, G],
    [60, 0],
  ]);
  t.deepEqual(
    [0, 9, 10, 59, 60, 99, 100, 109, 110, 165].map((at) => rateAt(line, at) / G),
    [8, 8, 1, 1, 0, 0, 0, 0, 1, 0],
  );
  t.is(rateAt({ ...line, cap: G / 2 }, 20), G / 2);
  t.is(rateAt({ ...line, cap: G }, 70), 0);
  t.is(rateAt(stepsLine(0, 0, []), 5), Infinity);
});

test("a transmission goes on over changes of the rate and waits where the line stands still", (t) => {
  const line = stepsLine(8 * G, 100, [
    [10, G],
    [60, 0],
  ]);
  t.is(sentBy(line, 0, 80), 10);
  t.is(sentBy(line, 5, 50), 20);
  // 40 until 10, 50 until 60, the rest from 110 on.
  t.is(sentBy(line, 5, 100), 120);
  // Whole periods of 50 bits each are not walked through.
  t.is(sentBy(line, 10, 50 * 1_000_000_000 + 7), 10 + 100 * 1_000_000_000 + 7);
  t.is(movesFrom(line, 70), 110);
});

test("a line that stands still for good never sends", (t) => {
  const line = stepsLine(G, 0, [[10, 0]]);
  t.is(sentBy(line, 0, 10), 10);
  t.is(sentBy(line, 0, 11), NEVER);
  t.is(movesFrom(line, 10), NEVER);
  const periodic = stepsLine(G, 50, [
    [0, 0],
    [20, 0],
  ]);
  t.is(sentBy(periodic, 3, 1), NEVER);
  t.is(movesFrom(periodic, 3), NEVER);
  t.is(sentBy({ rate: G, schedule: null, cap: 0 }, 3, 1), NEVER);
});

const someSteps = fc
  .uniqueArray(fc.integer({ min: 0, max: 39 }), { minLength: 1, maxLength: 5 })
  .chain((times) =>
    fc
      .array(fc.integer({ min: 0, max: 3 }), { minLength: times.length, maxLength: times.length })
      .map((rates) => times.toSorted((a, b) => a - b).map((at, n) => [at, (rates[n] as number) * G] as const)),
  );

testProp(
  "bits sent are the sum of the rate over the time, nanosecond by nanosecond",
  [someSteps, fc.constantFrom(0, 40, 57), fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 400 })],
  (t, steps, period, from, bits) => {
    const line = stepsLine(2 * G, period, steps);
    let left = bits;
    let end = from;
    while (left > 0 && end < from + 20_000) left -= rateAt(line, end++) / G;
    const found = sentBy(line, from, bits);
    if (left > 0) t.is(found, NEVER);
    else {
      t.true(Math.abs(found - end) <= 1);
      t.is(bitsBetween(line, from, end), bits - left);
    }
  },
  { numRuns: 500 },
);

const TRACE: Opportunities = { kind: "opportunities", period_ns: 100, bytes: 1_500, at_ns: [10, 10, 40, 100] };

test("opportunities: a packet takes as many as it needs, what is left serves the next, what nobody uses is lost", (t) => {
  const cursor = createCursor();
  t.is(takeOpportunities(TRACE, cursor, 5, 1_000), 10);
  t.is(takeOpportunities(TRACE, cursor, 10, 1_500), 10);
  t.is(takeOpportunities(TRACE, cursor, 10, 600), 40);
  // 1,400 bytes were left at 40; at 41 they are gone, the next are at 100 and, a period later, 110 twice.
  t.is(takeOpportunities(TRACE, cursor, 41, 1_500), 100);
  t.is(takeOpportunities(TRACE, cursor, 100, 3_001), 140);
  t.is(offeredBetween(TRACE, 0, 100), 3 * 1_500 * 8);
  t.is(offeredBetween(TRACE, 10, 201), 8 * 1_500 * 8);
});

test("opportunities without period end, and none is never", (t) => {
  const once: Opportunities = { ...TRACE, period_ns: 0 };
  const cursor = createCursor();
  t.is(takeOpportunities(once, cursor, 50, 1_500), 100);
  t.is(takeOpportunities(once, cursor, 100, 1), NEVER);
  t.is(takeOpportunities({ ...TRACE, at_ns: [] }, createCursor(), 0, 1), NEVER);
});
