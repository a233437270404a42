/**
 * What a combinator must answer, said a second time and in another way: every choice of an up, a core and a down segment, each cut at every
 * entry and at every peering link, is tried; those that meet are sorted and thinned out. Held against it on segments that disagree about MTUs,
 * lifetimes and static info.
 */
import { createHash } from "node:crypto";
import test from "ava";
import fc from "fast-check";
import { SegmentOracle } from "../beaconing/oracle.ts";
import { DEFAULT_BEACON_POLICY } from "../beaconing/policy.ts";
import type { IA } from "../address.ts";
import type { PathInfo, PathInterface, PathMetadata, SegmentType } from "../path.ts";
import { lookUpSegments } from "../path-finder.ts";
import { RandomStream } from "../rng.ts";
import type { AsEntry, PeerEntry, Segment, SegmentHop, StaticInfo } from "../segment.ts";
import { createCombiner } from "./combine.ts";
import type { Segments } from "./graph.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { networkOf, drawnNetwork } from "./networks-testing.ts";

interface Use {
  readonly type: SegmentType;
  readonly segment: Segment;
  readonly cut: number;
  /** 0: none. */
  readonly peer: number;
}

interface ReferencePath {
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
function combineByTrial({ up, core, down }: Segments, src: IA, dst: IA): ReferencePath[] {
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
function referenceFingerprint(interfaces: readonly PathInterface[]): string {
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

type Said = ReadonlyMap<string, readonly unknown[]>;
type TableOf = (info: StaticInfo) => ReadonlyMap<number, unknown>;

function nameEnd(one: PathInterface | undefined): string {
  return one === undefined ? "" : `${one.ia} ${one.ifId}`;
}

function namePair(one: string, other: string): string {
  return [one, other].sort().join(" ");
}

/** What the entries say of pairs of interfaces: over links, or from their egress through their AS. */
function gather(
  interfaces: readonly PathInterface[],
  entries: readonly AsEntry[],
  over: "link" | "as",
  of: TableOf,
): Said {
  const said = new Map<string, unknown[]>();
  for (const { ia, hop, staticInfo } of entries) {
    for (const [ifId, value] of staticInfo === null ? [] : of(staticInfo)) {
      const own = nameEnd({ ia, ifId });
      const at = interfaces.findIndex((one) => nameEnd(one) === own);
      const far = nameEnd(at < 0 ? undefined : interfaces[at % 2 === 0 ? at + 1 : at - 1]);
      const pair = namePair(own, over === "link" ? far : nameEnd({ ia, ifId: hop.egress }));
      said.set(pair, [...(said.get(pair) ?? []), value]);
    }
  }
  return said;
}

/** What is said of each pair of interfaces is gathered first, whatever the path; then each pair on the path is looked up. */
function metadataOf(interfaces: readonly PathInterface[], entries: readonly AsEntry[]): PathMetadata {
  const pairs = interfaces.slice(1).map((one, at) => namePair(nameEnd(one), nameEnd(interfaces[at])));
  const links = pairs.filter((_, at) => at % 2 === 0);
  const crossings = pairs.filter((_, at) => at % 2 === 1);
  const overLinks = (of: TableOf): Said => gather(interfaces, entries, "link", of);
  const through = (of: TableOf): Said => gather(interfaces, entries, "as", of);
  const sorted = (tables: readonly Said[], pair: string): number[] =>
    tables.flatMap((table) => (table.get(pair) ?? []) as number[]).sort((left, right) => left - right);
  const highest = (wanted: readonly string[], ...tables: Said[]) =>
    wanted.map((pair) => sorted(tables, pair).at(-1) ?? null);
  const lowest = (wanted: readonly string[], ...tables: Said[]) =>
    wanted.map((pair) => sorted(tables, pair).find((value) => value > 0) ?? null);
  const types = overLinks(({ linkType }) => linkType);
  const ases = interfaces.map(({ ia }) => ia).filter((ia, at, all) => all.indexOf(ia) === at);
  const noteOf = (ia: IA): string => {
    const notes = entries.filter((entry) => entry.ia === ia).map(({ staticInfo }) => staticInfo?.note ?? "");
    return notes.filter((note, at) => note !== "" && notes.indexOf(note) === at).join("\n");
  };
  return {
    latencyNs: highest(
      pairs,
      overLinks(({ latency }) => latency.inter),
      through(({ latency }) => latency.intra),
    ),
    bandwidthKbps: lowest(
      pairs,
      overLinks(({ bandwidthKbps }) => bandwidthKbps.inter),
      through(({ bandwidthKbps }) => bandwidthKbps.intra),
    ),
    geo: interfaces.map(
      ({ ia, ifId }) =>
        entries.flatMap((entry) => (entry.ia === ia ? (entry.staticInfo?.geo.get(ifId) ?? []) : [])).at(-1) ?? null,
    ),
    linkType: links.map((pair) => {
      const said = new Set(types.get(pair) as PathMetadata["linkType"] | undefined);
      return said.size === 1 ? ([...said][0] ?? null) : null;
    }),
    internalHops: lowest(
      crossings,
      through(({ internalHops }) => internalHops),
    ),
    notes: ases.map(noteOf),
    carbonGPerGb: highest(
      links,
      overLinks(({ carbonGPerGb }) => carbonGPerGb),
    ),
    costPerGb: highest(
      links,
      overLinks(({ costPerGb }) => costPerGb),
    ),
    lossRatio: highest(
      links,
      overLinks(({ lossRatio }) => lossRatio),
    ),
  };
}

const BOUNDLESS = { ...DEFAULT_BEACON_POLICY, bestSetSize: 1_000_000, candidateSetSize: 1_000_000, maxHopsLength: 100 };
const survey = () => ({ latencyNs: 0, bandwidthKbps: null, carbonGPerGb: null, costPerGb: null, lossRatio: 0 });

/** Most segments of a kind: the second combinator tries all triples. */
const MOST_SEGMENTS = 8;

const smallNetwork = fc
  .record({
    cores: fc.integer({ min: 0, max: 3 }),
    others: fc.integer({ min: 2, max: 5 }),
    links: fc.array(fc.tuple(fc.nat(7), fc.nat(7), fc.nat(13)), { minLength: 8, maxLength: 15 }),
    ids: fc.shuffledSubarray(
      Array.from({ length: 30 }, (_, at) => at + 1),
      { minLength: 30 },
    ),
  })
  .map(drawnNetwork);

function shown(path: PathInfo): ReferencePath {
  const { interfaces, length, mtu, expiryS, forwarding, metadata } = path;
  return {
    interfaces,
    length,
    mtu,
    expiryS,
    infos: (forwarding?.infos ?? []).map(({ consDir, peer, segId, timestamp }) => ({
      consDir,
      peer,
      segId,
      timestamp,
    })),
    hops: (forwarding?.hops ?? []).map(({ consIngress, consEgress, expTime, mac }) => ({
      ingress: consIngress,
      egress: consEgress,
      expTime,
      mac,
    })),
    segLens: [...(forwarding?.segLens ?? [])],
    metadata,
  };
}

/** The same ways with other numbers everywhere, some segments left out, some there twice. */
function disturb(segments: readonly Segment[], random: RandomStream): Segment[] {
  const kept = segments.slice(0, MOST_SEGMENTS).filter(() => random.below(8) > 0);
  return kept.flatMap((segment) =>
    random.below(4) === 0 ? [disturbed(segment, random), disturbed(segment, random)] : [disturbed(segment, random)],
  );
}

function disturbed({ entries }: Segment, random: RandomStream): Segment {
  const hopOf = (hop: SegmentHop): SegmentHop => ({
    ...hop,
    expTime: oneOf([0, 20, 63, 63, 63, 255], random),
    mac: random.below(0x10000) * 0x1_0000_0000 + random.below(0x1_0000_0000),
  });
  return {
    timestamp: 1_700_000_000 + oneOf([0, 0, 5, 1_000], random),
    segId: random.below(0x10000),
    entries: entries.map(
      (entry): AsEntry => ({
        ...entry,
        mtu: 1_000 + random.below(500),
        ingressMtu: entry.hop.ingress === 0 ? 0 : 900 + random.below(500),
        hop: hopOf(entry.hop),
        peers: entry.peers
          .filter(() => random.below(6) > 0)
          .map((peer) => ({ ...peer, peerMtu: 800 + random.below(600), hop: hopOf(peer.hop) })),
        staticInfo: random.below(4) === 0 ? null : staticInfoOf(entry, random),
      }),
    ),
  };
}

function oneOf<T>(values: readonly T[], random: RandomStream): T {
  return values[random.below(values.length)] as T;
}

/** Of some interfaces something, small numbers so that two often say the same. */
function staticInfoOf(entry: AsEntry, random: RandomStream): StaticInfo {
  const ids = Array.from({ length: 30 }, (_, at) => at + 1);
  const some = <T>(make: () => T): ReadonlyMap<number, T> =>
    new Map(ids.filter(() => random.below(2) === 0).map((ifId) => [ifId, make()]));
  const small = (): number => random.below(4);
  return {
    latency: { intra: some(small), inter: some(small) },
    bandwidthKbps: { intra: some(small), inter: some(small) },
    geo: some(() => ({ lat: small(), lon: small(), address: "" })),
    linkType: some(() => oneOf(["direct", "multihop", "opennet"] as const, random)),
    internalHops: some(small),
    note: oneOf(["", `${entry.ia} one`, `${entry.ia} two`], random),
    carbonGPerGb: some(small),
    costPerGb: some(small),
    lossRatio: some(small),
  };
}

test("whatever the segments say: the same paths in the same order, with the same fields, MTUs, lifetimes and metadata", (t) => {
  const seen = { paths: 0, peering: 0, duplicates: 0, notes: 0 };
  const property = fc.property(smallNetwork, fc.nat(7), fc.nat(7), fc.nat(), fc.nat(5), (network, x, y, seed, few) => {
    const [src, dst] = [network.ases[x % network.ases.length]?.ia, network.ases[y % network.ases.length]?.ia];
    if (src === undefined || dst === undefined || src === dst) return;
    const random = new RandomStream(seed, "tests", "segments");
    const known = lookUpSegments(new SegmentOracle(network, 1_700_000_000, BOUNDLESS), src, dst);
    const [up, core, down] = [known.up, known.core, known.down].map((segments) => disturb(segments, random));
    const segments = { up: up ?? [], core: core ?? [], down: down ?? [] };
    const expected = combineByTrial(segments, src, dst);
    const combine = createCombiner({ survey, metadata: true });
    const found = combine(segments, src, dst, 100_000);
    t.deepEqual(found.map(shown), expected);
    t.deepEqual(combine(segments, src, dst, few), found.slice(0, few));
    for (const { fingerprint, interfaces } of found) t.is(fingerprint, referenceFingerprint(interfaces).slice(0, 16));
    seen.paths += found.length;
    seen.peering += expected.filter(({ infos }) => infos[0]?.peer === true).length;
    seen.notes += expected.filter(({ metadata }) => metadata?.notes.some((note) => note.includes("\n"))).length;
    const latest = new Set(segments.up.map(({ timestamp }) => timestamp)).size;
    if (latest > 1) seen.duplicates++;
  });
  fc.assert(property, { numRuns: 800 });
  t.log(JSON.stringify(seen));
  t.true(seen.paths > 300 && seen.peering > 2 && seen.notes > 4 && seen.duplicates > 10, JSON.stringify(seen));
});

test("peering at several places and links: each is a path of its own", (t) => {
  const network = networkOf(
    ["1-1", "2-1"],
    [
      ["1-1#1", "core", "2-1#1"],
      ["1-1#2", "child", "1-2#1"],
      ["1-2#2", "child", "1-3#1"],
      ["2-1#2", "child", "2-2#1"],
      ["2-2#2", "child", "2-3#1"],
      ["1-2#11", "peer", "2-2#11"],
      ["1-2#12", "peer", "2-2#12"],
      ["1-2#13", "peer", "2-3#13"],
      ["1-3#14", "peer", "2-2#14"],
      ["1-3#15", "peer", "2-3#15"],
      ["1-3#16", "peer", "2-3#16"],
    ],
  );
  const segments = lookUpSegments(new SegmentOracle(network, 1_700_000_000), "1-3", "2-3");
  const found = createCombiner({ survey })(segments, "1-3", "2-3", 100);
  t.deepEqual(
    found.map(({ length }) => length),
    [1, 1, 2, 2, 3, 3, 5],
  );
  t.deepEqual(
    found.map(({ interfaces }) => interfaces),
    combineByTrial(segments, "1-3", "2-3").map(({ interfaces }) => interfaces),
  );
});

test("the fingerprint is the beginning of SCION's: SHA-256 over 16 bytes for each interface", (t) => {
  t.is(fingerprintOf([]), "e3b0c44298fc1c14");
  const interfaces = [
    { ia: "1-ff00:0:110", ifId: 1 },
    { ia: "65535-4294967295", ifId: 65_535 },
  ];
  t.is(fingerprintOf(interfaces), referenceFingerprint(interfaces).slice(0, 16));
});
