/** What flows through the pipes, and what filters ask for besides: events and actions by the original's names. */
import type { RandomStream } from "../../rng.ts";
import type { Nanos } from "../../units.ts";
import type { Channel } from "./channels.ts";
import type { ChannelId } from "./channel-id.ts";
import type { PacketHeader } from "./envelope.ts";
import { type ChannelerError, PipeError } from "./errors.ts";
import type { Message } from "./messages.ts";
import type { PeerId } from "./peer-id.ts";

/** Where a packet came from and to, as the transport names it. */
export interface Transport {
  readonly source: string;
  readonly destination: string;
}

interface Received {
  readonly header: PacketHeader;
  readonly bytes: Uint8Array;
  readonly transport: Transport;
}

export interface RawBuffer {
  readonly type: "RAW_BUFFER";
  readonly bytes: Uint8Array;
  readonly transport: Transport;
}
export interface ParsedHeader extends Received {
  readonly type: "PARSED_HEADER";
}
export interface DecryptedPacket extends Received {
  readonly type: "DECRYPTED_PACKET";
}
export interface EnqueuedPacket extends Received {
  readonly type: "ENQUEUED_PACKET";
}
export interface MessageEvent {
  readonly type: "MESSAGE";
  readonly header: PacketHeader;
  readonly message: Message;
}
export interface MessageOut {
  readonly type: "MESSAGE_OUT";
  readonly channel: ChannelId;
  readonly message: Message;
}
export interface MessageOutEnqueued {
  readonly type: "MESSAGE_OUT_ENQUEUED";
  readonly channel: ChannelId;
}
export interface PacketOut {
  readonly type: "PACKET_OUT";
  readonly channel: ChannelId;
  readonly bytes: Uint8Array;
}
export interface PacketOutEnqueued {
  readonly type: "PACKET_OUT_ENQUEUED";
  readonly channel: ChannelId;
}
/** For the user: of the channel with this handle. */
export interface UserDataToRead {
  readonly type: "USER_DATA_TO_READ";
  readonly handle: number;
  readonly bytes: Uint8Array;
}
export interface UserDataWritten {
  readonly type: "USER_DATA_WRITTEN";
  readonly channel: ChannelId;
  readonly bytes: Uint8Array;
}

export type PipeEvent =
  | RawBuffer
  | ParsedHeader
  | DecryptedPacket
  | EnqueuedPacket
  | MessageEvent
  | MessageOut
  | MessageOutEnqueued
  | PacketOut
  | PacketOutEnqueued
  | UserDataToRead
  | UserDataWritten;

export type Action =
  | { readonly type: "AT_ERROR"; readonly error: ChannelerError }
  | { readonly type: "FILTER_TRANSPORT"; readonly address: string }
  | { readonly type: "FILTER_PEER"; readonly peer: PeerId }
  | { readonly type: "NOTIFY_CHANNEL_ESTABLISHED"; readonly channel: Channel }
  /** Beyond the original: the other side proved to have the channel, refused the handshake, or took the name for its own. */
  | { readonly type: "NOTIFY_CHANNEL_CONFIRMED"; readonly channel: Channel }
  | { readonly type: "NOTIFY_CHANNEL_REFUSED"; readonly channel: Channel }
  | { readonly type: "NOTIFY_CHANNEL_RENUMBERED"; readonly channel: Channel };

/** One stage of a pipe. It answers the events for the next one: none where the packet ends here. */
export interface Filter<S> {
  readonly name: string;
  readonly expects: PipeEvent["type"];
  readonly run: (state: S, event: never, context: PipeContext) => readonly PipeEvent[];
}

/** What filters are given besides state and event. */
export interface PipeContext {
  readonly now: Nanos;
  readonly random: RandomStream;
  /** Filters add to it. */
  readonly actions: Action[];
}

/** A filter that takes one type of event. */
export function filter<S, T extends PipeEvent["type"]>(
  name: string,
  expects: T,
  run: (state: S, event: Extract<PipeEvent, { type: T }>, context: PipeContext) => readonly PipeEvent[],
): Filter<S> {
  return { name, expects, run: run as Filter<S>["run"] };
}

/** Pushes an event through the filters in turn; answers what the last one gives. Throws `PipeError` on the wrong type of event. */
export function runPipe<S>(
  pipe: readonly Filter<S>[],
  state: S,
  event: PipeEvent,
  context: PipeContext,
): readonly PipeEvent[] {
  const [first, ...rest] = pipe;
  if (first === undefined) return [event];
  if (event.type !== first.expects) throw new PipeError(first.name, first.expects, event.type);
  return first.run(state, event as never, context).flatMap((next) => runPipe(rest, state, next, context));
}
