/** `pathloom check` and `pathloom schema` as child processes. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { pathloom, policySource, temporaryFolder, writeText } from "./child-testing.ts";

const folder = temporaryFolder();

interface Checked {
  readonly ok: boolean;
  readonly hash?: string;
  readonly problems?: readonly {
    readonly line: number;
    readonly column: number;
    readonly message: string;
    readonly didYouMean?: string;
  }[];
}

test("a sound scenario: one paragraph, and the same as JSON", async (t) => {
  const text = await pathloom(["check", "examples/02-failover.yaml"]);
  t.is(text.code, 0, text.stderr);
  t.regex(
    text.stdout,
    /^failover is sound: 6 ASes in 1 ISD, 7 links \(7 core\); 2 flows .*; 10 s from seed 1\.\nhash [0-9a-f]{64}\n$/,
  );
  const json = await pathloom(["check", "examples/02-failover.yaml", "--json"]);
  t.like(JSON.parse(json.stdout), {
    ok: true,
    scenario: "failover",
    ases: 6,
    links: 7,
    flows: 2,
    faults: 4,
    seed: 1,
    duration_s: 10,
  });
  t.true(text.stdout.includes((JSON.parse(json.stdout) as Checked).hash ?? "none"));
});

const THREE = `topology: diamond
duration: 10s
polciy: shortest
flows:
  - {app: ping, from: 1-ff00:0:110, to: 1-ff00:0:122}
  - {app: constant-rate, from: 1-ff00:0:110, to: 1-ff00:0:120, rate: 10Mbps}
`;

test("three mistakes of three kinds, each with its place and a suggestion; exit code 2", async (t) => {
  const file = writeText(folder, "three.yaml", THREE);
  const { code, stdout, stderr } = await pathloom(["check", file]);
  t.is(code, 2);
  t.is(stdout, "");
  const lines = stderr.replaceAll(file, "three.yaml").split("\n");
  t.deepEqual(
    lines.filter((line) => /^error|^three/.test(line)),
    [
      "error: 3 problems",
      'three.yaml:3:1: unknown key "polciy"; did you mean policy?',
      "three.yaml:5:41: unknown AS 1-ff00:0:122: the topology has no such AS; did you mean 1-ff00:0:120?",
      'three.yaml:6:70: flows[1].rate: expected a rate such as 64kbit/s, 100Mbit/s or 1Gbit/s, found "10Mbps"; did you mean 10Mbit/s?',
    ],
  );
  t.is(lines.filter((line) => /^ +\| +\^$/.test(line)).length, 3, "a caret each");
  const json = await pathloom(["check", file, "--json"]);
  t.is(json.code, 2);
  const { ok, problems } = JSON.parse(json.stdout) as Checked;
  t.false(ok);
  t.deepEqual(
    problems?.map(({ line, column, didYouMean }) => [line, column, didYouMean]),
    [
      [3, 1, "policy"],
      [5, 41, "1-ff00:0:120"],
      [6, 70, "10Mbit/s"],
    ],
  );
});

mkdirSync(join(folder, "a-folder.yaml"));
const bad: readonly (readonly [what: string, file: string, says: RegExp])[] = [
  ["empty", writeText(folder, "empty.yaml", ""), /empty\.yaml:1:1: the file is empty/],
  ["binary", writeText(folder, "binary.yaml", "\u0000\u0001\u0002"), /this is a binary file, not YAML text/],
  ["100 MB", writeText(folder, "large.yaml", "# x\n".repeat(25_000_000)), /the file is larger than 64 MiB/],
  ["20 MB", writeText(folder, "larger.yaml", "# x\n".repeat(5_000_000)), /the file is larger than 16 MiB/],
  ["no YAML", writeText(folder, "not.yaml", "a: [1\nb: {"), /not\.yaml:\d+:\d+: not valid YAML/],
  ["a folder", join(folder, "a-folder.yaml"), /this is a folder/],
  ["missing", join(folder, "thre.yaml"), /no such file; did you mean .*three\.yaml/],
  [
    "a policy that does not load",
    writeText(
      folder,
      "policy.yaml",
      THREE.replace("polciy: shortest", "policy: ./gone.ts").replace("122", "120").replace("10Mbps", "1Mbit/s"),
    ),
    /gone\.ts: no such file/,
  ],
];

for (const [what, file, says] of bad) {
  test(`check, ${what}: one clear message, exit code 2`, async (t) => {
    const { code, stdout, stderr } = await pathloom(["check", file]);
    t.is(code, 2, stderr);
    t.regex(stderr, says);
    t.is(stdout, "");
  });
}

test("a policy of one's own is loaded and counted", async (t) => {
  writeText(folder, "mine.ts", policySource("mine", "() => 0"));
  const text = THREE.replace("polciy: shortest", "policy: ./mine.ts")
    .replace("122", "120")
    .replace("10Mbps", "1Mbit/s");
  const { stdout, stderr } = await pathloom(["check", writeText(folder, "own.yaml", text), "--json"]);
  t.like(JSON.parse(stdout), { ok: true, policies: { mine: 2 } }, stderr);
});

test("schema prints one JSON Schema of draft 07", async (t) => {
  for (const kind of [[], ["scenario"], ["topology"]]) {
    const { code, stdout } = await pathloom(["schema", ...kind]);
    t.is(code, 0);
    t.like(JSON.parse(stdout), { $schema: "http://json-schema.org/draft-07/schema#" });
  }
  t.is((await pathloom(["schema", "sweeep"])).code, 2);
});
