/** `pathloom replay` and `pathloom doctor` as child processes. */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import type { ReplayResult } from "../sim/replay.ts";
import { pathloom, policySource, temporaryFolder, writeText } from "./child-testing.ts";

const FAILOVER = "examples/02-failover.yaml";
const JITTER = "examples/03-jitter-and-loss.yaml";
const folder = temporaryFolder();
const recorded = join(folder, "recorded");
const foreign = join(folder, "foreign");

test.before(async (t) => {
  const [one, other] = await Promise.all([
    pathloom(["run", FAILOVER, "--duration", "4s", "--record", "--out", recorded]),
    pathloom(["run", FAILOVER, "--duration", "5s", "--record", "--out", foreign]),
  ]);
  t.is(one.code, 0, one.stderr);
  t.is(other.code, 0, other.stderr);
});

test("replay of a simulation's record is identical", async (t) => {
  const { code, stdout } = await pathloom(["replay", recorded, "--json"]);
  t.is(code, 0, stdout);
  const result = JSON.parse(stdout) as ReplayResult;
  t.deepEqual(Object.keys(result), ["identical", "digest", "events", "firstDifference"]);
  const summary = JSON.parse(readFileSync(join(recorded, "summary.json"), "utf8")) as {
    digest: string;
    events: number;
  };
  t.deepEqual(result, {
    identical: true,
    digest: [summary.digest, summary.digest],
    events: summary.events,
    firstDifference: null,
  });
});

test("replay of a live record is identical", async (t) => {
  const live = join(folder, "live");
  const run = await pathloom(["live", JITTER, "--duration", "700ms", "--record", live]);
  t.is(run.code, 0, run.stderr);
  const { code, stdout } = await pathloom(["replay", live]);
  t.is(code, 0, stdout);
  t.regex(stdout, /^replay of .*live: identical, \d+ events, digest [0-9a-f]{16}$/m);
});

/** A copy of the recorded run with one file changed. */
function damaged(name: string, file: string, change: (text: string) => string): string {
  const copy = join(folder, name);
  cpSync(recorded, copy, { recursive: true });
  writeFileSync(join(copy, file), change(readFileSync(join(copy, file), "utf8")));
  return copy;
}

const FIRST = "record/00.ndjson";

/** What is done to the record, and what replay says. */
const damages: readonly (readonly [what: string, make: () => string, says: RegExp])[] = [
  [
    "truncated record",
    () => damaged("cut", FIRST, (text) => text.split("\n").slice(0, 40).join("\n")),
    /00\.ndjson: line 40: .*truncated/,
  ],
  [
    "damaged line",
    () => damaged("line", FIRST, (text) => text.replace(/\n.*\n/, "\nrubbish\n")),
    /00\.ndjson: line 2: .*damaged/,
  ],
  [
    "record of another run",
    () => damaged("other", FIRST, () => readFileSync(join(foreign, FIRST), "utf8")),
    /00\.ndjson: line 1: this record belongs to another run: expected scenario/,
  ],
  [
    "record of another place",
    () => damaged("place", FIRST, () => readFileSync(join(recorded, "record/01.ndjson"), "utf8")),
    /expected place 1-ff00:0:110, found 1-ff00:0:120/,
  ],
  [
    "changed scenario",
    () => damaged("scenario", "scenario.json", (text) => text.replace("failover", "changed")),
    /scenario\.json: this is not the scenario of the run/,
  ],
  [
    "damaged manifest",
    () => damaged("manifest", "manifest.json", (text) => text.slice(0, 50)),
    /manifest\.json: not valid JSON/,
  ],
  ["no folder", () => join(folder, "nowhere"), /nowhere: no such folder/],
  ["no folder of a run", () => "examples", /examples is no folder of a run/],
];

for (const [what, make, says] of damages) {
  test(`replay, ${what}: clear error, exit code 2`, async (t) => {
    const { code, stdout, stderr } = await pathloom(["replay", make()]);
    t.is(code, 2, stderr);
    t.regex(stderr, says);
    t.is(stdout, "");
  });
}

test("replay without one of the records: exit code 2", async (t) => {
  const copy = damaged("gone", FIRST, (text) => text);
  rmSync(join(copy, "record/02.ndjson"));
  const { code, stderr } = await pathloom(["replay", copy]);
  t.is(code, 2);
  t.regex(stderr, /02\.ndjson: the file is missing/);
});

test("replay of a record that tells something else: the first difference, exit code 1", async (t) => {
  const changed = damaged("changed", FIRST, (text) =>
    text.replace(/\["o",(\d+),(\d+),(\d+),(\d+),"[0-9a-f]{4}/, '["o",$1,$2,$3,$4,"0000'),
  );
  const { code, stdout } = await pathloom(["replay", changed, "--json"]);
  t.is(code, 1);
  const { identical, firstDifference } = JSON.parse(stdout) as ReplayResult;
  t.false(identical);
  t.deepEqual(Object.keys(firstDifference ?? {}), ["time_ns", "actor", "expected", "found"]);
  t.regex(firstDifference?.actor ?? "", /^link\/1-ff00:0:110#/);
});

test("replay says when the record is of another build, and goes on", async (t) => {
  const copy = join(folder, "build");
  cpSync(recorded, copy, { recursive: true });
  for (const file of ["manifest.json", ...Array.from({ length: 6 }, (_, place) => `record/0${place}.ndjson`)]) {
    const path = join(copy, file);
    writeFileSync(path, readFileSync(path, "utf8").replace(/"build": ?"[0-9a-f]+"/, '"build":"0123456789abcdef"'));
  }
  const { code, stderr } = await pathloom(["replay", copy]);
  t.is(code, 0, stderr);
  t.regex(stderr, /note: the run was made by another build \(.*0123456789abcdef\)/);
});

test("replay needs the policy file of the run, and says when it has changed", async (t) => {
  const policy = writeText(folder, "first.ts", policySource("first", "() => 0"));
  const out = join(folder, "with-policy");
  await pathloom(["run", FAILOVER, "--duration", "1s", "--policy", policy, "--out", out]);
  writeFileSync(policy, policySource("first", "() => 0 /* the same */"));
  const changed = await pathloom(["replay", out]);
  t.is(changed.code, 0, changed.stderr);
  t.regex(changed.stderr, /note: policy file .*first\.ts has changed since the run/);
  rmSync(policy);
  const gone = await pathloom(["replay", out]);
  t.is(gone.code, 2);
  t.regex(gone.stderr, /the run used the policy first in .*first\.ts, which is not there/);
});

test("doctor: two runs of a sound scenario are identical", async (t) => {
  const { code, stdout } = await pathloom(["doctor", JITTER, "--json"]);
  t.is(code, 0, stdout);
  const { identical, digest, firstDifference } = JSON.parse(stdout) as ReplayResult;
  t.true(identical);
  t.is(digest[0], digest[1]);
  t.is(firstDifference, null);
});

test("doctor names the event at which runs part", async (t) => {
  const source = "export default { name: 'luck', init: () => Math.random(), choose: () => 0 };\n";
  const policy = writeText(folder, "luck.ts", source);
  const { code, stdout } = await pathloom(["doctor", FAILOVER, "--policy", policy, "--json"]);
  t.is(code, 1, stdout);
  const { identical, firstDifference } = JSON.parse(stdout) as ReplayResult;
  t.false(identical);
  t.like(firstDifference, { actor: "selector/video", time_ns: 0 });
  t.regex(firstDifference?.expected ?? "", /^selector\.start; .*policyState=0\.\d+/);
  t.not(firstDifference?.expected, firstDifference?.found);
});

test("doctor: a policy that throws in both runs is a failure, not a difference", async (t) => {
  const policy = writeText(folder, "throws.ts", policySource("throws", "() => { throw new Error('I give up'); }"));
  const { code, stderr } = await pathloom(["doctor", FAILOVER, "--policy", policy]);
  t.is(code, 1);
  t.regex(stderr, /actor selector\/video failed .*I give up/);
});
