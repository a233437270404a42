/** `pathloom paths`: the paths between two ASes, best first. */
import * as Effect from "effect/Effect";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import { formatInterface, type IA } from "../../core/address.ts";
import type { PathInfo, PathMetadata } from "../../core/path.ts";
import { reporting } from "../errors.ts";
import { jsonFlag, pathPolicyFlags, topologyArgument, wholeNumber } from "../flags.ts";
import { paint, print, printJson } from "../output.ts";
import { formatMs } from "../report.ts";
import type { LoadedTopology } from "../runner/load-topology.ts";
import type { PathStatus } from "../runner/path-status.ts";

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
  probe: Flag.Boolean("probe").pipe(
    Flag.withDescription("Send an echo request over each path in the simulator, and say which are answered"),
    Flag.withDefault(false),
  ),
  json: jsonFlag,
};

const execute = Effect.fnUntraced(function* ({
  topology,
  src,
  dst,
  max,
  probe,
  json,
  ...given
}: Command.Command.Config.Infer<typeof flags>) {
  const { knownAs, loadTopology } = yield* Effect.promise(() => import("../runner/load-topology.ts"));
  const { SegmentOracle } = yield* Effect.promise(() => import("../../core/beaconing/oracle.ts"));
  const { createPathFinder } = yield* Effect.promise(() => import("../../core/path-finder.ts"));
  const loaded = yield* loadTopology(topology);
  const { network, epoch_s } = loaded;
  const from = yield* knownAs("src", src, network);
  const to = yield* knownAs("dst", dst, network);
  const { loadPathFilter } = yield* Effect.promise(() => import("../runner/path-filter.ts"));
  const filter = yield* loadPathFilter(given);
  const most = filter === null ? max : Math.max(max, PATHS_JUDGED);
  const oracle = new SegmentOracle(network, epoch_s);
  const found = createPathFinder(oracle, { max: most, metadata: true })(from, to);
  const paths = filter === null ? found : filter(found).slice(0, max);
  if (found.length === 0) {
    const { explainNoPath } = yield* Effect.promise(() => import("../../core/no-path.ts"));
    const reason = explainNoPath(oracle, from, to);
    return yield* json ? printJson([]) : print(`No path leads from ${from} to ${to} in ${network.name}: ${reason}.`);
  }
  const statuses = probe ? yield* probed(loaded, paths, most) : [];
  const listed = paths.map((path, at): Listed => ({ path, status: statuses[at] ?? null }));
  yield* json ? printJson(listed.map(pathAsJson)) : print(formatPaths(from, to, listed));
  if (paths.length === 0)
    yield* Effect.logWarning(`the path policy takes none of the paths there are (${found.length})`);
  if (filter !== null && paths.length < max && found.length === most)
    yield* Effect.logWarning(
      `the path policy was asked about the first ${most} paths: there may be more that it takes`,
    );
});

/** Loads the simulator only where it is needed. */
const probed = Effect.fnUntraced(function* (loaded: LoadedTopology, paths: readonly PathInfo[], max: number) {
  const { probePaths } = yield* Effect.promise(() => import("../runner/path-status.ts"));
  return yield* probePaths(loaded, paths, max);
});

interface Listed {
  readonly path: PathInfo;
  /** null: not probed. */
  readonly status: PathStatus | null;
}

function pathAsJson({ path, status }: Listed) {
  return {
    fingerprint: path.fingerprint,
    interfaces: path.interfaces.map(({ ia, ifId }) => formatInterface(ia, ifId)),
    length: path.length,
    mtu: path.mtu,
    latency_ms: path.latencyNs === null ? null : path.latencyNs / 1e6,
    bandwidth_kbps: path.bandwidthKbps,
    carbon_g_per_gb: path.carbonGPerGb,
    cost_per_gb: path.costPerGb,
    loss: path.lossRatio,
    expiry_s: path.expiryS,
    segments: path.segments,
    metadata: path.metadata === undefined ? null : metadataAsJson(path.metadata),
    ...status,
  };
}

function metadataAsJson(metadata: PathMetadata) {
  const { latencyNs, bandwidthKbps, linkType, internalHops, notes, geo } = metadata;
  return {
    latency_ms: latencyNs.map((latency) => (latency === null ? null : latency / 1e6)),
    bandwidth_kbps: bandwidthKbps,
    geo,
    link_type: linkType,
    internal_hops: internalHops,
    notes,
    carbon_g_per_gb: metadata.carbonGPerGb,
    cost_per_gb: metadata.costPerGb,
    loss: metadata.lossRatio,
  };
}

/** As SCION's `showpaths` lists them: grouped by the number of ASes. */
function formatPaths(from: IA, to: IA, listed: readonly Listed[]): string {
  const lines = [`Available paths from ${from} to ${to}`];
  listed.forEach(({ path, status }, index) => {
    if (path.length !== listed[index - 1]?.path.length)
      lines.push(paint("bold", path.length === 0 ? "1 hop:" : `${path.length + 1} hops:`));
    lines.push(`[${String(index).padStart(String(listed.length - 1).length)}] ${formatPath(path, status)}`);
  });
  return lines.join("\n");
}

function formatPath(path: PathInfo, status: PathStatus | null): string {
  const { mtu, latencyNs, bandwidthKbps, expiryS, fingerprint } = path;
  const parts = [
    `[${formatHops(path)}]`,
    `mtu ${mtu}`,
    `latency ${latencyNs === null ? "unknown" : `${latencyNs / 1e6} ms`}`,
    ...(bandwidthKbps === null ? [] : [`rate ${bandwidthKbps / 1_000} Mbit/s`]),
    `expires ${new Date(expiryS * 1_000).toISOString().replace(/\.\d+Z$/, "Z")}`,
    ...(status === null ? [] : [formatStatus(status)]),
    paint("dim", fingerprint),
  ];
  return parts.join("  ");
}

/** `IA if>if IA if>if IA` */
function formatHops({ interfaces, src }: PathInfo): string {
  const links = interfaces.flatMap(({ ia, ifId }, at) => (at % 2 === 0 ? [` ${ifId}>`] : [`${ifId} ${ia}`]));
  return [src, ...links].join("");
}

function formatStatus({ status, rtt_ms }: PathStatus): string {
  return rtt_ms === null ? paint("red", status) : `${paint("green", status)} ${formatMs(rtt_ms)} ms`;
}

export const pathsCommand = Command.make("paths", flags, (input) => reporting(execute(input))).pipe(
  Command.withDescription("List the paths between two ASes: fewest links first, as SCION's combinator orders them"),
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
