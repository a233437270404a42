/** Quantiles of the normal distribution against values in print and against its distribution function in whole numbers. */
import test from "ava";
import { normalQuantile } from "./normal.ts";
import { RandomStream } from "./rng.ts";

/** Probability, quantile; Wichura (1988) gives the first two of the tails, the rest stand in every table (NIST, section 1.3.6.7.1). */
const PUBLISHED: readonly (readonly [p: number, x: number])[] = [
  [0.25, -0.674_489_750_196_081_7],
  [0.001, -3.090_232_306_167_813_6],
  [1e-20, -9.262_340_089_798_409],
  [0.5, 0],
  [0.75, 0.674_489_750_196_081_7],
  [0.9, 1.281_551_565_544_600_4],
  [0.95, 1.644_853_626_951_472_2],
  [0.975, 1.959_963_984_540_054],
  [0.99, 2.326_347_874_040_841],
  [0.995, 2.575_829_303_548_901],
  [1e-10, -6.361_340_902_404_056],
];

test("published quantiles are met", (t) => {
  for (const [p, x] of PUBLISHED) {
    const found = normalQuantile(p);
    t.true(Math.abs(found - x) <= 4e-15 * Math.max(1, Math.abs(x)), `quantile of ${p}: ${found}, in print ${x}`);
  }
});

test("the ends are infinite, the function is odd about one half", (t) => {
  t.is(normalQuantile(0), -Infinity);
  t.is(normalQuantile(1), Infinity);
  for (const q of [2 ** -10, 2 ** -3, 0.375, 0.4375, 0.5 - 2 ** -20])
    t.is(normalQuantile(0.5 + q), -normalQuantile(0.5 - q));
});

const BITS = 220n;
const ONE = 1n << BITS;

/** Twice the area between 0 and x, times sqrt(pi / 2): the alternating series of x^(2n+1) / (2^n n! (2n+1)), exact to 2^-200. */
function areaSeries(x: number): bigint {
  const fixed = BigInt(Math.round(x * 2 ** 52)) << (BITS - 52n);
  const square = (fixed * fixed) >> BITS;
  let term = fixed;
  let sum = 0n;
  for (let n = 0n; term !== 0n; n++) {
    sum += (n % 2n === 0n ? term : -term) / (2n * n + 1n);
    term = ((term * square) >> BITS) / (2n * (n + 1n));
  }
  return sum;
}

/** 1 / sqrt(2 pi), OEIS A231863. */
const DENSITY_AT_ZERO = (398_942_280_401_432_677_939_946_059_934_381_868_475_858_631n * ONE) / 10n ** 45n;

test("the distribution function of a quantile is the probability, to 4e-15 of it", (t) => {
  const stream = new RandomStream(20_260_102, "normal", "p");
  for (let n = 0; n < 2_000; n++) {
    const p = (n % 2 === 0 ? 0.5 : 2 ** -(1 + stream.below(20))) * (stream.uniform() + 2 ** -33);
    // Rounded to 52 fraction bits, as the series takes it: moves the probability by less than 2^-53.
    const x = Math.round(-normalQuantile(p) * 2 ** 52) / 2 ** 52;
    const area = (areaSeries(x) * DENSITY_AT_ZERO) >> BITS;
    const below = Number(((ONE / 2n - area) << 60n) >> BITS) / 2 ** 60;
    t.true(
      Math.abs(below - p) <= 4e-15 * p + 2 ** -52,
      `p ${p}: quantile ${x}, which has ${below} below (seed 20260102)`,
    );
  }
});
