/**
 * Random links that grow rare with distance (Waxman, IEEE JSAC 6(9), 1988), with the roles of alpha and beta as in
 * BRITE: P(u, v) = alpha exp(-d(u, v) / (beta L)), L being the largest distance between two ASes. Where that leaves
 * ASes apart, the shortest missing link between each further part and the first one joins them.
 */
import { exp } from "../../core/math.ts";
import { RandomStream } from "../../core/rng.ts";
import type { Network } from "../../core/scenario.ts";
import { fibreDelay, greatCircleKm, type Position } from "../geography.ts";
import { preset, real, SEED, whole } from "../presets/parameters.ts";
import { type FlatLink, layFlatGraph } from "./flat.ts";

/** About Europe without its far north. */
const REGION = { south: 36, north: 60, west: -10, east: 30 };

/** The number of pairs grows with the square. */
const MAX_NODES = 1_000;

interface Spread {
  readonly nodes: number;
  readonly alpha: number;
  readonly beta: number;
  readonly cores: number;
  readonly seed: number;
}

export const WAXMAN = preset(
  "ASes on a map of Europe's size, near ones linked more often; the best connected ASes are core",
  {
    nodes: whole(2, MAX_NODES, 50, "number of ASes"),
    alpha: real(0, 1, 0.4, "probability of a link between ASes at the same place"),
    beta: real(0.01, 10, 0.2, "how far links reach, as a share of the largest distance"),
    cores: whole(1, 1_000, 5, "number of core ASes"),
    seed: SEED,
  },
  ({ nodes, alpha, beta, cores, seed }) => waxman({ nodes, alpha, beta, cores, seed }),
);

function waxman({ nodes, alpha, beta, cores, seed }: Spread): Network {
  const positions = scatter(nodes, seed);
  const distance = (from: number, to: number): number => {
    const [one, other] = [positions[from], positions[to]];
    return one === undefined || other === undefined ? 0 : greatCircleKm(one, other);
  };
  const reach = beta * largest(nodes, distance);
  const stream = new RandomStream(seed, "topology/waxman", "links");
  const pairs: (readonly [number, number])[] = [];
  for (let to = 1; to < nodes; to++) {
    for (let from = 0; from < to; from++) {
      // Without a common place of all ASes, reach is above 0.
      const draw = stream.uniform();
      if (draw < alpha && draw < alpha * exp(-distance(from, to) / reach)) pairs.push([from, to]);
    }
  }
  const links = [...pairs, ...missingLinks(nodes, pairs, distance)].map(([from, to]): FlatLink => {
    const [one, other] = [positions[from], positions[to]];
    if (one === undefined || other === undefined) return { from, to };
    return { from, to, options: { latency_ns: fibreDelay(one, other) } };
  });
  return layFlatGraph(`waxman-${nodes}`, { nodes, links, positions }, cores);
}

/** Uniform in degrees within the region, to 0.001 degrees. */
function scatter(nodes: number, seed: number): readonly Position[] {
  const stream = new RandomStream(seed, "topology/waxman", "positions");
  const between = (low: number, high: number): number =>
    Math.round((low + (high - low) * stream.uniform()) * 1_000) / 1_000;
  return Array.from({ length: nodes }, () => ({
    lat: between(REGION.south, REGION.north),
    lon: between(REGION.west, REGION.east),
  }));
}

type Distance = (from: number, to: number) => number;

function largest(nodes: number, distance: Distance): number {
  let found = 0;
  for (let to = 1; to < nodes; to++) {
    for (let from = 0; from < to; from++) found = Math.max(found, distance(from, to));
  }
  return found;
}

/** Prim's rule over the parts of the graph: the nearest AS outside joins, and all that it is linked to with it. */
function missingLinks(
  nodes: number,
  pairs: readonly (readonly [number, number])[],
  distance: Distance,
): readonly (readonly [number, number])[] {
  const partOf = parts(nodes, pairs);
  const members = Map.groupBy(partOf.keys(), (node) => partOf[node] ?? 0);
  const nearest = partOf.map(() => ({ from: 0, km: Number.POSITIVE_INFINITY }));
  const inside = new Set<number>();
  const added: (readonly [number, number])[] = [];
  const join = (part: number): void => {
    for (const node of members.get(part) ?? []) inside.add(node);
    for (const node of members.get(part) ?? []) {
      for (const [other, best] of nearest.entries()) {
        const km = inside.has(other) ? Number.POSITIVE_INFINITY : distance(node, other);
        if (km < best.km) nearest[other] = { from: node, km };
      }
    }
  };
  join(partOf[0] ?? 0);
  while (inside.size < nodes) {
    const to = nearest.reduce((best, { km }, node) => {
      if (inside.has(node)) return best;
      return best === -1 || km < (nearest[best]?.km ?? 0) ? node : best;
    }, -1);
    added.push([nearest[to]?.from ?? 0, to]);
    join(partOf[to] ?? 0);
  }
  return added;
}

/** For each node the lowest node it is connected to. */
function parts(nodes: number, pairs: readonly (readonly [number, number])[]): readonly number[] {
  const parent = Array.from({ length: nodes }, (_, node) => node);
  const rootOf = (node: number): number => {
    let root = node;
    while (parent[root] !== root) root = parent[root] ?? root;
    parent[node] = root;
    return root;
  };
  for (const [from, to] of pairs) {
    const [one, other] = [rootOf(from), rootOf(to)];
    parent[Math.max(one, other)] = Math.min(one, other);
  }
  return parent.map((_, node) => rootOf(node));
}
