/** Other people's topologies: what the importer finds against what can be counted in the files themselves. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createPathFinder } from "../../core/path-finder.ts";
import type { Network } from "../../core/scenario.ts";
import { networkToYaml } from "../write.ts";
import { countsOf, fileSource, importedFrom } from "./import-testing.ts";
import { formatNetworkJson } from "./network-json.ts";
import { networkToTopo } from "./topo.ts";

const DATA = join(import.meta.dirname, "../../../shared/data/topologies");
const INTERNET = "as-level/internet-2327as.rel.txt";

function read(t: ExecutionContext, file: string): string | null {
  if (existsSync(join(DATA, file))) return readFileSync(join(DATA, file), "utf8");
  t.log(`${file} is not here: nothing was compared`);
  t.pass();
  return null;
}

function importShared(file: string, text: string): Network {
  const info = join(DATA, file.replace(/\.topo$/, ".staticinfo.yml"));
  const staticInfo = file.endsWith(".topo") && existsSync(info) ? readFileSync(info, "utf8") : null;
  return importedFrom(fileSource(file, text, staticInfo)).network;
}

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

/** Golden counts, from the files by hand: ASes, core ASes, links by type. */
const GOLDEN: Readonly<
  Record<string, readonly [ases: number, cores: number, core: number, child: number, peer: number]>
> = {
  "scionproto/default.topo": [16, 5, 7, 16, 6],
  "scionproto/tiny.topo": [3, 1, 0, 2, 0],
  "scionproto/tiny4.topo": [3, 1, 0, 2, 0],
  "scionproto/wide.topo": [18, 9, 11, 11, 3],
  "scionproto/peering-test.topo": [9, 2, 1, 7, 1],
  "ietf126.topo": [12, 4, 6, 17, 1],
};

for (const [file, [ases, cores, core, child, peer]] of Object.entries(GOLDEN)) {
  test(`${file}: as many ASes and links of each type as stand in the file`, (t) => {
    const text = read(t, file);
    if (text === null) return;
    const found = countsOf(importShared(file, text));
    t.deepEqual(found, { ases, cores, links: core + child + peer, core, child, peer });
    t.deepEqual(found, {
      ases: count(text, /^ {2}"\d+-[0-9a-f:]+":/gm),
      cores: count(text, /\bcore: true/g),
      links: count(text, /linkAtoB/g),
      core: count(text, /linkAtoB: CORE/g),
      child: count(text, /linkAtoB: CHILD/g),
      peer: count(text, /linkAtoB: PEER/g),
    });
  });
}

for (const file of ["zoo/Geant2011.graphml", "zoo/Internet2.graphml"]) {
  test(`${file}: nodes with links, edges between two nodes, speeds as they stand there`, (t) => {
    const text = read(t, file);
    if (text === null) return;
    const network = importShared(file, text);
    const ends = [...text.matchAll(/<edge source="(\d+)" target="(\d+)">/g)].filter(([, a, b]) => a !== b);
    const linked = new Set(ends.flatMap(([, a = "", b = ""]) => [a, b]));
    t.is(network.links.length, ends.length);
    t.is(network.ases.length, linked.size);
    const speedKey = /attr\.name="LinkSpeedRaw"[^>]* id="(\w+)"/.exec(text)?.[1] ?? "none";
    const raw = [...text.matchAll(new RegExp(`<data key="${speedKey}">([\\d.]+)</data>`, "g"))].map(([, speed]) =>
      Number(speed),
    );
    const given = network.links.map(({ ab }) => ab.rate_bps).filter((rate) => rate !== 100_000_000);
    t.deepEqual(given.toSorted(), raw.toSorted());
    t.true(network.links.every(({ ab, ba }) => ab === ba || ab.rate_bps === ba.rate_bps));
  });
}

test("GÉANT: Amsterdam to Prague takes what light in fibre takes", (t) => {
  const text = read(t, "zoo/Geant2011.graphml");
  if (text === null) return;
  const { ases } = importShared("zoo/Geant2011.graphml", text);
  t.like(
    ases.find(({ label }) => label === "NL"),
    { position: { lat: 52.37403, lon: 4.88969 } },
  );
  t.like(
    ases.find(({ label }) => label === "CZ"),
    { position: { lat: 50.08804, lon: 14.42076 } },
  );
});

/** Latencies that the testbed's own configuration publishes (netsys-lab/ietf-scion-testbed, config/AS155 and AS158). */
const PUBLISHED_MS: Readonly<Record<string, number>> = {
  "151-155": 3.1,
  "152-155": 1.8,
  "154-155": 7.4,
  "155-156": 4.1,
  "155-159": 2.1,
  "155-160": 5.7,
  "155-161": 10.8,
  "154-158": 13,
  "155-158": 5.6,
  "158-159": 7.7,
};

test("ietf126: latencies are those that the testbed publishes, rates those of its tiers", (t) => {
  const text = read(t, "ietf126.topo");
  if (text === null) return;
  const network = importShared("ietf126.topo", text);
  const found = new Map(
    network.links.map(({ a, b, ab }) => {
      const key = [a, b].map(({ ia }) => Number(ia.slice(2))).toSorted((left, right) => left - right);
      return [key.join("-"), ab.latency_ns / 1e6];
    }),
  );
  for (const [link, latency] of Object.entries(PUBLISHED_MS)) t.is(found.get(link), latency, link);
  const rates = { core: 100e6, child: 50e6, peer: 25e6 };
  for (const { type, ab, ba } of network.links) t.deepEqual([ab.rate_bps, ba.rate_bps], [rates[type], rates[type]]);
  t.like(network.ases[0], { ia: "1-150", label: "Vienna", position: { lat: 48.2082, lon: 16.3738 } });
});

/** Relationships read by another program: pairs, and the largest connected part. */
function countRelationships(text: string): { ases: number; links: number } {
  const parent = new Map<string, string>();
  const root = (as: string): string => {
    let at = as;
    while (parent.get(at) !== at) {
      parent.set(at, parent.get(parent.get(at) as string) as string);
      at = parent.get(at) as string;
    }
    return at;
  };
  const pairs = text.split("\n").flatMap((line) => {
    const [a = "", b = ""] = line.split("|");
    return line === "" ? [] : [[a, b] as const];
  });
  for (const [a, b] of pairs) {
    for (const one of [a, b]) if (!parent.has(one)) parent.set(one, one);
    parent.set(root(a), root(b));
  }
  const sizes = new Map<string, number>();
  for (const as of parent.keys()) sizes.set(root(as), (sizes.get(root(as)) ?? 0) + 1);
  const [[largest = "", ases = 0] = []] = [...sizes].toSorted(([, left], [, right]) => right - left);
  return { ases, links: pairs.filter(([a]) => root(a) === largest).length / 2 };
}

/** ASes that everybody counts among those without providers. */
const FREE_OF_TRANSIT = [174, 701, 1239, 1299, 2914, 3257, 3320, 3356, 3549, 6453, 6461, 7018];

test("2,327 ASes: all of the largest part, the known tier 1 as core, every AS reached from it", (t) => {
  const text = read(t, INTERNET);
  if (text === null) return;
  const { network, warnings } = importedFrom(fileSource(INTERNET, text));
  const { ases, cores, links } = countsOf(network);
  t.deepEqual({ ases, links }, countRelationships(text));
  t.is(cores, 20);
  const core = new Set(network.ases.filter((as) => as.core).map(({ ia }) => ia));
  for (const number of FREE_OF_TRANSIT) t.true(core.has(`1-${number}`), String(number));
  t.true(warnings.some((warning) => /A is a provider of B/.test(warning)));
  const last = network.ases.at(-1)?.ia ?? "";
  t.is(createPathFinder(network, { max: 20 })(network.ases[0]?.ia ?? "", last).length, 20);
});

for (const file of [...Object.keys(GOLDEN), "zoo/Geant2011.graphml", "zoo/Internet2.graphml"]) {
  test(`${file}: to YAML, JSON and .topo and back`, (t) => {
    const text = read(t, file);
    if (text === null) return;
    const network = importShared(file, text);
    const json = formatNetworkJson(network);
    t.deepEqual(importedFrom(fileSource("a.json", json)).network, network);
    const topo = networkToTopo(network);
    t.deepEqual(topo.lost, []);
    t.deepEqual(importedFrom(fileSource(`${network.name}.topo`, topo.text)).network, network);
    t.deepEqual(importedFrom(fileSource("a.yaml", networkToYaml(network))).network, network);
  });
}

test("2,327 ASes in four ISDs: to JSON and back", (t) => {
  const text = read(t, INTERNET);
  if (text === null) return;
  const { network } = importedFrom(fileSource(INTERNET, text), { isds: 4 });
  const json = formatNetworkJson(network);
  t.true(formatNetworkJson(importedFrom(fileSource("a.json", json)).network) === json);
  t.is(new Set(network.ases.map(({ ia }) => ia.split("-")[0])).size, 4);
});
