/** The inspector: one actor at the cursor. Its machine, what it is, its context, its timers, what it has handled lately. */
import "../style/inspector.css";
import type { ActorView } from "../../../core/exploration.ts";
import { type App, type Panel, ProblemError } from "../app.ts";
import { clear, h } from "../dom.ts";
import { createActorSearch } from "./actor-search.ts";
import { createChartPanel } from "./chart-panel.ts";
import { createContextTree } from "./context-tree.ts";
import { faceSection, faceTitle } from "./faces.ts";
import { countText, instantText, linkButton, spanText, tableOf } from "./words.ts";

/** Between two questions while the run is played. */
const PAUSE_MS = 200;

export function mountInspector(root: HTMLElement, app: App): Panel {
  const parts = createParts(app);
  clear(root, h("div", { class: "insp" }, createActorSearch(app, "insp"), parts.element));
  let isSeen = true;
  let asking = false;
  let askedAt = Number.NEGATIVE_INFINITY;
  let waiting: ReturnType<typeof setTimeout> | null = null;
  /** What the view on the page is of. */
  let shown = "";
  const wanted = (): string => `${app.selected} ${app.frame?.event} ${app.frame?.now}`;
  const ask = async (actor: string): Promise<void> => {
    const of = wanted();
    asking = true;
    askedAt = performance.now();
    try {
      const view = await app.ask("inspect", { actor });
      shown = of;
      if (actor === app.selected) parts.show(actor, view);
    } catch (problem) {
      shown = of;
      if (!(problem instanceof ProblemError)) throw problem;
      app.complain(problem.problem);
    } finally {
      asking = false;
      refresh();
    }
  };
  const refresh = (): void => {
    if (!isSeen || asking || waiting !== null || wanted() === shown) return;
    const { frame, selected } = app;
    if (selected === null || frame === null) {
      shown = wanted();
      parts.nobody();
      return;
    }
    const rest = frame.playing ? askedAt + PAUSE_MS - performance.now() : 0;
    if (rest <= 0) void ask(selected);
    else {
      waiting = setTimeout(() => {
        waiting = null;
        refresh();
      }, rest);
    }
  };
  /** What the reader has asked for does not wait. */
  const atOnce = (): void => {
    if (waiting !== null) clearTimeout(waiting);
    waiting = null;
    askedAt = Number.NEGATIVE_INFINITY;
    refresh();
  };
  app.on("outline", () => {
    shown = "";
    atOnce();
  });
  app.on("selected", atOnce);
  app.on("frame", ({ playing }) => (playing ? refresh() : atOnce()));
  return {
    seen: (visible) => {
      isSeen = visible;
      refresh();
    },
  };
}

/** The sections below the choice of an actor; each is made anew when what it shows has changed. */
function createParts(app: App): {
  readonly element: HTMLElement;
  show(actor: string, view: ActorView | null): void;
  nobody(): void;
} {
  const head = section("insp-head", null);
  const face = section("insp-face", "");
  const chart = createChartPanel();
  const tree = createContextTree();
  const timers = section("insp-timers", "Timers");
  const recent = section("insp-recent", "Recent events");
  const machine = h("section", { class: "insp-section" }, h("h2", {}, "Statechart"), chart.element);
  const context = h("section", { class: "insp-section" }, h("h2", {}, "Context"), tree.element);
  const all = h("div", {}, head.element, face.element, machine, timers.element, recent.element, context);
  const note = h("p", { class: "insp-note muted" });
  const element = h("div", {}, note, all);
  let [actor, contextKey] = ["", ""];
  const empty = (text: string): void => {
    note.textContent = text;
    note.hidden = false;
    all.hidden = true;
  };
  empty(NOBODY);
  return {
    element,
    nobody: () => empty(NOBODY),
    show: (id, view) => {
      if (view === null) {
        empty(`There is no actor ${id} at this instant: it has not begun yet, or it is gone.`);
        return;
      }
      note.hidden = true;
      all.hidden = false;
      if (actor !== id) tree.reset();
      actor = id;
      head.show([view.id, view.state, view.event], () => headOf(view));
      const { face: what } = view;
      face.element.hidden = what === null;
      if (what !== null) {
        face.title(faceTitle(what));
        const stamp = what.kind === "link" ? view.now : 0;
        face.show([id, what, stamp], () => faceSection(what, view, app));
      }
      chart.show(view.chart);
      timers.show([view.timers, view.now], () => timerList(view));
      recent.show([id, view.recent, view.recent.at(-1)?.event === view.event], () => recentList(view, app));
      const key = JSON.stringify([id, view.context]);
      if (key !== contextKey) keepFocus(tree.element, () => tree.show(view.context));
      contextKey = key;
    },
  };
}

const NOBODY = "Choose an actor here, or click one on the map.";

interface Section {
  readonly element: HTMLElement;
  title(text: string): void;
  /** `of`: what it is made from. */
  show(of: unknown, make: () => Node): void;
}

function section(kind: string, title: string | null): Section {
  const heading = title === null ? null : h("h2", {}, title);
  const body = h("div", {});
  let key = "";
  return {
    element: h("section", { class: `insp-section ${kind}` }, heading, body),
    title: (text) => {
      if (heading !== null) heading.textContent = text;
    },
    show: (of, make) => {
      const next = JSON.stringify(of);
      if (next === key) return;
      key = next;
      keepFocus(body, () => clear(body, make()));
    },
  };
}

/** What had the focus, or what stands in its place, has it again; what was unfolded stays so. */
function keepFocus(root: HTMLElement, change: () => void): void {
  const { activeElement } = document;
  const key = root.contains(activeElement) ? (activeElement?.getAttribute("data-key") ?? null) : null;
  const folds = (): HTMLDetailsElement[] => [...root.querySelectorAll<HTMLDetailsElement>("details[data-keep]")];
  const unfolded = new Set(folds().flatMap(({ dataset, open }) => (open ? (dataset["keep"] ?? []) : [])));
  change();
  for (const fold of folds()) fold.open = unfolded.has(fold.dataset["keep"] ?? "");
  if (key === null) return;
  const again = [...root.querySelectorAll<HTMLElement>("[data-key]")].find((one) => one.dataset["key"] === key);
  again?.focus({ preventScroll: true });
}

function headOf({ event, ia, id, logic, now, state }: ActorView): HTMLElement {
  return h(
    "div",
    {},
    h("h2", { class: "insp-id" }, id),
    h(
      "p",
      { class: "insp-row" },
      h("span", { class: "insp-badge insp-is-in-use" }, state === "" ? "no state" : state),
      h("span", { class: "muted" }, `${logic} in ${ia}; after event ${countText(event)}, ${instantText(now)}`),
    ),
  );
}

function timerList({ now, timers }: ActorView): HTMLElement {
  if (timers.length === 0) return h("p", { class: "muted" }, "None is set.");
  return tableOf(
    "Timers",
    [
      { head: "Event", cell: ({ event }) => h("code", {}, event) },
      { head: "Due", number: true, cell: ({ due_ns }) => instantText(due_ns) },
      { head: "In", number: true, cell: ({ due_ns }) => spanText(due_ns - now) },
    ],
    timers,
  );
}

function recentList({ event: shown, id, recent }: ActorView, app: App): HTMLElement {
  if (recent.length === 0) return h("p", { class: "muted" }, "Nothing was handled lately.");
  return tableOf(
    "Recent events, the newest first",
    [
      {
        head: "Time",
        cell: ({ event, time_ns }) =>
          linkButton(`recent ${event}`, instantText(time_ns), () => app.seek({ event }), `Go to event ${event}`),
      },
      {
        head: "What",
        cell: ({ dropped, flow, kind, packet }) => [
          h("code", {}, kind),
          flow === null ? "" : ` ${flow} ${packet ?? ""}`,
          dropped === null ? "" : [" ", h("span", { class: "bad" }, dropped)],
        ],
      },
      {
        head: "From",
        cell: ({ event, from }) =>
          from === null || from === id
            ? from === null
              ? ""
              : "itself"
            : linkButton(`from ${event}`, from, () => app.select(from)),
      },
    ],
    recent.toReversed(),
    ({ event }) => event === shown,
  );
}
