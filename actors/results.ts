/** What a run came to, read from the actors' contexts: the same in both worlds. Field names are those of `run --json`. */
import type { DropReason } from "../core/env.ts";
import { createHistogram, type Histogram, mean, merge, quantile } from "../core/histogram.ts";
import { NO_FLOW } from "../core/packet.ts";
import { bitsBetween, offeredBetween } from "../core/rate-schedule.ts";
import type { FlowSpec, Scenario } from "../core/scenario.ts";
import { type Nanos, SECOND } from "../core/units.ts";
import type { Tally } from "./apps/tally.ts";
import type { SourceContext } from "./apps/source.ts";
import type { EndpointContext } from "./apps/endpoint.ts";
import type { HostContext } from "./host.ts";
import { type LinkContext, measuredBytes } from "./link.ts";
import type { NodeContext } from "./node.ts";
import type { SelectorContext } from "./selectors/selector.ts";
import type { World } from "./world.ts";

export interface LatencyMs {
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

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
  /** Bytes received since the warm-up over the time the flow was sending in it. */
  readonly goodput_bps: number;
  /** One way; for pings the round trip. */
  readonly latency_ms: LatencyMs;
  readonly reordered: number;
  readonly switches: number;
  readonly paths: readonly { readonly fingerprint: string; readonly packets: number }[];
}

export interface LinkResult {
  readonly id: string;
  readonly packets: number;
  readonly bytes: number;
  readonly drops: number;
  /** What was sent since the warm-up, as a share of what the line can send without faults. */
  readonly utilization: number;
}

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
  };
}

/** Packets of one flow that were made and that arrived; `NO_FLOW` stands for SCMP errors. */
export interface FlowCount {
  readonly flow: number;
  readonly id: string;
  readonly sent: number;
  readonly received: number;
  /** Received once more. */
  readonly duplicates: number;
}

export function flowCounts(world: World, scenario: Scenario): FlowCount[] {
  const counts = scenario.flows.map((flow, number) => {
    const source = world.read<SourceContext>(`app/${flow.id}`).context;
    const { received, duplicates } = tallyOf(world, flow);
    return { flow: number, id: flow.id, sent: source.sent, received, duplicates };
  });
  const contexts = <C>(logic: string): C[] =>
    world.cells.filter(({ spec }) => spec.logic === logic).map(({ state }) => state.context as C);
  const sent = contexts<NodeContext>("node").reduce((sum, { answered }) => sum + answered, 0);
  const endpoints = contexts<EndpointContext>("endpoint");
  const received = [...contexts<HostContext>("host"), ...endpoints].reduce((sum, { errors }) => sum + errors, 0);
  const all: FlowCount[] = [...counts, { flow: NO_FLOW, id: "SCMP errors", sent, received, duplicates: 0 }];
  return all.map((one) => ({
    ...one,
    sent: endpoints.reduce((sum, endpoint) => sum + (endpoint.sent.get(one.flow) ?? 0), one.sent),
    received: endpoints.reduce((sum, endpoint) => sum + (endpoint.delivered.get(one.flow) ?? 0), one.received),
  }));
}

export function results(world: World, scenario: Scenario): RunResult {
  const flows = scenario.flows.map((flow, number) => flowResult(world, flow, number, scenario.warmup_ns));
  const links = world.cells
    .filter(({ spec }) => spec.logic === "link")
    .map(({ id, state }) => linkResult(id, state.context as LinkContext, world.now));
  const sum = (of: (flow: FlowResult) => number): number => flows.reduce((total, flow) => total + of(flow), 0);
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
    },
  };
}

/** Jain's fairness index: 1 where all are equal, 1/n where one has all; null without any traffic. */
export function jain(shares: readonly number[]): number | null {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return squares === 0 ? null : (sum * sum) / (shares.length * squares);
}

function tallyOf(world: World, flow: FlowSpec): Tally {
  return world.read<Tally>(flow.app === "ping" ? `app/${flow.id}` : `app/${flow.id}/sink`).context;
}

function flowResult(world: World, flow: FlowSpec, number: number, measureFrom: Nanos): FlowResult {
  const { sent } = world.read<SourceContext>(`app/${flow.id}`).context;
  const { duplicates, latency, measuredBytes, received, receivedBytes, reordered } = tallyOf(world, flow);
  const selector = world.read<SelectorContext>(`selector/${flow.id}`).context;
  const lost = world.ledger.byFlow.get(number) ?? 0;
  const inFlight = sent + (world.ledger.duplicated.get(number) ?? 0) - received - duplicates - lost;
  const active = (Math.min(flow.stop_ns, world.now) - Math.max(flow.start_ns, measureFrom)) / SECOND;
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
    goodput_bps: active > 0 ? (measuredBytes * 8) / active : 0,
    latency_ms: latencyMs(latency),
    reordered,
    switches: selector.switches,
    paths: selector.paths
      .map(({ fingerprint }, index) => ({ fingerprint, packets: selector.used[index] as number }))
      .filter(({ packets }) => packets > 0),
  };
}

function linkResult(id: string, link: LinkContext, now: Nanos): LinkResult {
  const { packets, bytes, drops } = link;
  return { id: id.slice("link/".length), packets, bytes, drops, utilization: sendingShare(link, now) };
}

/** Packets of the last moments may still be on their way onto the line: at most 1. */
function sendingShare(link: LinkContext, now: Nanos): number {
  const { direction, measureFrom } = link;
  const { rate_bps, schedule } = direction;
  const room =
    schedule?.kind === "opportunities"
      ? offeredBetween(schedule, measureFrom, now)
      : bitsBetween({ rate: rate_bps, schedule, cap: null }, measureFrom, now);
  return room === 0 ? 0 : Math.min(1, (measuredBytes(link, now) * 8) / room);
}

function latencyMs(histogram: Histogram): LatencyMs {
  const ms = (ns: number | null): number | null => (ns === null ? null : ns / 1e6);
  const at = (q: number): number | null => ms(quantile(histogram, q));
  return {
    mean: ms(mean(histogram)),
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    max: histogram.count === 0 ? null : ms(histogram.max),
  };
}

function mergeAll(histograms: readonly Histogram[]): Histogram {
  return histograms.reduce((all, one) => merge(all, one), createHistogram());
}
