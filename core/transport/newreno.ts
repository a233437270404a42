/** NewReno as RFC 9002 has it (section 7 and appendix B): bytes, no undoing after spurious losses. */
import type { Bytes, Nanos } from "../units.ts";

export interface NewReno {
  /** Congestion window. */
  window: number;
  /** Slow start threshold; `MAX_SAFE_INTEGER` before the first congestion. */
  threshold: number;
  /** Packets sent up to here belong to the recovery period; -1: there was none. */
  recoveryStart: Nanos;
  /** max_datagram_size. */
  readonly datagram: Bytes;
  /** Times the window was reduced. */
  events: number;
}

/** kLossReductionFactor. */
const REDUCTION = 0.5;

/** Initial window: ten datagrams, or 14,720 bytes where those are more, but never below two datagrams (7.2). */
export function createNewReno(datagram: Bytes): NewReno {
  const window = Math.min(10 * datagram, Math.max(14_720, 2 * datagram));
  return { window, threshold: Number.MAX_SAFE_INTEGER, recoveryStart: -1, datagram, events: 0 };
}

/** kMinimumWindow. */
function minimumWindow(reno: NewReno): number {
  return 2 * reno.datagram;
}

function inRecovery(reno: NewReno, sentAt: Nanos): boolean {
  return sentAt <= reno.recoveryStart;
}

/** A packet has arrived. `limited`: the window, not the lack of data, kept the sender from sending more (7.8). */
export function growWindow(reno: NewReno, bytes: Bytes, sentAt: Nanos, limited: boolean): void {
  if (!limited || inRecovery(reno, sentAt)) return;
  if (reno.window < reno.threshold) reno.window += bytes;
  else reno.window += (reno.datagram * bytes) / reno.window;
}

/** A packet was lost, or marked; answers whether this began a recovery period (once a round trip, 7.3.2). */
export function reduceWindow(reno: NewReno, sentAt: Nanos, now: Nanos): boolean {
  if (inRecovery(reno, sentAt)) return false;
  reno.recoveryStart = now;
  reno.threshold = reno.window * REDUCTION;
  reno.window = Math.max(reno.threshold, minimumWindow(reno));
  reno.events++;
  return true;
}

/** Persistent congestion: back to the least window, in slow start (7.6.2). */
export function collapseWindow(reno: NewReno): void {
  reno.window = minimumWindow(reno);
  reno.recoveryStart = -1;
}
