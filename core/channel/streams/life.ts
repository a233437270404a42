/** How channels begin and end: opened and accepted or refused, finished, reset, closed. */
import { BLOCK, dropBlocks } from "./blocks.ts";
import {
  addChannel,
  type Channel,
  type ChannelEvent,
  type ChannelOptions,
  type Channels,
  CONTROL,
  demand,
  tell,
} from "./channels.ts";
import { clearBlocks } from "./blocks.ts";
import { type ErrorWord, MESSAGE_COST } from "./frames.ts";
import { enlist, messageAt, unpark } from "./scheduling.ts";
import { discardAll, finishIfRead, giveUp, grantMore, raiseHighest, tellReadable, wordOfEnd } from "./windows.ts";

/** Opens a channel; it may be written to at once. "limit": the peer allows no more for now, `openable` tells when it does. */
export function openChannel(channels: Channels, options: ChannelOptions): number | "limit" {
  if (channels.opened >= channels.openLimit) {
    channels.wantsChannels = true;
    demand(channels, 0, CONTROL.channelsBlocked);
    return "limit";
  }
  const count = channels.opened++;
  const id = channels.role === "initiator" ? 2 * count + 2 : 2 * count + 1;
  const { reliability = "ordered", framing = "stream", priority = 128 } = options;
  const kind = { reliability, framing, priority: Math.min(Math.max(Math.floor(priority), 0), 255) };
  addChannel(channels, id, true, kind, 0);
  demand(channels, id, CONTROL.open);
  return id;
}

/** Takes a channel that the peer opened; false where none waits. */
export function acceptChannel(channels: Channels, id: number): boolean {
  const channel = channels.byId.get(id);
  if (channel?.phase !== "pending") return false;
  channel.phase = "open";
  channel.receive.limit = Math.max(channel.receive.limit, channel.receive.window);
  demand(channels, id, CONTROL.accept);
  grantMore(channels, channel);
  tellReadable(channels, channel);
  finishIfRead(channels, channel);
  return true;
}

/** Turns a channel down that the peer opened; what it sent already is forgotten. */
export function refuseChannel(channels: Channels, id: number, code: number): boolean {
  const channel = channels.byId.get(id);
  if (channel?.phase !== "pending") return false;
  end(channels, channel, code, CONTROL.refuse);
  return true;
}

/** No more will be written; what was written goes out. */
export function finishChannel(channels: Channels, id: number): boolean {
  const channel = channels.byId.get(id);
  if (channel === undefined || !isWritable(channel)) return false;
  channel.send.state = "finishing";
  enlist(channels, channel);
  return true;
}

/** Finishes a stream where it stands: what was written and not sent is forgotten. Answers its length, -1 where it cannot be. */
export function cutChannel(channels: Channels, id: number): number {
  const channel = channels.byId.get(id);
  if (channel === undefined || channel.framing !== "stream") return -1;
  const { send } = channel;
  if (!isWritable(channel) && (send.state !== "finishing" || send.finSent)) return -1;
  dropBlocks(send.blocks, Math.ceil(send.sent / BLOCK) * BLOCK, Math.ceil(send.written / BLOCK) * BLOCK);
  send.written = send.sent;
  send.state = "finishing";
  enlist(channels, channel);
  return send.written;
}

/** Gives up sending; what did not arrive yet need not. */
export function resetChannel(channels: Channels, id: number, code: number): boolean {
  const channel = channels.byId.get(id);
  if (channel === undefined || channel.phase === "pending" || channel.phase === "closed") return false;
  if (channel.send.state === "reset" || channel.send.state === "ended") return false;
  abortSending(channels, channel, code);
  demand(channels, id, CONTROL.reset);
  return true;
}

/** Wants no more of what the peer sends: it is asked to reset its side. What it left to read when it closed is forgotten. */
export function stopSending(channels: Channels, id: number, code: number): boolean {
  const channel = channels.byId.get(id);
  if (channel === undefined || channel.phase === "pending") return false;
  const { receive } = channel;
  if (receive.state !== "open") return false;
  receive.state = "stopped";
  receive.code = code;
  if (channel.phase !== "closed" && receive.final < 0) demand(channels, id, CONTROL.stop);
  discardAll(channels, channel);
  return true;
}

/** Ends a channel in both directions at once; what is under way is lost. What a peer left to read when it closed is forgotten. */
export function closeChannel(channels: Channels, id: number, code: number): boolean {
  const channel = channels.byId.get(id);
  if (channel === undefined || (channel.phase === "closed" && channel.receive.state !== "open")) return false;
  if (channel.phase === "closed") {
    channel.receive.state = "stopped";
    discardAll(channels, channel);
    return true;
  }
  end(channels, channel, code, channel.phase === "pending" ? CONTROL.refuse : CONTROL.close);
  return true;
}

function end(
  channels: Channels,
  channel: Channel,
  code: number,
  kind: typeof CONTROL.refuse | typeof CONTROL.close,
): void {
  channel.phase = "closed";
  abortSending(channels, channel, code);
  demand(channels, channel.id, kind);
  if (channel.receive.state === "open") channel.receive.state = "stopped";
  discardAll(channels, channel);
}

/** The peer ended the channel, its flow at `final`. What can be read still can; ours ends too, and the peer is told where. */
export function closeByPeer(
  channels: Channels,
  channel: Channel,
  code: number,
  final: number,
  kind: "refused" | "closed",
): ErrorWord | null {
  const { receive } = channel;
  const word = wordOfEnd(channels, receive, final, true);
  if (word !== null) return word;
  raiseHighest(channels, receive, final);
  receive.final = final;
  if (channel.phase !== "closed") {
    channel.phase = "closed";
    tell(channels, kind, channel.id, code);
    abortSending(channels, channel, code);
    demand(channels, channel.id, CONTROL.close);
  }
  if (receive.state === "open") giveUp(channels, channel, final);
  else discardAll(channels, channel);
  finishIfRead(channels, channel);
  return null;
}

/** Nothing more is sent; the flow ends where it stands. */
export function abortSending(channels: Channels, channel: Channel, code: number): void {
  const { send } = channel;
  send.code = code;
  if (send.state === "ended") return;
  if (send.sent < send.written && channel.framing === "messages") {
    const at = messageAt(send, send.sent);
    const start = send.starts[at] as number;
    if (start < send.sent) channels.reserved -= start + (send.totals[at] as number) + MESSAGE_COST - send.sent;
  }
  send.state = "reset";
  send.lost.length = 0;
  send.starts.length = 0;
  send.totals.length = 0;
  clearBlocks(send.blocks);
  unpark(channels);
}

export function isWritable(channel: Channel): boolean {
  return (channel.phase === "open" || channel.phase === "opening") && channel.send.state === "open";
}

/** What happened since it was asked last, in order. */
export function takeEvents(channels: Channels): ChannelEvent[] {
  const { events } = channels;
  if (events.length > 0) channels.events = [];
  return events;
}
