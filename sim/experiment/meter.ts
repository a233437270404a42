/**
 * Measures a run of a comparison while it goes on: listens where packets of the measured flows are given their path and where they end, and
 * reads links between events. Nothing is written to a context and nothing drawn: the run is the same without.
 *
 * Times of sending are those that stand in packets, by the clock of their host; nothing is kept of a single packet.
 */
import { arrivedAt } from "../../actors/app-results.ts";
import type { Completion } from "../../actors/apps/connection.ts";
import { beginningOf, clockOf, portOf, sourceId, tallyId, tallyOf } from "../../actors/flow-ends.ts";
import { listen, listenAtSink, listenToNews } from "../../actors/listen.ts";
import type { MonitorContext } from "../../actors/selectors/monitor.ts";
import type { ProberContext } from "../../actors/selectors/prober.ts";
import type { SelectorContext } from "../../actors/selectors/selector.ts";
import { SeriesReader } from "../../actors/series.ts";
import type { Cell, World } from "../../actors/world.ts";
import { localTime } from "../../core/clock.ts";
import type { RunMeasures } from "../../core/comparison.ts";
import { record } from "../../core/histogram.ts";
import type { Packet } from "../../core/packet.ts";
import { type ChannelFlow, type FlowSpec, isOverChannels, type Scenario } from "../../core/scenario.ts";
import { type Nanos, SECOND } from "../../core/units.ts";
import { type Bins, binsOf, FINE_IN_CURVE } from "./bins.ts";
import { measuresOf } from "./measures.ts";
import type { Part } from "./parts.ts";
import { createStrands, type Strand, type Way } from "./strands.ts";
import { type Stretches, stretchesOf } from "./stretches.ts";

/** A switch that goes back so soon after the one before is an oscillation. */
const OSCILLATION: Nanos = 10 * SECOND;

/** A measured flow, and the path that its last packet took. */
interface WatchedFlow {
  readonly flow: FlowSpec;
  readonly number: number;
  readonly strand: Strand;
  /** Offered paths as they were when last looked at. */
  offered: SelectorContext["paths"] | null;
  readonly ways: Map<Packet["path"], Way>;
  path: Packet["path"] | undefined;
  /** null: it got no path. */
  way: Way | null;
  /** Fingerprint of the latest path. */
  last: string | null;
  switchedAt: Nanos;
  /** The path that the latest switch left. */
  left: string | null;
  /** Transfers or exchanges begun. */
  started: number;
}

type Completing = { readonly completed: number; readonly latest: Completion };
type Starting = { readonly started: number };

export class RunMeter {
  readonly #world: World;
  readonly #scenario: Scenario;
  readonly #groups: readonly (readonly string[])[];
  readonly #stretches: Stretches;
  readonly #starts: readonly Nanos[];
  readonly #bins: Bins;
  readonly #fine: Nanos;
  readonly #lastFine: number;
  readonly #strands: readonly Strand[];
  readonly #flows: readonly WatchedFlow[];
  readonly #links: SeriesReader;
  readonly #loads = new Map<string, number[]>();
  /** Take what was delivered since the last packet. */
  readonly #unseen: ((now: Nanos) => void)[] = [];
  // The stretch looked up last.
  #stretch = 0;
  #from: Nanos = 0;
  #to: Nanos = 0;

  /** Made once the world's actors are, before it runs. Each group is a set of flows (by id) that is measured by itself. */
  constructor(world: World, scenario: Scenario, groups: readonly (readonly string[])[]) {
    this.#world = world;
    this.#scenario = scenario;
    this.#groups = groups;
    this.#stretches = stretchesOf(scenario, new Set(groups.flat()));
    this.#starts = this.#stretches.starts;
    this.#bins = binsOf(scenario.duration_ns);
    this.#fine = this.#bins.fine;
    this.#lastFine = this.#bins.fines - 1;
    this.#strands = createStrands(scenario, groups, this.#bins, this.#starts.length);
    this.#flows = this.#watchFlows();
    this.#watchProbes();
    this.#links = this.#watchLinks();
    this.#findStretch(0);
  }

  /** When `take` is due: everything before has been handled, and nothing at it or after. */
  get next(): Nanos {
    return this.#links.next;
  }

  take(): void {
    this.#links.take();
  }

  /** The run is over: what it came to, for each group. */
  end(): RunMeasures[] {
    this.#links.end(this.#world.now);
    for (const take of this.#unseen) take(this.#world.now);
    for (const watched of this.#flows) this.#noteBulk(watched);
    const run = {
      scenario: this.#scenario,
      timeline: this.#world.assembly.timeline ?? [],
      stretches: this.#stretches,
      bins: this.#bins,
      strands: this.#strands,
      loads: this.#loads,
      drops: this.#world.ledger.byReason,
    };
    return this.#groups.map((flows, group) => measuresOf(run, flows, group));
  }

  // ---- Where packets pass ----

  #watchFlows(): WatchedFlow[] {
    const strandOf = new Map(this.#strands.flatMap((strand) => strand.flows.map((id) => [id, strand] as const)));
    return this.#scenario.flows.flatMap((flow, number): WatchedFlow[] => {
      const strand = strandOf.get(flow.id);
      if (strand === undefined) return [];
      const watched: WatchedFlow = {
        flow,
        number,
        strand,
        offered: null,
        ways: new Map(),
        path: undefined,
        way: null,
        last: null,
        switchedAt: Number.NEGATIVE_INFINITY,
        left: null,
        started: 0,
      };
      this.#listenToSending(watched);
      this.#listenToArrivals(watched);
      if (flow.app === "file-transfer" || flow.app === "request-response") this.#listenToCompletions(watched);
      return [watched];
    });
  }

  #cell(id: string): Cell {
    return this.#world.cells[this.#world.indexOf(id) as number] as Cell;
  }

  #listenToSending(watched: WatchedFlow): void {
    const { flow, number } = watched;
    const app = flow.app === "file-transfer" || flow.app === "request-response" ? this.#cell(`app/${flow.id}`) : null;
    listen<SelectorContext>(this.#cell(`selector/${flow.id}`), (onPacket) => (state, packet, ifId, env) => {
      const control = onPacket(state, packet, ifId, env);
      if (packet.flow !== number) return control;
      const part = this.#noteSent(watched, packet, state.context);
      if (app !== null) noteStarts(watched, part, app);
      return control;
    });
  }

  #noteSent(watched: WatchedFlow, packet: Packet, selector: SelectorContext): Part {
    const { sentAt, path } = packet;
    const { strand } = watched;
    const fine = this.#fineBinOf(sentAt);
    (strand.sent[fine] as number)++;
    const part = this.#partAt(strand, sentAt);
    part.sent++;
    if (path !== watched.path || selector.paths !== watched.offered) this.#notePath(watched, path, selector, part);
    if (watched.way !== null) (watched.way.packets[(fine / FINE_IN_CURVE) | 0] as number)++;
    return part;
  }

  /** A packet goes out on another path than the one before it, or other paths are offered. */
  #notePath(watched: WatchedFlow, path: Packet["path"], selector: SelectorContext, part: Part): void {
    if (selector.paths !== watched.offered) {
      watched.offered = selector.paths;
      watched.ways.clear();
    }
    const before = watched.last;
    const way = wayOf(watched, path);
    watched.path = path;
    watched.way = way;
    if (way === null || before === way.fingerprint) return;
    watched.last = way.fingerprint;
    if (before === null) return;
    const { now } = this.#world;
    part.switches++;
    if (watched.left === way.fingerprint && now - watched.switchedAt <= OSCILLATION) part.returns++;
    watched.left = before;
    watched.switchedAt = now;
  }

  #listenToArrivals(watched: WatchedFlow): void {
    const { flow } = watched;
    const isPing = flow.app === "ping";
    const bytesOf = handedOver(flow);
    const takeDelivered = isOverChannels(flow) ? this.#watchDelivered(watched, flow) : null;
    listenAtSink(this.#world, flow, (onPacket) => (state, packet, ifId, env) => {
      const counts = tallyOf(flow, state.context);
      const { received, reordered } = counts;
      takeDelivered?.(env.now);
      const before = bytesOf(state.context);
      const control = onPacket(state, packet, ifId, env);
      if (counts.received === received) return control;
      const part = this.#noteArrival(watched, packet, isPing, localTime(clockOf(flow, state.context), env.now));
      if (counts.reordered !== reordered) part.reordered++;
      const bytes = before < 0 ? packet.payloadLength : bytesOf(state.context) - before;
      if (bytes > 0) this.#partAt(watched.strand, env.now).bytes += bytes;
      return control;
    });
  }

  /**
   * What a packet makes its association deliver, at once or through the application, counts at the instant of the packet; it is seen when
   * the next one comes, or at the end.
   */
  #watchDelivered({ strand }: WatchedFlow, flow: ChannelFlow): (now: Nanos) => void {
    // Responses are counted at the client.
    if (flow.app === "request-response") return () => undefined;
    const cell = this.#cell(flow.app === "message-stream" ? `app/${flow.id}/sink` : tallyId(flow));
    let [seen, at] = [0, 0];
    const take = (now: Nanos): void => {
      const delivered = flow.app === "message-stream" ? deliveredIn(cell.state.context) : portOf(cell).delivered;
      if (delivered > seen) this.#partAt(strand, at).bytes += delivered - seen;
      [seen, at] = [delivered, now];
    };
    this.#unseen.push(take);
    return take;
  }

  #noteArrival({ strand }: WatchedFlow, packet: Packet, isPing: boolean, now: Nanos): Part {
    const { sentAt } = packet;
    (strand.delivered[this.#fineBinOf(sentAt)] as number)++;
    const part = this.#partAt(strand, sentAt);
    part.delivered++;
    record(isPing ? part.roundTrips : part.delays, Math.max(0, now - sentAt));
    return part;
  }

  #listenToCompletions({ flow, strand }: WatchedFlow): void {
    type App = Completing & { readonly delivered?: number };
    const responses = flow.app === "request-response";
    const app = this.#cell(`app/${flow.id}`);
    const note = ({ latest }: App, now: Nanos): void =>
      record(this.#partAt(strand, latest.startedAt).completion, now - latest.startedAt);
    if (isOverChannels(flow)) {
      listenToNews<App>(app, (onNews) => (state, event, env) => {
        const { completed } = state.context;
        const control = onNews(state, event, env);
        if (state.context.completed !== completed) note(state.context, env.now);
        return control;
      });
      if (responses) this.#listenToResponses(flow, strand);
      return;
    }
    listen<App>(app, (onPacket) => (state, packet, ifId, env) => {
      const { completed, delivered } = state.context;
      const control = onPacket(state, packet, ifId, env);
      const counts = state.context;
      if (responses) this.#partAt(strand, env.now).bytes += (counts.delivered as number) - (delivered as number);
      if (counts.completed !== completed) note(counts, env.now);
      return control;
    });
  }

  /** Over channels it is the client's association that takes responses in. */
  #listenToResponses(flow: FlowSpec, strand: Strand): void {
    const cell = this.#cell(sourceId(flow));
    listen<unknown>(cell, (onPacket) => (state, packet, ifId, env) => {
      const port = portOf(cell);
      const { delivered } = port;
      const control = onPacket(state, packet, ifId, env);
      this.#partAt(strand, env.now).bytes += port.delivered - delivered;
      return control;
    });
  }

  /** The one transfer of a bulk flow with a number of bytes. */
  #noteBulk({ flow, strand }: WatchedFlow): void {
    if (flow.app !== "bulk" || flow.bytes === 0) return;
    const { start_ns: start } = flow;
    const part = this.#partAt(strand, start);
    if (beginningOf(flow, this.#world.read(sourceId(flow)).context).sent > 0) part.started++;
    const at = arrivedAt(this.#world, flow);
    if (at >= 0) record(part.completion, at - start);
  }

  /** Probes, their answers and reports enter a router from inside its AS; without any, no router is listened to. */
  #watchProbes(): void {
    const strandOf = measuringFlows(this.#world, this.#strands);
    if (strandOf.size === 0) return;
    const first = 2 * this.#scenario.flows.length;
    for (const { ia } of this.#scenario.network.ases) {
      listen(this.#cell(`node/${ia}`), (onPacket) => (state, packet, ifId, env) => {
        const strand = ifId === 0 && packet.flow >= first ? strandOf.get(packet.flow) : undefined;
        if (strand !== undefined) this.#partAt(strand, env.now).probeBytes += packet.wireLength;
        return onPacket(state, packet, ifId, env);
      });
    }
  }

  #watchLinks(): SeriesReader {
    const { curve, curves } = this.#bins;
    for (const { id, spec } of this.#world.allCells()) {
      if (spec.logic === "link") this.#loads.set(id.slice("link/".length), new Array<number>(curves).fill(0));
    }
    return new SeriesReader(this.#world, { ...this.#scenario, flows: [] }, curve, (row) => {
      if (row.kind !== "link") return;
      const load = this.#loads.get(row.id) as number[];
      // The end of the warm-up may cut a bin in two.
      const bin = Math.floor(row.from / curve);
      load[bin] = (load[bin] as number) + (row.utilization * (row.to - row.from)) / curve;
    });
  }

  // ---- Time ----

  #fineBinOf(time: Nanos): number {
    const bin = (time / this.#fine) | 0;
    return bin > this.#lastFine ? this.#lastFine : bin;
  }

  #partAt(strand: Strand, time: Nanos): Part {
    if (time < this.#from || time >= this.#to) this.#findStretch(time);
    return strand.parts[this.#stretch] as Part;
  }

  #findStretch(time: Nanos): void {
    const starts = this.#starts;
    let stretch = starts.length - 1;
    while (stretch > 0 && time < (starts[stretch] as Nanos)) stretch--;
    this.#stretch = stretch;
    this.#from = starts[stretch] as Nanos;
    this.#to = starts[stretch + 1] ?? Number.POSITIVE_INFINITY;
  }
}

/** Flow numbers of the probes and reports that selectors of the measured flows get, those of replies included. */
function measuringFlows(world: World, strands: readonly Strand[]): Map<number, Strand> {
  const ofSelector = new Map(
    strands.flatMap((strand) =>
      strand.flows.flatMap((id) => [id, `${id}/replies`].map((one) => [one, strand] as const)),
    ),
  );
  const found = world.allCells().flatMap(({ id, spec, state }): (readonly [number, string | undefined])[] => {
    if (spec.logic === "monitor") return [[(state.context as MonitorContext).reportFlow, id.slice("monitor/".length)]];
    if (spec.logic !== "prober") return [];
    const { flow, selectors } = state.context as ProberContext;
    return [[flow, world.cells[selectors[0] as number]?.id.slice("selector/".length)]];
  });
  return new Map(
    found.flatMap(([flow, selector]) => {
      const strand = ofSelector.get(selector ?? "");
      return strand === undefined ? [] : [[flow, strand] as const];
    }),
  );
}

/** A transfer or exchange is begun at the instant of its first packet. */
function noteStarts(watched: WatchedFlow, part: Part, app: Cell): void {
  const { started } = app.state.context as Starting;
  part.started += started - watched.started;
  watched.started = started;
}

/** The path among those offered; null where the packet got none. */
function wayOf({ offered, strand, ways }: WatchedFlow, path: Packet["path"]): Way | null {
  const known = ways.get(path);
  if (known !== undefined) return known;
  const position = offered?.findIndex(({ forwarding }) => forwarding === path) ?? -1;
  const info = offered?.[position];
  if (info === undefined) return null;
  const way = strand.wayOf(info, position);
  ways.set(path, way);
  return way;
}

/** Bytes that the application at the end of a flow has got so far; -1 where it gets what is in each packet, 0 where they are counted elsewhere. */
function handedOver(flow: FlowSpec): (context: unknown) => number {
  const { app } = flow;
  if (app === "ping" || app === "request-response" || isOverChannels(flow)) return () => 0;
  if (app === "bulk" || app === "file-transfer" || app === "message-stream") return deliveredIn;
  return () => -1;
}

function deliveredIn(context: unknown): number {
  return (context as { readonly delivered: number }).delivered;
}
