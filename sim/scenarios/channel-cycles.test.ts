/** One bulk flow over a channel, queue of 170: how its window swings, against Linux, theory and RFC 9438's equations. */
import test from "ava";
import type { ControllerName } from "../../core/channel/recovery/controller.ts";
import type { PathState } from "../../core/channel/paths/types.ts";
import type { RecoveryOptions } from "../../core/channel/recovery/recovery.ts";
import { type Nanos, SECOND } from "../../core/units.ts";
import { dumbbellWorld, sendingSide } from "./channel-dumbbell.ts";
import { MS } from "./transport-worlds.ts";

interface Reduction {
  readonly at: Nanos;
  /** Window in packets. */
  readonly before: number;
  readonly after: number;
}

/** Reductions of the window from 8 s on, when slow start's overshoot is over. */
function reductions(controller: ControllerName, until: Nanos, recovery: Partial<RecoveryOptions> = {}): Reduction[] {
  const simulation = dumbbellWorld({ controller, flows: 1, seed: 1, queue: 170, until }, recovery);
  const found: Reduction[] = [];
  let before = 0;
  for (let at = 8 * SECOND; at < until; at += 2 * MS) {
    simulation.run(at);
    const state = (sendingSide(simulation, "b0").association.paths.list[0] as PathState).recovery.controller;
    const after = state.window / state.datagram;
    if (after < 0.9 * before) found.push({ at, before, after });
    before = after;
  }
  return found;
}

/** What the tests look at; `period` in seconds, over the last `2 n` cycles: CUBIC's are short and long by turns. */
function summary(found: readonly Reduction[]): { period: number; ratio: number; greatest: number; cycles: number } {
  const cycles = 2 * Math.floor((found.length - 1) / 2);
  const [first, last] = [found.at(-1 - cycles), found.at(-1)];
  return {
    period: ((last?.at ?? 0) - (first?.at ?? 0)) / cycles / SECOND,
    ratio: found.reduce((sum, one) => sum + one.after / one.before, 0) / found.length,
    greatest: Math.max(...found.map((one) => Math.floor(one.before))),
    cycles,
  };
}

function near(found: number, expected: number, share: number): boolean {
  return Math.abs(found / expected - 1) <= share;
}

test("NewReno: halved, every 5.15 s as Linux Reno", (t) => {
  const { period, ratio, greatest, cycles } = summary(reductions("newreno", 25 * SECOND));
  t.log({ period, ratio, greatest, cycles });
  t.true(cycles >= 2);
  t.true(near(ratio, 0.5, 0.02), `ratio ${ratio}`);
  t.true(near(greatest, 337, 0.01), `greatest window ${greatest}`);
  t.true(near(period, 5.15, 0.1), `period ${period} s`);
});

test("CUBIC by its curve alone: two cycles take 4.7 + 10.1 s as those of ns-3", (t) => {
  const { period, ratio, greatest, cycles } = summary(reductions("cubic", 40 * SECOND, { friendly: false }));
  t.log({ twoCycles: 2 * period, ratio, greatest, cycles });
  t.true(cycles >= 2);
  t.true(near(ratio, 0.7, 0.02), `ratio ${ratio}`);
  t.true(near(2 * period, 14.8, 0.1), `two cycles in ${2 * period} s`);
});

/** RFC 9438, figures 1, 2 and 4 in steps of 0.1 ms, the queue adding to the round trip: seconds from 0.7 `from` datagrams to `to`. */
function cycleByEquations(from: number, to: number, wMax: number): number {
  const beta = 0.7;
  const start = beta * from;
  const k = Math.cbrt((wMax - start) / 0.4);
  const step = 1e-4;
  let [time, window, reno] = [0, start, start];
  while (window < to) {
    const rtt = Math.max(0.02, window * 0.00012);
    reno += (3 * ((1 - beta) / (1 + beta)) * step) / rtt;
    time += step;
    window = Math.max(window, 0.4 * (time - k) ** 3 + wMax, reno);
  }
  return time;
}

test("CUBIC with its TCP-friendly region: the cycles of RFC 9438's equations, which that region shortens", (t) => {
  const { period, ratio, greatest, cycles } = summary(reductions("cubic", 40 * SECOND));
  // After slow growth near W_max the queue overflows by a packet less than after fast growth. Fast convergence every other time.
  const expected = cycleByEquations(338, 337, 338) + cycleByEquations(337, 338, (337 * 1.7) / 2);
  t.log({ twoCycles: 2 * period, expected, ratio, greatest, cycles });
  t.true(cycles >= 4);
  t.true(near(ratio, 0.7, 0.02), `ratio ${ratio}`);
  t.true(near(expected, 11.65, 0.02), `${expected} s by the equations`);
  t.true(near(2 * period, expected, 0.1), `two cycles in ${2 * period} s, ${expected} s by the equations`);
});
