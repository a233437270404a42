/** Where paths run: asked of the worker, kept for a while. */
import type { DrawnPath } from "../../../core/exploration.ts";
import type { App, Highlight } from "../app.ts";

/** Answers older than this are asked for anew: paths come and go. */
const FRESH_MS = 2_000;
const MOST_KEPT = 200;

interface Kept {
  readonly asked: number;
  readonly paths: Promise<readonly DrawnPath[]>;
}

export class Ways {
  readonly #app: App;
  readonly #kept = new Map<string, Kept>();

  constructor(app: App) {
    this.#app = app;
  }

  /** Paths of a flow; none where they cannot be had. */
  #pathsOf(flow: string): Promise<readonly DrawnPath[]> {
    const known = this.#kept.get(flow);
    const now = performance.now();
    if (known !== undefined && now - known.asked < FRESH_MS) return known.paths;
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
    const paths = this.#app.ask("paths", { flow }).catch((): readonly DrawnPath[] => []);
    this.#kept.set(flow, { asked: now, paths });
    return paths;
  }

  /** What is to be seen of one path of a flow, or (null) of all of them. */
  async highlight(flow: string, path: string | null): Promise<Highlight> {
    const paths = await this.#pathsOf(flow);
    const wanted = path === null ? paths : paths.filter(({ fingerprint }) => fingerprint === path);
    return { flow, path, directions: [...new Set(wanted.flatMap(({ directions }) => directions))] };
  }
}
