/**
 * What comes in, as a pipe of filters. A packet that a filter does not pass ends there, counted.
 *
 *   de_envelope -> route -> decrypt -> validate -> channel_assign -> message_parsing -> state_handling
 */
import { banPeer, banTransport, isPeerBanned, isTransportBanned } from "./bans.ts";
import { DEFAULT_CHANNEL, initiatorOf, isComplete } from "./channel-id.ts";
import { establishedChannel, pendingChannel } from "./channels.ts";
import type { Blame, Connection } from "./connection.ts";
import { FLAG, hasValidChecksum, hasValidProtocol, PAYLOAD_OFFSET, readHeader } from "./envelope.ts";
import {
  type Action,
  type DecryptedPacket,
  type EnqueuedPacket,
  type Filter,
  filter,
  type MessageEvent,
  type ParsedHeader,
  type PipeContext,
  type PipeEvent,
  type RawBuffer,
} from "./events.ts";
import { MESSAGE_TYPE, readMessages } from "./messages.ts";
import { handleMessage } from "./negotiation.ts";

const NOTHING: readonly PipeEvent[] = [];

function deEnvelope(
  { counters }: Connection,
  { bytes, transport }: RawBuffer,
  context: PipeContext,
): readonly PipeEvent[] {
  const header = readHeader(bytes);
  if (header.ok && hasValidProtocol(header.value)) {
    return [{ type: "PARSED_HEADER", header: header.value, bytes, transport }];
  }
  counters.malformed++;
  context.actions.push({ type: "AT_ERROR", error: header.ok ? "ERR_DECODE" : header.error.error });
  return NOTHING;
}

/** Nothing from or to whom is banned; and only this connection's packets. */
function route(connection: Connection, event: ParsedHeader, { now }: PipeContext): readonly PipeEvent[] {
  const { bans, counters, peer, self } = connection;
  const { header, transport } = event;
  const banned =
    isPeerBanned(bans, header.sender, now) ||
    isPeerBanned(bans, header.recipient, now) ||
    isTransportBanned(bans, transport.source, now) ||
    isTransportBanned(bans, transport.destination, now);
  if (banned) {
    counters.banned++;
    return NOTHING;
  }
  if (header.recipient !== self || header.sender !== peer) {
    counters.misdirected++;
    return NOTHING;
  }
  return [event];
}

/** There are no keys in this mode: what is encrypted nobody can read. */
function decrypt({ counters }: Connection, event: ParsedHeader): readonly PipeEvent[] {
  if ((event.header.flags & FLAG.ENCRYPTED) === 0) return [{ ...event, type: "DECRYPTED_PACKET" }];
  counters.encrypted++;
  return NOTHING;
}

function validate(connection: Connection, event: DecryptedPacket, context: PipeContext): readonly PipeEvent[] {
  if (hasValidChecksum(event.bytes, event.header.packetSize)) return [event];
  connection.counters.corrupt++;
  blame(connection, connection.classifier.checksum, event, context);
  return NOTHING;
}

/** Passes what belongs to a channel; of an unknown one only what begins with its cookie. */
function channelAssign(connection: Connection, event: DecryptedPacket, context: PipeContext): readonly PipeEvent[] {
  const { channels, classifier, counters } = connection;
  const { channel: id } = event.header;
  const established = establishedChannel(channels, id);
  if (established !== undefined) established.lastHeard = context.now;
  const pending = !isComplete(id) && pendingChannel(channels, initiatorOf(id)) !== undefined;
  if (id === DEFAULT_CHANNEL || established !== undefined || pending || (connection.confirm && bringsCookie(event)))
    return [{ ...event, type: "ENQUEUED_PACKET" }];
  counters.unknownChannel++;
  blame(connection, classifier.unknownChannel, event, context);
  return NOTHING;
}

function messageParsing({ counters }: Connection, { bytes, header }: EnqueuedPacket): readonly MessageEvent[] {
  const end = PAYLOAD_OFFSET + header.payloadSize;
  const { messages, next } = readMessages(bytes, PAYLOAD_OFFSET, end);
  if (next < end) counters.unreadable++;
  return messages.map((message) => ({ type: "MESSAGE", header, message }));
}

function stateHandling(connection: Connection, event: MessageEvent, context: PipeContext): readonly PipeEvent[] {
  const events = handleMessage(connection, event, context);
  if (events === null) connection.counters.unhandled++;
  return events ?? NOTHING;
}

export const INGRESS: readonly Filter<Connection>[] = [
  filter("de_envelope", "RAW_BUFFER", deEnvelope),
  filter("route", "PARSED_HEADER", route),
  filter("decrypt", "PARSED_HEADER", decrypt),
  filter("validate", "DECRYPTED_PACKET", validate),
  filter("channel_assign", "DECRYPTED_PACKET", channelAssign),
  filter("message_parsing", "ENQUEUED_PACKET", messageParsing),
  filter("state_handling", "MESSAGE", stateHandling),
];

function bringsCookie({ bytes, header }: DecryptedPacket): boolean {
  return isComplete(header.channel) && header.payloadSize > 0 && bytes[PAYLOAD_OFFSET] === MESSAGE_TYPE.CHANNEL_COOKIE;
}

/** What the classifier says: an action, carried out at once. */
function blame({ bans, classifier }: Connection, whom: Blame, event: DecryptedPacket, context: PipeContext): void {
  const action = accuse(whom, event);
  if (action === null) return;
  const until = context.now + classifier.banFor;
  if (action.type === "FILTER_PEER") banPeer(bans, action.peer, until);
  else banTransport(bans, action.address, until);
  context.actions.push(action);
}

function accuse(
  whom: Blame,
  { header, transport }: DecryptedPacket,
): Extract<Action, { type: "FILTER_PEER" | "FILTER_TRANSPORT" }> | null {
  switch (whom) {
    case "nobody":
      return null;
    case "sender":
      return { type: "FILTER_PEER", peer: header.sender };
    case "recipient":
      return { type: "FILTER_PEER", peer: header.recipient };
    case "source":
      return { type: "FILTER_TRANSPORT", address: transport.source };
    case "destination":
      return { type: "FILTER_TRANSPORT", address: transport.destination };
  }
}
