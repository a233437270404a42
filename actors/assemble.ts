/**
 * Builds a world's actors from a scenario: for each AS its router, its outgoing links and its hosts; for each flow its
 * selector, its source and, where packets end elsewhere, its sink. The order of actors is part of a run's identity.
 */
import type { IA } from "../core/address.ts";
import { DEFAULT_DISPATCHED_PORTS, type PortRange } from "../core/end-host-port.ts";
import type { ActorIndex } from "../core/env.ts";
import { createForwardingKeys, type ForwardingKeys } from "../core/forwarding-keys.ts";
import { MAC_CACHE_ENTRIES } from "../core/hop-mac.ts";
import { planTimeline } from "../core/faults.ts";
import type { LinkEnd, Scenario } from "../core/scenario.ts";
import { planControls, planControlPlane } from "./assemble/control.ts";
import { planFaults } from "./assemble/faults.ts";
import { type BeaconPolicy, DEFAULT_BEACON_POLICY } from "../core/beaconing/policy.ts";
import { planApplications, planFlow } from "./assemble/flows.ts";
import { planHost, planHosts, planOutside } from "./assemble/hosts.ts";
import { createMeasuring } from "./assemble/measuring.ts";
import { hasSessions, impairedEnds, planLink, planNode, planSession, type Shaping } from "./assemble/network.ts";
import { type Direction, directionsOf } from "./assemble/plan.ts";
import { planTraceroute, type TracerouteSpec } from "./assemble/traceroute.ts";
import type { ControlTimes } from "./control/context.ts";
import type { ActorSpec, Assembly } from "./assembly.ts";
import { LOGICS } from "./logics.ts";
import { BUILTIN_POLICIES } from "./selectors/builtin.ts";
import type { Policy } from "./selectors/policy.ts";

export interface AssembleOptions {
  /** Policies beside those that ship. */
  readonly policies?: readonly Policy[];
  /** What a user types to repeat the run. */
  readonly repeat: string;
  /** MACs that each router remembers, a power of two; 0: none. No result depends on it. */
  readonly macCache?: number;
  /** Of all ASes, whether paths come from the oracle or by beaconing; what is not said is as by default (scionproto's). */
  readonly beaconPolicy?: Partial<BeaconPolicy>;
  /** Of the control services, where the scenario's discovery is beaconing; what is not said is as by default. */
  readonly controlTimes?: Partial<ControlTimes>;
  /** What link actors do to packets; paths are told of links as the scenario has them in any case. Default: `model`. */
  readonly shaping?: Shaping | ((from: LinkEnd) => Shaping);
  /** In place of those that follow from the scenario's keys and seed. */
  readonly keys?: ForwardingKeys;
  /** A traceroute that runs beside the flows. */
  readonly traceroute?: TracerouteSpec;
}

/** The actors of a scenario. Throws only on what a checked scenario cannot hold (a bug). */
export function assemble(scenario: Scenario, options: AssembleOptions): Assembly {
  const directions = scenario.network.links.flatMap(directionsOf);
  const hosts = planHosts(scenario);
  const policies = [...BUILTIN_POLICIES, ...(options.policies ?? [])];
  const measuring = createMeasuring(scenario, new Map(policies.map((policy) => [policy.name, policy])), hosts);
  const flows = scenario.flows.map((flow, index) => planFlow(flow, index, measuring));
  const index = new Map<string, ActorIndex>();
  const at = (id: string): ActorIndex => {
    const found = index.get(id);
    if (found === undefined) throw new Error(`no actor has the id ${id}`);
    return found;
  };
  const traceroutes = options.traceroute === undefined ? [] : [planTraceroute(options.traceroute, hosts, at)];
  const keys = options.keys ?? createForwardingKeys(scenario.seed, scenario.keys);
  const macCache = options.macCache ?? MAC_CACHE_ENTRIES;
  const ranges = new Map(scenario.network.ases.map(({ ia, dispatched_ports }) => [ia, dispatched_ports]));
  const portsOf = (ia: IA): PortRange | null => {
    const range = ranges.get(ia);
    return range === undefined ? DEFAULT_DISPATCHED_PORTS : range;
  };
  const leaving = Map.groupBy(directions, ({ from }) => from.ia);
  const living = Map.groupBy(hosts.values(), ({ spec }) => spec.ia);
  const impaired = impairedEnds(scenario);
  const beacons: BeaconPolicy = { ...DEFAULT_BEACON_POLICY, ...options.beaconPolicy };
  const planned = [
    ...scenario.network.ases.map((as) =>
      planNode(scenario, as, leaving.get(as.ia) ?? [], living.get(as.ia) ?? [], macCache, at),
    ),
    ...directions.map((direction) => planLink(scenario, direction, impaired, shapingAt(options, direction), at)),
    ...(hasSessions(scenario) ? directions.map((direction) => planSession(scenario, direction, at)) : []),
    ...[...hosts.values()].map((host) => planHost(host, scenario, portsOf(host.spec.ia), at)),
    ...planOutside(scenario, portsOf),
    ...planControls(scenario, flows, { beacons, times: controlTimes(scenario, options) }, at),
    ...planApplications(scenario, flows, keys, measuring, at, beacons),
    ...traceroutes,
  ];
  planned.forEach(({ id }, position) => index.set(id, position));
  const places = scenario.network.ases.map(({ ia }) => ia);
  const placeOf = new Map(places.map((ia, place) => [ia, place]));
  const actors = planned.map(({ id, ia, logic, input }): ActorSpec => {
    const spec = { id, place: placeOf.get(ia) as number, logic, input: input() };
    return logic === "link" ? { ...spec, isLink: true } : spec;
  });
  const timeline = planTimeline(scenario);
  return {
    seed: scenario.seed,
    repeat: options.repeat,
    places,
    actors,
    logics: LOGICS,
    resources: new Map<string, unknown>([
      ["forwarding-keys", keys],
      ...planControlPlane(scenario, keys),
      ...policies.map((policy): [string, Policy] => [`policy/${policy.name}`, policy]),
    ]),
    faults: planFaults(scenario, timeline, directions, planned, at),
    timeline,
    scenario,
  };
}

function shapingAt({ shaping = "model" }: AssembleOptions, { from }: Direction): Shaping {
  return typeof shaping === "string" ? shaping : shaping(from);
}

/** What is not renewed for four intervals is put out, as by default. */
function controlTimes({ beaconing }: Scenario, { controlTimes: given }: AssembleOptions): Partial<ControlTimes> {
  if (beaconing === undefined) return given ?? {};
  const { interval_ns: interval } = beaconing;
  return { origination: interval, propagation: interval, registration: interval, retention: 4 * interval, ...given };
}
