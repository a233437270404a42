/** One live run from job to report. Runs in a worker; everything it says goes through `say`. */
import { constants, setPriority } from "node:os";
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import { assemble } from "../../actors/assemble.ts";
import { Recorder } from "../../actors/record.ts";
import type { IA } from "../../core/address.ts";
import { createForwardingKeys, type ForwardingKeys, logMacs } from "../../core/forwarding-keys.ts";
import type { Scenario } from "../../core/scenario.ts";
import { type LiveWorld, placesHere, type Probe } from "../../live/driver.ts";
import { crossingFigures, latenessFigures } from "../../live/lateness.ts";
import { pieceKey } from "../../live/pieces/identity.ts";
import { type Joined, PiecesError } from "../../live/pieces/join.ts";
import { runLive, type RunLiveOptions } from "../../live/run.ts";
import { shapingOf } from "../../actors/assemble/shape.ts";
import { BASE_PORT, PlanError, planUnderlay, type UnderlayPlan } from "../../live/underlay/plan.ts";
import type { LiveFigures, LiveJob, RunFiles, SimulationJob, SimulationReport, WorkerMessage } from "./job.ts";
import { FileError } from "./line-files.ts";
import { RecordFiles } from "./record-files.ts";
import { loadPolicies } from "./policies.ts";
import { clocksApart, pieceFigures } from "./piece-summary.ts";
import { RunRecording } from "./recording.ts";
import { WorldWatch } from "./world-side.ts";
import { failureOf, reportOf, unrecordedBy } from "./simulate.ts";

/** What a run that is killed loses of its record, and how far behind those are who follow it. */
const FLUSH_MS = 500;

/** Nothing is looked at between the world's beginning and its end. */
const NO_PROBE: Probe = { next: Number.POSITIVE_INFINITY, take: () => {}, end: () => {} };

interface Surroundings {
  readonly beat: Int32Array;
  readonly say: (message: WorkerMessage) => void;
  /** Raised: the run ends early and keeps what there is. */
  readonly signal: AbortSignal;
  /** Left out: the run is whole. */
  readonly part?: RunPart;
}

/** For a run whose places are each in a process of their own (netns-run.ts): what differs from a whole one. */
export interface RunPart {
  /** Asked once all sockets are open: when the run begins (live/run.ts). */
  readonly epoch: () => Promise<bigint>;
  /** In place of the one that writes series and samples of the whole. */
  readonly probe: (world: LiveWorld) => Probe;
  /** The run is over, and everything is written. */
  readonly ended: (world: LiveWorld) => void;
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
  { beat, say, signal, part }: Surroundings,
): Promise<SimulationReport> {
  const { scenario, repeat, files } = job;
  const macs = new Map<string, string>();
  const assembly = assemble(scenario, {
    repeat,
    policies: await loadPolicies(job.policies),
    shaping: shapingOf(live.shape, live.shaping),
    ...keysOf(scenario, live, macs),
  });
  const record =
    files === null
      ? null
      : new RecordFiles(files.folder, assembly.places.length, {
          ...files,
          ...(live.logsMacs ? { macs } : {}),
          goesOn: true,
        });
  const watch = job.watch === true ? new WorldWatch(scenario) : null;
  const watching = (world: LiveWorld): Probe => {
    watch?.attach(world);
    return NO_PROBE;
  };
  const here = placesHere(assembly.places, live);
  const piece = new PieceRun(scenario, live, here, (text) => say({ kind: "news", text }));
  const recorders: (readonly [LiveWorld, Recorder])[] = [];
  const flush = (): void => {
    for (const [world, recorder] of recorders) recorder.mark(world.earliest);
    record?.flush();
  };
  const flushing = record === null ? null : setInterval(flush, FLUSH_MS);
  hurry();
  beat[0] = -1;
  say({ kind: "running", actors: assembly.actors.map(({ id }) => id) });
  const started = performance.now();
  const exit = await Effect.runPromiseExit(
    runLive(assembly, {
      duration: scenario.duration_ns,
      underlay: planOf(scenario, live, here),
      here,
      foreign: live.foreign ?? [],
      signal,
      beat,
      ...piece.options,
      ...(part === undefined ? {} : { epoch: part.epoch }),
      ...(files === null || record === null ? {} : keeping(files, record, piece, part, recorders)),
      ...(watch === null ? {} : { trace: watch.trace, probe: watching }),
    }),
  );
  if (flushing !== null) clearInterval(flushing);
  const wall = (performance.now() - (piece.joinedAt ?? started)) / 1_000;
  say({ kind: "finished" });
  if (Exit.isFailure(exit)) throw causeOf(exit.cause);
  record?.flush();
  const world = exit.value;
  part?.ended(world);
  const watched = watch === null ? {} : { watched: watch.end(world) };
  const figures = { ...figuresOf(world), ...piece.figures(world) };
  return { ...reportOf(world, job, wall), ...endOf(record), ...watched, live: figures };
}

function endOf(record: RecordFiles | null): Pick<SimulationReport, "unrecorded" | "recordFailure"> {
  const failure = record?.failure ?? null;
  return { ...unrecordedBy(record), ...(failure === null ? {} : { recordFailure: failure.message }) };
}

function causeOf(cause: Cause.Cause<unknown>): unknown {
  const error = Cause.squash(cause);
  if (error instanceof PiecesError) return error.input ? new FileError(error.message) : error;
  return error instanceof Error && error.cause instanceof Error ? error.cause : error;
}

/** Records, series and samples, into the run's folder. */
function keeping(
  { folder, header, level }: RunFiles,
  record: RecordFiles,
  piece: PieceRun,
  part: RunPart | undefined,
  recorders: (readonly [LiveWorld, Recorder])[],
): Pick<RunLiveOptions, "observe" | "probe"> {
  const here = new Set(piece.here);
  return {
    // A piece that joined later says when.
    observe: (world) => {
      const own = world.beganAt === 0 ? header : { ...header, start: world.beganAt };
      const recorder = new Recorder(world, own, record.write, here);
      recorders.push([world, recorder]);
      return recorder;
    },
    probe: (world) => {
      if (part?.probe !== undefined) return part.probe(world);
      const recording = new RunRecording(world, piece.scenario, folder, level, piece.apart);
      return {
        get next() {
          return record.failure === null ? recording.next : Number.POSITIVE_INFINITY;
        },
        take: () => record.attempt(() => recording.take()),
        end: (now) => record.attempt(() => recording.end(now)),
      };
    },
  };
}

/** The side of a run that knows other pieces; where there are none, it says nothing. */
class PieceRun {
  readonly scenario: Scenario;
  readonly here: readonly IA[];
  readonly options: Pick<RunLiveOptions, "pieces" | "onJoined">;
  joinedAt: number | null = null;
  readonly #synchronised: boolean;
  #joined: Joined | null = null;

  constructor(scenario: Scenario, { pieces, secret }: LiveJob, here: readonly IA[], onNews: (text: string) => void) {
    this.scenario = scenario;
    this.here = here;
    this.#synchronised = pieces?.clocksSynchronised === true;
    const onJoined = (joined: Joined): void => {
      this.#joined = joined;
      this.joinedAt = performance.now();
      onNews(joined.late ? "the run is under way: this piece joins it" : "all ASes are up: the run begins");
    };
    this.options =
      pieces === undefined ? {} : { pieces: { ...pieces, key: pieceKey(scenario, secret), onNews }, onJoined };
  }

  /** Flows whose delays are not known here. */
  get apart(): ReadonlySet<string> {
    if (this.#joined === null || this.#synchronised) return new Set();
    return clocksApart(this.scenario, new Set(this.here), this.#joined.sameMachine());
  }

  figures(world: LiveWorld): Pick<LiveFigures, "pieces"> {
    const joined = this.#joined;
    if (joined === null) return {};
    return { pieces: pieceFigures(world, this.scenario, joined, this.apart) };
  }
}

/** Other programs wait for this thread, where the system lets it (root on Linux): a run is as late as it is made to wait. */
function hurry(): void {
  try {
    setPriority(constants.priority.PRIORITY_HIGHEST);
  } catch {
    // It runs like any other.
  }
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
function planOf(scenario: Scenario, { addresses, port, underlay }: LiveJob, here: readonly IA[]): UnderlayPlan {
  if (underlay !== undefined) return underlay;
  const fixedPorts = port === 0 && here.length < scenario.network.ases.length ? BASE_PORT : port;
  try {
    return planUnderlay(scenario, { fixedPorts, addresses });
  } catch (cause) {
    throw cause instanceof PlanError ? new FileError(cause.message) : cause;
  }
}

function figuresOf({ lateness, crossings, counters, sockets, gateways }: LiveWorld): LiveFigures {
  const each = [...sockets].map(([name, socket]) => [name, socket.counters] as const);
  const outside = gateways.size === 0 ? {} : { gateways: Object.fromEntries(gateways) };
  const crossed = crossings.count === 0 ? {} : { crossing_us: crossingFigures(crossings) };
  return {
    lateness_us: latenessFigures(lateness),
    ...crossed,
    underlay: counters,
    sockets: Object.fromEntries(each),
    ...outside,
  };
}
