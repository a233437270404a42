/**
 * Sends packets as a Poisson process: the gaps between them are exponential.
 *
 *            timer.start             stop reached
 *   waiting -------------> sending -----------------> finished
 *                          timer.send: one packet, and the next timer
 *                          rate.set (in every state): another mean gap behind the packet that is due next
 *
 * Each packet is due when the gaps drawn so far add up to it, whatever delays the timer.
 */
import { setup } from "xstate";
import type { ControlEvent, Env } from "../../core/env.ts";
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

export interface PoissonInput {
  readonly ends: FlowEnds;
  readonly payloadLength: number;
  readonly start: Nanos;
  readonly stop: Nanos;
  /** Mean. */
  readonly interval: Nanos;
}

export interface PoissonContext extends Omit<PoissonInput, "interval">, Sending {
  interval: Nanos;
  /** When the next packet is due. */
  due: Nanos;
}

const TIMER_SEND: ControlEvent = { type: "timer.send" };

const poissonMachine = setup({
  types: {
    context: {} as PoissonContext,
    events: {} as { type: "timer.start" } | { type: "timer.send" } | { type: "stop.reached" },
    input: {} as PoissonInput,
  },
  actions: {
    awaitStart: ({ context, system }) => {
      context.due = awaitTurn(context, envOf(system));
    },
    awaitFirst: ({ context, system }) => awaitNext(context, envOf(system)),
  },
}).createMachine({
  id: "poisson",
  context: ({ input }) => ({ ...input, ...createSending(input.ends), due: input.start }),
  initial: "waiting",
  states: {
    waiting: { entry: "awaitStart", on: { "timer.start": { target: "sending", actions: "awaitFirst" } } },
    sending: { on: { "stop.reached": "finished" } },
    finished: {},
  },
});

function onSend(state: Present<PoissonContext>, _event: ControlEvent, env: Env): ControlEvent | undefined {
  const source = state.context;
  if (source.due >= source.stop) return { type: "stop.reached" };
  sendDatagram(source, createDatagram(source, source.payloadLength, null, env), env);
  awaitNext(source, env);
  return;
}

export const poissonLogic = withPacketHandler(poissonMachine, () => undefined, {
  "timer.send": onSend,
  "clock.set": onClockSet,
  "rate.set": onIntervalSet,
});

function awaitNext(source: PoissonContext, env: Env): void {
  source.due += Math.round(env.random("arrivals").exponential(source.interval));
  env.send(env.self, TIMER_SEND, Math.max(0, source.due - env.now));
}
