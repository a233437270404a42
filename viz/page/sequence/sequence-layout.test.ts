import test from "ava";
import fc from "fast-check";
import type { SequenceMessage } from "../../../core/exploration.ts";
import { fittingWindow, layoutSequence, lengthText, type SequenceView, windowLengths } from "./sequence-layout.ts";

const view: SequenceView = {
  actors: ["a", "b", "c"],
  from_ns: 1_000,
  to_ns: 2_000,
  scale: "linear",
  width: 374,
  height: 528,
};
const message = (from: string, to: string, sent_ns: number, received_ns: number): SequenceMessage => ({
  event: 1,
  from,
  to,
  sent_ns,
  received_ns,
  label: "x",
  flow: null,
  dropped: null,
});

test("arrows go from column to column, by time of sending and receiving", (t) => {
  const { arrows, columns, width, height, ticks } = layoutSequence(view, [
    message("a", "c", 1_000, 1_500),
    message("b", "nobody", 1_000, 1_100),
    message("c", "a", 500, 2_000),
  ]);
  t.deepEqual([width, height], [374, 528]);
  t.deepEqual(
    columns.map(({ x }) => x),
    [124, 224, 324],
  );
  t.deepEqual(
    arrows.map(({ x1, y1, x2, y2 }) => [x1, y1, x2, y2]),
    [
      [124, 14, 324, 264],
      [324, 14, 124, 514],
    ],
  );
  t.deepEqual(
    ticks.map(({ time_ns }) => time_ns),
    [1_000, 1_100, 1_200, 1_300, 1_400, 1_500, 1_600, 1_700, 1_800, 1_900, 2_000],
  );
});

test("compressed, every instant is as far from the next, and what lies between them lies between", (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(1_000), fc.nat(1_000)), { minLength: 1, maxLength: 20 }),
      fc.array(fc.nat(3_000)),
      (pairs, times) => {
        const messages = pairs.map(([sent, took]) => message("a", "b", 1_000 + sent, 1_000 + sent + took));
        const { yOf, arrows, height } = layoutSequence({ ...view, to_ns: 4_000, scale: "compressed" }, messages);
        const instants = [...new Set(messages.flatMap((one) => [one.sent_ns, one.received_ns]))].toSorted(
          (a, b) => a - b,
        );
        t.deepEqual(
          instants.map(yOf),
          instants.map((_, n) => 14 + 17 * n),
        );
        for (const { y1, y2 } of arrows) t.true(y2 >= y1 && y2 <= height);
        const sorted = times.toSorted((a, b) => a - b).map(yOf);
        for (const [n, y] of sorted.entries()) t.true(n === 0 || y >= (sorted[n - 1] as number), "time goes down");
      },
    ),
    { seed: 10, numRuns: 200 },
  );
});

test("labels stand where there is room, many actors take more of it", (t) => {
  const close = Array.from({ length: 9 }, (_, n) => message("a", "b", 1_000 + n, 1_500 + n));
  t.deepEqual(
    layoutSequence(view, close).arrows.map(({ labelled }) => labelled),
    [true, ...close.slice(1).map(() => false)],
  );
  t.is(layoutSequence({ ...view, actors: Array.from({ length: 20 }, (_, n) => `${n}`) }, []).width, 74 + 20 * 96);
  t.notThrows(() => layoutSequence({ ...view, actors: [], from_ns: 5, to_ns: 5 }, []));
});

test("windows go from very short to the whole run", (t) => {
  t.deepEqual(windowLengths(150_000), [10_000, 20_000, 50_000, 100_000, 150_000]);
  t.deepEqual(windowLengths(100_000), [10_000, 20_000, 50_000, 100_000]);
  t.deepEqual(windowLengths(0), [1]);
  t.deepEqual([20_000, 5_000_000, 10_000_000_000].map(lengthText), ["20 µs", "5 ms", "10 s"]);
});

test("the window is the longest in which few enough messages end", (t) => {
  const messages = Array.from({ length: 100 }, (_, n) => message("a", "b", n * 10, n * 10));
  const lengths = [10, 100, 200, 500, 1_000];
  t.is(fittingWindow(messages, 500, lengths, 4, 40), 2);
  t.is(fittingWindow(messages, 500, lengths, 1, 40), 1);
  t.is(fittingWindow(messages, 500, lengths, 4, 100), 4);
  t.is(fittingWindow(messages, 500, lengths, 4, 0), 0);
});
