/**
 * What a path policy is: a state and a choice. A policy sees the paths offered, which of them are thought usable and what was measured on
 * them, and nothing else of the world; its state is plain data, so that a run can be stopped, copied and continued.
 */
import type { PathInfo } from "../../core/path.ts";
import type { RandomStream } from "../../core/rng.ts";
import type { Bytes, Nanos } from "../../core/units.ts";

/** What is known of a path by trying it. Plain data; null where nothing has been seen yet. */
export interface PathMeasurement {
  /** Round-trip time of the latest probe that was answered. */
  readonly rtt: Nanos | null;
  /** Smoothed with weight 1/8 (RFC 6298). */
  readonly srtt: Nanos | null;
  /** When the latest probe was answered. */
  readonly answeredAt: Nanos | null;
  /** Share lost of what was sent lately, probes or reported packets, exponentially weighted. */
  readonly loss: number | null;
  /** Delivered lately according to the receiver's reports. */
  readonly goodputBps: number | null;
  /** Packets whose fate the receiver's reports (or, without them, the probes) told, since the beginning. */
  readonly delivered: number;
  readonly lost: number;
}

/** What only an oracle knows of a path, at this very instant. */
export interface PathLoad {
  /** Time a packet of full size would take to arrive if it left now: queues, transmission and propagation. Infinity where the path is cut. */
  readonly delay: Nanos;
  /** Share of packets that would be lost on it now. */
  readonly loss: number;
}

/** One object for all decisions of a selector, its arrays included: a policy copies what it wants to keep. */
export interface PathView {
  readonly now: Nanos;
  /** Offered paths, in the order of path discovery: fewest links first. */
  readonly paths: readonly PathInfo[];
  /** Paths no news of a failure speaks against, by position in `paths`. */
  readonly usable: readonly boolean[];
  /** Position of the path in use; -1 at the start. */
  readonly current: number;
  /** By position in `paths`; of policies that observe neither probes nor reports, without content. */
  readonly measured: readonly PathMeasurement[];
  /** By position in `paths`; null for all but policies that observe `load`. */
  readonly load: readonly PathLoad[] | null;
}

export type PolicyParams = Readonly<Record<string, string | number | boolean>>;

/**
 * Beside the metadata of paths and the news of failures, which every policy gets for nothing: `probes`, echo requests sent over each path;
 * `reports`, the receiver's counts of what arrived over each path; `load`, what no real host can know.
 */
export type Observation = "probes" | "reports" | "load";

/** Echo requests over every usable path, shared by the selectors of one pair of hosts that ask for the same. */
export interface ProbePlan {
  /** Between two probes of one path. */
  readonly interval: Nanos;
  /** Unanswered for so long, a probe counts as lost. */
  readonly timeout: Nanos;
  readonly payload: Bytes;
}

/** Fixed for the life of a flow: its end points and its ports, as a number below 2^32. */
export interface FlowIdentity {
  readonly hash: number;
}

/** What a policy goes by for one path, for people to see. */
export interface PathScore {
  /** "latency", "round trip", "mean reward". */
  readonly name: string;
  /** Infinity: not known. */
  readonly value: number;
  /** Said in place of the figure: "outside the fence". */
  readonly note?: string;
  readonly unit: "ns" | "share" | "kbps" | "bps" | "links" | "place" | "none";
  /** Which of two it likes better. */
  readonly prefers: "least" | "greatest";
}

/** State `S` is plain data (structured clone must copy it). */
export interface Policy<S = unknown> {
  readonly name: string;
  /** Default: none. */
  readonly observes?: readonly Observation[];
  /** Asked for every packet and not otherwise, or (default) when paths, their state or measurements change. */
  readonly each?: "change" | "packet";
  /** Of policies that observe probes; default: every 500 ms, 1 s, 32 bytes. */
  probing?(params: PolicyParams): ProbePlan;
  /** Of policies that observe reports: time between two of them; default 200 ms. */
  reporting?(params: PolicyParams): Nanos;
  /** Time after which the policy is asked again though nothing has changed; default: never. */
  reconsider?(params: PolicyParams): Nanos;
  /** Throws an Error with one clear sentence where `params` do not fit. */
  init(params: PolicyParams, paths: readonly PathInfo[], flow: FlowIdentity): S;
  /** The state after other paths are offered; default: that of `init`. */
  update?(state: S, params: PolicyParams, before: readonly PathInfo[], paths: readonly PathInfo[]): S;
  /** Position of the path to use from now on (or for this packet), -1 for none. */
  choose(state: S, view: PathView, random: RandomStream): number;
  /**
   * What it went by at its latest choice, for the path at a position; null: it has no figure for a single path, or none yet. Changes nothing and
   * draws nothing: the explorer asks while a run stands still. Default: no figure for any path.
   */
  score?(state: S, view: PathView, index: number): PathScore | null;
}

/** The usable path with the least value of `metric`; the earlier one where two are equal. -1 where none is usable. */
export function least(view: PathView, metric: (path: PathInfo, index: number) => number): number {
  let best = -1;
  let bestValue = Number.POSITIVE_INFINITY;
  view.paths.forEach((path, index) => {
    if (view.usable[index] !== true) return;
    const value = metric(path, index);
    if (best >= 0 && value >= bestValue) return;
    best = index;
    bestValue = value;
  });
  return best;
}
