/** `pathloom replay`: runs a kept run again and compares bit for bit: place by place with its record, else from the start. */
import * as Effect from "effect/Effect";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import { buildInfo } from "../build-info.ts";
import { CheckFailed, reporting } from "../errors.ts";
import { jsonFlag } from "../flags.ts";
import { formatVerdict } from "../verdict.ts";
import { print, printJson } from "../output.ts";

const flags = {
  dir: Argument.String("dir").pipe(
    Argument.withDescription("Folder of a run: from run --out DIR or live --record DIR"),
  ),
  json: jsonFlag,
};

const execute = Effect.fnUntraced(function* ({ dir, json }: Command.Command.Config.Infer<typeof flags>) {
  const { readRunFolder } = yield* Effect.promise(() => import("../runner/run-folder.ts"));
  const { findPolicies } = yield* Effect.promise(() => import("../runner/kept-policies.ts"));
  const { replayRun } = yield* Effect.promise(() => import("../runner/replay-run.ts"));
  const run = yield* readRunFolder(dir);
  const { build, version } = buildInfo();
  if (run.manifest.build !== build) {
    yield* Effect.logWarning(
      `the run was made by another build (${run.manifest.pathloom}, ${run.manifest.build}); this is ${version}, ${build}`,
    );
  }
  const policies = yield* findPolicies(dir, run.manifest);
  const result = yield* replayRun(run, policies);
  yield* json ? printJson(result) : print(formatVerdict(`replay of ${dir}`, result, ["recorded", "replayed"]));
  if (!result.identical) return yield* new CheckFailed();
});

export const replayCommand = Command.make("replay", flags, (input) => reporting(execute(input))).pipe(
  Command.withDescription(
    "Run a kept run again and compare: with its record every output and final state, else the digest and every figure",
  ),
  Command.withExamples([
    { command: "pathloom run examples/02-failover.yaml --out runs/one", description: "First keep a run" },
    { command: "pathloom replay runs/one", description: "Then replay it: exit code 0 if identical, 1 if not" },
  ]),
);
