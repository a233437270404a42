/** `pathloom topology show`, `check` and `convert` on files of every format, as child processes where the command line matters. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as References from "effect/References";
import type { Network } from "../core/scenario.ts";
import { IMPORT_DEFAULTS } from "../topologies/import/options.ts";
import { pathloom, temporaryFolder, writeText } from "./child-testing.ts";
import { writeNetwork } from "./commands/topology/write-network.ts";
import { loadScenario } from "./runner/load.ts";
import { loadTopology } from "./runner/load-topology.ts";

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
  const { code, stdout, stderr } = await pathloom(["topology", "check", file, "--json"]);
  t.is(code, 2);
  t.regex(stderr, /wrong\.topo:2:23: unknown key "mtoo".*\n {2}2 \| {3}"1-1": \{core: true, mtoo: 3\}\n {4}\| {23}\^/);
  t.like(JSON.parse(stdout), { sound: false, problems: { 0: { line: 2, column: 23 } } });
});

/** Runs what a command runs, here, and keeps its news to itself. */
function quietly<A, E>(effect: Effect.Effect<A, E>): Promise<A> {
  return Effect.runPromise(Effect.provideService(effect, References.MinimumLogLevel, "None"));
}

async function networkOf(file: string, staticInfo: string | null = null): Promise<Network> {
  return (await quietly(loadTopology(file, { from: null, staticInfo, options: IMPORT_DEFAULTS }))).network;
}

test("convert: a .topo to YAML, JSON and .topo, by the file's extension, all the same network", async (t) => {
  const before = await networkOf(TOPO);
  t.like(before, { links: { 0: { type: "child", ab: { rate_bps: 20e6, latency_ns: 4e6 } } } });
  const heads = { yaml: /^name: net\nases:/, json: /^\{\n {2}"name": "net"/, topo: /^--- # net\nASes:/ };
  for (const [extension, head] of Object.entries(heads)) {
    const out = join(folder, extension, `net.${extension}`);
    mkdirSync(join(folder, extension));
    await quietly(writeNetwork(before, { to: Option.none(), out: Option.some(out), force: false }));
    t.regex(readFileSync(out, "utf8"), head);
    t.deepEqual(await networkOf(out), before, extension);
  }
  const nowhere = Option.some(join(folder, "none/out.yaml"));
  const error = await quietly(Effect.flip(writeNetwork(before, { to: Option.none(), out: nowhere, force: true })));
  t.regex(error.message, /cannot write .*out\.yaml: no such folder/);
});

test("convert as a command: a file is replaced only with --force", async (t) => {
  const out = writeText(folder, "out.json", "precious");
  const refused = await pathloom(["topology", "convert", LIST, "--out", out]);
  t.is(refused.code, 2);
  t.regex(refused.stderr, /out\.json exists; --force replaces it/);
  t.is(readFileSync(out, "utf8"), "precious");
  const forced = await pathloom(["topology", "convert", LIST, "--out", out, "--force"]);
  t.is(forced.code, 0, forced.stderr);
  t.regex(forced.stderr, /out\.json: 3 ASes, 3 links\n$/);
  const shown = await pathloom(["topology", "show", out, "--json"]);
  t.like(JSON.parse(shown.stdout), { links: { 0: { a: "1-1#1", b: "1-2#1", type: "core" } } });
  t.deepEqual(await networkOf(out), await networkOf(LIST));
  t.false(readdirSync(folder).some((name) => name.includes(".partial")));
});

test("a folder of topology.json files, in every command and in a scenario", async (t) => {
  const given = gen();
  const scenario = writeText(
    folder,
    "run.yaml",
    'topology: {file: gen}\nduration: 1s\nflows:\n  - {app: ping, from: "1-1", to: "1-2"}\n',
  );
  const run = await pathloom(["run", scenario, "--json"]);
  t.is(run.code, 0, run.stderr);
  t.like(JSON.parse(run.stdout), { totals: { lost: 0 } });
  writeFileSync(join(given, "AS1-2/topology.json"), '{"isd_as": "1-2", "mtu": 0}');
  const broken = await quietly(Effect.flip(loadScenario(scenario)));
  t.regex(
    broken.message,
    /gen\/AS1-2\/topology\.json:1:\d+: mtu: expected an MTU from 150 to 65535, found 0\n {2}1 \| /,
  );
});

test("static info beside a .topo, or by name", async (t) => {
  const info =
    "model: {speed_km_per_s: 200000, floor_ms: 1, round_ms: 0.1}\ntiers_mbit: {core: 1, parent_child: 2, peer: 3}\nases:\n  1: {city: Here, lat: 0, lon: 0}\n  2: {city: There, lat: 0, lon: 9}\n";
  const there = writeText(folder, "elsewhere.yml", info);
  const expected = { links: { 0: { ab: { latency_ns: 5e6, rate_bps: 2e6 } } }, ases: { 0: { label: "Here" } } };
  t.like(await networkOf(TOPO, there), expected);
  const beside = writeText(folder, "beside.topo", readFileSync(TOPO, "utf8"));
  writeText(folder, "beside.staticinfo.yml", info);
  t.like(await networkOf(beside), expected);
  const named = await pathloom(["topology", "show", TOPO, "--static-info", there, "--json"]);
  t.like(JSON.parse(named.stdout), { links: { 0: { latency_ms: 5, bandwidth_bps: 2e6 } } });
});
