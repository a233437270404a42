/**
 * What goes out, as a pipe of filters. Messages queue by channel; a flush then fills packets with as many as fit.
 *
 *   enqueue_message          message_bundling -> add_checksum -> out_buffer -> callback
 */
import { type ChannelId, DEFAULT_CHANNEL, initiatorOf } from "./channel-id.ts";
import { type Channel, dequeue, enqueue, isPending, type SendQueue } from "./channels.ts";
import { type Connection, roomOf } from "./connection.ts";
import { buildPacket, ENVELOPE_BYTES, PROTOCOL_ID, putChecksum } from "./envelope.ts";
import {
  type Filter,
  filter,
  type MessageOut,
  type MessageOutEnqueued,
  type PacketOut,
  type PacketOutEnqueued,
  type PipeContext,
  type PipeEvent,
} from "./events.ts";
import { type Message, messageLength, putMessage } from "./messages.ts";
import { cookieMessage, leadsWithCookie } from "./negotiation.ts";

/** Packets that wait for the transport. */
const MAX_OUTGOING = 4096;

function enqueueMessage(connection: Connection, event: MessageOut, context: PipeContext): readonly PipeEvent[] {
  const queue = queueOf(connection, event.channel);
  const fits = messageLength(event.message) <= roomOf(connection);
  if (queue !== null && fits && enqueue(queue, event.message, connection.maxQueued))
    return [{ type: "MESSAGE_OUT_ENQUEUED", channel: event.channel }];
  context.actions.push({ type: "AT_ERROR", error: queue === null ? "ERR_INVALID_CHANNELID" : "ERR_WRITE" });
  return [];
}

/** One packet with as many messages of the channel as fit; none where there are none, or the answer may not be longer. */
function messageBundling(connection: Connection, { channel: id }: MessageOutEnqueued): readonly PacketOut[] {
  const queue = queueOf(connection, id);
  if (queue === null || queue.messages.length === 0) return [];
  const size = packetSizeFor(connection, id, queue);
  if (size < 0) return [];
  const channel = channelOf(connection, id);
  const cookie = channel !== undefined && leadsWithCookie(connection, channel) ? [cookieMessage(channel)] : [];
  const room = size - ENVELOPE_BYTES - cookie.reduce((sum, message) => sum + messageLength(message), 0);
  const messages = dequeue(queue, room).filter(({ type }) => type !== "CHANNEL_COOKIE" || cookie.length === 0);
  const bytes = packetOf(connection, id, size, payloadOf([...cookie, ...messages]));
  return [{ type: "PACKET_OUT", channel: id, bytes }];
}

function addChecksum(_connection: Connection, event: PacketOut): readonly PacketOut[] {
  putChecksum(event.bytes);
  return [event];
}

function outBuffer({ counters, outgoing }: Connection, event: PacketOut): readonly PipeEvent[] {
  if (outgoing.length >= MAX_OUTGOING) {
    counters.overflowed++;
    return [];
  }
  outgoing.push(event.bytes);
  return [{ type: "PACKET_OUT_ENQUEUED", channel: event.channel }];
}

/** Tells whoever runs the pipe that a packet is ready. */
function callback(_connection: Connection, event: PacketOutEnqueued): readonly PipeEvent[] {
  return [event];
}

export const ENQUEUE: readonly Filter<Connection>[] = [filter("enqueue_message", "MESSAGE_OUT", enqueueMessage)];

export const EGRESS: readonly Filter<Connection>[] = [
  filter("message_bundling", "MESSAGE_OUT_ENQUEUED", messageBundling),
  filter("add_checksum", "PACKET_OUT", addChecksum),
  filter("out_buffer", "PACKET_OUT", outBuffer),
  filter("callback", "PACKET_OUT_ENQUEUED", callback),
];

/** Does this channel have messages that may go? Those of a pending one wait. */
export function hasMessages(connection: Connection, id: ChannelId): boolean {
  const channel = channelOf(connection, id);
  return (queueOf(connection, id)?.messages.length ?? 0) > 0 && (channel === undefined || !isPending(channel));
}

/** The size all packets have, but for an answer to a small packet of a stranger: at most three times as long in sum. */
function packetSizeFor(connection: Connection, id: ChannelId, queue: SendQueue): number {
  const { budget, counters, packetSize } = connection;
  if (id !== DEFAULT_CHANNEL || budget < 0) return packetSize;
  const size = Math.min(packetSize, budget);
  if (size < ENVELOPE_BYTES + messageLength(queue.messages[0] as Message)) {
    counters.amplifying += queue.messages.length;
    dequeue(queue, queue.bytes);
    return -1;
  }
  connection.budget -= size;
  return size;
}

function packetOf(connection: Connection, channel: ChannelId, packetSize: number, payload: Uint8Array): Uint8Array {
  const { peer, self } = connection;
  const header = { proto: PROTOCOL_ID, sender: self, recipient: peer, channel, flags: 0, packetSize, sequence: 0 };
  return buildPacket({ ...header, payloadSize: payload.length }, payload);
}

function payloadOf(messages: readonly Message[]): Uint8Array {
  const payload = new Uint8Array(messages.reduce((sum, message) => sum + messageLength(message), 0));
  let at = 0;
  for (const message of messages) at = putMessage(payload, at, message);
  return payload;
}

function queueOf(connection: Connection, id: ChannelId): SendQueue | null {
  if (id === DEFAULT_CHANNEL) return connection.channels.queue;
  return channelOf(connection, id)?.queue ?? null;
}

function channelOf({ channels }: Connection, id: ChannelId): Channel | undefined {
  const channel = channels.byInitiator.get(initiatorOf(id));
  return channel?.id === id ? channel : undefined;
}
