/**
 * The actors of each flow: its selector, its source and, where packets end elsewhere, the application that takes them; where replies
 * choose their own path, a selector for them, too.
 */
import { SegmentOracle } from "../../core/beaconing/oracle.ts";
import type { BeaconPolicy } from "../../core/beaconing/policy.ts";
import type { ForwardingKeys } from "../../core/forwarding-keys.ts";
import type { L4, Packet, ScmpEcho } from "../../core/packet.ts";
import type { PathInfo } from "../../core/path.ts";
import { createPathFinder, type PathFinder } from "../../core/path-finder.ts";
import { findAllowed, pathsToJudge } from "../../core/path-policy/policy.ts";
import { type FlowSpec, isOverChannels, type PolicySpec, type Scenario } from "../../core/scenario.ts";
import { isConnected, leastPayload } from "../../core/transport/frames.ts";
import { wireLengthOf } from "../../core/wire/codec.ts";
import type { FlowEnds } from "../apps/datagram.ts";
import type { SelectorInput } from "../selectors/selector.ts";
import { type AppInputs, receivingApp, sendingApp } from "./apps.ts";
import { associationId, listenerId, planChannelFlow } from "./channels.ts";
import { waitsForPaths } from "./control.ts";
import { type HostPlan, takePort } from "./hosts.ts";
import {
  identityOf,
  type Measuring,
  planMonitor,
  planProbers,
  planProbes,
  planReports,
  type ReportsPlan,
} from "./measuring.ts";
import { hostId, type Lookup, nodeId, type Planned } from "./plan.ts";

export interface FlowPlan {
  readonly flow: FlowSpec;
  readonly number: number;
  /** Actors that its packets leave from and come to; null: nobody at the destination. */
  readonly source: string;
  readonly sink: string | null;
  readonly selector: string;
  /** null: replies take the way back. */
  readonly replySelector: string | null;
  readonly l4: L4;
  readonly replyL4: L4;
  /** Reports to the selector, and to that of the replies; null: none. */
  readonly reports: ReportsPlan | null;
  readonly replyReports: ReportsPlan | null;
}

export function planFlow(flow: FlowSpec, number: number, measuring: Measuring): FlowPlan {
  const { hosts } = measuring;
  const src = hosts.get(hostId(flow.src)) as HostPlan;
  const dst = hosts.get(hostId(flow.dst)) as HostPlan;
  const overChannels = isOverChannels(flow);
  const source = overChannels ? associationId(flow.id) : `app/${flow.id}`;
  const selector = `selector/${flow.id}`;
  src.selectors.push(selector);
  const isPing = flow.app === "ping";
  const replySelector =
    flow.reply === "select" && !overChannels && (isPing || isConnected(flow.app)) ? `${selector}/replies` : null;
  if (replySelector !== null) dst.selectors.push(replySelector);
  if (isPing) {
    const identifier = takePort(src);
    src.identifiers.push([identifier, source]);
    if (replySelector !== null) dst.echoes.push([flow.src, identifier, replySelector]);
    const l4: ScmpEcho = { kind: "scmp.echo", reply: false, identifier, sequence: 0 };
    const replyL4 = { ...l4, reply: true };
    return {
      flow,
      number,
      source,
      sink: null,
      selector,
      replySelector,
      l4,
      replyL4,
      reports: null,
      replyReports: null,
    };
  }
  const sink = overChannels ? listenerId(flow.id) : `app/${flow.id}/sink`;
  const [srcPort, dstPort] = [takePort(src), takePort(dst)];
  const reports = planReports(measuring, flow.policy, selector, `monitor/${flow.id}`, src);
  const replyReports =
    replySelector === null
      ? null
      : planReports(measuring, flow.policy, replySelector, `monitor/${flow.id}/replies`, dst);
  dst.ports.push([dstPort, reports?.monitor ?? sink]);
  if (overChannels || isConnected(flow.app)) src.ports.push([srcPort, replyReports?.monitor ?? source]);
  const l4: L4 = { kind: "udp", srcPort, dstPort };
  return {
    flow,
    number,
    source,
    sink,
    selector,
    replySelector,
    l4,
    replyL4: { ...l4, srcPort: dstPort, dstPort: srcPort },
    reports,
    replyReports,
  };
}

export function planApplications(
  scenario: Scenario,
  flows: readonly FlowPlan[],
  keys: ForwardingKeys,
  measuring: Measuring,
  at: Lookup,
  beacons: BeaconPolicy,
): Planned[] {
  const { max_paths: max } = scenario;
  const oracle = new SegmentOracle(scenario.network, scenario.epoch_s, beacons);
  const pathsOf = createPathFinder(oracle, { max, keys });
  const wide = createPathFinder(oracle, { max: pathsToJudge(max), keys });
  const planned = flows.flatMap((plan) => {
    const { path_policy, src } = plan.flow;
    return planOneFlow(scenario, plan, findAllowed(path_policy, src.ia, pathsOf, wide, max), measuring, at);
  });
  return [...planned, ...planProbers(measuring, at)];
}

function planOneFlow(
  scenario: Scenario,
  plan: FlowPlan,
  pathsOf: PathFinder,
  measuring: Measuring,
  at: Lookup,
): Planned[] {
  const { flow, sink, replySelector } = plan;
  const { revocation_ns: revocation } = scenario;
  const isPing = flow.app === "ping";
  const forward = pathsOf(flow.src.ia, flow.dst.ia);
  const headers = headersOn(forward, flow.src.host, flow.dst.host, plan.l4);
  const atStart = <T>(known: readonly T[]): readonly T[] => (waitsForPaths(scenario, flow) ? [] : known);
  const ends = { src: flow.src, dst: flow.dst, isPing };
  const prober = planProbes(measuring, plan.selector, flow.policy, ends, { paths: atStart(forward), revocation });
  const selector = (): SelectorInput => ({
    node: at(nodeId(flow.src.ia)),
    policy: flow.policy.name,
    params: flow.policy.params,
    identity: identityOf(flow.src, flow.dst, plan.l4),
    paths: atStart(forward),
    headers: atStart(headers),
    revocation,
    prober: prober === null ? null : at(prober),
    reports: plan.reports?.input ?? null,
  });
  const planned: Planned[] = [{ id: plan.selector, ia: flow.src.ia, logic: "selector", input: selector }];
  let replyHeaders = headers;
  if (replySelector !== null) {
    const backward = pathsOf(flow.dst.ia, flow.src.ia);
    replyHeaders = headersOn(backward, flow.dst.host, flow.src.host, plan.replyL4);
    const params = turnedRound(flow.policy, forward, backward);
    const policy = { ...flow.policy, params };
    const back = { src: flow.dst, dst: flow.src, isPing };
    const ofReplies = planProbes(measuring, replySelector, policy, back, { paths: atStart(backward), revocation });
    const input = (): SelectorInput => ({
      ...selector(),
      node: at(nodeId(flow.dst.ia)),
      params,
      identity: identityOf(flow.dst, flow.src, plan.replyL4),
      paths: atStart(backward),
      headers: atStart(replyHeaders),
      prober: ofReplies === null ? null : at(ofReplies),
      reports: plan.replyReports?.input ?? null,
    });
    planned.push({ id: replySelector, ia: flow.dst.ia, logic: "selector", input });
  }
  const inputs = appInputs(scenario, plan, headers[0] ?? 0, replyHeaders[0] ?? 0, at);
  if (isOverChannels(flow)) planned.push(...planChannelFlow(flow, scenario.seed, plan.selector, inputs, at));
  else {
    planned.push({ id: plan.source, ia: flow.src.ia, ...sendingApp(flow, inputs) });
    if (sink !== null) planned.push({ id: sink, ia: flow.dst.ia, ...receivingApp(flow, inputs) });
  }
  return [...planned, ...monitorsOf(scenario, plan, at)];
}

function monitorsOf(scenario: Scenario, plan: FlowPlan, at: Lookup): Planned[] {
  const { flow, number, reports, replyReports, sink, source } = plan;
  const monitors: Planned[] = [];
  if (reports !== null && sink !== null)
    monitors.push(planMonitor(reports, { dst: flow.dst, l4: plan.l4, flow: number, app: sink }, at));
  if (replyReports !== null) {
    const back = { dst: flow.src, l4: plan.replyL4, flow: number + scenario.flows.length, app: source };
    monitors.push(planMonitor(replyReports, back, at));
  }
  return monitors;
}

function headersOn(paths: readonly PathInfo[], src: string, dst: string, l4: L4): number[] {
  return paths.map(({ forwarding }) => wireLengthOf(forwarding, src, dst, l4, 0));
}

/** A pin that names a path of this direction names the same links in the other one; where those are not offered, none. */
export function turnedRound(
  { params }: PolicySpec,
  forward: readonly PathInfo[],
  backward: readonly PathInfo[],
): PolicySpec["params"] {
  const pinned = forward.find(({ fingerprint }) => fingerprint === params["path"]);
  if (pinned === undefined) return params;
  const wanted = textOf(pinned.interfaces.toReversed());
  const same = backward.find(({ interfaces }) => textOf(interfaces) === wanted);
  const { path: _path, ...others } = params;
  return same === undefined ? others : { ...others, path: same.fingerprint };
}

function textOf(interfaces: PathInfo["interfaces"]): string {
  return interfaces.map(({ ia, ifId }) => `${ia}#${ifId}`).join(" ");
}

function appInputs(scenario: Scenario, plan: FlowPlan, header: number, replyHeader: number, at: Lookup): AppInputs {
  const { flow, number, replySelector } = plan;
  const room = flow.packet_size - Math.max(header, replyHeader);
  if (room < leastPayload(flow)) {
    throw new Error(`flow ${flow.id}: packets of ${flow.packet_size} B have no room for data behind their headers`);
  }
  const replyFlow = number + scenario.flows.length;
  const ecn = isOverChannels(flow) ? flow.channel.ecn : "ecn" in flow && flow.ecn;
  // Both ends of an association send data; over streams acknowledgements are not ECN-capable.
  const [unmarked, capable] = [flow.traffic_class & 0xfc, (flow.traffic_class & 0xfc) | ECT_0];
  const replyClass = !ecn ? flow.traffic_class : isOverChannels(flow) ? capable : unmarked;
  const ends = (): FlowEnds => ({
    way: at(plan.selector),
    src: flow.src,
    dst: flow.dst,
    l4: plan.l4,
    flow: number,
    flowId: flowIdOf(number),
    trafficClass: ecn ? capable : flow.traffic_class,
  });
  const replyEnds = (): FlowEnds => ({
    way: at(replySelector ?? nodeId(flow.dst.ia)),
    src: flow.dst,
    dst: flow.src,
    l4: plan.replyL4,
    flow: replyFlow,
    flowId: flowIdOf(replyFlow),
    trafficClass: replyClass,
  });
  const [payloadLength, replyPayloadLength] = [flow.packet_size - header, flow.packet_size - replyHeader];
  return {
    ends,
    replyEnds,
    flow: number,
    replyFlow,
    payloadLength,
    replyPayloadLength,
    measureFrom: scenario.warmup_ns,
  };
}

/** ECN-capable transport (RFC 3168, and RFC 9000 section 13.4). */
const ECT_0 = 2;

function flowIdOf(number: number): Packet["flowId"] {
  return (number + 1) & 0xf_ffff;
}
