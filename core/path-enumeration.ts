/**
 * Every path between two ASes that SCION's combination rules allow, the best first: fewest links, then fewest
 * segments, then the interface ids in travelling order compared as numbers.
 *
 * What is allowed (draft-dekater-scion-controlplane, "Combining Path Segments"; scionproto `combinator/graph.go`):
 * - up child links, then core links, then down child links, any of the three may be missing; an up and a down segment
 *   that meet at a non-core AS are a shortcut;
 * - up, one peering link, down. Both ends of the peering link are non-core: beacons name an AS's peers when they pass
 *   through it, and a core AS originates its beacons without any. Source or destination may themselves be such an end
 *   (their segment is then a single hop field);
 * - a segment begins at a core AS, so whatever AS an up segment ends at or a down segment begins at must be core or
 *   have a core AS above it;
 * - no AS twice, at most 64 hop fields, at most 63 of them in one segment.
 *
 * The search is A* by iterative deepening: the exact distance left (counted backwards from the destination, loops
 * allowed) says which prefixes can still end within the limit, and walking them in the order of their interface ids
 * gives the paths of one cost in their final order. No queue of open prefixes is kept, and the first path between the
 * corners of a grid costs as many steps as it has links.
 */
import { compareIA, formatInterface, type IA, type IfId } from "./address.ts";
import { hashText, hexHash } from "./digest.ts";
import type { ForwardingKeys } from "./forwarding-keys.ts";
import { type BareHop, createHopMacs, signHops } from "./hop-mac.ts";
import { type Crossing, crossingOf } from "./internal-network.ts";
import {
  EXP_TIME_UNIT,
  type HopField,
  type InfoField,
  MAX_HOPS,
  type PathInfo,
  type PathInterface,
  type PathSegment,
  type ScionPath,
  type SegmentType,
} from "./path.ts";
import type { LinkDirection, Network, NetworkAs, NetworkLink } from "./scenario.ts";
import { SECOND } from "./units.ts";

/** ExpTime of every hop field: `(1 + 63) * 337.5 s` is six hours, SCION's default. */
export const HOP_EXP_TIME = 63;

const HOP_LIFETIME_S = ((1 + HOP_EXP_TIME) * EXP_TIME_UNIT) / SECOND;

/** SegLen has 6 bits. */
const MAX_SEGMENT_HOPS = 63;

const DEFAULT_MAX_EXPANSIONS = 200_000;

/** Destinations whose distances an index keeps; the one asked for longest ago goes first. */
const MAX_DISTANCE_TABLES = 1_024;

/** How a link is crossed. */
const Turn = { up: 0, core: 1, down: 2, peer: 3 } as const;
type Turn = (typeof Turn)[keyof typeof Turn];

/** What a path is doing when it stands in an AS. */
const Phase = { up: 0, core: 1, down: 2, start: 3 } as const;
type Phase = (typeof Phase)[keyof typeof Phase];

const MOVING_PHASES: readonly Phase[] = [Phase.up, Phase.core, Phase.down];
const PHASES = MOVING_PHASES.length;

/** `[phase][turn]`: how many segments the turn begins; -1 where it is not allowed. */
const SEGMENTS_BEGUN: readonly (readonly number[])[] = [
  [0, 1, 1, 1],
  [-1, 0, 1, -1],
  [-1, -1, 0, -1],
  [1, 1, 1, 2],
];

/** Cost of a link; a path has at most three segments, so links always outweigh them. */
const LINK_COST = 4;
const UNREACHABLE = 0x3fff_ffff;

interface Edge {
  readonly turn: Turn;
  readonly from: number;
  readonly to: number;
  /** Interface that the packet leaves by, in the AS `from`. */
  readonly egress: IfId;
  /** Interface that it arrives at, in the AS `to`. */
  readonly ingress: IfId;
  readonly link: NetworkLink;
  readonly direction: LinkDirection;
}

interface Vertex {
  readonly as: NetworkAs;
  /** By egress interface. */
  readonly edges: Edge[];
  readonly incoming: Edge[];
  /** Lowest interface towards a parent that a segment can come from; 0 at a core AS. */
  parentIfId: IfId;
}

/** A network prepared for path search. Its distance tables grow with the destinations asked for; nothing else changes. */
export interface PathIndex {
  readonly network: Network;
  readonly vertices: readonly Vertex[];
  readonly byIa: ReadonlyMap<IA, number>;
  /** For a destination, cost still to go from (vertex, phase), at `vertex * 3 + phase`. */
  readonly distances: Map<number, Int32Array>;
}

export interface EnumerationOptions {
  /** Most paths wanted. */
  readonly max: number;
  /** Most prefixes looked at; default 200,000. */
  readonly maxExpansions?: number;
  /** Unix seconds at which the segments are originated. */
  readonly epochS: number;
  /** Keys that sign the hop fields; left out: SegIDs and MACs are 0, good for looking at paths alone. */
  readonly keys?: ForwardingKeys;
}

export interface Enumeration {
  readonly paths: readonly PathInfo[];
  /** The search gave up at `maxExpansions`: there may be paths after the last one. Stopping at `max` does not set it. */
  readonly truncated: boolean;
}

/** The paths between two ASes, the best first; enumerated when first asked for, and kept. */
export type PathFinder = (src: IA, dst: IA) => readonly PathInfo[];

export function createPathFinder(from: Network | PathIndex, options: EnumerationOptions): PathFinder {
  const index = "vertices" in from ? from : createPathIndex(from);
  const known = new Map<string, readonly PathInfo[]>();
  return (src, dst) => {
    const pair = `${src} ${dst}`;
    const before = known.get(pair);
    if (before !== undefined) return before;
    const { paths } = enumeratePaths(index, src, dst, options);
    known.set(pair, paths);
    return paths;
  };
}

/** Prepares a network for `enumeratePaths`. Child links must be free of cycles, as resolved networks are. */
export function createPathIndex(network: Network): PathIndex {
  const byIa = new Map(network.ases.map(({ ia }, index) => [ia, index]));
  const vertices = network.ases.map((as): Vertex => ({ as, edges: [], incoming: [], parentIfId: 0 }));
  const anchored = anchoredAses(network, byIa);
  for (const link of network.links) {
    const a = byIa.get(link.a.ia);
    const b = byIa.get(link.b.ia);
    if (a === undefined || b === undefined) continue;
    const [there, back] = edgesOf(link, a, b);
    for (const edge of [there, back]) {
      if (!isUsable(edge, vertices, anchored)) continue;
      vertices[edge.from]?.edges.push(edge);
      vertices[edge.to]?.incoming.push(edge);
    }
  }
  for (const vertex of vertices) {
    vertex.edges.sort((left, right) => left.egress - right.egress);
    vertex.parentIfId = vertex.edges.find(({ turn }) => turn === Turn.up)?.egress ?? 0;
  }
  return { network, vertices, byIa, distances: new Map() };
}

/** ASes that a segment can come to from a core AS: core ASes and all below them. */
function anchoredAses(network: Network, byIa: ReadonlyMap<IA, number>): ReadonlySet<number> {
  const children = new Map<number, number[]>();
  for (const { a, b, type } of network.links) {
    const parent = byIa.get(a.ia);
    const child = byIa.get(b.ia);
    if (type !== "child" || parent === undefined || child === undefined) continue;
    const known = children.get(parent);
    if (known === undefined) children.set(parent, [child]);
    else known.push(child);
  }
  const anchored = new Set<number>();
  const open = network.ases.flatMap(({ core }, index) => (core ? [index] : []));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (anchored.has(next)) continue;
    anchored.add(next);
    open.push(...(children.get(next) ?? []));
  }
  return anchored;
}

function edgesOf(link: NetworkLink, a: number, b: number): readonly [Edge, Edge] {
  const turns = { core: [Turn.core, Turn.core], child: [Turn.down, Turn.up], peer: [Turn.peer, Turn.peer] } as const;
  const [there, back] = turns[link.type];
  return [
    { turn: there, from: a, to: b, egress: link.a.ifId, ingress: link.b.ifId, link, direction: link.ab },
    { turn: back, from: b, to: a, egress: link.b.ifId, ingress: link.a.ifId, link, direction: link.ba },
  ];
}

function isUsable({ turn, from, to }: Edge, vertices: readonly Vertex[], anchored: ReadonlySet<number>): boolean {
  const fromCore = vertices[from]?.as.core === true;
  const toCore = vertices[to]?.as.core === true;
  if (turn === Turn.core) return fromCore && toCore;
  if (!anchored.has(from) || !anchored.has(to)) return false;
  if (turn === Turn.up) return !fromCore;
  return turn === Turn.down ? !toCore : !fromCore && !toCore;
}

function phaseAfter(turn: Turn): Phase {
  return turn === Turn.peer ? Phase.down : turn;
}

/** Least cost from every (vertex, phase) to `dst`, loops allowed: Dijkstra backwards, one bucket for each cost. */
function distancesTo(index: PathIndex, dst: number): Int32Array {
  const known = index.distances.get(dst);
  if (known !== undefined) return known;
  const distances = new Int32Array(index.vertices.length * PHASES).fill(UNREACHABLE);
  const buckets: number[][] = [MOVING_PHASES.map((phase) => dst * PHASES + phase)];
  for (const state of buckets[0] ?? []) distances[state] = 0;
  for (let cost = 0; cost < buckets.length; cost++) {
    for (const state of buckets[cost] ?? []) {
      if (distances[state] === cost) relax(index, distances, buckets, state, cost);
    }
  }
  const [oldest] = index.distances.keys();
  if (oldest !== undefined && index.distances.size >= MAX_DISTANCE_TABLES) index.distances.delete(oldest);
  index.distances.set(dst, distances);
  return distances;
}

function relax(index: PathIndex, distances: Int32Array, buckets: number[][], state: number, cost: number): void {
  const reached = state % PHASES;
  for (const edge of index.vertices[(state - reached) / PHASES]?.incoming ?? []) {
    if (phaseAfter(edge.turn) !== reached) continue;
    for (const phase of MOVING_PHASES) {
      const begun = segmentsBegun(phase, edge.turn);
      const through = cost + LINK_COST + begun;
      const before = edge.from * PHASES + phase;
      if (begun < 0 || through >= (distances[before] ?? 0)) continue;
      distances[before] = through;
      while (buckets.length <= through) buckets.push([]);
      buckets[through]?.push(before);
    }
  }
}

function segmentsBegun(phase: Phase, turn: Turn): number {
  return SEGMENTS_BEGUN[phase]?.[turn] ?? -1;
}

/**
 * The first `max` paths from `src` to `dst` in order (see the head of this file). Pass an index instead of a network
 * where many pairs are asked for. Within one AS there is exactly one path, the empty one.
 */
export function enumeratePaths(from: Network | PathIndex, src: IA, dst: IA, options: EnumerationOptions): Enumeration {
  const index = "vertices" in from ? from : createPathIndex(from);
  const start = index.byIa.get(src);
  const goal = index.byIa.get(dst);
  if (start === undefined || goal === undefined || options.max < 1) return { paths: [], truncated: false };
  const search = new Search(index, start, goal, options);
  return search.run();
}

class Search {
  readonly #index: PathIndex;
  readonly #start: number;
  readonly #goal: number;
  readonly #options: EnumerationOptions;
  readonly #distances: Int32Array;
  readonly #onPath: Uint8Array;
  readonly #prefix: Edge[] = [];
  readonly #paths: PathInfo[] = [];
  #expansionsLeft: number;
  /** Cost of the paths that this round looks for. */
  #limit = 0;
  /** Least cost above `#limit` that a prefix might still lead to. */
  #nextLimit = UNREACHABLE;

  constructor(index: PathIndex, start: number, goal: number, options: EnumerationOptions) {
    this.#index = index;
    this.#start = start;
    this.#goal = goal;
    this.#options = options;
    this.#distances = distancesTo(index, goal);
    this.#onPath = new Uint8Array(index.vertices.length);
    this.#expansionsLeft = options.maxExpansions ?? DEFAULT_MAX_EXPANSIONS;
  }

  run(): Enumeration {
    while (this.#limit < UNREACHABLE && !this.#stopped()) {
      this.#nextLimit = UNREACHABLE;
      this.#walk(this.#start, Phase.start, 0);
      this.#limit = this.#nextLimit;
    }
    const truncated = this.#expansionsLeft < 0 && this.#paths.length < this.#options.max;
    return { paths: this.#paths, truncated };
  }

  #stopped(): boolean {
    return this.#paths.length >= this.#options.max || this.#expansionsLeft < 0;
  }

  #walk(at: number, phase: Phase, cost: number): void {
    if (at === this.#goal) {
      if (cost === this.#limit) this.#keep();
      return;
    }
    this.#expansionsLeft--;
    // A prefix of n links has at least n + 1 hop fields.
    if (this.#stopped() || this.#prefix.length + 1 >= MAX_HOPS) return;
    this.#onPath[at] = 1;
    for (const edge of this.#index.vertices[at]?.edges ?? []) {
      const begun = segmentsBegun(phase, edge.turn);
      if (begun < 0 || this.#onPath[edge.to] === 1) continue;
      this.#follow(edge, cost + LINK_COST + begun);
      if (this.#stopped()) break;
    }
    this.#onPath[at] = 0;
  }

  #follow(edge: Edge, cost: number): void {
    const phase = phaseAfter(edge.turn);
    const atLeast = cost + (this.#distances[edge.to * PHASES + phase] ?? UNREACHABLE);
    if (atLeast > this.#limit) {
      this.#nextLimit = Math.min(this.#nextLimit, atLeast);
      return;
    }
    this.#prefix.push(edge);
    this.#walk(edge.to, phase, cost);
    this.#prefix.pop();
  }

  #keep(): void {
    const path = describePath(this.#index, this.#start, this.#goal, this.#prefix, this.#options);
    if (path !== null) this.#paths.push(path);
  }
}

/** null where any is unknown. */
function sumOf(values: readonly (number | undefined)[]): number | null {
  return values.reduce<number | null>((sum, value) => (sum === null || value === undefined ? null : sum + value), 0);
}

/** null where the path does not fit into a packet's header. */
function describePath(
  index: PathIndex,
  start: number,
  goal: number,
  edges: readonly Edge[],
  { epochS, keys }: EnumerationOptions,
): PathInfo | null {
  const segments = segmentsOf(index, edges);
  const hops = segments.reduce((sum, segment) => sum + segment.hops.length, 0);
  if (hops > MAX_HOPS || segments.some((segment) => segment.hops.length > MAX_SEGMENT_HOPS)) return null;
  const vertexOf = (at: number): Vertex => index.vertices[at] as Vertex;
  const interfaces = edges.flatMap(({ from, to, egress, ingress }): PathInterface[] => [
    { ia: vertexOf(from).as.ia, ifId: egress },
    { ia: vertexOf(to).as.ia, ifId: ingress },
  ]);
  const mtus = edges.flatMap(({ to, link }) => [link.mtu, vertexOf(to).as.mtu]);
  const within = crossingsOf(vertexOf, start, edges);
  const rates = [...edges.map(({ direction }) => direction.rate_bps), ...within.map(({ rate }) => rate)].filter(
    (rate) => rate > 0,
  );
  return {
    fingerprint: fingerprintOf(interfaces),
    src: vertexOf(start).as.ia,
    dst: vertexOf(goal).as.ia,
    interfaces,
    length: edges.length,
    mtu: Math.min(vertexOf(start).as.mtu, ...mtus),
    latencyNs: edges.reduce(
      (sum, { direction }) => sum + direction.latency_ns,
      within.reduce((sum, { latency }) => sum + latency, 0),
    ),
    bandwidthKbps: rates.length === 0 ? null : Math.min(...rates) / 1_000,
    carbonGPerGb: sumOf(edges.map(({ link }) => link.carbon_g_per_gb)),
    costPerGb: sumOf(edges.map(({ link }) => link.cost_per_gb)),
    lossRatio: 1 - edges.reduce((kept, { direction }) => kept * (1 - direction.loss), 1),
    expiryS: epochS + HOP_LIFETIME_S,
    segments,
    forwarding:
      edges.length === 0
        ? null
        : forwardingOf(
            segments,
            [start, ...edges.map(({ to }) => to)].map((at) => vertexOf(at).as.ia),
            epochS,
            keys,
          ),
  };
}

/** The way through each AS, from the source's host to the destination's. */
function crossingsOf(vertexOf: (at: number) => Vertex, start: number, edges: readonly Edge[]): Crossing[] {
  return [start, ...edges.map(({ to }) => to)].map((at, position) =>
    crossingOf(vertexOf(at).as.internal, edges[position - 1]?.ingress ?? 0, edges[position]?.egress ?? 0),
  );
}

/** Names a path by its interfaces in travelling order: a 64-bit hash over `IA#ifId`, 16 hex digits. */
export function fingerprintOf(interfaces: readonly PathInterface[]): string {
  return hexHash(hashText(interfaces.map(({ ia, ifId }) => formatInterface(ia, ifId)).join(" ")));
}

/**
 * Cuts a path into its segments. The hop field at the end of a segment has 0 on its outer side, except where the
 * segment went on towards the core and was cut: there a peering path has the peering interface, and a shortcut keeps
 * the interface towards the parent (the lowest one, where the AS has several ways up; no packet ever uses it).
 */
function segmentsOf(index: PathIndex, edges: readonly Edge[]): readonly PathSegment[] {
  const countOf = (wanted: Turn): number => edges.filter(({ turn }) => turn === wanted).length;
  const [ups, cores, peers] = [countOf(Turn.up), countOf(Turn.core), countOf(Turn.peer)];
  const peerEdge = edges.find(({ turn }) => turn === Turn.peer);
  const downFrom = ups + cores + peers;
  const peer = peerEdge !== undefined;
  const segments: PathSegment[] = [];
  if (ups > 0 || peer) {
    const top = peerEdge?.egress ?? parentIfId(index, edges[ups - 1]?.to);
    segments.push(segmentOf("up", peer, edges.slice(0, ups), 0, top));
  }
  if (cores > 0) segments.push(segmentOf("core", false, edges.slice(ups, ups + cores), 0, 0));
  if (edges.length > downFrom || peer) {
    const top = peerEdge?.ingress ?? parentIfId(index, edges[downFrom]?.from);
    segments.push(segmentOf("down", peer, edges.slice(downFrom), top, 0));
  }
  return segments;
}

function parentIfId(index: PathIndex, at: number | undefined): IfId {
  return (at === undefined ? undefined : index.vertices[at]?.parentIfId) ?? 0;
}

/** `entry` and `exit` are the travelling ingress of the first hop field and the travelling egress of the last. */
function segmentOf(type: SegmentType, peer: boolean, edges: readonly Edge[], entry: IfId, exit: IfId): PathSegment {
  const consDir = type === "down";
  const ingresses = [entry, ...edges.map(({ ingress }) => ingress)];
  const egresses = [...edges.map(({ egress }) => egress), exit];
  const hops = ingresses.map((ingress, hop): readonly [IfId, IfId] => {
    const egress = egresses[hop] ?? 0;
    return consDir ? [ingress, egress] : [egress, ingress];
  });
  return { type, consDir, peer, hops };
}

/** The path as a packet carries it; `ases` in travelling order. */
function forwardingOf(
  segments: readonly PathSegment[],
  ases: readonly IA[],
  epochS: number,
  keys: ForwardingKeys | undefined,
): ScionPath {
  const lengthOf = (segment: number): number => segments[segment]?.hops.length ?? 0;
  let first = 0;
  const signed = segments.map((segment) => {
    const own = ases.slice(first, first + segment.hops.length);
    // Two segments meet in one AS, but for those on either side of a peering link.
    first += segment.hops.length - (segment.peer ? 0 : 1);
    return signSegment(segment, own, epochS, keys);
  });
  return {
    kind: "scion",
    segLens: [lengthOf(0), lengthOf(1), lengthOf(2)],
    infos: signed.map(({ info }) => info),
    hops: signed.flatMap(({ hops }) => hops),
  };
}

/**
 * Signs a segment as its ASes would have when its beacon passed through them. The SegID it began with is drawn from its
 * interfaces: the same segment is the same in every path, so that routers remember its MACs.
 */
function signSegment(
  { consDir, peer, hops }: PathSegment,
  ases: readonly IA[],
  epochS: number,
  keys: ForwardingKeys | undefined,
): { readonly info: InfoField; readonly hops: readonly HopField[] } {
  const bare = hops.map(
    ([consIngress, consEgress]): BareHop => ({
      ingressAlert: false,
      egressAlert: false,
      expTime: HOP_EXP_TIME,
      consIngress,
      consEgress,
    }),
  );
  const info = { consDir, peer, segId: 0, timestamp: epochS };
  if (keys === undefined) return { info, hops: bare.map((hop): HopField => ({ ...hop, mac: 0 })) };
  const [built, owners] = consDir ? [bare, ases] : [[...bare].reverse(), [...ases].reverse()];
  const name = built.map(({ consIngress, consEgress }, at) => `${owners[at]}#${consIngress},${consEgress}`).join(" ");
  const macs = owners.map((ia) => createHopMacs(keys(ia), 0));
  const chain = signHops(built, macs, { ...info, segId: hashText(name)[0] & 0xffff });
  if (consDir) return { info: { ...info, segId: chain.segIds[0] as number }, hops: chain.hops };
  return { info: { ...info, segId: chain.segIds.at(-1) as number }, hops: chain.hops.reverse() };
}

/** The order of `enumeratePaths`: links, then segments, then interfaces. */
export function comparePaths(left: PathInfo, right: PathInfo): number {
  const coarse = left.length - right.length || left.segments.length - right.segments.length;
  if (coarse !== 0) return coarse;
  for (const [at, { ia, ifId }] of left.interfaces.entries()) {
    const other = right.interfaces[at];
    if (other === undefined) return 1;
    const fine = compareIA(ia, other.ia) || ifId - other.ifId;
    if (fine !== 0) return fine;
  }
  return 0;
}
