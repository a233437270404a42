import test from "ava";
import fc from "fast-check";
import { closest, typingErrors } from "./suggest.ts";
import {
  formatDuration,
  formatRate,
  formatSize,
  parseDuration,
  parseRate,
  parseShare,
  parseSize,
  type QuantityProblem,
} from "./units.ts";
import type { Result } from "../core/result.ts";

const valueOf = (read: Result<number, QuantityProblem>): number | string =>
  read.ok ? read.value : read.error.expected;

test("durations, rates, sizes and shares in every unit", (t) => {
  const durations = ["9600ns", "5us", "250ms", "10s", "2min", "1h", "0.5ms", "1.000001s", "0s"];
  t.deepEqual(
    durations.map((text) => valueOf(parseDuration(text))),
    [9_600, 5_000, 250e6, 10e9, 120e9, 3_600e9, 500_000, 1_000_001_000, 0],
  );
  const rates = ["300bit/s", "64kbit/s", "100Mbit/s", "1Gbit/s", "2.5Gbit/s", "1Tbit/s"];
  t.deepEqual(
    rates.map((text) => valueOf(parseRate(text))),
    [300, 64_000, 1e8, 1e9, 2.5e9, 1e12],
  );
  const sizes = ["1200B", "1kB", "4KiB", "1MB", "4MiB", "1GB", "1GiB", "0.5KiB"];
  t.deepEqual(
    sizes.map((text) => valueOf(parseSize(text))),
    [1_200, 1_000, 4_096, 1e6, 4_194_304, 1e9, 1_073_741_824, 512],
  );
  t.deepEqual(
    ["5%", "0.1%", "0.25", "100%", "0"].map((text) => valueOf(parseShare(text))),
    [0.05, 0.001, 0.25, 1, 0],
  );
});

test("what is no quantity says what was expected and what was found", (t) => {
  const read = parseDuration("soon");
  t.deepEqual(read.ok ? null : read.error, { expected: "a duration such as 250ms, 10s or 2min", found: '"soon"' });
  for (const text of ["", "-5s", "5", "s", "1e3s", "5 s", "5s ", "١s", "1_000s", ".5s", "5.s", "0x5s"]) {
    t.false(parseDuration(text).ok, text);
  }
  for (const text of ["101%", "1.01", "-1%", "%", "5 %"]) t.false(parseShare(text).ok, text);
});

test("a value between two whole base units, or beyond exact numbers, is refused", (t) => {
  t.is(valueOf(parseDuration("0.5ns")), "whole nanoseconds");
  t.is(valueOf(parseSize("0.3B")), "whole bytes");
  t.is(valueOf(parseDuration("2501h")), 2501 * 3_600e9);
  t.is(valueOf(parseDuration("2502h")), "at most 9007199254740991 nanoseconds");
  t.regex(String(valueOf(parseDuration(`${"9".repeat(1_000_000)}s`))), /^a duration/, "not even computed");
});

test("suggestions keep the number and mend the unit", (t) => {
  const suggested = (read: Result<number, QuantityProblem>): string | undefined =>
    read.ok ? undefined : read.error.didYouMean;
  t.deepEqual(
    ["5 s", "5sec", "5S", "5µs", "3 minutes", "12"].map((text) => suggested(parseDuration(text))),
    ["5s", "5s", "5s", "5us", "3min", undefined],
  );
  t.deepEqual(
    ["1Mbps", "1 mbit/s", "64kbits/s", "10Gb/s"].map((text) => suggested(parseRate(text))),
    ["1Mbit/s", "1Mbit/s", "64kbit/s", "10Gbit/s"],
  );
  t.deepEqual(
    ["64k", "1200", "4 KiB", "4kib"].map((text) => suggested(parseSize(text))),
    ["64KiB", "1200B", "4KiB", "4KiB"],
  );
});

test("formatting and parsing are inverse, and the shortest text is written", (t) => {
  t.deepEqual([5e6, 1_500_000, 60e9, 0, 7_200e9].map(formatDuration), ["5ms", "1500us", "60s", "0s", "2h"]);
  t.deepEqual([2e7, 500, 1_000].map(formatRate), ["20Mbit/s", "500bit/s", "1kbit/s"]);
  t.deepEqual([65_536, 1_200, 1_000_000].map(formatSize), ["64KiB", "1200B", "1MB"]);
  const whole = fc.oneof(
    fc.nat(),
    fc.maxSafeNat(),
    fc.nat(1_000).map((n) => n * 1_000_000),
  );
  const property = fc.property(whole, (value) => {
    t.is(valueOf(parseDuration(formatDuration(value))), value);
    t.is(valueOf(parseRate(formatRate(value))), value);
    t.is(valueOf(parseSize(formatSize(value))), value);
  });
  fc.assert(property);
});

test("no text makes the parsers throw", (t) => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{0,40} ?[a-zA-Z/%]{0,8}$/));
  const property = fc.property(text, (wild) => {
    for (const parse of [parseDuration, parseRate, parseSize, parseShare]) {
      const read = parse(wild);
      if (read.ok) t.true(read.value >= 0 && read.value <= Number.MAX_SAFE_INTEGER);
    }
  });
  fc.assert(property);
  t.pass();
});

test("typing errors: inserted, left out, replaced, swapped", (t) => {
  t.deepEqual(
    [
      ["", "abc"],
      ["diamond", "diamnd"],
      ["grid", "gird"],
      ["line", "fine"],
      ["tiny", "tinny"],
    ].map(([left = "", right = ""]) => typingErrors(left, right)),
    [3, 1, 1, 1, 1],
  );
});

test("the nearest word, the first of two, and none that is too far", (t) => {
  t.is(closest("lowst-latency", ["shortest", "lowest-latency"]), "lowest-latency");
  t.is(closest("1-2", ["1-1", "1-3"]), "1-1");
  t.is(closest("GRID", ["tiny", "grid"]), "grid");
  t.is(closest("banana", ["shortest", "pinned"]), undefined);
  t.is(closest("x".repeat(100), ["x".repeat(99)]), undefined);
});
