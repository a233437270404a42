/**
 * Channeler mode for whoever drives it: packets in, packets out, channels opened, written, read and closed. Everything else in this
 * folder is behind it. Time and chance come as arguments; nothing here throws on what the network says.
 */
import { err, ok, type Result } from "../../result.ts";
import type { RandomStream } from "../../rng.ts";
import type { Nanos } from "../../units.ts";
import { type ChannelId, DEFAULT_CHANNEL } from "./channel-id.ts";
import { type Channel, channelOfHandle, removeChannel } from "./channels.ts";
import { type Connection, createContext } from "./connection.ts";
import { EGRESS, ENQUEUE, hasMessages } from "./egress.ts";
import type { ChannelerError } from "./errors.ts";
import {
  type Action,
  type PipeContext,
  type PipeEvent,
  runPipe,
  type Transport,
  type UserDataToRead,
} from "./events.ts";
import { INGRESS } from "./ingress.ts";
import { initiate, repeatHandshake, writeData } from "./negotiation.ts";

/** What a call led to, besides packets to send. */
export interface Step {
  readonly actions: readonly Action[];
  readonly data: readonly UserDataToRead[];
}

/** An answer may be so many times as long as what asked for it. */
const AMPLIFICATION = 3;

/** Takes a packet of any bytes. */
export function receivePacket(
  connection: Connection,
  bytes: Uint8Array,
  transport: Transport,
  now: Nanos,
  random: RandomStream,
): Step {
  const context = createContext(now, random);
  connection.counters.received++;
  connection.budget = AMPLIFICATION * bytes.length;
  const step = settle(
    connection,
    runPipe(INGRESS, connection, { type: "RAW_BUFFER", bytes, transport }, context),
    context,
  );
  connection.budget = -1;
  return step;
}

/** Opens a channel: pending until the other side answers. */
export function establishChannel(
  connection: Connection,
  now: Nanos,
  random: RandomStream,
): Result<Channel, ChannelerError> {
  const context = createContext(now, random);
  const begun = initiate(connection, context);
  if (!begun.ok) return begun;
  settle(connection, begun.value.events, context);
  return ok(begun.value.channel);
}

/** Sends the handshake's last message again, by the channel's handle. */
export function repeat(connection: Connection, handle: number, now: Nanos, random: RandomStream): void {
  const channel = channelOfHandle(connection.channels, handle);
  if (channel === undefined) return;
  settle(connection, repeatHandshake(connection, channel), createContext(now, random));
}

/** Writes all or nothing: errors are an unknown channel, the default one, a full queue. Answers the bytes written. */
export function channelWrite(
  connection: Connection,
  id: ChannelId,
  bytes: Uint8Array,
  now: Nanos,
  random: RandomStream,
): Result<number, ChannelerError> {
  const context = createContext(now, random);
  const events = writeData(connection, { type: "USER_DATA_WRITTEN", channel: id, bytes }, context);
  const { actions } = settle(connection, events, context);
  for (const action of actions) if (action.type === "AT_ERROR") return err(action.error);
  return ok(bytes.length);
}

/** Takes the next packet to send; null: none. */
export function packetToSend({ counters, outgoing }: Connection): Uint8Array | null {
  const bytes = outgoing.shift();
  if (bytes === undefined) return null;
  counters.sent++;
  return bytes;
}

/** Forgets a channel and all that waits on it; the other side forgets it when it hears no more. */
export function closeChannel(connection: Connection, handle: number): void {
  const channel = channelOfHandle(connection.channels, handle);
  if (channel !== undefined) removeChannel(connection.channels, channel);
}

function settle(connection: Connection, events: readonly PipeEvent[], context: PipeContext): Step {
  const data: UserDataToRead[] = [];
  const touched = new Set<ChannelId>();
  for (const event of events) {
    if (event.type === "USER_DATA_TO_READ") data.push(event);
    else if (event.type === "MESSAGE_OUT") {
      for (const enqueued of runPipe(ENQUEUE, connection, event, context))
        if (enqueued.type === "MESSAGE_OUT_ENQUEUED") touched.add(enqueued.channel);
    }
  }
  if (touched.delete(DEFAULT_CHANNEL)) flush(connection, DEFAULT_CHANNEL, context);
  for (const action of context.actions)
    if (action.type === "NOTIFY_CHANNEL_ESTABLISHED") touched.add(action.channel.id);
  for (const id of touched) flush(connection, id, context);
  return { actions: context.actions, data };
}

function flush(connection: Connection, id: ChannelId, context: PipeContext): void {
  while (hasMessages(connection, id))
    runPipe(EGRESS, connection, { type: "MESSAGE_OUT_ENQUEUED", channel: id }, context);
}
