/** One summary of a live run that ran in pieces, from those of all its pieces. */
import { jain, type FlowResult, type LinkResult, type ReplyResult, type RunResult } from "../../actors/results.ts";
import type { TransportResult } from "../../actors/app-result.ts";
import { latencyMs } from "../../actors/latency.ts";
import { formatInterface, type IA } from "../../core/address.ts";
import { combineDigests } from "../../core/digest.ts";
import { createHistogram, type Histogram, merge } from "../../core/histogram.ts";
import type { FlowSpec, Scenario } from "../../core/scenario.ts";
import type { LatenessFigures } from "../../live/lateness.ts";
import type { LiveFigures } from "./job.ts";
import type { RunSummary } from "./manifest.ts";
import type { PieceFigures, PieceFlow, PieceSummary, SparseHistogram } from "./piece-summary.ts";

export interface MergedSummary extends RunSummary {
  readonly world: "live";
  /** Lateness is that of the latest piece, its histogram that of all. */
  readonly live: Omit<LiveFigures, "pieces">;
  readonly pieces: readonly PieceFigures[];
}

/**
 * Of each flow, what its source says of sending and its destination of receiving; sums of what both or neither can say. Messages of
 * the last moments count as lost. Throws a `RangeError` where pieces are of different runs, overlap, or are missing; `foreign`: ASes
 * of other software, which have no summary.
 */
export function mergePieces(
  pieces: readonly PieceSummary[],
  scenario: Scenario,
  foreign: readonly IA[] = [],
): MergedSummary {
  refuseOthers(pieces, scenario, foreign);
  const [first] = pieces as readonly [PieceSummary];
  const { here: _here, ...manifest } = first.manifest;
  const flows = scenario.flows.map((spec, n) =>
    mergeFlow(
      spec,
      pieces.map((piece) => piece.flows[n] as PieceFlow),
    ),
  );
  const sum = (of: (piece: PieceSummary) => number): number => pieces.reduce((total, piece) => total + of(piece), 0);
  const longest = (of: (piece: PieceSummary) => number): number => Math.max(...pieces.map(of));
  const links = pieces.flatMap(({ links: own }) => own);
  return {
    scenario: first.scenario,
    seed: first.seed,
    policy: first.policy,
    digest: combineDigests(pieces.map(({ live, digest }): [string, string] => [live.pieces.here.join(), digest])),
    manifest,
    warmup_s: first.warmup_s,
    world: "live",
    simulated_s: longest(({ simulated_s }) => simulated_s),
    wall_s: longest(({ wall_s }) => wall_s),
    events: sum(({ events }) => events),
    packet_hops: sum(({ packet_hops }) => packet_hops),
    flows,
    links: inOrder(links, scenario),
    drops: sumRecords(pieces.map(({ drops }) => drops)),
    totals: totalsOf(flows, pieces),
    ...mergeControlPlanes(pieces),
    ...mergeProbes(pieces),
    ...mergeTimelines(pieces),
    live: mergeLive(pieces),
    pieces: pieces.map(({ live }) => live.pieces),
  };
}

function refuseOthers(pieces: readonly PieceSummary[], { network }: Scenario, foreign: readonly IA[]): void {
  const here = pieces.flatMap(({ live }) => live.pieces.here);
  const twice = here.find((ia, at) => here.indexOf(ia) !== at);
  if (twice !== undefined) throw new RangeError(`${twice} is in two pieces`);
  const missing = network.ases.map(({ ia }) => ia).filter((ia) => !here.includes(ia) && !foreign.includes(ia));
  if (missing.length > 0) throw new RangeError(`no piece has ${missing.join(", ")}`);
  const runs = new Set(pieces.map(({ manifest }) => manifest.scenario_sha));
  if (runs.size > 1) throw new RangeError(`pieces of different scenarios: SHA-256 ${[...runs].join(" and ")}`);
}

function mergeFlow(spec: FlowSpec, views: readonly PieceFlow[]): FlowResult {
  const nobody: PieceFlow = { ...(views[0] as PieceFlow), lost: 0, balance: 0, side: "transit" };
  const at = (side: "source" | "destination"): PieceFlow =>
    views.find((view) => view.side === "both" || view.side === side) ?? { ...nobody, side };
  const [source, destination] = [at("source"), at("destination")];
  const counted = spec.app === "ping" ? source : destination;
  const balance = views.reduce((total, view) => total + view.balance, 0);
  return {
    id: source.id,
    app: source.app,
    src: source.src,
    dst: source.dst,
    policy: source.policy ?? spec.policy.name,
    sent: source.sent ?? 0,
    received: counted.received ?? 0,
    lost: views.reduce((total, view) => total + view.lost, 0),
    ...(balance === 0 ? {} : { in_flight: balance }),
    ...(counted.duplicates === undefined ? {} : { duplicates: counted.duplicates }),
    bytes: counted.bytes ?? 0,
    goodput_bps: goodputOf(spec.app === "request-response" ? source : counted, source),
    latency_ms: counted.latency_ms ?? latencyMs(createHistogram()),
    reordered: counted.reordered ?? 0,
    switches: source.switches ?? 0,
    paths: source.paths ?? [],
    ...mergeReplies(views, source, destination),
    ...(source.transfers === undefined ? {} : { transfers: source.transfers }),
    ...mergeMessages(source, destination),
    ...mergeTransports(spec.app, source, destination),
  };
}

/** The source knows how long the flow was sending. */
function goodputOf({ goodput_bps = 0, measured_s = 0 }: PieceFlow, { measured_s: sending = 0 }: PieceFlow): number {
  return sending > 0 ? (goodput_bps * measured_s) / sending : 0;
}

function mergeReplies(
  views: readonly PieceFlow[],
  source: PieceFlow,
  destination: PieceFlow,
): { replies?: ReplyResult } {
  const all = views.flatMap(({ replies }) => (replies === undefined ? [] : [replies]));
  if (all.length === 0) return {};
  const balance = all.reduce((total, one) => total + one.balance, 0);
  const duplicates = source.replies?.duplicates;
  const replies: ReplyResult = {
    sent: destination.replies?.sent ?? 0,
    received: source.replies?.received ?? 0,
    lost: all.reduce((total, { lost }) => total + lost, 0),
    ...(balance === 0 ? {} : { in_flight: balance }),
    ...(duplicates === undefined ? {} : { duplicates }),
  };
  return { replies };
}

function mergeMessages(source: PieceFlow, destination: PieceFlow): Pick<FlowResult, "messages"> {
  if (source.messages === undefined) return {};
  const sent = source.messages.sent ?? 0;
  const { on_time = 0, late = 0 } = destination.messages ?? {};
  return { messages: { sent, on_time, late, lost: source.messages.lost ?? Math.max(0, sent - on_time - late) } };
}

/** Times and window are those of whoever sends the data: of exchanges the destination. */
function mergeTransports(
  app: string,
  { transport: own }: PieceFlow,
  { transport: far }: PieceFlow,
): Pick<FlowResult, "transport"> {
  if (own === undefined || far === undefined || own === far) return own === undefined ? {} : { transport: own };
  if (app !== "request-response") return { transport: { ...own, ecn_marked: own.ecn_marked + far.ecn_marked } };
  const sum = (name: Exclude<keyof TransportResult, "srtt_ms" | "cwnd_bytes">): number => own[name] + far[name];
  const transport: TransportResult = {
    ...far,
    retransmitted: sum("retransmitted"),
    spurious: sum("spurious"),
    probe_timeouts: sum("probe_timeouts"),
    congestion_events: sum("congestion_events"),
    ecn_marked: sum("ecn_marked"),
  };
  return { transport };
}

/** As one process lists them: link by link, there and back. */
function inOrder(links: readonly LinkResult[], { network }: Scenario): readonly LinkResult[] {
  const names = network.links.map(
    ({ a, b }) => [formatInterface(a.ia, a.ifId), formatInterface(b.ia, b.ifId)] as const,
  );
  const order = new Map(names.flatMap(([a, b]) => [`${a}>${b}`, `${b}>${a}`]).map((id, at) => [id, at]));
  const placeOf = ({ id }: LinkResult): number => order.get(id) ?? order.size;
  return links.toSorted((left, right) => placeOf(left) - placeOf(right));
}

function totalsOf(flows: readonly FlowResult[], pieces: readonly PieceSummary[]): RunResult["totals"] {
  const sum = (of: (flow: FlowResult) => number): number => flows.reduce((total, flow) => total + of(flow), 0);
  const known = pieces.every(({ live }) => live.pieces.clocks_apart.length === 0);
  const delays = pieces.map(({ live }) => histogramOf(live.pieces.delays));
  return {
    sent: sum(({ sent }) => sent),
    received: sum(({ received }) => received),
    lost: sum(({ lost }) => lost),
    in_flight: sum(({ in_flight }) => in_flight ?? 0),
    goodput_bps: sum(({ goodput_bps }) => goodput_bps),
    latency_ms: latencyMs((known ? delays : []).reduce((all, one) => merge(all, one), createHistogram())),
    jain: jain(flows.map(({ goodput_bps }) => goodput_bps)),
    ...mergedProbeBytes(pieces),
  };
}

function histogramOf({ buckets, sum, min, max }: SparseHistogram): Histogram {
  const [first, last] = [buckets[0]?.[0] ?? 0, buckets.at(-1)?.[0] ?? -1];
  const counts = new Float64Array(last - first + 1);
  for (const [bucket, count] of buckets) counts[bucket - first] = count;
  const count = buckets.reduce((total, [, held]) => total + held, 0);
  return { counts, first, count, sum, min: min ?? Infinity, max: max ?? -Infinity };
}

function mergeProbes(pieces: readonly PieceSummary[]): Pick<RunResult, "probes"> {
  const probes = pieces.flatMap(({ probes: own = [] }) => own);
  return probes.length === 0 ? {} : { probes };
}

function mergedProbeBytes(pieces: readonly PieceSummary[]): Pick<RunResult["totals"], "probe_bytes"> {
  const { probes } = mergeProbes(pieces);
  return probes === undefined ? {} : { probe_bytes: probes.reduce((total, { bytes }) => total + bytes, 0) };
}

function mergeControlPlanes(pieces: readonly PieceSummary[]): Pick<RunResult, "control_plane"> {
  const planes = pieces.flatMap(({ control_plane: own }) => (own === undefined ? [] : [own]));
  const [first] = planes;
  if (first === undefined) return {};
  const settled = planes.map(({ converged_ms }) => converged_ms);
  const merged = Object.keys(first).map((name) => {
    const values = planes.map((plane) => plane[name as keyof typeof plane]);
    if (name === "converged_ms") return [name, settled.includes(null) ? null : Math.max(...(settled as number[]))];
    if (Array.isArray(values[0])) return [name, values.flat()];
    if (typeof values[0] === "object") return [name, sumRecords(values as Record<string, number>[])];
    return [name, (values as number[]).reduce((total, one) => total + one, 0)];
  });
  return { control_plane: Object.fromEntries(merged) as typeof first };
}

/** Faults stand in every piece's timeline, switches in that of the flow's source. */
function mergeTimelines(pieces: readonly PieceSummary[]): Pick<RunResult, "timeline" | "timeline_omitted"> {
  const texts = new Set(pieces.flatMap(({ timeline }) => timeline.map((entry) => JSON.stringify(entry))));
  const all = [...texts].map((text) => JSON.parse(text) as RunResult["timeline"][number]);
  const rank = ({ event }: RunResult["timeline"][number]): number => (event === "switch" ? 1 : 0);
  const timeline = all.toSorted((left, right) => left.at_ms - right.at_ms || rank(left) - rank(right));
  return { timeline, timeline_omitted: pieces.reduce((total, { timeline_omitted: one }) => total + one, 0) };
}

function mergeLive(pieces: readonly PieceSummary[]): Omit<LiveFigures, "pieces"> {
  const all = pieces.map(({ live }) => live);
  return {
    lateness_us: mergeLateness(all.map(({ lateness_us }) => lateness_us)),
    underlay: sumRecords(
      all.map(({ underlay }) => underlay as unknown as Record<string, number>),
    ) as unknown as LiveFigures["underlay"],
    sockets: Object.assign({}, ...all.map(({ sockets }) => sockets)) as LiveFigures["sockets"],
  };
}

function mergeLateness(all: readonly LatenessFigures[]): LatenessFigures {
  const worst = (of: (one: LatenessFigures) => number | null): number | null => {
    const known = all.map(of).filter((value) => value !== null);
    return known.length === 0 ? null : Math.max(...known);
  };
  const count = all.reduce((total, one) => total + one.count, 0);
  const mean = count === 0 ? null : all.reduce((total, one) => total + (one.mean ?? 0) * one.count, 0) / count;
  const classes = sumRecords(
    all.map(({ histogram }) => Object.fromEntries(histogram.map((one) => [one.below, one.count]))),
  );
  const histogram = Object.entries(classes).map(([below, held]) => ({ below: Number(below), count: held }));
  return {
    mean,
    p50: worst(({ p50 }) => p50),
    p99: worst(({ p99 }) => p99),
    max: worst(({ max }) => max),
    count,
    histogram: histogram.toSorted((left, right) => left.below - right.below),
  };
}

function sumRecords<K extends string>(records: readonly Partial<Record<K, number>>[]): Record<K, number> {
  const names = [...new Set(records.flatMap((one) => Object.keys(one)))].sort() as K[];
  const sumOf = (name: K): number => records.reduce((total, one) => total + (one[name] ?? 0), 0);
  return Object.fromEntries(names.map((name) => [name, sumOf(name)])) as Record<K, number>;
}
