/** W1: packets over eleven links in a row; the rate of packet-hops with real actors, digest and checkers. */
import { assemble } from "../actors/assemble.ts";
import { results } from "../actors/results.ts";
import type { Dispatch } from "../actors/world.ts";
import type { Scenario } from "../core/scenario.ts";
import { Simulation } from "../sim/simulation.ts";
import { type Bench, type BenchResult, measure, peakRssMb } from "./bench.ts";
import { chain } from "./worlds.ts";

export function runScenario(name: string, scenario: Scenario, dispatch: Dispatch = "direct"): BenchResult {
  const assembly = assemble(scenario, { repeat: `npm run bench -- ${name}` });
  const world = Simulation.create(assembly, { dispatch });
  const { wall_s, cpu_s } = measure(() => world.run(scenario.duration_ns));
  const { links, totals } = results(world, scenario);
  const hops = links.reduce((sum, { packets }) => sum + packets, 0);
  if (totals.received !== totals.sent)
    throw new Error(`${name}: ${totals.sent} packets sent, ${totals.received} received; the workload has no drops`);
  return {
    name,
    rate: hops / wall_s,
    unit: "packet-hops/s",
    hash: world.digest(),
    wall_s,
    cpu_s,
    peak_rss_mb: peakRssMb(),
    node: process.version,
    more: { packet_hops: hops, events: world.events },
  };
}

export const chainBench: Bench = {
  name: "chain",
  about: "W1: 1,000,000 packets over 11 links in a row (small: 2,000)",
  run: (size) => runScenario("chain", chain(size === "large" ? 1_000_000 : 2_000)),
};
