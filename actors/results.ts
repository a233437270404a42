/** What a run came to, read from the actors' contexts: the same in both worlds. Field names are those of `run --json`. */
import type { DropReason } from "../core/env.ts";
import { createHistogram, type Histogram, merge } from "../core/histogram.ts";
import { NO_FLOW } from "../core/packet.ts";
import { bitsBetween, offeredBetween } from "../core/rate-schedule.ts";
import type { FaultEffect, FlowSpec, LinkDirection, Scenario } from "../core/scenario.ts";
import { MILLISECOND, type Nanos, SECOND } from "../core/units.ts";
import type { GatewayResult, MessageResult, ReplyCount, TransferResult, TransportResult } from "./app-result.ts";
import { appResult } from "./app-results.ts";
import type { ChannelResult } from "./channel-results.ts";
import type { Tally } from "./apps/tally.ts";
import type { EndpointContext } from "./apps/endpoint.ts";
import type { TracerouteContext } from "./apps/traceroute.ts";
import type { BfdContext } from "./bfd.ts";
import { type ControlPlaneResult, controlPlaneResult } from "./control/results.ts";
import type { ControlContext } from "./control/context.ts";
import { beginningOf, sourceId, tallyId, tallyOf as tallyIn } from "./flow-ends.ts";
import type { HostContext } from "./host.ts";
import { type LatencyMs, latencyMs } from "./latency.ts";
import { type LinkContext, measuredBytes, queueFigures } from "./link.ts";
import { type MeasuringResult, measuringCounts, measuringResults } from "./measuring-results.ts";
import type { NodeContext } from "./node.ts";
import { pathsUsed, type SelectorContext } from "./selectors/selector.ts";
import type { World } from "./world.ts";

/** Switches of path that the timeline names. */
const MAX_SWITCHES_NAMED = 10_000;

export type { LatencyMs };

/** `sent`, `received`, `lost` and `in_flight` count packets from the source to the destination, `replies` those that come back. */
export interface FlowResult {
  readonly id: string;
  readonly app: string;
  readonly src: string;
  readonly dst: string;
  readonly policy: string;
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly in_flight?: number;
  /** Packets that came once more, if any did. */
  readonly duplicates?: number;
  /** Received, headers included. */
  readonly bytes: number;
  /**
   * Since the warm-up, over the time the flow was sending in it: received bytes, headers included; for bulk flows, files and exchanges the bytes handed to the
   * application (of exchanges: responses), each once; for message streams the bytes of messages on time.
   */
  readonly goodput_bps: number;
  /** One way, of each packet from the source; for pings the round trip. */
  readonly latency_ms: LatencyMs;
  readonly reordered: number;
  readonly switches: number;
  readonly paths: readonly { readonly fingerprint: string; readonly packets: number }[];
  /** Acknowledgements and responses, where the other side sends packets of its own. */
  readonly replies?: ReplyResult;
  readonly transfers?: TransferResult;
  readonly messages?: MessageResult;
  readonly transport?: TransportResult;
  /** Of flows over channels. */
  readonly channel?: ChannelResult;
  /** Of gateways. */
  readonly gateway?: GatewayResult;
}

export interface ReplyResult {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly in_flight?: number;
  readonly duplicates?: number;
}

export interface LinkResult {
  readonly id: string;
  readonly packets: number;
  readonly bytes: number;
  readonly drops: number;
  /** What was sent since the warm-up, as a share of what the line can send without faults. */
  readonly utilization: number;
  /** Most packets that ever waited for the line. */
  readonly queue_max_packets: number;
  /** Packets marked "congestion experienced". */
  readonly ecn_marks: number;
  /** Its drops by what happened. */
  readonly dropped: LinkContext["dropped"];
}

/** What happened to the network and what the flows did about it. */
export type TimelineEvent =
  | {
      readonly at_ms: number;
      readonly event: "begin" | "end";
      readonly fault: string;
      readonly effect: FaultEffect["kind"];
      /** Directions of links (`links[].id`) and ASes. */
      readonly targets: readonly string[];
    }
  /** A flow goes over to another path. */
  | { readonly at_ms: number; readonly event: "switch"; readonly flow: string; readonly path: string };

export interface RunResult {
  readonly flows: readonly FlowResult[];
  readonly links: readonly LinkResult[];
  readonly drops: Partial<Record<DropReason, number>>;
  readonly totals: {
    readonly sent: number;
    readonly received: number;
    readonly lost: number;
    readonly in_flight: number;
    readonly goodput_bps: number;
    readonly latency_ms: LatencyMs;
    readonly jain: number | null;
    /** Of `probes`; left out with them. */
    readonly probe_bytes?: number;
  };
  /** Probes and reports, where policies ask for any; they are in none of the flows' figures. */
  readonly probes?: readonly MeasuringResult[];
  /** Where paths are discovered by beaconing. */
  readonly control_plane?: ControlPlaneResult;
  /** In order of time; at one instant faults stand before switches. */
  readonly timeline: readonly TimelineEvent[];
  /** Switches that the timeline does not name, since there are too many. */
  readonly timeline_omitted: number;
}

/**
 * Packets of one flow that were made and that arrived; `NO_FLOW` stands for SCMP errors, traceroutes and BFD. What the other side of
 * flow n of N sends by itself has the number n + N, and the id `ID/replies`. Probes and reports have numbers from 2 N up.
 */
export interface FlowCount {
  readonly flow: number;
  readonly id: string;
  readonly sent: number;
  readonly received: number;
  /** Received once more. */
  readonly duplicates: number;
}

export function flowCounts(world: World, scenario: Scenario): FlowCount[] {
  const counts = scenario.flows.flatMap((flow, number): FlowCount[] => {
    const { sent } = beginningOf(flow, world.read(sourceId(flow)).context);
    const { replies } = appResult(world, flow);
    const { received, duplicates } = tallyOf(world, flow);
    const data = { flow: number, id: flow.id, sent, received, duplicates };
    if (replies === null) return [data];
    return [data, { flow: number + scenario.flows.length, id: `${flow.id}/replies`, ...replies }];
  });
  const contexts = <C>(logic: string): C[] =>
    world.cells.filter(({ spec }) => spec.logic === logic).map(({ state }) => state.context as C);
  const endpoints = contexts<EndpointContext>("endpoint");
  const exchanges = [...contexts<BfdContext>("bfd"), ...contexts<TracerouteContext>("traceroute")];
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
  const errorsSent = sum(contexts<NodeContext>("node").map(({ answered }) => answered));
  const errorsReceived = sum([...contexts<HostContext>("host"), ...endpoints].map(({ errors }) => errors));
  const services = contexts<ControlContext>("control").map(({ counts: of }) => of);
  const sent = errorsSent + sum([...exchanges.map((one) => one.sent), ...services.map((one) => one.packets_sent)]);
  const received =
    errorsReceived + sum([...exchanges.map((one) => one.received), ...services.map((one) => one.packets_received)]);
  const all: FlowCount[] = [
    ...counts,
    ...measuringCounts(world),
    { flow: NO_FLOW, id: "packets of no flow", sent, received, duplicates: 0 },
  ];
  return all.map((one) => ({
    ...one,
    sent: endpoints.reduce((sum, endpoint) => sum + (endpoint.sent.get(one.flow) ?? 0), one.sent),
    received: endpoints.reduce((sum, endpoint) => sum + (endpoint.delivered.get(one.flow) ?? 0), one.received),
  }));
}

export function results(world: World, scenario: Scenario): RunResult {
  const flows = scenario.flows.map((flow, number) => flowResult(world, scenario, flow, number));
  const links = world.cells
    .filter(({ spec }) => spec.logic === "link")
    .map(({ id, state }) => linkResult(id, state.context as LinkContext, world.now));
  const sum = (of: (flow: FlowResult) => number): number => flows.reduce((total, flow) => total + of(flow), 0);
  const probes = measuringResults(world);
  const probe_bytes = probes.reduce((total, { bytes }) => total + bytes, 0);
  const histograms = scenario.flows.filter(({ app }) => app !== "ping").map((flow) => tallyOf(world, flow).latency);
  return {
    flows,
    links,
    drops: Object.fromEntries([...world.ledger.byReason].sort(([a], [b]) => (a < b ? -1 : 1))),
    totals: {
      sent: sum(({ sent }) => sent),
      received: sum(({ received }) => received),
      lost: sum(({ lost }) => lost),
      in_flight: sum(({ in_flight }) => in_flight ?? 0),
      goodput_bps: sum(({ goodput_bps }) => goodput_bps),
      latency_ms: latencyMs(
        mergeAll(histograms.length > 0 ? histograms : scenario.flows.map((flow) => tallyOf(world, flow).latency)),
      ),
      jain: jain(flows.map(({ goodput_bps }) => goodput_bps)),
      ...(probes.length === 0 ? {} : { probe_bytes }),
    },
    ...(probes.length === 0 ? {} : { probes }),
    ...controlPlaneResult(world),
    ...timelineOf(world, scenario),
  };
}

function timelineOf(world: World, { flows }: Scenario): Pick<RunResult, "timeline" | "timeline_omitted"> {
  const faults = (world.assembly.timeline ?? [])
    .filter(({ at_ns }) => at_ns <= world.now)
    .map(({ at_ns, change, fault, effect, targets }): TimelineEvent => {
      return { at_ms: at_ns / MILLISECOND, event: change, fault, effect, targets };
    });
  const selectors = flows.map(({ id }) => ({ id, ...world.read<SelectorContext>(`selector/${id}`).context }));
  const switches = selectors
    .flatMap(({ id, switchedAt, switchedTo }) =>
      switchedAt.map((at, n): TimelineEvent => {
        return { at_ms: at / MILLISECOND, event: "switch", flow: id, path: switchedTo[n] as string };
      }),
    )
    .toSorted((left, right) => left.at_ms - right.at_ms)
    .slice(0, MAX_SWITCHES_NAMED);
  const all = selectors.reduce((sum, { switches: count }) => sum + count, 0);
  const timeline = [...faults, ...switches].toSorted((left, right) => left.at_ms - right.at_ms);
  return { timeline, timeline_omitted: all - switches.length };
}

/** Jain's fairness index: 1 where all are equal, 1/n where one has all; null without any traffic. */
export function jain(shares: readonly number[]): number | null {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return squares === 0 ? null : (sum * sum) / (shares.length * squares);
}

function tallyOf(world: World, flow: FlowSpec): Tally {
  return tallyIn(flow, world.read(tallyId(flow)).context);
}

function flowResult(world: World, scenario: Scenario, flow: FlowSpec, number: number): FlowResult {
  const { sent } = beginningOf(flow, world.read(sourceId(flow)).context);
  const { measured, endedAt, replies, details } = appResult(world, flow);
  const { duplicates, latency, measuredBytes, received, receivedBytes, reordered } = tallyOf(world, flow);
  const selector = world.read<SelectorContext>(`selector/${flow.id}`).context;
  const lost = world.ledger.byFlow.get(number) ?? 0;
  const inFlight = underWay(world, number, { sent, received, duplicates });
  const begin = Math.max(flow.start_ns, scenario.warmup_ns);
  const active = (Math.min(flow.stop_ns, endedAt ?? world.now) - begin) / SECOND;
  return {
    id: flow.id,
    app: flow.app,
    src: `${flow.src.ia},${flow.src.host}`,
    dst: `${flow.dst.ia},${flow.dst.host}`,
    policy: flow.policy.name,
    sent,
    received,
    lost,
    ...(inFlight === 0 ? {} : { in_flight: inFlight }),
    ...(duplicates === 0 ? {} : { duplicates }),
    bytes: receivedBytes,
    goodput_bps: active > 0 ? ((measured ?? measuredBytes) * 8) / active : 0,
    latency_ms: latencyMs(latency),
    reordered,
    switches: selector.switches,
    paths: pathsUsed(selector),
    ...(replies === null ? {} : { replies: replyResult(world, number + scenario.flows.length, replies) }),
    ...details,
  };
}

/** Packets, copies of packets included, that neither arrived nor were lost. */
function underWay(world: World, flow: number, { sent, received, duplicates }: ReplyCount): number {
  const { byFlow, duplicated } = world.ledger;
  return sent + (duplicated.get(flow) ?? 0) - received - duplicates - (byFlow.get(flow) ?? 0);
}

function replyResult(world: World, flow: number, replies: ReplyCount): ReplyResult {
  const { sent, received, duplicates } = replies;
  const lost = world.ledger.byFlow.get(flow) ?? 0;
  const inFlight = underWay(world, flow, replies);
  return {
    sent,
    received,
    lost,
    ...(inFlight === 0 ? {} : { in_flight: inFlight }),
    ...(duplicates === 0 ? {} : { duplicates }),
  };
}

function linkResult(id: string, link: LinkContext, now: Nanos): LinkResult {
  const { packets, bytes, drops, dropped } = link;
  const { highWater, marks } = queueFigures(link);
  return {
    id: id.slice("link/".length),
    packets,
    bytes,
    drops,
    utilization: sendingShare(link, now),
    queue_max_packets: highWater,
    ecn_marks: marks,
    dropped,
  };
}

/** Packets of the last moments may still be on their way onto the line: at most 1. */
function sendingShare(link: LinkContext, now: Nanos): number {
  const room = roomBetween(link.direction, link.measureFrom, now);
  return room === 0 ? 0 : Math.min(1, (measuredBytes(link, now) * 8) / room);
}

/** Bits a line can send from one time to another, faults aside; 0 where it has no limit. */
export function roomBetween({ rate_bps, schedule }: LinkDirection, from: Nanos, to: Nanos): number {
  if (schedule?.kind === "opportunities") return offeredBetween(schedule, from, to);
  return bitsBetween({ rate: rate_bps, schedule, cap: null }, from, to);
}

function mergeAll(histograms: readonly Histogram[]): Histogram {
  return histograms.reduce((all, one) => merge(all, one), createHistogram());
}
