/** Instants as people write them. */
import test from "ava";
import fc from "fast-check";
import { clampSpeed, fittingSpeed, formatBriefly, formatInstant, parseInstant } from "./instants.ts";

test("times and event numbers are read as people write them", (t) => {
  const cases: readonly (readonly [string, unknown])[] = [
    ["12.5s", { time: 12.5e9 }],
    [" 12.5 ", { time: 12.5e9 }],
    [".5", { time: 0.5e9 }],
    ["350ms", { time: 350e6 }],
    ["1m30s", { time: 90e9 }],
    ["1 h 2 min 3 s", { time: 3723e9 }],
    ["1:30.5", { time: 90.5e9 }],
    ["1:00:01", { time: 3601e9 }],
    ["7 µs", { time: 7000 }],
    ["#1234", { event: 1234 }],
    ["# 0", { event: 0 }],
  ];
  for (const [text, wanted] of cases) t.deepEqual(parseInstant(text), wanted as never, text);
  for (const text of ["", "s", "#", "#-1", "-3s", "1s2", "12 parsec", "1.2.3", "#1.5", "NaN", "1m30"])
    t.is(parseInstant(text), null, text);
});

test("what is shown can be typed in again", (t) => {
  const seed = 20_261_010;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 600e6 }), (micros) => {
      const read = parseInstant(formatInstant(micros * 1000));
      return read !== null && "time" in read && read.time === micros * 1000;
    }),
    { seed },
  );
  t.is(formatBriefly(12_500_000_000), "12.5 s");
  t.is(formatBriefly(350_000_000), "350 ms");
  t.is(formatBriefly(1500), "1.5 µs");
  t.is(formatBriefly(0), "0 s");
});

test("a run lasts about half a minute by default, within bounds", (t) => {
  t.is(fittingSpeed(10e9), 0.33);
  t.is(fittingSpeed(80e9), 2.7);
  t.is(fittingSpeed(1e6), 0.01);
  t.is(fittingSpeed(86_400e9), 100);
  t.is(clampSpeed(Number.NaN), 1);
});
