/** `pathloom topology show`, `check` and `convert` on files of every format, as child processes. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { pathloom, temporaryFolder, writeText } from "./child-testing.ts";

const folder = temporaryFolder();

const TOPO = writeText(
  folder,
  "net.topo",
  'ASes:\n  "1-1": {core: true}\n  "1-2": {cert_issuer: 1-1}\nlinks:\n  - {a: "1-1", b: "1-2", linkAtoB: CHILD, bw: 20, latency: 4}\n',
);
const LIST = writeText(folder, "net.rel.txt", "1|2|0\n1|10|-1\n2|10|-1\n");

function gen(): string {
  const side = (ia: string, to: string, link: string): string =>
    JSON.stringify({
      isd_as: ia,
      attributes: link === "child" ? ["core"] : [],
      border_routers: { br: { interfaces: { 3: { isd_as: to, link_to: link } } } },
    });
  for (const [ia, to, link] of [
    ["1-1", "1-2", "child"],
    ["1-2", "1-1", "parent"],
  ] as const) {
    mkdirSync(join(folder, `gen/AS${ia}`), { recursive: true });
    writeFileSync(join(folder, `gen/AS${ia}/topology.json`), side(ia, to, link));
  }
  return join(folder, "gen");
}

test("check --json: sound, counts, warnings", async (t) => {
  const { code, stdout, stderr } = await pathloom(["topology", "check", LIST, "--cores", "2", "--json"]);
  t.is(code, 0, stderr);
  t.deepEqual(JSON.parse(stdout), {
    topology: LIST,
    sound: true,
    format: "as-rel",
    name: "net",
    ases: 3,
    cores: 2,
    isds: 1,
    links: { core: 1, child: 2, peer: 0 },
    problems: [],
    warnings: [],
  });
});

test("check shows every problem with its place and a caret, and answers 2", async (t) => {
  const lines = ["ASes:", '  "1-1": {core: true, mtoo: 3}', '  "1-x": {}', "links: []", ""].join("\n");
  const file = writeText(folder, "wrong.topo", lines);
  const { code, stdout, stderr } = await pathloom(["topology", "check", file]);
  t.is(code, 2);
  t.is(stdout, "");
  t.regex(stderr, /wrong\.topo:2:23: unknown key "mtoo".*\n {2}2 \| {3}"1-1": \{core: true, mtoo: 3\}\n {4}\| {23}\^/);
  const json = await pathloom(["topology", "check", file, "--json"]);
  t.is(json.code, 2);
  t.like(JSON.parse(json.stdout), { sound: false, problems: { 0: { line: 2, column: 23 } } });
});

test("convert: a .topo to YAML, JSON and .topo, all the same network; a file is replaced only with --force", async (t) => {
  const shown = async (file: string): Promise<unknown> => {
    const { links, ases } = JSON.parse((await pathloom(["topology", "show", file, "--json"])).stdout) as Record<
      string,
      unknown
    >;
    return { links, ases };
  };
  const before = await shown(TOPO);
  t.like(before, { links: { 0: { a: "1-1#1", b: "1-2#1", bandwidth_bps: 20e6, latency_ms: 4 } } });
  for (const extension of ["yaml", "json", "topo"]) {
    const out = join(folder, `out.${extension}`);
    const first = await pathloom(["topology", "convert", TOPO, "--out", out]);
    t.is(first.code, 0, first.stderr);
    t.deepEqual(await shown(out), before, extension);
  }
  const out = join(folder, "out.yaml");
  const text = readFileSync(out, "utf8");
  const again = await pathloom(["topology", "convert", LIST, "--out", out]);
  t.is(again.code, 2);
  t.regex(again.stderr, /out\.yaml exists; --force replaces it/);
  t.is(readFileSync(out, "utf8"), text);
  const forced = await pathloom(["topology", "convert", LIST, "--out", out, "--force"]);
  t.is(forced.code, 0, forced.stderr);
  t.not(readFileSync(out, "utf8"), text);
  const nowhere = await pathloom(["topology", "convert", TOPO, "--out", join(folder, "none/out.yaml")]);
  t.is(nowhere.code, 2);
  t.regex(nowhere.stderr, /cannot write .*out\.yaml: no such folder/);
  t.false(readdirSync(folder).some((name) => name.includes(".partial")));
});

test("a folder of topology.json files, in every command and in a scenario", async (t) => {
  const given = gen();
  const paths = await pathloom(["paths", given, "1-1", "1-2", "--json"]);
  t.is(paths.code, 0, paths.stderr);
  t.is((JSON.parse(paths.stdout) as unknown[]).length, 1);
  const scenario = writeText(
    folder,
    "run.yaml",
    'topology: {file: gen}\nduration: 1s\nflows:\n  - {app: ping, from: "1-1", to: "1-2"}\n',
  );
  const run = await pathloom(["run", scenario, "--json"]);
  t.is(run.code, 0, run.stderr);
  t.like(JSON.parse(run.stdout), { totals: { lost: 0 } });
  writeFileSync(join(given, "AS1-2/topology.json"), '{"isd_as": "1-2", "mtu": 0}');
  const broken = await pathloom(["run", scenario]);
  t.is(broken.code, 2);
  t.regex(
    broken.stderr,
    /gen\/AS1-2\/topology\.json:1:\d+: mtu: expected an MTU from 150 to 65535, found 0\n {2}1 \| /,
  );
});

test("static info beside a .topo, or by name", async (t) => {
  const info =
    "model: {speed_km_per_s: 200000, floor_ms: 1, round_ms: 0.1}\ntiers_mbit: {core: 1, parent_child: 2, peer: 3}\nases:\n  1: {city: Here, lat: 0, lon: 0}\n  2: {city: There, lat: 0, lon: 9}\n";
  const there = writeText(folder, "elsewhere.yml", info);
  const named = await pathloom(["topology", "show", TOPO, "--static-info", there, "--json"]);
  t.like(JSON.parse(named.stdout), {
    links: { 0: { latency_ms: 5, bandwidth_bps: 2e6 } },
    ases: { 0: { label: "Here" } },
  });
  const beside = writeText(folder, "beside.topo", readFileSync(TOPO, "utf8"));
  writeText(folder, "beside.staticinfo.yml", info);
  const found = await pathloom(["topology", "show", beside, "--json"]);
  t.like(JSON.parse(found.stdout), { links: { 0: { latency_ms: 5 } } });
});

function huge(): string {
  const file = writeText(folder, "huge.graphml", "<graphml>");
  truncateSync(file, 100 * 1_048_576);
  return file;
}

function emptyFolder(): string {
  mkdirSync(join(folder, "empty"), { recursive: true });
  return join(folder, "empty");
}

const mistakes: readonly (readonly [what: string, file: () => string, says: RegExp])[] = [
  ["100 MB", huge, /huge\.graphml: the file has 100\.0 MiB; expected at most 64 MiB/],
  ["empty", () => writeText(folder, "empty.topo", ""), /empty\.topo:1:1: the file is empty/],
  ["binary", () => writeText(folder, "binary.rel.txt", "\u0000\u0001"), /binary\.rel\.txt:1:1: this is a binary file/],
  ["no such file", () => join(folder, "nett.topo"), /nett\.topo: no such file; did you mean .*net\.topo\?/],
  ["folder without topology", emptyFolder, /empty: this folder has no topology: expected a topology\.json for each AS/],
  ["no regular file", () => "/dev/null", /\/dev\/null: this is no regular file/],
];

for (const [what, file, says] of mistakes) {
  test(`mistake: ${what}`, async (t) => {
    if (what === "no regular file" && !existsSync("/dev/null")) {
      t.log("this system has no /dev/null");
      t.pass();
      return;
    }
    const { code, stdout, stderr } = await pathloom(["topology", "check", file()]);
    t.is(code, 2);
    t.is(stdout, "");
    t.regex(stderr, says);
  });
}

test("a file that may not be read", async (t) => {
  const file = writeText(folder, "secret.topo", "ASes: {}");
  chmodSync(file, 0);
  const readable = (() => {
    try {
      return readFileSync(file, "utf8") !== "";
    } catch {
      return false;
    }
  })();
  if (readable) t.log("this user may read everything: only the message is not compared");
  const { code, stderr } = await pathloom(["topology", "check", file]);
  t.is(code, 2);
  if (!readable) t.regex(stderr, /secret\.topo: permission denied/);
});
