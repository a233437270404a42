/** What the colours, widths and shapes of the map mean; flows and paths in it can be pointed at. */
import type { RunOutline } from "../../../core/exploration.ts";
import { LOAD_STEPS } from "../../charts/network.ts";
import { flowColour, pathColour } from "../colours.ts";
import { clear, h, svg } from "../dom.ts";
import { WIDTHS } from "./lines.ts";
import { type Colouring, shapeText } from "./packets.ts";

/** More flows or paths are counted only. */
const MOST_NAMED = 12;

export interface LegendListener {
  /** A flow or path is pointed at; null: none any more. */
  point(what: { readonly kind: Colouring; readonly index: number } | null): void;
  /** A flow was clicked. */
  choose(flow: number): void;
}

export class Legend {
  readonly root: HTMLElement;
  readonly #series = h("ul", { class: "map-series" });
  readonly #listener: LegendListener;
  #said = "";

  constructor(listener: LegendListener) {
    this.#listener = listener;
    this.root = h("div", { class: "map-legend" }, this.#series, key());
  }

  /** Does nothing where nothing has changed. */
  show(outline: RunOutline | null, paths: readonly string[], colouring: Colouring): void {
    const names = colouring === "flow" ? (outline?.flows.map(flowName) ?? []) : paths.map(shortPath);
    const said = JSON.stringify([colouring, names.length, names.slice(0, MOST_NAMED)]);
    if (said === this.#said) return;
    this.#said = said;
    const more = names.length - MOST_NAMED;
    const what = colouring === "flow" ? "flows" : "paths";
    clear(
      this.#series,
      names.slice(0, MOST_NAMED).map((name, index) => this.#entry(name, index, colouring)),
      more > 0 ? h("li", { class: "muted" }, `and ${more} more ${what}`) : null,
      names.length === 0 ? h("li", { class: "muted" }, `no ${what} yet`) : null,
    );
  }

  /** Colours anew, after another theme was chosen. */
  refresh(outline: RunOutline | null, paths: readonly string[], colouring: Colouring): void {
    this.#said = "";
    this.show(outline, paths, colouring);
  }

  #entry(name: string, index: number, kind: Colouring): HTMLElement {
    const point = (): void => this.#listener.point({ kind, index });
    const leave = (): void => this.#listener.point(null);
    const colour = kind === "flow" ? flowColour(index) : pathColour(index);
    const shape = svg(
      "svg",
      { class: "map-swatch", viewBox: "-7 -7 14 14", "aria-hidden": true },
      svg("path", { d: shapeText(index, 4.6), fill: colour }),
    );
    const choose = (): void => {
      if (kind === "flow") this.#listener.choose(index);
    };
    const button = h(
      "button",
      {
        type: "button",
        class: "plain map-entry",
        title: name,
        onpointerenter: point,
        onpointerleave: leave,
        onfocus: point,
        onblur: leave,
        onclick: choose,
      },
      shape,
      h("span", {}, name),
    );
    return h("li", {}, button);
  }
}

function flowName({ id, src, dst }: RunOutline["flows"][number]): string {
  const ia = (host: string): string => host.split(",")[0] ?? host;
  return `${id}: ${ia(src)} \u2192 ${ia(dst)}`;
}

function shortPath(path: string): string {
  return path.length > 24 ? `${path.slice(0, 12)}\u2026` : path;
}

/** The part that is the same for every run. */
function key(): HTMLElement {
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  const loads = WIDTHS.map((width, n) => {
    const [low, high] = [LOAD_STEPS[n - 1], LOAD_STEPS[n]];
    const text =
      low === undefined
        ? `below ${percent(high ?? 1)}`
        : high === undefined
          ? `${percent(low)} and more`
          : `from ${percent(low)}`;
    return sample(
      svg("line", { class: `map-line l${n}`, x1: 1, x2: 29, y1: 7, y2: 7, style: { "stroke-width": width } }),
      text,
    );
  });
  const line = (attributes: Readonly<Record<string, string | number>>): SVGElement =>
    svg("line", { class: "map-line l0", x1: 1, x2: 29, y1: 7, y2: 7, style: { "stroke-width": 1.4 }, ...attributes });
  const links = [
    sample([svg("line", { class: "map-key-band", x1: 1, x2: 29, y1: 7, y2: 7 }), line({})], "core link"),
    sample(
      [line({}), svg("circle", { class: "map-key-dot", cx: 4, cy: 7, r: 2.8 })],
      "child link, the dot at the parent",
    ),
    sample(line({ "stroke-dasharray": "5 3" }), "peering"),
  ];
  const signs = [
    sample(svg("rect", { class: "map-key-core", x: 10, y: 2, width: 10, height: 10, rx: 2 }), "core AS"),
    sample(svg("circle", { class: "map-key-leaf", cx: 15, cy: 7, r: 4.6 }), "other AS"),
    sample(
      [line({}), svg("line", { class: "map-bar", x1: 3, x2: 15, y1: 11, y2: 11, style: { "stroke-width": 3 } })],
      "queue, so far filled",
    ),
    sample([line({}), svg("path", { class: "map-key-cut", d: "M11 12L14 2M16 12L19 2" })], "link down"),
    sample([line({}), svg("path", { class: "map-key-impaired", d: "M15 2L20 11H10Z" })], "link impaired"),
    sample(svg("path", { class: "map-key-cut", d: "M10 2L20 12M20 2L10 12" }), "AS failed"),
  ];
  const part = (title: string, items: readonly HTMLElement[]): HTMLElement =>
    h("div", {}, h("h3", {}, title), h("ul", {}, items));
  return h(
    "details",
    { class: "map-key" },
    h("summary", {}, "Key"),
    h("div", { class: "map-key-body" }, part("Load of a direction", loads), part("Links", links), part("Signs", signs)),
  );
}

function sample(drawing: SVGElement | readonly SVGElement[], text: string): HTMLElement {
  return h(
    "li",
    {},
    svg("svg", { class: "map-sample", viewBox: "0 0 30 14", "aria-hidden": true }, drawing),
    h("span", {}, text),
  );
}
