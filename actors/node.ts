/**
 * A border router: the whole of an AS's forwarding.
 *
 *              node.fail
 *   running ---------------> failed        running: interface.down, interface.up change the table of interfaces
 *      ^                       |           failed:  every packet is dropped
 *      +-----------------------+
 *             node.recover
 *
 * Forwarding itself is `core/forwarding.ts`; an interface that is down is answered with SCMP "external interface down"
 * (scmp.rst, type 5), never in answer to an SCMP error.
 */
import { assign, setup } from "xstate";
import type { IA, IfId } from "../core/address.ts";
import type { ActorIndex, ControlEvent, Env } from "../core/env.ts";
import { type Disposition, forward, returnPath, type Router, type RouterInterface } from "../core/forwarding.ts";
import type { Packet, ScmpInterfaceDown } from "../core/packet.ts";
import { isScmpError } from "../core/scmp.ts";
import { answerPacket } from "./answer.ts";
import { envOf } from "./registry.ts";
import { type Present, withPacketHandler } from "./with-packet-handler.ts";

export interface NodeInput {
  readonly ia: IA;
  readonly epochS: number;
  /** The router's own address, source of its SCMP errors. */
  readonly host: string;
  readonly interfaces: readonly { readonly ifId: IfId; readonly link: ActorIndex }[];
  readonly hosts: readonly { readonly host: string; readonly actor: ActorIndex }[];
}

export interface NodeContext extends Router {
  readonly host: string;
  forwarded: number;
  delivered: number;
  /** SCMP errors sent. */
  answered: number;
}

export type NodeEvent =
  | { type: "interface.down"; ifId: IfId }
  | { type: "interface.up"; ifId: IfId }
  | { type: "node.fail" }
  | { type: "node.recover" };

const nodeMachine = setup({
  types: { context: {} as NodeContext, events: {} as NodeEvent, input: {} as NodeInput },
  actions: {
    markDown: assign(({ context, event, system }) => markInterface(context, event, false, envOf(system))),
    markUp: assign(({ context, event, system }) => markInterface(context, event, true, envOf(system))),
  },
}).createMachine({
  id: "node",
  context: ({ input }) => createNode(input),
  initial: "running",
  states: {
    running: { on: { "node.fail": "failed" } },
    failed: { on: { "node.recover": "running" } },
  },
  on: {
    "interface.down": { actions: "markDown" },
    "interface.up": { actions: "markUp" },
  },
});

function onPacket(state: Present<NodeContext>, packet: Packet, ifId: number, env: Env): ControlEvent | undefined {
  const node = state.context;
  if (state.value === "failed") {
    env.drop(packet, "link_down");
    return;
  }
  const disposition = forward(node, packet, ifId, env.now);
  switch (disposition.kind) {
    case "forward":
      node.forwarded++;
      if (env.tracing) env.trace("node.forward", packet, { ingress: ifId, egress: disposition.ifId });
      env.sendPacket(disposition.link, packet, 0, 0);
      return;
    case "deliver":
      node.delivered++;
      if (env.tracing) env.trace("node.deliver", packet, { ingress: ifId, host: packet.dstHost });
      env.sendPacket(disposition.host, packet, 0, 0);
      return;
    case "drop":
      env.drop(packet, disposition.reason);
      return;
    default:
      answer(node, packet, ifId, disposition, env);
  }
  return;
}

export const nodeLogic = withPacketHandler(nodeMachine, onPacket);

function createNode(input: NodeInput): NodeContext {
  const interfaces: RouterInterface[] = [];
  for (const { ifId, link } of input.interfaces) interfaces[ifId] = { kind: "forward", ifId, link, up: true };
  const hosts = new Map<string, Extract<Disposition, { kind: "deliver" }>>();
  for (const { host, actor } of input.hosts) hosts.set(host, { kind: "deliver", host: actor });
  const { ia, epochS, host } = input;
  return { ia, epochS, interfaces, hosts, forwarded: 0, delivered: 0, answered: 0, host };
}

function markInterface(node: NodeContext, event: NodeEvent, up: boolean, env: Env): Partial<NodeContext> {
  if (event.type !== "interface.down" && event.type !== "interface.up") return {};
  const entry = node.interfaces[event.ifId];
  if (entry === undefined) return {};
  entry.up = up;
  if (env.tracing) env.trace("node.interface", null, { ifId: event.ifId, up });
  return {};
}

function answer(
  node: NodeContext,
  packet: Packet,
  ingress: IfId,
  disposition: Extract<Disposition, { kind: "answer" }>,
  env: Env,
): void {
  const reply = isScmpError(packet.l4) ? null : errorTo(node, packet, ingress, disposition.error);
  const way = ingress === 0 ? node.hosts.get(packet.srcHost)?.host : node.interfaces[ingress]?.link;
  env.drop(packet, disposition.reason);
  if (reply === null || way === undefined) return;
  node.answered++;
  if (env.tracing) env.trace("node.answer", packet, { ia: disposition.error.ia, ifId: disposition.error.ifId });
  env.sendPacket(way, reply, 0, 0);
}

function errorTo(node: NodeContext, packet: Packet, ingress: IfId, error: ScmpInterfaceDown): Packet | null {
  const back = returnPath(packet, ingress !== 0);
  if (back === null) return null;
  return answerPacket(packet, { ia: node.ia, host: node.host }, back, error);
}
