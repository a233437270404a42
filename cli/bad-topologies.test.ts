/**
 * What is wrong with a topology, in every format, and what a person is told: one message with place and remedy. In this process
 * but for the last tests, which ask the command line for exit code 2 and an untouched folder.
 */
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import * as Effect from "effect/Effect";
import * as Runtime from "effect/Runtime";
import { pathloom, temporaryFolder, writeText } from "./child-testing.ts";
import { loadTopology } from "./runner/load-topology.ts";
import { writeWhole } from "./runner/write-whole.ts";

const folder = temporaryFolder();

/** The message that `pathloom topology show` would print; it must be an input error, exit code 2. */
async function messageOf(t: ExecutionContext, path: string): Promise<string> {
  const error = await Effect.runPromise(Effect.flip(loadTopology(path)));
  t.is(Runtime.getErrorExitCode(error), 2);
  return error.message.replaceAll(`${folder}/`, "");
}

/** Three ASes, 1-1 of them core, and these links. */
function topo(...links: readonly string[]): string {
  const lines = links.map((link) => `  - {${link}}\n`).join("");
  return `ASes:\n  "1-1": {core: true}\n  "1-2": {}\n  "1-3": {}\nlinks:\n${lines}`;
}

function yaml(...links: readonly string[]): string {
  const lines = links.map((link) => `  - {${link}}\n`).join("");
  return `ases:\n  1-1: {core: true}\n  1-2: {}\n  1-3: {}\nlinks:\n${lines}`;
}

/** Nodes 0 and 1 and whatever else stands in the graph; key `speed` is LinkSpeedRaw. */
function graphml(inside: string): string {
  return `<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="lat" for="node" attr.name="Latitude"/><key id="lon" for="node" attr.name="Longitude"/>
  <key id="speed" for="edge" attr.name="LinkSpeedRaw"/>
  <graph edgedefault="undirected"><node id="0"/><node id="1"/>
${inside}
  </graph>
</graphml>
`;
}

const DIRECTION = {
  latency_ns: 1,
  delay: { kind: "fixed" },
  rate_bps: 1,
  schedule: null,
  loss: 0,
  burst: null,
  discipline: { kind: "drop-tail" },
  queue_packets: 1,
  queue_bytes: 0,
  reorder: false,
};

/** Our JSON, with AS 1-2 below 1-1 by these links. */
function json(...links: readonly object[]): string {
  const ases = [
    { ia: "1-1", core: true, mtu: 1472 },
    { ia: "1-2", core: false, mtu: 1472 },
  ];
  const usual = { a: { ia: "1-1", ifId: 1 }, b: { ia: "1-2", ifId: 1 }, type: "child", mtu: 1472 };
  const all = links.map((link) => ({ ...usual, ab: DIRECTION, ba: DIRECTION, ...link }));
  return JSON.stringify({ name: "net", ases, links: all }, null, 1);
}

/** An AS of SCION's `gen` folder with one interface. */
function gen(ia: string, core: boolean, ifId: string, to: string, link: string, more: object = {}): string {
  const interfaces = { [ifId]: { isd_as: to, link_to: link, mtu: 1472, ...more } };
  const attributes = core ? ["core"] : [];
  return JSON.stringify({ isd_as: ia, mtu: 1472, attributes, border_routers: { br1: { interfaces } } }, null, 1);
}

const PARENT = gen("1-1", true, "1", "1-2", "child");
const CHILD = gen("1-2", false, "1", "1-1", "parent");

type Files = Readonly<Record<string, string>>;
const genOf = (parent: string, child: string, info = "{}"): Files => ({
  "AS1-1/topology.json": parent,
  "AS1-1/staticInfoConfig.json": info,
  "AS1-2/topology.json": child,
});

const EITHER = "a: 1-1, b: 1-3, linkAtoB: CHILD";

/** What is wrong, the file's name (a folder's where there are several files), what stands in it, and what is said. */
const mistakes: readonly (readonly [what: string, name: string, content: string | Files, says: RegExp])[] = [
  // SCION .topo
  [
    "unknown key",
    "net.topo",
    topo("a: 1-1, b: 1-2, linkAtoB: CHILD, latncy: 4"),
    /^net\.topo:6:39: unknown key "latncy" in links\[0\]; did you mean latency\?\n {2}6 \| .*\n {4}\| {39}\^$/,
  ],
  ["wrong unit", "net.topo", topo("a: 1-1, b: 1-2, linkAtoB: CHILD, bw: 20Mbit/s"), /bw: .*without a unit, found "20M/],
  [
    "duplicate interface",
    "net.topo",
    topo('a: "1-1#1", b: 1-2, linkAtoB: CHILD', 'a: "1-1#1", b: 1-3, linkAtoB: CHILD'),
    /:7:\d+: interface 1-1#1 is used twice/,
  ],
  [
    "child loop",
    "net.topo",
    topo("a: 1-1, b: 1-2, linkAtoB: CHILD", "a: 1-2, b: 1-3, linkAtoB: CHILD", "a: 1-3, b: 1-2, linkAtoB: CHILD"),
    /child links form a cycle: 1-3 > 1-2 > 1-3/,
  ],
  ["core link", "net.topo", topo("a: 1-1, b: 1-2, linkAtoB: CORE", EITHER), /core link joins two core ASes, but 1-2/],
  [
    "no core",
    "net.topo",
    topo("a: 1-1, b: 1-2, linkAtoB: CHILD", EITHER).replace("core: true", ""),
    /^\S+ ISD 1 has no/,
  ],
  ["unreachable", "net.topo", topo("a: 1-1, b: 1-2, linkAtoB: CHILD"), /:4:3: AS 1-3 has no links/],
  [
    "zero and negative",
    "net.topo",
    topo("a: 1-1, b: 1-2, linkAtoB: CHILD, bw: 0, mtu: -1, latency: -3", EITHER),
    /bw: expected a rate above 0, found 0[^]*mtu: expected an MTU from 150 .*found -1[^]*latency: .*found -3/,
  ],
  // Our YAML
  [
    "unknown key",
    "net.yaml",
    yaml('a: "1-1#1", b: "1-2#1", type: child, mtoo: 3'),
    /:6:43: unknown key "mtoo" in links\[0\]/,
  ],
  [
    "wrong unit",
    "net.yaml",
    yaml('a: "1-1#1", b: "1-2#1", type: child, rate: 5 mbps'),
    /links\[0\]\.rate: .*5Mbit\/s\?/,
  ],
  [
    "duplicate interface",
    "net.yaml",
    yaml('a: "1-1#1", b: "1-2#1", type: child', 'a: "1-1#1", b: "1-3#1", type: child'),
    /:7:9: interface 1-1#1 is used twice, here and in links\[0\]\.a/,
  ],
  [
    "child loop",
    "net.yaml",
    yaml(
      'a: "1-2#1", b: "1-3#1", type: child',
      'a: "1-3#2", b: "1-2#2", type: child',
      'a: "1-1#1", b: "1-2#3", type: child',
    ),
    /child links form a cycle: /,
  ],
  ["core link", "net.yaml", yaml('a: "1-1#1", b: "1-2#1", type: core'), /core link joins two core ASes, but 1-2/],
  [
    "no core",
    "net.yaml",
    'ases: {1-1: {core: true}, 1-3: {core: true}, 2-1: {}, 2-2: {}}\nlinks:\n  - {a: "2-1#1", b: "2-2#1", type: child}\n  - {a: "1-1#1", b: "1-3#1", type: core}\n',
    /^net\.yaml:1:46: ISD 2 has no core AS: at least one AS of every ISD is core[^\n]*\n[^\n]*\n[^\n]*\^$/,
  ],
  ["unreachable", "net.yaml", yaml('a: "1-1#1", b: "1-2#1", type: child'), /AS 1-3 has no links/],
  [
    "zero and negative",
    "net.yaml",
    yaml('a: "1-1#1", b: "1-2#1", type: child, rate: 0bit/s, latency: -1ms, mtu: 0, loss: 1.5, queue: -3'),
    /rate: expected more than 0[^]*latency: .*"-1ms"[^]*mtu: .*found 0[^]*loss: .*found 1\.5[^]*queue: .*found -3/,
  ],
  // Our JSON
  ["unknown key", "net.json", json({ mtoo: 3 }), /^net\.json:\d+:\d+: unknown key "mtoo" in links\[0\]/],
  ["wrong unit", "net.json", json({ mtu: "1472B" }), /mtu: expected .*found "1472B"/],
  ["duplicate interface", "net.json", json({}, {}), /interface 1-1#1 is used twice/],
  ["core link", "net.json", json({ type: "core" }), /core link joins two core ASes, but 1-2/],
  ["no core", "net.json", json({}).replace("true", "false"), /ISD 1 has no core AS/],
  ["unreachable", "net.json", json(), /AS 1-1 has no links/],
  ["negative", "net.json", json({ ab: { ...DIRECTION, rate_bps: -1 } }), /ab\.rate_bps: expected .*found -1/],
  ["not JSON", "net.json", '{"name": "x",}', /^net\.json:1:14: not valid JSON: expected a key in double quotes/],
  // GraphML
  ["unknown element", "net.graphml", graphml('<egde source="0" target="1"/>'), /:5:1: .*<egde>.*did you mean edge\?/],
  [
    "wrong unit",
    "net.graphml",
    graphml('<edge source="0" target="1"><data key="speed">10Gbps</data></edge>'),
    /:5:\d+: expected a link speed in bit\/s, without a unit, .*found "10Gbps"/,
  ],
  [
    "duplicate node",
    "net.graphml",
    graphml('<node id="0"/><edge source="0" target="1"/>'),
    /node "0" stands here twice/,
  ],
  ["unknown node", "net.graphml", graphml('<edge source="0" target="7"/>'), /:5:1: unknown node "7"/],
  [
    "zero",
    "net.graphml",
    graphml('<edge source="0" target="1"><data key="speed">0</data></edge>'),
    /expected a link speed .*above 0, .*found "0"/,
  ],
  ["no graph", "net.graphml", "<graphml/>", /:1:1: the file has no graph/],
  ["not closed", "net.graphml", "<graphml><graph>", /not well-formed XML: unclosed tag: graph/],
  // AS relationships
  ["unknown relation", "net.rel.txt", "1|2|3\n", /:1:1: expected a relation of -1, 0 or 1, found "3"/],
  ["field missing", "net.rel.txt", "1|2|0\n1|3\n", /:2:1: expected A\|B\|relation .*found "1\|3"/],
  ["AS 0", "net.rel.txt", "0|2|0\n", /expected an AS number from 1 to 4294967295, found 0/],
  [
    "link twice",
    "net.rel.txt",
    "1|2|-1\n2|1|-1\n",
    /:2:1: the link 2\|1 stands here with another relation than before/,
  ],
  ["to itself", "net.rel.txt", "1|1|-1\n", /AS 1 has a relationship with itself/],
  ["nothing in it", "net.rel.txt", "# 1|2|0\n", /the list has no relationships/],
  // topology.json
  [
    "unknown key",
    "gen",
    genOf(PARENT, CHILD.replace("mtu", "mtoo")),
    /^gen\/AS1-2\/topology\.json:3:2: unknown key "mtoo"/,
  ],
  [
    "wrong unit",
    "gen",
    genOf(PARENT, CHILD, '{"Latency": {"1": {"Inter": "3 parsec"}}}'),
    /staticInfoConfig\.json:1:\d+: .*expected a duration such as "10ms", found "3 parsec"/,
  ],
  [
    "core link",
    "gen",
    genOf(PARENT.replace('"child"', '"core"'), CHILD.replace('"parent"', '"core"')),
    /joins two core/,
  ],
  [
    "ends disagree",
    "gen",
    genOf(PARENT, CHILD.replace('"parent"', '"peer"')),
    /disagree on the type: .*child and peer/,
  ],
  ["no core", "gen", genOf(PARENT.replace('"core"', ""), CHILD), /ISD 1 has no core AS/],
  ["neighbour missing", "gen", { "AS1-1/topology.json": PARENT }, /leads to 1-2, which has no topology\.json here/],
  ["zero", "gen", genOf(PARENT, CHILD.replace("1472", "0")), /AS1-2\/topology\.json:3:\d+: mtu: .*found 0/],
  [
    "interface 0",
    "gen",
    genOf(gen("1-1", true, "0", "1-2", "child"), CHILD),
    /an interface id from 1 to 65535, found "0"/,
  ],
  ["empty", "gen", genOf("", CHILD), /^gen\/AS1-1\/topology\.json:1:1: the file is empty$/],
  ["no topology", "gen", { "notes.json": "{}" }, /no topology\.json here/],
  ["nothing", "gen", {}, /gen: this folder has no topology: expected a topology\.json for each AS$/],
  // No format at all
  [
    "a table",
    "net.csv",
    "a,b,c\n1,2,3\n",
    /^net\.csv:1:1: this file is no topology in a known format: expected YAML, JSON/,
  ],
  ["a document", "net.pdf", "%PDF-1.4 hello\n", /this file is no topology in a known format/],
  ...["net.topo", "net.yaml", "net.json", "net.graphml", "net.rel.txt"].flatMap((name) => [
    ["empty", name, "", new RegExp(`^${name.replaceAll(".", "\\.")}:1:1: the file is empty$`)] as const,
    ["blank", name, "\ufeff \n\n", /:1:1: the file is empty$/] as const,
    ["binary", name, "\u007fELF\u0000\u0001", /:1:1: this is a binary file, not /] as const,
  ]),
];

for (const [at, [what, name, content, says]] of mistakes.entries()) {
  test(`${name}: ${what}`, async (t) => {
    const own = join(folder, `m${at}`);
    const files = typeof content === "string" ? { [name]: content } : content;
    const base = typeof content === "string" ? own : join(own, name);
    mkdirSync(base, { recursive: true });
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(base, file)), { recursive: true });
      writeFileSync(join(base, file), text);
    }
    const message = (await messageOf(t, join(own, name))).replaceAll(`m${at}/`, "").replace(/^topology /, "");
    t.regex(message, says);
    t.false(message.includes("undefined"), message);
  });
}

test("files that cannot be read: each one sentence, at once", async (t) => {
  const huge = writeText(folder, "huge.topo", "ASes:");
  truncateSync(huge, 100 * 1_048_576);
  t.regex(await messageOf(t, huge), /huge\.topo: the file has 100\.0 MiB; expected at most 64 MiB$/);
  const scenario = writeText(folder, "huge.yaml", "topology: {file: huge.topo}\nduration: 1s\nflows: []\n");
  t.regex(await messageOf(t, scenario), /^huge\.yaml:1:18: .*100\.0 MiB; expected at most 64 MiB/);
  t.regex(await messageOf(t, join(folder, "hugee.topo")), /no such file; did you mean .*huge\.topo\?$/);
  symlinkSync("round.topo", join(folder, "round.topo"));
  t.regex(await messageOf(t, join(folder, "round.topo")), /a link that leads round in a circle$/);
  t.regex(await messageOf(t, join(huge, "net.topo")), /no such file: .* no folder$/);
  for (const special of [fifo(t), "/dev/zero"]) {
    if (special !== null && process.platform !== "win32")
      t.regex(await messageOf(t, special), /this is no regular file$/);
  }
  const secret = writeText(folder, "secret.topo", topo());
  chmodSync(secret, 0);
  if (isReadable(secret)) t.log("this user may read every file: that message was not compared");
  else t.regex(await messageOf(t, secret), /secret\.topo: permission denied$/);
});

/** A pipe by name that nobody writes to: whoever opens it waits. */
function fifo(t: ExecutionContext, within = folder): string | null {
  const path = join(within, "pipe.topo");
  try {
    execFileSync("mkfifo", [path], { stdio: "ignore" });
    return path;
  } catch {
    t.log("this system has no mkfifo: no pipe was read");
    return null;
  }
}

function isReadable(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

test("the command line: exit code 2, nothing on stdout, nothing written", async (t) => {
  const own = temporaryFolder();
  const wrong = writeText(own, "wrong.topo", topo("a: 1-1, b: 1-2, linkAtoB: CORE"));
  const commands = [
    ["topology", "show", wrong],
    ["topology", "convert", wrong, "--out", join(own, "out.yaml")],
  ];
  for (const outcome of await Promise.all(commands.map((args) => pathloom(args)))) {
    t.is(outcome.code, 2);
    t.is(outcome.stdout, "");
    t.regex(outcome.stderr, /^error: .*wrong\.topo:6:\d+: a core link joins two core ASes/);
  }
  t.deepEqual(readdirSync(own), ["wrong.topo"]);
});

test("results that cannot be written: a full disk is one sentence, a device stays a device, a link a link", async (t) => {
  const own = temporaryFolder();
  const file = writeText(own, "net.yaml", "before");
  const link = join(own, "link.yaml");
  symlinkSync("net.yaml", link);
  writeWhole(link, "after");
  t.is(readFileSync(file, "utf8"), "after");
  t.true(lstatSync(link).isSymbolicLink());
  const pipe = fifo(t, own);
  if (pipe !== null) t.throws(() => writeWhole(pipe, "text"), { message: /it is no regular file$/ });
  t.throws(() => writeWhole(own, "text"), { message: /it is no regular file$/ });
  t.deepEqual(readdirSync(own), ["link.yaml", "net.yaml", ...(pipe === null ? [] : ["pipe.topo"])]);
  if (!existsSync("/dev/full")) return t.log("this system has no /dev/full: no full disk was written to");
  // Its errors are those of a full disk. Not as the argument of --out: it must stay what it is.
  const full = openSync("/dev/full", "w");
  const { status, stderr } = spawnSync(process.execPath, ["cli/main.ts", "topology", "show", "tiny"], {
    cwd: join(import.meta.dirname, ".."),
    stdio: ["ignore", full, "pipe"],
    encoding: "utf8",
  });
  closeSync(full);
  t.is(stderr, "error: cannot write to standard output: the disk is full\n");
  t.is(status, 2);
});
