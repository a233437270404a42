/** The App over a worker: one run, its cursor, and who listens. */
import type { Bookmark, ExplorerProblem, Frame, Progress, RunOutline } from "../../core/exploration.ts";
import { type App, type Highlight, ProblemError, type Topics } from "./app.ts";
import { onFrame } from "./dom.ts";
import type { Opening, QuestionName, Questions } from "./protocol.ts";
import { SeriesStore } from "./series-store.ts";
import { problemOf, WorkerClient } from "./worker-client.ts";

type Listener<Topic extends keyof Topics> = (value: Topics[Topic]) => void;
type Target = { readonly time: number } | { readonly event: number };

/** Questions whose answer is the state at the cursor. */
const MOVES: ReadonlySet<QuestionName> = new Set(["seek", "step", "pause"]);

export class RunApp implements App {
  readonly series = new SeriesStore();
  outline: RunOutline | null = null;
  frame: Frame | null = null;
  progress: Progress | null = null;
  bookmarks: readonly Bookmark[] = [];
  selected: string | null = null;
  readonly #listeners = new Map<keyof Topics, Set<Listener<never>>>();
  readonly #deliver = onFrame(() => this.#deliverFrame());
  #highlight: Highlight | null = null;
  #problem: ExplorerProblem | null = null;
  #client: WorkerClient | null = null;
  #looks: Questions["look"]["ask"] | null = null;
  /** A question to open is under way: news is still of the run before. */
  #opens = 0;
  #next: Frame | null = null;
  /** The frame to be delivered came as news and is to be acknowledged. */
  #toTake = false;
  #seeking = false;
  #seekNext: Target | null = null;

  /** On the way to an instant that was asked for. */
  get seeking(): boolean {
    return this.#seeking;
  }

  /** Starts the worker before there is anything to ask. */
  start(): void {
    if (this.#client?.dead === false) return;
    const client: WorkerClient = new WorkerClient({
      progress: (progress) => this.#hearProgress(client, progress),
      frame: (frame) => this.#hearFrame(client, frame, true),
      failed: (problem) => this.#fail(client, problem),
    });
    this.#client = client;
  }

  /** Looks at another run. @throws ProblemError; nothing is then looked at. */
  async open(opening: Opening): Promise<RunOutline> {
    this.start();
    this.#reset();
    const turn = ++this.#opens;
    const client = this.#client as WorkerClient;
    try {
      const outline = await client.ask("open", opening);
      if (turn !== this.#opens) return outline;
      this.#opens = 0;
      this.outline = outline;
      this.#tell("outline", outline);
      if (this.#looks !== null) this.look(this.#looks);
      return outline;
    } catch (error) {
      if (turn === this.#opens) {
        this.#opens = 0;
        this.#tell("outline", null);
      }
      throw asProblemError(error);
    }
  }

  /** Ends the worker. */
  close(): void {
    this.#client?.close();
    this.#client = null;
    this.#reset();
  }

  on<Topic extends keyof Topics>(topic: Topic, hear: Listener<Topic>): () => void {
    let all = this.#listeners.get(topic);
    if (all === undefined) {
      all = new Set();
      this.#listeners.set(topic, all);
    }
    all.add(hear as Listener<never>);
    const current = this.#current()[topic];
    if (current !== null && current !== undefined) hear(current as Topics[Topic]);
    return () => all.delete(hear as Listener<never>);
  }

  async ask<Name extends QuestionName>(name: Name, ask: Questions[Name]["ask"]): Promise<Questions[Name]["answer"]> {
    const client = this.#client;
    if (client === null) throw new ProblemError(problemOf("No run is open."));
    const answer = await client.ask(name, ask);
    if (MOVES.has(name)) this.#hearFrame(client, answer as Frame, false);
    return answer;
  }

  /** Of targets that come faster than they are reached, the latest is gone to. */
  seek(to: Target): void {
    if (this.#seeking) {
      this.#seekNext = to;
      return;
    }
    this.#seeking = true;
    const arrived = (): void => {
      const next = this.#seekNext;
      this.#seeking = false;
      this.#seekNext = null;
      if (next !== null) this.seek(next);
    };
    this.ask("seek", to).then(arrived, (error) => {
      if (this.outline !== null) this.complain(asProblemError(error).problem);
      arrived();
    });
  }

  /** What the page draws of the map, of every run from now on. */
  look(ask: Questions["look"]["ask"]): void {
    this.#looks = ask;
    if (this.outline !== null) this.ask("look", ask).catch(() => undefined);
  }

  select(actor: string | null): void {
    if (actor === this.selected) return;
    this.selected = actor;
    this.#tell("selected", actor);
  }

  highlight(what: Highlight | null): void {
    this.#highlight = what;
    this.#tell("highlight", what);
  }

  complain(problem: ExplorerProblem): void {
    this.#problem = problem;
    this.#tell("problem", problem);
  }

  /** The reader has seen the problem. */
  forgive(): void {
    this.#problem = null;
    this.#tell("problem", null);
  }

  /** Adds a bookmark of the page's own; told as progress. */
  mark(bookmark: Bookmark): void {
    this.bookmarks = [...this.bookmarks, bookmark];
    if (this.progress !== null) this.#tell("progress", { ...this.progress, bookmarks: [bookmark], series: [] });
  }

  /** Takes away the page's own bookmarks of a kind. */
  unmark(kind: Bookmark["kind"]): void {
    this.bookmarks = this.bookmarks.filter((one) => one.kind !== kind);
    if (this.progress !== null) this.#tell("progress", { ...this.progress, bookmarks: [], series: [] });
  }

  #current(): { readonly [Topic in keyof Topics]: Topics[Topic] | null } {
    const { outline, progress, frame, selected } = this;
    return { outline, progress, frame, selected, highlight: this.#highlight, problem: this.#problem };
  }

  #tell<Topic extends keyof Topics>(topic: Topic, value: Topics[Topic]): void {
    for (const hear of this.#listeners.get(topic) ?? []) {
      try {
        (hear as unknown as Listener<Topic>)(value);
      } catch (error) {
        // One part that fails must not take the others along.
        console.error(error);
        if (topic !== "problem") this.complain(problemOf(`A part of the page failed: ${textOf(error)}`));
      }
    }
  }

  #reset(): void {
    this.series.clear();
    this.outline = null;
    this.frame = null;
    this.progress = null;
    this.bookmarks = [];
    this.#next = null;
    this.#toTake = false;
    this.#seekNext = null;
    this.select(null);
    this.highlight(null);
    this.forgive();
  }

  #hearProgress(client: WorkerClient, progress: Progress): void {
    if (client !== this.#client || this.#opens > 0) return;
    this.progress = progress;
    for (const part of progress.series) this.series.add(part);
    if (progress.bookmarks.length > 0) this.bookmarks = mergeBookmarks(this.bookmarks, progress.bookmarks);
    this.#tell("progress", progress);
  }

  #hearFrame(client: WorkerClient, frame: Frame, toTake: boolean): void {
    if (client !== this.#client) return;
    if (this.#opens > 0) {
      if (toTake) client.take();
      return;
    }
    this.#next = frame;
    this.#toTake ||= toTake;
    this.#deliver();
  }

  #deliverFrame(): void {
    const frame = this.#next;
    if (this.#toTake) this.#client?.take();
    this.#next = null;
    this.#toTake = false;
    if (frame === null) return;
    this.frame = frame;
    this.#tell("frame", frame);
  }

  #fail(client: WorkerClient, problem: ExplorerProblem): void {
    if (client !== this.#client) return;
    if (this.frame?.playing === true) {
      this.frame = { ...this.frame, playing: false };
      this.#tell("frame", this.frame);
    }
    this.complain(problem);
  }
}

/** What is thrown at a part of the page, as something to show. */
export function asProblemError(error: unknown): ProblemError {
  return error instanceof ProblemError ? error : new ProblemError(problemOf(textOf(error)));
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Bookmarks of the page's own may stand behind the newest that are found. */
function mergeBookmarks(known: readonly Bookmark[], found: readonly Bookmark[]): readonly Bookmark[] {
  const inOrder = (known.at(-1)?.event ?? 0) <= (found[0]?.event ?? 0);
  const all = [...known, ...found];
  return inOrder ? all : all.sort((one, other) => one.event - other.event);
}
