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
  /** Place of the segment's ID among the IDs of all segments given. */
  readonly rank: number;
}

/** One to three edges, in travelling order. */
export type Solution = readonly Edge[];

/** Segments to combine; all in the direction of construction, so that up and core segments are travelled from their end. */
export interface Segments {
  readonly up: readonly Segment[];
  readonly core: readonly Segment[];
  readonly down: readonly Segment[];
}

/** A path has at most this many segments: the cost and their number make one number. */
const MAX_EDGES = 3;

/**
 * Every solution in order, in groups of the same cost: by cost, number of segments, then segment by segment ID, cut and peering
 * link. Loops and duplicates are still among them.
 */
export function* solveSegments(given: Segments, src: IA, dst: IA): Generator<readonly Solution[]> {
  const edges = edgesOf(given);
  // Edges leave each vertex in order, so that each bucket is in order, too.
  const buckets: Solution[][][] = [];
  const visit = (at: string, before: Solution, cost: number): void => {
    for (const edge of edges.get(at) ?? []) {
      if (!follows(before.at(-1), edge)) continue;
      const now = [...before, edge];
      const total = cost + edge.cost;
      if (edge.to === dst) putInto(buckets, total, now);
      else if (now.length < MAX_EDGES) visit(edge.to, now, total);
    }
  };
  visit(src, [], 0);
  for (const bucket of buckets) {
    if (bucket !== undefined) yield bucket.flat();
  }
}

function putInto(buckets: Solution[][][], cost: number, solution: Solution): void {
  while (buckets.length <= cost) buckets.push([]);
  const bucket = buckets[cost] as Solution[][];
  while (bucket.length <= solution.length) bucket.push([]);
  bucket[solution.length]?.push(solution);
}

function follows(before: Edge | undefined, { type }: Edge): boolean {
  if (before === undefined || before.type === "up") return before === undefined || type !== "up";
  return before.type === "core" && type === "down";
}

/** Edges by the vertex they leave, in the order of their segments' IDs, cuts and peering links. */
function edgesOf({ up, core, down }: Segments): Map<string, Edge[]> {
  const edges = new Map<string, Edge[]>();
  const add = (from: string, edge: Edge): void => {
    const known = edges.get(from);
    if (known === undefined) edges.set(from, [edge]);
    else known.push(edge);
  };
  const ranks = ranksOf([...up, ...core, ...down]);
  const rankOf = (segment: Segment): number => ranks.get(segmentId(segment)) ?? 0;
  for (const segment of core) addCore(segment, rankOf(segment), add);
  for (const segment of up) addUp(segment, rankOf(segment), add);
  for (const segment of down) addDown(segment, rankOf(segment), add);
  for (const leaving of edges.values()) {
    leaving.sort((left, right) => left.rank - right.rank || left.shortcut - right.shortcut || left.peer - right.peer);
  }
  return edges;
}

function ranksOf(segments: readonly Segment[]): ReadonlyMap<string, number> {
  const ids = [...new Set(segments.map(segmentId))].sort();
  return new Map(ids.map((id, rank) => [id, rank]));
}

type Add = (from: string, edge: Edge) => void;

function addCore(segment: Segment, rank: number, add: Add): void {
  const { first, last, links } = endsOf(segment);
  add(last, { type: "core", segment, shortcut: 0, peer: 0, cost: links, to: first, rank });
}

function addUp(segment: Segment, rank: number, add: Add): void {
  const { last, links } = endsOf(segment);
  segment.entries.forEach(({ ia, peers }, shortcut) => {
    const cost = links - shortcut;
    const edge = { type: "up", segment, shortcut, cost, rank } as const;
    if (cost > 0) add(last, { ...edge, peer: 0, to: ia });
    peers.forEach(({ hop, peer, peerInterface }, at) => {
      add(last, { ...edge, peer: at + 1, to: peeringVertex(ia, hop.ingress, peer, peerInterface) });
    });
  });
}

function addDown(segment: Segment, rank: number, add: Add): void {
  const { last, links } = endsOf(segment);
  segment.entries.forEach(({ ia, peers }, shortcut) => {
    const cost = links - shortcut;
    const edge = { type: "down", segment, shortcut, to: last, rank } as const;
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
