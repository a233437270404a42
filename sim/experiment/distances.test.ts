import { fc, testProp } from "@fast-check/ava";
import test from "ava";
import { ksDistance, wassersteinDistance } from "./distances.ts";

const sorted = (values: readonly number[]): number[] => values.toSorted((left, right) => left - right);
const sample = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 1, maxLength: 40 });

test("by hand", (t) => {
  t.is(ksDistance([1, 2, 3, 4], [1, 2, 3, 4]), 0);
  t.is(ksDistance([1, 2], [3, 4]), 1);
  t.is(ksDistance([1, 2, 3, 4], [3, 4, 5, 6]), 0.5);
  t.is(wassersteinDistance([0, 1, 3], [5, 6, 8]), 5);
  // Half of the mass is moved by 2, the other half stays.
  t.is(wassersteinDistance([0, 0, 2, 2], [2, 2]), 1);
  t.is(ksDistance([], [1]), null);
  t.is(wassersteinDistance([1], []), null);
});

testProp("a shift moves all of the mass by as much", [sample, fc.integer({ min: -50, max: 50 })], (t, values, by) => {
  const moved = values.map((value) => value + by);
  t.true(Math.abs((wassersteinDistance(sorted(values), sorted(moved)) ?? -1) - Math.abs(by)) < 1e-6);
});

/** Of as many values each: the mean distance of those of the same rank (Vallender 1973). */
testProp("Wasserstein's distance of samples of one size goes by ranks", [sample, sample], (t, left, right) => {
  const n = Math.min(left.length, right.length);
  const [a, b] = [sorted(left.slice(0, n)), sorted(right.slice(0, n))];
  const byRanks = a.reduce((sum, value, at) => sum + Math.abs(value - (b[at] as number)), 0) / n;
  t.true(Math.abs((wassersteinDistance(a, b) ?? -1) - byRanks) < 1e-6);
});

testProp(
  "Kolmogorov and Smirnov's distance is the largest difference of shares at any value",
  [sample, sample],
  (t, left, right) => {
    const share = (values: readonly number[], at: number): number =>
      values.filter((value) => value <= at).length / values.length;
    const most = Math.max(...[...left, ...right].map((at) => Math.abs(share(left, at) - share(right, at))));
    t.true(Math.abs((ksDistance(sorted(left), sorted(right)) ?? -1) - most) < 1e-12);
  },
);
