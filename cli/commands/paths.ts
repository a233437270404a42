/** `pathloom paths`: the paths between two ASes, best first. */
import * as Effect from "effect/Effect";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import { formatInterface, type IA } from "../../core/address.ts";
import type { PathInfo } from "../../core/path.ts";
import { enumeratePaths } from "../../core/path-enumeration.ts";
import type { Network } from "../../core/scenario.ts";
import { reporting } from "../errors.ts";
import { jsonFlag, pathPolicyFlags, topologyArgument, wholeNumber } from "../flags.ts";
import { paint, print, printJson } from "../output.ts";

const DEFAULT_MAX = 20;

/** Paths among which a path policy chooses those shown. */
const PATHS_JUDGED = 10_000;

const flags = {
  topology: topologyArgument,
  src: Argument.String("src").pipe(Argument.withDescription("ISD-AS the path begins at")),
  dst: Argument.String("dst").pipe(Argument.withDescription("ISD-AS the path ends at")),
  max: wholeNumber("max", 1, 100_000).pipe(
    Flag.withDescription(`Most paths shown (default ${DEFAULT_MAX})`),
    Flag.withDefault(DEFAULT_MAX),
  ),
  ...pathPolicyFlags,
  json: jsonFlag,
};

const execute = Effect.fnUntraced(function* ({
  topology,
  src,
  dst,
  max,
  json,
  ...given
}: Command.Command.Config.Infer<typeof flags>) {
  const { knownAs, loadTopology } = yield* Effect.promise(() => import("../runner/load-topology.ts"));
  const { network, epoch_s } = yield* loadTopology(topology);
  const from = yield* knownAs("src", src, network);
  const to = yield* knownAs("dst", dst, network);
  const { loadPathFilter } = yield* Effect.promise(() => import("../runner/path-filter.ts"));
  const filter = yield* loadPathFilter(given);
  const most = filter === null ? max : Math.max(max, PATHS_JUDGED);
  const { paths: found, truncated } = enumeratePaths(network, from, to, { max: most, epochS: epoch_s });
  const paths = filter === null ? found : filter(found).slice(0, max);
  if (filter !== null && paths.length === 0 && found.length > 0)
    yield* Effect.logWarning(`the path policy takes none of the ${found.length} paths there are`);
  yield* json ? printJson(paths.map(pathAsJson)) : print(formatPaths(network, from, to, paths));
  if (filter !== null && paths.length < max && found.length === most)
    yield* Effect.logWarning(
      `the path policy was asked about the first ${most} paths: there may be more that it takes`,
    );
  if (truncated) yield* Effect.logWarning("the search was cut short: there may be more paths after the last one");
});

function pathAsJson(path: PathInfo) {
  return {
    fingerprint: path.fingerprint,
    interfaces: path.interfaces.map(({ ia, ifId }) => formatInterface(ia, ifId)),
    length: path.length,
    mtu: path.mtu,
    latency_ms: path.latencyNs === null ? null : path.latencyNs / 1e6,
    bandwidth_kbps: path.bandwidthKbps,
    expiry_s: path.expiryS,
    segments: path.segments,
  };
}

/** As SCION's `showpaths` lists them: grouped by the number of ASes. */
function formatPaths(network: Network, from: IA, to: IA, paths: readonly PathInfo[]): string {
  if (paths.length === 0) return `No path leads from ${from} to ${to} in ${network.name}.`;
  const lines = [`Available paths from ${from} to ${to}`];
  paths.forEach((path, index) => {
    if (path.length !== paths[index - 1]?.length)
      lines.push(paint("bold", path.length === 0 ? "1 hop:" : `${path.length + 1} hops:`));
    lines.push(`[${String(index).padStart(String(paths.length - 1).length)}] ${formatPath(path)}`);
  });
  return lines.join("\n");
}

function formatPath({ interfaces, src, mtu, latencyNs, bandwidthKbps, fingerprint }: PathInfo): string {
  const links = interfaces.flatMap(({ ia, ifId }, at) => {
    const last = at === interfaces.length - 1;
    if (at % 2 === 0) return [`${ifId}>`];
    return last ? [`${ifId} ${ia}`] : [`${ifId} ${ia} `];
  });
  const latency = latencyNs === null ? "unknown" : `${latencyNs / 1e6} ms`;
  const rate = bandwidthKbps === null ? "" : `  rate ${bandwidthKbps / 1_000} Mbit/s`;
  return `${[`${src} `, ...links].join("").trimEnd()}  mtu ${mtu}  latency ${latency}${rate}  ${paint("dim", fingerprint)}`;
}

export const pathsCommand = Command.make("paths", flags, (input) => reporting(execute(input))).pipe(
  Command.withDescription("List the paths between two ASes: fewest links first"),
  Command.withExamples([
    { command: "pathloom paths diamond 1-ff00:0:110 1-ff00:0:120", description: "In a preset" },
    {
      command: "pathloom paths grid:rows=5,columns=5 1-ff00:0:110 1-ff00:0:128 --max 3",
      description: "In a preset with parameters",
    },
    {
      command: "pathloom paths two-isds 1-ff00:0:112 2-ff00:0:212 --sequence '0* 1-ff00:0:111 0*'",
      description: "Those that a path policy takes",
    },
    {
      command: "pathloom paths examples/02-failover.yaml 1-ff00:0:110 1-ff00:0:120 --json",
      description: "In the topology of a scenario",
    },
  ]),
);
