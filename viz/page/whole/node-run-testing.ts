/** For tests of the whole page: the same scenario explored here in Node, without page, worker or messages. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assemble } from "../../../actors/assemble.ts";
import type { Fork } from "../../../core/exploration.ts";
import { Exploration } from "../../../sim/exploration/exploration.ts";
import { simSource } from "../../../sim/exploration/sim-source.ts";
import { Simulation } from "../../../sim/simulation.ts";
import { resolveScenario } from "../../../topologies/resolve.ts";
import { readFileFrom, readTopologyFrom } from "../scenario-files.ts";

export function exampleText(name: string): string {
  return readFileSync(join(import.meta.dirname, `../../../examples/${name}.yaml`), "utf8");
}

function assemblyOf(text: string, files: Readonly<Record<string, string>> = {}) {
  const resolved = resolveScenario(text, {
    file: "scenario.yaml",
    readFile: readFileFrom(files),
    readTopology: readTopologyFrom(files),
  });
  if (!resolved.ok) throw new Error(resolved.error.map(({ message }) => message).join("\n"));
  return { scenario: resolved.value, assembly: assemble(resolved.value, { repeat: "the test" }) };
}

/** Digest after the whole run, as `pathloom run` prints it. */
export function digestOf(text: string, files: Readonly<Record<string, string>>): string {
  const { scenario, assembly } = assemblyOf(text, files);
  const world = Simulation.create(assembly);
  world.run(scenario.duration_ns);
  return world.digest();
}

/** Known to its end. */
export function exploredInNode(text: string, fork: Fork | null = null): Exploration {
  const { scenario, assembly } = assemblyOf(text);
  const source = simSource(assembly, scenario.duration_ns);
  const run = new Exploration({ source, scenario, assembly, world: "sim", fork });
  while (run.work(() => false));
  return run;
}
