/** What applications say of themselves: bytes, transfers, messages, transport. Read from their contexts; field names are those of `run --json`. */
import { createHistogram, record } from "../core/histogram.ts";
import { type BulkFlow, type FlowSpec, isOverChannels } from "../core/scenario.ts";
import type { Nanos } from "../core/units.ts";
import type { Sender } from "../core/transport/sender.ts";
import type { ChannelBulkContext } from "./apps/channel-bulk.ts";
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
import {
  type AppResult,
  messageResult,
  type ReplyCount,
  transferResult,
  type TransferResult,
  type TransportResult,
} from "./app-result.ts";
import { channelAppResult } from "./channel-results.ts";
import type { World } from "./world.ts";

export function appResult(world: World, flow: FlowSpec): AppResult {
  if (isOverChannels(flow))
    return channelAppResult(world, flow, flow.app === "bulk" ? bulkTransfer(world, flow) : null);
  const source = `app/${flow.id}`;
  const sink = `${source}/sink`;
  const read = <C>(id: string): C => world.read<C>(id).context;
  switch (flow.app) {
    case "bulk":
      return bulkResult(bulkTransfer(world, flow), read<BulkContext>(source), read<StreamSinkContext>(sink));
    case "file-transfer":
      return fileResult(read<FileTransferContext>(source), read<StreamSinkContext>(sink));
    case "request-response":
      return exchangeResult(read<RequestResponseContext>(source), read<ResponderContext>(sink));
    case "message-stream":
      return streamResult(world.now, read<MessageStreamContext>(source), read<MessageSinkContext>(sink));
    case "gateway":
      return gatewayResult(read<GatewayContext>(source), read<GatewayContext>(sink));
    default:
      return { measured: null, endedAt: null, replies: null, details: {} };
  }
}

/** When all bytes of a bulk flow that has a number of them were known to have arrived; -1: not yet, or it stopped before. */
export function arrivedAt(world: World, flow: BulkFlow): Nanos {
  if (isOverChannels(flow)) {
    const { completedAt, total } = world.read<ChannelBulkContext>(`app/${flow.id}`).context;
    return flow.bytes > 0 && total === flow.bytes ? completedAt : -1;
  }
  const { completedAt, outgoing } = world.read<BulkContext>(`app/${flow.id}`).context;
  return flow.bytes > 0 && outgoing.sender.total === flow.bytes ? completedAt : -1;
}

/** The one transfer of a bulk flow with a number of bytes. */
export function bulkTransfer(world: World, flow: BulkFlow): TransferResult {
  const { start_ns: start, stop_ns: stop } = flow;
  const time = createHistogram();
  const at = arrivedAt(world, flow);
  if (at >= 0) record(time, at - start);
  return transferResult(world.now >= start && start < stop ? 1 : 0, at >= 0 ? 1 : 0, time);
}

function bulkResult(transfer: TransferResult, bulk: BulkContext, sink: StreamSinkContext): AppResult {
  const { outgoing, bytes, completedAt } = bulk;
  const transport = transportResult(createTotals(), [outgoing.sender], sink.marked);
  const details = bytes === 0 ? { transport } : { transfers: transfer, transport };
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

function streamResult(now: number, stream: MessageStreamContext, sink: MessageSinkContext): AppResult {
  const messages = messageResult(now, stream, sink);
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
