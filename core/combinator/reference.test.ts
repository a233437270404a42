/** The combinator against a second, slower one, on segments that disagree about MTUs, lifetimes and static info. */
import test from "ava";
import fc from "fast-check";
import { SegmentOracle } from "../beaconing/oracle.ts";
import { DEFAULT_BEACON_POLICY } from "../beaconing/policy.ts";
import type { PathInfo } from "../path.ts";
import { lookUpSegments } from "../path-finder.ts";
import { RandomStream } from "../rng.ts";
import type { AsEntry, Segment, SegmentHop, StaticInfo } from "../segment.ts";
import { createCombiner } from "./combine.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { networkOf, smallNetwork } from "./networks-testing.ts";
import { combineByTrial, type ReferencePath, referenceFingerprint } from "./reference-testing.ts";

const BOUNDLESS = { ...DEFAULT_BEACON_POLICY, bestSetSize: 1_000_000, candidateSetSize: 1_000_000, maxHopsLength: 100 };
const survey = () => ({ latencyNs: 0, bandwidthKbps: null, carbonGPerGb: null, costPerGb: null, lossRatio: 0 });

/** Most segments of a kind: the second combinator tries all triples. */
const MOST_SEGMENTS = 8;

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
    const combine = createCombiner({ survey });
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
  t.true(seen.paths > 300 && seen.peering > 10 && seen.notes > 10 && seen.duplicates > 20, JSON.stringify(seen));
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
