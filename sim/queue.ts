/**
 * The event queue: total order by (time, rank, sequence), assigned when an event is sent (docs/architecture.md, section 2).
 *
 * Three stores, one order. Zero-delay events wait in a FIFO beside the heap. Packets under way on a link wait in that
 * link's lane, a ring, and only the lane's head stands in the heap. All else stands in the heap itself. Which store an
 * entry takes never changes when it is delivered; lanes can be switched off to show it.
 */
import type { ControlEvent } from "../core/env.ts";
import { Heap, RANK_ONE } from "../core/heap.ts";
import type { Packet } from "../core/packet.ts";

/** Interface "number" that marks a control event instead of a packet. */
export const CONTROL = -1;

/** A handle holds the slot in its lower 26 bits and the slot's generation above. */
const SLOT_SPACE = 67_108_864;
const GENERATIONS = 134_217_728;
const NONE = -1;

export type Thing = Packet | ControlEvent;

/** Zero-delay events of the present instant, in the order sent. */
class Fifo {
  orders = new Float64Array(64);
  senders = new Int32Array(64);
  targets = new Int32Array(64);
  ifIds = new Int32Array(64);
  things: (Thing | null)[] = new Array<Thing | null>(64).fill(null);
  mask = 63;
  head = 0;
  count = 0;

  push(order: number, sender: number, target: number, ifId: number, thing: Thing): void {
    if (this.count > this.mask) this.#grow();
    const at = (this.head + this.count++) & this.mask;
    this.orders[at] = order;
    this.senders[at] = sender;
    this.targets[at] = target;
    this.ifIds[at] = ifId;
    this.things[at] = thing;
  }

  #grow(): void {
    const old = { ...this };
    const capacity = 2 * (this.mask + 1);
    this.orders = new Float64Array(capacity);
    this.senders = new Int32Array(capacity);
    this.targets = new Int32Array(capacity);
    this.ifIds = new Int32Array(capacity);
    this.things = new Array<Thing | null>(capacity).fill(null);
    for (let i = 0; i < old.count; i++) {
      const at = (old.head + i) & old.mask;
      this.orders[i] = old.orders[at] as number;
      this.senders[i] = old.senders[at] as number;
      this.targets[i] = old.targets[at] as number;
      this.ifIds[i] = old.ifIds[at] as number;
      this.things[i] = old.things[at] as Thing;
    }
    this.mask = capacity - 1;
    this.head = 0;
  }
}

/** One pending entry as checkers and checkpoints see it. */
export interface Pending {
  readonly time: number;
  readonly order: number;
  readonly sender: number;
  readonly target: number;
  readonly ifId: number;
  readonly thing: Thing;
  /** When it was sent. */
  readonly sent: number;
  /** Generation of the slot the entry's handle names; 0 where it has none. */
  readonly slot: number;
  readonly generation: number;
}

/** Where a slot's target, interface, sender and the next slot of its lane stand in `meta`, from 4 times the slot. */
const TARGET = 0;
const IF_ID = 1;
const SENDER = 2;
const NEXT = 3;

export class EventQueue {
  /** Time of the entry taken last. */
  clock = 0;
  /** The entry taken last. */
  order = 0;
  target = 0;
  ifId = 0;
  thing: Thing | null = null;
  /** Who sent it; -1: nobody (a fault). */
  sender = NONE;
  /** When. */
  sent = 0;

  #sequence = 0;
  readonly #lanesOn: boolean;
  readonly #heap = new Heap();
  readonly #fifo = new Fifo();

  /**
   * Entries stand in slots; the heap's items are slots. What belongs together stands side by side, and a freed slot is the
   * next to be used: on a large network a hop costs what it misses in the cache.
   */
  #key = new Float64Array(128);
  #meta = new Int32Array(256);
  #sentAt = new Float64Array(64);
  /** null: free, or cancelled while its key still stands in the heap. */
  readonly #things: (Thing | null)[] = new Array<Thing | null>(64).fill(null);
  /** Counts the uses of a slot by control events, so that an old handle names nothing. */
  #generation = new Int32Array(64);
  #slots = 0;
  readonly #free: number[] = [];

  /** Last slot of each link's lane by actor index, `NONE` where it is empty. A lane's head stands in the heap, the rest follow `NEXT`. */
  #laneTail = new Int32Array(64).fill(NONE);

  constructor(options: { lanes: boolean }) {
    this.#lanesOn = options.lanes;
  }

  /** Entries sent so far; also the next sequence number. */
  get sequence(): number {
    return this.#sequence;
  }

  /** A packet that reaches `target` after `delay`. `lane`: the sender is a link and all its packets go to this target. */
  sendPacket(sender: number, target: number, packet: Packet, ifId: number, delay: number, lane: boolean): number {
    const order = RANK_ONE + this.#sequence++;
    if (delay === 0) this.#fifo.push(order, sender, target, ifId, packet);
    else this.#store(this.clock + delay, order, sender, target, ifId, packet, lane && this.#lanesOn);
    return order;
  }

  /** A control event; returns its handle. `rank` 0 (faults) goes before everything else of the instant. */
  sendControl(sender: number, target: number, event: ControlEvent, delay: number, rank: 0 | 1 = 1): number {
    const order = (rank === 0 ? 0 : RANK_ONE) + this.#sequence++;
    const slot = this.#store(this.clock + delay, order, sender, target, CONTROL, event, false);
    return (this.#generation[slot] as number) * SLOT_SPACE + slot;
  }

  /** Key of the control event a handle names (its order), or -1 where it is no longer pending. */
  orderOf(handle: number): number {
    const slot = this.#slotOf(handle);
    return slot < 0 ? -1 : (this.#key[2 * slot + 1] as number);
  }

  cancel(handle: number): boolean {
    const slot = this.#slotOf(handle);
    if (slot < 0) return false;
    this.#things[slot] = null;
    return true;
  }

  /** Takes the earliest entry not after `until` into `target`, `ifId`, `thing`, `order`, `clock`; false where there is none. */
  next(until: number): boolean {
    const heap = this.#heap;
    const fifo = this.#fifo;
    for (;;) {
      if (fifo.count > 0) {
        const heapFirst =
          heap.size > 0 && heap.topTime <= this.clock && heap.topOrder < (fifo.orders[fifo.head] as number);
        if (!heapFirst) {
          this.#takeFifo();
          return true;
        }
      }
      if (heap.size === 0) return false;
      if (heap.topTime > until) return false;
      if (this.#takeSlot(heap.topItem, heap.topTime, heap.topOrder)) return true;
    }
  }

  /** Time of the entry that `next` would take; Infinity: none is left. */
  nextAt(): number {
    if (this.#fifo.count > 0) return this.clock;
    const heap = this.#heap;
    for (; heap.size > 0; this.#discard(heap.topItem)) {
      if (this.#things[heap.topItem] !== null) return heap.topTime;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Takes back what `sender` sent and has not arrived, in order of arrival. Linear: a link that fails is rare. */
  recall(sender: number): { order: number; packet: Packet }[] {
    const found: { time: number; order: number; packet: Packet }[] = [];
    const inLane = this.#laneSlots(sender);
    for (const slot of this.#heapSlots()) {
      if (this.#meta[4 * slot + SENDER] !== sender || this.#meta[4 * slot + IF_ID] === CONTROL) continue;
      if (!inLane.includes(slot)) inLane.push(slot);
    }
    for (const slot of inLane) {
      const thing = this.#things[slot] as Thing | null;
      if (thing !== null) found.push({ ...this.#keyOf(slot), packet: thing as Packet });
      this.#heap.remove(slot);
      this.#release(slot);
    }
    if (sender < this.#laneTail.length) this.#laneTail[sender] = NONE;
    this.#recallFifo(sender, found);
    return found.sort((a, b) => a.time - b.time || a.order - b.order);
  }

  /** Everything pending, in order of delivery. For checkers and checkpoints, not for the loop. */
  pending(): Pending[] {
    const all: Pending[] = [];
    const meta = this.#meta;
    for (const head of this.#heapSlots()) {
      for (let slot = head; slot !== NONE; slot = meta[4 * slot + NEXT] as number) {
        const thing = this.#things[slot] as Thing | null;
        if (thing === null) continue;
        const at = 4 * slot;
        const [target, ifId, sender] = [
          meta[at + TARGET] as number,
          meta[at + IF_ID] as number,
          meta[at + SENDER] as number,
        ];
        all.push({
          ...this.#keyOf(slot),
          sender,
          target,
          ifId,
          thing,
          sent: this.#sentAt[slot] as number,
          slot,
          generation: this.#generation[slot] as number,
        });
      }
    }
    const fifo = this.#fifo;
    for (let i = 0; i < fifo.count; i++) {
      const at = (fifo.head + i) & fifo.mask;
      const [order, sender] = [fifo.orders[at] as number, fifo.senders[at] as number];
      const [target, ifId] = [fifo.targets[at] as number, fifo.ifIds[at] as number];
      all.push({
        time: this.clock,
        order,
        sender,
        target,
        ifId,
        thing: fifo.things[at] as Thing,
        sent: this.clock,
        slot: NONE,
        generation: 0,
      });
    }
    return all.sort((a, b) => a.time - b.time || a.order - b.order);
  }

  /** Every packet pending, in no order, without an object for each: for pictures of a running world. */
  visitPackets(visit: (time: number, order: number, sender: number, packet: Packet) => void): void {
    const [key, meta] = [this.#key, this.#meta];
    const { item, size } = this.#heap;
    for (let at = 0; at < size; at++) {
      for (let slot = item[at] as number; slot !== NONE; slot = meta[4 * slot + NEXT] as number) {
        const thing = this.#things[slot] as Thing | null;
        if (thing === null || meta[4 * slot + IF_ID] === CONTROL) continue;
        visit(key[2 * slot] as number, key[2 * slot + 1] as number, meta[4 * slot + SENDER] as number, thing as Packet);
      }
    }
    const fifo = this.#fifo;
    for (let i = 0; i < fifo.count; i++) {
      const at = (fifo.head + i) & fifo.mask;
      if (fifo.ifIds[at] === CONTROL) continue;
      visit(this.clock, fifo.orders[at] as number, fifo.senders[at] as number, fifo.things[at] as Packet);
    }
  }

  /** Puts entries back as `pending` listed them; handles given before stay good. `isLane`: senders that are links. */
  restore(
    state: { clock: number; sequence: number; pending: readonly Pending[] },
    isLane: (sender: number) => boolean,
  ): void {
    this.clock = state.clock;
    this.#sequence = state.sequence;
    const claimed = state.pending.filter(({ slot, ifId }) => slot !== NONE && ifId === CONTROL);
    this.#claim(claimed);
    for (const { time, order, sender, target, ifId, thing, sent, slot, generation } of state.pending) {
      if (slot !== NONE && ifId === CONTROL) {
        this.#generation[slot] = generation;
        this.#fill(slot, time, order, sender, target, ifId, thing);
        this.#sentAt[slot] = sent;
        this.#heap.push(time, order, slot);
        continue;
      }
      const lane = this.#lanesOn && ifId !== CONTROL && slot !== NONE && isLane(sender);
      this.#sentAt[this.#store(time, order, sender, target, ifId, thing, lane)] = sent;
    }
  }

  #takeFifo(): void {
    const fifo = this.#fifo;
    const at = fifo.head;
    this.order = fifo.orders[at] as number;
    this.target = fifo.targets[at] as number;
    this.ifId = fifo.ifIds[at] as number;
    this.thing = fifo.things[at] as Thing;
    this.sender = fifo.senders[at] as number;
    this.sent = this.clock;
    fifo.things[at] = null;
    fifo.head = (at + 1) & fifo.mask;
    fifo.count--;
  }

  /** Takes the heap's first entry, a control event that was cancelled, away. */
  #discard(slot: number): void {
    this.#heap.pop();
    this.#generation[slot] = ((this.#generation[slot] as number) + 1) % GENERATIONS;
    this.#free.push(slot);
  }

  /** False where the entry had been cancelled. */
  #takeSlot(slot: number, time: number, order: number): boolean {
    const meta = this.#meta;
    const thing = this.#things[slot] as Thing | null;
    const at = 4 * slot;
    const ifId = meta[at + IF_ID] as number;
    const next = meta[at + NEXT] as number;
    const sender = meta[at + SENDER] as number;
    if (next !== NONE) {
      this.#heap.replaceTop(this.#key[2 * next] as number, this.#key[2 * next + 1] as number, next);
    } else {
      this.#heap.pop();
      if (ifId === CONTROL) this.#generation[slot] = ((this.#generation[slot] as number) + 1) % GENERATIONS;
      else if (sender < this.#laneTail.length && this.#laneTail[sender] === slot) this.#laneTail[sender] = NONE;
    }
    this.#free.push(slot);
    if (thing === null) return false;
    this.#things[slot] = null;
    this.clock = time;
    this.order = order;
    this.target = meta[at + TARGET] as number;
    this.ifId = ifId;
    this.thing = thing;
    this.sender = sender;
    this.sent = this.#sentAt[slot] as number;
    return true;
  }

  #store(
    time: number,
    order: number,
    sender: number,
    target: number,
    ifId: number,
    thing: Thing,
    lane: boolean,
  ): number {
    const slot = this.#free.pop() ?? this.#newSlot();
    this.#fill(slot, time, order, sender, target, ifId, thing);
    if (lane) {
      if (sender >= this.#laneTail.length) this.#growLanes(sender);
      const tail = this.#laneTail[sender] as number;
      // A packet that would overtake the lane's last one goes into the heap by itself.
      if (tail === NONE || time >= (this.#key[2 * tail] as number)) {
        this.#laneTail[sender] = slot;
        if (tail !== NONE) {
          this.#meta[4 * tail + NEXT] = slot;
          return slot;
        }
      }
    }
    this.#heap.push(time, order, slot);
    return slot;
  }

  #fill(slot: number, time: number, order: number, sender: number, target: number, ifId: number, thing: Thing): void {
    const meta = this.#meta;
    this.#key[2 * slot] = time;
    this.#key[2 * slot + 1] = order;
    this.#sentAt[slot] = this.clock;
    const at = 4 * slot;
    meta[at + TARGET] = target;
    meta[at + IF_ID] = ifId;
    meta[at + SENDER] = sender;
    meta[at + NEXT] = NONE;
    this.#things[slot] = thing;
  }

  #release(slot: number): void {
    this.#things[slot] = null;
    this.#meta[4 * slot + NEXT] = NONE;
    this.#free.push(slot);
  }

  /** Takes the very slots that restored control events had out of the free ones, so that handles in contexts stay good. */
  #claim(entries: readonly Pending[]): void {
    const taken = new Set(entries.map(({ slot }) => slot));
    const most = Math.max(-1, ...taken);
    while (this.#slots <= most) {
      const slot = this.#newSlot();
      if (!taken.has(slot)) this.#free.push(slot);
    }
  }

  #slotOf(handle: number): number {
    const slot = handle % SLOT_SPACE;
    const generation = Math.floor(handle / SLOT_SPACE);
    const control = slot < this.#slots && this.#meta[4 * slot + IF_ID] === CONTROL;
    const pending = control && this.#generation[slot] === generation && this.#things[slot] !== null;
    return pending ? slot : NONE;
  }

  #keyOf(slot: number): { time: number; order: number } {
    return { time: this.#key[2 * slot] as number, order: this.#key[2 * slot + 1] as number };
  }

  #heapSlots(): number[] {
    return [...this.#heap.item.subarray(0, this.#heap.size)];
  }

  /** Slots of a link's lane; its head is the heap's entry from which the tail can be reached. */
  #laneSlots(sender: number): number[] {
    const tail = sender < this.#laneTail.length ? (this.#laneTail[sender] as number) : NONE;
    if (tail === NONE) return [];
    for (const head of this.#heapSlots()) {
      if (this.#meta[4 * head + SENDER] !== sender) continue;
      const chain: number[] = [];
      for (let slot = head; slot !== NONE; slot = this.#meta[4 * slot + NEXT] as number) chain.push(slot);
      if (chain.at(-1) === tail) return chain;
    }
    return [];
  }

  #recallFifo(sender: number, found: { time: number; order: number; packet: Packet }[]): void {
    const fifo = this.#fifo;
    const kept: [number, number, number, number, Thing][] = [];
    for (let i = 0; i < fifo.count; i++) {
      const at = (fifo.head + i) & fifo.mask;
      const [order, thing] = [fifo.orders[at] as number, fifo.things[at] as Thing];
      if (fifo.senders[at] === sender && fifo.ifIds[at] !== CONTROL)
        found.push({ time: this.clock, order, packet: thing as Packet });
      else kept.push([order, fifo.senders[at] as number, fifo.targets[at] as number, fifo.ifIds[at] as number, thing]);
    }
    if (kept.length === fifo.count) return;
    fifo.count = 0;
    for (const entry of kept) fifo.push(...entry);
  }

  #newSlot(): number {
    const slot = this.#slots++;
    if (slot < this.#generation.length) return slot;
    const capacity = 2 * this.#generation.length;
    if (capacity > SLOT_SPACE) throw new Error(`more than ${SLOT_SPACE} events pending`);
    const key = new Float64Array(2 * capacity);
    key.set(this.#key);
    this.#key = key;
    this.#meta = widened(this.#meta, 4 * capacity);
    const sentAt = new Float64Array(capacity);
    sentAt.set(this.#sentAt);
    this.#sentAt = sentAt;
    this.#generation = widened(this.#generation, capacity);
    while (this.#things.length < capacity) this.#things.push(null);
    return slot;
  }

  #growLanes(sender: number): void {
    const used = this.#laneTail.length;
    this.#laneTail = widened(this.#laneTail, Math.max(2 * used, sender + 1));
    this.#laneTail.fill(NONE, used);
  }
}

function widened(old: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const wide = new Int32Array(capacity);
  wide.set(old);
  return wide;
}
