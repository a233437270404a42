/** What follows the SCION headers: UDP, SCMP, BFD, or anything else as payload (`doc/protocols/assigned-protocol-numbers.rst`). */
import { type L4, NEXT_HEADER } from "../packet.ts";
import { err, ok, type Result } from "../result.ts";
import { BFD_BYTES, decodeBfd, encodeBfd } from "./bfd.ts";
import { fault, get16, put16, type WireError } from "./bytes.ts";
import { decodeScmp, encodeScmp, scmpLength } from "./scmp.ts";

const UDP_BYTES = 8;

const UDP_CHECKSUM = 6;
const SCMP_CHECKSUM = 2;

/** Bytes before the payload. */
export function l4HeaderLength(l4: L4): number {
  switch (l4.kind) {
    case "udp":
      return UDP_BYTES;
    case "bfd":
      return BFD_BYTES;
    case "other":
      return 0;
    default:
      return scmpLength(l4);
  }
}

/** Protocol number of an L4 header. Throws on `other` with a number that has a record of its own. */
export function protocolOf(l4: L4): number {
  switch (l4.kind) {
    case "udp":
      return NEXT_HEADER.udp;
    case "bfd":
      return NEXT_HEADER.bfd;
    case "other":
      if (isKnown(l4.protocol)) throw new RangeError(`protocol ${l4.protocol} is not carried as "other"`);
      return l4.protocol;
    default:
      return NEXT_HEADER.scmp;
  }
}

function isKnown(protocol: number): boolean {
  return protocol === NEXT_HEADER.udp || (protocol >= NEXT_HEADER.hopByHop && protocol <= NEXT_HEADER.bfd);
}

/** Where the checksum stands within the header of a protocol; -1 where it has none that we know of. */
export function checksumOffset(protocol: number): number {
  if (protocol === NEXT_HEADER.udp) return UDP_CHECKSUM;
  return protocol === NEXT_HEADER.scmp ? SCMP_CHECKSUM : -1;
}

/**
 * Decodes the header at the start of `bytes[start, end)`; the checksum is the caller's. UDP's length must be that of
 * what is there. `cutOff`: the bytes are a quote's, so that lengths may speak of more than there is.
 */
export function decodeL4(
  protocol: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  cutOff = false,
): Result<L4, WireError> {
  switch (protocol) {
    case NEXT_HEADER.udp:
      return decodeUdp(bytes, start, end, cutOff);
    case NEXT_HEADER.scmp:
      return decodeScmp(bytes, start, end);
    case NEXT_HEADER.bfd:
      return decodeBfd(bytes, start, end);
    default:
      return ok({ kind: "other", protocol });
  }
}

function decodeUdp(bytes: Uint8Array, start: number, end: number, cutOff: boolean): Result<L4, WireError> {
  const present = end - start;
  if (present < UDP_BYTES) return err(fault("udp", start, `expected ${UDP_BYTES} bytes of header, found ${present}`));
  const length = get16(bytes, start + 4);
  if (length !== present && !cutOff) {
    return err(fault("udp", start + 4, `length says ${length} bytes, the packet has ${present}`));
  }
  return ok({ kind: "udp", srcPort: get16(bytes, start), dstPort: get16(bytes, start + 2) });
}

/** Writes a header with its checksum zero; `upperLength` counts header and payload. Answers where the payload begins. */
export function encodeL4(l4: L4, upperLength: number, bytes: Uint8Array, offset: number): number {
  switch (l4.kind) {
    case "udp":
      put16(bytes, offset, l4.srcPort);
      put16(bytes, offset + 2, l4.dstPort);
      put16(bytes, offset + 4, upperLength);
      put16(bytes, offset + UDP_CHECKSUM, 0);
      return offset + UDP_BYTES;
    case "bfd":
      return encodeBfd(l4, upperLength, bytes, offset);
    case "other":
      return offset;
    default:
      return encodeScmp(l4, bytes, offset);
  }
}
