/**
 * A run as it is explored: a scout that runs ahead, a cursor that can be anywhere in what is known, and views of both. The methods are
 * those of the page's questions (viz/page/protocol.ts). Nothing here waits: `work` runs the scout for as long as it is let.
 */
import type { Assembly } from "../../actors/assembly.ts";
import type {
  ActorView,
  Change,
  DelayDistribution,
  DrawnPath,
  Fork,
  Frame,
  FutureTotals,
  LogFilter,
  LogPage,
  LogRow,
  Progress,
  RunOutline,
  SequenceMessage,
} from "../../core/exploration.ts";
import type { Scenario } from "../../core/scenario.ts";
import type { Nanos } from "../../core/units.ts";
import { actorView } from "./actor-view.ts";
import { Bookmarks } from "./bookmarks.ts";
import { Checkpoints, type CheckpointOptions, type Kept } from "./checkpoints.ts";
import { countForkEvents, forkedSource, whyNotChangeable } from "./changes.ts";
import { Coverage } from "./coverage.ts";
import { Cursor } from "./cursor.ts";
import { EventColumns } from "./event-columns.ts";
import type { OwnEvents } from "./event-recorder.ts";
import { FrameMaker } from "./frame.ts";
import { hashesAgain } from "./hashes-again.ts";
import { LogIndex } from "./log-query.ts";
import { RunNames } from "./names.ts";
import { outlineOf } from "./outline.ts";
import { PathBook } from "./paths.ts";
import { hopsOf, Scout } from "./scout.ts";
import { RunSeries } from "./series.ts";
import { sequenceOf, type SequenceQuestion } from "./sequence.ts";
import type { WorldSource } from "./source.ts";
import { SwitchWatch } from "./switches.ts";
import { type Counted, countNow, totalsBetween } from "./totals.ts";

/** What is explored. */
export interface Explored {
  readonly source: WorldSource;
  readonly scenario: Scenario;
  /** What the world is made of. */
  readonly assembly: Assembly;
  /** The world a record is of; a simulation: `sim`. */
  readonly world: "sim" | "live";
  /** Another future of it. */
  readonly fork?: Fork | null;
  /** What a recorded run has to say of itself, asked with every progress. */
  readonly verdict?: () => string | null;
}

export interface ExplorationOptions {
  /** Rows of the event log. */
  readonly maxRows?: number;
  readonly checkpoints?: CheckpointOptions;
  /** Milliseconds of a clock, for `busy_ms` and nothing else. Default: it stays 0. */
  readonly clock?: () => number;
}

export interface LogQuestion {
  readonly filter: LogFilter;
  readonly first: number;
  readonly count: number;
  readonly around?: number;
}

/** Packets drawn in a frame where nothing else is said. */
const PACKETS = 1_000;
/** Events between two looks at whether to stop. */
const SLICE = 2_000;
/** Hashes of events that the log has forgotten, at most at once. */
const MOST_HASHES_AGAIN = 65_536;

export class Exploration {
  readonly outline: RunOutline;
  readonly #explored: Explored;
  readonly #source: WorldSource;
  /** Of a fork. */
  readonly #own: { readonly event: number; readonly own: number } | null;
  readonly #ownEvents: OwnEvents;
  /** What had been counted at the event asked about last. */
  #counted: { readonly event: number; readonly at: Counted } | null = null;
  readonly #columns: EventColumns;
  readonly #checkpoints: Checkpoints;
  readonly #scout: Scout;
  readonly #cursor: Cursor;
  readonly #bookmarks = new Bookmarks();
  readonly #series: RunSeries;
  readonly #book: PathBook;
  readonly #frames: FrameMaker;
  readonly #switches = new SwitchWatch();
  /** Of the cursor. */
  readonly #coverage = new Coverage();
  readonly #names: RunNames;
  readonly #log: LogIndex;
  readonly #clock: () => number;
  #busy = 0;
  #packets = PACKETS;
  #playing = false;

  constructor(explored: Explored, options: ExplorationOptions = {}) {
    const { scenario, assembly, world, fork = null } = explored;
    const source = fork === null ? explored.source : forkedSource(explored.source, scenario, fork);
    this.#explored = explored;
    this.#source = source;
    const outline = outlineOf(scenario, assembly, { source: source.kind, world });
    this.#columns = new EventColumns(options.maxRows === undefined ? {} : { maxRows: options.maxRows });
    this.#checkpoints = new Checkpoints(options.checkpoints);
    this.#book = new PathBook(outline.directions);
    this.#series = new RunSeries(scenario, outline.directions, this.#book);
    this.#frames = new FrameMaker(outline, this.#book, (direction, time) => this.#series.loadAt(direction, time));
    this.#clock = options.clock ?? (() => 0);
    const own = { first: (fork?.event ?? 0) + 1, count: 0 };
    this.#scout = new Scout(source, {
      columns: this.#columns,
      checkpoints: this.#checkpoints,
      collectors: [this.#bookmarks, this.#series, this.#switches],
      followers: [new Coverage()],
      own,
    });
    if (fork !== null) own.count = countForkEvents(this.#scout.world, scenario, fork.changes);
    this.#ownEvents = own;
    this.#own = fork === null ? null : { event: fork.event, own: own.count };
    this.outline = this.#own === null ? outline : { ...outline, fork: this.#own };
    this.#cursor = new Cursor(source, this.#checkpoints, [this.#coverage]);
    this.#names = new RunNames(this.outline, () => this.#scout.world);
    this.#log = new LogIndex(this.#columns, this.#names);
  }

  // ---- How far the run is known ----

  /** Runs ahead until `enough` says so (asked every few milliseconds). @returns false where nothing is left to do, for good or for now */
  work(enough: () => boolean): boolean {
    const begin = this.#clock();
    let more = true;
    do more = this.#scout.advance(SLICE);
    while (more && !enough());
    this.#busy += this.#clock() - begin;
    return more;
  }

  get ended(): boolean {
    return this.#scout.ended;
  }

  /** News since the last progress, bookmarks and series; the rest as it stands. */
  progress(): Progress {
    return {
      known_ns: this.#scout.now,
      events: this.#scout.events,
      hops: hopsOf(this.#scout.world),
      busy_ms: this.#busy,
      ended: this.#scout.ended,
      digest: this.#scout.digest,
      verdict: this.#verdict(),
      bookmarks: this.#bookmarks.take(),
      series: this.#series.take(),
    };
  }

  /** What is kept, in bytes; copies by their rough size. */
  memory(): {
    readonly copies: number;
    readonly copied_bytes: number;
    readonly spacing: number;
    readonly log_bytes: number;
  } {
    const { count, bytes, spacing } = this.#checkpoints;
    return { copies: count, copied_bytes: bytes, spacing, log_bytes: this.#columns.bytes };
  }

  #verdict(): string | null {
    const own = this.#own;
    if (own !== null && this.#scout.ended && this.#scout.events < own.event) {
      return `the run ends with event ${this.#scout.events}: nothing was changed after event ${own.event}`;
    }
    return this.#explored.verdict?.() ?? this.#scout.verdict;
  }

  // ---- The cursor ----

  /** Is so much known that `seek` gets there? */
  reaches(to: { readonly time: Nanos } | { readonly event: number }): boolean {
    if (this.#scout.ended) return true;
    return "time" in to ? to.time < this.#scout.now : to.event <= this.#scout.events;
  }

  /** As near to it as is known. */
  seek(to: { readonly time: Nanos } | { readonly event: number }): Frame {
    if ("event" in to) this.#cursor.seekEvent(Math.min(to.event, this.#scout.events));
    else if (this.reaches(to)) this.#cursor.seekTime(to.time);
    else this.#cursor.seekEvent(this.#scout.events);
    return this.frame();
  }

  step({ by }: { readonly by: number }): Frame {
    return this.seek({ event: this.#cursor.events + by });
  }

  /** The cursor's world. */
  get cursor(): Cursor {
    return this.#cursor;
  }

  /** What frames show: `packets` 0 for none. */
  look({ map, packets }: { readonly map: boolean; readonly packets: number }): void {
    this.#packets = map ? packets : 0;
  }

  /** For frames. */
  set playing(playing: boolean) {
    this.#playing = playing;
  }

  frame(): Frame {
    return this.#frames.frame(this.#cursor.steppable, { packets: this.#packets, playing: this.#playing });
  }

  /** Of all that is known, wherever the cursor is. */
  delays(): DelayDistribution[] {
    return this.#series.delays();
  }

  paths({ flow }: { readonly flow: string }): DrawnPath[] {
    return this.#book.drawnPaths(this.#cursor.world, `selector/${flow}`);
  }

  // ---- The log, and what stands at the cursor ----

  log({ filter, first, count, around }: LogQuestion): LogPage {
    return this.#log.query(filter, first, count, around);
  }

  sequence(question: SequenceQuestion): SequenceMessage[] {
    return sequenceOf(this.#columns, this.#names, question, this.#cursor.events);
  }

  /** null: there is no such actor, or not yet. */
  inspect({ actor }: { readonly actor: string }): ActorView | null {
    const { steppable } = this.#cursor;
    const recent = (id: string, count: number): readonly LogRow[] =>
      this.#log.recent(steppable.world.indexOf(id) ?? -1, steppable.events, count);
    const { outline } = this;
    return actorView({ steppable, outline, coverage: this.#coverage, switches: this.#switches, recent }, actor);
  }

  // ---- Other futures ----

  /** As far as the run is known. Throws where it is not known up to the event. */
  totals({ event }: { readonly event: number }): FutureTotals {
    const { scenario } = this.#explored;
    if (event > this.#scout.events) throw new Error(`event ${event} is not known yet, only ${this.#scout.events} are`);
    if (this.#counted?.event !== event) {
      const aside = new Cursor(this.#source, this.#checkpoints);
      aside.seekEvent(event);
      this.#counted = { event, at: countNow(aside.world, scenario) };
    }
    return totalsBetween(this.#counted.at, countNow(this.#scout.world, scenario), scenario);
  }

  /** Events of a fork that are its changes are left out, and the numbers of those behind them are as if they had never been. */
  hashes({ from, count }: { readonly from: number; readonly count: number }): Int32Array {
    if (this.#own === null || from + count - 1 <= this.#own.event) return this.#hashes(from, count);
    const { event, own } = this.#own;
    if (from > event) return this.#hashes(from + own, count);
    const before = this.#hashes(from, event + 1 - from);
    if (before.length < 2 * (event + 1 - from)) return before;
    const behind = this.#hashes(event + 1 + own, count - (event + 1 - from));
    const all = new Int32Array(before.length + behind.length);
    all.set(before);
    all.set(behind, before.length);
    return all;
  }

  /** What the log has forgotten is run again. */
  #hashes(from: number, count: number): Int32Array {
    const columns = this.#columns;
    if (from >= columns.first) return columns.hashes(from, count);
    const asked = Math.min(count, MOST_HASHES_AGAIN, columns.last + 1 - from);
    const kept = this.#checkpoints.before(from - 1) as Kept;
    return hashesAgain(this.#source, kept, { from, count: asked }, this.#ownEvents);
  }

  /** What is wrong with a fork that changes this now, where the cursor stands; null: nothing. */
  changeable({ changes }: { readonly changes: readonly Change[] }): string | null {
    if (this.#source.kind === "record")
      return "a recorded run is as it was: open its scenario to change something and fork";
    return whyNotChangeable(this.#cursor.world, this.#explored.scenario, changes);
  }
}
