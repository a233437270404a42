/** Futures compared: where they part, and changes in words. */
import test from "ava";
import fc from "fast-check";
import type { App } from "../app.ts";
import { changeText, parseRate, rateText } from "./change-text.ts";
import { besideOf, firstDifferent, searchDifference } from "./first-difference.ts";

/** A run whose hash after event n is that of the row; where `parted`, every later one differs. */
function run(events: number, parted: number, salt: number): App {
  const hashes = async (_name: "hashes", { from, count }: { from: number; count: number }): Promise<Int32Array> => {
    const known = Math.max(0, Math.min(count, events + 1 - from));
    return Int32Array.from({ length: 2 * known }, (_, word) => {
      const event = from + (word >> 1);
      return event >= parted ? event * 31 + salt : event * 31;
    });
  };
  return { ask: hashes } as unknown as App;
}

test("the first difference is found wherever it is, or how far both are equal", async (t) => {
  const seed = 4_211;
  const property = fc.asyncProperty(
    fc.nat(5000),
    fc.nat(5000),
    fc.integer({ min: 1, max: 6000 }),
    fc.nat(100),
    async (ofOne, ofOther, parted, fork) => {
      const found = await searchDifference(run(ofOne, parted, 1), run(ofOther, parted, 2), fork);
      const both = Math.min(ofOne, ofOther);
      const first = Math.max(parted, fork + 1);
      if (first <= both) t.deepEqual(found, { equalTo: first - 1, at: first });
      else t.deepEqual(found, { equalTo: Math.max(fork, both), at: null });
    },
  );
  await fc.assert(property, { seed });
  t.is(firstDifferent(new Int32Array(0), new Int32Array(4)), -1);
});

test("the other future stands at the same event before the fork, at the same time after it", (t) => {
  t.deepEqual(besideOf({ event: 7, now: 5 }, 7), { event: 7 });
  t.deepEqual(besideOf({ event: 8, now: 5 }, 7), { time: 5 });
});

test("rates are read as people write them, and changes said in words", (t) => {
  for (const [text, rate] of [
    ["5 Mbit/s", 5e6],
    ["800k", 8e5],
    ["1e6", 1e6],
    ["2.5Gbit/s", 2.5e9],
    ["64 bps", 64],
    ["0", null],
    ["", null],
    ["fast", null],
    ["-3M", null],
  ] as const)
    t.is(parseRate(text), rate, text);
  t.is(rateText(1_250_000), "1.25 Mbit/s");
  t.is(parseRate(rateText(64_000)), 64_000);
  t.is(changeText({ kind: "policy", flow: "*", policy: "latency", params: {} }), "every flow follows latency");
  t.is(changeText({ kind: "cut", link: "1-ff00:0:110#2" }), "link at 1-ff00:0:110#2 is cut");
});
