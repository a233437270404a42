/** `pathloom topology generate`: makes a network and writes it down as a topology file. */
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import { InputError, reporting } from "../../errors.ts";
import { wholeNumber } from "../../flags.ts";
import { textOf } from "../../runner/failure-text.ts";
import { writeWhole } from "../../runner/write-whole.ts";

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
  to: Flag.Literals("to", ["yaml", "json"]).pipe(
    Flag.withDescription("Form of the file (default yaml)"),
    Flag.withDefault("yaml" as const),
  ),
  out: Flag.File("out").pipe(Flag.withDescription("File to write; standard output without it"), Flag.optional),
};

const execute = Effect.fnUntraced(function* ({
  name,
  param,
  seed,
  to,
  out,
}: Command.Command.Config.Infer<typeof flags>) {
  const { presetWith } = yield* Effect.promise(() => import("../../runner/load-topology.ts"));
  const { networkToYaml } = yield* Effect.promise(() => import("../../../topologies/write.ts"));
  const { formatNetworkJson } = yield* Effect.promise(() => import("../../../topologies/import/network-json.ts"));
  const ofSeed = Option.isSome(seed) ? [["seed", String(seed.value)] as const] : [];
  const network = yield* Effect.suspend(() => {
    const built = presetWith(name, name, [...Object.entries(param), ...ofSeed]);
    return built.ok ? Effect.succeed(built.value) : Effect.fail(built.error);
  });
  const text = to === "yaml" ? networkToYaml(network) : formatNetworkJson(network);
  if (Option.isNone(out)) {
    yield* Effect.sync(() => process.stdout.write(text));
    return;
  }
  yield* Effect.try({
    try: () => writeWhole(out.value, text),
    catch: (cause) => new InputError({ message: textOf(cause).message }),
  });
  yield* Effect.logInfo(`${out.value}: ${network.ases.length} ASes, ${network.links.length} links`);
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
