/** One live run from job to report. Runs in a worker; everything it says goes through `say`. */
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import { assemble } from "../../actors/assemble.ts";
import { Recorder } from "../../actors/record.ts";
import type { IA } from "../../core/address.ts";
import { createForwardingKeys, type ForwardingKeys, logMacs } from "../../core/forwarding-keys.ts";
import type { Scenario } from "../../core/scenario.ts";
import { type LiveWorld, placesHere, type Probe } from "../../live/driver.ts";
import { latenessFigures } from "../../live/lateness.ts";
import { runLive } from "../../live/run.ts";
import { shapingOf } from "../../live/shape.ts";
import { BASE_PORT, PlanError, planUnderlay, type UnderlayPlan } from "../../live/underlay/plan.ts";
import type { LiveFigures, LiveJob, SimulationJob, SimulationReport, WorkerMessage } from "./job.ts";
import { FileError } from "./line-files.ts";
import { RecordFiles } from "./record-files.ts";
import { loadPolicies } from "./policies.ts";
import { RunRecording } from "./recording.ts";
import { WorldWatch } from "./world-side.ts";
import { failureOf, reportOf, unrecordedBy } from "./simulate.ts";

/** What a run that is killed loses of its record. */
const FLUSH_MS = 500;

/** Nothing is looked at between the world's beginning and its end. */
const NO_PROBE: Probe = { next: Number.POSITIVE_INFINITY, take: () => {}, end: () => {} };

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
  live: LiveJob,
  { beat, say, signal }: Surroundings,
): Promise<SimulationReport> {
  const { scenario, repeat, files } = job;
  const macs = new Map<string, string>();
  const assembly = assemble(scenario, {
    repeat,
    policies: await loadPolicies(job.policies),
    shaping: shapingOf(live.shape),
    ...keysOf(scenario, live, macs),
  });
  const record = files === null ? null : new RecordFiles(files.folder, assembly.places.length, files);
  const probe = (world: LiveWorld): RunRecording => {
    const { folder, level } = files as NonNullable<typeof files>;
    return new RunRecording(world, scenario, folder, level);
  };
  const watch = job.watch === true ? new WorldWatch(scenario) : null;
  const watching = (world: LiveWorld): Probe => {
    watch?.attach(world);
    return NO_PROBE;
  };
  const here = placesHere(assembly.places, live);
  const observe = (world: LiveWorld): Recorder =>
    new Recorder(world, (files as NonNullable<typeof files>).header, (record as RecordFiles).write, new Set(here));
  const flush = (): void => {
    record?.flush();
    record?.writeMacs(macs);
  };
  const flushing = record === null ? null : setInterval(flush, FLUSH_MS);
  beat[0] = -1;
  say({ kind: "running", actors: assembly.actors.map(({ id }) => id) });
  const started = performance.now();
  const exit = await Effect.runPromiseExit(
    runLive(assembly, {
      duration: scenario.duration_ns,
      underlay: planOf(scenario, live, here),
      here,
      signal,
      beat,
      ...(record === null ? {} : { observe, probe }),
      ...(watch === null ? {} : { trace: watch.trace, probe: watching }),
    }),
  );
  if (flushing !== null) clearInterval(flushing);
  const wall = (performance.now() - started) / 1_000;
  say({ kind: "finished" });
  if (Exit.isFailure(exit)) {
    const error = Cause.squash(exit.cause);
    throw error instanceof Error && error.cause instanceof Error ? error.cause : error;
  }
  flush();
  const watched = watch === null ? {} : { watched: watch.end(exit.value) };
  return { ...reportOf(exit.value, job, wall), ...unrecordedBy(record), ...watched, live: figuresOf(exit.value) };
}

function keysOf(
  { keys }: Scenario,
  { secret, logsMacs }: LiveJob,
  macs: Map<string, string>,
): { readonly keys?: ForwardingKeys } {
  if (secret === null) return {};
  const own = createForwardingKeys(secret, keys);
  return { keys: logsMacs ? logMacs(own, macs) : own };
}

/** Where not all places are here, processes must agree on ports. */
function planOf(scenario: Scenario, { addresses, port }: LiveJob, here: readonly IA[]): UnderlayPlan {
  const fixedPorts = port === 0 && here.length < scenario.network.ases.length ? BASE_PORT : port;
  try {
    return planUnderlay(scenario, { fixedPorts, addresses });
  } catch (cause) {
    throw cause instanceof PlanError ? new FileError(cause.message) : cause;
  }
}

function figuresOf({ lateness, counters, sockets }: LiveWorld): LiveFigures {
  const each = [...sockets].map(([name, socket]) => [name, socket.counters] as const);
  return { lateness_us: latenessFigures(lateness), underlay: counters, sockets: Object.fromEntries(each) };
}
