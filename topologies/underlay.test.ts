import test from "ava";
import { importNetworkJson } from "./import/network-json.ts";
import { resolveScenario } from "./resolve.ts";

const HEAD = `topology: tiny
duration: 1s
flows: [{ app: ping, from: "1-ff00:0:111,10.0.0.1", to: "1-ff00:0:112,10.0.0.2" }]
`;

function resolved(text: string) {
  const none = { ok: false as const, error: "no files here" };
  return resolveScenario(HEAD + text, { file: "net.yaml", readFile: () => none });
}

function problemsOf(text: string): string[] {
  const found = resolved(text);
  return found.ok ? [] : found.error.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

test("addresses of a preset's ASes, in canonical text", (t) => {
  const found = resolved(
    `underlay: {1-ff00:0:111: {internal: "[2001:DB8:0::1]:30042", interfaces: {41: "192.0.2.1:5"}, outside: [192.0.2.9]}}\n`,
  );
  const as = found.ok ? found.value.network.ases.find(({ ia }) => ia === "1-ff00:0:111") : undefined;
  t.deepEqual(found.ok ? as?.underlay : found.error, {
    internal: "[2001:db8::1]:30042",
    interfaces: { "41": "192.0.2.1:5" },
    outside: ["192.0.2.9"],
  });
});

for (const [what, text, expected] of [
  ["an unknown AS", "underlay: {1-ff00:0:119: {}}", /^4:12 unknown AS 1-ff00:0:119/],
  [
    "no address",
    "underlay: {1-ff00:0:111: {internal: router.example}}",
    /^4:37 .*expected an IPv4 or IPv6 address, with or without a port, found "router\.example"/,
  ],
  [
    "no port",
    'underlay: {1-ff00:0:111: {interfaces: {41: "192.0.2.1"}}}',
    /expected an address and port such as .*, found "192\.0\.2\.1"/,
  ],
  ["a port too high", 'underlay: {1-ff00:0:111: {internal: "192.0.2.1:65536"}}', /found "192\.0\.2\.1:65536"/],
  [
    "no interface id",
    'underlay: {1-ff00:0:111: {interfaces: {x: "192.0.2.1:1"}}}',
    /expected an interface id from 1 to 65535, found "x"/,
  ],
  [
    "an interface that is not there",
    'underlay: {1-ff00:0:111: {interfaces: {77: "192.0.2.1:1"}}}',
    /AS 1-ff00:0:111 has no interface 77/,
  ],
  ["a service outside", "underlay: {1-ff00:0:111: {outside: [CS]}}", /expected an IPv4 or IPv6 address, found "CS"/],
  [
    "a flow's end outside",
    "underlay: {1-ff00:0:111: {outside: [10.0.0.1]}}",
    /^4:\d+ host 1-ff00:0:111,10\.0\.0\.1 is outside Pathloom \(underlay\), but flow \S+ ends there/,
  ],
] as const) {
  test(`mistake: ${what}`, (t) => t.regex(problemsOf(`${text}\n`).join("\n"), expected));
}

test("in a network as JSON, addresses stand in their shortest form", (t) => {
  const network = (underlay: unknown): string =>
    JSON.stringify({ name: "one", ases: [{ ia: "1-1", core: true, mtu: 1472, underlay }], links: [] });
  const said = (underlay: unknown): string => {
    const found = importNetworkJson({ path: "one.json", text: network(underlay) });
    return found.ok ? "" : found.error.map(({ message }) => message).join("\n");
  };
  t.is(said({ internal: "[2001:db8::1]:1", outside: ["10.0.0.1"] }), "");
  t.regex(said({ internal: "[2001:db8:0::1]:1" }), /expected an address in its shortest form/);
  t.regex(said({ outside: ["10.0.0.01"] }), /expected an IPv4 or IPv6 address in its shortest form/);
  t.regex(said({ interfaces: { "1": "10.0.0.1:1" } }), /AS 1-1 has no interface 1/);
});
