/**
 * CoDel, RFC 8289 (section 5 has the pseudocode; names are its own): a packet that has waited longer than the target, in a queue that was
 * not below it for a whole interval, is dropped, and then another each interval / sqrt(count), until the wait is below the target.
 */
import { markCongestion } from "./ecn.ts";
import type { Packet } from "./packet.ts";
import { type PacketFifo, takePacket, type Waiting } from "./packet-fifo.ts";
import type { QueueDiscipline } from "./scenario.ts";
import type { Bytes, Nanos } from "./units.ts";

type CodelParameters = Extract<QueueDiscipline, { kind: "codel" }>;

/** Plain data. */
export interface CodelState {
  readonly target: Nanos;
  readonly interval: Nanos;
  readonly ecn: boolean;
  /** When the wait will have been above the target for an interval; 0: it is below. */
  firstAboveTime: Nanos;
  dropNext: Nanos;
  count: number;
  lastCount: number;
  dropping: boolean;
  /** Largest packet so far: a queue of no more than that is never too long. */
  maxPacket: Bytes;
  marks: number;
}

export function createCodel({ target_ns, interval_ns, ecn }: CodelParameters): CodelState {
  return {
    target: target_ns,
    interval: interval_ns,
    ecn,
    firstAboveTime: 0,
    dropNext: 0,
    count: 0,
    lastCount: 0,
    dropping: false,
    maxPacket: 0,
    marks: 0,
  };
}

/** The packet to send next; those it gives up go to `discarded`. */
export function takeByCodel(codel: CodelState, fifo: PacketFifo, now: Nanos, discarded: Packet[]): Packet | null {
  const first = takePacket(fifo);
  const tooLong = staysTooLong(codel, fifo, first, now);
  if (codel.dropping) {
    if (!tooLong) codel.dropping = false;
    return keepDropping(codel, fifo, first, now, discarded);
  }
  if (first === null || !tooLong) return first?.packet ?? null;
  const sent = relieve(codel, first.packet) ? first : discard(codel, fifo, first, now, discarded).next;
  codel.dropping = true;
  const delta = codel.count - codel.lastCount;
  codel.count = delta > 1 && now - codel.dropNext < 16 * codel.interval ? delta : 1;
  codel.dropNext = controlLaw(codel, now);
  codel.lastCount = codel.count;
  return sent?.packet ?? null;
}

function keepDropping(
  codel: CodelState,
  fifo: PacketFifo,
  first: Waiting | null,
  now: Nanos,
  discarded: Packet[],
): Packet | null {
  let head = first;
  while (head !== null && codel.dropping && now >= codel.dropNext) {
    codel.count++;
    if (relieve(codel, head.packet)) {
      codel.dropNext = controlLaw(codel, codel.dropNext);
      break;
    }
    const { next, tooLong } = discard(codel, fifo, head, now, discarded);
    head = next;
    if (tooLong) codel.dropNext = controlLaw(codel, codel.dropNext);
    else codel.dropping = false;
  }
  return head?.packet ?? null;
}

/** Gives one packet up and looks at the next. */
function discard(
  codel: CodelState,
  fifo: PacketFifo,
  { packet }: Waiting,
  now: Nanos,
  discarded: Packet[],
): { next: Waiting | null; tooLong: boolean } {
  discarded.push(packet);
  const next = takePacket(fifo);
  return { next, tooLong: staysTooLong(codel, fifo, next, now) };
}

/** `ok_to_drop` of the RFC: has the wait been above the target for an interval? */
function staysTooLong(codel: CodelState, fifo: PacketFifo, head: Waiting | null, now: Nanos): boolean {
  if (head === null) {
    codel.firstAboveTime = 0;
    return false;
  }
  codel.maxPacket = Math.max(codel.maxPacket, head.packet.wireLength);
  if (now - head.since < codel.target || fifo.waitingBytes <= codel.maxPacket) {
    codel.firstAboveTime = 0;
    return false;
  }
  if (codel.firstAboveTime === 0) {
    codel.firstAboveTime = now + codel.interval;
    return false;
  }
  return now >= codel.firstAboveTime;
}

/** Marks instead of dropping, where that is allowed and understood. */
function relieve(codel: CodelState, packet: Packet): boolean {
  if (!codel.ecn || !markCongestion(packet)) return false;
  codel.marks++;
  return true;
}

function controlLaw({ interval, count }: CodelState, from: Nanos): Nanos {
  return from + Math.round(interval / Math.sqrt(count));
}
