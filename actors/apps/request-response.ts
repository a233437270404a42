/**
 * A closed loop: a request, its response, a pause, the next request. Both are reliable streams; each exchange is a connection of its
 * own that begins with the round-trip time the last one measured (RFC 9002, 6.2.2).
 *
 *            exchange.due             exchange.over (response whole, or timer.give-up)
 *   waiting -------------> asking ------------------------------------> thinking
 *                            ^                                             |
 *                            +---------------------------------------------+
 *                                             exchange.due
 *
 *   waiting, thinking: timer.next at or after the stop is stop.reached, which leads to finished
 *
 * A request that is lost is sent again by the transport's probe timeout. What still comes of an exchange given up is refused.
 */
import { setup } from "xstate";
import { sample } from "../../core/distribution.ts";
import type { ControlEvent, Env } from "../../core/env.ts";
import { createHistogram, type Histogram, record } from "../../core/histogram.ts";
import type { Packet } from "../../core/packet.ts";
import type { Distribution } from "../../core/scenario.ts";
import { type DataFrame, decodeFrame, MAX_STREAM_BYTES } from "../../core/transport/frames.ts";
import { addRange, hasNumber, type Ranges } from "../../core/transport/ranges.ts";
import { isComplete, lastWord } from "../../core/transport/receiver.ts";
import type { Nanos } from "../../core/units.ts";
import { envOf } from "../registry.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";
import {
  accept,
  acknowledge,
  addTotals,
  type Completion,
  type ConnectionTimer,
  createCompletion,
  createTotals,
  type Incoming,
  noteCompletion,
  openIncoming,
  openOutgoing,
  type Outgoing,
  pump,
  resume,
  ringAck,
  sendAck,
  silence,
  type TransportTotals,
} from "./connection.ts";
import { createSending, type FlowEnds, onClockSet, type Sending } from "./datagram.ts";
import { createTally, type Tally, tallyOwn } from "./tally.ts";

export interface RequestResponseInput {
  readonly ends: FlowEnds;
  readonly replyFlow: number;
  readonly payloadLength: number;
  readonly start: Nanos;
  readonly stop: Nanos;
  readonly request: Distribution;
  readonly response: Distribution;
  readonly think: Distribution;
  readonly timeout: Nanos;
  readonly measureFrom: Nanos;
}

/** The exchange under way. */
export interface Exchange {
  readonly connection: number;
  readonly startedAt: Nanos;
  readonly request: Outgoing;
  readonly response: Incoming;
}

export interface RequestResponseContext extends RequestResponseInput, Sending {
  exchange: Exchange | null;
  /** Exchanges begun; also the number of the next connection. */
  started: number;
  completed: number;
  readonly latest: Completion;
  /** Exchanges without a whole response within the timeout. */
  givenUp: number;
  /** Exchanges answered in full: their late packets are told so. */
  readonly answered: Ranges;
  /** From a request to the last byte of its response; of responses whole at `measureFrom` or later. */
  readonly completionTime: Histogram;
  /** Bytes of responses handed to the application: each once, in order. */
  delivered: number;
  /** Of those, bytes handed over at `measureFrom` or later. */
  measured: number;
  /** Packets of responses marked "congestion experienced". */
  marked: number;
  readonly totals: TransportTotals;
  readonly replies: Tally;
  malformed: number;
}

interface GiveUpTimer extends ControlEvent {
  readonly type: "timer.give-up";
  readonly connection: number;
}

type LoopEvent = { type: "exchange.due" | "exchange.over" | "stop.reached" };

const EXCHANGE_OVER: ControlEvent = { type: "exchange.over" };
/** Ranges of answered exchanges that are remembered: exchanges given up lie between them. */
const MAX_ANSWERED_RANGES = 1_000;

const requestResponseMachine = setup({
  types: { context: {} as RequestResponseContext, events: {} as LoopEvent, input: {} as RequestResponseInput },
  actions: {
    awaitStart: ({ context, system }) => {
      const env = envOf(system);
      env.send(env.self, { type: "timer.next" }, Math.max(0, context.start - env.now));
    },
    ask: ({ context, system }) => ask(context, envOf(system)),
    think: ({ context, system }) => {
      const env = envOf(system);
      env.send(env.self, { type: "timer.next" }, Math.round(sample(context.think, env.random("think"))));
    },
  },
}).createMachine({
  id: "request-response",
  context: ({ input }) => ({
    ...input,
    ...createSending(input.ends),
    exchange: null,
    started: 0,
    completed: 0,
    latest: createCompletion(),
    givenUp: 0,
    answered: [],
    completionTime: createHistogram(),
    delivered: 0,
    measured: 0,
    marked: 0,
    totals: createTotals(),
    replies: createTally(input.measureFrom),
    malformed: 0,
  }),
  initial: "waiting",
  states: {
    waiting: { entry: "awaitStart", on: { "exchange.due": "asking", "stop.reached": "finished" } },
    asking: { entry: "ask", on: { "exchange.over": "thinking" } },
    thinking: { entry: "think", on: { "exchange.due": "asking", "stop.reached": "finished" } },
    finished: {},
  },
});

function onPacket(
  state: Present<RequestResponseContext>,
  packet: Packet,
  _ifId: number,
  env: Env,
): ControlEvent | undefined {
  const client = state.context;
  if (!tallyOwn(client.replies, client.replyFlow, packet, env, client.clock)) return;
  const frame = decodeFrame(packet);
  if (frame === null || frame.kind === "message") {
    client.malformed++;
    return;
  }
  const { exchange } = client;
  if (frame.kind === "data") return receiveResponse(client, frame, packet, env);
  if (exchange?.connection === frame.connection && !acknowledge(client, exchange.request, frame, packet, env))
    client.malformed++;
  return;
}

function onNext({ context }: Present<RequestResponseContext>, _event: ControlEvent, env: Env): ControlEvent {
  return { type: env.now >= context.stop ? "stop.reached" : "exchange.due" };
}

function onSendTimer(state: Present<RequestResponseContext>, event: ControlEvent, env: Env): ControlEvent | undefined {
  const { exchange } = state.context;
  if (exchange?.connection === (event as ConnectionTimer).connection) resume(state.context, exchange.request, env);
  return;
}

function onAckTimer(state: Present<RequestResponseContext>, event: ControlEvent, env: Env): ControlEvent | undefined {
  const { exchange } = state.context;
  const { connection } = event as ConnectionTimer;
  if (exchange?.connection === connection) ringAck(state.context, exchange.response, connection, env);
  return;
}

function onGiveUp(state: Present<RequestResponseContext>, event: ControlEvent, env: Env): ControlEvent | undefined {
  const client = state.context;
  if (client.exchange?.connection !== (event as GiveUpTimer).connection) return;
  client.givenUp++;
  endExchange(client, client.exchange, env);
  return EXCHANGE_OVER;
}

export const requestResponseLogic = withPacketHandler(requestResponseMachine, onPacket, {
  "timer.next": onNext,
  "timer.send": onSendTimer,
  "timer.ack": onAckTimer,
  "timer.give-up": onGiveUp,
  "clock.set": onClockSet,
});

function bytesOf(distribution: Distribution, purpose: string, env: Env): number {
  return Math.min(MAX_STREAM_BYTES, Math.max(1, Math.round(sample(distribution, env.random(purpose)))));
}

function ask(client: RequestResponseContext, env: Env): void {
  const connection = client.started++;
  const total = bytesOf(client.request, "requests", env);
  const answer = bytesOf(client.response, "responses", env);
  const options = { connection, datagram: client.payloadLength, total, answer, rtt: Math.round(client.totals.srtt) };
  const request = openOutgoing(options, null);
  client.exchange = { connection, startedAt: env.now, request, response: openIncoming() };
  const giveUp: GiveUpTimer = { type: "timer.give-up", connection };
  env.send(env.self, giveUp, client.timeout);
  pump(client, request, env);
}

function receiveResponse(
  client: RequestResponseContext,
  frame: DataFrame,
  packet: Packet,
  env: Env,
): ControlEvent | undefined {
  const { exchange } = client;
  if ((packet.trafficClass & 3) === 3) client.marked++;
  if (exchange?.connection !== frame.connection) {
    sendAck(client, lastWord(frame, hasNumber(client.answered, frame.connection)), null, env);
    return;
  }
  const news = accept(client, exchange.response, frame, packet, env);
  client.delivered += news;
  if (env.now >= client.measureFrom) client.measured += news;
  if (!isComplete(exchange.response.receiver)) return;
  client.completed++;
  noteCompletion(client.latest, frame.connection, exchange.startedAt, exchange.response.receiver.delivered);
  if (env.now >= client.measureFrom) record(client.completionTime, env.now - exchange.startedAt);
  addRange(client.answered, frame.connection, frame.connection + 1);
  if (client.answered.length > 2 * MAX_ANSWERED_RANGES) client.answered.splice(0, 2);
  endExchange(client, exchange, env);
  return EXCHANGE_OVER;
}

function endExchange(client: RequestResponseContext, exchange: Exchange, env: Env): void {
  silence(exchange.request, env);
  silence(exchange.response, env);
  addTotals(client.totals, exchange.request.sender);
  client.exchange = null;
}
