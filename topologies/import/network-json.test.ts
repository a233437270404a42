import test from "ava";
import { DEFAULT_DIRECTION, type Network } from "../../core/scenario.ts";
import { buildPreset } from "../presets.ts";
import { fileSource, importedFrom, problemsOf } from "./import-testing.ts";
import { formatNetworkJson } from "./network-json.ts";

function preset(name: string): Network {
  const built = buildPreset(name);
  if (!built.ok) throw new Error(name);
  return built.value;
}

const TINY = formatNetworkJson(preset("tiny"));
const json = (text: string) => fileSource("net.json", text);

test("every kind of value goes there and back", (t) => {
  const tiny = preset("tiny");
  const ab = {
    ...DEFAULT_DIRECTION,
    delay: { kind: "normal", deviation_ns: 5, bound_ns: 10 },
    schedule: { kind: "steps", period_ns: 0, steps: [{ at_ns: 1, rate_bps: 2 }] },
    burst: { good_ns: 1, bad_ns: 2, loss_good: 0, loss_bad: 0.5 },
    discipline: { kind: "codel", target_ns: 5, interval_ns: 100, ecn: true },
  } as const;
  const network: Network = {
    ...tiny,
    ases: tiny.ases.map((as) => ({
      ...as,
      label: 'a "name"',
      position: { lat: -1.5, lon: 180 },
      internal: { latency_ns: 1, rate_bps: 2, pairs: [{ a: 0, b: 1, latency_ns: 3, rate_bps: 0 }] },
      dispatched_ports: as.core ? null : { min: 1, max: 2 },
      services: { CS: ["10.0.0.5", "2001:db8::1"] },
    })),
    links: tiny.links.map((link, at) => ({
      ...link,
      ab,
      carbon_g_per_gb: 12.5,
      ...(at === 0 ? { cost_per_gb: 0 } : {}),
    })),
  };
  t.deepEqual(importedFrom(json(formatNetworkJson(network))).network, network);
});

test("one AS and one link a line", (t) => {
  t.is(TINY.split("\n").length, 13);
});

test("our own topology document as JSON is one, too", (t) => {
  const { network } = importedFrom(
    json(
      '{"name": "n", "ases": {"1-1": {"core": true}, "1-2": null}, "links": [{"a": "1-1#1", "b": "1-2#1", "type": "child"}]}',
    ),
  );
  t.is(network.links.length, 1);
});

const schedule = (text: string): string => TINY.replace('"schedule":null', `"schedule":${text}`);
const steps = (period: number, ...times: readonly number[]): string => {
  const list = times.map((at) => `{"at_ns":${at},"rate_bps":1}`).join(",");
  return schedule(`{"kind":"steps","period_ns":${period},"steps":[${list}]}`);
};
const opportunities = (period: number, bytes: number, times: string): string =>
  schedule(`{"kind":"opportunities","period_ns":${period},"bytes":${bytes},"at_ns":${times}}`);

test("schedules: opportunities may fall together, and end with their period", (t) => {
  for (const text of [opportunities(5, 1, "[0,0,5]"), steps(6, 0, 5), steps(0, 1, 5)]) {
    t.not(importedFrom(json(text)).network.links[0]?.ab.schedule, null);
  }
});

const mistakes: readonly (readonly [what: string, text: string, says: RegExp])[] = [
  ["no opportunities", opportunities(5, 1, "[]"), /net\.json:9:\d+ .*at_ns/],
  ["opportunities of nothing", opportunities(5, 0, "[1]"), /bytes: expected whole bytes above 0, found 0/],
  ["unsorted opportunities", opportunities(5, 1, "[3,2]"), /net\.json:9:\d+ .*must ascend, found 2 ns after 3 ns/],
  ["opportunities beyond their period", opportunities(5, 1, "[6]"), /expected a period at least the last time, 6 ns/],
  ["opportunities without a period", opportunities(0, 1, "[0]"), /and above 0, found 0 ns/],
  ["unsorted steps", steps(0, 3, 2), /must ascend, found 2 ns after 3 ns/],
  ["steps at one time", steps(0, 3, 3), /must ascend, found 3 ns after 3 ns/],
  ["steps beyond their period", steps(3, 0, 3), /expected a period above the last time, 3 ns, or 0, found 3 ns/],
  [
    "ports out of order",
    TINY.replace('"core":true', '"core":true,"dispatched_ports":{"min":5,"max":4}'),
    /expected ports in order/,
  ],
  [
    "a backend that is none",
    TINY.replace('"core":true', '"core":true,"services":{"CS":["CS"]}'),
    /net\.json:4:\d+ .*an IPv4 or IPv6 address in its shortest form, found "CS"/,
  ],
  ["unknown key", TINY.replace('"mtu"', '"mtoo"'), /net\.json:4:\d+ .*mt/],
  [
    "negative latency",
    TINY.replace('"latency_ns":5000000', '"latency_ns":-1'),
    /net\.json:9:\d+ .*latency_ns: expected whole nanoseconds, at least 0, found -1/,
  ],
  [
    "rate as text",
    TINY.replace('"rate_bps":100000000', '"rate_bps":"100Mbit/s"'),
    /9:\d+ .*rate_bps: expected whole bits a second.*found "100Mbit\/s"/,
  ],
  [
    "a negative price",
    TINY.replace('"mtu":1472,"type"', '"cost_per_gb":-1,"mtu":1472,"type"'),
    /cost_per_gb: expected a number from 0 to 10\^12, found -1/,
  ],
  [
    "AS not as SCION prints it",
    TINY.replace('"ia":"1-ff00:0:112"', '"ia":"1-ff00:0:0112"'),
    /expected an ISD-AS number as SCION prints it/,
  ],
  ["duplicate interface", TINY.replace('"ifId":2', '"ifId":1'), /10:\d+ interface 1-ff00:0:110#1 is used twice/],
  ["interface 0", TINY.replace('"ifId":2', '"ifId":0'), /expected an interface id from 1 to 65535, found 0/],
  ["core without core", TINY.replace('"type":"child"', '"type":"core"'), /9:\d+ a core link joins two core ASes/],
  [
    "delay above the latency",
    TINY.replace('{"kind":"fixed"}', '{"kind":"uniform","width_ns":6000000}'),
    /the delay varies by 6000000 ns, more than the latency/,
  ],
  [
    "key twice",
    TINY.replace('"name"', '"name": "a", "name"'),
    /2:16 not valid JSON: "name" stands twice in one object/,
  ],
  ["a comma too many", TINY.replace("}\n  ],", "},\n  ],"), /7:3 not valid JSON: expected a value/],
  ["more after the end", `${TINY}x`, /13:1 not valid JSON: more after the end/],
  ["a text without end", '{"ases": ["a', /1:11 not valid JSON: a text that does not end/],
  ["nested without end", "[".repeat(100_000), /1:101 not valid JSON: nested more than 100 deep/],
  ["no ASes", '{"name": "a", "ases": [], "links": []}', /1:23 the topology has no ASes/],
  ["empty", "\n", /the file is empty/],
  ["something else", "[1, 2]", /net\.json:1:1 expected a topology/],
  ["number beyond bounds", TINY.replace("1472", "1e999"), /4:\d+ not valid JSON: a number beyond all bounds/],
];

for (const [what, text, says] of mistakes) {
  test(`mistake: ${what}`, (t) => t.regex(problemsOf(json(text)).join("\n"), says));
}
