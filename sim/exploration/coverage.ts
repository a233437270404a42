/**
 * What actors have done up to where a world stands: transitions taken, packets and hot timers handled, packets dropped. A follower: its state is
 * kept with every checkpoint, so that it is exact at any event.
 *
 * Every actor of the scenario is counted by itself. Of those spawned (channels, associations), the last `MOST_SPAWNED` are; what earlier ones did
 * that have ended stays in the sums of their machine.
 */
import type { Cell } from "../../actors/world.ts";
import type { ControlEvent, DropReason } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import type { Follower } from "./collector.ts";
import { type MachineShape, shapeOf } from "./machine-shape.ts";
import type { Steppable } from "./source.ts";

const MOST_SPAWNED = 1_024;
/** Looked at for one that has ended, each time an actor is spawned. */
const LOOKED_AT = 8;
/** Reasons of drops, at most. */
const REASONS = 64;

/** What one logic's actors have in common. */
interface Kind {
  readonly shape: MachineShape;
  /** Of each actor: a count for each of `shape.handled`, then for each transition. */
  readonly size: number;
  readonly timers: ReadonlyMap<string, number>;
  /** The type of timer asked about last, and its place; -1: it is none. */
  lastType: string;
  lastPlace: number;
  /** Actors that began, those of the scenario included. */
  begun: number;
  /** Counts of actors that are not counted by themselves any more. */
  readonly past: Float64Array;
  /** Places in `#counts` that are free again. */
  readonly free: number[];
}

export interface ActorCounts {
  /** By the shape's `handled` and `transitions`. */
  readonly handled: readonly number[];
  readonly taken: readonly number[];
}

interface SavedCoverage {
  /** Actor, place within its counts, count. */
  readonly counts: Uint32Array;
  readonly drops: ReadonlyMap<number, number>;
  readonly reasons: readonly DropReason[];
  readonly kinds: readonly (readonly [logic: string, begun: number, past: Float64Array])[];
  readonly spawned: readonly number[];
}

export class Coverage implements Follower {
  #kinds = new Map<string, Kind>();
  /** Where an actor's counts begin, -1: nowhere; and its kind. */
  #base: Int32Array = new Int32Array(0);
  #kindOf: (Kind | undefined)[] = [];
  #counts: Uint32Array = new Uint32Array(4_096);
  #used = 0;
  #scenarioActors = 0;
  /** Spawned actors that are counted by themselves, in order. */
  #spawned: Cell[] = [];
  /** Packets by actor * REASONS + reason. */
  #drops = new Map<number, number>();
  #reasons: DropReason[] = [];

  started(actor: Cell): void {
    this.#scenarioActors = actor.world.assembly.actors.length;
    this.#kind(actor).begun++;
    this.#add(actor);
    if (actor.self < this.#scenarioActors) return;
    this.#spawned.push(actor);
    if (this.#spawned.length > MOST_SPAWNED) this.#retireOne();
  }

  event(target: Cell, thing: Packet | ControlEvent, ifId: number): void {
    const { self } = target;
    const base = self < this.#base.length ? (this.#base[self] as number) : -1;
    if (base < 0) return;
    if (ifId >= 0) {
      // One that was stopped takes none, as one that never did.
      if (target.onPacket !== null) this.#counts[base] = (this.#counts[base] as number) + 1;
    } else if (target.onTimer.size > 0 && target.actor !== null) {
      const timer = timerOf(this.#kindOf[self] as Kind, (thing as ControlEvent).type);
      if (timer >= 0) this.#counts[base + timer] = (this.#counts[base + timer] as number) + 1;
    }
  }

  dropped(at: Cell, _packet: Packet, reason: DropReason): void {
    const key = at.self * REASONS + this.#reason(reason);
    this.#drops.set(key, (this.#drops.get(key) ?? 0) + 1);
  }

  save(): SavedCoverage {
    const rows: number[] = [];
    this.#base.forEach((base, actor) => {
      if (base < 0) return;
      const { size } = this.#kindOf[actor] as Kind;
      for (let place = 0; place < size; place++) {
        const count = this.#counts[base + place] as number;
        if (count > 0) rows.push(actor, place, count);
      }
    });
    return {
      counts: Uint32Array.from(rows),
      drops: new Map(this.#drops),
      reasons: [...this.#reasons],
      kinds: [...this.#kinds].map(([logic, { begun, past }]) => [logic, begun, past.slice()]),
      spawned: this.#spawned.map(({ self }) => self),
    };
  }

  restore(saved: unknown, { world }: Steppable): void {
    const { counts, drops, reasons, kinds, spawned } = saved as SavedCoverage;
    this.#forgetAll();
    this.#scenarioActors = world.assembly.actors.length;
    this.#drops = new Map(drops);
    this.#reasons = [...reasons];
    const counted = new Set(spawned);
    for (const cell of world.allCells()) {
      if (cell.self < this.#scenarioActors || counted.has(cell.self)) this.#add(cell);
      else this.#watch(cell, this.#kind(cell));
    }
    this.#spawned = spawned.flatMap((self) => world.cells[self] ?? []);
    for (const [logic, begun, past] of kinds) {
      const kind = this.#kinds.get(logic);
      if (kind === undefined) continue;
      kind.begun = begun;
      kind.past.set(past);
    }
    for (let at = 0; at < counts.length; at += 3) {
      const base = this.#base[counts[at] as number] ?? -1;
      if (base >= 0) this.#counts[base + (counts[at + 1] as number)] = counts[at + 2] as number;
    }
  }

  /** The machine of an actor. */
  shapeOf(actor: Cell): MachineShape {
    return this.#kind(actor).shape;
  }

  /** What one actor did; null: it is not counted by itself any more. */
  countsOf(actor: Cell): ActorCounts | null {
    const base = this.#base[actor.self] ?? -1;
    if (base < 0) return null;
    const { shape, size } = this.#kind(actor);
    return split(shape, this.#counts.subarray(base, base + size));
  }

  /** What all actors of the same machine did, and how many began. */
  countsOfAll(actor: Cell): ActorCounts & { readonly begun: number } {
    const kind = this.#kind(actor);
    const sum = kind.past.slice();
    this.#base.forEach((base, self) => {
      if (base < 0 || this.#kindOf[self] !== kind) return;
      for (let place = 0; place < kind.size; place++)
        sum[place] = (sum[place] as number) + (this.#counts[base + place] as number);
    });
    return { ...split(kind.shape, sum), begun: kind.begun };
  }

  /** Packets that ended at an actor, by reason; the most first. */
  dropsAt(actor: Cell): { reason: string; packets: number }[] {
    return this.#reasons
      .map((reason, number) => ({ reason, packets: this.#drops.get(actor.self * REASONS + number) ?? 0 }))
      .filter(({ packets }) => packets > 0)
      .sort((left, right) => right.packets - left.packets);
  }

  #reason(reason: DropReason): number {
    const known = this.#reasons.indexOf(reason);
    return known >= 0 ? known : this.#reasons.push(reason) - 1;
  }

  #forgetAll(): void {
    this.#base.fill(-1);
    this.#kindOf = [];
    this.#counts.fill(0);
    this.#used = 0;
    for (const kind of this.#kinds.values()) {
      kind.free.length = 0;
      kind.begun = 0;
      kind.past.fill(0);
    }
  }

  #kind({ spec, world }: Cell): Kind {
    const known = this.#kinds.get(spec.logic);
    if (known !== undefined) return known;
    const logic = world.assembly.logics.get(spec.logic);
    if (logic === undefined) throw new Error(`no logic has the name ${spec.logic}`);
    const shape = shapeOf(logic);
    const size = shape.handled.length + shape.transitions.length;
    const timers = new Map(shape.handled.map((type, place) => [type, place]));
    timers.delete("packet");
    const past = new Float64Array(size);
    const kind: Kind = { shape, size, timers, lastType: "", lastPlace: -1, begun: 0, past, free: [] };
    this.#kinds.set(spec.logic, kind);
    return kind;
  }

  #add(cell: Cell): void {
    const kind = this.#kind(cell);
    const { self } = cell;
    if (self >= this.#base.length) {
      const room = new Int32Array(Math.max(2 * self, 256)).fill(-1);
      room.set(this.#base);
      this.#base = room;
    }
    this.#base[self] = kind.free.pop() ?? this.#take(kind.size);
    this.#kindOf[self] = kind;
    this.#watch(cell, kind);
  }

  /** XState tells of every transition it takes, `always` included. */
  #watch(cell: Cell, kind: Kind): void {
    const { self } = cell;
    const first = kind.shape.handled.length;
    cell.actor?.system.inspect((inspected) => {
      if (inspected.type !== "@xstate.microstep") return;
      const base = this.#base[self] as number;
      for (const transition of inspected._transitions) {
        const number = kind.shape.numberOf(transition);
        if (number === undefined) continue;
        if (base < 0) kind.past[first + number] = (kind.past[first + number] as number) + 1;
        else this.#counts[base + first + number] = (this.#counts[base + first + number] as number) + 1;
      }
    });
  }

  #take(size: number): number {
    const base = this.#used;
    this.#used += size;
    if (this.#used > this.#counts.length) {
      const room = new Uint32Array(2 * this.#used);
      room.set(this.#counts);
      this.#counts = room;
    }
    return base;
  }

  /** Of the spawned, the first that has ended goes into its machine's sums. */
  #retireOne(): void {
    const at = this.#spawned.slice(0, LOOKED_AT).findIndex(({ actor }) => actor === null);
    // One that lives on is looked at again when those after it were.
    const [cell] = this.#spawned.splice(Math.max(0, at), 1);
    if (cell === undefined) return;
    if (at < 0) {
      this.#spawned.push(cell);
      return;
    }
    const kind = this.#kindOf[cell.self] as Kind;
    const base = this.#base[cell.self] as number;
    for (let place = 0; place < kind.size; place++) {
      kind.past[place] = (kind.past[place] as number) + (this.#counts[base + place] as number);
      this.#counts[base + place] = 0;
    }
    kind.free.push(base);
    this.#base[cell.self] = -1;
  }
}

function timerOf(kind: Kind, type: string): number {
  if (kind.lastType === type) return kind.lastPlace;
  kind.lastType = type;
  kind.lastPlace = kind.timers.get(type) ?? -1;
  return kind.lastPlace;
}

function split(shape: MachineShape, counts: Uint32Array | Float64Array): ActorCounts {
  const handled = shape.handled.length;
  return { handled: [...counts.subarray(0, handled)], taken: [...counts.subarray(handled)] };
}
