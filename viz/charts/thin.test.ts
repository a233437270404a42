/** Few points that look like all of them. */
import test from "ava";
import fc from "fast-check";
import { type EvenValues, fold, type Point, thin, type Thinned, thinMore } from "./thin.ts";

const value = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
  { weight: 1, arbitrary: fc.constant(0) },
);
const series = fc.record({
  values: fc.array(value, { maxLength: 3_000 }),
  start: fc.double({ min: -10, max: 10, noNaN: true }),
  step: fc.double({ min: 0.01, max: 5, noNaN: true }),
  columns: fc.integer({ min: 1, max: 200 }),
  low: fc.double({ min: -20, max: 100, noNaN: true }),
  span: fc.double({ min: 0.5, max: 2_000, noNaN: true }),
});

const RUNS = { numRuns: 300, verbose: 1 } as const;

/** By column: first, least, greatest, last of the points that lie in the window. */
function extremes(points: readonly Point[], low: number, high: number, columns: number): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (const [x, y] of points) {
    if (y === null || x < low || x > high) continue;
    const column = Math.min(columns - 1, Math.floor((x - low) / ((high - low) / columns)));
    const [first, least, greatest] = found.get(column) ?? [y, y, y];
    found.set(column, [first as number, Math.min(least as number, y), Math.max(greatest as number, y), y]);
  }
  return found;
}

test("every column keeps its first, least, greatest and last value", (t) => {
  fc.assert(
    fc.property(series, ({ values, start, step, columns, low, span }) => {
      const high = low + span;
      const all: Point[] = values.map((y, n) => [start + n * step, Number.isNaN(y) ? null : y]);
      const even: EvenValues = { values, length: values.length, start, step };
      const points = thin(even, low, high, columns);
      const inside = all.filter(([x]) => x >= low && x <= high);
      t.deepEqual(extremes(points, low, high, columns), extremes(inside, low, high, columns));
      // In order, and nothing that was not there.
      points.forEach(([x], n) => t.true(n === 0 || x > (points[n - 1]?.[0] ?? 0)));
      const known = new Map(all);
      for (const [x, y] of points) t.true(y === null || known.get(x) === y);
      t.true(points.length <= 5 * columns);
    }),
    RUNS,
  );
});

test("values that come piece by piece give the same points as all at once", (t) => {
  fc.assert(
    fc.property(series, fc.array(fc.integer({ min: 0, max: 300 })), (all, pieces) => {
      const { values, start, step, columns, low, span } = all;
      let before: Thinned | null = null;
      let length = 0;
      for (const piece of [...pieces, values.length]) {
        length = Math.min(values.length, length + piece);
        const even: EvenValues = { values, length, start, step };
        before = thinMore(before, even, low, low + span, columns);
        t.deepEqual(before.points, thin(even, low, low + span, columns));
      }
    }),
    { ...RUNS, numRuns: 100 },
  );
});

test("a gap as wide as a column breaks the line, a narrower one does not", (t) => {
  const gap = Number.NaN;
  const values = [1, 2, gap, gap, gap, gap, gap, gap, 3, gap, 4];
  t.deepEqual(thin({ values, length: 11, start: 0, step: 1 }, 0, 12, 6), [
    [0, 1],
    [1, 2],
    [2, null],
    [8, 3],
    [10, 4],
  ]);
  t.deepEqual(thin({ values: [gap, gap], length: 2, start: 0, step: 1 }, 0, 2, 2), []);
});

test("a million points become at most four a column", (t) => {
  const values = Float64Array.from({ length: 1_000_000 }, (_, n) => Math.sin(n / 5_000) + (n % 7) / 10);
  const begin = performance.now();
  const points = thin({ values, length: values.length, start: 0, step: 1 }, 0, values.length, 500);
  t.log(`${(performance.now() - begin).toFixed(1)} ms`);
  t.true(points.length <= 2_000 && points.length >= 1_000);
});

test("what is folded is neither lost nor counted twice", (t) => {
  fc.assert(
    fc.property(series, ({ values, start, step, columns }) => {
      const even: EvenValues = { values, length: values.length, start, step };
      const high = start + values.length * step + 1;
      const known = values.filter((one) => !Number.isNaN(one));
      const folded = fold(even, start, high, columns, "sum").filter((one) => !Number.isNaN(one));
      const total = (list: readonly number[]): number => list.reduce((sum, one) => sum + one, 0);
      const size = total(known.map(Math.abs));
      t.true(Math.abs(total([...folded]) - total(known)) <= 1e-9 * (1 + size));
      const means = fold(even, start, high, 1, "mean");
      t.true(known.length === 0 || Math.abs((means[0] ?? 0) - total(known) / known.length) <= 1e-9 * (1 + size));
      const greatest = fold(even, start, high, columns, "greatest").filter((one) => !Number.isNaN(one));
      t.is(Math.max(...greatest), Math.max(...known));
    }),
    RUNS,
  );
});
