/** Policies that follow a rule of the user's or the routers' rather than a metric: pinned, geofence, bgp-like. */
import type { PathInfo } from "../../core/path.ts";
import { settingsOf } from "../../core/policy-parameters.ts";
import { SECOND, type Nanos } from "../../core/units.ts";
import { carryPosition, leastUsable } from "./measured.ts";
import { STATIC_METRICS, staticScore } from "./metric.ts";
import type { PathView, Policy, PolicyParams } from "./policy.ts";

interface Pinned {
  readonly pin: number;
}

/**
 * One path, as long as it is usable; otherwise the next usable one in the order offered, and back when it returns.
 * Parameter `path`: position in the offered order (default 0) or a fingerprint. Source: pan `Pinned`, with failover.
 */
const pinned: Policy<Pinned> = {
  name: "pinned",
  init: (params, paths) => ({ pin: pinOf(params, paths) }),
  update: ({ pin }, _params, before, paths) => ({ pin: Math.max(0, carryPosition(before, paths, pin)) }),
  choose: ({ pin }, view) => leastUsable(view, turnFrom(pin, view)),
  score: ({ pin }, view, index) => {
    const turn = turnFrom(pin, view)(index) - pin + 1;
    return { name: "turn", value: turn, unit: "place", prefers: "least" };
  },
};

/** The pinned path first, those after it, and then those before it. */
function turnFrom(pin: number, { paths }: PathView): (index: number) => number {
  return (index) => (index < pin ? index + paths.length : index);
}

function pinOf(params: PolicyParams, paths: readonly PathInfo[]): number {
  const { path: wanted } = settingsOf("pinned", params);
  const pin = typeof wanted === "number" ? wanted : paths.findIndex(({ fingerprint }) => fingerprint === wanted);
  if ((pin >= 0 && pin < paths.length) || paths.length === 0) return Math.max(0, pin);
  const offered = paths.map(({ fingerprint }, index) => `${index} or ${fingerprint}`).join(", ");
  throw new Error(
    `policy pinned: parameter path must name one of the offered paths (${offered}), found ${String(wanted)}`,
  );
}

interface Geofence {
  readonly metric: keyof typeof STATIC_METRICS;
  /** By position; null: not allowed. */
  readonly scores: readonly (number | null)[];
}

/**
 * Of the paths that cross allowed ISDs and ASes only, and no denied ones, the best by a static metric; -1 where none is left. The ends
 * count as crossed. Sources: jpan `IsdAllow`, `IsdDisallow`; pan `ACL`.
 */
const geofence: Policy<Geofence> = {
  name: "geofence",
  init: (params, paths) => {
    const { allow, deny, metric } = settingsOf("geofence", params);
    const inside = (ia: string, regions: readonly string[]): boolean =>
      regions.includes(ia) || regions.includes(ia.slice(0, ia.indexOf("-")));
    const scores = paths.map((path) => {
      const ends = [path.src, path.dst, ...path.interfaces.map(({ ia }) => ia)];
      const isAllowed = ends.every(
        (ia) => (allow === null || inside(ia, allow)) && (deny === null || !inside(ia, deny)),
      );
      return isAllowed ? STATIC_METRICS[metric](path) : null;
    });
    return { metric, scores };
  },
  choose: ({ scores }, { usable }) => {
    let best = -1;
    for (let index = 0; index < scores.length; index++) {
      const score = scores[index] ?? null;
      if (score === null || usable[index] !== true) continue;
      if (best < 0 || score < (scores[best] as number)) best = index;
    }
    return best;
  },
  score: ({ metric, scores }, _view, index) => {
    const score = scores[index] ?? null;
    if (score !== null) return staticScore(metric, score);
    return { ...staticScore(metric, Number.POSITIVE_INFINITY), note: "outside the fence" };
  },
};

interface BgpLike {
  readonly convergence: Nanos;
  path: number;
  /** When routing will have converged after the news; -1: no news. */
  due: Nanos;
}

/** How often it looks whether routing has converged, at most and at least. */
const [LONGEST_LOOK, SHORTEST_LOOK] = [SECOND, SECOND / 100];

/**
 * The reference: one path for each destination, the shortest at the start. After news that it is down, or that the shorter one is back, packets
 * go on over the old path (and are lost where it is cut) until routing has converged; then over the path that is the shortest by what
 * is known then. Default of `convergence`: 30 s, the MinRouteAdvertisementIntervalTimer that RFC 4271, section 10 suggests between two
 * announcements to other ASes; Labovitz et al. (SIGCOMM 2000) measured three minutes on average for a fail-over.
 */
const bgpLike: Policy<BgpLike> = {
  name: "bgp-like",
  reconsider: (params) => {
    const { convergence } = settingsOf("bgp-like", params);
    return Math.max(SHORTEST_LOOK, Math.min(LONGEST_LOOK, Math.round(convergence / 30)));
  },
  init: (params) => ({ convergence: settingsOf("bgp-like", params).convergence, path: -1, due: -1 }),
  update: (state, _params, before, paths) => ({ ...state, path: carryPosition(before, paths, state.path) }),
  choose: (state, view) => {
    const shortest = leastUsable(view, (index) => (view.paths[index] as PathInfo).length);
    if (state.path < 0) {
      state.path = shortest;
      return shortest;
    }
    if (state.due < 0 && shortest !== state.path) state.due = view.now + state.convergence;
    if (state.due >= 0 && view.now >= state.due) {
      state.due = -1;
      if (shortest >= 0) state.path = shortest;
    }
    return state.path;
  },
  score: (_state, { paths }, index) => staticScore("shortest", paths[index]?.length ?? Number.POSITIVE_INFINITY),
};

export const FIXED_POLICIES: readonly Policy[] = [pinned, geofence, bgpLike];
