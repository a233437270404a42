import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import {
  DEFAULT_DIRECTION,
  FLOW_DEFAULTS,
  type RecordSpec,
  type Scenario,
  SCENARIO_DEFAULTS,
} from "../../core/scenario.ts";
import { busyScenario } from "../../sim/test-worlds.ts";
import { pathloom, temporaryFolder } from "../child-testing.ts";
import { csvText } from "./csv.ts";
import { Beat, type SimulationReport } from "./job.ts";
import { FileError, LineFile } from "./line-files.ts";
import { recordingLevel, recordingProblem } from "./recording.ts";
import { simulate } from "./simulate.ts";

const MS = 1_000_000;
const folder = temporaryFolder();

/** One link of 1 Mbit/s and 10 ms; eight packets of 1250 bytes, 10 ms each on the line, one every 5 ms. */
function tinyScenario(): Scenario {
  const line = { ...DEFAULT_DIRECTION, latency_ns: 10 * MS, rate_bps: 1_000_000 };
  const [a, b] = [
    { ia: "1-1", ifId: 1 },
    { ia: "1-2", ifId: 1 },
  ];
  return {
    ...SCENARIO_DEFAULTS,
    name: "tiny",
    duration_ns: 100 * MS,
    network: {
      name: "tiny",
      ases: [a, b].map(({ ia }) => ({ ia, core: true, mtu: 1472 })),
      links: [{ a, b, type: "core", mtu: 1472, ab: line, ba: line }],
    },
    flows: [
      {
        ...FLOW_DEFAULTS,
        id: 'the "slow", one',
        app: "constant-rate",
        src: { ia: a.ia, host: "10.0.0.1" },
        dst: { ia: b.ia, host: "10.0.0.2" },
        policy: { name: "shortest", params: {} },
        start_ns: 0,
        stop_ns: 40 * MS,
        interval_ns: 5 * MS,
        packet_size: 1250,
      },
    ],
    faults: [],
  };
}

function run(scenario: Scenario, level: RecordSpec | null, name: string): Promise<SimulationReport> {
  const path = join(folder, name);
  mkdirSync(path);
  const header = { world: "sim" as const, scenario: "test", build: "test", seed: scenario.seed };
  const files = level === null ? null : { folder: path, header, everyDelivery: false, level };
  return new Promise((resolve, reject) => {
    const job = { scenario, repeat: "npx ava cli/runner", policies: [], files, trace: "none" as const };
    void simulate(job, new Int32Array(Beat.words), (message) => {
      if (message.kind === "done") resolve(message.report);
      if (message.kind === "failed") reject(new Error(message.failure.message));
    });
  });
}

/** Rows by column name; for files without quoted fields. */
function readCsv(path: string): Record<string, string>[] {
  const [head = "", ...lines] = readFileSync(path, "utf8").trimEnd().split("\r\n");
  return lines.map((line) => {
    const fields = line.split(",");
    return Object.fromEntries(head.split(",").map((column, at) => [column, fields[at] ?? ""]));
  });
}

function sumOf(rows: readonly Record<string, string>[], column: string): number {
  return rows.reduce((sum, row) => sum + Number(row[column]), 0);
}

/** Time and place of each packet follow from 10 ms a packet: the k-th leaves the line at 10 (k + 1) ms and arrives 10 ms later. */
test("golden: series and samples of a run that one can work out by hand", async (t) => {
  await run(tinyScenario(), { series_ns: 50 * MS, samples: 10 }, "tiny");
  t.is(
    readFileSync(join(folder, "tiny/series.csv"), "utf8"),
    [
      "from_ms,to_ms,warmup,kind,id,packets,bytes,drops,waiting_packets,waiting_bytes,utilization,sent,received,mean_delay_ms",
      "0,50,false,link,1-1#1>1-2#1,8,10000,0,2,2500,1,,,",
      '0,50,false,flow,"the ""slow"", one",,3750,,,,,8,3,25',
      "50,100,false,link,1-1#1>1-2#1,0,0,0,0,0,0.6,,,",
      '50,100,false,flow,"the ""slow"", one",,6250,,,,,0,5,45',
      "",
    ].join("\r\n"),
  );
  t.is(
    readFileSync(join(folder, "tiny/samples.csv"), "utf8"),
    [
      "flow,kind,number,sent_ms,delay_ms,start_ms,fct_ms,bytes",
      ...[20, 25, 30, 35, 40, 45, 50, 55].map((delay, n) => `"the ""slow"", one",packet,${n},${5 * n},${delay},,,`),
      "",
    ].join("\r\n"),
  );
});

test("recording changes nothing, and its rows add up to the results", async (t) => {
  const scenario = busyScenario(3);
  const plain = await run(scenario, null, "plain");
  const kept = await run(scenario, { series_ns: 7 * MS, samples: 100 }, "busy");
  t.is(kept.digest, plain.digest);
  t.is(kept.events, plain.events);
  t.deepEqual(kept.result, plain.result);
  const rows = readCsv(join(folder, "busy/series.csv"));
  for (const { id, packets, bytes, drops } of kept.result.links) {
    const own = rows.filter((row) => row["kind"] === "link" && row["id"] === id);
    t.deepEqual([sumOf(own, "packets"), sumOf(own, "bytes"), sumOf(own, "drops")], [packets, bytes, drops], id);
    t.true(own.every((row) => Number(row["utilization"]) >= 0 && Number(row["utilization"]) <= 1));
  }
  for (const { id, sent, received, bytes, latency_ms } of kept.result.flows) {
    const own = rows.filter((row) => row["kind"] === "flow" && row["id"] === id);
    t.deepEqual([sumOf(own, "sent"), sumOf(own, "received"), sumOf(own, "bytes")], [sent, received, bytes], id);
    const delays = own.reduce((sum, row) => sum + Number(row["mean_delay_ms"]) * Number(row["received"]), 0);
    t.true(Math.abs(delays / received - (latency_ms.mean as number)) < 1e-6, id);
  }
});

test("samples: as many as asked for, of packets that arrived, spread over the run, no packet twice", async (t) => {
  const { result } = await run(busyScenario(3), { series_ns: 0, samples: 200 }, "sampled");
  t.deepEqual(readdirSync(join(folder, "sampled")), ["samples.csv"]);
  const rows = readCsv(join(folder, "sampled/samples.csv"));
  for (const { id, received, latency_ms } of result.flows) {
    const own = rows.filter((row) => row["flow"] === id);
    t.is(own.length, Math.min(200, received), id);
    t.is(new Set(own.map((row) => row["number"])).size, own.length);
    t.true(own.every((row) => Number(row["delay_ms"]) <= (latency_ms.max as number) + 1e-9));
  }
  const video = rows.filter((row) => row["flow"] === "video").map((row) => Number(row["sent_ms"]));
  // Packets arrive about evenly over 1.9 s: 100 of 200 in the first half, give or take 4 standard deviations of 7.
  t.true(Math.abs(video.filter((at) => at < 950).length - 100) < 28);
});

test("levels: the wish before the scenario's, the default where neither speaks; too much is refused", (t) => {
  const scenario = busyScenario(1);
  t.deepEqual(recordingLevel(scenario, {}), { series_ns: 20 * MS, samples: 1_000 });
  const own = { ...scenario, record: { series_ns: 5 * MS, samples: 7 } };
  t.deepEqual(recordingLevel(own, {}), { series_ns: 5 * MS, samples: 7 });
  t.deepEqual(recordingLevel(own, { series_ns: 0, samples: 0 }), { series_ns: 0, samples: 0 });
  t.is(recordingProblem(scenario, recordingLevel(scenario, {})), null);
  t.regex(
    recordingProblem(scenario, { series_ns: 1_000, samples: 0 }) ?? "",
    /^a series of every 0\.001ms has up to 32000000 rows here .* \(--series 20ms\)/,
  );
});

test("CSV: fields are quoted where they must be", (t) => {
  t.is(
    csvText([
      ["a", 1.5, null, true],
      ['say "x"', "1,2", "two\nlines", ""],
    ]),
    'a,1.5,,true\r\n"say ""x""","1,2","two\nlines",\r\n',
  );
});

const hasFullDevice = existsSync("/dev/full");

(hasFullDevice ? test : test.skip)("a full disk is one sentence", (t) => {
  const file = new LineFile("/dev/full");
  file.write("a line");
  const error = t.throws(() => file.flush(), { instanceOf: FileError });
  t.is(error?.message, "cannot write /dev/full: the disk is full. Free some space, or choose a folder on another disk");
});

/** A disk of 64 KB; null where it cannot be had. */
function tinyDisk(): string | null {
  const path = join(folder, "disk");
  mkdirSync(path);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", path], { stdio: "ignore" });
  } catch {
    return null;
  }
  return path;
}

test("run --out onto a full disk: one message, exit code 2, nothing left", async (t) => {
  const disk = tinyDisk();
  if (disk === null) {
    t.log("no small disk can be mounted here: not tried");
    t.pass();
    return;
  }
  t.teardown(() => execFileSync("umount", [disk]));
  for (const more of [["--record"], ["--series", "1ms"], ["--trace"]]) {
    const out = join(disk, "runs/one");
    const { code, stdout, stderr } = await pathloom(["run", "examples/02-failover.yaml", "--out", out, ...more]);
    t.is(code, 2, stderr);
    t.regex(
      stderr,
      /^error: cannot write .*: the disk is full\. Free some space, or choose a folder on another disk\n$/,
    );
    t.is(stdout, "");
    t.deepEqual(readdirSync(disk), [], more.join(" "));
  }
});

test("run --out where nothing can be written: one message, exit code 2", async (t) => {
  const { code, stderr } = await pathloom(["run", "examples/02-failover.yaml", "--out", "/proc/nowhere/run"]);
  t.is(code, 2);
  t.regex(stderr, /^error: cannot write \/proc\/nowhere\/run: no such folder can be made there\n$/);
});
