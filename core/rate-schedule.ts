/**
 * When a line whose rate changes with time has sent its bits.
 *
 *   steps          rate      own |--- 8M ---|-- 2M --|--- 8M ---|-- 2M --|      the last step holds until the first of the next period
 *                                ^ at[0]    ^ at[1]  ^ period + at[0]
 *   opportunities  bytes     |    |  |        |      up to so many bytes leave at each; a packet may take several
 */
import type { RateSchedule } from "./scenario.ts";
import { type BitsPerSecond, type Bytes, type Nanos, SECOND } from "./units.ts";

export type Steps = Extract<RateSchedule, { kind: "steps" }>;
export type Opportunities = Extract<RateSchedule, { kind: "opportunities" }>;

/** Stands for a time that does not come. */
export const NEVER: Nanos = Number.MAX_SAFE_INTEGER;

/** A line's rate over time. */
export interface LineRate {
  /** 0: no limit. Not used with opportunities. */
  readonly rate: BitsPerSecond;
  readonly schedule: RateSchedule | null;
  /** What faults leave of it; null: all, 0: nothing. */
  readonly cap: BitsPerSecond | null;
}

/** Bits a second at this time; Infinity where there is no limit. Opportunities have no rate of their own. */
export function rateAt({ rate, schedule, cap }: LineRate, at: Nanos): number {
  const limit = cap ?? Infinity;
  if (schedule?.kind === "opportunities") return limit;
  const own = rate === 0 ? Infinity : rate;
  if (schedule === null) return Math.min(own, limit);
  return Math.min(stepRate(schedule, own, at), limit);
}

/** When the line has sent so many bits, begun at `from`; NEVER where it stands still for good. */
export function sentBy(line: LineRate, from: Nanos, bits: number): Nanos {
  const { schedule } = line;
  let at = from;
  let left = bits;
  for (let pieces = 0; ; pieces++) {
    const rate = rateAt(line, at);
    if (rate === Infinity) return at;
    const change = nextChange(schedule, at);
    if (rate > 0) {
      const span = (left * SECOND) / rate;
      if (span <= change - at) return Math.min(at + Math.round(span), NEVER);
      left = Math.max(0, left - (rate * (change - at)) / SECOND);
    }
    if (change === NEVER) return NEVER;
    at = change;
    if (schedule?.kind !== "steps" || pieces !== schedule.steps.length) continue;
    const perPeriod = bitsBetween(line, at, at + schedule.period_ns);
    if (perPeriod === 0) return NEVER;
    const periods = Math.max(0, Math.floor(left / perPeriod) - 1);
    left -= periods * perPeriod;
    at += periods * schedule.period_ns;
    if (at >= NEVER) return NEVER;
  }
}

/** Bits that the line can send from one time to another; Infinity where it has no limit for some of it. */
export function bitsBetween(line: LineRate, from: Nanos, to: Nanos): number {
  const { schedule } = line;
  let bits = 0;
  for (let at = from; at < to; ) {
    const change = Math.min(nextChange(schedule, at), to);
    bits += (rateAt(line, at) * (change - at)) / SECOND;
    at = change;
  }
  return bits;
}

/** Bits of all opportunities from one time (included) to another (not). */
export function offeredBetween(schedule: Opportunities, from: Nanos, to: Nanos): number {
  const count = opportunityFrom(schedule, to) - opportunityFrom(schedule, from);
  return Math.max(0, count) * schedule.bytes * 8;
}

/** The next time from `at` on at which the line moves at all; NEVER where it stands still for good. */
export function movesFrom(line: LineRate, at: Nanos): Nanos {
  const { schedule } = line;
  let time = at;
  const most = schedule?.kind === "steps" ? schedule.steps.length + 1 : 0;
  for (let changes = 0; rateAt(line, time) === 0; changes++) {
    time = nextChange(schedule, time);
    if (time === NEVER || changes > most) return NEVER;
  }
  return time;
}

function nextChange(schedule: RateSchedule | null, at: Nanos): Nanos {
  if (schedule?.kind !== "steps" || schedule.steps.length === 0) return NEVER;
  const { steps, period_ns } = schedule;
  const cycle = period_ns === 0 ? 0 : Math.floor(at / period_ns);
  const next = steps[stepIndex(steps, at - cycle * period_ns) + 1];
  if (next !== undefined) return cycle * period_ns + next.at_ns;
  return period_ns === 0 ? NEVER : (cycle + 1) * period_ns + (steps[0] as Steps["steps"][number]).at_ns;
}

function stepRate({ steps, period_ns }: Steps, own: number, at: Nanos): number {
  const cycle = period_ns === 0 ? 0 : Math.floor(at / period_ns);
  const index = stepIndex(steps, at - cycle * period_ns);
  if (index >= 0) return (steps[index] as Steps["steps"][number]).rate_bps;
  return cycle === 0 ? own : (steps.at(-1)?.rate_bps ?? own);
}

/** The last step at or before this time of the period; -1 before the first. */
function stepIndex(steps: Steps["steps"], phase: Nanos): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((steps[middle] as Steps["steps"][number]).at_ns <= phase) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

// ---- Opportunities: numbered from 0 through all periods ----

/** The one being used, and what is left of it; plain data. */
export interface OpportunityCursor {
  opportunity: number;
  bytesLeft: Bytes;
}

export function createCursor(): OpportunityCursor {
  return { opportunity: -1, bytesLeft: 0 };
}

/** When the next byte can leave, from `at` on. What earlier opportunities had left is lost. */
export function nextOpportunity(schedule: Opportunities, cursor: OpportunityCursor, at: Nanos): Nanos {
  if (schedule.at_ns.length === 0 || schedule.bytes <= 0) return NEVER;
  if (cursor.bytesLeft > 0) {
    const time = opportunityTime(schedule, cursor.opportunity);
    if (time >= at) return time;
  }
  const next = Math.max(cursor.opportunity + 1, opportunityFrom(schedule, at));
  const time = opportunityTime(schedule, next);
  if (time >= NEVER) return NEVER;
  cursor.opportunity = next;
  cursor.bytesLeft = schedule.bytes;
  return time;
}

/** Takes opportunities for so many bytes, from `at` on. @returns when the last byte leaves. */
export function takeOpportunities(schedule: Opportunities, cursor: OpportunityCursor, at: Nanos, bytes: Bytes): Nanos {
  let left = bytes;
  for (;;) {
    const time = nextOpportunity(schedule, cursor, at);
    if (time === NEVER) return NEVER;
    const taken = Math.min(left, cursor.bytesLeft);
    cursor.bytesLeft -= taken;
    left -= taken;
    if (left === 0) return time;
  }
}

/** Gives back opportunities that lie ahead: what was to use them is gone. */
export function forgetAhead(schedule: Opportunities, cursor: OpportunityCursor, now: Nanos): void {
  if (cursor.opportunity < 0 || opportunityTime(schedule, cursor.opportunity) < now) return;
  cursor.opportunity = -1;
  cursor.bytesLeft = 0;
}

function opportunityTime({ at_ns, period_ns }: Opportunities, index: number): Nanos {
  const cycle = Math.floor(index / at_ns.length);
  if (cycle > 0 && period_ns === 0) return NEVER;
  return cycle * period_ns + (at_ns[index - cycle * at_ns.length] ?? NEVER);
}

/** The first opportunity at or after this time. */
function opportunityFrom(schedule: Opportunities, at: Nanos): number {
  const { at_ns, period_ns } = schedule;
  const cycle = period_ns === 0 ? 0 : Math.floor(at / period_ns);
  const phase = at - cycle * period_ns;
  let low = 0;
  let high = at_ns.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((at_ns[middle] as Nanos) < phase) low = middle + 1;
    else high = middle;
  }
  let index = cycle * at_ns.length + low;
  // An opportunity may stand at the very end of the period before.
  while (index > 0 && opportunityTime(schedule, index - 1) >= at) index--;
  return index;
}
