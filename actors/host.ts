/**
 * An end host: hands packets to applications by port, answers echo and traceroute requests, passes SCMP errors on to its
 * selectors. It has one state; hosts that come and go are not modelled.
 *
 * A router sends a packet to the UDP port that its L4 header names where that port is in the AS's dispatched range, and to 30041
 * otherwise (core/end-host-port.ts). Behind 30041 stands the host's dispatcher, which looks at the L4 header itself.
 */
import { setup } from "xstate";
import type { ActorIndex, ControlEvent, Env } from "../core/env.ts";
import { END_HOST_PORT, endHostPort, type PortRange } from "../core/end-host-port.ts";
import { type Packet, setPath } from "../core/packet.ts";
import type { HostSpec } from "../core/scenario.ts";
import { isScmpError } from "../core/scmp.ts";
import type { TraceDetail } from "../core/trace.ts";
import { echoReply, hostTracerouteReply } from "./answer.ts";
import { newsOf, tellSelectors } from "./scmp-news.ts";
import { type Present, withPacketHandler } from "./with-packet-handler.ts";

export interface HostInput {
  readonly node: ActorIndex;
  readonly address: string;
  /** The AS's dispatched ports; null: none. */
  readonly dispatched: PortRange | null;
  /** UDP ports and the applications behind them. */
  readonly ports: readonly (readonly [port: number, app: ActorIndex])[];
  /** Identifiers of echo and traceroute requests, and the applications behind them. */
  readonly identifiers: readonly (readonly [identifier: number, app: ActorIndex])[];
  readonly selectors: readonly ActorIndex[];
  /** The AS's control service, which is told of interfaces that are down; null: none. */
  readonly control: ActorIndex | null;
  /** Pings whose replies choose their own path: who asks, its identifier, the selector. */
  readonly echoes: readonly (readonly [from: HostSpec, identifier: number, selector: ActorIndex])[];
  /** Flow numbers of the probes it answers. */
  readonly probes: readonly number[];
}

export interface HostContext {
  readonly node: ActorIndex;
  readonly address: string;
  readonly dispatched: PortRange | null;
  readonly ports: Map<number, ActorIndex>;
  readonly identifiers: Map<number, ActorIndex>;
  readonly selectors: readonly ActorIndex[];
  readonly control: ActorIndex | null;
  readonly echoes: HostInput["echoes"];
  /** Bytes of its replies to probes, by their flow number. */
  readonly probeBytes: Map<number, number>;
  delivered: number;
  echoed: number;
  /** SCMP errors received. */
  errors: number;
}

const hostMachine = setup({
  types: { context: {} as HostContext, events: {} as { type: "none" }, input: {} as HostInput },
}).createMachine({
  id: "host",
  context: ({ input }) => ({
    node: input.node,
    address: input.address,
    dispatched: input.dispatched,
    ports: new Map(input.ports),
    identifiers: new Map(input.identifiers),
    selectors: input.selectors,
    control: input.control,
    echoes: input.echoes,
    probeBytes: new Map(input.probes.map((flow) => [flow, 0])),
    delivered: 0,
    echoed: 0,
    errors: 0,
  }),
  initial: "running",
  states: { running: {} },
});

function onPacket(state: Present<HostContext>, packet: Packet, _ifId: number, env: Env): ControlEvent | undefined {
  const host = state.context;
  const port = endHostPort(packet, host.dispatched);
  if (port < 0) env.drop(packet, "undeliverable");
  else if (port === END_HOST_PORT) dispatch(host, packet, env);
  else if (packet.l4.kind === "udp") toApplication(host, host.ports.get(port), packet, env);
  else receiveScmp(host, packet, host.identifiers.get(port), env);
  return;
}

export const hostLogic = withPacketHandler(hostMachine, onPacket);

function toApplication(host: HostContext, app: ActorIndex | undefined, packet: Packet, env: Env): void {
  if (app === undefined) {
    env.drop(packet, "unknown_port");
    return;
  }
  host.delivered++;
  if (env.tracing) env.trace("host.deliver", packet);
  env.sendPacket(app, packet, 0, 0);
}

/** Of the replies to this ping, where they do not simply go back. */
function selectorOf({ echoes }: HostContext, { srcIa, srcHost, l4 }: Packet): ActorIndex | undefined {
  if (echoes.length === 0 || l4.kind !== "scmp.echo") return undefined;
  const found = echoes.find(
    ([from, identifier]) => identifier === l4.identifier && from.ia === srcIa && from.host === srcHost,
  );
  return found?.[2];
}

/** What came to port 30041: requests are answered, the rest is found by its L4 header. */
function dispatch(host: HostContext, packet: Packet, env: Env): void {
  const { l4 } = packet;
  if (l4.kind === "udp") toApplication(host, host.ports.get(l4.dstPort), packet, env);
  else if (l4.kind === "scmp.echo" && !l4.reply) {
    host.echoed++;
    const reply = echoReply(packet, host.address);
    const bytes = host.probeBytes.get(packet.flow);
    if (bytes !== undefined) host.probeBytes.set(packet.flow, bytes + reply.wireLength);
    const selector = selectorOf(host, packet);
    // A selector leaves packets alone that have a path already.
    if (selector !== undefined) setPath(reply, null, 0, 0);
    env.sendPacket(selector ?? host.node, reply, 0, 0);
  } else if (l4.kind === "scmp.traceroute" && !l4.reply) {
    env.sendPacket(host.node, hostTracerouteReply(packet, host.address), 0, 0);
  } else {
    const port = endHostPort(packet, EVERY_PORT);
    receiveScmp(host, packet, host.identifiers.get(port), env);
  }
}

const EVERY_PORT: PortRange = { min: 0, max: 65_535 };

/** Replies go to whoever asked; what an error tells of a path goes to every selector of the host. */
function receiveScmp(host: HostContext, packet: Packet, app: ActorIndex | undefined, env: Env): void {
  const { l4 } = packet;
  if (l4.kind === "scmp.echo" || l4.kind === "scmp.traceroute") {
    toApplication(host, app, packet, env);
    return;
  }
  if (!isScmpError(l4)) {
    env.drop(packet, "unexpected");
    return;
  }
  host.errors++;
  if (env.tracing) env.trace("host.error", packet, errorDetail(packet));
  const news = newsOf(packet);
  if (news === null) return;
  tellSelectors(host.selectors, news, env);
  if (host.control !== null && l4.kind === "scmp.interface-down") env.send(host.control, news, 0);
}

/** Who reports what. */
function errorDetail({ srcIa, l4 }: Packet): TraceDetail {
  const { kind, ...fields } = l4;
  return { from: srcIa, error: kind, ...fields } as TraceDetail;
}
