/** Common and address header (draft-dekater-scion-dataplane, "Common Header" and "Address Header"). */
import { formatIA, hostFromBytes, hostLength, hostType, type IA, iaParts, writeHost } from "../address.ts";
import type { Packet } from "../packet.ts";
import { err, ok, type Result } from "../result.ts";
import { fault, get16, get32, get48, put16, put32, put48, type WireError } from "./bytes.ts";
import { pathTypeOf } from "./path.ts";

export const COMMON_HEADER_BYTES = 12;

/** HdrLen counts in units of four bytes, in one byte. */
export const MAX_HEADER_BYTES = 1020;

const IA_BYTES = 8;
const HOSTS_START = COMMON_HEADER_BYTES + 2 * IA_BYTES;

/** What the two headers say. */
export interface Header {
  readonly trafficClass: number;
  readonly flowId: number;
  /** NextHdr: protocol number of an extension header or of L4. */
  readonly nextHeader: number;
  /** HdrLen in bytes: end of the path, beginning of L4. */
  readonly headerLength: number;
  readonly pathType: number;
  readonly dstIa: IA;
  readonly srcIa: IA;
  readonly dstHost: string;
  readonly srcHost: string;
  /** End of the address header. */
  readonly pathStart: number;
}

/** Bytes of common and address header for these hosts. */
export function addressEnd(dstHost: string, srcHost: string): number {
  return HOSTS_START + hostLength(hostType(dstHost)) + hostLength(hostType(srcHost));
}

/** Writes an ISD-AS as 16 and 48 bits. */
export function putIA(bytes: Uint8Array, at: number, ia: IA): void {
  const { isd, as } = iaParts(ia);
  put16(bytes, at, isd);
  put48(bytes, at + 2, as);
}

export function getIA(bytes: Uint8Array, at: number): IA {
  return formatIA(get16(bytes, at), get48(bytes, at + 2));
}

/**
 * Checks every length the headers speak of against the bytes there are, so that what follows can rely on
 * `headerLength`. Refused: versions other than 0. PayloadLen must be the length of what follows the headers, no byte
 * more or less, unless the packet is `cutOff`: a quote.
 */
export function decodeHeader(bytes: Uint8Array, cutOff = false): Result<Header, WireError> {
  const wrong = checkLengths(bytes, cutOff);
  if (wrong !== null) return err(wrong);
  const types = bytes[9] as number;
  const [dstType, srcType] = [types >>> 4, types & 0xf];
  const srcStart = HOSTS_START + hostLength(dstType);
  const first = get32(bytes, 0);
  return ok({
    trafficClass: (first >>> 20) & 0xff,
    flowId: first & 0xf_ffff,
    nextHeader: bytes[4] as number,
    headerLength: 4 * (bytes[5] as number),
    pathType: bytes[8] as number,
    dstIa: getIA(bytes, COMMON_HEADER_BYTES),
    srcIa: getIA(bytes, COMMON_HEADER_BYTES + IA_BYTES),
    dstHost: hostFromBytes(dstType, bytes, HOSTS_START),
    srcHost: hostFromBytes(srcType, bytes, srcStart),
    pathStart: srcStart + hostLength(srcType),
  });
}

function checkLengths(bytes: Uint8Array, cutOff: boolean): WireError | null {
  if (bytes.length < COMMON_HEADER_BYTES) {
    return fault("common header", bytes.length, `expected ${COMMON_HEADER_BYTES} bytes, found ${bytes.length}`);
  }
  const version = (bytes[0] as number) >>> 4;
  if (version !== 0) return fault("common header", 0, `version ${version} is unknown, expected 0`);
  const headerLength = 4 * (bytes[5] as number);
  const types = bytes[9] as number;
  const least = HOSTS_START + hostLength(types >>> 4) + hostLength(types & 0xf);
  if (headerLength < least) {
    return fault("common header", 5, `HdrLen says ${headerLength} bytes, the address header ends at ${least}`);
  }
  if (headerLength > bytes.length) {
    return fault("common header", 5, `HdrLen says ${headerLength} bytes, the packet has ${bytes.length}`);
  }
  const [payloadLength, present] = [get16(bytes, 6), bytes.length - headerLength];
  if (payloadLength !== present && !cutOff) {
    return fault("common header", 6, `PayloadLen says ${payloadLength} bytes, the packet has ${present}`);
  }
  return null;
}

/** Writes both headers; answers where the path begins. */
export function encodeHeader(
  packet: Readonly<Packet>,
  nextHeader: number,
  headerLength: number,
  payloadLength: number,
  bytes: Uint8Array,
  offset: number,
): number {
  put32(bytes, offset, ((packet.trafficClass & 0xff) << 20) | (packet.flowId & 0xf_ffff));
  bytes[offset + 4] = nextHeader;
  bytes[offset + 5] = headerLength / 4;
  put16(bytes, offset + 6, payloadLength);
  bytes[offset + 8] = pathTypeOf(packet.path);
  bytes[offset + 9] = (hostType(packet.dstHost) << 4) | hostType(packet.srcHost);
  put16(bytes, offset + 10, 0);
  putIA(bytes, offset + COMMON_HEADER_BYTES, packet.dstIa);
  putIA(bytes, offset + COMMON_HEADER_BYTES + IA_BYTES, packet.srcIa);
  const srcStart = offset + HOSTS_START + writeHost(packet.dstHost, bytes, offset + HOSTS_START);
  return srcStart + writeHost(packet.srcHost, bytes, srcStart);
}
