/**
 * One path's sending side: which packets fly, which arrived, which are lost, how many more may go. Loss detection, probe timeouts
 * and persistent congestion after RFC 9002 (section 6, 7.6, appendix A); the window is a congestion controller's (controllers.ts).
 *
 *   noteSent -> flying -> takeAck -> acked
 *                  |                   ^
 *                  v                   | arrived after all: spurious, and where nothing else was lost the reduction is undone
 *            takeAck, onTimeout -> lost
 *
 * Plain data. Its owner asks `maySend` and notes what it sent, hands in acknowledgements, and calls `onTimeout` at `deadlineOf`.
 * Packets that ask for no acknowledgement ("silent") are numbered and no more.
 */
import { addRange, indexEndingAfter, type Ranges, removeRange } from "../../transport/ranges.ts";
import { createRtt, persistentCongestionTime, probeTimeout, sampleRtt } from "../../transport/rtt.ts";
import type { Bytes, Nanos } from "../../units.ts";
import type { Controller, ControllerName, ControllerOptions } from "./controller.ts";
import { controllerOf } from "./controllers.ts";
import { createDelivery, finishSample, noteDelivered, stampDelivery } from "./delivery.ts";
import { beginEpoch, declareFlyingLost, detectLoss, noteOutcome, takeSpurious } from "./loss.ts";
import {
  forget,
  hasRoom,
  isFull,
  type SentRing,
  STATUS,
  createSentRing,
  setStatus,
  slotOf,
  statusAt,
  takeSlot,
} from "./sent-ring.ts";
import type { News, Recovery } from "./state.ts";

export interface RecoveryOptions extends ControllerOptions {
  readonly controller: ControllerName;
  /** Spreads packets over the round trip. Off: the window only. A controller that cannot do without (BBR) paces all the same. */
  readonly pacing: boolean;
  /** A guess at the round-trip time (RFC 9002, 6.2.2). Default 333 ms. */
  readonly initialRtt?: Nanos;
}

const PACING_GAIN = 1.25;
/** Datagrams that may go at once though paced (RFC 9002, 7.7). */
const BURST = 10;
const PROBES = 2;

export function createRecovery(options: RecoveryOptions, now: Nanos): Recovery {
  const controller = controllerOf(options.controller);
  return {
    controller: controller.create(options, now),
    rtt: createRtt(options.initialRtt ?? 0),
    pacing: options.pacing || controller.paced === true,
    sent: createSentRing(),
    numbers: [],
    largestAcked: -1,
    largestSentAt: -1,
    flyingFrom: 0,
    flying: 0,
    flyingBytes: 0,
    lossAt: -1,
    lastSentAt: now,
    probeCount: 0,
    probes: 0,
    probeFrom: 0,
    limited: false,
    tokens: BURST * options.datagram,
    tokensAt: now,
    paceAt: -1,
    ceSeen: 0,
    loss: 0,
    epoch: { first: 0, next: 0, lost: -1 },
    delivery: createDelivery(now),
    counts: {
      sent: 0,
      acked: 0,
      lost: 0,
      spurious: 0,
      probeTimeouts: 0,
      persistent: 0,
      undone: 0,
      impossible: 0,
    },
  };
}

/** May a packet of `bytes` that asks for an acknowledgement go now? Sets `limited`, and `paceAt` where the pacer alone says no. */
export function maySend(recovery: Recovery, bytes: Bytes, now: Nanos): boolean {
  recovery.paceAt = -1;
  if (!hasRoom(recovery.sent) && !makeRoom(recovery, now)) return false;
  if (recovery.probes > 0) return true;
  recovery.limited =
    recovery.flyingBytes + bytes > recovery.controller.window || (recovery.pacing && !pacerLets(recovery, bytes, now));
  return !recovery.limited;
}

/** With nothing in flight nothing would ever ask again: then late arrivals are given up. */
function makeRoom({ sent, flying, rtt }: Recovery, now: Nanos): boolean {
  forget(sent, flying === 0 ? Infinity : now - persistentCongestionTime(rtt));
  return hasRoom(sent);
}

function pacerLets(recovery: Recovery, bytes: Bytes, now: Nanos): boolean {
  const { controller, rtt } = recovery;
  const own = controllerOf(controller.kind).pacingRate(controller, rtt);
  const rate = own > 0 ? own : (PACING_GAIN * controller.window) / Math.max(1, rtt.smoothed);
  const most = Math.max(BURST * controller.datagram, bytes);
  recovery.tokens = Math.min(most, recovery.tokens + (now - recovery.tokensAt) * rate);
  recovery.tokensAt = now;
  if (recovery.tokens >= bytes) return true;
  recovery.paceAt = now + Math.ceil((bytes - recovery.tokens) / rate);
  return false;
}

/**
 * Notes a packet that leaves now and answers its number. `eliciting`: it asks for an acknowledgement, counts as in flight and needs
 * `maySend`. `channel`, `offset`, `length` and `flags` are the owner's, to read in `recovery.sent` when the packet is in the news.
 */
export function noteSent(
  recovery: Recovery,
  bytes: Bytes,
  eliciting: boolean,
  channel: number,
  offset: number,
  length: Bytes,
  flags: number,
  now: Nanos,
): number {
  const { sent, controller } = recovery;
  if (isFull(sent)) forget(sent, now - persistentCongestionTime(recovery.rtt));
  const slot = takeSlot(sent);
  sent.sentAt[slot] = now;
  sent.bytes[slot] = bytes;
  sent.channel[slot] = channel;
  sent.offset[slot] = offset;
  sent.length[slot] = length;
  sent.flags[slot] = flags;
  sent.status[slot] = STATUS.silent;
  if (!eliciting) return sent.next - 1;
  sent.status[slot] = STATUS.flying;
  stampDelivery(recovery.delivery, sent, slot, recovery.flying === 0, now);
  controllerOf(controller.kind).onSent?.(controller, bytes, recovery.flyingBytes, now);
  recovery.flying++;
  recovery.flyingBytes += bytes;
  recovery.lastSentAt = now;
  recovery.counts.sent++;
  if (recovery.pacing) recovery.tokens -= bytes;
  if (recovery.probes > 0) recovery.probes--;
  return sent.next - 1;
}

/**
 * Takes an acknowledgement in (RFC 9002, appendix A.7). `ranges`: ascending half-open pairs of packet numbers; `delayNs` as the
 * other side tells it; `ce`: packets it has got with "congestion experienced", in all. `news` is emptied first. False where it
 * acknowledges what was not sent; then nothing has changed but the count.
 */
export function takeAck(
  recovery: Recovery,
  ranges: Readonly<Ranges>,
  delayNs: Nanos,
  ce: number,
  now: Nanos,
  news: News,
): boolean {
  empty(news);
  if (!isPossible(recovery.sent, ranges)) {
    recovery.counts.impossible++;
    return false;
  }
  const { controller, delivery, rtt, sent } = recovery;
  const rules = controllerOf(controller.kind);
  delivery.sample.priorInFlight = recovery.flyingBytes;
  if (!recovery.limited && recovery.flyingBytes < controller.window) {
    delivery.appLimitedUntil = Math.max(1, delivery.delivered + recovery.flyingBytes);
  }
  if (!settleRanges(recovery, ranges, now, news)) return true;
  takeLargest(recovery, (ranges.at(-1) as number) - 1, delayNs, news, now);
  recovery.probeCount = 0;
  recovery.probes = 0;
  takeMarks(recovery, rules, ce, now);
  detectLoss(recovery, now, news);
  if (news.spurious.length > 0) takeSpurious(recovery, rules, now, news);
  creditAcked(recovery, rules, now, news);
  finishSample(delivery, rtt.min, now);
  endAck(recovery, rules, now);
  forget(sent, now - persistentCongestionTime(rtt));
  if (recovery.numbers.length > 2 && (recovery.numbers[1] as number) < sent.first)
    removeRange(recovery.numbers, 0, sent.first);
  return true;
}

/** Whatever was due at `deadlineOf`: losses by age, or a probe timeout. `news` is emptied first. */
export function onTimeout(recovery: Recovery, now: Nanos, news: News): void {
  empty(news);
  if (recovery.lossAt >= 0) {
    if (recovery.lossAt <= now) detectLoss(recovery, now, news);
  } else if (recovery.flying > 0 && probeAt(recovery) <= now) {
    recovery.probeCount++;
    recovery.counts.probeTimeouts++;
    recovery.probes = PROBES;
    recovery.probeFrom = recovery.flyingFrom;
  }
}

/** When to call `onTimeout`, or `maySend` again; -1: not before an acknowledgement or new data. */
export function deadlineOf(recovery: Recovery): Nanos {
  const { lossAt, paceAt } = recovery;
  const alarm = lossAt >= 0 ? lossAt : recovery.flying > 0 ? probeAt(recovery) : -1;
  return paceAt >= 0 && (alarm < 0 || paceAt < alarm) ? paceAt : alarm;
}

/** What a probe with nothing new to say repeats: the oldest packet in flight that this timeout has not repeated; -1: there is none. */
export function nextProbe(recovery: Recovery): number {
  const { sent } = recovery;
  for (let number = Math.max(recovery.probeFrom, sent.first); number < sent.next; number++) {
    if (statusAt(sent, slotOf(sent, number)) !== STATUS.flying) continue;
    recovery.probeFrom = number + 1;
    return number;
  }
  return -1;
}

/** The path is gone: everything in flight is lost, without congestion. `news` is emptied first. */
export function abandon(recovery: Recovery, news: News): void {
  empty(news);
  declareFlyingLost(recovery, news);
}

function empty({ acked, lost, spurious }: News): void {
  while (acked.length > 0) acked.pop();
  while (lost.length > 0) lost.pop();
  while (spurious.length > 0) spurious.pop();
}

function probeAt(recovery: Recovery): Nanos {
  return recovery.lastSentAt + probeTimeout(recovery.rtt, recovery.probeCount);
}

function isPossible(sent: SentRing, ranges: Readonly<Ranges>): boolean {
  if ((ranges.length & 1) !== 0) return false;
  let last = 0;
  for (let i = 0; i < ranges.length; i += 2) {
    const start = ranges[i] as number;
    const end = ranges[i + 1] as number;
    if (!(start >= last && end > start)) return false;
    last = end;
  }
  return last <= sent.next;
}

/** Walks the numbers that no acknowledgement has named before; answers whether there were any. */
function settleRanges(recovery: Recovery, ranges: Readonly<Ranges>, now: Nanos, news: News): boolean {
  const { numbers, sent } = recovery;
  let any = false;
  for (let i = firstUnknown(recovery, ranges); i < ranges.length; i += 2) {
    const end = ranges[i + 1] as number;
    let from = Math.max(sent.first, ranges[i] as number);
    while (from < end) {
      const at = indexEndingAfter(numbers, from);
      const known = at < numbers.length ? (numbers[at] as number) : end;
      if (known <= from) {
        from = numbers[at + 1] as number;
        continue;
      }
      const stop = Math.min(end, known);
      for (let number = from; number < stop; number++) settle(recovery, number, now, news);
      addRange(numbers, from, stop);
      any = true;
      from = stop;
    }
  }
  return any;
}

/** Acknowledgements repeat themselves: the index of the lowest range with a number not named before, found from the newest down. */
function firstUnknown({ numbers, sent }: Recovery, ranges: Readonly<Ranges>): number {
  let lowest = ranges.length;
  let at = numbers.length - 2;
  for (let i = ranges.length - 2; i >= 0; i -= 2) {
    const start = ranges[i] as number;
    const end = ranges[i + 1] as number;
    if (end <= sent.first) break;
    while (at >= 0 && (numbers[at] as number) > start) at -= 2;
    if (at < 0 || (numbers[at + 1] as number) < end) lowest = i;
  }
  return lowest;
}

function settle(recovery: Recovery, number: number, now: Nanos, news: News): void {
  const { sent, delivery, counts } = recovery;
  const slot = slotOf(sent, number);
  const status = statusAt(sent, slot);
  if (status === STATUS.silent) return;
  setStatus(sent, slot, STATUS.acked);
  noteDelivered(delivery, sent, slot, now);
  counts.acked++;
  if (status === STATUS.flying) {
    recovery.flying--;
    recovery.flyingBytes -= sent.bytes[slot] as number;
    noteOutcome(recovery, 0);
    news.acked.push(number);
    return;
  }
  counts.spurious++;
  news.spurious.push(number);
}

/** A greater number than any before: a sample of the round-trip time (RFC 9002, 5.1), if anything named asked for the answer. */
function takeLargest(recovery: Recovery, largest: number, delayNs: Nanos, news: News, now: Nanos): void {
  const { sent } = recovery;
  if (largest <= recovery.largestAcked) return;
  recovery.largestAcked = largest;
  if (largest < sent.first) return;
  recovery.largestSentAt = sent.sentAt[slotOf(sent, largest)] as number;
  if (news.acked.length + news.spurious.length === 0) return;
  sampleRtt(recovery.rtt, now - recovery.largestSentAt, delayNs, now);
}

/** More packets marked than known: congestion, as of when the largest one acknowledged left (appendix B.7). */
function takeMarks(recovery: Recovery, rules: Controller, ce: number, now: Nanos): void {
  if (ce <= recovery.ceSeen) return;
  recovery.ceSeen = ce;
  if (rules.onCongestion(recovery.controller, recovery.largestSentAt, now, recovery.rtt)) beginEpoch(recovery, -1);
}

function creditAcked(recovery: Recovery, rules: Controller, now: Nanos, { acked }: News): void {
  const { controller, sent, rtt, limited } = recovery;
  for (let i = 0; i < acked.length; i++) {
    const slot = slotOf(sent, acked[i] as number);
    rules.onAcked(controller, sent.bytes[slot] as number, sent.sentAt[slot] as number, now, rtt, limited);
  }
}

function endAck(recovery: Recovery, rules: Controller, now: Nanos): void {
  const { sample } = recovery.delivery;
  sample.inFlight = recovery.flyingBytes;
  rules.onAckEnd?.(recovery.controller, sample, now, recovery.rtt);
  sample.newlyAcked = 0;
  sample.newlyLost = 0;
}
