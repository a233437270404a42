/** Policies that remember how each path has done: reliability, highest-goodput. */
import { pow } from "../../core/math.ts";
import type { PathInfo } from "../../core/path.ts";
import { type Settings, settingsOf } from "../../core/policy-parameters.ts";
import type { Nanos } from "../../core/units.ts";
import { carryEach, carryPosition, measurementOf, probingOf, usablePositions } from "./measured.ts";
import type { PathView, Policy } from "./policy.ts";

interface Record {
  /** Penalties at time `at`; not above 0. */
  readonly score: number;
  readonly at: Nanos;
  /** Probes lost, and whether the path was usable, when last looked at. */
  readonly lost: number;
  readonly usable: boolean;
}

interface Reliability {
  readonly settings: Settings<"reliability">;
  readonly records: Record[];
}

const CLEAN: Record = { score: 0, at: 0, lost: 0, usable: true };

/** Penalties kept: what more would add is forgotten. */
const LEAST_SCORE = -1_000;

/**
 * Score of a path: reliability + 0.1 (1 - 0.02 links). Reliability begins at 0, loses `failure` with news that the path is down and `lost` with
 * every lost probe, decays to half every `half_life`, and counts as at least -1. Another path is taken when its score is better by
 * `margin`. Source: Anapaya's scion-stack (path/manager/reliability.rs, issues.rs: half-life 90 s, -1 for an interface down, -0.4 for
 * what is transient, which lost probes are taken for here; it sends no probes of its own).
 */
const reliability: Policy<Reliability> = {
  name: "reliability",
  observes: ["probes"],
  probing: probingOf("reliability"),
  init: (params, paths) => ({ settings: settingsOf("reliability", params), records: paths.map(() => ({ ...CLEAN })) }),
  update: ({ settings, records }, _params, before, paths) => ({
    settings,
    records: carryEach(before, paths, records, CLEAN),
  }),
  choose: (state, view) => {
    const { settings, records } = state;
    let best = -1;
    let [bestScore, present] = [Number.NEGATIVE_INFINITY, 0];
    for (let index = 0; index < records.length; index++) {
      const record = noted(records[index] as Record, view, index, settings);
      records[index] = record;
      const score = scoreOf(record, view, index, settings);
      if (index === view.current) present = score;
      if (view.usable[index] !== true || score <= bestScore) continue;
      best = index;
      bestScore = score;
    }
    if (best < 0 || view.usable[view.current] !== true) return best;
    return bestScore > present + settings.margin ? best : view.current;
  },
  score: ({ records, settings }, view, index) => {
    const record = records[index];
    if (record === undefined) return null;
    return { name: "reliability", value: scoreOf(record, view, index, settings), unit: "none", prefers: "greatest" };
  },
};

function noted(record: Record, view: PathView, index: number, settings: Settings<"reliability">): Record {
  const lost = measurementOf(view, index)?.lost ?? 0;
  const usable = view.usable[index] === true;
  const failures = record.usable && !usable ? 1 : 0;
  const losses = Math.max(0, lost - record.lost);
  if (failures === 0 && losses === 0) return usable === record.usable ? record : { ...record, usable };
  const before = decayed(record, view.now, settings.half_life);
  const score = Math.max(LEAST_SCORE, before - failures * settings.failure - losses * settings.lost);
  return { score, at: view.now, lost, usable };
}

function decayed({ score, at }: Record, now: Nanos, halfLife: Nanos): number {
  return score === 0 ? 0 : score * pow(2, (at - now) / halfLife);
}

function scoreOf(record: Record, view: PathView, index: number, settings: Settings<"reliability">): number {
  const { length } = view.paths[index] as PathInfo;
  return Math.max(-1, decayed(record, view.now, settings.half_life)) + 0.1 * (1 - 0.02 * length);
}

interface Goodput {
  readonly settings: Settings<"highest-goodput">;
  /** Bits a second when the path was used last, and when that was; -1: not tried, or forgotten. */
  known: number[];
  seenAt: Nanos[];
  pick: number;
  /** The path judged best when none was left to try; -1 before. */
  home: number;
  next: Nanos;
}

/**
 * The path that delivered most according to the receiver's reports. Each of the first `paths` usable ones is used for a `period`, in the order
 * offered; then the best is kept until what another one delivered is better by `share`. A path not used for the length of `memory`
 * is tried again. What a flow does not offer no path delivers: for flows below capacity the policy stays where it is. Source: the throughput-
 * optimising choice of RON (SOSP 2001), with measurements in place of its model.
 */
const highestGoodput: Policy<Goodput> = {
  name: "highest-goodput",
  observes: ["reports"],
  reconsider: (params) => settingsOf("highest-goodput", params).period,
  init: (params, paths) => ({
    settings: settingsOf("highest-goodput", params),
    known: paths.map(() => -1),
    seenAt: paths.map(() => -1),
    pick: -1,
    home: -1,
    next: -1,
  }),
  update: (state, _params, before, paths) => ({
    ...state,
    known: carryEach(before, paths, state.known, -1),
    seenAt: carryEach(before, paths, state.seenAt, -1),
    pick: carryPosition(before, paths, state.pick),
    home: carryPosition(before, paths, state.home),
  }),
  choose: (state, view) => {
    const isUsable = view.usable[state.pick] === true;
    if (isUsable && view.now < state.next) return state.pick;
    if (state.pick >= 0) {
      state.known[state.pick] = isUsable ? (measurementOf(view, state.pick)?.goodputBps ?? 0) : 0;
      state.seenAt[state.pick] = view.now;
    }
    state.next = view.now + state.settings.period;
    state.pick = triedOrBest(state, view);
    return state.pick;
  },
  score: ({ known }, _view, index) => {
    const delivered = known[index] ?? -1;
    const shown = { name: "delivered", unit: "bps", prefers: "greatest" } as const;
    return delivered < 0
      ? { ...shown, value: Number.POSITIVE_INFINITY, note: "untried" }
      : { ...shown, value: delivered };
  },
};

function triedOrBest(state: Goodput, view: PathView): number {
  const { settings, known, seenAt, home } = state;
  const candidates = usablePositions(view).slice(0, settings.paths);
  const isForgotten = (index: number): boolean =>
    (known[index] as number) < 0 || view.now - (seenAt[index] as number) > settings.memory;
  const untried = candidates.find(isForgotten);
  if (untried !== undefined) return untried;
  const [first = -1, ...others] = candidates.includes(home) ? [home, ...candidates] : candidates;
  state.home = others.reduce((best, index) => {
    const margin = best === home ? 1 + settings.share : 1;
    return (known[index] as number) > (known[best] as number) * margin ? index : best;
  }, first);
  return state.home;
}

export const HISTORY_POLICIES: readonly Policy[] = [reliability, highestGoodput];
