/** `pathloom policy match` and the path policies of `pathloom paths` as child processes. */
import test from "ava";
import { pathloom, temporaryFolder, writeText } from "./child-testing.ts";

const [SRC, DST] = ["1-ff00:0:110", "1-ff00:0:120"] as const;
const folder = temporaryFolder();

async function match(flags: readonly string[], lines: readonly string[]) {
  const { code, stdout, stderr } = await pathloom(["policy", "match", ...flags, "--stdin"], {
    input: lines.map((line) => `${line}\n`).join(""),
  });
  return { code, answers: stdout.split("\n").slice(0, -1), stderr };
}

const DIRECT = JSON.stringify([`${SRC}#1`, "1-ff00:0:130#1", "1-ff00:0:130#2", `${DST}#1`]);
const OTHER = JSON.stringify([`${SRC}#3`, "1-ff00:0:150#1", "1-ff00:0:150#2", `${DST}#3`]);

test("policy match: true or false a line, thousands of them", async (t) => {
  const lines = Array.from({ length: 6_000 }, (_, at) => [DIRECT, OTHER, "[]"][at % 3] as string);
  const { code, answers, stderr } = await match(["--acl", "- 1-ff00:0:130#0 +"], lines);
  t.is(code, 0, stderr);
  t.is(answers.length, lines.length);
  t.deepEqual([...new Set(answers.map((answer, at) => `${at % 3} ${answer}`))], ["0 false", "1 true", "2 true"]);
});

test("policy match: all flags must hold; a list may stand in several", async (t) => {
  const file = writeText(folder, "p.yaml", "- a: {sequence: '0 0 0'}\n- b: {sequence: '0'}\n");
  const flags = ["--acl", "- 1-ff00:0:150", "--acl", "+", "--sequence", "0-0#1 0*", "--policy", `${file}#a`];
  t.like(await match(flags, [DIRECT, OTHER, "[]"]), { code: 0, answers: ["true", "false", "false"] });
});

test("policy match: lines that are no path are named at the end, an empty line for each", async (t) => {
  const lines = [
    DIRECT,
    "x",
    '["1-ff00:0:110#1"]',
    "",
    '["1-1#1", 5]',
    '["1-1#0", "1-2#1"]',
    '["1-1#1", "1-2#1", "1-3#1", "1-4#1"]',
    OTHER,
  ];
  const { code, answers, stderr } = await match(["--sequence", "0*"], lines);
  t.is(code, 2);
  t.deepEqual(answers, ["true", "", "", "", "", "", "", "true"]);
  t.is(
    stderr,
    [
      'error: line 2: expected a JSON array of interfaces such as ["1-ff00:0:110#1", "1-ff00:0:111#2"], found x',
      "line 3: expected two interfaces for each link, found 1 in all",
      'line 4: expected a JSON array of interfaces such as ["1-ff00:0:110#1", "1-ff00:0:111#2"], found an empty line',
      "line 5: interface 2: expected a text, found 5",
      "line 6: interface 1: expected one interface, found a 0, which stands for any",
      "line 7: interfaces 2 and 3: expected two of one AS, found 1-2 and 1-3",
      "An empty line stands for each.\n",
    ].join("\n"),
  );
});

const MISTAKES: readonly (readonly [what: string, flags: readonly string[], says: RegExp])[] = [
  ["no policy", ["--stdin"], /policy match: expected --sequence, --acl or --policy/],
  ["no --stdin", ["--sequence", "0"], /policy match: expected --stdin, and the paths on it/],
  [
    "sequence",
    ["--sequence", "0 ! 1", "--stdin"],
    /--sequence: column 3: expected a hop .*found "!"\n {2}0 ! 1\n {4}\^\n/,
  ],
  [
    "entry",
    ["--acl", "-1 +", "--stdin"],
    /--acl: column 2: expected a space behind "-", found "1"\n {2}-1 \+\n {3}\^\n/,
  ],
  [
    "list",
    ["--acl", "+ 1", "--stdin"],
    /--acl: expected a last entry that matches everything, "\+" or "-", found "\+ 1"/,
  ],
  ["missing file", ["--policy", "gone.yaml", "--stdin"], /--policy gone\.yaml: .*no such file/],
];

for (const [what, flags, says] of MISTAKES) {
  test(`mistake: ${what}`, async (t) => {
    const { code, stdout, stderr } = await pathloom(["policy", "match", ...flags], { input: "" });
    t.is(code, 2);
    t.is(stdout, "");
    t.regex(stderr, says);
  });
}

test("a file's mistakes come with line and caret", async (t) => {
  const file = writeText(folder, "wrong.yaml", "acl:\n  - '* 1'\n");
  const { code, stderr } = await pathloom(["paths", "diamond", SRC, DST, "--policy", file]);
  t.is(code, 2);
  t.regex(
    stderr,
    /wrong\.yaml:2:6: acl\[0\], column 1: expected "\+" or "-", found "\*"\n {2}2 \| {3}- '\* 1'\n {4}\| {6}\^/,
  );
});

test("paths: those that the path policy takes, whatever comes before them", async (t) => {
  const flags = ["--acl", "- 1-ff00:0:130, - 1-ff00:0:150, +", "--max", "1", "--json"];
  const { code, stdout } = await pathloom(["paths", "diamond", SRC, DST, ...flags]);
  t.is(code, 0);
  const paths = JSON.parse(stdout) as { interfaces: string[] }[];
  t.deepEqual(
    paths.map(({ interfaces }) => interfaces[1]),
    ["1-ff00:0:140#1"],
  );
  const none = await pathloom(["paths", "diamond", SRC, DST, "--sequence", "0", "--json"]);
  t.is(none.stdout, "[]\n");
  t.regex(none.stderr, /the path policy takes none of the paths there are \(3\)/);
});

test("schema policy prints a JSON Schema", async (t) => {
  const { code, stdout } = await pathloom(["schema", "policy"]);
  t.is(code, 0);
  t.is((JSON.parse(stdout) as { title?: string }).title, "Pathloom path policy");
});

test("a scenario's flows keep to their path policies; check warns of those without a path", async (t) => {
  const flow = (id: string, more: string): string =>
    `  - {id: ${id}, app: ping, from: ${SRC}, to: ${DST}, stop: 300ms, reply: select, ${more}}\n`;
  const text = `topology: diamond\nduration: 1s\npath_policies:\n  other: {sequence: '0 1-ff00:0:130 0'}\n  never: {acl: ['-']}\nflows:\n${flow("a", "path_policy: other")}${flow("b", "path_policy: never")}${flow("c", "start: 0s")}`;
  const file = writeText(folder, "scenario.yaml", text);
  const check = await pathloom(["check", file, "--json"]);
  t.deepEqual((JSON.parse(check.stdout) as { warnings: string[] }).warnings, [
    "flow b: its path policy takes none of the paths there are; all its packets will be dropped (no_path)",
  ]);
  const paths = await pathloom(["paths", "diamond", SRC, DST, "--json"]);
  const [shortest, other] = (JSON.parse(paths.stdout) as { fingerprint: string }[]).map(
    ({ fingerprint }) => fingerprint,
  );
  const run = await pathloom(["run", file, "--json"]);
  t.is(run.code, 0, run.stderr);
  const { flows, drops } = JSON.parse(run.stdout) as {
    flows: { id: string; sent: number; received: number; paths: { fingerprint: string }[] }[];
    drops: Record<string, number>;
  };
  t.deepEqual(
    flows.map(({ paths: used }) => used.map(({ fingerprint }) => fingerprint)),
    [[other], [], [shortest]],
  );
  t.deepEqual(
    flows.map(({ sent, received }) => [sent, received]),
    [
      [3, 3],
      [3, 0],
      [3, 3],
    ],
  );
  t.deepEqual(drops, { no_path: 3 });
});
