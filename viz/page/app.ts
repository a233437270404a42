/** What the parts of the page know of each other: one run that is looked at, and a cursor in it. */
import type { Bookmark, ExplorerProblem, Frame, Progress, RunOutline } from "../../core/exploration.ts";
import type { Nanos } from "../../core/units.ts";
import type { QuestionName, Questions } from "./protocol.ts";
import type { SeriesStore } from "./series-store.ts";

/** What is told to whoever listens. */
export interface Topics {
  /** Another run is looked at (null: none yet, or it could not be opened). */
  outline: RunOutline | null;
  progress: Progress;
  /** The state at the cursor: at most once for each picture drawn. */
  frame: Frame;
  /** The actor in the inspector; null: none. */
  selected: string | null;
  /** What is to be seen end to end; null: nothing. */
  highlight: Highlight | null;
  problem: ExplorerProblem | null;
}

/** `path` null: every path of the flow. `directions`: indices of the outline. */
export interface Highlight {
  readonly flow: string | null;
  readonly path: string | null;
  readonly directions: readonly number[];
}

/** Two of them where a fork is looked at: the run, and its other future. */
export interface App {
  readonly outline: RunOutline | null;
  readonly frame: Frame | null;
  readonly progress: Progress | null;
  readonly bookmarks: readonly Bookmark[];
  readonly series: SeriesStore;
  readonly selected: string | null;
  /** Listens; returns what ends the listening. A topic that has a value is told at once. */
  on<Topic extends keyof Topics>(topic: Topic, hear: (value: Topics[Topic]) => void): () => void;
  /** @throws ProblemError with what to say. */
  ask<Name extends QuestionName>(name: Name, ask: Questions[Name]["ask"]): Promise<Questions[Name]["answer"]>;
  seek(to: { readonly time: Nanos } | { readonly event: number }): void;
  select(actor: string | null): void;
  highlight(what: Highlight | null): void;
  /** Shows a problem to the reader. */
  complain(problem: ExplorerProblem): void;
}

export class ProblemError extends Error {
  readonly problem: ExplorerProblem;
  constructor(problem: ExplorerProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** A part of the page: fills its root once and listens to the app; `other` is the fork's app where one is looked at, null where it is closed. */
export interface Panel {
  compareWith?(other: App | null): void;
  /** Called when the part comes into sight or leaves it: what is not seen is not drawn. */
  seen?(visible: boolean): void;
  /** Called before the page is printed: draws what belongs on paper, at once. */
  print?(): void;
}
