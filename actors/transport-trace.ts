/**
 * What a sender with congestion control leaves in the trace: looked up before an event and after it, and told where it differs. Nothing of
 * it stays in any context, so that a traced run is the same run.
 */
import type { Env } from "../core/env.ts";
import type { TraceDetail } from "../core/trace.ts";
import { probeTimeout, type Rtt } from "../core/transport/rtt.ts";
import type { Bytes, Nanos } from "../core/units.ts";

/** Both rings of packets (core/transport/sent-packets.ts, core/channel/recovery/sent-ring.ts) are of this form. */
interface Ring {
  readonly first: number;
  readonly next: number;
  readonly sentAt: Float64Array;
  readonly status: Uint8Array;
}

/** And both senders of this. */
export interface SendingSide {
  readonly sent: Ring;
  readonly rtt: Rtt;
  readonly flying: number;
  readonly flyingBytes: Bytes;
  readonly lossAt: Nanos;
  readonly lastSentAt: Nanos;
  readonly largestAcked: number;
  readonly probeCount: number;
  readonly counts: { readonly probeTimeouts: number };
}

export interface WindowSide {
  readonly window: number;
  readonly threshold: number;
  readonly recoveryStart: Nanos;
  readonly kind?: string;
  /** BBR's state. */
  readonly mode?: string;
}

/** A sender as it was. */
export interface Figures {
  readonly metrics: TraceDetail;
  readonly state: string;
  /** What its one alarm is for, null: it is not set. */
  readonly timer: "pto" | "loss" | null;
  readonly due: Nanos;
  readonly probeTimeouts: number;
  /** Of packets [first, next). */
  readonly first: number;
  readonly statuses: Uint8Array;
}

const STATUS_BITS = 3;
const [FLYING, ACKED, LOST] = [1, 2, 3];
/** kPacketThreshold (RFC 9002, 6.1.1). */
const PACKET_THRESHOLD = 3;

export function figuresOf(side: SendingSide, window: WindowSide): Figures {
  const { sent, lossAt, flying, lastSentAt, rtt, probeCount } = side;
  const timer = lossAt >= 0 ? "loss" : flying > 0 ? "pto" : null;
  return {
    metrics: metricsOf(side, window),
    state: stateOf(side, window),
    timer,
    due: timer === "loss" ? lossAt : timer === "pto" ? lastSentAt + probeTimeout(rtt, probeCount) : -1,
    probeTimeouts: side.counts.probeTimeouts,
    first: sent.first,
    statuses: statusesOf(sent),
  };
}

function metricsOf(
  { rtt, flying, flyingBytes, probeCount }: SendingSide,
  { window, threshold }: WindowSide,
): TraceDetail {
  const known = rtt.firstSampleAt >= 0;
  return {
    cwnd: Math.floor(window),
    ssthresh: threshold === Number.MAX_SAFE_INTEGER ? null : Math.floor(threshold),
    in_flight: flyingBytes,
    packets_in_flight: flying,
    latest_rtt: known ? rtt.latest : null,
    srtt: known ? Math.round(rtt.smoothed) : null,
    rttvar: known ? Math.round(rtt.variation) : null,
    min_rtt: known ? rtt.min : null,
    pto_count: probeCount,
  };
}

/** RFC 9002, 7.3: recovery lasts until a packet sent in it is acknowledged. */
function stateOf(
  { sent, largestAcked }: SendingSide,
  { kind, mode, window, threshold, recoveryStart }: WindowSide,
): string {
  if (mode !== undefined) return mode;
  if (kind === "fixed") return "fixed";
  const isKept = largestAcked >= 0 && largestAcked >= sent.next - sent.status.length;
  const ackedSentAt = isKept ? (sent.sentAt[largestAcked & (sent.status.length - 1)] as number) : -1;
  if (recoveryStart >= 0 && ackedSentAt <= recoveryStart) return "recovery";
  return window < threshold ? "slow_start" : "congestion_avoidance";
}

function statusesOf({ first, next, status }: Ring): Uint8Array {
  const statuses = new Uint8Array(next - first);
  for (let number = first; number < next; number++) {
    statuses[number - first] = (status[number & (status.length - 1)] as number) & STATUS_BITS;
  }
  return statuses;
}

/** Numbers whose packets arrived, and were declared lost, since: by hints at why. To be asked before anything more is sent. */
export interface Outcomes {
  readonly acked: string;
  /** Overtaken by three others, or too old. */
  readonly reordered: string;
  readonly late: string;
}

export function outcomesSince({ first, statuses }: Figures, { sent, largestAcked }: SendingSide): Outcomes {
  const acked = new Numbers();
  const reordered = new Numbers();
  const late = new Numbers();
  for (let at = 0; at < statuses.length; at++) {
    const before = statuses[at] as number;
    const number = first + at;
    const after = (sent.status[number & (sent.status.length - 1)] as number) & STATUS_BITS;
    if (before === after || before === ACKED) continue;
    if (after === ACKED) acked.add(number);
    else if (before === FLYING && after === LOST)
      (number <= largestAcked - PACKET_THRESHOLD ? reordered : late).add(number);
  }
  return { acked: acked.text, reordered: reordered.text, late: late.text };
}

/** Ascending numbers as text: "0-3,7". */
class Numbers {
  #parts: string[] = [];
  #from = -1;
  #to = -1;

  add(number: number): void {
    if (this.#from >= 0 && number === this.#to + 1) {
      this.#to = number;
      return;
    }
    this.#end();
    this.#from = number;
    this.#to = number;
  }

  get text(): string {
    this.#end();
    this.#from = -1;
    return this.#parts.join(",");
  }

  #end(): void {
    if (this.#from >= 0) this.#parts.push(this.#from === this.#to ? `${this.#from}` : `${this.#from}-${this.#to}`);
  }
}

/** Half-open pairs as text, both ends included. */
export function rangesText(ranges: readonly number[]): string {
  const parts: string[] = [];
  for (let at = 0; at < ranges.length; at += 2) {
    const [from, to] = [ranges[at] as number, (ranges[at + 1] as number) - 1];
    parts.push(from === to ? `${from}` : `${from}-${to}`);
  }
  return parts.join(",");
}

/** `where`: the connection, or the path. `isDead`: the path itself is why. */
export function traceLosses(where: TraceDetail, { reordered, late }: Outcomes, isDead: boolean, env: Env): void {
  if (reordered !== "")
    env.trace("transport.lost", null, { ...where, packets: reordered, why: isDead ? "path" : "reordering" });
  if (late !== "") env.trace("transport.lost", null, { ...where, packets: late, why: isDead ? "path" : "time" });
}

/** What differs now: alarm, state of the window, metrics. */
export function traceChanges(where: TraceDetail, before: Figures | null, now: Figures, env: Env): void {
  traceTimer(where, before, now, env);
  if (before !== null && before.state !== now.state)
    env.trace("transport.congestion", null, { ...where, old: before.state, new: now.state });
  if (before === null || differs(before.metrics, now.metrics))
    env.trace("transport.metrics", null, { ...where, ...now.metrics });
}

function differs(one: TraceDetail, other: TraceDetail): boolean {
  return Object.keys(other).some((key) => one[key] !== other[key]);
}

function traceTimer(where: TraceDetail, before: Figures | null, now: Figures, env: Env): void {
  const [wasSet, wasDue] = [before?.timer ?? null, before?.due ?? -1];
  if (wasSet === now.timer && wasDue === now.due) return;
  const rang =
    wasSet !== null && wasDue <= env.now && (wasSet === "loss" || now.probeTimeouts > (before?.probeTimeouts ?? 0));
  if (rang) env.trace("transport.timer", null, { ...where, timer: wasSet, event: "expired", delta: null });
  else if (wasSet !== null && wasSet !== now.timer)
    env.trace("transport.timer", null, { ...where, timer: wasSet, event: "cancelled", delta: null });
  if (now.timer !== null) {
    const delta = Math.max(0, now.due - env.now);
    env.trace("transport.timer", null, { ...where, timer: now.timer, event: "set", delta });
  }
}
