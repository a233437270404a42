/** How single probes and reports become what a policy sees of a path. Plain data, pure rules. */
import type { Nanos } from "../../core/units.ts";
import type { PathMeasurement } from "./policy.ts";

export type Measured = { -readonly [K in keyof PathMeasurement]: PathMeasurement[K] };

export function createMeasured(): Measured {
  return { rtt: null, srtt: null, answeredAt: null, loss: null, goodputBps: null, delivered: 0, lost: 0 };
}

/** RFC 6298's alpha; a probe's fate weighs as much in the loss. */
const PROBE_WEIGHT = 1 / 8;
/** Packets whose fate one report tells weigh n / (n + this) in the loss. */
const HALF_WEIGHT_PACKETS = 32;
/** Of one report in the goodput. */
const GOODPUT_WEIGHT = 1 / 4;

export function probeAnswered(path: Measured, rtt: Nanos, now: Nanos): void {
  path.rtt = rtt;
  path.srtt = path.srtt === null ? rtt : Math.round(path.srtt + (rtt - path.srtt) * PROBE_WEIGHT);
  path.answeredAt = now;
  path.delivered++;
  path.loss = towards(path.loss, 0, PROBE_WEIGHT);
}

export function probeLost(path: Measured): void {
  path.lost++;
  path.loss = towards(path.loss, 1, PROBE_WEIGHT);
}

/** The fate of `told` packets is known, `lost` of them (a share outside [0, 1] corrects an earlier verdict). */
export function fatesTold(path: Measured, told: number, lost: number): void {
  if (told === 0) return;
  const share = Math.max(0, Math.min(1, lost / told));
  path.loss = towards(path.loss, share, told / (told + HALF_WEIGHT_PACKETS));
}

export function goodputTold(path: Measured, bps: number): void {
  path.goodputBps = towards(path.goodputBps, bps, GOODPUT_WEIGHT);
}

function towards(value: number | null, sample: number, weight: number): number {
  return value === null ? sample : value + (sample - value) * weight;
}

/** Takes over what probes told; where reports tell of packets' fates, only the times. */
export function takeProbed(path: Measured, probed: PathMeasurement, timesOnly: boolean): void {
  path.rtt = probed.rtt;
  path.srtt = probed.srtt;
  path.answeredAt = probed.answeredAt;
  if (timesOnly) return;
  path.loss = probed.loss;
  path.delivered = probed.delivered;
  path.lost = probed.lost;
}

/** Takes over what a subscriber's own packets told; older news than what is known is none. */
export function takeObserved(path: Measured, observed: PathMeasurement): void {
  if (observed.answeredAt === null || observed.answeredAt < (path.answeredAt ?? 0)) return;
  takeProbed(path, observed, false);
  path.goodputBps = observed.goodputBps;
}

// ---- Packets sent whose fate is not known yet ----

/** Numbers and times of packets sent on one path, in order: a ring. */
export interface SentLog {
  numbers: Float64Array;
  times: Float64Array;
  head: number;
  count: number;
  /** Packets that have left the ring: arrived or given up. */
  told: number;
}

/** Packets of one path that can wait for their fate; beyond it the oldest counts as told. */
const MAX_WAITING = 4_096;

export function createSentLog(): SentLog {
  return { numbers: new Float64Array(16), times: new Float64Array(16), head: 0, count: 0, told: 0 };
}

export function noteSent(log: SentLog, number: number, now: Nanos): void {
  if (log.count === log.numbers.length && !grow(log)) forgetFirst(log);
  const at = (log.head + log.count++) & (log.numbers.length - 1);
  log.numbers[at] = number;
  log.times[at] = now;
}

/** Takes out what the receiver has seen the like of (numbers up to `highest`) and what was sent before `patience`. @returns how many */
export function tellFates(log: SentLog, highest: number, patience: Nanos): number {
  const before = log.told;
  while (
    log.count > 0 &&
    ((log.numbers[log.head] as number) <= highest || (log.times[log.head] as number) < patience)
  ) {
    forgetFirst(log);
  }
  return log.told - before;
}

function forgetFirst(log: SentLog): void {
  log.head = (log.head + 1) & (log.numbers.length - 1);
  log.count--;
  log.told++;
}

function grow(log: SentLog): boolean {
  const { numbers, times, head, count } = log;
  if (count >= MAX_WAITING) return false;
  log.numbers = new Float64Array(2 * count);
  log.times = new Float64Array(2 * count);
  for (let n = 0; n < count; n++) {
    log.numbers[n] = numbers[(head + n) & (count - 1)] as number;
    log.times[n] = times[(head + n) & (count - 1)] as number;
  }
  log.head = 0;
  return true;
}
