/**
 * Sends packets at even intervals while it is on, and nothing while it is off. It begins with a time on.
 *
 *            timer.start             stop reached
 *   waiting -------------> sending -----------------> finished
 *                          timer.send: one packet, and the next timer; or the time on is over: timer.on is set
 *                          timer.on:   the time off is over: timer.send is set
 *                          rate.set (in every state): another interval behind the packet that is due next
 *
 * Times on and off follow one another from the start, as drawn; packets are due at the beginning of a time on + n * interval. What
 * delays a timer shifts neither.
 */
import { setup } from "xstate";
import { sample } from "../../core/distribution.ts";
import type { ControlEvent, Env } from "../../core/env.ts";
import type { Distribution } from "../../core/scenario.ts";
import type { Nanos } from "../../core/units.ts";
import { envOf } from "../registry.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";
import {
  awaitTurn,
  createDatagram,
  createSending,
  type FlowEnds,
  onClockSet,
  onIntervalSet,
  sendDatagram,
  type Sending,
} from "./datagram.ts";

export interface OnOffInput {
  readonly ends: FlowEnds;
  readonly payloadLength: number;
  readonly start: Nanos;
  readonly stop: Nanos;
  readonly interval: Nanos;
  readonly on: Distribution;
  readonly off: Distribution;
}

export interface OnOffContext extends Omit<OnOffInput, "interval">, Sending {
  interval: Nanos;
  /** When the present time on ends, or the present time off. */
  periodEnd: Nanos;
  /** When the next packet is due. */
  due: Nanos;
}

type OnOffEvent = { type: "timer.start" | "stop.reached" };

const TIMER_SEND: ControlEvent = { type: "timer.send" };
const TIMER_ON: ControlEvent = { type: "timer.on" };

const onOffMachine = setup({
  types: { context: {} as OnOffContext, events: {} as OnOffEvent, input: {} as OnOffInput },
  actions: {
    awaitStart: ({ context, system }) => {
      context.periodEnd = awaitTurn(context, envOf(system));
    },
    beginOn: ({ context, system }) => beginOn(context, envOf(system)),
  },
}).createMachine({
  id: "on-off",
  context: ({ input }) => ({ ...input, ...createSending(input.ends), periodEnd: input.start, due: input.start }),
  initial: "waiting",
  states: {
    waiting: { entry: "awaitStart", on: { "timer.start": "sending" } },
    sending: { entry: "beginOn", on: { "stop.reached": "finished" } },
    finished: {},
  },
});

function onSend(state: Present<OnOffContext>, _event: ControlEvent, env: Env): ControlEvent | undefined {
  const source = state.context;
  if (source.due >= source.stop) return { type: "stop.reached" };
  if (source.due >= source.periodEnd) {
    beginOff(source, env);
    return;
  }
  sendDatagram(source, createDatagram(source, source.payloadLength, null, env), env);
  source.due += source.interval;
  env.send(env.self, TIMER_SEND, Math.max(0, Math.min(source.due, source.periodEnd) - env.now));
  return;
}

function onTimerOn(state: Present<OnOffContext>, _event: ControlEvent, env: Env): ControlEvent | undefined {
  beginOn(state.context, env);
  return;
}

export const onOffLogic = withPacketHandler(onOffMachine, () => undefined, {
  "timer.send": onSend,
  "timer.on": onTimerOn,
  "clock.set": onClockSet,
  "rate.set": onIntervalSet,
});

function beginOn(source: OnOffContext, env: Env): void {
  source.due = source.periodEnd;
  source.periodEnd += Math.round(sample(source.on, env.random("on")));
  env.send(env.self, TIMER_SEND, 0);
}

/** A nanosecond at least, so that time goes on whatever is drawn. */
function beginOff(source: OnOffContext, env: Env): void {
  source.periodEnd += Math.max(1, Math.round(sample(source.off, env.random("off"))));
  env.send(env.self, TIMER_ON, Math.max(0, source.periodEnd - env.now));
}
