/** Policies that move at occasions of their own and by chance: two-choices, migration. */
import { type Settings, settingsOf } from "../../core/policy-parameters.ts";
import type { RandomStream } from "../../core/rng.ts";
import type { Nanos } from "../../core/units.ts";
import { carryPosition, leastUsable, probingOf, roundTrip, usablePositions } from "./measured.ts";
import type { PathView, Policy, PolicyParams } from "./policy.ts";

type Moving = Settings<"two-choices"> | Settings<"migration">;

interface Occasions<S extends Moving> {
  readonly settings: S;
  pick: number;
  /** When the first choice was made; -1 before. */
  since: Nanos;
  /** From when on the next choice may be made. */
  next: Nanos;
}

type Rule<S extends Moving> = (view: PathView, state: Occasions<S>, random: RandomStream) => number;

/** Keeps its pick between occasions, a `period` apart, as long as it is usable; then `fallback` replaces it at once. */
function occasional<S extends Moving>(
  name: "two-choices" | "migration",
  read: (params: PolicyParams) => S,
  rule: Rule<S>,
  fallback: Rule<S>,
): Policy<Occasions<S>> {
  return {
    name,
    observes: ["probes"],
    probing: probingOf(name),
    reconsider: (params) => read(params).period,
    init: (params) => ({ settings: read(params), pick: -1, since: -1, next: -1 }),
    update: (state, _params, before, paths) => ({ ...state, pick: carryPosition(before, paths, state.pick) }),
    choose: (state, view, random) => {
      if (state.since < 0) {
        state.since = view.now;
        state.next = view.now + state.settings.period;
      }
      const isDue = view.now >= state.next;
      if (isDue) state.next = view.now + state.settings.period;
      if (view.usable[state.pick] !== true) state.pick = fallback(view, state, random);
      else if (isDue) state.pick = rule(view, state, random);
      return state.pick;
    },
    score: (state, view, index) => {
      if (state.since < 0) return null;
      return { name: "round trip", value: roundTripIn(view, state)(index), unit: "ns", prefers: "least" };
    },
  };
}

function roundTripIn(view: PathView, { settings, since }: Occasions<Moving>): (index: number) => number {
  return (index) => roundTrip(view, index, settings, since);
}

/** Two usable paths at random, the one with the less measured round-trip time; the first drawn where nothing speaks for the other. */
function betterOfTwo(view: PathView, state: Occasions<Moving>, random: RandomStream): number {
  const positions = usablePositions(view);
  if (positions.length < 2) return positions[0] ?? -1;
  const first = random.below(positions.length);
  const second = (first + 1 + random.below(positions.length - 1)) % positions.length;
  const [one, other] = [positions[first] as number, positions[second] as number];
  const value = roundTripIn(view, state);
  return value(other) < value(one) ? other : one;
}

/**
 * When the flow starts, at every period and when its path fails: the better by measured round-trip time of two paths drawn at random.
 * Source: Mitzenmacher, "The power of two choices in randomized load balancing" (2001).
 */
const twoChoices = occasional("two-choices", (params) => settingsOf("two-choices", params), betterOfTwo, betterOfTwo);

/** The path with the least round-trip time, where that is less than the present one's. */
function bestMeasured(view: PathView, state: Occasions<Moving>): number {
  return leastUsable(view, roundTripIn(view, state));
}

/**
 * At every occasion moves, with a probability, to the path with the least measured round-trip time; so that not all who see the same move at
 * once. Starts on the first path offered. Sources: Fischer and Voecking's adaptive routing with stale information (PODC 2005); Keshvadi's
 * agents (arXiv 2510.26060).
 */
const migration = occasional(
  "migration",
  (params) => settingsOf("migration", params),
  (view, state, random) => {
    const moves = random.uniform() < state.settings.probability;
    const best = bestMeasured(view, state);
    const value = roundTripIn(view, state);
    return moves && value(best) < value(state.pick) ? best : state.pick;
  },
  bestMeasured,
);

export const OCCASIONAL_POLICIES: readonly Policy[] = [twoChoices, migration];
