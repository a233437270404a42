/** Packets of data as the paths see them, and what was measured by them: what selectors receive instead of probing. */
import { statsOf } from "../recovery/stats.ts";
import { type BitsPerSecond, type Bytes, MILLISECOND, type Nanos, SECOND } from "../../units.ts";
import { largeAcked, largeLost } from "./pmtu.ts";
import { tell } from "./table.ts";
import type { Paths, PathState, PathStatus } from "./types.ts";

/** A packet of `bytes` has gone out over the path at `index`. */
export function notePathSent(paths: Paths, index: number, bytes: number): void {
  const path = paths.list[index];
  if (path === undefined) return;
  path.traffic.sentPackets++;
  path.traffic.sentBytes += bytes;
  if (!path.validated) path.allowance.sent += bytes;
}

/** The packet `number` of `bytes` over this path has been acknowledged. Tell it before those that the same acknowledgement shows lost. */
export function notePathAcked(paths: Paths, index: number, number: number, bytes: Bytes, now: Nanos): void {
  const path = paths.list[index];
  if (path === undefined) return;
  path.traffic.answeredAt = now;
  measureThroughput(path, bytes, now);
  largeAcked(path.pmtu, number, bytes, now);
}

/** Over intervals of a round trip, at least of 100 ms; each new one has a weight of 1/4. */
function measureThroughput({ traffic, recovery }: PathState, bytes: Bytes, now: Nanos): void {
  if (traffic.ackedSince < 0) {
    traffic.ackedSince = now;
    return;
  }
  traffic.ackedBytes += bytes;
  const elapsed = now - traffic.ackedSince;
  if (elapsed < Math.max(LEAST_INTERVAL, recovery.rtt.smoothed)) return;
  const rate = (traffic.ackedBytes * 8 * SECOND) / elapsed;
  traffic.throughput = traffic.throughput === null ? rate : traffic.throughput + (rate - traffic.throughput) / 4;
  traffic.ackedBytes = 0;
  traffic.ackedSince = now;
}

const LEAST_INTERVAL: Nanos = 100 * MILLISECOND;

/** The packet `number` of `bytes` over this path is lost: does the path swallow large ones? */
export function notePathLost(paths: Paths, index: number, number: number, bytes: Bytes): void {
  const path = paths.list[index];
  if (path !== undefined && largeLost(path.pmtu, number, bytes)) tell(paths, "mtu", path);
}

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
      throughput: traffic.throughput,
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
