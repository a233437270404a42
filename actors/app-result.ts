/** The parts of a flow's result that applications have of their own. Field names are those of `run --json`. */
import type { ChannelResult } from "./channel-results.ts";
import type { Histogram } from "../core/histogram.ts";
import { hasNumber, type Ranges } from "../core/transport/ranges.ts";
import type { Nanos } from "../core/units.ts";
import { type LatencyMs, latencyMs } from "./latency.ts";

/** Files, exchanges, or the one transfer of a bulk flow with a number of bytes. */
export interface TransferResult {
  readonly started: number;
  readonly completed: number;
  /** Under way at the end, or given up. */
  readonly unfinished: number;
  /** From the start until the sender knows that the last byte arrived; for exchanges, until the response is whole. */
  readonly fct_ms: LatencyMs;
}

export interface MessageResult {
  /** Messages, as are the others; of the last moments some may still be under way: those are in none of the three. */
  readonly sent: number;
  readonly on_time: number;
  readonly late: number;
  /** Not whole though the deadline has passed. */
  readonly lost: number;
}

export interface TransportResult {
  /** Packets with bytes that had been sent before. */
  readonly retransmitted: number;
  /** Packets declared lost that had arrived. */
  readonly spurious: number;
  readonly probe_timeouts: number;
  /** Times the window was reduced. */
  readonly congestion_events: number;
  /** The latest estimate; null without a sample. */
  readonly srtt_ms: number | null;
  /** The latest window; payload bytes. */
  readonly cwnd_bytes: number;
  /** Packets that arrived marked "congestion experienced". */
  readonly ecn_marked: number;
}

/** Datagrams of programs outside that were not carried, by why. */
export interface GatewayResult {
  /** They do not fit a packet. */
  readonly too_long: number;
  /** Answers before anything had come that they could answer. */
  readonly unanswerable: number;
  /** Packets that hold no datagram. */
  readonly malformed: number;
}

/** Packets of the answering side: acknowledgements, responses. */
export interface ReplyCount {
  readonly sent: number;
  readonly received: number;
  readonly duplicates: number;
}

export interface AppResult {
  /** Application's bytes since the warm-up; null where only packets count. */
  readonly measured: number | null;
  /** When the flow had nothing more to send, where it can say so. */
  readonly endedAt: number | null;
  readonly replies: ReplyCount | null;
  readonly details: {
    readonly transfers?: TransferResult;
    readonly messages?: MessageResult;
    readonly transport?: TransportResult;
    readonly channel?: ChannelResult;
    readonly gateway?: GatewayResult;
  };
}

export function transferResult(started: number, completed: number, time: Histogram): TransferResult {
  return { started, completed, unfinished: started - completed, fct_ms: latencyMs(time) };
}

interface Messages {
  /** Sent so far. */
  readonly messages: number;
  readonly start: Nanos;
  readonly interval: Nanos;
}

interface MessagesTaken {
  readonly onTime: number;
  readonly late: number;
  readonly deadline: Nanos;
  /** Numbers that were whole, or are given up. */
  readonly over: Ranges;
}

export function messageResult(now: Nanos, stream: Messages, sink: MessagesTaken): MessageResult {
  const { messages: sent, start, interval } = stream;
  const { onTime, late, deadline } = sink;
  let undecided = 0;
  for (let message = sent - 1; message >= 0 && start + message * interval + deadline >= now; message--) {
    if (!hasNumber(sink.over, message)) undecided++;
  }
  return { sent, on_time: onTime, late, lost: sent - onTime - late - undecided };
}
