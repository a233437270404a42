/**
 * Packets between record and bytes (draft-dekater-scion-dataplane, "SCION Header Specification"; docs/wire.md).
 *
 * `decodePacket` takes any bytes, checks each length once and never throws. What it accepts, `encodePacket` turns into
 * the very same bytes. What is malformed is refused with layer, offset and reason: see `decodeHeader`, `decodePath`,
 * `decodeExtensions` and `decodeL4` for the lists, and here a checksum that is wrong.
 */
import type { IA } from "../address.ts";
import { createPacket, type Extensions, type Irregularities, type L4, NEXT_HEADER, type Packet } from "../packet.ts";
import type { PacketPath } from "../path.ts";
import { err, ok, type Result } from "../result.ts";
import type { Bytes } from "../units.ts";
import { fault, get16, put16, type WireError } from "./bytes.ts";
import { checksumOf, pseudoHeaderSum, sumWords } from "./checksum.ts";
import { decodeExtensions, encodeExtensions, extensionsLength, firstHeader } from "./extensions.ts";
import { addressEnd, COMMON_HEADER_BYTES, decodeHeader, encodeHeader, MAX_HEADER_BYTES } from "./header.ts";
import { checksumOffset, decodeL4, encodeL4, l4HeaderLength, protocolOf } from "./l4.ts";
import { decodePath, encodePath, pathLength } from "./path.ts";
import { decodePayload, encodePayload } from "./payload.ts";
import { findReserved, putReserved } from "./reserved.ts";

export type { WireError, WireLayer } from "./bytes.ts";

const MAX_PAYLOAD_BYTES = 0xffff;

/** Bytes of a whole SCION packet: headers, path, extension headers, L4 header and payload. */
export function wireLengthOf(
  path: PacketPath | null,
  srcHost: string,
  dstHost: string,
  l4: L4,
  payloadLength: Bytes,
  extensions: Extensions | null = null,
): Bytes {
  const headers = addressEnd(dstHost, srcHost) + pathLength(path) + extensionsLength(extensions);
  return headers + l4HeaderLength(l4) + payloadLength;
}

/** The packet's bytes in an array of their own. */
export function encodePacket(packet: Readonly<Packet>): Uint8Array {
  const bytes = new Uint8Array(packet.wireLength);
  encodeInto(packet, bytes, 0);
  return bytes;
}

/**
 * Writes the packet's bytes to `bytes` from `offset` on and answers how many there are. Throws on a record that
 * contradicts itself, `wireLength` included: only a bug makes one.
 */
export function encodeInto(packet: Readonly<Packet>, bytes: Uint8Array, offset: number): number {
  const { path, l4, extensions, irregular } = packet;
  const headerLength = addressEnd(packet.dstHost, packet.srcHost) + pathLength(path);
  const upperLength = l4HeaderLength(l4) + packet.payloadLength;
  const afterHeader = extensions === null ? upperLength : extensionsLength(extensions) + upperLength;
  const total = headerLength + afterHeader;
  checkFits(packet, headerLength, afterHeader, bytes.length - offset);
  const protocol = protocolOf(l4);
  const first = firstHeader(extensions, protocol);
  const pathStart = encodeHeader(packet, first, headerLength, afterHeader, bytes, offset);
  const headerEnd = encodePath(packet, bytes, pathStart);
  const l4Start = extensions === null ? headerEnd : encodeExtensions(extensions, protocol, bytes, headerEnd);
  const payloadStart = encodeL4(l4, upperLength, bytes, l4Start);
  const zerosStart = encodePayload(packet, bytes, payloadStart);
  if (irregular !== null) putReserved(irregular.reserved, bytes, offset, total);
  const field = checksumOffset(protocol);
  if (field >= 0) {
    const pseudo = pseudoHeaderSum(bytes, offset + COMMON_HEADER_BYTES, pathStart, upperLength, protocol);
    const checksum = irregular?.checksum ?? checksumOf(sumWords(pseudo, bytes, l4Start, zerosStart));
    put16(bytes, l4Start + field, checksum);
  }
  return total;
}

function checkFits(packet: Readonly<Packet>, headerLength: number, afterHeader: number, room: number): void {
  const total = headerLength + afterHeader;
  if (packet.wireLength !== total)
    throw new RangeError(`wireLength ${packet.wireLength} of a packet of ${total} bytes`);
  if (headerLength > MAX_HEADER_BYTES) throw new RangeError(`a header of ${headerLength} bytes is too long`);
  if (afterHeader > MAX_PAYLOAD_BYTES) throw new RangeError(`${afterHeader} bytes after the header are too many`);
  if (total > room) throw new RangeError(`no room for ${total} bytes in ${room}`);
}

/** The packet that `bytes` are, all of them; the record shares no memory with them. */
export function decodePacket(bytes: Uint8Array): Result<Packet, WireError> {
  const decodedHeader = decodeHeader(bytes);
  if (!decodedHeader.ok) return decodedHeader;
  const header = decodedHeader.value;
  const { pathStart, headerLength } = header;
  const decodedPath = decodePath(header.pathType, bytes, pathStart, headerLength);
  if (!decodedPath.ok) return decodedPath;
  const { path, currInf, currHf, reserved } = decodedPath.value;
  const decodedExtensions = decodeExtensions(header.nextHeader, bytes, headerLength);
  if (!decodedExtensions.ok) return decodedExtensions;
  const { extensions, protocol, l4Start } = decodedExtensions.value;
  const decodedL4 = decodeL4(protocol, bytes, l4Start, bytes.length);
  if (!decodedL4.ok) return decodedL4;
  const l4 = decodedL4.value;
  const checked = checkChecksum(protocol, bytes, pathStart, l4Start);
  if (!checked.ok) return checked;
  const payloadStart = l4Start + l4HeaderLength(l4);
  const { flow, number, sentAt, rest } = decodePayload(l4, bytes, payloadStart, bytes.length);
  const { trafficClass, flowId, dstIa, srcIa, dstHost, srcHost } = header;
  return ok(
    createPacket({
      trafficClass,
      flowId,
      dstIa,
      srcIa,
      dstHost,
      srcHost,
      path,
      currInf,
      currHf,
      l4,
      flow,
      number,
      sentAt,
      payloadLength: bytes.length - payloadStart,
      rest,
      wireLength: bytes.length,
      extensions,
      irregular: irregularOf(findReserved(bytes, path, reserved, pathStart, l4, l4Start), checked.value),
    }),
  );
}

function irregularOf(
  reserved: Irregularities["reserved"],
  checksum: Irregularities["checksum"],
): Irregularities | null {
  return reserved.length === 0 && checksum === null ? null : { reserved, checksum };
}

/**
 * Null where the checksum is the one that `encodePacket` would write, or there is none. Accepted beside it: 0, which
 * says that the sender computed none, and 0xffff in place of 0, since one's complement has two zeros.
 */
function checkChecksum(
  protocol: number,
  bytes: Uint8Array,
  pathStart: number,
  l4Start: number,
): Result<Irregularities["checksum"], WireError> {
  const field = checksumOffset(protocol);
  if (field < 0) return REGULAR;
  const at = l4Start + field;
  const found = get16(bytes, at);
  const pseudo = pseudoHeaderSum(bytes, COMMON_HEADER_BYTES, pathStart, bytes.length - l4Start, protocol);
  const expected = checksumOf(sumWords(pseudo, bytes, l4Start, bytes.length) - found);
  if (found === expected) return REGULAR;
  if (found === 0) return ok(0);
  if (found === 0xffff && expected === 0) return ok(0xffff);
  const layer = protocol === NEXT_HEADER.udp ? "udp" : "scmp";
  return err(fault(layer, at, `checksum ${found} is wrong, expected ${expected}`));
}

const REGULAR: Result<null, WireError> = ok(null);

/** What an SCMP error's quote tells of the packet it is about. */
export interface Quote {
  readonly dstIa: IA;
  readonly srcIa: IA;
  readonly dstHost: string;
  readonly srcHost: string;
  readonly l4: L4;
}

/** The path of the packet that an SCMP error quotes; null where it had none, or none is left to read. */
export function quotedPath(bytes: Uint8Array): PacketPath | null {
  const header = decodeHeader(bytes, true);
  if (!header.ok) return null;
  const { pathType, pathStart, headerLength } = header.value;
  if (headerLength > bytes.length) return null;
  const decoded = decodePath(pathType, bytes, pathStart, headerLength);
  return decoded.ok ? decoded.value.path : null;
}

/** Reads a quote, a packet that may have been cut off at its end; the error says where too little of it is left. */
export function decodeQuote(bytes: Uint8Array): Result<Quote, WireError> {
  const decodedHeader = decodeHeader(bytes, true);
  if (!decodedHeader.ok) return decodedHeader;
  const { nextHeader, headerLength, dstIa, srcIa, dstHost, srcHost } = decodedHeader.value;
  const decodedExtensions = decodeExtensions(nextHeader, bytes, headerLength);
  if (!decodedExtensions.ok) return decodedExtensions;
  const { protocol, l4Start } = decodedExtensions.value;
  const l4 = decodeL4(protocol, bytes, l4Start, bytes.length, true);
  return l4.ok ? ok({ dstIa, srcIa, dstHost, srcHost, l4: l4.value }) : l4;
}
