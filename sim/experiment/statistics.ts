/** Statistics over replications: intervals, the paired t test, Holm's correction, effect size. Pure. */
import { exp } from "../../core/math.ts";
import { binomial, logGamma, studentQuantile, studentTails } from "./student.ts";

const LEVEL = 0.95;

/** null of no values. */
export function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of two middle values their mean; null of no values. */
export function medianOf(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((left, right) => left - right);
  const half = sorted.length >> 1;
  const upper = sorted[half] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}

/** Standard deviation with n - 1; null below two values. Values that are all the same have exactly 0. */
export function deviationOf(values: readonly number[]): number | null {
  const mean = meanOf(values);
  if (mean === null || values.length < 2) return null;
  if (values.every((value) => value === values[0])) return 0;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / (values.length - 1));
}

/** Student's t interval of the mean; null below two values. */
export function meanInterval(values: readonly number[], level = LEVEL): readonly [number, number] | null {
  const mean = meanOf(values);
  const deviation = deviationOf(values);
  if (mean === null || deviation === null) return null;
  if (deviation === 0) return [values[0] as number, values[0] as number];
  const half = (studentQuantile((1 + level) / 2, values.length - 1) * deviation) / Math.sqrt(values.length);
  return [mean - half, mean + half];
}

export interface OrderInterval {
  readonly interval: readonly [number, number];
  /** Probability that it covers the quantile of a continuous distribution, whichever: at least the level asked for. */
  readonly achieved: number;
}

/**
 * Interval of a quantile between two order statistics (Conover, Practical Nonparametric Statistics, 3.2): each end leaves at most half of
 * what the level leaves. null where too few values are there for it: for the median at 95 %, below six.
 */
export function quantileInterval(values: readonly number[], q: number, level = LEVEL): OrderInterval | null {
  const n = values.length;
  const tail = (1 - level) / 2;
  // Values below the quantile are binomial; the k-th value lies above the quantile where fewer than k are below.
  const chances = binomial(n, q);
  let [lower, below] = [0, 0];
  while (lower < n && below + (chances[lower] as number) <= tail) below += chances[lower++] as number;
  let [upper, above] = [n + 1, 0];
  while (upper > 1 && above + (chances[upper - 1] as number) <= tail) above += chances[--upper] as number;
  if (lower < 1 || upper > n) return null;
  const sorted = values.toSorted((left, right) => left - right);
  return { interval: [sorted[lower - 1] as number, sorted[upper - 1] as number], achieved: 1 - below - above };
}

export interface PairedTest {
  readonly n: number;
  readonly mean: number | null;
  readonly interval: readonly [number, number] | null;
  /** Two-sided; null below two pairs, and where the differences do not vary. */
  readonly p: number | null;
  /** Hedges' g_z: mean over standard deviation, without its bias in small samples; null below three pairs, and where the differences do not vary. */
  readonly effect: number | null;
  /** The differences are all the same, and not zero. */
  readonly constant: boolean;
}

/** Differences `a` less `b` where both have a value. */
export function pairedTest(a: readonly (number | null)[], b: readonly (number | null)[]): PairedTest {
  const differences = a.flatMap((value, index) => {
    const other = b[index] ?? null;
    return value === null || other === null ? [] : [value - other];
  });
  const n = differences.length;
  const mean = meanOf(differences);
  const deviation = deviationOf(differences);
  const interval = meanInterval(differences);
  if (mean === null || deviation === null || deviation === 0)
    return { n, mean, interval, p: null, effect: null, constant: deviation === 0 && mean !== 0 };
  const p = studentTails((mean / deviation) * Math.sqrt(n), n - 1);
  const effect = n < 3 ? null : (mean / deviation) * unbiasing(n - 1);
  return { n, mean, interval, p, effect, constant: false };
}

/** Hedges' correction with `df` degrees of freedom, from two up (Hedges 1981). */
export function unbiasing(df: number): number {
  // The gamma function of 1/2 and above is all that is needed: df of 2 asks for exactly that.
  return exp(logGamma(df / 2) - logGamma((df - 1) / 2)) / Math.sqrt(df / 2);
}

/** Holm's step-down correction over those that have a p value, in the order given. */
export function holm(ps: readonly (number | null)[]): (number | null)[] {
  const known = ps.flatMap((p, index) => (p === null ? [] : [{ p, index }]));
  const adjusted: (number | null)[] = ps.map(() => null);
  let greatest = 0;
  known
    .toSorted((left, right) => left.p - right.p || left.index - right.index)
    .forEach(({ p, index }, rank) => {
      greatest = Math.max(greatest, Math.min(1, p * (known.length - rank)));
      adjusted[index] = greatest;
    });
  return adjusted;
}
