/**
 * What it costs to write a run down: the same busy run with and without series and samples at the default level, interleaved, and
 * what the guards around tracing cost while nobody listens (against a bundle that has none).
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import type { Scenario } from "../core/scenario.ts";
import { SECOND } from "../core/units.ts";
import { Beat, type RunFiles, type SimulationJob, type SimulationReport } from "../cli/runner/job.ts";
import { recordingLevel } from "../cli/runner/recording.ts";
import { simulate } from "../cli/runner/simulate.ts";
import { busyScenario } from "../sim/test-worlds.ts";
import { type Bench, type BenchResult, median, peakRssMb } from "./bench.ts";
import { pairsOf } from "./grid.ts";
import { grid } from "./worlds.ts";

const ROOT = join(import.meta.dirname, "..");
const ROUNDS = { small: 1, large: 15 };
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

type Kept = "nothing" | "default" | "deliveries";

async function runOnce(scenario: Scenario, kept: Kept, folder: string): Promise<SimulationReport> {
  const files: RunFiles | null =
    kept === "nothing"
      ? null
      : {
          folder: mkdtempSync(join(folder, "run-")),
          header: { world: "sim", scenario: scenario.name, build: "bench", seed: scenario.seed },
          everyDelivery: kept === "deliveries",
          level: recordingLevel(scenario, {}),
        };
  const job: SimulationJob = { scenario, repeat: "npm run bench -- recording", policies: [], files, trace: "none" };
  return new Promise((resolve, reject) => {
    void simulate(job, new Int32Array(Beat.words), (message) => {
      if (message.kind === "done") resolve(message.report);
      if (message.kind === "failed") reject(new Error(message.failure.message));
    }).finally(() => {
      if (files !== null) rmSync(files.folder, { recursive: true });
    });
  });
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
  readonly plain: readonly SimulationReport[];
}

/** Each round runs both, in turn first. */
async function compare(scenario: Scenario, rounds: number, folder: string): Promise<Compared> {
  const plain: SimulationReport[] = [];
  const walls: [number, number][] = [];
  for (let round = 0; round < rounds; round++) {
    const order: Kept[] = round % 2 === 0 ? ["nothing", "default"] : ["default", "nothing"];
    const reports = new Map<Kept, SimulationReport>();
    for (const kept of order) reports.set(kept, await runOnce(scenario, kept, folder));
    const [without, recorded] = [reports.get("nothing"), reports.get("default")] as [
      SimulationReport,
      SimulationReport,
    ];
    if (without.digest !== recorded.digest) throw new Error("recording: the run is another one when it is recorded");
    plain.push(without);
    walls.push([recorded.wall_s, without.wall_s]);
  }
  return { ratio: ratioOf(walls), plain };
}

const PROGRAM = `
import { assemble } from "./actors/assemble.ts";
import { Simulation } from "./sim/simulation.ts";
export function run(scenario) {
  const world = Simulation.create(assemble(scenario, { repeat: "npm run bench -- recording" }));
  const begin = process.hrtime.bigint();
  world.run(scenario.duration_ns);
  return { wall_s: Number(process.hrtime.bigint() - begin) / 1e9, digest: world.digest() };
}
`;

type Program = (scenario: Scenario) => { readonly wall_s: number; readonly digest: string };

/** The simulator as a bundle; `guarded` false: as if nothing could ever be traced. */
async function bundle(guarded: boolean, folder: string): Promise<Program> {
  const withoutGuards: Plugin = {
    name: "without-guards",
    setup: ({ onLoad }) => {
      onLoad({ filter: /(actors|sim)\/.*\.ts$/ }, ({ path }) => {
        const text = readFileSync(path, "utf8").replaceAll(/if \((env|this\.world)\.tracing\)/g, "if (false)");
        return { contents: text, loader: "ts" };
      });
    },
  };
  const outfile = join(folder, guarded ? "guarded.mjs" : "bare.mjs");
  const stdin = { contents: PROGRAM, resolveDir: ROOT, loader: "ts" as const };
  const plugins = guarded ? [] : [withoutGuards];
  await build({ stdin, outfile, plugins, bundle: true, minifySyntax: true, format: "esm", platform: "node" });
  const { run } = (await import(pathToFileURL(outfile).href)) as { run: Program };
  return run;
}

async function compareGuards(scenario: Scenario, rounds: number, folder: string): Promise<Ratio> {
  const [guarded, bare] = [await bundle(true, folder), await bundle(false, folder)];
  const walls: [number, number][] = [];
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? [guarded, bare] : [bare, guarded];
    const runs = new Map(order.map((program) => [program, program(scenario)]));
    const [first, second] = [runs.get(guarded), runs.get(bare)] as [ReturnType<Program>, ReturnType<Program>];
    if (first.digest !== second.digest) throw new Error("recording: the run is another one without the guards");
    walls.push([first.wall_s, second.wall_s]);
  }
  return ratioOf(walls);
}

async function measured(size: "small" | "large", folder: string): Promise<BenchResult> {
  const [narrow, broad] = [busy(SECONDS[size]), wide(GRID[size])];
  for (const kept of ["nothing", "default"] as const) await runOnce(busy(SECONDS.small), kept, folder);
  const cpu = process.cpuUsage();
  const begin = process.hrtime.bigint();
  const ofBusy = await compare(narrow, ROUNDS[size], folder);
  const ofGrid = await compare(broad, ROUNDS[size], folder);
  const guards = await compareGuards(narrow, ROUNDS[size], folder);
  const deliveries = await runOnce(narrow, "deliveries", folder);
  const { user, system } = process.cpuUsage(cpu);
  const [first] = ofBusy.plain as [SimulationReport];
  const wall = median(ofBusy.plain.map(({ wall_s }) => wall_s));
  return {
    name: "recording",
    rate: first.events / wall,
    unit: "events/s",
    hash: `${first.digest}-${(ofGrid.plain[0] as SimulationReport).digest}`,
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
