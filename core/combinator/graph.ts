/**
 * Ways to join segments (scionproto `private/path/combinator/graph.go`): a graph whose vertices are ASes and peering links,
 * whose edges are segments, whole or cut short, and in it every walk from source to destination of the form up, core, down.
 */
import type { IA, IfId } from "../address.ts";
import type { SegmentType } from "../path.ts";
import type { Segment } from "../segment.ts";
import { segmentId } from "../segment-id.ts";

/** A use of a segment. */
export interface Edge {
  readonly type: SegmentType;
  readonly segment: Segment;
  /** Index of the entry at which the segment is cut; 0: not cut. */
  readonly shortcut: number;
  /** Number, from 1, of the peering link that the path takes at that entry; 0: none. */
  readonly peer: number;
  /** Links crossed; a peering link counts with the down segment. */
  readonly cost: number;
  readonly to: string;
}

/** One to three edges, in travelling order. */
export type Solution = readonly Edge[];

/** Segments to combine; all in the direction of construction, so that up and core segments are travelled from their end. */
export interface Segments {
  readonly up: readonly Segment[];
  readonly core: readonly Segment[];
  readonly down: readonly Segment[];
}

/** Up, core, down. */
const MAX_EDGES = 3;

/**
 * Every solution in order, in groups of the same cost: by cost, number of segments, then segment by segment ID, cut and peering
 * link. Loops and duplicates are still among them. Groups of higher cost cost nothing until they are asked for.
 */
export function* solveSegments(given: Segments, src: IA, dst: IA): Generator<readonly Solution[]> {
  const search = new Search(edgesOf(given), src, dst);
  for (let cost = 0; cost < Number.POSITIVE_INFINITY; cost = search.nextCost) {
    const found = search.solutionsOf(cost);
    if (found.length > 0) yield found.sort(compareSolutions);
  }
}

/** By number of segments, then segment by segment. */
function compareSolutions(left: Solution, right: Solution): number {
  if (left.length !== right.length) return left.length - right.length;
  for (const [at, edge] of left.entries()) {
    const order = compareEdges(edge, right[at] as Edge);
    if (order !== 0) return order;
  }
  return 0;
}

function compareEdges(left: Edge, right: Edge): number {
  if (left.segment !== right.segment) {
    const [own, other] = [segmentId(left.segment), segmentId(right.segment)];
    if (own !== other) return own < other ? -1 : 1;
  }
  return left.shortcut - right.shortcut || left.peer - right.peer;
}

type EdgesFrom = ReadonlyMap<string, readonly Edge[]>;

/** Goes through the graph once for each cost, and only where the destination is within reach at that cost. */
class Search {
  /** Least cost above the one looked for that some walk has. */
  nextCost = Number.POSITIVE_INFINITY;
  readonly #edges: EdgesFrom;
  readonly #src: string;
  readonly #dst: string;
  /** Least cost from a vertex to the destination, after an up and after a core segment. */
  readonly #least = { up: new Map<string, number>(), core: new Map<string, number>() };

  constructor(edges: EdgesFrom, src: string, dst: string) {
    this.#edges = edges;
    this.#src = src;
    this.#dst = dst;
  }

  solutionsOf(cost: number): Solution[] {
    this.nextCost = Number.POSITIVE_INFINITY;
    const found: Solution[] = [];
    this.#visit(this.#src, [], cost, cost, found);
    return found;
  }

  #visit(at: string, before: Solution, left: number, cost: number, found: Solution[]): void {
    const last = before.at(-1);
    for (const edge of this.#edges.get(at) ?? []) {
      if (!follows(last, edge)) continue;
      const rest = left - edge.cost - this.#leastAfter(edge);
      if (rest < 0) this.nextCost = Math.min(this.nextCost, cost - rest);
      else if (edge.to === this.#dst) {
        if (rest === 0) found.push([...before, edge]);
      } else if (before.length + 1 < MAX_EDGES) this.#visit(edge.to, [...before, edge], left - edge.cost, cost, found);
    }
  }

  #leastAfter({ type, to }: Edge): number {
    if (to === this.#dst) return 0;
    if (type === "down") return Number.POSITIVE_INFINITY;
    const known = this.#least[type].get(to);
    if (known !== undefined) return known;
    let least = Number.POSITIVE_INFINITY;
    for (const next of this.#edges.get(to) ?? []) {
      if (isAfter(type, next)) least = Math.min(least, next.cost + this.#leastAfter(next));
    }
    this.#least[type].set(to, least);
    return least;
  }
}

function follows(before: Edge | undefined, next: Edge): boolean {
  return before === undefined || isAfter(before.type, next);
}

function isAfter(before: SegmentType, { type }: Edge): boolean {
  return before === "up" ? type !== "up" : before === "core" && type === "down";
}

/** Edges by the vertex they leave. */
function edgesOf({ up, core, down }: Segments): EdgesFrom {
  const edges = new Map<string, Edge[]>();
  const add = (from: string, edge: Edge): void => {
    const known = edges.get(from);
    if (known === undefined) edges.set(from, [edge]);
    else known.push(edge);
  };
  for (const segment of core) addCore(segment, add);
  for (const segment of up) addUp(segment, add);
  for (const segment of down) addDown(segment, add);
  return edges;
}

type Add = (from: string, edge: Edge) => void;

function addCore(segment: Segment, add: Add): void {
  const { first, last, links } = endsOf(segment);
  add(last, { type: "core", segment, shortcut: 0, peer: 0, cost: links, to: first });
}

function addUp(segment: Segment, add: Add): void {
  const { last, links } = endsOf(segment);
  segment.entries.forEach(({ ia, peers }, shortcut) => {
    const cost = links - shortcut;
    const edge = { type: "up", segment, shortcut, cost } as const;
    if (cost > 0) add(last, { ...edge, peer: 0, to: ia });
    peers.forEach(({ hop, peer, peerInterface }, at) => {
      add(last, { ...edge, peer: at + 1, to: peeringVertex(ia, hop.ingress, peer, peerInterface) });
    });
  });
}

function addDown(segment: Segment, add: Add): void {
  const { last, links } = endsOf(segment);
  segment.entries.forEach(({ ia, peers }, shortcut) => {
    const cost = links - shortcut;
    const edge = { type: "down", segment, shortcut, to: last } as const;
    if (cost > 0) add(ia, { ...edge, peer: 0, cost });
    peers.forEach(({ hop, peer, peerInterface }, at) => {
      add(peeringVertex(peer, peerInterface, ia, hop.ingress), { ...edge, peer: at + 1, cost: cost + 1 });
    });
  });
}

function endsOf({ entries }: Segment): { readonly first: IA; readonly last: IA; readonly links: number } {
  return { first: entries[0]?.ia ?? "", last: entries.at(-1)?.ia ?? "", links: entries.length - 1 };
}

/** A peering link, seen in travelling order. */
function peeringVertex(up: IA, upInterface: IfId, down: IA, downInterface: IfId): string {
  return `${up}#${upInterface} ${down}#${downInterface}`;
}
