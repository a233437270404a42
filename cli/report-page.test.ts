/** `pathloom report DIR`: the page of a kept comparison, and what it says where there is none. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { fixtureComparison } from "../viz/report/fixture-testing.ts";
import { reportHtml } from "../viz/report/report.ts";
import { pathloom, temporaryFolder, writeText } from "./child-testing.ts";
import { readComparison } from "./runner/comparison-file.ts";

const folder = temporaryFolder();
const comparison = fixtureComparison({ policies: ["shortest", "lowest-rtt"], replications: 3 });

/** A folder with this summary.json. */
function kept(name: string, summary: string): string {
  const dir = join(folder, name);
  mkdirSync(dir);
  writeText(dir, "summary.json", summary);
  return dir;
}

test("the page is written beside the summary, and its path is printed", async (t) => {
  const dir = kept("whole", JSON.stringify(comparison));
  const { code, stdout, stderr } = await pathloom(["report", dir]);
  t.is(code, 0, stderr);
  t.is(stdout, `${join(dir, "report.html")}\n`);
  t.is(readFileSync(join(dir, "report.html"), "utf8"), reportHtml(comparison));
});

test("--picture writes the orders of both adoptions; with one adoption there is nothing to draw", async (t) => {
  const dir = kept("picture", JSON.stringify(comparison));
  const svg = join(folder, "order.svg");
  const { code, stderr } = await pathloom(["report", dir, "--picture", svg]);
  t.is(code, 0, stderr);
  const text = readFileSync(svg, "utf8");
  for (const { policy } of comparison.policies)
    t.is(text.split(`>${policy}<`).length + text.split(`  ${policy}<`).length > 2, true, policy);
  const alone = fixtureComparison({ policies: ["shortest", "lowest-rtt"], adoptions: ["all"], replications: 3 });
  const refused = await pathloom(["report", kept("alone", JSON.stringify(alone)), "--picture", join(folder, "no.svg")]);
  t.is(refused.code, 2);
  t.regex(refused.stderr, /^error: --picture: the comparison in .* has one adoption/);
  t.false(existsSync(join(folder, "no.svg")));
});

test("a folder without a comparison is one sentence and exit code 2", async (t) => {
  const { code, stdout, stderr } = await pathloom(["report", join(folder, "nowhere")]);
  t.is(code, 2);
  t.is(stdout, "");
  t.regex(stderr, /^error: \S+nowhere: no such folder; expected the folder of a comparison \(pathloom compare/);
});

test("what is read back is what was kept", (t) => {
  t.deepEqual(readComparison(kept("same", JSON.stringify(comparison))), comparison);
});

test("a damaged, foreign or older summary is named", (t) => {
  const said = (name: string, summary: string): string =>
    t.throws(() => readComparison(kept(name, summary)), { name: "FileError" })?.message ?? "";
  t.regex(said("cut", JSON.stringify(comparison).slice(0, 500)), /summary\.json: not valid JSON: the file is damaged/);
  t.regex(said("run", '{"flows": [], "events": 3}'), /is the summary of a single run; expected the folder of a/);
  t.regex(said("list", "[1, 2]"), /is the summary of something else/);
  const { digest: _, ...lacking } = comparison;
  t.regex(said("lacking", JSON.stringify(lacking)), /the file is damaged: .*"digest".*; make it again/);
  const other = { ...lacking, manifest: { pathloom: "0.0.7" } };
  t.regex(said("older", JSON.stringify(other)), /made by Pathloom 0\.0\.7, and this is \d+\.\d+\.\d+: .*"digest"/);
  const kinds = { ...comparison, policies: [{ ...comparison.policies[0], curves: 3 }] };
  t.regex(said("kinds", JSON.stringify(kinds)), /"policies"\]\[0\]\["curves"\]/);
});
