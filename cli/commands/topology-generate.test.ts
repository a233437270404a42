/** `pathloom topology generate` as a child process: what it writes reads back to the same network. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { importTopology } from "../../topologies/import/import.ts";
import { buildPreset } from "../../topologies/presets.ts";
import { resolveTopology } from "../../topologies/resolve-topology.ts";
import { pathloom, temporaryFolder, writeText } from "../child-testing.ts";

const folder = temporaryFolder();

for (const [form, extra] of [
  ["yaml", []],
  ["json", ["--to", "json"]],
] as const) {
  test(`${form}: parameters and seed; the file reads back to the same network`, async (t) => {
    const file = join(folder, `made.${form}`);
    const args = ["--param", "ases=30", "--param", "providers=1.5", "--seed", "9", "--out", file, ...extra];
    const { code, stdout, stderr } = await pathloom(["topology", "generate", "internet", ...args]);
    t.is(code, 0, stderr);
    t.is(stdout, "");
    t.regex(stderr, /30 ASes, \d+ links/);
    const built = buildPreset("internet", { ases: 30, providers: 1.5, seed: 9 });
    const source = {
      path: file,
      folder: false,
      files: [{ path: file, text: readFileSync(file, "utf8") }],
      staticInfo: null,
    };
    const read = importTopology(source);
    t.true(read.ok && built.ok);
    if (read.ok && built.ok) t.deepEqual(read.value.network, built.value);
  });
}

test("without --out the file goes to standard output, and paths are found in it", async (t) => {
  const { code, stdout } = await pathloom(["topology", "generate", "two-isds"]);
  t.is(code, 0);
  t.deepEqual(resolveTopology(stdout, { file: "x.yaml" }), buildPreset("two-isds"));
  const file = writeText(folder, "two.yaml", stdout);
  const paths = await pathloom(["paths", file, "1-ff00:0:112", "2-ff00:0:212", "--max", "1"]);
  t.regex(paths.stdout, /latency 6 ms {2}rate 4 Mbit\/s/);
});

const mistakes: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [["internt"], /no preset has this name: expected tiny, .*; did you mean internet\?/],
  [["tree", "--param", "dept=3"], /preset tree has no parameter "dept".*did you mean depth\?/],
  [["tree", "--param", "depth=x"], /found "depth=x"/],
  [["tree", "--seed", "2"], /preset tree has no parameter "seed"/],
  [["internet", "--param", "ases=0"], /ases: expected a whole number from 1 to 20000, found 0/],
  [["internet", "--param", "isds=100"], /ases: expected at least the 300 core ASes/],
  [["tiny", "--out", join(folder, "no", "such", "x.yaml")], /cannot write .*x\.yaml: no such folder/],
  [["tiny", "--to", "xml"], /--to/],
];

for (const [args, says] of mistakes) {
  test(`mistake: ${args.map((word) => word.replace(folder, "DIR")).join(" ")}`, async (t) => {
    const { code, stdout, stderr } = await pathloom(["topology", "generate", ...args]);
    t.is(code, 2);
    t.regex(stderr, says);
    t.is(stdout, "");
  });
}

test.after("nothing half-written is left behind", (t) => {
  t.deepEqual(
    readdirSync(folder).filter((name) => name.includes("partial")),
    [],
  );
  t.false(existsSync(join(folder, "no")));
});
