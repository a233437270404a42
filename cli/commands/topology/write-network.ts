/** How the commands that make a topology file write it: format, place, and what becomes of a file that stands there. */
import { existsSync, statSync } from "node:fs";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Flag from "effect/cli/Flag";
import type { Network } from "../../../core/scenario.ts";
import { InputError } from "../../errors.ts";
import { counted } from "../../output.ts";
import { textOf } from "../../runner/failure-text.ts";
import { writeWhole } from "../../runner/write-whole.ts";

const TARGETS = ["yaml", "json", "topo"] as const;
type Target = (typeof TARGETS)[number];

export const targetFlags = {
  to: Flag.Literals("to", TARGETS).pipe(
    Flag.withDescription("Format to write (default: by the extension of --out, else yaml)"),
    Flag.optional,
  ),
  out: Flag.String("out").pipe(
    Flag.withMetavar("file"),
    Flag.withDescription("File to write; standard output without it"),
    Flag.optional,
  ),
  force: Flag.Boolean("force").pipe(
    Flag.withDescription("Replace the file that stands there already"),
    Flag.withDefault(false),
  ),
};

/** Where the network goes, as the flags say it. */
export interface NetworkTarget {
  readonly to: Option.Option<Target>;
  readonly out: Option.Option<string>;
  readonly force: boolean;
}

/** Fails where a file stands in the way: asked before a network is made, which may take long. */
export function refuseExisting({ out, force }: NetworkTarget): Effect.Effect<void, InputError> {
  return Effect.suspend(() => {
    const file = Option.getOrNull(out);
    if (file === null || !existsSync(file)) return Effect.void;
    const found = statSync(file);
    const refuse = (message: string) => Effect.fail(new InputError({ message: `${file} ${message}` }));
    if (found.isDirectory()) return refuse("is a folder; give the name of a file");
    if (!found.isFile()) return refuse("is no regular file; without --out the topology goes to standard output");
    return force ? Effect.void : refuse("exists; --force replaces it");
  });
}

/** The file whole or not at all, or the text on standard output; says what a `.topo` file cannot hold. */
export const writeNetwork = Effect.fnUntraced(function* (network: Network, { to, out }: NetworkTarget) {
  const file = Option.getOrNull(out);
  const target = Option.getOrElse(to, () => targetOf(file));
  const { text, lost } = yield* Effect.promise(() => textOfNetwork(network, target));
  for (const what of lost) yield* Effect.logWarning(`a .topo file cannot hold ${what}: left out`);
  if (file === null) {
    yield* Effect.sync(() => process.stdout.write(text));
    return;
  }
  yield* Effect.try({
    try: () => writeWhole(file, text),
    catch: (cause) => new InputError({ message: textOf(cause).message }),
  });
  yield* Effect.logInfo(
    `${file}: ${counted(network.ases.length, "AS", "ASes")}, ${counted(network.links.length, "link")}`,
  );
});

function targetOf(file: string | null): Target {
  const extension = file?.slice(file.lastIndexOf(".") + 1).toLowerCase();
  return TARGETS.find((target) => target === extension) ?? "yaml";
}

async function textOfNetwork(
  network: Network,
  target: Target,
): Promise<{ readonly text: string; readonly lost: readonly string[] }> {
  switch (target) {
    case "topo":
      return (await import("../../../topologies/import/topo.ts")).networkToTopo(network);
    case "json":
      return {
        text: (await import("../../../topologies/import/network-json.ts")).formatNetworkJson(network),
        lost: [],
      };
    case "yaml":
      return { text: (await import("../../../topologies/write.ts")).networkToYaml(network), lost: [] };
  }
}
