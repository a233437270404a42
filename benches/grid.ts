/** W3: 200 flows over a grid of routers; how the cost of a hop grows with the number of nodes. */
import { RandomStream } from "../core/rng.ts";
import { type Bench, type BenchResult, median, peakRssMb } from "./bench.ts";
import { runScenario } from "./chain.ts";
import { grid } from "./worlds.ts";

const HOPS = { small: 20_000, large: 2_000_000 };
const FLOWS = { small: 20, large: 200 };

/** Random pairs of different nodes, and the sum of their distances. */
export function pairsOf(g: number, flows: number): { pairs: [number, number][]; distance: number } {
  const random = new RandomStream(1, `grid-${g}`, "pairs");
  const pairs: [number, number][] = [];
  let distance = 0;
  while (pairs.length < flows) {
    const [from, to] = [random.below(g * g), random.below(g * g)];
    if (from === to) continue;
    pairs.push([from, to]);
    distance += Math.abs((from % g) - (to % g)) + Math.abs(Math.floor(from / g) - Math.floor(to / g));
  }
  return { pairs, distance };
}

function runGrid(g: number, size: "small" | "large"): BenchResult {
  const { pairs, distance } = pairsOf(g, FLOWS[size]);
  return runScenario(`grid-${g}`, grid(g, pairs, Math.round(HOPS[size] / distance)));
}

const SIDES = [10, 20, 32] as const;
/** Rounds over the three sizes, one after the other, so that a slow moment of the machine meets all of them. */
const ROUNDS = 5;

export const gridBench: Bench = {
  name: "grid",
  about: "W3: 200 flows over 10x10, 20x20 and 32x32 routers, medians of five interleaved rounds (small: 20 flows)",
  run: (size) => {
    for (const side of SIDES) runGrid(side, "small");
    const rounds = Array.from({ length: ROUNDS }, () => SIDES.map((side) => runGrid(side, size)));
    const all = rounds.flat();
    const [of10, of20, of32] = SIDES.map((_, index) =>
      median(rounds.map((round) => (round[index] as BenchResult).rate)),
    ) as [number, number, number];
    const growth = median(rounds.map(([first, , third]) => (first as BenchResult).rate / (third as BenchResult).rate));
    return {
      ...(all[0] as BenchResult),
      name: "grid",
      rate: of32,
      hash: [...new Set(all.map(({ hash }) => hash))].join("-"),
      wall_s: all.reduce((sum, { wall_s }) => sum + wall_s, 0),
      cpu_s: all.reduce((sum, { cpu_s }) => sum + cpu_s, 0),
      peak_rss_mb: peakRssMb(),
      more: {
        rate_10x10: Math.round(of10),
        rate_20x20: Math.round(of20),
        rate_32x32: Math.round(of32),
        growth_100_to_1024: Number(growth.toFixed(3)),
      },
    };
  },
};
