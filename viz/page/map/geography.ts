/** Places of ASes by latitude and longitude, with meridians and parallels behind them. No outlines of land: that would be data from outside. */
import {
  forceCollide,
  forceSimulation,
  forceX,
  forceY,
  type GeoProjection,
  geoGraticule,
  geoNaturalEarth1,
  geoPath,
  type SimulationNodeDatum,
} from "d3";
import { asAt, type MapGraph, otherEnd } from "./graph.ts";
import type { Places } from "./layout.ts";
import type { Steps } from "./slices.ts";

/** Room for one AS: ASes of one town are moved apart until each has it. */
const AS_ROOM = 17;
const TICKS = 60;
/** More ASes than this stay where they are, whatever they cover. */
const MOST_MOVED = 1200;

export interface Geography extends Places {
  /** Meridians and parallels, as the `d` of a path. */
  readonly graticule: string;
}

interface Body extends SimulationNodeDatum {
  x: number;
  y: number;
  readonly homeX: number;
  readonly homeY: number;
}

/** Can these be laid out by position? Two at least must have one. */
export function hasGeography({ ases }: MapGraph): boolean {
  return ases.filter(({ outlined }) => outlined.position !== null).length >= 2;
}

/** ASes without a position stand among their neighbours, those without neighbours below all others. */
export function* placeByPosition(graph: MapGraph): Steps<Geography> {
  const width = Math.max(900, 95 * Math.sqrt(graph.ases.length));
  const projection = projectionFor(graph, width);
  const spots = graph.ases.map(({ outlined: { position } }) =>
    position === null ? null : projection([position.lon, position.lat]),
  );
  yield;
  const x = new Float64Array(spots.length);
  const y = new Float64Array(spots.length);
  spots.forEach((spot, n) => {
    const [left, top] = spot ?? amongNeighbours(graph, n, spots) ?? [width / 2, width / 2];
    x[n] = left;
    y[n] = top;
  });
  if (graph.ases.length <= MOST_MOVED) yield* moveApart(x, y);
  return { x, y, graticule: geoPath(projection)(geoGraticule().step([15, 15])()) ?? "" };
}

function projectionFor({ ases }: MapGraph, width: number): GeoProjection {
  const positions = ases.flatMap(({ outlined: { position } }) => (position === null ? [] : [position]));
  const points = {
    type: "MultiPoint" as const,
    coordinates: positions.map(({ lat, lon }): [number, number] => [lon, lat]),
  };
  const projection = geoNaturalEarth1().rotate([-middleOf(positions.map(({ lon }) => lon)), 0]);
  return projection.fitExtent(
    [
      [0, 0],
      [width, width * 0.62],
    ],
    points,
  );
}

/** The meridian opposite to the middle of the widest gap: what lies together stays together across the date line. */
export function middleOf(longitudes: readonly number[]): number {
  const sorted = [...longitudes].sort((a, b) => a - b);
  let widest = { size: -1, middle: 180 };
  sorted.forEach((lon, n) => {
    const next = sorted[n + 1] ?? (sorted[0] as number) + 360;
    if (next - lon > widest.size) widest = { size: next - lon, middle: (lon + next) / 2 };
  });
  const opposite = widest.middle + 180;
  return opposite > 180 ? opposite - 360 : opposite;
}

type Spot = readonly [number, number];

function amongNeighbours(graph: MapGraph, as: number, spots: readonly (Spot | null)[]): Spot | null {
  const near = asAt(graph, as).links.flatMap((link) => {
    const spot = spots[otherEnd(graph, link, as)];
    return spot === null || spot === undefined ? [] : [spot];
  });
  if (near.length === 0) return null;
  const mean = (pick: 0 | 1): number => near.reduce((sum, spot) => sum + spot[pick], 0) / near.length;
  return [mean(0), mean(1)];
}

function* moveApart(x: Float64Array, y: Float64Array): Steps<void> {
  const bodies = Array.from(x, (homeX, n): Body => {
    const homeY = y[n] ?? 0;
    return { x: homeX, y: homeY, homeX, homeY };
  });
  const simulation = forceSimulation(bodies)
    .force("apart", forceCollide<Body>(AS_ROOM).iterations(2))
    .force("x", forceX<Body>(({ homeX }) => homeX).strength(0.12))
    .force("y", forceY<Body>(({ homeY }) => homeY).strength(0.12))
    .stop();
  for (let n = 0; n < TICKS; n++) {
    simulation.tick();
    yield;
  }
  bodies.forEach((body, n) => {
    x[n] = body.x;
    y[n] = body.y;
  });
}
