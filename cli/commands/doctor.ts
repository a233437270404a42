/** `pathloom doctor`: is a scenario deterministic here? Two runs in two processes, compared event by event. */
import * as Effect from "effect/Effect";
import * as Command from "effect/cli/Command";
import { CheckFailed, reporting } from "../errors.ts";
import { jsonFlag, overridesOf, repeatCommand, scenarioArgument, seedAndPolicy } from "../flags.ts";
import { print, printJson } from "../output.ts";
import { formatVerdict } from "../verdict.ts";

const flags = { scenario: scenarioArgument, ...seedAndPolicy, json: jsonFlag };

const execute = Effect.fnUntraced(function* (input: Command.Command.Config.Infer<typeof flags>) {
  const { loadScenario } = yield* Effect.promise(() => import("../runner/load.ts"));
  const { examine } = yield* Effect.promise(() => import("../runner/doctor.ts"));
  const { scenario, policies } = yield* loadScenario(input.scenario, overridesOf(input));
  const repeat = repeatCommand("doctor", input.scenario, scenario.seed, input);
  const result = yield* examine({ scenario, policies, repeat });
  yield* input.json
    ? printJson(result)
    : print(formatVerdict(`two runs of ${scenario.name}, seed ${scenario.seed}`, result, ["first run", "second run"]));
  if (!result.identical) return yield* new CheckFailed();
});

export const doctorCommand = Command.make("doctor", flags, (input) => reporting(execute(input))).pipe(
  Command.withDescription("Run a scenario twice in two processes: identical, or the first event that differs"),
  Command.withExamples([
    {
      command: "pathloom doctor examples/03-jitter-and-loss.yaml",
      description: "Exit code 0 if both runs are identical, 1 if not",
    },
    {
      command: "pathloom doctor examples/02-failover.yaml --policy ./mine.ts",
      description: "Does my policy draw numbers it must not draw?",
    },
  ]),
);
