/**
 * Policies that give every path a score and take the usable one with the least: one rule, of which they differ in the score, in what they
 * observe and in the margin that keeps them from flapping.
 */
import type { PathInfo } from "../../core/path.ts";
import { type PolicyName, type Settings, settingsOf } from "../../core/policy-parameters.ts";
import type { Nanos } from "../../core/units.ts";
import { isSilent, leastScore, measurementOf, probingOf, roundTrip } from "./measured.ts";
import type { Observation, PathMeasurement, PathScore, PathView, Policy, PolicyParams, ProbePlan } from "./policy.ts";

interface MetricState<N extends PolicyName> {
  readonly settings: Settings<N>;
  /** When the first choice was made; -1 before. */
  since: Nanos;
  /** By position, of the latest choice. */
  readonly scores: number[];
}

interface Metric<N extends PolicyName> {
  readonly name: N;
  readonly observes: readonly Observation[];
  readonly each?: "packet";
  readonly probing?: (params: PolicyParams) => ProbePlan;
  /** What the score is called, and its unit. */
  readonly shown: Pick<PathScore, "name" | "unit">;
  /** Smaller is better; Infinity where it is not known. */
  readonly score: (view: PathView, index: number, state: MetricState<N>) => number;
  /** By how much another path must be better than the present one's score. */
  readonly margin: (settings: Settings<N>, present: number) => number;
}

function metricPolicy<N extends PolicyName>({ score, margin, shown, ...rest }: Metric<N>): Policy<MetricState<N>> {
  return {
    ...rest,
    init: (params, paths) => ({ settings: settingsOf(rest.name, params), since: -1, scores: paths.map(() => 0) }),
    choose: (state, view) => {
      if (state.since < 0) state.since = view.now;
      const { scores } = state;
      for (let index = 0; index < scores.length; index++) scores[index] = ordered(score(view, index, state));
      const present = scores[view.current];
      return unlessBetter(view, scores, present === undefined ? 0 : margin(state.settings, present));
    },
    score: ({ since, scores }, _view, index) =>
      since < 0 ? null : { ...shown, prefers: "least", value: scores[index] ?? Number.POSITIVE_INFINITY },
  };
}

/** The path in use as long as it is usable and none is better by more than the margin. */
function unlessBetter(view: PathView, scores: readonly number[], margin: number): number {
  const { current } = view;
  const best = leastScore(view, scores);
  if (best < 0 || best === current || view.usable[current] !== true) return best;
  const present = scores[current] as number;
  const limit = present === Number.POSITIVE_INFINITY ? present : present - margin;
  return (scores[best] as number) < limit ? best : current;
}

/** Not a number is not known. */
function ordered(score: number): number {
  return score === score ? score : Number.POSITIVE_INFINITY;
}

function orLast(value: number | null): number {
  return value ?? Number.POSITIVE_INFINITY;
}

/** What static metrics see; shared with `geofence`. */
export const STATIC_METRICS = {
  shortest: (path: PathInfo): number => path.length,
  "lowest-latency": (path: PathInfo): number => orLast(path.latencyNs),
  "highest-bandwidth": (path: PathInfo): number => (path.bandwidthKbps === null ? Infinity : -path.bandwidthKbps),
  "lowest-carbon": (path: PathInfo): number => orLast(path.carbonGPerGb),
  "lowest-cost": (path: PathInfo): number => orLast(path.costPerGb),
} as const;

/** What the static metrics are called. */
const STATIC_NAMES = {
  shortest: { name: "links", unit: "links" },
  "lowest-latency": { name: "latency", unit: "ns" },
  "highest-bandwidth": { name: "bandwidth", unit: "kbps" },
  "lowest-carbon": { name: "g CO2/GB", unit: "none" },
  "lowest-cost": { name: "cost/GB", unit: "none" },
} as const satisfies Record<keyof typeof STATIC_METRICS, Pick<PathScore, "name" | "unit">>;

/** What people see of a value of a static metric. */
export function staticScore(metric: keyof typeof STATIC_METRICS, value: number): PathScore {
  const named = STATIC_NAMES[metric];
  if (metric !== "highest-bandwidth") return { ...named, value, prefers: "least" };
  // Turned round to be least; where it is not known it stays last.
  return { ...named, value: Math.abs(value), prefers: "greatest" };
}

/** Metadata do not change while paths are offered: scores are given once. */
function staticPolicy(name: keyof typeof STATIC_METRICS): Policy<readonly number[]> {
  return {
    name,
    init: (params, paths) => {
      settingsOf(name, params);
      return paths.map(STATIC_METRICS[name]);
    },
    choose: (scores, view) => leastScore(view, scores),
    score: (scores, _view, index) => staticScore(name, scores[index] ?? Number.POSITIVE_INFINITY),
  };
}

/** Fewest links; among equals the first offered. Source: SCION's default in most applications (snet, pan). */
const shortest = staticPolicy("shortest");

/** Least static latency as the metadata give it, unknown latency last. Source: pan `LowestLatency`. */
const lowestLatency = staticPolicy("lowest-latency");

/** Greatest static bandwidth of the narrowest link; unknown or without limit last. Source: pan `HighestBandwidth`. */
const highestBandwidth = staticPolicy("highest-bandwidth");

/** Least CO2 for a gigabyte, summed over the links, unknown last. Source: CIRo (arXiv 2211.00347), with a sum of link constants. */
const lowestCarbon = staticPolicy("lowest-carbon");

/** Least price of a gigabyte, summed over the links, unknown last. Source: Pathloom's own. */
const lowestCost = staticPolicy("lowest-cost");

/**
 * Least smoothed round-trip time as probes measure it; a silent path counts its timeout. Changes when another is better by `margin` and by
 * `share` of the present one. Sources: pan `PingingSelector`; the threshold of 5 ms is that of ant-quic.
 */
const lowestRtt = metricPolicy({
  name: "lowest-rtt",
  observes: ["probes"],
  probing: probingOf("lowest-rtt"),
  shown: { name: "round trip", unit: "ns" },
  score: (view, index, { settings, since }) => roundTrip(view, index, settings, since),
  margin: ({ margin, share }, present) => Math.max(margin, share * present),
});

/** Least share of probes lost lately; a path without news counts as 0, a silent one as 1. Source: RON's loss-optimising routing (SOSP 2001). */
const lowestLoss = metricPolicy({
  name: "lowest-loss",
  observes: ["probes"],
  probing: probingOf("lowest-loss"),
  shown: { name: "loss", unit: "share" },
  score: (view, index, { settings, since }) =>
    isSilent(view, index, settings, since) ? 1 : (measurementOf(view, index)?.loss ?? 0),
  margin: ({ margin }) => margin,
});

/**
 * The path on which this packet would arrive first, were nothing else sent: transmission, queues and propagation as they are now, and the
 * `penalty` for the share that is lost. Greedy, not optimal: it knows the load of now and not of the packet's way, and takes no account of
 * what its packets do to others. Source: join the shortest queue; the Min-Load oracle of Baumeister and Keshvadi (arXiv 2509.05938).
 */
const oracle = metricPolicy({
  name: "oracle",
  observes: ["load"],
  each: "packet",
  shown: { name: "arrival in", unit: "ns" },
  score: ({ load }, index, { settings }) => {
    const now = load?.[index];
    return now === undefined ? Number.POSITIVE_INFINITY : now.delay + now.loss * settings.penalty;
  },
  margin: ({ margin }) => margin,
});

export const METRIC_POLICIES: readonly Policy[] = [
  shortest,
  lowestLatency,
  highestBandwidth,
  lowestCarbon,
  lowestCost,
  lowestRtt,
  lowestLoss,
  oracle,
];

/** What of a policy made by `scored` may be said besides its score. */
export interface ScoredOptions {
  /** What the score looks at beyond metadata: `["probes"]`, `["reports"]`. Default: nothing. */
  readonly observes?: readonly ("probes" | "reports")[];
  /** A path must score less by more than this for the present one to be left. Default 0. */
  readonly margin?: number;
}

/**
 * A policy of one's own from a score: the usable path with the least is taken, the earlier of equals; the present one is kept until another is
 * better by more than the margin. Infinity or NaN: not known, last.
 */
export function scored(
  name: string,
  score: (path: PathInfo, measured: PathMeasurement | undefined) => number,
  { observes = [], margin = 0 }: ScoredOptions = {},
): Policy<null> {
  return {
    name,
    observes,
    init: () => null,
    choose: (_state, view) =>
      unlessBetter(
        view,
        view.paths.map((path, index) => ordered(score(path, view.measured[index]))),
        margin,
      ),
    score: (_state, { paths, measured }, index) => {
      const path = paths[index];
      if (path === undefined) return null;
      return { name: "score", value: ordered(score(path, measured[index])), unit: "none", prefers: "least" };
    },
  };
}
