/** A tally against a set of the numbers that came. */
import { testProp } from "@fast-check/ava";
import test from "ava";
import fc from "fast-check";
import { createClock } from "../../core/clock.ts";
import type { Env } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import { createTally, type Tally, tally } from "./tally.ts";

function come(counts: Tally, number: number, now = 100): void {
  tally(counts, { number, wireLength: 10, sentAt: 40 } as Packet, { now, tracing: false } as Env, createClock());
}

const steps = fc.array(fc.oneof(fc.integer({ min: -40, max: 40 }), fc.integer({ min: -1_900, max: 9_000 })), {
  maxLength: 300,
});

testProp(
  "different packets, duplicates and packets out of order are counted apart",
  [steps],
  (t, moves) => {
    const counts = createTally();
    const seen = new Set<number>();
    let [number, highest, duplicates, reordered] = [1_000, -1, 0, 0];
    for (const move of moves) {
      // Within the window of 2,048 numbers below the highest.
      number = Math.max(0, highest - 2_047, number + move);
      if (seen.has(number)) duplicates++;
      else if (number < highest) reordered++;
      seen.add(number);
      highest = Math.max(highest, number);
      come(counts, number);
    }
    t.deepEqual(
      [counts.received, counts.duplicates, counts.reordered, counts.receivedBytes, counts.latency.count],
      [seen.size, duplicates, reordered, 10 * seen.size, seen.size],
    );
  },
  { numRuns: 300 },
);

test("a packet from before the window counts as one of its own", (t) => {
  const counts = createTally();
  for (const number of [0, 2_048, 0]) come(counts, number);
  t.deepEqual([counts.received, counts.duplicates], [3, 0]);
  come(counts, 1);
  come(counts, 1);
  t.deepEqual([counts.received, counts.duplicates], [4, 1]);
});

test("delays and bytes of the warm-up are left out, packets are counted", (t) => {
  const counts = createTally(100);
  come(counts, 0, 99);
  come(counts, 1, 100);
  come(counts, 2, 101);
  t.deepEqual([counts.received, counts.receivedBytes, counts.measuredBytes, counts.latency.count], [3, 30, 20, 2]);
  t.is(counts.latency.min, 60);
});
