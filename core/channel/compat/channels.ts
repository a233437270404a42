/**
 * The channels of one connection, by the initiator's half of their names: pending with that half alone, established with both.
 * The default channel is none of them: it is always there.
 */
import { err, ok, type Result } from "../../result.ts";
import type { Nanos } from "../../units.ts";
import {
  type ChannelId,
  channelId,
  DEFAULT_CHANNEL,
  hasInitiator,
  hasResponder,
  initiatorOf,
  NO_HALF,
} from "./channel-id.ts";
import type { Cookie } from "./cookie.ts";
import type { ChannelerError } from "./errors.ts";
import { type Message, messageLength } from "./messages.ts";

/** Messages that wait for a packet. */
export interface SendQueue {
  readonly messages: Message[];
  bytes: number;
}

export interface Channel {
  /** Number within the connection; it stays when a crossed negotiation changes the name. */
  readonly handle: number;
  id: ChannelId;
  readonly role: "initiator" | "responder";
  readonly queue: SendQueue;
  /** The responder's; 0 until the initiator knows it. */
  cookie2: Cookie;
  /** As FINALIZE or CHANNEL_COOKIE had them. */
  capabilities: number;
  /** The other side is known to have established it, too: always so for the responder. */
  confirmed: boolean;
  lastHeard: Nanos;
}

export interface Channels {
  readonly byInitiator: Map<number, Channel>;
  readonly byHandle: Map<number, Channel>;
  /** Of the default channel. */
  readonly queue: SendQueue;
  /** Most channels at once. */
  readonly limit: number;
  nextHandle: number;
}

export function createChannels(limit: number): Channels {
  return { byInitiator: new Map(), byHandle: new Map(), queue: createQueue(), limit, nextHandle: 1 };
}

/**
 * A new channel: pending where the name lacks the responder's half. Errors: a name without initiator (ERR_INVALID_CHANNELID), one that
 * is in use (ERR_INVALID_REFERENCE), no room (ERR_STATE).
 */
export function addChannel(
  channels: Channels,
  id: ChannelId,
  role: Channel["role"],
  now: Nanos,
): Result<Channel, ChannelerError> {
  if (!hasInitiator(id)) return err("ERR_INVALID_CHANNELID");
  if (channels.byInitiator.has(initiatorOf(id))) return err("ERR_INVALID_REFERENCE");
  if (channels.byInitiator.size >= channels.limit) return err("ERR_STATE");
  const channel: Channel = {
    handle: channels.nextHandle++,
    id,
    role,
    queue: createQueue(),
    cookie2: 0,
    capabilities: 0,
    confirmed: role === "responder",
    lastHeard: now,
  };
  channels.byInitiator.set(initiatorOf(id), channel);
  channels.byHandle.set(channel.handle, channel);
  return ok(channel);
}

/** A pending channel becomes an established one. */
export function makeFull(channels: Channels, id: ChannelId): Result<Channel, ChannelerError> {
  const channel = channels.byInitiator.get(initiatorOf(id));
  if (channel === undefined || !hasResponder(id) || !isPending(channel)) return err("ERR_INVALID_CHANNELID");
  channel.id = id;
  return ok(channel);
}

/** A pending channel takes another initiator's half. */
export function renumber(channels: Channels, channel: Channel, half: number): void {
  channels.byInitiator.delete(initiatorOf(channel.id));
  channel.id = channelId(half, NO_HALF);
  channels.byInitiator.set(half, channel);
}

export function removeChannel(channels: Channels, channel: Channel): void {
  channels.byHandle.delete(channel.handle);
  channels.byInitiator.delete(initiatorOf(channel.id));
}

/** Is it there, pending channels and the default one included? */
export function hasChannel(channels: Channels, id: ChannelId): boolean {
  return id === DEFAULT_CHANNEL || channels.byInitiator.get(initiatorOf(id))?.id === id;
}

export function pendingChannel(channels: Channels, half: number): Channel | undefined {
  const channel = channels.byInitiator.get(half);
  return channel !== undefined && isPending(channel) ? channel : undefined;
}

/** The established channel of exactly this name. */
export function establishedChannel(channels: Channels, id: ChannelId): Channel | undefined {
  const channel = channels.byInitiator.get(initiatorOf(id));
  return channel !== undefined && channel.id === id && !isPending(channel) ? channel : undefined;
}

export function channelOfHandle({ byHandle }: Channels, handle: number): Channel | undefined {
  return byHandle.get(handle);
}

/** Names of the established channels, in ascending order. */
export function channelIdsOf({ byInitiator }: Channels): ChannelId[] {
  return [...byInitiator.values()]
    .filter((channel) => !isPending(channel))
    .map(({ id }) => id)
    .sort((one, other) => one - other);
}

export function isPending({ id }: Channel): boolean {
  return !hasResponder(id);
}

/** Puts a message at the end of a queue; false: the bytes would be more than `limit`. */
export function enqueue(queue: SendQueue, message: Message, limit: number): boolean {
  const length = messageLength(message);
  if (queue.bytes + length > limit) return false;
  queue.messages.push(message);
  queue.bytes += length;
  return true;
}

/** Takes from the head as many messages as fit into `room` bytes. */
export function dequeue(queue: SendQueue, room: number): Message[] {
  let used = 0;
  let count = 0;
  for (const message of queue.messages) {
    const length = messageLength(message);
    if (used + length > room) break;
    used += length;
    count++;
  }
  queue.bytes -= used;
  return queue.messages.splice(0, count);
}

function createQueue(): SendQueue {
  return { messages: [], bytes: 0 };
}
