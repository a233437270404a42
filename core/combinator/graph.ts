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

/**
 * Every solution in order, in groups of the same cost: by cost, number of segments, then segment by segment ID, cut and peering
 * link. Loops and duplicates are still among them. Groups of higher cost cost nothing until they are asked for.
 */
export function* solveSegments(given: Segments, src: IA, dst: IA): Generator<readonly Solution[]> {
  const search = new Search(edgesOf(given), src, dst);
  for (let cost = 0; cost < Number.POSITIVE_INFINITY; cost = search.nextCost) {
    const found = search.solutionsOf(cost);
    if (found.length > 0) yield sortSolutions(found);
  }
}

/** By number of segments, then segment by segment: ID, cut and peering link. IDs are looked up once for each solution. */
function sortSolutions(found: readonly Solution[]): readonly Solution[] {
  const named = found.map((solution) => ({ solution, ids: solution.map(({ segment }) => segmentId(segment)) }));
  return named.sort(compareSolutions).map(({ solution }) => solution);
}

interface Named {
  readonly solution: Solution;
  readonly ids: readonly string[];
}

function compareSolutions(left: Named, right: Named): number {
  if (left.ids.length !== right.ids.length) return left.ids.length - right.ids.length;
  for (let at = 0; at < left.ids.length; at++) {
    const [own, other] = [left.ids[at] as string, right.ids[at] as string];
    if (own !== other) return own < other ? -1 : 1;
    const [edge, against] = [left.solution[at] as Edge, right.solution[at] as Edge];
    const order = edge.shortcut - against.shortcut || edge.peer - against.peer;
    if (order !== 0) return order;
  }
  return 0;
}

type EdgesFrom = ReadonlyMap<string, readonly Edge[]>;

/** An edge that the destination can be reached by. */
interface Way {
  readonly edge: Edge;
  /** Least cost from here to the destination over this edge. */
  readonly least: number;
}

/** Goes through the graph once for each cost, and only where the destination is within reach at that cost. */
class Search {
  /** Least cost above the one looked for that some walk has. */
  nextCost = Number.POSITIVE_INFINITY;
  readonly #edges: EdgesFrom;
  readonly #src: string;
  readonly #dst: string;
  /** Ways on from a vertex, the shortest first: at the source, after an up segment, after a core segment. */
  readonly #ways = { start: new Map<string, Way[]>(), up: new Map<string, Way[]>(), core: new Map<string, Way[]>() };

  constructor(edges: EdgesFrom, src: string, dst: string) {
    this.#edges = edges;
    this.#src = src;
    this.#dst = dst;
  }

  solutionsOf(cost: number): Solution[] {
    this.nextCost = Number.POSITIVE_INFINITY;
    const found: Solution[] = [];
    this.#visit(this.#waysFrom(this.#src, "start"), [], cost, cost, found);
    return found;
  }

  #visit(ways: readonly Way[], before: Solution, left: number, cost: number, found: Solution[]): void {
    for (const { edge, least } of ways) {
      if (least > left) {
        this.nextCost = Math.min(this.nextCost, cost - left + least);
        return;
      }
      if (edge.to !== this.#dst) this.#visit(this.#waysAfter(edge), [...before, edge], left - edge.cost, cost, found);
      else if (least === left) found.push([...before, edge]);
    }
  }

  /** Whoever has come down goes no further, so that a walk has three edges at most. */
  #waysAfter({ type, to }: Edge): readonly Way[] {
    return type === "down" ? [] : this.#waysFrom(to, type);
  }

  #waysFrom(vertex: string, after: "start" | "up" | "core"): readonly Way[] {
    const known = this.#ways[after].get(vertex);
    if (known !== undefined) return known;
    const ways: Way[] = [];
    for (const edge of this.#edges.get(vertex) ?? []) {
      if (!mayFollow(after, edge.type)) continue;
      const further = edge.to === this.#dst ? 0 : this.#waysAfter(edge)[0]?.least;
      if (further !== undefined) ways.push({ edge, least: edge.cost + further });
    }
    ways.sort((left, right) => left.least - right.least);
    this.#ways[after].set(vertex, ways);
    return ways;
  }
}

function mayFollow(after: "start" | "up" | "core", type: SegmentType): boolean {
  return after === "start" || type === "down" || (after === "up" && type === "core");
}

/** Edges by the vertex they leave. Of peering links those alone whose other end stands on the other side: most lead nowhere. */
function edgesOf({ up, core, down }: Segments): EdgesFrom {
  const [above, below] = [asesOf(up), asesOf(down)];
  const edges = new Map<string, Edge[]>();
  const add = (from: string, edge: Edge): void => {
    const known = edges.get(from);
    if (known === undefined) edges.set(from, [edge]);
    else known.push(edge);
  };
  for (const segment of core) addCore(segment, add);
  for (const segment of up) addUp(segment, below, add);
  for (const segment of down) addDown(segment, above, add);
  return edges;
}

function asesOf(segments: readonly Segment[]): ReadonlySet<IA> {
  return new Set(segments.flatMap(({ entries }) => entries.map(({ ia }) => ia)));
}

type Add = (from: string, edge: Edge) => void;

function addCore(segment: Segment, add: Add): void {
  const { first, last, links } = endsOf(segment);
  add(last, { type: "core", segment, shortcut: 0, peer: 0, cost: links, to: first });
}

function addUp(segment: Segment, below: ReadonlySet<IA>, add: Add): void {
  const { last, links } = endsOf(segment);
  segment.entries.forEach(({ ia, peers }, shortcut) => {
    const cost = links - shortcut;
    const edge = { type: "up", segment, shortcut, cost } as const;
    if (cost > 0) add(last, { ...edge, peer: 0, to: ia });
    peers.forEach(({ hop, peer, peerInterface }, at) => {
      if (below.has(peer))
        add(last, { ...edge, peer: at + 1, to: peeringVertex(ia, hop.ingress, peer, peerInterface) });
    });
  });
}

function addDown(segment: Segment, above: ReadonlySet<IA>, add: Add): void {
  const { last, links } = endsOf(segment);
  segment.entries.forEach(({ ia, peers }, shortcut) => {
    const cost = links - shortcut;
    const edge = { type: "down", segment, shortcut, to: last } as const;
    if (cost > 0) add(ia, { ...edge, peer: 0, cost });
    peers.forEach(({ hop, peer, peerInterface }, at) => {
      const over = { ...edge, peer: at + 1, cost: cost + 1 };
      if (above.has(peer)) add(peeringVertex(peer, peerInterface, ia, hop.ingress), over);
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
