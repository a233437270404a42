/** For tests: examples and scenarios as they are explored, with what views need beside them. */
import { assemble } from "../../actors/assemble.ts";
import { err } from "../../core/result.ts";
import type { Scenario } from "../../core/scenario.ts";
import { resolveScenario, type ResolveOptions } from "../../topologies/resolve.ts";
import type { Standing } from "./actor-view.ts";
import { Checkpoints } from "./checkpoints.ts";
import { Coverage } from "./coverage.ts";
import { Cursor } from "./cursor.ts";
import { EventColumns } from "./event-columns.ts";
import { outlineOf } from "./outline.ts";
import { Scout } from "./scout.ts";
import { simSource } from "./sim-source.ts";
import { SwitchWatch } from "./switches.ts";

/** Two ways for one flow; the core link of the one in use fails. */
export const FAILING = `
name: two-isds with a failing link
topology: two-isds
seed: 3
duration: 6s
revocation: 2s
policy: lowest-latency
flows:
  - {id: video, app: constant-rate, from: "1-ff00:0:111,10.0.0.1", to: "2-ff00:0:211,10.0.0.2", rate: 1Mbit/s, packet_size: 1000B, stop: 5500ms}
  - {id: ping, app: ping, from: "1-ff00:0:111,10.0.0.1", to: "2-ff00:0:211,10.0.0.2", interval: 100ms, packet_size: 200B, stop: 5500ms}
faults:
  - {at: 2s, for: 1s, event: down, link: "1-ff00:0:110#3"}
`;

/**
 * `readFile`: files that the scenario names; default: there are none.
 * @throws Error with everything that is wrong
 */
export function scenarioFrom(
  text: string,
  readFile: ResolveOptions["readFile"] = (path) => err(`${path}: no such file`),
): Scenario {
  const resolved = resolveScenario(text, { file: "x.yaml", readFile });
  if (resolved.ok) return resolved.value;
  throw new Error(resolved.error.map(({ message }) => message).join("\n"));
}

/** A run whose scout has gone ahead. */
export interface Explored {
  readonly scenario: Scenario;
  readonly scout: Scout;
  readonly cursor: Cursor;
  /** Of the scout. */
  readonly coverage: Coverage;
  /** What stands where the cursor does. */
  standing(): Standing;
}

/** `mostEvents`: those the scout goes ahead. */
export function explore(scenario: Scenario, mostEvents = Number.POSITIVE_INFINITY, spacing?: number): Explored {
  const assembly = assemble(scenario, { repeat: "the test" });
  const source = simSource(assembly, scenario.duration_ns);
  const columns = new EventColumns();
  const checkpoints = new Checkpoints(spacing === undefined ? {} : { spacing });
  const [coverage, switches, own] = [new Coverage(), new SwitchWatch(), new Coverage()];
  const scout = new Scout(source, { columns, checkpoints, collectors: [switches], followers: [coverage] });
  while (scout.events < mostEvents && scout.advance(Math.min(10_000, mostEvents - scout.events)));
  const cursor = new Cursor(source, checkpoints, [own]);
  const outline = outlineOf(scenario, assembly, { source: "sim", world: "sim" });
  const rest = { outline, switches, recent: () => [] };
  return {
    scenario,
    scout,
    cursor,
    coverage,
    standing: () => ({ ...rest, steppable: cursor.steppable, coverage: own }),
  };
}
