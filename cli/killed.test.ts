/** Runs that are killed while they are recorded leave a record that can be read. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import type { ReplayResult } from "../sim/replay.ts";
import { pathloom, temporaryFolder } from "./child-testing.ts";

const folder = temporaryFolder();

/** The folder of a run that is being written. */
function partialOf(name: string): string | undefined {
  return readdirSync(folder).find((entry) => entry.startsWith(`${name}.partial-`));
}

function linesIn(name: string): number {
  const partial = partialOf(name);
  const path = join(folder, partial ?? "", "record/00.ndjson");
  return partial === undefined || !existsSync(path) ? 0 : readFileSync(path, "utf8").split("\n").length;
}

test("live, killed with SIGKILL: what was flushed replays identically, and the next run says so", async (t) => {
  const out = join(folder, "live");
  const { code } = await pathloom(["live", "examples/03-jitter-and-loss.yaml", "--duration", "60s", "--record", out], {
    onStart: (child) => {
      const timer = setInterval(() => {
        if (linesIn("live") < 200) return;
        clearInterval(timer);
        child.kill("SIGKILL");
      }, 20);
      child.once("close", () => clearInterval(timer));
    },
  });
  t.is(code, null);
  t.false(existsSync(out));
  const partial = join(folder, partialOf("live") ?? "");
  const replayed = await pathloom(["replay", partial, "--json"]);
  t.is(replayed.code, 0, replayed.stderr);
  const { identical, events, stopped } = JSON.parse(replayed.stdout) as ReplayResult;
  t.true(identical);
  t.true(events > 100);
  t.true((stopped?.length ?? 0) > 1);
  const text = await pathloom(["replay", partial]);
  t.regex(text.stdout, /identical as far as the record goes, \d+ events \(1-ff00:0:110 to \d+\.\d+ s/);
  const next = await pathloom(["live", "examples/03-jitter-and-loss.yaml", "--duration", "200ms", "--record", out]);
  t.is(next.code, 0, next.stderr);
  t.regex(
    next.stderr,
    /was left by a run that was killed; what it recorded until then can be replayed \(pathloom replay .*partial-/,
  );
});

test("live, recorded onto a disk that gets full: the run goes on, what was written replays", async (t) => {
  const disk = join(folder, "disk");
  mkdirSync(disk);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=300k", "tmpfs", disk], { stdio: "ignore" });
  } catch {
    t.log("no small disk can be mounted here: not tried");
    t.pass();
    return;
  }
  t.teardown(() => execFileSync("umount", [disk]));
  const out = join(disk, "one");
  const file = "examples/03-jitter-and-loss.yaml";
  const { code, stdout, stderr } = await pathloom(["live", file, "--duration", "3s", "--record", out, "--json"]);
  t.is(code, 2, stderr);
  t.is((JSON.parse(stdout) as { simulated_s: number }).simulated_s, 3);
  const [, kept] =
    /^error: cannot write .*: the disk is full\. Free some space, .*\n.*stays in (\S+) \(pathloom replay/m.exec(
      stderr,
    ) ?? [];
  t.is(readdirSync(disk).length, 1);
  t.false(existsSync(out));
  const replayed = await pathloom(["replay", kept ?? "", "--json"]);
  t.is(replayed.code, 0, replayed.stderr);
  const { identical, events } = JSON.parse(replayed.stdout) as ReplayResult;
  t.true(identical && events > 100);
});
