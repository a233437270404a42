/** Runs a scenario in both worlds, one after the other, and compares them. */
import * as Effect from "effect/Effect";
import type { Parity, ParityTolerances } from "../../core/parity.ts";
import { compareWorlds, type WorldSide } from "../../sim/experiment/parity.ts";
import type { InputError, RunError } from "../errors.ts";
import type { LiveFigures, LiveJob, SimulationJob, SimulationReport } from "./job.ts";
import { type Listener, runJob } from "./pool.ts";

export interface ParityRun {
  readonly job: Omit<SimulationJob, "files" | "trace" | "watch">;
  readonly live: LiveJob;
  readonly tolerances: ParityTolerances;
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly listener: Listener;
}

/** null: ended early, before both worlds had run to the scenario's end. */
export const runParity = Effect.fnUntraced(function* ({
  job,
  live,
  tolerances,
  manifest,
  listener,
}: ParityRun): Effect.fn.Return<Parity | null, InputError | RunError> {
  const watched: SimulationJob = { ...job, files: null, trace: "none", watch: true };
  const simulated = yield* runJob(watched, listener);
  if (isOver(listener)) return null;
  yield* Effect.logInfo(`simulated; now live, ${job.scenario.duration_ns / 1e9} s in real time`);
  const real = yield* runJob(watched, listener, live);
  if (isOver(listener)) return null;
  const { mean, p50, p99, max } = (real.live as LiveFigures).lateness_us;
  return compareWorlds({
    scenario: job.scenario.name,
    seed: job.scenario.seed,
    clock: { late_mean_us: mean, late_p50_us: p50, late_p99_us: p99, late_max_us: max },
    manifest,
    sim: sideOf(simulated),
    live: sideOf(real),
    tolerances,
  });
});

function isOver({ signal }: Listener): boolean {
  return signal?.aborted === true;
}

function sideOf({ result, watched }: SimulationReport): WorldSide {
  if (watched === undefined) throw new Error("a run that was to be watched says nothing of it");
  return { result, ...watched };
}
