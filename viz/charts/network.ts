/**
 * A network with the load of its links. The layout is a force model from fixed places, so that the same network always gets the same picture:
 * ISDs stand side by side, cores towards the middle between them, what hangs below a core outside.
 */
import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY, type SimulationNodeDatum } from "d3";
import type { ComparedNetwork } from "../../core/comparison.ts";
import { chart, type Described, emptyChart } from "./frame.ts";
import { type Child, el, type Markup, px, shorten } from "./markup.ts";

export interface Spot {
  readonly x: number;
  readonly y: number;
}

export type Layout = ReadonlyMap<string, Spot>;

interface Body extends SimulationNodeDatum {
  readonly ia: string;
  readonly isd: number;
  readonly core: boolean;
}

const STEPS = 300;
/** Half of the widest name. */
const MARGIN = 32;
const NAME_LENGTH = 9;

/** Places of the ASes within `width` times `height`. */
export function layoutNetwork({ ases, links }: ComparedNetwork, width: number, height: number): Layout {
  const isds = [...new Set(ases.map(({ ia }) => isdOf(ia)))];
  const bodies = ases.map(({ ia, core }): Body => ({ ia, core, isd: isds.indexOf(isdOf(ia)) }));
  const column = (body: Body): number => {
    const middle = (isds.length - 1) / 2;
    const side = body.isd - middle;
    return side * 260 - (body.core ? Math.sign(side) * 60 : -Math.sign(side) * 40);
  };
  const ties = links.map(({ a, b }) => ({ source: iaOf(a), target: iaOf(b) }));
  const known = new Set(bodies.map(({ ia }) => ia));
  forceSimulation(bodies)
    .force(
      "link",
      forceLink<Body, { source: string; target: string }>(
        ties.filter(({ source, target }) => known.has(source) && known.has(target)),
      )
        .id(({ ia }) => ia)
        .distance(60)
        .strength(0.25),
    )
    .force("charge", forceManyBody().strength(-220))
    .force("apart", forceCollide(22))
    .force("x", forceX<Body>(column).strength(isds.length > 1 ? 0.35 : 0.03))
    .force("y", forceY(0).strength(0.08))
    .stop()
    .tick(STEPS);
  return fit(bodies, width, height);
}

function fit(bodies: readonly Body[], width: number, height: number): Layout {
  const range = (pick: (body: Body) => number, size: number): ((body: Body) => number) => {
    const values = bodies.map(pick);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const room = high - low;
    return (body) => (room === 0 ? size / 2 : MARGIN + ((pick(body) - low) / room) * (size - 2 * MARGIN));
  };
  const x = range((body) => body.x ?? 0, width);
  const y = range((body) => body.y ?? 0, height);
  return new Map(bodies.map((body) => [body.ia, { x: px(x(body)), y: px(y(body)) }]));
}

/** `1` of `1-ff00:0:110`. */
export function isdOf(ia: string): string {
  return ia.split("-")[0] ?? ia;
}

/** `1-ff00:0:110` of `1-ff00:0:110#41`, or of itself. */
export function iaOf(end: string): string {
  return end.split("#")[0] ?? end;
}

export interface NetworkChart extends Described {
  readonly width: number;
  readonly height: number;
  readonly network: ComparedNetwork;
  readonly layout: Layout;
  /** Mean share of time in which a direction was sending, by its id; idle links may be missing. */
  readonly load: ReadonlyMap<string, number>;
}

/** Bounds of the classes of load; what is below the first counts as idle. */
export const LOAD_STEPS = [0.2, 0.5, 0.8, 0.95];
const WIDTHS = [1, 2, 3.2, 4.6, 6];

export function networkChart(input: NetworkChart): Markup {
  const { network, layout, width, height } = input;
  if (network.ases.length === 0) return emptyChart(input, width, height);
  return chart(
    input,
    width,
    height,
    WIDTHS.map((_, level) => drawLevel(network.links, level, input)),
    network.ases.map(({ ia, label, core }) => drawAs(ia, label, core, layout.get(ia))),
  );
}

export function loadClass(share: number): number {
  return LOAD_STEPS.filter((bound) => share >= bound).length;
}

/** All directions of one class of load; dashes for peering links. The figures of each link stand in the report's tables. */
function drawLevel(links: ComparedNetwork["links"], level: number, { layout, load }: NetworkChart): Child {
  const pieces = (isPeer: boolean): string =>
    links
      .filter(({ type }) => (type === "peer") === isPeer)
      .flatMap(({ a, b, directions: [ab, ba] }) => {
        const [from, to] = [layout.get(iaOf(a)), layout.get(iaOf(b))];
        if (from === undefined || to === undefined) return [];
        return [
          loadClass(load.get(ab) ?? 0) === level ? half(from, to, level) : "",
          loadClass(load.get(ba) ?? 0) === level ? half(to, from, level) : "",
        ];
      })
      .join("");
  const style = { class: `ln l${level}`, style: `stroke-width:${WIDTHS[level] ?? 1}` };
  const [plain, peering] = [pieces(false), pieces(true)];
  return [
    plain === "" ? null : el("path", { ...style, d: plain }),
    peering === "" ? null : el("path", { ...style, "stroke-dasharray": "5 3", d: peering }),
  ];
}

/** One direction, drawn beside the middle on the right-hand side of its traffic. */
function half(from: Spot, to: Spot, level: number): string {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.sqrt(dx * dx + dy * dy) || 1;
  const aside = (WIDTHS[level] ?? 1) / 2 + 0.6;
  const [ox, oy] = [(-dy / length) * aside, (dx / length) * aside];
  return `M${px(from.x + ox)},${px(from.y + oy)}L${px(to.x + ox)},${px(to.y + oy)}`;
}

function drawAs(ia: string, label: string | null, core: boolean, spot: Spot | undefined): Child {
  if (spot === undefined) return null;
  const name = shorten(label ?? ia.split(":").at(-1) ?? ia, NAME_LENGTH);
  const [wide, high] = core ? [name.length * 8 + 14, 18] : [name.length * 5.6 + 10, 15];
  const box = { x: px(spot.x - wide / 2), y: px(spot.y - high / 2), width: px(wide), height: high };
  return el(
    "g",
    {},
    el("title", {}, label === null ? ia : `${ia} (${label})`),
    el("rect", { class: core ? "as core" : "as", ...box, rx: core ? 2 : high / 2 }),
    el("text", { class: core ? "mid bold" : "mid small", x: spot.x, y: px(spot.y + 4) }, name),
  );
}
