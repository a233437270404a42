/**
 * Networks of more than a thousand ASes: what does not change is painted in slices and only moved while the reader pans or zooms; what a run
 * does to it (load, queues, faults, paths) is drawn above it each time.
 */
import type { Theme } from "../../charts/palette.ts";
import { currentTheme } from "../colours.ts";
import { h, svg } from "../dom.ts";
import { asAt } from "./graph.ts";
import { nameOffset, placeLabels, shownName, SIDES } from "./labels.ts";
import { headingAt, queueBar, WIDTHS } from "./lines.ts";
import {
  type Emphasis,
  emptyStates,
  markOf,
  NO_EMPHASIS,
  type Painter,
  QUEUE_STEPS,
  type States,
  type View,
} from "./painter.ts";
import { asTitle, type Scene } from "./scene.ts";
import { inSlices, type Steps } from "./slices.ts";
import { asesOn, markSpot } from "./svg-painter.ts";

/** Links and ASes painted in one step. */
const BATCH = 1500;
/** Painted beyond each edge, in shares of the width and height, so that a short pan shows no gap. */
const BEYOND = 0.2;
/** Quiet time after a move before it is painted sharp, in ms. */
const QUIET_MS = 90;
/** Names tried: those of the best connected ASes in sight. */
const MOST_NAMES = 400;

interface Sheet {
  readonly canvas: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
}

interface Sight {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export class CanvasPainter implements Painter {
  readonly #stage: HTMLElement;
  readonly #above: SVGSVGElement;
  readonly #group = svg("g");
  #front = sheet();
  #back = sheet();
  readonly #live = sheet();
  #scene: Scene | null = null;
  #view: View = { k: 1, x: 0, y: 0 };
  /** The view that the front sheet shows. */
  #painted: View | null = null;
  #states: States = emptyStates(0, 0);
  #emphasis: Emphasis = NO_EMPHASIS;
  #focused: { readonly as: number; readonly element: SVGGElement } | null = null;
  #stop: () => void = () => {};
  #later: ReturnType<typeof setTimeout> | undefined;

  /** `before`: what is drawn above all this. */
  constructor(stage: HTMLElement, before: Element, above: SVGSVGElement) {
    this.#stage = stage;
    this.#above = above;
    above.replaceChildren(this.#group);
    for (const { canvas } of [this.#back, this.#front, this.#live]) stage.insertBefore(canvas, before);
  }

  *build(scene: Scene): Steps<void> {
    this.#states = emptyStates(2 * scene.graph.links.length, scene.graph.ases.length);
    this.#focused = null;
    this.#group.replaceChildren();
    yield;
    this.resize(scene);
  }

  resize(scene: Scene): void {
    this.#scene = scene;
    this.#placeFocus();
    this.#repaint();
  }

  view(view: View): void {
    this.#view = view;
    this.#group.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.k})`);
    const painted = this.#painted;
    if (painted !== null) {
      const scale = view.k / painted.k;
      const [x, y] = [view.x - painted.x * scale, view.y - painted.y * scale];
      this.#front.canvas.style.transform = movedBy(x, y, scale, this.#stage);
    }
    this.#drawLive();
    clearTimeout(this.#later);
    this.#later = setTimeout(() => this.#repaint(), painted === null ? 0 : QUIET_MS);
  }

  show(states: States): void {
    const before = this.#states;
    if (
      same(before.load, states.load) &&
      same(before.queue, states.queue) &&
      same(before.link, states.link) &&
      same(before.node, states.node)
    )
      return;
    before.load.set(states.load);
    before.queue.set(states.queue);
    before.link.set(states.link);
    before.node.set(states.node);
    this.#drawLive();
  }

  emphasize(emphasis: Emphasis): void {
    this.#emphasis = emphasis;
    const faint = emphasis.directions !== null ? "0.4" : "";
    for (const { canvas } of [this.#front, this.#back]) canvas.style.opacity = faint;
    this.#drawLive();
  }

  /** One AS at a time is an element: the one that has the focus. */
  element(as: number): SVGElement {
    const scene = this.#scene;
    if (scene === null) throw new RangeError("nothing is drawn yet");
    if (this.#focused?.as === as) return this.#focused.element;
    const element = svg(
      "g",
      { class: "map-as large", role: "button", tabindex: 0, "aria-label": asTitle(scene.graph, as), "data-as": as },
      svg("circle", { r: 1 }),
    );
    const before = this.#focused;
    this.#focused = { as, element };
    this.#group.append(element);
    before?.element.remove();
    this.#placeFocus();
    return element;
  }

  #placeFocus(): void {
    const [scene, focused] = [this.#scene, this.#focused];
    if (scene === null || focused === null) return;
    const { places, level } = scene;
    const radius = Math.max(level.radius * 1.4, 6 * level.pixel);
    focused.element.setAttribute(
      "transform",
      `translate(${places.x[focused.as] ?? 0} ${places.y[focused.as] ?? 0}) scale(${radius})`,
    );
  }

  remove(): void {
    this.#stop();
    clearTimeout(this.#later);
    for (const { canvas } of [this.#back, this.#front, this.#live]) canvas.remove();
    this.#above.replaceChildren();
  }

  #repaint(): void {
    const scene = this.#scene;
    this.#stop();
    if (scene === null) return;
    const view = this.#view;
    const [width, height] = [this.#stage.clientWidth, this.#stage.clientHeight];
    if (width === 0 || height === 0) return;
    const target = this.#back;
    fitSheet(target, width * (1 + 2 * BEYOND), height * (1 + 2 * BEYOND));
    const ratio = pixelRatio();
    const shift = { k: view.k, x: view.x + width * BEYOND, y: view.y + height * BEYOND };
    target.context.setTransform(ratio * shift.k, 0, 0, ratio * shift.k, ratio * shift.x, ratio * shift.y);
    const sight = {
      left: -shift.x / shift.k,
      top: -shift.y / shift.k,
      right: (width * (1 + 2 * BEYOND) - shift.x) / shift.k,
      bottom: (height * (1 + 2 * BEYOND) - shift.y) / shift.k,
    };
    this.#stop = inSlices(paint(target.context, scene, sight), () => {
      [this.#front, this.#back] = [target, this.#front];
      this.#painted = view;
      target.canvas.style.visibility = "";
      this.#back.canvas.style.visibility = "hidden";
      const scale = this.#view.k / view.k;
      target.canvas.style.transform = movedBy(
        this.#view.x - view.x * scale,
        this.#view.y - view.y * scale,
        scale,
        this.#stage,
      );
    });
    this.#drawLive();
  }

  #drawLive(): void {
    const scene = this.#scene;
    if (scene === null) return;
    const { context, canvas } = this.#live;
    const [width, height] = [this.#stage.clientWidth, this.#stage.clientHeight];
    const ratio = pixelRatio();
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio))
      fitSheet(this.#live, width, height);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    const { k, x, y } = this.#view;
    context.setTransform(ratio * k, 0, 0, ratio * k, ratio * x, ratio * y);
    drawLive(context, scene, this.#states, this.#emphasis);
  }
}

/** The sheet is larger than the stage by `BEYOND` on each side. */
function movedBy(x: number, y: number, scale: number, { clientWidth, clientHeight }: HTMLElement): string {
  return `translate(${x}px, ${y}px) scale(${scale}) translate(${-clientWidth * BEYOND}px, ${-clientHeight * BEYOND}px)`;
}

function sheet(): Sheet {
  const canvas = h("canvas", { class: "map-sheet", "aria-hidden": true });
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("this browser gives no canvas to draw on");
  return { canvas, context };
}

function pixelRatio(): number {
  return Math.min(window.devicePixelRatio || 1, 2);
}

/** Empties it, too. */
function fitSheet({ canvas }: Sheet, width: number, height: number): void {
  const ratio = pixelRatio();
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let n = 0; n < a.length; n++) if (a[n] !== b[n]) return false;
  return true;
}

function* paint(context: CanvasRenderingContext2D, scene: Scene, sight: Sight): Steps<void> {
  const theme = currentTheme();
  paintGround(context, scene, theme);
  yield;
  yield* paintLinks(context, scene, sight, theme);
  const seen = yield* paintAses(context, scene, sight, theme);
  paintNames(context, scene, seen, theme);
}

function paintGround(context: CanvasRenderingContext2D, { hulls, graticule, level }: Scene, theme: Theme): void {
  context.lineJoin = "round";
  context.lineWidth = level.pixel;
  context.strokeStyle = theme.faint;
  if (graticule !== null) context.stroke(new Path2D(graticule));
  context.beginPath();
  for (const { corners } of hulls) {
    corners.forEach(({ x, y }, n) => (n === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
    context.closePath();
  }
  context.fillStyle = theme.panel;
  context.fill();
  context.stroke();
}

function* paintLinks(context: CanvasRenderingContext2D, scene: Scene, sight: Sight, theme: Theme): Steps<void> {
  const { graph, lines, level } = scene;
  // Where both directions are less than a pixel apart one line stands for them.
  const both = level.line > 0.7 * level.pixel;
  context.strokeStyle = theme.load[0] ?? theme.axis;
  context.globalAlpha = both ? 1 : 0.55;
  for (const type of ["child", "peer", "core"] as const) {
    context.setLineDash(type === "peer" ? [5 * level.line, 3 * level.line] : []);
    context.lineWidth = (type === "core" ? 2.2 : 1.2) * level.line;
    let drawn = 0;
    context.beginPath();
    for (let link = 0; link < graph.links.length; link++) {
      if (graph.links[link]?.type !== type || !inSight(lines, 2 * link, sight)) continue;
      trace(context, lines, 2 * link);
      if (both) trace(context, lines, 2 * link + 1);
      if (++drawn % BATCH !== 0) continue;
      context.stroke();
      yield;
      context.beginPath();
    }
    context.stroke();
    yield;
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}

function inSight({ x, y, starts }: Scene["lines"], direction: number, sight: Sight): boolean {
  const [first, last] = [starts[direction] ?? 0, (starts[direction + 1] ?? 0) - 1];
  const [x0, x1, y0, y1] = [x[first] ?? 0, x[last] ?? 0, y[first] ?? 0, y[last] ?? 0];
  return (
    Math.max(x0, x1) >= sight.left &&
    Math.min(x0, x1) <= sight.right &&
    Math.max(y0, y1) >= sight.top &&
    Math.min(y0, y1) <= sight.bottom
  );
}

function trace(context: CanvasRenderingContext2D, { x, y, starts }: Scene["lines"], direction: number): void {
  const end = starts[direction + 1] ?? 0;
  const first = starts[direction] ?? 0;
  context.moveTo(x[first] ?? 0, y[first] ?? 0);
  for (let n = first + 1; n < end; n++) context.lineTo(x[n] ?? 0, y[n] ?? 0);
}

/** Returns those in sight. */
function* paintAses(
  context: CanvasRenderingContext2D,
  scene: Scene,
  sight: Sight,
  theme: Theme,
): Generator<void, number[], void> {
  const { graph, places, level } = scene;
  const seen: number[] = [];
  const { radius } = level;
  for (let as = 0; as < graph.ases.length; as++) {
    const [x, y] = [places.x[as] ?? 0, places.y[as] ?? 0];
    if (x + radius < sight.left || x - radius > sight.right || y + radius < sight.top || y - radius > sight.bottom)
      continue;
    seen.push(as);
  }
  const small = radius < 3 * level.pixel;
  context.lineWidth = 1.5 * level.pixel;
  for (const core of [false, true]) {
    context.fillStyle = small ? (core ? theme.text : theme.muted) : theme.background;
    context.strokeStyle = core ? theme.text : theme.axis;
    const kind = seen.filter((as) => asAt(graph, as).core === core);
    for (let first = 0; first < kind.length; first += BATCH) {
      context.beginPath();
      for (const as of kind.slice(first, first + BATCH)) traceAs(context, scene, as, core, small);
      context.fill();
      if (!small) context.stroke();
      yield;
    }
  }
  return seen;
}

function traceAs(context: CanvasRenderingContext2D, scene: Scene, as: number, core: boolean, small: boolean): void {
  const { radius } = scene.level;
  const [x, y] = [scene.places.x[as] ?? 0, scene.places.y[as] ?? 0];
  if (core) context.rect(x - radius, y - radius, 2 * radius, 2 * radius);
  else if (small) context.rect(x - 0.7 * radius, y - 0.7 * radius, 1.4 * radius, 1.4 * radius);
  else {
    context.moveTo(x + 0.85 * radius, y);
    context.arc(x, y, 0.85 * radius, 0, 2 * Math.PI);
  }
}

function paintNames(context: CanvasRenderingContext2D, scene: Scene, seen: readonly number[], theme: Theme): void {
  const { graph, places, level } = scene;
  const rank = (as: number): number => (asAt(graph, as).core ? 1000 : 0) + asAt(graph, as).links.length;
  const among = seen.toSorted((a, b) => rank(b) - rank(a) || a - b).slice(0, MOST_NAMES);
  const labels = placeLabels(graph, places, level, scene.isdBoxes, among);
  context.font = `${level.font}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  context.fillStyle = theme.text;
  context.strokeStyle = theme.background;
  context.lineWidth = 3 * level.pixel;
  context.lineJoin = "round";
  for (const as of among) {
    const side = labels[as] ?? 0;
    if (side === 0) continue;
    const { dx, dy } = nameOffset(level, side);
    const { anchor } = SIDES[side - 1] ?? SIDES[0];
    context.textAlign = anchor === "middle" ? "center" : anchor;
    const [x, y] = [(places.x[as] ?? 0) + dx, (places.y[as] ?? 0) + dy];
    const name = shownName(asAt(graph, as).name);
    context.strokeText(name, x, y);
    context.fillText(name, x, y);
  }
  context.fillStyle = theme.muted;
  context.textAlign = "center";
  context.font = `600 ${level.font * 1.05}px system-ui, sans-serif`;
  scene.hulls.forEach(({ isd }, n) => {
    const { x, y } = scene.isdNames[n] ?? { x: 0, y: 0 };
    context.strokeText(`ISD ${isd}`, x, y);
    context.fillText(`ISD ${isd}`, x, y);
  });
}

function drawLive(context: CanvasRenderingContext2D, scene: Scene, states: States, emphasis: Emphasis): void {
  const theme = currentTheme();
  const { lines, level } = scene;
  context.lineCap = "round";
  const along = (directions: Iterable<number>, colour: string, width: number): void => {
    context.strokeStyle = colour;
    context.lineWidth = Math.max(width * level.line, width * 0.5 * level.pixel);
    context.beginPath();
    for (const direction of directions) trace(context, lines, direction);
    context.stroke();
  };
  const { directions, pointedLink, selectedDirection } = emphasis;
  context.globalAlpha = 0.5;
  if (directions !== null) along(directions, emphasis.colour, 11);
  if (pointedLink !== null) along([2 * pointedLink, 2 * pointedLink + 1], theme.accent, 9);
  if (selectedDirection !== null) along([selectedDirection], theme.accent, 9);
  context.globalAlpha = 1;
  for (let load = 1; load < WIDTHS.length; load++)
    along(indicesOf(states.load, load), theme.load[load] ?? theme.axis, WIDTHS[load] ?? 1);
  drawBars(context, scene, states, theme);
  drawFaults(context, scene, states, theme);
  const { selectedAs } = emphasis;
  const ringed = [...(directions === null ? [] : asesOn(scene.graph, directions)), selectedAs ?? []].flat();
  context.strokeStyle = theme.accent;
  context.lineWidth = 2 * level.pixel;
  context.beginPath();
  for (const as of ringed) ring(context, scene, as);
  context.stroke();
}

function ring(context: CanvasRenderingContext2D, { places, level }: Scene, as: number): void {
  const radius = Math.max(level.radius * 1.3, 4 * level.pixel);
  const [x, y] = [places.x[as] ?? 0, places.y[as] ?? 0];
  context.moveTo(x + radius, y);
  context.arc(x, y, radius, 0, 2 * Math.PI);
}

function* indicesOf(classes: Uint8Array, wanted: number): Generator<number> {
  for (let n = 0; n < classes.length; n++) if (classes[n] === wanted) yield n;
}

function drawBars(context: CanvasRenderingContext2D, { lines, level }: Scene, states: States, theme: Theme): void {
  context.strokeStyle = theme.load[3] ?? theme.axis;
  context.lineWidth = 3.4 * level.line;
  context.beginPath();
  states.queue.forEach((eighths, direction) => {
    if (eighths === 0) return;
    const [from, to] = queueBar(lines, direction, eighths / QUEUE_STEPS);
    context.moveTo(from.x, from.y);
    context.lineTo(to.x, to.y);
  });
  context.stroke();
}

function drawFaults(context: CanvasRenderingContext2D, scene: Scene, states: States, theme: Theme): void {
  const size = Math.max(scene.level.line, 0.75 * scene.level.pixel);
  context.strokeStyle = theme.load[4] ?? theme.text;
  context.lineWidth = 2.4 * size;
  context.beginPath();
  for (let link = 0; link < scene.graph.links.length; link++) {
    const mark = markOf(states, link);
    if (mark === null) continue;
    const { x, y } = markSpot(scene, link, mark);
    const heading = headingAt(scene.lines, mark.direction ?? 2 * link, 0.5);
    const along = (forward: number, aside: number): [number, number] => [
      x + (heading.x * forward - heading.y * aside) * size,
      y + (heading.y * forward + heading.x * aside) * size,
    ];
    // A cut is two strokes, an impairment one.
    for (const shift of mark.kind === "cut" ? [-3.5, 3.5] : [0]) {
      context.moveTo(...along(shift - 2.5, 8));
      context.lineTo(...along(shift + 2.5, -8));
    }
  }
  for (const as of indicesOf(states.node, 1)) {
    const radius = Math.max(scene.level.radius * 1.25, 4 * scene.level.pixel);
    const [x, y] = [scene.places.x[as] ?? 0, scene.places.y[as] ?? 0];
    context.moveTo(x - radius, y - radius);
    context.lineTo(x + radius, y + radius);
    context.moveTo(x + radius, y - radius);
    context.lineTo(x - radius, y + radius);
  }
  context.stroke();
}
