/** The packets of a connection that may still be acknowledged: a ring by packet number, grown as needed up to `MAX_TRACKED`. */
import type { Bytes, Nanos } from "../units.ts";

export interface SentPackets {
  /** Lowest number kept. */
  first: number;
  /** Number of the next packet. */
  next: number;
  sentAt: Float64Array;
  offset: Float64Array;
  length: Int32Array;
  /** One of `STATUS`, with `FIN` added where the stream ended with this packet. */
  status: Uint8Array;
}

export const STATUS = { flying: 1, acked: 2, lost: 3 } as const;
const STATUS_BITS = 3;
const FIN = 4;
/** Most packets kept: a bound on the window, 78 MB of packets of 1200 bytes. */
export const MAX_TRACKED = 65_536;
const FIRST_CAPACITY = 16;

export function createSentPackets(): SentPackets {
  return { first: 0, next: 0, ...arrays(FIRST_CAPACITY) };
}

function arrays(capacity: number): Pick<SentPackets, "sentAt" | "offset" | "length" | "status"> {
  return {
    sentAt: new Float64Array(capacity),
    offset: new Float64Array(capacity),
    length: new Int32Array(capacity),
    status: new Uint8Array(capacity),
  };
}

/** Notes a packet and answers its number. There must be room: see `hasRoom`. */
export function noteSent(sent: SentPackets, offset: number, length: Bytes, fin: boolean, now: Nanos): number {
  if (sent.next - sent.first >= sent.status.length) grow(sent);
  const number = sent.next++;
  const slot = slotOf(sent, number);
  sent.sentAt[slot] = now;
  sent.offset[slot] = offset;
  sent.length[slot] = length;
  sent.status[slot] = STATUS.flying | (fin ? FIN : 0);
  return number;
}

export function hasRoom(sent: SentPackets): boolean {
  return sent.next - sent.first < MAX_TRACKED;
}

/** Where the arrays hold packet `number`, which must be kept. */
export function slotOf(sent: SentPackets, number: number): number {
  return number & (sent.status.length - 1);
}

export function statusAt(sent: SentPackets, slot: number): number {
  return (sent.status[slot] as number) & STATUS_BITS;
}

export function finAt(sent: SentPackets, slot: number): boolean {
  return ((sent.status[slot] as number) & FIN) !== 0;
}

export function setStatus(sent: SentPackets, slot: number, status: number): void {
  sent.status[slot] = ((sent.status[slot] as number) & FIN) | status;
}

/** Forgets from the oldest on what has arrived, and what was lost and sent before `horizon`: nobody asks for it any more. */
export function forget(sent: SentPackets, horizon: Nanos): void {
  while (sent.first < sent.next) {
    const slot = slotOf(sent, sent.first);
    const status = statusAt(sent, slot);
    if (status === STATUS.flying || (status === STATUS.lost && (sent.sentAt[slot] as number) >= horizon)) return;
    sent.first++;
  }
}

function grow(sent: SentPackets): void {
  const larger = arrays(2 * sent.status.length);
  for (let number = sent.first; number < sent.next; number++) {
    const from = slotOf(sent, number);
    const to = number & (larger.status.length - 1);
    larger.sentAt[to] = sent.sentAt[from] as number;
    larger.offset[to] = sent.offset[from] as number;
    larger.length[to] = sent.length[from] as number;
    larger.status[to] = sent.status[from] as number;
  }
  Object.assign(sent, larger);
}
