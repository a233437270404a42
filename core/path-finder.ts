/** Paths between two ASes as a host's daemon finds them: segments are looked up, then combined. */
import type { IA } from "./address.ts";
import { lifetimeS } from "./beaconing/beacon.ts";
import { SegmentOracle } from "./beaconing/oracle.ts";
import { type Combiner, createCombiner } from "./combinator/combine.ts";
import { fingerprintOf } from "./combinator/fingerprint.ts";
import type { Segments } from "./combinator/graph.ts";
import type { ForwardingKeys } from "./forwarding-keys.ts";
import { createSurvey, type Survey } from "./network-survey.ts";
import type { PathInfo } from "./path.ts";
import { type Network, type NetworkAs, SCENARIO_DEFAULTS } from "./scenario.ts";

/** The paths between two ASes in the combinator's order; found when first asked for, and kept. */
export type PathFinder = (src: IA, dst: IA) => readonly PathInfo[];

export interface FinderOptions {
  /** Most paths of a pair. */
  readonly max: number;
  /** Unix seconds at which the segments are originated; an oracle has its own. Left out: a scenario's default. */
  readonly epochS?: number;
  /** Keys that sign the hop fields; left out: MACs are 0, good for looking at paths alone. */
  readonly keys?: ForwardingKeys;
  /** Say what the ASes on each path say of it. Default false. */
  readonly metadata?: boolean;
}

/** Pass an oracle instead of its network where several finders share one. */
export function createPathFinder(from: Network | SegmentOracle, options: FinderOptions): PathFinder {
  const { max, keys, epochS = SCENARIO_DEFAULTS.epoch_s, metadata = false } = options;
  const oracle = from instanceof SegmentOracle ? from : new SegmentOracle(from, epochS);
  const survey = createSurvey(oracle.network);
  const combine = createCombiner({ survey, metadata, ...(keys === undefined ? {} : { keys }) });
  const known = new Map<string, readonly PathInfo[]>();
  return (src, dst) => {
    const pair = `${src} ${dst}`;
    const before = known.get(pair);
    if (before !== undefined) return before;
    const paths = findPaths(oracle, combine, survey, { src, dst, max });
    known.set(pair, paths);
    return paths;
  };
}

function findPaths(
  oracle: SegmentOracle,
  combine: Combiner,
  survey: Survey,
  { src, dst, max }: { readonly src: IA; readonly dst: IA; readonly max: number },
): readonly PathInfo[] {
  const [from, to] = [oracle.views.get(src), oracle.views.get(dst)];
  if (from === undefined || to === undefined || max < 1) return [];
  if (src === dst) return [emptyPath(from.as, survey, oracle)];
  return combine(lookUpSegments(oracle, src, dst), src, dst, max);
}

/** Within one AS there is exactly one path. It lasts as long as one whose segments are new. */
function emptyPath({ ia, mtu }: NetworkAs, survey: Survey, { epochS, policy }: SegmentOracle): PathInfo {
  return {
    fingerprint: fingerprintOf([]),
    src: ia,
    dst: ia,
    interfaces: [],
    length: 0,
    mtu,
    ...survey(ia, ia, []),
    expiryS: epochS + lifetimeS(policy.maxExpTime),
    segments: [],
    forwarding: null,
  };
}

/**
 * The segments that lead from one AS to another (scionproto `private/segment/segfetcher/splitter.go`): up to any core AS, between any two
 * core ASes, down from any core AS. Of what the wildcards stand for only those ASes are asked that some up or down segment begins at: no path
 * can be made of the others' segments.
 */
export function lookUpSegments(oracle: SegmentOracle, src: IA, dst: IA): Segments {
  const [up, down] = [oracle.segmentsTo(src), oracle.segmentsTo(dst)];
  const tops = oracle.isCore(src) ? [src] : originsOf(up);
  const bottoms = oracle.isCore(dst) ? [dst] : originsOf(down);
  // Core segments are travelled against their construction: the destination's side originated them.
  const core = tops.flatMap((end) => bottoms.flatMap((origin) => oracle.coreSegments(origin, end)));
  return { up, core, down };
}

function originsOf(segments: Segments["up"]): readonly IA[] {
  return [...new Set(segments.map(({ entries }) => entries[0]?.ia ?? ""))];
}
