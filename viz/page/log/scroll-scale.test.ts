import test from "ava";
import fc from "fast-check";
import { clampTop, lastTop, MAX_HEIGHT, movedTop, scrollHeight, scrollOf, topOf } from "./scroll-scale.ts";

const sizes = fc.record({
  rows: fc.integer({ min: 0, max: 4_000_000 }),
  rowHeight: fc.constantFrom(20, 22, 24),
  seen: fc.integer({ min: 50, max: 1_200 }),
});

test("every row can be reached, and the bar's ends are the list's", (t) => {
  fc.assert(
    fc.property(sizes, fc.double({ min: 0, max: 1, noNaN: true }), (size, share) => {
      t.true(scrollHeight(size) <= MAX_HEIGHT);
      const top = share * lastTop(size);
      t.true(Math.abs(topOf(size, scrollOf(size, top)) - top) < 1e-6);
      t.is(topOf(size, 0), 0);
      t.true(Math.abs(topOf(size, scrollHeight(size) - size.seen) - lastTop(size)) < 1e-6);
    }),
    { seed: 10 },
  );
});

test("a short movement moves rows by as many pixels, however many rows there are", (t) => {
  const size = { rows: 4_000_000, rowHeight: 24, seen: 480 };
  const before = scrollOf(size, 1_000_000);
  t.is(movedTop(size, 1_000_000, before, before + 240), 1_000_010);
  t.is(movedTop(size, 1_000_000, before, before - 120), 999_995);
  const small = { ...size, rows: 1_000 };
  t.true(Math.abs(movedTop(small, 10, 240, 480) - 20) < 1e-9);
});

test("a long movement is the bar's, and its ends are the list's", (t) => {
  const size = { rows: 4_000_000, rowHeight: 24, seen: 480 };
  const room = scrollHeight(size) - size.seen;
  t.is(movedTop(size, 5, 10, room / 2), topOf(size, room / 2));
  t.is(movedTop(size, 3_000, 300, 0), 0);
  t.is(movedTop(size, 3_000_000, room - 20, room), lastTop(size));
  t.is(clampTop(size, -4), 0);
});
