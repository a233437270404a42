/** `pathloom topology convert`: a topology of any format as YAML, JSON or a SCION `.topo` file. */
import * as Effect from "effect/Effect";
import * as Command from "effect/cli/Command";
import { reporting } from "../../errors.ts";
import { topologyArgument } from "../../flags.ts";
import { importFlags, importRequest } from "./import-flags.ts";
import { refuseExisting, targetFlags, writeNetwork } from "./write-network.ts";

const flags = { topology: topologyArgument, ...importFlags, ...targetFlags };

const execute = Effect.fnUntraced(function* ({
  topology,
  to,
  out,
  force,
  ...given
}: Command.Command.Config.Infer<typeof flags>) {
  yield* refuseExisting({ to, out, force });
  const { loadTopology } = yield* Effect.promise(() => import("../../runner/load-topology.ts"));
  const { network, warnings } = yield* loadTopology(topology, importRequest(given));
  for (const warning of warnings) yield* Effect.logWarning(warning);
  yield* writeNetwork(network, { to, out, force });
});

export const convertCommand = Command.make("convert", flags, (input) => reporting(execute(input))).pipe(
  Command.withDescription("Write a topology of any format as YAML, JSON or a SCION .topo file"),
  Command.withExamples([
    { command: "pathloom topology convert Geant2011.graphml --out geant.yaml", description: "From the Topology Zoo" },
    {
      command: "pathloom topology convert as-rel.txt --isds 4 --cores 40 --out internet.json",
      description: "From AS relationships, with options",
    },
    { command: "pathloom topology convert diamond --to topo", description: "To SCION's own format" },
  ]),
);
