/** What an idle actor costs: time to make and memory to keep nodes and links. */
import { assemble } from "../actors/assemble.ts";
import { Simulation } from "../sim/simulation.ts";
import { type Bench, measure, peakRssMb } from "./bench.ts";
import { grid } from "./worlds.ts";

/** Side of the grid: g*g nodes and 4*g*(g-1) directed links; 142 makes about 100,000 actors. */
const SIDE = { small: 12, large: 142 };

function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
}

export const actorsBench: Bench = {
  name: "actors",
  about: "about 100,000 idle nodes and links: time to make them, bytes each (small: 672; run node with --expose-gc)",
  run: (size) => {
    const assembly = assemble(grid(SIDE[size], [], 1), { repeat: "npm run bench -- actors" });
    const before = heapUsed();
    const { value: world, wall_s, cpu_s } = measure(() => Simulation.create(assembly));
    const bytes = heapUsed() - before;
    const count = assembly.actors.length;
    return {
      name: "actors",
      rate: count / wall_s,
      unit: "actors/s",
      hash: world.digest(),
      wall_s,
      cpu_s,
      peak_rss_mb: peakRssMb(),
      node: process.version,
      more: { actors: count, bytes_an_actor: Math.round(bytes / count) },
    };
  },
};
