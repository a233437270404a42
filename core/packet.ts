/**
 * A packet as a record. It holds what its bytes hold, nothing hidden: `core/wire` turns the one into the other.
 * A packet is owned by whoever handles it and is changed in place on its way (the pointers into the path, the SegIDs);
 * everything it refers to is immutable and shared.
 */
import type { IA, IfId } from "./address.ts";
import { initialSegId, type PacketPath } from "./path.ts";
import type { Bytes, Nanos } from "./units.ts";

/** NextHdr values (SCION assigned protocol numbers). */
export const NEXT_HEADER = { udp: 17, hopByHop: 200, endToEnd: 201, scmp: 202, bfd: 203 } as const;

export interface UdpHeader {
  readonly kind: "udp";
  readonly srcPort: number;
  readonly dstPort: number;
}

/** SCMP error "destination unreachable" (type 1). Every SCMP error's payload quotes the packet it is about. */
export interface ScmpDestinationUnreachable {
  readonly kind: "scmp.destination-unreachable";
  readonly code: number;
}

/** SCMP error "packet too big" (type 2). */
export interface ScmpPacketTooBig {
  readonly kind: "scmp.packet-too-big";
  /** Of the link that the packet did not fit, 16 bits. */
  readonly mtu: Bytes;
}

/** SCMP error "parameter problem" (type 4). */
export interface ScmpParameterProblem {
  readonly kind: "scmp.parameter-problem";
  readonly code: number;
  /** Offset of the field at fault in the offending packet, 16 bits. */
  readonly pointer: number;
}

/** SCMP error "external interface down" (type 5). */
export interface ScmpInterfaceDown {
  readonly kind: "scmp.interface-down";
  readonly ia: IA;
  readonly ifId: IfId;
}

/** SCMP error "internal connectivity down" (type 6). */
export interface ScmpConnectivityDown {
  readonly kind: "scmp.connectivity-down";
  readonly ia: IA;
  readonly ingress: IfId;
  readonly egress: IfId;
}

/** SCMP echo request (type 128) and reply (129). */
export interface ScmpEcho {
  readonly kind: "scmp.echo";
  readonly reply: boolean;
  readonly identifier: number;
  /** 16 bits; the full packet number stands in the payload. */
  readonly sequence: number;
}

/** SCMP traceroute request (type 130) and reply (131). A request has `0-0` and 0 where a reply names an interface. */
export interface ScmpTraceroute {
  readonly kind: "scmp.traceroute";
  readonly reply: boolean;
  readonly identifier: number;
  readonly sequence: number;
  readonly ia: IA;
  readonly ifId: IfId;
}

/** Any other SCMP message, and one whose fields its type's record cannot hold: carried and counted, not acted upon. */
export interface ScmpOther {
  readonly kind: "scmp.other";
  readonly type: number;
  readonly code: number;
}

/** Mandatory section of a BFD control packet (RFC 5880, section 4.1). An authentication section is payload. */
export interface BfdControl {
  readonly kind: "bfd";
  /** 5 bits. */
  readonly diagnostic: number;
  /** 0 AdminDown, 1 Down, 2 Init, 3 Up. */
  readonly state: number;
  readonly poll: boolean;
  readonly final: boolean;
  readonly controlPlaneIndependent: boolean;
  readonly authenticationPresent: boolean;
  readonly demand: boolean;
  readonly multipoint: boolean;
  readonly detectMult: number;
  readonly myDiscriminator: number;
  readonly yourDiscriminator: number;
  /** Microseconds, 32 bits; the next two likewise. */
  readonly desiredMinTx: number;
  readonly requiredMinRx: number;
  readonly requiredMinEchoRx: number;
}

/** Any other protocol (TCP, none at all): all of it is payload. */
export interface OtherProtocol {
  readonly kind: "other";
  readonly protocol: number;
}

export type ScmpError =
  | ScmpDestinationUnreachable
  | ScmpPacketTooBig
  | ScmpParameterProblem
  | ScmpInterfaceDown
  | ScmpConnectivityDown;

export type L4 = UdpHeader | ScmpError | ScmpEcho | ScmpTraceroute | ScmpOther | BfdControl | OtherProtocol;

/** An option of an extension header as it stands there, padding (types 0 and 1) included. */
export interface Option {
  readonly type: number;
  /** At most 255 bytes; none for Pad1. */
  readonly data: Uint8Array;
}

/** Extension headers; null where a packet has none of that kind. */
export interface Extensions {
  readonly hopByHop: readonly Option[] | null;
  readonly endToEnd: readonly Option[] | null;
}

/** Bits that senders should leave zero and receivers ignore: kept, so that a packet's bytes come back as they were. */
export interface Irregularities {
  /** Bytes with reserved bits set in the common header or the path, and those bits. */
  readonly reserved: readonly { readonly offset: number; readonly bits: number }[];
  /** What stands in the checksum field where it is not the one computed: 0 (none was) or 0xffff (in place of 0). */
  readonly checksum: 0 | 0xffff | null;
}

/** Bytes at the head of a payload that hold flow, number and time of sending (core/wire/payload.ts). */
export const PAYLOAD_HEADER_BYTES: Bytes = 20;

/** `flow` of a payload that no Pathloom application wrote. */
export const NO_FLOW = -1;

export interface Packet {
  /** null: path type Empty. */
  path: PacketPath | null;
  currInf: number;
  currHf: number;
  /** SegID of each info field as it stands now, 16 bits; the path keeps those it started with. 0 where there is no such field. */
  segId0: number;
  segId1: number;
  segId2: number;
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
  extensions: Extensions | null;
  /** null in every packet that a Pathloom application made. */
  irregular: Irregularities | null;
}

/** What a new packet is made of; its SegIDs are those of its path. */
export type NewPacket = Readonly<Omit<Packet, "segId0" | "segId1" | "segId2" | "extensions" | "irregular">> &
  Partial<Readonly<Pick<Packet, "extensions" | "irregular">>>;

/** A packet of its own with these fields. Made here alone: every packet then has one shape, which makes every hop faster. */
export function createPacket(fields: NewPacket): Packet {
  return {
    path: fields.path,
    currInf: fields.currInf,
    currHf: fields.currHf,
    segId0: initialSegId(fields.path, 0),
    segId1: initialSegId(fields.path, 1),
    segId2: initialSegId(fields.path, 2),
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
    extensions: fields.extensions ?? null,
    irregular: fields.irregular ?? null,
  };
}

/** What a packet of no flow is made of: an SCMP message, a BFD packet; `rest` null: no payload. */
export type NewMessage = Omit<NewPacket, "flow" | "number" | "sentAt" | "payloadLength">;

export function createMessage(fields: NewMessage): Packet {
  return createPacket({ ...fields, flow: NO_FLOW, number: 0, sentAt: 0, payloadLength: fields.rest?.length ?? 0 });
}

/** A copy of a packet on its way: its SegIDs as they stand. */
export function copyPacket(packet: Packet): Packet {
  const copy = createPacket(packet);
  copy.segId0 = packet.segId0;
  copy.segId1 = packet.segId1;
  copy.segId2 = packet.segId2;
  return copy;
}

/** Puts a path into a packet, with the SegIDs it starts with. The length on the wire is the caller's. */
export function setPath(packet: Packet, path: PacketPath | null, currInf: number, currHf: number): void {
  packet.path = path;
  packet.currInf = currInf;
  packet.currHf = currHf;
  packet.segId0 = initialSegId(path, 0);
  packet.segId1 = initialSegId(path, 1);
  packet.segId2 = initialSegId(path, 2);
}
