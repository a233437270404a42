import test from "ava";
import { countsOf, fileSource, folderSource, importedFrom, linksOf, problemsOf } from "./import-testing.ts";
import { networkToYaml } from "../write.ts";
import { formatNetworkJson } from "./network-json.ts";
import type { SourceFile } from "./source.ts";

interface Side {
  readonly ifId: number;
  readonly to: string;
  readonly link: string;
  readonly local?: string;
  readonly remote?: string;
  readonly more?: Readonly<Record<string, unknown>>;
}

/** A border router for each list of interfaces. */
function topology(ia: string, routers: readonly (readonly Side[])[], core = false): SourceFile {
  const interfaces = (sides: readonly Side[]) =>
    Object.fromEntries(
      sides.map(({ ifId, to, link, local, remote, more }) => [
        String(ifId),
        { underlay: { local, remote }, isd_as: to, link_to: link, mtu: 1452, ...more },
      ]),
    );
  const border = Object.fromEntries(
    routers.map((sides, at) => [`br-${at}`, { internal_addr: "10.0.0.1:1", interfaces: interfaces(sides) }]),
  );
  const document = {
    isd_as: ia,
    mtu: 1472,
    attributes: core ? ["core"] : [],
    dispatched_ports: "-",
    border_routers: border,
  };
  return { path: `gen/AS${ia}/topology.json`, text: JSON.stringify(document, null, 2) };
}

function staticInfo(ia: string, value: unknown): SourceFile {
  return { path: `gen/AS${ia}/staticInfoConfig.json`, text: JSON.stringify(value, null, 2) };
}

const PARENT = topology(
  "1-1",
  [
    [
      { ifId: 7, to: "1-2", link: "child", local: "[fd00::1]:50000", remote: "[fd00::2]:50000" },
      { ifId: 8, to: "1-2", link: "CHILD", more: { remote_interface_id: 21 } },
    ],
    [{ ifId: 9, to: "1-3", link: "child" }],
  ],
  true,
);
const CHILD = topology("1-2", [
  [
    { ifId: 20, to: "1-1", link: "parent", local: "[fd00::2]:50000", remote: "[fd00::1]:50000" },
    { ifId: 21, to: "1-1", link: "parent" },
    { ifId: 22, to: "1-3", link: "peer", more: { remote_interface_id: 31, bfd: { disable: true } } },
  ],
]);
const OTHER = topology("1-3", [[{ ifId: 30, to: "1-1", link: "parent" }], [{ ifId: 31, to: "1-2", link: "peer" }]]);
const ALL = [PARENT, CHILD, OTHER];

test("the two ends of a link: by remote id, by addresses, by being the only ones left", (t) => {
  const { network, format, warnings } = importedFrom(folderSource(ALL));
  t.deepEqual(linksOf(network), [
    "1-1#7 child 1-2#20",
    "1-1#8 child 1-2#21",
    "1-1#9 child 1-3#30",
    "1-2#22 peer 1-3#31",
  ]);
  t.deepEqual([network.name, format, warnings], ["gen", "topology-json", []]);
  t.deepEqual(countsOf(network), { ases: 3, cores: 1, links: 4, core: 0, child: 3, peer: 1 });
  t.true(network.links.every(({ mtu }) => mtu === 1452));
});

test("underlay addresses are kept, the neighbour's word where an AS has none; converting keeps them", (t) => {
  const silent = { ...CHILD, text: CHILD.text.replace('"local": "[fd00::2]:50000"', '"local": "br.example:50000"') };
  t.not(silent.text, CHILD.text);
  const { network } = importedFrom(folderSource([PARENT, silent, OTHER]));
  t.deepEqual(
    network.ases.map(({ underlay }) => underlay),
    [
      { internal: "10.0.0.1:1", interfaces: { "7": "[fd00::1]:50000" } },
      { internal: "10.0.0.1:1", interfaces: { "20": "[fd00::2]:50000" } },
      { internal: "10.0.0.1:1" },
    ],
  );
  t.deepEqual(importedFrom(fileSource("gen.yaml", networkToYaml(network))).network, network);
  t.deepEqual(importedFrom(fileSource("gen.json", formatNetworkJson(network))).network, network);
});

test("copies of a file and files of other kinds are passed over", (t) => {
  const copy = { ...CHILD, path: "gen/AS1-2/br/topology.json" };
  const other = { path: "gen/AS1-2/linkd-baseline.json", text: '{"7": {"delay_ms": 5.6}}' };
  const broken = { path: "gen/notes.json", text: "{" };
  t.deepEqual(
    importedFrom(folderSource([...ALL, copy, other, broken])).network,
    importedFrom(folderSource(ALL)).network,
  );
});

const INFO = [
  staticInfo("1-1", {
    Latency: {
      7: { Inter: "30ms", Intra: { 8: "10ms", 9: "1500us" } },
      8: { Inter: "0ms", Intra: { 7: "12ms" } },
      0: { Inter: "1s" },
    },
    Bandwidth: { 7: { Inter: 400_000, Intra: { 9: 100_000 } }, 9: { Inter: 50_000, Intra: { 7: 90_000 } } },
    LinkType: { 7: "direct", 9: "multihop" },
    Geo: { 9: { Latitude: 1, Longitude: 2, Address: "B" }, 7: { Latitude: 47.4, Longitude: 8.5, Address: "Zurich" } },
    Hops: { 7: { Intra: { 8: 2 } } },
    Note: "a note",
  }),
  staticInfo("1-2", { Latency: { 20: { Inter: "40ms" } }, Bandwidth: { 20: { Inter: 300_000 } }, Note: "only a note" }),
];

test("static info: the larger latency and the smaller bandwidth hold, between ASes and within one", (t) => {
  const { network, warnings } = importedFrom(folderSource([...ALL, ...INFO]));
  t.deepEqual(
    network.links.map(({ ab }) => [ab.latency_ns / 1e6, ab.rate_bps / 1e6]),
    [
      [40, 300],
      [5, 100],
      [5, 50],
      [5, 100],
    ],
  );
  t.deepEqual(network.ases[0]?.internal, {
    latency_ns: 0,
    rate_bps: 0,
    pairs: [
      { a: 7, b: 8, latency_ns: 12e6, rate_bps: 0 },
      { a: 7, b: 9, latency_ns: 1.5e6, rate_bps: 90e6 },
    ],
  });
  t.like(network.ases[0], { label: "Zurich", position: { lat: 47.4, lon: 8.5 } });
  t.is(network.ases[1]?.label, "only a note");
  t.deepEqual(warnings, ["1 interfaces are not direct links (LinkType): left out"]);
});

test("everything that the files say goes through YAML and back", (t) => {
  const { network } = importedFrom(folderSource([...ALL, ...INFO]));
  t.is(network.ases[0]?.dispatched_ports, null);
  t.true(network.ases.some(({ internal }) => (internal?.pairs.length ?? 0) > 0));
  t.deepEqual(importedFrom(fileSource("a.yaml", networkToYaml(network))).network.ases, network.ases);
  t.deepEqual(importedFrom(fileSource("a.yaml", networkToYaml(network))).network.links, network.links);
});

/** The files with one text changed. */
function changed(file: SourceFile, from: string | RegExp, to: string): readonly SourceFile[] {
  const text = file.text.replace(from, to);
  return [...ALL, ...INFO].map((one) => (one.path === file.path ? { ...one, text } : one));
}

const mistakes: readonly (readonly [what: string, files: readonly SourceFile[], says: RegExp])[] = [
  [
    "types disagree",
    changed(CHILD, '"link_to": "parent"', '"link_to": "peer"'),
    /AS1-1\/topology\.json:\d+:\d+ the ends of a link disagree on the type: 1-1#7 and 1-2#20 say child and peer/,
  ],
  [
    "MTUs disagree",
    changed(CHILD, '"mtu": 1452', '"mtu": 1400'),
    /the ends of a link disagree on the MTU: .* say 1452 and 1400/,
  ],
  [
    "remote ids disagree",
    changed(PARENT, '"remote_interface_id": 21', '"remote_interface_id": 22'),
    /disagree on the neighbour: /,
  ],
  [
    "nobody there",
    changed(OTHER, '"isd_as": "1-1"', '"isd_as": "1-4"'),
    /interface 1-3#30 leads to 1-4, which has no topology\.json here/,
  ],
  [
    "no interface back",
    changed(CHILD, /,\s*"22": \{[^]*?"bfd": \{[^}]*\}\s*\}/, ""),
    /interface 1-3#31 leads to 1-2, where no interface leads back/,
  ],
  [
    "unknown key",
    changed(PARENT, '"attributes"', '"atributes"'),
    /AS1-1\/topology\.json:4:3 unknown key "atributes" .*\[attributes\]|AS1-1\/topology\.json:4:3 unknown key "atributes" \[attributes\]/,
  ],
  [
    "unknown type",
    changed(PARENT, '"link_to": "child"', '"link_to": "childe"'),
    /expected core, parent, child or peer, found "childe" \[child\]/,
  ],
  [
    "wrong unit",
    changed(INFO[0] as SourceFile, '"30ms"', '"30 parsec"'),
    /staticInfoConfig\.json:7:\d+ .*Inter: expected a duration such as "10ms", found "30 parsec"/,
  ],
  ["negative bandwidth", changed(INFO[0] as SourceFile, "400000", "-1"), /Inter: expected kbit\/s from 0 .*found -1/],
  [
    "unknown interface",
    changed(INFO[0] as SourceFile, '"9": "multihop"', '"9": "multihop", "9": "direct"'),
    /"9" stands twice in one object/,
  ],
  [
    "interface the AS does not have",
    changed(INFO[1] as SourceFile, '"20": {\n      "Inter": "40ms"', '"29": {\n      "Inter": "40ms"'),
    /staticInfoConfig\.json:3:5 the AS has no interface 29/,
  ],
  [
    "interface in two routers",
    changed(OTHER, '"31": {', '"30": {'),
    /interface 30 stands here twice, at br-0 and br-1/,
  ],
  ["interface 0", changed(OTHER, '"31": {', '"0": {'), /expected an interface id from 1 to 65535, found "0"/],
  ["no JSON", changed(OTHER, '"mtu": 1472,', '"mtu": 1472'), /AS1-3\/topology\.json:4:3 not valid JSON: expected }/],
  ["empty", changed(OTHER, /[^]*/, ""), /AS1-3\/topology\.json:1:1 the file is empty/],
  [
    "wildcard",
    changed(OTHER, '"isd_as": "1-3"', '"isd_as": "1-0"'),
    /AS1-3\/topology\.json:2:13 .*without 0, which is a wildcard/,
  ],
  ["nothing of this kind", [{ path: "gen/a.json", text: "{}" }], /^gen:1:1 no topology\.json here/],
  [
    "an AS twice",
    [...ALL, { path: "gen/x/topology.json", text: OTHER.text.replace("1472", "1471") }],
    /AS 1-3 stands here twice|leads/,
  ],
];

for (const [what, files, says] of mistakes) {
  test(`mistake: ${what}`, (t) => t.regex(problemsOf(folderSource(files)).join("\n"), says));
}

test("one file alone lacks its neighbours", (t) => {
  t.regex(problemsOf(fileSource("AS1/topology.json", CHILD.text)).join("\n"), /1-1, which has no topology\.json here/);
});
