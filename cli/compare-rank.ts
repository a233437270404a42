/** Which policy is best at what, and which others cannot be told from it: what the tables mark and the verdict says. */
import type { Comparison, Estimate, Metric, MetricName, PolicyOutcome } from "../core/comparison.ts";
import { WHOLE_RUN } from "../core/comparison.ts";
import type { Adoption } from "../core/scenario.ts";
import { holm, pairedTest } from "../sim/experiment/statistics.ts";

/** Differences are told apart at this level, after Holm. */
const LEVEL = 0.05;
/** Knows what no host can know: shown beside the others, ranked with none. */
export const UPPER_BOUND = "oracle";

/** One metric, phase and adoption; policies by their labels. */
export interface Ranking {
  readonly metric: Metric;
  /** null: there is nothing to tell apart, for want of values or of replications. */
  readonly best: string | null;
  /** Those that cannot be told from the best, in the order given. */
  readonly equals: readonly string[];
  /** All that have a value, the best first. */
  readonly order: readonly string[];
}

export function outcomesOf({ policies }: Comparison, adoption: Adoption): readonly PolicyOutcome[] {
  return policies.filter((outcome) => outcome.adoption === adoption);
}

export function metricOf({ metrics }: Comparison, name: MetricName): Metric {
  return metrics.find((metric) => metric.name === name) as Metric;
}

export function estimateOf(outcome: PolicyOutcome, phase: string, metric: MetricName): Estimate | undefined {
  return (phase === WHOLE_RUN ? outcome.metrics : outcome.phases[phase])?.[metric];
}

/** What stands for the estimate in a table: the median of quantiles, the mean of all else. */
export function centre({ summary }: Metric, { mean, median }: Estimate): number | null {
  return summary === "quantile" ? median : mean;
}

/** Ranks what a host can use; with one such policy there is nothing to rank. */
export function rank(comparison: Comparison, adoption: Adoption, phase: string, name: MetricName): Ranking {
  const metric = metricOf(comparison, name);
  const rows = outcomesOf(comparison, adoption).flatMap((outcome) => {
    const estimate = estimateOf(outcome, phase, name);
    const value = estimate === undefined ? null : centre(metric, estimate);
    if (estimate === undefined || value === null || isUpperBound(outcome.policy)) return [];
    return [{ policy: outcome.policy, estimate, value }];
  });
  // Where transfers did not end, replications lack a value: what is left of them must not look good.
  const most = Math.max(0, ...rows.map(({ estimate }) => estimate.n));
  const sign = metric.better === "lower" ? 1 : -1;
  const sorted = rows.toSorted(
    (left, right) =>
      Number(left.estimate.n < most) - Number(right.estimate.n < most) || sign * (left.value - right.value),
  );
  const order = sorted.map(({ policy }) => policy);
  const [first] = sorted;
  if (first === undefined || rows.length < 2 || first.estimate.n < 2) return { metric, best: null, equals: [], order };
  const others = rows.filter(({ policy }) => policy !== first.policy);
  const tests = others.map(({ estimate }) => pairedTest(estimate.values, first.estimate.values));
  const adjusted = holm(tests.map(({ p }) => p));
  const equals = others.flatMap(({ policy, estimate }, at) => {
    const differs = tests[at]?.constant === true || (adjusted[at] ?? 1) < LEVEL || estimate.n < most;
    return differs ? [] : [policy];
  });
  return { metric, best: first.policy, equals, order };
}

export function isUpperBound(policy: string): boolean {
  return policy === UPPER_BOUND || policy.startsWith(`${UPPER_BOUND}:`);
}
