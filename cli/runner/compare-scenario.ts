/** `pathloom compare` and `npm start`: from a scenario file to a comparison, kept in a folder where one is named. */
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Comparison, Stopping } from "../../core/comparison.ts";
import { stoppingRule, STOPPING_DEFAULTS, type StoppingState } from "../../sim/experiment/stopping.ts";
import { type ComparisonFlags, comparisonOverrides, repeatComparison } from "../compare-flags.ts";
import { compareProgress } from "../compare-progress.ts";
import { counted } from "../output.ts";
import { comparisonFiles } from "./compare-files.ts";
import { type Replication, runComparison } from "./compare.ts";
import { comparisonOf } from "./comparison.ts";
import { planComparison, type PlannedComparison } from "./comparison-plan.ts";
import { type LoadedScenario, loadScenario } from "./load.ts";
import { manifestOf } from "./manifest.ts";
import { openRunFolder } from "./run-folder.ts";
import { stopSignal } from "./stop-signal.ts";

export interface CompareInput {
  readonly file: string;
  readonly flags: ComparisonFlags;
  /** null: nothing is kept. */
  readonly out: string | null;
  readonly force: boolean;
}

export interface Compared {
  /** null: ended before a replication was complete. */
  readonly comparison: Comparison | null;
  readonly early: boolean;
  /** Seconds of wall clock. */
  readonly wall_s: number;
}

/** Compares, and keeps what came of it; what is complete at Ctrl-C too. */
export const compareScenario = Effect.fnUntraced(function* ({ file, flags, out, force }: CompareInput) {
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1_000;
  const loaded = yield* loadScenario(file, comparisonOverrides(flags));
  const planned = yield* planComparison(loaded.scenario, file);
  const folder = out === null ? null : yield* openRunFolder(out, force);
  if (folder !== null && folder.notice !== null) yield* Effect.logWarning(folder.notice);
  const signal = yield* stopSignal;
  const rule = ruleOf(flags, planned);
  const found = yield* runAll(loaded, planned, flags, rule, signal, seconds);
  const early = signal.aborted;
  const none: Compared = { comparison: null, early, wall_s: seconds() };
  if (found.complete.length === 0) return none;
  const comparison = yield* Effect.sync(() => summarize(loaded, planned, flags, rule, found, early));
  if (folder !== null) yield* folder.keep(comparisonFiles(comparison, loaded.scenario));
  const compared: Compared = { comparison, early, wall_s: seconds() };
  return compared;
}, Effect.scoped);

interface Rule {
  readonly precision: number | null;
  readonly minimum: number;
  readonly limit: number;
}

function ruleOf({ precision, replications }: ComparisonFlags, { spec }: PlannedComparison): Rule {
  if (Option.isNone(precision)) return { precision: null, minimum: 1, limit: spec.replications };
  const limit = Option.getOrElse(replications, () => STOPPING_DEFAULTS.limit);
  return { precision: precision.value, minimum: STOPPING_DEFAULTS.minimum, limit };
}

interface Found {
  readonly complete: readonly Replication[];
  readonly state: StoppingState;
  /** When the precision was first met. */
  readonly reached_s: number | null;
}

const runAll = Effect.fnUntraced(function* (
  { scenario, policies, file }: LoadedScenario,
  { plan }: PlannedComparison,
  flags: ComparisonFlags,
  rule: Rule,
  signal: AbortSignal,
  seconds: () => number,
) {
  const progress = compareProgress(process.stderr, () => performance.now());
  const runsEach = plan.policies.length * plan.adoptions.length;
  let found: Found = { complete: [], state: { half_widths: [], reached: false, enough: null }, reached_s: null };
  const enough = (complete: readonly Replication[]): boolean => {
    const state = stoppingRule(complete.flat(), runsEach, rule);
    found = { complete, state, reached_s: state.reached ? seconds() : null };
    return rule.precision !== null && state.reached;
  };
  const complete = yield* Effect.ensuring(
    runComparison({
      scenario,
      policies,
      plan,
      limit: rule.limit,
      workers: flags.workers,
      signal,
      enough,
      repeat: ({ policy, adoption, replication }) => {
        const { label = "", name = "" } = plan.policies[policy] ?? {};
        const given = policies.find((one) => one.name === name)?.file ?? label;
        return repeatComparison(file, scenario.seed, {
          ...flags,
          policies: Option.some([given]),
          adoption: Option.some(adoption),
          replications: Option.some(replication + 1),
          precision: Option.none(),
          baseline: Option.none(),
        });
      },
      onProgress: (news) =>
        progress.show(news, { wanted: rule.precision, reached: found.state.half_widths.at(-1) ?? null }),
    }),
    Effect.sync(progress.clear),
  );
  return { ...found, complete };
});

function summarize(
  loaded: LoadedScenario,
  { spec, plan, pairs }: PlannedComparison,
  flags: ComparisonFlags,
  rule: Rule,
  { complete, state, reached_s }: Found,
  early: boolean,
): Comparison {
  const repeat = repeatComparison(loaded.file, loaded.scenario.seed, flags);
  const manifest = manifestOf(loaded, "sim", repeat, null);
  const stopping: Stopping = {
    precision: rule.precision,
    limit: rule.limit,
    reached: state.reached,
    half_widths: state.half_widths.map((width) => (Number.isFinite(width) ? width : Number.MAX_VALUE)),
    wall_s: reached_s,
  };
  const notes = early
    ? [`partial: ended early, after ${counted(complete.length, "complete replication")} of ${rule.limit}`]
    : [];
  return comparisonOf({ loaded, spec, plan, pairs, complete, stopping, manifest, notes });
}
