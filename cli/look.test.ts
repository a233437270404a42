/** `pathloom paths`, `pathloom topology show`, help and version as child processes. */
import test from "ava";
import { pathloom, temporaryFolder, writeText } from "./child-testing.ts";

const [SRC, DST] = ["1-ff00:0:110", "1-ff00:0:120"] as const;
const folder = temporaryFolder();

test("paths --json has the promised fields, best path first", async (t) => {
  const { code, stdout } = await pathloom(["paths", "diamond", SRC, DST, "--json"]);
  t.is(code, 0);
  const paths = JSON.parse(stdout) as Record<string, unknown>[];
  const fields = ["fingerprint", "interfaces", "length", "mtu", "latency_ms", "bandwidth_kbps", "expiry_s", "segments"];
  for (const path of paths) for (const field of fields) t.true(field in path, field);
  t.like(paths[1], {
    interfaces: [`${SRC}#1`, "1-ff00:0:130#1", "1-ff00:0:130#2", `${DST}#1`],
    length: 2,
    mtu: 1472,
    latency_ms: 40,
    bandwidth_kbps: 50_000,
    segments: [
      {
        type: "core",
        consDir: false,
        peer: false,
        hops: [
          [1, 0],
          [2, 1],
          [0, 1],
        ],
      },
    ],
  });
  t.deepEqual(
    paths.map(({ length }) => length),
    [2, 2, 3],
  );
});

test("paths for people: grouped by hops; --max; the topology of a scenario", async (t) => {
  const { stdout } = await pathloom(["paths", "examples/02-failover.yaml", SRC, DST, "--max", "1"]);
  t.regex(
    stdout,
    /^Available paths from 1-ff00:0:110 to 1-ff00:0:120\n3 hops:\n\[0\] \[1-ff00:0:110 3>1 1-ff00:0:150 2>3 1-ff00:0:120\] {2}mtu 1472 {2}latency 60 ms {2}rate 100 Mbit\/s {2}expires 2023-11-15T04:13:20Z/,
  );
  t.notRegex(stdout, /\[1\]/);
});

test("paths: none is an answer, not an error", async (t) => {
  const ases = ["1-1", "1-2", "2-1", "2-2"].map((ia) => `  "${ia}": {core: true}\n`);
  const links = [1, 2].map((isd) => `  - {a: "${isd}-1#1", b: "${isd}-2#1", type: core}\n`);
  const topology = writeText(folder, "apart.yaml", ["ases:\n", ...ases, "links:\n", ...links].join(""));
  const json = await pathloom(["paths", topology, "1-1", "2-1", "--json"]);
  t.is(json.code, 0, json.stderr);
  t.is(json.stdout, "[]\n");
  const text = await pathloom(["paths", topology, "1-1", "2-1"]);
  t.is(text.code, 0);
  t.regex(text.stdout, /^No path leads from 1-1 to 2-1 in apart: no core links lead from 1-1 to 2-1\.$/m);
});

test("paths --probe: which paths answer, and when; those that a scenario cuts do not", async (t) => {
  const all = await pathloom(["paths", "diamond", SRC, DST, "--probe", "--json"]);
  const found = JSON.parse(all.stdout) as { latency_ms: number; status: string; rtt_ms: number }[];
  t.is(found.length, 3);
  for (const { status, rtt_ms, latency_ms } of found) {
    t.is(status, "alive");
    t.true(rtt_ms >= 2 * latency_ms && rtt_ms < 2 * latency_ms + 1);
  }
  const flow = `flows: [{app: ping, from: ${SRC}, to: ${DST}}]\n`;
  const faults = 'faults: [{at: 0s, event: down, link: "1-ff00:0:110#1"}]\n';
  const cut = writeText(folder, "cut.yaml", `topology: diamond\nduration: 5s\ndetection: 0s\n${flow}${faults}`);
  const text = await pathloom(["paths", cut, SRC, DST, "--probe"]);
  t.regex(text.stdout, /110 1>1 1-ff00:0:130 .* timeout/);
  t.regex(text.stdout, /110 3>1 1-ff00:0:150 .* alive 120/);
});

const mistakes: readonly (readonly [what: string, args: readonly string[], says: RegExp])[] = [
  [
    "unknown AS",
    ["paths", "diamond", SRC, "1-ff00:0:121"],
    /dst: topology diamond has no AS 1-ff00:0:121; did you mean 1-ff00:0:120\?\n {2}It has 1-ff00:0:110, /,
  ],
  [
    "no AS at all",
    ["paths", "diamond", "here", DST],
    /src: expected an ISD-AS number such as 1-ff00:0:110, found "here"/,
  ],
  ["unknown preset", ["topology", "show", "diamnd"], /no preset has this name, and no file.*did you mean diamond\?/],
  ["unknown parameter", ["topology", "show", "grid:row=3"], /preset grid has no parameter "row".*did you mean rows\?/],
  ["parameter that is no number", ["topology", "show", "grid:rows=many"], /found "rows=many"/],
  ["missing topology file", ["topology", "show", "nowhere.yaml"], /nowhere\.yaml: no such file/],
  ["topology command missing", ["topology"], /show +Show the ASes and links/],
];

for (const [what, args, says] of mistakes) {
  test(`mistake: ${what}`, async (t) => {
    const { code, stdout, stderr } = await pathloom(args);
    t.is(code, 2);
    t.regex(stderr, says);
    t.is(stdout, "");
  });
}

test("topology show --json has the promised fields; back stands where the way back differs", async (t) => {
  const text =
    'ases:\n  "1-1": {core: true}\n  "1-2": {}\nlinks:\n  - {a: "1-1#1", b: "1-2#7", type: child, rate: unlimited, loss: 1%, back: {latency: 9ms}}\n';
  const { code, stdout } = await pathloom(["topology", "show", writeText(folder, "two.yaml", text), "--json"]);
  t.is(code, 0);
  const { ases, links } = JSON.parse(stdout) as { ases: unknown[]; links: unknown[] };
  t.deepEqual(ases, [
    { ia: "1-1", core: true, mtu: 1472 },
    { ia: "1-2", core: false, mtu: 1472 },
  ]);
  t.like(links[0], {
    a: "1-1#1",
    b: "1-2#7",
    type: "child",
    mtu: 1472,
    bandwidth_bps: null,
    latency_ms: 5,
    loss: 0.01,
    back: { latency_ms: 9 },
  });
});

test("topology show for people", async (t) => {
  const { stdout } = await pathloom(["topology", "show", "grid:rows=1,columns=2"]);
  t.regex(stdout, /^grid-1x2: 2 ASes, 1 link\n/);
  t.regex(stdout, /^1-ff00:0:110#1 +1-ff00:0:111#2 +core +1472 +100 +5 /m);
});

test("every command has help with an example; --version names the build", async (t) => {
  for (const command of [["run"], ["live"], ["replay"], ["doctor"], ["paths"], ["topology", "show"]]) {
    const { code, stdout } = await pathloom([...command, "--help"]);
    t.is(code, 0);
    t.regex(stdout, new RegExp(`\nEXAMPLES\n[^]*pathloom ${command.join(" ")} `), command.join(" "));
    t.regex(stdout, /--json/);
  }
  const { stdout } = await pathloom(["--version"]);
  t.regex(stdout, /^pathloom \d+\.\d+\.\d+ \(build [0-9a-f]{16}\)\n$/);
});
