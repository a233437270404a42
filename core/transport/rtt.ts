/** Round-trip times as RFC 9002 estimates them (section 5), and the times that follow from them (6.1.2, 6.2.1, 7.6.1). Whole nanoseconds out. */
import { MILLISECOND, type Nanos, SECOND } from "../units.ts";

export interface Rtt {
  latest: number;
  smoothed: number;
  variation: number;
  min: number;
  /** When the first sample was taken, -1 before. */
  firstSampleAt: Nanos;
}

/** kInitialRtt (6.2.2). */
const INITIAL_RTT: Nanos = 333 * MILLISECOND;
/** kGranularity (6.1.2). */
const GRANULARITY: Nanos = MILLISECOND;
/** max_ack_delay (RFC 9000, 18.2): our receivers wait no longer. */
export const MAX_ACK_DELAY: Nanos = 25 * MILLISECOND;
/** kPersistentCongestionThreshold (7.6.1). */
const PERSISTENT_CONGESTION_THRESHOLD = 3;
/** A probe timeout is at most this long, as TCP's may be (RFC 6298, 2.5). */
const MAX_PROBE_TIMEOUT: Nanos = 60 * SECOND;

/** `initial`: a guess from an earlier connection on the same way (6.2.2), or 0. */
export function createRtt(initial: Nanos = 0): Rtt {
  const guess = initial > 0 ? initial : INITIAL_RTT;
  return { latest: 0, smoothed: guess, variation: guess / 2, min: 0, firstSampleAt: -1 };
}

/** Section 5.3; `ackDelay` as the other side tells it. */
export function sampleRtt(rtt: Rtt, latest: Nanos, ackDelay: Nanos, now: Nanos): void {
  rtt.latest = latest;
  if (rtt.firstSampleAt < 0) {
    rtt.firstSampleAt = now;
    rtt.min = latest;
    rtt.smoothed = latest;
    rtt.variation = latest / 2;
    return;
  }
  rtt.min = Math.min(rtt.min, latest);
  const delay = Math.min(ackDelay, MAX_ACK_DELAY);
  const adjusted = latest >= rtt.min + delay ? latest - delay : latest;
  rtt.variation = 0.75 * rtt.variation + 0.25 * Math.abs(rtt.smoothed - adjusted);
  rtt.smoothed = 0.875 * rtt.smoothed + 0.125 * adjusted;
}

/** kTimeThreshold: a packet older than this, with a later one acknowledged, is lost (6.1.2). */
export function lossDelay(rtt: Rtt): Nanos {
  return Math.ceil(Math.max((9 / 8) * Math.max(rtt.smoothed, rtt.latest), GRANULARITY));
}

function baseTimeout(rtt: Rtt): number {
  return rtt.smoothed + Math.max(4 * rtt.variation, GRANULARITY) + MAX_ACK_DELAY;
}

/** Probe timeout after `count` in a row (6.2.1). */
export function probeTimeout(rtt: Rtt, count: number): Nanos {
  let timeout = baseTimeout(rtt);
  for (let i = 0; i < count && timeout < MAX_PROBE_TIMEOUT; i++) timeout *= 2;
  return Math.ceil(Math.min(timeout, MAX_PROBE_TIMEOUT));
}

/** Time between two lost packets from which on congestion is persistent (7.6.1). */
export function persistentCongestionTime(rtt: Rtt): Nanos {
  return Math.ceil(PERSISTENT_CONGESTION_THRESHOLD * baseTimeout(rtt));
}

/** Losses with nothing acknowledged between them: since when, -1 without one, and the longest so far. */
export interface LossRun {
  since: Nanos;
  longest: Nanos;
}

/** Packets lost in a row span a time; only those sent after the first sample count (7.6.2). */
export function extendRun(run: LossRun, rtt: Rtt, sentAt: Nanos): void {
  if (rtt.firstSampleAt < 0 || sentAt <= rtt.firstSampleAt) return;
  if (run.since < 0) run.since = sentAt;
  run.longest = Math.max(run.longest, sentAt - run.since);
}
