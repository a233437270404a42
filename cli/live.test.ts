/** `pathloom live` as a child process: lateness, keys, shaping, addresses, Ctrl-C. */
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import type { ReplayResult } from "../sim/replay.ts";
import { pathloom, temporaryFolder } from "./child-testing.ts";
import type { LiveFigures } from "./runner/job.ts";
import type { Manifest } from "./runner/manifest.ts";

const folder = temporaryFolder();
const EXAMPLE = "examples/02-failover.yaml";
const SHORT = ["--duration", "400ms"];

interface Summary {
  readonly flows: readonly { readonly sent: number; readonly received: number }[];
  readonly manifest: Manifest;
  readonly live: LiveFigures & { readonly strict?: { readonly bound_us: number; readonly ok: boolean } };
}

const readManifest = (dir: string): Manifest =>
  JSON.parse(readFileSync(join(dir, "manifest.json"), "utf8")) as Manifest;
const replayed = async (dir: string): Promise<boolean> => {
  const { stdout } = await pathloom(["replay", dir, "--json"]);
  return (JSON.parse(stdout) as ReplayResult).identical;
};

test.serial("--strict: results are printed, and a run that was later than its bound fails", async (t) => {
  const { code, stdout, stderr } = await pathloom([
    "live",
    EXAMPLE,
    ...SHORT,
    "--strict",
    "--lateness",
    "1ns",
    "--json",
  ]);
  t.is(code, 1, stderr);
  t.regex(
    stderr,
    /the run was late: one event in a hundred by [\d.]+ ms or more \(the latest by .*\), and --strict allows 0\.000 ms/,
  );
  const { live, manifest } = JSON.parse(stdout) as Summary;
  t.deepEqual(live.strict, { bound_us: 0.001, ok: false });
  const counted = live.lateness_us.histogram.reduce((sum, { count }) => sum + count, 0);
  t.is(counted, live.lateness_us.count);
  t.deepEqual(manifest.lateness, live.lateness_us.histogram);
  const kept = await pathloom(["live", EXAMPLE, ...SHORT, "--strict", "--lateness", "100s"]);
  t.is(kept.code, 0, kept.stderr);
});

test.serial("keys come from the system's entropy, are not kept, and the record replays without them", async (t) => {
  const [one, two, known] = ["one", "two", "known"].map((name) => join(folder, name)) as [string, string, string];
  for (const dir of [one, two]) {
    const { code, stderr } = await pathloom(["live", EXAMPLE, ...SHORT, "--record", dir]);
    t.is(code, 0, stderr);
    t.is(readManifest(dir).keys, "not-kept");
    t.false(existsSync(join(dir, "secrets.json")));
    t.true(await replayed(dir));
  }
  const macs = (dir: string): string => readFileSync(join(dir, "record/macs.ndjson"), "utf8").split("\n")[0] as string;
  t.is(macs(one).slice(0, 40), macs(two).slice(0, 40));
  t.not(macs(one), macs(two));
  const { code } = await pathloom(["live", EXAMPLE, ...SHORT, "--record", known, "--insecure-seed"]);
  t.is(code, 0);
  t.is(readManifest(known).keys, undefined);
  t.true(await replayed(known));
});

test.serial("--keep-secrets: a file of one's own, without which nothing replays", async (t) => {
  const dir = join(folder, "secrets");
  const { code, stderr } = await pathloom(["live", EXAMPLE, ...SHORT, "--record", dir, "--keep-secrets"]);
  t.is(code, 0, stderr);
  const path = join(dir, "secrets.json");
  t.is(statSync(path).mode & 0o777, 0o600);
  t.is(readManifest(dir).keys, "kept");
  t.true(await replayed(dir));
  writeFileSync(path, JSON.stringify({ forwarding: "another" }));
  t.false(await replayed(dir));
  rmSync(path);
  const without = await pathloom(["replay", dir]);
  t.is(without.code, 2);
  t.regex(without.stderr, /secrets\.json/);
});

test.serial("--shape none: no delay of the model, paths as before; the record replays", async (t) => {
  const dir = join(folder, "plain");
  const { code, stderr } = await pathloom(["live", EXAMPLE, ...SHORT, "--record", dir, "--shape", "none"]);
  t.is(code, 0, stderr);
  t.is(readManifest(dir).shape, "none");
  t.regex(readManifest(dir).command, /--shape none/);
  t.true(await replayed(dir));
});

test.serial("Ctrl-C drains: what was sent has come, results are printed, exit code 0", async (t) => {
  const { code, stdout, stderr } = await pathloom(["live", EXAMPLE, "--duration", "60s", "--json"], {
    onStart: (child) => {
      child.stderr?.on("data", (text: Buffer) => {
        if (String(text).includes("Ctrl-C")) setTimeout(() => child.kill("SIGINT"), 2_500);
      });
    },
  });
  t.is(code, 0, stderr);
  const { flows } = JSON.parse(stdout) as Summary;
  t.true(flows.some(({ sent }) => sent > 0));
  for (const { sent, received } of flows) t.is(received, sent);
});

for (const [name, args, says] of [
  [
    "--keep-secrets without --record",
    ["--keep-secrets"],
    /--keep-secrets says what is kept of a run; give --record DIR too/,
  ],
  ["--lateness without --strict", ["--lateness", "1ms"], /--lateness is the bound of --strict/],
  ["secrets that are none", ["--keep-secrets", "--insecure-seed", "--record", "x"], /leaves no secrets to keep/],
  ["an unknown shape", ["--shape", "clay"], /shape/],
] as const) {
  test.serial(`mistake: ${name}`, async (t) => {
    const { code, stderr, stdout } = await pathloom(["live", EXAMPLE, ...args]);
    t.is(code, 2, stderr);
    t.regex(stderr + stdout, says);
  });
}
