/** One simulation from job to report. Runs in a worker; everything it says goes through `say`. */
import { basename, join } from "node:path";
import { assemble } from "../../actors/assemble.ts";
import { Recorder } from "../../actors/record.ts";
import { results } from "../../actors/results.ts";
import { ActorFailure, type World } from "../../actors/world.ts";
import type { TraceRecord, TraceSink } from "../../core/trace.ts";
import { SECOND } from "../../core/units.ts";
import { RunMeter } from "../../sim/experiment/meter.ts";
import { Simulation, type SimulationOptions } from "../../sim/simulation.ts";
import { textOf } from "./failure-text.ts";
import { Beat, type SimulationFailure, type SimulationJob, type SimulationReport, type WorkerMessage } from "./job.ts";
import { FileError, LineFile } from "./line-files.ts";
import { RecordFiles } from "./record-files.ts";
import { loadPolicies, PolicyError } from "./policies.ts";
import { RunRecording } from "./recording.ts";
import { WorldWatch } from "./world-side.ts";

type Say = (message: WorkerMessage) => void;

/** Events between two looks at the clock for news of progress. */
const PROGRESS_EVENTS = 65_536;
const PROGRESS_MS = 250;
/** Trace texts under way to the printing thread before the run waits for it. */
const TRACE_AHEAD = 8;
const TRACE_PIECE = 65_536;

export async function simulate(job: SimulationJob, beat: Int32Array, say: Say): Promise<void> {
  try {
    say({ kind: "done", report: await runJob(job, beat, say) });
  } catch (cause) {
    say({ kind: "failed", failure: withPolicyLine(failureOf(cause), job) });
  }
}

/** Where in a policy's file it happened, if it did there. */
function withPolicyLine(failure: SimulationFailure, { policies }: SimulationJob): SimulationFailure {
  const { kind, message, stack = "" } = failure;
  for (const { file } of policies) {
    const name = basename(file);
    const after = stack.includes(name) ? stack.slice(stack.indexOf(name) + name.length) : "";
    const line = /^(?:\?[^:)]*)?:(\d+)/.exec(after)?.[1];
    if (kind === "run" && line !== undefined) {
      const [first = "", ...rest] = message.split("\n");
      return { ...failure, message: [`${first} (${file}:${line})`, ...rest].join("\n") };
    }
  }
  return failure;
}

async function runJob(job: SimulationJob, beat: Int32Array, say: Say): Promise<SimulationReport> {
  const { scenario, repeat } = job;
  const assembly = assemble(scenario, { repeat, policies: await loadPolicies(job.policies) });
  const watch = job.watch === true ? new WorldWatch(scenario) : null;
  const outputs = openOutputs(job, assembly.places.length, beat, say);
  say({ kind: "running", actors: assembly.actors.map(({ id }) => id) });
  const started = performance.now();
  const simulation = Simulation.create(assembly, {
    beat,
    wire: job.wire === true,
    ...outputs.options,
    ...(watch === null ? {} : { trace: watch.trace }),
  });
  watch?.attach(simulation);
  const { files, measure } = job;
  const recording = files === null ? null : new RunRecording(simulation, scenario, files.folder, files.level);
  const meter = measure === undefined ? null : new RunMeter(simulation, scenario, measure);
  runWithNews(simulation, scenario.duration_ns, say, recording ?? meter);
  recording?.end(simulation.now);
  const wall = (performance.now() - started) / 1_000;
  say({ kind: "finished" });
  outputs.end();
  const report = { ...reportOf(simulation, job, wall), ...unrecordedBy(outputs.record) };
  const watched = watch === null ? report : { ...report, watched: watch.end(simulation) };
  return meter === null ? watched : { ...watched, measures: meter.end() };
}

/** Takes what stands in a world between two events, whenever it is due. */
type Sampler = Pick<RunMeter, "next" | "take">;

/** Runs in slices where something is sampled: what happens at the very end of an interval belongs to the next. */
function runWithNews(simulation: Simulation, until: number, say: Say, sampler: Sampler | null): void {
  const news = { due: performance.now() + PROGRESS_MS, say };
  for (let next = sampler?.next ?? until + 1; next <= until; next = sampler?.next ?? until + 1) {
    stepUntil(simulation, next - 1, news);
    sampler?.take();
  }
  stepUntil(simulation, until, news);
  simulation.run(until);
}

function stepUntil(simulation: Simulation, until: number, news: { due: number; readonly say: Say }): void {
  while (simulation.step(until)) {
    if (simulation.events % PROGRESS_EVENTS !== 0 || performance.now() < news.due) continue;
    news.due = performance.now() + PROGRESS_MS;
    news.say({ kind: "progress", now: simulation.now, events: simulation.events });
  }
}

/** What a world came to, whichever it is. */
export function reportOf(world: World, { scenario }: SimulationJob, wall: number): SimulationReport {
  const result = results(world, scenario);
  return {
    digest: world.digest(),
    simulated_s: world.now / SECOND,
    wall_s: wall,
    events: world.events,
    packet_hops: result.links.reduce((sum, { packets }) => sum + packets, 0),
    result,
  };
}

export function unrecordedBy(record: RecordFiles | null): Pick<SimulationReport, "unrecorded"> {
  return record === null || record.unwritten === 0 ? {} : { unrecorded: record.unwritten };
}

interface Outputs {
  readonly options: Pick<SimulationOptions, "observe" | "trace">;
  readonly record: RecordFiles | null;
  end(): void;
}

function openOutputs(job: SimulationJob, places: number, beat: Int32Array, say: Say): Outputs {
  const { files } = job;
  const trace = openTrace(job, beat, say);
  const options = trace === null ? {} : { trace: trace.sink };
  if (files === null || !files.everyDelivery) return { options, record: null, end: () => trace?.end() };
  const record = new RecordFiles(files.folder, places, files);
  const recorders: Recorder[] = [];
  const observe = (world: Simulation): Recorder => {
    const recorder = new Recorder(world, files.header, record.write);
    recorders.push(recorder);
    return recorder;
  };
  const end = (): void => {
    for (const recorder of recorders) recorder.end();
    record.flush();
    trace?.end();
  };
  return { options: { ...options, observe }, record, end };
}

function openTrace(
  { trace, files }: SimulationJob,
  beat: Int32Array,
  say: Say,
): { sink: TraceSink; end(): void } | null {
  if (trace === "none") return null;
  if (trace === "file" && files !== null) {
    const file = new LineFile(join(files.folder, "trace.ndjson"));
    return { sink: (record) => file.write(JSON.stringify(record)), end: () => file.flush() };
  }
  const printer = new TracePrinter(beat, say);
  return { sink: (record) => printer.add(record), end: () => printer.flush() };
}

/** Hands trace records on as text, and waits where the reader is slower than the run. */
class TracePrinter {
  readonly #beat: Int32Array;
  readonly #say: Say;
  #text = "";
  #given = 0;

  constructor(beat: Int32Array, say: Say) {
    this.#beat = beat;
    this.#say = say;
  }

  add(record: TraceRecord): void {
    this.#text += `${formatTrace(record)}\n`;
    if (this.#text.length >= TRACE_PIECE) this.flush();
  }

  flush(): void {
    if (this.#text === "") return;
    this.#say({ kind: "trace", text: this.#text });
    this.#text = "";
    this.#given++;
    for (let taken = this.#taken(); this.#given - taken > TRACE_AHEAD; taken = this.#taken()) {
      Atomics.wait(this.#beat, Beat.traceTaken, taken, 1_000);
    }
  }

  #taken(): number {
    return Atomics.load(this.#beat, Beat.traceTaken);
  }
}

/** `0.015096000 s  node/1-ff00:0:110  node.forward  flow 0 packet 3  egress=2` */
export function formatTrace({ time_ns, actor, kind, flow, number, detail }: TraceRecord): string {
  const packet = flow === undefined ? [] : [`flow ${flow} packet ${number}`];
  const details =
    detail === undefined
      ? []
      : [
          Object.entries(detail)
            .map(([key, value]) => `${key}=${value}`)
            .join(" "),
        ];
  return [`${(time_ns / SECOND).toFixed(9)} s`, actor, kind, ...packet, ...details].join("  ");
}

/** What went wrong, as data that crosses threads. */
export function failureOf(cause: unknown): SimulationFailure {
  const root = cause instanceof ActorFailure ? cause.cause : cause;
  if (root instanceof PolicyError) return { kind: "input", ...textOf(root) };
  if (root instanceof FileError) return { kind: "input", ...textOf(root) };
  const { message, stack } = textOf(cause);
  const inner = root instanceof Error ? root.stack : undefined;
  return { kind: "run", message, ...((inner ?? stack) === undefined ? {} : { stack: (inner ?? stack) as string }) };
}
