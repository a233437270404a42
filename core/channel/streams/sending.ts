/** What applications write, cut into pieces for packets; and what becomes of the pieces. */
import { addRange, gapsIn, prefixOf, removeRange } from "../../transport/ranges.ts";
import { dropBlocks, storeBytes } from "./blocks.ts";
import {
  type Channel,
  CHANNEL_CODES,
  type Channels,
  CONTROL,
  demand,
  endIfDelivered,
  FIN,
  INITIAL,
  MAX_OFFSET,
  type SentPiece,
  tell,
} from "./channels.ts";
import { forwardOf, introduce } from "./controls.ts";
import { dataHeadBytes, messageHeadBytes, roomIn, writeData, writeMessagePiece } from "./frame-writer.ts";
import { type FrameWriter, MESSAGE_COST } from "./frames.ts";
import { closeChannel, isWritable } from "./life.ts";
import { enlist, finIsDue, hasRoom, hasWork, messageAt } from "./scheduling.ts";

/** Pieces are not shorter than this where there is more to send. */
const LEAST_PIECE = 64;

/**
 * Writes to a stream: bytes, which are copied, or so many zeros. Answers how many were taken: fewer than given where the buffer is
 * full (`writable` tells when there is room), -1 where the channel takes nothing any more.
 */
export function writeChannel(channels: Channels, id: number, data: Uint8Array | number): number {
  const channel = channels.byId.get(id);
  if (channel === undefined || channel.framing !== "stream" || !isWritable(channel)) return -1;
  const { send } = channel;
  const wanted = typeof data === "number" ? data : data.length;
  const room = typeof data === "number" ? MAX_OFFSET - send.written : roomToBuffer(channels, channel);
  const count = Math.max(0, Math.min(wanted, room));
  if (typeof data !== "number") storeBytes(send.blocks, send.written, data, 0, count);
  send.written += count;
  if (count < wanted) send.wanting = true;
  enlist(channels, channel);
  return count;
}

/** Writes a message: bytes, which are copied, or so many zeros. "full": `writable` tells when to try again. "too-long": the peer's window is smaller. */
export function writeMessage(
  channels: Channels,
  id: number,
  data: Uint8Array | number,
): "queued" | "full" | "too-long" | "state" {
  const channel = channels.byId.get(id);
  if (channel === undefined || channel.framing !== "messages" || !isWritable(channel)) return "state";
  const { send } = channel;
  const total = typeof data === "number" ? data : data.length;
  const size = total + MESSAGE_COST;
  const opening = channel.phase === "opening";
  if (!opening && size > send.peerWindow) return "too-long";
  const room = roomToBuffer(channels, channel);
  if ((opening && size > INITIAL.channel) || (size > room && room < channels.windows.sendBuffer)) {
    send.wanting = true;
    return "full";
  }
  if (typeof data !== "number") storeBytes(send.blocks, send.written, data, 0, total);
  send.starts.push(send.written);
  send.totals.push(total);
  send.written += size;
  enlist(channels, channel);
  return "queued";
}

function roomToBuffer(channels: Channels, { send }: Channel): number {
  return channels.windows.sendBuffer - (send.written - prefixOf(send.settled));
}

/**
 * Writes one piece of a channel's data: lost ones first. Null where the channel has none that may go, or where the writer has no room.
 * The record is used again for the next piece.
 */
export function writeFrames(channels: Channels, id: number, writer: FrameWriter): SentPiece | null {
  const channel = channels.byId.get(id);
  if (channel === undefined || !hasWork(channel) || !hasRoom(channels, channel)) return null;
  const before = writer.at;
  if (!introduce(channel, writer)) return null;
  const { send } = channel;
  const written =
    channel.framing === "stream" || (send.lost.length === 0 && finIsDue(send))
      ? writeStreamPiece(channels, channel, writer)
      : writeOfMessage(channels, channel, writer);
  if (!written) return null;
  channel.deficit -= writer.at - before + writer.zeros;
  return channels.piece;
}

function writeStreamPiece(channels: Channels, channel: Channel, writer: FrameWriter): boolean {
  const { send, id } = channel;
  const again = send.lost.length > 0;
  const from = again ? (send.lost[0] as number) : send.sent;
  const granted = Math.min(send.limit - send.sent, channels.sendLimit - channels.sent - channels.reserved);
  const most = again ? (send.lost[1] as number) - from : Math.max(0, Math.min(send.written - from, granted));
  const room = roomIn(writer) - dataHeadBytes(id, from, roomIn(writer));
  const length = Math.min(most, room);
  if (length < Math.min(most, LEAST_PIECE)) return false;
  const fin = send.state === "finishing" && from + length === send.written;
  writeData(writer, id, from, length, fin, send.blocks);
  if (fin) send.finSent = true;
  if (again) {
    channels.resent++;
    removeRange(send.lost, from, from + length);
  } else noteSent(channels, channel, length);
  return note(channels, from, length, fin ? FIN : 0);
}

function writeOfMessage(channels: Channels, channel: Channel, writer: FrameWriter): boolean {
  const { send, id } = channel;
  const again = send.lost.length > 0;
  const from = again ? (send.lost[0] as number) : send.sent;
  const index = messageAt(send, from);
  const [start, total] = [send.starts[index] as number, send.totals[index] as number];
  const offset = from - start;
  const most = Math.min(total - offset, again ? (send.lost[1] as number) - from : total);
  const room = roomIn(writer) - messageHeadBytes(id, start, offset, total, roomIn(writer));
  const length = Math.min(most, room);
  if (length < Math.min(most, LEAST_PIECE)) return false;
  writeMessagePiece(writer, id, start, offset, total, length, send.blocks);
  const covered = offset + length === total ? length + MESSAGE_COST : length;
  if (again) {
    channels.resent++;
    removeRange(send.lost, from, from + covered);
  } else {
    if (offset === 0) channels.reserved += total + MESSAGE_COST;
    channels.reserved -= covered;
    noteSent(channels, channel, covered);
  }
  return note(channels, from, covered, 0);
}

function noteSent(channels: Channels, { send }: Channel, length: number): void {
  send.sent += length;
  channels.sent += length;
}

function note({ piece }: Channels, offset: number, length: number, flags: number): true {
  piece.offset = offset;
  piece.length = length;
  piece.flags = flags;
  return true;
}

/** A piece has arrived. */
export function onAcked(channels: Channels, id: number, offset: number, length: number, flags: number): void {
  const channel = channels.byId.get(id);
  if (channel === undefined) return;
  channel.openAcked = true;
  const { send } = channel;
  if (send.state !== "open" && send.state !== "finishing") return;
  if (flags & FIN) send.finAcked = true;
  if (send.lost.length > 0) removeRange(send.lost, offset, offset + length);
  settle(channels, channel, offset, offset + length);
}

/** Notes that [from, to) needs no sending any more. */
function settle(channels: Channels, channel: Channel, from: number, to: number): void {
  const { send } = channel;
  const before = prefixOf(send.settled);
  addRange(send.settled, from, to);
  const after = prefixOf(send.settled);
  if (after > before) {
    dropBlocks(send.blocks, before, after);
    while (send.starts.length > 0 && (send.starts[0] as number) + (send.totals[0] as number) + MESSAGE_COST <= after) {
      send.starts.shift();
      send.totals.shift();
    }
    if (send.wanting && channel.phase === "open" && roomToBuffer(channels, channel) > 0) {
      send.wanting = false;
      tell(channels, "writable", channel.id);
    }
  }
  if (send.givenUp > send.forwarded && forwardOf(send) > send.forwarded) demand(channels, channel.id, CONTROL.forward);
  if (send.finAcked) endIfDelivered(channels, channel);
}

/** A piece is lost: it is sent again, given up, or ends the channel, as the channel's reliability has it. */
export function onLost(channels: Channels, id: number, offset: number, length: number, flags: number): void {
  const channel = channels.byId.get(id);
  if (channel === undefined) return;
  const { send } = channel;
  if (send.state !== "open" && send.state !== "finishing") return;
  if (flags & FIN && !send.finAcked) send.finSent = false;
  const missing = gapsIn(send.settled, offset, offset + length);
  if (missing.length > 0 && channel.reliability === "close-on-loss") {
    closeChannel(channels, id, CHANNEL_CODES.loss);
    tell(channels, "closed", id, CHANNEL_CODES.loss);
    return;
  }
  if (missing.length > 0 && channel.reliability === "unreliable") abandon(channels, channel, offset, offset + length);
  else
    for (let at = 0; at < missing.length; at += 2)
      addRange(send.lost, missing[at] as number, missing[at + 1] as number);
  enlist(channels, channel);
}

/** Has a piece sent once more, as a probe, though it may have arrived. False where nothing of it may or need be sent twice. */
export function requeue(channels: Channels, id: number, offset: number, length: number, flags: number): boolean {
  const reliability = channels.byId.get(id)?.reliability;
  if (reliability !== "ordered" && reliability !== "unordered") return false;
  onLost(channels, id, offset, length, flags);
  const channel = channels.byId.get(id);
  return channel !== undefined && (channel.send.lost.length > 0 || finIsDue(channel.send));
}

/** Gives a piece up, with all of the message that it belongs to. */
function abandon(channels: Channels, channel: Channel, offset: number, end: number): void {
  const { send } = channel;
  let [from, to] = [offset, end];
  if (channel.framing === "messages") {
    const index = messageAt(send, offset);
    from = send.starts[index] as number;
    to = from + (send.totals[index] as number) + MESSAGE_COST;
    if (to > send.sent) {
      channels.reserved -= to - send.sent;
      noteSent(channels, channel, to - send.sent);
    }
  }
  send.givenUp = Math.max(send.givenUp, to);
  settle(channels, channel, from, to);
}
