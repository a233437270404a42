/** Replays a recorded run that has been read and checked. */
import * as Effect from "effect/Effect";
import { assemble } from "../../actors/assemble.ts";
import type { Policy } from "../../actors/selectors/policy.ts";
import { replay, type ReplayResult } from "../../sim/replay.ts";
import type { InputError, RunError } from "../errors.ts";
import { errorOf } from "./pool.ts";
import type { RecordedRun } from "./run-folder.ts";
import { failureOf } from "./simulate.ts";

export function replayRun(
  { scenario, records, manifest }: RecordedRun,
  policies: readonly Policy[],
): Effect.Effect<ReplayResult, InputError | RunError> {
  return Effect.try({
    try: () => replay(assemble(scenario, { repeat: manifest.command, policies }), records),
    catch: (cause) => errorOf(failureOf(cause)),
  });
}
