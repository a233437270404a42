/**
 * Places of ASes by ISD: every provider stands among its customers, each ISD in a disc of its own, ISDs with links between them side by side.
 * Circles within circles first, which takes any size; networks that a force model can take are then relaxed by one, from those places.
 * Nothing is drawn by chance, so the same network always gets the same picture.
 */
import {
  forceCollide,
  forceLink,
  forceManyBody,
  forceSimulation,
  forceX,
  forceY,
  packEnclose,
  packSiblings,
  type SimulationNodeDatum,
} from "d3";
import { asAt, linkAt, type MapGraph, type MapIsd, otherEnd } from "./graph.ts";
import type { Steps } from "./slices.ts";

/** In units of the map: one is about a pixel where a small network fills the screen. */
export interface Places {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** A circle around an AS that no other enters. */
const AS_ROOM = 30;
/** From disc to disc, and by how much more divided by the number of ASes: names need more room than small ISDs take. */
const ISD_GAP = 46;
const NAMES_GAP = 2200;
/** More ASes than this stay where the circles put them. */
const MOST_RELAXED = 1200;
/** Fewer ticks for larger networks. */
const TICKS = { small: 260, large: 90, from: 400 };

/** From an AS to a link that is not its own; looked after where ASes times links are no more than this. */
const LINK_ROOM = 24;
const MOST_PAIRS = 25_000;

interface Circle {
  x: number;
  y: number;
  r: number;
}

interface Disc extends SimulationNodeDatum {
  x: number;
  y: number;
  readonly r: number;
  readonly index: number;
}

interface Body extends SimulationNodeDatum {
  x: number;
  y: number;
  readonly index: number;
  readonly disc: Disc;
}

/** `aspect`: width over height of what it is to fill. */
export function* placeByIsd(graph: MapGraph, aspect: number): Steps<Places> {
  const x = new Float64Array(graph.ases.length);
  const y = new Float64Array(graph.ases.length);
  const radii: number[] = [];
  for (const isd of graph.isds) {
    radii.push(yield* packIsd(graph, isd, x, y));
    yield;
  }
  const discs = placeDiscs(graph, radii);
  yield;
  graph.isds.forEach((isd, n) => moveToDisc(graph, isd, discs, n, x, y));
  if (graph.ases.length <= MOST_RELAXED) {
    yield* relax(graph, discs, x, y);
    closeUp(graph, x, y);
  }
  return filling({ x, y }, aspect);
}

/** Places of one ISD around 0, 0; returns the radius of what it takes. */
function* packIsd(graph: MapGraph, { members }: MapIsd, x: Float64Array, y: Float64Array): Steps<number> {
  const { roots, below, order } = hierarchyOf(graph, members);
  yield;
  const groups = new Map<number, { readonly radius: number; readonly circles: readonly Circle[] }>();
  for (const [done, as] of order.toReversed().entries()) {
    const circles = [AS_ROOM, ...(below.get(as) ?? []).map((child) => groups.get(child)?.radius ?? AS_ROOM)];
    groups.set(as, packed(circles));
    if (circles.length > 50 || done % 250 === 249) yield;
  }
  const whole = packed(roots.map((root) => groups.get(root)?.radius ?? AS_ROOM));
  const middle = new Map(roots.map((root, n) => [root, whole.circles[n] as Circle]));
  for (const as of order) {
    const at = middle.get(as);
    const [own, ...rest] = groups.get(as)?.circles ?? [];
    if (at === undefined || own === undefined) continue;
    x[as] = at.x + own.x;
    y[as] = at.y + own.y;
    (below.get(as) ?? []).forEach((child, n) => {
      const circle = rest[n];
      if (circle !== undefined) middle.set(child, { x: at.x + circle.x, y: at.y + circle.y, r: circle.r });
    });
  }
  return whole.radius;
}

/** Circles of these radii side by side, around the middle of the circle that holds them. */
function packed(radii: readonly number[]): { readonly radius: number; readonly circles: readonly Circle[] } {
  const circles = packSiblings(radii.map((r): Circle => ({ x: 0, y: 0, r })));
  const { x, y, r } = packEnclose(circles);
  return { radius: r, circles: circles.map((circle) => ({ x: circle.x - x, y: circle.y - y, r: circle.r })) };
}

/** A tree of providers: of several an AS belongs to one of the nearest to a core, the one with the fewest so far. `order`: parents first. */
function hierarchyOf(
  graph: MapGraph,
  members: readonly number[],
): {
  readonly roots: readonly number[];
  readonly below: ReadonlyMap<number, readonly number[]>;
  readonly order: readonly number[];
} {
  const inside = new Set(members);
  const providers = (as: number): number[] =>
    asAt(graph, as)
      .links.map((link) => linkAt(graph, link))
      .filter(({ type, b, a }) => type === "child" && b === as && inside.has(a))
      .map(({ a }) => a);
  const customers = (as: number): number[] =>
    asAt(graph, as)
      .links.map((link) => linkAt(graph, link))
      .filter(({ type, a, b }) => type === "child" && a === as && inside.has(b))
      .map(({ b }) => b);
  const roots = members.filter((as) => providers(as).length === 0);
  const depth = new Map(roots.map((as) => [as, 0]));
  const order = [...roots];
  for (let n = 0; n < order.length; n++) {
    const as = order[n] as number;
    for (const customer of customers(as)) {
      if (depth.has(customer)) continue;
      depth.set(customer, (depth.get(as) ?? 0) + 1);
      order.push(customer);
    }
  }
  // Providers in a ring, which hangs from nowhere.
  const lost = members.filter((as) => !depth.has(as));
  const below = new Map<number, number[]>();
  for (const as of order.slice(roots.length)) {
    const nearest = providers(as).filter((provider) => depth.get(provider) === (depth.get(as) ?? 0) - 1);
    const count = (provider: number): number => below.get(provider)?.length ?? 0;
    const chosen = nearest.reduce((best, provider) => (count(provider) < count(best) ? provider : best));
    const siblings = below.get(chosen);
    if (siblings === undefined) below.set(chosen, [as]);
    else siblings.push(as);
  }
  return { roots: [...roots, ...lost], below, order: [...order, ...lost] };
}

/** Where the ISDs stand: beside those they have links with, no disc in another. */
function placeDiscs(graph: MapGraph, radii: readonly number[]): Disc[] {
  const slack = graph.ases.length <= MOST_RELAXED ? 1.1 : 1;
  const discs = radii.map((r, index): Disc => ({ x: 0, y: 0, r: r * slack, index }));
  if (discs.length < 2) return discs;
  // From the row in which they are counted: small numbers of ISDs stay side by side.
  const step = 2 * Math.max(...discs.map(({ r }) => r)) + ISD_GAP;
  const columns = Math.ceil(Math.sqrt(discs.length * 1.8));
  discs.forEach((disc, n) => {
    const row = Math.floor(n / columns);
    const column = row % 2 === 0 ? n % columns : columns - 1 - (n % columns);
    disc.x = column * step;
    disc.y = row * step * 0.9 + (column % 2) * step * 0.15;
  });
  settle(graph, discs, 0.3);
  return discs;
}

/** Moves discs towards those they have links with, until they nearly touch. */
function settle(graph: MapGraph, discs: Disc[], strength: number): void {
  const mean = discs.reduce((sum, { r }) => sum + r, 0) / discs.length;
  const gap = Math.max(ISD_GAP + NAMES_GAP / graph.ases.length, 0.2 * mean);
  forceSimulation(discs)
    .force(
      "link",
      forceLink<Disc, { source: number; target: number }>(isdTies(graph))
        .distance(({ source, target }) => (source as unknown as Disc).r + (target as unknown as Disc).r + gap)
        .strength(strength),
    )
    .force("apart", forceCollide<Disc>(({ r }) => r + gap / 2).iterations(4))
    .force("x", forceX<Disc>(0).strength(0.04))
    .force("y", forceY<Disc>(0).strength(0.07))
    .stop()
    .tick(discs.length > 30 ? 120 : 300);
}

/** Puts ISDs nearer to each other where they have turned out smaller than their discs. */
function closeUp(graph: MapGraph, x: Float64Array, y: Float64Array): void {
  if (graph.isds.length < 2) return;
  const before = graph.isds.map(({ members }, index): Disc => {
    const circle = packEnclose(members.map((as) => ({ x: x[as] ?? 0, y: y[as] ?? 0, r: AS_ROOM })));
    return { ...circle, index };
  });
  const after = before.map((disc): Disc => ({ ...disc }));
  settle(graph, after, 0.5);
  graph.isds.forEach(({ members }, n) => {
    const [dx, dy] = [(after[n]?.x ?? 0) - (before[n]?.x ?? 0), (after[n]?.y ?? 0) - (before[n]?.y ?? 0)];
    for (const as of members) {
      x[as] = (x[as] ?? 0) + dx;
      y[as] = (y[as] ?? 0) + dy;
    }
  });
}

function isdTies(graph: MapGraph): { source: number; target: number }[] {
  const numberOf = new Map(graph.isds.map(({ isd }, n) => [isd, n]));
  const seen = new Set<string>();
  return graph.links.flatMap(({ a, b }) => {
    const source = numberOf.get(asAt(graph, a).isd) ?? 0;
    const target = numberOf.get(asAt(graph, b).isd) ?? 0;
    const key = `${Math.min(source, target)} ${Math.max(source, target)}`;
    if (source === target || seen.has(key)) return [];
    seen.add(key);
    return [{ source, target }];
  });
}

/**
 * Turns an ISD until what has links to other ISDs faces them, puts it into its disc, and there the way round that makes the links to the
 * ISDs before it shorter.
 */
function moveToDisc(
  graph: MapGraph,
  { members }: MapIsd,
  discs: readonly Disc[],
  own: number,
  x: Float64Array,
  y: Float64Array,
): void {
  const home = discs[own] as Disc;
  const numberOf = new Map(graph.isds.map(({ isd }, n) => [isd, n]));
  const outgoing: { readonly as: number; readonly to: number; readonly isd: number }[] = [];
  let [insideX, insideY, outsideX, outsideY] = [0, 0, 0, 0];
  for (const as of members)
    for (const link of asAt(graph, as).links) {
      const to = otherEnd(graph, link, as);
      const isd = numberOf.get(asAt(graph, to).isd) ?? own;
      const other = discs[isd] as Disc;
      if (other === home) continue;
      const [dx, dy] = [other.x - home.x, other.y - home.y];
      const length = Math.hypot(dx, dy) || 1;
      insideX += x[as] ?? 0;
      insideY += y[as] ?? 0;
      outsideX += dx / length;
      outsideY += dy / length;
      outgoing.push({ as, to, isd });
    }
  const [from, to] = [Math.atan2(insideY, insideX), Math.atan2(outsideY, outsideX)];
  // Along the line that faces the others, and across it on either side.
  const spot = (as: number, side: 1 | -1): readonly [number, number] => {
    const [px, py] = [x[as] ?? 0, y[as] ?? 0];
    const along = px * Math.cos(from) + py * Math.sin(from);
    const across = side * (py * Math.cos(from) - px * Math.sin(from));
    return [
      home.x + along * Math.cos(to) - across * Math.sin(to),
      home.y + along * Math.sin(to) + across * Math.cos(to),
    ];
  };
  const reach = (side: 1 | -1): number =>
    outgoing
      .filter(({ isd }) => isd < own)
      .reduce((sum, { as, to }) => {
        const [px, py] = spot(as, side);
        return sum + Math.hypot(px - (x[to] ?? 0), py - (y[to] ?? 0));
      }, 0);
  const side = reach(-1) < reach(1) ? -1 : 1;
  for (const as of members) [x[as], y[as]] = spot(as, side);
}

/** One tick of the model a step. ISDs keep to their discs where there are several. */
function* relax(graph: MapGraph, discs: readonly Disc[], x: Float64Array, y: Float64Array): Steps<void> {
  const numberOf = new Map(graph.isds.map(({ isd }, n) => [isd, n]));
  const bodies = graph.ases.map(({ isd }, index): Body => {
    const disc = discs[numberOf.get(isd) ?? 0] as Disc;
    return { x: x[index] ?? 0, y: y[index] ?? 0, index, disc };
  });
  const single = discs.length === 1;
  const ties = graph.links.map(({ a, b }) => {
    const [from, to] = [asAt(graph, a), asAt(graph, b)];
    const degree = Math.min(from.links.length, to.links.length);
    return { source: a, target: b, inside: from.isd === to.isd, degree };
  });
  const simulation = forceSimulation(bodies)
    .force(
      "link",
      forceLink<Body, (typeof ties)[number]>(ties)
        // Between two well-connected ASes there has to be room for what hangs on them.
        .distance(({ degree }) => 55 + 12 * Math.min(degree, 6))
        .strength(({ inside, degree }) => (inside ? 1 / degree : 0.02)),
    )
    .force("charge", forceManyBody<Body>().strength(-260).distanceMax(420))
    .force("apart", forceCollide<Body>(AS_ROOM).iterations(2))
    .force("x", forceX<Body>(({ disc }) => disc.x).strength(single ? 0.02 : 0.06))
    .force("y", forceY<Body>(({ disc }) => disc.y).strength(single ? 0.06 : 0.06))
    .stop();
  const ticks = bodies.length > TICKS.from ? TICKS.large : TICKS.small;
  simulation.alphaDecay(1 - 0.001 ** (1 / ticks));
  for (let n = 0; n < ticks; n++) {
    simulation.tick();
    if (n > ticks / 4 && bodies.length * ties.length <= MOST_PAIRS) leaveLinks(graph, bodies);
    if (!single) bodies.forEach(keepInside);
    yield;
  }
  for (const body of bodies) {
    x[body.index] = body.x;
    y[body.index] = body.y;
  }
}

/** Pushes ASes off the links of others, which would seem to be theirs. */
function leaveLinks(graph: MapGraph, bodies: readonly Body[]): void {
  for (const { a, b } of graph.links) {
    const [from, to] = [bodies[a], bodies[b]];
    if (from === undefined || to === undefined) continue;
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const size = dx * dx + dy * dy || 1;
    const length = Math.sqrt(size);
    for (const body of bodies) {
      if (body === from || body === to) continue;
      const t = ((body.x - from.x) * dx + (body.y - from.y) * dy) / size;
      if (t <= 0 || t >= 1) continue;
      const off = ((body.y - from.y) * dx - (body.x - from.x) * dy) / length;
      if (Math.abs(off) >= LINK_ROOM) continue;
      const push = (LINK_ROOM - Math.abs(off)) * 0.25 * (off < 0 ? -1 : 1);
      body.x -= (dy / length) * push;
      body.y += (dx / length) * push;
    }
  }
}

function keepInside(body: Body): void {
  const { disc } = body;
  const [dx, dy] = [body.x - disc.x, body.y - disc.y];
  const room = Math.max(disc.r - AS_ROOM / 2, 1);
  const length = Math.hypot(dx, dy);
  if (length <= room) return;
  body.x = disc.x + (dx / length) * room;
  body.y = disc.y + (dy / length) * room;
}

/** Distances in one of both axes may be so much longer. */
const MOST_STRETCHED = 1.6;

/** On its side where that fits the place better, stretched some way towards its shape, and around 0, 0. */
function filling({ x, y }: Places, aspect: number): Places {
  const { left, top, right, bottom } = extentOf({ x, y });
  const middle = { x: (left + right) / 2, y: (top + bottom) / 2 };
  const around = { x: x.map((value) => value - middle.x), y: y.map((value) => value - middle.y) };
  const turned = bottom - top > right - left !== aspect < 1;
  const lying = turned ? { x: around.y, y: around.x } : around;
  const [width, height] = turned ? [bottom - top, right - left] : [right - left, bottom - top];
  const lacking = (aspect * (height + AS_ROOM)) / (width + AS_ROOM);
  const stretch = (by: number): ((value: number) => number) => {
    const factor = Math.min(Math.max(by, 1), MOST_STRETCHED);
    return (value) => value * factor;
  };
  return { x: lying.x.map(stretch(lacking)), y: lying.y.map(stretch(1 / lacking)) };
}

export interface Extent {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Around 0, 0 where there is nothing. */
export function extentOf({ x, y }: Places): Extent {
  if (x.length === 0) return { left: 0, top: 0, right: 0, bottom: 0 };
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let n = 0; n < x.length; n++) {
    left = Math.min(left, x[n] ?? 0);
    right = Math.max(right, x[n] ?? 0);
    top = Math.min(top, y[n] ?? 0);
    bottom = Math.max(bottom, y[n] ?? 0);
  }
  return { left, top, right, bottom };
}
