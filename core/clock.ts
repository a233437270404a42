/** The clock of an AS as it may differ from the run's own time: a fault makes it jump and drift. */
import type { Nanos } from "./units.ts";

/** Plain data, part of an actor's context. */
export interface LocalClock {
  /** Run time at which it was last set. */
  since: Nanos;
  /** What it was wrong by at that time; positive: fast. */
  offset: Nanos;
  /** Gain in millionths from then on. */
  ppm: number;
}

/** Sets an AS's clock: jumps by `step_ns` from right time and then gains `ppm`; both 0: right again. */
export interface ClockSet {
  readonly type: "clock.set";
  readonly ppm: number;
  readonly step_ns: Nanos;
}

export function createClock(): LocalClock {
  return { since: 0, offset: 0, ppm: 0 };
}

export function setClock(clock: LocalClock, event: ClockSet, now: Nanos): void {
  clock.since = now;
  clock.offset = event.step_ns;
  clock.ppm = event.ppm;
}

/** What the clock shows at run time `now`, whole nanoseconds. */
export function localTime(clock: LocalClock, now: Nanos): Nanos {
  if (clock.ppm === 0) return now + clock.offset;
  return now + clock.offset + Math.round(((now - clock.since) * clock.ppm) / 1e6);
}
