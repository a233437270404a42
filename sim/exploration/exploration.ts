/**
 * A run as it is explored: a scout that runs ahead, a cursor that can be anywhere in what is known, and views of both. The methods are
 * those of the page's questions (viz/page/protocol.ts). Nothing here waits: `work` runs the scout for as long as it is let.
 */
import type { Assembly } from "../../actors/assembly.ts";
import type { DelayDistribution, DrawnPath, Frame, Progress, RunOutline } from "../../core/exploration.ts";
import type { Scenario } from "../../core/scenario.ts";
import type { Nanos } from "../../core/units.ts";
import { Bookmarks } from "./bookmarks.ts";
import { Checkpoints, type CheckpointOptions } from "./checkpoints.ts";
import { Cursor } from "./cursor.ts";
import { EventColumns } from "./event-columns.ts";
import { FrameMaker } from "./frame.ts";
import { outlineOf } from "./outline.ts";
import { PathBook } from "./paths.ts";
import { hopsOf, Scout } from "./scout.ts";
import { delayDistributions, RunSeries } from "./series.ts";
import type { WorldSource } from "./source.ts";

/** What is explored. */
export interface Explored {
  readonly source: WorldSource;
  readonly scenario: Scenario;
  /** What the world is made of. */
  readonly assembly: Assembly;
  /** The world a record is of; a simulation: `sim`. */
  readonly world: "sim" | "live";
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

/** Packets drawn in a frame where nothing else is said. */
const PACKETS = 1_000;
/** Events between two looks at whether to stop. */
const SLICE = 2_000;

export class Exploration {
  readonly outline: RunOutline;
  readonly #explored: Explored;
  readonly #columns: EventColumns;
  readonly #checkpoints: Checkpoints;
  readonly #scout: Scout;
  readonly #cursor: Cursor;
  readonly #bookmarks = new Bookmarks();
  readonly #series: RunSeries;
  readonly #book: PathBook;
  readonly #frames: FrameMaker;
  readonly #clock: () => number;
  #busy = 0;
  #packets = PACKETS;
  #playing = false;

  constructor(explored: Explored, options: ExplorationOptions = {}) {
    const { source, scenario, assembly, world } = explored;
    this.#explored = explored;
    this.outline = outlineOf(scenario, assembly, { source: source.kind, world });
    this.#columns = new EventColumns(options.maxRows === undefined ? {} : { maxRows: options.maxRows });
    this.#checkpoints = new Checkpoints(options.checkpoints);
    this.#book = new PathBook(this.outline.directions);
    this.#series = new RunSeries(scenario, this.outline.directions, this.#book);
    this.#frames = new FrameMaker(this.outline, this.#book, (direction, time) => this.#series.loadAt(direction, time));
    this.#clock = options.clock ?? (() => 0);
    this.#scout = new Scout(source, {
      columns: this.#columns,
      checkpoints: this.#checkpoints,
      collectors: [this.#bookmarks, this.#series],
    });
    this.#cursor = new Cursor(source, this.#checkpoints);
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
      verdict: this.#explored.verdict?.() ?? null,
      bookmarks: this.#bookmarks.take(),
      series: this.#series.take(),
    };
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

  /** At the cursor. */
  delays(): DelayDistribution[] {
    return delayDistributions(this.#cursor.world, this.#explored.scenario.flows);
  }

  paths({ flow }: { readonly flow: string }): DrawnPath[] {
    return this.#book.drawnPaths(this.#cursor.world, `selector/${flow}`);
  }

  hashes({ from, count }: { readonly from: number; readonly count: number }): Int32Array {
    return this.#columns.hashes(from, count);
  }
}
