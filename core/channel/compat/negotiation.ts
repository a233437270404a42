/**
 * The three machines of a connection as functions of one message each: initiator, responder, data, asked in this order; the first that
 * handles a message is the last that sees it. What takes time (retries, giving up) is the channel machines' (actors/channel).
 *
 *   initiator                             responder, without state until FINALIZE
 *      | NEW (half, cookie 1)                |
 *      |------------------------------------>|
 *      |     ACKNOWLEDGE (id, cookies 1, 2)  |
 *      |<------------------------------------|
 *      | FINALIZE (id, cookie 2)             |
 *      |------------------------------------>|  established here, too
 */
import { err, ok, type Result } from "../../result.ts";
import {
  type ChannelId,
  channelId,
  completeChannelId,
  createChannelId,
  DEFAULT_CHANNEL,
  hasInitiator,
  initiatorOf,
  isComplete,
  NO_HALF,
} from "./channel-id.ts";
import {
  addChannel,
  type Channel,
  establishedChannel,
  isPending,
  makeFull,
  pendingChannel,
  removeChannel,
  renumber,
} from "./channels.ts";
import { type Connection, dataRoom, roomOf } from "./connection.ts";
import { initiatorCookieHolds, makeInitiatorCookie, makeResponderCookie, responderCookieHolds } from "./cookie.ts";
import type { ChannelerError } from "./errors.ts";
import type { MessageEvent, PipeContext, PipeEvent, UserDataWritten } from "./events.ts";
import {
  type ChannelAcknowledge,
  type ChannelCookie,
  type ChannelFinalize,
  type ChannelNew,
  dataLength,
  type Message,
  messageLength,
} from "./messages.ts";
import type { PacketHeader } from "./envelope.ts";

/** Events that a message leads to; null: it is none of this machine's. */
type Handled = readonly PipeEvent[] | null;

type Machine = (connection: Connection, event: MessageEvent, context: PipeContext) => Handled;

const HANDLED: readonly PipeEvent[] = [];

/** In a fixed order; the original's hung on addresses in memory. */
export const REGISTRY: readonly Machine[] = [handleAsInitiator, handleAsResponder, handleData];

/** Events of the first machine that handles the message; null: none does. */
export function handleMessage(connection: Connection, event: MessageEvent, context: PipeContext): Handled {
  for (const machine of REGISTRY) {
    const events = machine(connection, event, context);
    if (events !== null) return events;
  }
  return null;
}

/** Begins a negotiation. Error: no room for one more channel. */
export function initiate(
  connection: Connection,
  context: PipeContext,
): Result<{ channel: Channel; events: readonly PipeEvent[] }, ChannelerError> {
  const { channels } = connection;
  if (channels.byInitiator.size >= channels.limit) return err("ERR_STATE");
  const added = addChannel(channels, channelId(freeHalf(connection, context), NO_HALF), "initiator", context.now);
  if (!added.ok) return added;
  return ok({ channel: added.value, events: [newMessage(connection, added.value)] });
}

/** The handshake's message once more: NEW while pending, FINALIZE and, where that is agreed on, the cookie while unconfirmed. */
export function repeatHandshake(connection: Connection, channel: Channel): readonly PipeEvent[] {
  if (isPending(channel)) return [newMessage(connection, channel)];
  if (channel.role === "responder" || channel.confirmed) return HANDLED;
  const finalize = finalizeMessage(connection, channel);
  return connection.confirm ? [finalize, out(channel.id, cookieMessage(channel))] : [finalize];
}

/** CHANNEL_COOKIE that stands before early data. */
export function cookieMessage({ cookie2, capabilities }: Channel): ChannelCookie {
  return { type: "CHANNEL_COOKIE", cookie: cookie2, capabilities };
}

/** Does a packet of this channel begin with its cookie? Until the other side is known to have it. */
export function leadsWithCookie({ confirm }: Connection, channel: Channel): boolean {
  return confirm && channel.role === "initiator" && !channel.confirmed && !isPending(channel);
}

/** FSM: data. Cuts what does not fit a packet; what is written before the channel is established waits, and goes as early data. */
export function writeData(connection: Connection, event: UserDataWritten, context: PipeContext): readonly PipeEvent[] {
  const { channels } = connection;
  const { channel: id, bytes } = event;
  const channel = establishedChannel(channels, id) ?? pendingChannel(channels, initiatorOf(id));
  if (channel === undefined || id === DEFAULT_CHANNEL) {
    context.actions.push({ type: "AT_ERROR", error: "ERR_INVALID_CHANNELID" });
    return HANDLED;
  }
  const cookie = connection.confirm && !channel.confirmed ? messageLength(cookieMessage(channel)) : 0;
  const most = dataRoom(roomOf(connection) - cookie);
  const pieces = Math.ceil(bytes.length / most);
  if (channel.queue.bytes + bytes.length + pieces * dataLength(0) * 4 > connection.maxQueued) {
    context.actions.push({ type: "AT_ERROR", error: "ERR_WRITE" });
    return HANDLED;
  }
  return Array.from({ length: pieces }, (_, piece) =>
    out(channel.id, { type: "DATA", bytes: bytes.slice(piece * most, (piece + 1) * most) }),
  );
}

function handleAsInitiator(connection: Connection, { header, message }: MessageEvent, context: PipeContext): Handled {
  if (message.type === "CHANNEL_ACKNOWLEDGE") return onAcknowledge(connection, message, context);
  if (message.type === "CHANNEL_COOKIE") return onConfirmation(connection, header, message, context);
  return null;
}

function handleAsResponder(connection: Connection, { header, message }: MessageEvent, context: PipeContext): Handled {
  if (message.type === "CHANNEL_NEW") return onNew(connection, message, context);
  if (message.type === "CHANNEL_FINALIZE") return onFinalize(connection, message.id, message.cookie2, message, context);
  if (message.type === "CHANNEL_COOKIE") return onCookie(connection, header, message, context);
  return null;
}

/** FSM: data. Dropped where the channel is not established. */
function handleData(connection: Connection, { header, message }: MessageEvent, context: PipeContext): Handled {
  if (message.type !== "DATA") return null;
  const channel = establishedChannel(connection.channels, header.channel);
  if (channel === undefined) return null;
  confirm(channel, context);
  return [{ type: "USER_DATA_TO_READ", handle: channel.handle, bytes: message.bytes }];
}

function onAcknowledge(connection: Connection, message: ChannelAcknowledge, context: PipeContext): Handled {
  const { channels, peer, secrets, self } = connection;
  const channel = pendingChannel(channels, initiatorOf(message.id));
  if (channel === undefined || !isComplete(message.id)) return null;
  if (!initiatorCookieHolds(secrets, self, peer, message.id, message.cookie1)) {
    removeChannel(channels, channel);
    context.actions.push({ type: "NOTIFY_CHANNEL_REFUSED", channel });
    return HANDLED;
  }
  makeFull(channels, message.id);
  channel.cookie2 = message.cookie2;
  channel.capabilities = connection.capabilities;
  channel.lastHeard = context.now;
  context.actions.push({ type: "NOTIFY_CHANNEL_ESTABLISHED", channel });
  return [finalizeMessage(connection, channel)];
}

/** The responder's cookie came back from it: it has the channel. */
function onConfirmation(
  connection: Connection,
  { channel: id }: PacketHeader,
  { cookie }: ChannelCookie,
  context: PipeContext,
): Handled {
  const channel = establishedChannel(connection.channels, id);
  if (channel === undefined || channel.role !== "initiator" || channel.cookie2 !== cookie) return null;
  confirm(channel, context);
  return HANDLED;
}

function onNew(connection: Connection, message: ChannelNew, context: PipeContext): Handled {
  const { channels, peer, secrets, self } = connection;
  const half = message.initiator;
  if (half === NO_HALF) return null;
  const pending = pendingChannel(channels, half);
  if (pending !== undefined && self > peer) return HANDLED;
  const moved = pending === undefined ? HANDLED : [giveWay(connection, pending, context)];
  const there = channels.byInitiator.get(half);
  if (there?.role === "initiator") return null;
  const fresh = there === undefined ? completeChannelId(channelId(half, NO_HALF), context.random) : ok(there.id);
  if (!fresh.ok) return null;
  const cookie2 = makeResponderCookie(secrets, peer, self, fresh.value);
  const answer = { type: "CHANNEL_ACKNOWLEDGE", id: fresh.value, cookie1: message.cookie1, cookie2 } as const;
  return [out(DEFAULT_CHANNEL, answer), ...moved];
}

/** FINALIZE, and CHANNEL_COOKIE of a channel that is not there yet. */
function onFinalize(
  connection: Connection,
  id: ChannelId,
  cookie2: number,
  { capabilities }: ChannelFinalize | ChannelCookie,
  context: PipeContext,
): Handled {
  const { channels, peer, secrets, self } = connection;
  const there = channels.byInitiator.get(initiatorOf(id));
  if (there !== undefined && !isPending(there)) return HANDLED;
  if (!isComplete(id) || !responderCookieHolds(secrets, peer, self, id, cookie2)) return null;
  const moved = there === undefined ? HANDLED : [giveWay(connection, there, context)];
  const added = addChannel(channels, id, "responder", context.now);
  if (!added.ok) {
    context.actions.push({ type: "AT_ERROR", error: added.error });
    return moved;
  }
  added.value.cookie2 = cookie2;
  added.value.capabilities = capabilities;
  context.actions.push({ type: "NOTIFY_CHANNEL_ESTABLISHED", channel: added.value });
  return moved;
}

/** The initiator asks whether FINALIZE arrived, or sends early data: establishes the channel where it is new, and is answered. */
function onCookie(connection: Connection, header: PacketHeader, message: ChannelCookie, context: PipeContext): Handled {
  const { channels, confirm, peer, secrets, self } = connection;
  if (!confirm || !responderCookieHolds(secrets, peer, self, header.channel, message.cookie)) return null;
  const moved = onFinalize(connection, header.channel, message.cookie, message, context);
  const channel = establishedChannel(channels, header.channel);
  if (moved === null || channel === undefined) return moved;
  return [
    ...moved,
    out(channel.id, { type: "CHANNEL_COOKIE", cookie: message.cookie, capabilities: message.capabilities }),
  ];
}

/** Two negotiations chose one half: this side's goes on under another name. */
function giveWay(connection: Connection, channel: Channel, context: PipeContext): PipeEvent {
  renumber(connection.channels, channel, freeHalf(connection, context));
  context.actions.push({ type: "NOTIFY_CHANNEL_RENUMBERED", channel });
  return newMessage(connection, channel);
}

function confirm(channel: Channel, { actions }: PipeContext): void {
  if (channel.confirmed) return;
  channel.confirmed = true;
  actions.push({ type: "NOTIFY_CHANNEL_CONFIRMED", channel });
}

/** Far fewer channels than halves: a few draws find one. */
function freeHalf({ channels }: Connection, { random }: PipeContext): number {
  let id = createChannelId(random);
  while (channels.byInitiator.has(initiatorOf(id)) || !hasInitiator(id)) id = createChannelId(random);
  return initiatorOf(id);
}

function newMessage({ peer, secrets, self }: Connection, { id }: Channel): PipeEvent {
  const cookie1 = makeInitiatorCookie(secrets, self, peer, id);
  return out(DEFAULT_CHANNEL, { type: "CHANNEL_NEW", initiator: initiatorOf(id), cookie1 });
}

function finalizeMessage({ capabilities }: Connection, { id, cookie2 }: Channel): PipeEvent {
  return out(DEFAULT_CHANNEL, { type: "CHANNEL_FINALIZE", id, cookie2, capabilities });
}

function out(channel: ChannelId, message: Message): PipeEvent {
  return { type: "MESSAGE_OUT", channel, message };
}
