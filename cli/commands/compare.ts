/** `pathloom compare`: path policies against each other on one scenario, with the same seeds for all. */
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import { comparisonFlags } from "../compare-flags.ts";
import { type CommandError, reporting, RunError } from "../errors.ts";
import { forceFlag, jsonFlag, scenarioArgument } from "../flags.ts";
import { print, printJson } from "../output.ts";
import type { CompareInput } from "../runner/compare-scenario.ts";

const flags = {
  scenario: scenarioArgument,
  ...comparisonFlags,
  out: Flag.String("out").pipe(
    Flag.withMetavar("dir"),
    Flag.withDescription("Keep everything in this folder: report.html, summary.json, tables (CSV), scenario, manifest"),
    Flag.optional,
  ),
  force: forceFlag,
  json: jsonFlag,
};

type CompareCommandInput = Command.Command.Config.Infer<typeof flags>;

const execute = ({ scenario, out, force, json, ...rest }: CompareCommandInput): Effect.Effect<void, CommandError> =>
  compareAndPrint({ file: scenario, flags: rest, out: Option.getOrNull(out), force }, json);

/** Prints the tables, or with `json` everything as one object. */
export const compareAndPrint = Effect.fnUntraced(function* (input: CompareInput, json: boolean) {
  const { compareScenario } = yield* Effect.promise(() => import("../runner/compare-scenario.ts"));
  const { comparison, early, wall_s } = yield* compareScenario(input);
  if (early) process.exitCode = 130;
  if (comparison === null) {
    return yield* new RunError({ message: "ended before the first replication was complete; nothing is kept" });
  }
  const { formatComparison } = yield* Effect.promise(() => import("../compare-table.ts"));
  yield* json ? printJson(comparison) : print(formatComparison(comparison));
  const { formatEnd } = yield* Effect.promise(() => import("../compare-end.ts"));
  for (const line of formatEnd(comparison, { out: input.out, wall_s, workers: input.flags.workers })) {
    yield* Effect.logInfo(line);
  }
});

/** Not to be interrupted from outside: Ctrl-C ends the runs, and what is complete is still told. */
export function whole<E extends CommandError>(body: Effect.Effect<void, E>): Effect.Effect<void, E | RunError> {
  return Effect.uninterruptible(reporting(body));
}

export const compareCommand = Command.make("compare", flags, (input) => whole(execute(input))).pipe(
  Command.withDescription("Compare path policies on a scenario: the same seeds for all, 95 % intervals, a report"),
  Command.withExamples([
    {
      command: "pathloom compare examples/18-compare-two-isds.yaml --out runs/compared",
      description: "What the scenario's compare block says, with the report in a folder",
    },
    {
      command: "pathloom compare examples/02-failover.yaml --policies shortest,pinned:path=1,./mine.ts --adoption all",
      description: "A policy of your own against two that ship",
    },
    {
      command: "pathloom compare examples/18-compare-two-isds.yaml --precision 5%",
      description: "Repeat until the intervals are narrow enough",
    },
  ]),
);
