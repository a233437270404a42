/** Runs a scenario in two processes side by side and finds the first event that differs. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import type { Difference, ReplayResult } from "../../sim/replay.ts";
import { RunError } from "../errors.ts";
import type { InputError } from "../errors.ts";
import type { DoctorEnd, DoctorJob, FromChild, ToChild } from "./doctor-protocol.ts";
import { type SimulationFailure, workerEntry } from "./job.ts";
import { errorOf, watchdogSeconds } from "./pool.ts";

/** Two runs of one scenario. The shape is a replay's: the first run is what was expected, the second what was found. */
export function examine(job: DoctorJob): Effect.Effect<ReplayResult, InputError | RunError> {
  return Effect.acquireUseRelease(
    Effect.sync(() => [new Child(job), new Child(job)] as const),
    (children) => Effect.tryPromise({ try: () => compare(children), catch: asError }),
    (children) => Effect.sync(() => children.forEach((child) => child.kill())),
  );
}

type Pair<T> = readonly [T, T];

/** What a child said instead of what was asked of it. */
class ChildFailure extends Error {
  readonly failure: SimulationFailure;

  constructor(failure: SimulationFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

function asError(cause: unknown): InputError | RunError {
  if (cause instanceof ChildFailure) return errorOf(cause.failure);
  return errorOf({ kind: "run", message: cause instanceof Error ? cause.message : String(cause) });
}

async function compare(children: Pair<Child>): Promise<ReplayResult> {
  await both(children, (child) => child.ask({ kind: "begin", job: child.job }, "ready"));
  const difference = await firstDifference(children);
  const [first, second] = await both(children, (child) => child.ask({ kind: "finish" }, "end", false));
  const found = difference ?? differenceAtEnd(first.end, second.end);
  return {
    identical: found === null,
    digest: [first.end.digest, second.end.digest],
    events: first.end.events,
    firstDifference: found,
  };
}

async function firstDifference(children: Pair<Child>): Promise<Difference | null> {
  for (;;) {
    const windows = await both(children, (child) => child.ask({ kind: "next" }, "window"));
    const at = firstUnequal(windows[0].hashes, windows[1].hashes);
    if (at >= 0) return differenceAt(children, Math.floor(at / 2));
    const [first, second] = windows;
    if (first.failure !== null || second.failure !== null) return failureOfBoth(first.failure, second.failure);
    if (first.done && second.done) return null;
  }
}

/** Both stopped at the same event: they agree, and there is nothing more to compare. */
function failureOfBoth(first: SimulationFailure | null, second: SimulationFailure | null): never {
  throw new ChildFailure((first ?? second) as SimulationFailure);
}

/** Position of the first word that differs; one run may have fewer. -1 where all are equal. */
function firstUnequal(left: Int32Array, right: Int32Array): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) if (left[at] !== right[at]) return at;
  return left.length === right.length ? -1 : length;
}

async function differenceAt(children: Pair<Child>, at: number): Promise<Difference> {
  const [expected, found] = await both(children, (child) => child.ask({ kind: "describe", at }, "described"));
  const sameActor = expected.event?.actor === found.event?.actor;
  const text = ({ event }: typeof expected): string => {
    if (event === null) return "nothing: the run has ended";
    return sameActor ? event.text : `${event.actor} at ${event.time_ns} ns: ${event.text}`;
  };
  const at0 = expected.event ?? found.event;
  return { time_ns: at0?.time_ns ?? 0, actor: at0?.actor ?? "(none)", expected: text(expected), found: text(found) };
}

/** Draws without any effect so far, or states that no event has shown. */
function differenceAtEnd(first: DoctorEnd, second: DoctorEnd): Difference | null {
  for (const [at, [actor, state]] of first.states.entries()) {
    const found = second.states[at]?.[1];
    if (found !== state)
      return { time_ns: first.time_ns, actor, expected: `final state ${state}`, found: `final state ${found}` };
  }
  if (first.digest === second.digest) return null;
  return {
    time_ns: first.time_ns,
    actor: "(all)",
    expected: `digest ${first.digest}`,
    found: `digest ${second.digest}`,
  };
}

function both<T>([first, second]: Pair<Child>, act: (child: Child) => Promise<T>): Promise<Pair<T>> {
  return Promise.all([act(first), act(second)]);
}

/** One of the two runs, in a process of its own. */
class Child {
  readonly job: DoctorJob;
  readonly #process: ChildProcess;
  #answer: (message: FromChild) => void = () => {};

  constructor(job: DoctorJob) {
    this.job = job;
    this.#process = fork(fileURLToPath(workerEntry()), [], {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#process.on("message", (message: FromChild) => this.#answer(message));
    this.#process.on("error", (error) => this.#fail(`a run could not be started: ${error.message}`));
    this.#process.on("exit", (code, signal) => this.#fail(`a run ended by itself (${signal ?? `code ${code}`})`));
  }

  /** Says something and waits for the answer. With `hurry` the run must answer within the watchdog's time. */
  ask<K extends FromChild["kind"]>(
    message: ToChild,
    kind: K,
    hurry = message.kind === "next",
  ): Promise<Extract<FromChild, { kind: K }>> {
    return new Promise((resolve, reject) => {
      const limit = watchdogSeconds();
      const late = `a run did not come back for ${limit} s: look for a loop without end in a policy; pathloom run names the actor\n  to repeat: ${this.job.repeat}`;
      const timer = hurry ? setTimeout(() => this.#fail(late), limit * 1_000) : undefined;
      this.#answer = (answer) => {
        clearTimeout(timer);
        if (answer.kind === kind) resolve(answer as Extract<FromChild, { kind: K }>);
        else
          reject(
            new ChildFailure(
              answer.kind === "failed"
                ? answer.failure
                : { kind: "run", message: `a run answered ${answer.kind} instead of ${kind}` },
            ),
          );
      };
      this.#process.send(message);
    });
  }

  kill(): void {
    this.#process.removeAllListeners("exit");
    this.#process.kill("SIGKILL");
  }

  #fail(message: string): void {
    this.#answer({ kind: "failed", failure: { kind: "run", message } });
  }
}
