/**
 * A queue and a line that need events: other disciplines than drop-tail, rates that change, opportunities. Packets are held here,
 * and whoever holds the line wakes it at `wake`: the end of a transmission, or the moment at which the next can begin.
 *
 *   offer -> queue -> (line free and moving) begin -> (last bit sent) takeSent
 *
 * With drop-tail and a fixed rate it gives each packet the times of core/queue.ts.
 */
import type { DrawKey } from "./digest.ts";
import type { DropReason } from "./env.ts";
import type { Packet } from "./packet.ts";
import {
  createHeldQueue,
  dequeue,
  emptyQueue,
  enqueue,
  type HeldQueue,
  isEmpty,
  packetsHeld,
} from "./queue-disciplines.ts";
import {
  bitsBetween,
  createCursor,
  forgetAhead,
  type LineRate,
  movesFrom,
  NEVER,
  nextOpportunity,
  type OpportunityCursor,
  rateAt,
  sentBy,
  takeOpportunities,
} from "./rate-schedule.ts";
import type { LinkDirection } from "./scenario.ts";
import { type BitsPerSecond, type Nanos, transmissionTime } from "./units.ts";

/** Plain data. */
export interface PacedLine extends LineRate {
  rate: BitsPerSecond;
  cap: BitsPerSecond | null;
  readonly cursor: OpportunityCursor;
  readonly queue: HeldQueue;
  /** The packet on the line, when its last bit will have left, and what of it is still to send from `since` on. */
  sending: Packet | null;
  end: Nanos;
  bits: number;
  since: Nanos;
  /** When its last opportunity comes; with other schedules, when it was begun. */
  supplied: Nanos;
  /** From when on the line could have begun the next packet. */
  free: Nanos;
  /** When the packet taken last had left. */
  left: Nanos;
  /** When something is to be done; NEVER while nothing is. */
  wake: Nanos;
}

export function createPacedLine(direction: LinkDirection, key: DrawKey): PacedLine {
  return {
    rate: direction.rate_bps,
    schedule: direction.schedule,
    cap: null,
    cursor: createCursor(),
    queue: createHeldQueue(direction, key),
    sending: null,
    end: 0,
    bits: 0,
    since: 0,
    supplied: 0,
    free: 0,
    left: 0,
    wake: NEVER,
  };
}

/** Takes a packet in, once all that has been sent by now was taken. @returns why not, or null. */
export function offer(line: PacedLine, now: Nanos, packet: Packet): DropReason | null {
  const unused = line.sending === null && isEmpty(line.queue);
  const refused = enqueue(line.queue, now, packet, {
    free: unused && movableFrom(line, now) <= now,
    idle: unused ? now - line.free : 0,
    transmission: line.queue.red === null ? 0 : transmissionNow(line, packet.wireLength, now),
  });
  if (refused === null && unused) line.free = now;
  return refused;
}

/** The next packet whose last bit has left by now, in order, and `left`, when it had; null: none, and `wake` says when to ask again. */
export function takeSent(line: PacedLine, now: Nanos): Packet | null {
  for (;;) {
    if (line.sending !== null) {
      line.wake = line.end;
      return line.end <= now ? finishSending(line) : null;
    }
    line.wake = isEmpty(line.queue) ? NEVER : movableFrom(line, line.free);
    if (line.wake > now) return null;
    const packet = dequeue(line.queue, line.wake);
    line.free = line.wake;
    if (packet !== null) begin(line, packet, line.wake);
  }
}

/** Sets what faults leave of the rate, once all that has been sent by now was taken. */
export function capRate(line: PacedLine, now: Nanos, cap: BitsPerSecond | null): void {
  noteSentBits(line, now);
  line.cap = cap;
  if (line.sending !== null) line.end = Math.max(line.supplied, sentBy(line, now, line.bits));
}

/** Gives the line another rate of its own, once all that has been sent by now was taken. Schedules stand above it. */
export function setRate(line: PacedLine, now: Nanos, rate: BitsPerSecond): void {
  noteSentBits(line, now);
  line.rate = rate;
  if (line.sending !== null) line.end = Math.max(line.supplied, sentBy(line, now, line.bits));
}

/** What was sent of the packet on the line by now went at the rate that was. */
function noteSentBits(line: PacedLine, now: Nanos): void {
  if (line.sending !== null) {
    line.bits = Math.max(0, line.bits - bitsBetween(line, line.since, now));
    line.since = now;
  } else line.free = Math.max(line.free, now);
}

/** Empties queue and line (the link went down). @returns what was in them. */
export function clearLine(line: PacedLine, now: Nanos): Packet[] {
  const held = heldBy(line);
  emptyQueue(line.queue);
  line.sending = null;
  line.free = now;
  line.wake = NEVER;
  if (line.schedule?.kind === "opportunities") forgetAhead(line.schedule, line.cursor, now);
  return held;
}

/** Every packet in the queue or on the line. */
export function heldBy({ queue, sending }: PacedLine): Packet[] {
  return sending === null ? packetsHeld(queue) : [sending, ...packetsHeld(queue)];
}

/** The first moment from `at` on at which a transmission can begin. */
function movableFrom(line: PacedLine, at: Nanos): Nanos {
  if (line.schedule?.kind !== "opportunities") return movesFrom(line, at);
  return line.cap === 0 ? NEVER : nextOpportunity(line.schedule, line.cursor, at);
}

function begin(line: PacedLine, packet: Packet, at: Nanos): void {
  const { cursor, schedule } = line;
  const size = packet.wireLength;
  line.sending = packet;
  line.bits = size * 8;
  line.since = at;
  line.supplied = schedule?.kind === "opportunities" ? takeOpportunities(schedule, cursor, at, size) : at;
  line.end = Math.max(line.supplied, sentBy(line, at, line.bits));
}

function finishSending(line: PacedLine): Packet | null {
  const { sending } = line;
  line.sending = null;
  line.free = line.end;
  line.left = line.end;
  return sending;
}

/** Time for so many bytes at the present rate; 0 where it has no limit. Opportunities count as the rate that they come to over a period. */
export function transmissionNow(line: PacedLine, bytes: number, now: Nanos): Nanos {
  const { schedule } = line;
  if (schedule?.kind === "opportunities") {
    const span = schedule.period_ns === 0 ? (schedule.at_ns.at(-1) ?? 0) : schedule.period_ns;
    return (bytes * span) / (schedule.at_ns.length * schedule.bytes);
  }
  const rate = rateAt(line, now);
  return rate === Infinity ? 0 : rate === 0 ? Infinity : transmissionTime(bytes, rate);
}

/** How long all that is held would take at the present rate; read only. */
export function heldFor(line: PacedLine, now: Nanos): Nanos {
  const bytes = line.queue.bands.reduce((sum, { waitingBytes }) => sum + waitingBytes, 0);
  const sending = line.sending === null ? 0 : Math.max(0, line.end - now);
  return sending + (bytes === 0 ? 0 : transmissionNow(line, bytes, now));
}
