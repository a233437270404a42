/**
 * How a run went over time, read from the actors' contexts between events: one row for each direction of a link and each flow, and
 * each interval in which anything happened there. Nothing is written to a context and nothing drawn: the run is the same without.
 */
import type { LinkModel } from "../core/link-model.ts";
import type { PacedLine } from "../core/paced-line.ts";
import { waitingAt } from "../core/queue.ts";
import { bitsBetween } from "../core/rate-schedule.ts";
import type { FlowSpec, RecordSpec, Scenario } from "../core/scenario.ts";
import { type Nanos, SECOND } from "../core/units.ts";
import { beginningOf, sourceId, tallyId, tallyOf } from "./flow-ends.ts";
import type { LinkContext } from "./link.ts";
import { roomBetween } from "./results.ts";
import type { Cell, World } from "./world.ts";

/** Rows that one run may have. */
export const MAX_SERIES_ROWS = 10_000_000;

/** Intervals of the series, and packets sampled of each flow, where nothing else is said. */
const DEFAULT_INTERVALS = { least: 10, most: 100 };
const DEFAULT_SAMPLES = 1_000;
/** Rows of the series and samples of all flows, so that writing them stays cheap beside a run with many links or flows. */
const DEFAULT_ROWS = 25_000;

/**
 * The default level: 100 intervals and 1,000 packets of each flow. Fewer intervals, at least 10, above 250 directions of links and
 * flows together; fewer packets above 25 flows.
 */
export function defaultRecording(scenario: Scenario): RecordSpec {
  const { duration_ns, flows } = scenario;
  const { least, most } = DEFAULT_INTERVALS;
  const ofOneInterval = Math.max(1, 2 * scenario.network.links.length + flows.length);
  const wanted = Math.max(least, Math.min(most, Math.floor(DEFAULT_ROWS / ofOneInterval)));
  const possible = Math.max(1, Math.floor(MAX_SERIES_ROWS / ofOneInterval));
  const series_ns = Math.ceil(duration_ns / Math.min(wanted, possible));
  const share = Math.floor(DEFAULT_ROWS / Math.max(1, flows.length));
  return { series_ns, samples: Math.max(1, Math.min(DEFAULT_SAMPLES, share)) };
}

/** What a direction of a link did from `from` (included) to `to` (not included; at the end of the run, included). */
export interface LinkRow {
  readonly kind: "link";
  readonly from: Nanos;
  readonly to: Nanos;
  readonly id: string;
  /** Admitted to the queue or the line. */
  readonly packets: number;
  readonly bytes: number;
  readonly drops: number;
  /** At the end of the interval; the packet being sent not counted. */
  readonly waitingPackets: number;
  readonly waitingBytes: number;
  /** Share of the interval in which the line was sending. */
  readonly utilization: number;
}

export interface FlowRow {
  readonly kind: "flow";
  readonly from: Nanos;
  readonly to: Nanos;
  readonly id: string;
  readonly sent: number;
  readonly received: number;
  /** Received, headers included. */
  readonly bytes: number;
  /** Of the packets received; null where there is none. */
  readonly meanDelay: Nanos | null;
}

export type SeriesRow = LinkRow | FlowRow;

/** Rows a run of this scenario comes to at most. */
export function seriesRows({ network, flows, duration_ns, warmup_ns }: Scenario, interval: Nanos): number {
  const more = warmup_ns % interval === 0 || warmup_ns > duration_ns ? 0 : 1;
  return (Math.ceil(duration_ns / interval) + more) * (2 * network.links.length + flows.length);
}

/** A direction, and what had been counted there when it was read last. */
export interface WatchedLink {
  /** As results name it. */
  readonly id: string;
  readonly cell: Cell;
  packets: number;
  bytes: number;
  drops: number;
  /** Bits counted already and not sent yet. */
  backlog: number;
}

/** A flow, and what had been counted of it when it was read last. */
export interface WatchedFlow {
  readonly id: string;
  readonly flow: FlowSpec;
  readonly source: Cell;
  readonly sink: Cell;
  sent: number;
  received: number;
  bytes: number;
  delays: number;
  delaySum: number;
}

/** Reads a world at the ends of its intervals, and at that of the warm-up, so that no row lies in both; whoever runs the world calls `take` there, and `end` when it is over. */
export class SeriesReader {
  /** End of the present interval. */
  next: Nanos;
  readonly #interval: Nanos;
  readonly #warmup: Nanos;
  readonly #onRow: (row: SeriesRow) => void;
  readonly #links: readonly WatchedLink[];
  readonly #flows: readonly WatchedFlow[];
  #from: Nanos = 0;

  constructor(world: World, scenario: Scenario, interval: Nanos, onRow: (row: SeriesRow) => void) {
    this.#interval = interval;
    this.#warmup = scenario.warmup_ns;
    this.next = this.#endAfter(0);
    this.#onRow = onRow;
    this.#links = world.cells.filter(({ spec }) => spec.logic === "link").map(watchLink);
    this.#flows = scenario.flows.map((flow) => watchFlow(world, flow));
  }

  /** All that happened before `next` has been handled, and nothing after it. */
  take(): void {
    this.#rows(this.next);
    this.next = this.#endAfter(this.next);
  }

  #endAfter(from: Nanos): Nanos {
    const next = (Math.floor(from / this.#interval) + 1) * this.#interval;
    return from < this.#warmup ? Math.min(next, this.#warmup) : next;
  }

  /** The run is over at `now`: what is left of the present interval. */
  end(now: Nanos): void {
    if (now > this.#from) this.#rows(now);
  }

  #rows(to: Nanos): void {
    const from = this.#from;
    for (const link of this.#links) {
      const row = linkRow(link, from, to);
      if (row !== null) this.#onRow(row);
    }
    for (const flow of this.#flows) {
      const row = flowRow(flow, from, to);
      if (row !== null) this.#onRow(row);
    }
    this.#from = to;
  }
}

export function watchLink(cell: Cell): WatchedLink {
  return { id: cell.id.slice("link/".length), cell, packets: 0, bytes: 0, drops: 0, backlog: 0 };
}

export function watchFlow(world: World, flow: FlowSpec): WatchedFlow {
  const cell = (id: string): Cell => world.cellOf(id);
  const counts = { sent: 0, received: 0, bytes: 0, delays: 0, delaySum: 0 };
  return { id: flow.id, flow, source: cell(sourceId(flow)), sink: cell(tallyId(flow)), ...counts };
}

/** What happened since it was read last, at `from`; null: nothing. */
export function linkRow(link: WatchedLink, from: Nanos, to: Nanos): LinkRow | null {
  const context = link.cell.state.context as LinkContext;
  const { packets, bytes, drops } = context;
  const held = heldBy(context, to);
  const still = packets === link.packets && drops === link.drops;
  if (still && link.backlog === 0 && held.waitingPackets === 0) return null;
  const { id } = link;
  const { waitingPackets, waitingBytes, backlog } = held;
  const moved = { packets: packets - link.packets, bytes: bytes - link.bytes, drops: drops - link.drops };
  const room = roomBetween(context.direction, from, to);
  const sent = moved.bytes * 8 + link.backlog - backlog;
  const utilization = room === 0 ? 0 : Math.min(1, Math.max(0, sent / room));
  link.packets = packets;
  link.bytes = bytes;
  link.drops = drops;
  link.backlog = backlog;
  return { kind: "link", from, to, id, ...moved, waitingPackets, waitingBytes, utilization };
}

/** What happened since it was read last, at `from`; null: nothing. */
export function flowRow(flow: WatchedFlow, from: Nanos, to: Nanos): FlowRow | null {
  const { sent } = beginningOf(flow.flow, flow.source.state.context);
  const { received, receivedBytes: bytes, latency } = tallyOf(flow.flow, flow.sink.state.context);
  if (sent === flow.sent && received === flow.received) return null;
  const delays = latency.count - flow.delays;
  const row: FlowRow = {
    kind: "flow",
    from,
    to,
    id: flow.id,
    sent: sent - flow.sent,
    received: received - flow.received,
    bytes: bytes - flow.bytes,
    meanDelay: delays === 0 ? null : (latency.sum - flow.delaySum) / delays,
  };
  Object.assign(flow, { sent, received, bytes, delays: latency.count, delaySum: latency.sum });
  return row;
}

export interface Held {
  readonly waitingPackets: number;
  readonly waitingBytes: number;
  /** Bits counted already and not sent yet; below 0: sent and not counted yet. */
  readonly backlog: number;
}

/** What a link holds at `now`, read only. A paced link counts packets when they have left, the other kind when they come. */
export function heldBy({ model, paced }: LinkContext, now: Nanos): Held {
  if (paced === null) return { ...waitingAt(model, now), backlog: backlogAt(model, now) };
  let [waitingPackets, waitingBytes] = [0, 0];
  for (const band of paced.queue.bands) {
    waitingPackets += band.waiting;
    waitingBytes += band.waitingBytes;
  }
  return { waitingPackets, waitingBytes, backlog: -sentOfPresent(paced, now) };
}

/** Bits of the packet being sent that have left; 0 where they leave by opportunities, all at once. */
function sentOfPresent(line: PacedLine, now: Nanos): number {
  const { bits, schedule, sending, since } = line;
  if (sending === null || schedule?.kind === "opportunities") return 0;
  return sending.wireLength * 8 - Math.max(0, bits - bitsBetween(line, since, now));
}

function backlogAt({ busyUntil, rate }: LinkModel, now: Nanos): number {
  return (Math.max(0, busyUntil - now) * rate) / SECOND;
}
