import test from "ava";
import fc from "fast-check";
import type { IA } from "./address.ts";
import { DEFAULT_BEACON_POLICY } from "./beaconing/policy.ts";
import { SegmentOracle } from "./beaconing/oracle.ts";
import { bruteForce } from "./combinator/brute-force-testing.ts";
import { interfacesOf, type LinkRow, networkOf, drawnNetwork, walk } from "./combinator/networks-testing.ts";
import { createForwardingKeys } from "./forwarding-keys.ts";
import type { PathInfo } from "./path.ts";
import { createPathFinder } from "./path-finder.ts";
import type { Network } from "./scenario.ts";

const EPOCH_S = 1_700_000_000;
const ALL = { max: 100_000, epochS: EPOCH_S };

/** Beaconing that keeps everything: what is missing then is missing by the rules of combination. */
const BOUNDLESS = { ...DEFAULT_BEACON_POLICY, bestSetSize: 1_000_000, candidateSetSize: 1_000_000, maxHopsLength: 100 };

function pathsIn(network: Network, src: IA, dst: IA): readonly PathInfo[] {
  return createPathFinder(network, ALL)(src, dst);
}

// Two core ASes, each with a child and a grandchild, a peering link between the children (scionproto peering-test).
const PEERING = networkOf(
  ["1-ff00:0:110", "2-ff00:0:210"],
  [
    ["1-ff00:0:110#1", "child", "1-ff00:0:111#41", { mtu: 1280 }],
    ["1-ff00:0:110#2", "child", "1-ff00:0:112#1", { mbit: 10 }],
    ["1-ff00:0:112#3", "child", "1-ff00:0:113#3"],
    ["1-ff00:0:113#4", "child", "1-ff00:0:114#4"],
    ["1-ff00:0:110#3", "core", "2-ff00:0:210#3", { ms: 20 }],
    ["2-ff00:0:210#1", "child", "2-ff00:0:211#3"],
    ["2-ff00:0:210#2", "child", "2-ff00:0:212#7"],
    ["2-ff00:0:212#3", "child", "2-ff00:0:213#3"],
    ["1-ff00:0:112#42", "peer", "2-ff00:0:212#23"],
  ],
  { "1-ff00:0:110": 1400 },
);

test("up, core and down: hop fields stand in travelling order, turned against construction before the down segment", (t) => {
  const paths = pathsIn(PEERING, "1-ff00:0:111", "2-ff00:0:211");
  t.is(paths.length, 1);
  const path = paths[0] as PathInfo;
  t.deepEqual(path.segments, [
    {
      type: "up",
      consDir: false,
      peer: false,
      hops: [
        [41, 0],
        [0, 1],
      ],
    },
    {
      type: "core",
      consDir: false,
      peer: false,
      hops: [
        [3, 0],
        [0, 3],
      ],
    },
    {
      type: "down",
      consDir: true,
      peer: false,
      hops: [
        [0, 1],
        [3, 0],
      ],
    },
  ]);
  t.deepEqual(path.forwarding?.segLens, [2, 2, 2]);
  t.like(path.forwarding?.infos[0], { consDir: false, peer: false, timestamp: EPOCH_S });
  t.deepEqual(path.forwarding?.hops[1], {
    ingressAlert: false,
    egressAlert: false,
    expTime: 63,
    consIngress: 0,
    consEgress: 1,
    mac: 0,
  });
  t.is(path.mtu, 1280);
  t.is(path.latencyNs, 30e6);
  t.is(path.bandwidthKbps, 100_000);
  t.is(path.expiryS, EPOCH_S + 21_600);
  t.regex(path.fingerprint, /^[0-9a-f]{16}$/);
});

test("a peering link joins an up and a down segment, and both carry the peer flag", (t) => {
  const paths = pathsIn(PEERING, "1-ff00:0:113", "2-ff00:0:213");
  t.deepEqual(
    paths.map(({ length }) => length),
    [3, 5],
  );
  t.deepEqual(paths[0]?.segments, [
    {
      type: "up",
      consDir: false,
      peer: true,
      hops: [
        [3, 0],
        [42, 3],
      ],
    },
    {
      type: "down",
      consDir: true,
      peer: true,
      hops: [
        [23, 3],
        [3, 0],
      ],
    },
  ]);
  t.is(paths[1]?.bandwidthKbps, 10_000);
});

test("source and destination may be the ends of the peering link: segments of one hop field", (t) => {
  const [best] = pathsIn(PEERING, "1-ff00:0:112", "2-ff00:0:212");
  t.deepEqual(
    best?.segments.map(({ hops }) => hops),
    [[[42, 0]], [[23, 0]]],
  );
});

test("a path within one line of descent is one segment, cut where the nearer AS stands", (t) => {
  const [up] = pathsIn(PEERING, "1-ff00:0:114", "1-ff00:0:112");
  t.deepEqual(up?.segments, [
    {
      type: "up",
      consDir: false,
      peer: false,
      hops: [
        [4, 0],
        [3, 4],
        [1, 3],
      ],
    },
  ]);
  const [down] = pathsIn(PEERING, "1-ff00:0:112", "1-ff00:0:114");
  t.deepEqual(down?.segments, [
    {
      type: "down",
      consDir: true,
      peer: false,
      hops: [
        [1, 3],
        [3, 4],
        [4, 0],
      ],
    },
  ]);
});

test("within an AS there is the empty path; an unknown AS has none", (t) => {
  const paths = pathsIn(PEERING, "1-ff00:0:110", "1-ff00:0:110");
  t.is(paths.length, 1);
  t.like(paths[0], { interfaces: [], length: 0, mtu: 1400, latencyNs: 0, bandwidthKbps: null, forwarding: null });
  t.deepEqual(pathsIn(PEERING, "1-ff00:0:110", "1-9"), []);
});

test("peering at a core AS is never used", (t) => {
  const network = networkOf(
    ["1-1", "2-1"],
    [
      ["1-1#1", "child", "1-2#1"],
      ["2-1#1", "child", "2-2#1"],
      ["1-1#2", "peer", "2-1#2"],
      ["1-2#2", "peer", "2-1#3"],
    ],
  );
  t.is(pathsIn(network, "1-2", "2-2").length, 0);
});

test("a limit on the rate that no link has is no bandwidth", (t) => {
  const network = networkOf(["1-1", "1-2"], [["1-1#1", "core", "1-2#1", { mbit: 0 }]]);
  t.is(pathsIn(network, "1-1", "1-2")[0]?.bandwidthKbps, null);
});

function lineOf(ases: number): Network {
  const names = Array.from({ length: ases }, (_, at) => `1-${at + 1}`);
  return networkOf(
    names,
    names.slice(1).map((name, at): LinkRow => [`${names[at]}#2`, "core", `${name}#1`]),
  );
}

test("a beacon of ten hops is taken, one of eleven is not", (t) => {
  t.is(pathsIn(lineOf(11), "1-1", "1-11")[0]?.length, 10);
  t.deepEqual(pathsIn(lineOf(12), "1-1", "1-12"), []);
});

test("a core segment of 63 hop fields fits into a packet, one of 64 does not", (t) => {
  const pathsOn = (ases: number) =>
    createPathFinder(new SegmentOracle(lineOf(ases), EPOCH_S, BOUNDLESS), ALL)("1-1", `1-${ases}`);
  t.is(pathsOn(63)[0]?.length, 62);
  t.deepEqual(pathsOn(64), []);
});

test("of more ways than the best set holds, twenty are known", (t) => {
  const rows = Array.from({ length: 30 }, (_, at): LinkRow => [`1-1#${at + 1}`, "child", `1-2#${at + 1}`]);
  t.is(pathsIn(networkOf(["1-1"], rows), "1-1", "1-2").length, 20);
});

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

test("random networks: every path that the rules allow and no other, in order, and its hop fields lead through real routers", (t) => {
  const keys = createForwardingKeys(1);
  const compared = { paths: 0, peering: 0, shortcuts: 0 };
  const property = fc.property(smallNetwork, fc.nat(7), fc.nat(7), fc.nat(5), (network, x, y, few) => {
    const [src, dst] = [network.ases[x % network.ases.length]?.ia, network.ases[y % network.ases.length]?.ia];
    if (src === undefined || dst === undefined || src === dst) return;
    const oracle = new SegmentOracle(network, EPOCH_S, BOUNDLESS);
    const paths = createPathFinder(oracle, { ...ALL, keys })(src, dst);
    const expected = bruteForce(network, src, dst).map((interfaces) => interfacesOf({ interfaces }));
    t.deepEqual(paths.map(interfacesOf).toSorted(), expected.toSorted());
    const costs = paths.map(({ length, segments }) => 4 * length + segments.length);
    t.deepEqual(
      costs,
      costs.toSorted((left, right) => left - right),
    );
    t.deepEqual(createPathFinder(oracle, { max: few, keys })(src, dst), paths.slice(0, few));
    t.is(new Set(paths.map(({ fingerprint }) => fingerprint)).size, paths.length);
    for (const path of paths) t.is(walk(network, keys, path), `${interfacesOf(path)} deliver`);
    compared.paths += paths.length;
    for (const { segments } of paths) {
      if (segments[0]?.peer === true) compared.peering++;
      else if (segments.some(({ consDir, hops }) => hops.at(consDir ? 0 : -1)?.[0] !== 0)) compared.shortcuts++;
    }
  });
  fc.assert(property, { numRuns: 1_500 });
  t.log(JSON.stringify(compared));
  t.true(compared.paths > 500 && compared.peering > 10 && compared.shortcuts > 20, JSON.stringify(compared));
});

test("random networks: with the defaults of beaconing fewer paths, and each of them one that the rules allow", (t) => {
  const property = fc.property(smallNetwork, fc.nat(7), fc.nat(7), (network, x, y) => {
    const [src, dst] = [network.ases[x % network.ases.length]?.ia, network.ases[y % network.ases.length]?.ia];
    if (src === undefined || dst === undefined || src === dst) return;
    const allowed = new Set(bruteForce(network, src, dst).map((interfaces) => interfacesOf({ interfaces })));
    const paths = pathsIn(network, src, dst).map(interfacesOf);
    t.true(paths.every((path) => allowed.has(path)));
    t.is(paths.length === 0, allowed.size === 0);
  });
  fc.assert(property, { numRuns: 300 });
});
