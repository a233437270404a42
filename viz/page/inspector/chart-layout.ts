/**
 * Where the states of a statechart stand and how its transitions run: layers by dagre, nested states as boxes around others. Dagre draws no
 * edges to boxes, so that a state with states inside has a heading of its own, at which its transitions begin and end. Transitions between
 * the same two states share a line; those that lead nowhere stand in their state, those of any state below the rest.
 */
import { Graph, layout } from "@dagrejs/dagre";
import type { ChartState, ChartTransition, ChartView } from "../../../core/exploration.ts";

export interface Line {
  /** Index in the chart's transitions. */
  readonly transition: number;
  readonly text: string;
  /** Actions, on a line of their own below the text; empty: none. */
  readonly does: string;
}

export interface PlacedState {
  readonly path: string;
  readonly name: string;
  /** Of its centre; the size of the whole. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** A box around others: its lines stand at its heading. */
  readonly around: boolean;
  /** What happens in it without leaving: entry and exit actions, transitions without a target. */
  readonly actions: readonly string[];
  readonly lines: readonly Line[];
  readonly final: boolean;
}

export interface PlacedEdge {
  readonly from: string;
  readonly to: string;
  readonly points: readonly Point[];
  readonly label: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly lines: readonly Line[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface ChartLayout {
  readonly width: number;
  readonly height: number;
  readonly states: readonly PlacedState[];
  readonly edges: readonly PlacedEdge[];
  /** Where machines and nested states begin: a dot, and its line. */
  readonly begins: readonly { readonly dot: Point; readonly points: readonly Point[] }[];
}

export const LINE_HEIGHT = 15;
export const HEAD_HEIGHT = 22;
const LETTER = 6.4;
const PADDING = 8;
const DOT = 10;
const MARGIN = 8;
/** Characters of a line where there is little room, and so many fewer beside the lines between states. */
const LONGEST = 40;
const LESS_BESIDE = 10;
/** Where there is more room. */
const ROOMIER = [90, 60];
/** Beside a line's text: its count. */
const COUNT_WIDTH = 40;

type Sized = { width: number; height: number };
type Drawn = Sized & Point;

/** With lines as long as the width allows; where none fits, that with the shortest. */
export function layoutWithin(chart: Pick<ChartView, "states" | "transitions">, width: number): ChartLayout {
  for (const longest of ROOMIER) {
    const roomy = layoutChart(chart, longest);
    if (roomy.width <= width) return roomy;
  }
  return layoutChart(chart);
}

/** `longest`: characters of a line; what is longer is cut. */
export function layoutChart(chart: Pick<ChartView, "states" | "transitions">, longest = LONGEST): ChartLayout {
  const graph = new Graph({ compound: true, multigraph: true });
  graph.setGraph({ rankdir: "TB", nodesep: 22, ranksep: 26, edgesep: 14, marginx: MARGIN, marginy: MARGIN });
  const shown = shownStates(chart);
  const inner = new Map(shown.map((state) => [state.path, state]));
  const isAround = ({ path }: ChartState): boolean => path !== "" && shown.some(({ parent }) => parent === path);
  for (const state of shown) {
    const size = sizeOf(state, chart.transitions, longest);
    graph.setNode(headOf(state.path), size);
    if (isAround(state)) {
      graph.setNode(boxOf(state.path), {});
      graph.setParent(headOf(state.path), boxOf(state.path));
    }
  }
  for (const state of shown) {
    if (state.parent === null || state.parent === "" || !inner.has(state.parent)) continue;
    graph.setParent(isAround(state) ? boxOf(state.path) : headOf(state.path), boxOf(state.parent));
  }
  const begins = addBegins(graph, shown);
  const groups = groupEdges(chart.transitions, longest - LESS_BESIDE);
  for (const [key, lines] of groups) {
    const [from, to] = key.split(">") as [string, string];
    graph.setEdge(headOf(from), headOf(to), { ...labelSize(lines), labelpos: "c" }, "transition");
  }
  // What can happen in any state and leads to none stands below by itself.
  const isApart = graph.hasNode(headOf("")) && (graph.nodeEdges(headOf("")) ?? []).length === 0;
  const apart = isApart ? (graph.node(headOf("")) as Sized) : null;
  if (isApart) graph.removeNode(headOf(""));
  layout(graph);
  const bounds = graph.graph() as Sized;
  const width = Math.ceil(Math.max(bounds.width, (apart?.width ?? 0) + 2 * MARGIN));
  if (apart !== null) {
    graph.setNode(headOf(""), { ...apart, x: width / 2, y: bounds.height + MARGIN + apart.height / 2 });
  }
  return {
    width,
    height: Math.ceil(bounds.height + (apart === null ? 0 : apart.height + 2 * MARGIN)),
    states: shown.map((state) => placed(graph, state, isAround(state), chart.transitions, longest)),
    edges: [...groups].map(([key, lines]) => placedEdge(graph, key, lines)),
    begins: begins.map(({ dot, to }) => ({ dot: pointOf(graph.node(dot)), points: pointsOf(graph, dot, to, "begin") })),
  };
}

/** The root is shown where something can happen in any state. */
function shownStates({ states, transitions }: Pick<ChartView, "states" | "transitions">): ChartState[] {
  return states.filter((state) => state.path !== "" || hasOwn(state, transitions));
}

function hasOwn({ entry, exit, path }: ChartState, transitions: readonly ChartTransition[]): boolean {
  return entry.length + exit.length > 0 || transitions.some(({ from }) => from === path);
}

function headOf(path: string): string {
  return `head:${path}`;
}

function boxOf(path: string): string {
  return `box:${path}`;
}

/** A dot before the first state of the machine and of each nested one. */
function addBegins(graph: Graph, shown: readonly ChartState[]): { dot: string; to: string }[] {
  const first = shown.filter(({ initial, parent, path }) => initial && parent !== null && path !== "");
  return first.map(({ parent, path }) => {
    const dot = `begin:${path}`;
    graph.setNode(dot, { width: DOT, height: DOT });
    if (parent !== "" && parent !== null) graph.setParent(dot, boxOf(parent));
    graph.setEdge(dot, headOf(path), { width: 0, height: 0 }, "begin");
    return { dot, to: headOf(path) };
  });
}

function groupEdges(transitions: readonly ChartTransition[], longest: number): Map<string, Line[]> {
  const groups = new Map<string, Line[]>();
  transitions.forEach((transition, number) => {
    if (transition.to === null) return;
    const key = `${transition.from}>${transition.to}`;
    const lines = groups.get(key) ?? [];
    const text = cut(whenOf(transition), longest);
    lines.push({ transition: number, text, does: cut(transition.actions.join(", "), longest) });
    groups.set(key, lines);
  });
  return groups;
}

function labelSize(lines: readonly Line[]): Sized {
  const longest = Math.max(
    ...lines.map(({ does, text }) => Math.max(text.length * LETTER + COUNT_WIDTH, does.length * LETTER)),
  );
  return { width: longest + 12, height: rowsOf(lines) * LINE_HEIGHT + 4 };
}

function rowsOf(lines: readonly Line[]): number {
  return lines.reduce((rows, { does }) => rows + (does === "" ? 1 : 2), 0);
}

/** `event [guard] / action, action`. */
export function labelOf(transition: ChartTransition): string {
  const { actions } = transition;
  return actions.length === 0 ? whenOf(transition) : `${whenOf(transition)} / ${actions.join(", ")}`;
}

function whenOf({ event, guard }: ChartTransition): string {
  return `${event === "" ? "always" : event}${guard === null ? "" : ` [${guard}]`}`;
}

function cut(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}\u2026` : text;
}

function linesIn({ path }: ChartState, transitions: readonly ChartTransition[], longest: number): Line[] {
  return transitions.flatMap((transition, number) =>
    transition.to === null && transition.from === path
      ? [{ transition: number, text: cut(labelOf(transition), longest), does: "" }]
      : [],
  );
}

function actionsIn({ entry, exit }: ChartState, longest: number): string[] {
  return [
    ...entry.map((action) => cut(`entry / ${action}`, longest)),
    ...exit.map((action) => cut(`exit / ${action}`, longest)),
  ];
}

function sizeOf(state: ChartState, transitions: readonly ChartTransition[], longest: number): Sized {
  const lines = linesIn(state, transitions, longest).map(({ text }) => text.length * LETTER + COUNT_WIDTH);
  const actions = actionsIn(state, longest).map((text) => text.length * LETTER);
  const name = shownName(state).length * (LETTER + 0.9) + COUNT_WIDTH;
  const count = lines.length + actions.length;
  return {
    width: Math.max(80, name, ...lines, ...actions) + 2 * PADDING,
    height: HEAD_HEIGHT + (count === 0 ? 4 : count * LINE_HEIGHT + 6),
  };
}

function shownName({ name, path }: ChartState): string {
  return path === "" ? "in any state" : name;
}

function placed(
  graph: Graph,
  state: ChartState,
  around: boolean,
  transitions: readonly ChartTransition[],
  longest: number,
): PlacedState {
  const { height, width, x, y } = graph.node(around ? boxOf(state.path) : headOf(state.path)) as Drawn;
  return {
    path: state.path,
    name: shownName(state),
    x,
    y,
    width,
    height,
    around,
    actions: actionsIn(state, longest),
    lines: linesIn(state, transitions, longest),
    final: state.kind === "final",
  };
}

function placedEdge(graph: Graph, key: string, lines: readonly Line[]): PlacedEdge {
  const [from, to] = key.split(">") as [string, string];
  const { height, width, x, y } = graph.edge(headOf(from), headOf(to), "transition") as unknown as Drawn;
  const points = pointsOf(graph, headOf(from), headOf(to), "transition");
  return { from, to, points, label: { x, y, width, height }, lines };
}

function pointsOf(graph: Graph, from: string, to: string, name: string): Point[] {
  const { points } = graph.edge(from, to, name) as unknown as { points: readonly Point[] };
  return points.map(pointOf);
}

function pointOf({ x, y }: Point): Point {
  return { x, y };
}
