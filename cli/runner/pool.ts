/**
 * Runs simulations in worker threads, a fresh one for each, and watches them: a worker whose event loop stands still is
 * ended, and the actor that did not come back is named. Interrupting (Ctrl-C) ends all workers.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import * as Effect from "effect/Effect";
import { InputError, RunError } from "../errors.ts";
import {
  Beat,
  type LiveJob,
  type SimulationFailure,
  type SimulationJob,
  type SimulationReport,
  type WorkerInput,
  type WorkerMessage,
  workerEntry,
} from "./job.ts";

/** Time without any event after which a run counts as stuck; tests make it shorter. */
const WATCHDOG_VARIABLE = "PATHLOOM_WATCHDOG_S";
const DEFAULT_WATCHDOG_S = 10;
/** Looks within that time. Looks are counted, not seconds: a machine that sleeps or a reader that stalls us is no fault of the run. */
const LOOKS = 20;

export interface Progress {
  readonly now: number;
  readonly events: number;
}

export interface Listener {
  readonly onProgress?: (progress: Progress) => void;
  /** Lines of the trace, each with its line break. */
  readonly onTrace?: (text: string) => void;
  /** A sentence of a live run in pieces: for whom it waits, who comes and goes. */
  readonly onNews?: (text: string) => void;
  /** Raised: a live run ends early and reports what there is. */
  readonly signal?: AbortSignal;
}

/** Seconds without an event until a run counts as stuck. */
export function watchdogSeconds(): number {
  const wanted = Number(process.env[WATCHDOG_VARIABLE]);
  return Number.isFinite(wanted) && wanted > 0 ? wanted : DEFAULT_WATCHDOG_S;
}

/** As many runs at once as there are cores. */
export function defaultWorkers(): number {
  return availableParallelism();
}

/** One simulation, or with `live` one live run, in a worker of its own; `bundle`: the module to start instead of the sources'. */
export function runJob(
  job: SimulationJob,
  listener: Listener = {},
  live: LiveJob | null = null,
  bundle: URL | null = null,
): Effect.Effect<SimulationReport, InputError | RunError> {
  const beat = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * Beat.words));
  const workerData: WorkerInput = { job, beat, live };
  const start = (): Worker =>
    // A bundle needs none of the loaders that this process may have been started with.
    bundle === null ? new Worker(workerEntry(), { workerData }) : new Worker(bundle, { workerData, execArgv: [] });
  return Effect.acquireUseRelease(
    Effect.sync(start),
    (worker) => watched(worker, job, beat, listener),
    (worker) => Effect.promise(() => worker.terminate()),
  );
}

function watched(
  worker: Worker,
  job: SimulationJob,
  beat: Int32Array,
  listener: Listener,
): Effect.Effect<SimulationReport, InputError | RunError> {
  return Effect.callback((resume) => {
    const watchdog = new Watchdog(job, beat, (error) => resume(Effect.fail(error)));
    worker.on("message", (message: WorkerMessage) => {
      if (message.kind === "running") watchdog.start(message.actors);
      else if (message.kind === "finished") watchdog.stop();
      else if (message.kind === "progress") listener.onProgress?.(message);
      else if (message.kind === "news") listener.onNews?.(message.text);
      else if (message.kind === "done") resume(Effect.succeed(message.report));
      else if (message.kind === "failed") resume(Effect.fail(errorOf(message.failure)));
      else {
        listener.onTrace?.(message.text);
        Atomics.add(beat, Beat.traceTaken, 1);
        Atomics.notify(beat, Beat.traceTaken);
      }
    });
    listener.signal?.addEventListener("abort", () => worker.postMessage("stop"), { once: true });
    worker.once("error", (error: unknown) => resume(Effect.fail(crashed(job, error))));
    worker.once("exit", (code) => resume(Effect.fail(crashed(job, new Error(`its thread ended with code ${code}`)))));
    return Effect.sync(() => watchdog.stop());
  });
}

export function errorOf({ kind, ...rest }: SimulationFailure): InputError | RunError {
  return kind === "input" ? new InputError(rest) : new RunError(rest);
}

function crashed(job: SimulationJob, thrown: unknown): RunError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const outOfMemory = (error as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY";
  const what = outOfMemory
    ? "the run needs more memory than Node gives it; try NODE_OPTIONS=--max-old-space-size=8192"
    : error.message;
  return new RunError({
    message: `the run broke off: ${what}\n  seed ${job.scenario.seed}; to repeat: ${job.repeat}`,
    stack: error.stack ?? error.message,
  });
}

class Watchdog {
  readonly #job: SimulationJob;
  readonly #beat: Int32Array;
  readonly #onStuck: (error: RunError) => void;
  #timer: NodeJS.Timeout | null = null;
  #seen = "";
  #idleLooks = 0;

  constructor(job: SimulationJob, beat: Int32Array, onStuck: (error: RunError) => void) {
    this.#job = job;
    this.#beat = beat;
    this.#onStuck = onStuck;
  }

  start(actors: readonly string[]): void {
    const limit = watchdogSeconds();
    this.#timer = setInterval(() => this.#look(actors, limit), (limit * 1_000) / LOOKS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #look(actors: readonly string[], limit: number): void {
    const words = Array.from({ length: Beat.words }, (_, word) => Atomics.load(this.#beat, word));
    const seen = words.join(" ");
    const idle = (words[Beat.actor] ?? 0) < 0;
    this.#idleLooks = seen === this.#seen && !idle ? this.#idleLooks + 1 : 0;
    this.#seen = seen;
    if (this.#idleLooks < LOOKS) return;
    this.stop();
    const actor = actors[words[Beat.actor] ?? 0] ?? "(an actor started during the run)";
    const events = words[Beat.events] ?? 0;
    const { scenario, repeat } = this.#job;
    this.#onStuck(
      new RunError({
        message:
          `actor ${actor} did not come back for ${limit} s (${events} events before): look for a loop without end in its logic or its policy` +
          `\n  seed ${scenario.seed}; to repeat: ${repeat}`,
      }),
    );
  }
}
