/** `pathloom live --only` as child processes: a run in pieces, one killed and started again, and pieces that do not fit. */
import { type ChildProcess, spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import type { Scenario } from "../core/scenario.ts";
import type { ReplayResult } from "../sim/replay.ts";
import { interruptWhen, type Outcome, pathloom, temporaryFolder, writeText } from "./child-testing.ts";
import type { RunSummary } from "./runner/manifest.ts";
import { mergePieces } from "./runner/merge-pieces.ts";
import { clocksApart, type PieceSummary } from "./runner/piece-summary.ts";

const folder = temporaryFolder();
const keys = join(folder, "keys.json");

/** Lossy on the way there; a fault lies in the middle. */
const SCENARIO = `
name: pieces
topology: diamond
seed: 4
duration: 2s
policy: shortest
flows:
  - {id: data, app: constant-rate, from: "1-ff00:0:110,10.0.0.1", to: "1-ff00:0:120,10.0.0.2", interval: 5ms, packet_size: 600B, stop: 800ms}
  - {id: ping, app: ping, from: "1-ff00:0:120,10.0.0.2", to: "1-ff00:0:110,10.0.0.1", interval: 50ms, packet_size: 200B, stop: 800ms}
links:
  - {link: "1-ff00:0:110#3", loss: 10%}
  - {link: "1-ff00:0:110#2", loss: 10%}
`;
const file = writeText(folder, "pieces.yaml", SCENARIO);
const SOURCE = "1-ff00:0:110,1-ff00:0:140,1-ff00:0:141";
const REST = "1-ff00:0:120,1-ff00:0:130,1-ff00:0:150";

const live = (only: string, port: number, ...more: string[]): readonly string[] => [
  "live",
  file,
  "--only",
  only,
  "--port",
  String(port),
  ...more,
];
const summaryOf = ({ code, stdout, stderr }: Outcome): PieceSummary => {
  if (code !== 0) throw new Error(`code ${code}: ${stderr}`);
  return JSON.parse(stdout) as PieceSummary;
};

async function replays(dir: string): Promise<ReplayResult> {
  const { stdout, stderr } = await pathloom(["replay", dir, "--json"]);
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as ReplayResult;
}

test.before(async () => {
  await pathloom(["live", "--make-secrets", keys]);
});

test.serial("two pieces: what they say together is what the simulator says, and each record replays", async (t) => {
  t.is(statSync(keys).mode & 0o777, 0o600);
  const dirs = [join(folder, "one"), join(folder, "two")] as const;
  const outcomes = await Promise.all([
    pathloom(live(SOURCE, 26_000, "--secrets", keys, "--json", "--record", dirs[0])),
    pathloom(live(REST, 26_000, "--secrets", keys, "--json", "--record", dirs[1])),
  ]);
  const pieces = outcomes.map(summaryOf);
  const [source, rest] = pieces as [PieceSummary, PieceSummary];
  t.deepEqual(source.manifest.here, SOURCE.split(","));
  t.deepEqual(source.live.pieces.others[0]?.here, REST.split(","));
  const [data, ping] = source.flows;
  t.is(data?.side, "source");
  t.true(data?.sent === 160 && data.received === undefined && data.latency_ms === undefined);
  t.true(ping?.side === "destination" && ping.received === undefined && ping.sent === undefined);
  for (const { live: figures } of pieces) {
    const { conservation, handshake, epoch_error_us, start_ms } = figures.pieces;
    t.is(conservation.unaccounted, 0, JSON.stringify(conservation));
    t.true(conservation.left > 0 && conservation.arrived > 0);
    t.is(handshake.garbage + handshake.forged + handshake.foreign, 0);
    t.is(epoch_error_us + start_ms, 0);
  }
  const scenario = JSON.parse(readFileSync(join(dirs[0], "scenario.json"), "utf8")) as Scenario;
  const merged = mergePieces(pieces, scenario);
  const simulated = JSON.parse((await pathloom(["run", file, "--json"])).stdout) as RunSummary;
  t.deepEqual(
    merged.flows.map(({ id, sent, received, lost, in_flight, paths }) => ({
      id,
      sent,
      received,
      lost,
      in_flight,
      paths,
    })),
    simulated.flows.map(({ id, sent, received, lost, in_flight, paths }) => ({
      id,
      sent,
      received,
      lost,
      in_flight,
      paths,
    })),
  );
  t.deepEqual(merged.drops, simulated.drops);
  t.deepEqual(
    merged.links.map(({ id, packets }) => [id, packets]),
    simulated.links.map(({ id, packets }) => [id, packets]),
  );
  t.deepEqual(Object.keys(merged.totals), Object.keys(simulated.totals));
  const [measured, expected] = [merged.flows[0]?.latency_ms.p50 ?? 0, simulated.flows[0]?.latency_ms.p50 ?? 0];
  t.true(measured >= expected - 0.2, `${measured} ms, and ${expected} ms in the simulator`);
  t.is(merged.totals.latency_ms.p50, rest.totals.latency_ms.p50);
  t.throws(() => mergePieces([source], scenario), { message: `no piece has ${REST.replaceAll(",", ", ")}` });
  t.throws(() => mergePieces([source, source], scenario), { message: /1-ff00:0:110 is in two pieces/ });
  const said = await pathloom(["merge", ...dirs, "--json"]);
  t.deepEqual(JSON.parse(said.stdout), JSON.parse(JSON.stringify(merged)));
  const half = await pathloom(["merge", dirs[0]]);
  t.true(half.code === 2 && half.stderr.includes("no piece has"), half.stderr);
  for (const dir of dirs) t.true((await replays(dir)).identical);
});

/** Lines of an AS's record in a run that is to stand at `name`. */
function recorded(name: string, place: string): number {
  const partial = readdirSync(folder).find((entry) => entry.startsWith(`${name}.partial-`));
  const path = join(folder, partial ?? "", "record", place);
  return partial === undefined || !existsSync(path) ? 0 : readFileSync(path, "utf8").split("\n").length;
}

function killWhen(ready: () => boolean): (child: ChildProcess) => void {
  return (child) => {
    const timer = setInterval(() => {
      if (!ready()) return;
      clearInterval(timer);
      child.kill("SIGKILL");
    }, 20);
    child.once("close", () => clearInterval(timer));
  };
}

test.serial(
  "a piece that is killed and started again rejoins; the others go on, and every record replays",
  async (t) => {
    const long = writeText(
      folder,
      "long.yaml",
      SCENARIO.replaceAll("stop: 800ms", "stop: 100s").replace("duration: 2s", "duration: 100s"),
    );
    const args = (only: string, name: string): readonly string[] => [
      "live",
      long,
      "--only",
      only,
      "--port",
      "26100",
      "--secrets",
      keys,
      "--json",
      "--record",
      join(folder, name),
    ];
    const state = { again: false };
    const rest = pathloom(args(REST, "rest"), { onStart: interruptWhen(() => state.again) });
    const killed = await pathloom(args(SOURCE, "killed"), {
      onStart: killWhen(() => recorded("killed", "00.ndjson") > 100),
    });
    t.is(killed.code, null);
    const again = summaryOf(
      await pathloom(args(SOURCE, "again"), { onStart: interruptWhen(() => recorded("again", "00.ndjson") > 100) }),
    );
    state.again = true;
    const { stderr, ...outcome } = await rest;
    const whole = summaryOf({ ...outcome, stderr });
    t.regex(stderr, /1-ff00:0:110, .* is here again/);
    t.regex(stderr, /1-ff00:0:110, .* has ended/);
    const { start_ms, conservation } = again.live.pieces;
    t.true(start_ms > 100 && start_ms < again.simulated_s * 1_000);
    t.is(conservation.unaccounted, 0);
    t.is(whole.live.pieces.conservation.unaccounted, 0);
    t.is(whole.live.pieces.start_ms, 0);
    const [sent, received] = [again.flows[0]?.sent ?? 0, whole.flows[0]?.received ?? 0];
    // Numbers go on: no packet of the second life is taken for one of the first.
    t.true(received > 0.6 * sent && (whole.flows[0]?.duplicates ?? 0) === 0, `${sent} sent, ${received} received`);
    t.true(sent < (again.simulated_s * 1_000 - start_ms) / 5 + 2, `${sent} sent from ${start_ms} ms on`);
    const partial = readdirSync(folder).find((entry) => entry.startsWith("killed.partial-")) ?? "";
    for (const name of [partial, "again", "rest"]) {
      const { identical, events } = await replays(join(folder, name));
      t.true(identical && events > 100, name);
    }
    const header = JSON.parse(readFileSync(join(folder, "again/record/00.ndjson"), "utf8").split("\n")[0] ?? "") as {
      start?: number;
    };
    t.is((header.start ?? 0) / 1e6, start_ms);
  },
);

/** Another monotonic clock, 5000 s ahead: what another machine would have. */
const OTHER_CLOCK = ["unshare", "--time", "--monotonic", "5000", "--fork"];

test.serial("pieces whose clocks differ: the epoch is estimated, and one-way delays are not told", async (t) => {
  if (spawnSync(OTHER_CLOCK[0] ?? "", [...OTHER_CLOCK.slice(1), "true"]).status !== 0) {
    t.log("not run: namespaces of time are not to be had here");
    t.pass();
    return;
  }
  const outcomes = await Promise.all([
    pathloom(live(SOURCE, 26_400, "--insecure-seed", "--json"), { under: OTHER_CLOCK }),
    pathloom(live(REST, 26_400, "--insecure-seed", "--json", "--clocks-synchronised")),
  ]);
  const [source, rest] = outcomes.map(summaryOf) as [PieceSummary, PieceSummary];
  t.false(source.live.pieces.others[0]?.same_machine);
  t.is(source.live.pieces.epoch_error_us, 0);
  t.is(source.live.pieces.start_ms + rest.live.pieces.start_ms, 0);
  const error = rest.live.pieces.epoch_error_us;
  // Between 0 and what scheduling on a busy machine can take.
  t.true(error > 0 && error < 2e6, `${error} us`);
  t.true((rest.flows[0]?.received ?? 0) > 100);
  t.true((rest.flows[0]?.latency_ms?.p50 ?? 0) > 0);
  // Round trips are taken on one clock; of the ping that goes the other way only its source tells them.
  t.true((rest.flows[1]?.latency_ms?.p50 ?? 0) > 0);
  t.deepEqual([source.live.pieces.clocks_apart, rest.live.pieces.clocks_apart], [[], []]);
  const apart = clocksApart(
    {
      flows: [
        { id: "a", app: "bulk", src: { ia: "1-1" }, dst: { ia: "1-2" } },
        { id: "p", app: "ping", src: { ia: "1-1" }, dst: { ia: "1-2" } },
      ],
    } as unknown as Scenario,
    new Set(["1-2"]),
    new Set(["1-2"]),
  );
  t.deepEqual([...apart], ["a"]);
});

test.serial("pieces of different scenarios or keys end with one sentence each, and code 2", async (t) => {
  const both = async (port: number, one: readonly string[], other: readonly string[]): Promise<void> => {
    const outcomes = await Promise.all([pathloom(live(SOURCE, port, ...one)), pathloom(live(REST, port, ...other))]);
    for (const { code, stderr } of outcomes) {
      t.is(code, 2, stderr);
      t.regex(
        stderr,
        /error: the piece with 1-ff00:0:\d+, over 1-ff00:0:\d+#\d, (runs another scenario|has other keys): there [0-9a-fSHA -]+, here /,
      );
    }
  };
  await both(26_200, ["--insecure-seed", "--seed", "5"], ["--insecure-seed"]);
  await both(26_300, ["--insecure-seed"], ["--secrets", keys]);
});

test("what cannot be is refused before anything runs", async (t) => {
  const refused = async (...args: readonly string[]): Promise<string> => {
    const { code, stderr } = await pathloom(args);
    t.is(code, 2, stderr);
    return stderr;
  };
  t.regex(await refused("live", file, "--only", SOURCE), /must share their keys.*--make-secrets FILE.*--insecure-seed/);
  t.regex(
    await refused("live", file, "--only", "1-ff00:0:119", "--insecure-seed"),
    /--only: 1-ff00:0:119 is no AS of the network/,
  );
  t.regex(await refused("live", file, "--only", "110", "--insecure-seed"), /--only: expected an ISD-AS number/);
  t.regex(
    await refused("live", file, "--only", SOURCE, "--foreign", "1-ff00:0:110", "--insecure-seed"),
    /1-ff00:0:110 is named by --only and --foreign/,
  );
  t.regex(await refused("live", file, "--secrets", keys, "--insecure-seed"), /each say where keys come from/);
  t.regex(await refused("live", "--make-secrets", keys), /cannot write .*keys\.json/);
  t.regex(await refused("live"), /needs a scenario file/);
  const open = writeText(folder, "open.json", readFileSync(keys, "utf8"));
  chmodSync(open, 0o644);
  t.regex(await refused("live", file, "--only", SOURCE, "--secrets", open), /others than you can read these keys/);
  const wrong = writeText(folder, "wrong.json", "{}");
  chmodSync(wrong, 0o600);
  t.regex(await refused("live", file, "--only", SOURCE, "--secrets", wrong), /this is no file of keys/);
});
