/**
 * Sends packets at even intervals: constant rate over UDP, or pings (SCMP echo) that count their replies.
 *
 *            timer.start             stop reached
 *   waiting -------------> sending -----------------> finished
 *                          timer.send: one packet, and the next timer
 *                          rate.set (in every state): another interval behind the packet that is due next
 *
 * Packets are due at start + n * interval, whatever delays the timer: in the live world a late packet shifts none that follow, and
 * as many are sent as in virtual time.
 */
import { setup } from "xstate";
import type { ControlEvent, Env } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
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
import { createTally, type Tally, tallyOwn } from "./tally.ts";

export interface SourceInput {
  /** For pings the header is an echo request, whose sequence number follows the packet number. */
  readonly ends: FlowEnds;
  readonly payloadLength: number;
  readonly start: Nanos;
  readonly stop: Nanos;
  readonly interval: Nanos;
  /** Round-trip times are counted from then on. */
  readonly measureFrom: Nanos;
}

/** The tally is of replies to pings. */
export interface SourceContext extends Omit<SourceInput, "start" | "interval">, Pace, Sending, Tally {}

const TIMER_SEND: ControlEvent = { type: "timer.send" };

const sourceMachine = setup({
  types: {
    context: {} as SourceContext,
    events: {} as { type: "timer.start" } | { type: "timer.send" } | { type: "stop.reached" },
    input: {} as SourceInput,
  },
  actions: {
    awaitStart: ({ context, system }) => void awaitTurn(context, envOf(system)),
    startSending: ({ system }) => void envOf(system).send(envOf(system).self, TIMER_SEND, 0),
  },
}).createMachine({
  id: "source",
  context: ({ input }) => ({ ...input, ...createSending(input.ends), ...createTally(input.measureFrom) }),
  initial: "waiting",
  states: {
    waiting: { entry: "awaitStart", on: { "timer.start": { target: "sending", actions: "startSending" } } },
    sending: { on: { "stop.reached": "finished" } },
    finished: {},
  },
});

/** A reply to a ping comes back. */
function onPacket(state: Present<SourceContext>, packet: Packet, _ifId: number, env: Env): ControlEvent | undefined {
  const source = state.context;
  tallyOwn(source, source.ends.flow, packet, env, source.clock);
  return;
}

function onSend(state: Present<SourceContext>, _event: ControlEvent, env: Env): ControlEvent | undefined {
  const source = state.context;
  const due = source.start + (source.first + source.sent) * source.interval;
  if (due >= source.stop) return { type: "stop.reached" };
  sendDatagram(source, createDatagram(source, source.payloadLength, null, env), env);
  env.send(env.self, TIMER_SEND, Math.max(0, due + source.interval - env.now));
  return;
}

function onRateSet({ context }: Present<SourceContext>, event: ControlEvent, _env: Env): ControlEvent | undefined {
  changePace(context, context.first + context.sent, (event as RateSet).interval);
  return;
}

export const sourceLogic = withPacketHandler(sourceMachine, onPacket, {
  "timer.send": onSend,
  "clock.set": onClockSet,
  "rate.set": onRateSet,
});
