/** The control services of a scenario whose paths are discovered by beaconing, and what they look up. */
import { CONTROL_PLANE, createControlPlane } from "../../core/beaconing/control-plane.ts";
import type { BeaconPolicy } from "../../core/beaconing/policy.ts";
import { createCombiner } from "../../core/combinator/combine.ts";
import type { ForwardingKeys } from "../../core/forwarding-keys.ts";
import { createSurvey } from "../../core/network-survey.ts";
import type { FlowSpec, HostSpec, Scenario } from "../../core/scenario.ts";
import { CONTROL_TIMES, type ControlClient, type ControlInput, type ControlTimes } from "../control/context.ts";
import type { FlowPlan } from "./flows.ts";
import { controlId, type Lookup, nodeId, type Planned } from "./plan.ts";

/** Address of every control service. */
export const CONTROL_HOST = "10.255.255.253";

interface ControlOptions {
  readonly beacons: BeaconPolicy;
  readonly times: Partial<ControlTimes>;
}

export function hasControl({ discovery }: Pick<Scenario, "discovery">): boolean {
  return discovery === "beaconing";
}

/** Does the flow begin without paths, until its control service offers some? What its packets hold is sized for the paths of the oracle. */
export function waitsForPaths(scenario: Scenario, { dst, src }: FlowSpec): boolean {
  return hasControl(scenario) && src.ia !== dst.ia;
}

export function planControls(
  scenario: Scenario,
  flows: readonly FlowPlan[],
  { beacons, times }: ControlOptions,
  at: Lookup,
): Planned[] {
  if (!hasControl(scenario)) return [];
  const asked = Map.groupBy(flows.flatMap(clientsOf), ({ from }) => from.ia);
  return scenario.network.ases.map(({ ia, core }): Planned => {
    const input = (): ControlInput => ({
      ia,
      node: at(nodeId(ia)),
      host: CONTROL_HOST,
      core,
      epochS: scenario.epoch_s,
      policy: beacons,
      times: { ...CONTROL_TIMES, ...times },
      clients: (asked.get(ia) ?? []).map(({ client, selector }) => ({ ...client, selector: at(selector) })),
      maxPaths: scenario.max_paths,
      revocation: scenario.revocation_ns,
    });
    return { id: controlId(ia), ia, logic: "control", input };
  });
}

interface ClientPlan {
  readonly from: HostSpec;
  readonly selector: string;
  readonly client: Omit<ControlClient, "selector">;
}

/** The selectors of a flow, but within an AS: there is nothing to look up. */
function clientsOf({ flow, l4, replyL4, replySelector, selector }: FlowPlan): ClientPlan[] {
  const { dst, path_policy, src, start_ns } = flow;
  if (dst.ia === src.ia) return [];
  const allowed = path_policy === undefined ? null : { policy: path_policy, src: src.ia };
  const plan = (from: HostSpec, to: HostSpec, name: string, header: typeof l4): ClientPlan => ({
    from,
    selector: name,
    client: { dst: to.ia, srcHost: from.host, dstHost: to.host, l4: header, from: start_ns, allowed },
  });
  const forth = plan(src, dst, selector, l4);
  return replySelector === null ? [forth] : [forth, plan(dst, src, replySelector, replyL4)];
}

/** What control services look up, as an assembly's resource. */
export function planControlPlane(scenario: Scenario, keys: ForwardingKeys): [string, unknown][] {
  if (!hasControl(scenario)) return [];
  const { network, seed } = scenario;
  const combine = createCombiner({ keys, survey: createSurvey(network) });
  return [[CONTROL_PLANE, createControlPlane(seed, network, combine)]];
}
