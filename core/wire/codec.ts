/**
 * Packets between record and bytes (draft-dekater-scion-dataplane, "SCION Header Specification").
 *
 * `decodePacket` takes any bytes, checks each length once and never throws. What it accepts, `encodePacket` turns into
 * the very same bytes. What a record cannot hold is refused with layer, offset and reason: see `decodeHeader`,
 * `decodeScionPath` and `decodeL4` for the lists; path types OneHop and EPIC, and a checksum that is wrong, here.
 */
import { createPacket, type L4, NEXT_HEADER, type Packet } from "../packet.ts";
import { type PacketPath, scionPathOf } from "../path.ts";
import { err, ok, type Result } from "../result.ts";
import type { Bytes } from "../units.ts";
import { fault, get16, put16, type WireError } from "./bytes.ts";
import { checksumOf, pseudoHeaderSum, sumWords } from "./checksum.ts";
import {
  addressEnd,
  COMMON_HEADER_BYTES,
  decodeHeader,
  encodeHeader,
  type Header,
  MAX_HEADER_BYTES,
  PATH_TYPE,
} from "./header.ts";
import { checksumOffset, decodeL4, encodeL4, l4HeaderLength, protocolOf } from "./l4.ts";
import { decodePayload, encodePayload } from "./payload.ts";
import { type DecodedPath, decodeScionPath, encodeScionPath, pathLength } from "./scion-path.ts";

export type { WireError, WireLayer } from "./bytes.ts";

const MAX_PAYLOAD_BYTES = 0xffff;

/** Bytes of a whole SCION packet: headers, path, L4 header and payload. */
export function wireLengthOf(
  path: PacketPath | null,
  srcHost: string,
  dstHost: string,
  l4: L4,
  payloadLength: Bytes,
): Bytes {
  return addressEnd(dstHost, srcHost) + pathLength(scionPathOf(path)) + l4HeaderLength(l4) + payloadLength;
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
  const { l4 } = packet;
  const path = scionPathOf(packet.path);
  const headerLength = addressEnd(packet.dstHost, packet.srcHost) + pathLength(path);
  const upperLength = l4HeaderLength(l4) + packet.payloadLength;
  const total = headerLength + upperLength;
  checkFits(packet, headerLength, upperLength, bytes.length - offset);
  const protocol = protocolOf(l4);
  const pathStart = encodeHeader(packet, protocol, headerLength, upperLength, bytes, offset);
  const l4Start = path === null ? pathStart : encodeScionPath(path, packet.currInf, packet.currHf, bytes, pathStart);
  const payloadStart = encodeL4(l4, upperLength, bytes, l4Start);
  const zerosStart = encodePayload(packet, bytes, payloadStart);
  const pseudo = pseudoHeaderSum(bytes, offset + COMMON_HEADER_BYTES, pathStart, upperLength, protocol);
  put16(bytes, l4Start + checksumOffset(protocol), checksumOf(sumWords(pseudo, bytes, l4Start, zerosStart)));
  return total;
}

function checkFits(packet: Readonly<Packet>, headerLength: number, upperLength: number, room: number): void {
  const total = headerLength + upperLength;
  if (packet.wireLength !== total)
    throw new RangeError(`wireLength ${packet.wireLength} of a packet of ${total} bytes`);
  if (headerLength > MAX_HEADER_BYTES) throw new RangeError(`a header of ${headerLength} bytes is too long`);
  if (upperLength > MAX_PAYLOAD_BYTES) throw new RangeError(`${upperLength} bytes after the header are too many`);
  if (total > room) throw new RangeError(`no room for ${total} bytes in ${room}`);
}

/** The packet that `bytes` are, all of them; the record shares no memory with them. */
export function decodePacket(bytes: Uint8Array): Result<Packet, WireError> {
  const decodedHeader = decodeHeader(bytes);
  if (!decodedHeader.ok) return decodedHeader;
  const header = decodedHeader.value;
  const l4Start = header.headerLength;
  const decodedPath = decodePath(header, bytes);
  if (!decodedPath.ok) return decodedPath;
  const decodedL4 = decodeL4(header.nextHeader, bytes, l4Start, bytes.length);
  if (!decodedL4.ok) return decodedL4;
  const l4 = decodedL4.value;
  const wrong = checkChecksum(header, bytes);
  if (wrong !== null) return err(wrong);
  const payloadStart = l4Start + l4HeaderLength(l4);
  const payload = decodePayload(l4, bytes, payloadStart, bytes.length);
  return ok(
    createPacket({
      trafficClass: header.trafficClass,
      flowId: header.flowId,
      dstIa: header.dstIa,
      srcIa: header.srcIa,
      dstHost: header.dstHost,
      srcHost: header.srcHost,
      path: decodedPath.value.path,
      currInf: decodedPath.value.currInf,
      currHf: decodedPath.value.currHf,
      l4,
      flow: payload.flow,
      number: payload.number,
      sentAt: payload.sentAt,
      payloadLength: bytes.length - payloadStart,
      rest: payload.rest,
      wireLength: bytes.length,
    }),
  );
}

type PathInPacket = DecodedPath | { readonly path: null; readonly currInf: 0; readonly currHf: 0 };

const EMPTY_PATH: PathInPacket = { path: null, currInf: 0, currHf: 0 };

/** Path types Empty and SCION; OneHop, EPIC and any other are not supported yet. */
function decodePath(header: Header, bytes: Uint8Array): Result<PathInPacket, WireError> {
  const { pathType, pathStart, headerLength } = header;
  if (pathType === PATH_TYPE.scion) return decodeScionPath(bytes, pathStart, headerLength);
  if (pathType === PATH_TYPE.empty) {
    if (headerLength === pathStart) return ok(EMPTY_PATH);
    return err(fault("path", pathStart, `an empty path of ${headerLength - pathStart} bytes`));
  }
  const name = pathType === PATH_TYPE.oneHop ? " (OneHop)" : pathType === PATH_TYPE.epic ? " (EPIC)" : "";
  return err(fault("path", 8, `path type ${pathType}${name} is not supported yet`));
}

/**
 * Null where the checksum is the one that `encodePacket` would write. One's complement has two zeros; SCION sends
 * 0x0000 and a record cannot say that a packet had 0xffff, so that is not supported yet.
 */
function checkChecksum(header: Header, bytes: Uint8Array): WireError | null {
  const { nextHeader, headerLength, pathStart } = header;
  const upperLength = bytes.length - headerLength;
  const at = headerLength + checksumOffset(nextHeader);
  const found = get16(bytes, at);
  const pseudo = pseudoHeaderSum(bytes, COMMON_HEADER_BYTES, pathStart, upperLength, nextHeader);
  const expected = checksumOf(sumWords(pseudo, bytes, headerLength, bytes.length) - found);
  if (found === expected) return null;
  const layer = nextHeader === NEXT_HEADER.udp ? "udp" : "scmp";
  if (found === 0xffff && expected === 0) return fault(layer, at, "checksum 0xffff in place of 0 is not supported yet");
  return fault(layer, at, `checksum ${found} is wrong, expected ${expected}`);
}
