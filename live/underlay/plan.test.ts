import test from "ava";
import { DEFAULT_DIRECTION, type Network, type NetworkAs } from "../../core/scenario.ts";
import { formatEndpoint } from "../../core/endpoint.ts";
import { BASE_PORT, PlanError, type PlanOptions, planUnderlay } from "./plan.ts";

/** Three ASes in a row, the first with two links to the second. */
function row(changes: Readonly<Record<string, Partial<NetworkAs>>> = {}): Network {
  const link = (a: string, aIf: number, b: string, bIf: number) => ({
    a: { ia: a, ifId: aIf },
    b: { ia: b, ifId: bIf },
    type: "core" as const,
    mtu: 1472,
    ab: DEFAULT_DIRECTION,
    ba: DEFAULT_DIRECTION,
  });
  return {
    name: "row",
    ases: ["1-1", "1-2", "1-3"].map((ia) => ({ ia, core: true, mtu: 1472, ...changes[ia] })),
    links: [link("1-1", 7, "1-2", 1), link("1-1", 3, "1-2", 2), link("1-2", 9, "1-3", 1)],
  };
}

/** `IA#ifId local>remote`, the internal socket as interface 0. */
function linesOf(network: Network, options: PlanOptions = {}): string[] {
  return planUnderlay({ network }, options).places.flatMap(({ ia, internal, links }) => [
    `${ia}#0 ${formatEndpoint(internal)}`,
    ...links.map(({ ifId, local, remote }) => `${ia}#${ifId} ${formatEndpoint(local)}>${formatEndpoint(remote)}`),
  ]);
}

test("without anything said: an address for each AS, any port", (t) => {
  t.deepEqual(linesOf(row()), [
    "1-1#0 127.16.0.1",
    "1-1#3 127.16.0.1>127.16.0.2",
    "1-1#7 127.16.0.1>127.16.0.2",
    "1-2#0 127.16.0.2",
    "1-2#1 127.16.0.2>127.16.0.1",
    "1-2#2 127.16.0.2>127.16.0.1",
    "1-2#9 127.16.0.2>127.16.0.3",
    "1-3#0 127.16.0.3",
    "1-3#1 127.16.0.3>127.16.0.2",
  ]);
});

test("fixed ports follow from the network alone, and the ends of a link agree", (t) => {
  const lines = linesOf(row(), { fixedPorts: BASE_PORT });
  t.deepEqual(lines.slice(0, 3), [
    "1-1#0 127.16.0.1:30100",
    "1-1#3 127.16.0.1:30101>127.16.0.2:30102",
    "1-1#7 127.16.0.1:30102>127.16.0.2:30101",
  ]);
  const ends = lines.flatMap((line) => line.split(" ")[1]?.split(">") ?? []);
  t.false(ends.includes("127.16.0.1"));
  const pairs = new Set(lines.flatMap((line) => line.split(" ").slice(1)).filter((text) => text.includes(">")));
  for (const pair of pairs) t.true(pairs.has(pair.split(">").toReversed().join(">")), pair);
});

test("what the scenario says holds; what it leaves out is assigned round it", (t) => {
  const network = row({
    "1-1": { underlay: { internal: "192.0.2.1", interfaces: { "7": "192.0.2.1:30100" }, outside: ["192.0.2.9"] } },
    "1-2": { underlay: { internal: "[2001:db8::2]:40000" }, dispatched_ports: null },
    "1-3": { underlay: { interfaces: { "1": "198.51.100.3:50000" } } },
  });
  t.deepEqual(linesOf(network, { fixedPorts: 30_100 }), [
    "1-1#0 192.0.2.1:30101",
    "1-1#3 192.0.2.1:30102>[2001:db8::2]:30101",
    "1-1#7 192.0.2.1:30100>[2001:db8::2]:30100",
    "1-2#0 [2001:db8::2]:40000",
    "1-2#1 [2001:db8::2]:30100>192.0.2.1:30100",
    "1-2#2 [2001:db8::2]:30101>192.0.2.1:30102",
    "1-2#9 [2001:db8::2]:30102>198.51.100.3:50000",
    "1-3#0 127.16.0.3:30100",
    "1-3#1 198.51.100.3:50000>[2001:db8::2]:30102",
  ]);
  const { places } = planUnderlay({ network });
  t.deepEqual(
    places.map(({ hosts, dispatched }) => [hosts, dispatched?.min ?? null]),
    [
      [["192.0.2.9"], 31_000],
      [[], null],
      [[], 31_000],
    ],
  );
  t.deepEqual(linesOf(network, { addresses: "assigned" }), linesOf(row()));
});

test("ports that run out are said to", (t) => {
  t.throws(() => planUnderlay({ network: row() }, { fixedPorts: 65_534 }), {
    instanceOf: PlanError,
    message: /no port is left on 127\.16\.0\.1 for 1-1#7: .*choose a lower first port with --port/,
  });
});
