/** One or ten flows over a drop-tail bottleneck: against theory, and real Linux TCP. */
import test from "ava";
import { type Dumbbell, type DumbbellResult, runDumbbell } from "./dumbbell-testing.ts";

/** Of the reductions after the first ten seconds. */
function cycles({ reductions }: DumbbellResult): { period: number; ratio: number; greatest: number } {
  const late = reductions.filter(({ at }) => at > 10e9);
  const last = late.at(-1);
  const first = late[0];
  if (first === undefined || last === undefined) return { period: 0, ratio: 0, greatest: 0 };
  return {
    period: (last.at - first.at) / (late.length - 1) / 1e9,
    ratio: late.reduce((sum, { before, after }) => sum + after / before, 0) / late.length,
    greatest: Math.max(...late.map(({ before }) => Math.floor(before))),
  };
}

const one: Omit<Dumbbell, "controller"> = { queue: 170, seconds: 70 };

test("one NewReno flow, queue 170: windows up to 338 packets, halved every 5.15 s", (t) => {
  const result = runDumbbell({ ...one, controller: "newreno" });
  const { period, ratio, greatest } = cycles(result);
  t.log({ period, ratio, greatest, queue: result.meanQueue, rtt: result.meanRttMs });
  t.true(greatest >= 336 && greatest <= 338, `${greatest}`);
  t.true(Math.abs(ratio - 0.5) < 0.01);
  t.true(Math.abs(period / 5.15 - 1) < 0.1);
  t.true(Math.abs(result.meanRttMs / 31.6 - 1) < 0.05);
});

test("one CUBIC flow, queue 170, by its curve alone: two cycles take 4.7 + 10.1 s", (t) => {
  const result = runDumbbell({ ...one, controller: "cubic", friendly: false });
  const { period, ratio, greatest } = cycles(result);
  t.log({ period, ratio, greatest, queue: result.meanQueue, rtt: result.meanRttMs });
  t.true(greatest >= 336 && greatest <= 338, `${greatest}`);
  t.true(Math.abs(ratio / 0.7 - 1) < 0.01);
  t.true(Math.abs((2 * period) / 14.8 - 1) < 0.1);
  t.true(Math.abs(result.meanRttMs / 35.4 - 1) < 0.05);
});

/** Seconds from 0.7 of `peak` datagrams to `peak`: the RFC's figures 1 and 4 in steps of 0.1 ms, the queue adding to the round trip. */
function cycleByEquations(peak: number, wMax: number): number {
  const beta = 0.7;
  const start = beta * peak;
  const k = Math.cbrt((wMax - start) / 0.4);
  const step = 1e-4;
  let [time, window, reno] = [0, start, start];
  while (window < peak) {
    const rtt = Math.max(0.02, window * 0.00012016);
    reno += (3 * ((1 - beta) / (1 + beta)) * step) / rtt;
    time += step;
    window = Math.max(window, 0.4 * (time - k) ** 3 + wMax, reno);
  }
  return time;
}

test("one CUBIC flow with its TCP-friendly region: the cycles of the equations, which that region shortens", (t) => {
  const result = runDumbbell({ ...one, controller: "cubic" });
  const { period, ratio, greatest } = cycles(result);
  // A peak a little above the last W_max, and one below it: fast convergence every other time.
  const expected = cycleByEquations(337, 338) + cycleByEquations(338, (337 * 1.7) / 2);
  t.log({ twoCycles: 2 * period, expected, ratio, greatest, rtt: result.meanRttMs });
  t.true(Math.abs((2 * period) / expected - 1) < 0.1);
  t.true(greatest >= 336 && greatest <= 338, `${greatest}`);
});

/** `baselines.md`, W4: real Linux TCP, ten flows. */
const LINUX = [
  { controller: "newreno", queue: 100, utilisation: 0.9965, loss: 0.0043, meanQueue: 61.7 },
  { controller: "newreno", queue: 170, utilisation: 1, loss: 0.0028, meanQueue: 120 },
  { controller: "cubic", queue: 100, utilisation: 1, loss: 0.0028, meanQueue: 81.7 },
  { controller: "cubic", queue: 170, utilisation: 1, loss: 0.0018, meanQueue: 147 },
] as const;

for (const { controller, queue, utilisation, loss, meanQueue } of LINUX) {
  test(`ten ${controller} flows, queue ${queue}: utilisation, loss, fairness and queue of Linux`, (t) => {
    const result = runDumbbell({ controller, queue, flows: 10, seconds: 40 });
    t.log(
      `utilisation ${result.utilisation.toFixed(4)}, loss ${result.loss.toFixed(5)}, Jain ${result.jain.toFixed(4)}, queue ${result.meanQueue.toFixed(1)}`,
    );
    t.true(Math.abs(result.utilisation - utilisation) < 0.01);
    t.true(result.loss / loss < 1.5 && result.loss / loss > 1 / 1.5);
    t.true(Math.abs(result.meanQueue / meanQueue - 1) < 0.15);
    t.true(result.jain >= 0.98);
  });
}
