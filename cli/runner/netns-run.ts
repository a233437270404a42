/**
 * A live run with a network namespace and a process for each AS: makes them, begins the run everywhere at one time, and puts what
 * they came to together as if one process had run it all.
 */
import { join } from "node:path";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import { assemble } from "../../actors/assemble.ts";
import { createHistogram, type Histogram, merge } from "../../core/histogram.ts";
import type { IA } from "../../core/address.ts";
import type { GatewayCounters } from "../../live/gateways.ts";
import { latenessFigures } from "../../live/lateness.ts";
import { type Children, startChildren } from "../../live/netns/children.ts";
import { GatheredWorld } from "../../live/netns/gathered-world.ts";
import { kernelCounts, openNamespaces } from "../../live/netns/namespaces.ts";
import { type NamespacePlan, planNamespaces } from "../../live/netns/plan.ts";
import { commandsByPlace, type Shaped, shapeNetwork } from "../../live/netns/shaping.ts";
import { createCounters } from "../../live/underlay/socket.ts";
import type { WorldSide } from "../../sim/experiment/parity.ts";
import { InputError, RunError } from "../errors.ts";
import { type LiveFigures, type LiveJob, type SimulationJob, type SimulationReport, workerEntry } from "./job.ts";
import { FileError, guardWrite, makeFolder } from "./line-files.ts";
import { type FromNetnsChild, NETNS_CHILD, type PartEnd, type ToNetnsChild } from "./netns-protocol.ts";
import { mergeSamples, writeRecordings } from "./netns-recording.ts";
import { loadPolicies } from "./policies.ts";
import { errorOf, type Listener, watchdogSeconds } from "./pool.ts";
import { failureOf, reportOf } from "./simulate.ts";

/** From the last socket's opening to the run's beginning: the word has reached every process by then. */
const LEAD_NS = 50_000_000n;
const LEAD_EACH_NS = 5_000_000n;
/** A process has so long to say its first word. */
const FIRST_WORD_S = 60;
const LOOK_MS = 1_000;

/** Like `runJob` (pool.ts), with the ASes in namespaces. */
export const runInNamespaces = Effect.fnUntraced(function* (
  job: SimulationJob,
  listener: Listener,
  live: LiveJob,
): Effect.fn.Return<SimulationReport, InputError | RunError, Scope.Scope> {
  const { scenario, files } = job;
  const { network } = scenario;
  const places = network.ases.map(({ ia }) => ia);
  const plan = planNamespaces(scenario);
  const shaped = live.kernel === undefined ? [] : shapeNetwork(network, plan, live.kernel);
  yield* attempt(() => {
    if (files !== null) guardWrite(files.folder, () => makeFolder(join(files.folder, "record")));
  });
  const names = yield* Effect.mapError(
    openNamespaces(places, plan, commandsByPlace(shaped)),
    ({ message }) => new InputError({ message }),
  );
  yield* Effect.logInfo(`network namespaces: ${places.map((ia, n) => `${names[n]} ${ia}`).join(", ")}`);
  const run = new Crew(job, places);
  const { entry, execArgv } = programOf();
  const children = yield* startChildren({ ...run.handlers, places, names, entry, execArgv, args: [NETNS_CHILD] });
  const ends = yield* run.ends(children, listener, (place) =>
    messageFor({ job, live, plan, shaped, names, places }, place),
  );
  return yield* gather(job, ends, kernelFigures(names, shaped));
}, Effect.scoped);

/** The program of every other run: parity compares hashes of its machines. */
function programOf(): { readonly entry: URL; readonly execArgv: readonly string[] } {
  return { entry: workerEntry(), execArgv: process.execArgv };
}

interface Whole {
  readonly job: SimulationJob;
  readonly live: LiveJob;
  readonly plan: NamespacePlan;
  readonly shaped: readonly Shaped[];
  readonly names: readonly string[];
  readonly places: readonly IA[];
}

function messageFor({ job, live, plan, shaped, names, places }: Whole, place: number): ToNetnsChild {
  const { files } = job;
  const share = files?.limit === undefined ? {} : { limit: Math.ceil(files.limit / places.length) };
  return {
    kind: "begin",
    job: { ...job, files: files === null ? null : { ...files, ...share } },
    live: {
      ...live,
      here: [places[place] as IA],
      underlay: plan.underlay,
      ...(shaped.length === 0 ? {} : { shaping: Object.fromEntries(shaped.map(({ id, actor }) => [id, actor])) }),
    },
    place,
    namespace: names[place] as string,
  };
}

interface End extends PartEnd {
  readonly report: SimulationReport;
}

/** The processes of a run, from their first word to their last. */
class Crew {
  readonly #job: SimulationJob;
  readonly #places: readonly IA[];
  readonly #open = new Set<number>();
  readonly #parts = new Map<number, PartEnd>();
  readonly #ends = new Map<number, End>();
  /** When each was heard last, in milliseconds. */
  readonly #heard: number[];
  #children: Children | null = null;
  #resume: (outcome: Effect.Effect<readonly End[], InputError | RunError>) => void = () => {};

  constructor(job: SimulationJob, places: readonly IA[]) {
    this.#job = job;
    this.#places = places;
    this.#heard = places.map(() => performance.now() + FIRST_WORD_S * 1_000);
  }

  readonly handlers = {
    onMessage: (place: number, message: unknown): void => this.#hear(place, message as FromNetnsChild),
    onText: (place: number, line: string): void => void process.stderr.write(`${this.#places[place]}: ${line}\n`),
    onEnd: (place: number, how: string): void => this.#ended(place, how),
  };

  /** By place, once all have come to their end; fails with the first that does not. */
  ends(
    children: Children,
    { signal }: Listener,
    begin: (place: number) => ToNetnsChild,
  ): Effect.Effect<readonly End[], InputError | RunError> {
    const all = Effect.callback<readonly End[], InputError | RunError>((resume) => {
      this.#resume = resume;
      this.#children = children;
      this.#places.forEach((_, place) => children.send(place, begin(place)));
      const stop = (): void => children.sendAll({ kind: "stop" } satisfies ToNetnsChild);
      signal?.addEventListener("abort", stop, { once: true });
      if (signal?.aborted === true) stop();
    });
    return Effect.acquireUseRelease(
      Effect.sync(() => setInterval(() => this.#look(), LOOK_MS)),
      () => all,
      (timer) => Effect.sync(() => clearInterval(timer)),
    );
  }

  #hear(place: number, message: FromNetnsChild): void {
    this.#heard[place] = performance.now();
    if (message.kind === "open") this.#opened(place);
    else if (message.kind === "part") this.#parts.set(place, message.end);
    else if (message.kind === "done") this.#done(place, message.report);
    else if (message.kind === "failed") {
      const { failure } = message;
      this.#fail(errorOf({ ...failure, message: `${this.#places[place]}: ${failure.message}` }));
    }
  }

  #opened(place: number): void {
    this.#open.add(place);
    if (this.#open.size < this.#places.length) return;
    const at = process.hrtime.bigint() + LEAD_NS + BigInt(this.#places.length) * LEAD_EACH_NS;
    this.#children?.sendAll({ kind: "epoch", at } satisfies ToNetnsChild);
  }

  #done(place: number, report: SimulationReport): void {
    this.#ends.set(place, { ...(this.#parts.get(place) as PartEnd), report });
    this.#parts.delete(place);
    if (this.#ends.size < this.#places.length) return;
    this.#resume(Effect.succeed(this.#places.map((_, n) => this.#ends.get(n) as End)));
  }

  #ended(place: number, how: string): void {
    if (!this.#ends.has(place))
      this.#fail(this.#problem(`the process of ${this.#places[place]} ended by itself (${how})`));
  }

  /** Has one not been heard for long? */
  #look(): void {
    const limit = watchdogSeconds();
    const since = performance.now() - limit * 1_000;
    const silent = this.#places.findIndex(
      (_, place) => !this.#ends.has(place) && (this.#heard[place] as number) < since,
    );
    if (silent < 0) return;
    const ia = this.#places[silent];
    const what = this.#open.has(silent)
      ? `${ia} did not come back for ${limit} s: look for a loop without end in its policies`
      : `the process of ${ia} did not start`;
    this.#fail(this.#problem(what));
  }

  #problem(what: string): RunError {
    const { scenario, repeat } = this.#job;
    return new RunError({ message: `${what}\n  seed ${scenario.seed}; to repeat: ${repeat}` });
  }

  #fail(error: InputError | RunError): void {
    this.#resume(Effect.fail(error));
  }
}

function gather(
  job: SimulationJob,
  ends: readonly End[],
  kernel: Pick<LiveFigures, "kernel">,
): Effect.Effect<SimulationReport, InputError | RunError> {
  const { scenario, repeat, files } = job;
  return Effect.tryPromise({
    try: async () => {
      const policies = await loadPolicies(job.policies);
      const assembly = assemble(scenario, { repeat, policies });
      const world = new GatheredWorld(
        assembly,
        ends.map((end) => end.world),
      );
      const samples = mergeSamples(ends.map((end) => end.samples));
      if (files !== null) writeRecordings(files, world, scenario, samples);
      const wall = Math.max(...ends.map(({ report }) => report.wall_s));
      const unrecorded = ends.reduce((sum, { report }) => sum + (report.unrecorded ?? 0), 0);
      return {
        ...reportOf(world, job, wall),
        ...(unrecorded === 0 ? {} : { unrecorded }),
        ...watchedBy(ends),
        live: { ...liveFigures(ends), ...kernel },
      };
    },
    catch: (cause) => errorOf(failureOf(cause)),
  });
}

function liveFigures(ends: readonly End[]): LiveFigures {
  const lateness = ends.reduce((all: Histogram, end) => merge(all, end.lateness), createHistogram());
  const figures = ends.map(({ report }) => report.live as LiveFigures);
  const underlay = createCounters();
  const kinds = Object.keys(underlay) as (keyof typeof underlay)[];
  for (const one of figures) for (const kind of kinds) underlay[kind] += one.underlay[kind];
  const sockets = Object.fromEntries(figures.flatMap((one) => Object.entries(one.sockets)));
  return { lateness_us: latenessFigures(lateness), underlay, sockets, ...gatewayFigures(figures) };
}

/** The two ends of a flow may be in two processes. */
function gatewayFigures(figures: readonly LiveFigures[]): Pick<LiveFigures, "gateways"> {
  const sums = new Map<string, GatewayCounters>();
  for (const [flow, counters] of figures.flatMap(({ gateways = {} }) => Object.entries(gateways))) {
    const sum = sums.get(flow);
    const kinds = Object.keys(counters) as (keyof GatewayCounters)[];
    const all = kinds.map((kind) => [kind, counters[kind] + (sum?.[kind] ?? 0)] as const);
    sums.set(flow, Object.fromEntries(all) as unknown as GatewayCounters);
  }
  return sums.size === 0 ? {} : { gateways: Object.fromEntries(sums) };
}

function kernelFigures(names: readonly string[], shaped: readonly Shaped[]): Pick<LiveFigures, "kernel"> {
  return shaped.length === 0 ? {} : { kernel: Object.fromEntries(kernelCounts(names, shaped)) };
}

/** One log of all: each actor's strands are in one process alone, and all have one clock. */
function watchedBy(ends: readonly End[]): Pick<SimulationReport, "watched"> {
  const all = ends.flatMap(({ report }) => (report.watched === undefined ? [] : [report.watched]));
  const [first] = all;
  if (first === undefined) return {};
  const full = all.flatMap(({ log }) => (log.fullAt === null ? [] : [log.fullAt]));
  const log: WorldSide["log"] = {
    strands: new Map(all.flatMap((one) => [...one.log.strands])),
    steps: all.reduce((sum, one) => sum + one.log.steps, 0),
    fullAt: full.length === 0 ? null : Math.min(...full),
  };
  const samples = mergeSamples(all.map((one) => one.samples));
  return { watched: { samples, log, machines: first.machines, end: Math.max(...all.map(({ end }) => end)) } };
}

function attempt<A>(act: () => A): Effect.Effect<A, InputError> {
  return Effect.try({
    try: act,
    catch: (cause) => new InputError({ message: cause instanceof FileError ? cause.message : String(cause) }),
  });
}
