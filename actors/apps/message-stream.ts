/**
 * Sends messages at even intervals, each cut into packets; nothing is sent again.
 *
 *            timer.start             stop reached
 *   waiting -------------> sending -----------------> finished
 *                          timer.send: the packets of one message at once, and the next timer
 *                          rate.set (in every state): another interval behind the message that is due next
 *
 * Messages are due at start + n * interval, whatever delays the timer.
 */
import { setup } from "xstate";
import { sample } from "../../core/distribution.ts";
import type { ControlEvent, Env } from "../../core/env.ts";
import type { Distribution } from "../../core/scenario.ts";
import { encodeFrame, MESSAGE_OVERHEAD } from "../../core/transport/frames.ts";
import type { Nanos } from "../../core/units.ts";
import { envOf } from "../registry.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";
import {
  awaitTurn,
  changePace,
  createDatagram,
  createSending,
  type FlowEnds,
  onClockSet,
  type Pace,
  type RateSet,
  sendDatagram,
  type Sending,
} from "./datagram.ts";

export interface MessageStreamInput {
  readonly ends: FlowEnds;
  readonly payloadLength: number;
  readonly start: Nanos;
  readonly stop: Nanos;
  readonly interval: Nanos;
  readonly message: Distribution;
}

export interface MessageStreamContext extends Omit<MessageStreamInput, "start" | "interval">, Pace, Sending {
  /** Messages sent. */
  messages: number;
}

/** The wire counts a message's packets in 16 bits. */
const MAX_FRAGMENTS = 0xffff;
const TIMER_SEND: ControlEvent = { type: "timer.send" };

const messageStreamMachine = setup({
  types: {
    context: {} as MessageStreamContext,
    events: {} as { type: "timer.start" } | { type: "timer.send" } | { type: "stop.reached" },
    input: {} as MessageStreamInput,
  },
  actions: {
    awaitStart: ({ context, system }) => void awaitTurn(context, envOf(system)),
    startSending: ({ system }) => void envOf(system).send(envOf(system).self, TIMER_SEND, 0),
  },
}).createMachine({
  id: "message-stream",
  context: ({ input }) => ({ ...input, ...createSending(input.ends), messages: 0 }),
  initial: "waiting",
  states: {
    waiting: { entry: "awaitStart", on: { "timer.start": { target: "sending", actions: "startSending" } } },
    sending: { on: { "stop.reached": "finished" } },
    finished: {},
  },
});

function onSend(state: Present<MessageStreamContext>, _event: ControlEvent, env: Env): ControlEvent | undefined {
  const stream = state.context;
  const due = stream.start + (stream.first + stream.messages) * stream.interval;
  if (due >= stream.stop) return { type: "stop.reached" };
  sendMessage(stream, Math.max(1, Math.round(sample(stream.message, env.random("sizes")))), env);
  env.send(env.self, TIMER_SEND, Math.max(0, due + stream.interval - env.now));
  return;
}

function onRateSet(state: Present<MessageStreamContext>, event: ControlEvent, _env: Env): ControlEvent | undefined {
  const stream = state.context;
  changePace(stream, stream.first + stream.messages, (event as RateSet).interval);
  return;
}

export const messageStreamLogic = withPacketHandler(messageStreamMachine, () => undefined, {
  "timer.send": onSend,
  "clock.set": onClockSet,
  "rate.set": onRateSet,
});

function sendMessage(stream: MessageStreamContext, size: number, env: Env): void {
  const message = stream.first + stream.messages++;
  const capacity = stream.payloadLength - MESSAGE_OVERHEAD;
  const bytes = Math.min(size, MAX_FRAGMENTS * capacity);
  const count = Math.ceil(bytes / capacity);
  for (let index = 0; index < count; index++) {
    const length = Math.min(capacity, bytes - index * capacity);
    const rest = encodeFrame({ kind: "message", message, index, count, bytes });
    sendDatagram(stream, createDatagram(stream, MESSAGE_OVERHEAD + length, rest, env), env);
  }
}
