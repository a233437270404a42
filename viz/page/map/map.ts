/** The map: the network of a run, its load and faults, the packets on their way; beside it that of a fork where one is looked at. */
import "../style/map.css";
import type { RunOutline } from "../../../core/exploration.ts";
import type { App, Highlight, Panel } from "../app.ts";
import { onThemeChange } from "../colours.ts";
import { clear, h, onFrame } from "../dom.ts";
import { Chooser } from "./chooser.ts";
import { hasGeography, placeByPosition } from "./geography.ts";
import { asAt, endsOf, graphOf, linkAt, type MapGraph } from "./graph.ts";
import { placeByIsd } from "./layout.ts";
import { Legend } from "./legend.ts";
import { stepOf } from "./level.ts";
import { neighbourTowards, type Spot } from "./lines.ts";
import type { Colouring } from "./packets.ts";
import type { View } from "./painter.ts";
import { atStep, extentWithNames, type Scene, sceneOf } from "./scene.ts";
import { type Found, find, searchField } from "./search.ts";
import { inSlices } from "./slices.ts";
import { Stage, type Target } from "./stage.ts";
import { asTip, linkTip, packetTip, type Tip, tipText } from "./tips.ts";
import { Viewport } from "./viewport.ts";

/** Share of the width and height that one key press pans, and what one step zooms by. */
const PAN = 0.15;
const ZOOM = 1.5;

/** Fitting in names as well makes the network at most so much smaller. */
const LEAST_FOR_NAMES = 0.72;

/** Large networks get their new sizes when a move has ended, after so many ms. */
const QUIET_MS = 80;

const ARROWS: Readonly<Record<string, Spot>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

const HELP =
  "Arrow keys go from AS to AS, Enter selects, L goes through the links of the AS, Escape goes back; Shift and arrows pan, plus and minus zoom, 0 fits everything in.";

/** For the dialog that helps: when an AS has the focus. */
export const MAP_KEYS = [
  { shown: "Arrow keys", what: "from AS to AS" },
  { shown: "Enter, Space", what: "select the AS, or the link pointed out" },
  { shown: "L, Shift+L", what: "point out the next or previous link of the AS" },
  { shown: "Escape", what: "back: no link, no highlight, no selection" },
  { shown: "Shift+arrows", what: "pan" },
  { shown: "+, -", what: "zoom in, zoom out" },
  { shown: "0, F", what: "fit everything in" },
] as const;

/** Fills `root` and listens to `app`. */
export function mountMap(root: HTMLElement, app: App): Panel {
  const map = new NetworkMap(root, app);
  return {
    compareWith: (other) => map.compareWith(other),
    seen: (visible) => map.seen(visible),
  };
}

class NetworkMap {
  readonly #app: App;
  readonly #main: Stage;
  #other: Stage | null = null;
  readonly #viewport: Viewport;
  readonly #body = h("div", { class: "map-body" });
  readonly #tip = h("div", { class: "map-tip", role: "tooltip", hidden: true });
  readonly #said = h("p", { class: "unseen", "aria-live": "polite" });
  readonly #empty = h("p", { class: "map-empty" }, "No run is open yet.");
  readonly #chooser: Chooser;
  readonly #legend: Legend;
  readonly #layouts: HTMLElement;
  #graph: MapGraph | null = null;
  #scene: Scene | null = null;
  #byPosition = false;
  #colouring: Colouring = "flow";
  #visible = true;
  #stopLayout: () => void = () => {};
  #sharpen: ReturnType<typeof setTimeout> | undefined;
  /** Of the focused AS: which of its links is pointed at by key. */
  #link = -1;
  /** This part has set the highlight and takes it back. */
  #pointing = 0;
  #highlighted = false;
  #pointed = "";

  constructor(root: HTMLElement, app: App) {
    this.#app = app;
    this.#chooser = new Chooser((actor) => this.#app.select(actor));
    this.#viewport = new Viewport((view) => this.#moved(view));
    this.#main = this.#newStage(app, "", "Map of the network");
    this.#legend = new Legend({
      point: (what) => void this.#pointSeries(what),
      choose: (flow) => this.#chooseFlow(flow),
    });
    this.#layouts = choice("Layout by", [
      ["ISD", () => this.#layOut(false)],
      ["position", () => this.#layOut(true)],
    ]);
    this.#body.append(this.#main.root, this.#empty, this.#tip, this.#chooser.root);
    root.classList.add("map");
    root.append(
      this.#tools(),
      this.#body,
      this.#legend.root,
      this.#said,
      h("p", { class: "unseen", id: "map-help" }, HELP),
    );
    this.#viewport.attach([this.#main.root]);
    app.on("outline", (outline) => this.#open(outline));
    app.on("frame", ({ paths }) => {
      // Flows do not change within a run.
      if (this.#colouring === "path") this.#legend.show(app.outline, paths, "path");
    });
    onThemeChange(() => this.#refresh());
    new ResizeObserver(onFrame(() => this.#refresh())).observe(this.#body);
  }

  #tools(): HTMLElement {
    const button = (name: string, text: string, act: () => void): HTMLElement =>
      h("button", { type: "button", "aria-label": name, title: name, onclick: act }, text);
    const colours = choice("Colour by", [
      ["flow", () => this.#colour("flow")],
      ["path", () => this.#colour("path")],
    ]);
    this.#layouts.hidden = true;
    const look = (text: string): Found[] =>
      this.#graph === null || this.#app.outline === null ? [] : find(this.#graph, this.#app.outline.links, text);
    return h(
      "div",
      { class: "map-tools" },
      searchField(look, (found) => this.#goTo(found)),
      this.#layouts,
      colours,
      h(
        "div",
        { class: "map-zoom", role: "group", "aria-label": "Zoom" },
        button("Zoom in", "+", () => this.#viewport.scaleBy(ZOOM)),
        button("Zoom out", "\u2212", () => this.#viewport.scaleBy(1 / ZOOM)),
        button("Fit the whole network in", "Fit", () => this.#fit()),
      ),
    );
  }

  #newStage(app: App, caption: string, name: string): Stage {
    const stage = new Stage(app, caption, name);
    stage.above.setAttribute("aria-describedby", "map-help");
    const { root } = stage;
    let at: PointerEvent | null = null;
    const look = onFrame(() => {
      if (at !== null) this.#hover(stage, at);
    });
    root.addEventListener("pointermove", (event) => {
      at = event.buttons === 0 ? event : null;
      look();
    });
    root.addEventListener("pointerleave", () => {
      at = null;
      this.#leave(stage);
    });
    root.addEventListener("click", (event) => {
      const target = stage.target(placeIn(root, event));
      if (target !== null) this.#choose(stage, target);
      else this.#chooser.close();
    });
    stage.above.addEventListener("keydown", (event) => this.#key(stage, event));
    stage.above.addEventListener("focusin", (event) => {
      const as = Number(event.target instanceof Element ? event.target.getAttribute("data-as") : Number.NaN);
      if (Number.isInteger(as)) this.#focused(stage, as);
    });
    stage.above.addEventListener("focusout", () => {
      this.#link = -1;
      this.#leave(stage);
    });
    return stage;
  }

  get #stages(): Stage[] {
    return this.#other === null ? [this.#main] : [this.#main, this.#other];
  }

  // ---- What is shown ----

  #open(outline: RunOutline | null): void {
    this.#stopLayout();
    this.#chooser.close();
    this.#graph = outline === null ? null : graphOf(outline);
    const positions = this.#graph !== null && hasGeography(this.#graph);
    this.#layouts.hidden = !positions;
    this.#legend.show(outline, [], this.#colouring);
    this.#empty.textContent = outline === null ? "No run is open yet." : "Laying out the network \u2026";
    this.#empty.hidden = false;
    if (this.#graph === null) {
      this.#scene = null;
      for (const stage of this.#stages) stage.show(null, this.#viewport.view, () => {});
      return;
    }
    this.#main.seen(this.#visible);
    this.#layOut(this.#byPosition && positions);
  }

  #layOut(byPosition: boolean): void {
    const graph = this.#graph;
    if (graph === null) return;
    this.#stopLayout();
    this.#byPosition = byPosition;
    const { clientWidth, clientHeight } = this.#main.root;
    const aspect = clientWidth / Math.max(clientHeight, 1) || 1;
    const steps = byPosition ? placeByPosition(graph) : placeByIsd(graph, aspect);
    this.#stopLayout = inSlices(steps, (places) => {
      this.#scene = null;
      const scene = sceneOf(graph, places, 0);
      this.#viewport.fit(scene.extent);
      this.#scene = atStep(scene, stepOf(this.#viewport.view.k));
      this.#fit();
      for (const stage of this.#stages) this.#present(stage);
    });
  }

  #present(stage: Stage): void {
    stage.show(this.#scene, this.#viewport.view, () => {
      this.#empty.hidden = true;
      stage.refresh();
      stage.move(this.#viewport.view);
    });
  }

  #moved(view: View): void {
    const scene = this.#scene;
    const step = stepOf(view.k);
    clearTimeout(this.#sharpen);
    if (scene !== null && scene.level.step !== step) {
      if (scene.large) this.#sharpen = setTimeout(() => this.#resize(), QUIET_MS);
      else this.#resize();
    }
    for (const stage of this.#stages) stage.move(view);
    this.#tip.hidden = true;
  }

  /** Sizes as they are at this zoom. */
  #resize(): void {
    if (this.#scene === null) return;
    this.#scene = atStep(this.#scene, stepOf(this.#viewport.view.k));
    for (const stage of this.#stages) stage.resize(this.#scene);
  }

  /** Two futures stand side by side, or one above the other where both are larger so. */
  #arrange(): void {
    const { clientWidth: width, clientHeight: height } = this.#body;
    if (this.#scene === null || this.#other === null) return;
    const { left, right, top, bottom } = this.#scene.extent;
    const scale = (across: number, down: number): number => Math.min(across / (right - left), down / (bottom - top));
    this.#body.classList.toggle("map-stacked", scale(width, height / 2) > scale(width / 2, height));
  }

  #fit(): void {
    this.#arrange();
    if (this.#scene !== null) this.#viewport.fit(this.#scene.extent);
    const least = this.#viewport.view.k * LEAST_FOR_NAMES;
    // Names have another size where they make the network itself smaller.
    for (let tries = 0; tries < 3 && this.#scene !== null; tries++) {
      const { step } = this.#scene.level;
      this.#viewport.fit(extentWithNames(this.#scene), least);
      if (this.#scene.large || this.#scene.level.step === step) return;
    }
  }

  /** The window or the theme is another. */
  #refresh(): void {
    if (!this.#viewport.touched) this.#fit();
    for (const stage of this.#stages) stage.refresh();
    this.#legend.refresh(this.#app.outline, this.#app.frame?.paths ?? [], this.#colouring);
  }

  #colour(colouring: Colouring): void {
    this.#colouring = colouring;
    for (const stage of this.#stages) stage.colour(colouring);
    this.#legend.show(this.#app.outline, this.#app.frame?.paths ?? [], colouring);
  }

  seen(visible: boolean): void {
    this.#visible = visible;
    for (const stage of this.#stages) stage.seen(visible);
  }

  compareWith(other: App | null): void {
    this.#other?.end();
    this.#other =
      other === null ? null : this.#newStage(other, "Other future", "Map of the network in the other future");
    clear(
      this.#body,
      this.#stages.map(({ root }) => root),
      this.#empty,
      this.#tip,
      this.#chooser.root,
    );
    this.#body.classList.toggle("map-halves", this.#other !== null);
    this.#viewport.attach(this.#stages.map(({ root }) => root));
    // Each half has another shape than the whole.
    this.#viewport.touched = false;
    this.#refresh();
    if (this.#other === null) return;
    this.#other.colour(this.#colouring);
    this.#other.seen(this.#visible);
    this.#present(this.#other);
  }

  // ---- What the reader points at ----

  #hover(stage: Stage, event: PointerEvent): void {
    const at = placeIn(stage.root, event);
    const target = stage.target(at);
    stage.root.classList.toggle("map-over", target !== null);
    const said = JSON.stringify(target);
    if (target === null) this.#leave(stage);
    else {
      this.#showTip(this.#tipOf(stage, target), placeIn(this.#body, event));
      if (said !== this.#pointed) void this.#point(stage, target);
    }
    this.#pointed = said;
  }

  #leave(stage: Stage): void {
    this.#tip.hidden = true;
    this.#pointed = "";
    stage.point(null);
    this.#highlight(null);
  }

  async #point(stage: Stage, target: Target): Promise<void> {
    const asked = ++this.#pointing;
    stage.point(target.kind === "direction" ? target.direction >> 1 : null);
    const way = await stage.wayOf(target);
    if (asked === this.#pointing) this.#highlight(way);
  }

  async #pointSeries(what: { readonly kind: Colouring; readonly index: number } | null): Promise<void> {
    const asked = ++this.#pointing;
    if (what === null) this.#highlight(null);
    else {
      const way = what.kind === "flow" ? await this.#flowWay(what.index) : await this.#pathWay(what.index);
      if (asked === this.#pointing) this.#highlight(way);
    }
  }

  #flowWay(index: number): Promise<Highlight | null> {
    const flow = this.#app.outline?.flows[index];
    return flow === undefined ? Promise.resolve(null) : this.#main.ways.highlight(flow.id, null);
  }

  /** A path belongs to whichever flows use it: one of them says where it runs. */
  async #pathWay(index: number): Promise<Highlight | null> {
    const path = this.#app.frame?.paths[index];
    if (path === undefined) return null;
    for (const { id } of this.#app.outline?.flows ?? []) {
      const way = await this.#main.ways.highlight(id, path);
      if (way.directions.length > 0) return { ...way, flow: null };
    }
    return null;
  }

  /** Takes back only what it has set itself. */
  #highlight(way: Highlight | null): void {
    if (way === null) this.#pointing++;
    if (way === null && !this.#highlighted) return;
    this.#highlighted = way !== null;
    for (const { app } of this.#stages) app.highlight(way);
  }

  #tipOf(stage: Stage, target: Target): Tip {
    const outline = stage.app.outline;
    const graph = this.#graph;
    if (outline === null || graph === null) return { title: "", rows: [] };
    if (target.kind === "as") return asTip(outline, graph, stage.frame, target.as);
    if (target.kind === "direction") return linkTip(outline, stage.frame, target.direction);
    return stage.frame === null ? { title: "", rows: [] } : packetTip(outline, stage.frame, target.packet);
  }

  #showTip({ title, rows }: Tip, { x, y }: Spot): void {
    clear(
      this.#tip,
      h("strong", {}, title),
      h(
        "dl",
        {},
        rows.map(([name, value]) =>
          name === "" ? h("dd", { class: "wide" }, value) : [h("dt", {}, name), h("dd", {}, value)],
        ),
      ),
    );
    this.#tip.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = this.#tip;
    const right = x + 16 + width <= this.#body.clientWidth;
    this.#tip.style.left = `${Math.max(2, right ? x + 16 : x - width - 12)}px`;
    this.#tip.style.top = `${Math.max(2, Math.min(y + 14, this.#body.clientHeight - height - 2))}px`;
  }

  // ---- What the reader chooses ----

  #choose(stage: Stage, target: Target): void {
    const outline = stage.app.outline;
    this.#tip.hidden = true;
    if (outline === null) return;
    if (target.kind === "as") this.#chooseAs(stage, target.as);
    else if (target.kind === "direction") stage.app.select(outline.directions[target.direction] ?? null);
    else {
      const { flow, direction } = target.packet;
      stage.app.select(outline.flows[flow]?.selector ?? outline.directions[direction] ?? null);
    }
  }

  #chooseAs(stage: Stage, as: number): void {
    const actors = stage.actorsOf(as);
    stage.focus(as);
    if (actors[0] === undefined || this.#graph === null) return;
    stage.app.select(actors[0].id);
    if (actors.length < 2) return;
    this.#tip.hidden = true;
    this.#chooser.show(asAt(this.#graph, as).ia, actors, this.#placeOf(stage, as), () => stage.focus(as));
  }

  #chooseFlow(index: number): void {
    const flow = this.#app.outline?.flows[index];
    if (flow !== undefined) this.#app.select(flow.selector ?? flow.app);
  }

  #goTo({ kind, index }: Found): void {
    const [graph, places] = [this.#graph, this.#scene?.places];
    if (graph === null || places === undefined) return;
    const { a, b } = kind === "as" ? { a: index, b: index } : linkAt(graph, index);
    const middle = (values: Float64Array): number => ((values[a] ?? 0) + (values[b] ?? 0)) / 2;
    this.#viewport.fly({ x: middle(places.x), y: middle(places.y) });
    this.#main.focus(a);
    if (kind === "link") this.#pointLink(this.#main, a, index);
    this.#tip.hidden = true;
  }

  /** In pixels from the upper left corner of the body. */
  #placeOf(stage: Stage, as: number): Spot {
    const { k, x, y } = this.#viewport.view;
    const places = this.#scene?.places;
    return {
      x: stage.root.offsetLeft + (places?.x[as] ?? 0) * k + x,
      y: stage.root.offsetTop + (places?.y[as] ?? 0) * k + y,
    };
  }

  // ---- Keys ----

  #focused(stage: Stage, as: number): void {
    const places = this.#scene?.places;
    this.#link = -1;
    if (places === undefined) return;
    this.#viewport.reveal({ x: places.x[as] ?? 0, y: places.y[as] ?? 0 });
    // After a click the pointer says where the tip goes.
    if (stage.above.querySelector(":focus-visible") === null) return;
    this.#showTip(this.#tipOf(stage, { kind: "as", as }), this.#placeOf(stage, as));
  }

  #key(stage: Stage, event: KeyboardEvent): void {
    const as = stage.tabStop;
    const arrow = ARROWS[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (arrow !== undefined && event.shiftKey) this.#viewport.pan(arrow.x * PAN, arrow.y * PAN);
    else if (arrow !== undefined) this.#step(stage, as, arrow);
    else if (event.key === "Enter" || event.key === " ") this.#enter(stage, as);
    else if (event.key === "l" || event.key === "L") this.#nextLink(stage, as, event.shiftKey ? -1 : 1);
    else if (event.key === "+" || event.key === "=") this.#viewport.scaleBy(ZOOM);
    else if (event.key === "-") this.#viewport.scaleBy(1 / ZOOM);
    else if (event.key === "0" || event.key === "f" || event.key === "F") this.#fit();
    else if (event.key === "Escape") this.#escape(stage);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #step(stage: Stage, as: number, heading: Spot): void {
    if (this.#graph === null || this.#scene === null) return;
    const next = neighbourTowards(this.#graph, this.#scene.places, as, heading);
    if (next !== null) stage.focus(next);
  }

  #enter(stage: Stage, as: number): void {
    const link = this.#graph?.ases[as]?.links[this.#link];
    if (link === undefined || this.#graph === null) this.#chooseAs(stage, as);
    else this.#choose(stage, { kind: "direction", direction: directionFrom(this.#graph, link, as) });
  }

  #nextLink(stage: Stage, as: number, by: number): void {
    const links = this.#graph?.ases[as]?.links ?? [];
    if (links.length === 0) return;
    const at = this.#link < 0 && by < 0 ? 0 : this.#link;
    this.#link = (at + by + links.length) % links.length;
    this.#pointLink(stage, as, links[this.#link] ?? 0);
  }

  #pointLink(stage: Stage, as: number, link: number): void {
    if (this.#graph === null) return;
    const target: Target = { kind: "direction", direction: directionFrom(this.#graph, link, as) };
    const tip = this.#tipOf(stage, target);
    this.#link = this.#graph.ases[as]?.links.indexOf(link) ?? -1;
    void this.#point(stage, target);
    this.#showTip(tip, this.#placeOf(stage, as));
    this.#said.textContent = tipText(tip);
  }

  /** What is open last goes first. */
  #escape(stage: Stage): void {
    if (this.#link >= 0 || this.#highlighted || !this.#tip.hidden) {
      this.#link = -1;
      this.#leave(stage);
    } else for (const { app } of this.#stages) app.select(null);
  }
}

function directionFrom(graph: MapGraph, link: number, as: number): number {
  return endsOf(graph, 2 * link).from === as ? 2 * link : 2 * link + 1;
}

function placeIn(element: HTMLElement, { clientX, clientY }: MouseEvent): Spot {
  const { left, top } = element.getBoundingClientRect();
  return { x: clientX - left, y: clientY - top };
}

/** Buttons of which one is pressed, the first at the beginning. */
function choice(name: string, options: readonly (readonly [text: string, act: () => void])[]): HTMLElement {
  const buttons = options.map(([text, act], n) =>
    h(
      "button",
      {
        type: "button",
        "aria-pressed": n === 0,
        onclick: (event) => {
          for (const button of buttons) button.setAttribute("aria-pressed", String(button === event.currentTarget));
          act();
        },
      },
      text,
    ),
  );
  return h(
    "div",
    { class: "map-choice", role: "group", "aria-label": name },
    h("span", { "aria-hidden": true }, name),
    buttons,
  );
}
