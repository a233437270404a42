/** What is known of a whole series, and its points as they are drawn. Series only grow: what was read once is not read again. */
import { type EvenValues, fold, thinMore, type Thinned, type Point } from "../../charts/thin.ts";
import { SECOND } from "../../../core/units.ts";
import type { Series } from "../series-store.ts";

/** Values, and where in time they stand. */
export type Values = Pick<Series, "bin_ns" | "length" | "values">;

/** Bins without a value left out; of none, the mean is null, as are the others. */
export interface Figures {
  readonly count: number;
  readonly sum: number;
  readonly mean: number | null;
  readonly least: number | null;
  readonly most: number | null;
  readonly last: number | null;
}

/** Length read, then count, sum, least, greatest and last value: numbers side by side, so that none is an object of its own. */
const LENGTH = 0;
const COUNT = 1;
const SUM = 2;
const LEAST = 3;
const MOST = 4;
const LAST = 5;

/** Share of the run that a gap may last and be drawn through; stretches of a run that means are taken of. */
const BRIDGED = 0.03;
const STRETCHES = 160;

const read = new WeakMap<Values, Float64Array>();
const thinned = new WeakMap<Values, Thinned>();

export function figuresOf(series: Values): Figures {
  const { length, values } = series;
  let state = read.get(series);
  if (state === undefined || (state[LENGTH] as number) > length) {
    state = Float64Array.of(0, 0, 0, Infinity, -Infinity, Number.NaN);
    read.set(series, state);
  }
  for (let n = state[LENGTH] as number; n < length; n++) {
    const value = values[n] as number;
    if (Number.isNaN(value)) continue;
    (state[COUNT] as number)++;
    (state[SUM] as number) += value;
    if (value < (state[LEAST] as number)) state[LEAST] = value;
    if (value > (state[MOST] as number)) state[MOST] = value;
    state[LAST] = value;
  }
  state[LENGTH] = length;
  const [, count, sum, least, most, last] = state as unknown as [number, number, number, number, number, number];
  if (count === 0) return { count, sum, mean: null, least: null, most: null, last: null };
  return { count, sum, mean: sum / count, least, most, last };
}

/** Seconds, by the middle of each bin. */
export function overTime({ bin_ns, length, values }: Values): EvenValues {
  return { values, length, start: bin_ns / 2 / SECOND, step: bin_ns / SECOND };
}

/** Points over `duration` seconds, at most four a column. Gaps that are short beside it are drawn through: who sends seldom is seldom measured. */
export function pointsOf(series: Values, duration: number, columns: number): readonly Point[] {
  const now = thinMore(thinned.get(series) ?? null, overTime(series), 0, duration, columns);
  thinned.set(series, now);
  const { points } = now;
  return points.filter(([, y], n) => {
    const [before, after] = [points[n - 1], points[n + 1]];
    return y !== null || before === undefined || after === undefined || after[0] - before[0] > duration * BRIDGED;
  });
}

/** Means over stretches of the duration, in the middle of each: of what is counted by packets a bin says little. */
export function meansOf(series: Values, duration: number, columns: number): readonly Point[] {
  const stretches = Math.min(STRETCHES, columns);
  const known = (series.length * series.bin_ns) / SECOND;
  const means = fold(overTime(series), 0, duration, stretches, "mean");
  return Array.from(
    means,
    (mean, n): Point => [((n + 0.5) * duration) / stretches, Number.isNaN(mean) ? null : mean],
  ).filter(([x]) => x <= known);
}
