/** What a comparison asks for, checked against the scenario before anything runs. */
import * as Effect from "effect/Effect";
import type { CompareSpec, Scenario } from "../../core/scenario.ts";
import { type ComparisonPlan, measuredPairs } from "../../sim/experiment/plan.ts";
import { policyLabel } from "../../topologies/compare.ts";
import { InputError } from "../errors.ts";
import { type ComparedPair, pairsOf } from "./comparison.ts";

export interface PlannedComparison {
  readonly spec: CompareSpec;
  readonly plan: ComparisonPlan;
  readonly pairs: readonly ComparedPair[];
}

/** Fails where there is nothing to compare: no traffic that is measured, or no pair of hosts that has a choice. */
export const planComparison = Effect.fnUntraced(function* (scenario: Scenario, file: string) {
  const spec = scenario.compare as CompareSpec;
  const plan: ComparisonPlan = {
    policies: spec.policies.map((policy) => ({ ...policy, label: policyLabel(policy) })),
    adoptions: spec.adoptions,
    seed: scenario.seed,
    pairs: measuredPairs(scenario),
  };
  if (plan.pairs.length === 0) {
    return yield* new InputError({
      message: `${file} has no flows to compare policies by: give it flows or workloads (see docs/scenarios.md)`,
    });
  }
  const pairs = pairsOf(scenario, plan);
  if (pairs.every(({ paths }) => paths < 2)) {
    const { src, dst } = scenario.flows.find(({ id }) => id === plan.pairs[0]?.flows[0]) ?? { src: null, dst: null };
    const cause =
      scenario.max_paths < 2 ? "max_paths is 1; raise it" : "add links, or let flows run between other ASes";
    return yield* new InputError({
      message:
        `no pair of hosts in ${file} has two paths, so that every policy would do the same: ${cause}` +
        `\nTo see the paths of a pair: pathloom paths ${file} ${src?.ia} ${dst?.ia}`,
    });
  }
  const planned: PlannedComparison = { spec, plan, pairs };
  return planned;
});
