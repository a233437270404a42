/**
 * A closed loop: a request, its response, a pause, the next request. Each exchange is a channel of its own on one association, so that
 * nothing of one that was given up stands in the way of the next.
 *
 *            exchange.due             exchange.over (response whole, or timer.give-up)
 *   waiting -------------> asking ------------------------------------> thinking
 *                            ^                                             |
 *                            +---------------------------------------------+
 *                                             exchange.due
 *
 *   waiting, thinking: timer.next at or after the stop is stop.reached, which leads to finished
 *
 * A request begins with 8 bytes, big endian: how long its response shall be. A shorter one is padded to them. The association is asked for
 * with the first request, and again where it has ended (idle while the user thinks).
 */
import { setup } from "xstate";
import { sample } from "../../core/distribution.ts";
import type { ControlEvent, Env } from "../../core/env.ts";
import { createHistogram, type Histogram, record } from "../../core/histogram.ts";
import type { Distribution } from "../../core/scenario.ts";
import { MAX_STREAM_BYTES } from "../../core/transport/frames.ts";
import type { Nanos } from "../../core/units.ts";
import { put64 } from "../../core/wire/bytes.ts";
import type { ChannelChanged, ChannelOpened } from "../channel/events.ts";
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
  isRead,
  needAssociation,
  NOT_NEEDED,
  noteEnded,
  noteEstablished,
  refusePacket,
} from "./channel-user.ts";
import { type Completion, createCompletion, noteCompletion } from "./connection.ts";

export interface ChannelExchangesInput extends ChannelUserInput {
  readonly start: Nanos;
  readonly request: Distribution;
  readonly response: Distribution;
  readonly think: Distribution;
  readonly timeout: Nanos;
  readonly measureFrom: Nanos;
}

/** The exchange under way. */
export interface ChannelExchange {
  readonly number: number;
  readonly startedAt: Nanos;
  readonly request: number;
  readonly response: number;
  /** -1: none yet. */
  channel: number;
}

export interface ChannelExchangesContext extends ChannelExchangesInput, ChannelUser {
  exchange: ChannelExchange | null;
  /** Exchanges begun; also the number of the next one. */
  started: number;
  completed: number;
  readonly latest: Completion;
  /** Exchanges without a whole response within the timeout. */
  givenUp: number;
  /** From a request to the last byte of its response; of responses whole at `measureFrom` or later. */
  readonly completionTime: Histogram;
}

type LoopEvent = { type: "exchange.due" | "exchange.over" | "stop.reached" };
type Handler = TimerHandler<ChannelExchangesContext>;

interface GiveUpTimer extends ControlEvent {
  readonly type: "timer.give-up";
  readonly number: number;
}

/** Bytes at the beginning of a request. */
export const REQUEST_HEAD = 8;

const channelExchangesMachine = setup({
  types: { context: {} as ChannelExchangesContext, events: {} as LoopEvent, input: {} as ChannelExchangesInput },
  actions: {
    awaitStart: ({ context, system }) => {
      const env = envOf(system);
      env.send(env.self, { type: "timer.next" }, Math.max(0, context.start - env.now));
    },
    beginExchange: ({ context, system }) => beginExchange(context, envOf(system)),
    think: ({ context, system }) => {
      const env = envOf(system);
      env.send(env.self, { type: "timer.next" }, Math.round(sample(context.think, env.random("think"))));
    },
    finish: ({ context, system }) => {
      if (context.link !== "none") ask(context, { type: "association.finish" }, envOf(system));
    },
  },
}).createMachine({
  id: "channel-exchanges",
  context: ({ input }) => ({
    ...input,
    ...createUser(input),
    exchange: null,
    started: 0,
    completed: 0,
    latest: createCompletion(),
    givenUp: 0,
    completionTime: createHistogram(),
  }),
  initial: "waiting",
  states: {
    waiting: { entry: "awaitStart", on: { "exchange.due": "asking", "stop.reached": "finished" } },
    asking: { entry: "beginExchange", on: { "exchange.over": "thinking" } },
    thinking: { entry: "think", on: { "exchange.due": "asking", "stop.reached": "finished" } },
    finished: { entry: "finish" },
  },
});

const onNext: Handler = ({ context }, _event, env) => ({
  type: env.now >= context.stop ? "stop.reached" : "exchange.due",
});

const onGiveUp: Handler = ({ context: client }, event, env) => {
  const { exchange } = client;
  if (exchange?.number !== (event as GiveUpTimer).number) return undefined;
  client.givenUp++;
  if (exchange.channel >= 0) ask(client, { type: "channel.close", channel: exchange.channel, code: NOT_NEEDED }, env);
  client.exchange = null;
  return { type: "exchange.over" };
};

const onEstablished: Handler = ({ context: client }, _event, env) => {
  noteEstablished(client, env);
  if (client.exchange !== null) askChannel(client, {}, client.exchange.number, env);
  return undefined;
};

/** The exchange begins anew on the next association, its request sent once more. */
const onEnded: Handler = ({ context: client }, event, env) => {
  noteEnded(client, event, env);
  if (client.exchange === null) return undefined;
  client.exchange.channel = -1;
  needAssociation(client, env);
  return undefined;
};

const onOpened: Handler = ({ context: client }, event, env) => {
  const { channel, tag } = event as ChannelOpened;
  const { exchange } = client;
  if (exchange === null || exchange.number !== tag || exchange.channel >= 0) {
    ask(client, { type: "channel.close", channel, code: NOT_NEEDED }, env);
    return undefined;
  }
  exchange.channel = channel;
  const head = new Uint8Array(REQUEST_HEAD);
  put64(head, 0, exchange.response);
  ask(client, { type: "channel.write", channel, bytes: head, length: REQUEST_HEAD }, env);
  const more = exchange.request - REQUEST_HEAD;
  if (more > 0) ask(client, { type: "channel.write", channel, bytes: null, length: more }, env);
  ask(client, { type: "channel.finish", channel }, env);
  ask(client, { type: "channel.consume", channel }, env);
  return undefined;
};

/** Too many channels are still on their way to their end. */
const onOpenable: Handler = ({ context: client }, _event, env) => {
  if (client.exchange?.channel === -1) askChannel(client, {}, client.exchange.number, env);
  return undefined;
};

const onChanged: Handler = ({ context: client }, event, env) => {
  const news = event as ChannelChanged;
  const { exchange } = client;
  if (exchange?.channel !== news.channel) return undefined;
  if (isBroken(news)) {
    exchange.channel = -1;
    if (client.link === "open") askChannel(client, {}, exchange.number, env);
    return undefined;
  }
  if (!isRead(news)) return undefined;
  client.completed++;
  noteCompletion(client.latest, exchange.number, exchange.startedAt, exchange.response);
  if (env.now >= client.measureFrom) record(client.completionTime, env.now - exchange.startedAt);
  client.exchange = null;
  return { type: "exchange.over" };
};

export const channelExchangesLogic = withPacketHandler(channelExchangesMachine, refusePacket, {
  "timer.next": onNext,
  "timer.give-up": onGiveUp,
  "association.established": onEstablished,
  "association.ended": onEnded,
  "channel.opened": onOpened,
  "channel.openable": onOpenable,
  "channel.changed": onChanged,
  "channel.denied": ignoreNews,
  "channel.wrote": ignoreNews,
  "channel.readable": ignoreNews,
  "channel.writable": ignoreNews,
});

function bytesOf(distribution: Distribution, purpose: string, least: number, env: Env): number {
  return Math.min(MAX_STREAM_BYTES, Math.max(least, Math.round(sample(distribution, env.random(purpose)))));
}

function beginExchange(client: ChannelExchangesContext, env: Env): void {
  const number = client.started++;
  const request = bytesOf(client.request, "requests", REQUEST_HEAD, env);
  const response = bytesOf(client.response, "responses", 1, env);
  client.exchange = { number, startedAt: env.now, request, response, channel: -1 };
  const giveUp: GiveUpTimer = { type: "timer.give-up", number };
  env.send(env.self, giveUp, client.timeout);
  if (client.link === "open") askChannel(client, {}, number, env);
  else needAssociation(client, env);
}
