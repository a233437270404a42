/** Gilbert-Elliott against the theory of a two-state Markov process in continuous time. */
import { testProp } from "@fast-check/ava";
import test from "ava";
import fc from "fast-check";
import { createBurstProcess, isBad, lossAt } from "./burst-loss.ts";
import { drawKey } from "./digest.ts";
import { exp } from "./math.ts";
import { carry, createLinkModel } from "./link-model.ts";
import type { Packet } from "./packet.ts";
import { linkKeys } from "./passage.ts";
import { DEFAULT_DIRECTION } from "./scenario.ts";

const MS = 1_000_000;
const BURST = { good_ns: 90 * MS, bad_ns: 10 * MS, loss_good: 0, loss_bad: 1 };

const processOf = (seed: number) => createBurstProcess(BURST, drawKey(seed, "link", "burst"));

/** The states each millisecond of a long time. */
function samples(seed: number, count: number): boolean[] {
  const process = processOf(seed);
  return Array.from({ length: count }, (_, n) => isBad(process, n * MS));
}

test("share of time, lengths of bursts and their memory are those of the process", (t) => {
  const bad = samples(7, 1_000_000);
  const share = bad.filter(Boolean).length / bad.length;
  // 10,000 cycles: the share of bad time has a relative deviation of about 1.3 %.
  t.true(Math.abs(share - 0.1) < 0.005, `bad for ${share} of the time, stationary 0.1; seed 7`);
  const after = (lag: number): number => {
    const pairs = bad.slice(0, -lag).filter((one, n) => one && bad[n + lag]).length;
    return pairs / bad.slice(0, -lag).filter(Boolean).length;
  };
  // P(bad at t + s | bad at t) = pi + (1 - pi) exp(-(1/good + 1/bad) s).
  for (const lag of [1, 5, 20]) {
    const expected = 0.1 + 0.9 * exp(-(1 / 90 + 1 / 10) * lag);
    t.true(Math.abs(after(lag) - expected) < 0.015, `${lag} ms later: ${after(lag)}, theory ${expected}; seed 7`);
  }
});

test("the lengths of stays have the means asked for, and their variance is the square", (t) => {
  const process = processOf(8);
  const lengths: [number[], number[]] = [[], []];
  for (let n = 0; n < 40_000; n++) {
    (isBad(process, process.since) ? lengths[1] : lengths[0]).push(process.until - process.since);
    isBad(process, process.until);
  }
  for (const [of, mean] of [
    [lengths[0], 90 * MS],
    [lengths[1], 10 * MS],
  ] as const) {
    const found = of.reduce((sum, one) => sum + one, 0) / of.length;
    const second = of.reduce((sum, one) => sum + (one / mean) * (one / mean), 0) / of.length;
    t.true(Math.abs(found / mean - 1) < 0.025, `mean ${found}, asked for ${mean}; seed 8`);
    t.true(Math.abs(second - 2) < 0.12, `second moment ${second} means squared, theory 2; seed 8`);
  }
});

testProp(
  "the state at a time does not depend on what was asked before",
  [fc.integer(), fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 60 })],
  (t, seed, times) => {
    // Stays of a few nanoseconds: every one counts.
    const fresh = () => createBurstProcess({ ...BURST, good_ns: 9, bad_ns: 4 }, drawKey(seed, "link", "burst"));
    const process = fresh();
    const found = times.map((at) => isBad(process, at));
    t.deepEqual(
      found,
      times.map((at) => isBad(fresh(), at)),
    );
  },
  { numRuns: 60 },
);

test("at time zero the process is stationary", (t) => {
  const bad = Array.from({ length: 20_000 }, (_, seed) => isBad(processOf(seed), 0)).filter(Boolean).length;
  t.true(Math.abs(bad / 20_000 - 0.1) < 0.009, `${bad} of 20,000 begin bad`);
});

test("a state without length is never met", (t) => {
  const key = drawKey(1, "link", "burst");
  t.is(lossAt(createBurstProcess({ ...BURST, bad_ns: 0 }, key), 5 * MS), 0);
  t.is(lossAt(createBurstProcess({ ...BURST, good_ns: 0 }, key), 5 * MS), 1);
  t.is(lossAt(createBurstProcess({ ...BURST, good_ns: 0, bad_ns: 0 }, key), 5 * MS), 0);
});

test("packets are lost in bursts: runs as long as the bad state lets pass, whatever else is sent", (t) => {
  const direction = {
    ...DEFAULT_DIRECTION,
    rate_bps: 0,
    latency_ns: 0,
    burst: { ...BURST, loss_good: 0.001, loss_bad: 0.8 },
  };
  const lost = (between: number): boolean[] => {
    const model = createLinkModel(direction, linkKeys(3, "link"));
    return Array.from({ length: 200_000 }, (_, number) => {
      for (let other = 0; other < between; other++)
        carry(model, number * MS, { flow: 5 + other, number, wireLength: 100 } as Packet);
      return carry(model, number * MS, { flow: 0, number, wireLength: 100 } as Packet) === "loss";
    });
  };
  const alone = lost(0);
  t.deepEqual(lost(2), alone);
  const share = alone.filter(Boolean).length / alone.length;
  const expected = 0.9 * 0.001 + 0.1 * 0.8;
  t.true(Math.abs(share / expected - 1) < 0.08, `${share} lost, stationary ${expected}; seed 3`);
});
