/** From the measures of single runs to estimates for each policy, and differences between policies. Never depends on the order of the runs. */
import {
  type Estimate,
  type Estimates,
  type Metric,
  type MetricName,
  type PairedDifference,
  type PolicyOutcome,
  type RunMeasures,
  WHOLE_RUN,
} from "../../core/comparison.ts";
import type { Adoption } from "../../core/scenario.ts";
import { addCurves } from "./add-curves.ts";
import { METRICS } from "./metrics.ts";
import type { RunPlan } from "./plan.ts";
import { holm, meanInterval, meanOf, medianOf, type PairedTest, pairedTest, quantileInterval } from "./statistics.ts";

export interface FinishedRun {
  readonly plan: Pick<RunPlan, "policy" | "adoption" | "replication">;
  readonly measures: RunMeasures;
  readonly digest: string;
}

export interface ComparedRuns {
  /** By policy as given, then by adoption; those without a run are left out. */
  readonly policies: readonly PolicyOutcome[];
  /** By adoption, phase, metric and policy. */
  readonly paired: readonly PairedDifference[];
}

/** A difference with a p value above this is not told from chance. */
const SIGNIFICANT = 0.05;

/**
 * `labels`: the policies by position. `baseline`: label of the policy that all others are compared with; null: the best that a host can use, of
 * each adoption, phase and metric by itself. Since the best is chosen by the very same runs, Holm's correction is then over all pairs of
 * policies, which holds whichever of them are looked at.
 */
export function compareRuns(
  runs: readonly FinishedRun[],
  labels: readonly string[],
  adoptions: readonly Adoption[],
  baseline: string | null,
): ComparedRuns {
  const policies = labels.flatMap((label, policy) =>
    adoptions.flatMap((adoption) => {
      const some = runsOf(runs, policy, adoption);
      return some.length === 0 ? [] : [outcomeOf(some, label, adoption)];
    }),
  );
  const paired = adoptions.flatMap((adoption) => {
    const outcomes = policies.filter((outcome) => outcome.adoption === adoption);
    return phasesIn(outcomes).flatMap((phase) =>
      METRICS.flatMap(({ name }) => compare(outcomes, phase, name, baseline)),
    );
  });
  return { policies, paired };
}

/** In order of the replications. */
function runsOf(runs: readonly FinishedRun[], policy: number, adoption: Adoption): FinishedRun[] {
  return runs
    .filter(({ plan }) => plan.policy === policy && plan.adoption === adoption)
    .toSorted((left, right) => left.plan.replication - right.plan.replication);
}

function outcomeOf(runs: readonly FinishedRun[], policy: string, adoption: Adoption): PolicyOutcome {
  const names = Object.keys(runs[0]?.measures.phases ?? {}).filter((name) => name !== WHOLE_RUN);
  return {
    policy,
    adoption,
    metrics: estimatesOf(runs, WHOLE_RUN),
    phases: Object.fromEntries(names.map((name) => [name, estimatesOf(runs, name)])),
    curves: addCurves(runs.map(({ measures }) => measures.curves)),
    digests: runs.map(({ digest }) => digest),
  };
}

function estimatesOf(runs: readonly FinishedRun[], phase: string): Estimates {
  const estimates = METRICS.map(({ name, summary }) => {
    const values = runs.map(({ measures }) => measures.phases[phase]?.[name] ?? null);
    return [name, estimateOf(values, summary)] as const;
  });
  return Object.fromEntries(estimates) as unknown as Estimates;
}

export function estimateOf(values: readonly (number | null)[], summary: "mean" | "quantile"): Estimate {
  const known = values.filter((value) => value !== null);
  const ci95 = summary === "mean" ? meanInterval(known) : (quantileInterval(known, 0.5)?.interval ?? null);
  return { mean: meanOf(known), median: medianOf(known), ci95, n: known.length, values };
}

function phasesIn(outcomes: readonly PolicyOutcome[]): string[] {
  return [WHOLE_RUN, ...Object.keys(outcomes[0]?.phases ?? {})];
}

function estimateIn(outcome: PolicyOutcome, phase: string, metric: MetricName): Estimate {
  return (phase === WHOLE_RUN ? outcome.metrics : (outcome.phases[phase] as Estimates))[metric];
}

/** All policies but one less that one. */
function compare(
  outcomes: readonly PolicyOutcome[],
  phase: string,
  metric: MetricName,
  baseline: string | null,
): PairedDifference[] {
  const estimates = outcomes.map((outcome) => estimateIn(outcome, phase, metric));
  const named = outcomes.findIndex(({ policy }) => policy === baseline);
  const reference = named >= 0 ? named : bestOf(outcomes, estimates, metric);
  if (reference < 0) return [];
  const family = outcomes.flatMap((_, a) =>
    outcomes.flatMap((__, b) => (isTested(a, b, reference, named) ? [[a, b]] : [])),
  );
  const tests = family.map(([a, b]) => pairedTest(valuesOf(estimates, a), valuesOf(estimates, b)));
  const corrected = holm(tests.map(({ p }) => p));
  return family.flatMap(([a, b], index) => {
    if (b !== reference) return [];
    const ends = {
      a: outcomes[a as number]?.policy ?? "",
      b: outcomes[b]?.policy ?? "",
      adoption: outcomes[0]?.adoption,
    };
    const test = tests[index] as PairedTest;
    return [{ ...ends, phase, metric, ...differenceOf(test, corrected[index] ?? null) } as PairedDifference];
  });
}

/** With a baseline, each other policy less it; else every pair once, those with the reference as "other less reference". */
function isTested(a: number, b: number, reference: number, named: number): boolean {
  if (a === b) return false;
  if (b === reference) return true;
  return named < 0 && a !== reference && a < b;
}

function valuesOf(estimates: readonly Estimate[], index: number | undefined): readonly (number | null)[] {
  return estimates[index as number]?.values ?? [];
}

function differenceOf(test: PairedTest, corrected: number | null) {
  return {
    n: test.n,
    mean_difference: test.mean,
    ci95: test.interval,
    p: test.p,
    p_holm: corrected,
    effect_size: test.effect,
    distinguishable: test.constant || (corrected !== null && corrected < SIGNIFICANT),
  };
}

/**
 * The first of those with the best mean, which is what is tested; -1 where none has one. What knows the load is no contestant, and who lacks values that others have (transfers that never ended) is not best by what is left.
 */
function bestOf(outcomes: readonly PolicyOutcome[], estimates: readonly Estimate[], metric: MetricName): number {
  const { better } = METRICS.find(({ name }) => name === metric) as Metric;
  const contestants = estimates.map((estimate, index) => (isBound(outcomes[index]?.policy ?? "") ? null : estimate));
  const most = Math.max(0, ...contestants.map((estimate) => estimate?.n ?? 0));
  let best = -1;
  let leader = 0;
  contestants.forEach((estimate, index) => {
    const value = estimate?.mean ?? null;
    if (estimate === null || value === null || estimate.n < most) return;
    if (best >= 0 && (better === "higher" ? value <= leader : value >= leader)) return;
    best = index;
    leader = value;
  });
  return best;
}

/** The policy that knows the load of every link. */
function isBound(policy: string): boolean {
  return policy === "oracle" || policy.startsWith("oracle:");
}
