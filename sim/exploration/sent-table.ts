/** Who sent what is pending, and when, by its order in the queue: open addressing with linear probing; entries come and go with each event. */
import type { Nanos } from "../../core/units.ts";

const EMPTY = -1;
const SCRAMBLE = 0x9e37_79b1;

export class SentTable {
  /** Of the entry taken last. */
  sender = EMPTY;
  time: Nanos = 0;
  /** Order and time, side by side. */
  #keys = new Float64Array(2 * 1_024).fill(EMPTY);
  #senders = new Int32Array(1_024);
  #mask = 1_023;
  #shift = 22;
  #count = 0;

  /** Entries pending. */
  get size(): number {
    return this.#count;
  }

  put(order: number, sender: number, time: Nanos): void {
    if (2 * this.#count > this.#mask) this.#grow();
    const keys = this.#keys;
    let at = this.#placeOf(order);
    while (keys[2 * at] !== EMPTY) at = (at + 1) & this.#mask;
    keys[2 * at] = order;
    keys[2 * at + 1] = time;
    this.#senders[at] = sender;
    this.#count++;
  }

  /** Takes an entry out, into `sender` and `time`; false where there is none. */
  take(order: number): boolean {
    if (order < 0) return false;
    const keys = this.#keys;
    let at = this.#placeOf(order);
    for (; keys[2 * at] !== order; at = (at + 1) & this.#mask) if (keys[2 * at] === EMPTY) return false;
    this.sender = this.#senders[at] as number;
    this.time = keys[2 * at + 1] as number;
    this.#remove(at);
    return true;
  }

  /** Closes the gap: entries behind it that could stand in it move up. */
  #remove(found: number): void {
    const keys = this.#keys;
    const mask = this.#mask;
    let gap = found;
    for (let at = (gap + 1) & mask; keys[2 * at] !== EMPTY; at = (at + 1) & mask) {
      const wanted = this.#placeOf(keys[2 * at] as number);
      if (((at - wanted) & mask) < ((at - gap) & mask)) continue;
      keys[2 * gap] = keys[2 * at] as number;
      keys[2 * gap + 1] = keys[2 * at + 1] as number;
      this.#senders[gap] = this.#senders[at] as number;
      gap = at;
    }
    keys[2 * gap] = EMPTY;
    this.#count--;
  }

  #placeOf(order: number): number {
    return Math.imul(order | 0, SCRAMBLE) >>> this.#shift;
  }

  #grow(): void {
    const [keys, senders] = [this.#keys, this.#senders];
    const capacity = 2 * (this.#mask + 1);
    this.#keys = new Float64Array(2 * capacity).fill(EMPTY);
    this.#senders = new Int32Array(capacity);
    this.#mask = capacity - 1;
    this.#shift--;
    this.#count = 0;
    for (let at = 0; at < senders.length; at++) {
      if (keys[2 * at] !== EMPTY) this.put(keys[2 * at] as number, senders[at] as number, keys[2 * at + 1] as number);
    }
  }
}
