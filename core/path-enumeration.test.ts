import { existsSync, readFileSync } from "node:fs";
import test from "ava";
import fc from "fast-check";
import type { IA } from "./address.ts";
import { MAX_HOPS, type PathInfo } from "./path.ts";
import { comparePaths, createPathIndex, enumeratePaths } from "./path-enumeration.ts";
import { DEFAULT_DIRECTION, type LinkDirection, type LinkType, type Network, type NetworkLink } from "./scenario.ts";

const EPOCH_S = 1_700_000_000;
const ALL = { max: 100_000, maxExpansions: 5_000_000, epochS: EPOCH_S };
const VECTORS = "../shared/data/vectors";

type LinkRow = readonly [a: string, type: LinkType, b: string, more?: { mtu?: number; ms?: number; mbit?: number }];

/** Names such as "1-ff00:0:110"; core ASes are listed first, the others are found in the links. */
function networkOf(core: readonly string[], rows: readonly LinkRow[], mtus: Record<string, number> = {}): Network {
  const links = rows.map(([a, type, b, { mtu = 1472, ms = 5, mbit = 100 } = {}]): NetworkLink => {
    const ab: LinkDirection = { ...DEFAULT_DIRECTION, latency_ns: ms * 1e6, rate_bps: mbit * 1e6 };
    return { a: end(a), b: end(b), type, mtu, ab, ba: ab };
  });
  const names = new Set([...core, ...links.flatMap(({ a, b }) => [a.ia, b.ia])]);
  const ases = [...names].map((ia) => ({ ia: ia as IA, core: core.includes(ia), mtu: mtus[ia] ?? 1472 }));
  return { name: "test", ases, links };
}

function end(text: string): { ia: IA; ifId: number } {
  const [ia = "", ifId] = text.split("#");
  return { ia: ia as IA, ifId: Number(ifId) };
}

function interfacesOf(path: PathInfo): string[] {
  return path.interfaces.map(({ ia, ifId }) => `${ia}#${ifId}`);
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

const ia = (text: string): IA => text as IA;

test("up, core and down: hop fields stand in travelling order, turned against construction before the down segment", (t) => {
  const { paths } = enumeratePaths(PEERING, ia("1-ff00:0:111"), ia("2-ff00:0:211"), ALL);
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
  t.deepEqual(path.forwarding?.infos[0], { consDir: false, peer: false, segId: 0, timestamp: EPOCH_S });
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
  const { paths } = enumeratePaths(PEERING, ia("1-ff00:0:113"), ia("2-ff00:0:213"), ALL);
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
  const [best] = enumeratePaths(PEERING, ia("1-ff00:0:112"), ia("2-ff00:0:212"), ALL).paths;
  t.deepEqual(
    best?.segments.map(({ hops }) => hops),
    [[[42, 0]], [[23, 0]]],
  );
});

test("a path within one line of descent is one segment, cut where the nearer AS stands", (t) => {
  const [up] = enumeratePaths(PEERING, ia("1-ff00:0:114"), ia("1-ff00:0:112"), ALL).paths;
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
  const [down] = enumeratePaths(PEERING, ia("1-ff00:0:112"), ia("1-ff00:0:114"), ALL).paths;
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
  const { paths } = enumeratePaths(PEERING, ia("1-ff00:0:110"), ia("1-ff00:0:110"), ALL);
  t.is(paths.length, 1);
  t.like(paths[0], { interfaces: [], length: 0, mtu: 1400, latencyNs: 0, bandwidthKbps: null, forwarding: null });
  t.deepEqual(enumeratePaths(PEERING, ia("1-ff00:0:110"), ia("1-9"), ALL), { paths: [], truncated: false });
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
  t.is(enumeratePaths(network, ia("1-2"), ia("2-2"), ALL).paths.length, 0);
});

test("a limit on the rate that no link has is no bandwidth", (t) => {
  const network = networkOf(["1-1", "1-2"], [["1-1#1", "core", "1-2#1", { mbit: 0 }]]);
  t.is(enumeratePaths(network, ia("1-1"), ia("1-2"), ALL).paths[0]?.bandwidthKbps, null);
});

test("a core segment of 63 hop fields fits, one of 64 does not", (t) => {
  const lineOf = (ases: number): Network => {
    const names = Array.from({ length: ases }, (_, at) => `1-${at + 1}`);
    return networkOf(
      names,
      names.slice(1).map((name, at): LinkRow => [`${names[at]}#2`, "core", `${name}#1`]),
    );
  };
  t.is(enumeratePaths(lineOf(63), ia("1-1"), ia("1-63"), ALL).paths[0]?.length, 62);
  t.deepEqual(enumeratePaths(lineOf(64), ia("1-1"), ia("1-64"), ALL), { paths: [], truncated: false });
});

function coreGrid(side: number): Network {
  const name = (row: number, column: number): string => `1-${row * side + column + 1}`;
  const rows: LinkRow[] = [];
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      if (column + 1 < side) rows.push([`${name(row, column)}#1`, "core", `${name(row, column + 1)}#2`]);
      if (row + 1 < side) rows.push([`${name(row, column)}#3`, "core", `${name(row + 1, column)}#4`]);
    }
  }
  return networkOf(
    Array.from({ length: side * side }, (_, at) => `1-${at + 1}`),
    rows,
  );
}

test("the best path between the corners of a 32 x 32 grid takes one step a link", (t) => {
  const index = createPathIndex(coreGrid(32));
  const options = { max: 1, maxExpansions: 70, epochS: EPOCH_S };
  const { paths, truncated } = enumeratePaths(index, ia("1-1"), ia("1-1024"), options);
  t.deepEqual(
    paths.map(({ length }) => length),
    [62],
  );
  t.false(truncated);
  const began = performance.now();
  for (let dst = 1; dst <= 1024; dst += 33) enumeratePaths(index, ia("1-512"), ia(`1-${dst}`), { ...ALL, max: 1 });
  const each = (performance.now() - began) / 32;
  t.log(`${each.toFixed(2)} ms a pair`);
  t.true(each < 50, "ten times the time it should take on a busy machine");
});

test("a search that gives up says so", (t) => {
  const grid = coreGrid(8);
  const found = enumeratePaths(grid, ia("1-1"), ia("1-64"), { max: 1e9, maxExpansions: 1_000, epochS: EPOCH_S });
  t.true(found.truncated);
  t.true(found.paths.length > 0);
  t.false(enumeratePaths(grid, ia("1-1"), ia("1-64"), { max: 5, epochS: EPOCH_S }).truncated);
});

// ---- against an independent brute force ----

interface Step {
  readonly letter: "u" | "c" | "d" | "p";
  readonly to: string;
  readonly egress: number;
  readonly ingress: number;
}

/** Every simple walk in the graph of links, judged afterwards by the word it spells. */
function bruteForce(network: Network, src: string, dst: string): string[][] {
  const core = new Map(network.ases.map((as) => [as.ia as string, as.core]));
  const stepsFrom = (from: string): Step[] => network.links.flatMap((link) => stepsOver(link, from));
  const hasCoreAbove = (from: string): boolean =>
    core.get(from) === true || stepsFrom(from).some(({ letter, to }) => letter === "u" && hasCoreAbove(to));
  const found: { links: number; segments: number; egresses: number[]; interfaces: string[] }[] = [];
  const visit = (at: string, seen: readonly string[], steps: readonly Step[]): void => {
    if (at === dst) {
      const segments = segmentsOfWord(steps.map(({ letter }) => letter).join(""));
      const tops = steps.flatMap((step, i) => topsOf(step, seen[i] as string, steps[i + 1], steps[i - 1]));
      if (segments === null || !tops.every(hasCoreAbove) || !endsAllowed(steps, seen, core)) return;
      const interfaces = steps.flatMap((step, i) => [`${seen[i]}#${step.egress}`, `${step.to}#${step.ingress}`]);
      found.push({ links: steps.length, segments, egresses: steps.map(({ egress }) => egress), interfaces });
      return;
    }
    for (const step of stepsFrom(at)) {
      if (!seen.includes(step.to)) visit(step.to, [...seen, step.to], [...steps, step]);
    }
  };
  visit(src, [src], []);
  found.sort(
    (left, right) =>
      left.links - right.links || left.segments - right.segments || lexical(left.egresses, right.egresses),
  );
  return found.map(({ interfaces }) => interfaces);
}

function stepsOver({ a, b, type }: NetworkLink, from: string): Step[] {
  const [there, back] = ({ core: "cc", child: "du", peer: "pp" } as const)[type] as unknown as Step["letter"][];
  if (a.ia === from) return [{ letter: there as Step["letter"], to: b.ia, egress: a.ifId, ingress: b.ifId }];
  return b.ia === from ? [{ letter: back as Step["letter"], to: a.ia, egress: b.ifId, ingress: a.ifId }] : [];
}

function segmentsOfWord(word: string): number | null {
  if (/^u*pd*$/.test(word)) return 2;
  return /^u*c*d*$/.test(word) ? new Set(word).size : null;
}

/** ASes at which a segment stops short of, or begins at, the top of the path. */
function topsOf(step: Step, from: string, next: Step | undefined, previous: Step | undefined): string[] {
  const tops: string[] = [];
  if (step.letter === "u" && next?.letter !== "u") tops.push(step.to);
  if (step.letter === "d" && previous?.letter !== "d") tops.push(from);
  if (step.letter === "p") tops.push(from, step.to);
  return tops;
}

function endsAllowed(steps: readonly Step[], seen: readonly string[], core: ReadonlyMap<string, boolean>): boolean {
  return steps.every(({ letter, to }, i) => {
    const [fromCore, toCore] = [core.get(seen[i] as string) === true, core.get(to) === true];
    return { u: !fromCore, c: fromCore && toCore, d: !toCore, p: !fromCore && !toCore }[letter];
  });
}

function lexical(left: readonly number[], right: readonly number[]): number {
  const at = left.findIndex((value, i) => value !== right[i]);
  return at < 0 ? 0 : (left[at] as number) - (right[at] as number);
}

/**
 * Small networks with every kind of link. Child links point to later ASes, so that none is its own parent; one link in
 * seven is of a kind that does not fit its ends, and some ASes have no core AS above them.
 */
const smallNetwork = fc
  .record({
    cores: fc.integer({ min: 0, max: 3 }),
    others: fc.integer({ min: 1, max: 4 }),
    links: fc.array(fc.tuple(fc.nat(6), fc.nat(6), fc.nat(13)), { minLength: 4, maxLength: 12 }),
    ids: fc.shuffledSubarray(
      Array.from({ length: 24 }, (_, at) => at + 1),
      { minLength: 24 },
    ),
  })
  .map(({ cores, others, links, ids }) => {
    const name = (at: number): string => `${1 + (at % 2)}-${at + 1}`;
    const rows = links.flatMap(([x, y, kind], at): LinkRow[] => {
      const [a, b] = [Math.min(x, y) % (cores + others), Math.max(x, y) % (cores + others)];
      if (a >= b) return [];
      const fitting: LinkType = b < cores ? "core" : a >= cores && kind % 2 === 1 ? "peer" : "child";
      const type = (["core", "child", "peer"] as const)[kind - 11] ?? fitting;
      return [[`${name(a)}#${ids[2 * at]}`, type, `${name(b)}#${ids[2 * at + 1]}`, { ms: at }]];
    });
    return networkOf(
      Array.from({ length: cores }, (_, at) => name(at)),
      rows,
    );
  });

test("random networks: the same paths in the same order as brute force, and every prefix of them lazily", (t) => {
  let compared = 0;
  const property = fc.property(smallNetwork, fc.nat(6), fc.nat(6), fc.nat(5), (network, x, y, few) => {
    const [src, dst] = [network.ases[x % network.ases.length]?.ia, network.ases[y % network.ases.length]?.ia];
    if (src === undefined || dst === undefined || src === dst) return;
    const { paths, truncated } = enumeratePaths(network, src, dst, ALL);
    const expected = bruteForce(network, src, dst);
    t.false(truncated);
    t.deepEqual(paths.map(interfacesOf), expected);
    t.deepEqual(enumeratePaths(network, src, dst, { ...ALL, max: few }).paths, paths.slice(0, few));
    for (const [at, path] of paths.entries()) {
      t.deepEqual(hopWalk(network, path), interfacesOf(path));
      if (at > 0) t.true(comparePaths(paths[at - 1] as PathInfo, path) < 0);
    }
    t.is(new Set(paths.map(({ fingerprint }) => fingerprint)).size, paths.length);
    compared += paths.length;
  });
  fc.assert(property, { numRuns: 2_500 });
  t.log(`${compared} paths compared`);
  t.true(compared > 500, "the generator must make networks that have paths");
});

/** Follows the hop fields only, as routers do: each one's ingress must be the far end of the link taken before. */
function hopWalk(network: Network, { forwarding, src, dst }: PathInfo): string[] {
  if (forwarding === null) return [];
  const far = new Map<string, { ia: IA; ifId: number }>();
  for (const { a, b } of network.links) far.set(`${a.ia}#${a.ifId}`, b).set(`${b.ia}#${b.ifId}`, a);
  const visited: string[] = [];
  let at: { ia: IA; ifId: number } = { ia: src, ifId: 0 };
  let hop = 0;
  const peering = forwarding.infos[0]?.peer === true;
  forwarding.infos.forEach(({ consDir, peer }, segment) => {
    if (peer !== peering) throw new Error("the peer flag must stand on both segments");
    const length = forwarding.segLens[segment] as number;
    for (let i = 0; i < length; i++, hop++) {
      const { consIngress, consEgress } = forwarding.hops[hop] as { consIngress: number; consEgress: number };
      const [ingress, egress] = consDir ? [consIngress, consEgress] : [consEgress, consIngress];
      const entered = i > 0 || (peering && segment > 0);
      if (entered && ingress !== at.ifId) throw new Error(`hop ${hop}: ingress ${ingress}, arrived on ${at.ifId}`);
      if (i === length - 1 && !(peering && segment === 0)) continue;
      visited.push(`${at.ia}#${egress}`);
      at = far.get(`${at.ia}#${egress}`) ?? { ia: "unknown" as IA, ifId: 0 };
      visited.push(`${at.ia}#${at.ifId}`);
    }
  });
  if (at.ia !== dst || hop !== forwarding.hops.length || hop > MAX_HOPS) throw new Error("the hops do not end at dst");
  return visited;
}

// ---- against the combinator's golden cases ----

interface Graph {
  readonly nodes: readonly string[];
  readonly edges: readonly { a: string; aIf: number; b: string; bIf: number; peer: boolean }[];
}

interface GoldenCase {
  readonly name: string;
  readonly src: string;
  readonly dst: string;
  readonly expect: readonly {
    readonly weight: number;
    readonly segments: readonly { consDir: boolean; peer: boolean; hops: [number, number][] }[];
    readonly interfaces: readonly string[];
  }[];
}

test("every path of SCION's combinator that its beacons allow is among ours, hop field for hop field", (t) => {
  if (!existsSync(`${VECTORS}/combinator.json`)) {
    t.log(`${VECTORS} is not here: golden cases not run`);
    t.pass();
    return;
  }
  const graphs = JSON.parse(readFileSync(`${VECTORS}/graph_default.json`, "utf8")) as Record<string, Graph>;
  const network = goldenNetwork(graphs["default"] as Graph);
  const cases = JSON.parse(readFileSync(`${VECTORS}/combinator.json`, "utf8")) as GoldenCase[];
  let checked = 0;
  for (const { name, src, dst, expect } of cases) {
    const { paths } = enumeratePaths(network, ia(src), ia(dst), ALL);
    for (const golden of expect) {
      const ours = paths.find((path) => interfacesOf(path).join() === golden.interfaces.join());
      t.truthy(ours, `${name}: ${golden.interfaces.join(" ")}`);
      t.is(ours?.length, golden.weight, name);
      t.deepEqual(ours?.segments.map(comparable), golden.segments.map(comparable), name);
      checked++;
    }
  }
  t.log(`${checked} golden paths`);
});

/** Where a shortcut cuts a segment, any interface towards a parent will do: the golden one came with the beacon given. */
function comparable({ consDir, peer, hops }: Pick<PathInfo["segments"][number], "consDir" | "peer" | "hops">): unknown {
  const top = consDir ? 0 : hops.length - 1;
  const masked = hops.map(([ingress, egress], at) => [at === top && !peer && ingress > 0 ? "any" : ingress, egress]);
  return { consDir, peer, hops: masked };
}

/** In the golden graph ASes x10, x20 and x30 are core; a link that is not peering leads from `a`, the parent. */
function goldenNetwork({ edges }: Graph): Network {
  const core = ["1-ff00:0:110", "1-ff00:0:120", "1-ff00:0:130", "2-ff00:0:210", "2-ff00:0:220"];
  const rows = edges.map(({ a, aIf, b, bIf, peer }): LinkRow => {
    const type = peer ? "peer" : core.includes(a) && core.includes(b) ? "core" : "child";
    return [`${a}#${aIf}`, type, `${b}#${bIf}`];
  });
  return networkOf(core, rows);
}
