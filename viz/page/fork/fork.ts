/** Another future: choose what changes at the instant shown, and both futures side by side. */
import "../style/fork.css";
import type { Change, LogRow } from "../../../core/exploration.ts";
import { asProblemError, type RunApp } from "../app-state.ts";
import type { App, Panel } from "../app.ts";
import type { Desk } from "../desk.ts";
import { clear, h } from "../dom.ts";
import { formatBriefly, formatInstant } from "../time/instants.ts";
import { makeChangeForm } from "./change-form.ts";
import { changeText } from "./change-text.ts";
import { besideOf, type Search, searchDifference } from "./first-difference.ts";
import { totalsTable } from "./totals-table.ts";

/** Milliseconds between two looks at what both futures have come to. */
const REFRESH = 400;
const RECORDED =
  "This is a recorded run: what happened stays as it is, and has no other future. Only simulations can be forked.";

export function mountFork(root: HTMLElement, app: RunApp, desk: Desk): Panel {
  const chosen = makeChooser(app, desk);
  const result = h("section", { class: "fork-result", "aria-label": "Both futures" });
  root.append(chosen, result);
  const state: { comparison: Comparison | null } = { comparison: null };
  desk.onFork((other) => {
    state.comparison?.close();
    state.comparison = null;
    clear(result);
    chosen.hidden = other !== null;
    if (other !== null) state.comparison = new Comparison(result, app, other, desk);
  });
  return {};
}

function makeChooser(app: RunApp, desk: Desk): HTMLElement {
  const form = makeChangeForm(app);
  const changes: Change[] = [];
  const when = h("strong", {});
  const wrong = h("p", { class: "bad", role: "status" });
  const list = h("ul", { class: "fork-changes" });
  const draw = (): void => clear(list, changes.map(item));
  const item = (change: Change, index: number): HTMLElement => {
    const drop = (): void => {
      changes.splice(index, 1);
      draw();
    };
    const label = `Take back: ${changeText(change)}`;
    return h(
      "li",
      {},
      changeText(change),
      h("button", { type: "button", class: "plain", "aria-label": label, onclick: drop }, "✕"),
    );
  };
  const add = (): boolean => {
    const change = form.read();
    wrong.textContent = typeof change === "string" ? change : "";
    if (typeof change === "string") return false;
    changes.push(change);
    draw();
    return true;
  };
  const fork = async (): Promise<void> => {
    if (changes.length === 0 && !add()) return;
    const problem = await forkHere(app, desk, [...changes]);
    wrong.textContent = problem ?? "";
    changes.length = 0;
    draw();
  };
  app.on("frame", ({ now, event }) => {
    when.textContent = `${formatInstant(now)}, after event ${event}`;
  });
  const choice = h(
    "div",
    {},
    h("p", {}, "Change one thing at ", when, ". The run goes on as before; beside it goes the other future."),
    form.element,
    list,
    h(
      "p",
      { class: "fork-buttons" },
      h(
        "button",
        {
          type: "button",
          class: "primary",
          onclick: () => void fork().catch((error) => app.complain(asProblemError(error).problem)),
        },
        "Fork here",
      ),
      h("button", { type: "button", onclick: add }, "And another change"),
    ),
    wrong,
  );
  const refusal = h("p", { class: "fork-refusal" }, RECORDED);
  app.on("outline", (outline) => {
    const isRecord = outline?.source === "record";
    choice.hidden = isRecord;
    refusal.hidden = !isRecord;
  });
  refusal.hidden = app.outline?.source !== "record";
  return h("section", { class: "fork-choose", "aria-label": "Fork" }, h("h2", {}, "Another future"), refusal, choice);
}

/** @returns what is wrong with the changes; null: the fork is open */
async function forkHere(app: RunApp, desk: Desk, changes: readonly Change[]): Promise<string | null> {
  const { event } = app.frame?.playing === true ? await app.ask("pause", null) : (app.frame ?? { event: 0 });
  const problem = await app.ask("changeable", { changes });
  if (problem !== null) return problem;
  await desk.openFork({ event, changes });
  return null;
}

/** Two futures that are looked at together. */
class Comparison {
  readonly #app: RunApp;
  readonly #other: RunApp;
  readonly #forkedAt: number;
  /** Events of the fork's own, which the run does not have. */
  readonly #own: number;
  readonly #difference = h("div", { class: "fork-difference", role: "status" });
  readonly #totals = h("div", { class: "fork-scroll" });
  readonly #ends: (() => void)[] = [];
  #search: Search;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #looking = false;
  #closed = false;

  constructor(root: HTMLElement, app: RunApp, other: RunApp, desk: Desk) {
    const { event, changes } = desk.fork ?? { event: 0, changes: [] };
    this.#app = app;
    this.#other = other;
    this.#forkedAt = event;
    this.#own = other.outline?.fork?.own ?? 0;
    this.#search = { equalTo: event, at: null };
    const heading = h("h2", {}, `Forked after event ${event}`);
    root.append(
      heading,
      h(
        "ul",
        { class: "fork-changes" },
        changes.map((change) => h("li", {}, changeText(change))),
      ),
      h(
        "p",
        { class: "fork-buttons" },
        h("button", { type: "button", onclick: () => desk.closeFork() }, "Close the fork"),
      ),
      this.#difference,
      this.#totals,
    );
    this.#difference.textContent = this.#equalText();
    const later = (): void => this.#later();
    this.#ends.push(
      app.on("frame", (frame) => other.seek(this.#beside(frame))),
      app.on("progress", later),
      other.on("progress", later),
      other.on("problem", (problem) => {
        if (problem !== null) app.complain({ ...problem, message: `The fork: ${problem.message}` });
      }),
    );
    later();
    this.#showInstant(heading).catch((error) => {
      if (!this.#closed) app.complain(asProblemError(error).problem);
    });
  }

  /** An event that the log keeps no more has its number only. */
  async #showInstant(heading: HTMLElement): Promise<void> {
    const event = this.#forkedAt;
    const row = event === 0 ? { time_ns: 0 } : await rowOf(this.#app, event);
    if (row !== null) heading.textContent = `Forked at ${formatInstant(row.time_ns)}, after event ${event}`;
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const end of this.#ends) end();
  }

  /** At the first difference both show exactly the event that differs. */
  #beside(frame: { readonly event: number; readonly now: number }): Parameters<App["seek"]>[0] {
    if (frame.event === this.#search.at) return { event: frame.event + this.#own };
    return besideOf(frame, this.#forkedAt);
  }

  #later(): void {
    if (this.#closed || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#look().catch((error) => {
        if (!this.#closed) this.#app.complain(asProblemError(error).problem);
      });
    }, REFRESH);
  }

  async #look(): Promise<void> {
    if (this.#looking) return this.#later();
    this.#looking = true;
    try {
      if (this.#search.at === null) await this.#seekDifference();
      await this.#showTotals();
    } finally {
      this.#looking = false;
    }
  }

  async #seekDifference(): Promise<void> {
    const { equalTo } = this.#search;
    const found = await searchDifference(this.#app, this.#other, equalTo);
    this.#search = found;
    if (this.#closed) return;
    if (found.at !== null) await this.#showDifference(found.at);
    else this.#difference.textContent = this.#equalText();
  }

  #equalText(): string {
    const [run, fork] = [this.#app.progress, this.#other.progress];
    if (run?.ended === true && fork?.ended === true)
      return "Both futures are equal to the end: the change made no difference.";
    if ((fork?.events ?? 0) <= this.#forkedAt)
      return `The other future is on its way to where it parts: at ${formatBriefly(fork?.known_ns ?? 0)} so far.`;
    return `Both futures are equal so far: up to ${formatBriefly(Math.min(run?.known_ns ?? 0, fork?.known_ns ?? 0))}.`;
  }

  async #showDifference(event: number): Promise<void> {
    const there = event + this.#own;
    const [run, fork] = await Promise.all([rowOf(this.#app, event), rowOf(this.#other, there)]);
    if (this.#closed) return;
    clear(
      this.#difference,
      h("h3", {}, "First difference"),
      h(
        "dl",
        {},
        h("dt", {}, `Run, event ${event}`),
        h("dd", {}, run === null ? "nothing more happens" : rowText(run)),
        h("dt", {}, `Fork, event ${there}`),
        h("dd", {}, fork === null ? "nothing more happens" : rowText(fork)),
      ),
      h("button", { type: "button", onclick: () => this.#app.seek({ event }) }, "Go there"),
    );
    const time_ns = run?.time_ns ?? fork?.time_ns ?? 0;
    const actor = run?.actor ?? fork?.actor ?? "";
    this.#app.mark({ kind: "first-difference", time_ns, event, actor, text: "here the fork parts from the run" });
  }

  async #showTotals(): Promise<void> {
    const event = this.#forkedAt;
    const known = Math.min(this.#app.progress?.events ?? 0, this.#other.progress?.events ?? 0);
    if (known < event + this.#own) return;
    const [run, fork] = await Promise.all([this.#app.ask("totals", { event }), this.#other.ask("totals", { event })]);
    if (!this.#closed) clear(this.#totals, totalsTable(run, fork));
  }
}

/** The row of one event; null: there is none. */
async function rowOf(app: App, event: number): Promise<LogRow | null> {
  const { rows } = await app.ask("log", { filter: {}, first: 0, count: 3, around: event });
  return rows.find((row) => row.event === event) ?? null;
}

function rowText({ time_ns, actor, kind, flow, packet, dropped }: LogRow): string {
  const what = flow === null ? kind : `packet ${packet ?? ""} of ${flow}`;
  return `${formatBriefly(time_ns)}: ${what} at ${actor}${dropped === null ? "" : `, dropped: ${dropped}`}`;
}
