/** For tests: runs a scenario through an export, as `pathloom export` does. */
import { assemble } from "../../actors/assemble.ts";
import type { World } from "../../actors/world.ts";
import type { Scenario } from "../../core/scenario.ts";
import { simSource } from "../exploration/sim-source.ts";
import type { Exporter, ExportFilter, WritePiece } from "./exporter.ts";

export interface Exported {
  readonly files: ReadonlyMap<string, string>;
  readonly world: World;
}

export function allOf({ duration_ns }: Scenario): ExportFilter {
  return { flows: null, from: 0, to: duration_ns };
}

export function exportOf(
  scenario: Scenario,
  create: (scenario: Scenario, filter: ExportFilter, write: WritePiece) => Exporter,
  filter: Partial<ExportFilter> = {},
): Exported {
  const pieces = new Map<string, string[]>();
  const exporter = create(scenario, { ...allOf(scenario), ...filter }, (file, piece) => {
    const found = pieces.get(file);
    if (found === undefined) pieces.set(file, [piece]);
    else found.push(piece);
  });
  const { trace, observe } = exporter;
  const source = simSource(assemble(scenario, { repeat: "test" }), scenario.duration_ns);
  const steps = source.begin({ trace, ...(observe === undefined ? {} : { observe }) });
  while (steps.step(scenario.duration_ns));
  steps.settle(scenario.duration_ns);
  exporter.end(steps.now);
  const files = new Map([...pieces].map(([name, parts]): [string, string] => [name, parts.join("")]));
  return { files, world: steps.world };
}
