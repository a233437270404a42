/** What one path's sending side has measured, for results and selectors. */
import type { Bytes, Nanos } from "../../units.ts";
import type { Recovery, RecoveryCounts } from "./state.ts";

export interface RecoveryStats extends RecoveryCounts {
  /** Smoothed round trip, its variation and its least; 0 before the first sample. */
  srtt: number;
  variance: number;
  min: Nanos;
  /** Share of packets declared lost, weighted towards the last thousand. */
  loss: number;
  /** Bytes a second; 0 before the first sample. */
  deliveryRate: number;
  window: Bytes;
  inFlight: Bytes;
  /** Times the window was reduced. */
  congestionEvents: number;
}

const NANOS_PER_SECOND = 1_000_000_000;

export function statsOf({ rtt, controller, counts, delivery, loss, flyingBytes }: Recovery): RecoveryStats {
  const known = rtt.firstSampleAt >= 0;
  return {
    srtt: known ? rtt.smoothed : 0,
    variance: known ? rtt.variation : 0,
    min: rtt.min,
    loss,
    deliveryRate: delivery.rate * NANOS_PER_SECOND,
    window: Math.floor(controller.window),
    inFlight: flyingBytes,
    congestionEvents: controller.events,
    ...counts,
  };
}
