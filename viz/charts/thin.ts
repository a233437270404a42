/**
 * Many points as few that look the same: of each pixel column its first, least, greatest and last value (Jugel, Jerzak, Hackenbroich, Markl:
 * M4, VLDB 2014). A line through them covers the same pixels as one through all.
 */

export type Point = readonly [x: number, y: number | null];

/** Values at even distances: that of number n stands at `start + n * step`; NaN: a gap. Only the first `length` count. */
export interface EvenValues {
  readonly values: ArrayLike<number>;
  readonly length: number;
  readonly start: number;
  readonly step: number;
}

/**
 * At most four points for each of `columns` between `low` and `high`, in order, and a point without a value for columns in which there are
 * only gaps, of several in a row one.
 */
export function thin(even: EvenValues, low: number, high: number, columns: number): readonly Point[] {
  return thinMore(null, even, low, high, columns).points;
}

/** Values thinned so far; the last column may have been cut off. */
export interface Thinned {
  readonly low: number;
  readonly high: number;
  readonly columns: number;
  readonly points: readonly Point[];
  /** Number of the first value of the last column, the points before it, and how many values there were. */
  readonly last: number;
  readonly kept: number;
  readonly length: number;
}

/** As `thin`, of values that go on from those thinned `before`: only what is new, and the last column, is read. */
export function thinMore(
  before: Thinned | null,
  even: EvenValues,
  low: number,
  high: number,
  columns: number,
): Thinned {
  const { length, values, start, step } = even;
  const fits = before?.low === low && before.high === high && before.columns === columns && before.length <= length;
  const points = fits ? before.points.slice(0, before.kept) : [];
  let gap = points.length === 0 || points.at(-1)?.[1] === null;
  let last = fits ? before.last : firstOf(even, low);
  let kept = points.length;
  const end = endOf(even, high);
  for (let from = last, to = from; from < end; from = to) {
    to = Math.min(end, nextColumn(even, low, (high - low) / columns, columns, from));
    last = from;
    kept = points.length;
    const any = pushColumn(points, values, from, to, start, step);
    if (!any && !gap) points.push([start + from * step, null]);
    gap = !any;
  }
  return { low, high, columns, points, last, kept, length };
}

function firstOf({ start, step }: EvenValues, low: number): number {
  return Math.max(0, Math.ceil((low - start) / step));
}

/** One more than the number of the last value up to `high`. */
function endOf({ length, start, step }: EvenValues, high: number): number {
  return Math.min(length, Math.floor((high - start) / step) + 1);
}

/** Number of the first value that lies in a later column than number `from`. */
function nextColumn({ start, step }: EvenValues, low: number, width: number, columns: number, from: number): number {
  const columnOf = (n: number): number => Math.min(columns - 1, Math.floor((start + n * step - low) / width));
  const column = columnOf(from);
  if (column === columns - 1) return Infinity;
  let next = Math.max(from + 1, Math.ceil((low + (column + 1) * width - start) / step));
  // The bound may be rounded to either side.
  while (next > from + 1 && columnOf(next - 1) > column) next--;
  while (columnOf(next) === column) next++;
  return next;
}

/** Values `from` to `to` (not included) lie in one column; answers whether there is any. */
function pushColumn(
  points: Point[],
  values: ArrayLike<number>,
  from: number,
  to: number,
  start: number,
  step: number,
): boolean {
  let first = from;
  while (first < to && Number.isNaN(values[first])) first++;
  if (first === to) return false;
  let last = to - 1;
  while (Number.isNaN(values[last])) last--;
  let [least, greatest] = [first, first];
  let low = values[first] as number;
  let high = low;
  for (let n = first + 1; n <= last; n++) {
    const value = values[n] as number;
    // Of NaN neither is true.
    if (value < low) {
      low = value;
      least = n;
    } else if (value > high) {
      high = value;
      greatest = n;
    }
  }
  const between = least < greatest ? [least, greatest] : [greatest, least];
  let before = -1;
  for (const n of [first, ...between, last]) {
    if (n !== before) points.push([start + n * step, values[n] as number]);
    before = n;
  }
  return true;
}

/** What stands for the values of one column. */
export type Fold = "sum" | "greatest" | "mean";

/** One value a column, NaN where it holds none; of several in a column the sum, the greatest or the mean. */
export function fold(even: EvenValues, low: number, high: number, columns: number, how: Fold): Float64Array {
  const { values, start, step } = even;
  const folded = new Float64Array(columns).fill(Number.NaN);
  const width = (high - low) / columns;
  const end = endOf(even, high);
  for (let from = firstOf(even, low), to = from; from < end; from = to) {
    to = Math.min(end, nextColumn(even, low, width, columns, from));
    let value = Number.NaN;
    let count = 0;
    for (let n = from; n < to; n++) {
      const next = values[n] as number;
      if (Number.isNaN(next)) continue;
      if (count++ === 0) value = next;
      else value = how === "greatest" ? Math.max(value, next) : value + next;
    }
    if (how === "mean") value /= count;
    folded[Math.min(columns - 1, Math.floor((start + from * step - low) / width))] = value;
  }
  return folded;
}
