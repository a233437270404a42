/** `pathloom compare` from source, as a user types it. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import type { Comparison } from "../core/comparison.ts";
import {
  type ChildOptions,
  interruptWhen,
  type Outcome,
  pathloom,
  policySource,
  temporaryFolder,
  writeText,
} from "./child-testing.ts";

const folder = temporaryFolder();
const HOSTS = "from: 1-ff00:0:110, to: 1-ff00:0:120";
const NETWORK = "topology: diamond\nseed: 3\n";
const SMALL = writeText(
  folder,
  "small.yaml",
  `${NETWORK}duration: 3s\nwarmup: 500ms\nflows:\n` +
    `  - {id: call, app: poisson, ${HOSTS}, rate: 2Mbit/s, stop: 2900ms}\n` +
    `  - {id: back, app: poisson, from: 1-ff00:0:120, to: 1-ff00:0:110, rate: 1Mbit/s, stop: 2900ms}\n` +
    `faults: [{id: cut, event: down, at: 1s, for: 1s, link: "1-ff00:0:110#1"}]\n` +
    "compare: {policies: [shortest, lowest-latency, {name: pinned, path: 2}], replications: 2, " +
    "phases: [{name: before, from: 500ms, to: 1s}, {name: cut, from: 1s, to: 2s}]}\n",
);

const compare = (args: readonly string[], options: ChildOptions = {}): Promise<Outcome> =>
  pathloom(["compare", ...args], options);

async function comparison(args: readonly string[]): Promise<Comparison> {
  const { code, stdout, stderr } = await compare([...args, "--json"]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Comparison;
}

test("one and two workers give the same tables and the same digest; tables fit into 100 columns", async (t) => {
  const one = await compare([SMALL, "--workers", "1"]);
  const two = await compare([SMALL, "--workers", "2"]);
  t.is(one.code, 0, one.stderr);
  t.is(one.stdout, two.stdout);
  t.regex(one.stdout, /^digest [0-9a-f]{16}$/m);
  t.regex(one.stdout, /^One pair adopts the policy, the others take the shortest way$/m);
  t.regex(one.stdout, /^All pairs adopt the policy$/m);
  t.regex(one.stdout, /^Phase cut, 1 to 2 s; cut \(down 1-ff00:0:110#1 - /m);
  t.deepEqual(
    one.stdout.split("\n").filter((line) => line.length > 100),
    [],
  );
});

test("--json holds what the contract says, and flags come before the scenario's block", async (t) => {
  const all = await comparison([SMALL, "--policies", "shortest,pinned:path=1", "--adoption", "all", "--seed", "9"]);
  t.deepEqual([all.scenario, all.replications, all.seed, all.adoptions], ["small", 2, 9, ["all"]]);
  t.deepEqual(
    all.policies.map(({ policy }) => policy),
    ["shortest", "pinned:path=1"],
  );
  const delivered = all.policies[0]?.metrics.delivered_share;
  t.is(delivered?.n, 2);
  t.is(delivered?.ci95?.length, 2);
  t.true(all.paired.length > 0);
  t.regex(all.digest, /^[0-9a-f]{16}$/);
  t.deepEqual(
    all.pairs.map(({ pair }) => pair),
    ["1-ff00:0:110,10.0.0.1>1-ff00:0:120,10.0.0.1", "1-ff00:0:120,10.0.0.1>1-ff00:0:110,10.0.0.1"],
  );
  t.is(all.repeat, `pathloom compare ${SMALL} --seed 9 --policies shortest,pinned:path=1 --adoption all`);
  t.deepEqual(
    all.faults.map(({ id, from_s, to_s }) => [id, from_s, to_s]),
    [["cut", 1, 2]],
  );
});

test("a replication does not depend on how many there are, nor a policy on which others there are", async (t) => {
  const two = await comparison([SMALL, "--policies", "lowest-latency", "--adoption", "all"]);
  const three = await comparison([SMALL, "--replications", "3", "--adoption", "all"]);
  const same = three.policies.find(({ policy }) => policy === "lowest-latency");
  t.is(two.policies[0]?.digests.length, 2);
  t.deepEqual(two.policies[0]?.digests, same?.digests.slice(0, 2));
  t.deepEqual(two.policies[0]?.metrics.delivered_share.values, same?.metrics.delivered_share.values.slice(0, 2));
});

test("--out leaves everything, whole; --force replaces it", async (t) => {
  const out = join(folder, "kept");
  const args = [SMALL, "--policies", "shortest,lowest-latency", "--adoption", "all", "--out", out];
  const first = await compare(args);
  t.is(first.code, 0, first.stderr);
  t.deepEqual(readdirSync(out).toSorted(), [
    "manifest.json",
    "paired.csv",
    "replications.csv",
    "report.html",
    "scenario.json",
    "summary.csv",
    "summary.json",
  ]);
  const summary = JSON.parse(readFileSync(join(out, "summary.json"), "utf8")) as Comparison;
  const lines = readFileSync(join(out, "summary.csv"), "utf8").trimEnd().split("\r\n");
  t.is(lines[0], "policy,adoption,phase,metric,mean,median,ci95_low,ci95_high,n");
  t.is(lines.length, 1 + 2 * 3 * summary.metrics.length);
  const values = readFileSync(join(out, "replications.csv"), "utf8").trimEnd().split("\r\n");
  t.is(values.length, 1 + 2 * (lines.length - 1));
  t.true(values.includes(`shortest,all,all,jain,2,${summary.policies[0]?.metrics.jain.values[1]}`));
  t.regex(readFileSync(join(out, "report.html"), "utf8"), /^<!doctype html>/i);
  const again = await compare(args);
  t.is(again.code, 2);
  t.regex(again.stderr, /kept exists already; choose another name, or replace it with --force/);
  t.is((await compare([...args, "--replications", "1", "--force"])).code, 0);
  t.is((JSON.parse(readFileSync(join(out, "summary.json"), "utf8")) as Comparison).replications, 1);
});

test("Ctrl-C keeps the replications that are complete, and says so", async (t) => {
  const out = join(folder, "early");
  const counted = { lines: 0 };
  const outcome = await compare(
    [SMALL, "--replications", "10000", "--policies", "shortest", "--adoption", "all", "--workers", "1", "--out", out],
    {
      env: { PATHLOOM_PROGRESS_MS: "1" },
      onStart: (child) => {
        child.stderr?.on("data", (text: Buffer) => (counted.lines += text.toString().split("\n").length - 1));
        interruptWhen(() => counted.lines > 1)(child);
      },
    },
  );
  t.is(outcome.code, 130, outcome.stderr);
  t.regex(outcome.stdout, /^Note: partial: ended early, after \d+ complete replications? of 10000$/m);
  t.true(existsSync(join(out, "summary.json")));
});

test("one replication has no interval, and says so; a baseline is marked", async (t) => {
  const one = await compare([SMALL, "--replications", "1"]);
  t.regex(one.stdout, /^One replication: there are no intervals/m);
  t.notRegex(one.stdout, /±|=$/m);
  const based = await compare([SMALL, "--baseline", "lowest-latency", "--adoption", "all"]);
  t.is(based.code, 0, based.stderr);
  t.regex(based.stdout, /^lowest-latency .*b/m);
  t.regex(based.stdout, /^When all adopt: against lowest-latency, /m);
});

test("--precision repeats until the intervals are narrow, and stops at the limit", async (t) => {
  const args = [SMALL, "--policies", "pinned:path=2", "--adoption", "all"];
  const wide = await comparison([...args, "--precision", "60%", "--replications", "12"]);
  t.true(wide.stopping.reached);
  t.is(wide.replications, 6);
  const narrow = await compare([...args, "--precision", "0.000001%", "--replications", "7"]);
  t.regex(narrow.stderr, /half-widths are not within 0\.000001 % after at most 7 replications: the widest is \d/);
});

const SINGLE = writeText(
  folder,
  "single.yaml",
  `topology: tiny\nduration: 1s\nflows: [{app: ping, from: 1-ff00:0:111, to: 1-ff00:0:112}]\n`,
);
const IDLE = writeText(folder, "idle.yaml", "topology: diamond\nduration: 1s\nflows: []\n");

const mistakes: readonly (readonly [string, readonly string[], number, RegExp])[] = [
  [
    "unknown policy",
    [SMALL, "--policies", "shortest,lowest-latncy"],
    2,
    /--policies: unknown policy "lowest-latncy".*did you mean lowest-latency\?/,
  ],
  [
    "unknown parameter",
    [SMALL, "--policies", "pinned:paht=1"],
    2,
    /--policies: policy pinned has no parameter "paht".*did you mean path\?/,
  ],
  ["a list with a hole", [SMALL, "--policies", "shortest,,oracle"], 2, /--policies.*policies separated by commas/s],
  [
    "the same policy twice",
    [SMALL, "--policies", "shortest,shortest"],
    2,
    /the policy shortest is to be compared with itself/,
  ],
  [
    "unknown baseline",
    [SMALL, "--baseline", "shortst"],
    2,
    /baseline shortst is none of the policies compared: .*did you mean shortest\?/,
  ],
  ["no replications", [SMALL, "--replications", "-1"], 2, /--replications.*a whole number from 1 to 10000/s],
  [
    "a precision without its sign",
    [SMALL, "--precision", "5"],
    2,
    /--precision.*a percentage above 0 and below 100 with its sign, such as 5%/s,
  ],
  [
    "a baseline that ships but is not compared",
    [SMALL, "--baseline", "oracle"],
    2,
    /baseline oracle is none of the policies compared: expected shortest, lowest-latency or pinned:path=2/,
  ],
  ["unknown adoption", [SMALL, "--adoption", "some"], 2, /--adoption/],
  ["no workers", [SMALL, "--workers", "0"], 2, /--workers: "0"\. Expected: a whole number from 1/],
  [
    "no pair with two paths",
    [SINGLE],
    2,
    /no pair of hosts in .*single\.yaml has two paths.*\nTo see the paths of a pair: pathloom paths .*single\.yaml 1-ff00:0:111 1-ff00:0:112\n$/,
  ],
  ["no traffic", [IDLE], 2, /idle\.yaml has no flows to compare policies by/],
  [
    "a policy that throws",
    [
      SMALL,
      "--policies",
      writeText(folder, "throws.ts", policySource("throws", "() => {\n throw new Error('I give up'); }")),
    ],
    1,
    /policy throws \((?:one|all) adopting, replication 1\): actor selector\/call failed .*I give up \(.*throws\.ts:2\)/,
  ],
  [
    "a policy with an error of its language",
    [SMALL, "--policies", writeText(folder, "broken.ts", "export default {\n name: 'x',\n init( }\n")],
    2,
    /policy file .*broken\.ts does not load: .*broken\.ts:3/,
  ],
  [
    "a path that is not offered",
    [SMALL, "--policies", writeText(folder, "wild.ts", policySource("wild", "() => 99"))],
    1,
    /policy wild .*99/,
  ],
];

for (const [what, args, code, says] of mistakes) {
  test(`mistake: ${what}`, async (t) => {
    const outcome = await compare(args);
    t.is(outcome.code, code, outcome.stderr);
    t.regex(outcome.stderr, says);
    t.notRegex(outcome.stderr, /\n {4}at /, "a stack trace");
    t.is(outcome.stdout, "");
  });
}

test("a policy that does not return is ended by the watchdog", async (t) => {
  const policy = writeText(folder, "loop.ts", policySource("loop", "() => { for (;;); }"));
  const { code, stderr } = await compare([SMALL, "--policies", policy], { env: { PATHLOOM_WATCHDOG_S: "2" } });
  t.is(code, 1);
  t.regex(stderr, /policy loop \((?:one|all) adopting, replication 1\): actor selector\/\w+ did not come back for 2 s/);
});

test.after.always(() => rmSync(folder, { recursive: true, force: true }));
