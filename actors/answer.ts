/** Packets made in answer to packets: SCMP errors and echo replies. */
import type { IA } from "../core/address.ts";
import { returnPath } from "../core/forwarding.ts";
import { createPacket, type L4, NO_FLOW, type Packet } from "../core/packet.ts";
import type { ScionPath } from "../core/path.ts";
import { encodePacket, wireLengthOf } from "../core/wire/codec.ts";

/** An SCMP error is at most this long, quote included (scmp.rst). */
const MAX_SCMP_BYTES = 1232;

export interface ReturnWay {
  readonly path: ScionPath | null;
  readonly currInf: number;
  readonly currHf: number;
}

/** Within an AS. */
const EMPTY_WAY: ReturnWay = { path: null, currInf: 0, currHf: 0 };

/** SCMP types below 128 report errors; none is ever sent in answer to one. */
export function isScmpError(l4: L4): boolean {
  return l4.kind === "scmp.interface-down" || (l4.kind === "scmp.other" && l4.type < 128);
}

/** An SCMP error about `packet`, quoting as much of it as fits. Flow and traffic class are copied. */
export function answerPacket(packet: Packet, from: { ia: IA; host: string }, back: ReturnWay, l4: L4): Packet {
  const header = wireLengthOf(back.path, from.host, packet.srcHost, l4, 0);
  const quote = encodePacket(packet).subarray(0, MAX_SCMP_BYTES - header);
  return createPacket({
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
    flow: NO_FLOW,
    number: 0,
    sentAt: 0,
    payloadLength: quote.length,
    rest: quote,
    wireLength: header + quote.length,
  });
}

/** The way back to whoever sent a packet that has reached its host. */
export function wayBack(packet: Packet): ReturnWay {
  return returnPath(packet, false) ?? EMPTY_WAY;
}

/** The host's reply to an echo request: same payload, path reversed. */
export function echoReply(packet: Packet): Packet {
  const l4 = packet.l4;
  if (l4.kind !== "scmp.echo") throw new Error(`an echo reply answers an echo request, not ${l4.kind}`);
  const back = wayBack(packet);
  return createPacket({
    ...packet,
    dstIa: packet.srcIa,
    srcIa: packet.dstIa,
    dstHost: packet.srcHost,
    srcHost: packet.dstHost,
    path: back.path,
    currInf: back.currInf,
    currHf: back.currHf,
    l4: { ...l4, reply: true },
  });
}
