/**
 * A recorded run as something to explore: every place is replayed from its record, interleaved by recorded time (at one instant in the
 * order of places), and compared as `replay` does. The first thing that differs, or that cannot be read, is the verdict, and
 * there the run stops. The records come as text in pieces (`feed`), and a run may be looked at while it is still written:
 * an event is handled only once no place can have an earlier one (sim/exploration/record-text.ts says what is known of each).
 */
import type { Assembly } from "../../actors/assembly.ts";
import type { RecordEnd, RecordHeader } from "../../actors/record.ts";
import { combineDigests } from "../../core/digest.ts";
import type { DropReason } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import { Heap } from "../../core/heap.ts";
import { MILLISECOND, type Bytes, type Nanos } from "../../core/units.ts";
import { type ActorCheckpoint, actorsOf } from "../checkpoint.ts";
import { copyState } from "../copy-state.ts";
import { type Arrival, type Departure, Differs, type PlaceState, ReplayWorld, rootOf, Stops } from "../replay-world.ts";
import { DamagedRecord, type Head, RecordReader, RecordText, type SavedPosition } from "./record-text.ts";
import type { PendingEvent, Saved, Steppable, WatchOptions, WorldSource } from "./source.ts";

export interface RecordedOptions {
  /** Places that have records. Default: all; those whose record never comes only stand there. */
  readonly here?: readonly string[];
  /** What every record's header must say. */
  readonly expect?: Partial<Pick<RecordHeader, "world" | "scenario" | "build" | "seed">>;
  readonly duration: Nanos;
  /** Asked when a world is made: the assembly as it is then, where that of the beginning lacks what comes with the record. */
  readonly assembly?: () => Assembly;
  /** Most text that is kept; what comes after it is not taken. */
  readonly limit?: Bytes;
}

/** As much as a record holds unless told otherwise (pathloom live --record-limit). */
const RECORD_LIMIT: Bytes = 1024 * 1024 * 1024;
/** A packet so late will not come: a real network lost it. */
const LOST_AFTER: Nanos = 100 * MILLISECOND;

export class RecordedSource implements WorldSource {
  readonly kind = "record";
  readonly duration: Nanos;
  /** By place; null: it has none. */
  readonly texts: readonly (RecordText | null)[];
  /** Moves with everything that is fed. */
  version = 0;
  /** What is wrong with the records as a whole; null: nothing is known to be. */
  problem: string | null = null;
  readonly #assembly: () => Assembly;
  readonly #expect: NonNullable<RecordedOptions["expect"]>;
  readonly #limit: Bytes;

  constructor(assembly: Assembly, options: RecordedOptions) {
    const { here, expect = {}, duration, limit = RECORD_LIMIT } = options;
    this.#assembly = options.assembly ?? (() => assembly);
    this.#expect = expect;
    this.#limit = limit;
    this.duration = duration;
    this.texts = assembly.places.map((ia) => (here === undefined || here.includes(ia) ? new RecordText(ia) : null));
  }

  get growing(): boolean {
    return this.texts.some((text) => text !== null && !text.over);
  }

  /** Is every place's record known up to its first delivery? */
  get ready(): boolean {
    return this.problem !== null || this.texts.every((text) => text === null || text.over || text.hasBegun);
  }

  /** Places whose records have not come. */
  get missing(): readonly string[] {
    return this.texts.flatMap((text) => (text !== null && text.header === null ? [text.place] : []));
  }

  /**
   * More of a place's record, in order, cut anywhere. A place that has none, or a record that is over, takes nothing.
   * @returns what is wrong with what was fed; null: nothing
   */
  feed(place: number, text: string): string | null {
    const record = this.texts[place] ?? null;
    if (record === null) return `place ${place} has no record in this run`;
    if (record.over || this.problem !== null) return this.problem;
    const bytes = this.texts.reduce((sum, one) => sum + (one?.bytes ?? 0), text.length);
    this.version++;
    if (bytes > this.#limit) {
      this.problem = `the record is larger than ${this.#limit} bytes; record a shorter run, or one of fewer packets`;
      this.end();
      return this.problem;
    }
    record.append(text);
    this.problem ??= this.#headerProblem(record);
    return this.problem;
  }

  /** Nothing more comes, of no place. */
  end(): void {
    this.version++;
    for (const text of this.texts) text?.end();
  }

  begin(options: WatchOptions = {}): Steppable {
    return new RecordedSteps(this, new RecordedWorld(this.#assembly(), this.#readers(), this.#start(), options), null);
  }

  restore(saved: Saved, options: WatchOptions = {}): Steppable {
    const state = copyState(saved.state as RecordedState).copy;
    const world = new RecordedWorld(this.#assembly(), this.#readers(state.positions), state.now, options);
    return new RecordedSteps(this, world, state);
  }

  /** `at` (default: the beginning): where each stands. */
  #readers(at: readonly (SavedPosition | null)[] | null = null): (RecordReader | null)[] {
    if (!this.ready) throw new Error("the records' beginnings have not come yet: there is no world before `ready`");
    return this.texts.map((text, place) => {
      if (text === null || text.header === null) return null;
      return at === null ? new RecordReader(text) : new RecordReader(text, at[place] ?? undefined);
    });
  }

  #start(): Nanos {
    return this.texts.find((text) => text?.header !== null)?.header?.start ?? 0;
  }

  #headerProblem({ place, header, damage }: RecordText): string | null {
    if (damage !== null) return `the record of ${place}, ${damage}`;
    if (header === null) return null;
    for (const field of ["world", "scenario", "seed", "build"] as const) {
      const [expected, found] = [this.#expect[field], header[field]];
      if (expected === undefined || expected === found) continue;
      return `the record of ${place}, line 1: it belongs to another run: expected ${field} ${expected}, found ${String(found)}`;
    }
    return null;
  }
}

/** A copy between two events. */
interface RecordedState {
  readonly now: Nanos;
  readonly events: number;
  readonly actors: readonly (ActorCheckpoint | undefined)[];
  readonly digests: Int32Array;
  readonly dropsByReason: ReadonlyMap<DropReason, number>;
  readonly dropsByFlow: ReadonlyMap<number, number>;
  readonly duplicated: ReadonlyMap<number, number>;
  readonly places: readonly (PlaceState | null)[];
  readonly lanes: ReadonlyMap<number, readonly UnderWay[]>;
  readonly positions: readonly (SavedPosition | null)[];
  readonly ends: readonly (PlaceEnd | null)[];
  readonly verdict: string | null;
}

/** What came of a place's record. */
type PlaceEnd =
  | { readonly kind: "end"; readonly digests: RecordEnd[3] }
  | { readonly kind: "stop"; readonly time: Nanos };

interface UnderWay {
  readonly place: number;
  readonly output: number;
}

/** Interfaces are below this number. */
const IF_IDS = 65_536;

class RecordedWorld extends ReplayWorld {
  readonly readers: readonly (RecordReader | null)[];
  /** By receiving actor and interface, in the order of leaving. */
  #lanes = new Map<number, UnderWay[]>();

  constructor(assembly: Assembly, readers: readonly (RecordReader | null)[], start: Nanos, watch: WatchOptions) {
    super(assembly, readers, start, watch.trace === undefined ? {} : { trace: watch.trace });
    this.readers = readers;
    this.observer = watch.observe?.(this) ?? null;
    this.listener = this.observer;
  }

  start(): void {
    this.populate();
  }

  resume(from: RecordedState): void {
    from.actors.forEach((actor, index) => {
      if (actor === undefined) return;
      this.restoreActor(index, actor.spec, actor.state, actor.streams);
      if (actor.state === null) this.unknown.add(index);
    });
    this.now = from.now;
    this.events = from.events;
    this.digests.words = from.digests;
    for (const [reason, count] of from.dropsByReason) this.ledger.byReason.set(reason, count);
    for (const [flow, count] of from.dropsByFlow) this.ledger.byFlow.set(flow, count);
    for (const [flow, count] of from.duplicated) this.ledger.duplicated.set(flow, count);
    from.places.forEach((state, place) => {
      this.states[place] = state;
    });
    this.#lanes = new Map([...from.lanes].map(([key, lane]) => [key, [...lane]]));
  }

  /** What there is between two events; shares everything with the world. */
  snapshot(): Omit<RecordedState, "positions" | "ends" | "verdict"> {
    return {
      now: this.now,
      events: this.events,
      actors: actorsOf(this),
      digests: this.digests.words,
      dropsByReason: this.ledger.byReason,
      dropsByFlow: this.ledger.byFlow,
      duplicated: this.ledger.duplicated,
      places: this.states,
      lanes: this.#lanes,
    };
  }

  pending(): PendingEvent[] {
    const all: PendingEvent[] = [];
    this.states.forEach((state, place) => {
      for (const [number, { sender, target, ifId, due, thing }] of state?.pending ?? []) {
        all.push({ time: due, order: this.orderOf(place, number, false), sender, target, ifId, thing });
      }
      for (const [number, { sender, target, ifId, due, packet }] of state?.left ?? []) {
        if (due < this.now - LOST_AFTER) continue;
        all.push({ time: due, order: this.orderOf(place, number, true), sender, target, ifId, thing: packet });
      }
    });
    return all.sort((a, b) => a.time - b.time || a.order - b.order);
  }

  visitPackets(visit: Parameters<NonNullable<Steppable["visitPackets"]>>[0]): void {
    this.states.forEach((state, place) => {
      for (const [number, { sender, ifId, due, thing }] of state?.pending ?? []) {
        if (ifId >= 0) visit(due, this.orderOf(place, number, false), sender, thing as Packet);
      }
      for (const [number, { sender, due, packet }] of state?.left ?? []) {
        if (due >= this.now - LOST_AFTER) visit(due, this.orderOf(place, number, true), sender, packet);
      }
    });
  }

  protected override leaves(place: number, output: number, { target, ifId }: Departure): void {
    const key = target * IF_IDS + ifId;
    const lane = this.#lanes.get(key) ?? [];
    this.#lanes.set(key, lane);
    lane.push({ place, output });
  }

  /** Packets of a link come as they left, or nearly so; those that never come are forgotten with their departures. */
  protected override arrives(target: number, ifId: number, hash: () => string): Arrival | null {
    const lane = this.#lanes.get(target * IF_IDS + ifId);
    if (lane === undefined) return null;
    const found = hash();
    for (let at = 0; at < lane.length; at++) {
      const { place, output } = lane[at] as UnderWay;
      const departure = this.states[place]?.left.get(output);
      if (departure !== undefined && departure.hash !== found) continue;
      lane.splice(at--, 1);
      if (departure === undefined) continue;
      this.states[place]?.left.delete(output);
      return { order: this.orderOf(place, output, true), sender: departure.sender, sent: departure.sent };
    }
    return null;
  }
}

class RecordedSteps implements Steppable {
  readonly world: RecordedWorld;
  readonly #source: RecordedSource;
  /** One entry for each place whose record goes on: by the time of what it has next, or before which nothing more comes. */
  readonly #heap = new Heap();
  readonly #waits: boolean[];
  readonly #ends: (PlaceEnd | null)[];
  #version = -1;
  #verdict: string | null = null;

  constructor(source: RecordedSource, world: RecordedWorld, from: RecordedState | null) {
    this.#source = source;
    this.world = world;
    this.#waits = world.readers.map(() => false);
    this.#ends = world.readers.map((_, place) => from?.ends[place] ?? null);
    this.#verdict = from?.verdict ?? source.problem;
    if (from === null) this.#guard(() => world.start());
    else world.resume(from);
  }

  get events(): number {
    return this.world.events;
  }

  get now(): Nanos {
    return this.world.now;
  }

  get growing(): boolean {
    return this.#verdict === null && this.#source.growing;
  }

  nextAt(): Nanos {
    if (this.#version !== this.#source.version) this.#look();
    const heap = this.#heap;
    if (this.#verdict !== null || heap.size === 0) return Number.POSITIVE_INFINITY;
    return this.#waits[heap.topItem] === true ? Number.POSITIVE_INFINITY : heap.topTime;
  }

  step(until: Nanos = Number.POSITIVE_INFINITY): boolean {
    const next = this.nextAt();
    if (next > until || next === Number.POSITIVE_INFINITY) return false;
    const place = this.#heap.topItem;
    const before = this.world.events;
    this.#guard(() => {
      this.world.deliverNext(place);
      this.#moveOn(place);
    }, place);
    return this.world.events > before;
  }

  settle(until: Nanos): void {
    this.world.now = Math.max(this.world.now, until);
  }

  pending(): PendingEvent[] {
    return this.world.pending();
  }

  visitPackets(visit: Parameters<NonNullable<Steppable["visitPackets"]>>[0]): void {
    this.world.visitPackets(visit);
  }

  save(): Saved {
    const { world } = this;
    const { copy: state, bytes } = copyState<RecordedState>({
      ...world.snapshot(),
      positions: world.readers.map((reader) => reader?.save() ?? null),
      ends: this.#ends,
      verdict: this.#verdict,
    });
    return { events: world.events, now: world.now, bytes, state };
  }

  verdict(): string | null {
    if (this.nextAt() !== Number.POSITIVE_INFINITY || this.#verdict !== null) return this.#verdict;
    if (!this.#source.growing) this.#verdict = this.#endVerdict();
    return this.#verdict;
  }

  /** Something was fed: what each place has next may be known now. */
  #look(): void {
    this.#version = this.#source.version;
    this.#verdict ??= this.#source.problem;
    this.#heap.size = 0;
    this.world.readers.forEach((reader, place) => {
      if (reader === null || this.#ends[place] !== null) return;
      this.#guard(() => {
        const head = reader.head();
        if (!this.#closes(place, head)) this.#heap.push(this.#timeOf(place, head), place, place);
      }, place);
    });
  }

  /** Puts what the place has next in place of what it had. */
  #moveOn(place: number): void {
    const head = (this.world.readers[place] as RecordReader).head();
    if (this.#closes(place, head)) this.#heap.pop();
    else this.#heap.replaceTop(this.#timeOf(place, head), place, place);
  }

  #timeOf(place: number, head: Head): Nanos {
    this.#waits[place] = head.kind === "waits";
    return head.kind === "waits" ? head.known : head.kind === "delivery" ? head.time : 0;
  }

  /** Has the place's record come to its end? Then what it says of it is compared. */
  #closes(place: number, head: Head): boolean {
    if (head.kind === "stop") this.#ends[place] = { kind: "stop", time: this.world.now };
    if (head.kind !== "end") return head.kind === "stop";
    this.#ends[place] = { kind: "end", digests: head.end[3] };
    this.world.compareEnd(place, head.end);
    return true;
  }

  /** Whatever goes wrong in a replay is the verdict; `place`: where its record may stop. */
  #guard(act: () => void, place: number | null = null): void {
    try {
      act();
    } catch (cause) {
      const root = rootOf(cause);
      if (root instanceof Stops && place !== null) {
        this.#ends[place] = { kind: "stop", time: this.world.now };
        this.#version = -1;
      } else this.#verdict ??= problemOf(root);
    }
  }

  #endVerdict(): string {
    const missing = this.#source.missing;
    const ends = this.#ends.filter((end) => end !== null);
    const stops = ends.flatMap((end) => (end.kind === "stop" ? [end.time] : []));
    if (ends.length === 0) return "no place of this run has a record";
    if (stops.length > 0) {
      const [first, last] = [Math.min(...stops), Math.max(...stops)].map(seconds);
      const when = first === last ? `at ${first}` : `between ${first} and ${last}`;
      return `the record stops ${when}, before the run did (it was killed, cut off, or the file was truncated); up to there it replays identically, final states are not compared`;
    }
    if (missing.length > 0) {
      const of = missing.length === 1 ? `record of ${missing[0]} is` : `records of ${missing.join(", ")} are`;
      return `the ${of} missing; all others replay identically, ${this.events} events`;
    }
    const expected = combineDigests(ends.flatMap((end) => (end.kind === "end" ? Object.entries(end.digests) : [])));
    const found = this.world.digest();
    return expected === found
      ? `replays identically, ${this.events} events, digest ${found}`
      : `the replay's digest is ${found}, the record's ${expected}`;
  }
}

function problemOf(cause: unknown): string {
  if (cause instanceof DamagedRecord) return cause.message;
  if (cause instanceof Stops) return "the record stops before the first actor had begun";
  if (!(cause instanceof Differs))
    return `the replay failed: ${cause instanceof Error ? cause.message : String(cause)}`;
  const { time_ns, actor, expected, found } = cause.difference;
  return `the replay differs from the record at ${seconds(time_ns)} (${time_ns} ns), ${actor}: recorded ${cut(expected)}, replayed ${cut(found)}`;
}

const LONGEST = 300;

function cut(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)} ...`;
}

function seconds(time: Nanos): string {
  return `${(time / 1e9).toFixed(9)} s`;
}
