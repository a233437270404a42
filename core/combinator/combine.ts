/**
 * Paths from path segments (scionproto `private/path/combinator`; draft-dekater-scion-controlplane, "Combining Path Segments"),
 * in the order of the combinator: cost, number of segments, then segment by segment the ID, the place where it is cut and the
 * peering link. The cost is the number of links.
 */
import { formatInterface, type IA } from "../address.ts";
import type { ForwardingKeys } from "../forwarding-keys.ts";
import type { Survey } from "../network-survey.ts";
import {
  EXP_TIME_UNIT,
  type HopField,
  type InfoField,
  MAX_HOPS,
  type PathInfo,
  type PathInterface,
  type PathMetadata,
  type PathSegment,
  type ScionPath,
} from "../path.ts";
import type { AsEntry, PeerEntry, Segment } from "../segment.ts";
import { type Bytes, SECOND } from "../units.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { type Edge, type Segments, type Solution, solveSegments } from "./graph.ts";
import { gatherMetadata } from "./metadata.ts";
import { bySegment, createSegmentSigner, type SegmentSigner } from "./signing.ts";

/** SegLen has 6 bits. */
const MAX_SEGMENT_HOPS = 63;

export interface CombinerOptions {
  /** Left out: MACs that the segments do not have are 0, good for looking at paths alone. */
  readonly keys?: ForwardingKeys;
  readonly survey: Survey;
  /** Say what the ASes on each path say of it (`PathInfo.metadata`): as much to remember as all the rest of a path. Default false. */
  readonly metadata?: boolean;
}

/** At most `max` paths between two different ASes, in order. MACs are derived for these alone. */
export type Combiner = (segments: Segments, src: IA, dst: IA, max: number) => PathInfo[];

/** What a combiner makes of an edge: its part of a path, in travelling order. */
interface Leg {
  readonly interfaces: readonly PathInterface[];
  /** Their texts: two ways along the same interfaces are told by them. */
  readonly name: string;
  /** Those used, in the direction of construction. */
  readonly entries: readonly AsEntry[];
  readonly segment: PathSegment;
  readonly mtu: Bytes;
  readonly expiryS: number;
}

/** Parts that paths have in common are made once and shared, as long as the segments live. */
export function createCombiner({ keys, survey, metadata = false }: CombinerOptions): Combiner {
  const sign = createSegmentSigner(keys);
  const legs = byUse(legOf);
  const signed = byUse((edge) => signLeg(edge, sign));
  const expiries = bySegment(commonExpiry);
  const finish = (candidate: Candidate): PathInfo => {
    const path = describe(candidate, signed, survey);
    const said = metadata ? metadataOf(candidate) : undefined;
    return said === undefined ? path : { ...path, metadata: said };
  };
  return (segments, src, dst, max) => {
    const found: Candidate[] = [];
    const all = mayOutlast(segments, expiries);
    for (const group of solveSegments(segments, src, dst)) {
      if (found.length >= max) break;
      found.push(...uniqueIn(group, legs, { src, dst, max: all ? Number.POSITIVE_INFINITY : max - found.length }));
    }
    return found.slice(0, max).map(finish);
  };
}

/** May a later duplicate expire later than an earlier one? Not where all hop fields expire at the same time. */
function mayOutlast({ up, core, down }: Segments, expiryOf: (segment: Segment) => number): boolean {
  const [first] = [up, core, down].flatMap((segments) => segments.slice(0, 1));
  const expected = first === undefined ? 0 : expiryOf(first);
  const differs = (segment: Segment): boolean => expiryOf(segment) !== expected;
  return up.some(differs) || core.some(differs) || down.some(differs);
}

/** When all hop fields of a segment expire; not a number where they do not at the same time. */
function commonExpiry({ timestamp, entries }: Segment): number {
  const times = entries.flatMap(({ hop, peers }) => [hop.expTime, ...peers.map((peer) => peer.hop.expTime)]);
  return times.every((time) => time === times[0]) ? expiryOf(timestamp, times[0] ?? 0) : Number.NaN;
}

function expiryOf(timestamp: number, expTime: number): number {
  return timestamp + ((1 + expTime) * EXP_TIME_UNIT) / SECOND;
}

interface Candidate {
  readonly src: IA;
  readonly dst: IA;
  readonly solution: Solution;
  readonly legs: readonly Leg[];
  readonly interfaces: readonly PathInterface[];
  readonly name: string;
  readonly expiryS: number;
}

/** Without loops and, of those with the same interfaces (and so the same cost), with the one alone that expires last. */
function uniqueIn(
  group: readonly Solution[],
  legOf: (edge: Edge) => Leg,
  { src, dst, max }: { readonly src: IA; readonly dst: IA; readonly max: number },
): Candidate[] {
  const best = new Map<string, number>();
  const candidates: Candidate[] = [];
  for (const solution of group) {
    if (best.size >= max) break;
    const legs = solution.map(legOf);
    const interfaces = legs.flatMap((leg) => leg.interfaces);
    if (hasLoop(interfaces) || !fits(legs)) continue;
    const name = legs.map((leg) => leg.name).join("");
    const expiryS = Math.min(...legs.map((leg) => leg.expiryS));
    const known = best.get(name);
    if (known !== undefined && (candidates[known]?.expiryS ?? 0) >= expiryS) continue;
    best.set(name, candidates.length);
    candidates.push({ src, dst, solution, legs, interfaces, name, expiryS });
  }
  return candidates.filter(({ name }, at) => best.get(name) === at);
}

/** An AS with more than two interfaces on the path is passed twice. */
function hasLoop(interfaces: readonly PathInterface[]): boolean {
  const seen = new Map<IA, number>();
  return interfaces.some(({ ia }) => {
    const count = (seen.get(ia) ?? 0) + 1;
    seen.set(ia, count);
    return count > 2;
  });
}

function fits(legs: readonly Leg[]): boolean {
  const lengths = legs.map(({ segment }) => segment.hops.length);
  return lengths.every((length) => length <= MAX_SEGMENT_HOPS) && lengths.reduce((sum, n) => sum + n, 0) <= MAX_HOPS;
}

function describe(candidate: Candidate, signed: (edge: Edge) => SignedLeg, survey: Survey): PathInfo {
  const { src, dst, solution, legs, interfaces, expiryS } = candidate;
  return {
    fingerprint: fingerprintOf(interfaces),
    src,
    dst,
    interfaces,
    length: interfaces.length / 2,
    mtu: Math.min(...legs.map(({ mtu }) => mtu)),
    ...survey(src, dst, interfaces),
    expiryS,
    segments: legs.map(({ segment }) => segment),
    forwarding: forwardingOf(solution.map(signed)),
  };
}

function metadataOf({ interfaces, legs }: Candidate): PathMetadata | undefined {
  return gatherMetadata(
    interfaces,
    legs.flatMap(({ entries }) => entries),
  );
}

function forwardingOf(legs: readonly SignedLeg[]): ScionPath {
  const lengthOf = (leg: number): number => legs[leg]?.hops.length ?? 0;
  return {
    kind: "scion",
    segLens: [lengthOf(0), lengthOf(1), lengthOf(2)],
    infos: legs.map(({ info }) => info),
    hops: legs.flatMap(({ hops }) => hops),
  };
}

/** Walks the entries used from the end of the segment to the cut, and turns what it saw round for a down segment. */
function legOf({ type, segment, shortcut, peer }: Edge): Leg {
  const used = segment.entries.slice(shortcut);
  const interfaces: PathInterface[] = [];
  const hops: (readonly [number, number])[] = [];
  const [mtus, expiries]: [number[], number[]] = [[], []];
  for (const [back, entry] of used.toReversed().entries()) {
    const atCut = back === used.length - 1;
    const peering = atCut ? entry.peers[peer - 1] : undefined;
    const { ingress, egress, expTime } = (peering ?? entry).hop;
    if (egress !== 0) interfaces.push({ ia: entry.ia, ifId: egress });
    if (ingress !== 0 && (peering !== undefined || !atCut || shortcut === 0)) {
      interfaces.push({ ia: entry.ia, ifId: ingress });
    }
    hops.push([ingress, egress]);
    mtus.push(...mtusAt(entry, peering, atCut && shortcut !== 0));
    expiries.push(expiryOf(segment.timestamp, expTime));
  }
  const consDir = type === "down";
  if (consDir) {
    interfaces.reverse();
    hops.reverse();
  }
  return {
    interfaces,
    name: interfaces.map(({ ia, ifId }) => `${formatInterface(ia, ifId)} `).join(""),
    entries: used,
    segment: { type, consDir, peer: peer !== 0, hops },
    mtu: Math.min(...mtus),
    expiryS: Math.min(...expiries),
  };
}

/** MTUs of the AS and of the link that the path takes into it, seen in the direction of construction; 0 is unknown. */
function mtusAt({ mtu, ingressMtu }: AsEntry, peering: PeerEntry | undefined, cut: boolean): Bytes[] {
  const link = peering === undefined ? (cut ? 0 : ingressMtu) : peering.peerMtu;
  return [mtu, link].filter((bytes) => bytes > 0);
}

interface SignedLeg {
  readonly info: InfoField;
  readonly hops: readonly HopField[];
}

function signLeg({ type, segment, shortcut, peer }: Edge, sign: SegmentSigner): SignedLeg {
  const { segIds, hops, peerHop } = sign(segment);
  const used = hops.slice(shortcut);
  const peering = peer === 0 ? null : peerHop(shortcut, peer);
  if (peering !== null) used[0] = peering;
  const consDir = type === "down";
  const first = consDir ? shortcut : segment.entries.length - 1;
  // A peering link's hop field is chained after the entry's own.
  const chained = peering !== null && first === shortcut ? 1 : 0;
  const info = { consDir, peer: peer !== 0, segId: segIds[first + chained] ?? 0, timestamp: segment.timestamp };
  return { info, hops: consDir ? used : used.reverse() };
}

/** Remembers what was made of each edge: a use of a segment, wherever it stands in a graph. */
function byUse<T>(make: (edge: Edge) => T): (edge: Edge) => T {
  const usesOf = bySegment(() => new Map<string, T>());
  return (edge) => {
    const uses = usesOf(edge.segment);
    const name = `${edge.type} ${edge.shortcut} ${edge.peer}`;
    const before = uses.get(name);
    if (before !== undefined) return before;
    const made = make(edge);
    uses.set(name, made);
    return made;
  };
}
