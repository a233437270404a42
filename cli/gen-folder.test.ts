/**
 * A `gen` folder as scionproto's generator leaves it (tools/topology/topo.py): border routers with one interface or several,
 * underlay addresses, files of other programs in between, and static info written by hand.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "ava";
import * as Effect from "effect/Effect";
import type { IA } from "../core/address.ts";
import { createPathFinder } from "../core/path-finder.ts";
import type { Network } from "../core/scenario.ts";
import { linksOf } from "../topologies/import/import-testing.ts";
import { temporaryFolder } from "./child-testing.ts";
import { loadTopology } from "./runner/load-topology.ts";

const folder = join(temporaryFolder(), "gen");

/** `[router, ifId, neighbour, link_to, own address, remote address, mtu]` */
type Side = readonly [string, number, string, string, string, string, number];

/** Two links join 110 and 111: only the addresses tell which interface belongs to which. */
const SIDES: Readonly<Record<string, readonly Side[]>> = {
  "1-ff00:0:110": [
    ["br1-ff00_0_110-1", 1, "1-ff00:0:111", "child", "127.0.0.4:50000", "127.0.0.5:50000", 1280],
    ["br1-ff00_0_110-2", 2, "1-ff00:0:111", "child", "127.0.0.6:50000", "127.0.0.7:50000", 1472],
    ["br1-ff00_0_110-2", 3, "1-ff00:0:120", "core", "[fd00:f00d::1]:50000", "[fd00:f00d::2]:50000", 1472],
  ],
  "1-ff00:0:111": [
    ["br1-ff00_0_111-1", 41, "1-ff00:0:110", "parent", "127.0.0.7:50000", "127.0.0.6:50000", 1472],
    ["br1-ff00_0_111-2", 42, "1-ff00:0:110", "parent", "127.0.0.5:50000", "127.0.0.4:50000", 1280],
    ["br1-ff00_0_111-2", 43, "1-ff00:0:112", "peer", "127.0.0.10:50000", "127.0.0.11:50000", 1472],
  ],
  "1-ff00:0:112": [
    ["br1-ff00_0_112-1", 1, "1-ff00:0:111", "peer", "127.0.0.11:50000", "127.0.0.10:50000", 1472],
    ["br1-ff00_0_112-2", 2, "1-ff00:0:120", "parent", "127.0.0.13:50000", "127.0.0.12:50000", 1472],
  ],
  "1-ff00:0:120": [
    ["br1-ff00_0_120-1", 11, "1-ff00:0:110", "core", "[fd00:f00d::2]:50000", "[fd00:f00d::1]:50000", 1472],
    ["br1-ff00_0_120-1", 12, "1-ff00:0:112", "child", "127.0.0.12:50000", "127.0.0.13:50000", 1472],
  ],
};

/** Between interfaces 2 and 3 of 110 once from either end (the larger holds), between 1 and 3 once at all. */
const STATIC_INFO: Readonly<Record<string, object>> = {
  "1-ff00:0:110": {
    Latency: {
      1: { Inter: "30ms", Intra: { 3: "4ms" } },
      2: { Inter: "20ms", Intra: { 3: "1500us" } },
      3: { Inter: "7ms", Intra: { 2: "2ms" } },
    },
    Bandwidth: { 2: { Inter: 400_000, Intra: { 3: 90_000 } }, 3: { Inter: 1_000_000, Intra: { 2: 80_000 } } },
    LinkType: { 1: "direct", 2: "Direct", 3: "opennet" },
    Geo: { 1: { Latitude: 47.2, Longitude: 8.3, Address: "Zürich" } },
    Hops: { 1: { Intra: { 2: 2, 3: 3 } } },
    Note: "asdf",
  },
  "1-ff00:0:120": { Latency: { 11: { Inter: "9ms" }, 12: { Inter: "5ms", Intra: { 11: "500us" } } } },
};

function put(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function topologyJson(ia: string, sides: readonly Side[], core: boolean): string {
  const name = ia.slice(2).replaceAll(":", "_");
  const routers = [...Map.groupBy(sides, ([router]) => router)].map(([router, own], at) => {
    const interfaces = own.map(([, ifId, isd_as, link_to, address, remote, mtu]) => [
      String(ifId),
      { underlay: { public: address, remote }, isd_as, link_to, mtu },
    ]);
    return [router, { internal_addr: `127.0.0.${17 + at}:31002`, interfaces: Object.fromEntries(interfaces) }];
  });
  const service = { [`cs1-${name}-1`]: { addr: "127.0.0.20:31000" } };
  const document = {
    attributes: core ? ["authoritative", "core", "issuing", "voting"] : [],
    isd_as: ia,
    mtu: 1400,
    control_service: service,
    discovery_service: service,
    border_routers: Object.fromEntries(routers),
    colibri_service: {},
    dispatched_ports: "31000-32767",
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

let network: Network;

test.before(async () => {
  for (const [ia, sides] of Object.entries(SIDES)) {
    const own = `AS${ia.slice(2).replaceAll(":", "_")}`;
    put(`${own}/topology.json`, topologyJson(ia, sides, ia.endsWith("0")));
    put(`${own}/br1-1.toml`, "[general]\n");
    put(`${own}/certs/ISD1-B1-S1.trc`, "\u0000");
    if (STATIC_INFO[ia] !== undefined) put(`${own}/staticInfoConfig.json`, JSON.stringify(STATIC_INFO[ia], null, 2));
  }
  put("sciond_addresses.json", '{"1-ff00:0:110": "127.0.0.20"}\n');
  put("as_list.yml", "Core: [1-ff00:0:110]\n");
  put("networks.conf", "[127.0.0.4/31]\n");
  network = (await Effect.runPromise(loadTopology(folder))).network;
});

test("both ends of every link find each other by their addresses", (t) => {
  t.is(network.name, "gen");
  t.deepEqual(linksOf(network), [
    "1-ff00:0:110#1 child 1-ff00:0:111#42",
    "1-ff00:0:110#2 child 1-ff00:0:111#41",
    "1-ff00:0:110#3 core 1-ff00:0:120#11",
    "1-ff00:0:111#43 peer 1-ff00:0:112#1",
    "1-ff00:0:120#12 child 1-ff00:0:112#2",
  ]);
  t.deepEqual(
    network.links.map(({ mtu, ab }) => [mtu, ab.latency_ns / 1e6, ab.rate_bps / 1e6]),
    [
      [1280, 30, 100],
      [1472, 20, 400],
      [1472, 9, 1_000],
      [1472, 5, 100],
      [1472, 5, 100],
    ],
  );
  t.deepEqual(
    network.ases.map(({ ia, core, mtu }) => [ia, core, mtu]),
    Object.keys(SIDES).map((ia) => [ia, ia.endsWith("0"), 1400]),
  );
  t.like(network.ases[0], { label: "Zürich", position: { lat: 47.2, lon: 8.3 } });
});

test("static info: the inside of an AS counts on the paths through it", (t) => {
  t.deepEqual(network.ases[0]?.internal?.pairs, [
    { a: 1, b: 3, latency_ns: 4e6, rate_bps: 0 },
    { a: 2, b: 3, latency_ns: 2e6, rate_bps: 80e6 },
  ]);
  const between = (src: IA, dst: IA): (number | null)[] =>
    createPathFinder(network, { max: 10 })(src, dst)
      .map(({ latencyNs }) => (latencyNs === null ? null : latencyNs / 1e6))
      .toSorted((left, right) => (left ?? 0) - (right ?? 0));
  // Over the peering link; over both cores by either link of 111: links, and 110 and 120 inside.
  t.deepEqual(between("1-ff00:0:111", "1-ff00:0:112"), [5, 20 + 2 + 9 + 0.5 + 5, 30 + 4 + 9 + 0.5 + 5]);
});
