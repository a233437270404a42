/** What every receiving application counts. */
import { type LocalClock, localTime } from "../../core/clock.ts";
import type { Env } from "../../core/env.ts";
import { createHistogram, type Histogram, record } from "../../core/histogram.ts";
import type { Packet } from "../../core/packet.ts";
import type { Nanos } from "../../core/units.ts";

export interface Tally {
  /** Different packets. */
  received: number;
  /** Whole packets on the wire, duplicates not counted. */
  receivedBytes: number;
  /** Of those, bytes that came at `measureFrom` or later. */
  measuredBytes: number;
  readonly measureFrom: Nanos;
  /** Packets that had come before. */
  duplicates: number;
  /** Packets that arrived after one with a higher number. */
  reordered: number;
  /** Highest packet number so far, -1 at the start. */
  highest: number;
  /** A bit each for the last `WINDOW` numbers up to the highest: has it come? */
  readonly recent: Int32Array;
  /** One-way delay from `measureFrom` on; for pings the round trip. */
  readonly latency: Histogram;
}

/** Numbers that a duplicate is known by; one that comes later than so many others counts as a packet of its own. A power of two. */
const WINDOW = 2_048;

export function createTally(measureFrom: Nanos = 0): Tally {
  return {
    received: 0,
    receivedBytes: 0,
    measuredBytes: 0,
    measureFrom,
    duplicates: 0,
    reordered: 0,
    highest: -1,
    recent: new Int32Array(WINDOW / 32),
    latency: createHistogram(),
  };
}

/** Counts a packet; `clock` is the receiver's own. */
export function tally(counts: Tally, packet: Packet, env: Env, clock: LocalClock): void {
  const { number, wireLength } = packet;
  const { now } = env;
  if (number > counts.highest) advance(counts, number);
  else if (wasSeen(counts, number)) {
    counts.duplicates++;
    if (env.tracing) env.trace("app.receive", packet, { duplicate: true });
    return;
  } else counts.reordered++;
  counts.received++;
  counts.receivedBytes += wireLength;
  if (now >= counts.measureFrom) {
    counts.measuredBytes += wireLength;
    record(counts.latency, Math.max(0, localTime(clock, now) - packet.sentAt));
  }
  if (env.tracing) env.trace("app.receive", packet);
}

/** Counts a packet of this flow; one of another ends here, and the answer is false. */
export function tallyOwn(counts: Tally, flow: number, packet: Packet, env: Env, clock: LocalClock): boolean {
  if (packet.flow !== flow) {
    env.drop(packet, "unexpected");
    return false;
  }
  tally(counts, packet, env, clock);
  return true;
}

/** The window moves on to a new highest number. */
function advance(counts: Tally, number: number): void {
  const { recent } = counts;
  if (number - counts.highest >= WINDOW) recent.fill(0);
  else for (let missed = counts.highest + 1; missed < number; missed++) clearBit(recent, missed);
  setBit(recent, number);
  counts.highest = number;
}

/** Has a number not above the highest come before? It has afterwards. */
function wasSeen({ highest, recent }: Tally, number: number): boolean {
  if (highest - number >= WINDOW) return false;
  const bit = 1 << (number & 31);
  const seen = ((recent[(number & (WINDOW - 1)) >> 5] as number) & bit) !== 0;
  if (!seen) setBit(recent, number);
  return seen;
}

function setBit(bits: Int32Array, number: number): void {
  (bits[(number & (WINDOW - 1)) >> 5] as number) |= 1 << (number & 31);
}

function clearBit(bits: Int32Array, number: number): void {
  (bits[(number & (WINDOW - 1)) >> 5] as number) &= ~(1 << (number & 31));
}
