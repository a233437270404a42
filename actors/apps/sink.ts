/** Where a flow of single packets ends (constant rate, Poisson, on-off): counts what arrives, how late and in what order. One state. */
import { setup } from "xstate";
import { createClock, type LocalClock } from "../../core/clock.ts";
import type { ControlEvent, Env } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import type { Nanos } from "../../core/units.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";
import { onClockSet } from "./datagram.ts";
import { createTally, type Tally, tallyOwn } from "./tally.ts";

export interface SinkInput {
  /** Number of the flow this sink belongs to; packets of others are counted as unexpected. */
  readonly flow: number;
  /** Delays and bytes for the goodput are counted from then on. */
  readonly measureFrom: Nanos;
}

export interface SinkContext extends Tally {
  readonly flow: number;
  readonly clock: LocalClock;
}

const sinkMachine = setup({
  types: { context: {} as SinkContext, events: {} as { type: "none" }, input: {} as SinkInput },
}).createMachine({
  id: "sink",
  context: ({ input }) => ({ flow: input.flow, clock: createClock(), ...createTally(input.measureFrom) }),
  initial: "receiving",
  states: { receiving: {} },
});

function onPacket(state: Present<SinkContext>, packet: Packet, _ifId: number, env: Env): ControlEvent | undefined {
  const sink = state.context;
  tallyOwn(sink, sink.flow, packet, env, sink.clock);
  return;
}

export const sinkLogic = withPacketHandler(sinkMachine, onPacket, { "clock.set": onClockSet });
