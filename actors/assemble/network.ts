/** The actors that stand for the network itself: routers and directions of links. */
import { formatInterface } from "../../core/address.ts";
import { linkKeys } from "../../core/passage.ts";
import {
  DEFAULT_DIRECTION,
  type LinkDirection,
  type LinkEnd,
  type NetworkAs,
  type Scenario,
  SCENARIO_DEFAULTS,
} from "../../core/scenario.ts";
import type { BfdInput } from "../bfd.ts";
import type { LinkInput } from "../link.ts";
import type { NodeInput } from "../node.ts";
import type { HostPlan } from "./hosts.ts";
import { CONTROL_HOST, hasControl } from "./control.ts";
import { bfdId, controlId, type Direction, hostId, type Lookup, nodeId, type Planned } from "./plan.ts";

/** Source address of a router's SCMP errors. */
const ROUTER_HOST = "10.255.255.254";

export function planNode(
  scenario: Scenario,
  as: NetworkAs,
  links: readonly Direction[],
  hosts: readonly HostPlan[],
  macCache: number,
  at: Lookup,
): Planned {
  const { ia } = as;
  const watched = hasSessions(scenario);
  const served = hasControl(scenario);
  const services = Object.entries(as.services ?? {}).map(([service, backends]) => ({
    service,
    backends: backends.map((host) => hostId({ ia, host })),
  }));
  const offered = served
    ? [...services.filter(({ service }) => service !== "CS"), { service: "CS", backends: [controlId(ia)] }]
    : services;
  const input = (): NodeInput => ({
    ia,
    epochS: scenario.epoch_s,
    host: ROUTER_HOST,
    interfaces: links.map(({ id, from, to, linkTo, mtu }) => ({
      ifId: from.ifId,
      link: at(id),
      linkTo,
      neighbour: to.ia,
      mtu,
      session: watched ? at(bfdId(from)) : null,
    })),
    hosts: [
      ...hosts.map(({ id, spec }) => ({ host: spec.host, actor: at(id) })),
      ...(as.underlay?.outside ?? []).map((host) => ({ host, actor: at(hostId({ ia, host })) })),
      ...(served ? [{ host: CONTROL_HOST, actor: at(controlId(ia)) }] : []),
    ],
    services: offered.map(({ service, backends }) => ({ service, backends: backends.map(at) })),
    internal: as.internal ?? null,
    macCache,
    control: served ? at(controlId(ia)) : null,
  });
  return { id: nodeId(ia), ia, logic: "node", input };
}

export function hasSessions({ bfd }: Scenario): boolean {
  return (bfd ?? SCENARIO_DEFAULTS.bfd).mode === "on";
}

/** The BFD session at a link's sending end. */
export function planSession(scenario: Scenario, { id, from, to }: Direction, at: Lookup): Planned {
  const { interval_ns, multiplier } = scenario.bfd ?? SCENARIO_DEFAULTS.bfd;
  const input = (): BfdInput => ({
    ia: from.ia,
    neighbour: to.ia,
    ifId: from.ifId,
    remoteIfId: to.ifId,
    node: at(nodeId(from.ia)),
    link: at(id),
    host: ROUTER_HOST,
    epochS: scenario.epoch_s,
    interval: interval_ns,
    multiplier,
  });
  return { id: bfdId(from), ia: from.ia, logic: "bfd", input };
}

export function planLink(
  scenario: Scenario,
  { id, from, to, model }: Direction,
  impaired: ReadonlySet<string>,
  shaping: Shaping,
  at: Lookup,
): Planned {
  const input = (): LinkInput => ({
    direction: shapedBy(shaping, model),
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

/**
 * Who makes packets late, rare or lost. `model`: the link actor, all of it. `delay`: the link actor but for rate and queue, which the
 * kernel has. `none`: nobody here. Faults strike in every case.
 */
export type Shaping = "model" | "delay" | "none";

function shapedBy(shaping: Shaping, direction: LinkDirection): LinkDirection {
  if (shaping === "model") return direction;
  const { discipline } = DEFAULT_DIRECTION;
  const open: LinkDirection = {
    ...direction,
    rate_bps: 0,
    schedule: null,
    discipline,
    queue_packets: 0,
    queue_bytes: 0,
  };
  return shaping === "delay" ? open : { ...open, latency_ns: 0, delay: { kind: "fixed" }, loss: 0, burst: null };
}

/** Sending ends of the directions that some fault impairs. */
export function impairedEnds({ faults }: Scenario): ReadonlySet<string> {
  const ends = faults.flatMap(({ effect }) => (effect.kind === "impair" ? effect.directions : []));
  return new Set(ends.map(({ from }) => interfaceKey(from)));
}

function interfaceKey({ ia, ifId }: LinkEnd): string {
  return formatInterface(ia, ifId);
}
