/** Which names are shown at a level, and where: none covers an AS or another name, cores and well-connected ASes come first. */
import { linkAt, type MapGraph } from "./graph.ts";
import type { Places } from "./layout.ts";
import type { Level } from "./level.ts";
import type { Spot } from "./lines.ts";

/** An ISD's border; `top` and `bottom`: the middles of its upper and its lower edge. */
export interface Hull {
  readonly isd: string;
  readonly corners: readonly Spot[];
  readonly top: Spot;
  readonly bottom: Spot;
}

/** 0: not shown, else the side on which the name stands, counted from 1. */
export type Labels = Uint8Array;

/** By number, from 1 on. `x`, `y`: from the AS to the nearest side of the name, in radii; `anchor` as SVG has it. */
export const SIDES = [
  { x: 0, y: 1, anchor: "middle" },
  { x: 0, y: -1, anchor: "middle" },
  { x: 1, y: 0, anchor: "start" },
  { x: -1, y: 0, anchor: "end" },
] as const;

/** Mean width of a character, in heights of the font: plain and bold, of the wider of common fonts. */
const CHARACTER = { plain: 0.58, bold: 0.65 };
/** Longer names are cut. */
const LONGEST_NAME = 20;
/** Below this radius in pixels only so many ASes have names, which may cover others. */
const SMALL_SYMBOL = 3.2;
const MOST_AT_SMALL = 40;
/** Of more ASes the names of ISDs may cover some. */
const MOST_AVOIDED = 1000;

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** `among`: the ASes that may have names; all where left out. */
export function placeLabels(
  graph: MapGraph,
  places: Places,
  level: Level,
  taken: readonly Box[],
  among?: readonly number[],
): Labels {
  const labels = new Uint8Array(graph.ases.length);
  const order = (among ?? [...graph.ases.keys()]).toSorted((a, b) => weight(graph, b) - weight(graph, a) || a - b);
  const small = level.radius / level.pixel < SMALL_SYMBOL;
  const shown = small ? order.slice(0, MOST_AT_SMALL) : order;
  const boxes = new Boxes(level.font * 6);
  for (const box of taken) boxes.add(box);
  for (const as of small ? shown : order) boxes.add(symbolBox(places, as, level));
  for (const as of shown) {
    const side = sidesBySpace(graph, places, as).find((n) => boxes.isFree(nameBox(graph, places, as, level, n)));
    if (side === undefined) continue;
    labels[as] = side;
    boxes.add(nameBox(graph, places, as, level, side));
  }
  return labels;
}

/** Above or below the hull of an ISD: where its name covers the fewest ASes and names of other ISDs. */
export function placeIsdNames(hulls: readonly Hull[], places: Places, level: Level): readonly Box[] {
  const boxes = new Boxes(level.font * 6);
  const few = places.x.length <= MOST_AVOIDED;
  if (few) for (const as of places.x.keys()) boxes.add(symbolBox(places, as, level));
  return hulls.map(({ isd, top, bottom }) => {
    const half = `ISD ${isd}`.length * CHARACTER.bold * level.font * 0.55;
    const around = ({ x, y }: Spot): Box => ({
      left: x - half,
      right: x + half,
      top: y - level.font * 0.6,
      bottom: y + level.font * 0.6,
    });
    const above = around({ x: top.x, y: top.y - 0.9 * level.font });
    const below = around({ x: bottom.x, y: bottom.y + 0.9 * level.font });
    const box = boxes.isFree(above) || !boxes.isFree(below) ? above : below;
    boxes.add(box);
    return box;
  });
}

function weight({ ases }: MapGraph, as: number): number {
  const { core, links } = ases[as] ?? { core: false, links: [] };
  return (core ? 1000 : 0) + links.length;
}

function symbolBox({ x, y }: Places, as: number, { radius }: Level): Box {
  const [middleX, middleY] = [x[as] ?? 0, y[as] ?? 0];
  return { left: middleX - radius, top: middleY - radius, right: middleX + radius, bottom: middleY + radius };
}

/** Sides by how few links leave there. */
function sidesBySpace(graph: MapGraph, places: Places, as: number): number[] {
  const crossed = [0, 0, 0, 0];
  for (const link of graph.ases[as]?.links ?? []) {
    const { a, b } = linkAt(graph, link);
    const other = a === as ? b : a;
    const [dx, dy] = [(places.x[other] ?? 0) - (places.x[as] ?? 0), (places.y[other] ?? 0) - (places.y[as] ?? 0)];
    // A name above or below is wide: what runs there at a slant crosses it, too.
    const side = Math.abs(dy) * 1.6 > Math.abs(dx) ? (dy > 0 ? 0 : 1) : dx > 0 ? 2 : 3;
    crossed[side] = (crossed[side] ?? 0) + 1;
  }
  return [0, 1, 2, 3].sort((m, n) => (crossed[m] ?? 0) - (crossed[n] ?? 0) || m - n).map((n) => n + 1);
}

/** Cut after a word where it is too long: half words are none for those who listen. */
export function shownName(name: string): string {
  const characters = [...name];
  if (characters.length <= LONGEST_NAME) return name;
  const start = characters.slice(0, LONGEST_NAME - 1).join("");
  const words = start.slice(0, start.lastIndexOf(" "));
  return `${start.includes(" ") ? words.replace(/[ ,;]+$/, "") : start}\u2026`;
}

/** Where the name's anchor stands, seen from the middle of the AS; y is that of its middle line. */
export function nameOffset({ radius, font }: Level, side: number): { readonly dx: number; readonly dy: number } {
  const { x, y } = SIDES[side - 1] ?? SIDES[0];
  return { dx: x * (radius + font * 0.35), dy: y * (radius + font * 0.75) };
}

export function nameBox(graph: MapGraph, places: Places, as: number, level: Level, side: number): Box {
  const { name, core } = graph.ases[as] ?? { name: "", core: false };
  const width = shownName(name).length * (core ? CHARACTER.bold : CHARACTER.plain) * level.font;
  const { dx, dy } = nameOffset(level, side);
  const { x: aside } = SIDES[side - 1] ?? SIDES[0];
  const middle = (places.x[as] ?? 0) + dx + (aside * width) / 2;
  const line = (places.y[as] ?? 0) + dy;
  const half = level.font * 0.55;
  return { left: middle - width / 2, right: middle + width / 2, top: line - half, bottom: line + half };
}

/** Boxes by the squares of a grid that they touch. */
class Boxes {
  readonly #size: number;
  readonly #squares = new Map<string, Box[]>();

  constructor(size: number) {
    this.#size = size;
  }

  add(box: Box): void {
    for (const key of this.#keys(box)) {
      const known = this.#squares.get(key);
      if (known === undefined) this.#squares.set(key, [box]);
      else known.push(box);
    }
  }

  isFree(box: Box): boolean {
    for (const key of this.#keys(box))
      for (const other of this.#squares.get(key) ?? [])
        if (box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom)
          return false;
    return true;
  }

  *#keys({ left, top, right, bottom }: Box): Generator<string> {
    const square = (value: number): number => Math.floor(value / this.#size);
    for (let x = square(left); x <= square(right); x++)
      for (let y = square(top); y <= square(bottom); y++) yield `${x} ${y}`;
  }
}
