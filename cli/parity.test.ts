/** `pathloom parity`: real runs on this machine, whatever it is doing meanwhile; what noise can change is not asserted. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import type { Parity } from "../core/parity.ts";
import { pathloom, temporaryFolder, writeText } from "./child-testing.ts";

const folder = temporaryFolder();

test("loss hits the very same packets, the same machines run, and the exit code follows from the verdict", async (t) => {
  const out = join(folder, "kept");
  const file = "examples/03-jitter-and-loss.yaml";
  const { code, stdout, stderr } = await pathloom(["parity", file, "--duration", "1500ms", "--out", out, "--json"]);
  const parity = JSON.parse(stdout) as Parity;
  t.is(code, parity.verdict === "different" ? 1 : 0, stderr);
  t.deepEqual(parity.worlds, ["sim", "live"]);
  t.true(parity.machines.same);
  t.true(Object.keys(parity.machines.hashes).includes("link"));
  for (const { name, sim, live } of parity.metrics.filter(({ name }) => name.endsWith("path choices"))) {
    t.deepEqual([sim, live], [1, 1], name);
  }
  t.true((parity.clock.late_p99_us ?? -1) >= 0);
  t.deepEqual(JSON.parse(readFileSync(join(out, "parity.json"), "utf8")), parity);
  t.regex(readFileSync(join(out, "parity.html"), "utf8"), /<title>Simulated and live: /);
  t.true(existsSync(join(out, "scenario.json")));
});

test("a scenario without flows has nothing to compare: exit code 2", async (t) => {
  const empty = writeText(folder, "empty.yaml", "name: empty\nduration: 1s\ntopology: diamond\nflows: []\n");
  const { code, stdout, stderr } = await pathloom(["parity", empty]);
  t.is(code, 2, stderr);
  t.is(stdout, "");
  t.regex(stderr, /empty\.yaml has no flows: there is nothing to compare/);
});

test("as people read it: figures, distances, the first step that differs, the verdict", async (t) => {
  const { stdout } = await pathloom(["parity", "examples/02-failover.yaml", "--duration", "800ms"]);
  for (const text of [/latency_ms\.p50/, /KS distance/, /the same machines ran in both worlds/, /verdict/])
    t.regex(stdout, text);
});
