import { readdirSync, readFileSync } from "node:fs";
import test from "ava";
import { canonicalJson } from "../core/canonical.ts";
import { createPathFinder } from "../core/path-finder.ts";
import { err, ok } from "../core/result.ts";
import type { Scenario } from "../core/scenario.ts";
import { POLICIES } from "./policy-table.ts";
import { PRESETS } from "./presets.ts";
import { alternatives } from "./problems.ts";
import { type Overrides, resolveScenario } from "./resolve.ts";

const KNOWN = alternatives([...POLICIES.keys()]);

interface Extra {
  readonly overrides?: Overrides;
  readonly extraPolicies?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
}

function resolve(text: string, { files = {}, ...extra }: Extra = {}): ReturnType<typeof resolveScenario> {
  const readFile = (path: string) => (files[path] === undefined ? err(`${path}: no such file`) : ok(files[path]));
  return resolveScenario(text, { file: "runs/x.yaml", readFile, ...extra });
}

function scenarioOf(text: string, extra: Extra = {}): Scenario {
  const resolved = resolve(text, extra);
  if (!resolved.ok) throw new Error(resolved.error.map(({ message }) => message).join("\n"));
  return resolved.value;
}

/** `line:column message [suggestion]` for each problem. */
function problemsOf(text: string, extra: Extra = {}): string[] {
  const resolved = resolve(text, extra);
  if (resolved.ok) return [];
  return resolved.error.map(({ file, line, column, message, didYouMean }) =>
    [
      file === "runs/x.yaml" ? `${line}:${column}` : `${file}:${line}:${column}`,
      message,
      ...(didYouMean === undefined ? [] : [`[${didYouMean}]`]),
    ].join(" "),
  );
}

const HEAD = "topology: diamond\nduration: 10s\n";
const PING = "{app: ping, from: 1-ff00:0:110, to: 1-ff00:0:120}";

function withFlow(fields: string, head = HEAD): string {
  return `${head}flows:\n  - {from: 1-ff00:0:110, to: 1-ff00:0:120, ${fields}}\n`;
}

test("a short scenario: every default", (t) => {
  const { network, ...scenario } = scenarioOf(`${HEAD}flows:\n  - ${PING}\n`);
  t.is(network.name, "diamond");
  t.deepEqual(scenario, {
    name: "x",
    seed: 1,
    epoch_s: 1_700_000_000,
    duration_ns: 10e9,
    detection_ns: 600e6,
    revocation_ns: 10e9,
    max_paths: 20,
    flows: [
      {
        id: "flow-1",
        app: "ping",
        src: { ia: "1-ff00:0:110", host: "10.0.0.1" },
        dst: { ia: "1-ff00:0:120", host: "10.0.0.1" },
        policy: { name: "shortest", params: {} },
        start_ns: 0,
        stop_ns: 10e9,
        interval_ns: 100e6,
        packet_size: 1200,
        workload: null,
        reply: "reverse",
        traffic_class: 0,
      },
    ],
    faults: [],
    warmup_ns: 0,
    record: { series_ns: 0, samples: 0 },
  });
});

test("a long scenario: every value", (t) => {
  const scenario = scenarioOf(`
name: all
topology: diamond
seed: 42
epoch: 1800000000
duration: 1min
policy: {name: pinned, path: 1}
detection: 100ms
revocation: 5s
max_paths: 2
flows:
  - id: video
    app: constant-rate
    from: "1-ff00:0:110,::1"
    to: 1-ff00:0:120, 192.168.0.7
    rate: 1Mbit/s
    packet_size: 1kB
    start: 1s
    stop: 9s
  - {app: constant-rate, from: 1-ff00:0:110, to: 1-ff00:0:110, interval: 5ms, policy: lowest-latency}
faults:
  - {at: 6s, event: up, link: 1-ff00:0:130#1}
  - {at: 3s, event: down, link: 1-ff00:0:110#1}
links:
  - {link: 1-ff00:0:130#1, latency: 1ms, mtu: 1400, back: {loss: 10%}}
`);
  t.deepEqual([scenario.seed, scenario.epoch_s, scenario.detection_ns, scenario.max_paths], [42, 1.8e9, 1e8, 2]);
  t.deepEqual(scenario.flows[0], {
    id: "video",
    app: "constant-rate",
    src: { ia: "1-ff00:0:110", host: "::1" },
    dst: { ia: "1-ff00:0:120", host: "192.168.0.7" },
    policy: { name: "pinned", params: { path: 1 } },
    start_ns: 1e9,
    stop_ns: 9e9,
    interval_ns: 8e6,
    packet_size: 1000,
    workload: null,
    reply: "reverse",
    traffic_class: 0,
  });
  t.deepEqual(scenario.flows[1]?.dst, { ia: "1-ff00:0:110", host: "10.0.0.2" }, "not the sender itself");
  t.deepEqual(
    scenario.faults.map(({ timing, effect }) => [timing, effect.kind]),
    [
      [{ kind: "once", at_ns: 3e9, for_ns: null }, "down"],
      [{ kind: "once", at_ns: 6e9, for_ns: null }, "up"],
    ],
  );
  const link = scenario.network.links.find(({ b }) => b.ia === "1-ff00:0:130");
  t.deepEqual([link?.mtu, link?.ab.latency_ns, link?.ba.latency_ns], [1400, 1e6, 1e6]);
  t.deepEqual(
    [link?.ab.loss, link?.ba.loss],
    [0.1, 0],
    "back leads towards the interface that is named, here from a to b",
  );
});

test("topologies by parameters, inline and from a file", (t) => {
  const flows = "duration: 1s\nflows: []\n";
  t.is(scenarioOf(`topology: {preset: grid, rows: 2}\n${flows}`).network.name, "grid-2x3");
  const inline = "{ases: {1-1: {core: true}, 1-2: }, links: [{a: 1-1#1, b: 1-2#1, type: child}]}";
  t.is(scenarioOf(`name: mine\ntopology: ${inline}\n${flows}`).network.name, "mine");
  const files = { "nets/two.yaml": inline, "bad.yaml": "ases: {1-1: {core: true}, 1-2: }\n" };
  t.is(scenarioOf(`topology: {file: nets/two.yaml}\n${flows}`, { files }).network.name, "two");
  t.deepEqual(problemsOf(`topology: {file: bad.yaml}\n${flows}`, { files }), [
    "bad.yaml:1:8 AS 1-1 has no links",
    "bad.yaml:1:27 AS 1-2 has no links",
  ]);
  t.deepEqual(problemsOf(`topology: {file: gone.yaml}\n${flows}`), [
    "1:18 cannot read the topology file: gone.yaml: no such file",
  ]);
  t.deepEqual(problemsOf(`topology: nets/two.yaml\n${flows}`), [
    '1:11 unknown preset "nets/two.yaml": expected tiny, diamond, parallel, two-isds, scionlab, sciera, line, ring, star, grid, tree, barabasi-albert, waxman or internet [{file: nets/two.yaml}]',
  ]);
});

test("overrides take the place of the file's values", (t) => {
  const text = withFlow("app: ping, policy: pinned, start: 5s, stop: 8s");
  const overrides = { seed: 9, policy: "lowest-latency", duration_ns: 2e9 };
  const scenario = scenarioOf(text, { overrides });
  t.deepEqual([scenario.seed, scenario.duration_ns], [9, 2e9]);
  t.deepEqual(scenario.flows[0]?.policy, { name: "lowest-latency", params: {} });
  const late = scenarioOf(withFlow("app: ping, start: 5s"), { overrides }).flows[0];
  t.deepEqual([late?.start_ns, late?.stop_ns], [5e9, 5e9], "a run cut short of a flow's start sends nothing");
  t.deepEqual(problemsOf(text, { overrides: { policy: "shortst", seed: -1, duration_ns: 0 } }), [
    "(seed):1:1 expected a whole number from 0 to 9007199254740991, found -1",
    "(duration):1:1 expected a duration above 0, found 0ns",
    `(policy):1:1 unknown policy "shortst": expected ${KNOWN}, or a file such as ./my-policy.ts [shortest]`,
  ]);
});

test("policies: built in, given by the caller, from a file, and with parameters", (t) => {
  for (const policy of ["shortest", "lowest-latency", "pinned", "round-robin", "./p.ts", "/p", "mine.js", "../p"]) {
    const scenario = scenarioOf(withFlow(`app: ping, policy: ${policy}`), { extraPolicies: ["round-robin"] });
    t.is(scenario.flows[0]?.policy.name, policy);
  }
  const params = scenarioOf(withFlow("app: ping, policy: {name: ./p.ts, gain: 0.5, mode: fast, on: true}")).flows[0]
    ?.policy;
  t.deepEqual(params, { name: "./p.ts", params: { gain: 0.5, mode: "fast", on: true } });
  const fingerprint = createPathFinder(scenarioOf(withFlow("app: ping")).network, { max: 1 })(
    "1-ff00:0:110",
    "1-ff00:0:120",
  )[0]?.fingerprint;
  t.deepEqual(problemsOf(withFlow(`app: ping, policy: {name: pinned, path: "${fingerprint}"}`)), []);
  const wrong = (policy: string): string[] => problemsOf(withFlow(`app: ping, policy: ${policy}`));
  t.deepEqual(wrong("round-trip"), [
    `4:63 unknown policy "round-trip": expected ${KNOWN}, or a file such as ./my-policy.ts`,
  ]);
  t.deepEqual(wrong("{name: pind, path: 0}"), [
    `4:70 unknown policy "pind": expected ${KNOWN}, or a file such as ./my-policy.ts [pinned]`,
  ]);
  t.deepEqual(wrong("{name: pinned, path: 3}"), [
    "4:84 flows[0].policy.path: expected a path of flow-1: a number from 0 to 2, or a fingerprint, found 3",
  ]);
  t.deepEqual(wrong("{name: pinned, pth: 0}"), ['4:78 policy pinned has no parameter "pth": expected path [path]']);
  t.deepEqual(wrong("{path: 0}"), ["4:63 flows[0].policy.name is missing"]);
});

test("what is wrong with a flow", (t) => {
  const wrong = (fields: string): string[] => problemsOf(withFlow(fields));
  t.deepEqual(wrong("app: constant-rate"), ["4:5 flows[0] needs either rate or interval"]);
  t.deepEqual(wrong("app: ping, rate: 1Mbit/s, interval: 1s"), [
    "4:55 flows[0] has both rate and interval: one follows from the other",
  ]);
  t.deepEqual(wrong("app: ping, interval: 0s"), ['4:65 flows[0].interval: expected more than 0, found "0s"']);
  t.deepEqual(wrong("app: ping, interval: -1s"), [
    '4:65 flows[0].interval: expected a duration such as 250ms, 10s or 2min, found "-1s"',
  ]);
  t.deepEqual(wrong("app: ping, rate: 100Tbit/s"), [
    '4:61 flows[0].rate: expected at most one packet a nanosecond of 1200B, found "100Tbit/s"',
  ]);
  t.deepEqual(wrong("app: ping, packet_size: 100B"), [
    '4:68 flows[0].packet_size: expected 150 to 9000 bytes, found "100B"',
  ]);
  t.deepEqual(wrong("app: ping, packet_size: 9001"), [
    "4:68 flows[0].packet_size: expected 150 to 9000 bytes, found 9001",
  ]);
  t.deepEqual(wrong("app: ping, packet_size: 1473"), [
    '4:68 flows[0].packet_size: expected at most 1472B, the largest MTU of a path, found "1473B"',
  ]);
  t.deepEqual(wrong("app: ping, start: 3s, stop: 3s"), [
    '4:72 flows[0].stop: expected a time after the start, 3s, found "3s"',
  ]);
  t.deepEqual(wrong("app: ping, start: 10s"), [
    '4:62 flows[0].start: expected a time before the end of the run, 10s, found "10s"',
  ]);
  t.deepEqual(wrong("app: pin, id: a b"), [
    '4:49 flows[0].app: expected constant-rate, ping, poisson, on-off, request-response, file-transfer, message-stream, bulk or gateway, found "pin" [ping]',
    '4:58 flows[0].id: expected 1 to 64 letters, digits, or characters of - _ . :, found "a b"',
  ]);
  t.deepEqual(wrong("app: ping, id: a b"), [
    '4:59 flows[0].id: expected 1 to 64 letters, digits, or characters of - _ . :, found "a b"',
  ]);
});

test("how paths are discovered: oracle or beaconing; left out, nothing is said", (t) => {
  const discovered = (line: string): unknown => scenarioOf(`${line}${withFlow("app: ping")}`).discovery;
  t.is(discovered(""), undefined);
  t.is(discovered("discovery: oracle\n"), "oracle");
  t.is(discovered("discovery: beaconing\n"), "beaconing");
  t.regex(
    problemsOf(`discovery: magic\n${withFlow("app: ping")}`).join(),
    /discovery: expected oracle, beaconing or \{mode: beaconing, interval: 1s\}, found "magic"/,
  );
  const scenario = scenarioOf(`discovery: {interval: 500ms}\n${withFlow("app: ping")}`);
  t.deepEqual([scenario.discovery, scenario.beaconing], ["beaconing", { interval_ns: 500_000_000 }]);
  t.regex(
    problemsOf(`discovery: {interval: 1ms}\n${withFlow("app: ping")}`).join(),
    /interval: expected at least 100ms, found "1ms"/,
  );
});

test("packets need room for the headers of a long path", (t) => {
  const flow = "flows: [{app: ping, from: 1-ff00:0:110, to: 1-ff00:0:11a, packet_size: 200}]\n";
  t.deepEqual(problemsOf(`topology: {preset: line, length: 11}\nduration: 1s\n${flow}`), [
    '3:72 flows[0].packet_size: expected at least 208B, what the headers of ping on the first path take, found "200B"',
  ]);
});

test("ends of a flow that do not exist, are the same, or cannot reach each other", (t) => {
  const wrong = (from: string, to: string, head = HEAD): string[] =>
    problemsOf(`${head}flows: [{app: ping, from: "${from}", to: "${to}"}]\n`);
  t.deepEqual(wrong("1-ff00:0:11", "1-ff00:0:120"), [
    "3:27 unknown AS 1-ff00:0:11: the topology has no such AS [1-ff00:0:110]",
  ]);
  t.deepEqual(wrong("1-ff00:0:110,10.0.0.1", "1-ff00:0:110,10.0.0.1"), [
    "3:56 flows[0] leads from 1-ff00:0:110,10.0.0.1 to itself",
  ]);
  t.deepEqual(wrong("1-ff00:0:110,CS", "1-ff00:0:120,10.0.0"), [
    '3:27 flows[0].from: expected an IPv4 or IPv6 address after the comma, found "1-ff00:0:110,CS"',
    '3:50 flows[0].to: expected an IPv4 or IPv6 address after the comma, found "1-ff00:0:120,10.0.0"',
  ]);
  const islands =
    "topology: {ases: {1-1: {core: true}, 1-2: , 2-1: {core: true}, 2-2: }, links: [{a: 1-1#1, b: 1-2#1, type: child}, {a: 2-1#1, b: 2-2#1, type: child}]}\nduration: 1s\n";
  t.deepEqual(wrong("1-2", "2-2", islands), [
    "3:38 no path leads from 1-2 to 2-2 (they are in different ISDs): up to a core AS, over core links, and down again",
  ]);
});

test("faults and link overrides name links by either end", (t) => {
  const wrong = (rest: string): string[] => problemsOf(`${HEAD}flows: []\n${rest}\n`);
  t.deepEqual(wrong("faults: [{at: 1s, event: down, link: 1-ff00:0:110#9}]"), [
    "4:38 unknown link 1-ff00:0:110#9: AS 1-ff00:0:110 has no interface 9, only 1-ff00:0:110#1, 1-ff00:0:110#2, 1-ff00:0:110#3 [1-ff00:0:110#1]",
  ]);
  t.deepEqual(wrong("faults: [{at: 1s, event: dwn, link: 1-ff00:0:110#1}]"), [
    '4:26 faults[0].event: expected down, up, flap, partition, impair or clock-drift, found "dwn" [down]',
  ]);
  t.deepEqual(wrong("links: [{link: 1-ff00:0:119#1}]"), [
    "4:16 unknown AS 1-ff00:0:119: the topology has no such AS [1-ff00:0:110]",
  ]);
  t.deepEqual(wrong("links: [{link: 1-ff00:0:110#1, jitter: 1s}]"), [
    "4:40 links[0]: expected a jitter of at most the latency, 20ms, found 1s",
  ]);
});

test("every problem of a file is told at once, topology and keys that stand twice included", (t) => {
  const text = `topology: dimond
seed: 1.5
duration: 10s
duration: 20s
flows:
  - {app: ping, from: 1-0, to: 1-1, interval: 1}
`;
  t.deepEqual(problemsOf(text), [
    `1:11 unknown preset "dimond": expected ${[...PRESETS.keys()].slice(0, -1).join(", ")} or ${[...PRESETS.keys()].at(-1)} [diamond]`,
    "2:7 seed: expected a whole number from 0 to 9007199254740991, found 1.5",
    '4:1 "duration" stands twice in one mapping',
    '6:23 flows[0].from: expected an ISD-AS number without 0, which is a wildcard, found "1-0"',
    "6:47 flows[0].interval: expected a duration such as 250ms, 10s or 2min, found 1 without a unit",
  ]);
  t.deepEqual(
    problemsOf(text.replace("1.5", "1").replace("duration: 20s\n", "policy: x\n").replace("interval: 1", "id: a")),
    [
      '1:11 unknown preset "dimond": expected tiny, diamond, parallel, two-isds, scionlab, sciera, line, ring, star, grid, tree, barabasi-albert, waxman or internet [diamond]',
      `4:9 unknown policy "x": expected ${KNOWN}, or a file such as ./my-policy.ts`,
      '6:23 flows[0].from: expected an ISD-AS number without 0, which is a wildcard, found "1-0"',
    ],
  );
});

test("two flows of one id", (t) => {
  t.deepEqual(problemsOf(`${HEAD}flows:\n  - ${PING}\n  - ${PING.replace("{", "{id: flow-1, ")}\n`), [
    '5:10 two flows have the id "flow-1", flows[0] and flows[1]',
  ]);
});

test("the examples are sound, and resolve to the same text each time", (t) => {
  const files = readdirSync("examples").filter((name) => name.endsWith(".yaml"));
  t.true(files.length >= 2);
  for (const file of files) {
    const text = readFileSync(`examples/${file}`, "utf8");
    const readFile = (path: string) => ok(readFileSync(`examples/${path}`, "utf8"));
    const resolved = resolveScenario(text, { file: `examples/${file}`, readFile });
    t.true(resolved.ok, `${file}: ${resolved.ok ? "" : resolved.error.map(({ message }) => message).join("; ")}`);
    const again = resolveScenario(text, { file: `examples/${file}`, readFile });
    t.is(canonicalJson(again), canonicalJson(resolved));
    t.deepEqual(JSON.parse(JSON.stringify(resolved)), resolved, "plain JSON");
  }
});
