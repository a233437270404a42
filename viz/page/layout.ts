/** The regions of the page, and what stands above them. */
import "./style/base.css";
import "./style/layout.css";
import type { ExplorerProblem } from "../../core/exploration.ts";
import type { RunApp } from "./app-state.ts";
import { clear, h } from "./dom.ts";
import type { Tabs } from "./tabs.ts";

export interface Actions {
  examples(): void;
  share(): void;
  help(): void;
}

export interface Regions {
  readonly map: HTMLElement;
  readonly transport: HTMLElement;
  /** Says something that is no problem. */
  say(text: string): void;
}

const PROBLEMS_SHOWN = 6;
/** Share of the map in the width, in percent. */
const MAP_SHARE = { least: 25, most: 75, start: 58, step: 2 };

export function makeLayout(root: HTMLElement, app: RunApp, tabs: Tabs, actions: Actions): Regions {
  const map = h("section", { class: "page-map", "aria-label": "Map" });
  const transport = h("section", { class: "page-time", "aria-label": "Time" });
  const said = h("p", { class: "page-said", role: "status" });
  const main = h("main", { class: "page-main" }, map, divider(), tabs.element);
  clear(
    root,
    h("a", { class: "page-skip", href: "#views", onclick: (event) => skip(event, tabs.element) }, "Skip to the views"),
    header(app, actions, said),
    problemRegion(app),
    main,
    transport,
  );
  return { map, transport, say: (text) => said.replaceChildren(text) };
}

/** The address's fragment belongs to links that are shared: the jump leaves it alone. */
function skip(event: Event, to: HTMLElement): void {
  event.preventDefault();
  to.querySelector<HTMLElement>('[role="tab"][aria-selected="true"]')?.focus();
}

function header(app: RunApp, actions: Actions, said: HTMLElement): HTMLElement {
  const name = h("span", { class: "page-name" });
  const known = h("span", { class: "page-known muted" });
  let alarmed: string | null = null;
  app.on("outline", (outline) => {
    alarmed = null;
    name.textContent = outline === null ? "" : outline.name;
    known.textContent = "";
    document.title = outline === null ? "Pathloom explorer" : `${outline.name} - Pathloom explorer`;
  });
  app.on("progress", () => {
    known.textContent = progressText(app);
    const verdict = app.progress?.verdict ?? null;
    known.title = verdict ?? "";
    if (verdict === alarmed || verdict === null || verdict.includes("replays identically")) return;
    // A record that is damaged, or whose replay differs, is more than a note in the corner.
    alarmed = verdict;
    app.complain({ message: `${app.outline?.name ?? "This run"}: ${verdict}.`, places: [] });
  });
  return h(
    "header",
    { class: "page-head" },
    h("h1", {}, "Pathloom"),
    name,
    known,
    said,
    h(
      "nav",
      { "aria-label": "Page" },
      h("button", { type: "button", onclick: actions.examples }, "Examples"),
      h("button", { type: "button", onclick: actions.share }, "Copy link"),
      h("button", { type: "button", onclick: actions.help, "aria-label": "Help" }, "?"),
    ),
  );
}

function progressText({ progress, outline }: RunApp): string {
  if (progress === null || outline === null) return "";
  const { known_ns, events, hops, busy_ms, ended, verdict } = progress;
  const count = `${events.toLocaleString("en")} events`;
  if (verdict !== null) return `${count} · ${verdict}`;
  const speed =
    busy_ms > 200
      ? ` · ${Math.round((hops / busy_ms) * 1000).toLocaleString("en", { maximumSignificantDigits: 2 })} hops/s`
      : "";
  if (ended) return `${count}${speed}`;
  const share = Math.floor((100 * known_ns) / outline.duration_ns);
  return `run ahead to ${share} % · ${count}${speed}`;
}

/** Problems stand above everything until they are put away. */
function problemRegion(app: RunApp): HTMLElement {
  const region = h("div", { class: "page-problem", role: "alert", hidden: true });
  app.on("problem", (problem) => {
    region.hidden = problem === null;
    clear(region, problem === null ? [] : problemText(problem, () => app.forgive()));
  });
  return region;
}

function problemText({ message, places }: ExplorerProblem, close: () => void): readonly HTMLElement[] {
  const shown = places
    .slice(0, PROBLEMS_SHOWN)
    .map(({ file, line, column, message: what, advice }) =>
      h("li", {}, h("code", {}, `${file}:${line}:${column}`), ` ${what}`, advice === null ? null : ` (${advice})`),
    );
  const more = places.length - shown.length;
  return [
    h("div", {}, h("p", {}, message), h("ul", {}, shown), more > 0 ? h("p", {}, `and ${more} more`) : null),
    h("button", { type: "button", class: "plain", "aria-label": "Put the message away", onclick: close }, "✕"),
  ];
}

/** Between map and views: moved by mouse or arrow keys. */
function divider(): HTMLElement {
  let share = MAP_SHARE.start;
  const element = h("div", {
    class: "page-divider",
    role: "separator",
    tabindex: 0,
    "aria-orientation": "vertical",
    "aria-label": "Width of the map",
    "aria-valuemin": MAP_SHARE.least,
    "aria-valuemax": MAP_SHARE.most,
    "aria-valuenow": share,
  });
  const set = (to: number): void => {
    share = Math.min(MAP_SHARE.most, Math.max(MAP_SHARE.least, to));
    element.setAttribute("aria-valuenow", String(Math.round(share)));
    element.parentElement?.style.setProperty("--map-share", `${share}%`);
  };
  element.addEventListener("keydown", ({ key }) => {
    if (key === "ArrowLeft") set(share - MAP_SHARE.step);
    if (key === "ArrowRight") set(share + MAP_SHARE.step);
  });
  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  element.addEventListener("pointermove", (event) => {
    const { parentElement } = element;
    if (parentElement === null || !element.hasPointerCapture(event.pointerId)) return;
    const { left, width } = parentElement.getBoundingClientRect();
    set((100 * (event.clientX - left)) / width);
  });
  return element;
}
