/**
 * A host of an AS that is a program outside Pathloom: what reaches it leaves the world. In live mode the driver puts the packet's
 * bytes on the AS's internal socket; here it is only counted, the same in every world. It has one state.
 */
import { setup } from "xstate";
import { endHostPort, type PortRange } from "../core/end-host-port.ts";
import type { ControlEvent, Env } from "../core/env.ts";
import type { Packet } from "../core/packet.ts";
import { type Present, withPacketHandler } from "./with-packet-handler.ts";

export interface OutsideHostInput {
  readonly address: string;
  /** The AS's dispatched ports; null: none. */
  readonly dispatched: PortRange | null;
}

export interface OutsideHostContext {
  readonly address: string;
  readonly dispatched: PortRange | null;
  /** Packets handed over, and their bytes. */
  packets: number;
  bytes: number;
}

const outsideHostMachine = setup({
  types: { context: {} as OutsideHostContext, events: {} as { type: "none" }, input: {} as OutsideHostInput },
}).createMachine({
  id: "outside-host",
  context: ({ input }) => ({ ...input, packets: 0, bytes: 0 }),
  initial: "running",
  states: { running: {} },
});

function onPacket(
  { context }: Present<OutsideHostContext>,
  packet: Packet,
  _ifId: number,
  env: Env,
): ControlEvent | undefined {
  if (endHostPort(packet, context.dispatched) < 0) {
    env.drop(packet, "undeliverable");
    return;
  }
  context.packets++;
  context.bytes += packet.wireLength;
  if (env.tracing) env.trace("host.deliver", packet);
  return;
}

export const outsideHostLogic = withPacketHandler(outsideHostMachine, onPacket);
