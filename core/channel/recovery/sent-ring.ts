/**
 * The packets of a path that may still be acknowledged: a ring by packet number over typed arrays, grown as needed up to
 * `MAX_TRACKED`. What a slot holds stays readable until the next packet is sent, also of packets just settled.
 */
import type { Nanos } from "../../units.ts";

export interface SentRing {
  /** Lowest number kept. */
  first: number;
  /** Number of the next packet. */
  next: number;
  sentAt: Float64Array;
  /** Bytes of the packet. */
  bytes: Int32Array;
  /** One of `STATUS`, with `APP_LIMITED` added. */
  status: Uint8Array;
  /** The owner's: what the packet held. */
  channel: Int32Array;
  offset: Float64Array;
  length: Int32Array;
  flags: Int32Array;
  /** Bytes delivered when the packet left, when the last of them was, and when the first packet of that sample left. */
  delivered: Float64Array;
  deliveredAt: Float64Array;
  firstSentAt: Float64Array;
}

/** `silent`: asks for no acknowledgement and counts nowhere. */
export const STATUS = { silent: 0, flying: 1, acked: 2, lost: 3 } as const;
export const STATUS_BITS = 3;
export const APP_LIMITED = 4;
/** Most packets kept: a bound on the window, 78 MB of packets of 1200 bytes. */
export const MAX_TRACKED = 65_536;
/** Arrays of at most 64 bytes stay within the heap: many associations never need more. */
const FIRST_CAPACITY = 8;

type Columns = Omit<SentRing, "first" | "next">;

export function createSentRing(): SentRing {
  return { first: 0, next: 0, ...columns(FIRST_CAPACITY) };
}

function columns(capacity: number): Columns {
  return {
    sentAt: new Float64Array(capacity),
    bytes: new Int32Array(capacity),
    status: new Uint8Array(capacity),
    channel: new Int32Array(capacity),
    offset: new Float64Array(capacity),
    length: new Int32Array(capacity),
    flags: new Int32Array(capacity),
    delivered: new Float64Array(capacity),
    deliveredAt: new Float64Array(capacity),
    firstSentAt: new Float64Array(capacity),
  };
}

/** Where the arrays hold packet `number`, which must be kept. */
export function slotOf(sent: SentRing, number: number): number {
  return number & (sent.status.length - 1);
}

export function statusAt(sent: SentRing, slot: number): number {
  return (sent.status[slot] as number) & STATUS_BITS;
}

export function setStatus(sent: SentRing, slot: number, status: number): void {
  sent.status[slot] = ((sent.status[slot] as number) & APP_LIMITED) | status;
}

export function hasRoom(sent: SentRing): boolean {
  return sent.next - sent.first < MAX_TRACKED;
}

/** Does the next packet need room that is made by `forget`, or by growing? */
export function isFull(sent: SentRing): boolean {
  return sent.next - sent.first >= sent.status.length;
}

/** The slot of the next number, which is taken; there must be room. */
export function takeSlot(sent: SentRing): number {
  if (isFull(sent)) grow(sent);
  return slotOf(sent, sent.next++);
}

/** Forgets from the oldest on what is settled, and what was lost and left before `horizon`: nobody asks for it any more. */
export function forget(sent: SentRing, horizon: Nanos): void {
  while (sent.first < sent.next) {
    const slot = slotOf(sent, sent.first);
    const status = statusAt(sent, slot);
    if (status === STATUS.flying || (status === STATUS.lost && (sent.sentAt[slot] as number) >= horizon)) return;
    sent.first++;
  }
}

function grow(sent: SentRing): void {
  const capacity = sent.status.length;
  const larger = columns(2 * capacity);
  for (const name of Object.keys(larger) as (keyof Columns)[]) {
    for (let number = sent.first; number < sent.next; number++) {
      larger[name][number & (2 * capacity - 1)] = sent[name][number & (capacity - 1)] as number;
    }
  }
  Object.assign(sent, larger);
}
