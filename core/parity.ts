/** What `pathloom parity` finds: the same scenario and seed in both worlds, figure by figure. Field names are those of `--json`. */
import type { Nanos } from "./units.ts";

/** How far apart the worlds may be before it counts. Times in milliseconds, goodput as a share. */
export interface ParityTolerances {
  readonly median_ms: number;
  readonly p99_ms: number;
  readonly goodput: number;
  readonly failover_ms: number;
}

export const PARITY_TOLERANCES: ParityTolerances = { median_ms: 1, p99_ms: 3, goodput: 0.03, failover_ms: 10 };

/** Namespaces put a kernel's shaper where the model was. */
export const NAMESPACE_TOLERANCES: ParityTolerances = { ...PARITY_TOLERANCES, goodput: 0.05 };

export type ParityUnit = "ms" | "bit/s" | "share" | "same";

export interface ParityMetric {
  /** Flow and figure: `video latency_ms.p50`. */
  readonly name: string;
  readonly flow: string;
  readonly unit: ParityUnit;
  /** null: there is no such figure in this world. Of unit `same`: 1. */
  readonly sim: number | null;
  /** Of unit `same`: 1 or 0, the same as in the simulation or not. */
  readonly live: number | null;
  /** live - sim; null where one has no value. */
  readonly difference: number | null;
  /** In the metric's unit. */
  readonly tolerance: number;
  readonly ok: boolean;
  /** What the live run's own lateness can explain, in the metric's unit, on top of the tolerance. */
  readonly noise: number;
  /** Not ok, and no more than tolerance and noise together. */
  readonly explained: boolean;
}

export interface ParitySwitch {
  readonly at_ms: number;
  readonly path: string;
}

/** From the beginning of a fault to the flow's next change of path; null: it did not change before the next fault. */
export interface ParityFailover {
  readonly fault: string;
  readonly at_ms: number;
  readonly sim_ms: number | null;
  readonly live_ms: number | null;
}

export interface ParityFlow {
  readonly id: string;
  readonly app: string;
  /** Fingerprints of all paths used, sorted. */
  readonly paths: { readonly sim: readonly string[]; readonly live: readonly string[] };
  readonly switches: { readonly sim: readonly ParitySwitch[]; readonly live: readonly ParitySwitch[] };
  readonly failovers: readonly ParityFailover[];
  /** Delays of a uniform sample of packets, ascending, in milliseconds. */
  readonly delays_ms: { readonly sim: readonly number[]; readonly live: readonly number[] };
  /** Kolmogorov and Smirnov's distance of these, 0 to 1; null where a world has none. */
  readonly ks: number | null;
  /** Wasserstein's distance: the mean time by which the one distribution has to be moved to become the other. */
  readonly wasserstein_ms: number | null;
}

/** What an actor did in one world and not in the other, at the earliest time. */
export interface ParityDifference {
  readonly time_ns: Nanos;
  readonly actor: string;
  /** What the simulation's actor did next. */
  readonly expected: string;
  /** What the live one did. */
  readonly found: string;
}

export interface ParityClock {
  readonly late_mean_us: number | null;
  readonly late_p50_us: number | null;
  readonly late_p99_us: number | null;
  readonly late_max_us: number | null;
  /** From the instant at which a packet was to arrive over a link to that at which the router had it. null: not known. */
  readonly cross_mean_us: number | null;
  readonly cross_p50_us: number | null;
  readonly cross_p99_us: number | null;
  readonly cross_p999_us: number | null;
}

export interface Parity {
  readonly scenario: string;
  readonly seed: number;
  readonly worlds: readonly ["sim", "live"];
  /** `same`: every metric is within its tolerance; `noise`: what is not is no more than the live run's lateness explains. */
  readonly verdict: "same" | "noise" | "different";
  readonly metrics: readonly ParityMetric[];
  readonly flows: readonly ParityFlow[];
  readonly firstDifference: ParityDifference | null;
  /** Things done by actors that were compared, one by one. */
  readonly compared: number;
  readonly clock: ParityClock;
  /** By logic: a hash over its machine and its packet handler, in both worlds. */
  readonly machines: { readonly same: boolean; readonly hashes: Readonly<Record<string, string>> };
  /** What made the comparison, for those who repeat it. */
  readonly manifest: Readonly<Record<string, unknown>>;
}
