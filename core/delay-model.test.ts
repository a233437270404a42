/** Delay models by their moments and quantiles, in closed form; each value is a uniform draw mapped, so a grid of draws is enough. */
import test from "ava";
import { addedDelay, createDelayDraws } from "./delay-model.ts";
import type { DelayModel } from "./scenario.ts";

const N = 200_000;
const MS = 1_000_000;

/** Values at the middles of N equal parts of [0, 1): in ascending order. */
function values(model: DelayModel): number[] {
  const draws = createDelayDraws(model);
  return Array.from({ length: N }, (_, n) => addedDelay(draws, (n + 0.5) / N, 0));
}

const mean = (of: readonly number[]): number => of.reduce((sum, value) => sum + value, 0) / of.length;
const near = (found: number, expected: number, share: number): boolean =>
  Math.abs(found - expected) <= share * Math.abs(expected);

test("fixed adds nothing", (t) => {
  t.is(addedDelay(createDelayDraws({ kind: "fixed" }), 0.7, 5), 0);
});

test("uniform: from -width to +width, variance a third of the width's square", (t) => {
  const found = values({ kind: "uniform", width_ns: 3 * MS });
  t.true(Math.abs(mean(found)) < 100);
  t.true(near(mean(found.map((x) => x * x)), (9 / 3) * MS * MS, 1e-4));
  t.true((found[0] as number) >= -3 * MS && (found.at(-1) as number) <= 3 * MS);
});

/** Variance of a normal distribution cut at plus and minus so many deviations (Johnson, Kotz and Balakrishnan 1994, section 13.10.1). */
const TRUNCATED: readonly (readonly [bounds: number, variance: number])[] = [
  // 1 - 2 c phi(c) / (2 Phi(c) - 1) with tabled phi and Phi.
  [1, 1 - (2 * 0.241_970_724_5) / 0.682_689_492_1],
  [2, 1 - (4 * 0.053_990_966_5) / 0.954_499_736_1],
  [3, 1 - (6 * 0.004_431_848_4) / 0.997_300_203_9],
];

for (const [bounds, variance] of TRUNCATED) {
  test(`normal cut at ${bounds} deviations: bounds, mean 0, variance ${variance.toFixed(4)}`, (t) => {
    const found = values({ kind: "normal", deviation_ns: MS, bound_ns: bounds * MS });
    t.true((found[0] as number) >= -bounds * MS && (found[0] as number) < -bounds * 0.999 * MS);
    t.true(found.every((x, n) => n === 0 || x >= (found[n - 1] as number)));
    t.true(Math.abs(mean(found)) < 100, `mean ${mean(found)}`);
    t.true(near(mean(found.map((x) => x * x)), variance * MS * MS, 2e-4), `${mean(found.map((x) => x * x))}`);
  });
}

test("normal far from its bounds has the quantiles of the table", (t) => {
  const draws = createDelayDraws({ kind: "normal", deviation_ns: MS, bound_ns: 40 * MS });
  t.is(addedDelay(draws, 0.975, 0), 1_959_964);
  t.is(addedDelay(draws, 0.5, 0), 0);
  t.is(addedDelay(draws, 0, 0), -40 * MS);
  t.is(addedDelay(createDelayDraws({ kind: "normal", deviation_ns: 0, bound_ns: MS }), 0.1, 0), 0);
  t.is(addedDelay(createDelayDraws({ kind: "normal", deviation_ns: MS, bound_ns: 0 }), 0.1, 0), 0);
});

test("pareto (Lomax): median scale (2^(1/shape) - 1), mean scale / (shape - 1), cut off", (t) => {
  const model: DelayModel = { kind: "pareto", scale_ns: 10 * MS, shape: 3, maximum_ns: 100_000 * MS };
  const found = values(model);
  t.true(near(found[N / 2] as number, 10 * MS * (2 ** (1 / 3) - 1), 1e-4));
  t.true(near(found[N * 0.99] as number, 10 * MS * (100 ** (1 / 3) - 1), 1e-3));
  t.true(near(mean(found), 5 * MS, 1e-3), `mean ${mean(found)}`);
  t.is(found[0] as number, Math.round(((10 * MS) / 3) * (0.5 / N)));
  t.is(Math.max(...values({ ...model, maximum_ns: 20 * MS }).slice(-10)), 20 * MS);
});

test("recorded: one value a step, again from the start", (t) => {
  const draws = createDelayDraws({ kind: "recorded", step_ns: 10, added_ns: [5, 7, -3] });
  t.deepEqual(
    [0, 9, 10, 20, 29, 30, 41].map((at) => addedDelay(draws, 0.5, at)),
    [5, 5, 7, -3, -3, 5, 7],
  );
});
