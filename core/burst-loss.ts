/**
 * Gilbert-Elliott in continuous time. The line is good or bad for exponential times whatever is sent over it: the n-th stay is drawn
 * from (link, n), so the state at a time is the same for every run, policy and order of asking.
 */
import { type DrawKey, keyedUniform } from "./digest.ts";
import { log } from "./math.ts";
import type { BurstLoss } from "./scenario.ts";
import type { Nanos } from "./units.ts";

/** Plain data; the stay asked for last, from which the next is found. */
export interface BurstProcess extends BurstLoss {
  readonly key: DrawKey;
  /** Is the line bad in stay 0? Later ones alternate. */
  readonly firstBad: boolean;
  stay: number;
  since: Nanos;
  until: Nanos;
}

/** Purposes of draws under one key. */
const STAYS = 0;
const START = 1;

/** At time zero the process is in its stationary state. */
export function createBurstProcess(burst: BurstLoss, key: DrawKey): BurstProcess {
  const { good_ns, bad_ns } = burst;
  const cycle = good_ns + bad_ns;
  const firstBad = cycle > 0 && keyedUniform(key, START, 0) < bad_ns / cycle;
  const process: BurstProcess = { ...burst, key, firstBad, stay: 0, since: 0, until: 0 };
  process.until = stayLength(process, 0);
  return process;
}

/** Is the line bad at this time? Times may be asked for in any order; near the last one it costs least. */
export function isBad(process: BurstProcess, at: Nanos): boolean {
  if (process.good_ns === 0 || process.bad_ns === 0) return process.good_ns === 0 && process.bad_ns !== 0;
  while (at >= process.until) {
    process.since = process.until;
    process.until += stayLength(process, ++process.stay);
  }
  while (at < process.since) {
    process.until = process.since;
    process.since -= stayLength(process, --process.stay);
  }
  return isBadStay(process, process.stay);
}

/** Probability that a packet is lost which leaves the line at this time. */
export function lossAt(process: BurstProcess, at: Nanos): number {
  return isBad(process, at) ? process.loss_bad : process.loss_good;
}

function isBadStay({ firstBad }: BurstProcess, stay: number): boolean {
  return (stay % 2 === 0) === firstBad;
}

/** Whole nanoseconds, so that going back ends where going on began. */
function stayLength(process: BurstProcess, stay: number): Nanos {
  const mean = isBadStay(process, stay) ? process.bad_ns : process.good_ns;
  return Math.round(-mean * log(1 - keyedUniform(process.key, STAYS, stay)));
}
