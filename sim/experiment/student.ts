/**
 * Student's t distribution through the regularised incomplete beta function, and the binomial distribution. Built on core/math.ts, so that
 * every engine gives the same bits; errors are measured in student.test.ts.
 */
import { exp, log } from "../../core/math.ts";
import { normalQuantile } from "../../core/normal.ts";

/** Lanczos' approximation with g = 7 and nine terms (Godfrey 2001). */
const LANCZOS = [
  0.999_999_999_999_809_9, 676.520_368_121_885_1, -1_259.139_216_722_402_8, 771.323_428_777_653_1,
  -176.615_029_162_140_6, 12.507_343_278_686_905, -0.138_571_095_265_720_12, 9.984_369_578_019_572e-6,
  1.505_632_735_149_311_6e-7,
];
const LANCZOS_G = 7;
const HALF_LOG_2_PI = 0.918_938_533_204_672_7;
const LOG_PI = 1.144_729_885_849_400_2;

/** Logarithm of the gamma function, for x of at least 1/2. */
export function logGamma(x: number): number {
  const base = x - 1 + LANCZOS_G + 0.5;
  let sum = LANCZOS[0] as number;
  for (let term = 1; term < LANCZOS.length; term++) sum += (LANCZOS[term] as number) / (x - 1 + term);
  return HALF_LOG_2_PI + (x - 0.5) * log(base) - base + log(sum);
}

const MAX_FRACTIONS = 500;
const CLOSE = 1e-16;
const TINY = 1e-300;

/** Regularised incomplete beta function I_x(a, b), for a and b of at least 1/2. */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log(1 - x));
  // The continued fraction converges fast below the mean; above it, the other tail is taken.
  if (x < (a + 1) / (a + b + 2)) return (front * betaFraction(x, a, b)) / a;
  return 1 - (front * betaFraction(1 - x, b, a)) / b;
}

/** Lentz's method on the continued fraction of DLMF 8.17.22. */
function betaFraction(x: number, a: number, b: number): number {
  const away = (value: number): number => (Math.abs(value) < TINY ? TINY : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= MAX_FRACTIONS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < CLOSE) break;
  }
  return fraction;
}

/** P(|T| > |t|) with `df` degrees of freedom. */
export function studentTails(t: number, df: number): number {
  return incompleteBeta(df / (df + t * t), df / 2, 0.5);
}

/** P(T <= t) with `df` degrees of freedom. */
export function studentCdf(t: number, df: number): number {
  const tail = studentTails(t, df) / 2;
  return t > 0 ? 1 - tail : tail;
}

const MAX_STEPS = 200;

/** The t below which a variable with `df` degrees of freedom stays with probability p, 0 < p < 1. */
export function studentQuantile(p: number, df: number): number {
  if (p < 0.5) return -studentQuantile(1 - p, df);
  if (p === 0.5) return 0;
  const scale = logGamma((df + 1) / 2) - logGamma(df / 2) - (log(df) + LOG_PI) / 2;
  // The distribution function is concave right of 0, and t lies right of the normal quantile: Newton's steps only rise.
  let t = normalQuantile(p);
  for (let step = 0; step < MAX_STEPS; step++) {
    const density = exp(scale - ((df + 1) / 2) * log(1 + (t * t) / df));
    const next = t + (studentTails(t, df) / 2 - (1 - p)) / density;
    if (Math.abs(next - t) <= 1e-14 * t) return next;
    t = next;
  }
  return t;
}

/** P(B = k) for k from 0 to n, where B counts successes of probability p, 0 < p < 1, among n. */
export function binomial(n: number, p: number): number[] {
  return Array.from({ length: n + 1 }, (_, k) =>
    exp(logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1) + k * log(p) + (n - k) * log(1 - p)),
  );
}
