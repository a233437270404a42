/** `pathloom schema`: what editors check and complete files by. */
import * as Effect from "effect/Effect";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import { reporting } from "../errors.ts";
import { printJson } from "../output.ts";

const kindArgument = Argument.Literals("kind", ["scenario", "topology", "policy"]).pipe(
  Argument.withDescription("What kind of file: scenario, topology or (path) policy"),
  Argument.withDefault("scenario" as const),
);

const flags = { kind: kindArgument };

const execute = Effect.fnUntraced(function* ({ kind }: Command.Command.Config.Infer<typeof flags>) {
  const { jsonSchemaOf, shareParts } = yield* Effect.promise(() => import("../../topologies/json-schema.ts"));
  yield* printJson(shareParts(jsonSchemaOf(kind)));
});

export const schemaCommand = Command.make("schema", flags, (input) => reporting(execute(input))).pipe(
  Command.withDescription("Print the JSON Schema (draft 07) of scenario, topology or path policy files, for editors"),
  Command.withExamples([
    { command: "pathloom schema > scenario.schema.json", description: "For scenario files" },
    { command: "pathloom schema topology > topology.schema.json", description: "For topology files" },
    { command: "pathloom schema policy > policy.schema.json", description: "For path policies" },
  ]),
);
