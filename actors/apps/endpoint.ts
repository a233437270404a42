/**
 * A host whose applications live outside the network: programs that send and receive datagrams through connectors
 * (sim/sim-connectors.ts). It answers echo requests like any host and tells its selectors of interfaces that are down.
 * It has one state.
 *
 *   program --datagram.send--> endpoint --> selector (one a destination AS and policy, made with the first datagram) --> router
 *   program <-----mail-------- endpoint <----------------------------------------------------------------------------- router
 */
import { setup } from "xstate";
import { hostType, type IA } from "../../core/address.ts";
import { hashText } from "../../core/digest.ts";
import type { ActorIndex, ControlEvent, DropReason, Env } from "../../core/env.ts";
import { createPacket, type Packet, type UdpHeader } from "../../core/packet.ts";
import type { PathFinder } from "../../core/path-finder.ts";
import type { PolicySpec } from "../../core/scenario.ts";
import type { Nanos } from "../../core/units.ts";
import { wireLengthOf } from "../../core/wire/codec.ts";
import { decodePayload, encodePayload } from "../../core/wire/payload.ts";
import { echoReply } from "../answer.ts";
import { newsOf, tellSelectors } from "../scmp-news.ts";
import type { SelectorInput } from "../selectors/selector.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";

export interface EndpointInput {
  readonly ia: IA;
  readonly host: string;
  readonly node: ActorIndex;
  readonly revocation: Nanos;
}

export interface EndpointContext extends EndpointInput {
  /** By policy, destination AS and the size of the destination's address. */
  readonly selectors: Map<string, ActorIndex>;
  /** Datagrams by the flow their bytes name, nearly always `NO_FLOW`. */
  readonly sent: Map<number, number>;
  readonly delivered: Map<number, number>;
  echoed: number;
  /** SCMP errors received. */
  errors: number;
}

export interface EndpointAddress {
  readonly ia: IA;
  readonly host: string;
  readonly port: number;
}

/** What a program asks of its host. */
export interface SendDatagram extends ControlEvent {
  readonly type: "datagram.send";
  readonly srcPort: number;
  readonly to: EndpointAddress;
  readonly policy: PolicySpec;
  readonly bytes: Uint8Array;
}

/** The resource `endpoint/mail`: programs' side of every endpoint. */
export interface EndpointMail {
  /** null: taken; otherwise why not. */
  deliver(to: EndpointAddress, bytes: Uint8Array, from: EndpointAddress): DropReason | null;
  /** A datagram is on its way. */
  left(from: EndpointAddress): void;
}

const endpointMachine = setup({
  types: { context: {} as EndpointContext, events: {} as { type: "none" }, input: {} as EndpointInput },
}).createMachine({
  id: "endpoint",
  context: ({ input }) => ({
    ...input,
    selectors: new Map(),
    sent: new Map(),
    delivered: new Map(),
    echoed: 0,
    errors: 0,
  }),
  initial: "running",
  states: { running: {} },
});

function onPacket(state: Present<EndpointContext>, packet: Packet, _ifId: number, env: Env): ControlEvent | undefined {
  const endpoint = state.context;
  const l4 = packet.l4;
  if (l4.kind === "udp") deliver(endpoint, packet, l4, env);
  else if (l4.kind === "scmp.echo" && !l4.reply) replyTo(endpoint, packet, env);
  else {
    const news = newsOf(packet);
    if (news === null) env.drop(packet, "unexpected");
    else {
      endpoint.errors++;
      tellSelectors(endpoint.selectors.values(), news, env);
    }
  }
  return;
}

function onSend(state: Present<EndpointContext>, event: ControlEvent, env: Env): ControlEvent | undefined {
  const endpoint = state.context;
  const datagram = event as SendDatagram;
  const packet = packetOf(endpoint, datagram);
  count(endpoint.sent, packet);
  if (env.tracing) env.trace("app.send", packet);
  env.sendPacket(selectorFor(endpoint, datagram, packet.l4 as UdpHeader, env), packet, 0, 0);
  mailOf(env).left({ ia: endpoint.ia, host: endpoint.host, port: datagram.srcPort });
  return;
}

export const endpointLogic = withPacketHandler(endpointMachine, onPacket, { "datagram.send": onSend });

function mailOf(env: Env): EndpointMail {
  return env.resource("endpoint/mail") as EndpointMail;
}

function deliver(endpoint: EndpointContext, packet: Packet, l4: UdpHeader, env: Env): void {
  const bytes = new Uint8Array(packet.payloadLength);
  encodePayload(packet, bytes, 0);
  const from = { ia: packet.srcIa, host: packet.srcHost, port: l4.srcPort };
  const refused = mailOf(env).deliver({ ia: endpoint.ia, host: endpoint.host, port: l4.dstPort }, bytes, from);
  if (refused !== null) {
    env.drop(packet, refused);
    return;
  }
  count(endpoint.delivered, packet);
  if (env.tracing) env.trace("host.deliver", packet);
}

function count(counts: Map<number, number>, { flow }: Packet): void {
  counts.set(flow, (counts.get(flow) ?? 0) + 1);
}

function replyTo(endpoint: EndpointContext, request: Packet, env: Env): void {
  endpoint.echoed++;
  env.sendPacket(endpoint.node, echoReply(request, endpoint.host), 0, 0);
}

/** The path and with it the length on the wire come from the selector. */
function packetOf({ ia, host }: EndpointContext, { srcPort, to, bytes }: SendDatagram): Packet {
  const l4: UdpHeader = { kind: "udp", srcPort, dstPort: to.port };
  return createPacket({
    // A record holds what its bytes hold: a program may write our payload header itself.
    ...decodePayload(l4, bytes, 0, bytes.length),
    trafficClass: 0,
    flowId: srcPort,
    dstIa: to.ia,
    srcIa: ia,
    dstHost: to.host,
    srcHost: host,
    path: null,
    currInf: 0,
    currHf: 0,
    l4,
    payloadLength: bytes.length,
    wireLength: 0,
  });
}

function selectorFor(endpoint: EndpointContext, { to, policy }: SendDatagram, l4: UdpHeader, env: Env): ActorIndex {
  const key = JSON.stringify([policy.name, policy.params, to.ia, hostType(to.host)]);
  const known = endpoint.selectors.get(key);
  if (known !== undefined) return known;
  // Every path from one AS to another, the best first.
  const paths = (env.resource("endpoint/paths") as PathFinder)(endpoint.ia, to.ia);
  const input: SelectorInput = {
    node: endpoint.node,
    policy: policy.name,
    params: policy.params,
    paths,
    headers: paths.map(({ forwarding }) => wireLengthOf(forwarding, endpoint.host, to.host, l4, 0)),
    identity: { hash: hashText(`${endpoint.ia},${endpoint.host} ${to.ia}`)[0] >>> 0 },
    revocation: endpoint.revocation,
    // Programs have the network to themselves: nothing is sent that they did not send.
    prober: null,
    reports: null,
  };
  const id = `selector/${endpoint.ia},${endpoint.host}/${endpoint.selectors.size}`;
  const selector = env.spawn(id, "selector", input);
  endpoint.selectors.set(key, selector);
  return selector;
}
