import test from "ava";
import fc from "fast-check";
import { addRange, gapsIn, hasNumber, prefixOf, type Ranges, removeRange } from "./ranges.ts";

const range = fc.tuple(fc.nat(60), fc.nat(12)).map(([start, length]): [number, number] => [start, start + length]);
const step = fc.tuple(fc.boolean(), range);

/** The same with a plain set of numbers. */
function model(steps: readonly (readonly [boolean, [number, number]])[]): Set<number> {
  const set = new Set<number>();
  for (const [add, [start, end]] of steps) {
    for (let n = start; n < end; n++) {
      if (add) set.add(n);
      else set.delete(n);
    }
  }
  return set;
}

test("ranges hold what a set of numbers holds, ascending and apart", (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), range, (steps, [start, end]) => {
      const ranges: Ranges = [];
      steps.forEach(([add, [from, to]], at) => {
        const before = model(steps.slice(0, at));
        if (!add) return removeRange(ranges, from, to);
        const fresh = Array.from({ length: to - from }, (_, i) => from + i).filter((n) => !before.has(n)).length;
        t.is(addRange(ranges, from, to), fresh);
      });
      const set = model(steps);
      const numbers = ranges.flatMap((first, at) =>
        at % 2 === 1 ? [] : Array.from({ length: (ranges[at + 1] as number) - first }, (_, i) => first + i),
      );
      t.deepEqual(
        numbers,
        [...set].sort((a, b) => a - b),
      );
      t.true(ranges.every((value, at) => at === 0 || value > (ranges[at - 1] as number)));
      for (let n = 0; n < 75; n++) t.is(hasNumber(ranges, n), set.has(n));
      const gaps = gapsIn(ranges, start, end);
      const missing = Array.from({ length: end - start }, (_, i) => start + i).filter((n) => !set.has(n));
      t.deepEqual(
        gaps.flatMap((from, at) =>
          at % 2 === 1 ? [] : Array.from({ length: (gaps[at + 1] as number) - from }, (_, i) => from + i),
        ),
        missing,
      );
      let prefix = 0;
      while (set.has(prefix)) prefix++;
      t.is(prefixOf(ranges), prefix);
    }),
    { numRuns: 300 },
  );
});
