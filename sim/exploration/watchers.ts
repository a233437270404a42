/** Many who listen to one world, each called only for what it listens to. */
import type { WorldObserver } from "../../actors/record.ts";
import type { Cell } from "../../actors/world.ts";
import type { ControlEvent, DropReason } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import type { Collector } from "./collector.ts";
import type { EventRecorder } from "./event-recorder.ts";

type Listening = Pick<Collector, "event" | "dropped" | "walked" | "started">;
type With<K extends keyof Listening> = Required<Pick<Listening, K>>;

function having<K extends keyof Listening>(all: readonly Listening[], method: K): readonly With<K>[] {
  return all.filter((one): one is Listening & With<K> => one[method] !== undefined);
}

export class Watchers implements WorldObserver {
  readonly #recorder: EventRecorder | null;
  readonly #events: readonly With<"event">[];
  readonly #drops: readonly With<"dropped">[];
  readonly #walks: readonly With<"walked">[];
  readonly #starts: readonly With<"started">[];
  /** Events handled and the one being handled. */
  #number: number;

  /** `events`: those handled so far. `recorder`: told first. */
  constructor(listeners: readonly Listening[], recorder: EventRecorder | null, events: number) {
    this.#recorder = recorder;
    this.#events = having(listeners, "event");
    this.#drops = having(listeners, "dropped");
    this.#walks = having(listeners, "walked");
    this.#starts = having(listeners, "started");
    this.#number = events;
  }

  sent(from: Cell, target: number, order: number): void {
    this.#recorder?.sent(from, target, order);
  }

  delivered(target: Cell, order: number, thing: Packet | ControlEvent, isPacket: boolean, ifId: number): void {
    const number = ++this.#number;
    this.#recorder?.delivered(target, order, thing, isPacket, ifId);
    for (const one of this.#events) one.event(target, thing, ifId, number);
  }

  recalled(from: Cell, orders: readonly number[]): void {
    this.#recorder?.recalled(from, orders);
  }

  cancelled(order: number): void {
    this.#recorder?.cancelled(order);
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
}
