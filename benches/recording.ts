/**
 * What it costs to write a run down: the same busy run with and without series and samples at the default level, interleaved, and
 * what the guards around tracing cost while nobody listens (against a bundle that has none).
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { build, type Plugin } from "esbuild";
import type { Scenario } from "../core/scenario.ts";
import { SECOND } from "../core/units.ts";
import { defaultRecording } from "../actors/series.ts";
import { busyScenario } from "../sim/test-worlds.ts";
import { type Bench, type BenchResult, median, peakRssMb } from "./bench.ts";
import { pairsOf } from "./grid.ts";
import { grid } from "./worlds.ts";

const ROOT = join(import.meta.dirname, "..");
const ROUNDS = { small: 1, large: 11 };
const SECONDS = { small: 2, large: 120 };
const GRID = { small: { side: 4, flows: 5, packets: 20 }, large: { side: 10, flows: 200, packets: 1_500 } };

/** Few links, all that can happen to a packet. */
function busy(seconds: number): Scenario {
  const scenario = busyScenario(1);
  const flows = scenario.flows.map((flow) => ({ ...flow, stop_ns: (seconds - 1) * SECOND }));
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

/** Runs a module in a worker and waits for its report, alone or as `{kind: "done", report}`. */
function inWorker(module: URL, workerData: unknown): Promise<Report> {
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

async function runOnce(scenario: Scenario, kept: Kept, folder: string): Promise<Report> {
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

/** Each round runs both, in turn first. */
async function compare(scenario: Scenario, rounds: number, folder: string): Promise<Compared> {
  const plain: Report[] = [];
  const walls: [number, number][] = [];
  for (let round = 0; round < rounds; round++) {
    const order: Kept[] = round % 2 === 0 ? ["nothing", "default"] : ["default", "nothing"];
    const reports = new Map<Kept, Report>();
    for (const kept of order) reports.set(kept, await runOnce(scenario, kept, folder));
    const [without, recorded] = [reports.get("nothing"), reports.get("default")] as [Report, Report];
    if (without.digest !== recorded.digest) throw new Error("recording: the run is another one when it is recorded");
    plain.push(without);
    walls.push([recorded.wall_s, without.wall_s]);
  }
  return { ratio: ratioOf(walls), plain };
}

const PROGRAM = `
import { parentPort, workerData } from "node:worker_threads";
import { assemble } from "./actors/assemble.ts";
import { Simulation } from "./sim/simulation.ts";
const world = Simulation.create(assemble(workerData, { repeat: "npm run bench -- recording" }));
const begin = process.hrtime.bigint();
world.run(workerData.duration_ns);
const wall_s = Number(process.hrtime.bigint() - begin) / 1e9;
parentPort.postMessage({ kind: "done", report: { wall_s, digest: world.digest(), events: world.events } });
`;

/** The simulator as a bundle; `guarded` false: as if nothing could ever be traced. */
async function bundle(guarded: boolean, folder: string): Promise<URL> {
  const withoutGuards: Plugin = {
    name: "without-guards",
    setup: ({ onLoad }) => {
      onLoad({ filter: /(actors|sim)[\\/].*\.ts$/ }, ({ path }) => {
        const text = readFileSync(path, "utf8").replaceAll(/if \((env|this\.world)\.tracing\)/g, "if (false)");
        return { contents: text, loader: "ts" };
      });
    },
  };
  const outfile = join(folder, guarded ? "guarded.mjs" : "bare.mjs");
  const stdin = { contents: PROGRAM, resolveDir: ROOT, loader: "ts" as const };
  const plugins = guarded ? [] : [withoutGuards];
  await build({ stdin, outfile, plugins, bundle: true, minifySyntax: true, format: "esm", platform: "node" });
  return pathToFileURL(outfile);
}

async function compareGuards(scenario: Scenario, rounds: number, folder: string): Promise<Ratio> {
  const [guarded, bare] = [await bundle(true, folder), await bundle(false, folder)];
  const walls: [number, number][] = [];
  for (let round = 0; round < rounds; round++) {
    const turned = round % 2 === 1;
    const first = await inWorker(turned ? bare : guarded, scenario);
    const second = await inWorker(turned ? guarded : bare, scenario);
    if (first.digest !== second.digest) throw new Error("recording: the run is another one without the guards");
    walls.push(turned ? [second.wall_s, first.wall_s] : [first.wall_s, second.wall_s]);
  }
  return ratioOf(walls);
}

async function measured(size: "small" | "large", folder: string): Promise<BenchResult> {
  const [narrow, broad] = [busy(SECONDS[size]), wide(GRID[size])];
  const cpu = process.cpuUsage();
  const begin = process.hrtime.bigint();
  const ofBusy = await compare(narrow, ROUNDS[size], folder);
  const ofGrid = await compare(broad, ROUNDS[size], folder);
  const guards = await compareGuards(narrow, ROUNDS[size], folder);
  const deliveries = await runOnce(narrow, "deliveries", folder);
  const { user, system } = process.cpuUsage(cpu);
  const [first] = ofBusy.plain as [Report];
  const wall = median(ofBusy.plain.map(({ wall_s }) => wall_s));
  return {
    name: "recording",
    rate: first.events / wall,
    unit: "events/s",
    hash: `${first.digest}-${(ofGrid.plain[0] as Report).digest}`,
    wall_s: Number(process.hrtime.bigint() - begin) / 1e9,
    cpu_s: (user + system) / 1e6,
    peak_rss_mb: peakRssMb(),
    node: process.version,
    more: {
      default_ratio_busy: ofBusy.ratio.median,
      default_ratio_busy_least: ofBusy.ratio.least,
      default_ratio_grid: ofGrid.ratio.median,
      default_ratio_grid_least: ofGrid.ratio.least,
      tracing_off_ratio: guards.median,
      tracing_off_ratio_least: guards.least,
      with_every_delivery_ratio: Number((deliveries.wall_s / wall).toFixed(2)),
    },
  };
}

export const recordingBench: Bench = {
  name: "recording",
  about:
    "run with over run without series and samples, on few links and on many; tracing off over no tracing (small: short)",
  run: async (size) => {
    const folder = mkdtempSync(join(tmpdir(), "pathloom-recording-"));
    try {
      return await measured(size, folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
