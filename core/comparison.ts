/**
 * What a comparison of path policies comes to: plain JSON, made by `sim/experiment`, printed by `pathloom compare`, drawn by `viz/report`.
 * Field names are those of `compare --json` and `summary.json`.
 *
 * The unit of all statistics is the replication: one seed, the same for every policy. Each metric has one value a replication.
 */
import type { Adoption, PhaseSpec } from "./scenario.ts";

export type MetricName =
  | "delivered_share"
  | "goodput_bps"
  | "latency_p50_ms"
  | "latency_p95_ms"
  | "latency_p99_ms"
  | "fct_p50_ms"
  | "fct_p95_ms"
  | "unfinished_share"
  | "recovery_s"
  | "switches_per_min"
  | "oscillation_share"
  | "probe_bytes"
  | "jain"
  | "reordered_share";

export interface Metric {
  readonly name: MetricName;
  /** A few words for heads of tables. */
  readonly label: string;
  /** One sentence: what is counted, over what. */
  readonly description: string;
  readonly unit: "share" | "bit/s" | "ms" | "s" | "1/min" | "B" | "index";
  readonly better: "higher" | "lower";
  /** How replications are summed up: mean with Student's t, or median with the interval of order statistics. */
  readonly summary: "mean" | "quantile";
}

/** The whole measured time (warm-up to the end of sending), which every comparison has beside its phases. */
export const WHOLE_RUN = "all";

/** One value for each metric; null where there is nothing to measure (no transfer, no fault). */
export type MetricValues = Readonly<Record<MetricName, number | null>>;

/** Packets or bytes in bins of equal length from time zero on. */
export interface Curve {
  readonly bin_ns: number;
  readonly values: readonly number[];
}

/** What one run gives, before anything is averaged. */
export interface RunMeasures {
  /** By name of the phase, `WHOLE_RUN` among them. */
  readonly phases: Readonly<Record<string, MetricValues>>;
  readonly curves: RunCurves;
}

/** Of the measured flows, except for links and drops: those are of all traffic. */
export interface RunCurves {
  readonly bin_ns: number;
  /** Data packets by the bin in which they were sent. */
  readonly sent: readonly number[];
  /** Of those, the ones that arrived, by the bin in which they were sent. */
  readonly delivered: readonly number[];
  /** One-way delays since the warm-up: `[upper bound in ms, packets]`, ascending, at most 200 steps. */
  readonly latency: readonly (readonly [number, number])[];
  /** Packets sent on each path of the shown pair of hosts, and on the n-th path offered over all pairs (`pair` null). */
  readonly paths: readonly PathCurve[];
  /** Share of each bin in which the direction of a link was sending, by its id; idle links are left out. */
  readonly links: readonly { readonly id: string; readonly load: readonly number[] }[];
  /** Packets lost, by reason. */
  readonly drops: Readonly<Record<string, number>>;
}

export interface PathCurve {
  /** `1-ff00:0:110,10.0.0.1>2-ff00:0:210,10.0.0.1`; null: all pairs together. */
  readonly pair: string | null;
  /** Position in the order offered. */
  readonly position: number;
  /** Fingerprint; null where it stands for all pairs. */
  readonly fingerprint: string | null;
  /** `1-ff00:0:110 > 1-ff00:0:120 > ...`, or `path 0`. */
  readonly label: string;
  readonly packets: readonly number[];
}

/** A metric over the replications. */
export interface Estimate {
  /** Mean over the replications, of quantile metrics too. null where no replication has a value. */
  readonly mean: number | null;
  readonly median: number | null;
  /** Of the mean, or of the median where the metric is summed up so; null below two replications, of a median below six. */
  readonly ci95: readonly [number, number] | null;
  /** Replications that have a value. */
  readonly n: number;
  /** In order of the replications. */
  readonly values: readonly (number | null)[];
}

export type Estimates = Readonly<Record<MetricName, Estimate>>;

export interface PolicyOutcome {
  /** As it was given: `shortest`, `pinned:path=1`, the name in a policy file. */
  readonly policy: string;
  readonly adoption: Adoption;
  /** Of the whole run. */
  readonly metrics: Estimates;
  /** By name of the phase, without the whole run. */
  readonly phases: Readonly<Record<string, Estimates>>;
  /** Sums over the replications (load of links: means). */
  readonly curves: RunCurves;
  /** In order of the replications. */
  readonly digests: readonly string[];
}

/** Policy `a` less policy `b`, replication by replication. */
export interface PairedDifference {
  readonly a: string;
  readonly b: string;
  readonly adoption: Adoption;
  /** `WHOLE_RUN` or a phase. */
  readonly phase: string;
  readonly metric: MetricName;
  readonly n: number;
  readonly mean_difference: number | null;
  readonly ci95: readonly [number, number] | null;
  /** Two-sided, of the paired t test; null where there is none. */
  readonly p: number | null;
  /** After Holm, over all comparisons of one adoption, phase and metric: with a baseline each other policy's with it, else those of all pairs. */
  readonly p_holm: number | null;
  /** Mean of the differences over their standard deviation, with Hedges' correction; null where they do not vary. */
  readonly effect_size: number | null;
  /** `p_holm` is below 0.05, or the differences are all the same and not zero. */
  readonly distinguishable: boolean;
}

/** What the report draws of the network. */
export interface ComparedNetwork {
  readonly name: string;
  readonly ases: readonly { readonly ia: string; readonly label: string | null; readonly core: boolean }[];
  readonly links: readonly {
    readonly a: string;
    readonly b: string;
    readonly type: "core" | "child" | "peer";
    readonly rate_bps: number;
    readonly latency_ms: number;
    /** Ids of its directions, as in `RunCurves.links`. */
    readonly directions: readonly [ab: string, ba: string];
  }[];
}

export interface ComparedFault {
  readonly id: string;
  readonly effect: string;
  readonly targets: readonly string[];
  readonly from_s: number;
  /** null: to the end. */
  readonly to_s: number | null;
}

/** How the number of replications was found. */
export interface Stopping {
  /** Half-width wanted, as a share of the mean; null: a fixed number of replications. */
  readonly precision: number | null;
  readonly limit: number;
  readonly reached: boolean;
  /** Widest half-width over its mean (median) among the metrics that count and have an interval, after each replication from the second. */
  readonly half_widths: readonly number[];
  /** Seconds of wall clock until the precision was first met; null where it was not. */
  readonly wall_s: number | null;
}

export interface Comparison {
  readonly scenario: string;
  /** The file as it was given. */
  readonly file: string;
  readonly seed: number;
  readonly replications: number;
  readonly adoptions: readonly Adoption[];
  /** null: the best of each metric is compared with. */
  readonly baseline: string | null;
  readonly warmup_s: number;
  readonly duration_s: number;
  readonly phases: readonly PhaseSpec[];
  readonly faults: readonly ComparedFault[];
  readonly network: ComparedNetwork;
  /** Pairs of hosts that are measured, `SRC>DST`; the flows of each. */
  readonly pairs: readonly { readonly pair: string; readonly flows: readonly string[]; readonly paths: number }[];
  readonly metrics: readonly Metric[];
  readonly policies: readonly PolicyOutcome[];
  readonly paired: readonly PairedDifference[];
  readonly stopping: Stopping;
  /** Over the digests of all runs, in the order of policies, adoptions and replications. */
  readonly digest: string;
  /** What a user types to get the same. */
  readonly repeat: string;
  /** Of Pathloom and what it is built with, and hashes of the files read. */
  readonly manifest: Readonly<Record<string, unknown>>;
  /** Facts that a reader must know: one replication, pairs with a single path. */
  readonly notes: readonly string[];
}
