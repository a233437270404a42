/**
 * What both worlds share: the table of actors, the Env of each, delivery, digests, counters, and the rule that an actor's
 * error stops the run. `sim/simulation.ts`, `sim/replay.ts` and `live/driver.ts` add time and transport.
 */
import { type AnyActor, createActor } from "xstate";
import { combineDigests, Digests, hashText } from "../core/digest.ts";
import type { ActorIndex, ControlEvent, DropReason, Env, Handle } from "../core/env.ts";
import { CUT, LOAD_WORDS, readLoad } from "../core/link-load.ts";
import { copyPacket, type Packet } from "../core/packet.ts";
import { RandomStream, type StreamState } from "../core/rng.ts";
import type { TraceDetail, TraceKind, TraceSink } from "../core/trace.ts";
import type { Nanos } from "../core/units.ts";
import type { ActorSpec, Assembly } from "./assembly.ts";
import type { LinkContext } from "./link.ts";
import type { NodeContext } from "./node.ts";
import type { WorldObserver } from "./record.ts";
import { bindEnv } from "./registry.ts";
import type { PacketHandler, PacketLogic, Present, TimerHandler } from "./with-packet-handler.ts";

/** An actor failed (only a bug does that, or a policy of the user's): the run stops here. */
export class ActorFailure extends Error {
  override readonly name = "ActorFailure";
  readonly actor: string;
  readonly timeNs: Nanos;
  readonly seed: number;

  constructor(world: World, actor: string, doing: string, cause: unknown) {
    const what = cause instanceof Error ? cause.message : String(cause);
    super(
      `actor ${actor} failed at ${formatSeconds(world.now)} while handling ${doing}: ${what}\n` +
        `  seed ${world.assembly.seed}; to repeat: ${world.assembly.repeat}`,
      { cause },
    );
    this.actor = actor;
    this.timeNs = world.now;
    this.seed = world.assembly.seed;
  }
}

function formatSeconds(time: Nanos): string {
  return `${(time / 1e9).toFixed(9)} s`;
}

/** How packets reach actors: straight into their handler, or through XState's mailbox. Same meaning, other price. */
export type Dispatch = "direct" | "mailbox";

export interface WorldOptions {
  readonly dispatch?: Dispatch;
  readonly trace?: TraceSink | null;
}

/** Packets that ended early, and those that links made. By flow number, control packets (no flow) included. */
export interface Ledger {
  readonly byReason: Map<DropReason, number>;
  readonly byFlow: Map<number, number>;
  readonly duplicated: Map<number, number>;
}

/** What is read from an actor restored from a checkpoint. */
export interface ActorState {
  readonly value: unknown;
  readonly context: unknown;
  readonly status: string;
}

/** Links that an actor may ask about, with the routers at both ends; null: there is no such link. */
interface Observed {
  readonly links: readonly string[];
  readonly found: readonly (readonly [link: Cell, node: Cell | undefined, next: Cell | undefined] | null)[];
}

/** One actor and its Env. Drivers call `deliver*`; the actor calls the rest. */
export class Cell implements Env {
  // What a packet touches comes first: an object's first fields share a cache line.
  readonly world: World;
  readonly self: ActorIndex;
  /** null where the logic takes no packets, or the actor was stopped. */
  onPacket: PacketHandler<unknown> | null;
  state: Present<unknown>;
  readonly isLink: boolean;
  actor: AnyActor | null;
  readonly place: number;
  onTimer: ReadonlyMap<string, TimerHandler<unknown>>;
  readonly id: string;
  spec: ActorSpec;
  /** By purpose; made with the first draw. */
  streams: Map<string, RandomStream> | null;
  /** Links asked about last, found. */
  observed: Observed | null;

  constructor(world: World, self: ActorIndex, spec: ActorSpec, logic: PacketLogic) {
    this.world = world;
    this.self = self;
    this.onPacket = logic.onPacket as PacketHandler<unknown> | null;
    this.state = STOPPED;
    this.isLink = spec.isLink === true;
    this.actor = null;
    this.place = spec.place;
    this.onTimer = logic.onTimer as ReadonlyMap<string, TimerHandler<unknown>>;
    this.id = spec.id;
    this.spec = spec;
    this.streams = null;
    this.observed = null;
  }

  get now(): Nanos {
    return this.world.now;
  }

  get tracing(): boolean {
    return this.world.tracing;
  }

  send(target: ActorIndex, event: ControlEvent, delay: Nanos): Handle {
    this.world.checkDelay(this, delay);
    this.world.digests.absorb(this.self, target, delay | 0);
    return this.world.scheduleControl(this, target, event, delay);
  }

  cancel(handle: Handle): void {
    this.world.cancelControl(handle);
  }

  sendPacket(target: ActorIndex, packet: Packet, ifId: number, delay: Nanos): void {
    this.world.checkDelay(this, delay);
    this.world.digests.absorbTime(this.self, delay, target);
    this.world.schedulePacket(this, target, packet, ifId, delay);
  }

  recall(): Packet[] {
    return this.world.recallPackets(this);
  }

  drop(packet: Packet, reason: DropReason): void {
    this.world.countDrop(packet, reason);
    this.world.listener?.dropped?.(this, packet, reason);
    if (this.world.tracing) this.world.traceRecord(this, "drop", packet, { reason });
  }

  duplicate(packet: Packet): Packet {
    const { duplicated } = this.world.ledger;
    duplicated.set(packet.flow, (duplicated.get(packet.flow) ?? 0) + 1);
    return copyPacket(packet);
  }

  random(purpose: string): RandomStream {
    this.streams ??= new Map();
    let stream = this.streams.get(purpose);
    if (stream === undefined) {
      stream = new RandomStream(this.world.assembly.seed, this.id, purpose);
      this.streams.set(purpose, stream);
    }
    return stream;
  }

  spawn(id: string, logic: string, input: unknown): ActorIndex {
    return this.world.spawnActor({ id, place: this.place, logic, input });
  }

  stop(target: ActorIndex): void {
    this.world.stopActor(target);
  }

  observe(links: readonly string[], into: number[]): void {
    this.world.observeLinks(this, links, into);
  }

  resource(name: string): unknown {
    return this.world.assembly.resources.get(name);
  }

  trace(kind: TraceKind, packet: Packet | null, detail?: TraceDetail): void {
    this.world.traceRecord(this, kind, packet, detail);
  }
}

/** Value and context without the rest of the snapshot: one cache line instead of two, for every packet. */
function presentOf(actor: AnyActor): Present<unknown> {
  const { value, context } = actor.getSnapshot() as unknown as Present<unknown>;
  return { value, context };
}

/** Down, or not yet known to be up again: the router at its beginning would send no packet into it. */
function isCut([link, node, next]: NonNullable<Observed["found"][number]>): boolean {
  if (link.state.value === "down" || node?.state.value === "failed" || next?.state.value === "failed") return true;
  const { ifId } = link.state.context as LinkContext;
  return (node?.state.context as NodeContext | undefined)?.interfaces[ifId]?.up === false;
}

const STOPPED: Present<unknown> = { value: "stopped", context: null };
/** Spawned actors whose last state stays readable after they were stopped; of earlier ones the digest is left. */
const STOPPED_KEPT = 256;

function forgetState(cell: Cell): void {
  cell.state = STOPPED;
  cell.spec = { ...cell.spec, input: null };
  cell.observed = null;
}

export abstract class World {
  now: Nanos = 0;
  readonly assembly: Assembly;
  readonly cells: Cell[] = [];
  readonly digests: Digests;
  readonly ledger: Ledger = { byReason: new Map(), byFlow: new Map(), duplicated: new Map() };
  readonly tracing: boolean;
  /** Deliveries so far. */
  events = 0;
  /** Told of what no driver sees. */
  listener: Pick<WorldObserver, "dropped" | "started" | "walked"> | null = null;
  readonly #trace: TraceSink | null;
  readonly #mailbox: boolean;
  readonly #ids = new Map<string, ActorIndex>();
  readonly #spawned = new Map<number, number>();
  /** Spawned actors that were stopped and whose last state can still be read, oldest first. */
  readonly stoppedActors: ActorIndex[] = [];
  /** Actors that run elsewhere and were asked about. */
  readonly #elsewhere = new Map<string, Cell>();
  #thrown: unknown = null;
  readonly #observer = {
    error: (cause: unknown): void => {
      this.#thrown = cause ?? new Error("unknown error");
    },
  };

  constructor(assembly: Assembly, options: WorldOptions) {
    this.assembly = assembly;
    this.digests = new Digests(assembly.actors.length);
    this.#trace = options.trace ?? null;
    this.tracing = this.#trace !== null;
    this.#mailbox = options.dispatch === "mailbox";
  }

  /** Is this the packet that is being handled, and here? (Not of one that came by a wire.) */
  isHandling(_cell: Cell, _packet: Packet): boolean {
    return false;
  }

  abstract scheduleControl(from: Cell, target: ActorIndex, event: ControlEvent, delay: Nanos): Handle;
  abstract cancelControl(handle: Handle): void;
  abstract schedulePacket(from: Cell, target: ActorIndex, packet: Packet, ifId: number, delay: Nanos): void;
  abstract recallPackets(from: Cell): Packet[];

  /** Makes and starts every actor of the assembly, or those of the places that `isHere` says. */
  protected populate(isHere: (place: number) => boolean = () => true): void {
    this.assembly.actors.forEach((spec, index) => {
      if (isHere(spec.place)) this.#addCell(spec, index, undefined);
    });
  }

  /** Makes an actor as a checkpoint has it. */
  protected restoreActor(
    index: ActorIndex,
    spec: ActorSpec,
    state: ActorState,
    streams: Iterable<readonly [string, StreamState]>,
  ): void {
    this.digests.grow(index + 1);
    const stopped = state.status === "stopped";
    this.#addCell(spec, index, stopped ? null : state);
    const cell = this.cells[index] as Cell;
    if (stopped) cell.state = { value: state.value, context: state.context };
    for (const [purpose, stream] of streams) {
      cell.streams ??= new Map();
      cell.streams.set(purpose, new RandomStream(this.assembly.seed, spec.id, purpose, stream));
    }
    if (index >= this.assembly.actors.length) this.#spawned.set(spec.place, (this.#spawned.get(spec.place) ?? 0) + 1);
  }

  indexOf(id: string): ActorIndex | undefined {
    return this.#ids.get(id);
  }

  /** Present state and context of an actor, by id; of one whose place runs elsewhere, those it began with. */
  read<C>(id: string): Present<C> {
    return this.cellOf(id).state as Present<C>;
  }

  /** An actor by id. Of one whose place runs elsewhere, what it was before its start: it handles nothing. */
  cellOf(id: string): Cell {
    const index = this.#ids.get(id);
    if (index !== undefined) return this.cells[index] as Cell;
    const ghost = this.#elsewhere.get(id) ?? this.#ghostOf(id);
    this.#elsewhere.set(id, ghost);
    return ghost;
  }

  #ghostOf(id: string): Cell {
    const { actors, logics } = this.assembly;
    const at = actors.findIndex((spec) => spec.id === id);
    const spec = actors[at];
    const logic = spec === undefined ? undefined : logics.get(spec.logic);
    if (spec === undefined || logic === undefined) throw new Error(`no actor has the id ${id}`);
    const cell = new Cell(this, at, spec, logic);
    cell.onPacket = null;
    cell.state = presentOf(createActor(logic, { input: spec.input }));
    return cell;
  }

  deliverPacket(target: ActorIndex, packet: Packet, ifId: number): void {
    const cell = this.cells[target] as Cell;
    this.events++;
    this.digests.absorbPacket(target, this.now, ifId, packet);
    if (cell.onPacket === null) {
      cell.drop(packet, "unexpected");
      return;
    }
    if (this.#mailbox) {
      this.#sendToActor(cell, { type: "packet", packet, ifId } as ControlEvent);
      return;
    }
    let control: ControlEvent | undefined;
    try {
      control = cell.onPacket(cell.state as never, packet, ifId, cell);
    } catch (cause) {
      throw new ActorFailure(this, cell.id, "a packet", cause);
    }
    if (control !== undefined) this.#sendToActor(cell, control);
  }

  deliverControl(target: ActorIndex, event: ControlEvent): void {
    const cell = this.cells[target] as Cell;
    this.events++;
    this.digests.absorbTime(target, this.now, this.#kindOf(event.type));
    if (cell.actor === null) return;
    const handler = this.#mailbox ? undefined : cell.onTimer.get(event.type);
    if (handler === undefined) {
      this.#sendToActor(cell, event);
      return;
    }
    let control: ControlEvent | undefined;
    try {
      control = handler(cell.state as never, event, cell);
    } catch (cause) {
      throw new ActorFailure(this, cell.id, event.type, cause);
    }
    if (control !== undefined) this.#sendToActor(cell, control);
  }

  /** Drivers that are recorded note what was observed; replay feeds it back. */
  observeLinks(from: Cell, links: readonly string[], into: number[]): void {
    if (from.observed === null || from.observed.links !== links) from.observed = this.#findLinks(links);
    const { found } = from.observed;
    for (let n = 0; n < found.length; n++) {
      const at = n * LOAD_WORDS;
      const one = found[n];
      if (one === null || one === undefined || isCut(one)) {
        into[at] = CUT;
        into[at + 1] = 0;
        into[at + 2] = 1;
      } else readLoad(one[0].state.context as LinkContext, this.now, into, at);
    }
  }

  #findLinks(links: readonly string[]): Observed {
    const found = links.map((id): Observed["found"][number] => {
      const cell = this.cells[this.#ids.get(id) ?? -1];
      if (cell === undefined || !cell.isLink) return null;
      const { node, next } = cell.state.context as LinkContext;
      return [cell, this.cells[node], this.cells[next]];
    });
    return { links, found };
  }

  countDrop(packet: Packet, reason: DropReason): void {
    const { byReason, byFlow } = this.ledger;
    byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
    byFlow.set(packet.flow, (byFlow.get(packet.flow) ?? 0) + 1);
  }

  traceRecord(cell: Cell, kind: TraceKind, packet: Packet | null, detail?: TraceDetail): void {
    if (this.#trace === null) return;
    const record = { time_ns: this.now, actor: cell.id, kind };
    const ofPacket = packet === null ? record : { ...record, flow: packet.flow, number: packet.number };
    this.#trace(detail === undefined ? ofPacket : { ...ofPacket, detail });
  }

  checkDelay(cell: Cell, delay: Nanos): void {
    if (delay >= 0 && delay <= Number.MAX_SAFE_INTEGER && Math.floor(delay) === delay) return;
    throw new ActorFailure(
      this,
      cell.id,
      "send",
      new Error(`a delay must be whole nanoseconds from 0 up, found ${delay}`),
    );
  }

  /** Index of the n-th actor spawned in a place: counted place by place, so that a place replayed alone gives the same. */
  spawnActor(spec: ActorSpec): ActorIndex {
    if (this.#ids.has(spec.id)) throw new Error(`an actor with the id ${spec.id} exists already`);
    const nth = this.#spawned.get(spec.place) ?? 0;
    this.#spawned.set(spec.place, nth + 1);
    const index = this.assembly.actors.length + nth * this.assembly.places.length + spec.place;
    this.digests.grow(index + 1);
    return this.#addCell(spec, index, undefined);
  }

  /** The place an actor belongs to, known before the actor is made. */
  placeOf(target: ActorIndex): number {
    return (this.assembly.actors[target] ?? this.cells[target])?.place ?? -1;
  }

  /** Every actor there is; `cells` has holes where actors are spawned. */
  allCells(): Cell[] {
    return this.cells.filter((cell) => cell !== undefined);
  }

  stopActor(target: ActorIndex): void {
    const cell = this.cells[target] as Cell;
    cell.actor?.stop();
    cell.actor = null;
    cell.onPacket = null;
    if (target < this.assembly.actors.length) return;
    this.stoppedActors.push(target);
    if (this.stoppedActors.length > STOPPED_KEPT) forgetState(this.cells[this.stoppedActors.shift() as number] as Cell);
  }

  /** Digest of each actor by id, in order of id. */
  actorDigests(): [id: string, digest: string][] {
    return this.allCells()
      .map((cell): [string, string] => [cell.id, this.digestOf(cell)])
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }

  digestOf(cell: Cell): string {
    const streams = [...(cell.streams ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
    return this.digests.hex(
      cell.self,
      streams.map(([, stream]) => stream.hash),
    );
  }

  /** The run's digest: every actor's, combined in order of id. 16 hex digits. */
  digest(): string {
    return combineDigests(this.actorDigests());
  }

  #addCell(spec: ActorSpec, index: ActorIndex, state: ActorState | null | undefined): ActorIndex {
    const logic = this.assembly.logics.get(spec.logic);
    if (logic === undefined)
      throw new Error(`actor ${spec.id} wants the logic ${spec.logic}, which the assembly does not have`);
    const cell = new Cell(this, index, spec, logic);
    this.cells[index] = cell;
    this.#ids.set(spec.id, cell.self);
    if (state === null) {
      cell.onPacket = null;
      return cell.self;
    }
    const snapshot =
      state === undefined ? undefined : logic.machine.resolveState({ ...state, historyValue: {} } as never);
    const actor = createActor(logic, snapshot === undefined ? { input: spec.input } : { snapshot, input: spec.input });
    cell.actor = actor;
    bindEnv(actor.system, cell);
    actor.subscribe(this.#observer);
    this.#guard(cell, "its start", () => actor.start());
    cell.state = presentOf(actor);
    if (state === undefined) this.listener?.started?.(cell);
    return cell.self;
  }

  #sendToActor(cell: Cell, event: ControlEvent): void {
    const actor = cell.actor as AnyActor;
    const before = cell.state.value;
    this.#guard(cell, event.type, () => actor.send(event));
    cell.state = presentOf(actor);
    if (event.type !== "packet") this.listener?.walked?.(cell, event, before);
  }

  /** XState turns a throwing action into the status `error` and goes on: here it stops the run. */
  #guard(cell: Cell, doing: string, act: () => void): void {
    try {
      act();
    } catch (cause) {
      throw cause instanceof ActorFailure ? cause : new ActorFailure(this, cell.id, doing, cause);
    }
    if (this.#thrown === null) return;
    const cause = this.#thrown;
    this.#thrown = null;
    throw cause instanceof ActorFailure ? cause : new ActorFailure(this, cell.id, doing, cause);
  }

  readonly #kinds = new Map<string, number>();

  /** Kinds of event as numbers that do not depend on who met them first. */
  #kindOf(type: string): number {
    let kind = this.#kinds.get(type);
    if (kind === undefined) {
      kind = hashText(type)[0];
      this.#kinds.set(type, kind);
    }
    return kind;
  }
}
