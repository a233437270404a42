/**
 * How far a neighbour's clock is ahead of ours, after NTP (RFC 5905, section 8): of the latest samples the one with the shortest round
 * trip counts, and half of that round trip is how wrong it may be.
 */
import type { Nanos } from "../../core/units.ts";

const KEPT = 8;

interface Sample {
  readonly offset: Nanos;
  readonly delay: Nanos;
}

export interface ClockOffset {
  /** The latest samples. */
  readonly samples: Sample[];
}

export function createOffset(): ClockOffset {
  return { samples: [] };
}

/** We sent at `t1`, it was heard at `t2` and answered at `t3` by the other clock, and that came at `t4`. */
export function addSample({ samples }: ClockOffset, t1: Nanos, t2: Nanos, t3: Nanos, t4: Nanos): void {
  const delay = t4 - t1 - (t3 - t2);
  // A round trip that took less than nothing tells of a clock that is not monotonic.
  if (delay < 0) return;
  samples.push({ offset: (t2 - t1 + (t3 - t4)) / 2, delay });
  if (samples.length > KEPT) samples.shift();
}

/** null without a sample. */
export function bestOffset({ samples }: ClockOffset): { readonly ahead: Nanos; readonly error: Nanos } | null {
  const best = samples.reduce<Sample | null>(
    (least, one) => (least === null || one.delay < least.delay ? one : least),
    null,
  );
  return best === null ? null : { ahead: best.offset, error: best.delay / 2 };
}
