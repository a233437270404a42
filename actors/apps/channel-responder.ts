/**
 * Answers requests that come in channels: reads how long the response shall be, takes in the rest of the request, and sends so many zeros
 * back on the same channel. One state. What is over, or was given up by the client, is forgotten with its channel.
 */
import { setup } from "xstate";
import type { ActorIndex, ControlEvent } from "../../core/env.ts";
import type { ChannelChanged, ChannelData, ChannelOffered } from "../channel/events.ts";
import { type TimerHandler, withPacketHandler } from "../with-packet-handler.ts";
import { REQUEST_HEAD } from "./channel-exchanges.ts";
import { ask, ignoreNews, isBroken, refusePacket } from "./channel-user.ts";

/** A request of which not all was read. */
export interface ChannelRequestUnderWay {
  readonly association: ActorIndex;
  readonly channel: number;
  /** Bytes of its head read so far, and the number they make. */
  read: number;
  answer: number;
}

export interface ChannelResponderContext {
  /** By association and channel. */
  readonly requests: Map<string, ChannelRequestUnderWay>;
  answered: number;
}

type Handler = TimerHandler<ChannelResponderContext>;

const channelResponderMachine = setup({
  types: { context: {} as ChannelResponderContext, events: {} as { type: "none" } },
}).createMachine({
  id: "channel-responder",
  context: () => ({ requests: new Map(), answered: 0 }),
  initial: "answering",
  states: { answering: {} },
});

const onOffered: Handler = ({ context: server }, event, env) => {
  const { association, channel } = event as ChannelOffered;
  server.requests.set(keyOf(association, channel), { association, channel, read: 0, answer: 0 });
  ask({ association }, { type: "channel.accept", channel, consume: false }, env);
  ask({ association }, { type: "channel.read", channel, max: REQUEST_HEAD }, env);
  return undefined;
};

const onData: Handler = ({ context: server }, event, env) => {
  const { association, channel, bytes, length, end } = event as ControlEvent & ChannelData;
  const request = server.requests.get(keyOf(association, channel));
  if (request === undefined) return undefined;
  for (let at = 0; at < length; at++) request.answer = (request.answer * 256 + (bytes?.[at] ?? 0)) % LONGEST;
  request.read += length;
  // Too short to be a request: it is forgotten with its channel.
  if (end && request.read < REQUEST_HEAD) return undefined;
  if (request.read < REQUEST_HEAD)
    ask(request, { type: "channel.read", channel, max: REQUEST_HEAD - request.read }, env);
  else ask(request, { type: "channel.consume", channel }, env);
  return undefined;
};

/** The request is whole once its end was read. */
const onChanged: Handler = ({ context: server }, event, env) => {
  const news = event as ChannelChanged;
  const { association, channel, state } = news;
  const key = keyOf(association, channel);
  const request = server.requests.get(key);
  if (request === undefined) return undefined;
  if (state === "remoteFinished" && request.read === REQUEST_HEAD) {
    server.answered++;
    ask(request, { type: "channel.write", channel, bytes: null, length: Math.max(1, request.answer) }, env);
    ask(request, { type: "channel.finish", channel }, env);
  }
  if (state === "remoteFinished" || isBroken(news)) server.requests.delete(key);
  return undefined;
};

const onEnded: Handler = ({ context: server }, event) => {
  const { association } = event as ChannelChanged;
  for (const [key, request] of server.requests) if (request.association === association) server.requests.delete(key);
  return undefined;
};

export const channelResponderLogic = withPacketHandler(channelResponderMachine, refusePacket, {
  "channel.offered": onOffered,
  "channel.data": onData,
  "channel.changed": onChanged,
  "association.ended": onEnded,
  "association.established": ignoreNews,
  "channel.wrote": ignoreNews,
  "channel.readable": ignoreNews,
  "channel.writable": ignoreNews,
});

/** No response is longer than a stream may be. */
const LONGEST = 0x1_0000_0000_0000;

function keyOf(association: ActorIndex, channel: number): string {
  return `${association}/${channel}`;
}
