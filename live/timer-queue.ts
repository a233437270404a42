/** Pending events of the live world: the heap that `sim` uses, without lanes. Same total order: (time, rank, sequence). */
import type { ActorIndex, ControlEvent, Handle } from "../core/env.ts";
import { Heap, RANK_ONE } from "../core/heap.ts";
import type { Packet } from "../core/packet.ts";
import type { Nanos } from "../core/units.ts";

export interface DueEvent {
  readonly due: Nanos;
  readonly order: number;
  readonly sender: ActorIndex;
  readonly target: ActorIndex;
  readonly thing: Packet | ControlEvent;
  /** -1: a control event. */
  readonly ifId: number;
}

export class TimerQueue {
  readonly #heap = new Heap();
  /** By slot, the heap's item; null once cancelled. */
  readonly #slots: (DueEvent | null)[] = [];
  readonly #free: number[] = [];
  /** Slot of each pending event by its order. */
  readonly #byOrder = new Map<number, number>();
  #sequence = 0;

  get size(): number {
    return this.#byOrder.size;
  }

  push(
    due: Nanos,
    sender: ActorIndex,
    target: ActorIndex,
    thing: Packet | ControlEvent,
    ifId: number,
    rank: 0 | 1 = 1,
  ): Handle {
    const order = (rank === 0 ? 0 : RANK_ONE) + this.#sequence++;
    const slot = this.#free.pop() ?? this.#slots.length;
    this.#slots[slot] = { due, order, sender, target, thing, ifId };
    this.#byOrder.set(order, slot);
    this.#heap.push(due, order, slot);
    return order;
  }

  /** When the next event is due; infinite where none is. */
  get nextDue(): Nanos {
    this.#skipCancelled();
    return this.#heap.size === 0 ? Number.POSITIVE_INFINITY : this.#heap.topTime;
  }

  /** Takes the earliest event; call only where `nextDue` is finite. */
  take(): DueEvent {
    this.#skipCancelled();
    const slot = this.#heap.topItem;
    const event = this.#slots[slot] as DueEvent;
    this.#byOrder.delete(event.order);
    this.#release(slot);
    return event;
  }

  cancel(handle: Handle): void {
    const slot = this.#byOrder.get(handle);
    if (slot === undefined) return;
    this.#byOrder.delete(handle);
    this.#slots[slot] = null;
  }

  /** Takes back every packet of this sender, in order of arrival. */
  recall(sender: ActorIndex): DueEvent[] {
    const found = this.#slots.filter(
      (event): event is DueEvent =>
        event !== null && event?.sender === sender && event.ifId >= 0 && this.#byOrder.has(event.order),
    );
    for (const event of found) this.cancel(event.order);
    return found.sort((a, b) => a.due - b.due || a.order - b.order);
  }

  #skipCancelled(): void {
    while (this.#heap.size > 0 && this.#slots[this.#heap.topItem] === null) this.#release(this.#heap.topItem);
  }

  #release(slot: number): void {
    this.#heap.pop();
    this.#slots[slot] = null;
    this.#free.push(slot);
  }
}
