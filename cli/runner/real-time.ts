/** One live run from job to report. Runs in a worker; everything it says goes through `say`. */
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import { assemble } from "../../actors/assemble.ts";
import { Recorder } from "../../actors/record.ts";
import { quantile } from "../../core/histogram.ts";
import type { LiveWorld } from "../../live/driver.ts";
import { runLive } from "../../live/run.ts";
import type { LiveFigures, LiveJob, SimulationJob, SimulationReport, WorkerMessage } from "./job.ts";
import { RecordFiles } from "./record-files.ts";
import { loadPolicies } from "./policies.ts";
import { RunRecording } from "./recording.ts";
import { failureOf, reportOf, unrecordedBy } from "./simulate.ts";

/** What a run that is killed loses of its record. */
const FLUSH_MS = 500;

interface Surroundings {
  readonly beat: Int32Array;
  readonly say: (message: WorkerMessage) => void;
  /** Raised: the run ends early and keeps what there is. */
  readonly signal: AbortSignal;
}

/** Runs for the scenario's duration, or until the signal is raised. */
export async function runRealTime(job: SimulationJob, live: LiveJob, around: Surroundings): Promise<void> {
  try {
    around.say({ kind: "done", report: await runJob(job, live, around) });
  } catch (cause) {
    around.say({ kind: "failed", failure: failureOf(cause) });
  }
}

async function runJob(
  job: SimulationJob,
  { port }: LiveJob,
  { beat, say, signal }: Surroundings,
): Promise<SimulationReport> {
  const { scenario, repeat, files } = job;
  const assembly = assemble(scenario, { repeat, policies: await loadPolicies(job.policies) });
  const record = files === null ? null : new RecordFiles(files.folder, assembly.places.length, files);
  const probe = (world: LiveWorld): RunRecording => {
    const { folder, level } = files as NonNullable<typeof files>;
    return new RunRecording(world, scenario, folder, level);
  };
  const observe = (world: LiveWorld): Recorder =>
    new Recorder(world, (files as NonNullable<typeof files>).header, (record as RecordFiles).write);
  const flushing = record === null ? null : setInterval(() => record.flush(), FLUSH_MS);
  beat[0] = -1;
  say({ kind: "running", actors: assembly.actors.map(({ id }) => id) });
  const started = performance.now();
  const exit = await Effect.runPromiseExit(
    runLive(assembly, {
      duration: scenario.duration_ns,
      port,
      signal,
      beat,
      ...(record === null ? {} : { observe, probe }),
    }),
  );
  if (flushing !== null) clearInterval(flushing);
  const wall = (performance.now() - started) / 1_000;
  say({ kind: "finished" });
  if (Exit.isFailure(exit)) {
    const error = Cause.squash(exit.cause);
    throw error instanceof Error && error.cause instanceof Error ? error.cause : error;
  }
  record?.flush();
  return { ...reportOf(exit.value, job, wall), ...unrecordedBy(record), live: figuresOf(exit.value) };
}

function figuresOf({ lateness, counters }: LiveWorld): LiveFigures {
  const us = (ns: number | null): number | null => (ns === null ? null : ns / 1_000);
  const max = lateness.count === 0 ? null : lateness.max;
  return {
    lateness_us: { p50: us(quantile(lateness, 0.5)), p99: us(quantile(lateness, 0.99)), max: us(max) },
    underlay: counters,
  };
}
