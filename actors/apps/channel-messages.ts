/**
 * Sends messages at even intervals, each whole, in one channel of messages. Unreliable ones are not sent again; reliable ones are, late or not.
 *
 *            timer.start             stop.reached
 *   waiting -------------> sending -----------------> finished
 *                          timer.send: a message, and the next timer
 *                          rate.set (in every state): another interval behind the message that is due next
 *
 * Messages are due at start + n * interval, whatever delays the timer. Those that are due while there is no channel wait for it, the newest
 * `MAX_WAITING` of them. A message begins with its number and its time by the source's clock (12 bytes, big endian); a shorter one is padded to them.
 */
import { setup } from "xstate";
import { createClock, type LocalClock, localTime } from "../../core/clock.ts";
import { sample } from "../../core/distribution.ts";
import type { ControlEvent, Env } from "../../core/env.ts";
import type { Distribution } from "../../core/scenario.ts";
import type { Nanos } from "../../core/units.ts";
import { put32, put64 } from "../../core/wire/bytes.ts";
import type { ChannelChanged } from "../channel/events.ts";
import { envOf } from "../registry.ts";
import { type TimerHandler, withPacketHandler } from "../with-packet-handler.ts";
import {
  ask,
  askChannel,
  type ChannelUser,
  type ChannelUserInput,
  createUser,
  ignoreNews,
  isBroken,
  needAssociation,
  noteEnded,
  noteEstablished,
  refusePacket,
} from "./channel-user.ts";
import { awaitStart, changePace, onClockSet, type Pace, type RateSet } from "./datagram.ts";

export interface ChannelMessagesInput extends ChannelUserInput {
  readonly start: Nanos;
  readonly interval: Nanos;
  readonly message: Distribution;
}

export interface ChannelMessagesContext extends Omit<ChannelMessagesInput, "start" | "interval">, Pace, ChannelUser {
  readonly clock: LocalClock;
  /** Messages so far; also the number of the next one. */
  messages: number;
  /** -1: none that takes messages. */
  channel: number;
  /** Messages that wait for a channel: number, time, bytes. */
  readonly waiting: (readonly [number: number, sentAt: Nanos, bytes: number])[];
  /** Messages that nobody took: there were too many waiting, or the channel's buffer was full. */
  refused: number;
}

type StreamEvent = { type: "timer.start" | "stop.reached" };
type Handler = TimerHandler<ChannelMessagesContext>;

/** Bytes at the beginning of a message. */
export const MESSAGE_HEAD = 12;
/** Bytes of the longest message: well below the window of a channel. */
const LONGEST = 16_000_000;
const MAX_WAITING = 256;
const TIMER_SEND: ControlEvent = { type: "timer.send" };

const channelMessagesMachine = setup({
  types: { context: {} as ChannelMessagesContext, events: {} as StreamEvent, input: {} as ChannelMessagesInput },
  actions: {
    awaitStart: ({ context, system }) => awaitStart(context, envOf(system)),
    startSending: ({ context, system }) => {
      const env = envOf(system);
      if (context.start < context.stop) needAssociation(context, env);
      env.send(env.self, TIMER_SEND, 0);
    },
    finish: ({ context, system }) => finish(context, envOf(system)),
  },
}).createMachine({
  id: "channel-messages",
  context: ({ input }) => ({
    ...input,
    ...createUser(input),
    clock: createClock(),
    messages: 0,
    channel: -1,
    waiting: [],
    refused: 0,
  }),
  initial: "waiting",
  states: {
    waiting: { entry: "awaitStart", on: { "timer.start": { target: "sending", actions: "startSending" } } },
    sending: { on: { "stop.reached": "finished" } },
    finished: { entry: "finish" },
  },
});

const onSend: Handler = ({ context: stream }, _event, env) => {
  const due = stream.start + stream.messages * stream.interval;
  if (due >= stream.stop) return { type: "stop.reached" };
  const bytes = Math.round(sample(stream.message, env.random("sizes")));
  const sentAt = Math.max(0, localTime(stream.clock, env.now));
  stream.waiting.push([stream.messages++, sentAt, Math.min(LONGEST, Math.max(MESSAGE_HEAD, bytes))]);
  if (stream.waiting.length > MAX_WAITING) {
    stream.waiting.shift();
    stream.refused++;
  }
  if (stream.channel >= 0) sendWaiting(stream, env);
  else needAssociation(stream, env);
  env.send(env.self, TIMER_SEND, Math.max(0, due + stream.interval - env.now));
  return undefined;
};

const onEstablished: Handler = ({ context: stream }, _event, env) => {
  noteEstablished(stream, env);
  askChannel(stream, { framing: "messages" }, 0, env);
  return undefined;
};

const onEnded: Handler = ({ context: stream, value }, event, env) => {
  noteEnded(stream, event, env);
  stream.channel = -1;
  if (value === "sending") needAssociation(stream, env);
  return undefined;
};

/** The peer has taken the channel: from now on a message may be as long as its window. */
const onChanged: Handler = ({ context: stream, value }, event, env) => {
  const news = event as ChannelChanged;
  if (news.state === "open" || news.state === "remoteFinished") {
    if (stream.channel < 0) {
      stream.channel = news.channel;
      sendWaiting(stream, env);
      if (value === "finished") finish(stream, env);
    }
  } else if (isBroken(news) && stream.channel === news.channel) {
    stream.channel = -1;
    if (stream.link === "open" && value === "sending") askChannel(stream, { framing: "messages" }, 0, env);
  }
  return undefined;
};

/** Not taken: it is worthless by the time that there is room. */
const onWrote: Handler = ({ context: stream }) => {
  stream.refused++;
  return undefined;
};

const onRateSet: Handler = ({ context: stream }, event) => {
  changePace(stream, stream.messages, (event as RateSet).interval);
  return undefined;
};

export const channelMessagesLogic = withPacketHandler(channelMessagesMachine, refusePacket, {
  "timer.send": onSend,
  "clock.set": onClockSet,
  "rate.set": onRateSet,
  "association.established": onEstablished,
  "association.ended": onEnded,
  "channel.opened": ignoreNews,
  "channel.changed": onChanged,
  "channel.wrote": onWrote,
  "channel.readable": ignoreNews,
  "channel.writable": ignoreNews,
  "channel.denied": ignoreNews,
});

function sendWaiting(stream: ChannelMessagesContext, env: Env): void {
  const { channel, waiting } = stream;
  for (const [number, sentAt, length] of waiting) {
    const bytes = new Uint8Array(length);
    put32(bytes, 0, number);
    put64(bytes, 4, sentAt);
    ask(stream, { type: "channel.message", channel, bytes, length }, env);
  }
  waiting.length = 0;
}

function finish(stream: ChannelMessagesContext, env: Env): void {
  if (stream.channel >= 0) ask(stream, { type: "channel.finish", channel: stream.channel }, env);
  if (stream.link !== "none" && stream.waiting.length === 0) ask(stream, { type: "association.finish" }, env);
}
