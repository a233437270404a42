/**
 * Records of the trace in the words of qlog: draft-ietf-quic-qlog-main-schema-13 and draft-ietf-quic-qlog-quic-events-13. Each event carries the
 * field `category`, too, which neither draft knows: qvis finds events by it, under the names that qlog 0.3 had for them.
 */
import type { TraceDetail, TraceRecord } from "../../core/trace.ts";
import type { Nanos } from "../../core/units.ts";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = Readonly<Record<string, Json>>;

export interface QlogEvent {
  readonly name: string;
  readonly category: string;
  readonly data: JsonObject;
}

/** qlog counts in milliseconds. */
export function milliseconds(time: Nanos): number {
  return time / 1_000_000;
}

export function packetEvent({ kind, number, detail = {} }: TraceRecord): QlogEvent {
  const name = kind === "transport.sent" ? "quic:packet_sent" : "quic:packet_received";
  const isLong = detail["path_id"] === -1 || (detail["packet"] === null && detail["path_id"] !== undefined);
  // Packets of acknowledgements alone have no number of their own in a stream: theirs in the flow is as good.
  const packet_number = (detail["packet"] ?? number ?? 0) as number;
  const header: JsonObject = isLong ? { packet_type: "handshake" } : { packet_type: "1RTT", packet_number };
  const data = { header, raw: { length: detail["bytes"] as number }, frames: isLong ? [] : framesOf(detail) };
  return { name, category: "transport", data };
}

function framesOf(detail: TraceDetail): Json[] {
  const frames: Json[] = [];
  const acks = rangesOf(detail["acks"]);
  if (acks.length > 0) frames.push({ frame_type: "ack", acked_ranges: acks.map(([from, to]) => [from, to]) });
  const { stream, offset, length, fin } = detail as Readonly<Record<string, number | boolean | undefined>>;
  if (typeof stream !== "number" || typeof offset !== "number" || typeof length !== "number") return frames;
  // `length` by itself is qlog 0.3's.
  const frame: JsonObject = { frame_type: "stream", stream_id: stream, offset, length, raw: { length } };
  frames.push(fin === true ? { ...frame, fin } : frame);
  return frames;
}

/** "0-3,7" as pairs, both ends included. */
export function rangesOf(text: unknown): [from: number, to: number][] {
  if (typeof text !== "string" || text === "") return [];
  return text.split(",").map((part) => {
    const [from = "0", to = from] = part.split("-");
    return [Number(from), Number(to)];
  });
}

export function numbersOf(text: unknown): number[] {
  return rangesOf(text).flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, at) => from + at));
}

export function ackedEvent(packet_numbers: readonly number[]): QlogEvent {
  return { name: "quic:packets_acked", category: "transport", data: { packet_numbers } };
}

const LOSS_TRIGGERS: Readonly<Record<string, string>> = { reordering: "reordering_threshold", time: "time_threshold" };

/** `why`: "path" has no word in qlog: the path itself is gone. */
export function lostEvent(packet_number: number, why: unknown): QlogEvent {
  const trigger = LOSS_TRIGGERS[String(why)];
  const header = { packet_type: "1RTT", packet_number };
  return {
    name: "quic:packet_lost",
    category: "recovery",
    data: { header, ...(trigger === undefined ? {} : { trigger }) },
  };
}

const DROP_TRIGGERS: Readonly<Record<string, string>> = {
  truncated: "invalid",
  malformed: "invalid",
  forged: "decryption_failure",
  undecryptable: "key_unavailable",
  replayed: "duplicate",
  unknown_path: "connection_unknown",
  not_for_us: "connection_unknown",
  wrong_phase: "rejected",
  unexpected_long: "rejected",
};

export function droppedEvent({ detail = {} }: TraceRecord): QlogEvent {
  const reason = String(detail["reason"]);
  const raw = { length: detail["bytes"] as number };
  const data = { raw, details: { reason }, trigger: DROP_TRIGGERS[reason] ?? "general" };
  return { name: "quic:packet_dropped", category: "transport", data };
}

const METRICS: readonly (readonly [key: string, name: string, inTime: boolean])[] = [
  ["min_rtt", "min_rtt", true],
  ["srtt", "smoothed_rtt", true],
  ["latest_rtt", "latest_rtt", true],
  ["rttvar", "rtt_variance", true],
  ["pto_count", "pto_count", false],
  ["cwnd", "congestion_window", false],
  ["in_flight", "bytes_in_flight", false],
  ["ssthresh", "ssthresh", false],
  ["packets_in_flight", "packets_in_flight", false],
];

/** Those that are not as they were; `known` is brought up to date. The second event is the first under its old name, which qvis knows. */
export function metricsEvents(detail: TraceDetail, known: Map<string, unknown>): QlogEvent[] {
  const data: Record<string, number> = {};
  for (const [key, name, inTime] of METRICS) {
    const value = detail[key];
    if (typeof value !== "number" || known.get(key) === value) continue;
    known.set(key, value);
    data[name] = inTime ? milliseconds(value) : value;
  }
  if (Object.keys(data).length === 0) return [];
  const name = "quic:recovery_metrics_updated";
  return [
    { name, category: "recovery", data },
    { name: "recovery:metrics_updated", category: "recovery", data },
  ];
}

export function congestionEvent(detail: TraceDetail): QlogEvent {
  const data = { old: String(detail["old"]), new: String(detail["new"]) };
  return { name: "quic:congestion_state_updated", category: "recovery", data };
}

/** The timer for losses by age is RFC 9002's threshold timer, which qlog calls "ack". */
export function timerEvent({ timer, event, delta }: TraceDetail): QlogEvent {
  const data = { timer_type: timer === "loss" ? "ack" : "pto", event_type: String(event) };
  const set = typeof delta === "number" ? { ...data, delta: milliseconds(delta) } : data;
  return { name: "quic:timer_updated", category: "recovery", data: set };
}

export function keyEvents(detail: TraceDetail): QlogEvent[] {
  const trigger = detail["by"] === "local" ? "local_update" : "remote_update";
  return ["client_1rtt_secret", "server_1rtt_secret"].map((key_type) => {
    return { name: "quic:key_updated", category: "security", data: { key_type, trigger } };
  });
}

/** Directions of a channel that are over, by its state. */
const OVER: Readonly<Record<string, readonly string[]>> = {
  localFinished: ["sending"],
  remoteFinished: ["receiving"],
  closed: ["sending", "receiving"],
  reset: ["sending", "receiving"],
  refused: ["sending", "receiving"],
};

export function channelEvents({ channel, state }: TraceDetail): QlogEvent[] {
  const over = OVER[String(state)];
  const word = over === undefined ? (state === "pending" ? "idle" : "open") : "closed";
  return (over ?? ["sending", "receiving"]).map((stream_side) => {
    const data = { stream_id: channel as number, stream_type: "bidirectional", new: word, stream_side };
    return { name: "quic:stream_state_updated", category: "transport", data };
  });
}

export function requestSentEvent(stream_id: number): QlogEvent {
  const data = { stream_id, new: "closed", stream_side: "sending", trigger: "local" };
  return { name: "quic:stream_state_updated", category: "transport", data };
}

const MIGRATION: Readonly<Record<string, string>> = {
  validating: "probing_started",
  standby: "probing_successful",
  active: "probing_successful",
  failed: "probing_abandoned",
};

/** `before`: the path's last record; undefined: it is new. */
export function pathEvents(detail: TraceDetail, before: TraceDetail | undefined): QlogEvent[] {
  const [state, was, path] = [String(detail["state"]), before?.["state"], String(detail["path"])];
  const events: QlogEvent[] = [];
  if (before?.["path"] !== detail["path"])
    events.push({ name: "quic:tuple_assigned", category: "connectivity", data: { tuple_id: path } });
  if (state !== was) {
    const word = was === undefined || was === "validating" ? MIGRATION[state] : undefined;
    const message = `path ${path}: ${was === undefined ? "" : `${String(was)}, now `}${state}`;
    if (word === undefined) events.push({ name: "loglevel:info", category: "info", data: { message } });
    else
      events.push({
        name: "quic:migration_state_updated",
        category: "connectivity",
        data: { new: word, tuple_id: path },
      });
  }
  const [size, old] = [detail["mtu"] as number, before?.["mtu"]];
  if (size !== old) {
    const data = { ...(typeof old === "number" ? { old } : {}), new: size };
    events.push({ name: "quic:mtu_updated", category: "connectivity", data });
  }
  return events;
}

const STATES: Readonly<Record<string, string>> = {
  connecting: "attempted",
  handshaking: "handshake_started",
  established: "handshake_complete",
  closing: "closing",
  draining: "draining",
  closed: "closed",
};
const FIRST_APPLICATION_CODE = 256;

export interface QlogEnds {
  readonly local: string;
  readonly remote: string;
}

export function startedEvent({ local, remote }: QlogEnds): QlogEvent {
  const data = { local: endOf(local), remote: endOf(remote) };
  return { name: "quic:connection_started", category: "connectivity", data };
}

/** `isEnding`: this is the first word of its end. */
export function stateEvents(detail: TraceDetail, isEnding: boolean): QlogEvent[] {
  const events: QlogEvent[] = [];
  const word = STATES[String(detail["state"])];
  if (word !== undefined)
    events.push({ name: "quic:connection_state_updated", category: "connectivity", data: { new: word } });
  if (isEnding) events.push({ name: "quic:connection_closed", category: "connectivity", data: closedData(detail) });
  return events;
}

function endOf(host: string): JsonObject {
  return host.includes(":") ? { ip_v6: host } : { ip_v4: host };
}

function closedData(detail: TraceDetail): JsonObject {
  const code = typeof detail["code"] === "number" ? detail["code"] : 0;
  const reason = String(detail["reason"] ?? "");
  const initiator = detail["by"] === "peer" ? "remote" : "local";
  const trigger = reason.startsWith("idle") ? "idle_timeout" : reason.startsWith("reset") ? "stateless_reset" : null;
  const error = code === 0 ? { connection_error: "no_error" } : errorOf(code);
  return {
    initiator,
    ...error,
    reason,
    trigger: trigger ?? (code > 0 && code < FIRST_APPLICATION_CODE ? "error" : "application"),
  };
}

function errorOf(error_code: number): JsonObject {
  const kind = error_code < FIRST_APPLICATION_CODE ? "connection_error" : "application_error";
  return { [kind]: "unknown", error_code };
}
