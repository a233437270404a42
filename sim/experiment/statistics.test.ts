/** Intervals and tests against published examples, degenerate cases, and the levels they promise on normal data. */
import test from "ava";
import { mean, median, sampleStandardDeviation } from "simple-statistics";
import { normalQuantile } from "../../core/normal.ts";
import { RandomStream } from "../../core/rng.ts";
import type { MetricName, MetricValues } from "../../core/comparison.ts";
import { compareRuns, type FinishedRun } from "./compare-runs.ts";
import { METRICS } from "./metrics.ts";
import {
  deviationOf,
  holm,
  meanInterval,
  meanOf,
  medianOf,
  pairedTest,
  quantileInterval,
  unbiasing,
} from "./statistics.ts";

const TRIALS = 5_000;

/** Student's sleep data (1908), as R holds them. */
const SLEEP = {
  first: [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2],
  second: [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
};

test("moments are those of simple-statistics", (t) => {
  const { first } = SLEEP;
  t.true(Math.abs((meanOf(first) as number) - mean(first)) < 1e-14);
  t.true(Math.abs((deviationOf(first) as number) - sampleStandardDeviation(first)) < 1e-14);
  t.is(medianOf(first), median(first));
  t.is(medianOf(first.slice(1)), median(first.slice(1)));
});

test("paired t: Student's sleep data as R has them", (t) => {
  const { n, mean: difference, interval, p, effect } = pairedTest(SLEEP.first, SLEEP.second);
  t.is(n, 10);
  t.is(difference?.toFixed(2), "-1.58");
  t.is(p?.toFixed(6), "0.002833");
  t.deepEqual(
    interval?.map((end) => end.toFixed(7)),
    ["-2.4598858", "-0.7001142"],
  );
  // The t that R prints is the standardised mean times the root of n.
  t.is((((effect as number) / unbiasing(9)) * Math.sqrt(10)).toFixed(4), "-4.0621");
});

test("Hedges' correction: gamma functions of halves by hand", (t) => {
  const expected = { 2: "0.5642", 3: "0.7236", 4: "0.7979", 5: "0.8407", 10: "0.9227", 20: "0.9619" };
  for (const [df, value] of Object.entries(expected)) t.is(unbiasing(Number(df)).toFixed(4), value);
});

test("Holm: the example of R's p.adjust, order kept, nulls left alone", (t) => {
  const rounded = holm([0.01, 0.04, null, 0.03, 0.005]).map((p) => (p === null ? null : Number(p.toFixed(10))));
  t.deepEqual(rounded, [0.03, 0.06, null, 0.06, 0.02]);
  t.deepEqual(holm([0.9, 0.8]), [1, 1]);
  t.deepEqual(holm([]), []);
});

test("intervals of medians have the ranks and levels of published tables", (t) => {
  const published = [
    [6, 1, 6, "0.9688"],
    [10, 2, 9, "0.9785"],
    [15, 4, 12, "0.9648"],
    [20, 6, 15, "0.9586"],
    [30, 10, 21, "0.9572"],
  ] as const;
  for (const [n, lower, upper, level] of published) {
    const ranks = Array.from({ length: n }, (_, index) => n - index);
    const found = quantileInterval(ranks, 0.5);
    t.deepEqual(found?.interval, [lower, upper], `n ${n}`);
    t.is(found?.achieved.toFixed(4), level);
  }
  for (const n of [0, 1, 2, 5]) t.is(quantileInterval(SLEEP.first.slice(0, n), 0.5), null);
  t.is(quantileInterval(SLEEP.first, 0.95), null, "no upper end for the 95th percentile of ten values");
});

test("degenerate cases", (t) => {
  t.is(meanInterval([]), null);
  t.is(meanInterval([3]), null);
  t.deepEqual(meanInterval([0.1, 0.1, 0.1]), [0.1, 0.1]);
  const none = { interval: null, p: null, effect: null, constant: false };
  t.deepEqual(pairedTest([], []), { n: 0, mean: null, ...none });
  t.deepEqual(pairedTest([1, null], [0, 5]), { n: 1, mean: 1, ...none });
  t.like(pairedTest([2, 3], [1, 2]), { n: 2, mean: 1, p: null, effect: null, constant: true });
  t.like(pairedTest([2, 3, null], [2, 3, 4]), { n: 2, mean: 0, p: null, constant: false });
  const two = pairedTest([1, 2], [0, 0]);
  t.true(two.p !== null && two.effect === null, "two pairs have a p, and no effect size");
});

function normals(random: RandomStream, count: number): number[] {
  return Array.from({ length: count }, () => normalQuantile(random.uniform() + 1.2e-10));
}

test("on normal data intervals cover as often as they say: 94 to 96 % of 5,000", (t) => {
  for (const n of [2, 5, 10, 30]) {
    const random = new RandomStream(1, "coverage", `normal ${n}`);
    let [means, medians, exact] = [0, 0, 0];
    for (let trial = 0; trial < TRIALS; trial++) {
      const values = normals(random, n);
      const [low, high] = meanInterval(values) as readonly [number, number];
      if (low <= 0 && 0 <= high) means++;
      const order = quantileInterval(values, 0.5);
      if (order === null) continue;
      exact = order.achieved;
      if (order.interval[0] <= 0 && 0 <= order.interval[1]) medians++;
    }
    t.log(`n ${n}: mean ${means / TRIALS}, median ${medians / TRIALS} (exact ${exact.toFixed(4)})`);
    t.true(means >= 0.94 * TRIALS && means <= 0.96 * TRIALS);
    t.true(Math.abs(medians / TRIALS - exact) < 0.01);
  }
});

const NOTHING = Object.fromEntries(METRICS.map(({ name }) => [name, null])) as MetricValues;
const CURVES = { bin_ns: 1, sent: [], delivered: [], latency: [], paths: [], links: [], drops: {} };

/** Runs of policies that differ by chance alone, with a share of it in common. */
function chanceRuns(random: RandomStream, policies: number, replications: number): FinishedRun[] {
  const metric: MetricName = "delivered_share";
  return normals(random, replications).flatMap((common, replication) =>
    normals(random, policies).map((own, policy) => ({
      plan: { policy, adoption: "all" as const, replication },
      measures: { phases: { all: { ...NOTHING, [metric]: common + own } }, curves: CURVES },
      digest: "",
    })),
  );
}

test("policies that do not differ are told apart in at most 5 % of comparisons, whatever they are compared with", (t) => {
  const trials = TRIALS;
  const labels = ["p", "q", "r", "s"];
  const random = new RandomStream(1, "coverage", "family");
  const wrong = { baseline: 0, best: 0 };
  for (let trial = 0; trial < trials; trial++) {
    const runs = chanceRuns(random, labels.length, 6);
    const said = (baseline: string | null): number =>
      compareRuns(runs, labels, ["all"], baseline).paired.some(({ distinguishable }) => distinguishable) ? 1 : 0;
    wrong.baseline += said("p");
    wrong.best += said(null);
  }
  t.log(`family-wise error: baseline ${wrong.baseline / trials}, best ${wrong.best / trials}`);
  // Three standard errors of 5 % are 0.9 %; Holm's bound is not sharp, but not idle either.
  for (const count of [wrong.baseline, wrong.best]) t.true(count / trials <= 0.06 && count / trials > 0.01);
});
