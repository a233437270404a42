/** What applications say of themselves: bytes, transfers, messages, transport. Read from their contexts; field names are those of `run --json`. */
import { createHistogram, type Histogram, record } from "../core/histogram.ts";
import type { FlowSpec } from "../core/scenario.ts";
import { hasNumber } from "../core/transport/ranges.ts";
import type { Sender } from "../core/transport/sender.ts";
import type { BulkContext } from "./apps/bulk.ts";
import { addTotals, createTotals, type TransportTotals } from "./apps/connection.ts";
import type { GatewayContext } from "./apps/gateway.ts";
import type { FileTransferContext } from "./apps/file-transfer.ts";
import type { MessageSinkContext } from "./apps/message-sink.ts";
import type { MessageStreamContext } from "./apps/message-stream.ts";
import type { RequestResponseContext } from "./apps/request-response.ts";
import type { ResponderContext } from "./apps/responder.ts";
import type { StreamSinkContext } from "./apps/stream-sink.ts";
import type { Tally } from "./apps/tally.ts";
import { type LatencyMs, latencyMs } from "./latency.ts";
import type { World } from "./world.ts";

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
    readonly gateway?: GatewayResult;
  };
}

export function appResult(world: World, flow: FlowSpec): AppResult {
  const source = `app/${flow.id}`;
  const sink = `${source}/sink`;
  const read = <C>(id: string): C => world.read<C>(id).context;
  switch (flow.app) {
    case "bulk":
      return bulkResult(flow.start_ns, world.now, read<BulkContext>(source), read<StreamSinkContext>(sink));
    case "file-transfer":
      return fileResult(read<FileTransferContext>(source), read<StreamSinkContext>(sink));
    case "request-response":
      return exchangeResult(read<RequestResponseContext>(source), read<ResponderContext>(sink));
    case "message-stream":
      return messageResult(world.now, read<MessageStreamContext>(source), read<MessageSinkContext>(sink));
    case "gateway":
      return gatewayResult(read<GatewayContext>(source), read<GatewayContext>(sink));
    default:
      return { measured: null, endedAt: null, replies: null, details: {} };
  }
}

function bulkResult(start: number, now: number, bulk: BulkContext, sink: StreamSinkContext): AppResult {
  const { outgoing, bytes, completedAt } = bulk;
  const time = createHistogram();
  const started = now >= start && bulk.start < bulk.stop ? 1 : 0;
  const whole = completedAt >= 0 && outgoing.sender.total === bytes ? 1 : 0;
  if (whole === 1) record(time, completedAt - start);
  const transport = transportResult(createTotals(), [outgoing.sender], sink.marked);
  const details = bytes === 0 ? { transport } : { transfers: transferResult(started, whole, time), transport };
  return {
    measured: sink.measured,
    endedAt: completedAt < 0 ? null : completedAt,
    replies: replyCount(bulk, sink),
    details,
  };
}

function fileResult(files: FileTransferContext, sink: StreamSinkContext): AppResult {
  const open = [...files.transfers.values()].map(({ sender }) => sender);
  const transfers = transferResult(files.started, files.completed, files.completionTime);
  const transport = transportResult(files.totals, open, sink.marked);
  return {
    measured: sink.measured,
    endedAt: null,
    replies: replyCount(files, sink),
    details: { transfers, transport },
  };
}

/** The transport is that of both directions; times and window are of the responses. */
function exchangeResult(client: RequestResponseContext, server: ResponderContext): AppResult {
  const responses = [...server.answering.values()].flatMap(({ response }) =>
    response === null ? [] : [response.sender],
  );
  const requests = client.exchange === null ? [] : [client.exchange.request.sender];
  const asked = transportResult(client.totals, requests, client.marked);
  const answered = transportResult(server.totals, responses, 0);
  const transport: TransportResult = {
    ...answered,
    retransmitted: asked.retransmitted + answered.retransmitted,
    spurious: asked.spurious + answered.spurious,
    probe_timeouts: asked.probe_timeouts + answered.probe_timeouts,
    congestion_events: asked.congestion_events + answered.congestion_events,
    ecn_marked: asked.ecn_marked,
  };
  const transfers = transferResult(client.started, client.completed, client.completionTime);
  return {
    measured: client.measured,
    endedAt: null,
    replies: replyCount(client, server),
    details: { transfers, transport },
  };
}

function messageResult(now: number, stream: MessageStreamContext, sink: MessageSinkContext): AppResult {
  const { messages: sent, start, interval } = stream;
  const { onTime, late, deadline } = sink;
  let undecided = 0;
  for (let message = sent - 1; message >= 0 && start + message * interval + deadline >= now; message--) {
    if (!hasNumber(sink.over, message)) undecided++;
  }
  const messages = { sent, on_time: onTime, late, lost: sent - onTime - late - undecided };
  return { measured: sink.measured, endedAt: null, replies: null, details: { messages } };
}

function gatewayResult(entry: GatewayContext, exit: GatewayContext): AppResult {
  const gateway = {
    too_long: entry.tooLong + exit.tooLong,
    unanswerable: entry.unanswerable + exit.unanswerable,
    malformed: entry.malformed + exit.malformed,
  };
  return {
    measured: exit.handedOn,
    endedAt: null,
    replies: replyCount({ replies: entry }, exit),
    details: { gateway },
  };
}

function replyCount(source: { readonly replies: Tally }, sink: { readonly sent: number }): ReplyCount {
  const { received, duplicates } = source.replies;
  return { sent: sink.sent, received, duplicates };
}

function transferResult(started: number, completed: number, time: Histogram): TransferResult {
  return { started, completed, unfinished: started - completed, fct_ms: latencyMs(time) };
}

function transportResult(ended: TransportTotals, open: readonly Sender[], marked: number): TransportResult {
  const all = { ...ended };
  for (const sender of open) addTotals(all, sender);
  return {
    retransmitted: all.retransmitted,
    spurious: all.spurious,
    probe_timeouts: all.probeTimeouts,
    congestion_events: all.congestionEvents,
    srtt_ms: all.srtt === 0 ? null : all.srtt / 1e6,
    cwnd_bytes: Math.floor(all.window),
    ecn_marked: marked,
  };
}
