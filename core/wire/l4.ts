/**
 * UDP and SCMP headers (scionproto `doc/protocols/scmp.rst`; draft-dekater-scion-dataplane, "Upper-Layer Checksum").
 */
import { type L4, NEXT_HEADER } from "../packet.ts";
import { err, ok, type Result } from "../result.ts";
import { fault, get16, get64, put16, put64, type WireError } from "./bytes.ts";
import { getIA, putIA } from "./header.ts";

const UDP_BYTES = 8;
const SCMP_BYTES = 4;
const ECHO_BYTES = SCMP_BYTES + 4;
const INTERFACE_DOWN_BYTES = SCMP_BYTES + 16;

const UDP_CHECKSUM = 6;
const SCMP_CHECKSUM = 2;

/** SCMP types that have a record of their own, with code 0. */
const SCMP_TYPE = { interfaceDown: 5, echoRequest: 128, echoReply: 129 } as const;

/** Bytes before the payload. Of an SCMP message without a record of its own only type, code and checksum count. */
export function l4HeaderLength(l4: L4): number {
  switch (l4.kind) {
    case "udp":
      return UDP_BYTES;
    case "scmp.echo":
      return ECHO_BYTES;
    case "scmp.interface-down":
      return INTERFACE_DOWN_BYTES;
    default:
      return SCMP_BYTES;
  }
}

/** Protocol number of an L4 header. */
export function protocolOf(l4: L4): number {
  return l4.kind === "udp" ? NEXT_HEADER.udp : NEXT_HEADER.scmp;
}

/** Where the checksum stands within the header of a protocol. */
export function checksumOffset(protocol: number): number {
  return protocol === NEXT_HEADER.udp ? UDP_CHECKSUM : SCMP_CHECKSUM;
}

/**
 * Decodes the header at the start of `bytes[start, end)`; the checksum is the caller's. Not supported yet: protocols
 * other than UDP and SCMP, extension headers (hop-by-hop, end-to-end), an interface id beyond 2^53-1. UDP's length
 * must be that of the upper layer. An SCMP message of another type, or with a code its type does not define, is
 * `scmp.other`.
 */
export function decodeL4(protocol: number, bytes: Uint8Array, start: number, end: number): Result<L4, WireError> {
  if (protocol === NEXT_HEADER.udp) return decodeUdp(bytes, start, end);
  if (protocol === NEXT_HEADER.scmp) return decodeScmp(bytes, start, end);
  if (protocol === 200) return err(fault("extension", start, "hop-by-hop options are not supported yet"));
  if (protocol === 201) return err(fault("extension", start, "end-to-end options are not supported yet"));
  return err(fault("l4", 4, `protocol ${protocol} is not supported yet`));
}

function decodeUdp(bytes: Uint8Array, start: number, end: number): Result<L4, WireError> {
  const present = end - start;
  if (present < UDP_BYTES) return err(fault("udp", start, `expected ${UDP_BYTES} bytes of header, found ${present}`));
  const length = get16(bytes, start + 4);
  if (length !== present) return err(fault("udp", start + 4, `length says ${length} bytes, the packet has ${present}`));
  return ok({ kind: "udp", srcPort: get16(bytes, start), dstPort: get16(bytes, start + 2) });
}

function decodeScmp(bytes: Uint8Array, start: number, end: number): Result<L4, WireError> {
  const present = end - start;
  if (present < SCMP_BYTES)
    return err(fault("scmp", start, `expected ${SCMP_BYTES} bytes of header, found ${present}`));
  const [type, code] = [bytes[start] as number, bytes[start + 1] as number];
  const isEcho = type === SCMP_TYPE.echoRequest || type === SCMP_TYPE.echoReply;
  if (code !== 0 || !(isEcho || type === SCMP_TYPE.interfaceDown)) return ok({ kind: "scmp.other", type, code });
  const least = isEcho ? ECHO_BYTES : INTERFACE_DOWN_BYTES;
  if (present < least) return err(fault("scmp", start, `expected ${least} bytes of type ${type}, found ${present}`));
  const body = start + SCMP_BYTES;
  if (isEcho) {
    const reply = type === SCMP_TYPE.echoReply;
    return ok({ kind: "scmp.echo", reply, identifier: get16(bytes, body), sequence: get16(bytes, body + 2) });
  }
  const ifId = get64(bytes, body + 8);
  if (ifId < 0) return err(fault("scmp", body + 8, "an interface id beyond 2^53-1 is not supported yet"));
  return ok({ kind: "scmp.interface-down", ia: getIA(bytes, body), ifId });
}

/** Writes a header with its checksum zero; `upperLength` counts header and payload. Answers where the payload begins. */
export function encodeL4(l4: L4, upperLength: number, bytes: Uint8Array, offset: number): number {
  if (l4.kind === "udp") {
    put16(bytes, offset, l4.srcPort);
    put16(bytes, offset + 2, l4.dstPort);
    put16(bytes, offset + 4, upperLength);
    put16(bytes, offset + UDP_CHECKSUM, 0);
    return offset + UDP_BYTES;
  }
  put16(bytes, offset + SCMP_CHECKSUM, 0);
  bytes[offset + 1] = l4.kind === "scmp.other" ? l4.code : 0;
  const body = offset + SCMP_BYTES;
  switch (l4.kind) {
    case "scmp.echo":
      bytes[offset] = l4.reply ? SCMP_TYPE.echoReply : SCMP_TYPE.echoRequest;
      put16(bytes, body, l4.identifier);
      put16(bytes, body + 2, l4.sequence);
      return body + 4;
    case "scmp.interface-down":
      bytes[offset] = SCMP_TYPE.interfaceDown;
      putIA(bytes, body, l4.ia);
      put64(bytes, body + 8, l4.ifId);
      return body + 16;
    case "scmp.other":
      bytes[offset] = l4.type;
      return body;
    default:
      throw new RangeError(`no codec for ${l4.kind}`);
  }
}
