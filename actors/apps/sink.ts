/** Where a constant-rate flow ends: counts what arrives, how late and in what order. One state. */
import { setup } from "xstate";
import type { ControlEvent, Env } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import type { Nanos } from "../../core/units.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";
import { createTally, type Tally, tally } from "./tally.ts";

export interface SinkInput {
  /** Number of the flow this sink belongs to; packets of others are counted as unexpected. */
  readonly flow: number;
  /** Delays and bytes for the goodput are counted from then on. */
  readonly measureFrom: Nanos;
}

export interface SinkContext extends Tally {
  readonly flow: number;
}

const sinkMachine = setup({
  types: { context: {} as SinkContext, events: {} as { type: "none" }, input: {} as SinkInput },
}).createMachine({
  id: "sink",
  context: ({ input }) => ({ flow: input.flow, ...createTally(input.measureFrom) }),
  initial: "receiving",
  states: { receiving: {} },
});

function onPacket(state: Present<SinkContext>, packet: Packet, _ifId: number, env: Env): ControlEvent | undefined {
  const sink = state.context;
  if (packet.flow !== sink.flow) {
    env.drop(packet, "unexpected");
    return;
  }
  tally(sink, packet, env);
  return;
}

export const sinkLogic = withPacketHandler(sinkMachine, onPacket);
