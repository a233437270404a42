/**
 * Answers requests: takes each in as a reliable stream, and sends back as many bytes as it asks for, reliably too. One state. An
 * exchange is forgotten once its response is acknowledged in full, refused, or older than the client's timeout: nobody waits for it.
 */
import { setup } from "xstate";
import type { ControlEvent, Env, Handle } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import { type AckFrame, type DataFrame, decodeFrame } from "../../core/transport/frames.ts";
import { addRange, hasNumber, type Ranges } from "../../core/transport/ranges.ts";
import { isComplete, lastWord } from "../../core/transport/receiver.ts";
import type { Nanos } from "../../core/units.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";
import {
  accept,
  acknowledge,
  addTotals,
  type ConnectionTimer,
  createTotals,
  type Incoming,
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
import { backOf, createSending, type FlowEnds, onClockSet, type Sending } from "./datagram.ts";
import { MAX_CONNECTIONS } from "./stream-sink.ts";
import { createTally, type Tally, tallyOwn } from "./tally.ts";

export interface ResponderInput {
  /** Of the responses. */
  readonly ends: FlowEnds;
  readonly flow: number;
  readonly reply: "reverse" | "select";
  readonly payloadLength: number;
  /** The client's. */
  readonly timeout: Nanos;
  readonly measureFrom: Nanos;
}

/** One request and its response; `response` is null until the request is whole. */
export interface Answering {
  readonly request: Incoming;
  response: Outgoing | null;
  timers: { expire?: Handle };
}

export interface ResponderContext extends ResponderInput, Sending, Tally {
  readonly answering: Map<number, Answering>;
  /** Exchanges that are over. */
  readonly over: Ranges;
  /** The latest estimate of the round-trip time begins the next response (RFC 9002, 6.2.2). */
  readonly totals: TransportTotals;
  malformed: number;
  /** Packets of new requests while `MAX_CONNECTIONS` were answered. */
  refused: number;
}

const MAX_OVER_RANGES = 1_000;

const responderMachine = setup({
  types: { context: {} as ResponderContext, events: {} as { type: "none" }, input: {} as ResponderInput },
}).createMachine({
  id: "responder",
  context: ({ input }) => ({
    ...input,
    ...createSending(input.ends),
    ...createTally(input.measureFrom),
    answering: new Map(),
    over: [],
    totals: createTotals(),
    malformed: 0,
    refused: 0,
  }),
  initial: "answering",
  states: { answering: {} },
});

function onPacket(state: Present<ResponderContext>, packet: Packet, _ifId: number, env: Env): ControlEvent | undefined {
  const server = state.context;
  if (!tallyOwn(server, server.flow, packet, env, server.clock)) return;
  const frame = decodeFrame(packet);
  if (frame?.kind === "data" && frame.answer >= 0) receiveRequest(server, frame, packet, env);
  else if (frame?.kind === "ack") receiveAck(server, frame, packet, env);
  else server.malformed++;
  return;
}

function onSendTimer(state: Present<ResponderContext>, event: ControlEvent, env: Env): ControlEvent | undefined {
  const response = state.context.answering.get((event as ConnectionTimer).connection)?.response ?? null;
  if (response !== null) resume(state.context, response, env);
  return;
}

function onAckTimer(state: Present<ResponderContext>, event: ControlEvent, env: Env): ControlEvent | undefined {
  const { connection } = event as ConnectionTimer;
  const exchange = state.context.answering.get(connection);
  if (exchange !== undefined) ringAck(state.context, exchange.request, connection, env);
  return;
}

function onExpire(state: Present<ResponderContext>, event: ControlEvent, env: Env): ControlEvent | undefined {
  const { connection } = event as unknown as ConnectionTimer;
  const exchange = state.context.answering.get(connection);
  if (exchange !== undefined) forgetExchange(state.context, connection, exchange, env);
  return;
}

export const responderLogic = withPacketHandler(responderMachine, onPacket, {
  "timer.send": onSendTimer,
  "timer.ack": onAckTimer,
  "timer.expire": onExpire,
  "clock.set": onClockSet,
});

function receiveRequest(server: ResponderContext, frame: DataFrame, packet: Packet, env: Env): void {
  const { connection } = frame;
  if (hasNumber(server.over, connection)) {
    sendAck(server, lastWord(frame, true), backOf(server.reply, packet, null), env);
    return;
  }
  const exchange = server.answering.get(connection) ?? openExchange(server, connection, env);
  if (exchange === null) return;
  const { request } = exchange;
  request.back = backOf(server.reply, packet, request.back);
  accept(server, request, frame, packet, env);
  if (!isComplete(request.receiver)) return;
  if (exchange.response === null) startResponse(server, exchange, frame, env);
  else exchange.response.back = request.back;
}

function openExchange(server: ResponderContext, connection: number, env: Env): Answering | null {
  if (server.answering.size >= MAX_CONNECTIONS) {
    server.refused++;
    return null;
  }
  const expire = env.send(env.self, { type: "timer.expire", connection } as ControlEvent, server.timeout);
  const exchange: Answering = { request: openIncoming(), response: null, timers: { expire } };
  server.answering.set(connection, exchange);
  return exchange;
}

function startResponse(server: ResponderContext, exchange: Answering, frame: DataFrame, env: Env): void {
  const { connection, answer } = frame;
  const rtt = Math.round(server.totals.srtt);
  const options = { connection, datagram: server.payloadLength, total: Math.max(1, answer), rtt };
  exchange.response = openOutgoing(options, exchange.request.back);
  pump(server, exchange.response, env);
}

function receiveAck(server: ResponderContext, frame: AckFrame, packet: Packet, env: Env): void {
  const exchange = server.answering.get(frame.connection);
  const response = exchange?.response ?? null;
  // A late acknowledgement of an exchange that is over is nothing wrong.
  if (exchange === undefined || response === null) return;
  response.back = backOf(server.reply, packet, response.back);
  if (!acknowledge(server, response, frame, packet, env)) server.malformed++;
  if (response.sender.done) forgetExchange(server, frame.connection, exchange, env);
}

function forgetExchange(server: ResponderContext, connection: number, exchange: Answering, env: Env): void {
  const { request, response, timers } = exchange;
  silence(request, env);
  if (timers.expire !== undefined) env.cancel(timers.expire);
  if (response !== null) {
    silence(response, env);
    addTotals(server.totals, response.sender);
  }
  server.answering.delete(connection);
  addRange(server.over, connection, connection + 1);
  // Requests that never came leave holes; in the end the oldest count as over, too.
  if (server.over.length > 2 * MAX_OVER_RANGES) addRange(server.over, 0, server.over[2] as number);
}
