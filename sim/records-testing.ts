/** For tests: simulations that are recorded, and their records as a replay reads them. */
import type { Assembly } from "../actors/assembly.ts";
import { Recorder } from "../actors/record.ts";
import type { World } from "../actors/world.ts";
import type { Nanos } from "../core/units.ts";
import { parseRecord, type PlaceRecord } from "./replay.ts";
import { Simulation, type SimulationOptions } from "./simulation.ts";

/** What a world of this assembly is given to record it. */
export interface Recording {
  /** Of each place. */
  readonly lines: string[][];
  readonly observe: (world: World) => Recorder;
  /** Writes each record's end. */
  end(): void;
}

export function recordingOf(assembly: Assembly): Recording {
  const lines: string[][] = assembly.places.map(() => []);
  const header = { world: "sim", scenario: "test", build: "test", seed: assembly.seed } as const;
  const recorders: Recorder[] = [];
  const observe = (world: World): Recorder => {
    const recorder = new Recorder(world, header, (place, line) => void lines[place]?.push(line));
    recorders.push(recorder);
    return recorder;
  };
  return { lines, observe, end: () => recorders.forEach((recorder) => recorder.end()) };
}

/** A simulation that was recorded until then. */
export function recordedRun(
  assembly: Assembly,
  until: Nanos,
  options: SimulationOptions = {},
): { readonly world: Simulation; readonly lines: string[][] } {
  const { lines, observe, end } = recordingOf(assembly);
  const world = Simulation.create(assembly, { ...options, observe });
  world.run(until);
  end();
  return { world, lines };
}

/** @throws where a record cannot be read */
export function recordsOf(lines: readonly (readonly string[])[]): PlaceRecord[] {
  return lines.map((of) => {
    const found = parseRecord(of);
    if (!found.ok) throw new Error(found.error);
    return found.value;
  });
}
