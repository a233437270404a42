/** `pathloom topology convert`: a topology of any format as YAML, JSON or a SCION `.topo` file. */
import { existsSync } from "node:fs";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import type { Network } from "../../../core/scenario.ts";
import { formatNetworkJson } from "../../../topologies/import/network-json.ts";
import { networkToTopo } from "../../../topologies/import/topo.ts";
import { networkToYaml } from "../../../topologies/write.ts";
import { InputError, reporting } from "../../errors.ts";
import { topologyArgument } from "../../flags.ts";
import { textOf } from "../../runner/failure-text.ts";
import { writeWhole } from "../../runner/write-whole.ts";
import { importFlags, importRequest } from "./import-flags.ts";

const TARGETS = ["yaml", "json", "topo"] as const;
type Target = (typeof TARGETS)[number];

const flags = {
  topology: topologyArgument,
  ...importFlags,
  to: Flag.Literals("to", TARGETS).pipe(
    Flag.withDescription("Format to write (default: by the extension of --out, else yaml)"),
    Flag.optional,
  ),
  out: Flag.Path("out").pipe(Flag.withDescription("File to write; standard output without it"), Flag.optional),
  force: Flag.Boolean("force").pipe(
    Flag.withDescription("Replace the file that stands there already"),
    Flag.withDefault(false),
  ),
};

const execute = Effect.fnUntraced(function* ({
  topology,
  to,
  out,
  force,
  ...given
}: Command.Command.Config.Infer<typeof flags>) {
  const file = Option.getOrNull(out);
  if (file !== null && !force && existsSync(file)) {
    return yield* new InputError({ message: `${file} exists; --force replaces it` });
  }
  const { loadTopology } = yield* Effect.promise(() => import("../../runner/load-topology.ts"));
  const { network, warnings } = yield* loadTopology(topology, importRequest(given));
  const { text, lost } = write(
    network,
    Option.getOrElse(to, () => targetOf(file)),
  );
  for (const warning of warnings) yield* Effect.logWarning(warning);
  for (const what of lost) yield* Effect.logWarning(`a .topo file cannot hold ${what}: left out`);
  if (file === null) {
    yield* Effect.sync(() => process.stdout.write(text));
    return;
  }
  yield* Effect.try({
    try: () => writeWhole(file, text),
    catch: (cause) => new InputError({ message: textOf(cause).message }),
  });
  yield* Effect.logInfo(`${file}: ${network.ases.length} ASes, ${network.links.length} links`);
});

function targetOf(file: string | null): Target {
  const extension = file?.slice(file.lastIndexOf(".") + 1).toLowerCase();
  return TARGETS.find((target) => target === extension) ?? "yaml";
}

function write(network: Network, target: Target): { readonly text: string; readonly lost: readonly string[] } {
  if (target === "topo") return networkToTopo(network);
  return { text: target === "json" ? formatNetworkJson(network) : networkToYaml(network), lost: [] };
}

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
