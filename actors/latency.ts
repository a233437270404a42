/** A histogram of times as reports give it. */
import { type Histogram, mean, quantile } from "../core/histogram.ts";

/** Milliseconds; null without a sample. */
export interface LatencyMs {
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

export function latencyMs(histogram: Histogram): LatencyMs {
  const ms = (ns: number | null): number | null => (ns === null ? null : ns / 1e6);
  const at = (q: number): number | null => ms(quantile(histogram, q));
  return {
    mean: ms(mean(histogram)),
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    max: histogram.count === 0 ? null : ms(histogram.max),
  };
}
