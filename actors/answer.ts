/** Packets made in answer to packets: SCMP errors, echo and traceroute replies. */
import type { IA } from "../core/address.ts";
import { actualLength } from "../core/forwarding/forward.ts";
import { type ReturnWay, returnPath } from "../core/forwarding/reverse.ts";
import {
  createMessage,
  createPacket,
  type L4,
  type Packet,
  type ScmpEcho,
  type ScmpTraceroute,
} from "../core/packet.ts";
import { encodePacket, wireLengthOf } from "../core/wire/codec.ts";

/** An SCMP error is at most this long, quote included (scmp.rst). */
const MAX_SCMP_BYTES = 1232;

/** Within an AS. */
const EMPTY_WAY: ReturnWay = { path: null, currInf: 0, currHf: 0 };

/** Where an answer comes from. */
interface Answerer {
  readonly ia: IA;
  readonly host: string;
}

const NO_PAYLOAD = new Uint8Array(0);

/** An SCMP error about `packet`, quoting as much of it as fits. Flow and traffic class are copied. */
export function answerPacket(packet: Packet, from: Answerer, back: ReturnWay, l4: L4): Packet {
  const header = wireLengthOf(back.path, from.host, packet.srcHost, l4, 0);
  const quote = encodePacket({ ...packet, wireLength: actualLength(packet) }).subarray(0, MAX_SCMP_BYTES - header);
  return messageTo(packet, from, back, l4, quote);
}

/** A router's or a host's reply to a traceroute request. */
export function tracerouteReply(packet: Packet, from: Answerer, back: ReturnWay, l4: ScmpTraceroute): Packet {
  return messageTo(packet, from, back, l4, NO_PAYLOAD);
}

function messageTo(packet: Packet, from: Answerer, back: ReturnWay, l4: L4, payload: Uint8Array): Packet {
  return createMessage({
    trafficClass: packet.trafficClass,
    flowId: packet.flowId,
    dstIa: packet.srcIa,
    srcIa: from.ia,
    dstHost: packet.srcHost,
    srcHost: from.host,
    path: back.path,
    currInf: back.currInf,
    currHf: back.currHf,
    l4,
    rest: payload.length === 0 ? null : payload,
    wireLength: wireLengthOf(back.path, from.host, packet.srcHost, l4, payload.length),
  });
}

/** The way back to whoever sent a packet that has reached its host. */
export function wayBack(packet: Packet): ReturnWay {
  return returnPath(packet, false) ?? EMPTY_WAY;
}

/** A host's reply to an echo request: same payload, path reversed. `host`: its address, where the request named a service. */
export function echoReply(packet: Packet, host: string): Packet {
  const back = wayBack(packet);
  const l4 = { ...(packet.l4 as ScmpEcho), reply: true };
  return createPacket({
    ...packet,
    dstIa: packet.srcIa,
    srcIa: packet.dstIa,
    dstHost: packet.srcHost,
    srcHost: host,
    path: back.path,
    currInf: back.currInf,
    currHf: back.currHf,
    l4,
    // Extension headers and what EPIC adds to a path do not come back.
    wireLength: wireLengthOf(back.path, host, packet.srcHost, l4, packet.payloadLength),
    extensions: null,
    irregular: null,
  });
}

/** A host's reply to a traceroute request: the last line of a traceroute, interface 0. */
export function hostTracerouteReply(packet: Packet, host: string): Packet {
  const l4 = { ...(packet.l4 as ScmpTraceroute), reply: true, ia: packet.dstIa, ifId: 0 };
  return tracerouteReply(packet, { ia: packet.dstIa, host }, wayBack(packet), l4);
}
