/**
 * A packet as a record. It holds what its bytes hold, nothing hidden: `core/wire` turns the one into the other.
 * A packet is owned by whoever handles it and is changed in place on its way (the pointers into the path);
 * everything it refers to is immutable and shared.
 */
import type { IA, IfId } from "./address.ts";
import type { ScionPath } from "./path.ts";
import type { Bytes, Nanos } from "./units.ts";

/** NextHdr values (SCION assigned protocol numbers). */
export const NEXT_HEADER = { udp: 17, scmp: 202 } as const;

export interface UdpHeader {
  readonly kind: "udp";
  readonly srcPort: number;
  readonly dstPort: number;
}

/** SCMP echo request (type 128) and reply (129). */
export interface ScmpEcho {
  readonly kind: "scmp.echo";
  readonly reply: boolean;
  readonly identifier: number;
  /** 16 bits; the full packet number stands in the payload. */
  readonly sequence: number;
}

/** SCMP error "external interface down" (type 5). The payload quotes the packet that could not go on. */
export interface ScmpInterfaceDown {
  readonly kind: "scmp.interface-down";
  readonly ia: IA;
  readonly ifId: IfId;
}

/** Any other SCMP message: carried and counted, not acted upon. */
export interface ScmpOther {
  readonly kind: "scmp.other";
  readonly type: number;
  readonly code: number;
}

export type L4 = UdpHeader | ScmpEcho | ScmpInterfaceDown | ScmpOther;

/** Bytes at the head of a payload that hold flow, number and time of sending (core/wire/payload.ts). */
export const PAYLOAD_HEADER_BYTES: Bytes = 20;

/** `flow` of a payload that no Pathloom application wrote. */
export const NO_FLOW = -1;

export interface Packet {
  /** null: path type Empty. */
  path: ScionPath | null;
  currInf: number;
  currHf: number;
  dstIa: IA;
  /** From the payload's header: 32 bits each, `NO_FLOW` and 0 where the payload has none. */
  flow: number;
  number: number;
  /** Whole SCION packet in bytes, as the header's lengths say. */
  wireLength: Bytes;
  l4: L4;
  /** Host addresses in canonical text: IPv4, IPv6 or a service address (`CS`, `DS`). */
  dstHost: string;
  sentAt: Nanos;
  srcIa: IA;
  srcHost: string;
  /** 8 bits. */
  trafficClass: number;
  /** 20 bits. */
  flowId: number;
  /** Bytes after the L4 header, the payload header included. */
  payloadLength: Bytes;
  /** What follows the payload header (or the whole payload where `flow` is `NO_FLOW`); what it leaves of the payload is zero, null: all of it. */
  rest: Uint8Array | null;
}

/** A packet of its own with these fields. Made here alone: every packet then has one shape, which makes every hop faster. */
export function createPacket(fields: Readonly<Packet>): Packet {
  return {
    path: fields.path,
    currInf: fields.currInf,
    currHf: fields.currHf,
    dstIa: fields.dstIa,
    flow: fields.flow,
    number: fields.number,
    wireLength: fields.wireLength,
    l4: fields.l4,
    dstHost: fields.dstHost,
    sentAt: fields.sentAt,
    srcIa: fields.srcIa,
    srcHost: fields.srcHost,
    trafficClass: fields.trafficClass,
    flowId: fields.flowId,
    payloadLength: fields.payloadLength,
    rest: fields.rest,
  };
}
