/**
 * When enough replications have been made. After each one the widest interval is looked at, over every policy and adoption and the metrics
 * of `COUNTING_METRICS` under the whole run: its half-width as a share of the mean (of the median, where the interval is that of a median).
 *
 * This is Chow and Robbins' (1965) sequential procedure of fixed width. It looks again and again without paying for it, so that 95 % holds
 * in the limit of high precision, not for each number of replications: the least number keeps the damage small, and the coverage found is in
 * docs/validation.md. Intervals are of each metric by itself, not of all at once.
 */
import { type MetricName, WHOLE_RUN } from "../../core/comparison.ts";
import { estimateOf, type FinishedRun } from "./compare-runs.ts";
import { METRICS } from "./metrics.ts";

/**
 * What every run has, and people ask for first. Rare or discrete metrics would never let a comparison end, nor would delays with one adopter:
 * their spread is that between near and far pairs of hosts, which more replications describe better and do not lessen.
 */
export const COUNTING_METRICS: readonly MetricName[] = ["delivered_share", "goodput_bps"];

export interface StoppingRule {
  /** Half-width wanted, as a share of the mean; null: `limit` replications, whatever they show. */
  readonly precision: number | null;
  /** Not below six: a median has no interval at 95 % before. */
  readonly minimum: number;
  readonly limit: number;
}

/** Least and most replications of a comparison with a precision, where nothing else is said. */
export const STOPPING_DEFAULTS = { minimum: 6, limit: 100 } as const;

export interface StoppingState {
  /** From the second replication on; metrics that have no interval yet are left out. */
  readonly half_widths: readonly number[];
  readonly reached: boolean;
  /** Replications that the result is made of, the first ones; null: more are needed. */
  readonly enough: number | null;
}

/** Only whole replications count, from the first on: `runsEach` runs each. More may have been made than are needed. */
export function stoppingRule(runs: readonly FinishedRun[], runsEach: number, rule: StoppingRule): StoppingState {
  const whole = Map.groupBy(runs, ({ plan }) => plan.replication);
  let complete = 0;
  while ((whole.get(complete)?.length ?? 0) >= runsEach) complete++;
  const looked = Math.min(complete, rule.limit);
  const half_widths: number[] = [];
  for (let count = 2; count <= looked; count++) {
    const { widest, known } = widestHalfWidth(runs.filter(({ plan }) => plan.replication < count));
    half_widths.push(widest);
    if (rule.precision === null || count < rule.minimum || !known || widest > rule.precision) continue;
    return { half_widths, reached: true, enough: count };
  }
  return { half_widths, reached: false, enough: complete >= rule.limit ? rule.limit : null };
}

/** `known`: every metric has an interval. */
function widestHalfWidth(runs: readonly FinishedRun[]): { widest: number; known: boolean } {
  const outcomes = Map.groupBy(runs, ({ plan }) => `${plan.policy} ${plan.adoption}`);
  const counting = METRICS.filter(({ name }) => COUNTING_METRICS.includes(name));
  const widths = [...outcomes.values()].flatMap((some) => {
    const inOrder = some.toSorted((left, right) => left.plan.replication - right.plan.replication);
    return counting.map(({ name, summary }) => {
      const values = inOrder.map(({ measures }) => measures.phases[WHOLE_RUN]?.[name] ?? null);
      return relativeHalfWidth(values, summary);
    });
  });
  return { widest: Math.max(0, ...widths.map((width) => width ?? 0)), known: !widths.includes(null) };
}

/** null without an interval; 0 where there is nothing to measure (a metric without any value), and where nothing varies. */
export function relativeHalfWidth(values: readonly (number | null)[], summary: "mean" | "quantile"): number | null {
  const { ci95, mean, median, n } = estimateOf(values, summary);
  if (n === 0) return 0;
  if (ci95 === null) return null;
  const half = (ci95[1] - ci95[0]) / 2;
  return half === 0 ? 0 : half / Math.abs((summary === "mean" ? mean : median) as number);
}
