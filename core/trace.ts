/** The run's log: one record for each arrow that a packet or a control event follows. */
import type { Nanos } from "./units.ts";

/**
 * What an actor may leave behind. What carries no comment says where a packet went; `transport.*` and `channel.*` say what a sender knows of
 * its packets (docs/exports.md lists their details). Byte counts are payloads, times nanoseconds.
 *   connection   number of a reliable stream's connection; absent of associations
 *   path_id, path   an association's path: its number, and the key of its way; absent of streams, whose selector gives each packet its path
 *   packet       number that the transport counts packets by; null: it counts those not
 */
export type TraceKind =
  | "app.send"
  | "app.receive"
  | "app.end"
  | "selector.choose"
  | "selector.switch"
  | "node.forward"
  | "node.deliver"
  | "node.answer"
  | "node.interface"
  | "link.admit"
  | "link.state"
  | "host.deliver"
  | "host.error"
  /** A connection or an association begins, goes on or ends: {state, role, reason, code}. */
  | "transport.state"
  /** {packet, bytes, and of data: stream, offset, length, fin}. `acks`: numbers acknowledged, of packets received only those new: "0-3,7". */
  | "transport.sent"
  | "transport.received"
  /** A packet came that changes nothing: {bytes, reason}. */
  | "transport.dropped"
  /** Acknowledged by a packet that came over another path: {packets: "0-3,7"}. */
  | "transport.acked"
  /** {packets, why: "reordering", "time" or "path"}. */
  | "transport.lost"
  /** {cwnd, ssthresh, in_flight, packets_in_flight, latest_rtt, srtt, rttvar, min_rtt, pto_count}. */
  | "transport.metrics"
  /** {old, new}. */
  | "transport.congestion"
  /** {timer: "pto" or "loss", event: "set", "expired" or "cancelled", delta}. */
  | "transport.timer"
  /** {by: "local" or "remote"}: the keys of a channel were changed. */
  | "transport.keys"
  /** {state, mtu, validated}: a path is there, and has changed. */
  | "transport.path"
  /** {channel, state, code}. */
  | "channel.state"
  | "drop";

export type TraceDetail = Readonly<Record<string, string | number | boolean | null>>;

export interface TraceRecord {
  readonly time_ns: Nanos;
  /** Stable id of the actor. */
  readonly actor: string;
  readonly kind: TraceKind;
  /** Flow and number of the packet concerned; absent for control events. */
  readonly flow?: number;
  readonly number?: number;
  readonly detail?: TraceDetail;
}

/** Where records go; a sink must not keep the packet. */
export type TraceSink = (record: TraceRecord) => void;
