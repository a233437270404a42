/** What is counted of the flows of a pair in a stretch of a run, and the metrics that follow from it. */
import { jain } from "../../actors/results.ts";
import type { MetricValues } from "../../core/comparison.ts";
import { createHistogram, type Histogram, merge, quantile } from "../../core/histogram.ts";
import { MILLISECOND, type Nanos, SECOND } from "../../core/units.ts";

export interface Part {
  /** Data packets sent in the stretch, and what became of them. */
  sent: number;
  delivered: number;
  reordered: number;
  /** Application's bytes that arrived in the stretch. */
  bytes: number;
  /** Switches of path in the stretch, and those that go back. */
  switches: number;
  returns: number;
  probeBytes: number;
  /** Transfers and exchanges begun in the stretch, and the times of those that were completed. */
  started: number;
  completion: Histogram;
  /** Of packets sent in the stretch, one way. */
  delays: Histogram;
  /** Of pings sent in the stretch, there and back. */
  roundTrips: Histogram;
}

export function createPart(): Part {
  return {
    sent: 0,
    delivered: 0,
    reordered: 0,
    bytes: 0,
    switches: 0,
    returns: 0,
    probeBytes: 0,
    started: 0,
    completion: createHistogram(),
    delays: createHistogram(),
    roundTrips: createHistogram(),
  };
}

export function sumOf(parts: readonly Part[]): Part {
  const sum = createPart();
  for (const part of parts) {
    sum.sent += part.sent;
    sum.delivered += part.delivered;
    sum.reordered += part.reordered;
    sum.bytes += part.bytes;
    sum.switches += part.switches;
    sum.returns += part.returns;
    sum.probeBytes += part.probeBytes;
    sum.started += part.started;
    sum.completion = together(sum.completion, part.completion);
    sum.delays = together(sum.delays, part.delays);
    sum.roundTrips = together(sum.roundTrips, part.roundTrips);
  }
  return sum;
}

function together(a: Histogram, b: Histogram): Histogram {
  if (a.count === 0) return b;
  return b.count === 0 ? a : merge(a, b);
}

/** What the metrics of one phase are made of. */
export interface PhaseCounts {
  readonly length: Nanos;
  /** One sum for each measured pair. */
  readonly pairs: readonly Part[];
  /** Measured. */
  readonly flows: number;
  /** Seconds, of each disturbance. */
  readonly recoveries: readonly number[];
}

export function metricsOf({ length, pairs, flows, recoveries }: PhaseCounts): MetricValues {
  const all = sumOf(pairs);
  const delays = delaysOf(all);
  const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
  const seconds = length / SECOND;
  return {
    delivered_share: share(all.delivered, all.sent),
    goodput_bps: share(all.bytes * 8, seconds),
    latency_p50_ms: inMs(quantile(delays, 0.5)),
    latency_p95_ms: inMs(quantile(delays, 0.95)),
    latency_p99_ms: inMs(quantile(delays, 0.99)),
    fct_p50_ms: inMs(completionAt(all, 0.5)),
    fct_p95_ms: inMs(completionAt(all, 0.95)),
    unfinished_share: share(all.started - all.completion.count, all.started),
    recovery_s: share(
      recoveries.reduce((sum, one) => sum + one, 0),
      recoveries.length,
    ),
    switches_per_min: share(all.switches * 60, seconds * flows),
    oscillation_share: share(all.returns, all.switches),
    probe_bytes: seconds === 0 ? null : all.probeBytes,
    jain: pairs.length < 2 ? null : jain(pairs.map(({ bytes }) => bytes)),
    reordered_share: share(all.reordered, all.delivered),
  };
}

/** One way; of pings alone the round trip. */
export function delaysOf({ delays, roundTrips }: Part): Histogram {
  return delays.count === 0 ? roundTrips : delays;
}

function inMs(time: Nanos | null): number | null {
  return time === null ? null : time / MILLISECOND;
}

/** Those not completed come after all others: null where the quantile falls among them. */
function completionAt({ started, completion }: Part, q: number): Nanos | null {
  const rank = Math.max(1, Math.ceil(q * started * (1 - 2 * Number.EPSILON)));
  return rank > completion.count ? null : quantile(completion, rank / completion.count);
}
