/**
 * The scout: one pass forward over the whole run, in slices, never back. While it goes it fills the event log, takes copies to go back
 * to, and has collectors listen and look.
 */
import type { LinkContext } from "../../actors/link.ts";
import type { World } from "../../actors/world.ts";
import type { Nanos } from "../../core/units.ts";
import type { Checkpoints } from "./checkpoints.ts";
import type { Collector, Follower } from "./collector.ts";
import type { EventColumns } from "./event-columns.ts";
import { EventRecorder, type OwnEvents } from "./event-recorder.ts";
import { runTo, type Steppable, type WorldSource } from "./source.ts";
import { Watchers } from "./watchers.ts";

export interface ScoutParts {
  readonly columns: EventColumns;
  readonly checkpoints: Checkpoints;
  readonly collectors?: readonly Collector[];
  readonly followers?: readonly Follower[];
  /** A fork's own events. */
  readonly own?: OwnEvents;
}

export class Scout {
  readonly columns: EventColumns;
  readonly checkpoints: Checkpoints;
  readonly #steppable: Steppable;
  readonly #duration: Nanos;
  readonly #listeners: readonly (Collector | Follower)[];
  readonly #looking: readonly Collector[];
  readonly #followers: readonly Follower[];
  #ended = false;
  #digest: string | null = null;

  constructor(source: WorldSource, { columns, checkpoints, collectors = [], followers = [], own }: ScoutParts) {
    this.columns = columns;
    this.checkpoints = checkpoints;
    this.#duration = source.duration;
    this.#followers = followers;
    this.#listeners = [...collectors, ...followers];
    this.#looking = collectors.filter(({ look }) => look !== undefined);
    this.#steppable = source.begin({
      observe: (world) => new Watchers(this.#listeners, new EventRecorder(world, columns, own)),
    });
    for (const one of this.#listeners) one.begin?.(this.#steppable);
    this.#keep();
  }

  get world(): World {
    return this.#steppable.world;
  }

  get events(): number {
    return this.#steppable.events;
  }

  /** Everything up to it is known. */
  get now(): Nanos {
    return this.#steppable.now;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Of the whole run, once it has ended. */
  get digest(): string | null {
    return this.#digest;
  }

  /** What a record says of itself as far as it is known. */
  get verdict(): string | null {
    return this.#steppable.verdict?.() ?? null;
  }

  /** Goes on by at most so many events. @returns false where nothing is left to do, for good or (a record that grows) for now */
  advance(maxEvents: number): boolean {
    if (this.#ended) return false;
    const steppable = this.#steppable;
    const stop = steppable.events + maxEvents;
    while (steppable.events < stop) {
      const next = Math.min(stop, this.checkpoints.nextAfter(steppable.events));
      const look = this.#lookAt();
      const until = Math.min(this.#duration, look - 1);
      runTo(steppable, next, until);
      if (this.checkpoints.wants(steppable.events)) this.#keep();
      if (steppable.events === next) continue;
      if (steppable.growing === true && steppable.nextAt() === Number.POSITIVE_INFINITY) return false;
      if (look <= this.#duration) this.#look(look);
      else return this.#end();
    }
    return true;
  }

  #keep(): void {
    this.checkpoints.add({
      saved: this.#steppable.save(),
      hash: this.columns.hash,
      followers: this.#followers.map((follower) => follower.save()),
    });
  }

  #lookAt(): Nanos {
    let at = Number.POSITIVE_INFINITY;
    for (const one of this.#looking) at = Math.min(at, one.at ?? Number.POSITIVE_INFINITY);
    return at;
  }

  #look(at: Nanos): void {
    for (const one of this.#looking) {
      if (one.at !== at) continue;
      one.look?.(at);
      if (one.at <= at) throw new Error(`a collector that looked at ${at} ns wants to look again at ${one.at} ns`);
    }
  }

  #end(): false {
    this.#ended = true;
    this.#steppable.settle(this.#duration);
    this.#digest = this.world.digest();
    for (const one of this.#listeners) one.end?.(this.now);
    return false;
  }
}

/** Packets put on lines so far, by all links. */
export function hopsOf(world: World): number {
  let hops = 0;
  for (const cell of world.cells) if (cell?.isLink === true) hops += (cell.state.context as LinkContext).packets;
  return hops;
}
