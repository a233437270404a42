/** What the association has seen of its paths: what selectors receive instead of probing. */
import { statsOf } from "../recovery/stats.ts";
import type { BitsPerSecond, Bytes, Nanos } from "../../units.ts";
import type { Paths, PathStatus } from "./types.ts";

export interface PathReport {
  readonly id: number;
  readonly key: string;
  readonly state: PathStatus;
  /** Latest sample of the round trip, smoothed (weight 1/8), mean deviation, least; null before the first. */
  readonly rtt: Nanos | null;
  readonly srtt: Nanos | null;
  readonly variance: Nanos | null;
  readonly min: Nanos | null;
  /** Share of packets lost lately; null before the fate of any was known. */
  readonly loss: number | null;
  /** Delivered lately; null before anything was. */
  readonly throughput: BitsPerSecond | null;
  /** Packets whose fate is known, since the path was opened: late arrivals of lost ones count as delivered. */
  readonly delivered: number;
  readonly lost: number;
  readonly window: Bytes;
  readonly inFlight: Bytes;
  readonly mtu: Bytes;
  /** When something was acknowledged or answered last. */
  readonly answeredAt: Nanos | null;
}

/** By path, abandoned ones left out; times in whole nanoseconds. */
export function measured(paths: Paths): PathReport[] {
  const reports: PathReport[] = [];
  for (const { id, key, state, recovery, traffic, pmtu } of paths.list) {
    if (state === "abandoned") continue;
    const stats = statsOf(recovery);
    const known = recovery.rtt.firstSampleAt >= 0;
    const told = stats.acked + stats.lost > 0;
    reports.push({
      id,
      key,
      state,
      rtt: known ? Math.round(recovery.rtt.latest) : null,
      srtt: known ? Math.round(stats.srtt) : null,
      variance: known ? Math.round(stats.variance) : null,
      min: known ? Math.round(stats.min) : null,
      loss: told ? stats.loss : null,
      throughput: stats.deliveryRate > 0 ? 8 * stats.deliveryRate : null,
      delivered: stats.acked,
      lost: Math.max(0, stats.lost - stats.spurious),
      window: stats.window,
      inFlight: stats.inFlight,
      mtu: pmtu.size,
      answeredAt: traffic.answeredAt,
    });
  }
  return reports;
}
