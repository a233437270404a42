/** Many who listen to one world, each called only for what it listens to. */
import type { WorldObserver } from "../../actors/record.ts";
import type { Cell } from "../../actors/world.ts";
import type { ActorIndex, ControlEvent, DropReason } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import type { Nanos } from "../../core/units.ts";
import type { Collector } from "./collector.ts";
import type { EventRecorder } from "./event-recorder.ts";

type Listening = Pick<Collector, "event" | "hears" | "types" | "handled" | "dropped" | "walked" | "started">;
type With<K extends keyof Listening> = Listening & Required<Pick<Listening, K>>;

function having<K extends keyof Listening>(all: readonly Listening[], method: K): readonly With<K>[] {
  return all.filter((one): one is With<K> => one[method] !== undefined);
}

/** What is known of an actor: nothing, nobody listens to it, somebody does. */
const [UNASKED, UNHEARD, HEARD] = [0, 1, 2];

export class Watchers implements WorldObserver {
  readonly #recorder: EventRecorder | null;
  /** Who is told of every event. */
  readonly #all: readonly With<"event">[];
  /** Who chooses. */
  readonly #some: readonly With<"event" | "hears">[];
  readonly #types: ReadonlySet<string>;
  readonly #handles: readonly With<"handled">[];
  readonly #drops: readonly With<"dropped">[];
  readonly #walks: readonly With<"walked">[];
  readonly #starts: readonly With<"started">[];
  /** By actor: does anybody of `some` listen to it? */
  #heard: Uint8Array = new Uint8Array(256);
  /** Somebody of `some` was told of the event being handled. */
  #told = false;

  /** `recorder`: told first. */
  constructor(listeners: readonly Listening[], recorder: EventRecorder | null) {
    this.#recorder = recorder;
    const events = having(listeners, "event");
    this.#all = events.filter(({ hears }) => hears === undefined);
    this.#some = events.filter((one): one is With<"event" | "hears"> => one.hears !== undefined);
    this.#types = new Set(this.#some.flatMap(({ types }) => [...(types ?? [])]));
    this.#handles = having(listeners, "handled");
    this.#drops = having(listeners, "dropped");
    this.#walks = having(listeners, "walked");
    this.#starts = having(listeners, "started");
  }

  delivered(
    target: Cell,
    order: number,
    thing: Packet | ControlEvent,
    isPacket: boolean,
    ifId: number,
    sender: ActorIndex = -1,
    sentAt: Nanos = 0,
  ): void {
    if (this.#told) this.#handled();
    this.#recorder?.delivered(target, order, thing, isPacket, ifId, sender, sentAt);
    for (const one of this.#all) one.event(target, thing, ifId, 0);
    if (this.#some.length > 0 && this.#isHeard(target, thing, isPacket)) this.#tell(target, thing, ifId);
  }

  dropped(at: Cell, packet: Packet, reason: DropReason): void {
    this.#recorder?.dropped(at, packet, reason);
    for (const one of this.#drops) one.dropped(at, packet, reason);
  }

  walked(actor: Cell, event: ControlEvent, before: unknown): void {
    for (const one of this.#walks) one.walked(actor, event, before);
  }

  started(actor: Cell): void {
    for (const one of this.#starts) one.started(actor);
  }

  #isHeard(target: Cell, thing: Packet | ControlEvent, isPacket: boolean): boolean {
    const { self } = target;
    const known = self < this.#heard.length ? this.#heard[self] : UNASKED;
    if (known === HEARD || (known === UNASKED && this.#ask(target))) return true;
    return !isPacket && this.#types.has((thing as ControlEvent).type);
  }

  #ask(target: Cell): boolean {
    const { self } = target;
    if (self >= this.#heard.length) {
      const room = new Uint8Array(2 * self);
      room.set(this.#heard);
      this.#heard = room;
    }
    const heard = this.#some.some((one) => one.hears(target));
    this.#heard[self] = heard ? HEARD : UNHEARD;
    return heard;
  }

  #tell(target: Cell, thing: Packet | ControlEvent, ifId: number): void {
    this.#told = true;
    const number = target.world.events + 1;
    for (const one of this.#some) one.event(target, thing, ifId, number);
  }

  #handled(): void {
    this.#told = false;
    for (const one of this.#handles) one.handled();
  }
}
