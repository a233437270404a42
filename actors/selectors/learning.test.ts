import test from "ava";
import { RandomStream } from "../../core/rng.ts";
import { choices, pathOf, policyNamed as policy, UNMEASURED, viewOf } from "./contract-testing.ts";
import type { PathMeasurement, PathView, PolicyParams } from "./policy.ts";

const MS = 1e6;
/** Every packet takes so long there and back, that the reward is half the share delivered. */
const RTT = 50 * MS;

interface Play {
  readonly chosen: number[];
  /** Of packets delivered, lost against always the best path. */
  readonly regret: number;
}

/** One packet a trial of 500 ms; it is delivered with the path's probability. */
function play(name: string, chances: readonly number[], trials: number, seed: number, params: PolicyParams = {}): Play {
  const subject = policy(name);
  const paths = chances.map((_chance, number) => pathOf(number));
  const random = new RandomStream(seed, "bandit", "policy");
  const luck = new RandomStream(seed, "bandit", "luck");
  const state = subject.init(params, paths, { hash: 0 });
  const counts = chances.map(() => ({ delivered: 0, lost: 0 }));
  const best = Math.max(...chances);
  const chosen: number[] = [];
  let [current, regret] = [-1, 0];
  for (let trial = 0; trial < trials; trial++) {
    const now = trial * 500 * MS;
    const measured: PathMeasurement[] = counts.map((count) => ({
      ...UNMEASURED,
      ...count,
      srtt: RTT,
      answeredAt: now,
    }));
    current = subject.choose(state, viewOf(paths, { now, current, measured }), random);
    chosen.push(current);
    const count = counts[current] as { delivered: number; lost: number };
    const chance = chances[current] as number;
    if (luck.uniform() < chance) count.delivered++;
    else count.lost++;
    regret += best - chance;
  }
  return { chosen, regret };
}

const CHANCES = [0.4, 0.5, 0.9, 0.6, 0.3];
const SEEDS = Array.from({ length: 20 }, (_, seed) => seed);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const regretOf = (name: string, trials: number, params: PolicyParams): number =>
  mean(SEEDS.map((seed) => play(name, CHANCES, trials, seed, params).regret));

// Drawing at random loses 0.9 - 0.54 = 0.36 a trial, so 144 in 400 and 576 in 1600.
const BANDITS: readonly (readonly [name: string, params: PolicyParams, most: number])[] = [
  ["ucb1", { discount: 1, exploration: 0.5 }, 0.4],
  ["thompson", { discount: 1, deviation: 0.25 }, 0.4],
  ["epsilon-greedy", { discount: 1 }, 0.5],
];

for (const [name, params, most] of BANDITS) {
  test(`${name}: regret on a stationary bandit is well below that of chance`, (t) => {
    const regret = regretOf(name, 1_600, params);
    t.true(regret < most * 576, `${regret} of 576`);
  });
}

for (const name of ["ucb1", "thompson"]) {
  test(`${name}: regret grows slower than the trials`, (t) => {
    const params = { discount: 1, ...(name === "ucb1" ? { exploration: 0.5 } : { deviation: 0.25 }) };
    const [few, many] = [regretOf(name, 400, params), regretOf(name, 1_600, params)];
    t.true(many < 3 * few, `${few} after 400, ${many} after 1600`);
  });
}

for (const name of ["ucb1", "thompson", "epsilon-greedy"]) {
  test(`${name}: with its discount it finds the best path again after that has changed`, (t) => {
    const subject = policy(name);
    const paths = [pathOf(0), pathOf(1)];
    const random = new RandomStream(3, "bandit", "policy");
    const state = subject.init({}, paths, { hash: 0 });
    const counts = [
      { delivered: 0, lost: 0 },
      { delivered: 0, lost: 0 },
    ];
    const late: number[] = [];
    for (let trial = 0; trial < 1_200; trial++) {
      const now = trial * 500 * MS;
      const measured = counts.map((count) => ({ ...UNMEASURED, ...count, srtt: RTT, answeredAt: now }));
      const choice = subject.choose(state, viewOf(paths, { now, measured }), random);
      const count = counts[choice] as { delivered: number; lost: number };
      if (choice === (trial < 600 ? 0 : 1)) count.delivered++;
      else count.lost++;
      if (trial >= 900) late.push(choice);
    }
    t.true(mean(late) > 0.6, String(mean(late)));
  });
}

test("ucb1: untried paths first, then by hand", (t) => {
  // Rewards 0.5 where delivered. After one trial each: 0.5, 0, 0.5, all with sqrt(2 ln 3) more: path 0.
  const { chosen } = play("ucb1", [1, 0, 1], 4, 1, { discount: 1 });
  t.deepEqual(chosen, [0, 1, 2, 0]);
  // 0 twice: 0.5 + sqrt(2 ln 4 / 2) = 1.677; 1: sqrt(2 ln 4) = 1.665; 2: 0.5 + 1.665. So 2; then with ln 5:
  // 0 and 2: 0.5 + sqrt(ln 5) = 1.7686; 1: sqrt(2 ln 5) = 1.7941. So 1.
  t.deepEqual(play("ucb1", [1, 0, 1], 6, 1, { discount: 1 }).chosen, [0, 1, 2, 0, 2, 1]);
});

test("epsilon-greedy: explores in its share of trials", (t) => {
  // Path 0 always delivers: off it only by exploring, epsilon * 3/4 = 0.15. Deviation sqrt(0.15 * 0.85 / 4000) = 0.0056; 4 of them.
  const { chosen } = play("epsilon-greedy", [1, 0.2, 0.2, 0.2], 4_000, 5, { epsilon: 0.2 });
  const share = chosen.filter((one) => one !== 0).length / chosen.length;
  t.true(Math.abs(share - 0.15) < 0.023, String(share));
  t.deepEqual(new Set(play("epsilon-greedy", [1, 0.2], 50, 5, { epsilon: 0 }).chosen), new Set([0]));
});

test("a reward is the share delivered, halved where the round trip takes the scale; a silent or failed path brings 0", (t) => {
  const subject = policy("epsilon-greedy");
  const random = new RandomStream(1, "bandit", "policy");
  const paths = [pathOf(0), pathOf(1)];
  const at = (ms: number, fields: Partial<PathMeasurement>, usable = [true, true]): PathView =>
    viewOf(paths, { now: ms * MS, usable, measured: [{ ...UNMEASURED, ...fields }, UNMEASURED] });
  const rewardAfter = (view: PathView): unknown => {
    const state = subject.init({ epsilon: 0, discount: 1 }, paths, { hash: 0 });
    subject.choose(state, at(0, {}), random);
    subject.choose(state, view, random);
    return (state as { arms: unknown[] }).arms[0];
  };
  const heard = { srtt: 50 * MS, answeredAt: 2_000 * MS };
  t.deepEqual(rewardAfter(at(2_000, { ...heard, delivered: 3, lost: 1 })), { trials: 1, reward: 0.375 });
  t.deepEqual(
    rewardAfter(at(2_000, { ...heard, delivered: 0, lost: 0 })),
    { trials: 0, reward: 0 },
    "nothing was told",
  );
  t.deepEqual(rewardAfter(at(1_400, { delivered: 4, lost: 0 })), { trials: 1, reward: 1 }, "no round-trip time yet");
  t.deepEqual(rewardAfter(at(2_000, { delivered: 4, lost: 0 })), { trials: 1, reward: 0 }, "silent");
  t.deepEqual(
    rewardAfter(at(100, { delivered: 4 }, [false, true])),
    { trials: 1, reward: 0 },
    "failed before its time",
  );
});

test("a trial is kept for its period, and what was learnt goes with its path", (t) => {
  const paths = [pathOf(0), pathOf(1)];
  const views = [0, 100, 499].map((ms) => viewOf(paths, { now: ms * MS }));
  for (let seed = 0; seed < 10; seed++) t.is(new Set(choices(policy("thompson"), views, { seed })).size, 1);
  const subject = policy("ucb1");
  const state = {
    ...(subject.init({}, paths, { hash: 0 }) as object),
    pick: 1,
    arms: [
      { trials: 1, reward: 0 },
      { trials: 2, reward: 1 },
    ],
  };
  const next = subject.update?.(state, {}, paths, [pathOf(1), pathOf(7), pathOf(0)]);
  t.like(next as object, {
    pick: 0,
    arms: [
      { trials: 2, reward: 1 },
      { trials: 0, reward: 0 },
      { trials: 1, reward: 0 },
    ],
  });
});
