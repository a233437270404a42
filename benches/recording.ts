/**
 * What it costs to write a run down: the same busy run with and without series and samples at the default level, interleaved, and
 * what the guards around tracing cost while nobody listens (against a bundle that has none), on datagrams and on flows with
 * acknowledgements, whose senders leave the most in a trace. What tracing itself costs is told, too; nobody traces by default.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { build, type Plugin } from "esbuild";
import type { FlowSpec, Scenario } from "../core/scenario.ts";
import { SECOND } from "../core/units.ts";
import { defaultRecording } from "../actors/series.ts";
import { busyScenario, channelScenario } from "../sim/test-worlds.ts";
import { type Bench, type BenchResult, median, peakRssMb } from "./bench.ts";
import { pairsOf } from "./grid.ts";
import { grid } from "./worlds.ts";

const ROOT = join(import.meta.dirname, "..");
const ROUNDS = { small: 1, large: 7 };
const SECONDS = { small: 2, large: 300 };
const TRANSPORT_SECONDS = { small: 2, large: 60 };
const GRID = { small: { side: 4, flows: 5, packets: 20 }, large: { side: 10, flows: 200, packets: 1_500 } };

/** Few links, all that can happen to a packet. */
function busy(seconds: number): Scenario {
  const scenario = busyScenario(1);
  const flows = scenario.flows.map((flow) => ({ ...flow, stop_ns: (seconds - 1) * SECOND }));
  return { ...scenario, flows, duration_ns: seconds * SECOND };
}

/** Senders with windows, over streams and over channels with several paths. */
function transports(seconds: number): Scenario {
  const scenario = channelScenario(1);
  const flows = scenario.flows.flatMap((flow) => {
    const long = { ...flow, stop_ns: (seconds - 1) * SECOND, ...("bytes" in flow ? { bytes: 0 } : {}) } as FlowSpec;
    const { channel: _channel, ...plain } = long as FlowSpec & { channel?: unknown };
    return [long, { ...plain, id: `${flow.id}-plain` } as FlowSpec];
  });
  return { ...scenario, flows, duration_ns: seconds * SECOND };
}

/** Many links and flows: most rows. */
function wide({ side, flows, packets }: (typeof GRID)["small"]): Scenario {
  return grid(side, pairsOf(side, flows).pairs, packets);
}

/** What the run's worker says at its end. */
interface Report {
  readonly digest: string;
  readonly events: number;
  readonly wall_s: number;
}

/** With the processor time of the whole worker, which other load of the machine moves less than the clock on the wall. */
interface Timed extends Report {
  readonly cpu_s: number;
}

/** Runs a module in a worker and waits for its report, alone or as `{kind: "done", report}`. */
async function inWorker(module: URL, workerData: unknown): Promise<Timed> {
  const before = process.cpuUsage();
  const report = await reportOf(module, workerData);
  const { user, system } = process.cpuUsage(before);
  return { ...report, cpu_s: (user + system) / 1e6 };
}

function reportOf(module: URL, workerData: unknown): Promise<Report> {
  const worker = new Worker(module, { workerData });
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.on("message", (message: { kind: string; report: Report; failure?: unknown }) => {
      if (message.kind === "failed") reject(new Error(JSON.stringify(message.failure)));
      if (message.kind === "done") resolve(message.report);
    });
  });
}

type Kept = "nothing" | "default" | "deliveries";

/** The worker of `pathloom run`, as it is. */
const RUN_WORKER = pathToFileURL(join(ROOT, "cli", "runner", "worker.ts"));

async function runOnce(scenario: Scenario, kept: Kept, folder: string): Promise<Timed> {
  const path = mkdtempSync(join(folder, "run-"));
  const header = { world: "sim", scenario: scenario.name, build: "bench", seed: scenario.seed };
  const level = defaultRecording(scenario);
  const files = kept === "nothing" ? null : { folder: path, header, everyDelivery: kept === "deliveries", level };
  const job = { scenario, repeat: "npm run bench -- recording", policies: [], files, trace: "none" };
  const beat = new Int32Array(new SharedArrayBuffer(12));
  try {
    return await inWorker(RUN_WORKER, { job, beat, live: null });
  } finally {
    rmSync(path, { recursive: true });
  }
}

/** With over without: the median of the rounds' ratios, and the least time over the least, which other load of the machine moves less. */
interface Ratio {
  readonly median: number;
  readonly least: number;
}

function ratioOf(pairs: readonly (readonly [withIt: number, without: number])[]): Ratio {
  const least = (side: 0 | 1): number => Math.min(...pairs.map((pair) => pair[side]));
  return {
    median: Number(median(pairs.map(([withIt, without]) => withIt / without)).toFixed(3)),
    least: Number((least(0) / least(1)).toFixed(3)),
  };
}

interface Compared {
  readonly ratio: Ratio;
  readonly plain: readonly Report[];
}

/** The processor time of a worker that makes the world and hardly runs it. */
async function startOf(scenario: Scenario, folder: string): Promise<number> {
  const starts: number[] = [];
  for (let n = 0; n < 3; n++) starts.push((await runOnce({ ...scenario, duration_ns: 1 }, "nothing", folder)).cpu_s);
  return Math.min(...starts);
}

/** Each round runs both, in turn first. */
async function compare(scenario: Scenario, rounds: number, folder: string): Promise<Compared> {
  const plain: Report[] = [];
  const times: [number, number][] = [];
  const start = await startOf(scenario, folder);
  for (let round = 0; round < rounds; round++) {
    const order: Kept[] = round % 2 === 0 ? ["nothing", "default"] : ["default", "nothing"];
    const reports = new Map<Kept, Timed>();
    for (const kept of order) reports.set(kept, await runOnce(scenario, kept, folder));
    const [without, recorded] = [reports.get("nothing"), reports.get("default")] as [Timed, Timed];
    if (without.digest !== recorded.digest) throw new Error("recording: the run is another one when it is recorded");
    plain.push(without);
    times.push([recorded.cpu_s - start, without.cpu_s - start]);
  }
  return { ratio: ratioOf(times), plain };
}

/** `traced`: every record is made, and thrown away. */
const programOf = (traced: boolean): string => `
import { parentPort, workerData } from "node:worker_threads";
import { assemble } from "./actors/assemble.ts";
import { Simulation } from "./sim/simulation.ts";
const world = Simulation.create(assemble(workerData, { repeat: "npm run bench -- recording" }), ${traced ? "{ trace: () => {} }" : "{}"});
const begin = process.hrtime.bigint();
world.run(workerData.duration_ns);
const wall_s = Number(process.hrtime.bigint() - begin) / 1e9;
parentPort.postMessage({ kind: "done", report: { wall_s, digest: world.digest(), events: world.events } });
`;

type Bundle = "guarded" | "bare" | "traced";

/** The simulator as a bundle; `bare`: as if nothing could ever be traced. */
async function bundle(kind: Bundle, folder: string): Promise<URL> {
  const withoutGuards: Plugin = {
    name: "without-guards",
    setup: ({ onLoad }) => {
      onLoad({ filter: /(actors|sim)[\\/].*\.ts$/ }, ({ path }) => {
        const text = readFileSync(path, "utf8").replaceAll(/\b(env|this\.world)\.tracing\b/g, "false");
        return { contents: text, loader: "ts" };
      });
    },
  };
  const outfile = join(folder, `${kind}.mjs`);
  const stdin = { contents: programOf(kind === "traced"), resolveDir: ROOT, loader: "ts" as const };
  const plugins = kind === "bare" ? [withoutGuards] : [];
  await build({ stdin, outfile, plugins, bundle: true, minifySyntax: true, format: "esm", platform: "node" });
  return pathToFileURL(outfile);
}

/** One bundle over the other, each round both, in turn first. */
async function compareBundles(
  kinds: readonly [Bundle, Bundle],
  scenario: Scenario,
  rounds: number,
  folder: string,
): Promise<Ratio> {
  const [guarded, bare] = [await bundle(kinds[0], folder), await bundle(kinds[1], folder)];
  const times: [number, number][] = [];
  for (let round = 0; round < rounds; round++) {
    const turned = round % 2 === 1;
    const first = await inWorker(turned ? bare : guarded, scenario);
    const second = await inWorker(turned ? guarded : bare, scenario);
    if (first.digest !== second.digest) throw new Error(`recording: ${kinds.join(" and ")} are not the same run`);
    times.push(turned ? [second.cpu_s, first.cpu_s] : [first.cpu_s, second.cpu_s]);
  }
  return ratioOf(times);
}

async function measured(size: "small" | "large", folder: string): Promise<BenchResult> {
  const [narrow, broad] = [busy(SECONDS[size]), wide(GRID[size])];
  const cpu = process.cpuUsage();
  const begin = process.hrtime.bigint();
  const ofBusy = await compare(narrow, ROUNDS[size], folder);
  const ofGrid = await compare(broad, ROUNDS[size], folder);
  const acked = transports(TRANSPORT_SECONDS[size]);
  const ofTransports = await compare(acked, ROUNDS[size], folder);
  const guards = await compareBundles(["guarded", "bare"], narrow, ROUNDS[size], folder);
  const ackedGuards = await compareBundles(["guarded", "bare"], acked, ROUNDS[size], folder);
  const traced = await compareBundles(["traced", "guarded"], acked, ROUNDS[size], folder);
  const deliveries = await runOnce(narrow, "deliveries", folder);
  const { user, system } = process.cpuUsage(cpu);
  const [first] = ofBusy.plain as [Report];
  const wall = median(ofBusy.plain.map(({ wall_s }) => wall_s));
  return {
    name: "recording",
    rate: first.events / wall,
    unit: "events/s",
    hash: [ofBusy, ofGrid, ofTransports].map(({ plain }) => (plain[0] as Report).digest).join("-"),
    wall_s: Number(process.hrtime.bigint() - begin) / 1e9,
    cpu_s: (user + system) / 1e6,
    peak_rss_mb: peakRssMb(),
    node: process.version,
    more: {
      default_ratio_busy: ofBusy.ratio.median,
      default_ratio_busy_least: ofBusy.ratio.least,
      default_ratio_grid: ofGrid.ratio.median,
      default_ratio_grid_least: ofGrid.ratio.least,
      default_ratio_transports: ofTransports.ratio.median,
      default_ratio_transports_least: ofTransports.ratio.least,
      tracing_off_ratio: guards.median,
      tracing_off_ratio_least: guards.least,
      tracing_off_ratio_transports: ackedGuards.median,
      tracing_off_ratio_transports_least: ackedGuards.least,
      tracing_on_ratio_transports: traced.median,
      tracing_on_ratio_transports_least: traced.least,
      with_every_delivery_ratio: Number((deliveries.wall_s / wall).toFixed(2)),
    },
  };
}

export const recordingBench: Bench = {
  name: "recording",
  about:
    "run with over run without series and samples, on few links, on many and with acknowledged flows; tracing off over no tracing, on over off (small: short)",
  run: async (size) => {
    const folder = mkdtempSync(join(tmpdir(), "pathloom-recording-"));
    try {
      return await measured(size, folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
