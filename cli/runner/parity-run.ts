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
  /** Runs the live world; default: in one process. */
  readonly runLive?: (
    job: SimulationJob,
    listener: Listener,
    live: LiveJob,
  ) => Effect.Effect<SimulationReport, InputError | RunError>;
  readonly tolerances: ParityTolerances;
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly listener: Listener;
}

/** null: ended early, before both worlds had run to the scenario's end. */
export const runParity = Effect.fnUntraced(function* ({
  job,
  live,
  runLive,
  tolerances,
  manifest,
  listener,
}: ParityRun): Effect.fn.Return<Parity | null, InputError | RunError> {
  const watched: SimulationJob = { ...job, files: null, trace: "none", watch: true };
  const simulated = yield* runJob(watched, listener);
  if (isOver(listener)) return null;
  yield* Effect.logInfo(`simulated; now live, ${job.scenario.duration_ns / 1e9} s in real time`);
  const real = yield* (runLive ?? runJob)(watched, listener, live);
  if (isOver(listener)) return null;
  const { lateness_us: late, crossing_us: cross } = real.live as LiveFigures;
  return compareWorlds({
    scenario: job.scenario.name,
    seed: job.scenario.seed,
    clock: {
      late_mean_us: late.mean,
      late_p50_us: late.p50,
      late_p99_us: late.p99,
      late_max_us: late.max,
      cross_mean_us: cross?.mean ?? null,
      cross_p50_us: cross?.p50 ?? null,
      cross_p99_us: cross?.p99 ?? null,
      cross_p999_us: cross?.p999 ?? null,
    },
    manifest,
    sim: sideOf(simulated),
    live: sideOf(real),
    tolerances,
    // Where others run the rest, each datagram wakes a process, which may be as late as for a timer.
    ...(runLive === undefined ? {} : { wakes: 2 }),
  });
});

function isOver({ signal }: Listener): boolean {
  return signal?.aborted === true;
}

function sideOf({ result, watched }: SimulationReport): WorldSide {
  if (watched === undefined) throw new Error("a run that was to be watched says nothing of it");
  return { result, ...watched };
}
