/** The tables of a kept run: which columns each has, in order. docs/results.md says what they mean; a test compares the two. */
import type { MessageResult } from "../../actors/app-result.ts";
import type { FlowResult, LatencyMs, LinkResult, ReplyResult, TimelineEvent } from "../../actors/results.ts";
import type { FlowSample } from "../../actors/samples.ts";
import type { SeriesRow } from "../../actors/series.ts";
import { MILLISECOND } from "../../core/units.ts";
import { csvField, csvText, type CsvValue } from "./csv.ts";

/** Of a piece of a run, fields are missing that it does not know. */
export type FlowRow = Pick<FlowResult, "id"> &
  Partial<Omit<FlowResult, "id" | "replies" | "messages">> & {
    readonly balance?: number;
    readonly replies?: Partial<ReplyResult> & { readonly balance?: number };
    readonly messages?: Partial<MessageResult>;
  };

type Columns<T> = Readonly<Record<string, (row: T) => CsvValue>>;

/** `latency_mean_ms` and so on, in the order of `run --json`. */
function latencyColumns<T>(name: string, of: (row: T) => LatencyMs | undefined): Columns<T> {
  const columns = ["mean", "p50", "p95", "p99", "max"] as const;
  return Object.fromEntries(columns.map((one) => [`${name}_${one}_ms`, (row: T) => of(row)?.[one]]));
}

const FLOW_COLUMNS: Columns<FlowRow> = {
  id: ({ id }) => id,
  app: ({ app }) => app,
  src: ({ src }) => src,
  dst: ({ dst }) => dst,
  policy: ({ policy }) => policy,
  sent: ({ sent }) => sent,
  received: ({ received }) => received,
  lost: ({ lost }) => lost,
  in_flight: ({ in_flight, balance }) => in_flight ?? (balance === undefined ? 0 : undefined),
  duplicates: ({ duplicates, received }) => duplicates ?? (received === undefined ? undefined : 0),
  bytes: ({ bytes }) => bytes,
  goodput_bps: ({ goodput_bps }) => goodput_bps,
  ...latencyColumns("latency", ({ latency_ms }) => latency_ms),
  reordered: ({ reordered }) => reordered,
  switches: ({ switches }) => switches,
  paths: ({ paths }) => paths?.map(({ fingerprint, packets }) => `${fingerprint}:${packets}`).join(" "),
  replies_sent: ({ replies }) => replies?.sent,
  replies_received: ({ replies }) => replies?.received,
  replies_lost: ({ replies }) => replies?.lost,
  replies_in_flight: ({ replies }) => replies && (replies.in_flight ?? (replies.balance === undefined ? 0 : undefined)),
  replies_duplicates: ({ replies }) => replies && (replies.duplicates ?? 0),
  transfers_started: ({ transfers }) => transfers?.started,
  transfers_completed: ({ transfers }) => transfers?.completed,
  transfers_unfinished: ({ transfers }) => transfers?.unfinished,
  ...latencyColumns("transfers_fct", ({ transfers }) => transfers?.fct_ms),
  messages_sent: ({ messages }) => messages?.sent,
  messages_on_time: ({ messages }) => messages?.on_time,
  messages_late: ({ messages }) => messages?.late,
  messages_lost: ({ messages }) => messages?.lost,
  transport_retransmitted: ({ transport }) => transport?.retransmitted,
  transport_spurious: ({ transport }) => transport?.spurious,
  transport_probe_timeouts: ({ transport }) => transport?.probe_timeouts,
  transport_congestion_events: ({ transport }) => transport?.congestion_events,
  transport_srtt_ms: ({ transport }) => transport?.srtt_ms,
  transport_cwnd_bytes: ({ transport }) => transport?.cwnd_bytes,
  transport_ecn_marked: ({ transport }) => transport?.ecn_marked,
  channel_handshake_ms: ({ channel }) => channel?.handshake_ms,
  channel_associations: ({ channel }) => channel?.associations,
  channel_closed: ({ channel }) => channel?.closed,
};

const LINK_COLUMNS: Columns<LinkResult> = {
  id: ({ id }) => id,
  packets: ({ packets }) => packets,
  bytes: ({ bytes }) => bytes,
  drops: ({ drops }) => drops,
  utilization: ({ utilization }) => utilization,
  queue_max_packets: ({ queue_max_packets }) => queue_max_packets,
  ecn_marks: ({ ecn_marks }) => ecn_marks,
  dropped_queue_overflow: ({ dropped }) => dropped.queue_overflow,
  dropped_early_drop: ({ dropped }) => dropped.early_drop,
  dropped_loss: ({ dropped }) => dropped.loss,
  dropped_corrupted: ({ dropped }) => dropped.corrupted,
  dropped_link_down: ({ dropped }) => dropped.link_down,
};

/** Targets stand in one field, spaces between them. */
const TIMELINE_COLUMNS: Columns<TimelineEvent> = {
  at_ms: ({ at_ms }) => at_ms,
  event: ({ event }) => event,
  fault: (entry) => (entry.event === "switch" ? null : entry.fault),
  effect: (entry) => (entry.event === "switch" ? null : entry.effect),
  targets: (entry) => (entry.event === "switch" ? null : entry.targets.join(" ")),
  flow: (entry) => (entry.event === "switch" ? entry.flow : null),
  path: (entry) => (entry.event === "switch" ? entry.path : null),
};

export const flowsText = (flows: readonly FlowRow[]): string => tableText(FLOW_COLUMNS, flows);
export const linksText = (links: readonly LinkResult[]): string => tableText(LINK_COLUMNS, links);
export const timelineText = (timeline: readonly TimelineEvent[]): string => tableText(TIMELINE_COLUMNS, timeline);

function tableText<T>(columns: Columns<T>, rows: readonly T[]): string {
  const cells = Object.values(columns);
  return csvText([Object.keys(columns), ...rows.map((row) => cells.map((cell) => cell(row)))]);
}

export const SERIES_HEAD =
  "from_ms,to_ms,warmup,kind,id,packets,bytes,drops,waiting_packets,waiting_bytes,utilization,sent,received,mean_delay_ms";
export const SAMPLES_HEAD = "flow,kind,number,sent_ms,delay_ms,start_ms,fct_ms,bytes";

/** Rows of series.csv, written out since there may be millions; fields that are the same in many rows are made once. */
export class SeriesLines {
  readonly #warmup: number;
  readonly #names = new Map<string, string>();
  #from = -1;
  #head = "";

  /** Intervals that begin before `warmup` (nanoseconds) belong to the warm-up. */
  constructor(warmup: number) {
    this.#warmup = warmup;
  }

  of(row: SeriesRow): string {
    if (row.from !== this.#from) {
      this.#from = row.from;
      this.#head = `${row.from / MILLISECOND},${row.to / MILLISECOND},${row.from < this.#warmup}`;
    }
    const head = `${this.#head},${row.kind},${this.#nameOf(row.id)}`;
    if (row.kind === "link") {
      const { packets, bytes, drops, waitingPackets, waitingBytes, utilization } = row;
      return `${head},${packets},${bytes},${drops},${waitingPackets},${waitingBytes},${utilization},,,`;
    }
    const { sent, received, bytes, meanDelay } = row;
    return `${head},,${bytes},,,,,${sent},${received},${meanDelay === null ? "" : meanDelay / MILLISECOND}`;
  }

  #nameOf(id: string): string {
    let name = this.#names.get(id);
    if (name === undefined) {
      name = csvField(id);
      this.#names.set(id, name);
    }
    return name;
  }
}

/** Rows of samples.csv of one flow. */
export function sampleLines({ flow, packets, others }: FlowSample): string[] {
  const name = csvField(flow);
  const [ms, list] = [MILLISECOND, [...packets]];
  return [
    ...list.map(({ number, start, time }) => `${name},packet,${number},${start / ms},${time / ms},,,`),
    ...others.all.map(({ number, start, time, bytes }) =>
      others.kind === "message"
        ? `${name},message,${number},${start / ms},${time / ms},,,${bytes}`
        : `${name},${others.kind},${number},,,${start / ms},${time / ms},${bytes}`,
    ),
  ];
}
