/** How late a live run was, as it is reported: quantiles, a coarse histogram, and whether it kept to a bound. */
import { type Histogram, mean, quantile, stepsOf } from "../core/histogram.ts";
import { MILLISECOND, MICROSECOND, type Nanos } from "../core/units.ts";

/** Bound of `--strict` where nothing else is said. */
export const LATENESS_BOUND: Nanos = 2 * MILLISECOND;

/** Time between when an event was due and when it was handled, of all events that were to happen at a time; microseconds. */
export interface LatenessFigures {
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number | null;
  readonly count: number;
  /** Events less late than this, and not less than the class before: powers of two nanoseconds. Classes without events are left out. */
  readonly histogram: readonly { readonly below: number; readonly count: number }[];
}

export function latenessFigures(lateness: Histogram): LatenessFigures {
  const us = (ns: number | null): number | null => (ns === null ? null : ns / MICROSECOND);
  return {
    mean: us(mean(lateness)),
    p50: us(quantile(lateness, 0.5)),
    p99: us(quantile(lateness, 0.99)),
    max: lateness.count === 0 ? null : lateness.max / MICROSECOND,
    count: lateness.count,
    histogram: stepsOf(lateness, 1).map(([bound, count]) => ({ below: bound / MICROSECOND, count })),
  };
}

export interface CrossingFigures extends LatenessFigures {
  readonly p999: number | null;
}

/** Of the times that packets took over links beyond what these say (crossings.ts). */
export function crossingFigures(times: Histogram): CrossingFigures {
  const late = quantile(times, 0.999);
  return { ...latenessFigures(times), p999: late === null ? null : late / MICROSECOND };
}

/** What is wrong with the lateness of a run that had to keep to a bound; null: nothing. */
export function latenessProblem({ p99, max }: LatenessFigures, bound: Nanos): string | null {
  if (p99 === null || p99 * MICROSECOND <= bound) return null;
  const ms = (us: number): string => `${(us / 1_000).toFixed(3)} ms`;
  return `the run was late: one event in a hundred by ${ms(p99)} or more (the latest by ${ms(max ?? 0)}), and --strict allows ${ms(bound / MICROSECOND)}. Give it a machine with less to do, fewer packets, or another bound (--lateness)`;
}
