/**
 * Pending events of the live world, in the total order that `sim` keeps: (time, rank, sequence). What is due at once, which is most
 * of it, waits in a line beside the heap.
 */
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
  /** It was not due at once. */
  readonly timed: boolean;
}

/** `live` turns false where the event is cancelled or taken back. */
type Pending = DueEvent & { live: boolean };

export class TimerQueue {
  readonly #heap = new Heap();
  /** By slot, the heap's item. */
  readonly #slots: (Pending | null)[] = [];
  readonly #free: number[] = [];
  /** Due at once: sorted already, since time never goes back. */
  #line: Pending[] = [];
  #head = 0;
  /** Control events that can be cancelled, by order. */
  readonly #controls = new Map<number, Pending>();
  #packets = 0;
  #sequence = 0;

  /** Packets under way. */
  get packets(): number {
    return this.#packets;
  }

  /** `now`: what is due at it goes into the line. Rank 0 is for faults. */
  push(
    due: Nanos,
    now: Nanos,
    sender: ActorIndex,
    target: ActorIndex,
    thing: Packet | ControlEvent,
    ifId: number,
    rank: 0 | 1 = 1,
  ): Handle {
    const order = (rank === 0 ? 0 : RANK_ONE) + this.#sequence++;
    const timed = due > now || rank === 0;
    const pending: Pending = { due, order, sender, target, thing, ifId, timed, live: true };
    if (timed) {
      const slot = this.#free.pop() ?? this.#slots.length;
      this.#slots[slot] = pending;
      this.#heap.push(due, order, slot);
    } else this.#line.push(pending);
    if (ifId < 0) this.#controls.set(order, pending);
    else this.#packets++;
    return order;
  }

  /** When the next event is due; infinite where none is. */
  get nextDue(): Nanos {
    this.#skipDead();
    const timed = this.#heap.size === 0 ? Number.POSITIVE_INFINITY : this.#heap.topTime;
    const first = this.#line[this.#head];
    return first === undefined ? timed : Math.min(first.due, timed);
  }

  /** Takes the earliest event; call only where `nextDue` is finite. */
  take(): DueEvent {
    this.#skipDead();
    const first = this.#line[this.#head];
    const event = first !== undefined && this.#isNext(first) ? this.#takeFirst(first) : this.#takeTop();
    if (event.ifId < 0) this.#controls.delete(event.order);
    else this.#packets--;
    event.live = false;
    return event;
  }

  cancel(handle: Handle): void {
    const pending = this.#controls.get(handle);
    if (pending === undefined) return;
    this.#controls.delete(handle);
    pending.live = false;
  }

  /** Takes back every packet of this sender, in order of arrival. */
  recall(sender: ActorIndex): DueEvent[] {
    const found = [...this.#slots, ...this.#line.slice(this.#head)].filter(
      (event): event is Pending => event !== null && event.live && event.sender === sender && event.ifId >= 0,
    );
    for (const event of found) event.live = false;
    this.#packets -= found.length;
    return found.sort((a, b) => a.due - b.due || a.order - b.order);
  }

  #isNext({ due, order }: Pending): boolean {
    if (this.#heap.size === 0) return true;
    const { topTime } = this.#heap;
    return due < topTime || (due === topTime && order < this.#heap.topOrder);
  }

  #takeFirst(first: Pending): Pending {
    if (++this.#head === this.#line.length) {
      this.#line = [];
      this.#head = 0;
    }
    return first;
  }

  #takeTop(): Pending {
    const event = this.#slots[this.#heap.topItem] as Pending;
    this.#releaseTop();
    return event;
  }

  #skipDead(): void {
    while (this.#heap.size > 0 && this.#slots[this.#heap.topItem]?.live !== true) this.#releaseTop();
    for (let first = this.#line[this.#head]; first?.live === false; first = this.#line[this.#head]) {
      this.#takeFirst(first);
    }
  }

  #releaseTop(): void {
    const slot = this.#heap.topItem;
    this.#heap.pop();
    this.#slots[slot] = null;
    this.#free.push(slot);
  }
}
