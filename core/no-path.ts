/** Why no path leads from one AS to another, in words. */
import type { IA } from "./address.ts";
import { isdOf } from "./beaconing/as-view.ts";
import type { SegmentOracle } from "./beaconing/oracle.ts";
import { LINK_TO, type LinkTo } from "./forwarding/router.ts";
import { lookUpSegments } from "./path-finder.ts";

/** For two ASes of the network that are not the same. */
export function explainNoPath(oracle: SegmentOracle, src: IA, dst: IA): string {
  const lonely = [src, dst].flatMap((ia) => lackOfSegments(oracle, ia) ?? []);
  if (lonely.length > 0) return lonely.join("; ");
  const { up, core, down } = lookUpSegments(oracle, src, dst);
  const origins = (segments: typeof up, own: IA): IA[] =>
    oracle.isCore(own) ? [own] : [...new Set(segments.map(({ entries }) => entries[0]?.ia ?? ""))];
  const [tops, bottoms] = [origins(up, src), origins(down, dst)];
  if (core.length > 0 || tops.some((top) => bottoms.includes(top))) {
    return "there are segments, but all that can be joined pass some AS twice or make a path too long for a packet";
  }
  const reached = new Set(tops.flatMap((top) => [...reach(oracle, top, LINK_TO.core)]));
  const [above, below] = [listOf(tops), listOf(bottoms)];
  if (!bottoms.some((bottom) => reached.has(bottom))) return `no core links lead from ${above} to ${below}`;
  return `from ${below} to ${above} beacons would have more hops than ${oracle.policy.maxHopsLength}, the most that ASes accept`;
}

/** What keeps segments from a non-core AS; undefined where it has some, or needs none. */
function lackOfSegments(oracle: SegmentOracle, ia: IA): string | undefined {
  if (oracle.isCore(ia) || oracle.segmentsTo(ia).length > 0) return undefined;
  const isd = isdOf(ia);
  const above = reach(oracle, ia, LINK_TO.parent);
  if ([...above].some((other) => oracle.isCore(other))) {
    return `every core AS is more than ${oracle.policy.maxHopsLength} links above ${ia}, the most hops of a beacon that ASes accept`;
  }
  const cores = [...oracle.views.values()].filter((view) => view.isd === isd && view.as.core);
  if (cores.length === 0) return `ISD ${isd} has no core AS, so nobody sends beacons to ${ia}`;
  return `no core AS stands above ${ia}: no links lead from a parent to a child down to it`;
}

/** ASes at the other end of links of one kind, one after the other. */
function reach(oracle: SegmentOracle, from: IA, kind: LinkTo): ReadonlySet<IA> {
  const reached = new Set([from]);
  for (const ia of reached) {
    for (const { linkTo, neighbour } of oracle.views.get(ia)?.interfaces ?? []) {
      if (linkTo === kind) reached.add(neighbour);
    }
  }
  return reached;
}

/** ASes named where there are many. */
const MAX_NAMED = 4;

function listOf(ias: readonly IA[]): string {
  const rest = ias.length - MAX_NAMED;
  return `${ias.slice(0, MAX_NAMED).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
