/**
 * What a combinator must answer, said a second time and in another way: every choice of an up, a core and a down segment, each cut at every
 * entry and at every peering link, is tried; those that meet are sorted and thinned out. What tests hold the combinator against.
 */
import { createHash } from "node:crypto";
import type { IA } from "../address.ts";
import type { PathInterface, PathMetadata, SegmentType } from "../path.ts";
import type { AsEntry, PeerEntry, Segment, SegmentHop } from "../segment.ts";
import type { Segments } from "./graph.ts";

interface Use {
  readonly type: SegmentType;
  readonly segment: Segment;
  readonly cut: number;
  /** 0: none. */
  readonly peer: number;
}

export interface ReferencePath {
  readonly interfaces: readonly PathInterface[];
  readonly length: number;
  readonly mtu: number;
  readonly expiryS: number;
  readonly infos: readonly { consDir: boolean; peer: boolean; segId: number; timestamp: number }[];
  readonly hops: readonly SegmentHop[];
  readonly segLens: readonly number[];
  readonly metadata: PathMetadata | undefined;
}

/** All paths, in order. */
export function combineByTrial({ up, core, down }: Segments, src: IA, dst: IA): ReferencePath[] {
  const ups = [null, ...up.flatMap((segment) => usesOf("up", segment))];
  const cores = [null, ...core.flatMap((segment) => usesOf("core", segment))];
  const downs = [null, ...down.flatMap((segment) => usesOf("down", segment))];
  const tries = ups.flatMap((a) => cores.flatMap((b) => downs.map((c) => [a, b, c] as const)));
  const met = tries.map((one) => one.filter((use) => use !== null)).filter((uses) => leads(uses, src, dst));
  const sorted = met
    .map((uses) => ({ uses, key: keyOf(uses) }))
    .sort((left, right) => compareKeys(left.key, right.key));
  const paths = sorted.map(({ uses }) => pathOf(uses)).filter(({ interfaces }) => !passesTwice(interfaces));
  return paths.filter((path, at) => {
    const same = paths.map((other, index) => ({ other, index })).filter(({ other }) => nameOf(other) === nameOf(path));
    const latest = Math.max(...same.map(({ other }) => other.expiryS));
    return same.find(({ other }) => other.expiryS === latest)?.index === at;
  });
}

function usesOf(type: SegmentType, segment: Segment): Use[] {
  if (type === "core") return [{ type, segment, cut: 0, peer: 0 }];
  return segment.entries.flatMap(({ peers }, cut) =>
    [0, ...peers.map((_, at) => at + 1)].map((peer) => ({ type, segment, cut, peer })),
  );
}

/** Where a use begins and ends in travelling order: an AS, or a peering link named from the up side to the down side. */
function endsOf({ type, segment, cut, peer }: Use): readonly [from: string, to: string] {
  const entry = segment.entries[cut] as AsEntry;
  const low = (segment.entries.at(-1) as AsEntry).ia;
  const link = entry.peers[peer - 1];
  if (link === undefined) return type === "down" ? [entry.ia, low] : [low, entry.ia];
  const own = `${entry.ia}/${link.hop.ingress}`;
  const other = `${link.peer}/${link.peerInterface}`;
  return type === "down" ? [`${other}=${own}`, low] : [low, `${own}=${other}`];
}

function leads(uses: readonly Use[], src: IA, dst: IA): boolean {
  const ends = uses.map(endsOf);
  const whole = uses.every((use) => use.peer > 0 || use.cut < use.segment.entries.length - 1);
  const joined = ends.every(([from], at) => from === (at === 0 ? src : ends[at - 1]?.[1]));
  // Whoever has arrived goes no further.
  return whole && joined && ends.at(-1)?.[1] === dst && ends.slice(0, -1).every(([, to]) => to !== dst);
}

type Key = readonly (number | string)[];

function keyOf(uses: readonly Use[]): Key {
  const links = uses.reduce((sum, { segment, cut }) => sum + segment.entries.length - 1 - cut, 0);
  const peering = uses.some(({ peer }) => peer > 0) ? 1 : 0;
  return [links + peering, uses.length, ...uses.flatMap(({ segment, cut, peer }) => [idOf(segment), cut, peer])];
}

function compareKeys(left: Key, right: Key): number {
  const at = left.findIndex((part, index) => part !== right[index]);
  return at < 0 ? 0 : (left[at] as string) < (right[at] as string) ? -1 : 1;
}

function idOf({ entries }: Segment): string {
  const hash = createHash("sha256");
  for (const { ia, hop } of entries)
    hash.update(iaBytes(ia)).update(Buffer.from(hex(hop.ingress, 4) + hex(hop.egress, 4), "hex"));
  return hash.digest("hex");
}

/** As SCION's libraries have it, whole. */
export function referenceFingerprint(interfaces: readonly PathInterface[]): string {
  const hash = createHash("sha256");
  for (const { ia, ifId } of interfaces) hash.update(iaBytes(ia)).update(Buffer.from(hex(ifId, 16), "hex"));
  return hash.digest("hex");
}

function iaBytes(ia: IA): Buffer {
  const [isd = "", as = ""] = ia.split("-");
  const groups = as.split(":");
  const low = groups.length === 3 ? groups.map((group) => group.padStart(4, "0")).join("") : hex(Number(as), 12);
  return Buffer.from(hex(Number(isd), 4) + low, "hex");
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

function passesTwice(interfaces: readonly PathInterface[]): boolean {
  return interfaces.some(({ ia }) => interfaces.filter((other) => other.ia === ia).length > 2);
}

function nameOf({ interfaces }: ReferencePath): string {
  return JSON.stringify(interfaces);
}

function pathOf(uses: readonly Use[]): ReferencePath {
  const hops = uses.map(hopsOf);
  const interfaces = uses.flatMap(interfacesOf);
  const entries = uses.flatMap((use) => inDirection(use, use.segment.entries.slice(use.cut)));
  return {
    interfaces,
    length: interfaces.length / 2,
    mtu: Math.min(...uses.flatMap(mtusOf).filter((mtu) => mtu > 0)),
    expiryS: Math.min(
      ...uses.flatMap(({ segment }, at) =>
        (hops[at] ?? []).map(({ expTime }) => segment.timestamp + (expTime + 1) * 337.5),
      ),
    ),
    infos: uses.map((use) => ({
      consDir: use.type === "down",
      peer: use.peer > 0,
      segId: segIdOf(use),
      timestamp: use.segment.timestamp,
    })),
    hops: hops.flat(),
    segLens: [0, 1, 2].map((at) => hops[at]?.length ?? 0),
    metadata: entries.some(({ staticInfo }) => staticInfo !== null) ? metadataOf(interfaces, entries) : undefined,
  };
}

function inDirection<T>({ type }: Use, inConstruction: readonly T[]): T[] {
  return type === "down" ? [...inConstruction] : inConstruction.toReversed();
}

function linkOf({ segment, cut, peer }: Use): PeerEntry | undefined {
  return segment.entries[cut]?.peers[peer - 1];
}

function hopsOf(use: Use): SegmentHop[] {
  const hops = use.segment.entries.slice(use.cut).map(({ hop }) => hop);
  return inDirection(use, [linkOf(use)?.hop ?? (hops[0] as SegmentHop), ...hops.slice(1)]);
}

/** Both ends of each link between two entries that are used, and the own end of the peering link. */
function interfacesOf(use: Use): PathInterface[] {
  const { entries } = use.segment;
  const link = linkOf(use);
  const own = link === undefined ? [] : [{ ia: entries[use.cut]?.ia ?? "", ifId: link.hop.ingress }];
  const links = entries.slice(use.cut + 1).flatMap(({ ia, hop }, at) => {
    const above = entries[use.cut + at] as AsEntry;
    return [
      { ia: above.ia, ifId: above.hop.egress },
      { ia, ifId: hop.ingress },
    ];
  });
  return inDirection(use, [...own, ...links]);
}

/** Of ASes, of links between two entries used, of the peering link. */
function mtusOf(use: Use): number[] {
  const { entries } = use.segment;
  const links = entries.slice(use.cut + 1).map(({ ingressMtu }) => ingressMtu);
  return [...entries.slice(use.cut).map(({ mtu }) => mtu), ...links, linkOf(use)?.peerMtu ?? 0];
}

/** The SegID before the entry that is travelled first, behind it where its hop field is that of a peering link. */
function segIdOf(use: Use): number {
  const { entries, segId } = use.segment;
  const first = use.type === "down" ? use.cut : entries.length - 1;
  const before = first + (use.peer > 0 && first === use.cut ? 1 : 0);
  return entries.slice(0, before).reduce((beta, { hop }) => beta ^ Math.floor((hop.mac ?? 0) / 0x1_0000_0000), segId);
}

/** What is said of each pair of interfaces is gathered first, whatever the path; then each pair on the path is looked up. */
function metadataOf(interfaces: readonly PathInterface[], entries: readonly AsEntry[]): PathMetadata {
  const nameEnd = (ia: IA | undefined, ifId: number | undefined): string => `${ia} ${ifId}`;
  const far = new Map<string, string>();
  interfaces.forEach(({ ia, ifId }, at) => {
    const other = interfaces[at % 2 === 0 ? at + 1 : at - 1];
    far.set(nameEnd(ia, ifId), nameEnd(other?.ia, other?.ifId));
  });
  const gather = (table: "intra" | "inter", valuesOf: (entry: AsEntry) => ReadonlyMap<number, unknown> | undefined) => {
    const said = new Map<string, unknown[]>();
    for (const entry of entries) {
      for (const [ifId, value] of valuesOf(entry) ?? []) {
        const own = nameEnd(entry.ia, ifId);
        const other =
          table === "inter" ? far.get(own) : entry.hop.egress === 0 ? undefined : nameEnd(entry.ia, entry.hop.egress);
        if (other === undefined) continue;
        const pair = [own, other].sort().join(" ");
        said.set(pair, [...(said.get(pair) ?? []), value]);
      }
    }
    return said;
  };
  type Tables = Map<string, unknown[]>;
  const pairs = interfaces.slice(1).map((one, at) => {
    const other = interfaces[at] as PathInterface;
    return [nameEnd(one.ia, one.ifId), nameEnd(other.ia, other.ifId)].sort().join(" ");
  });
  const links = pairs.filter((_, at) => at % 2 === 0);
  const crossings = pairs.filter((_, at) => at % 2 === 1);
  const numbers = (tables: readonly Tables[], pair: string): number[] =>
    tables.flatMap((table) => (table.get(pair) ?? []) as number[]);
  const highest = (tables: readonly Tables[], wanted: readonly string[]) =>
    wanted.map((pair) =>
      numbers(tables, pair).reduce<number | null>((most, one) => (most === null || one > most ? one : most), null),
    );
  const lowest = (tables: readonly Tables[], wanted: readonly string[]) =>
    wanted.map((pair) =>
      numbers(tables, pair).reduce<number | null>(
        (least, one) => (one > 0 && (least === null || one < least) ? one : least),
        null,
      ),
    );
  const inter = (of: (entry: AsEntry) => ReadonlyMap<number, unknown> | undefined): Tables => gather("inter", of);
  const intra = (of: (entry: AsEntry) => ReadonlyMap<number, unknown> | undefined): Tables => gather("intra", of);
  const types = inter(({ staticInfo }) => staticInfo?.linkType);
  const ases = interfaces.map(({ ia }) => ia).filter((ia, at, all) => all.indexOf(ia) === at);
  return {
    latencyNs: highest(
      [inter(({ staticInfo }) => staticInfo?.latency.inter), intra(({ staticInfo }) => staticInfo?.latency.intra)],
      pairs,
    ),
    bandwidthKbps: lowest(
      [
        inter(({ staticInfo }) => staticInfo?.bandwidthKbps.inter),
        intra(({ staticInfo }) => staticInfo?.bandwidthKbps.intra),
      ],
      pairs,
    ),
    geo: interfaces.map(({ ia, ifId }) =>
      entries.reduce<PathMetadata["geo"][number]>(
        (last, entry) => (entry.ia === ia ? (entry.staticInfo?.geo.get(ifId) ?? last) : last),
        null,
      ),
    ),
    linkType: links.map((pair) => {
      const said = [...new Set(types.get(pair) ?? [])] as PathMetadata["linkType"][number][];
      return said.length === 1 ? (said[0] ?? null) : null;
    }),
    internalHops: lowest([intra(({ staticInfo }) => staticInfo?.internalHops)], crossings),
    notes: ases.map((ia) => {
      const notes = entries.filter((entry) => entry.ia === ia).map(({ staticInfo }) => staticInfo?.note ?? "");
      return notes.filter((note, at) => note !== "" && notes.indexOf(note) === at).join("\n");
    }),
    carbonGPerGb: highest([inter(({ staticInfo }) => staticInfo?.carbonGPerGb)], links),
    costPerGb: highest([inter(({ staticInfo }) => staticInfo?.costPerGb)], links),
    lossRatio: highest([inter(({ staticInfo }) => staticInfo?.lossRatio)], links),
  };
}
