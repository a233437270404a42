/**
 * Orders of events at one instant: rank 0 (faults) stands below this number, rank 1 (all else) from it on, each counted up by
 * sequence. Exact: half of what a double can count.
 */
export const RANK_ONE = 4_503_599_627_370_496;

/**
 * A 4-ary min-heap on typed arrays with the key (time, order) and a whole number as item. No two entries share an
 * order, so the sequence of pops is total. Both worlds keep their pending events in it. Time and order stand side by side, so
 * that the four children of an entry share a cache line.
 */
export class Heap {
  size = 0;
  /** Time of entry i at 2i, its order at 2i + 1. */
  key = new Float64Array(128);
  item = new Int32Array(64);

  /** Time of the least entry; meaningless where the heap is empty. */
  get topTime(): number {
    return this.key[0] as number;
  }

  get topOrder(): number {
    return this.key[1] as number;
  }

  get topItem(): number {
    return this.item[0] as number;
  }

  push(time: number, order: number, item: number): void {
    if (this.size === this.item.length) this.#grow();
    siftUp(this.key, this.item, this.size++, time, order, item);
  }

  /** Drops the least entry; read it first. */
  pop(): void {
    const last = --this.size;
    if (last === 0) return;
    const { key, item } = this;
    siftDown(key, item, last, 0, key[2 * last] as number, key[2 * last + 1] as number, item[last] as number);
  }

  /** Puts another entry in place of the least one, at the price of one sift. */
  replaceTop(time: number, order: number, item: number): void {
    siftDown(this.key, this.item, this.size, 0, time, order, item);
  }

  /** Position of the entry with this item, -1 where there is none. Linear: for rare events. */
  find(item: number): number {
    return this.item.subarray(0, this.size).indexOf(item);
  }

  /** Time of the entry at a position `find` gave. */
  timeAt(position: number): number {
    return this.key[2 * position] as number;
  }

  /** Removes the entry with this item, wherever it stands; false where there is none. Linear: for rare events. */
  remove(item: number): boolean {
    const at = this.find(item);
    if (at < 0) return false;
    const last = --this.size;
    if (at === last) return true;
    const { key, item: items } = this;
    const [time, order, moved] = [key[2 * last] as number, key[2 * last + 1] as number, items[last] as number];
    // The last entry fills the hole; it belongs above or below it, never both.
    siftUp(key, items, at, time, order, moved);
    if (key[2 * at + 1] === order) siftDown(key, items, this.size, at, time, order, moved);
    return true;
  }

  #grow(): void {
    const key = new Float64Array(2 * this.key.length);
    const item = new Int32Array(2 * this.item.length);
    key.set(this.key);
    item.set(this.item);
    this.key = key;
    this.item = item;
  }
}

function siftUp(key: Float64Array, items: Int32Array, start: number, time: number, order: number, item: number): void {
  let at = start;
  while (at > 0) {
    const parent = (at - 1) >> 2;
    const parentTime = key[2 * parent] as number;
    const parentOrder = key[2 * parent + 1] as number;
    if (parentTime < time || (parentTime === time && parentOrder < order)) break;
    key[2 * at] = parentTime;
    key[2 * at + 1] = parentOrder;
    items[at] = items[parent] as number;
    at = parent;
  }
  key[2 * at] = time;
  key[2 * at + 1] = order;
  items[at] = item;
}

function siftDown(
  key: Float64Array,
  items: Int32Array,
  size: number,
  start: number,
  time: number,
  order: number,
  item: number,
): void {
  let at = start;
  for (;;) {
    const first = 4 * at + 1;
    if (first >= size) break;
    const end = first + 4 < size ? first + 4 : size;
    let best = first;
    let bestTime = key[2 * first] as number;
    for (let child = first + 1; child < end; child++) {
      const childTime = key[2 * child] as number;
      if (
        childTime < bestTime ||
        (childTime === bestTime && (key[2 * child + 1] as number) < (key[2 * best + 1] as number))
      ) {
        best = child;
        bestTime = childTime;
      }
    }
    const bestOrder = key[2 * best + 1] as number;
    if (time < bestTime || (time === bestTime && order < bestOrder)) break;
    key[2 * at] = bestTime;
    key[2 * at + 1] = bestOrder;
    items[at] = items[best] as number;
    at = best;
  }
  key[2 * at] = time;
  key[2 * at + 1] = order;
  items[at] = item;
}
