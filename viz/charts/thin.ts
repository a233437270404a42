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
export function thin({ values, length, start, step }: EvenValues, low: number, high: number, columns: number): Point[] {
  const points: Point[] = [];
  const width = (high - low) / columns;
  const end = Math.min(length - 1, Math.floor((high - start) / step));
  let at = Math.max(0, Math.ceil((low - start) / step));
  let gap = true;
  while (at <= end) {
    const column = Math.min(columns - 1, Math.floor((start + at * step - low) / width));
    const from = at;
    // Of the next column; the division above decides, so that rounding puts no point into two.
    while (
      at <= end &&
      (at === from || Math.min(columns - 1, Math.floor((start + at * step - low) / width)) === column)
    )
      at++;
    const any = pushColumn(points, values, from, at, start, step);
    if (!any && !gap) points.push([start + from * step, null]);
    gap = !any;
  }
  return points;
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
  let [first, last, least, greatest] = [-1, -1, -1, -1];
  for (let n = from; n < to; n++) {
    const value = values[n] as number;
    if (Number.isNaN(value)) continue;
    if (first < 0) first = n;
    last = n;
    if (least < 0 || value < (values[least] as number)) least = n;
    if (greatest < 0 || value > (values[greatest] as number)) greatest = n;
  }
  if (first < 0) return false;
  const between = least < greatest ? [least, greatest] : [greatest, least];
  let before = -1;
  for (const n of [first, ...between, last]) {
    if (n !== before) points.push([start + n * step, values[n] as number]);
    before = n;
  }
  return true;
}

/** What stands for the values of one column. */
export type Fold = "sum" | "greatest";

/** One value a column, NaN where it holds none; values that are shorter than a column are added up, or the greatest stands for all. */
export function fold(
  { values, length, start, step }: EvenValues,
  low: number,
  high: number,
  columns: number,
  how: Fold,
): Float64Array {
  const folded = new Float64Array(columns).fill(Number.NaN);
  const width = (high - low) / columns;
  for (let n = Math.max(0, Math.ceil((low - start) / step)); n < length; n++) {
    const column = Math.floor((start + n * step - low) / width);
    if (column >= columns) break;
    const value = values[n] as number;
    if (Number.isNaN(value)) continue;
    const before = folded[column] as number;
    if (Number.isNaN(before)) folded[column] = value;
    else folded[column] = how === "sum" ? before + value : Math.max(before, value);
  }
  return folded;
}
