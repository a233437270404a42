/** Who is best at what, as far as the replications can tell. All figures come from the comparison; nothing is estimated here. */
import {
  type Comparison,
  type Estimate,
  type Metric,
  type MetricName,
  type PairedDifference,
  type PolicyOutcome,
  WHOLE_RUN,
} from "../../core/comparison.ts";
import type { Adoption } from "../../core/scenario.ts";

/** Knows the load and cannot be deployed: an upper bound, not a contestant. */
const BOUND = "oracle";

/** Metrics that come first: what arrives, how much, how late, and how long transfers take. */
const HEADLINES: readonly MetricName[] = ["delivered_share", "goodput_bps", "latency_p95_ms", "fct_p95_ms"];

export type Mark = "best" | "tied" | "worse" | "bound" | "untested" | "missing";

/** The order of the policies in one metric, of one adoption and phase. */
export interface Standing {
  readonly metric: Metric;
  readonly adoption: Adoption;
  readonly phase: string;
  /** Best mean first (the tests are on means), without the bound and without policies that have no value. */
  readonly order: readonly string[];
  readonly marks: ReadonlyMap<string, Mark>;
}

export function headlinesOf({ metrics }: Comparison): Metric[] {
  return HEADLINES.flatMap((name) => metrics.find((metric) => metric.name === name) ?? []);
}

export function estimateOf(outcome: PolicyOutcome, phase: string, metric: MetricName): Estimate | null {
  const estimates = phase === WHOLE_RUN ? outcome.metrics : outcome.phases[phase];
  return estimates?.[metric] ?? null;
}

/** What a metric is summed up to: the mean, or the median of quantile metrics; the interval belongs to it. */
export function centreOf(metric: Metric, estimate: Estimate | null): number | null {
  if (estimate === null) return null;
  return metric.summary === "mean" ? estimate.mean : estimate.median;
}

export function valueOf(outcome: PolicyOutcome, phase: string, metric: Metric): number | null {
  return centreOf(metric, estimateOf(outcome, phase, metric.name));
}

export function outcomesOf({ policies }: Comparison, adoption: Adoption): PolicyOutcome[] {
  return policies.filter((outcome) => outcome.adoption === adoption);
}

export function isBound(policy: string): boolean {
  return policy === BOUND || policy.startsWith(`${BOUND}:`);
}

export type PairIndex = ReadonlyMap<string, PairedDifference>;

/** Paired differences by adoption, phase, metric and the two policies in either order. */
export function indexPairs({ paired }: Comparison): PairIndex {
  const entries = paired.flatMap((row): [string, PairedDifference][] => [
    [pairKey(row.adoption, row.phase, row.metric, row.a, row.b), row],
    [pairKey(row.adoption, row.phase, row.metric, row.b, row.a), row],
  ]);
  return new Map(entries);
}

export function pairKey(adoption: Adoption, phase: string, metric: MetricName, a: string, b: string): string {
  return JSON.stringify([adoption, phase, metric, a, b]);
}

export function standingOf(
  comparison: Comparison,
  pairs: PairIndex,
  adoption: Adoption,
  phase: string,
  metric: Metric,
): Standing {
  const values = outcomesOf(comparison, adoption).map((outcome) => ({
    policy: outcome.policy,
    value: estimateOf(outcome, phase, metric.name)?.mean ?? null,
    n: estimateOf(outcome, phase, metric.name)?.n ?? 0,
  }));
  // Who lacks values that others have (transfers that never ended) is not best by what is left.
  const most = Math.max(0, ...values.map(({ policy, n }) => (isBound(policy) ? 0 : n)));
  const sign = metric.better === "higher" ? -1 : 1;
  const ranked = values
    .filter(({ policy, value }) => value !== null && !isBound(policy))
    .sort((a, b) => Number(a.n < most) - Number(b.n < most) || sign * ((a.value ?? 0) - (b.value ?? 0)));
  const [best] = ranked;
  const markOf = (policy: string, value: number | null): Mark => {
    if (value === null) return "missing";
    if (isBound(policy)) return "bound";
    if (best === undefined || policy === best.policy) return "best";
    if (value === best.value) return "tied";
    const row = pairs.get(pairKey(adoption, phase, metric.name, policy, best.policy));
    if (row === undefined || row.n < 2) return "untested";
    return row.distinguishable ? "worse" : "tied";
  };
  const marks = new Map(values.map(({ policy, value }) => [policy, markOf(policy, value)]));
  return { metric, adoption, phase, order: ranked.map(({ policy }) => policy), marks };
}

/** The best and those that cannot be told from it, in order. */
export function leadersOf({ order, marks }: Standing): string[] {
  return order.filter((policy) => marks.get(policy) === "best" || marks.get(policy) === "tied");
}

/** How the order of one metric changes between the two adoptions. */
export interface Flip {
  readonly metric: Metric;
  readonly one: Standing;
  readonly all: Standing;
  /** The best with one adopter is distinguishably not the best when all adopt. */
  readonly kind: "flip" | "unsure" | "same";
  /** Pairs of policies whose order differs, of all pairs. */
  readonly turned: number;
  readonly of: number;
}

export function flipOf(one: Standing, all: Standing): Flip {
  const [best] = one.order;
  const mark = best === undefined ? "missing" : (all.marks.get(best) ?? "missing");
  const kind = mark === "worse" ? "flip" : mark === "untested" ? "unsure" : "same";
  const both = one.order.filter((policy) => all.order.includes(policy));
  const pairs = both.flatMap((a, n) => both.slice(n + 1).map((b) => all.order.indexOf(a) > all.order.indexOf(b)));
  return { metric: one.metric, one, all, kind, turned: pairs.filter(Boolean).length, of: pairs.length };
}
