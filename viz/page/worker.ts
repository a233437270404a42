/**
 * The simulator behind the page: answers its questions, plays a run in real time, and runs ahead in the idle rest. What is shown goes
 * before what is run ahead; a frame is sent only once the page has taken the one before.
 */
import { assemble } from "../../actors/assemble.ts";
import { ActorFailure } from "../../actors/world.ts";
import type { ExplorerProblem } from "../../core/exploration.ts";
import type { Scenario } from "../../core/scenario.ts";
import type { Nanos } from "../../core/units.ts";
import { Exploration, type Explored } from "../../sim/exploration/exploration.ts";
import { type OpenedRun, openRun } from "../../sim/exploration/open-record.ts";
import { outlineOf } from "../../sim/exploration/outline.ts";
import { simSource } from "../../sim/exploration/sim-source.ts";
import { type Overrides, resolveScenario } from "../../topologies/resolve.ts";
import type { Problem } from "../../topologies/problems.ts";
import { ProblemError } from "./app.ts";
import { readFileFrom, readTopologyFrom } from "./scenario-files.ts";
import type { Ask, Opening, QuestionName, Questions, Taken, Tell } from "./protocol.ts";
import { PlayClock } from "./time/play-clock.ts";

/** Milliseconds. */
const TICK = 8;
const SHOW_BUDGET = 10;
const AHEAD_BUDGET = 12;
const PROGRESS_EVERY = 100;
/** Between two frames of which the map is not drawn. */
const UNSEEN_FRAME_EVERY = 250;
/** While it plays: a chunk of the way that takes so long is halved the next time; one that takes a quarter of it is doubled. */
const CHUNK_MS = 3;

type Target = Questions["seek"]["ask"];
type Handlers = {
  readonly [Name in QuestionName]?: (
    ask: Questions[Name]["ask"],
    id: number,
  ) => Questions[Name]["answer"] | typeof LATER;
};

const WITHOUT_RUN: ReadonlySet<QuestionName> = new Set(["open", "feed", "check"]);

/** The answer comes by itself when it is there. */
const LATER = Symbol("later");

const scope = globalThis as unknown as {
  postMessage(tell: Tell): void;
  /** Not in every browser. */
  readonly scheduler?: { postTask(run: () => void, options: { priority: "background" }): Promise<void> };
  addEventListener(type: "message", hear: (event: MessageEvent<Ask | Taken>) => void): void;
};

/** One run that is looked at. */
class Desk {
  #exploration: Exploration | null = null;
  /** A recorded run. */
  #opened: OpenedRun | null = null;
  /** Questions about it that came before there is anything to see. */
  readonly #early: Ask[] = [];
  #playing: PlayClock | null = null;
  #chunk: Nanos = 1e6;
  /** Seeks beyond what is known, the latest of them last. */
  readonly #seeks: { readonly id: number; readonly to: Target }[] = [];
  /** The page has taken the last frame. */
  #taken = true;
  /** The state changed since the last frame. */
  #stale = false;
  #map = true;
  #frameAt = 0;
  #progressAt = 0;
  #progressEvents = -1;
  #endTold = false;
  #working = false;
  hear(message: Ask | Taken): void {
    if ("taken" in message) {
      this.#taken = true;
      this.#wake();
      return;
    }
    const { id } = message;
    if (this.#opened !== null && this.#exploration === null && !WITHOUT_RUN.has(message.name)) {
      this.#early.push(message);
      return;
    }
    try {
      const handle = this.#handlers[message.name] as ((ask: unknown, id: number) => unknown) | undefined;
      if (handle === undefined) throw new ProblemError(problemOf(`The simulator does not know “${message.name}”.`));
      const answer = handle(message.ask, id);
      if (answer !== LATER) scope.postMessage({ id, answer });
    } catch (error) {
      scope.postMessage({ id, problem: this.#problemFrom(error) });
    }
    this.#wake();
  }

  readonly #handlers: Handlers = {
    open: (opening) => this.#open(opening),
    feed: (ask) => this.#feed(ask),
    check: ({ text, file, files }) => {
      const resolved = resolve(text, file, files, {});
      return { problems: resolved.ok ? [] : resolved.error.map(placeOf) };
    },
    seek: (to, id) => this.#seek(to, id),
    step: ({ by }, id) => this.#seek({ event: Math.max(0, this.#run().cursor.events + by) }, id),
    play: ({ speed }) => {
      this.#playing = new PlayClock(speed, this.#run().cursor.now, performance.now());
      this.#run().playing = true;
      this.#stale = true;
      return null;
    },
    pause: () => {
      this.#stop();
      return this.#run().frame();
    },
    look: (ask) => {
      this.#map = ask.map;
      this.#run().look(ask);
      this.#stale = true;
      return null;
    },
    inspect: (ask) => this.#run().inspect(ask),
    log: (ask) => this.#run().log(ask),
    sequence: (ask) => this.#run().sequence(ask),
    delays: () => this.#run().delays(),
    paths: (ask) => this.#run().paths(ask),
    totals: (ask) => this.#run().totals(ask),
    hashes: (ask) => this.#run().hashes(ask),
    changeable: (ask) => this.#run().changeable(ask),
  };

  #run(): Exploration {
    if (this.#exploration === null) throw new ProblemError(problemOf("No run is open."));
    return this.#exploration;
  }

  #open(opening: Opening): Questions["open"]["answer"] {
    this.#close();
    if (opening.kind === "record") return this.#openRecord(opening);
    const scenario = scenarioOf(opening);
    const assembly = assemble(scenario, { repeat: `pathloom run ${opening.file} --seed ${scenario.seed}` });
    const source = simSource(assembly, scenario.duration_ns);
    return this.#explore({ source, scenario, assembly, world: "sim", fork: opening.fork }).outline;
  }

  #explore(explored: Explored): Exploration {
    const run = new Exploration(explored, { clock: () => performance.now() });
    this.#exploration = run;
    this.#stale = true;
    return run;
  }

  /** There is nothing to look at before the first deliveries of each place have come. */
  #openRecord(files: Extract<Opening, { kind: "record" }>): Questions["open"]["answer"] {
    const opened = openRun(files);
    if (!opened.ok) throw new ProblemError(problemOf(`${files.name}: ${opened.error}.`));
    const { record, scenario, assembly, world } = opened.value;
    if (record === null) return this.#explore(opened.value).outline;
    this.#opened = opened.value;
    return outlineOf(scenario, assembly, { source: "record", world });
  }

  #feed({ place, text, over, macs }: Questions["feed"]["ask"]): null {
    const opened = this.#opened;
    if (opened === null || opened.record === null) return null;
    if (macs !== undefined) opened.feedMacs(macs);
    const { record } = opened;
    const wrong = text === "" ? null : record.feed(place, text);
    if (over) record.end();
    if (wrong !== null) throw new ProblemError(problemOf(`This record cannot be read: ${wrong}.`));
    if (this.#exploration === null && record.ready) {
      this.#explore(opened);
      for (const question of this.#early.splice(0)) this.hear(question);
    }
    return null;
  }

  #close(): void {
    this.#exploration = null;
    this.#opened = null;
    this.#early.length = 0;
    this.#playing = null;
    this.#seeks.length = 0;
    this.#taken = true;
    this.#frameAt = 0;
    this.#progressAt = 0;
    this.#progressEvents = -1;
    this.#endTold = false;
  }

  #seek(to: Target, id: number): Questions["seek"]["answer"] | typeof LATER {
    const run = this.#run();
    if (!run.reaches(to) && this.#seeks.push({ id, to }) > 0) return LATER;
    const frame = run.seek(to);
    this.#playing?.set(frame.now);
    return frame;
  }

  #stop(): void {
    this.#playing = null;
    this.#run().playing = false;
    this.#stale = true;
  }

  /** The loop runs while anything is left to do; every question wakes it. */
  #wake(): void {
    if (this.#working || this.#exploration === null) return;
    this.#working = true;
    // Questions go first: a loop of messages to itself would let them wait.
    if (scope.scheduler === undefined) setTimeout(() => this.#tick(), 0);
    else void scope.scheduler.postTask(() => this.#tick(), { priority: "background" });
  }

  #tick(): void {
    const run = this.#exploration;
    this.#working = false;
    if (run === null) return;
    try {
      const begin = performance.now();
      if (this.#playing !== null) this.#play(run, this.#playing, begin);
      this.#show(run, begin);
      const rest = begin + AHEAD_BUDGET;
      const more = run.work(() => performance.now() >= rest);
      this.#arrive(run, more);
      this.#tell(run, more);
      if (more || this.#seeks.length > 0) this.#wake();
      else if (this.#playing !== null || (this.#stale && this.#taken)) {
        this.#working = true;
        setTimeout(() => this.#tick(), TICK);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Goes where real time has come to, in chunks small enough to stop in time; what is not reached is not made up for. */
  #play(run: Exploration, clock: PlayClock, begin: number): void {
    const end = run.outline.duration_ns;
    const target = Math.min(end, clock.target(begin));
    const { cursor } = run;
    const until = begin + SHOW_BUDGET;
    while (cursor.now < target) {
      const next = Math.min(target, cursor.now + this.#chunk);
      if (!run.reaches({ time: next })) break;
      const from = performance.now();
      cursor.seekTime(next);
      const now = performance.now();
      if (now - from > CHUNK_MS) this.#chunk = Math.max(1000, this.#chunk / 2);
      else if (now - from < CHUNK_MS / 4) this.#chunk = Math.min(1e9, this.#chunk * 2);
      if (now >= until) break;
    }
    if (cursor.now < target) clock.set(cursor.now);
    this.#stale = true;
    if (cursor.now >= end) this.#stop();
  }

  #show(run: Exploration, now: number): void {
    if (!this.#stale || !this.#taken || (!this.#map && now - this.#frameAt < UNSEEN_FRAME_EVERY)) return;
    this.#stale = false;
    this.#taken = false;
    this.#frameAt = now;
    scope.postMessage({ news: "frame", frame: run.frame() });
  }

  /** Answers seeks whose target is known by now, or never will be. Of several, only the last one is gone to. */
  #arrive(run: Exploration, more: boolean): void {
    const last = this.#seeks.at(-1);
    if (last === undefined || (more && !run.reaches(last.to))) return;
    const frame = run.seek(last.to);
    this.#playing?.set(frame.now);
    for (const { id } of this.#seeks.splice(0)) scope.postMessage({ id, answer: frame });
  }

  #tell(run: Exploration, more: boolean): void {
    const now = performance.now();
    if (this.#endTold || (more && now - this.#progressAt < PROGRESS_EVERY)) return;
    const progress = run.progress();
    if (progress.events === this.#progressEvents && !progress.ended) return;
    this.#progressAt = now;
    this.#progressEvents = progress.events;
    this.#endTold = progress.ended;
    scope.postMessage({ news: "progress", progress });
  }

  /** The run cannot go on; what was shown stays. */
  #fail(error: unknown): void {
    const problem = this.#problemFrom(error);
    for (const { id } of this.#seeks.splice(0)) scope.postMessage({ id, problem });
    this.#close();
    scope.postMessage({ news: "failed", problem });
  }

  #problemFrom(error: unknown): ExplorerProblem {
    if (error instanceof ProblemError) return error.problem;
    // Its message says the actor, the time and the seed.
    if (error instanceof ActorFailure) return problemOf(error.message);
    const what = error instanceof Error ? error.message : String(error);
    const run = this.#exploration;
    const where = run === null ? "" : ` (seed ${run.outline.seed}, at ${(run.cursor.now / 1e9).toFixed(9)} s)`;
    return problemOf(`The simulator failed${where}: ${what}. This is a bug: please report it with the scenario.`);
  }
}

function problemOf(message: string): ExplorerProblem {
  return { message, places: [] };
}

function scenarioOf({ text, file, files, overrides }: Extract<Opening, { kind: "scenario" }>): Scenario {
  const resolved = resolve(text, file, files, overrides);
  if (resolved.ok) return resolved.value;
  const places = resolved.error.map(placeOf);
  const count = places.length === 1 ? "a problem" : `${places.length} problems`;
  throw new ProblemError({ message: `${file} has ${count}:`, places });
}

function resolve(text: string, file: string, files: Readonly<Record<string, string>>, overrides: Overrides) {
  return resolveScenario(text, {
    file,
    readFile: readFileFrom(files),
    readTopology: readTopologyFrom(files),
    overrides,
  });
}

function placeOf({ file, line, column, message, didYouMean }: Problem): ExplorerProblem["places"][number] {
  const place = { file, line, column, message };
  return didYouMean === undefined
    ? { ...place, advice: null }
    : { ...place, advice: `did you mean ${didYouMean}?`, didYouMean };
}

const desk = new Desk();
scope.addEventListener("message", ({ data }) => desk.hear(data));
