/**
 * What transports did as qlog: one file for each path at each end ("vantage point") of a flow, JSON text sequences (RFC 7464), header first,
 * events in order of time. Packets of reliable streams go where their selector sent them, and what the sender knows of its window stands with
 * the path that it uses at the time. What concerns the whole association or connection stands in the files of all its paths.
 */
import type { FlowSpec, Scenario } from "../../core/scenario.ts";
import type { TraceDetail, TraceRecord } from "../../core/trace.ts";
import type { Nanos } from "../../core/units.ts";
import { type Exporter, type ExportFilter, Flows, isIn, parentOf, type WritePiece } from "./exporter.ts";
import {
  ackedEvent,
  channelEvents,
  congestionEvent,
  droppedEvent,
  type JsonObject,
  keyEvents,
  lostEvent,
  metricsEvents,
  milliseconds,
  numbersOf,
  packetEvent,
  pathEvents,
  type QlogEnds,
  type QlogEvent,
  requestSentEvent,
  startedEvent,
  stateEvents,
  timerEvent,
} from "./qlog-events.ts";

const RECORD_SEPARATOR = "\u001e";
const FILE_SCHEMA = "urn:ietf:params:qlog:file:sequential";
/** How each file begins. */
export const QLOG_BEGINNING = `${RECORD_SEPARATOR}{"file_schema":"${FILE_SCHEMA}"`;

const SCHEMAS = ["quic-13", "simulation", "loglevel"].map((name) => `urn:ietf:params:qlog:events:${name}`);
/** Applications with a connection for each file or exchange: packet numbers begin anew with each. */
const MANY_CONNECTIONS: ReadonlySet<string> = new Set(["file-transfer", "request-response"]);
/** What concerns a whole end, kept for files that begin later; the oldest is forgotten first. */
const COMMON_KEPT = 256;
/** Packets under way whose path is remembered; the oldest is forgotten first. */
const UNDER_WAY_KEPT = 1_000_000;
/** Connections of one end; of more the oldest is forgotten. */
const CONNECTIONS_KEPT = 1_000;
/** For packets without a path: their ends lie in one AS. */
const NO_PATH = "no-path";

interface File {
  readonly name: string;
  readonly metrics: Map<string, unknown>;
}

interface Line {
  readonly time: Nanos;
  readonly group: string | null;
  readonly event: QlogEvent;
}

/** One end of a flow. */
interface End {
  readonly flow: FlowSpec;
  readonly isClient: boolean;
  readonly isChannel: boolean;
  /** By path, or of associations by their round and path id. */
  readonly files: Map<string, File>;
  readonly common: Line[];
  readonly connections: Map<number, Connection>;
  /** Last record of each path. */
  readonly paths: Map<number, TraceDetail>;
  /** Associations with the same peer before this one. */
  round: number;
  ended: boolean;
}

/** A stream's connection at one end. */
interface Connection {
  /** The path that was used last, null: none yet. */
  path: string | null;
  /** Of packets whose fate is not known. */
  readonly pathOf: Map<number, string>;
  /** What was told before any path was known. */
  held: TraceRecord[];
}

class QlogExporter implements Exporter {
  written = 0;
  readonly #scenario: Scenario;
  readonly #filter: ExportFilter;
  readonly #write: WritePiece;
  readonly #flows: Flows;
  readonly #ends = new Map<string, End>();
  readonly #names = new Set<string>();
  /** Path of packets under way, by flow number and packet number. */
  readonly #underWay = new Map<string, string>();
  /** Sent, and not yet given a path. */
  readonly #waiting = new Map<string, TraceRecord>();
  /** Paths of associations by flow and id, as the end that opened them calls them. */
  readonly #keys = new Map<string, string>();

  constructor(scenario: Scenario, filter: ExportFilter, write: WritePiece) {
    this.#scenario = scenario;
    this.#filter = filter;
    this.#write = write;
    this.#flows = new Flows(scenario);
  }

  readonly trace = (record: TraceRecord): void => {
    const flow = this.#flows.of(record);
    if (record.kind === "link.state" || record.kind === "selector.switch") this.#mark(record);
    if (flow === null || (this.#filter.flows !== null && !this.#filter.flows.has(flow.id))) return;
    switch (record.kind) {
      case "selector.choose":
        this.#chosen(record);
        return;
      case "drop":
        this.#ended(record);
        return;
      case "transport.sent":
        this.#sent(record, flow);
        return;
      case "transport.received":
        this.#received(record, flow);
        return;
      case "channel.state":
        this.#common(
          this.#endOf(parentOf(record.actor)) ?? this.#endOf(record.actor),
          record,
          channelEvents(record.detail ?? {}),
        );
        return;
      default:
        if (record.kind.startsWith("transport.")) this.#took(record, flow);
    }
  };

  end(): void {
    for (const record of this.#waiting.values()) this.#place(record, NO_PATH);
    this.#waiting.clear();
    for (const end of this.#ends.values()) {
      for (const connection of end.connections.values()) this.#release(end, connection);
    }
  }

  #endOf(actor: string): End | undefined {
    return this.#ends.get(actor);
  }

  /** The end that an actor is; made with the first packet that it sends or takes, or its first state. */
  #ensureEnd(record: TraceRecord, flow: FlowSpec): End {
    const known = this.#ends.get(record.actor);
    if (known !== undefined) return known;
    const end: End = {
      flow,
      isClient: this.#isClient(record),
      isChannel: record.detail?.["connection"] === undefined,
      files: new Map(),
      common: [],
      connections: new Map(),
      paths: new Map(),
      round: 0,
      ended: false,
    };
    this.#ends.set(record.actor, end);
    if (end.isChannel) this.#common(end, record, [startedEvent(endsOf(end))]);
    return end;
  }

  /** Who asks sends data, and takes what comes back. */
  #isClient({ kind, flow, detail }: TraceRecord): boolean {
    if (flow === undefined) return detail?.["role"] !== "responder";
    return (kind === "transport.sent") === flow < this.#scenario.flows.length;
  }

  #sent(record: TraceRecord, flow: FlowSpec): void {
    const end = this.#ensureEnd(record, flow);
    if (end.isChannel) {
      this.#line(this.#pathFile(end, record.detail), record, packetEvent(record), null);
      return;
    }
    const connection = this.#connectionOf(end, record);
    // Answers by the way that data came: nobody chooses.
    if (!end.isClient && flow.reply === "reverse") this.#place(record, connection.path ?? NO_PATH);
    else this.#waiting.set(keyOf(record), record);
  }

  #chosen(record: TraceRecord): void {
    const key = keyOf(record);
    const path = String(record.detail?.["path"] ?? NO_PATH);
    if (this.#underWay.size >= UNDER_WAY_KEPT) this.#underWay.delete(this.#underWay.keys().next().value as string);
    this.#underWay.set(key, path);
    const sent = this.#waiting.get(key);
    if (sent === undefined) return;
    this.#waiting.delete(key);
    this.#place(sent, path);
  }

  #ended(record: TraceRecord): void {
    const key = keyOf(record);
    this.#underWay.delete(key);
    const sent = this.#waiting.get(key);
    if (sent === undefined) return;
    this.#waiting.delete(key);
    this.#place(sent, NO_PATH);
  }

  /** A stream's packet, now that its path is known. */
  #place(record: TraceRecord, path: string): void {
    const end = this.#ends.get(record.actor);
    if (end === undefined) return;
    const connection = this.#connectionOf(end, record);
    connection.path = path;
    const number = record.detail?.["packet"];
    if (typeof number === "number") connection.pathOf.set(number, path);
    this.#line(this.#file(end, path, path), record, packetEvent(record), groupOf(end, record));
    this.#release(end, connection);
  }

  #release(end: End, connection: Connection): void {
    for (const record of connection.held.splice(0)) {
      if (record.kind === "transport.lost") this.#lost(end, record);
      else this.#figures(end, record);
    }
  }

  /** Told of with its first packet. */
  #connectionOf(end: End, record: TraceRecord): Connection {
    const id = Number(record.detail?.["connection"] ?? 0);
    const known = end.connections.get(id);
    if (known !== undefined) return known;
    if (end.connections.size >= CONNECTIONS_KEPT) forgetConnection(end, end.connections.keys().next().value as number);
    const connection: Connection = { path: null, pathOf: new Map(), held: [] };
    end.connections.set(id, connection);
    this.#common(end, record, [startedEvent(endsOf(end))]);
    return connection;
  }

  #received(record: TraceRecord, flow: FlowSpec): void {
    const end = this.#ensureEnd(record, flow);
    const key = keyOf(record);
    if (end.isChannel) {
      this.#underWay.delete(key);
      this.#line(this.#pathFile(end, record.detail), record, packetEvent(record), null);
      return;
    }
    const connection = this.#connectionOf(end, record);
    const came = this.#underWay.get(key);
    this.#underWay.delete(key);
    const acked = numbersOf(record.detail?.["acks"]);
    // An acknowledgement stands with what it acknowledges.
    const path = connection.pathOf.get(acked.at(-1) ?? -1) ?? came ?? connection.path ?? NO_PATH;
    if (came !== undefined && record.detail?.["packet"] !== null) connection.path = came;
    for (const number of acked) connection.pathOf.delete(number);
    this.#line(this.#file(end, path, path), record, packetEvent(record), groupOf(end, record));
  }

  #took(record: TraceRecord, flow: FlowSpec): void {
    const { kind, detail = {} } = record;
    const end = this.#ensureEnd(record, flow);
    switch (kind) {
      case "transport.acked":
        this.#line(this.#pathFile(end, detail), record, ackedEvent(numbersOf(detail["packets"])), null);
        return;
      case "transport.lost":
        this.#lost(end, record);
        return;
      case "transport.state":
        this.#state(end, record);
        return;
      case "transport.keys":
        this.#common(end, record, keyEvents(detail));
        return;
      case "transport.path":
        this.#path(end, record);
        return;
      case "transport.dropped":
        this.#common(end, record, [droppedEvent(record)]);
        return;
      default:
        this.#figures(end, record);
    }
  }

  #lost(end: End, record: TraceRecord): void {
    const { detail = {} } = record;
    for (const number of numbersOf(detail["packets"])) {
      const file = end.isChannel ? this.#pathFile(end, detail) : this.#fileOfPacket(end, record, number);
      if (!end.isChannel) this.#connectionOf(end, record).pathOf.delete(number);
      this.#line(file, record, lostEvent(number, detail["why"]), groupOf(end, record));
    }
  }

  #fileOfPacket(end: End, record: TraceRecord, number: number): File {
    const connection = this.#connectionOf(end, record);
    const path = connection.pathOf.get(number) ?? connection.path ?? NO_PATH;
    return this.#file(end, path, path);
  }

  #figures(end: End, record: TraceRecord): void {
    const { kind, detail = {} } = record;
    const connection = end.isChannel ? null : this.#connectionOf(end, record);
    if (connection !== null && connection.path === null && this.#waiting.size > 0) {
      connection.held.push(record);
      return;
    }
    const file = end.isChannel ? this.#pathFile(end, detail) : this.#fileOfPacket(end, record, -1);
    const events =
      kind === "transport.metrics"
        ? metricsEvents(detail, file.metrics)
        : [kind === "transport.timer" ? timerEvent(detail) : congestionEvent(detail)];
    for (const event of events) this.#line(file, record, event, groupOf(end, record));
  }

  #state(end: End, record: TraceRecord): void {
    const { detail = {} } = record;
    const state = String(detail["state"]);
    const isStream = !end.isChannel;
    if (end.ended && state === "connecting") {
      startAgain(end);
      this.#common(end, record, [startedEvent(endsOf(end))]);
    }
    if (isStream && state !== "closed") return;
    if (isStream && end.isClient && end.flow.app === "request-response") {
      // The request has arrived; the connection goes on with the response.
      this.#common(end, record, [requestSentEvent(Number(detail["connection"]))]);
      return;
    }
    const isEnding = !end.ended && ["closing", "draining", "closed"].includes(state);
    if (isEnding && !isStream) end.ended = true;
    // A stream begins with its first packet, and its end is told by itself.
    this.#common(end, record, stateEvents(isStream ? { ...detail, state: "" } : detail, isEnding));
  }

  #path(end: End, record: TraceRecord): void {
    const { detail = {} } = record;
    const id = detail["path_id"] as number;
    const before = end.paths.get(id);
    end.paths.set(id, detail);
    if (end.isClient) this.#keys.set(`${end.flow.id}:${id}`, String(detail["path"]));
    const file = this.#pathFile(end, detail);
    for (const event of pathEvents(detail, before)) this.#line(file, record, event, null);
  }

  /** Of the whole end: into all its files, and those that begin later. */
  #common(end: End | undefined, record: TraceRecord, events: readonly QlogEvent[]): void {
    if (end === undefined) return;
    const group = groupOf(end, record);
    for (const event of events) {
      end.common.push({ time: record.time_ns, group, event });
      if (end.common.length > COMMON_KEPT) end.common.shift();
      for (const file of end.files.values()) this.#put(file, record.time_ns, event, group);
    }
  }

  /** Faults and changes of path are marked wherever they may show. */
  #mark({ kind, actor, time_ns, detail = {} }: TraceRecord): void {
    const flow = kind === "selector.switch" ? (this.#flows.ofActor(actor)?.id ?? null) : null;
    const what = Object.entries(detail).map(([key, value]) => `${key} ${String(value)}`);
    const data = { type: kind === "link.state" ? "fault" : "path switch", message: `${actor}: ${what.join(", ")}` };
    const event = { name: "simulation:marker", category: "simulation", data };
    for (const end of this.#ends.values()) {
      if (flow !== null && end.flow.id !== flow) continue;
      const group = MANY_CONNECTIONS.has(end.flow.app) && !end.isChannel ? "run" : null;
      for (const file of end.files.values()) this.#put(file, time_ns, event, group);
    }
  }

  /** Packets of the handshake stand with path 0, which they open. */
  #pathFile(end: End, detail: TraceDetail = {}): File {
    const id = Math.max(0, Number(detail["path_id"] ?? 0));
    const key = end.round === 0 ? `path-${id}` : `path-${id}-again-${end.round}`;
    const path = this.#keys.get(`${end.flow.id}:${id}`) ?? detail["path"];
    return this.#file(end, key, typeof path === "string" && path !== "" ? `path ${id}, ${path}` : `path ${id}`);
  }

  #file(end: End, key: string, path: string): File {
    const known = end.files.get(key);
    if (known !== undefined) return known;
    const role = end.isClient ? "client" : "server";
    const file: File = { name: this.#nameFor(`${end.flow.id}.${role}.${key}`), metrics: new Map() };
    end.files.set(key, file);
    const groups = MANY_CONNECTIONS.has(end.flow.app) && !end.isChannel;
    this.#write(file.name, lineOf(headerOf(this.#scenario, end, path, groups)));
    const { name, seed } = this.#scenario;
    const data = { name, details: { seed, flow: end.flow.id, app: end.flow.app, policy: end.flow.policy.name } };
    const first = { name: "simulation:scenario", category: "simulation", data };
    this.#write(file.name, lineOf({ time: 0, ...first, ...(groups ? { group_id: "run" } : {}) }));
    for (const { time, event, group } of end.common) this.#put(file, time, event, group);
    return file;
  }

  /** Ids of flows may hold what names of files must not. */
  #nameFor(text: string): string {
    const plain = text.replaceAll(/[^A-Za-z0-9._-]/g, "_");
    let name = `${plain}.sqlog`;
    for (let n = 2; this.#names.has(name); n++) name = `${plain}-${n}.sqlog`;
    this.#names.add(name);
    return name;
  }

  #line(file: File, { time_ns }: TraceRecord, event: QlogEvent, group: string | null): void {
    this.#put(file, time_ns, event, group);
  }

  #put({ name }: File, time: Nanos, event: QlogEvent, group: string | null): void {
    if (!isIn(this.#filter, time)) return;
    this.written++;
    this.#write(name, lineOf({ time: milliseconds(time), ...event, ...(group === null ? {} : { group_id: group }) }));
  }
}

export function qlogExporter(scenario: Scenario, filter: ExportFilter, write: WritePiece): Exporter {
  return new QlogExporter(scenario, filter, write);
}

function keyOf({ flow, number }: TraceRecord): string {
  return `${flow}:${number}`;
}

function endsOf({ flow: { src, dst }, isClient }: End): QlogEnds {
  return isClient ? { local: src.host, remote: dst.host } : { local: dst.host, remote: src.host };
}

/** Files that begin later need not know of it. */
function forgetConnection(end: End, id: number): void {
  end.connections.delete(id);
  const kept = end.common.filter(({ group }) => group !== String(id));
  end.common.splice(0, end.common.length, ...kept);
}

function groupOf(end: End, { detail }: TraceRecord): string | null {
  if (end.isChannel || !MANY_CONNECTIONS.has(end.flow.app)) return null;
  const connection = detail?.["connection"];
  return connection === undefined ? "run" : String(connection);
}

/** The same two ends begin another association: numbers and paths begin anew. */
function startAgain(end: End): void {
  end.round++;
  end.ended = false;
  end.files.clear();
  end.paths.clear();
  end.common.splice(0);
}

function headerOf({ name }: Scenario, { flow, isClient }: End, path: string, groups: boolean): JsonObject {
  const [here, there] = isClient ? [flow.src, flow.dst] : [flow.dst, flow.src];
  const ends = `${here.ia},${here.host} to ${there.ia},${there.host}`;
  return {
    file_schema: FILE_SCHEMA,
    serialization_format: "application/qlog+json-seq",
    // Of qlog 0.3: without them qvis does not take the file.
    qlog_version: "0.3",
    qlog_format: "JSON-SEQ",
    title: `${name}: ${flow.id}, ${path}`,
    trace: {
      title: `${flow.id}, ${isClient ? "client" : "server"}, ${path}`,
      description: `${ends}; times since the run began`,
      vantage_point: { name: `${here.ia},${here.host}`, type: isClient ? "client" : "server" },
      event_schemas: SCHEMAS,
      common_fields: {
        tuple: path,
        ...(groups ? {} : { group_id: flow.id }),
        time_format: "relative_to_epoch",
        reference_time: { clock_type: "monotonic", epoch: "unknown" },
      },
    },
  };
}

function lineOf(value: JsonObject): string {
  return `${RECORD_SEPARATOR}${JSON.stringify(value)}\n`;
}
