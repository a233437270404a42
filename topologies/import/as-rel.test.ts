import test from "ava";
import fc from "fast-check";
import { findNetworkFaults } from "../topology-checks.ts";
import { countsOf, fileSource, importedFrom, linksOf, problemsOf } from "./import-testing.ts";

const list = (...lines: readonly string[]) => fileSource("net.rel.txt", `${lines.join("\n")}\n`);

/** Two tier 1s, 1 and 2; below them 10, 20; below those 100. */
const CAIDA = [
  "# source: test",
  "1|2|0|bgp",
  "1|10|-1|bgp",
  "2|20|-1|bgp",
  "10|20|0|mlp",
  "10|100|-1|bgp",
  "20|100|-1|bgp",
];

test("CAIDA's lists: -1 a provider, 0 peers, each link once", (t) => {
  const { network, warnings } = importedFrom(list(...CAIDA), { cores: 2 });
  t.deepEqual(linksOf(network), [
    "1-1#1 core 1-2#1",
    "1-1#2 child 1-10#1",
    "1-2#2 child 1-20#1",
    "1-10#2 peer 1-20#2",
    "1-10#3 child 1-100#1",
    "1-20#3 child 1-100#2",
  ]);
  t.deepEqual(warnings, []);
});

const TWICE = ["2|1|1", "1|2|-1", "3|1|1", "1|3|-1", "2|3|0", "3|2|0"];

test("each link twice: 1 says that A is a customer of B, unless told otherwise", (t) => {
  const customer = importedFrom(list(...TWICE), { cores: 1 });
  t.deepEqual(linksOf(customer.network), ["1-1#1 child 1-2#1", "1-1#2 child 1-3#1", "1-2#2 peer 1-3#2"]);
  t.deepEqual(customer.warnings, ["each link stands twice, and A|B|1 says that A is a customer of B"]);
  const provider = importedFrom(list(...TWICE), { cores: 1, first: "provider" });
  t.regex(provider.warnings[0] ?? "", /A is a provider of B/);
  t.false(linksOf(provider.network).includes("1-1#1 child 1-2#1"));
});

test("a long list says itself what 1 means", (t) => {
  const star = Array.from({ length: 150 }, (_, at) => at + 2);
  const provides = star.flatMap((leaf) => [`1|${leaf}|1`, `${leaf}|1|-1`]);
  const isCustomer = star.flatMap((leaf) => [`${leaf}|1|1`, `1|${leaf}|-1`]);
  for (const lines of [provides, isCustomer]) {
    const { network } = importedFrom(list(...lines), { cores: 1 });
    t.true(network.ases[0]?.core);
    t.true(network.links.every(({ a, type }) => a.ia === "1-1" && type === "child"));
  }
});

test("core by customer cone or by degree", (t) => {
  // 1 has the larger cone (all of 3's customers), 2 the more links.
  const lines = [
    "1|3|-1",
    "3|4|-1",
    "3|5|-1",
    "3|6|-1",
    "3|7|-1",
    "1|2|0",
    "2|8|-1",
    "2|9|-1",
    "2|10|-1",
    "2|11|-1",
    "2|12|0",
    "1|12|-1",
  ];
  const core = (rule: "cone" | "degree"): string | undefined =>
    importedFrom(list(...lines), { cores: 1, core: rule }).network.ases.find((as) => as.core)?.ia;
  t.is(core("cone"), "1-1");
  t.is(core("degree"), "1-2");
});

test("the core becomes one mesh through those between", (t) => {
  const { network, warnings } = importedFrom(list("1|5|-1", "1|11|-1", "1|12|-1", "2|5|-1", "2|21|-1", "2|22|-1"), {
    cores: 2,
  });
  t.deepEqual(
    network.ases.filter(({ core }) => core).map(({ ia }) => ia),
    ["1-1", "1-2", "1-5"],
  );
  t.deepEqual(warnings, ["1 ASes between core ASes became core, so that the core is connected"]);
});

test("cycles of providers are broken, those without a core are attached, those without any way dropped", (t) => {
  const { network, warnings } = importedFrom(
    list("1|2|-1", "2|3|-1", "3|4|-1", "4|2|-1", "7|4|-1", "8|7|0", "30|31|-1", "1|40|-1", "1|41|-1", "1|42|-1"),
    { cores: 1 },
  );
  t.deepEqual(warnings, [
    "1 links from provider to customer closed a cycle and became peering links",
    "2 ASes without a core AS above them became children of their customers or peers",
    "2 ASes without any way to a core AS were left out",
  ]);
  t.deepEqual(findNetworkFaults(network.ases, network.links), []);
  t.true(linksOf(network).some((link) => /^1-4#\d child 1-7#/.test(link)));
  t.true(linksOf(network).some((link) => /^1-7#\d child 1-8#/.test(link)));
});

test("ISDs: cores split evenly, everybody in the ISD of the nearest core, links between ISDs peer", (t) => {
  const { network } = importedFrom(list(...CAIDA), { cores: 2, isds: 2, isd: 5 });
  t.deepEqual(
    network.ases.map(({ ia }) => ia),
    ["5-1", "5-10", "5-100", "6-2", "6-20"],
  );
  t.deepEqual(countsOf(network), { ases: 5, cores: 2, links: 6, core: 1, child: 3, peer: 2 });
});

test("latencies: by hashing, the same for the same pair wherever it stands; or one for each type", (t) => {
  const one = importedFrom(list(...CAIDA), { cores: 2 }).network;
  const more = importedFrom(list(...CAIDA, "1|999|-1"), { cores: 2 }).network;
  for (const { a, b, ab } of one.links) {
    const same = more.links.find((link) => link.a.ia === a.ia && link.b.ia === b.ia);
    t.is(same?.ab.latency_ns, ab.latency_ns);
  }
  t.true(new Set(one.links.map(({ ab }) => ab.latency_ns)).size > 3);
  const fixed = importedFrom(list(...CAIDA), { cores: 2, latency: "fixed" }).network.links;
  t.deepEqual(fixed.map(({ type, ab }) => `${type} ${ab.latency_ns / 1e6} ${ab.rate_bps / 1e9}`).slice(0, 4), [
    "core 30 10",
    "child 10 1",
    "child 10 1",
    "peer 5 1",
  ]);
});

const mistakes: readonly (readonly [what: string, lines: readonly string[], says: RegExp])[] = [
  ["unknown relation", ["1|2|-1", "1|3|2"], /net\.rel\.txt:2:1 expected a relation of -1, 0 or 1, found "2"/],
  ["no AS number", ["1|2|-1", "1|x|-1"], /:2:1 expected A\|B\|relation/],
  ["AS 0", ["2|0|-1"], /:1:1 expected an AS number from 1 to 4294967295, found 0$/],
  ["too large a number", ["4294967296|2|-1"], /:1:1 expected an AS number from 1 to 4294967295, found 4294967296$/],
  ["with itself", ["1|1|0"], /:1:1 AS 1 has a relationship with itself/],
  ["two relations", ["1|2|-1", "1|2|0"], /:2:1 the link 1\|2 stands here with another relation than before/],
  ["twice in CAIDA's", ["1|2|-1", "1|2|-1"], /:2:1 the link 1\|2 stands here twice/],
  ["both are providers", ["1|2|-1", "2|1|-1"], /:2:1 the link 2\|1 stands here with another relation/],
  ["nothing in it", ["# nothing"], /:1:1 the list has no relationships/],
  ["binary", ["1|2|-1\u0000"], /this is a binary file/],
];

for (const [what, lines, says] of mistakes) {
  test(`mistake: ${what}`, (t) => t.regex(problemsOf(list(...lines)).join("\n"), says));
}

test("whatever the relationships, the rules make a network that works, of every AS that has a way to the core", (t) => {
  const relation = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }), fc.constantFrom(-1, 0));
  const property = fc.property(
    fc.uniqueArray(relation, {
      minLength: 1,
      maxLength: 40,
      selector: ([a, b]) => (a < b ? `${a} ${b}` : `${b} ${a}`),
    }),
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 1, max: 3 }),
    (relations, cores, isds) => {
      const lines = relations.filter(([a, b]) => a !== b).map((fields) => fields.join("|"));
      if (lines.length === 0) return true;
      const { network } = importedFrom(list(...lines), { cores, isds });
      const child = network.links.filter(({ type }) => type === "child");
      return (
        findNetworkFaults(network.ases, network.links).length === 0 &&
        child.every(({ a, b }) => a.ia.split("-")[0] === b.ia.split("-")[0])
      );
    },
  );
  fc.assert(property, { numRuns: 300 });
  t.pass();
});
