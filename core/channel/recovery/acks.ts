/**
 * One path's receiving side: which packets came (each is taken once), what to acknowledge, and when (RFC 9000, 13.2). Every second
 * packet that asks for it, or after 25 ms; at once where one is out of order or marked "congestion experienced".
 *
 * Two memories: a window of bits tells duplicates, however the packets were shuffled; ranges are what acknowledgements say. Ranges
 * are forgotten when they were said for one to two seconds, and the oldest beyond `MAX_RANGES`.
 */
import { addRange, type Ranges } from "../../transport/ranges.ts";
import { MAX_ACK_DELAY } from "../../transport/rtt.ts";
import { type Nanos, SECOND } from "../../units.ts";

export interface AckReport {
  /** Ascending half-open pairs of packet numbers. The receiver's own array: encode it before the next packet is noted. */
  readonly ranges: Ranges;
  /** Since the packet with the largest number came. */
  delayNs: Nanos;
  /** Packets marked "congestion experienced", in all. */
  ce: number;
}

export interface Acks {
  readonly every: number;
  readonly maxDelay: Nanos;
  readonly report: AckReport;
  /** One bit a packet number, the last `REPLAY_WINDOW` of them. */
  readonly seen: Uint32Array;
  /** Largest number that came, -1: none yet; and when. */
  largest: number;
  largestAt: Nanos;
  /** Packets since the last acknowledgement that ask for one. */
  waiting: number;
  /** By when to acknowledge, -1: nothing waits. */
  ackAt: Nanos;
  /** Ranges below this are forgotten at `forgetAt`. */
  forgetBelow: number;
  forgetAt: Nanos;
  received: number;
  duplicates: number;
  old: number;
}

export interface AckOptions {
  /** Packets an acknowledgement. Default 2. */
  readonly every?: number;
  /** Default 25 ms. */
  readonly maxDelay?: Nanos;
}

/** Most ranges in one acknowledgement. */
export const MAX_RANGES = 32;
/** Packets this far behind the largest number are not taken: nobody knows whether they came before. */
export const REPLAY_WINDOW = 4_096;
const RANGES_SAID_FOR: Nanos = SECOND;

export function createAcks({ every = 2, maxDelay = MAX_ACK_DELAY }: AckOptions = {}): Acks {
  return {
    every,
    maxDelay,
    report: { ranges: [], delayNs: 0, ce: 0 },
    seen: new Uint32Array(REPLAY_WINDOW >> 5),
    largest: -1,
    largestAt: 0,
    waiting: 0,
    ackAt: -1,
    forgetBelow: 0,
    forgetAt: 0,
    received: 0,
    duplicates: 0,
    old: 0,
  };
}

/** Has this number been noted, or is it too old to tell? For packets not yet known to be genuine: changes nothing. */
export function isReplay(acks: Acks, number: number): boolean {
  if (number > acks.largest) return false;
  return number <= acks.largest - REPLAY_WINDOW || isSeen(acks, number);
}

/** A genuine packet has come. Only "new" ones are to be taken. `eliciting`: it asks for an acknowledgement; `ce`: marked on its way. */
export function noteReceived(
  acks: Acks,
  number: number,
  eliciting: boolean,
  ce: boolean,
  now: Nanos,
): "new" | "duplicate" | "old" {
  if (number <= acks.largest - REPLAY_WINDOW) {
    acks.old++;
    return "old";
  }
  if (number <= acks.largest && isSeen(acks, number)) {
    acks.duplicates++;
    return "duplicate";
  }
  const inOrder = number === acks.largest + 1;
  remember(acks, number, now);
  acks.received++;
  if (ce) acks.report.ce++;
  if (eliciting) schedule(acks, inOrder && !ce, now);
  return "new";
}

export function ackIsDue(acks: Acks, now: Nanos): boolean {
  return acks.ackAt >= 0 && acks.ackAt <= now;
}

/** The acknowledgement to send now; nothing waits any more. */
export function takeAckRanges(acks: Acks, now: Nanos): Readonly<AckReport> {
  const { report } = acks;
  acks.waiting = 0;
  acks.ackAt = -1;
  report.delayNs = now - acks.largestAt;
  return report;
}

/** An acknowledgement that named numbers up to `largest` has arrived: what lies below needs no more saying (RFC 9000, 13.2.4). */
export function confirmAck(acks: Acks, largest: number): void {
  forgetRanges(acks.report.ranges, Math.min(largest, acks.largest));
}

function schedule(acks: Acks, patient: boolean, now: Nanos): void {
  acks.waiting++;
  if (!patient || acks.waiting >= acks.every) acks.ackAt = now;
  else if (acks.ackAt < 0) acks.ackAt = now + acks.maxDelay;
}

function remember(acks: Acks, number: number, now: Nanos): void {
  const { ranges } = acks.report;
  if (number > acks.largest) {
    clearBetween(acks, acks.largest + 1, number);
    acks.largest = number;
    acks.largestAt = now;
  }
  const word = (number >>> 5) & (acks.seen.length - 1);
  acks.seen[word] = (acks.seen[word] as number) | (1 << (number & 31));
  addRange(ranges, number, number + 1);
  if (ranges.length > 2 * MAX_RANGES) ranges.splice(0, ranges.length - 2 * MAX_RANGES);
  if (now < acks.forgetAt) return;
  forgetRanges(ranges, acks.forgetBelow);
  acks.forgetBelow = acks.largest;
  acks.forgetAt = now + RANGES_SAID_FOR;
}

function isSeen(acks: Acks, number: number): boolean {
  return (((acks.seen[(number >>> 5) & (acks.seen.length - 1)] as number) >>> (number & 31)) & 1) === 1;
}

/** The bits of [from, to], which stood for numbers a window before. */
function clearBetween({ seen }: Acks, from: number, to: number): void {
  if (to - from >= REPLAY_WINDOW) {
    seen.fill(0);
    return;
  }
  for (let number = from; number <= to; number++) {
    const word = (number >>> 5) & (seen.length - 1);
    seen[word] = (seen[word] as number) & ~(1 << (number & 31));
  }
}

/** Whole ranges below a number; the last range stays. */
function forgetRanges(ranges: Ranges, below: number): void {
  let count = 0;
  while (count + 2 < ranges.length && (ranges[count + 1] as number) <= below) count += 2;
  if (count > 0) ranges.splice(0, count);
}
