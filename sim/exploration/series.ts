/** A run over time, read from the actors' contexts between events while it is run ahead: the series that the explorer's charts draw. */
import { associationId, listenerId } from "../../actors/assemble/channels.ts";
import type { AssociationContext } from "../../actors/channel/association.ts";
import type { ListenerContext } from "../../actors/channel/listener.ts";
import { sourceId, tallyId, tallyOf } from "../../actors/flow-ends.ts";
import { pathsUsed, type SelectorContext } from "../../actors/selectors/selector.ts";
import { flowRow, linkRow, type WatchedFlow, type WatchedLink, watchFlow, watchLink } from "../../actors/series.ts";
import type { Cell, World } from "../../actors/world.ts";
import type { DelayDistribution, SeriesName, SeriesPart } from "../../core/exploration.ts";
import { stepsOf } from "../../core/histogram.ts";
import { type FlowSpec, isOverChannels, type Scenario } from "../../core/scenario.ts";
import { MILLISECOND, type Nanos, SECOND } from "../../core/units.ts";
import { BinnedValues } from "./bins.ts";
import type { Collector } from "./collector.ts";
import { pathReadings } from "./congestion.ts";
import type { PathBook } from "./paths.ts";
import type { Steppable } from "./source.ts";

/** Bins of a run, and values of all its series together, which bound the bins of a large network. */
const MOST_BINS = 1_000;
const LEAST_BINS = 50;
const MOST_VALUES = 2_000_000;
/** Series that a direction has, and that a flow is taken to have with its paths. */
const OF_A_DIRECTION = 3;
const OF_A_FLOW = 24;
/** Paths of a flow that get series of their own. */
const MOST_PATHS = 64;
/** Steps in a power of two of the distributions of delays. */
const DELAY_STEPS = 32;

/** 1,000 bins, fewer where a network has many links and flows, at least 50. */
export function binLength({ duration_ns, flows, network }: Scenario): Nanos {
  const each = Math.max(1, 2 * OF_A_DIRECTION * network.links.length + OF_A_FLOW * flows.length);
  const bins = Math.max(LEAST_BINS, Math.min(MOST_BINS, Math.floor(MOST_VALUES / each)));
  return Math.max(1, Math.ceil(duration_ns / bins));
}

interface LinkBins {
  readonly link: WatchedLink;
  readonly load: BinnedValues;
  readonly queue: BinnedValues;
  readonly drops: BinnedValues;
}

interface FlowBins {
  readonly flow: FlowSpec;
  readonly number: number;
  /** null: until its actors are there. */
  watched: WatchedFlow | null;
  delivered: number;
  lost: number;
  readonly goodput: BinnedValues;
  readonly delay: BinnedValues;
  readonly sent: BinnedValues;
  readonly losses: BinnedValues;
  readonly paths: Map<string, PathBins>;
  /** What each counter of losses had come to. */
  counters: Map<unknown, number>;
}

interface PathBins {
  used: number;
  readonly packets: BinnedValues;
  readonly cwnd: BinnedValues;
  readonly inflight: BinnedValues;
  readonly srtt: BinnedValues;
  readonly lost: BinnedValues;
}

/** Collects the series of a run (docs: core/exploration.ts, `SeriesName`); nothing it does changes the run. */
export class RunSeries implements Collector {
  readonly bin_ns: Nanos;
  /** End of the present bin. */
  at: Nanos;
  readonly #book: PathBook;
  readonly #directions: readonly string[];
  readonly #all: BinnedValues[] = [];
  readonly #flows: readonly FlowBins[];
  #links: readonly LinkBins[] = [];
  #world: World | null = null;
  #bin = 0;
  /** Shares by bin, then by direction. */
  #loads = new Float32Array(0);

  /** @param directions ids of the link actors, in the outline's order. */
  constructor(scenario: Scenario, directions: readonly string[], book: PathBook) {
    this.bin_ns = binLength(scenario);
    this.at = this.bin_ns;
    this.#directions = directions;
    this.#book = book;
    this.#flows = scenario.flows.map((flow, number) => this.#flowBins(flow, number));
  }

  begin({ world }: Steppable): void {
    this.#world = world;
    this.#links = this.#directions.flatMap((id) => {
      const cell = cellOf(world, id);
      return cell === null ? [] : [this.#linkBins(cell)];
    });
    this.#book.read(world);
  }

  look(at: Nanos): void {
    this.#read(at);
    this.at = at + this.bin_ns;
  }

  /** The run is over: what is left of the present bin, events at its end included. */
  end(now: Nanos): void {
    if (now > this.at - this.bin_ns) this.#read(now);
    this.at = Infinity;
  }

  /** The bins that have ended since the last time. */
  take(): SeriesPart[] {
    return this.#all.flatMap((values) => values.take(this.bin_ns) ?? []);
  }

  /** One-way delays (of pings, round trips) since the warm-up, of all that is known of the run; of each flow whose actors are there. */
  delays(): DelayDistribution[] {
    const world = this.#world;
    return world === null ? [] : this.#flows.flatMap(({ flow }) => delaysOf(world, flow));
  }

  /** Share of the bin around `time` in which the line of a direction was sending; of the last one known where it is not known yet. */
  loadAt(direction: number, time: Nanos): number {
    const bin = Math.min(Math.floor(time / this.bin_ns), this.#bin - 1);
    return bin < 0 ? 0 : (this.#loads[bin * this.#directions.length + direction] as number);
  }

  #read(to: Nanos): void {
    const world = this.#world;
    if (world === null) return;
    const bin = this.#bin++;
    const from = bin * this.bin_ns;
    this.#readLinks(bin, from, to);
    for (const flow of this.#flows) this.#readFlow(world, flow, bin, from, to);
  }

  #readLinks(bin: number, from: Nanos, to: Nanos): void {
    const base = bin * this.#directions.length;
    if (base + this.#directions.length > this.#loads.length) this.#growLoads(base + this.#directions.length);
    this.#links.forEach(({ link, load, queue, drops }, direction) => {
      const row = linkRow(link, from, to);
      this.#loads[base + direction] = row?.utilization ?? 0;
      load.put(bin, row?.utilization ?? 0);
      queue.put(bin, row?.waitingPackets ?? 0);
      drops.put(bin, row?.drops ?? 0);
    });
  }

  #readFlow(world: World, bins: FlowBins, bin: number, from: Nanos, to: Nanos): void {
    const { flow } = bins;
    bins.watched ??= watched(world, flow);
    if (bins.watched === null) return;
    const row = flowRow(bins.watched, from, to);
    bins.sent.put(bin, row?.sent ?? 0);
    bins.delay.put(bin, row === null || row.meanDelay === null ? Number.NaN : row.meanDelay / MILLISECOND);
    const delivered = deliveredBytes(world, flow);
    bins.goodput.put(bin, ((delivered - bins.delivered) * 8 * SECOND) / (to - from));
    bins.delivered = delivered;
    const lost = world.ledger.byFlow.get(bins.number) ?? 0;
    bins.losses.put(bin, lost - bins.lost);
    bins.lost = lost;
    this.#readPackets(world, bins, bin);
    this.#readCongestion(world, bins, bin);
  }

  #readPackets(world: World, bins: FlowBins, bin: number): void {
    const id = `selector/${bins.flow.id}`;
    const selector = cellOf(world, id)?.state.context as SelectorContext | null | undefined;
    if (selector === null || selector === undefined) return;
    this.#book.note(id, selector.paths);
    for (const { fingerprint, packets } of pathsUsed(selector)) {
      const path = this.#pathBins(bins, fingerprint);
      if (path === null) continue;
      path.packets.put(bin, packets - path.used);
      path.used = packets;
    }
  }

  #readCongestion(world: World, bins: FlowBins, bin: number): void {
    const counters = new Map<unknown, number>();
    for (const { fingerprint, counter, cwnd, inflight, srtt, lost } of pathReadings(world, bins.flow)) {
      const path = this.#pathBins(bins, fingerprint);
      counters.set(counter, lost);
      if (path === null) continue;
      path.cwnd.put(bin, cwnd);
      path.inflight.put(bin, inflight);
      path.srtt.put(bin, srtt);
      path.lost.put(bin, lost - (bins.counters.get(counter) ?? 0));
    }
    bins.counters = counters;
  }

  #linkBins(cell: Cell): LinkBins {
    const of = cell.id;
    return {
      link: watchLink(cell),
      load: this.#values("link.load", of),
      queue: this.#values("link.queue", of),
      drops: this.#values("link.drops", of),
    };
  }

  #flowBins(flow: FlowSpec, number: number): FlowBins {
    const of = flow.id;
    return {
      flow,
      number,
      watched: null,
      delivered: 0,
      lost: 0,
      goodput: this.#values("flow.goodput", of),
      delay: this.#values("flow.delay", of),
      sent: this.#values("flow.sent", of),
      losses: this.#values("flow.lost", of),
      paths: new Map(),
      counters: new Map(),
    };
  }

  #pathBins({ flow, paths }: FlowBins, fingerprint: string): PathBins | null {
    const known = paths.get(fingerprint);
    if (known !== undefined) return known;
    if (paths.size >= MOST_PATHS) return null;
    const of = `${flow.id}/${fingerprint}`;
    const made: PathBins = {
      used: 0,
      packets: this.#values("path.packets", of),
      cwnd: this.#values("path.cwnd", of),
      inflight: this.#values("path.inflight", of),
      srtt: this.#values("path.srtt", of),
      lost: this.#values("path.lost", of),
    };
    paths.set(fingerprint, made);
    return made;
  }

  #values(name: SeriesName, of: string): BinnedValues {
    const values = new BinnedValues(name, of);
    this.#all.push(values);
    return values;
  }

  #growLoads(length: number): void {
    const grown = new Float32Array(Math.max(length, 2 * this.#loads.length));
    grown.set(this.#loads);
    this.#loads = grown;
  }
}

function delaysOf(world: World, flow: FlowSpec): DelayDistribution[] {
  const cell = cellOf(world, tallyId(flow));
  if (cell === null || cell.state.context === null) return [];
  const { latency } = tallyOf(flow, cell.state.context);
  const steps = stepsOf(latency, DELAY_STEPS);
  const upper_ms = Float64Array.from(steps, ([bound]) => bound / MILLISECOND);
  return [{ flow: flow.id, count: latency.count, upper_ms, counts: Float64Array.from(steps, ([, count]) => count) }];
}

function watched(world: World, flow: FlowSpec): WatchedFlow | null {
  const there = cellOf(world, sourceId(flow)) !== null && cellOf(world, tallyId(flow)) !== null;
  return there ? watchFlow(world, flow) : null;
}

function cellOf(world: World, id: string): Cell | null {
  const index = world.indexOf(id);
  return index === undefined ? null : (world.cells[index] ?? null);
}

/** Bytes that count as a flow's goodput (docs: actors/results.ts, `goodput_bps`), those of the warm-up included where the application counts them. */
export function deliveredBytes(world: World, flow: FlowSpec): number {
  const read = <C>(id: string): C => world.read<C>(id).context;
  const sink = `app/${flow.id}/sink`;
  if (flow.app === "message-stream") return read<{ readonly delivered: number }>(sink).delivered;
  if (isOverChannels(flow)) {
    return flow.app === "request-response"
      ? read<AssociationContext>(associationId(flow.id)).port.delivered
      : read<ListenerContext>(listenerId(flow.id)).port.delivered;
  }
  switch (flow.app) {
    case "bulk":
    case "file-transfer":
      return read<{ readonly delivered: number }>(sink).delivered;
    case "request-response":
      return read<{ readonly delivered: number }>(`app/${flow.id}`).delivered;
    case "gateway":
      return read<{ readonly handedOn: number }>(sink).handedOn;
    default:
      return tallyOf(flow, read(tallyId(flow))).receivedBytes;
  }
}
