/**
 * Where lines run: every direction as a polyline in units of the map, on the right-hand side of its traffic, from the border of one AS to that
 * of the other; links between the same two ASes bend apart.
 */
import { linkAt, type MapGraph } from "./graph.ts";
import type { Places } from "./layout.ts";
import type { Level } from "./level.ts";

/** Direction d has the points from `starts[d]` (included) to `starts[d + 1]` (not included), at even steps of the way. */
export interface Lines {
  readonly level: Level;
  readonly starts: Int32Array;
  readonly x: Float32Array;
  readonly y: Float32Array;
}

export interface Spot {
  readonly x: number;
  readonly y: number;
}

const CURVE_POINTS = 13;
/** From the middle of a link to a direction, in nominal pixels; and from link to link of the same two ASes at their middle. */
const ASIDE = 1.9;
const BEND = 17;

/** Nominal widths of the classes of load. */
export const WIDTHS: readonly number[] = [1.2, 2, 3.2, 4.6, 6];

export function linesOf(graph: MapGraph, places: Places, level: Level): Lines {
  const starts = new Int32Array(2 * graph.links.length + 1);
  graph.links.forEach(({ bend }, link) => {
    const points = bend === 0 ? 2 : CURVE_POINTS;
    starts[2 * link + 1] = (starts[2 * link] ?? 0) + points;
    starts[2 * link + 2] = (starts[2 * link + 1] ?? 0) + points;
  });
  const total = starts.at(-1) ?? 0;
  const lines = { level, starts, x: new Float32Array(total), y: new Float32Array(total) };
  graph.links.forEach((_, link) => {
    drawDirection(graph, places, lines, 2 * link);
    drawDirection(graph, places, lines, 2 * link + 1);
  });
  return lines;
}

function drawDirection(graph: MapGraph, places: Places, lines: Lines, direction: number): void {
  const { a, b, bend } = linkAt(graph, direction >> 1);
  const { level, starts } = lines;
  const forward = (direction & 1) === 0;
  const [from, to] = forward ? [a, b] : [b, a];
  const [fromX, fromY] = [places.x[from] ?? 0, places.y[from] ?? 0];
  const [dx, dy] = [(places.x[to] ?? 0) - fromX, (places.y[to] ?? 0) - fromY];
  const length = Math.sqrt(dx * dx + dy * dy) || 1;
  // The right-hand side on a screen, where y grows downwards.
  const [sideX, sideY] = [-dy / length, dx / length];
  const aside = ASIDE * level.line;
  // Bends are counted from the AS of the lower index, whichever end the direction begins at.
  const room = Math.min(BEND * Math.max(level.line, 0.5), length / 4);
  const belly = 2 * bend * room * (from < to ? 1 : -1);
  const trim = Math.min(0.4, (level.radius * 1.05) / length);
  const first = starts[direction] ?? 0;
  const count = (starts[direction + 1] ?? 0) - first;
  for (let n = 0; n < count; n++) {
    const t = trim + (1 - 2 * trim) * (n / (count - 1));
    const off = aside + belly * 2 * t * (1 - t);
    lines.x[first + n] = fromX + dx * t + sideX * off;
    lines.y[first + n] = fromY + dy * t + sideY * off;
  }
}

/** The place of a packet: 0 where the direction begins, 1 where it ends. */
export function pointAt(lines: Lines, direction: number, place: number): Spot {
  const first = lines.starts[direction] ?? 0;
  const pieces = (lines.starts[direction + 1] ?? 0) - first - 1;
  const along = Math.min(Math.max(place, 0), 1) * pieces;
  const n = first + Math.min(Math.floor(along), pieces - 1);
  const rest = along - (n - first);
  const [x, y] = [lines.x[n] ?? 0, lines.y[n] ?? 0];
  return { x: x + rest * ((lines.x[n + 1] ?? x) - x), y: y + rest * ((lines.y[n + 1] ?? y) - y) };
}

/** Unit vector of the way at the middle of a direction. */
export function headingAt(lines: Lines, direction: number, place: number): Spot {
  const [before, after] = [pointAt(lines, direction, place - 0.02), pointAt(lines, direction, place + 0.02)];
  const [dx, dy] = [after.x - before.x, after.y - before.y];
  const length = Math.hypot(dx, dy) || 1;
  return { x: dx / length, y: dy / length };
}

/** `d` of a path along a direction. */
export function pathText(lines: Lines, direction: number): string {
  let text = "";
  const end = lines.starts[direction + 1] ?? 0;
  for (let n = lines.starts[direction] ?? 0; n < end; n++)
    text += `${text === "" ? "M" : "L"}${rounded(lines.x[n])} ${rounded(lines.y[n])}`;
  return text;
}

export function rounded(value = 0): number {
  return Math.round(value * 10) / 10;
}

/** Most of what a queue's bar takes of its link, and its nominal length. */
const BAR_SHARE = 0.4;
const BAR_LENGTH = 26;

/** A bar beside the sending end of a direction, from the AS on; `fill` of it, 0 to 1. */
export function queueBar(lines: Lines, direction: number, fill: number): readonly [from: Spot, to: Spot] {
  const [from, end] = [pointAt(lines, direction, 0.03), pointAt(lines, direction, BAR_SHARE)];
  const [dx, dy] = [end.x - from.x, end.y - from.y];
  const length = Math.hypot(dx, dy) || 1;
  const share = Math.min(1, (BAR_LENGTH * lines.level.line) / length) * fill;
  const aside = (5.5 * lines.level.line) / length;
  const start = { x: from.x - dy * aside, y: from.y + dx * aside };
  return [start, { x: start.x + dx * share, y: start.y + dy * share }];
}

/** The direction nearest to a place and not farther than `reach`; null: none. Links in places are tried before those beyond them. */
export function nearestDirection(lines: Lines, at: Spot, reach: number): number | null {
  let best: number | null = null;
  let bound = reach * reach;
  const { x, y, starts } = lines;
  for (let direction = 0; direction + 1 < starts.length; direction++) {
    const end = (starts[direction + 1] ?? 0) - 1;
    for (let n = starts[direction] ?? 0; n < end; n++) {
      const [x0, y0] = [x[n] ?? 0, y[n] ?? 0];
      const [dx, dy] = [(x[n + 1] ?? 0) - x0, (y[n + 1] ?? 0) - y0];
      const [px, py] = [at.x - x0, at.y - y0];
      const size = dx * dx + dy * dy || 1;
      const t = Math.min(1, Math.max(0, (px * dx + py * dy) / size));
      const [ex, ey] = [px - t * dx, py - t * dy];
      const distance = ex * ex + ey * ey;
      if (distance < bound) {
        bound = distance;
        best = direction;
      }
    }
  }
  return best;
}

/** The AS nearest to a place and not farther than `reach`; null: none. */
export function nearestAs({ x, y }: Places, at: Spot, reach: number): number | null {
  let best: number | null = null;
  let bound = reach * reach;
  for (let n = 0; n < x.length; n++) {
    const [dx, dy] = [(x[n] ?? 0) - at.x, (y[n] ?? 0) - at.y];
    const distance = dx * dx + dy * dy;
    if (distance <= bound) {
      bound = distance;
      best = n;
    }
  }
  return best;
}

/** The neighbour by link that lies most in the direction of `heading`, within 60 degrees of it; of others the nearest AS there; null: none. */
export function neighbourTowards(graph: MapGraph, places: Places, as: number, heading: Spot): number | null {
  const [fromX, fromY] = [places.x[as] ?? 0, places.y[as] ?? 0];
  const linked = new Set<number>();
  for (const link of graph.ases[as]?.links ?? []) {
    const { a, b } = linkAt(graph, link);
    linked.add(a === as ? b : a);
  }
  const best = (candidates: Iterable<number>): number | null => {
    let [found, least]: [number | null, number] = [null, Infinity];
    for (const other of candidates) {
      if (other === as) continue;
      const [dx, dy] = [(places.x[other] ?? 0) - fromX, (places.y[other] ?? 0) - fromY];
      const distance = Math.hypot(dx, dy) || 1;
      const towards = (dx * heading.x + dy * heading.y) / distance;
      if (towards < 0.5) continue;
      // What lies straight ahead counts as nearer.
      const cost = distance / (towards * towards);
      if (cost < least) [found, least] = [other, cost];
    }
    return found;
  };
  return best(linked) ?? best(graph.ases.keys());
}
