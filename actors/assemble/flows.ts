/** The actors of each flow: its selector, its source and, where packets end elsewhere, its sink. */
import type { ForwardingKeys } from "../../core/forwarding-keys.ts";
import type { L4 } from "../../core/packet.ts";
import type { PathInfo } from "../../core/path.ts";
import { createPathFinder } from "../../core/path-enumeration.ts";
import type { FlowSpec, Scenario } from "../../core/scenario.ts";
import { wireLengthOf } from "../../core/wire/codec.ts";
import type { SinkInput } from "../apps/sink.ts";
import type { SourceInput } from "../apps/source.ts";
import type { SelectorInput } from "../selectors/selector.ts";
import { type HostPlan, takePort } from "./hosts.ts";
import { hostId, type Lookup, nodeId, type Planned } from "./plan.ts";

export interface FlowPlan {
  readonly flow: FlowSpec;
  readonly number: number;
  readonly source: string;
  readonly sink: string | null;
  readonly selector: string;
  readonly l4: L4;
}

export function planFlow(flow: FlowSpec, number: number, hosts: Map<string, HostPlan>): FlowPlan {
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

export function planApplications(
  scenario: Scenario,
  flows: readonly FlowPlan[],
  keys: ForwardingKeys,
  at: Lookup,
): Planned[] {
  const pathsOf = createPathFinder(scenario.network, { max: scenario.max_paths, epochS: scenario.epoch_s, keys });
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
    interval: "interval_ns" in flow ? flow.interval_ns : 0,
  });
  const planned: Planned[] = [
    { id: plan.selector, ia: flow.src.ia, logic: "selector", input: selector },
    { id: plan.source, ia: flow.src.ia, logic: "source", input: source },
  ];
  const sink = (): SinkInput => ({ flow: number });
  if (plan.sink !== null) planned.push({ id: plan.sink, ia: flow.dst.ia, logic: "sink", input: sink });
  return planned;
}
