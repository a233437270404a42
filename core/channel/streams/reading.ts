/** Takes what arrived out of a channel. */
import { prefixOf, removeRange } from "../../transport/ranges.ts";
import { bytesOf } from "./blocks.ts";
import { type Channel, type Channels, isInOrder } from "./channels.ts";
import { MESSAGE_COST } from "./frames.ts";
import { consume, endOfReadable, finishIfRead, headOfMessages } from "./windows.ts";

export interface Reading {
  /** Of the first byte in the flow; a message's name. */
  readonly offset: number;
  readonly length: number;
  /** Null: all zeros. */
  readonly bytes: Uint8Array | null;
}

/**
 * Up to `max` bytes of a stream, null where there are none. In order they follow one another; unordered and unreliable streams give the
 * pieces they have, lowest offset first. Nothing is read of a channel that was not accepted yet.
 */
export function readChannel(channels: Channels, id: number, max: number): Reading | null {
  const channel = channels.byId.get(id);
  if (channel === undefined || channel.framing !== "stream" || !canRead(channel)) return null;
  const { receive } = channel;
  const ordered = isInOrder(channel);
  const offset = ordered ? prefixOf(receive.consumed) : (receive.waiting[0] ?? 0);
  const end = ordered ? endOfReadable(receive) : (receive.waiting[1] ?? 0);
  const length = Math.min(max, end - offset);
  receive.told = false;
  if (length <= 0) return null;
  const bytes = bytesOf(receive.blocks, offset, length);
  if (!ordered) removeRange(receive.waiting, offset, offset + length);
  consume(channels, channel, offset, offset + length);
  finishIfRead(channels, channel);
  return { offset, length, bytes };
}

/** The next whole message, null where there is none. */
export function readMessage(channels: Channels, id: number): Reading | null {
  const channel = channels.byId.get(id);
  if (channel === undefined || channel.framing !== "messages" || !canRead(channel)) return null;
  const { receive } = channel;
  receive.told = false;
  const offset = isInOrder(channel) ? prefixOf(receive.consumed) : receive.waiting.shift();
  const length = isInOrder(channel) ? headOfMessages(receive) : receive.messages.get(offset ?? -1);
  if (offset === undefined || length === undefined || length < 0) return null;
  const bytes = bytesOf(receive.blocks, offset, length);
  receive.messages.delete(offset);
  consume(channels, channel, offset, offset + length + MESSAGE_COST);
  finishIfRead(channels, channel);
  return { offset, length, bytes };
}

function canRead(channel: Channel): boolean {
  return channel.phase !== "pending" && channel.receive.state === "open";
}
