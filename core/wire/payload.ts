/**
 * The payload of a packet, and the header that Pathloom's applications put at its beginning so that metrics need
 * nothing but the bytes. Twenty bytes, big endian: u16 0x504c ("PL"), u8 version 1, u8 zero, u32 flow, u32 number of
 * the packet within its flow, u64 time of sending in nanoseconds since the run began.
 */
import { type L4, NO_FLOW, type Packet, PAYLOAD_HEADER_BYTES } from "../packet.ts";
import type { Nanos } from "../units.ts";
import { copyOf, get32, get64, put32, put64 } from "./bytes.ts";

/** Magic, version and zero byte as one number. */
const MAGIC_AND_VERSION = 0x504c_0100;

const MAX_U32 = 0xffff_ffff;

/** The payload's part of a packet record. */
export interface Payload {
  readonly flow: number;
  readonly number: number;
  readonly sentAt: Nanos;
  readonly rest: Uint8Array | null;
}

/** Applications put the header into UDP and echo; other SCMP messages carry quotes and fields of their own. */
function mayHaveHeader(l4: L4): boolean {
  return l4.kind === "udp" || l4.kind === "scmp.echo";
}

/**
 * Reads the payload that fills `bytes[start, end)`. A header of another version, or with a time beyond 2^53-1 ns, is
 * none: its bytes are then part of `rest`. `rest` is a copy, so that buffers can be used again; null where all is zero.
 */
export function decodePayload(l4: L4, bytes: Uint8Array, start: number, end: number): Payload {
  if (mayHaveHeader(l4) && end - start >= PAYLOAD_HEADER_BYTES && get32(bytes, start) === MAGIC_AND_VERSION) {
    const sentAt = get64(bytes, start + 12);
    if (sentAt >= 0) {
      const rest = copyUnlessZero(bytes, start + PAYLOAD_HEADER_BYTES, end);
      return { flow: get32(bytes, start + 4), number: get32(bytes, start + 8), sentAt, rest };
    }
  }
  return { flow: NO_FLOW, number: 0, sentAt: 0, rest: copyUnlessZero(bytes, start, end) };
}

function copyUnlessZero(bytes: Uint8Array, start: number, end: number): Uint8Array | null {
  for (let i = start; i < end; i++) {
    if (bytes[i] !== 0) return copyOf(bytes, start, end);
  }
  return null;
}

/**
 * Writes a packet's payload; answers the offset from which on all of it is zero, which spares the checksum the way.
 * Throws where the record contradicts itself: `rest` of another length, a flow in a payload that has no room for it.
 */
export function encodePayload(packet: Readonly<Packet>, bytes: Uint8Array, offset: number): number {
  const end = offset + packet.payloadLength;
  let at = offset;
  if (packet.flow !== NO_FLOW) {
    checkHeader(packet);
    put32(bytes, at, MAGIC_AND_VERSION);
    put32(bytes, at + 4, packet.flow);
    put32(bytes, at + 8, packet.number);
    put64(bytes, at + 12, packet.sentAt);
    at += PAYLOAD_HEADER_BYTES;
  }
  const { rest } = packet;
  if (rest === null) {
    bytes.fill(0, at, end);
    return at;
  }
  if (rest.length !== end - at) throw new RangeError(`${rest.length} bytes of payload where ${end - at} are announced`);
  bytes.set(rest, at);
  return end;
}

function checkHeader(packet: Readonly<Packet>): void {
  const { l4, flow, number, sentAt, payloadLength } = packet;
  if (!mayHaveHeader(l4)) throw new RangeError(`${l4.kind} carries no payload header`);
  if (payloadLength < PAYLOAD_HEADER_BYTES)
    throw new RangeError(`no room for a payload header in ${payloadLength} bytes`);
  if (!(flow >= 0 && flow <= MAX_U32)) throw new RangeError(`flow ${flow} does not fit 32 bits`);
  if (!(number >= 0 && number <= MAX_U32)) throw new RangeError(`packet number ${number} does not fit 32 bits`);
  if (!(Number.isSafeInteger(sentAt) && sentAt >= 0))
    throw new RangeError(`time of sending ${sentAt} is no whole number`);
}
