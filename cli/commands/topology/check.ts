/** `pathloom topology check`: whether a topology is sound, or everything that is wrong with it. */
import * as Effect from "effect/Effect";
import * as Command from "effect/cli/Command";
import type { Network } from "../../../core/scenario.ts";
import type { Problem } from "../../../topologies/problems.ts";
import { findNetworkWarnings } from "../../../topologies/topology-checks.ts";
import { InputError, reporting } from "../../errors.ts";
import { jsonFlag, topologyArgument } from "../../flags.ts";
import { paint, print, printJson } from "../../output.ts";
import { importFlags, importRequest } from "./import-flags.ts";

const flags = { topology: topologyArgument, ...importFlags, json: jsonFlag };

const execute = Effect.fnUntraced(function* ({ topology, json, ...given }: Command.Command.Config.Infer<typeof flags>) {
  const { problemText, readTopology } = yield* Effect.promise(() => import("../../runner/load-topology.ts"));
  const read = yield* readTopology(topology, importRequest(given));
  if (!read.ok) {
    if (json) yield* printJson({ topology, sound: false, problems: read.error.map(withoutSource) });
    return yield* new InputError({ message: problemText("", read.error, Number.MAX_SAFE_INTEGER) });
  }
  const { network, format } = read.value;
  const warnings = [...read.value.warnings, ...findNetworkWarnings(network)];
  if (json) {
    yield* printJson({
      topology,
      sound: true,
      format,
      name: network.name,
      ...countsOf(network),
      problems: [],
      warnings,
    });
    return;
  }
  for (const warning of warnings) yield* Effect.logWarning(warning);
  yield* print(`${topology}: ${paint("green", "sound")} (${format}), ${countsText(network)}`);
});

function withoutSource({ file, line, column, message, expected, found, didYouMean }: Problem) {
  return { file, line, column, message, expected, found, ...(didYouMean === undefined ? {} : { didYouMean }) };
}

function countsOf({ ases, links }: Network) {
  const ofType = (wanted: string): number => links.filter(({ type }) => type === wanted).length;
  return {
    ases: ases.length,
    cores: ases.filter(({ core }) => core).length,
    isds: new Set(ases.map(({ ia }) => ia.slice(0, ia.indexOf("-")))).size,
    links: { core: ofType("core"), child: ofType("child"), peer: ofType("peer") },
  };
}

function countsText(network: Network): string {
  const { ases, cores, isds, links } = countsOf(network);
  const { core, child, peer } = links;
  return `${ases} ASes (${cores} core) in ${isds} ISD${isds === 1 ? "" : "s"}, ${network.links.length} links (${core} core, ${child} child, ${peer} peer)`;
}

export const checkCommand = Command.make("check", flags, (input) => reporting(execute(input))).pipe(
  Command.withDescription("Check a topology: sound, or every problem with its place"),
  Command.withExamples([
    { command: "pathloom topology check network.topo", description: "A SCION .topo file" },
    { command: "pathloom topology check gen/ --json", description: "A folder of topology.json files" },
  ]),
);
