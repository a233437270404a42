/** Which runs a comparison is made of: who uses the policy under test, who is measured, with which seed. */
import { drawKey } from "../../core/digest.ts";
import type { Adoption, FlowSpec, PolicySpec, Scenario } from "../../core/scenario.ts";

/** Flows from one host to another; the other direction is another pair. */
export interface MeasuredPair {
  /** `1-ff00:0:110,10.0.0.1>1-ff00:0:111,10.0.0.1`. */
  readonly pair: string;
  /** Ids, in the scenario's order. */
  readonly flows: readonly string[];
}

export interface LabelledPolicy extends PolicySpec {
  /** As it was given. */
  readonly label: string;
}

export interface ComparisonPlan {
  readonly policies: readonly LabelledPolicy[];
  readonly adoptions: readonly Adoption[];
  readonly seed: number;
  readonly pairs: readonly MeasuredPair[];
}

export interface RunPlan {
  /** Position among the policies. */
  readonly policy: number;
  readonly spec: PolicySpec;
  readonly adoption: Adoption;
  /** From 0 on. */
  readonly replication: number;
  /** The same for every policy and adoption of a replication. */
  readonly seed: number;
  /** Flows that use the policy; the other measured pairs' use `shortest`. */
  readonly adopters: readonly string[];
  readonly measured: readonly string[];
}

/** What everybody uses who does not use the policy under test. */
const COMMON_POLICY: PolicySpec = { name: "shortest", params: {} };

export function pairOf({ src, dst }: Pick<FlowSpec, "src" | "dst">): string {
  return `${src.ia},${src.host}>${dst.ia},${dst.host}`;
}

/** In the order of their first flows; background flows are in none. */
export function measuredPairs(scenario: Scenario): MeasuredPair[] {
  const background = new Set(scenario.compare?.background);
  const measured = scenario.flows.filter(({ id }) => !background.has(id));
  return [...Map.groupBy(measured, pairOf)].map(([pair, flows]) => ({ pair, flows: flows.map(({ id }) => id) }));
}

/** 32 bits. Derived, so that comparisons with neighbouring seeds share no replication. */
function seedOf(seed: number, replication: number): number {
  return drawKey(seed, "replication", String(replication))[0] >>> 0;
}

/** The runs of one replication, by policy and adoption. Under `one` the adopting pair is another in each replication, all in turn. */
export function planRuns({ policies, adoptions, seed, pairs }: ComparisonPlan, replication: number): RunPlan[] {
  const all = pairs.flatMap(({ flows }) => flows);
  const one = pairs[replication % Math.max(1, pairs.length)]?.flows ?? [];
  return policies.flatMap(({ name, params }, policy) =>
    adoptions.map((adoption): RunPlan => {
      const flows = adoption === "all" ? all : one;
      const spec = { name, params };
      return { policy, spec, adoption, replication, seed: seedOf(seed, replication), adopters: flows, measured: flows };
    }),
  );
}

/** Plans with the same key are the same simulation: it is run once, and both sets of flows are measured in it. */
export function runKey({ spec, seed, adopters }: RunPlan): string {
  const common = spec.name === COMMON_POLICY.name && Object.keys(spec.params).length === 0;
  const params = Object.entries(spec.params).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify(common ? [seed] : [seed, spec.name, params, adopters]);
}

/** The scenario of a run: background flows keep the policies of their own. */
export function scenarioOf(scenario: Scenario, plan: Pick<RunPlan, "seed" | "spec" | "adopters">): Scenario {
  const background = new Set(scenario.compare?.background);
  const adopters = new Set(plan.adopters);
  const flows = scenario.flows.map((flow): FlowSpec => {
    if (background.has(flow.id)) return flow;
    return { ...flow, policy: adopters.has(flow.id) ? plan.spec : COMMON_POLICY };
  });
  return { ...scenario, seed: plan.seed, flows };
}
