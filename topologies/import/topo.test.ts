import test from "ava";
import { DEFAULT_DIRECTION } from "../../core/scenario.ts";
import { fileSource, importedFrom, linksOf, problemsOf } from "./import-testing.ts";
import { networkToTopo } from "./topo.ts";

const topo = (text: string, staticInfo: string | null = null) => fileSource("net.topo", text, staticInfo);

const ASES = `ASes:
  "1-ff00:0:110": {core: true, issuing: true, mtu: 1400}
  "1-ff00:0:111": {cert_issuer: 1-ff00:0:110}
  "1-ff00:0:112": {cert_issuer: 1-ff00:0:110, latency: 2, bw: 1000, note: "a leaf"}
`;

test("ends with routers and ids; ids left out are the lowest that the file leaves free", (t) => {
  const { network } = importedFrom(
    topo(`${ASES}links:
  - {a: "1-ff00:0:110-A", b: "1-ff00:0:111#2", linkAtoB: CHILD}
  - {a: "1-ff00:0:110-A#1", b: "1-ff00:0:112", linkAtoB: child}
  - {a: "1-ff00:0:110", b: "1-ff00:0:111-X", linkAtoB: CHILD}
  - {a: "1-ff00:0:111", b: "1-ff00:0:112", linkAtoB: PEER}
`),
  );
  t.deepEqual(linksOf(network), [
    "1-ff00:0:110#1 child 1-ff00:0:112#1",
    "1-ff00:0:110#2 child 1-ff00:0:111#2",
    "1-ff00:0:110#3 child 1-ff00:0:111#1",
    "1-ff00:0:111#3 peer 1-ff00:0:112#2",
  ]);
});

test("values: Mbit/s up to a million and bit/s above, milliseconds, shares; the inside of an AS", (t) => {
  const { network } = importedFrom(
    topo(`${ASES}links:
  - {a: "1-ff00:0:110#1", b: "1-ff00:0:111#1", linkAtoB: CHILD, mtu: 1280, bw: 500, latency: 30, drop: 0.1}
  - {a: "1-ff00:0:110#2", b: "1-ff00:0:112#1", linkAtoB: CHILD, bw: 2500000, underlay: UDP/IPv6}
borderRouterProperties:
  "1-ff00:0:110#1": {geo: {latitude: 48.858222, longitude: 2.2945, address: "Eiffel Tower"}, note: "west"}
`),
  );
  const [first, second] = network.links;
  const shaped = { ...DEFAULT_DIRECTION, rate_bps: 500e6, latency_ns: 30e6, loss: 0.1 };
  t.deepEqual([first?.ab, first?.ba, first?.mtu], [shaped, shaped, 1280]);
  t.is(second?.ab.rate_bps, 2_500_000);
  t.deepEqual(network.ases[0], {
    ia: "1-ff00:0:110",
    core: true,
    mtu: 1400,
    label: "west",
    position: { lat: 48.858222, lon: 2.2945 },
  });
  t.deepEqual(network.ases[2]?.internal, { latency_ns: 2e6, rate_bps: 1e9, pairs: [] });
  t.is(network.ases[2]?.label, "a leaf");
});

test("what a .topo file cannot hold is named when one is written", (t) => {
  const { network } = importedFrom(
    topo(
      `${ASES}links: [{a: "1-ff00:0:110#1", b: "1-ff00:0:111#1", linkAtoB: CHILD}, {a: "1-ff00:0:110#2", b: "1-ff00:0:112#1", linkAtoB: CHILD}]`,
    ),
  );
  const links = network.links.map((link) => ({ ...link, ba: { ...link.ba, latency_ns: 1, queue_packets: 7 } }));
  t.deepEqual(networkToTopo({ ...network, links }).lost, ["values of the way back (2)"]);
  const both = network.links.map((link) => ({
    ...link,
    ab: { ...link.ab, rate_bps: 0, queue_packets: 7 },
    ba: { ...link.ab, rate_bps: 0, queue_packets: 7 },
  }));
  t.deepEqual(networkToTopo({ ...network, links: both }).lost, [
    "rates without limit (2)",
    "queues, delays, schedules and bursts of loss (2)",
  ]);
});

const LINK = `links:\n  - {a: "1-ff00:0:110#1", b: "1-ff00:0:111#1", linkAtoB: CHILD}\n  - {a: "1-ff00:0:110#2", b: "1-ff00:0:112#1", linkAtoB: CHILD}\n`;

const mistakes: readonly (readonly [what: string, text: string, says: RegExp])[] = [
  ["unknown key of a link", ASES + LINK.replace("linkAtoB", "linkAtob"), /net\.topo:6:\d+ .*linkAt/],
  [
    "unknown type",
    ASES + LINK.replace("CHILD", "CHLD"),
    /6:\d+ links\[0\]\.linkAtoB: expected CORE, CHILD or PEER, found "CHLD" \[CHILD\]/,
  ],
  [
    "wrong unit",
    ASES + LINK.replace("CHILD}", "CHILD, bw: 100Mbit/s}"),
    /6:\d+ .*bw: expected a rate above 0, without a unit, found "100Mbit\/s"/,
  ],
  ["zero rate", ASES + LINK.replace("CHILD}", "CHILD, bw: 0}"), /6:\d+ .*bw: expected a rate above 0, found 0/],
  [
    "negative latency",
    ASES + LINK.replace("CHILD}", "CHILD, latency: -1}"),
    /6:\d+ .*latency: expected a latency in milliseconds, .*found -1/,
  ],
  [
    "tiny MTU",
    ASES + LINK.replace("CHILD}", "CHILD, mtu: 10}"),
    /6:\d+ .*mtu: expected an MTU from 150 to 65535, found 10/,
  ],
  ["duplicate interface", ASES + LINK.replace("110#2", "110#1"), /7:\d+ interface 1-ff00:0:110#1 is used twice/],
  ["unknown AS", ASES + LINK.replace("0:112#1", "0:122#1"), /7:\d+ unknown AS 1-ff00:0:122/],
  ["no such end", ASES + LINK.replace('"1-ff00:0:112#1"', '"here"'), /7:\d+ .*expected an end such as/],
  ["interface 0", ASES + LINK.replace("112#1", "112#0"), /7:\d+ .*expected an interface id from 1 to 65535/],
  [
    "core without core",
    ASES + LINK.replace("CHILD", "CORE"),
    /6:\d+ a core link joins two core ASes, but 1-ff00:0:111 is not core/,
  ],
  ["ISD without core", ASES.replace("core: true, ", "") + LINK, /2:3 ISD 1 has no core AS: /],
  [
    "child loop",
    `${ASES}${LINK}  - {a: "1-ff00:0:111#8", b: "1-ff00:0:112#8", linkAtoB: CHILD}\n  - {a: "1-ff00:0:112#9", b: "1-ff00:0:111#9", linkAtoB: CHILD}\n`,
    /child links form a cycle: /,
  ],
  ["unreachable AS", `${ASES}  "1-9": {}\n${LINK}`, /5:3 AS 1-9 has no links/],
  ["no ASes", "ASes: {}\n", /1:7 the topology has no ASes/],
  ["AS twice", `${ASES}  "01-ff00:0:110": {}\n${LINK}`, /5:3 AS 1-ff00:0:110 stands here twice/],
  ["empty", " \n", /1:1 the file is empty/],
  ["binary", "ASes:\u0000\u0001", /1:1 this is a binary file, not a SCION topology/],
  ["no mapping", "- 1\n", /1:1 expected a SCION topology/],
  ["a link to itself", ASES + LINK.replace("0:112#1", "0:110#7"), /7:\d+ the link joins AS 1-ff00:0:110 to itself/],
];

for (const [what, text, says] of mistakes) {
  test(`mistake: ${what}`, (t) => t.regex(problemsOf(topo(text)).join("\n"), says));
}

const STATIC = `model: {speed_km_per_s: 200000, floor_ms: 1.0, round_ms: 0.1}
tiers_mbit: {core: 100, parent_child: 50, peer: 25}
intra: {latency_ms: 0.5, bandwidth_mbit: 1000, hops: 0}
ases:
  "ff00:0:110": {city: Vienna, lat: 48.2082, lon: 16.3738}
  "ff00:0:111": {city: Zurich, lat: 47.3769, lon: 8.5417}
  "ff00:0:112": {lat: 48.2082, lon: 16.3738}
overrides: {"ff00:0:110-ff00:0:112": {bandwidth_mbit: 200}}
`;

test("static info: the model's latency, its floor and step, tiers, overrides, the inside", (t) => {
  const { network } = importedFrom(topo(ASES + LINK, STATIC));
  // 592 km at 200,000 km/s; two ends in one place have the floor.
  t.deepEqual(
    network.links.map(({ ab }) => [ab.latency_ns, ab.rate_bps]),
    [
      [3_000_000, 50e6],
      [1_000_000, 200e6],
    ],
  );
  t.like(network.ases[0], { label: "Vienna", internal: { latency_ns: 500_000, rate_bps: 1e9, pairs: [] } });
  t.is(network.ases[2]?.label, "a leaf");
});

test("static info: what is missing or unknown is named", (t) => {
  const without = STATIC.replace(/ {2}"ff00:0:111".*\n/, "");
  t.regex(
    problemsOf(topo(ASES + LINK, without)).join("\n"),
    /static\.yml:5:\d+ AS ff00:0:111 of the topology has no place here/,
  );
  const extra = STATIC.replace("overrides: {", 'overrides: {"ff00:0:111-ff00:0:110": {latency_ms: 2}, ');
  t.regex(
    problemsOf(topo(ASES + LINK, extra)).join("\n"),
    /static\.yml:8:\d+ the topology has no link ff00:0:111-ff00:0:110/,
  );
  t.regex(
    problemsOf(fileSource("a.graphml", "<graphml/>", STATIC)).join("\n"),
    /static info goes with a \.topo file only/,
  );
});
