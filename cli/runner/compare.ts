/**
 * The runs of a comparison, spread over workers: replication after replication, every policy and adoption of each. What counts is the replications
 * that are complete, in their order; how many runs go on at once changes nothing.
 */
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import type { RunMeasures } from "../../core/comparison.ts";
import type { Scenario } from "../../core/scenario.ts";
import { type ComparisonPlan, planRuns, type RunPlan, runKey, scenarioOf } from "../../sim/experiment/plan.ts";
import { InputError, RunError } from "../errors.ts";
import { bundledWorker, type PolicyFile, type SimulationJob, type SimulationReport } from "./job.ts";
import { runJob } from "./pool.ts";

/** One policy under one adoption in one replication. */
export interface ComparedRun {
  readonly plan: RunPlan;
  readonly digest: string;
  readonly measures: RunMeasures;
}

/** In the order of policies and adoptions. */
export type Replication = readonly ComparedRun[];

export interface CompareProgress {
  /** Simulations, of which one may stand for several policies and adoptions. */
  readonly done: number;
  readonly of: number;
  readonly replications: number;
}

export interface CompareOptions {
  readonly scenario: Scenario;
  readonly policies: readonly PolicyFile[];
  readonly plan: ComparisonPlan;
  /** Most replications. */
  readonly limit: number;
  readonly workers: number;
  /** Raised: runs under way are given up. */
  readonly signal: AbortSignal;
  /** What a user types to get one policy in one replication again. */
  readonly repeat: (plan: RunPlan) => string;
  /** Told of the replications that are complete, in their order; true: these are enough. */
  readonly enough: (complete: readonly Replication[]) => boolean;
  readonly onProgress: (progress: CompareProgress) => void;
}

/** Plans that are the same simulation, which is run once and measured for each. */
interface Task {
  readonly replication: number;
  readonly plans: readonly RunPlan[];
}

/** The complete replications: `limit` of them, or as many as were enough or finished before the signal. */
export const runComparison = Effect.fnUntraced(function* (options: CompareOptions) {
  const { workers, signal } = options;
  const bundle = bundledWorker();
  if (bundle === null)
    yield* Effect.logDebug(
      "workers start from the sources, which takes each a second; npm run build makes them faster",
    );
  const board = new Board(options);
  const end = yield* Deferred.make<void>();
  const stop = (): void => void Deferred.doneUnsafe(end, Effect.void);
  signal.addEventListener("abort", stop, { once: true });
  const lane = Effect.gen(function* () {
    for (let task = board.take(); task !== null && !signal.aborted; task = board.take()) {
      const run = Effect.asSome(runTask(task, options, bundle));
      const report = yield* Effect.raceFirst(run, Effect.as(Deferred.await(end), NOTHING));
      if (report._tag === "None") return;
      board.finish(task, report.value);
      if (board.isComplete) stop();
    }
  });
  yield* Effect.all(
    Array.from({ length: workers }, () => lane),
    { concurrency: "unbounded", discard: true },
  );
  return board.complete;
});

const NOTHING = { _tag: "None" } as const;

function runTask(
  { plans }: Task,
  { scenario, policies, plan, repeat }: CompareOptions,
  bundle: URL | null,
): Effect.Effect<SimulationReport, InputError | RunError> {
  const [first] = plans as [RunPlan, ...RunPlan[]];
  const job: SimulationJob = {
    scenario: scenarioOf(scenario, first),
    repeat: repeat(first),
    policies,
    files: null,
    trace: "none",
    measure: plans.map(({ measured }) => measured),
  };
  const label = plan.policies[first.policy]?.label;
  const about = `policy ${label} (${first.adoption} adopting, replication ${first.replication + 1}): `;
  return Effect.mapError(runJob(job, {}, null, bundle), (error) =>
    error._tag === "RunError"
      ? new RunError({ ...error, message: about + error.message })
      : new InputError({ ...error, message: error.message }),
  );
}

/** Which runs are left, and which replications are complete. */
class Board {
  readonly complete: Replication[] = [];
  isComplete = false;
  readonly #options: CompareOptions;
  readonly #waiting: Task[] = [];
  readonly #reports = new Map<string, SimulationReport>();
  readonly #tasksOf: number[] = [];
  readonly #doneOf: number[] = [];
  #planned = 0;
  #done = 0;

  constructor(options: CompareOptions) {
    this.#options = options;
  }

  take(): Task | null {
    if (this.isComplete) return null;
    if (this.#waiting.length === 0 && this.#planned < this.#options.limit) this.#plan();
    return this.#waiting.shift() ?? null;
  }

  finish({ replication, plans }: Task, report: SimulationReport): void {
    if (this.isComplete) return;
    this.#reports.set(runKey(plans[0] as RunPlan), report);
    this.#doneOf[replication] = (this.#doneOf[replication] ?? 0) + 1;
    this.#done++;
    while (!this.isComplete && this.#isDone(this.complete.length)) this.#gather();
    const { limit, onProgress } = this.#options;
    const perReplication = this.#tasksOf[0] ?? 0;
    onProgress({ done: this.#done, of: perReplication * limit, replications: this.complete.length });
  }

  #plan(): void {
    const replication = this.#planned++;
    const groups = Map.groupBy(planRuns(this.#options.plan, replication), runKey);
    this.#tasksOf[replication] = groups.size;
    for (const plans of groups.values()) this.#waiting.push({ replication, plans });
  }

  #isDone(replication: number): boolean {
    const tasks = this.#tasksOf[replication];
    return tasks !== undefined && this.#doneOf[replication] === tasks;
  }

  #gather(): void {
    const plans = planRuns(this.#options.plan, this.complete.length);
    const groups = Map.groupBy(plans, runKey);
    this.complete.push(
      plans.map((plan) => {
        const key = runKey(plan);
        const { digest, measures } = this.#reports.get(key) as SimulationReport;
        const at = groups.get(key)?.indexOf(plan) ?? 0;
        return { plan, digest, measures: measures?.[at] as RunMeasures };
      }),
    );
    for (const key of groups.keys()) this.#reports.delete(key);
    this.isComplete = this.complete.length >= this.#options.limit || this.#options.enough(this.complete);
  }
}
