/** Damaged files of every format: a network that works or problems with places, never an exception, never a hang. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import fc from "fast-check";
import { buildPreset } from "../presets.ts";
import { findNetworkFaults } from "../topology-checks.ts";
import { networkToYaml } from "../write.ts";
import { fileSource } from "./import-testing.ts";
import { importTopology } from "./import.ts";
import { formatNetworkJson } from "./network-json.ts";
import { IMPORT_DEFAULTS } from "./options.ts";
import type { TopologySource } from "./source.ts";
import { networkToTopo } from "./topo.ts";

const DATA = join(import.meta.dirname, "../../../shared/data/topologies");

const built = buildPreset("diamond");
if (!built.ok) throw new Error("no diamond");
const DIAMOND = built.value;

const GRAPHML = `<?xml version="1.0"?>
<!-- two nodes -->
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="d0" for="node" attr.name="label" attr.type="string"/>
  <key id="d1" for="node" attr.name="Latitude" attr.type="double"/>
  <key id="d2" for="node" attr.name="Longitude" attr.type="double"/>
  <key id="d3" for="edge" attr.name="LinkSpeedRaw" attr.type="double"/>
  <graph edgedefault="undirected">
    <node id="0"><data key="d0">A &amp; B</data><data key="d1">52.3</data><data key="d2">4.9</data></node>
    <node id="1"><data key="d0"><![CDATA[<C>]]></data><data key="d1">50.1</data><data key="d2">14.4</data></node>
    <edge source="0" target="1"><data key="d3">2500000000.0</data></edge>
  </graph>
</graphml>
`;

const AS_REL = "# a list\n1|2|0\n1|10|-1\n2|20|-1\n10|20|0\n10|100|-1\n20|100|-1\n";

const TOPOLOGY = (ia: string, to: string, link: string, ifId: number, remote: number): string => `{
  "isd_as": "${ia}",
  "mtu": 1472,
  "attributes": [${link === "child" ? '"core"' : ""}],
  "border_routers": {"br1": {"internal_addr": "10.0.0.1:31022", "interfaces": {
    "${ifId}": {
      "underlay": {"local": "[fd00::${ifId}]:50000", "remote": "[fd00::${remote}]:50000"},
      "isd_as": "${to}",
      "link_to": "${link}",
      "mtu": 1452
    }
  }}}
}
`;

const STATIC_INFO = `{
  "Latency": {"5": {"Inter": "30ms", "Intra": {}}},
  "Bandwidth": {"5": {"Inter": 400000}},
  "Geo": {"5": {"Latitude": 47.4, "Longitude": 8.5, "Address": "Zurich"}},
  "Note": "a note"
}
`;

const STATIC_YML = `model: {speed_km_per_s: 200000, floor_ms: 1.0, round_ms: 0.1}
tiers_mbit: {core: 100, parent_child: 50, peer: 25}
ases:
${DIAMOND.ases.map(({ ia }) => `  "${ia.slice(2)}": {city: Vienna, lat: 48.2, lon: 16.3}`).join("\n")}
`;

/** Each format: the texts to damage, and the source that they make. */
const formats: readonly (readonly [
  name: string,
  texts: readonly string[],
  source: (texts: readonly string[]) => TopologySource,
])[] = [
  ["yaml", [networkToYaml(DIAMOND)], ([text = ""]) => fileSource("a.yaml", text)],
  ["topo", [networkToTopo(DIAMOND).text, STATIC_YML], ([text = "", info = ""]) => fileSource("a.topo", text, info)],
  ["json", [formatNetworkJson(DIAMOND)], ([text = ""]) => fileSource("a.json", text)],
  ["graphml", [GRAPHML], ([text = ""]) => fileSource("a.graphml", text)],
  ["as-rel", [AS_REL], ([text = ""]) => fileSource("a.rel.txt", text)],
  [
    "topology-json",
    [TOPOLOGY("1-1", "1-2", "child", 5, 6), TOPOLOGY("1-2", "1-1", "parent", 6, 5), STATIC_INFO],
    ([one = "", other = "", info = ""]) => ({
      path: "gen",
      folder: true,
      staticInfo: null,
      files: [
        { path: "gen/a/topology.json", text: one },
        { path: "gen/a/staticInfoConfig.json", text: info },
        { path: "gen/b/topology.json", text: other },
      ],
    }),
  ],
];

/** One damage: what is done, and where, as shares of the text. */
const damage = fc.record({
  kind: fc.constantFrom("flip", "drop", "double", "swap", "number", "cut", "insert"),
  text: fc.nat({ max: 7 }),
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  other: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  bit: fc.nat({ max: 7 }),
  number: fc.constantFrom("0", "-1", "1e999", "99999999999999999999", "0.5", "NaN", "65536", ""),
});
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damaged(text: string, { kind, at, other, bit, number }: Damage): string {
  if (kind === "flip") {
    const bytes = new TextEncoder().encode(text);
    const place = Math.floor(at * bytes.length);
    if (bytes.length > 0) bytes[place] = (bytes[place] ?? 0) ^ (1 << bit);
    return new TextDecoder().decode(bytes);
  }
  const offset = Math.floor(at * text.length);
  if (kind === "cut") return text.slice(0, offset);
  if (kind === "insert") return text.slice(0, offset) + "{[\"'<&|#:-"[bit] + text.slice(offset);
  if (kind === "number") {
    const numbers = [...text.matchAll(/\d+(\.\d+)?/g)];
    const found = numbers[Math.floor(at * numbers.length)];
    return found === undefined ? text : text.slice(0, found.index) + number + text.slice(found.index + found[0].length);
  }
  const lines = text.split("\n");
  const [here, there] = [Math.floor(at * lines.length), Math.floor(other * lines.length)];
  const [one = "", two = ""] = [lines[here], lines[there]];
  if (kind === "drop") return lines.toSpliced(here, 1).join("\n");
  if (kind === "double") return lines.toSpliced(there, 0, one).join("\n");
  return lines.with(here, two).with(there, one).join("\n");
}

function isAnswer(source: TopologySource): boolean {
  const answer = importTopology(source, IMPORT_DEFAULTS);
  if (answer.ok) return findNetworkFaults(answer.value.network.ases, answer.value.network.links).length === 0;
  return (
    answer.error.length > 0 &&
    answer.error.every(({ line, column, message }) => line >= 1 && column >= 1 && message !== "")
  );
}

for (const [name, texts, source] of formats) {
  test(`${name}: damaged`, (t) => {
    t.true(importTopology(source(texts), IMPORT_DEFAULTS).ok, "the undamaged files make a network");
    const property = fc.property(fc.array(damage, { minLength: 1, maxLength: 6 }), (damages) => {
      const changed = damages.reduce<readonly string[]>(
        (before, one) => before.map((text, at) => (at === one.text % texts.length ? damaged(text, one) : text)),
        texts,
      );
      return isAnswer(source(changed));
    });
    fc.assert(property, { numRuns: 120 });
    t.pass();
  });
}

test("any format read as any other", (t) => {
  for (const [, [text = ""]] of formats) {
    for (const extension of ["yaml", "topo", "json", "graphml", "rel.txt", "txt", "xml"]) {
      t.true(isAnswer(fileSource(`a.${extension}`, text)), extension);
    }
  }
});

for (const file of ["zoo/Geant2011.graphml", "scionproto/default.topo", "as-level/internet-2327as.rel.txt"]) {
  test(`${file}: damaged`, (t) => {
    if (!existsSync(join(DATA, file))) {
      t.log(`${file} is not here: nothing was damaged`);
      t.pass();
      return;
    }
    const text = readFileSync(join(DATA, file), "utf8").slice(0, 12_000);
    const property = fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (damages) =>
      isAnswer(fileSource(file, damages.reduce(damaged, text))),
    );
    fc.assert(property, { numRuns: 15 });
    t.pass();
  });
}

test("what would take without end is refused: sizes, depths, cones", (t) => {
  const large = " ".repeat(64 * 1_048_576 + 1);
  for (const name of ["a.yaml", "a.topo", "a.json", "a.graphml", "a.rel.txt"]) {
    const answer = importTopology(fileSource(name, large), IMPORT_DEFAULTS);
    t.false(answer.ok);
    if (!answer.ok) t.regex(answer.error[0]?.message ?? "", /larger than 64 MiB/);
  }
  const chain = Array.from({ length: 20_000 }, (_, at) => `${at + 1}|${at + 2}|-1`).join("\n");
  const cones = importTopology(fileSource("a.rel.txt", chain), IMPORT_DEFAULTS);
  t.regex(cones.ok ? "" : (cones.error[0]?.message ?? ""), /customer cones of this list are too large to measure/);
  t.true(importTopology(fileSource("a.rel.txt", chain), { ...IMPORT_DEFAULTS, core: "degree" }).ok);
});
