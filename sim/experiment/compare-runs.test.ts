/** Estimates and differences from made-up runs, in any order; when a comparison stops. */
import test from "ava";
import fc from "fast-check";
import type { MetricName, MetricValues, PairedDifference, RunCurves } from "../../core/comparison.ts";
import { createHistogram, record } from "../../core/histogram.ts";
import type { Adoption } from "../../core/scenario.ts";
import { addCurves } from "./add-curves.ts";
import { compareRuns, type FinishedRun } from "./compare-runs.ts";
import { addDelaySteps, delaySteps } from "./delay-steps.ts";
import { METRICS } from "./metrics.ts";
import { COUNTING_METRICS, relativeHalfWidth, stoppingRule } from "./stopping.ts";

const NOTHING = Object.fromEntries(METRICS.map(({ name }) => [name, null])) as MetricValues;
const CURVES: RunCurves = { bin_ns: 1, sent: [1], delivered: [1], latency: [[1, 1]], paths: [], links: [], drops: {} };

function run(
  policy: number,
  replication: number,
  values: Partial<MetricValues>,
  adoption: Adoption = "all",
): FinishedRun {
  const phase = { ...NOTHING, ...values };
  return {
    plan: { policy, adoption, replication },
    measures: { phases: { all: phase, cut: phase }, curves: CURVES },
    digest: `${policy}${adoption}${replication}`,
  };
}

/** Policy p at 1 plus noise, q always 2 above p, r the same as p. */
const NOISE = [0.1, -0.2, 0.3, 0, -0.1, 0.25, -0.35, 0.05];
const RUNS = NOISE.flatMap((noise, replication) => [
  run(0, replication, { goodput_bps: 1 + noise, fct_p50_ms: noise }),
  run(1, replication, { goodput_bps: 3 + noise, fct_p50_ms: replication === 3 ? null : noise }),
  run(2, replication, { goodput_bps: 1 + noise * 1.1, fct_p50_ms: null }),
]);
const LABELS = ["p", "q", "r"];

const of = (paired: readonly PairedDifference[], metric: MetricName, phase = "all") =>
  paired.filter((one) => one.metric === metric && one.phase === phase);

test("the outcome hangs on the runs, and not on the order in which they came", (t) => {
  const expected = compareRuns(RUNS, LABELS, ["all"], null);
  fc.assert(
    fc.property(fc.shuffledSubarray([...RUNS], { minLength: RUNS.length }), (runs) => {
      t.deepEqual(compareRuns(runs, LABELS, ["all"], null), expected);
      const rule = { precision: 0.2, minimum: 6, limit: 100 };
      t.deepEqual(stoppingRule(runs, 3, rule), stoppingRule(RUNS, 3, rule));
    }),
    { numRuns: 20 },
  );
  t.deepEqual(
    expected.policies[1]?.digests,
    NOISE.map((_, replication) => `1all${replication}`),
  );
});

test("estimates: mean with Student's t, quantiles by order, values in order with their nulls", (t) => {
  const { policies } = compareRuns(RUNS, LABELS, ["all"], null);
  const q = policies[1]?.metrics;
  t.is(q?.goodput_bps.n, 8);
  t.is(q?.fct_p50_ms.n, 7);
  t.is(q?.fct_p50_ms.values[3], null);
  // Seven values: the least and the greatest (98.4 %).
  t.deepEqual(q?.fct_p50_ms.ci95, [-0.35, 0.3]);
  t.is(q?.fct_p50_ms.median, 0.05);
  t.deepEqual(policies[2]?.metrics.fct_p50_ms, {
    mean: null,
    median: null,
    ci95: null,
    n: 0,
    values: NOISE.map(() => null),
  });
  t.deepEqual(policies[0]?.phases["cut"], policies[0]?.metrics);
  t.false("all" in (policies[0]?.phases ?? {}));
});

test("differences to a baseline: each other less it", (t) => {
  const { paired } = compareRuns(RUNS, LABELS, ["all"], "p");
  t.deepEqual(
    of(paired, "goodput_bps", "cut").map(({ a, b, distinguishable }) => [a, b, distinguishable]),
    [
      ["q", "p", true],
      ["r", "p", false],
    ],
  );
  const [q, r] = of(paired, "goodput_bps");
  t.true(Math.abs((q?.mean_difference as number) - 2) < 1e-12);
  t.is(r?.p_holm, r?.p, "with hardly any variance in the other one, it is the last of two");
  const [none] = of(paired, "fct_p50_ms");
  t.like(none, {
    a: "q",
    b: "p",
    n: 7,
    mean_difference: 0,
    p: null,
    p_holm: null,
    effect_size: null,
    distinguishable: false,
  });
});

test("without a baseline each is compared with the best, corrected for all pairs", (t) => {
  const { paired } = compareRuns(RUNS, LABELS, ["all"], null);
  const found = of(paired, "goodput_bps");
  t.deepEqual(
    found.map(({ a, b }) => [a, b]),
    [
      ["p", "q"],
      ["r", "q"],
    ],
  );
  // p less q does not vary and has no p value: r less q is one of two, the other being p less r.
  const [, r] = found;
  t.is(r?.p_holm, 2 * (r?.p as number));
  const lower = of(compareRuns(RUNS, LABELS.slice(0, 2), ["all"], null).paired, "fct_p50_ms");
  t.is(lower[0]?.b, "p", "less is better; the first of equals, here 0.006 against 0.007");
  const single = compareRuns(RUNS.slice(0, 3), LABELS, ["all"], null);
  t.true(
    single.paired.every(
      ({ ci95, p, p_holm, distinguishable }) => !distinguishable && ci95 === null && p === null && p_holm === null,
    ),
  );
});

test("distinguishable is below 0.05 after Holm; who lacks values that others have is not the best", (t) => {
  const three = [1, 2, 3];
  const apart = (shift: number) => {
    const runs = three.flatMap((noise, replication) => [
      run(0, replication, { goodput_bps: 10 + shift + noise }),
      run(1, replication, { goodput_bps: 10 }),
      // Faster, where it ended at all.
      run(2, replication, { goodput_bps: replication === 0 ? null : 1_000 + noise }),
    ]);
    const best = of(compareRuns(runs, ["a", "b", "rare"], ["all"], null).paired, "goodput_bps")[0]?.b;
    return { best, found: of(compareRuns(runs, ["a", "b"], ["all"], "b").paired, "goodput_bps")[0] };
  };
  // Differences 5, 6, 7: t = 6 / (1 / sqrt 3) = 10.4, p = 0.0091; 1.5, 2.5, 3.5: t = 4.33, p = 0.0494; 0.7, 1.7, 2.7: t = 2.94, p = 0.0987.
  t.deepEqual(
    [4, 0.5, -0.3].map((shift) => apart(shift).found?.distinguishable),
    [true, true, false],
  );
  t.true(Math.abs((apart(-0.3).found?.p as number) - 0.0986) < 5e-4);
  t.is(apart(4).best, "a");
});

test("adoptions are apart", (t) => {
  const both = [...RUNS, ...NOISE.map((noise, replication) => run(0, replication, { goodput_bps: noise }, "one"))];
  const { policies, paired } = compareRuns(both, ["p", "q", "r"], ["one", "all"], "p");
  t.deepEqual(
    policies.map(({ policy, adoption, digests }) => [policy, adoption, digests.length]),
    [
      ["p", "one", 8],
      ["p", "all", 8],
      ["q", "all", 8],
      ["r", "all", 8],
    ],
  );
  t.deepEqual(
    of(
      paired.filter(({ adoption }) => adoption === "all"),
      "goodput_bps",
    ),
    of(compareRuns(RUNS, LABELS, ["all"], "p").paired, "goodput_bps"),
  );
});

test("curves add up; loads are means, paths those of the pair first shown", (t) => {
  const path = (pair: string | null, position: number, packets: number) => {
    return {
      pair,
      position,
      fingerprint: pair === null ? null : `f${position}`,
      label: `${position}`,
      packets: [packets, 1],
    };
  };
  const curves = (load: number, pair: string): RunCurves => ({
    bin_ns: 5,
    sent: [1, 2],
    delivered: [0, 2],
    latency: [[1, 2]],
    paths: [path(pair, 0, 3), path(null, 0, 4)],
    links: load === 0 ? [] : [{ id: "l", load: [load, 0] }],
    drops: { loss: 2, ...(load === 0 ? { link_down: 1 } : {}) },
  });
  t.deepEqual(addCurves([curves(0.5, "x"), curves(0, "x"), curves(0.25, "y")]), {
    bin_ns: 5,
    sent: [3, 6],
    delivered: [0, 6],
    latency: [[1, 6]],
    paths: [
      { ...path("x", 0, 6), packets: [6, 2] },
      { ...path(null, 0, 12), packets: [12, 3] },
    ],
    links: [{ id: "l", load: [0.25, 0] }],
    drops: { link_down: 1, loss: 6 },
  });
});

test("delays: few steps, the same bounds in every run, nothing lost", (t) => {
  const times = fc.array(fc.integer({ min: 0, max: 2 ** 40 }), { minLength: 1, maxLength: 3_000 });
  fc.assert(
    fc.property(times, times, (left, right) => {
      const stepsOf = (values: readonly number[]) => {
        const histogram = createHistogram();
        for (const value of values) record(histogram, value);
        return delaySteps(histogram);
      };
      const sum = addDelaySteps([stepsOf(left), stepsOf(right)]);
      t.true(sum.length <= 200);
      t.is(
        sum.reduce((total, [, count]) => total + count, 0),
        left.length + right.length,
      );
      // Each value is counted below a bound above it, at most twice the step of a power of two away.
      const all = [...left, ...right].sort((a, b) => a - b);
      let passed = 0;
      for (const [bound, count] of sum) {
        passed += count;
        t.true((all[passed - 1] as number) < bound * 1e6 && (all[passed] ?? Number.POSITIVE_INFINITY) >= bound * 1e6);
      }
    }),
    { numRuns: 30 },
  );
  const narrow = createHistogram();
  for (let ms = 10; ms < 20; ms++) record(narrow, ms * 1e6);
  t.true(delaySteps(narrow).every(([bound], index) => bound > 10 + index && bound < (10 + index) * 1.0626));
});

const counting = (value: number): Partial<MetricValues> =>
  Object.fromEntries(COUNTING_METRICS.map((name) => [name, value]));

test("stopping: at the precision, not before the least number, at the limit", (t) => {
  const runs = (noise: number, count: number) =>
    Array.from({ length: count }, (_, replication) =>
      run(0, replication, counting(1 + (replication % 2 === 0 ? noise : -noise))),
    );
  const rule = { precision: 0.05, minimum: 6, limit: 20 };
  const exact = stoppingRule(runs(0, 9), 1, rule);
  t.deepEqual([exact.reached, exact.enough], [true, 6]);
  t.deepEqual(exact.half_widths, [0, 0, 0, 0, 0]);
  // A metric that has no interval yet (a single value) holds the comparison up.
  const sparse = runs(0, 9).map((one, replication) =>
    replication > 0 && replication < 7 ? run(0, replication, { goodput_bps: 1 }) : one,
  );
  t.is(stoppingRule(sparse, 1, rule).enough, 8);
  t.deepEqual(stoppingRule(runs(0, 5), 1, rule).enough, null);
  const wide = stoppingRule(runs(0.3, 25), 1, rule);
  t.deepEqual([wide.reached, wide.enough, wide.half_widths.length], [false, 20, 19]);
  t.deepEqual(stoppingRule(runs(0.3, 7), 1, { ...rule, precision: null, limit: 7 }).enough, 7);
  // A replication that is not whole yet, and all after it, do not count.
  const gap = runs(0, 9).filter(({ plan }) => plan.replication !== 4);
  t.is(stoppingRule(gap, 1, rule).half_widths.length, 3);
  const halved = [...runs(0, 9), ...runs(0, 4).map(({ plan }) => run(1, plan.replication, counting(1)))];
  t.is(stoppingRule(halved, 2, rule).half_widths.length, 3);
  t.is(relativeHalfWidth([null, null], "mean"), 0);
  t.is(relativeHalfWidth([1, null], "mean"), null);
  // Student's t with three degrees of freedom, 3.182, by hand: deviation 0.2/sqrt(3), over sqrt(4) and the mean.
  const found = relativeHalfWidth([0.9, 1.1, 0.9, 1.1], "mean");
  t.true(Math.abs((found as number) - (3.18245 * (0.2 / Math.sqrt(3))) / 2) < 1e-6);
});
