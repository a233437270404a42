/** HyStart++ (RFC 9406): ends slow start when round trips grow, after some rounds of slower growth to see whether it was chance. */
import { MILLISECOND, type Nanos } from "../../units.ts";

const MIN_RTT_THRESHOLD: Nanos = 4 * MILLISECOND;
const MAX_RTT_THRESHOLD: Nanos = 16 * MILLISECOND;
const MIN_RTT_DIVISOR = 8;
const SAMPLES = 8;
/** In conservative slow start the window grows by a quarter of what arrives, for at most so many rounds. */
const CSS_GROWTH_DIVISOR = 4;
const CSS_ROUNDS = 5;

export interface Hystart {
  /** A round ends with the first acknowledgement of a packet sent after it began. */
  roundStart: Nanos;
  /** Least round trip of the last round and of this one; 0: none. */
  lastMin: Nanos;
  currentMin: Nanos;
  samples: number;
  /** The least round trip when conservative slow start began, 0: it has not; and its rounds so far. */
  baseline: Nanos;
  cssRounds: number;
}

export function createHystart(): Hystart {
  return { roundStart: -1, lastMin: 0, currentMin: 0, samples: 0, baseline: 0, cssRounds: 0 };
}

/** A packet was acknowledged in slow start; answers whether slow start ends (section 4.2). */
export function hystartAcked(hystart: Hystart, sentAt: Nanos, now: Nanos, rtt: Nanos): boolean {
  if (sentAt > hystart.roundStart) {
    hystart.roundStart = now;
    hystart.lastMin = hystart.currentMin;
    hystart.currentMin = 0;
    hystart.samples = 0;
    if (hystart.baseline > 0 && ++hystart.cssRounds >= CSS_ROUNDS) return true;
  }
  if (hystart.samples === 0 || rtt < hystart.currentMin) hystart.currentMin = rtt;
  hystart.samples++;
  if (hystart.samples < SAMPLES || hystart.lastMin === 0) return false;
  if (hystart.baseline > 0) {
    if (hystart.currentMin < hystart.baseline) hystart.baseline = 0;
    return false;
  }
  const threshold = Math.min(Math.max(hystart.lastMin / MIN_RTT_DIVISOR, MIN_RTT_THRESHOLD), MAX_RTT_THRESHOLD);
  if (hystart.currentMin < hystart.lastMin + threshold) return false;
  hystart.baseline = hystart.currentMin;
  hystart.cssRounds = 0;
  return false;
}

export function hystartGrowth(hystart: Hystart, bytes: number): number {
  return hystart.baseline > 0 ? bytes / CSS_GROWTH_DIVISOR : bytes;
}
