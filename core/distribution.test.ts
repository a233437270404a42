import test from "ava";
import { meanOf, sample } from "./distribution.ts";
import { RandomStream } from "./rng.ts";
import type { Distribution } from "./scenario.ts";

const COUNT = 200_000;

function draws(distribution: Distribution, seed = 7): number[] {
  const random = new RandomStream(seed, "test", distribution.kind);
  return Array.from({ length: COUNT }, () => sample(distribution, random)).sort((a, b) => a - b);
}

/** Distribution functions from textbooks, not from the code under test. */
const CASES: readonly { distribution: Distribution; mean: number; quantile: (p: number) => number }[] = [
  { distribution: { kind: "uniform", low: 10, high: 30 }, mean: 20, quantile: (p) => 10 + 20 * p },
  { distribution: { kind: "exponential", mean: 5 }, mean: 5, quantile: (p) => -5 * Math.log(1 - p) },
  {
    distribution: { kind: "lognormal", median: 100, sigma: 0.5 },
    mean: 100 * Math.exp(0.125),
    // The normal quantiles of 0.1, 0.5 and 0.9, from a table.
    quantile: (p) => 100 * Math.exp(0.5 * (p === 0.5 ? 0 : p < 0.5 ? -1.2815515655 : 1.2815515655)),
  },
  {
    distribution: { kind: "pareto", minimum: 1, shape: 2.5, maximum: 0 },
    mean: 2.5 / 1.5,
    quantile: (p) => (1 - p) ** (-1 / 2.5),
  },
  {
    distribution: { kind: "pareto", minimum: 1, shape: 1, maximum: 20 },
    mean: 1 + Math.log(20),
    quantile: (p) => Math.min(20, 1 / (1 - p)),
  },
  {
    // 20 % are 100; then evenly up to 200 at 60 %, and to 1000 at the end.
    distribution: {
      kind: "empirical",
      table: [
        [100, 0.2],
        [200, 0.6],
        [1000, 1],
      ],
    },
    mean: 0.2 * 100 + 0.4 * 150 + 0.4 * 600,
    quantile: (p) => (p <= 0.2 ? 100 : p <= 0.6 ? 100 + (100 * (p - 0.2)) / 0.4 : 200 + (800 * (p - 0.6)) / 0.4),
  },
];

for (const { distribution, mean, quantile } of CASES) {
  test(`${JSON.stringify(distribution)}: mean and quantiles of ${COUNT} draws`, (t) => {
    const sorted = draws(distribution);
    const found = sorted.reduce((sum, value) => sum + value, 0) / COUNT;
    t.true(Math.abs(found / mean - 1) < 0.01, `mean ${found}, expected ${mean}; seed 7`);
    t.true(Math.abs(meanOf(distribution) / mean - 1) < 1e-9, `meanOf ${meanOf(distribution)}, expected ${mean}`);
    for (const p of [0.1, 0.5, 0.9]) {
      const at = sorted[Math.floor(p * COUNT)] as number;
      t.true(Math.abs(at / quantile(p) - 1) < 0.02, `quantile ${p}: ${at}, expected ${quantile(p)}; seed 7`);
    }
  });
}

test("a fixed value is itself, and nothing is drawn for it", (t) => {
  const random = new RandomStream(1, "test", "fixed");
  t.is(sample({ kind: "fixed", value: 42 }, random), 42);
  t.is(random.hash, 0);
});

test("a draw is never negative; a mean that does not exist is infinite", (t) => {
  for (const distribution of [
    { kind: "uniform", low: -5, high: 1 },
    { kind: "fixed", value: -1 },
  ] as const) {
    t.true((draws(distribution)[0] as number) >= 0);
  }
  t.is(meanOf({ kind: "pareto", minimum: 1, shape: 1, maximum: 0 }), Number.POSITIVE_INFINITY);
});
