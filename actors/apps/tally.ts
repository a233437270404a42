/** What every receiving application counts. */
import { type LocalClock, localTime } from "../../core/clock.ts";
import type { Env } from "../../core/env.ts";
import { createHistogram, type Histogram, record } from "../../core/histogram.ts";
import type { Packet } from "../../core/packet.ts";

export interface Tally {
  received: number;
  /** Whole packets on the wire. */
  receivedBytes: number;
  /** Packets that arrived after one with a higher number. */
  reordered: number;
  /** Highest packet number so far, -1 at the start. */
  highest: number;
  /** One-way delay; for pings the round trip. */
  readonly latency: Histogram;
}

export function createTally(): Tally {
  return { received: 0, receivedBytes: 0, reordered: 0, highest: -1, latency: createHistogram() };
}

/** Counts a packet; `clock` is the receiver's own. */
export function tally(counts: Tally, packet: Packet, env: Env, clock: LocalClock): void {
  counts.received++;
  counts.receivedBytes += packet.wireLength;
  if (packet.number < counts.highest) counts.reordered++;
  else counts.highest = packet.number;
  record(counts.latency, Math.max(0, localTime(clock, env.now) - packet.sentAt));
  if (env.tracing) env.trace("app.receive", packet);
}
