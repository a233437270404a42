/**
 * A drop-tail queue in front of a line, without an event a packet: since the line serves in order, the instant at which a
 * packet's transmission starts is known when it arrives, and the packets waiting are those whose start lies ahead.
 */
import type { Bytes, Nanos } from "./units.ts";

export interface TransmitQueue {
  /** When the line has sent all it holds. */
  busyUntil: Nanos;
  waiting: number;
  waitingBytes: Bytes;
  /** Bounds on what waits (the packet being sent not counted); 0: no bound of this kind. */
  readonly limitPackets: number;
  readonly limitBytes: Bytes;
  /** Start of transmission and size of each waiting packet, a ring; made when the first packet waits. */
  starts: Float64Array | null;
  sizes: Int32Array | null;
  head: number;
  /** Most packets that ever waited. */
  highWater: number;
}

export function createTransmitQueue(limitPackets: number, limitBytes: Bytes): TransmitQueue {
  return {
    busyUntil: 0,
    waiting: 0,
    waitingBytes: 0,
    limitPackets,
    limitBytes,
    starts: null,
    sizes: null,
    head: 0,
    highWater: 0,
  };
}

/**
 * Admits a packet of `size` bytes that takes `transmission` to send.
 * @returns when its transmission starts, or -1 where the queue is full.
 */
export function admit(queue: TransmitQueue, now: Nanos, size: Bytes, transmission: Nanos): Nanos {
  if (queue.busyUntil <= now) {
    if (queue.waiting !== 0) release(queue, now);
    queue.busyUntil = now + transmission;
    return now;
  }
  if (queue.waiting > 0) release(queue, now);
  if (queue.limitPackets !== 0 && queue.waiting >= queue.limitPackets) return -1;
  if (queue.limitBytes !== 0 && queue.waitingBytes + size > queue.limitBytes) return -1;
  const start = queue.busyUntil;
  push(queue, start, size);
  queue.busyUntil = start + transmission;
  return start;
}

/** Forgets what has started by `now`; afterwards `waiting` and `waitingBytes` are those of this instant. */
export function release(queue: TransmitQueue, now: Nanos): void {
  const { starts, sizes } = queue;
  if (starts === null || sizes === null) return;
  const mask = starts.length - 1;
  while (queue.waiting > 0 && (starts[queue.head] as number) <= now) {
    queue.waitingBytes -= sizes[queue.head] as number;
    queue.head = (queue.head + 1) & mask;
    queue.waiting--;
  }
}

/** What waits at `now`, read only: the queue itself forgets what has started when the next packet comes. */
export function waitingAt(
  queue: Readonly<TransmitQueue>,
  now: Nanos,
): { readonly waitingPackets: number; readonly waitingBytes: Bytes } {
  const { starts, sizes, head } = queue;
  let { waiting, waitingBytes } = queue;
  if (starts === null || sizes === null) return { waitingPackets: waiting, waitingBytes };
  const mask = starts.length - 1;
  for (let at = head; waiting > 0 && (starts[at] as number) <= now; at = (at + 1) & mask) {
    waitingBytes -= sizes[at] as number;
    waiting--;
  }
  return { waitingPackets: waiting, waitingBytes };
}

/** Empties the queue and frees the line (the link went down). */
export function reset(queue: TransmitQueue, now: Nanos): void {
  queue.waiting = 0;
  queue.waitingBytes = 0;
  queue.busyUntil = now;
}

function push(queue: TransmitQueue, start: Nanos, size: Bytes): void {
  if (queue.starts === null || queue.sizes === null || queue.waiting === queue.starts.length) grow(queue);
  const starts = queue.starts as unknown as Float64Array;
  const at = (queue.head + queue.waiting) & (starts.length - 1);
  starts[at] = start;
  (queue.sizes as unknown as Int32Array)[at] = size;
  queue.waitingBytes += size;
  if (++queue.waiting > queue.highWater) queue.highWater = queue.waiting;
}

function grow(queue: TransmitQueue): void {
  const capacity = queue.starts === null ? 16 : 2 * queue.starts.length;
  const starts = new Float64Array(capacity);
  const sizes = new Int32Array(capacity);
  for (let i = 0; i < queue.waiting; i++) {
    const at = (queue.head + i) & (capacity / 2 - 1);
    starts[i] = (queue.starts as Float64Array)[at] as number;
    sizes[i] = (queue.sizes as Int32Array)[at] as number;
  }
  queue.starts = starts;
  queue.sizes = sizes;
  queue.head = 0;
}
