import test from "ava";
import { fileSource, importedFrom, linksOf, problemsOf } from "./import-testing.ts";

const KEYS = `<key id="d0" for="node" attr.name="label" attr.type="string"/>
<key id="d1" for="node" attr.name="Latitude" attr.type="double"/>
<key id="d2" for="node" attr.name="Longitude" attr.type="double"/>
<key id="d3" for="edge" attr.name="LinkSpeed" attr.type="string"/>
<key id="d4" for="edge" attr.name="LinkSpeedUnits" attr.type="string"/>
<key id="d5" for="edge" attr.name="LinkSpeedRaw" attr.type="double"/>
`;

function graph(body: string, edgedefault = "undirected"): ReturnType<typeof fileSource> {
  const text = `<?xml version="1.0" encoding="utf-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n${KEYS}<graph edgedefault="${edgedefault}">\n${body}</graph></graphml>\n`;
  return fileSource("net.graphml", text);
}

const node = (id: string, data = ""): string => `<node id="${id}">${data}</node>\n`;
const edge = (source: string, target: string, data = ""): string =>
  `<edge source="${source}" target="${target}">${data}</edge>\n`;

const at = (label: string, lat: number, lon: number): string =>
  `<data key="d0">${label}</data><data key="d1">${lat}</data><data key="d2">${lon}</data>`;

const BODY = [
  node("a", at("K&#246;ln &amp; <![CDATA[<Bonn>]]>", 0, 0)),
  node("b", at("B", 0, 90)),
  node("c", at("C", 0, 90)),
  node("d"),
  edge("a", "b", '<data key="d3">10</data><data key="d4">G</data>'),
  edge("a", "b", '<data key="d3">5</data><data key="d4">G</data><data key="d5">2.5e9</data>'),
  edge("b", "c", '<data key="d3">fast</data>'),
  edge("a", "d"),
  edge("a", "a"),
  "<hyperedge><endpoint node='a'/></hyperedge>\n",
].join("");

test("names, positions, a quarter of the equator at two thirds of light speed, speeds, parallel edges", (t) => {
  const { network, warnings } = importedFrom(graph(BODY), { cores: 1, isd: 3 });
  t.deepEqual(linksOf(network), [
    "3-ff00:0:1#1 child 3-ff00:0:2#1",
    "3-ff00:0:1#2 child 3-ff00:0:2#2",
    "3-ff00:0:1#3 child 3-ff00:0:4#1",
    "3-ff00:0:2#3 child 3-ff00:0:3#1",
  ]);
  t.is(network.ases[0]?.label, "Köln & <Bonn>");
  // pi / 2 times 6371.0088 km at 199,861.6 km/s; one place: 0.1 ms; no place: 5 ms.
  t.deepEqual(
    network.links.map(({ ab }) => [ab.latency_ns / 1e6, ab.rate_bps / 1e6]),
    [
      [50.072, 10_000],
      [50.072, 2_500],
      [5, 100],
      [0.1, 100],
    ],
  );
  t.deepEqual(warnings.toSorted(), [
    "edges from a node to itself left out (1)",
    "hyperedges left out (1)",
    "link speeds that are no number: the default rate holds (1)",
    "nodes without a position: their links have the default latency (1)",
  ]);
});

test("core: grown from the node of most links; all of them where wished; one in each part", (t) => {
  const body =
    [..."abcdef"].map((id) => node(id)).join("") +
    edge("a", "b") +
    edge("b", "c") +
    edge("b", "d") +
    edge("d", "a") +
    edge("e", "f");
  const cores = (options: object): string =>
    importedFrom(graph(body), options)
      .network.ases.filter(({ core }) => core)
      .map(({ ia }) => ia.slice(-1))
      .join("");
  t.is(cores({ cores: 1 }), "25");
  t.is(cores({ cores: 2 }), "125");
  t.is(cores({}), "1245");
  t.is(cores({ core: "all" }), "123456");
  t.true(importedFrom(graph(body), { core: "all" }).network.links.every(({ type }) => type === "core"));
});

test("a directed graph: an edge and the one back are one link, further ones are further links", (t) => {
  const nodes = node("a") + node("b");
  const edges = edge("a", "b") + edge("b", "a") + edge("a", "b");
  t.is(importedFrom(graph(nodes + edges, "directed")).network.links.length, 2);
  t.is(importedFrom(graph(nodes + edges)).network.links.length, 3);
});

test("nodes without links are left out", (t) => {
  const { network, warnings } = importedFrom(graph(node("a") + node("b") + node("c") + edge("a", "c")));
  t.deepEqual(
    network.ases.map(({ ia }) => ia),
    ["1-ff00:0:1", "1-ff00:0:2"],
  );
  t.true(warnings.includes("nodes without links left out (1)"));
});

const TWO = node("a") + node("b");
const deep = "<desc>".repeat(100) + "</desc>".repeat(100);
const mistakes: readonly (readonly [what: string, source: ReturnType<typeof fileSource>, says: RegExp])[] = [
  ["unknown element", graph(`${TWO}<nod id="c"/>`), /net\.graphml:12:1 unexpected element <nod> in <graph> \[node\]/],
  [
    "undeclared key",
    graph(node("a", '<data key="d9">1</data>')),
    /10:\d+ unknown key "d9": no <key> before it has this id/,
  ],
  [
    "wrong unit",
    graph(TWO + edge("a", "b", '<data key="d3">1</data><data key="d4">parsec</data>')),
    /12:\d+ LinkSpeedUnits: expected K, M, G or T, found "parsec"/,
  ],
  ["zero speed", graph(TWO + edge("a", "b", '<data key="d3">0</data>')), /12:\d+ expected a link speed above 0/],
  [
    "negative speed",
    graph(TWO + edge("a", "b", '<data key="d5">-5</data>')),
    /12:\d+ expected a link speed in bit\/s, without a unit, above 0, up to 1 Pbit\/s, found "-5"/,
  ],
  [
    "speed with a unit",
    graph(TWO + edge("a", "b", '<data key="d5">10 Gbps</data>')),
    /12:\d+ expected a link speed in bit\/s, without a unit, .*found "10 Gbps"/,
  ],
  [
    "no place on Earth",
    graph(node("a", at("A", 91, 0)) + node("b") + edge("a", "b")),
    /10:\d+ expected degrees north, -90 to 90/,
  ],
  ["unknown node", graph(TWO + edge("a", "ab")), /12:1 unknown node "ab"/],
  ["node twice", graph(TWO + node("a") + edge("a", "b")), /12:1 node "a" stands here twice/],
  ["node without id", graph("<node/>"), /10:1 <node> has no id/],
  ["no nodes", graph(""), /1:1 the graph has no nodes/],
  ["no graph", fileSource("net.graphml", "<graphml/>"), /1:1 the file has no graph/],
  [
    "not closed",
    fileSource("net.graphml", '<graphml><graph edgedefault="directed">'),
    /1:\d+ not well-formed XML: unclosed tag/,
  ],
  ["another kind of XML", fileSource("net.xml", "<html></html>"), /1:1 unexpected element <html> at the root/],
  [
    "an entity of its own",
    fileSource(
      "net.graphml",
      '<!DOCTYPE graphml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><graphml><desc>&b;</desc></graphml>',
    ),
    /not well-formed XML: undefined entity/,
  ],
  ["nested without end", graph(deep), /nested more than 64 deep/],
  ["empty", fileSource("net.graphml", ""), /1:1 the file is empty/],
  ["binary", fileSource("net.graphml", "<graphml>\u0000"), /1:1 this is a binary file, not GraphML/],
  ["two graphs", fileSource("net.graphml", "<graphml><graph/><graph/></graphml>"), /1:\d+ a second graph/],
];

for (const [what, source, says] of mistakes) {
  test(`mistake: ${what}`, (t) => t.regex(problemsOf(source).join("\n"), says));
}
