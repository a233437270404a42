/** The actors that stand for the network itself: routers and directions of links. */
import { formatInterface, type IA } from "../../core/address.ts";
import { linkKeys } from "../../core/passage.ts";
import type { LinkEnd, Scenario } from "../../core/scenario.ts";
import type { LinkInput } from "../link.ts";
import type { NodeInput } from "../node.ts";
import type { HostPlan } from "./hosts.ts";
import { type Direction, type Lookup, nodeId, type Planned } from "./plan.ts";

/** Source address of a router's SCMP errors. */
const ROUTER_HOST = "10.255.255.254";

export function planNode(
  scenario: Scenario,
  ia: IA,
  links: readonly Direction[],
  hosts: readonly HostPlan[],
  at: Lookup,
): Planned {
  const input = (): NodeInput => ({
    ia,
    epochS: scenario.epoch_s,
    host: ROUTER_HOST,
    interfaces: links.map(({ id, from }) => ({ ifId: from.ifId, link: at(id) })),
    hosts: hosts.map(({ id, spec }) => ({ host: spec.host, actor: at(id) })),
  });
  return { id: nodeId(ia), ia, logic: "node", input };
}

export function planLink(
  scenario: Scenario,
  { id, from, to, model }: Direction,
  impaired: ReadonlySet<string>,
  at: Lookup,
): Planned {
  const input = (): LinkInput => ({
    direction: model,
    paced: impaired.has(interfaceKey(from)),
    node: at(nodeId(from.ia)),
    ifId: from.ifId,
    next: at(nodeId(to.ia)),
    nextIfId: to.ifId,
    detection: scenario.detection_ns,
    keys: linkKeys(scenario.seed, id),
    measureFrom: scenario.warmup_ns,
  });
  return { id, ia: from.ia, logic: "link", input };
}

/** Sending ends of the directions that some fault impairs. */
export function impairedEnds({ faults }: Scenario): ReadonlySet<string> {
  const ends = faults.flatMap(({ effect }) => (effect.kind === "impair" ? effect.directions : []));
  return new Set(ends.map(({ from }) => interfaceKey(from)));
}

function interfaceKey({ ia, ifId }: LinkEnd): string {
  return formatInterface(ia, ifId);
}
