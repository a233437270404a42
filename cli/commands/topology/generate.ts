/** `pathloom topology generate`: makes a network and writes it down as a topology file. */
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import { reporting } from "../../errors.ts";
import { wholeNumber } from "../../flags.ts";
import { refuseExisting, targetFlags, writeNetwork } from "./write-network.ts";

const flags = {
  name: Argument.String("name").pipe(
    Argument.withDescription("Generator or preset (internet, barabasi-albert, waxman, tree, two-isds, ...)"),
  ),
  param: Flag.KeyValuePair("param").pipe(
    Flag.withDescription("A parameter of the generator; may be given several times"),
    Flag.withDefault({} as Record<string, string>),
  ),
  seed: wholeNumber("seed", 0, Number.MAX_SAFE_INTEGER).pipe(
    Flag.withDescription("Seed of the random draws (default 1)"),
    Flag.optional,
  ),
  ...targetFlags,
};

const execute = Effect.fnUntraced(function* ({
  name,
  param,
  seed,
  ...target
}: Command.Command.Config.Infer<typeof flags>) {
  yield* refuseExisting(target);
  const { presetWith } = yield* Effect.promise(() => import("../../runner/load-topology.ts"));
  const ofSeed = Option.isSome(seed) ? [["seed", String(seed.value)] as const] : [];
  const network = yield* Effect.suspend(() => {
    const built = presetWith(name, name, [...Object.entries(param), ...ofSeed]);
    return built.ok ? Effect.succeed(built.value) : Effect.fail(built.error);
  });
  yield* writeNetwork(network, target);
});

export const generateCommand = Command.make("generate", flags, (input) => reporting(execute(input))).pipe(
  Command.withDescription("Make a network and write it as a topology file"),
  Command.withExamples([
    {
      command: "pathloom topology generate internet --param ases=200 --param isds=4 --seed 7 --out internet.yaml",
      description: "An Internet-like network",
    },
    {
      command: "pathloom topology generate two-isds --to json",
      description: "A preset as JSON, on standard output",
    },
  ]),
);
