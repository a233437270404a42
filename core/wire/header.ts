/** Common and address header (draft-dekater-scion-dataplane, "Common Header" and "Address Header"). */
import { hostLength, type IA } from "../address.ts";
import type { Packet } from "../packet.ts";
import { err, ok, type Result } from "../result.ts";
import { fault, get16, get32, put16, put32, type WireError } from "./bytes.ts";
import { pathTypeOf } from "./path.ts";
import { bytesOfHost, getHost, getIA, putIA } from "./texts.ts";

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
  return HOSTS_START + bytesOfHost(dstHost).bytes.length + bytesOfHost(srcHost).bytes.length;
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
  const dstType = types >>> 4;
  const srcType = types & 0xf;
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
    dstHost: getHost(dstType, bytes, HOSTS_START),
    srcHost: getHost(srcType, bytes, srcStart),
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
  const [dst, src] = [bytesOfHost(packet.dstHost), bytesOfHost(packet.srcHost)];
  bytes[offset + 9] = (dst.type << 4) | src.type;
  put16(bytes, offset + 10, 0);
  putIA(bytes, offset + COMMON_HEADER_BYTES, packet.dstIa);
  putIA(bytes, offset + COMMON_HEADER_BYTES + IA_BYTES, packet.srcIa);
  return putBytes(src.bytes, bytes, putBytes(dst.bytes, bytes, offset + HOSTS_START));
}

function putBytes(from: Uint8Array, to: Uint8Array, offset: number): number {
  for (let i = 0; i < from.length; i++) to[offset + i] = from[i] as number;
  return offset + from.length;
}
