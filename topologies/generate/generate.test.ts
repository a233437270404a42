/** What the generators make: structure, rules of SCION, and the distributions that their papers promise. */
import test from "ava";
import fc from "fast-check";
import type { IA } from "../../core/address.ts";
import { canonicalJson } from "../../core/canonical.ts";
import { createPathFinder } from "../../core/path-finder.ts";
import type { Network, NetworkLink } from "../../core/scenario.ts";
import { greatCircleKm } from "../geography.ts";
import { buildPreset, PRESETS } from "../presets.ts";
import type { PresetParameter } from "../presets/parameters.ts";
import { findNetworkFaults } from "../topology-checks.ts";

type Values = Readonly<Record<string, number>>;

function make(name: string, values: Values = {}): Network {
  const built = buildPreset(name, values);
  if (!built.ok) throw new Error(built.error[0]?.message);
  return built.value;
}

function degrees({ ases, links }: Network): number[] {
  const count = new Map<IA, number>(ases.map(({ ia }) => [ia, 0]));
  for (const { a, b } of links) for (const { ia } of [a, b]) count.set(ia, (count.get(ia) ?? 0) + 1);
  return [...count.values()];
}

function ofType({ links }: Network, type: NetworkLink["type"]): readonly NetworkLink[] {
  return links.filter((link) => link.type === type);
}

/** Pairs of ASes without any path. */
function unreachable(network: Network): string[] {
  const finder = createPathFinder(network, { max: 1 });
  return network.ases.flatMap(({ ia: src }) =>
    network.ases.filter(({ ia }) => finder(src, ia).length === 0).map(({ ia }) => `${src} > ${ia}`),
  );
}

const SHAPES: readonly (readonly [
  name: string,
  Values,
  ases: number,
  core: number,
  child: number,
  peer: number,
  cores: number,
])[] = [
  ["line", { length: 5 }, 5, 4, 0, 0, 5],
  ["ring", { nodes: 5 }, 5, 5, 0, 0, 5],
  ["star", { nodes: 5 }, 5, 0, 4, 0, 1],
  ["grid", { rows: 3, columns: 4 }, 12, 17, 0, 0, 12],
  ["tree", { cores: 1, branching: 3, depth: 2 }, 13, 0, 12, 0, 1],
  ["tree", { cores: 3, branching: 2, depth: 3 }, 45, 3, 42, 0, 3],
  ["barabasi-albert", { nodes: 4, m: 3, cores: 4 }, 4, 6, 0, 0, 4],
  ["barabasi-albert", { nodes: 4, m: 3, cores: 1 }, 4, 0, 3, 3, 1],
  ["waxman", { nodes: 12, alpha: 0, cores: 1 }, 12, 0, 11, 0, 1],
  ["waxman", { nodes: 12, alpha: 1, beta: 10, cores: 12 }, 12, 66, 0, 0, 12],
  ["internet", { ases: 9, isds: 3, cores: 3 }, 9, 13, 0, 0, 9],
  ["internet", { ases: 40, isds: 1, cores: 4, providers: 1, peering: 0 }, 40, 6, 36, 0, 4],
  ["internet", { ases: 40, isds: 1, cores: 4, providers: 2, peering: 0 }, 40, 6, 72, 0, 4],
  ["internet", { ases: 12, isds: 2, cores: 1, tier2: 0, providers: 4, peering: 1 }, 12, 1, 10, 0, 2],
];

for (const [name, values, ases, core, child, peer, cores] of SHAPES) {
  test(`structure: ${name} ${JSON.stringify(values)}`, (t) => {
    const network = make(name, name === "waxman" && values["alpha"] === 1 ? { ...values, seed: 3 } : values);
    const links = [ofType(network, "core").length, ofType(network, "child").length, ofType(network, "peer").length];
    const found = [network.ases.length, network.ases.filter((as) => as.core).length];
    // A dense Waxman graph lacks the few links whose draw lay above exp(-d / 10 L).
    if (name === "waxman" && values["alpha"] === 1) t.true(core - (links[0] ?? 0) < 12);
    else t.deepEqual(links, [core, child, peer]);
    t.deepEqual(found, [ases, cores]);
    t.deepEqual(unreachable(network), []);
  });
}

test("ring and tree: degrees", (t) => {
  t.deepEqual(degrees(make("ring", { nodes: 7 })), Array(7).fill(2));
  t.deepEqual(degrees(make("tree", { cores: 2, branching: 2, depth: 2 })), [3, 3, 3, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1]);
});

for (const name of ["barabasi-albert", "waxman", "internet"]) {
  test(`${name}: the seed is the network, and every AS reaches every other`, (t) => {
    for (const seed of [1, 2, 3]) {
      const network = make(name, { seed });
      t.is(canonicalJson(make(name, { seed })), canonicalJson(network));
      t.not(canonicalJson(make(name, { seed: seed + 10 })), canonicalJson(network));
      if (name !== "internet") t.deepEqual(unreachable(network), []);
    }
    t.is(canonicalJson(make(name)), canonicalJson(make(name, { seed: 1 })), "1 is the default");
    t.deepEqual(unreachable(make("internet", { ases: 40 })), []);
  });
}

/** A parameter within its bounds, small enough that networks stay small. */
function anyValue([key, { kind, minimum, maximum }]: readonly [string, PresetParameter]): fc.Arbitrary<
  [string, number]
> {
  const bound = Math.min(maximum, key === "branching" || key === "depth" ? 4 : 60);
  const value =
    kind === "whole" ? fc.integer({ min: minimum, max: bound }) : fc.double({ min: minimum, max: bound, noNaN: true });
  return value.map((number) => [key, number]);
}

test("any parameters give a network without faults, each interface used once, or one message", (t) => {
  let conflicts = 0;
  const choice = fc
    .constantFrom(...PRESETS)
    .chain(([name, { parameters }]) =>
      fc.tuple(fc.constant(name), fc.tuple(...Object.entries(parameters).map(anyValue))),
    );
  const property = fc.property(choice, ([name, entries]) => {
    const values = Object.fromEntries(entries);
    const built = buildPreset(name, values);
    if (!built.ok) {
      conflicts++;
      t.is(built.error.length, 1);
      t.regex(built.error[0]?.message ?? "", /^\w+: expected .+, found [\d.]+$/);
      return;
    }
    const { ases, links } = built.value;
    const shown = `${name} ${JSON.stringify(values)}`;
    t.deepEqual(findNetworkFaults(ases, links), [], shown);
    const ends = links.flatMap(({ a, b }) => [`${a.ia}#${a.ifId}`, `${b.ia}#${b.ifId}`]);
    t.is(new Set(ends).size, ends.length, shown);
    t.true(links.every(({ a, b, ab }) => a.ia !== b.ia && ab.latency_ns > 0 && Number.isSafeInteger(ab.queue_bytes)));
    const core = new Map(ases.map((as) => [as.ia, as.core]));
    for (const { a, b, type } of links) {
      const both = [core.get(a.ia), core.get(b.ia)];
      if (type === "core") t.deepEqual(both, [true, true], shown);
      else t.false(type === "peer" ? both.includes(true) : both[1], shown);
    }
  });
  fc.assert(property, { numRuns: 200 });
  t.log(`${conflicts} of 200 had parameters that do not go together`);
  t.true(conflicts < 100);
});

test("parameters out of range or against each other: one clear message", (t) => {
  const messageOf = (name: string, values: Values): string => {
    const built = buildPreset(name, values);
    return built.ok ? "" : built.error.map(({ parameter, message }) => `${parameter}: ${message}`).join("\n");
  };
  const cases: readonly (readonly [string, Values, string])[] = [
    ["ring", { nodes: 126 }, "nodes: nodes: expected a whole number from 3 to 125, found 126"],
    ["ring", { nodes: 3.5 }, "nodes: nodes: expected a whole number from 3 to 125, found 3.5"],
    ["waxman", { alpha: 1.5 }, "alpha: alpha: expected a number from 0 to 1, found 1.5"],
    ["waxman", { beta: Number.NaN }, "beta: beta: expected a number from 0.01 to 10, found NaN"],
    ["internet", { ases: 20_001 }, "ases: ases: expected a whole number from 1 to 20000, found 20001"],
    ["internet", { isds: 50 }, "isds: ases: expected at least the 150 core ASes of 50 ISDs with 3 each, found 100"],
    [
      "barabasi-albert",
      { nodes: 3, m: 3 },
      "nodes: nodes: expected more ASes than the 3 links that each new AS brings, found 3",
    ],
    [
      "tree",
      { branching: 10, depth: 5 },
      "depth: depth: expected a tree of at most 20000 ASes, with fewer levels for 1 cores and branching 10, found 5",
    ],
  ];
  for (const [name, values, message] of cases) t.is(messageOf(name, values), message);
});

test("barabasi-albert: the mean degree is exact and the tail is that of the model", (t) => {
  for (const m of [1, 2, 5]) {
    const { links, ases } = make("barabasi-albert", { nodes: 2_000, m, seed: m });
    t.is(ases.length, 2_000);
    t.is(links.length, (m * (m + 1)) / 2 + m * (2_000 - m - 1));
  }
  const found = degrees(make("barabasi-albert", { nodes: 10_000, m: 2 }));
  // Bollobas and others 2001: P(degree >= k) = m (m + 1) / (k (k + 1)).
  for (const k of [3, 4, 6, 10, 20, 40]) {
    const expected = (10_000 * 6) / (k * (k + 1));
    const observed = found.filter((degree) => degree >= k).length;
    t.true(Math.abs(observed - expected) < 5 * Math.sqrt(expected) + 2, `degree >= ${k}: ${observed} of ${expected}`);
  }
  // The largest degree grows as the square root of the size.
  const largest = (nodes: number): number => Math.max(...degrees(make("barabasi-albert", { nodes, m: 2 })));
  t.true(largest(10_000) > 4 * largest(100), `${largest(100)}, ${largest(10_000)}`);
});

test("waxman: a link's probability falls with distance as alpha exp(-d / (beta L))", (t) => {
  const [alpha, beta] = [0.8, 0.15];
  const bins = Array.from({ length: 8 }, () => ({ expected: 0, observed: 0 }));
  for (const seed of [1, 2, 3]) {
    const { ases, links } = make("waxman", { nodes: 150, alpha, beta, seed });
    const linked = new Set(links.flatMap(({ a, b }) => [`${a.ia} ${b.ia}`, `${b.ia} ${a.ia}`]));
    const origin = { lat: 0, lon: 0 };
    const pairs = ases.flatMap((one, at) =>
      ases.slice(at + 1).map((other) => ({
        km: greatCircleKm(one.position ?? origin, other.position ?? origin),
        linked: linked.has(`${one.ia} ${other.ia}`),
      })),
    );
    const largest = Math.max(...pairs.map(({ km }) => km));
    for (const pair of pairs) {
      const bin = bins[Math.min(7, Math.floor((8 * pair.km) / largest))];
      if (bin === undefined) continue;
      bin.expected += alpha * Math.exp(-pair.km / (beta * largest));
      bin.observed += pair.linked ? 1 : 0;
    }
  }
  for (const [at, { expected, observed }] of bins.entries()) {
    // A few links join what the draws left apart.
    t.true(Math.abs(observed - expected) < 5 * Math.sqrt(expected) + 5, `bin ${at}: ${observed} of ${expected}`);
  }
  t.true((bins[0]?.observed ?? 0) > 100);
});

test("internet: multihoming is as asked, providers are in the own ISD and a tier above", (t) => {
  for (const providers of [1, 1.6, 2.25]) {
    const network = make("internet", { ases: 3_000, isds: 4, cores: 5, providers });
    const count = new Map<IA, number>();
    for (const { a, b } of ofType(network, "child")) {
      count.set(b.ia, (count.get(b.ia) ?? 0) + 1);
      t.is(a.ia.split("-")[0], b.ia.split("-")[0]);
    }
    const leaves = network.ases.filter(({ core }) => !core);
    t.is(leaves.length, 2_980);
    const [least, share] = [Math.floor(providers), providers - Math.floor(providers)];
    const more = leaves.filter(({ ia }) => count.get(ia) === least + 1).length;
    t.is(leaves.filter(({ ia }) => count.get(ia) === least).length + more, leaves.length);
    const deviation = Math.sqrt(leaves.length * share * (1 - share));
    t.true(Math.abs(more - share * leaves.length) <= 5 * deviation, `${providers}: ${more}`);
  }
});

test("internet: tiers have their rates, ISDs are joined, peering follows its parameter", (t) => {
  const network = make("internet", { ases: 600, isds: 5, cores: 4, tier2: 0.2, peering: 0.5 });
  const rates = Map.groupBy(network.links, ({ type, ab }) => `${type} ${ab.rate_bps / 1e9}`);
  t.deepEqual([...rates.keys()].sort(), ["child 1", "child 10", "core 100", "peer 10"]);
  const isdOf = (ia: IA): string => ia.split("-")[0] ?? "";
  const between = ofType(network, "core").filter(({ a, b }) => isdOf(a.ia) !== isdOf(b.ia));
  t.is(ofType(network, "core").length - between.length, 5 * 6);
  // Four joints of two links, and at most one link for each of the other six pairs.
  t.true(between.length >= 8 && between.length <= 14, String(between.length));
  const second = new Set((rates.get("child 10") ?? []).map(({ b }) => b.ia));
  t.is(second.size, 5 * Math.round(116 * 0.2));
  for (const { a, b } of rates.get("child 1") ?? []) t.true(second.has(a.ia) && !second.has(b.ia));
  for (const { a, b } of ofType(network, "peer")) t.true(second.has(a.ia) && second.has(b.ia));
  const peers = ofType(network, "peer").length;
  const asked = second.size * 4 * 0.5;
  // Some ask themselves, or one they have already.
  t.true(peers > 0.8 * asked && peers < asked + 5 * Math.sqrt(asked), `${peers} of ${asked}`);
});

test("internet: 10,000 ASes are free of faults, and paths are found between them", (t) => {
  const network = make("internet", { ases: 10_000 });
  t.is(network.ases.length, 10_000);
  t.deepEqual(findNetworkFaults(network.ases, network.links), []);
  const [first, last] = [network.ases[4_000]?.ia ?? "", network.ases[9_999]?.ia ?? ""];
  t.is(createPathFinder(network, { max: 20 })(first, last).length, 20);
});
