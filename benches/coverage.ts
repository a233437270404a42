/**
 * How often intervals of 95 % cover the truth: on normal data, where Student's t promises it, on skewed data, where it does not, and where a
 * comparison stops as soon as its intervals are narrow enough. docs/validation.md prints the table.
 */
import { hashText, hexWord } from "../core/digest.ts";
import { exp, log } from "../core/math.ts";
import { normalQuantile } from "../core/normal.ts";
import { RandomStream } from "../core/rng.ts";
import { meanInterval, quantileInterval } from "../sim/experiment/statistics.ts";
import { relativeHalfWidth, STOPPING_DEFAULTS } from "../sim/experiment/stopping.ts";
import { type Bench, measure, peakRssMb } from "./bench.ts";

/** Half of the distance between two draws: off 0, where the normal quantile has no value. */
const HALF_STEP = 1.1641532182693481e-10;

interface Source {
  readonly name: string;
  readonly mean: number;
  readonly median: number;
  draw(random: RandomStream): number;
}

const normal = (random: RandomStream): number => normalQuantile(random.uniform() + HALF_STEP);

const SOURCES: readonly Source[] = [
  { name: "normal", mean: 0, median: 0, draw: normal },
  { name: "exponential", mean: 1, median: log(2), draw: (random) => random.exponential(1) },
  { name: "lognormal, sigma 1", mean: exp(0.5), median: 1, draw: (random) => exp(normal(random)) },
];
const SIZES = [5, 10, 20, 30];
const PRECISION = 0.05;
/** Standard deviation over the mean. */
const VARIATIONS = [0.05, 0.1, 0.2];

/** Intervals a cell of the table; half as many comparisons that stop by themselves. */
const TRIALS = { small: 200, large: 5_000 };

function covers(interval: readonly [number, number] | null, truth: number): number {
  return interval !== null && interval[0] <= truth && truth <= interval[1] ? 1 : 0;
}

function percent(count: number, trials: number): string {
  return `${((100 * count) / trials).toFixed(1)} %`;
}

function coverageRow(source: Source, n: number, trials: number): string {
  const random = new RandomStream(1, "coverage", `${source.name} ${n}`);
  let [ofMean, ofMedian] = [0, 0];
  for (let trial = 0; trial < trials; trial++) {
    const values = Array.from({ length: n }, () => source.draw(random));
    ofMean += covers(meanInterval(values), source.mean);
    ofMedian += covers(quantileInterval(values, 0.5)?.interval ?? null, source.median);
  }
  const median =
    quantileInterval(
      Array.from({ length: n }, () => 0),
      0.5,
    ) === null
      ? "none"
      : percent(ofMedian, trials);
  return `| ${source.name} | ${n} | ${percent(ofMean, trials)} | ${median} |`;
}

/** A single mean that varies so much, until its half-width is 5 %. */
function stoppedRow(variation: number, trials: number): string {
  const random = new RandomStream(1, "coverage", `stopped ${variation}`);
  const { minimum, limit } = STOPPING_DEFAULTS;
  let [covered, used] = [0, 0];
  for (let trial = 0; trial < trials; trial++) {
    const values: number[] = [];
    do values.push(1 + variation * normal(random));
    while (
      values.length < limit &&
      !(values.length >= minimum && (relativeHalfWidth(values, "mean") ?? 1) <= PRECISION)
    );
    covered += covers(meanInterval(values), 1);
    used += values.length;
  }
  return `| normal, deviation ${variation * 100} % of the mean | ${(used / trials).toFixed(1)} | ${percent(covered, trials)} |`;
}

/** Lines of the table as docs/validation.md has them. */
export function coverageTable(size: keyof typeof TRIALS): string[] {
  const trials = TRIALS[size];
  return [
    "| replications drawn from | n | mean, Student's t | median, order statistics |",
    "|---|---|---|---|",
    ...SOURCES.flatMap((source) => SIZES.map((n) => coverageRow(source, n, trials))),
    "",
    "| until the half-width is 5 % | replications, mean | mean, Student's t |",
    "|---|---|---|",
    ...VARIATIONS.map((variation) => stoppedRow(variation, trials / 2)),
  ];
}

export const coverageBench: Bench = {
  name: "coverage",
  about: "how often intervals of 95 % cover the truth, on normal and skewed data (prints a table)",
  run: (size) => {
    const { value: lines, wall_s, cpu_s } = measure(() => coverageTable(size));
    if (size === "large") console.log(lines.join("\n"));
    const intervals = TRIALS[size] * (SOURCES.length * SIZES.length * 2 + VARIATIONS.length / 2);
    const [low, high] = hashText(lines.join("\n"));
    return {
      name: "coverage",
      rate: intervals / wall_s,
      unit: "intervals/s",
      hash: hexWord(high) + hexWord(low),
      wall_s,
      cpu_s,
      peak_rss_mb: peakRssMb(),
      node: process.versions.node,
    };
  },
};
