/** `pathloom export` with the formats that are made while the run is gone through once more: where they come from, and what is refused. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { pathloom, temporaryFolder, writeText } from "./child-testing.ts";

const folder = temporaryFolder();
const ENDS = 'from: "1-ff00:0:110", to: "1-ff00:0:120"';
const SCENARIO = `
name: shown
topology: diamond
seed: 3
duration: 400ms
flows:
  - {id: files, app: bulk, ${ENDS}, stop: 250ms}
  - {id: over, app: bulk, transport: channel, ${ENDS}, stop: 250ms}
  - {id: video, app: constant-rate, ${ENDS}, rate: 1Mbit/s}
`;
const run = join(folder, "run");

test.before(async (t) => {
  const made = await pathloom(["run", writeText(folder, "scenario.yaml", SCENARIO), "--out", run]);
  t.is(made.code, 0, made.stderr);
});

/** Of a row after RFC 4180. */
function cellsOf(row: string): string[] {
  return [...row.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell = ""]) => cell);
}

const exportRun = (...args: string[]) => pathloom(["export", run, "--format", ...args]);

test.serial("a run without deliveries is run again, and each format stands in its folder", async (t) => {
  const { digest } = JSON.parse(readFileSync(join(run, "summary.json"), "utf8")) as { digest: string };
  for (const format of ["qlog", "perfetto", "csv"]) {
    const { code, stderr } = await exportRun(format);
    t.is(code, 0, stderr);
    t.true(stderr.includes(`run again, digest ${digest}: the same`), stderr);
    t.regex(stderr, /\d+ events in /);
  }
  const files = readdirSync(join(run, "qlog"));
  t.deepEqual([...new Set(files.map((name) => name.split(".").slice(0, 2).join(".")))].sort(), [
    "files.client",
    "files.server",
    "over.client",
    "over.server",
  ]);
  t.is(
    (JSON.parse(readFileSync(join(run, "perfetto.json"), "utf8")) as { displayTimeUnit: string }).displayTimeUnit,
    "ns",
  );
  const [header, ...rows] = readFileSync(join(run, "events.csv"), "utf8").split("\r\n");
  t.is(header, "time_ns,actor,kind,flow,direction,packet,detail");
  t.true(rows.length > 1_000 && rows.at(-1) === "");
  t.deepEqual(
    readdirSync(folder).filter((name) => name.includes("partial")),
    [],
  );
  t.is((await pathloom(["replay", run])).code, 0, "exports in a run's folder do not disturb it");
});

test.serial("the same bytes each time; only what is of the same kind is replaced", async (t) => {
  const before = readFileSync(join(run, "perfetto.json"));
  t.is((await exportRun("perfetto")).code, 0);
  t.deepEqual(readFileSync(join(run, "perfetto.json")), before);
  const notes = writeText(folder, "notes.txt", "mine");
  for (const format of ["perfetto", "csv"]) {
    const { code, stderr } = await exportRun(format, "--out", notes);
    t.is(code, 2);
    t.regex(stderr, /notes\.txt exists already and is no .*; choose another name/);
  }
  const own = join(folder, "own");
  mkdirSync(own);
  writeFileSync(join(own, "a.sqlog"), "mine");
  const refused = await exportRun("qlog", "--out", own);
  t.is(refused.code, 2, refused.stderr);
  t.regex(refused.stderr, /own exists already and is no folder of qlog files/);
  t.is(readFileSync(join(own, "a.sqlog"), "utf8"), "mine");
  t.is(readFileSync(notes, "utf8"), "mine");
});

test.serial("less of it: a flow, a window, a size", async (t) => {
  const out = join(folder, "less.csv");
  t.is((await exportRun("csv", "--out", out, "--flow", "video", "--from", "100ms", "--to", "200ms")).code, 0);
  const rows = readFileSync(out, "utf8").trimEnd().split("\r\n").slice(1).map(cellsOf);
  t.true(rows.length > 50);
  t.true(rows.every(([time, , , flow]) => flow === "video" && Number(time) >= 1e8 && Number(time) <= 2e8));
  const large = await exportRun("perfetto", "--out", join(folder, "large.json"), "--limit", "100kB");
  t.is(large.code, 2);
  t.regex(large.stderr, /larger than 100000 bytes, and has come to 0\.\d{3} s; .*--flow, --from and --to/);
  t.false(existsSync(join(folder, "large.json")));
  t.deepEqual(
    readdirSync(folder).filter((name) => name.includes("partial")),
    [],
  );
});

test.serial("what cannot be: one message, exit code 2", async (t) => {
  const cases: [args: string[], message: RegExp][] = [
    [["csv", "--flow", "none"], /--flow none: the run has no such flow; it has files, over, video/],
    [["csv", "--from", "300ms", "--to", "200ms"], /nothing lies from 0\.3 s to 0\.2 s/],
    [["csv", "--from", "2s"], /nothing lies from 2 s to 0\.4 s of this run, which lasts 0\.4 s/],
    [["qlog", "--flow", "video", "--out", join(folder, "nothing")], /nothing that qlog could show/],
    [["pcapng", "--flow", "video"], /--flow is not for pcapng/],
    [["pcapng"], /kept no record of its deliveries/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await exportRun(...args);
    t.is(code, 2, args.join(" "));
    t.regex(stderr, message);
  }
  const unknown = await exportRun("parquet");
  t.is(unknown.code, 2);
  t.regex(unknown.stderr + unknown.stdout, /qlog.*perfetto.*csv.*pcapng/s);
  t.false(existsSync(join(folder, "nothing")));
});

test.serial("a damaged folder, and one of another run", async (t) => {
  const damaged = join(folder, "damaged");
  cpSync(run, damaged, { recursive: true });
  writeFileSync(join(damaged, "scenario.json"), "{}");
  const first = await pathloom(["export", damaged, "--format", "csv"]);
  t.is(first.code, 2);
  t.regex(first.stderr, /scenario\.json: this is not the scenario of the run/);
  const other = join(folder, "other");
  cpSync(run, other, { recursive: true });
  const summary = JSON.parse(readFileSync(join(other, "summary.json"), "utf8")) as Record<string, unknown>;
  writeFileSync(join(other, "summary.json"), JSON.stringify({ ...summary, digest: "0000000000000000" }));
  const { code, stderr } = await pathloom(["export", other, "--format", "csv", "--out", join(folder, "other.csv")]);
  t.is(code, 1);
  t.regex(stderr, /run again it is another run: digest [0-9a-f]{16} after \d+ events, kept 0000000000000000/);
  t.false(existsSync(join(folder, "other.csv")));
});

test.serial("a live run is replayed from its record", async (t) => {
  const live = join(folder, "live");
  const ports = String(22_000 + (process.pid % 200) * 40);
  const scenario = writeText(folder, "live.yaml", SCENARIO.replace("400ms", "300ms").replaceAll("250ms", "100ms"));
  const made = await pathloom(["live", scenario, "--record", live, "--port", ports]);
  if (made.code !== 0) {
    t.fail(made.stderr);
    return;
  }
  const { code, stderr } = await pathloom(["export", live, "--format", "qlog"]);
  t.is(code, 0, stderr);
  t.regex(stderr, /replayed: replays identically/);
  t.true(readdirSync(join(live, "qlog")).some((name) => name.startsWith("files.client.")));
  const record = join(live, "record", "00.ndjson");
  const [header, ...lines] = readFileSync(record, "utf8").split("\n");
  writeFileSync(record, [header, "[1,", ...lines].join("\n"));
  const damaged = await pathloom(["export", live, "--format", "csv"]);
  t.is(damaged.code, 2, damaged.stderr);
  t.regex(damaged.stderr, /line 2: expected an entry/);
  t.false(existsSync(join(live, "events.csv")));
});
