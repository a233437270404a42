/**
 * What listens while the scout runs ahead (scout.ts), and while the cursor moves (followers). Each method is called only where it is
 * there, so that a collector pays for nothing it does not want. None may keep a packet, nor change anything of the world.
 */
import type { WorldObserver } from "../../actors/record.ts";
import type { Cell } from "../../actors/world.ts";
import type { ControlEvent } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import type { Nanos } from "../../core/units.ts";
import type { Steppable } from "./source.ts";

export interface Collector extends Pick<WorldObserver, "dropped" | "started" | "walked"> {
  /** Once, before the first event; actors have started (`started` was called for each). */
  begin?(steppable: Steppable): void;
  /** Events of which actors it is told (asked once, with the first event of each), and ... Left out: it is told of every event. */
  hears?(actor: Cell): boolean;
  /** ... control events of these types, of whatever actor. It may be told of others, too. */
  readonly types?: ReadonlySet<string>;
  /** Before an event is handled. `number`: that of the event (0 where it is told of all); `ifId` below 0: a control event. Must not allocate. */
  event?(target: Cell, thing: Packet | ControlEvent, ifId: number, number: number): void;
  /** An event that it chose was handled; the next one has not been told. Not called for the last event of a run: `end` is. */
  handled?(): void;
  /** When it wants to look between two events; Infinity: never. Read after `begin` and after each `look`. */
  readonly at?: Nanos;
  /** Everything before `at` has been handled, nothing at it; `at` must lie later afterwards. `world.now` is the time of the last event. */
  look?(at: Nanos): void;
  /** The run has ended at `now`. */
  end?(now: Nanos): void;
}

/**
 * A collector of which the state at the cursor is wanted, too: it is kept with each checkpoint, and the cursor has one of its own, which
 * goes on from there. `at` and `look` are not for followers.
 */
export interface Follower extends Omit<Collector, "at" | "look"> {
  /** Plain data that shares nothing with it; small. */
  save(): unknown;
  /** The world is as it was when `save` gave this; the saved state can be used again. */
  restore(saved: unknown, steppable: Steppable): void;
}
