/** Distributions of delays in few steps whose bounds are the same in every run, so that runs can be added up. */
import { coarserBound, type Histogram, stepsOf } from "../../core/histogram.ts";
import { MILLISECOND } from "../../core/units.ts";

/** Upper bound in milliseconds, packets below it and not below the bound before. */
export type DelayStep = readonly [number, number];

const MAX_STEPS = 200;
/** Steps for each power of two: at most 6 % wide. */
const FINEST = 16;

export function delaySteps(histogram: Histogram): DelayStep[] {
  const steps = stepsOf(histogram, FINEST).map(([bound, count]): DelayStep => [bound / MILLISECOND, count]);
  return coarsen(steps);
}

export function addDelaySteps(all: readonly (readonly DelayStep[])[]): DelayStep[] {
  return coarsen(gather(all.flat()));
}

function gather(steps: readonly DelayStep[]): DelayStep[] {
  const counts = new Map<number, number>();
  for (const [bound, count] of steps) counts.set(bound, (counts.get(bound) ?? 0) + count);
  return [...counts].sort(([left], [right]) => left - right);
}

/** Twice as wide until there are few enough. */
function coarsen(steps: readonly DelayStep[]): DelayStep[] {
  let [some, parts] = [[...steps], FINEST];
  while (some.length > MAX_STEPS && parts > 1) {
    parts /= 2;
    some = gather(some.map(([bound, count]) => [wider(bound, parts), count]));
  }
  return some;
}

function wider(bound: number, parts: number): number {
  return coarserBound(Math.round(bound * MILLISECOND), parts) / MILLISECOND;
}
