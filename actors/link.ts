/**
 * One direction of a link: queue, line, propagation. It belongs to the AS at its sending end.
 *
 *          link.fail
 *    up ---------------> down       up:   packets queue, are sent, are lost by chance, arrive
 *     ^                    |        down: packets are dropped; those queued or flying when it failed, too
 *     +--------------------+
 *          link.recover
 *
 * The router behind it learns of either change after the detection time (BFD's, until BFD itself is here).
 */
import { setup } from "xstate";
import type { IfId } from "../core/address.ts";
import type { ActorIndex, ControlEvent, Env } from "../core/env.ts";
import { carry, createLinkModel, type DrawKey, type LinkModel } from "../core/link-model.ts";
import type { Packet } from "../core/packet.ts";
import { reset } from "../core/queue.ts";
import type { LinkDirection } from "../core/scenario.ts";
import type { Nanos } from "../core/units.ts";
import { envOf } from "./registry.ts";
import { type Present, withPacketHandler } from "./with-packet-handler.ts";

export interface LinkInput {
  readonly direction: LinkDirection;
  /** Router at the sending end, and the interface it knows this link by. */
  readonly node: ActorIndex;
  readonly ifId: IfId;
  /** Router at the other end, and the interface packets arrive on there. */
  readonly next: ActorIndex;
  readonly nextIfId: IfId;
  readonly detection: Nanos;
  readonly lossKey: DrawKey;
  readonly jitterKey: DrawKey;
}

export interface LinkContext {
  readonly model: LinkModel;
  readonly next: ActorIndex;
  readonly nextIfId: IfId;
  /** Packets put on the line, those lost on it included. */
  packets: number;
  bytes: number;
  drops: number;
  readonly node: ActorIndex;
  readonly ifId: IfId;
  readonly detection: Nanos;
}

export type LinkEvent = { type: "link.fail" } | { type: "link.recover" };

const linkMachine = setup({
  types: { context: {} as LinkContext, events: {} as LinkEvent, input: {} as LinkInput },
  actions: {
    dropUnderWay: ({ context, system }) => dropUnderWay(context, envOf(system)),
    reportDown: ({ context, system }) => report(context, "interface.down", envOf(system)),
    reportUp: ({ context, system }) => report(context, "interface.up", envOf(system)),
  },
}).createMachine({
  id: "link",
  context: ({ input }) => createLink(input),
  initial: "up",
  states: {
    up: { on: { "link.fail": { target: "down", actions: ["dropUnderWay", "reportDown"] } } },
    down: { on: { "link.recover": { target: "up", actions: "reportUp" } } },
  },
});

function onPacket(state: Present<LinkContext>, packet: Packet, _ifId: number, env: Env): ControlEvent | undefined {
  const link = state.context;
  if (state.value === "down") {
    link.drops++;
    env.drop(packet, "link_down");
    return;
  }
  const delay = carry(link.model, env.now, packet);
  if (typeof delay === "string") {
    link.drops++;
    if (delay === "loss") count(link, packet);
    env.drop(packet, delay);
    return;
  }
  count(link, packet);
  if (env.tracing) env.trace("link.admit", packet, { arrives_ns: env.now + delay, waiting: link.model.waiting });
  env.sendPacket(link.next, packet, link.nextIfId, delay);
  return;
}

export const linkLogic = withPacketHandler(linkMachine, onPacket);

function createLink(input: LinkInput): LinkContext {
  const { node, ifId, next, nextIfId, detection } = input;
  const model = createLinkModel(input.direction, input.lossKey, input.jitterKey);
  return { model, next, nextIfId, packets: 0, bytes: 0, drops: 0, node, ifId, detection };
}

function count(link: LinkContext, packet: Packet): void {
  link.packets++;
  link.bytes += packet.wireLength;
}

function dropUnderWay(link: LinkContext, env: Env): void {
  for (const packet of env.recall()) {
    link.drops++;
    env.drop(packet, "link_down");
  }
  reset(link.model, env.now);
}

function report(link: LinkContext, type: "interface.down" | "interface.up", env: Env): void {
  if (env.tracing) env.trace("link.state", null, { up: type === "interface.up" });
  env.send(link.node, { type, ifId: link.ifId } as ControlEvent, link.detection);
}
