/** What is drawn: the network, its places, and what follows from the level of zoom. */
import { polygonHull } from "d3";
import type { Geography } from "./geography.ts";
import { asAt, type MapGraph } from "./graph.ts";
import { type Box, type Hull, type Labels, nameBox, placeIsdNames, placeLabels } from "./labels.ts";
import type { Extent, Places } from "./layout.ts";
import { extentOf } from "./layout.ts";
import { type Level, levelOf } from "./level.ts";
import { type Lines, linesOf, rounded, type Spot } from "./lines.ts";

export interface Scene {
  readonly graph: MapGraph;
  readonly places: Places;
  readonly extent: Extent;
  /** Empty by position: ISDs may lie over each other there. */
  readonly hulls: readonly Hull[];
  /** `d` of meridians and parallels; null: not by position. */
  readonly graticule: string | null;
  /** More ASes than elements can be made for: drawn on a canvas. */
  readonly large: boolean;
  readonly level: Level;
  readonly lines: Lines;
  /** Of a large network nothing: names are chosen among the ASes in sight. */
  readonly labels: Labels;
  /** Middles of the names of the ISDs, by hull. */
  readonly isdNames: readonly Spot[];
  /** What their names cover. */
  readonly isdBoxes: readonly Box[];
}

/** As many ASes are elements; more are drawn on a canvas. */
const MOST_ELEMENTS = 1000;
/** From an AS to the border of its ISD. */
const HULL_ROOM = 30;

export function sceneOf(graph: MapGraph, places: Places | Geography, step: number): Scene {
  const graticule = "graticule" in places ? places.graticule : null;
  const bare = {
    graph,
    places,
    extent: extentOf(places),
    hulls: graticule === null ? hullsOf(graph, places) : [],
    graticule,
    large: graph.ases.length > MOST_ELEMENTS,
  };
  return { ...bare, ...sizedFor(bare, step) };
}

/** The same at another level. */
export function atStep(scene: Scene, step: number): Scene {
  return { ...scene, ...sizedFor(scene, step) };
}

function sizedFor(
  { graph, places, hulls, large }: Pick<Scene, "graph" | "places" | "hulls" | "large">,
  step: number,
): Pick<Scene, "level" | "lines" | "labels" | "isdNames" | "isdBoxes"> {
  const level = levelOf(step);
  const isdBoxes = placeIsdNames(hulls, places, level);
  return {
    level,
    lines: linesOf(graph, places, level),
    labels: large ? new Uint8Array(graph.ases.length) : placeLabels(graph, places, level, isdBoxes),
    isdBoxes,
    isdNames: isdBoxes.map(({ left, top, right, bottom }) => ({ x: (left + right) / 2, y: (top + bottom) / 2 })),
  };
}

/** What the names that are shown reach to, with the ASes. */
export function extentWithNames({ graph, places, level, labels, isdBoxes, extent }: Scene): Extent {
  const names = [...labels.entries()].flatMap(([as, side]) =>
    side === 0 ? [] : [nameBox(graph, places, as, level, side)],
  );
  const boxes = [...names, ...isdBoxes];
  const around = (own: number, pick: (box: Box) => number, choose: (a: number, b: number) => number): number =>
    boxes.reduce((most, box) => choose(most, pick(box)), own);
  return {
    left: around(extent.left - level.radius, ({ left }) => left, Math.min),
    top: around(extent.top - level.radius, ({ top }) => top, Math.min),
    right: around(extent.right + level.radius, ({ right }) => right, Math.max),
    bottom: around(extent.bottom + level.radius, ({ bottom }) => bottom, Math.max),
  };
}

function hullsOf(graph: MapGraph, { x, y }: Places): Hull[] {
  return graph.isds.map(({ isd, members }) => {
    const around = members.flatMap((as) =>
      CORNERS.map(({ x: dx, y: dy }): [number, number] => [
        (x[as] ?? 0) + dx * HULL_ROOM,
        (y[as] ?? 0) + dy * HULL_ROOM,
      ]),
    );
    const corners = (polygonHull(around) ?? around).map(([left, top]) => ({ x: left, y: top }));
    const edge = (y: number): Spot => {
      const there = corners.filter((corner) => Math.abs(corner.y - y) < 1).map((corner) => corner.x);
      return { x: (Math.min(...there) + Math.max(...there)) / 2, y };
    };
    const heights = corners.map((corner) => corner.y);
    return { isd, corners, top: edge(Math.min(...heights)), bottom: edge(Math.max(...heights)) };
  });
}

const CORNERS: readonly Spot[] = Array.from({ length: 12 }, (_, n) => ({
  x: Math.cos((n * Math.PI) / 6),
  y: Math.sin((n * Math.PI) / 6),
}));

export function hullText({ corners }: Hull): string {
  return `M${corners.map(({ x, y }) => `${rounded(x)} ${rounded(y)}`).join("L")}Z`;
}

/** For people and for screen readers. */
export function asTitle(graph: MapGraph, as: number): string {
  const { ia, core, isd, outlined, links } = asAt(graph, as);
  const label = outlined.label === null ? "" : `, ${outlined.label}`;
  return `AS ${ia}${label}, ${core ? "core of" : "in"} ISD ${isd}, ${links.length} ${links.length === 1 ? "link" : "links"}`;
}
