/**
 * A border router: the whole of an AS's forwarding, and its own network between the interfaces.
 *
 *              node.fail                         running: interface.down, interface.up (links), bfd.down, bfd.up (BFD sessions)
 *   running ---------------> failed                       change the table of interfaces
 *      ^                       |                 failed:  every packet is dropped; BFD sessions are silent
 *      +-----------------------+
 *       node.recover of the last cause
 *
 * Forwarding itself is `core/forwarding/`; its SCMP errors and traceroute replies are sent from here (scmp.rst), never an error
 * in answer to an error. An interface with a BFD session believes that alone; the others believe their link's own report.
 */
import { assign, setup } from "xstate";
import type { IA, IfId } from "../core/address.ts";
import { type ClockSet, createClock, type LocalClock, localTime, setClock } from "../core/clock.ts";
import type { ActorIndex, ControlEvent, Env } from "../core/env.ts";
import type { ForwardingKeys } from "../core/forwarding-keys.ts";
import { forward } from "../core/forwarding/forward.ts";
import { returnPath } from "../core/forwarding/reverse.ts";
import type { Delivery, Disposition, LinkTo, Router, RouterInterface } from "../core/forwarding/router.ts";
import { createHopMacs } from "../core/hop-mac.ts";
import { createCrossings, cross, type Crossings } from "../core/internal-network.ts";
import type { Packet } from "../core/packet.ts";
import type { InternalNetwork } from "../core/scenario.ts";
import { isScmpError } from "../core/scmp.ts";
import { answerPacket, tracerouteReply } from "./answer.ts";
import { envOf } from "./registry.ts";
import { type Present, withPacketHandler } from "./with-packet-handler.ts";

export interface NodeInterface {
  readonly ifId: IfId;
  readonly link: ActorIndex;
  readonly linkTo: LinkTo;
  readonly neighbour: IA;
  readonly mtu: number;
  /** BFD session on the link; null: the link itself reports. */
  readonly session: ActorIndex | null;
}

export interface NodeInput {
  readonly ia: IA;
  readonly epochS: number;
  /** The router's own address, source of its SCMP errors. */
  readonly host: string;
  readonly interfaces: readonly NodeInterface[];
  readonly hosts: readonly { readonly host: string; readonly actor: ActorIndex }[];
  /** Backends of each service address. */
  readonly services: readonly { readonly service: string; readonly backends: readonly ActorIndex[] }[];
  /** null: crossing the AS costs nothing. */
  readonly internal: InternalNetwork | null;
  /** MACs remembered, a power of two; 0: none. */
  readonly macCache: number;
  /** Control service, which hears of interfaces; null: none. */
  readonly control: ActorIndex | null;
}

export interface NodeContext extends Router {
  readonly host: string;
  readonly macCache: number;
  readonly control: ActorIndex | null;
  readonly crossings: Crossings | null;
  readonly clock: LocalClock;
  /** What keeps the router down. */
  causes: readonly string[];
  forwarded: number;
  delivered: number;
  /** SCMP errors sent. */
  answered: number;
}

export type NodeEvent =
  | { type: "interface.down" | "interface.up" | "bfd.down" | "bfd.up"; ifId: IfId }
  | { type: "node.fail"; cause: string }
  | { type: "node.recover"; cause: string | null }
  | ClockSet;

const nodeMachine = setup({
  types: { context: {} as NodeContext, events: {} as NodeEvent, input: {} as NodeInput },
  guards: {
    otherCauseHolds: ({ context, event }) => causesWithout(context, event).length > 0,
  },
  actions: {
    markInterface: ({ context, event, system }) => markInterface(context, event, envOf(system)),
    addCause: assign(({ context, event }) => ({ causes: causesWith(context, event) })),
    removeCause: assign(({ context, event }) => ({ causes: causesWithout(context, event) })),
    dropCrossing: ({ system }) => dropCrossing(envOf(system)),
    silenceSessions: ({ context, system }) => tellSessions(context, "session.disable", envOf(system)),
    wakeSessions: ({ context, system }) => tellSessions(context, "session.enable", envOf(system)),
    setClock: ({ context, event, system }) => setClock(context.clock, event as ClockSet, envOf(system).now),
  },
}).createMachine({
  id: "node",
  context: ({ input }) => createNode(input),
  initial: "running",
  states: {
    running: {
      on: { "node.fail": { target: "failed", actions: ["addCause", "dropCrossing", "silenceSessions"] } },
    },
    failed: {
      on: {
        "node.fail": { actions: "addCause" },
        "node.recover": [
          { guard: "otherCauseHolds", actions: "removeCause" },
          { target: "running", actions: ["removeCause", "wakeSessions"] },
        ],
      },
    },
  },
  on: {
    "interface.down": { actions: "markInterface" },
    "interface.up": { actions: "markInterface" },
    "bfd.down": { actions: "markInterface" },
    "bfd.up": { actions: "markInterface" },
    "clock.set": { actions: "setClock" },
  },
});

function onPacket(state: Present<NodeContext>, packet: Packet, ifId: number, env: Env): ControlEvent | undefined {
  const node = state.context;
  if (state.value === "failed") {
    env.drop(packet, "node_down");
    return;
  }
  if (node.macs === null) readyMacs(node, env);
  const disposition = forward(node, packet, ifId, localTime(node.clock, env.now));
  if (disposition.kind === "forward") {
    node.forwarded++;
    if (env.tracing) env.trace("node.forward", packet, { ingress: ifId, egress: disposition.ifId });
    if (node.crossings === null) env.sendPacket(disposition.link, packet, 0, 0);
    else crossTo(node.crossings, disposition.link, packet, ifId, disposition.ifId, env);
    return;
  }
  conclude(node, packet, ifId, disposition, env);
  return;
}

export const nodeLogic = withPacketHandler(nodeMachine, onPacket);

function createNode(input: NodeInput): NodeContext {
  const interfaces: RouterInterface[] = [];
  for (const one of input.interfaces) interfaces[one.ifId] = { kind: "forward", up: true, ...one };
  const hosts = input.hosts.map(({ host, actor }): [string, Delivery] => [host, { kind: "deliver", host: actor }]);
  const services = input.services.map(
    ({ service, backends }) => [service, { kind: "service", backends } as const] as const,
  );
  const { ia, epochS, host, internal, macCache, control } = input;
  return {
    ia,
    epochS,
    interfaces,
    hosts: new Map(hosts),
    services: new Map(services),
    macs: null,
    host,
    macCache,
    control,
    crossings: internal === null ? null : createCrossings(internal),
    clock: createClock(),
    causes: [],
    forwarded: 0,
    delivered: 0,
    answered: 0,
  };
}

/** A key takes a millisecond to derive: not before it is needed. */
function readyMacs(node: NodeContext, env: Env): void {
  const keys = env.resource("forwarding-keys") as ForwardingKeys;
  node.macs = createHopMacs(keys(node.ia), node.macCache);
}

/** What becomes of a packet that does not leave by a link. */
function conclude(node: NodeContext, packet: Packet, ifId: IfId, disposition: Disposition, env: Env): void {
  switch (disposition.kind) {
    case "deliver":
      deliver(node, disposition.host, packet, ifId, env);
      return;
    case "service": {
      const { backends } = disposition;
      deliver(node, backends[env.random("service").below(backends.length)] as ActorIndex, packet, ifId, env);
      return;
    }
    case "session":
      env.sendPacket(disposition.session, packet, 0, 0);
      return;
    case "drop":
      env.drop(packet, disposition.reason);
      return;
    case "answer":
      answer(node, packet, ifId, disposition, env);
      return;
    case "reply":
      reply(node, packet, ifId, disposition, env);
      return;
    default:
      throw new Error(`a packet that leaves by a link is not concluded: ${disposition.kind}`);
  }
}

function deliver(node: NodeContext, host: ActorIndex, packet: Packet, ifId: IfId, env: Env): void {
  node.delivered++;
  if (env.tracing) env.trace("node.deliver", packet, { ingress: ifId, host: packet.dstHost });
  if (node.crossings === null) env.sendPacket(host, packet, 0, 0);
  else crossTo(node.crossings, host, packet, ifId, 0, env);
}

function crossTo(
  crossings: Crossings,
  target: ActorIndex,
  packet: Packet,
  ingress: IfId,
  egress: IfId,
  env: Env,
): void {
  const delay = cross(crossings, ingress, egress, packet.wireLength, env.now);
  if (delay < 0) env.drop(packet, "queue_overflow");
  else env.sendPacket(target, packet, 0, delay);
}

function answer(
  node: NodeContext,
  packet: Packet,
  ingress: IfId,
  { error, reason }: Extract<Disposition, { kind: "answer" }>,
  env: Env,
): void {
  const back = isScmpError(packet.l4) ? null : returnPath(packet, ingress !== 0);
  const way = wayBack(node, packet, ingress);
  env.drop(packet, reason);
  if (back === null || way === undefined) return;
  node.answered++;
  if (env.tracing) env.trace("node.answer", packet, { error: error.kind, ia: node.ia, reason });
  env.sendPacket(way, answerPacket(packet, node, back, error), 0, 0);
}

/** The request ends here as an echo request ends at a host: what goes on is its reply. */
function reply(
  node: NodeContext,
  packet: Packet,
  ingress: IfId,
  disposition: Extract<Disposition, { kind: "reply" }>,
  env: Env,
): void {
  const back = returnPath(packet, ingress !== 0);
  const way = wayBack(node, packet, ingress);
  if (back === null || way === undefined) {
    env.drop(packet, "router_alert");
    return;
  }
  if (env.tracing) env.trace("node.answer", packet, { ia: node.ia, ifId: disposition.reply.ifId });
  env.sendPacket(way, tracerouteReply(packet, node, back, disposition.reply), 0, 0);
}

function wayBack(node: NodeContext, packet: Packet, ingress: IfId): ActorIndex | undefined {
  return ingress === 0 ? node.hosts.get(packet.srcHost)?.host : node.interfaces[ingress]?.link;
}

function markInterface(node: NodeContext, event: NodeEvent, env: Env): void {
  if (!("ifId" in event)) return;
  const entry = node.interfaces[event.ifId];
  const bySession = event.type === "bfd.down" || event.type === "bfd.up";
  if (entry === undefined || bySession !== (entry.session !== null)) return;
  entry.up = event.type === "interface.up" || event.type === "bfd.up";
  if (env.tracing) env.trace("node.interface", null, { ifId: event.ifId, up: entry.up });
  if (node.control === null) return;
  env.send(node.control, { type: entry.up ? "interface.up" : "interface.down", ifId: entry.ifId } as ControlEvent, 0);
}

function causesWith({ causes }: NodeContext, event: NodeEvent): readonly string[] {
  if (event.type !== "node.fail" || causes.includes(event.cause)) return causes;
  return [...causes, event.cause];
}

/** A recovery without a cause ends them all. */
function causesWithout({ causes }: NodeContext, event: NodeEvent): readonly string[] {
  if (event.type !== "node.recover" || event.cause === null) return [];
  return causes.filter((cause) => cause !== event.cause);
}

function dropCrossing(env: Env): void {
  for (const packet of env.recall()) env.drop(packet, "node_down");
}

function tellSessions(node: NodeContext, type: "session.disable" | "session.enable", env: Env): void {
  for (const entry of node.interfaces) {
    if (entry !== undefined && entry.session !== null) env.send(entry.session, { type }, 0);
  }
}
