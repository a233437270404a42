/**
 * For tests: the CDDL of draft-ietf-quic-qlog-main-schema-13 (sections 3, 5, 6, 7, 9, 10) and draft-ietf-quic-qlog-quic-events-13 (sections 4
 * to 8), as JSON Schema, of the events that an export writes. CDDL maps are closed: nothing may stand in them that is not named. Two fields go
 * beyond them, and are named here: `category` of events, which "* text => any" allows, and `length` of stream frames, qlog 0.3's, which the
 * open `$QuicFrame` allows. The two lines of qlog 0.3 in the header (qlog_version, qlog_format) belong to neither: see `HEADER_03`.
 */
type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: "string" };
const bool: Schema = { type: "boolean" };
const float: Schema = { type: "number" };
const LARGEST = { 16: 0xffff, 32: 0xffff_ffff, 64: Number.MAX_SAFE_INTEGER } as const;
const uint = (bits: keyof typeof LARGEST): Schema => ({ type: "integer", minimum: 0, maximum: LARGEST[bits] });
const one = (...words: string[]): Schema => ({ enum: words });
/** A closed map: names ending in "?" may be left out. */
function map(fields: Readonly<Record<string, Schema>>, open = false): Schema {
  const names = Object.keys(fields);
  return {
    type: "object",
    properties: Object.fromEntries(names.map((name) => [name.replace(/\?$/, ""), fields[name]])),
    required: names.filter((name) => !name.endsWith("?")),
    additionalProperties: open,
  };
}
const list = (items: Schema, least = 0): Schema => ({ type: "array", items, minItems: least });

const RawInfo = map({ "length?": uint(64), "payload_length?": uint(64), "data?": text });
const Vantage = one("client", "server", "network", "unknown");
const ReferenceTime = map({ clock_type: text, epoch: text, "wall_clock_time?": text });
const TimeFormat = one("relative_to_epoch", "relative_to_previous_event");
const CommonFields = map(
  { "tuple?": text, "time_format?": TimeFormat, "reference_time?": ReferenceTime, "group_id?": text },
  true,
);
const TraceSeq = map({
  "title?": text,
  "description?": text,
  "common_fields?": CommonFields,
  "vantage_point?": map({ "name?": text, type: Vantage, "flow?": Vantage }),
  event_schemas: list({ type: "string", format: "uri" }, 1),
});

/** QlogFileSeq, main-schema section 5. */
export const HEADER = map({
  file_schema: { const: "urn:ietf:params:qlog:file:sequential" },
  serialization_format: { const: "application/qlog+json-seq" },
  "title?": text,
  "description?": text,
  trace: TraceSeq,
});

/** What qvis asks of the header (quiclog/qvis, textsequencejsontoqlog.ts; QlogSchema02.ts, versionAliases). */
export const HEADER_03 = map({ qlog_version: { const: "0.3" }, qlog_format: { const: "JSON-SEQ" } }, true);

const PacketHeader = map({
  packet_type: one(
    "initial",
    "handshake",
    "0RTT",
    "1RTT",
    "retry",
    "version_negotiation",
    "stateless_reset",
    "unknown",
  ),
  "packet_number?": uint(64),
  "key_phase?": uint(64),
});
const AckFrame = map({
  frame_type: { const: "ack" },
  "ack_delay?": float,
  "acked_ranges?": list({ type: "array", items: uint(64), minItems: 1, maxItems: 2 }, 1),
  "raw?": RawInfo,
});
const StreamFrame = map({
  frame_type: { const: "stream" },
  stream_id: uint(64),
  "offset?": uint(64),
  "fin?": bool,
  "raw?": RawInfo,
  "length?": uint(64),
});
const Frames = list({ oneOf: [AckFrame, StreamFrame] });
const Tuple = map({ "ip_v4?": text, "port_v4?": uint(16), "ip_v6?": text, "port_v6?": uint(16) });
const State = one("attempted", "handshake_started", "handshake_complete", "closed", "closing", "draining");
const Migration = one(
  "probing_started",
  "probing_abandoned",
  "probing_successful",
  "migration_started",
  "migration_abandoned",
  "migration_complete",
);

const RecoveryMetricsUpdated: Schema = {
  ...map({
    "min_rtt?": float,
    "smoothed_rtt?": float,
    "latest_rtt?": float,
    "rtt_variance?": float,
    "pto_count?": uint(16),
    "congestion_window?": uint(64),
    "bytes_in_flight?": uint(64),
    "ssthresh?": uint(64),
    "packets_in_flight?": uint(64),
    "pacing_rate?": uint(64),
  }),
  minProperties: 1,
};

/** By name of the event: its data. */
export const DATA: Readonly<Record<string, Schema>> = {
  "simulation:scenario": map({ "name?": text, "details?": map({}, true) }),
  "simulation:marker": map({ "type?": text, "message?": text }),
  "loglevel:info": map({ "code?": uint(64), "message?": text }),
  "quic:connection_started": map({ local: Tuple, remote: Tuple }),
  "quic:connection_closed": map({
    "initiator?": one("local", "remote"),
    "connection_error?": one("no_error", "unknown"),
    "application_error?": one("unknown"),
    "error_code?": uint(64),
    "internal_code?": uint(64),
    "reason?": text,
    "trigger?": one(
      "idle_timeout",
      "application",
      "error",
      "version_mismatch",
      "stateless_reset",
      "aborted",
      "unspecified",
    ),
  }),
  "quic:connection_state_updated": map({ "old?": State, new: State }),
  "quic:tuple_assigned": map({ tuple_id: text, "tuple_remote?": Tuple, "tuple_local?": Tuple }),
  "quic:mtu_updated": map({ "old?": uint(32), new: uint(32), "done?": bool }),
  "quic:packet_sent": map({ header: PacketHeader, "frames?": Frames, "raw?": RawInfo, "datagram_id?": uint(32) }),
  "quic:packet_received": map({ header: PacketHeader, "frames?": Frames, "raw?": RawInfo, "datagram_id?": uint(32) }),
  "quic:packet_dropped": map({
    "header?": PacketHeader,
    "raw?": RawInfo,
    "details?": map({}, true),
    "trigger?": one(
      "internal_error",
      "rejected",
      "unsupported",
      "invalid",
      "duplicate",
      "connection_unknown",
      "decryption_failure",
      "key_unavailable",
      "general",
    ),
  }),
  "quic:packets_acked": map({ "packet_numbers?": list(uint(64), 1) }),
  "quic:stream_state_updated": map({
    stream_id: uint(64),
    "stream_type?": one("unidirectional", "bidirectional"),
    new: one("idle", "open", "closed"),
    stream_side: one("sending", "receiving"),
    "trigger?": one("local", "remote"),
  }),
  "quic:migration_state_updated": map({ "old?": Migration, new: Migration, "tuple_id?": text }),
  "quic:timer_updated": map({
    "timer_type?": one("ack", "pto", "loss_timeout", "path_validation", "handshake_timeout", "idle_timeout"),
    event_type: one("set", "expired", "cancelled"),
    "delta?": float,
  }),
  "quic:key_updated": map({
    key_type: one("client_1rtt_secret", "server_1rtt_secret"),
    "key_phase?": uint(64),
    "trigger?": one("tls", "remote_update", "local_update"),
  }),
  "quic:recovery_metrics_updated": RecoveryMetricsUpdated,
  // Its name in draft-ietf-quic-qlog-quic-events-04, section 8.2, and in qvis; the same fields.
  "recovery:metrics_updated": RecoveryMetricsUpdated,
  "quic:congestion_state_updated": map({ "old?": text, new: text, "trigger?": text }),
  "quic:packet_lost": map({
    "header?": PacketHeader,
    "frames?": Frames,
    "is_mtu_probe_packet?": bool,
    "trigger?": one("reordering_threshold", "time_threshold", "pto_expired"),
  }),
};

/** Event, main-schema section 7. */
export const EVENT = map(
  {
    time: { type: "number", minimum: 0 },
    name: one(...Object.keys(DATA)),
    data: { type: "object" },
    "group_id?": text,
  },
  true,
);
