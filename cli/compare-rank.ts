/** Which policy is best at what, and which others cannot be told from it: what the tables mark and the verdict says, as the report has it. */
import type { Comparison, Estimate, Metric, MetricName, PolicyOutcome } from "../core/comparison.ts";
import { WHOLE_RUN } from "../core/comparison.ts";
import type { Adoption } from "../core/scenario.ts";
import {
  centreOf,
  estimateOf,
  indexPairs,
  leadersOf,
  outcomesOf,
  type PairIndex,
  pairKey,
  type Standing,
  standingOf,
} from "../viz/report/standing.ts";

/** A comparison with its paired differences at hand. */
export class Ranks {
  readonly comparison: Comparison;
  readonly #pairs: PairIndex;

  constructor(comparison: Comparison) {
    this.comparison = comparison;
    this.#pairs = indexPairs(comparison);
  }

  metric(name: MetricName): Metric {
    return this.comparison.metrics.find((metric) => metric.name === name) as Metric;
  }

  estimate(policy: string, adoption: Adoption, phase: string, name: MetricName): Estimate | null {
    const outcome = outcomesOf(this.comparison, adoption).find((one) => one.policy === policy);
    return outcome === undefined ? null : estimateOf(outcome as PolicyOutcome, phase, name);
  }

  /** What stands for a policy in a table: the median of quantiles, the mean of all else. */
  value(policy: string, adoption: Adoption, phase: string, name: MetricName): number | null {
    return centreOf(this.metric(name), this.estimate(policy, adoption, phase, name));
  }

  standing(adoption: Adoption, phase: string, name: MetricName): Standing {
    return standingOf(this.comparison, this.#pairs, adoption, phase, this.metric(name));
  }

  /** Of the whole run, the best first, then those not distinguishable from it. Nothing where nothing can be told apart. */
  leaders(adoption: Adoption, name: MetricName): readonly string[] {
    const standing = this.standing(adoption, WHOLE_RUN, name);
    return standing.order.length < 2 ? [] : leadersOf(standing);
  }

  /** `*` best, `=` not distinguishable from it, `^` no contestant; with a baseline `b` for it, and `+`, `-` and `=` against it. */
  mark(policy: string, adoption: Adoption, phase: string, name: MetricName): string {
    const { baseline, replications } = this.comparison;
    const mark = this.standing(adoption, phase, name).marks.get(policy);
    if (replications < 2 || mark === "missing") return "";
    if (baseline !== null) return policy === baseline ? "b" : this.#against(policy, baseline, adoption, phase, name);
    return { best: "*", tied: "=", bound: "^", worse: "", untested: "" }[mark ?? "untested"];
  }

  #against(policy: string, baseline: string, adoption: Adoption, phase: string, name: MetricName): string {
    const row = this.#pairs.get(pairKey(adoption, phase, name, policy, baseline));
    if (row === undefined || row.n < 2 || row.mean_difference === null) return "";
    if (!row.distinguishable) return "=";
    const more = row.mean_difference > 0 === (row.a === policy);
    return more === (this.metric(name).better === "higher") ? "+" : "-";
  }
}
