/** The page's end of a worker: questions and their answers, news, and what happens when the worker dies. */
import type { ExplorerProblem } from "../../core/exploration.ts";
import { ProblemError } from "./app.ts";
import type { Ask, QuestionName, Questions, Taken, Tell } from "./protocol.ts";

export interface News {
  progress(news: Extract<Tell, { news: "progress" }>["progress"]): void;
  frame(news: Extract<Tell, { news: "frame" }>["frame"]): void;
  failed(problem: ExplorerProblem): void;
}

interface Waiting {
  readonly answer: (value: never) => void;
  readonly refuse: (reason: ProblemError) => void;
}

export function problemOf(message: string): ExplorerProblem {
  return { message, places: [] };
}

const NO_MODULE_WORKERS = problemOf(
  "This browser cannot run the simulator: it lacks workers that are modules. Chromium and Edge have them from version 80 on, Safari from 15, Firefox from 114.",
);

export class WorkerClient {
  readonly #news: News;
  readonly #waiting = new Map<number, Waiting>();
  readonly #worker: Worker | null;
  #asked = 0;
  #dead: ExplorerProblem | null = null;

  constructor(news: News) {
    this.#news = news;
    this.#worker = startWorker();
    if (this.#worker === null) {
      this.#dead = NO_MODULE_WORKERS;
      return;
    }
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Tell>) => this.#hear(data));
    this.#worker.addEventListener("error", (event) => {
      const why = event.message || "its program could not be loaded";
      this.#die(problemOf(`The simulator stopped: ${why}. Reload the page, or open another scenario.`));
    });
    this.#worker.addEventListener("messageerror", () =>
      this.#die(problemOf("The simulator sent something unreadable. Reload the page.")),
    );
  }

  get dead(): boolean {
    return this.#dead !== null;
  }

  ask<Name extends QuestionName>(name: Name, ask: Questions[Name]["ask"]): Promise<Questions[Name]["answer"]> {
    if (this.#dead !== null) return Promise.reject(new ProblemError(this.#dead));
    const id = this.#asked++;
    const question = { id, name, ask } as Ask;
    return new Promise((answer, refuse) => {
      this.#waiting.set(id, { answer: answer as Waiting["answer"], refuse });
      this.#worker?.postMessage(question);
    });
  }

  /** The worker may send its next frame. */
  take(): void {
    const taken: Taken = { taken: true };
    this.#worker?.postMessage(taken);
  }

  /** Ends the worker; what was asked stays without an answer. */
  close(): void {
    this.#worker?.terminate();
    this.#waiting.clear();
    this.#dead ??= problemOf("This run has been closed.");
  }

  #hear(tell: Tell): void {
    if ("news" in tell) {
      if (tell.news === "progress") this.#news.progress(tell.progress);
      else if (tell.news === "frame") this.#news.frame(tell.frame);
      else this.#news.failed(tell.problem);
      return;
    }
    const waiting = this.#waiting.get(tell.id);
    this.#waiting.delete(tell.id);
    if ("problem" in tell) waiting?.refuse(new ProblemError(tell.problem));
    else waiting?.answer(tell.answer as never);
  }

  #die(problem: ExplorerProblem): void {
    if (this.#dead !== null) return;
    this.#dead = problem;
    this.#worker?.terminate();
    for (const { refuse } of this.#waiting.values()) refuse(new ProblemError(problem));
    this.#waiting.clear();
    this.#news.failed(problem);
  }
}

/** null: the browser does not know workers that are modules (it then never reads the option). */
function startWorker(): Worker | null {
  if (typeof Worker === "undefined") return null;
  let knowsModules = false;
  const options = {
    get type(): "module" {
      knowsModules = true;
      return "module";
    },
  };
  try {
    const worker = new Worker("worker.js", options);
    if (knowsModules) return worker;
    worker.terminate();
  } catch {
    // As old browsers do that take the option for something else.
  }
  return null;
}
