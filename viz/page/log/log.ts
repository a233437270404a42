/** The event log: every delivery of the run, filtered, at the cursor's place, as a file. */
import "../style/log.css";
import type { LogFilter, LogPage } from "../../../core/exploration.ts";
import { type App, type Panel, ProblemError } from "../app.ts";
import { h } from "../dom.ts";
import { makeFilterRow } from "./log-filter.ts";
import { LogGrid } from "./log-grid.ts";
import { saveFile } from "../save-file.ts";
import { slowly } from "../slowly.ts";
import { RowCache } from "./row-cache.ts";
import { csvOf } from "./row-text.ts";

/** Rows of a file; more are cut off, and the reader is told. */
const MOST_IN_FILE = 100_000;
const ROWS_AT_ONCE = 5_000;
/** The log is asked about its growth and about the cursor no more often than this. */
const PAUSE = 120;
const KEYS = "Arrow keys, Page Up, Page Down, Home and End move; Enter goes to the event; I inspects its actor.";

export function mountLog(root: HTMLElement, app: App): Panel {
  return new LogPanel(root, app);
}

class LogPanel implements Panel {
  readonly #app: App;
  readonly #cache: RowCache;
  readonly #grid: LogGrid;
  readonly #follow: HTMLInputElement;
  readonly #status: HTMLElement;
  readonly #save: HTMLButtonElement;
  #visible = true;
  #saved = "";
  #refreshes: () => void;
  #places: () => void;
  /** Event at the cursor that was asked about last. */
  #placed = -1;

  constructor(root: HTMLElement, app: App) {
    this.#app = app;
    this.#cache = new RowCache(
      (ask) => app.ask("log", ask),
      () => this.#changed(),
      (error) => this.#complain(error),
    );
    this.#grid = new LogGrid(this.#cache, {
      seek: ({ event }) => app.seek({ event }),
      inspect: ({ actor }) => app.select(actor),
      moved: () => this.#stopFollowing(),
    });
    this.#follow = h("input", { type: "checkbox", checked: true, onchange: () => this.#place(true) });
    this.#status = h("span", { class: "log-status muted", role: "status" });
    this.#save = h("button", { type: "button", onclick: () => void this.#download() }, "Save as CSV");
    this.#refreshes = slowly(PAUSE, () => this.#visible && this.#cache.refresh());
    this.#places = slowly(PAUSE, () => void this.#findPlace());
    const filters = makeFilterRow((filter) => this.#filter(filter));
    const tools = h(
      "div",
      { class: "log-tools" },
      h("label", {}, this.#follow, "follow the cursor"),
      this.#save,
      this.#status,
    );
    root.append(
      h(
        "div",
        { class: "log" },
        filters.element,
        tools,
        this.#grid.element,
        h("p", { id: "log-keys", class: "log-keys muted" }, KEYS),
      ),
    );
    app.on("outline", (outline) => {
      filters.offer(outline);
      this.#filter(this.#cache.filter);
    });
    app.on("progress", () => this.#refreshes());
    app.on("frame", () => this.#place(false));
  }

  seen(visible: boolean): void {
    this.#visible = visible;
    if (!visible) return;
    this.#grid.resized();
    this.#refreshes();
    this.#place(true);
  }

  #filter(filter: LogFilter): void {
    this.#saved = "";
    this.#placed = -1;
    this.#grid.reset();
    if (this.#app.outline === null) this.#cache.total = 0;
    else this.#cache.begin(filter);
    this.#changed();
    this.#place(true);
  }

  #changed(): void {
    this.#grid.refresh();
    const { total, keptFrom } = this.#cache;
    const count = `${total.toLocaleString("en")} ${total === 1 ? "event" : "events"}`;
    const kept = keptFrom > 0 ? `; those before event ${keptFrom.toLocaleString("en")} are not kept any more` : "";
    const text = `${count}${kept}${this.#saved === "" ? "" : `. ${this.#saved}`}`;
    if (this.#status.textContent !== text) this.#status.textContent = text;
    this.#save.disabled = total === 0;
  }

  #stopFollowing(): void {
    this.#follow.checked = false;
  }

  /** Marks the row at the cursor when it has moved, or `anew`. */
  #place(anew: boolean): void {
    if (anew) this.#placed = -1;
    if (this.#visible) this.#places();
  }

  async #findPlace(): Promise<void> {
    const event = this.#app.frame?.event ?? 0;
    if (!this.#visible || this.#app.outline === null || event === this.#placed) return;
    this.#placed = event;
    try {
      const place = event === 0 ? -1 : await this.#cache.placeOf(event);
      if (this.#placed === event) this.#grid.mark(place, this.#follow.checked);
    } catch (error) {
      this.#complain(error);
    }
  }

  async #download(): Promise<void> {
    this.#save.disabled = true;
    const { filter } = this.#cache;
    try {
      const parts: string[] = [];
      let rows = 0;
      let page: LogPage | null = null;
      while (rows < MOST_IN_FILE && (page === null || (rows < page.total && page.rows.length > 0))) {
        page = await this.#app.ask("log", { filter, first: rows, count: Math.min(ROWS_AT_ONCE, MOST_IN_FILE - rows) });
        parts.push(csvOf(page.rows, rows === 0));
        rows += page.rows.length;
      }
      saveFile(`${this.#app.outline?.name ?? "run"}-events.csv`, new Blob(parts, { type: "text/csv" }));
      const total = page?.total ?? 0;
      const cut =
        rows < total
          ? `the first ${rows.toLocaleString("en")} of ${total.toLocaleString("en")}: filter for others`
          : rows.toLocaleString("en");
      this.#saved = `Saved ${cut}`;
    } catch (error) {
      this.#complain(error);
    }
    this.#save.disabled = false;
    this.#changed();
  }

  #complain(error: unknown): void {
    if (error instanceof ProblemError) this.#app.complain(error.problem);
    else throw error;
  }
}
