/**
 * Beaconing until it has converged, on generated networks of growing size and on an imported Internet of 2,327 ASes: what it costs to simulate, and what it costs an interface. Intervals are
 * the defaults (5 s); a run ends once no segment has changed for two of them.
 */
import { setFlagsFromString } from "node:v8";
import { assemble } from "../actors/assemble.ts";
import { type ControlPlaneResult, controlPlaneResult } from "../actors/control/results.ts";
import type { Network } from "../core/scenario.ts";
import { SECOND } from "../core/units.ts";
import { quietScenario } from "../sim/sim-connectors.ts";
import { Simulation } from "../sim/simulation.ts";
import { type Bench, measure, peakRssMb } from "./bench.ts";
import { generatedInternet, importedInternet } from "./networks.ts";

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

function converge(network: Network): Run {
  const ases = network.ases.length;
  const scenario = quietScenario(network, { discovery: "beaconing", duration_ns: LIMIT });
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

/** Figures of a run, their names ending in `name`. */
function figuresOf(run: Run, name: string): Record<string, number> {
  const each = perInterface(run);
  return {
    [`converged_s_${name}`]: (run.plane.converged_ms ?? 0) / 1_000,
    [`beacons_per_interface_${name}`]: each.beacons,
    [`bytes_per_interface_${name}`]: each.bytes,
  };
}

/**
 * The imported Internet, with its own times. Unless told to count array buffers with the rest, V8 collects all garbage for each 64 MB of them,
 * however much else there is.
 */
function importedFigures(): Record<string, number | string> {
  const network = importedInternet();
  if (network === null) return { imported: "no network to import" };
  setFlagsFromString("--external-memory-accounted-in-global-limit");
  const { value: run, wall_s, cpu_s } = measure(() => converge(network));
  return {
    ...figuresOf(run, "imported"),
    beacons_imported: run.plane.beacons_received,
    simulated_s_imported: run.seconds,
    wall_s_imported: wall_s,
    cpu_s_imported: cpu_s,
    peak_rss_mb_imported: peakRssMb(),
    hash_imported: run.digest,
  };
}

export const beaconingBench: Bench = {
  name: "beaconing",
  about: "beaconing to convergence on 100, 300, 1,000 and 2,327 ASes and on an imported Internet (small: 12 ASes)",
  run: (size) => {
    const { value: runs, wall_s, cpu_s } = measure(() => SIZES[size].map((ases) => converge(generatedInternet(ases))));
    const peak_rss_mb = peakRssMb();
    const beacons = runs.reduce((sum, { plane }) => sum + plane.beacons_received, 0);
    const more = Object.assign({}, ...runs.map((run) => figuresOf(run, String(run.ases))));
    return {
      name: "beaconing",
      rate: beacons / wall_s,
      unit: "beacons received/s",
      hash: runs.map(({ digest }) => digest).join("-"),
      wall_s,
      cpu_s,
      peak_rss_mb,
      node: process.version,
      more: size === "large" ? { ...more, ...importedFigures() } : more,
    };
  },
};
