/**
 * Builds a world's actors from a scenario: for each AS its router, its outgoing links and its hosts; for each flow its
 * selector, its source and, where packets end elsewhere, its sink. The order of actors is part of a run's identity.
 */
import { formatInterface, type IA } from "../core/address.ts";
import { drawKey } from "../core/digest.ts";
import type { ActorIndex } from "../core/env.ts";
import type { L4 } from "../core/packet.ts";
import type { PathInfo } from "../core/path.ts";
import { createPathFinder } from "../core/path-enumeration.ts";
import type { FlowSpec, HostSpec, LinkDirection, LinkEnd, NetworkLink, Scenario } from "../core/scenario.ts";
import { wireLengthOf } from "../core/wire/codec.ts";
import type { SinkInput } from "./apps/sink.ts";
import type { SourceInput } from "./apps/source.ts";
import type { ActorSpec, Assembly, FaultEvent } from "./assembly.ts";
import type { HostInput } from "./host.ts";
import type { LinkInput } from "./link.ts";
import { LOGICS } from "./logics.ts";
import type { NodeInput } from "./node.ts";
import { BUILTIN_POLICIES } from "./selectors/builtin.ts";
import type { Policy } from "./selectors/policy.ts";
import type { SelectorInput } from "./selectors/selector.ts";

/** Source address of a router's SCMP errors. */
const ROUTER_HOST = "10.255.255.254";
/** First port and identifier of a host: start of SCION's dispatched range as its generator sets it. */
const FIRST_PORT = 31_000;
const LAST_PORT = 65_535;

export interface AssembleOptions {
  /** Policies beside those that ship. */
  readonly policies?: readonly Policy[];
  /** What a user types to repeat the run. */
  readonly repeat: string;
}

/** A directed link of the network, seen from its sending end. */
interface Direction {
  readonly id: string;
  readonly from: LinkEnd;
  readonly to: LinkEnd;
  readonly model: LinkDirection;
}

/** What a host of the network runs. */
interface HostPlan {
  readonly id: string;
  readonly spec: HostSpec;
  readonly ports: [port: number, app: string][];
  readonly identifiers: [identifier: number, app: string][];
  readonly selectors: string[];
  nextPort: number;
}

interface FlowPlan {
  readonly flow: FlowSpec;
  readonly number: number;
  readonly source: string;
  readonly sink: string | null;
  readonly selector: string;
  readonly l4: L4;
}

/** An actor whose input is made once every actor has its index. */
interface Planned {
  readonly id: string;
  readonly ia: IA;
  readonly logic: string;
  readonly input: () => unknown;
}

export function linkId(from: LinkEnd, to: LinkEnd): string {
  return `link/${formatInterface(from.ia, from.ifId)}>${formatInterface(to.ia, to.ifId)}`;
}

export function nodeId(ia: IA): string {
  return `node/${ia}`;
}

export function hostId({ ia, host }: HostSpec): string {
  return `host/${ia},${host}`;
}

/** The actors of a scenario. Throws only on what a checked scenario cannot hold (a bug). */
export function assemble(scenario: Scenario, options: AssembleOptions): Assembly {
  const directions = scenario.network.links.flatMap(directionsOf);
  const hosts = planHosts(scenario);
  const flows = scenario.flows.map((flow, index) => planFlow(flow, index, hosts));
  const index = new Map<string, ActorIndex>();
  const at = (id: string): ActorIndex => {
    const found = index.get(id);
    if (found === undefined) throw new Error(`no actor has the id ${id}`);
    return found;
  };
  const leaving = Map.groupBy(directions, ({ from }) => from.ia);
  const living = Map.groupBy(hosts.values(), ({ spec }) => spec.ia);
  const planned = [
    ...scenario.network.ases.map(({ ia }) => planNode(scenario, ia, leaving.get(ia) ?? [], living.get(ia) ?? [], at)),
    ...directions.map((direction) => planLink(scenario, direction, at)),
    ...[...hosts.values()].map((host) => planHost(host, at)),
    ...planApplications(scenario, flows, at),
  ];
  planned.forEach(({ id }, position) => index.set(id, position));
  const places = scenario.network.ases.map(({ ia }) => ia);
  const placeOf = new Map(places.map((ia, place) => [ia, place]));
  const actors = planned.map(({ id, ia, logic, input }): ActorSpec => {
    const spec = { id, place: placeOf.get(ia) as number, logic, input: input() };
    return logic === "link" ? { ...spec, isLink: true } : spec;
  });
  const policies = [...BUILTIN_POLICIES, ...(options.policies ?? [])];
  return {
    seed: scenario.seed,
    repeat: options.repeat,
    places,
    actors,
    logics: LOGICS,
    resources: new Map(policies.map((policy) => [`policy/${policy.name}`, policy])),
    faults: planFaults(scenario, directions, at),
    scenario,
  };
}

function directionsOf({ a, b, ab, ba }: NetworkLink): Direction[] {
  return [
    { id: linkId(a, b), from: a, to: b, model: ab },
    { id: linkId(b, a), from: b, to: a, model: ba },
  ];
}

function planHosts(scenario: Scenario): Map<string, HostPlan> {
  const hosts = new Map<string, HostPlan>();
  for (const spec of scenario.flows.flatMap(({ src, dst }) => [src, dst])) {
    const id = hostId(spec);
    if (!hosts.has(id)) hosts.set(id, { id, spec, ports: [], identifiers: [], selectors: [], nextPort: FIRST_PORT });
  }
  return hosts;
}

function takePort(host: HostPlan): number {
  if (host.nextPort > LAST_PORT) throw new Error(`${host.id} has more than ${LAST_PORT - FIRST_PORT + 1} applications`);
  return host.nextPort++;
}

function planFlow(flow: FlowSpec, number: number, hosts: Map<string, HostPlan>): FlowPlan {
  const src = hosts.get(hostId(flow.src)) as HostPlan;
  const dst = hosts.get(hostId(flow.dst)) as HostPlan;
  const source = `app/${flow.id}`;
  const selector = `selector/${flow.id}`;
  src.selectors.push(selector);
  if (flow.app === "ping") {
    const identifier = takePort(src);
    src.identifiers.push([identifier, source]);
    return {
      flow,
      number,
      source,
      sink: null,
      selector,
      l4: { kind: "scmp.echo", reply: false, identifier, sequence: 0 },
    };
  }
  const sink = `app/${flow.id}/sink`;
  const [srcPort, dstPort] = [takePort(src), takePort(dst)];
  dst.ports.push([dstPort, sink]);
  return { flow, number, source, sink, selector, l4: { kind: "udp", srcPort, dstPort } };
}

type Lookup = (id: string) => ActorIndex;

function planNode(
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

function planLink(scenario: Scenario, { id, from, to, model }: Direction, at: Lookup): Planned {
  const input = (): LinkInput => ({
    direction: model,
    node: at(nodeId(from.ia)),
    ifId: from.ifId,
    next: at(nodeId(to.ia)),
    nextIfId: to.ifId,
    detection: scenario.detection_ns,
    lossKey: drawKey(scenario.seed, id, "loss"),
    jitterKey: drawKey(scenario.seed, id, "jitter"),
  });
  return { id, ia: from.ia, logic: "link", input };
}

function planHost({ id, spec, ports, identifiers, selectors }: HostPlan, at: Lookup): Planned {
  const input = (): HostInput => ({
    node: at(nodeId(spec.ia)),
    ports: ports.map(([port, app]) => [port, at(app)]),
    identifiers: identifiers.map(([identifier, app]) => [identifier, at(app)]),
    selectors: selectors.map(at),
  });
  return { id, ia: spec.ia, logic: "host", input };
}

function planApplications(scenario: Scenario, flows: readonly FlowPlan[], at: Lookup): Planned[] {
  const pathsOf = createPathFinder(scenario.network, { max: scenario.max_paths, epochS: scenario.epoch_s });
  return flows.flatMap((plan) => planOneFlow(scenario, plan, pathsOf(plan.flow.src.ia, plan.flow.dst.ia), at));
}

function planOneFlow(scenario: Scenario, plan: FlowPlan, paths: readonly PathInfo[], at: Lookup): Planned[] {
  const { flow, number, l4 } = plan;
  const headers = paths.map(({ forwarding }) => wireLengthOf(forwarding, flow.src.host, flow.dst.host, l4, 0));
  const selector = (): SelectorInput => ({
    node: at(nodeId(flow.src.ia)),
    policy: flow.policy.name,
    params: flow.policy.params,
    paths,
    headers,
    revocation: scenario.revocation_ns,
  });
  const source = (): SourceInput => ({
    selector: at(plan.selector),
    src: flow.src,
    dst: flow.dst,
    l4,
    flow: number,
    flowId: (number + 1) & 0xf_ffff,
    payloadLength: flow.packet_size - (headers[0] ?? 0),
    start: flow.start_ns,
    stop: flow.stop_ns,
    interval: flow.interval_ns,
  });
  const planned: Planned[] = [
    { id: plan.selector, ia: flow.src.ia, logic: "selector", input: selector },
    { id: plan.source, ia: flow.src.ia, logic: "source", input: source },
  ];
  const sink = (): SinkInput => ({ flow: number });
  if (plan.sink !== null) planned.push({ id: plan.sink, ia: flow.dst.ia, logic: "sink", input: sink });
  return planned;
}

function planFaults(scenario: Scenario, directions: readonly Direction[], at: Lookup): FaultEvent[] {
  return scenario.faults.flatMap(({ at_ns, event, link }) =>
    directions
      .filter(({ from, to }) => [from, to].some(({ ia, ifId }) => ia === link.ia && ifId === link.ifId))
      .map(({ id }) => ({
        at: at_ns,
        target: at(id),
        event: { type: event === "down" ? "link.fail" : "link.recover" },
      })),
  );
}
