/** Replays a recorded run that has been read and checked. */
import * as Effect from "effect/Effect";
import { assemble } from "../../actors/assemble.ts";
import type { Assembly } from "../../actors/assembly.ts";
import type { Policy } from "../../actors/selectors/policy.ts";
import type { Scenario } from "../../core/scenario.ts";
import { replay, type ReplayResult } from "../../sim/replay.ts";
import { Simulation } from "../../sim/simulation.ts";
import type { InputError, RunError } from "../errors.ts";
import { errorOf } from "./pool.ts";
import type { RecordedRun } from "./run-folder.ts";
import { failureOf } from "./simulate.ts";

export function replayRun(
  { scenario, records, manifest, summary }: RecordedRun,
  policies: readonly Policy[],
): Effect.Effect<ReplayResult, InputError | RunError> {
  return Effect.try({
    try: () => {
      const assembly = assemble(scenario, { repeat: manifest.command, policies });
      return records === null ? runAgain(assembly, scenario, summary) : replay(assembly, records);
    },
    catch: (cause) => errorOf(failureOf(cause)),
  });
}

/** Without a record there is only the end to compare. */
function runAgain(assembly: Assembly, scenario: Scenario, { digest, events }: RecordedRun["summary"]): ReplayResult {
  const world = Simulation.create(assembly);
  world.run(scenario.duration_ns);
  const found = world.digest();
  const identical = found === digest && world.events === events;
  const side = (ofDigest: string, ofEvents: number): string => `digest ${ofDigest} after ${ofEvents} events`;
  const firstDifference = identical
    ? null
    : { time_ns: world.now, actor: "(all)", expected: side(digest, events), found: side(found, world.events) };
  return { identical, digest: [digest, found], events: world.events, firstDifference };
}
