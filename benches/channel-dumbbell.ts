/** W4: ten bulk flows over channels on one bottleneck, beside real Linux TCP. */
import { SECOND } from "../core/units.ts";
import { type DumbbellFigures, dumbbellFigures, LINUX, misses } from "../sim/scenarios/channel-dumbbell.ts";
import { combineDigests } from "../core/digest.ts";
import { type Bench, type BenchResult, measure, median, peakRssMb } from "./bench.ts";

/** Least fairness index over 50 s. */
const FAIR = 0.98;

interface Run {
  readonly figures: DumbbellFigures;
  readonly digest: string;
  readonly packets: number;
  readonly wall_s: number;
  readonly cpu_s: number;
}

function runOne(linux: (typeof LINUX)[number], seed: number, seconds: number): Run {
  const from = (seconds / 6) * SECOND;
  const { controller, queue } = linux;
  const work = () => dumbbellFigures({ controller, queue, flows: 10, seed, from, until: seconds * SECOND });
  const { value, wall_s, cpu_s } = measure(work);
  const { simulation, sent, ...figures } = value;
  return { figures, digest: simulation.digest(), packets: sent, wall_s, cpu_s };
}

/** Every figure's median. */
function medians(runs: readonly Run[]): DumbbellFigures {
  const of = (name: keyof DumbbellFigures): number => median(runs.map(({ figures }) => figures[name]));
  return { utilisation: of("utilisation"), loss: of("loss"), jain: of("jain"), meanQueue: of("meanQueue") };
}

function inWords({ utilisation, loss, jain, meanQueue }: Omit<DumbbellFigures, "jain"> & { jain?: number }): string {
  const fairness = jain === undefined ? "" : ` Jain ${jain.toFixed(4)}`;
  return `utilisation ${utilisation.toFixed(4)} loss ${loss.toFixed(4)}${fairness} queue ${meanQueue.toFixed(1)}`;
}

/** `strict`: figures that are not as Linux has them are an error. */
function run(cases: typeof LINUX, seeds: number, seconds: number, strict: boolean): BenchResult {
  const more: Record<string, string | number> = {};
  const all: Run[] = [];
  for (const linux of cases) {
    const runs = Array.from({ length: seeds }, (_, seed) => runOne(linux, seed + 1, seconds));
    const found = medians(runs);
    const name = `${linux.controller}_${linux.queue}`;
    const missed = misses(found, linux, FAIR);
    if (strict && missed.length > 0) throw new Error(`channel-dumbbell: ${name} is not as Linux: ${missed.join(", ")}`);
    more[name] = `${inWords(found)} (Linux ${inWords(linux)});`;
    all.push(...runs);
  }
  const total = (of: (one: Run) => number): number => all.reduce((sum, one) => sum + of(one), 0);
  const each = all.map(({ digest }, n): [string, string] => [String(n).padStart(3, "0"), digest]);
  const wall_s = total((one) => one.wall_s);
  return {
    name: "channel-dumbbell",
    rate: total(({ packets }) => packets) / wall_s,
    unit: "channel packets/s",
    hash: combineDigests(each),
    wall_s,
    cpu_s: total((one) => one.cpu_s),
    peak_rss_mb: peakRssMb(),
    node: process.version,
    more: { runs: all.length, run_s: median(all.map(({ cpu_s }) => cpu_s)).toFixed(2), ...more },
  };
}

export const channelDumbbellBench: Bench = {
  name: "channel-dumbbell",
  about: "W4: ten bulk flows over channels on one bottleneck, 60 s, four cases of ten seeds (small: 2 s, one seed)",
  run: (size) => (size === "large" ? run(LINUX, 10, 60, true) : run(LINUX.slice(0, 1) as never, 1, 2, false)),
};

export const channelDumbbellOneBench: Bench = {
  name: "channel-dumbbell-one",
  about: "one run of it: ten NewReno flows, queue of 100, 60 s (small: 2 s)",
  run: (size) => ({
    ...run(LINUX.slice(0, 1) as never, 1, size === "large" ? 60 : 2, false),
    name: "channel-dumbbell-one",
  }),
};
