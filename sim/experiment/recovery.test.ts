/** Recovery from hand-made counts, and what counts as a disturbance. */
import test from "ava";
import { SECOND } from "../../core/units.ts";
import { binsOf } from "./bins.ts";
import { cutScenario, everyTenMs, MS } from "./meter-testing.ts";
import { disturbances, recoveryOf } from "./recovery.ts";

const BIN = 50 * MS;
const BINS = 400;

/** Ten packets in each bin of 20 s, of which so many arrive. */
function deliveries(arrive: (bin: number) => number, send: (bin: number) => number = () => 10) {
  const all = Array.from({ length: BINS }, (_, bin) => bin);
  return { bin: BIN, sent: all.map(send), delivered: all.map(arrive) };
}

const at = (seconds: number) => seconds * SECOND;

test("until a window is back at 95 % of the share before", (t) => {
  // Before 90 %; nothing from 10 to 12 s; then 80 %, from 14 s on 90 %: 0.95 x 90 % is met by six bins at 90 and four at 80.
  const back = deliveries((bin) => (bin < 200 ? 9 : bin < 240 ? 0 : bin < 280 ? 8 : 9));
  t.is(recoveryOf(back, 0, at(10), at(18)), 3.8);
  t.is(recoveryOf(back, 0, at(10), at(13)), 3, "still below when the phase ends");
});

test("a disturbance that does not show at once, one that never shows, and pauses", (t) => {
  const late = deliveries((bin) => (bin >= 220 && bin < 230 ? 0 : 10));
  t.is(recoveryOf(late, 0, at(10), at(18)), 1.5);
  t.is(
    recoveryOf(
      deliveries(() => 10),
      0,
      at(10),
      at(18),
    ),
    0,
  );
  const pause = deliveries(
    (bin) => (bin >= 200 && bin < 210 ? 0 : bin < 240 && bin >= 200 ? 0 : 10),
    (bin) => (bin >= 210 && bin < 240 ? 0 : 10),
  );
  t.is(recoveryOf(pause, 0, at(10), at(18)), 2 - 0.45, "what was lost before the pause is not back before it is over");
});

test("too little before: no value", (t) => {
  t.is(
    recoveryOf(
      deliveries(() => 10),
      at(9.8),
      at(10),
      at(18),
    ),
    null,
  );
  t.not(
    recoveryOf(
      deliveries(() => 10),
      at(9.5),
      at(10),
      at(18),
    ),
    null,
  );
  t.is(
    recoveryOf(
      deliveries(
        () => 0,
        (bin) => (bin < 200 ? 0 : 10),
      ),
      0,
      at(10),
      at(18),
    ),
    null,
  );
});

test("disturbances: where faults and background flows begin in the measured time, each instant once", (t) => {
  const flows = [everyTenMs("f"), everyTenMs("surge", { start_ns: at(12) }), everyTenMs("noise", { start_ns: at(10) })];
  const { compare, ...scenario } = cutScenario(flows);
  const entry = (seconds: number, change: "begin" | "end", effect: "down" | "up") => ({
    at_ns: at(seconds),
    fault: "x",
    position: 0,
    change,
    effect,
    targets: [],
  });
  const timeline = [
    entry(1, "begin", "down"),
    entry(10, "begin", "down"),
    entry(11, "begin", "up"),
    entry(15, "end", "down"),
    entry(20, "begin", "down"),
  ];
  const background = ["surge", "noise"];
  if (compare === undefined) throw new Error("the scenario compares");
  const found = disturbances({ ...scenario, compare: { ...compare, background } }, timeline, at(2), at(20));
  t.deepEqual(found, [at(10), at(12)]);
});

test("bins: 250 ms up to four minutes, then twice as long", (t) => {
  t.deepEqual(binsOf(63 * SECOND), { curve: 250 * MS, fine: 50 * MS, curves: 253, fines: 1_265 });
  t.is(binsOf(240 * SECOND).curve, 250 * MS);
  t.is(binsOf(241 * SECOND).curve, 500 * MS);
  t.is(binsOf(3_600 * SECOND).curve, 4_000 * MS);
});
