/** What can be explored: a world that is stepped event by event, copied and continued. A simulation, or a recorded run. */
import type { WorldObserver } from "../../actors/record.ts";
import type { World } from "../../actors/world.ts";
import type { ActorIndex, ControlEvent } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import type { TraceSink } from "../../core/trace.ts";
import type { Nanos } from "../../core/units.ts";

export interface WatchOptions {
  readonly trace?: TraceSink | null;
  /** Told of every sending and delivery; made once the world exists, before its first actor starts. */
  readonly observe?: (world: World) => WorldObserver;
}

/** A packet or control event that has been sent and not delivered. */
export interface PendingEvent {
  readonly time: Nanos;
  readonly order: number;
  /** -1: nobody (a fault). */
  readonly sender: number;
  readonly target: number;
  /** Interface of a packet; below 0: a control event. */
  readonly ifId: number;
  readonly thing: unknown;
}

export interface Steppable {
  readonly world: World;
  /** Events handled since the run began, those before a copy was taken included. */
  readonly events: number;
  readonly now: Nanos;
  /** True: a record that still grows; what is not there may come. Left out: what is not there never comes. */
  readonly growing?: boolean;
  /** Time of the next event; Infinity: none is left (of a record that still grows: none is known yet). */
  nextAt(): Nanos;
  /** Handles one event; false where none is left at or before `until`. Time then stands where it stood. */
  step(until?: Nanos): boolean;
  /** As many steps as there are until `events` have been handled; left out: it is stepped. */
  runTo?(events: number, until: Nanos): void;
  /** Moves time on to `until`, without an event; nothing before it may be pending. */
  settle(until: Nanos): void;
  /** Everything that has been sent and not delivered, in order of delivery. Of a record, what its own place holds. */
  pending(): readonly PendingEvent[];
  /**
   * The packets among them, in no order, fast: for each picture. `time`: when it arrives; `order`: another for each sending. Left out: they
   * are read from `pending`.
   */
  visitPackets?(visit: (time: Nanos, order: number, sender: number, packet: Packet) => void): void;
  /** Sends a control event from outside the network, due now and before everything else; left out: the run cannot be changed. */
  inject?(target: ActorIndex, event: ControlEvent): void;
  /** The whole state as plain data that shares nothing with the world. */
  save(): Saved;
  /** What a record says of itself as far as this world has gone: it differs from its replay, it was cut off, or its end is as recorded; null: nothing yet. */
  verdict?(): string | null;
}

/** Handles events until so many have been since the run began, or none is left at or before `until`. */
export function runTo(steppable: Steppable, events: number, until: Nanos): void {
  if (steppable.runTo !== undefined) steppable.runTo(events, until);
  else while (steppable.events < events && steppable.step(until));
}

export interface Saved {
  readonly events: number;
  readonly now: Nanos;
  /** A rough size. */
  readonly bytes: number;
  readonly state: unknown;
}

export interface WorldSource {
  readonly kind: "sim" | "record";
  readonly duration: Nanos;
  /** Can worlds be made? A record cannot before each place's beginning has come. Left out: at once. */
  readonly ready?: boolean;
  /** The world before its first event. */
  begin(options?: WatchOptions): Steppable;
  /** A world that continues from a copy; the copy can be used again. */
  restore(saved: Saved, options?: WatchOptions): Steppable;
}
