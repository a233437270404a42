/** Student's t against published tables and closed forms; the binomial and gamma functions against simple-statistics. */
import test from "ava";
import fc from "fast-check";
import { binomialDistribution, gammaln } from "simple-statistics";
import { binomial, incompleteBeta, logGamma, studentCdf, studentQuantile, studentTails } from "./student.ts";

/** Quantiles as tables print them (NIST/SEMATECH e-Handbook, 1.3.6.7.2; 0.9995 from Fisher and Yates). */
const PUBLISHED: readonly (readonly [p: number, df: number, t: string])[] = [
  [0.9, 1, "3.078"],
  [0.9, 7, "1.415"],
  [0.95, 1, "6.314"],
  [0.95, 10, "1.812"],
  [0.975, 1, "12.706"],
  [0.975, 2, "4.303"],
  [0.975, 3, "3.182"],
  [0.975, 4, "2.776"],
  [0.975, 5, "2.571"],
  [0.975, 9, "2.262"],
  [0.975, 29, "2.045"],
  [0.975, 30, "2.042"],
  [0.975, 99, "1.984"],
  [0.995, 5, "4.032"],
  [0.995, 20, "2.845"],
  [0.999, 4, "7.173"],
  [0.9995, 3, "12.924"],
  [0.9995, 1, "636.619"],
];

test("quantiles are those of published tables", (t) => {
  for (const [p, df, expected] of PUBLISHED) t.is(studentQuantile(p, df).toFixed(3), expected, `t(${p}, ${df})`);
});

test("one, two and four degrees of freedom: closed forms", (t) => {
  for (const p of [0.501, 0.6, 0.75, 0.9, 0.975, 0.999, 0.99999]) {
    const cauchy = Math.tan(Math.PI * (p - 0.5));
    const two = (2 * p - 1) / Math.sqrt(2 * p * (1 - p));
    t.true(Math.abs(studentQuantile(p, 1) / cauchy - 1) < 1e-9, `df 1, p ${p}`);
    t.true(Math.abs(studentQuantile(p, 2) / two - 1) < 1e-9, `df 2, p ${p}`);
  }
  for (const x of [0.1, 1, 2.5, 10]) {
    const s = x / Math.sqrt(4 + x * x);
    t.true(Math.abs(studentCdf(x, 4) - (0.5 + 0.75 * (s - (s * s * s) / 3))) < 1e-13, `df 4, t ${x}`);
  }
});

test("the quantile undoes the distribution function, both are symmetric", (t) => {
  const p = fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true });
  fc.assert(
    fc.property(p, fc.integer({ min: 1, max: 300 }), (probability, df) => {
      const x = studentQuantile(probability, df);
      const back = Math.abs(studentCdf(x, df) - probability);
      const tails = Math.abs(studentTails(x, df) - 2 * Math.min(probability, 1 - probability));
      return back < 1e-12 && tails < 1e-12 && Math.abs(studentCdf(-x, df) - (1 - studentCdf(x, df))) < 1e-12;
    }),
  );
  t.is(studentQuantile(0.5, 3), 0);
});

test("gamma, beta and binomial", (t) => {
  for (const x of [0.5, 1, 1.5, 2, 7.25, 50, 1_000]) {
    t.true(Math.abs(logGamma(x) - gammaln(x)) < 1e-8 * Math.max(1, Math.abs(gammaln(x))), `log gamma of ${x}`);
  }
  t.true(Math.abs(logGamma(0.5) - Math.log(Math.PI) / 2) < 1e-14);
  // I_x(a, b) by its binomial sum: whole a and b.
  t.true(Math.abs(incompleteBeta(0.3, 2, 4) - (1 - 0.7 ** 5 - 5 * 0.3 * 0.7 ** 4)) < 1e-14);
  for (const [n, p] of [
    [6, 0.5],
    [20, 0.95],
    [30, 0.5],
  ] as const) {
    // simple-statistics stops once all but 0.0001 is told.
    binomialDistribution(n, p)?.forEach((chance, k) => {
      t.true(Math.abs((binomial(n, p)[k] as number) - chance) < 1e-12, `${k} of ${n} at ${p}`);
    });
  }
});
