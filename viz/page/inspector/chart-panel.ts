/** A statechart drawn: the states it is in lit, what was never taken dim; and the same as a table. */
import type { ChartView } from "../../../core/exploration.ts";
import { clear, h, svg } from "../dom.ts";
import {
  type ChartLayout,
  HEAD_HEIGHT,
  labelOf,
  layoutWithin,
  LINE_HEIGHT,
  type Line,
  type PlacedEdge,
  type PlacedState,
} from "./chart-layout.ts";
import { countText, tableOf } from "./words.ts";

export interface ChartPanel {
  readonly element: HTMLElement;
  show(chart: ChartView): void;
}

/** What changes while the drawing stays. */
interface Drawing {
  readonly structure: string;
  readonly layout: ChartLayout;
  readonly picture: SVGSVGElement;
  readonly states: ReadonlyMap<string, { readonly group: SVGElement; readonly count: SVGElement }>;
  readonly lines: readonly { readonly transition: number; readonly text: SVGElement; readonly count: SVGElement }[];
  readonly edges: readonly { readonly edge: PlacedEdge; readonly group: SVGElement }[];
}

const ZOOMS = [0.6, 0.75, 0.9, 1, 1.25, 1.6, 2];
/** Letters stay readable: where the whole does not fit at this size it scrolls. */
const LEAST_FIT = 0.75;
/** Width won or lost after which labels may be longer or must be shorter. */
const NEW_ROOM = 40;

export function createChartPanel(): ChartPanel {
  const scroll = h("div", { class: "insp-chart", role: "region", tabindex: 0, "aria-label": "Statechart, scrolls" });
  const summary = h("p", { class: "insp-coverage muted" });
  const handled = h("div", {});
  const table = h("div", {});
  let drawing: Drawing | null = null;
  let zoom: number | null = null;
  let current = "";
  /** What the drawing was made for. */
  let room = 0;
  let latest: ChartView | null = null;
  const redraw = (chart: ChartView, structure: string): Drawing => {
    room = scroll.clientWidth;
    const drawn = draw(chart, structure, layoutWithin(chart, (room - 4) / LEAST_FIT));
    clear(scroll, drawn.picture);
    return drawn;
  };
  const resize = (): void => {
    if (drawing === null) return;
    if (latest !== null && Math.abs(scroll.clientWidth - room) > NEW_ROOM) {
      drawing = redraw(latest, drawing.structure);
      light(drawing, latest);
    }
    setSize(drawing, scroll, zoom);
  };
  new ResizeObserver(resize).observe(scroll);
  const scale = (): number => (drawing === null ? 1 : drawing.picture.clientWidth / drawing.layout.width || 1);
  const change = (by: 1 | -1) => () => {
    const now = scale();
    zoom = (by > 0 ? ZOOMS.find((one) => one > now + 0.01) : ZOOMS.findLast((one) => one < now - 0.01)) ?? now;
    resize();
  };
  const fit = (): void => {
    zoom = null;
    resize();
  };
  const tools = h(
    "div",
    { class: "insp-tools" },
    h("button", { type: "button", onclick: change(-1), "aria-label": "Statechart smaller" }, "\u2212"),
    h("button", { type: "button", onclick: fit, "aria-label": "Fit the statechart to the width" }, "Fit"),
    h("button", { type: "button", onclick: change(1), "aria-label": "Statechart larger" }, "+"),
  );
  const asTable = h("details", {}, h("summary", {}, "As a table"), table);
  const show = (chart: ChartView): void => {
    const structure = structureOf(chart);
    if (drawing?.structure !== structure) {
      drawing = redraw(chart, structure);
      setSize(drawing, scroll, zoom);
      current = "";
    }
    light(drawing, chart);
    if (current !== chart.current.join()) reveal(drawing, scroll, chart.current.at(-1));
    current = chart.current.join();
    summary.textContent = coverageText(chart);
    clear(handled, handledList(chart));
    if (asTable.open) clear(table, chartTable(chart));
    latest = chart;
  };
  asTable.addEventListener("toggle", () => {
    if (asTable.open && latest !== null) clear(table, chartTable(latest));
  });
  return { element: h("div", {}, h("div", { class: "insp-row" }, summary, tools), scroll, handled, asTable), show };
}

function structureOf({ id, states, transitions }: ChartView): string {
  return JSON.stringify([
    id,
    states.map(({ entered: _entered, ...state }) => state),
    transitions.map(({ taken: _taken, ...transition }) => transition),
  ]);
}

function coverageText({ coverage, id }: ChartView): string {
  const { ofStates, ofTransitions, states, transitions } = coverage;
  return `All ${id} actors so far: ${states} of ${ofStates} states, ${transitions} of ${ofTransitions} transitions.`;
}

function handledList({ handled }: ChartView): HTMLElement | null {
  if (handled.length === 0) return null;
  const said = handled.map(({ event, times }) =>
    h("li", { class: times === 0 ? "muted" : null }, h("code", {}, event), ` ${countText(times)}`),
  );
  return h("div", { class: "insp-handled" }, h("p", {}, "Handled without walking the chart:"), h("ul", {}, said));
}

function setSize({ layout, picture }: Drawing, { clientWidth }: Element, zoom: number | null): void {
  const fitting = Math.max(LEAST_FIT, Math.min(1, (clientWidth - 4) / layout.width));
  const scale = zoom ?? fitting;
  picture.setAttribute("width", String(Math.round(layout.width * scale)));
  picture.setAttribute("height", String(Math.round(layout.height * scale)));
}

/** Scrolls the state it is in to the middle, where not all is to be seen. */
function reveal({ layout, picture }: Drawing, scroll: HTMLElement, path: string | undefined): void {
  const state = layout.states.find((one) => one.path === path);
  if (state === undefined) return;
  const scale = Number(picture.getAttribute("width")) / layout.width;
  scroll.scrollTo(state.x * scale - scroll.clientWidth / 2, state.y * scale - scroll.clientHeight / 2);
}

function draw(chart: ChartView, structure: string, layout: ChartLayout): Drawing {
  const picture = svg("svg", { viewBox: `0 0 ${layout.width} ${layout.height}`, role: "img" });
  picture.append(
    svg(
      "defs",
      {},
      svg(
        "marker",
        { id: "insp-arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
        svg("path", { d: "M0 0L8 4L0 8Z", class: "insp-arrow" }),
      ),
    ),
  );
  const states = new Map<string, { group: SVGElement; count: SVGElement }>();
  const lines: Drawing["lines"][number][] = [];
  const outside = layout.states.toSorted(
    (left, right) => Number(right.around) - Number(left.around) || depthOf(left) - depthOf(right),
  );
  for (const state of outside) {
    const drawn = drawState(state, chart, lines);
    states.set(state.path, drawn);
    picture.append(drawn.group);
  }
  for (const { dot, points } of layout.begins) {
    const way = svg("path", { d: curve(points), class: "insp-edge", "marker-end": "url(#insp-arrow)" });
    picture.append(svg("circle", { cx: dot.x, cy: dot.y, r: 4, class: "insp-begin" }), way);
  }
  const edges = layout.edges.map((edge) => ({ edge, group: drawEdge(edge, chart, lines) }));
  for (const { group } of edges) picture.append(group);
  return { structure, layout, picture, states, lines, edges };
}

function depthOf({ path }: PlacedState): number {
  return path.split(".").length;
}

function drawState(
  state: PlacedState,
  chart: ChartView,
  lines: Drawing["lines"][number][],
): { group: SVGElement; count: SVGElement } {
  const { height, name, width, x, y } = state;
  const [left, top] = [x - width / 2, y - height / 2];
  const count = svg("text", { x: left + width - 7, y: top + 15, class: "insp-count", "text-anchor": "end" });
  const group = svg(
    "g",
    { class: state.around ? "insp-state insp-around" : "insp-state" },
    svg("rect", { x: left, y: top, width, height, rx: 7 }),
    state.final ? svg("rect", { x: left + 3, y: top + 3, width: width - 6, height: height - 6, rx: 5 }) : null,
    svg("text", { x: left + 8, y: top + 15, class: "insp-name" }, name),
    count,
  );
  let row = top + HEAD_HEIGHT + 11;
  for (const action of state.actions) {
    group.append(svg("text", { x: left + 8, y: row, class: "insp-action" }, action));
    row += LINE_HEIGHT;
  }
  for (const line of state.lines) {
    group.append(drawLine(line, chart, { x: left + 8, y: row, end: left + width - 7 }, lines));
    row += LINE_HEIGHT;
  }
  return { group, count };
}

function drawEdge(edge: PlacedEdge, chart: ChartView, lines: Drawing["lines"][number][]): SVGElement {
  const { label, points } = edge;
  const [left, top] = [label.x - label.width / 2, label.y - label.height / 2];
  const group = svg(
    "g",
    { class: "insp-transition" },
    svg("path", { d: curve(points), class: "insp-edge", "marker-end": "url(#insp-arrow)" }),
    svg("rect", { x: left, y: top, width: label.width, height: label.height, class: "insp-label" }),
  );
  let y = top + 12;
  for (const line of edge.lines) {
    group.append(drawLine(line, chart, { x: left + 4, y, end: left + label.width - 4 }, lines));
    y += line.does === "" ? LINE_HEIGHT : 2 * LINE_HEIGHT;
  }
  return group;
}

function drawLine(
  { does, text, transition }: Line,
  chart: ChartView,
  at: { readonly x: number; readonly y: number; readonly end: number },
  lines: Drawing["lines"][number][],
): SVGElement {
  const count = svg("text", { x: at.end, y: at.y, class: "insp-count", "text-anchor": "end" });
  const full = chart.transitions[transition];
  const words = svg("text", { x: at.x, y: at.y }, text, svg("title", {}, full === undefined ? text : labelOf(full)));
  const actions =
    does === "" ? null : svg("text", { x: at.x, y: at.y + LINE_HEIGHT, class: "insp-action" }, `/ ${does}`);
  const group = svg("g", { class: "insp-line" }, words, count, actions);
  lines.push({ transition, text: group, count });
  return group;
}

/** Through the points, rounded at those in between. */
function curve(points: readonly { readonly x: number; readonly y: number }[]): string {
  const [first, ...rest] = points.map(({ x, y }) => [Number(x.toFixed(1)), Number(y.toFixed(1))] as const);
  if (first === undefined) return "";
  const last = rest.pop();
  const middle = rest.map(([x, y], at) => {
    const [nextX, nextY] = rest[at + 1] ?? last ?? [x, y];
    return `Q${x} ${y} ${((x + nextX) / 2).toFixed(1)} ${((y + nextY) / 2).toFixed(1)}`;
  });
  return `M${first.join(" ")}${middle.join("")}${last === undefined ? "" : `L${last.join(" ")}`}`;
}

function light({ edges, lines, picture, states }: Drawing, chart: ChartView): void {
  for (const { entered, path } of chart.states) {
    const drawn = states.get(path);
    if (drawn === undefined) continue;
    drawn.group.classList.toggle("insp-current", chart.current.includes(path));
    drawn.group.classList.toggle("insp-never", entered === 0);
    drawn.count.textContent = path === "" ? "" : `${countText(entered)}\u00d7`;
  }
  for (const { count, text, transition } of lines) {
    const taken = chart.transitions[transition]?.taken ?? 0;
    count.textContent = taken === 0 ? "" : `${countText(taken)}\u00d7`;
    text.classList.toggle("insp-never", taken === 0);
  }
  for (const { edge, group } of edges) {
    const never = edge.lines.every(({ transition }) => (chart.transitions[transition]?.taken ?? 0) === 0);
    group.classList.toggle("insp-never", never);
  }
  const now = chart.current.length === 0 ? "stopped" : `now in ${chart.current.join(", ")}`;
  picture.setAttribute("aria-label", `Statechart of ${chart.id}: ${now}`);
}

function chartTable(chart: ChartView): HTMLElement {
  const nameOf = (path: string | null): string => (path === null ? "stays" : path === "" ? "any state" : path);
  return h(
    "div",
    {},
    tableOf(
      "States",
      [
        { head: "State", cell: ({ path }) => path },
        { head: "Now", cell: ({ path }) => (chart.current.includes(path) ? "in it" : "") },
        { head: "Entered", number: true, cell: ({ entered }) => countText(entered) },
      ],
      chart.states.filter(({ path }) => path !== ""),
    ),
    tableOf(
      "Transitions",
      [
        { head: "From", cell: ({ from }) => nameOf(from) },
        { head: "On", cell: (transition) => labelOf(transition) },
        { head: "To", cell: ({ to }) => nameOf(to) },
        { head: "Taken", number: true, cell: ({ taken }) => countText(taken) },
      ],
      chart.transitions,
    ),
  );
}
