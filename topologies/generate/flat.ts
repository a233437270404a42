/**
 * Graphs without any notion of providers, made into SCION networks. Which ASes are core and what each link is follows
 * from the graph alone:
 *
 * 1. The core begins with the AS of the highest degree and grows by the AS of the highest degree among the core's
 *    neighbours, the lower number first where two are equal. So the core is connected by links within it.
 * 2. The level of any other AS is its least number of links to the core.
 * 3. A link within the core is a core link; one between two levels is a child link, the AS nearer to the core being
 *    the parent; one between two ASes of a level is a peering link.
 *
 * Every AS of a connected graph then has a core AS above it, and child links cannot form a cycle.
 */
import type { LinkType, Network } from "../../core/scenario.ts";
import type { LinkOptions } from "../model.ts";
import { type Position } from "../geography.ts";
import { numberedIa, Wiring } from "./numbering.ts";

export interface FlatLink {
  readonly from: number;
  readonly to: number;
  readonly options?: LinkOptions;
}

/** A connected graph without loops and parallel links; nodes are numbered from 0. */
export interface FlatGraph {
  readonly nodes: number;
  readonly links: readonly FlatLink[];
  readonly positions?: readonly Position[];
}

/** The graph as a network of ISD 1 with this many core ASes (all of them, where the graph has no more). */
export function layFlatGraph(name: string, graph: FlatGraph, cores: number): Network {
  const neighbours = neighboursOf(graph);
  const levels = levelsBelow(chooseCore(neighbours, cores), neighbours);
  const levelOf = (node: number): number => levels[node] ?? 0;
  const wiring = new Wiring();
  for (const [node, level] of levels.entries()) {
    const position = graph.positions?.[node];
    wiring.add(numberedIa(node), level === 0, position === undefined ? {} : { position });
  }
  for (const { from, to, options } of graph.links) {
    const [upper, lower] = levelOf(from) <= levelOf(to) ? [from, to] : [to, from];
    wiring.link(numberedIa(upper), linkType(levelOf(upper), levelOf(lower)), numberedIa(lower), options);
  }
  return wiring.network(name);
}

function linkType(upper: number, lower: number): LinkType {
  if (upper !== lower) return "child";
  return upper === 0 ? "core" : "peer";
}

function neighboursOf({ nodes, links }: FlatGraph): readonly (readonly number[])[] {
  const neighbours = Array.from({ length: nodes }, (): number[] => []);
  for (const { from, to } of links) {
    neighbours[from]?.push(to);
    neighbours[to]?.push(from);
  }
  return neighbours;
}

function chooseCore(neighbours: readonly (readonly number[])[], cores: number): ReadonlySet<number> {
  const degreeOf = (node: number): number => neighbours[node]?.length ?? 0;
  const before = (left: number, right: number): number => degreeOf(right) - degreeOf(left) || left - right;
  const core = new Set<number>();
  const border = new Set([[...neighbours.keys()].reduce((best, node) => (before(node, best) < 0 ? node : best), 0)]);
  while (core.size < cores && border.size > 0) {
    const next = [...border].reduce((best, node) => (before(node, best) < 0 ? node : best));
    core.add(next);
    border.delete(next);
    for (const node of neighbours[next] ?? []) if (!core.has(node)) border.add(node);
  }
  return core;
}

/** Breadth first from the core, which is level 0. */
function levelsBelow(core: ReadonlySet<number>, neighbours: readonly (readonly number[])[]): readonly number[] {
  const levels = neighbours.map((_, node): number => (core.has(node) ? 0 : -1));
  const reached = [...core];
  for (const node of reached) {
    for (const next of neighbours[node] ?? []) {
      if (levels[next] !== -1) continue;
      levels[next] = (levels[node] ?? 0) + 1;
      reached.push(next);
    }
  }
  return levels;
}
