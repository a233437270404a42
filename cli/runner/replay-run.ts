/** Replays a recorded run that has been read and checked. */
import * as Effect from "effect/Effect";
import { results } from "../../actors/results.ts";
import { assemble } from "../../actors/assemble.ts";
import type { Assembly } from "../../actors/assembly.ts";
import type { Policy } from "../../actors/selectors/policy.ts";
import { createForwardingKeys, keysFromLog } from "../../core/forwarding-keys.ts";
import type { Scenario } from "../../core/scenario.ts";
import { shapingOf } from "../../actors/assemble/shape.ts";
import { replay, type ReplayResult } from "../../sim/replay.ts";
import { Simulation } from "../../sim/simulation.ts";
import type { InputError, RunError } from "../errors.ts";
import { errorOf } from "./pool.ts";
import type { RecordedRun } from "./run-folder.ts";
import { failureOf } from "./simulate.ts";

export function replayRun(
  { scenario, records, manifest, macs, secret, summary }: RecordedRun,
  policies: readonly Policy[],
): Effect.Effect<ReplayResult, InputError | RunError> {
  return Effect.try({
    try: () => {
      const known = macs === null ? null : keysFromLog(new Map(macs));
      const keys = known ?? (secret === null ? null : createForwardingKeys(secret, scenario.keys));
      const assembly = assemble(scenario, {
        repeat: manifest.command,
        policies,
        shaping: shapingOf(manifest.shape ?? "user", manifest.kernel?.links),
        ...(keys === null ? {} : { keys }),
      });
      if (records !== null) return replay(assembly, records);
      if (summary === null) throw new Error("a run without a record has a summary");
      return runAgain(assembly, scenario, summary);
    },
    catch: (cause) => errorOf(failureOf(cause)),
  });
}

/** Without a record there is the end to compare: the digest, the events, and every figure of the summary. */
function runAgain(assembly: Assembly, scenario: Scenario, kept: KeptEnd): ReplayResult {
  const world = Simulation.create(assembly);
  world.run(scenario.duration_ns);
  const digest: readonly [string, string] = [kept.digest, world.digest()];
  const difference = endDifference(world, kept) ?? summaryDifference(results(world, scenario), kept.results, "");
  const firstDifference = difference === null ? null : { time_ns: world.now, ...difference };
  return { identical: difference === null, digest, events: world.events, firstDifference };
}

type Difference = Omit<NonNullable<ReplayResult["firstDifference"]>, "time_ns">;

type KeptEnd = NonNullable<RecordedRun["summary"]>;

function endDifference(world: Simulation, { digest, events }: KeptEnd): Difference | null {
  const side = (ofDigest: string, ofEvents: number): string => `digest ${ofDigest} after ${ofEvents} events`;
  const [expected, found] = [side(digest, events), side(world.digest(), world.events)];
  return expected === found ? null : { actor: "(all)", expected, found };
}

/** The first figure that summary.json has otherwise, where it stands as `actor`. What else stands in that file is not looked at. */
function summaryDifference(found: unknown, kept: unknown, where: string): Difference | null {
  if (typeof found === "object" && found !== null && typeof kept === "object" && kept !== null) {
    const below = (key: string): string => (where === "" ? key : `${where}.${key}`);
    const fields = Object.entries(found).filter(([, value]) => value !== undefined);
    const missing = where === "" ? [] : Object.keys(kept).filter((key) => !(key in found));
    for (const [key, value] of [...fields, ...missing.map((key) => [key, undefined] as const)]) {
      const difference = summaryDifference(value, (kept as Record<string, unknown>)[key], below(key));
      if (difference !== null) return difference;
    }
    return null;
  }
  if (Object.is(found, kept) || (found === 0 && kept === 0)) return null;
  return { actor: `(summary.json ${where})`, expected: textOf(kept), found: textOf(found) };
}

function textOf(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
