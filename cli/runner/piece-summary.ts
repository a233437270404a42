/**
 * What one piece of a live run can say: of each flow what was seen here, and no figure that needs the other side. `merge-pieces.ts`
 * makes one summary of those of all pieces.
 */
import { tallyId, tallyOf } from "../../actors/flow-ends.ts";
import { type FlowCount, flowCounts, type FlowResult, type ReplyResult, type RunResult } from "../../actors/results.ts";
import type { MessageResult } from "../../actors/app-result.ts";
import type { IA } from "../../core/address.ts";
import { createHistogram, type Histogram, merge } from "../../core/histogram.ts";
import type { FlowSpec, Scenario } from "../../core/scenario.ts";
import { MILLISECOND, SECOND } from "../../core/units.ts";
import type { LiveWorld } from "../../live/driver.ts";
import type { Joined, PiecesReport } from "../../live/pieces/join.ts";
import type { LiveFigures } from "./job.ts";
import type { RunSummary } from "./manifest.ts";

/** Which ends of a flow are here; `transit`: none, its packets may pass through. */
export type Side = "both" | "source" | "destination" | "transit";

/** Packets made here and those that came in, and what became of them: one kind of packet as another, BFD and SCMP included. */
export interface PieceConservation {
  readonly made: number;
  /** From sockets. */
  readonly arrived: number;
  readonly received: number;
  readonly lost: number;
  /** Onto sockets. */
  readonly left: number;
  readonly under_way: number;
  /** What is left of the first two after the others: 0, or packets were counted wrongly. */
  readonly unaccounted: number;
}

/** `live.pieces` of a piece's summary. */
export interface PieceFigures extends PiecesReport {
  readonly here: readonly IA[];
  /** When its actors began; above 0 where it joined a run that was under way. */
  readonly start_ms: number;
  /** Flows whose delays are one way from a machine with another clock: they are not told. */
  readonly clocks_apart: readonly string[];
  /** Delays of all other flows whose packets are counted here. */
  readonly delays: SparseHistogram;
  readonly conservation: PieceConservation;
}

/** A histogram of core/histogram.ts as JSON: times in nanoseconds, buckets that hold something. */
export interface SparseHistogram {
  readonly buckets: readonly (readonly [bucket: number, count: number])[];
  readonly sum: number;
  readonly min: number | null;
  readonly max: number | null;
}

interface PieceReplies extends Partial<Omit<ReplyResult, "lost" | "in_flight">> {
  readonly lost: number;
  readonly balance: number;
}

/** A field is there where this piece knows it. */
export interface PieceFlow
  extends Pick<FlowResult, "id" | "app" | "src" | "dst" | "lost">,
    Partial<Omit<FlowResult, "id" | "app" | "src" | "dst" | "lost" | "replies" | "messages">> {
  readonly side: Side;
  /** Packets made here less those that ended here: summed over all pieces, those under way. */
  readonly balance: number;
  /** Time over which `goodput_bps` is reckoned. */
  readonly measured_s?: number;
  readonly replies?: PieceReplies;
  readonly messages?: Partial<MessageResult>;
}

export type PieceTotals = Pick<RunResult["totals"], "sent" | "received" | "lost" | "goodput_bps" | "latency_ms">;

export interface PieceSummary extends Omit<RunSummary, "flows" | "totals" | "live"> {
  readonly world: "live";
  readonly flows: readonly PieceFlow[];
  readonly totals: PieceTotals;
  readonly live: LiveFigures & { readonly pieces: PieceFigures };
}

/** Flows that are counted here and come from a machine whose clock is another. Of pings the round trip is taken on one clock. */
export function clocksApart(
  { flows }: Scenario,
  here: ReadonlySet<IA>,
  sameMachine: ReadonlySet<IA>,
): ReadonlySet<string> {
  const apart = flows.filter(({ app, src, dst }) => app !== "ping" && here.has(dst.ia) && !sameMachine.has(src.ia));
  return new Set(apart.map(({ id }) => id));
}

/** `apart`: as `clocksApart` has it. */
export function pieceFigures(
  world: LiveWorld,
  scenario: Scenario,
  joined: Joined,
  apart: ReadonlySet<string>,
): PieceFigures {
  const tallies = scenario.flows.filter(({ id }) => !apart.has(id));
  const counted = tallies.filter(({ app }) => app !== "ping");
  const delays = (counted.length > 0 ? counted : tallies).map(
    (flow) => tallyOf(flow, world.read(tallyId(flow)).context).latency,
  );
  return {
    here: world.assembly.places.filter((_ia, place) => world.isHere(place)),
    start_ms: world.beganAt / MILLISECOND,
    ...joined.report(),
    clocks_apart: [...apart],
    delays: sparse(delays.reduce((all, one) => merge(all, one), createHistogram())),
    conservation: conservationOf(world, flowCounts(world, scenario)),
  };
}

function sparse({ counts, first, sum, min, max, count }: Histogram): SparseHistogram {
  const buckets = [...counts].flatMap((held, n): [number, number][] => (held === 0 ? [] : [[first + n, held]]));
  return { buckets, sum, min: count === 0 ? null : min, max: count === 0 ? null : max };
}

function conservationOf(world: LiveWorld, counts: readonly FlowCount[]): PieceConservation {
  const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, one) => total + one, 0);
  const sockets = [...world.sockets.values()];
  const made = sum(counts.map(({ sent }) => sent)) + sum(world.ledger.duplicated.values());
  const came = sockets.map(({ counters: of, waiting }) => of.received - of.garbage - of.overflow - of.stray - waiting);
  const arrived = sum(came);
  const received = sum(counts.map(({ received: whole, duplicates }) => whole + duplicates));
  const lost = sum(world.ledger.byFlow.values());
  const left = sum(sockets.map(({ counters: of }) => of.sent - of.sendErrors));
  const under_way = world.underWay - sum(sockets.map(({ waiting }) => waiting));
  return {
    made,
    arrived,
    received,
    lost,
    left,
    under_way,
    unaccounted: made + arrived - received - lost - left - under_way,
  };
}

/** What the summary of the whole says of this piece, and nothing that others know better. */
export function pieceSummaryOf(
  summary: RunSummary & { readonly live?: LiveFigures },
  figures: PieceFigures,
  scenario: Scenario,
): PieceSummary {
  const here = new Set(figures.here);
  const apart = new Set(figures.clocks_apart);
  const flows = summary.flows.map((flow, n) =>
    pieceFlow(flow, scenario.flows[n] as FlowSpec, { here, apart, scenario, summary }),
  );
  const sum = (of: (flow: PieceFlow) => number | undefined): number =>
    flows.reduce((total, flow) => total + (of(flow) ?? 0), 0);
  const totals: PieceTotals = {
    sent: sum(({ sent }) => sent),
    received: sum(({ received }) => received),
    lost: sum(({ lost }) => lost),
    goodput_bps: sum(({ goodput_bps }) => goodput_bps),
    latency_ms: apart.size === 0 ? summary.totals.latency_ms : UNKNOWN,
  };
  return { ...summary, world: "live", flows, totals, live: { ...(summary.live as LiveFigures), pieces: figures } };
}

const UNKNOWN: FlowResult["latency_ms"] = { mean: null, p50: null, p95: null, p99: null, max: null };

interface Around {
  readonly here: ReadonlySet<IA>;
  readonly apart: ReadonlySet<string>;
  readonly scenario: Scenario;
  readonly summary: Pick<RunSummary, "simulated_s">;
}

function pieceFlow(flow: FlowResult, spec: FlowSpec, around: Around): PieceFlow {
  const { here, apart } = around;
  const [source, destination] = [here.has(spec.src.ia), here.has(spec.dst.ia)];
  const { id, app, src, dst, policy, lost, in_flight, sent, switches, paths, transfers, messages, transport, replies } =
    flow;
  const { received, duplicates, bytes, reordered, latency_ms, goodput_bps } = flow;
  const side: Side = source ? (destination ? "both" : "source") : destination ? "destination" : "transit";
  const counted = app === "ping" ? source : destination;
  const measures = app === "request-response" ? source : counted;
  return {
    id,
    app,
    src,
    dst,
    side,
    lost,
    balance: in_flight ?? 0,
    ...(side === "both" && in_flight !== undefined ? { in_flight } : {}),
    ...(source ? { sent, policy, switches, paths } : {}),
    ...(source && transfers !== undefined ? { transfers } : {}),
    ...(counted ? { received, bytes, reordered, latency_ms: apart.has(id) ? UNKNOWN : latency_ms } : {}),
    ...(counted && duplicates !== undefined ? { duplicates } : {}),
    ...(measures ? { goodput_bps } : {}),
    ...(side === "transit" ? {} : { measured_s: measuredSeconds(flow, spec, around) }),
    ...(side === "transit" || transport === undefined ? {} : { transport }),
    ...(messages === undefined ? {} : { messages: pieceMessages(messages, source, destination) }),
    ...(replies === undefined ? {} : { replies: pieceReplies(replies, source, destination) }),
  };
}

function pieceMessages(
  { sent, on_time, late, lost }: MessageResult,
  source: boolean,
  destination: boolean,
): Partial<MessageResult> {
  if (source && destination) return { sent, on_time, late, lost };
  return { ...(source ? { sent } : {}), ...(destination ? { on_time, late } : {}) };
}

function pieceReplies(
  { sent, received, duplicates, lost, in_flight }: ReplyResult,
  source: boolean,
  destination: boolean,
): PieceReplies {
  return {
    lost,
    balance: in_flight ?? 0,
    ...(destination ? { sent } : {}),
    ...(source ? { received } : {}),
    ...(source && duplicates !== undefined ? { duplicates } : {}),
  };
}

/** As actors/results.ts reckons: a bulk flow is over with its last byte, which only its source knows. */
function measuredSeconds({ transfers }: FlowResult, spec: FlowSpec, { scenario, summary }: Around): number {
  const over =
    spec.app === "bulk" && transfers?.completed === 1
      ? (transfers.fct_ms.max ?? 0) * MILLISECOND + spec.start_ns
      : null;
  const end = Math.min(spec.stop_ns, over ?? summary.simulated_s * SECOND);
  return Math.max(0, end - Math.max(spec.start_ns, scenario.warmup_ns)) / SECOND;
}
