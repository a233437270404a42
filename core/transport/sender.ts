/**
 * The sending end of a reliable byte stream over datagrams: what to send next, what is lost, how fast. Loss detection and probes as
 * RFC 9002 section 6 and appendix A have them, congestion control by core/transport/newreno.ts, pacing at 1.25 times the window a
 * round trip with bursts of at most ten datagrams (7.7). Plain data; whoever owns it asks `nextData` until it answers null, hands
 * in acknowledgements, and calls `onTimeout` at `deadlineOf`.
 *
 * Bytes in flight and the window count payloads of packets. Packets that were declared lost and are acknowledged after all count as
 * spurious; what they held is not sent again if it has not been yet. No state tells one path from another: after a switch the
 * estimates of the old path hold until samples and losses correct them.
 */
import { type Bytes, MICROSECOND, type Nanos } from "../units.ts";
import { type AckFrame, type DataFrame, dataOverhead } from "./frames.ts";
import { collapseWindow, createNewReno, growWindow, type NewReno, reduceWindow } from "./newreno.ts";
import { addRange, gapsIn, type Ranges, removeRange } from "./ranges.ts";
import { createRtt, extendRun, lossDelay, persistentCongestionTime, probeTimeout, type Rtt, sampleRtt } from "./rtt.ts";
import {
  createSentPackets,
  finAt,
  forget,
  hasRoom,
  noteSent,
  type SentPackets,
  setStatus,
  slotOf,
  STATUS,
  statusAt,
} from "./sent-packets.ts";

/** A stream without end, until `endStream`. */
export const NO_END = Number.MAX_SAFE_INTEGER;

export interface SenderCounts {
  sent: number;
  /** Packets with bytes that had been sent before. */
  retransmitted: number;
  /** Packets declared lost that had arrived. */
  spurious: number;
  probeTimeouts: number;
}

export interface Sender {
  readonly connection: number;
  /** Bytes that the other side shall send in answer, -1: this is no request. */
  readonly answer: number;
  /** Bytes of data in a full packet, and payload bytes beside them. */
  readonly capacity: Bytes;
  readonly overhead: Bytes;
  /** Length of the stream. */
  total: number;
  /** First byte never sent. */
  offset: number;
  /** An empty packet must tell the end, which was not known when the last byte was sent. */
  finDue: boolean;
  finAcked: boolean;
  /** Bytes to send again. */
  readonly lost: Ranges;
  /** Bytes that arrived. */
  readonly acked: Ranges;
  /** Packet numbers acknowledged, as far as packets are kept. */
  readonly numbers: Ranges;
  readonly sent: SentPackets;
  /** No packet below this number is in flight. */
  flyingFrom: number;
  /** Packets and payload bytes in flight. */
  flying: number;
  flyingBytes: Bytes;
  largestAcked: number;
  /** When the next packet counts as lost by age, -1: none. */
  lossAt: Nanos;
  lastSentAt: Nanos;
  probeCount: number;
  /** Packets that may go whatever the window says, and the number from which on they repeat what flies. */
  probes: number;
  probeFrom: number;
  readonly rtt: Rtt;
  readonly reno: NewReno;
  /** Did the window or the pacer, not the lack of data, stop the sender last? */
  limited: boolean;
  /** Bytes the pacer lets go, as of `tokensAt`; when it lets the next packet go, -1: it stops none. */
  tokens: number;
  tokensAt: Nanos;
  paceAt: Nanos;
  ceSeen: number;
  /** Every byte has arrived, or the other side gave up. */
  done: boolean;
  refused: boolean;
  readonly counts: SenderCounts;
}

export interface SenderOptions {
  readonly connection: number;
  /** Payload of a full packet. */
  readonly datagram: Bytes;
  /** `NO_END` for a stream whose end is not known. */
  readonly total: number;
  readonly answer?: number;
  /** A guess at the round-trip time from an earlier connection (RFC 9002, 6.2.2); 0: none. */
  readonly rtt?: Nanos;
}

const PACING_GAIN = 1.25;
const BURST_DATAGRAMS = 10;
/** kPacketThreshold. */
const PACKET_THRESHOLD = 3;
const PROBES = 2;

export function createSender({ connection, datagram, total, answer = -1, rtt = 0 }: SenderOptions): Sender {
  const overhead = dataOverhead(answer);
  return {
    connection,
    answer,
    capacity: datagram - overhead,
    overhead,
    total,
    offset: 0,
    finDue: false,
    finAcked: false,
    lost: [],
    acked: [],
    numbers: [],
    sent: createSentPackets(),
    flyingFrom: 0,
    flying: 0,
    flyingBytes: 0,
    largestAcked: -1,
    lossAt: -1,
    lastSentAt: 0,
    probeCount: 0,
    probes: 0,
    probeFrom: 0,
    rtt: createRtt(rtt),
    reno: createNewReno(datagram),
    limited: false,
    tokens: BURST_DATAGRAMS * datagram,
    tokensAt: 0,
    paceAt: -1,
    ceSeen: 0,
    done: false,
    refused: false,
    counts: { sent: 0, retransmitted: 0, spurious: 0, probeTimeouts: 0 },
  };
}

/** The stream ends with what was sent so far. */
export function endStream(sender: Sender): void {
  if (sender.offset >= sender.total) return;
  sender.total = sender.offset;
  sender.finDue = true;
}

/** The packet to send now, already noted as sent; null: none, until an acknowledgement or `deadlineOf`. */
export function nextData(sender: Sender, now: Nanos): DataFrame | null {
  sender.paceAt = -1;
  if (sender.done) return null;
  if (sender.probes > 0) {
    sender.probes--;
    return sendNext(sender, now) ?? repeatFlying(sender, now);
  }
  const length = lengthOfNext(sender);
  sender.limited = length >= 0 && !maySend(sender, length + sender.overhead, now);
  return length < 0 || sender.limited ? null : sendNext(sender, now);
}

/** Takes an acknowledgement in; false where it cannot be one of ours. */
export function onAck(sender: Sender, ack: AckFrame, now: Nanos): boolean {
  if ((ack.ranges.at(-1) ?? 0) > sender.sent.next) return false;
  const fresh = freshNumbers(sender, ack.ranges);
  if (fresh.length > 0) takeNews(sender, ack, fresh, now);
  if (ack.refused && !ack.complete) sender.refused = true;
  sender.done ||= ack.complete || ack.refused || isWhole(sender);
  return true;
}

/** Appendix A.7: round-trip time, marks, losses, and only then growth for what arrived. */
function takeNews(sender: Sender, ack: AckFrame, fresh: readonly number[], now: Nanos): void {
  const { sent, numbers, rtt } = sender;
  const largest = (ack.ranges.at(-1) as number) - 1;
  if (largest === fresh.at(-1) && largest > sender.largestAcked) {
    sampleRtt(rtt, now - (sent.sentAt[slotOf(sent, largest)] as number), ack.delayUs * MICROSECOND, now);
  }
  sender.largestAcked = Math.max(sender.largestAcked, largest);
  sender.probeCount = 0;
  sender.probes = 0;
  const credited = fresh.filter((number) => settle(sender, number));
  takeMarks(sender, ack, now);
  detectLoss(sender, now);
  for (const number of credited) creditAcked(sender, number);
  for (let i = 0; i < ack.ranges.length; i += 2) {
    addRange(numbers, Math.max(sent.first, ack.ranges[i] as number), ack.ranges[i + 1] as number);
  }
  forget(sent, now - persistentCongestionTime(rtt));
  if (numbers.length > 2 && (numbers[1] as number) < sent.first) removeRange(numbers, 0, sent.first);
}

/** Whatever was due at `deadlineOf`: losses by age, or a probe timeout. */
export function onTimeout(sender: Sender, now: Nanos): void {
  if (sender.done) return;
  if (sender.lossAt >= 0) {
    if (sender.lossAt <= now) detectLoss(sender, now);
  } else if (sender.flying > 0 && probeAt(sender) <= now) {
    sender.probeCount++;
    sender.counts.probeTimeouts++;
    sender.probes = PROBES;
    sender.probeFrom = sender.flyingFrom;
  }
}

/** When to call `onTimeout` and `nextData` again, -1: not before an acknowledgement (or new data). */
export function deadlineOf(sender: Sender): Nanos {
  if (sender.done) return -1;
  const { lossAt, paceAt, flying } = sender;
  const alarm = lossAt >= 0 ? lossAt : flying > 0 ? probeAt(sender) : -1;
  return paceAt >= 0 && (alarm < 0 || paceAt < alarm) ? paceAt : alarm;
}

function probeAt(sender: Sender): Nanos {
  return sender.lastSentAt + probeTimeout(sender.rtt, sender.probeCount);
}

/** Bytes in the next packet that is no repetition of one in flight; -1: there is none. */
function lengthOfNext(sender: Sender): number {
  const { lost, capacity } = sender;
  if (lost.length > 0) return Math.min(capacity, (lost[1] as number) - (lost[0] as number));
  if (sender.offset < sender.total) return Math.min(capacity, sender.total - sender.offset);
  return sender.finDue ? 0 : -1;
}

function maySend(sender: Sender, size: Bytes, now: Nanos): boolean {
  const { reno, rtt, sent } = sender;
  if (sender.flyingBytes + size > reno.window || !hasRoom(sent)) return false;
  const rate = (PACING_GAIN * reno.window) / Math.max(1, rtt.smoothed);
  const filled = sender.tokens + (now - sender.tokensAt) * rate;
  sender.tokens = Math.min(BURST_DATAGRAMS * reno.datagram, filled);
  sender.tokensAt = now;
  if (sender.tokens >= size) return true;
  sender.paceAt = now + Math.ceil((size - sender.tokens) / rate);
  return false;
}

/** Lost bytes first, then new ones, then the end by itself. */
function sendNext(sender: Sender, now: Nanos): DataFrame | null {
  const length = lengthOfNext(sender);
  if (length < 0) return null;
  const again = sender.lost.length > 0;
  const offset = again ? (sender.lost[0] as number) : sender.offset;
  if (again) {
    removeRange(sender.lost, offset, offset + length);
    sender.counts.retransmitted++;
  } else {
    sender.offset += length;
  }
  return send(sender, offset, length, now);
}

/** A probe with nothing else to say repeats the oldest packet in flight that this timeout has not repeated yet. */
function repeatFlying(sender: Sender, now: Nanos): DataFrame | null {
  const { sent } = sender;
  for (let number = sender.probeFrom; number < sent.next; number++) {
    const slot = slotOf(sent, number);
    if (statusAt(sent, slot) !== STATUS.flying) continue;
    sender.probeFrom = number + 1;
    sender.counts.retransmitted++;
    return send(sender, sent.offset[slot] as number, sent.length[slot] as number, now);
  }
  sender.probes = 0;
  return null;
}

function send(sender: Sender, offset: number, length: Bytes, now: Nanos): DataFrame {
  const { connection, answer, overhead } = sender;
  const fin = offset + length === sender.total;
  if (fin) sender.finDue = false;
  const number = noteSent(sender.sent, offset, length, fin, now);
  sender.flying++;
  sender.flyingBytes += length + overhead;
  sender.tokens -= length + overhead;
  sender.lastSentAt = now;
  sender.counts.sent++;
  return { kind: "data", connection, number, floor: sender.sent.first, offset, length, fin, answer };
}

/** Numbers that no acknowledgement has named before, ascending. */
function freshNumbers(sender: Sender, ranges: Readonly<Ranges>): number[] {
  const fresh: number[] = [];
  for (let i = 0; i < ranges.length; i += 2) {
    const gaps = gapsIn(sender.numbers, Math.max(sender.sent.first, ranges[i] as number), ranges[i + 1] as number);
    for (let at = 0; at < gaps.length; at += 2) {
      for (let number = gaps[at] as number; number < (gaps[at + 1] as number); number++) fresh.push(number);
    }
  }
  return fresh;
}

/** A packet has arrived; answers whether it still counted as in flight. */
function settle(sender: Sender, number: number): boolean {
  const { sent, overhead } = sender;
  const slot = slotOf(sent, number);
  const status = statusAt(sent, slot);
  const offset = sent.offset[slot] as number;
  const length = sent.length[slot] as number;
  setStatus(sent, slot, STATUS.acked);
  addRange(sender.acked, offset, offset + length);
  if (finAt(sent, slot)) {
    sender.finAcked = true;
    sender.finDue = false;
  }
  if (status === STATUS.flying) {
    sender.flying--;
    sender.flyingBytes -= length + overhead;
    return true;
  }
  sender.counts.spurious++;
  removeRange(sender.lost, offset, offset + length);
  return false;
}

function creditAcked({ sent, reno, overhead, limited }: Sender, number: number): void {
  const slot = slotOf(sent, number);
  growWindow(reno, (sent.length[slot] as number) + overhead, sent.sentAt[slot] as number, limited);
}

/** More packets marked than known: congestion, as of when the largest one acknowledged was sent (appendix B.7). */
function takeMarks(sender: Sender, ack: AckFrame, now: Nanos): void {
  if (ack.ce <= sender.ceSeen) return;
  sender.ceSeen = ack.ce;
  const { sent } = sender;
  reduceWindow(sender.reno, sent.sentAt[slotOf(sent, (ack.ranges.at(-1) as number) - 1)] as number, now);
}

/** Section 6.1: everything three numbers, or 9/8 of a round trip, behind the largest acknowledged is lost. */
function detectLoss(sender: Sender, now: Nanos): void {
  const { sent, largestAcked } = sender;
  const delay = lossDelay(sender.rtt);
  sender.lossAt = -1;
  const run = { since: -1, longest: 0 };
  let lastLostAt = -1;
  skipSettled(sender);
  for (let number = sender.flyingFrom; number < largestAcked; number++) {
    const slot = slotOf(sent, number);
    const status = statusAt(sent, slot);
    if (status === STATUS.acked) run.since = -1;
    if (status !== STATUS.flying) continue;
    const sentAt = sent.sentAt[slot] as number;
    if (number > largestAcked - PACKET_THRESHOLD && sentAt + delay > now) {
      if (sender.lossAt < 0 || sentAt + delay < sender.lossAt) sender.lossAt = sentAt + delay;
      continue;
    }
    declareLost(sender, slot);
    lastLostAt = sentAt;
    extendRun(run, sender.rtt, sentAt);
  }
  if (lastLostAt < 0) return;
  // One packet at once, whatever the window says, hastens recovery (7.3.2).
  if (reduceWindow(sender.reno, lastLostAt, now) && sender.lost.length > 0) sender.probes = Math.max(sender.probes, 1);
  if (run.longest > persistentCongestionTime(sender.rtt)) collapseWindow(sender.reno);
}

function declareLost(sender: Sender, slot: number): void {
  const { sent } = sender;
  const offset = sent.offset[slot] as number;
  const length = sent.length[slot] as number;
  setStatus(sent, slot, STATUS.lost);
  sender.flying--;
  sender.flyingBytes -= length + sender.overhead;
  const missing = gapsIn(sender.acked, offset, offset + length);
  for (let i = 0; i < missing.length; i += 2) addRange(sender.lost, missing[i] as number, missing[i + 1] as number);
  if (finAt(sent, slot) && !sender.finAcked) sender.finDue = true;
}

function skipSettled(sender: Sender): void {
  const { sent } = sender;
  if (sender.flyingFrom < sent.first) sender.flyingFrom = sent.first;
  while (sender.flyingFrom < sent.next && statusAt(sent, slotOf(sent, sender.flyingFrom)) !== STATUS.flying) {
    sender.flyingFrom++;
  }
}

function isWhole({ acked, total, finAcked }: Sender): boolean {
  return finAcked && (total === 0 || (acked.length === 2 && acked[0] === 0 && acked[1] === total));
}
