/** When files begin, how long they are, and what is noted at their end: the same whatever carries them. */
import { sample } from "../../core/distribution.ts";
import type { ControlEvent, Env } from "../../core/env.ts";
import { type Histogram, record } from "../../core/histogram.ts";
import type { Distribution, FileTransferFlow } from "../../core/scenario.ts";
import { MAX_STREAM_BYTES } from "../../core/transport/frames.ts";
import type { Nanos } from "../../core/units.ts";
import { type Completion, noteCompletion } from "./connection.ts";

/** What of a context the files of a flow need. */
export interface Files {
  readonly stop: Nanos;
  readonly size: Distribution;
  readonly arrivals: FileTransferFlow["arrivals"];
  readonly count: number;
  readonly measureFrom: Nanos;
  /** Files begun; also the number of the next one. */
  started: number;
  completed: number;
  readonly latest: Completion;
  /** Files not begun since too many were under way. */
  refused: number;
  /** Until the last byte was acknowledged; of files whole at `measureFrom` or later. */
  readonly completionTime: Histogram;
  /** When the next file is due. */
  due: Nanos;
}

const TIMER_ARRIVAL: ControlEvent = { type: "timer.arrival" };

/** Nothing new is begun: it is time to stop, or these were all. */
export function noMore({ due, stop, count, started, refused }: Files): boolean {
  return due >= stop || (count > 0 && started + refused >= count);
}

export function awaitFirst(files: Files, env: Env): void {
  if (files.arrivals.kind === "poisson") {
    files.due += Math.round(env.random("arrivals").exponential(files.arrivals.interval_ns));
  }
  env.send(env.self, TIMER_ARRIVAL, Math.max(0, files.due - env.now));
}

/** A file has arrived: the next one comes by the clock, or waits for this one's end. */
export function awaitNext(files: Files, env: Env): void {
  if (files.arrivals.kind === "poisson") awaitFirst(files, env);
}

export function drawSize({ size }: Files, env: Env): number {
  return Math.min(MAX_STREAM_BYTES, Math.max(1, Math.round(sample(size, env.random("sizes")))));
}

/** A file is whole; the next one follows where they come one after the other. */
export function noteWhole(files: Files, number: number, startedAt: Nanos, bytes: number, env: Env): void {
  files.completed++;
  noteCompletion(files.latest, number, startedAt, bytes);
  if (env.now >= files.measureFrom) record(files.completionTime, env.now - startedAt);
  if (files.arrivals.kind !== "sequential") return;
  const gap = Math.round(sample(files.arrivals.gap, env.random("gaps")));
  files.due = env.now + gap;
  env.send(env.self, TIMER_ARRIVAL, gap);
}
