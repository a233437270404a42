/** W1: packets over eleven links in a row; the rate of packet-hops with real actors, digest and checkers. */
import { DEFAULT_BEACON_POLICY } from "../core/beaconing/policy.ts";
import { assemble } from "../actors/assemble.ts";
import type { NodeContext } from "../actors/node.ts";
import { results } from "../actors/results.ts";
import type { Dispatch } from "../actors/world.ts";
import { MAC_CACHE_ENTRIES } from "../core/hop-mac.ts";
import type { Scenario } from "../core/scenario.ts";
import { Simulation } from "../sim/simulation.ts";
import { type Bench, type BenchResult, measure, peakRssMb } from "./bench.ts";
import { chain } from "./worlds.ts";

export interface RunOptions {
  readonly dispatch?: Dispatch;
  /** MACs that each router remembers; 0: every hop field's is computed. */
  readonly macCache?: number;
}

/** The chain and the grid have paths longer than beacons go by default; flows take the first, so that one of each origin will do. */
const LONG_BEACONS = { ...DEFAULT_BEACON_POLICY, maxHopsLength: 100, bestSetSize: 1, candidateSetSize: 1 };

export function runScenario(name: string, scenario: Scenario, options: RunOptions = {}): BenchResult {
  const { dispatch = "direct", macCache = MAC_CACHE_ENTRIES } = options;
  const assembly = assemble(scenario, { repeat: `npm run bench -- ${name}`, macCache, beaconPolicy: LONG_BEACONS });
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
    more: { packet_hops: hops, events: world.events, ...macCounts(world) },
  };
}

function macCounts(world: Simulation): { macs_remembered: number; macs_computed: number } {
  const nodes = world.allCells().filter(({ spec }) => spec.logic === "node");
  const sum = (of: "hits" | "misses"): number =>
    nodes.reduce((total, { state }) => total + ((state.context as NodeContext).macs?.[of] ?? 0), 0);
  return { macs_remembered: sum("hits"), macs_computed: sum("misses") };
}

export const chainBench: Bench = {
  name: "chain",
  about: "W1: 1,000,000 packets over 11 links in a row (small: 2,000)",
  run: (size) => runScenario("chain", chain(size === "large" ? 1_000_000 : 2_000)),
};

export const chainColdBench: Bench = {
  name: "chain-cold",
  about: "W1 where no router remembers a MAC: 300,000 packets (small: 2,000)",
  run: (size) => runScenario("chain-cold", chain(size === "large" ? 300_000 : 2_000), { macCache: 0 }),
};
