/**
 * The world as it is shown: after an exact number of events, or at an exact time. It goes on by single steps, and back by going on from
 * the nearest copy before; either way the state is that of a straight run.
 */
import type { World } from "../../actors/world.ts";
import type { Nanos } from "../../core/units.ts";
import type { Checkpoints, Kept } from "./checkpoints.ts";
import type { Follower } from "./collector.ts";
import { runTo, type Steppable, type WorldSource } from "./source.ts";
import { Watchers } from "./watchers.ts";

/** So many events are simulated sooner than a copy is brought to life. */
const CHEAP_EVENTS = 20_000;

export class Cursor {
  readonly #source: WorldSource;
  readonly #checkpoints: Checkpoints;
  readonly #followers: readonly Follower[];
  #at: Steppable;
  /** Time was moved on past the last event. */
  #settled = false;

  /** The scout that fills `checkpoints` must have begun. `followers`: those of the cursor, in the order of the scout's. */
  constructor(source: WorldSource, checkpoints: Checkpoints, followers: readonly Follower[] = []) {
    this.#source = source;
    this.#checkpoints = checkpoints;
    this.#followers = followers;
    this.#at = this.#from(checkpoints.before(0) as Kept);
  }

  get world(): World {
    return this.#at.world;
  }

  /** Events handled. */
  get events(): number {
    return this.#at.events;
  }

  get now(): Nanos {
    return this.#at.now;
  }

  get followers(): readonly Follower[] {
    return this.#followers;
  }

  /** For reading only: what moves it makes another cursor of it. */
  get steppable(): Steppable {
    return this.#at;
  }

  /** After so many events, no more than there are; time is that of the last of them. */
  seekEvent(event: number): void {
    const wanted = Math.max(0, event);
    const kept = this.#checkpoints.before(wanted) as Kept;
    const onward = this.#at.events < wanted || (this.#at.events === wanted && !this.#settled);
    if (!(onward && this.#near(kept))) this.#restore(kept);
    const before = this.#at.events;
    runTo(this.#at, wanted, this.#source.duration);
    if (this.#at.events > before) this.#settled = false;
  }

  /** After everything up to a time, which is then the present. */
  seekTime(time: Nanos): void {
    const wanted = Math.max(0, Math.min(time, this.#source.duration));
    const kept = this.#checkpoints.beforeTime(wanted) as Kept;
    if (!(this.#at.now <= wanted && this.#near(kept))) this.#restore(kept);
    runTo(this.#at, Number.POSITIVE_INFINITY, wanted);
    this.#at.settle(wanted);
    this.#settled = true;
  }

  #near({ saved }: Kept): boolean {
    return this.#at.events >= saved.events - CHEAP_EVENTS;
  }

  #restore(kept: Kept): void {
    this.#at = this.#from(kept);
    this.#settled = false;
  }

  #from({ saved, followers }: Kept): Steppable {
    const own = this.#followers;
    const watch = own.length === 0 ? {} : { observe: () => new Watchers(own, null) };
    const steppable = this.#source.restore(saved, watch);
    own.forEach((follower, index) => follower.restore(followers[index], steppable));
    return steppable;
  }
}
