/**
 * Beaconing until it has converged, on generated networks of growing size: what it costs to simulate, and what it costs an interface. Intervals are
 * the defaults (5 s); a run ends once no segment has changed for two of them.
 */
import { assemble } from "../actors/assemble.ts";
import { type ControlPlaneResult, controlPlaneResult } from "../actors/control/results.ts";
import { SECOND } from "../core/units.ts";
import { quietScenario } from "../sim/sim-connectors.ts";
import { Simulation } from "../sim/simulation.ts";
import { buildPreset } from "../topologies/presets.ts";
import { type Bench, measure, peakRssMb } from "./bench.ts";

const SIZES = { small: [12], large: [100, 300, 1_000, 2_327] };
const INTERVAL = 5 * SECOND;
/** Longest run: far more than the twelve hops that a beacon may take. */
const LIMIT = 40 * INTERVAL;

interface Run {
  readonly ases: number;
  readonly plane: ControlPlaneResult;
  readonly digest: string;
  readonly seconds: number;
}

function converge(ases: number): Run {
  const built = buildPreset("internet", { ases });
  if (!built.ok) throw new Error(`no network of ${ases} ASes`);
  const scenario = quietScenario(built.value, { discovery: "beaconing", duration_ns: LIMIT });
  const world = Simulation.create(assemble(scenario, { repeat: "npm run bench -- beaconing" }));
  for (let until = 3 * INTERVAL; until <= LIMIT; until += INTERVAL) {
    world.run(until);
    const plane = controlPlaneResult(world).control_plane;
    if (plane !== undefined && plane.converged_ms !== null)
      return { ases, plane, digest: world.digest(), seconds: until / SECOND };
  }
  throw new Error(`beaconing between ${ases} ASes has not converged within ${LIMIT / SECOND} s`);
}

/** Beacons and bytes that an interface over which beacons go sends in an interval, at the mean. */
function perInterface({ plane, seconds }: Run): { beacons: number; bytes: number } {
  const intervals = (seconds * SECOND) / INTERVAL;
  const share = (of: "beacons" | "bytes"): number =>
    plane.interfaces.reduce((sum, one) => sum + one[of], 0) / plane.interfaces.length / intervals;
  return { beacons: Number(share("beacons").toFixed(2)), bytes: Math.round(share("bytes")) };
}

export const beaconingBench: Bench = {
  name: "beaconing",
  about: "beaconing to convergence on 100, 300, 1,000 and 2,327 ASes; beacons and bytes per interface (small: 12 ASes)",
  run: (size) => {
    const { value: runs, wall_s, cpu_s } = measure(() => SIZES[size].map(converge));
    const beacons = runs.reduce((sum, { plane }) => sum + plane.beacons_received, 0);
    const more = runs.flatMap((run): [string, number][] => {
      const each = perInterface(run);
      return [
        [`converged_s_${run.ases}`, (run.plane.converged_ms ?? 0) / 1_000],
        [`beacons_per_interface_${run.ases}`, each.beacons],
        [`bytes_per_interface_${run.ases}`, each.bytes],
      ];
    });
    return {
      name: "beaconing",
      rate: beacons / wall_s,
      unit: "beacons received/s",
      hash: runs.map(({ digest }) => digest).join("-"),
      wall_s,
      cpu_s,
      peak_rss_mb: peakRssMb(),
      node: process.version,
      more: Object.fromEntries(more),
    };
  },
};
