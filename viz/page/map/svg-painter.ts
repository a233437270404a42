/** Networks of up to a thousand ASes as elements: two drawings, the links below the packets and the ASes above them. */
import { setAttributes, svg } from "../dom.ts";
import { asAt, type MapGraph } from "./graph.ts";
import { nameOffset, shownName, SIDES } from "./labels.ts";
import { headingAt, pathText, pointAt, queueBar, rounded, type Spot } from "./lines.ts";
import {
  type Emphasis,
  emptyStates,
  type LinkMark,
  markOf,
  NO_EMPHASIS,
  type Painter,
  QUEUE_STEPS,
  type States,
  type View,
} from "./painter.ts";
import { asTitle, hullText, type Scene } from "./scene.ts";
import type { Steps } from "./slices.ts";

/** Elements made in one step. */
const BATCH = 150;

interface AsElement {
  readonly root: SVGGElement;
  readonly symbol: SVGElement;
  readonly name: SVGTextElement;
}

/** Layers of the drawing below the packets, from the lowest. */
const LAYERS = ["graticule", "hulls", "bands", "highlight", "lines", "parents", "bars", "marks", "isds"] as const;
type Layer = (typeof LAYERS)[number];

export class SvgPainter implements Painter {
  readonly #below: SVGSVGElement;
  readonly #above: SVGSVGElement;
  readonly #moved = [svg("g"), svg("g")] as const;
  readonly #layers: Readonly<Record<Layer, SVGGElement>>;
  #scene: Scene | null = null;
  #lines: SVGPathElement[] = [];
  #ases: AsElement[] = [];
  #hullNames: SVGTextElement[] = [];
  #bars = new Map<number, SVGPathElement>();
  #marks = new Map<number, SVGElement>();
  #shown: States = emptyStates(0, 0);
  #emphasis: Emphasis = NO_EMPHASIS;
  /** Directions drawn as part of what is emphasized. */
  #on: ReadonlySet<number> = new Set();

  constructor(below: SVGSVGElement, above: SVGSVGElement) {
    this.#below = below;
    this.#above = above;
    this.#layers = Object.fromEntries(LAYERS.map((name) => [name, svg("g", { class: `map-${name}` })])) as Record<
      Layer,
      SVGGElement
    >;
    this.#moved[0].append(...Object.values(this.#layers));
    this.#below.replaceChildren(this.#moved[0]);
    this.#above.replaceChildren(this.#moved[1]);
  }

  *build(scene: Scene): Steps<void> {
    const { graph, places } = scene;
    this.#bars.clear();
    this.#marks.clear();
    for (const layer of Object.values(this.#layers)) layer.replaceChildren();
    this.#moved[1].replaceChildren();
    this.#shown = emptyStates(2 * graph.links.length, graph.ases.length);
    this.#hullNames = drawHulls(scene, this.#layers);
    this.#lines = [];
    for (const [link, { type }] of graph.links.entries()) {
      for (const direction of [2 * link, 2 * link + 1]) {
        const line = svg("path", { class: lineClass(0, 0), "stroke-dasharray": type === "peer" ? "5 3" : null });
        this.#lines[direction] = line;
        this.#layers.lines.append(line);
      }
      if (link % BATCH === BATCH - 1) yield;
    }
    this.#ases = [];
    for (const as of graph.ases.keys()) {
      const element = drawAs(graph, as, { x: places.x[as] ?? 0, y: places.y[as] ?? 0 });
      this.#ases.push(element);
      this.#moved[1].append(element.root);
      if (as % BATCH === BATCH - 1) yield;
    }
    this.resize(scene);
  }

  resize(scene: Scene): void {
    this.#scene = scene;
    const { level, graph, lines, labels } = scene;
    for (const drawing of [this.#below, this.#above])
      setAttributes(drawing, {
        style: {
          "--map-line": rounded3(level.line),
          "--map-pixel": rounded3(level.pixel),
          "--map-radius": rounded3(level.radius),
          "--map-font": rounded3(level.font),
        },
      });
    this.#lines.forEach((line, direction) => line.setAttribute("d", pathText(lines, direction)));
    this.#layers.bands.replaceChildren(svg("path", { d: bandsText(scene) }));
    this.#layers.parents.replaceChildren(svg("path", { d: parentsText(scene) }));
    this.#ases.forEach(({ name }, as) => placeName(name, scene, labels[as] ?? 0));
    this.#hullNames.forEach((name, n) => {
      const { x, y } = scene.isdNames[n] ?? { x: 0, y: 0 };
      setAttributes(name, { x: rounded(x), y: rounded(y) });
    });
    for (const [direction, bar] of this.#bars) drawBar(bar, scene, direction, this.#shown.queue[direction] ?? 0);
    for (const link of graph.links.keys()) if (this.#marks.has(link)) this.#mark(link);
    this.emphasize(this.#emphasis);
  }

  view({ k, x, y }: View): void {
    const transform = `translate(${rounded3(x)} ${rounded3(y)}) scale(${k})`;
    for (const group of this.#moved) group.setAttribute("transform", transform);
  }

  /** Touches only what differs from what is shown. */
  show(states: States): void {
    const shown = this.#shown;
    const marked = new Set<number>();
    for (let direction = 0; direction < shown.load.length; direction++) {
      const [load, link, queue] = [
        states.load[direction] ?? 0,
        states.link[direction] ?? 0,
        states.queue[direction] ?? 0,
      ];
      if (link !== shown.link[direction]) marked.add(direction >> 1);
      if (load !== shown.load[direction] || link !== shown.link[direction])
        this.#lines[direction]?.setAttribute("class", lineClass(load, link));
      if (queue !== shown.queue[direction]) this.#fill(direction, queue);
      shown.load[direction] = load;
      shown.link[direction] = link;
      shown.queue[direction] = queue;
    }
    for (const link of marked) this.#mark(link);
    for (let as = 0; as < shown.node.length; as++) {
      const failed = states.node[as] ?? 0;
      if (failed === shown.node[as]) continue;
      shown.node[as] = failed;
      this.#ases[as]?.root.classList.toggle("failed", failed !== 0);
    }
  }

  #fill(direction: number, eighths: number): void {
    const scene = this.#scene;
    if (scene === null) return;
    let bar = this.#bars.get(direction);
    if (bar === undefined) {
      bar = svg("path", { class: "map-bar" });
      this.#bars.set(direction, bar);
      this.#layers.bars.append(bar);
    }
    drawBar(bar, scene, direction, eighths);
  }

  #mark(link: number): void {
    this.#marks.get(link)?.remove();
    this.#marks.delete(link);
    const mark = markOf(this.#shown, link);
    if (mark === null || this.#scene === null) return;
    const element = drawMark(this.#scene, link, mark);
    this.#marks.set(link, element);
    this.#layers.marks.append(element);
  }

  emphasize(emphasis: Emphasis): void {
    const scene = this.#scene;
    const { directions, colour, selectedAs, selectedDirection, pointedLink } = emphasis;
    this.#emphasis = emphasis;
    if (scene === null) return;
    const path = directions === null ? "" : [...directions].map((one) => pathText(scene.lines, one)).join("");
    const selected = selectedDirection === null ? "" : pathText(scene.lines, selectedDirection);
    const pointed =
      pointedLink === null ? "" : pathText(scene.lines, 2 * pointedLink) + pathText(scene.lines, 2 * pointedLink + 1);
    this.#layers.highlight.replaceChildren(
      ...[
        path === "" ? null : svg("path", { class: "map-way", d: path, style: { "--colour": colour } }),
        pointed === "" ? null : svg("path", { class: "map-pointed", d: pointed }),
        selected === "" ? null : svg("path", { class: "map-chosen", d: selected }),
      ].filter((element) => element !== null),
    );
    const onWay = directions === null ? null : asesOn(scene.graph, directions);
    for (const drawing of [this.#below, this.#above]) drawing.classList.toggle("map-dimmed", directions !== null);
    for (const direction of this.#on) this.#lines[direction]?.removeAttribute("data-on");
    this.#on = directions ?? new Set();
    for (const direction of this.#on) this.#lines[direction]?.setAttribute("data-on", "");
    this.#ases.forEach(({ root }, as) => {
      root.classList.toggle("on", onWay?.has(as) === true);
      root.classList.toggle("chosen", as === selectedAs);
      root.setAttribute("aria-pressed", String(as === selectedAs));
    });
  }

  element(as: number): SVGElement {
    const element = this.#ases[as];
    if (element === undefined) throw new RangeError(`AS ${as} is not drawn`);
    return element.root;
  }

  remove(): void {
    this.#below.replaceChildren();
    this.#above.replaceChildren();
  }
}

export function asesOn(graph: MapGraph, directions: ReadonlySet<number>): Set<number> {
  const found = new Set<number>();
  for (const direction of directions) {
    const link = graph.links[direction >> 1];
    if (link !== undefined) found.add(link.a).add(link.b);
  }
  return found;
}

function rounded3(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function lineClass(load: number, link: number): string {
  return `map-line l${load}${link === 1 ? " down" : link === 2 ? " impaired" : ""}`;
}

function drawHulls({ hulls, graticule }: Scene, layers: Readonly<Record<Layer, SVGGElement>>): SVGTextElement[] {
  if (graticule !== null) layers.graticule.append(svg("path", { d: graticule }));
  const names = hulls.map(({ isd }) => svg("text", { class: "map-isd" }, `ISD ${isd}`));
  layers.hulls.append(...hulls.map((hull) => svg("path", { d: hullText(hull) })));
  layers.isds.append(...names);
  return names;
}

/** Core links stand on a band. */
function bandsText({ graph, lines }: Scene): string {
  return graph.links
    .map(({ type }, link) => (type === "core" ? pathText(lines, 2 * link) + pathText(lines, 2 * link + 1) : ""))
    .join("");
}

/** A dot at the parent's end of each child link. */
function parentsText({ graph, lines }: Scene): string {
  const radius = rounded3(3.3 * lines.level.line);
  return graph.links
    .map(({ type }, link) => {
      if (type !== "child") return "";
      const { x, y } = parentSpot(lines, link);
      return `M${rounded3(x - radius)} ${rounded3(y)}a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0`;
    })
    .join("");
}

/** Between both directions, where they touch the parent. */
function parentSpot(lines: Scene["lines"], link: number): Spot {
  const [first, last] = [pointAt(lines, 2 * link, 0), pointAt(lines, 2 * link, 1)];
  const away = Math.min(0.2, (4 * lines.level.line) / (Math.hypot(last.x - first.x, last.y - first.y) || 1));
  const [forth, back] = [pointAt(lines, 2 * link, away), pointAt(lines, 2 * link + 1, 1 - away)];
  return { x: (forth.x + back.x) / 2, y: (forth.y + back.y) / 2 };
}

function drawAs(graph: MapGraph, as: number, { x, y }: Spot): AsElement {
  const { core, name } = asAt(graph, as);
  const symbol = svg(
    "g",
    { class: "map-symbol" },
    core ? svg("rect", { x: -1, y: -1, width: 2, height: 2, rx: 0.35 }) : svg("circle", { r: 0.85 }),
    svg("path", { class: "map-cross", d: "M-1.25 -1.25L1.25 1.25M1.25 -1.25L-1.25 1.25" }),
  );
  const text = svg("text", { class: "map-name" }, shownName(name));
  const root = svg(
    "g",
    {
      class: core ? "map-as core" : "map-as",
      role: "button",
      tabindex: -1,
      "aria-label": asTitle(graph, as),
      "aria-pressed": false,
      "data-as": as,
      transform: `translate(${rounded(x)} ${rounded(y)})`,
    },
    symbol,
    text,
  );
  return { root, symbol, name: text };
}

function placeName(name: SVGTextElement, { level }: Scene, side: number): void {
  name.classList.toggle("hid", side === 0);
  const { dx, dy } = nameOffset(level, side === 0 ? 1 : side);
  setAttributes(name, {
    x: rounded3(dx),
    y: rounded3(dy),
    "text-anchor": (SIDES[side - 1] ?? SIDES[0]).anchor,
  });
}

function drawBar(bar: SVGPathElement, { lines }: Scene, direction: number, eighths: number): void {
  const [from, to] = queueBar(lines, direction, eighths / QUEUE_STEPS);
  const text = eighths === 0 ? "" : `M${rounded(from.x)} ${rounded(from.y)}L${rounded(to.x)} ${rounded(to.y)}`;
  setAttributes(bar, { d: text, class: eighths >= QUEUE_STEPS - 1 ? "map-bar full" : "map-bar" });
}

/** Middle of what a mark stands on. */
export function markSpot({ lines }: Scene, link: number, { direction }: LinkMark): Spot {
  if (direction !== null) return pointAt(lines, direction, 0.5);
  const [forth, back] = [pointAt(lines, 2 * link, 0.5), pointAt(lines, 2 * link + 1, 0.5)];
  return { x: (forth.x + back.x) / 2, y: (forth.y + back.y) / 2 };
}

function drawMark(scene: Scene, link: number, mark: LinkMark): SVGElement {
  const { x, y } = markSpot(scene, link, mark);
  const scale = rounded3(1.15 * Math.max(scene.level.line, 0.75 * scene.level.pixel));
  if (mark.kind === "impaired")
    return svg(
      "g",
      { class: "map-impaired", transform: `translate(${rounded(x)} ${rounded(y)}) scale(${scale})` },
      svg("path", { d: "M0 -8L8 6H-8Z" }),
      svg("path", { class: "map-sign", d: "M0 -3V1.5M0 3.6V4" }),
    );
  const { x: dx, y: dy } = headingAt(scene.lines, mark.direction ?? 2 * link, 0.5);
  const angle = rounded((Math.atan2(dy, dx) * 180) / Math.PI);
  return svg(
    "g",
    { class: "map-cut", transform: `translate(${rounded(x)} ${rounded(y)}) rotate(${angle}) scale(${scale})` },
    svg("path", { class: "map-gap", d: "M-5 6.5L-1 -6.5H5L1 6.5Z" }),
    svg("path", { d: "M-6 8.5L-1 -8.5M1 8.5L6 -8.5" }),
  );
}
