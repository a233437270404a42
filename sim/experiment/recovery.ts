/**
 * How long packets go on getting lost after a disturbance. The share delivered is taken in windows of ten bins (500 ms, where a bin is
 * 50 ms) that move on bin by bin, by the time of sending; a window in which nothing was sent says nothing.
 */
import type { Scenario } from "../../core/scenario.ts";
import type { TimelineEntry } from "../../core/faults.ts";
import { type Nanos, SECOND } from "../../core/units.ts";

const WINDOW_BINS = 10;
/** Time before the disturbance with whose mean is compared. */
const BEFORE: Nanos = 5 * SECOND;
const RECOVERED = 0.95;
/** Disturbances of a run that are looked at: the first ones. */
const MAX_DISTURBANCES = 1_000;

export interface Deliveries {
  readonly bin: Nanos;
  /** Packets by the bin in which they were sent, and those of them that arrived. */
  readonly sent: ArrayLike<number>;
  readonly delivered: ArrayLike<number>;
}

/** Times within [from, to) at which a fault or a background flow begins, each once. */
export function disturbances(
  { flows, compare }: Scenario,
  timeline: readonly TimelineEntry[],
  from: Nanos,
  to: Nanos,
): Nanos[] {
  const faults = timeline.filter(({ change, effect }) => change === "begin" && effect !== "up");
  const background = new Set(compare?.background);
  const loads = flows.filter(({ id }) => background.has(id)).map(({ start_ns }) => start_ns);
  const times = new Set([...faults.map(({ at_ns }) => at_ns), ...loads]);
  const within = [...times].filter((at) => at > from && at < to);
  return within.sort((left, right) => left - right).slice(0, MAX_DISTURBANCES);
}

/**
 * Seconds from `begin` until a window has 95 % of the share of the 5 s before (not before `from`) again, after one that had less; 0
 * where none has less, the time to `end` where none comes back. null where too little was sent before.
 */
export function recoveryOf({ bin, sent, delivered }: Deliveries, from: Nanos, begin: Nanos, end: Nanos): number | null {
  const inBins = (counts: ArrayLike<number>, first: number, last: number): number => {
    let sum = 0;
    for (let index = first; index < last; index++) sum += counts[index] ?? 0;
    return sum;
  };
  const first = Math.ceil(begin / bin);
  const earliest = Math.max(Math.ceil(from / bin), first - Math.round(BEFORE / bin));
  const before = inBins(sent, earliest, first);
  if (first - earliest < WINDOW_BINS || before === 0) return null;
  const needed = (RECOVERED * inBins(delivered, earliest, first)) / before;
  let fallen = false;
  for (let at = first; (at + WINDOW_BINS) * bin <= end; at++) {
    const all = inBins(sent, at, at + WINDOW_BINS);
    if (all === 0) continue;
    const enough = inBins(delivered, at, at + WINDOW_BINS) >= needed * all;
    if (fallen && enough) return (at * bin - begin) / SECOND;
    fallen ||= !enough;
  }
  return fallen ? (end - begin) / SECOND : 0;
}
