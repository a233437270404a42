/**
 * Bandits: policies that try paths and learn from what they got. One trial keeps a path for a `period` and brings one reward, from 0 to 1:
 *
 *     reward = delivered / (delivered + lost) * scale / (scale + rtt)
 *
 * counted over the packets on the path whose fate was told during the trial, with the smoothed round-trip time of probes at its end (left out
 * where there is none yet). A path that has failed or fallen silent brings 0; a trial in which nothing was told brings nothing.
 * Only the path in use is rewarded, although probes know of others: that is what bandits are. With every trial all that was
 * learnt before counts `discount` times as much, so that the policies follow a network that changes (Garivier and Moulines 2011).
 */
import { log } from "../../core/math.ts";
import { normalQuantile } from "../../core/normal.ts";
import { type Settings, settingsOf } from "../../core/policy-parameters.ts";
import type { RandomStream } from "../../core/rng.ts";
import type { Nanos } from "../../core/units.ts";
import { carryEach, carryPosition, isSilent, measurementOf, probingOf, usablePositions } from "./measured.ts";
import type { PathView, Policy, PolicyParams } from "./policy.ts";

type Bandit = "epsilon-greedy" | "ucb1" | "thompson";
/** What all three are told. */
type Trial = Omit<Settings<"ucb1">, "exploration">;

/** What is known of a path: trials, discounted, and the sum of their rewards. */
interface Arm {
  readonly trials: number;
  readonly reward: number;
}

interface Learning<S extends Trial> {
  readonly settings: S;
  arms: Arm[];
  pick: number;
  since: Nanos;
  /** End of the present trial, and the counts at its beginning. */
  next: Nanos;
  delivered: number;
  lost: number;
}

/** One of `positions`, all usable and at least one. */
type Rule<S extends Trial> = (
  arms: readonly Arm[],
  positions: readonly number[],
  settings: S,
  random: RandomStream,
) => number;

const UNTRIED: Arm = { trials: 0, reward: 0 };

/** By what the rule compares arms, before chance; `all`: trials of all arms. */
type Worth<S extends Trial> = (arm: Arm, all: number, settings: S) => number;

function bandit<S extends Trial>(
  name: Bandit,
  read: (params: PolicyParams) => S,
  rule: Rule<S>,
  shown: { readonly name: string; readonly worth: Worth<S> },
): Policy<Learning<S>> {
  const fresh = { pick: -1, since: -1, next: -1, delivered: 0, lost: 0 };
  return {
    name,
    observes: ["probes", "reports"],
    probing: probingOf(name),
    reconsider: (params) => read(params).period,
    init: (params, paths) => ({
      ...fresh,
      settings: read(params),
      arms: paths.map(() => ({ ...UNTRIED })),
    }),
    update: (state, _params, before, paths) => ({
      ...state,
      arms: carryEach(before, paths, state.arms, UNTRIED),
      pick: carryPosition(before, paths, state.pick),
    }),
    choose: (state, view, random) => {
      if (state.since < 0) state.since = view.now;
      if (view.usable[state.pick] === true && view.now < state.next) return state.pick;
      learn(state, view);
      const positions = usablePositions(view);
      begin(state, view, positions.length === 0 ? -1 : rule(state.arms, positions, state.settings, random));
      return state.pick;
    },
    score: ({ arms, settings }, view, index) => {
      const arm = arms[index];
      if (arm === undefined) return null;
      const value = shown.worth(arm, trialsOf(arms, usablePositions(view)), settings);
      const score = { name: shown.name, value, unit: "none", prefers: "greatest" } as const;
      return arm.trials === 0 ? { ...score, note: "untried" } : score;
    },
  };
}

function learn(state: Learning<Trial>, view: PathView): void {
  const reward = state.pick < 0 ? null : rewardOf(state, view);
  if (reward === null) return;
  const { discount } = state.settings;
  state.arms = state.arms.map(({ trials, reward: sum }, index) =>
    index === state.pick
      ? { trials: trials * discount + 1, reward: sum * discount + reward }
      : { trials: trials * discount, reward: sum * discount },
  );
}

/** From 0 to 1; null where the trial told nothing. */
function rewardOf(state: Learning<Trial>, view: PathView): number | null {
  const { pick, settings, since } = state;
  if (view.usable[pick] !== true || isSilent(view, pick, settings, since)) return 0;
  const measured = measurementOf(view, pick);
  const delivered = Math.max(0, (measured?.delivered ?? 0) - state.delivered);
  const lost = Math.max(0, (measured?.lost ?? 0) - state.lost);
  if (!(delivered + lost > 0)) return null;
  const rtt = measured?.srtt ?? 0;
  return ((delivered / (delivered + lost)) * settings.scale) / (settings.scale + Math.max(0, rtt));
}

function begin(state: Learning<Trial>, view: PathView, pick: number): void {
  const measured = measurementOf(view, pick);
  state.pick = pick;
  state.next = view.now + state.settings.period;
  state.delivered = measured?.delivered ?? 0;
  state.lost = measured?.lost ?? 0;
}

/** The position with the greatest value, the earlier one of equals. */
function greatest(positions: readonly number[], value: (index: number) => number): number {
  let best = positions[0] as number;
  let bestValue = value(best);
  for (const index of positions.slice(1)) {
    const own = value(index);
    if (!(own > bestValue)) continue;
    best = index;
    bestValue = own;
  }
  return best;
}

function trialsOf(arms: readonly Arm[], positions: readonly number[]): number {
  return positions.reduce((sum, index) => sum + (arms[index]?.trials ?? 0), 0);
}

/** 0 before the first trial. */
function meanReward(arm: Arm | undefined): number {
  return arm === undefined || arm.trials === 0 ? 0 : arm.reward / arm.trials;
}

/**
 * With probability `epsilon` a usable path at random, else the one with the best mean reward, untried ones counting as 0. Sources: Sutton and
 * Barto, section 2.2; Baumeister and Keshvadi (arXiv 2509.05938).
 */
const epsilonGreedy = bandit(
  "epsilon-greedy",
  (params) => settingsOf("epsilon-greedy", params),
  (arms, positions, { epsilon }, random) =>
    random.uniform() < epsilon
      ? (positions[random.below(positions.length)] as number)
      : greatest(positions, (index) => meanReward(arms[index])),
  { name: "mean reward", worth: (arm) => meanReward(arm) },
);

/**
 * Untried paths first; then the greatest mean reward + sqrt(exploration ln(all trials) / trials). Sources: Auer, Cesa-Bianchi and Fischer 2002
 * (UCB1); with a discount, Garivier and Moulines 2011.
 */
const ucb1 = bandit(
  "ucb1",
  (params) => settingsOf("ucb1", params),
  (arms, positions, { exploration }) => {
    const untried = positions.find((index) => arms[index]?.trials === 0);
    if (untried !== undefined) return untried;
    const all = trialsOf(arms, positions);
    return greatest(positions, (index) => upperBound(arms[index] as Arm, all, exploration));
  },
  { name: "upper bound", worth: (arm, all, { exploration }) => upperBound(arm, all, exploration) },
);

/** Infinity of an arm never tried. */
function upperBound(arm: Arm, all: number, exploration: number): number {
  if (arm.trials === 0) return Number.POSITIVE_INFINITY;
  return meanReward(arm) + Math.sqrt((exploration * log(Math.max(1, all))) / arm.trials);
}

/**
 * The greatest of one draw for each path, normal around its mean reward with variance deviation^2 / (trials + 1), untried ones around 0.5. Source:
 * Agrawal and Goyal 2013 (Thompson sampling with Gaussian priors); rewards from 0 to 1 have at most a deviation of 0.5.
 */
const thompson = bandit(
  "thompson",
  (params) => settingsOf("thompson", params),
  (arms, positions, { deviation }, random) => {
    const draws = positions.map((index) => {
      const arm = arms[index] as Arm;
      return centreOf(arm) + (deviation * standardNormal(random)) / Math.sqrt(arm.trials + 1);
    });
    return positions[greatest([...draws.keys()], (at) => draws[at] as number)] as number;
  },
  { name: "centre", worth: (arm) => centreOf(arm) },
);

/** Mean reward, with half a reward before the first trial. */
function centreOf({ reward, trials }: Arm): number {
  return (reward + 0.5) / (trials + 1);
}

/** Half the distance between two draws keeps it finite. */
function standardNormal(random: RandomStream): number {
  return normalQuantile(random.uniform() + 1.1641532182693481e-10);
}

export const LEARNING_POLICIES: readonly Policy[] = [epsilonGreedy, ucb1, thompson];
