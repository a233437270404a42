/** `pathloom run` and `pathloom live` as child processes: what they print, what they keep, and how they fail. */
import { createSocket } from "node:dgram";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { interruptWhen, type Outcome, pathloom, policySource, temporaryFolder, writeText } from "./child-testing.ts";
import type { RunSummary } from "./runner/manifest.ts";

const FAILOVER = "examples/02-failover.yaml";
const JITTER = "examples/03-jitter-and-loss.yaml";
const folder = temporaryFolder();

const SUMMARY_FIELDS =
  "scenario seed policy digest manifest warmup_s simulated_s wall_s events packet_hops flows links drops totals timeline timeline_omitted".split(
    " ",
  );
const MANIFEST_FIELDS = "pathloom build node libraries world scenario scenario_sha seed inputs policies command".split(
  " ",
);
const LINK_FIELDS = "id packets bytes drops utilization queue_max_packets ecn_marks dropped".split(" ");
const TABLES = "flows.csv links.csv samples.csv series.csv timeline.csv".split(" ");
const LATENCY_FIELDS = ["mean", "p50", "p95", "p99", "max"];

function summaryOf({ code, stdout, stderr }: Outcome): RunSummary {
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
  return JSON.parse(stdout) as RunSummary;
}

async function runJson(...args: string[]): Promise<RunSummary> {
  return summaryOf(await pathloom(["run", ...args, "--json"]));
}

test("run --json has the promised fields, and packets are conserved", async (t) => {
  const summary = await runJson(FAILOVER);
  t.deepEqual(Object.keys(summary), SUMMARY_FIELDS);
  t.deepEqual(Object.keys(summary.manifest), MANIFEST_FIELDS);
  t.deepEqual([summary.scenario, summary.seed, summary.policy], ["failover", 1, "shortest"]);
  t.regex(summary.digest, /^[0-9a-f]{16}$/);
  t.regex(summary.manifest.scenario_sha, /^[0-9a-f]{64}$/);
  t.deepEqual(
    summary.manifest.inputs.map(({ file }) => file),
    [FAILOVER],
  );
  t.is(summary.manifest.command, `pathloom run ${FAILOVER} --seed 1`);
  t.is(
    summary.packet_hops,
    summary.links.reduce((sum, { packets }) => sum + packets, 0),
  );
  t.deepEqual(Object.keys(summary.totals), [
    "sent",
    "received",
    "lost",
    "in_flight",
    "goodput_bps",
    "latency_ms",
    "jain",
  ]);
  t.deepEqual(Object.keys(summary.totals.latency_ms), LATENCY_FIELDS);
  t.deepEqual(Object.keys(summary.links[0] ?? {}), LINK_FIELDS);
  for (const { drops, dropped } of summary.links) {
    t.is(
      drops,
      Object.values(dropped).reduce((sum, count) => sum + count, 0),
    );
  }
  for (const flow of summary.flows) {
    t.is(flow.sent, flow.received + flow.lost + (flow.in_flight ?? 0));
    t.deepEqual(Object.keys(flow.latency_ms), LATENCY_FIELDS);
    t.true(flow.lost > 0 && flow.switches > 0 && flow.paths.length > 1, flow.id);
  }
});

test("the same run twice has one digest; another seed has another where numbers are drawn", async (t) => {
  const runs = await Promise.all([runJson(JITTER), runJson(JITTER), runJson(JITTER, "--seed", "8")]);
  const [first, second, other] = runs.map(({ digest }) => digest);
  t.is(first, second);
  t.not(first, other);
});

test("run prints tables on stdout and nothing else; --duration and --policy take effect", async (t) => {
  const { code, stdout, stderr } = await pathloom(["run", FAILOVER, "--duration", "2s", "--policy", "lowest-latency"]);
  t.is(code, 0);
  t.is(stderr, "");
  t.regex(stdout, /^failover {2}seed 1, policy lowest-latency, 2 s simulated$/m);
  t.regex(stdout, /^video +\d+ +\d+ +\d+ /m);
  t.regex(stdout, /^digest [0-9a-f]{16} /m);
});

test("run --trace prints readable lines before the result", async (t) => {
  const { code, stdout } = await pathloom(["run", FAILOVER, "--duration", "100ms", "--trace"]);
  t.is(code, 0);
  t.regex(stdout, /^0\.000000000 s {2}app\/video {2}app\.send {2}flow 0 packet 0$/m);
  t.true(stdout.indexOf("app.send") < stdout.indexOf("digest "));
});

test("run --out keeps a whole folder and refuses to replace it without --force", async (t) => {
  const out = join(folder, "kept");
  const first = await pathloom(["run", FAILOVER, "--out", out, "--record", "--trace", "--json"]);
  const summary = summaryOf(first);
  t.deepEqual(
    readdirSync(out).sort(),
    ["manifest.json", "record", "scenario.json", "summary.json", "trace.ndjson", ...TABLES].sort(),
  );
  t.deepEqual(JSON.parse(readFileSync(join(out, "summary.json"), "utf8")), summary);
  t.is(readdirSync(join(out, "record")).length, 6);
  const [line = ""] = readFileSync(join(out, "trace.ndjson"), "utf8").split("\n");
  t.true("time_ns" in (JSON.parse(line) as object));
  const refused = await pathloom(["run", FAILOVER, "--out", out]);
  t.is(refused.code, 2);
  t.regex(refused.stderr, /kept exists already; choose another name, or replace it with --force/);
  t.is((await pathloom(["run", FAILOVER, "--out", out, "--force"])).code, 0);
  t.false(existsSync(join(out, "trace.ndjson")));
  t.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith("kept.partial")),
    [],
  );
});

test("the tables of a kept run say what its summary says", async (t) => {
  const out = join(folder, "tables");
  const summary = await runJson(FAILOVER, "--out", out, "--series", "500ms", "--samples", "5");
  t.deepEqual(summary.manifest.record, { series_ns: 500_000_000, samples: 5, deliveries: false });
  t.is(summary.manifest.command, `pathloom run ${FAILOVER} --seed 1 --series 500ms --samples 5`);
  const lines = (name: string): string[] => readFileSync(join(out, name), "utf8").trimEnd().split("\r\n");
  const [head = "", ...links] = lines("links.csv");
  t.regex(head, /^id,packets,bytes,drops,utilization,/);
  t.deepEqual(
    links.map((line) => line.split(",").slice(0, 4)),
    summary.links.map(({ id, packets, bytes, drops }) => [id, packets, bytes, drops].map(String)),
  );
  t.deepEqual(
    lines("flows.csv")
      .slice(1)
      .map((line) =>
        line
          .replaceAll(/"[^"]*"/g, "")
          .split(",")
          .slice(5, 8),
      ),
    summary.flows.map(({ sent, received, lost }) => [sent, received, lost].map(String)),
  );
  t.deepEqual(
    lines("timeline.csv")
      .slice(1)
      .map((line) => line.split(",").slice(0, 4)),
    summary.timeline.map((entry) =>
      entry.event === "switch"
        ? [String(entry.at_ms), "switch", "", ""]
        : [String(entry.at_ms), entry.event, entry.fault, entry.effect],
    ),
  );
  t.is(lines("samples.csv").length, 1 + 2 * 5);
  // Both flows have ended by 9.5 s: nothing happens in the last interval.
  const ends = new Set(
    lines("series.csv")
      .slice(1)
      .map((line) => Number(line.split(",")[1])),
  );
  t.deepEqual(
    [...ends],
    Array.from({ length: 19 }, (_, n) => 500 * (n + 1)),
  );
});

test("a run kept without its deliveries is replayed from the start, and its digest compared", async (t) => {
  const out = join(folder, "short");
  const { digest } = await runJson(FAILOVER, "--duration", "2s", "--out", out);
  t.false(existsSync(join(out, "record")));
  const same = await pathloom(["replay", out, "--json"]);
  t.is(same.code, 0);
  t.like(JSON.parse(same.stdout), { identical: true, digest: [digest, digest] });
  const summary = readFileSync(join(out, "summary.json"), "utf8");
  writeText(out, "summary.json", summary.replace(digest, "0123456789abcdef"));
  const other = await pathloom(["replay", out, "--json"]);
  t.is(other.code, 1);
  t.like(JSON.parse(other.stdout), { identical: false, digest: ["0123456789abcdef", digest] });
});

test("run shows what happened when; faults and switches stand in the timeline", async (t) => {
  const [text, { timeline }] = await Promise.all([pathloom(["run", FAILOVER]), runJson(FAILOVER)]);
  t.regex(text.stdout, /^ *3 s {2}fault-1: down 1-ff00:0:110#3 - 1-ff00:0:150#1$/m);
  t.regex(text.stdout, /^ *3\.6 s {2}video switches to path [0-9a-f]{16}$/m);
  t.deepEqual(
    timeline.filter(({ event }) => event !== "switch").map(({ at_ms }) => at_ms),
    [3_000, 6_000, 7_000, 8_000],
  );
});

test("--force does not replace a folder that is no run", async (t) => {
  const own = temporaryFolder();
  const precious = writeText(own, "precious.txt", "text");
  const { code, stderr } = await pathloom(["run", FAILOVER, "--out", own, "--force"]);
  t.is(code, 2);
  t.regex(stderr, /is no folder of a run/);
  t.true(existsSync(precious));
});

test("a policy in a file: by flag, and by the scenario relative to itself", async (t) => {
  writeText(
    folder,
    "last.ts",
    policySource("last-usable", "(_state: null, view: { usable: boolean[] }) => view.usable.lastIndexOf(true)"),
  );
  const text = readFileSync(FAILOVER, "utf8").replace("policy: shortest", "policy: ./last.ts");
  const scenario = writeText(folder, "own.yaml", text);
  const [byFlag, byFile] = await Promise.all([
    runJson(FAILOVER, "--policy", join(folder, "last.ts")),
    runJson(scenario),
  ]);
  t.is(byFlag.policy, "last-usable");
  t.is(byFile.policy, "last-usable");
  t.is(byFlag.digest, byFile.digest);
  t.deepEqual(
    byFile.manifest.policies.map(({ file }) => file),
    [join(folder, "last.ts")],
  );
});

test("a policy's parameters on the command line", async (t) => {
  const wide = await runJson(FAILOVER, "--policy", "pinned:path=1");
  t.is(wide.policy, "pinned");
  t.is(wide.totals.lost, 0);
});

/** Command line, exit code, and what stderr says. */
const mistakes: readonly (readonly [what: string, args: readonly string[], code: number, says: RegExp])[] = [
  ["missing file", ["run", "examples/02-failovr.yaml"], 2, /no such file; did you mean examples\/02-failover\.yaml\?/],
  ["folder", ["run", "examples"], 2, /this is a folder/],
  ["malformed YAML", ["run", writeText(folder, "broken.yaml", "topology: [\n")], 2, /broken\.yaml:\d+:\d+: /],
  [
    "wrong value, with its line and a caret",
    ["run", writeText(folder, "wrong.yaml", "topology: diamond\nduration: 10 s\nflows: []\n")],
    2,
    /wrong\.yaml:2:11: .*did you mean 10s\?\n {2}2 \| duration: 10 s\n {4}\| {11}\^/,
  ],
  [
    "unknown flag",
    ["run", FAILOVER, "--sed", "1"],
    2,
    /--sed[^]*Did you mean this\?\n +--seed[^]*See pathloom run --help/,
  ],
  ["unknown command", ["rum"], 2, /"rum"[^]*Did you mean this\?\n +run/],
  ["missing argument", ["run"], 2, /Missing required argument: scenario/],
  ["bad seed", ["run", FAILOVER, "--seed", "-1"], 2, /--seed: "-1"\. Expected: a whole number from 0/],
  ["bad duration", ["run", FAILOVER, "--duration", "5sec"], 2, /--duration: "5sec".*did you mean 5s\?/],
  [
    "unknown policy",
    ["run", FAILOVER, "--policy", "shortes"],
    2,
    /--policy: unknown policy "shortes".*did you mean shortest\?/,
  ],
  [
    "path not offered",
    ["run", FAILOVER, "--policy", "pinned:path=9"],
    2,
    /a number from 0 to 2, or a fingerprint, found 9/,
  ],
  ["a series nobody keeps", ["run", FAILOVER, "--series", "1s"], 2, /give --out DIR too/],
  [
    "a series too long",
    ["run", FAILOVER, "--out", join(folder, "long"), "--series", "1us"],
    2,
    /^error: a series of every 0\.001ms has up to \d+ rows here .*; make the interval longer \(--series 100ms\), or the run shorter\n$/,
  ],
  ["trace and JSON on stdout", ["run", FAILOVER, "--trace", "--json"], 2, /both write to stdout/],
  ["missing policy file", ["run", FAILOVER, "--policy", "./nowhere.ts"], 2, /nowhere\.ts: no such file/],
  [
    "policy file with a syntax error",
    ["run", FAILOVER, "--policy", writeText(folder, "syntax.mjs", "export default {\n  a: ( => 1\n};\n")],
    2,
    /syntax\.mjs:2: Unexpected token/,
  ],
  [
    "policy file without default export",
    ["run", FAILOVER, "--policy", writeText(folder, "none.ts", "export const x = 1;\n")],
    2,
    /no default export/,
  ],
  [
    "no policy in it",
    ["run", FAILOVER, "--policy", writeText(folder, "shape.ts", "export default { name: 'x' };\n")],
    2,
    /init must be a function, choose must be a function/,
  ],
  [
    "policy that throws",
    [
      "run",
      FAILOVER,
      "--policy",
      writeText(folder, "throws.ts", policySource("throws", "() => { throw new Error('I give up'); }")),
    ],
    1,
    /^error: actor selector\/video failed at 0\.000000000 s while handling selector\.start: I give up \([^)]*throws\.ts:\d+\)\n {2}seed 1; to repeat: pathloom run .*--policy .*throws\.ts\n$/,
  ],
  [
    "port out of range",
    ["live", FAILOVER, "--port", "70000"],
    2,
    /--port: "70000"\. Expected: a whole number from 1 to 65535/,
  ],
];

for (const [what, args, code, says] of mistakes) {
  test(`mistake: ${what}`, async (t) => {
    const outcome = await pathloom(args);
    t.is(outcome.code, code, outcome.stderr);
    t.regex(outcome.stderr, says);
    t.notRegex(outcome.stderr, /\n {4}at /, "a stack trace");
    t.is(outcome.stdout, "");
  });
}

for (const command of ["run", "live"]) {
  test(`${command}: a policy that does not return is ended by the watchdog, which names its actor`, async (t) => {
    const policy = writeText(folder, `loop-${command}.ts`, policySource("loop", "() => { for (;;); }"));
    const env = { PATHLOOM_WATCHDOG_S: "2" };
    const { code, stderr } = await pathloom([command, FAILOVER, "--policy", policy], { env });
    t.is(code, 1);
    t.regex(stderr, /actor selector\/video did not come back for 2 s \(\d+ events before\)/);
    t.regex(stderr, new RegExp(`\n {2}seed 1; to repeat: pathloom ${command} `));
  });
}

test("the stack of a failure is shown at log level debug", async (t) => {
  const policy = writeText(folder, "deep.ts", policySource("deep", "function inHere() { throw new Error('deep'); }"));
  const { stderr } = await pathloom(["run", FAILOVER, "--policy", policy, "--log-level", "debug"]);
  t.regex(stderr, /at .*inHere.*deep\.ts:1/);
});

test("a reader that leaves early ends the program quietly", async (t) => {
  const { stderr } = await pathloom(["run", FAILOVER, "--trace"], {
    onStart: (child) => child.stdout?.once("data", () => child.stdout?.destroy()),
  });
  t.is(stderr, "");
});

test("live: a port in use is one message and exit code 1", async (t) => {
  const socket = createSocket("udp4");
  const port = await new Promise<number>((resolve) =>
    socket.bind(0, "127.16.0.2", () => resolve(socket.address().port)),
  );
  try {
    const { code, stderr } = await pathloom(["live", FAILOVER, "--duration", "100ms", "--port", String(port)]);
    t.is(code, 1);
    t.regex(stderr, /127\.16\.0\.2:\d+: the port is in use\. Choose another with --port/);
  } finally {
    socket.close();
  }
});

/** Whether a run that is to stand at `name` has written a first piece of this place's record. */
function recordBegun(name: string, place: string): boolean {
  const partial = readdirSync(folder).find((entry) => entry.startsWith(`${name}.partial-`));
  return partial !== undefined && existsSync(join(folder, partial, "record", place));
}

test("live: Ctrl-C ends early, keeps the record and prints results", async (t) => {
  const out = join(folder, "early");
  const outcome = await pathloom(["live", FAILOVER, "--duration", "1min", "--record", out, "--json"], {
    // The place of the flows' destination: packets have arrived.
    onStart: interruptWhen(() => recordBegun("early", "01.ndjson")),
  });
  const summary = summaryOf(outcome) as RunSummary & { world: string; live: { lateness_us: object; underlay: object } };
  t.is(summary.world, "live");
  t.true(summary.simulated_s < 60 && summary.totals.received > 0);
  t.deepEqual(Object.keys(summary.live.lateness_us), ["mean", "p50", "p99", "max", "count", "histogram"]);
  t.true(existsSync(join(out, "manifest.json")));
});

test("run: Ctrl-C ends with code 130 and leaves nothing behind", async (t) => {
  const out = join(folder, "stopped");
  const flow = "{app: constant-rate, from: 1-ff00:0:110, to: 1-ff00:0:112, rate: 50Mbit/s}";
  const endless = writeText(folder, "endless.yaml", `topology: line\nduration: 100h\nflows:\n  - ${flow}\n`);
  const outcome = await pathloom(["run", endless, "--out", out, "--record"], {
    onStart: interruptWhen(() => recordBegun("stopped", "00.ndjson")),
  });
  t.is(outcome.code, 130);
  t.is(outcome.stdout, "");
  t.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith("stopped")),
    [],
  );
});
