/** Flags that say how a topology of another format is read. */
import * as Option from "effect/Option";
import * as Flag from "effect/cli/Flag";
import { FORMATS } from "../../../topologies/import/formats.ts";
import { IMPORT_DEFAULTS } from "../../../topologies/import/options.ts";
import { wholeNumber } from "../../flags.ts";
import type { ImportRequest } from "../../runner/load-topology.ts";

export const importFlags = {
  from: Flag.Literals("from", FORMATS).pipe(
    Flag.withDescription("Format of the topology, where its name and text do not tell"),
    Flag.optional,
  ),
  staticInfo: Flag.File("static-info").pipe(
    Flag.withDescription("Cities, latencies and rates for a .topo file (default: NAME.staticinfo.yml beside it)"),
    Flag.optional,
  ),
  core: Flag.Literals("core", ["cone", "degree", "all"]).pipe(
    Flag.withDescription("How core ASes are chosen (AS relationships: cone, GraphML: degree)"),
    Flag.optional,
  ),
  cores: wholeNumber("cores", 1, 10_000).pipe(
    Flag.withDescription("How many core ASes (AS relationships: 20, GraphML: square root of the nodes)"),
    Flag.optional,
  ),
  isd: wholeNumber("isd", 1, 4_094).pipe(
    Flag.withDescription("Number of the ISD, or of the first (default 1)"),
    Flag.withDefault(IMPORT_DEFAULTS.isd),
  ),
  isds: wholeNumber("isds", 1, 1_000).pipe(
    Flag.withDescription("How many ISDs, of AS relationships (default 1)"),
    Flag.withDefault(IMPORT_DEFAULTS.isds),
  ),
  first: Flag.Literals("first", ["customer", "provider"]).pipe(
    Flag.withDescription(
      "What A is of B in A|B|1, of AS relationships with each link twice (default: read off the list)",
    ),
    Flag.optional,
  ),
  latency: Flag.Literals("latency", ["hashed", "fixed"]).pipe(
    Flag.withDescription("Latencies of AS relationships: spread by hashing, or one for each type (default hashed)"),
    Flag.withDefault(IMPORT_DEFAULTS.latency),
  ),
};

interface ImportValues {
  readonly from: Option.Option<(typeof FORMATS)[number]>;
  readonly staticInfo: Option.Option<string>;
  readonly core: Option.Option<"cone" | "degree" | "all">;
  readonly cores: Option.Option<number>;
  readonly isd: number;
  readonly isds: number;
  readonly first: Option.Option<"customer" | "provider">;
  readonly latency: "hashed" | "fixed";
}

/** The flags as the loader takes them. */
export function importRequest({
  from,
  staticInfo,
  core,
  cores,
  isd,
  isds,
  first,
  latency,
}: ImportValues): ImportRequest {
  return {
    from: Option.getOrNull(from),
    staticInfo: Option.getOrNull(staticInfo),
    options: {
      core: Option.getOrNull(core),
      cores: Option.getOrNull(cores),
      first: Option.getOrNull(first),
      isd,
      isds,
      latency,
    },
  };
}
