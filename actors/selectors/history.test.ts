import test from "ava";
import { choices, pathOf, policyNamed as policy, UNMEASURED, viewOf } from "./contract-testing.ts";
import type { PathView } from "./policy.ts";

const S = 1e9;

// Scores without penalties: 0.1 (1 - 0.02) = 0.098, 0.096, 0.094.
const paths = [1, 2, 3].map((length, number) => pathOf(number, { length }));

const at = (seconds: number, lost: readonly number[], usable = [true, true, true]): PathView =>
  viewOf(paths, { now: seconds * S, usable, measured: lost.map((one) => ({ ...UNMEASURED, lost: one })) });

test("reliability: a failure costs 1, halves in 90 s, and the path returns when the other is better by less than 0.5 no more", (t) => {
  // After the failure at 0 s path 0 has -1 * 2^(-t/90) + 0.098, path 1 0.096. When path 1 loses probes, 0.4 each, path 0 must be better by 0.5.
  const views = [
    at(0, [0, 0, 0]),
    at(0, [0, 0, 0], [false, true, true]),
    at(20, [0, 0, 0]),
    // Two lost: path 1 at 0.096 - 0.8 = -0.704; path 2 (0.094) is better by 0.798.
    at(90, [0, 2, 0]),
  ];
  t.deepEqual(choices(policy("reliability"), views), [0, 1, 1, 2]);
});

test("reliability: half-life of 90 s, to the instant at which 0.5 is reached", (t) => {
  // Path 0 in use loses 2 probes at 0 s: -0.8 + 0.098 against 0.096: left at once. One lost: -0.4 + 0.098 against 0.096: 0.398 better, kept.
  t.deepEqual(choices(policy("reliability"), [at(0, [0, 0, 0]), at(1, [1, 0, 0])]), [0, 0]);
  t.deepEqual(choices(policy("reliability"), [at(0, [0, 0, 0]), at(1, [2, 0, 0])]), [0, 1]);
  // One lost at 1 s, one at t: penalty 0.4 (1 + 2^(-(t-1)/90)); better than 0.502 (0.5 + 0.098 - 0.096) while 2^(-x/90) > 0.255, x < 177.4 s.
  t.deepEqual(choices(policy("reliability"), [at(0, [0, 0, 0]), at(1, [1, 0, 0]), at(178, [2, 0, 0])]), [0, 0, 1]);
  t.deepEqual(choices(policy("reliability"), [at(0, [0, 0, 0]), at(1, [1, 0, 0]), at(179, [2, 0, 0])]), [0, 0, 0]);
});

test("reliability: it counts as -1 at least, however much is lost", (t) => {
  // Three lost: -1.2, counted as -1; 13 lost: -5.2, counted as -1 as well, so that no path is better by 0.5.
  t.deepEqual(choices(policy("reliability"), [at(0, [0, 3, 3]), at(0.1, [13, 3, 3])]), [0, 0]);
  t.deepEqual(choices(policy("reliability"), [at(0, [0, 3, 0]), at(0.1, [13, 3, 0])]), [0, 2]);
});

test("reliability: scores go with their paths when others are offered", (t) => {
  const subject = policy("reliability");
  const random = { uniform: () => 0 } as never;
  const state = subject.init({}, paths, { hash: 0 });
  subject.choose(state, at(0, [2, 0, 0]), random);
  const turned = paths.toReversed();
  const next = subject.update?.(state, {}, paths, turned);
  const view = viewOf(turned, { now: S, current: 2, measured: [0, 0, 2].map((lost) => ({ ...UNMEASURED, lost })) });
  t.is(subject.choose(next, view, random), 1, "the shortest lost two probes, the next one is the middle one");
});

const delivered = (seconds: number, rates: readonly (number | null)[], usable = [true, true, true]): PathView =>
  viewOf(paths, { now: seconds * S, usable, measured: rates.map((goodputBps) => ({ ...UNMEASURED, goodputBps })) });

test("highest-goodput: tries every path for a second, keeps the best until another is better by 10 %, tries again after 30 s", (t) => {
  const rates = [5e6, 9e6, 8.5e6] as const;
  const seconds = [0, 0.9, 1, 2, 3, 4, 20, 31.5, 32.5, 33.5];
  const views = seconds.map((second) => delivered(second, rates));
  // 0 tried from 0 to 1 s, 1 to 2 s, 2 to 3 s; then 1. Forgotten after 30 s: 0 (since 1 s) at 31.5, 2 (since 3 s) at 33.5.
  t.deepEqual(choices(policy("highest-goodput"), views), [0, 0, 1, 2, 1, 1, 1, 0, 1, 2]);
});

test("highest-goodput: a failed path is left at once and delivered nothing", (t) => {
  const rates = [9e6, 5e6, 1e6] as const;
  const views = [0, 1, 2, 3, 3.2, 4.3].map((second) =>
    delivered(second, rates, second === 3.2 ? [false, true, true] : [true, true, true]),
  );
  t.deepEqual(choices(policy("highest-goodput"), views), [0, 1, 2, 0, 1, 1]);
});
