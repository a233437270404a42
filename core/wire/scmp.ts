/**
 * SCMP messages (scionproto `doc/protocols/scmp.rst`). What a type's record cannot hold, a code that the type does not
 * define or an interface id beyond 2^53-1, stays `scmp.other` with its body as payload.
 */
import type { L4 } from "../packet.ts";
import { err, ok, type Result } from "../result.ts";
import { SCMP_TYPE } from "../scmp.ts";
import { fault, get16, get64, put16, put64, type WireError } from "./bytes.ts";
import { getIA, putIA } from "./texts.ts";

export const SCMP_BYTES = 4;

export type Scmp = Extract<L4, { kind: `scmp.${string}` }>;

/** Bytes before the payload, which of an SCMP error is the quote. */
export function scmpLength(l4: Scmp): number {
  switch (l4.kind) {
    case "scmp.destination-unreachable":
    case "scmp.packet-too-big":
    case "scmp.parameter-problem":
    case "scmp.echo":
      return SCMP_BYTES + 4;
    case "scmp.interface-down":
      return SCMP_BYTES + 16;
    case "scmp.connectivity-down":
      return SCMP_BYTES + 24;
    case "scmp.traceroute":
      return SCMP_BYTES + 20;
    case "scmp.other":
      return SCMP_BYTES;
  }
}

/** Decodes the message at the start of `bytes[start, end)`. Refused: fewer bytes than its type has. */
export function decodeScmp(bytes: Uint8Array, start: number, end: number): Result<L4, WireError> {
  const present = end - start;
  if (present < SCMP_BYTES) {
    return err(fault("scmp", start, `expected ${SCMP_BYTES} bytes of header, found ${present}`));
  }
  const [type, code] = [bytes[start] as number, bytes[start + 1] as number];
  const least = SCMP_BYTES + bodyBytes(type);
  if (present < least) return err(fault("scmp", start, `expected ${least} bytes of type ${type}, found ${present}`));
  return ok(decodeBody(type, code, bytes, start + SCMP_BYTES) ?? { kind: "scmp.other", type, code });
}

function bodyBytes(type: number): number {
  switch (type) {
    case SCMP_TYPE.destinationUnreachable:
    case SCMP_TYPE.packetTooBig:
    case SCMP_TYPE.parameterProblem:
    case SCMP_TYPE.echoRequest:
    case SCMP_TYPE.echoReply:
      return 4;
    case SCMP_TYPE.interfaceDown:
      return 16;
    case SCMP_TYPE.connectivityDown:
      return 24;
    case SCMP_TYPE.tracerouteRequest:
    case SCMP_TYPE.tracerouteReply:
      return 20;
    default:
      return 0;
  }
}

function decodeBody(type: number, code: number, bytes: Uint8Array, at: number): Scmp | null {
  if (type === SCMP_TYPE.destinationUnreachable) return { kind: "scmp.destination-unreachable", code };
  if (type === SCMP_TYPE.parameterProblem) {
    return { kind: "scmp.parameter-problem", code, pointer: get16(bytes, at + 2) };
  }
  if (code !== 0) return null;
  switch (type) {
    case SCMP_TYPE.packetTooBig:
      return { kind: "scmp.packet-too-big", mtu: get16(bytes, at + 2) };
    case SCMP_TYPE.interfaceDown: {
      const ifId = get64(bytes, at + 8);
      return ifId < 0 ? null : { kind: "scmp.interface-down", ia: getIA(bytes, at), ifId };
    }
    case SCMP_TYPE.connectivityDown: {
      const [ingress, egress] = [get64(bytes, at + 8), get64(bytes, at + 16)];
      if (ingress < 0 || egress < 0) return null;
      return { kind: "scmp.connectivity-down", ia: getIA(bytes, at), ingress, egress };
    }
    case SCMP_TYPE.echoRequest:
    case SCMP_TYPE.echoReply: {
      const reply = type === SCMP_TYPE.echoReply;
      return { kind: "scmp.echo", reply, identifier: get16(bytes, at), sequence: get16(bytes, at + 2) };
    }
    case SCMP_TYPE.tracerouteRequest:
    case SCMP_TYPE.tracerouteReply: {
      const [reply, ifId] = [type === SCMP_TYPE.tracerouteReply, get64(bytes, at + 12)];
      if (ifId < 0) return null;
      const [identifier, sequence] = [get16(bytes, at), get16(bytes, at + 2)];
      return { kind: "scmp.traceroute", reply, identifier, sequence, ia: getIA(bytes, at + 4), ifId };
    }
    default:
      return null;
  }
}

/** Type number of a message. */
export function scmpTypeOf(l4: Scmp): number {
  switch (l4.kind) {
    case "scmp.destination-unreachable":
      return SCMP_TYPE.destinationUnreachable;
    case "scmp.packet-too-big":
      return SCMP_TYPE.packetTooBig;
    case "scmp.parameter-problem":
      return SCMP_TYPE.parameterProblem;
    case "scmp.interface-down":
      return SCMP_TYPE.interfaceDown;
    case "scmp.connectivity-down":
      return SCMP_TYPE.connectivityDown;
    case "scmp.echo":
      return l4.reply ? SCMP_TYPE.echoReply : SCMP_TYPE.echoRequest;
    case "scmp.traceroute":
      return l4.reply ? SCMP_TYPE.tracerouteReply : SCMP_TYPE.tracerouteRequest;
    case "scmp.other":
      return l4.type;
  }
}

/** Writes a message up to its payload, checksum zero; answers where the payload begins. */
export function encodeScmp(l4: Scmp, bytes: Uint8Array, offset: number): number {
  bytes[offset] = scmpTypeOf(l4);
  bytes[offset + 1] = "code" in l4 ? l4.code : 0;
  put16(bytes, offset + 2, 0);
  const body = offset + SCMP_BYTES;
  switch (l4.kind) {
    case "scmp.destination-unreachable":
      put16(bytes, body, 0);
      put16(bytes, body + 2, 0);
      break;
    case "scmp.packet-too-big":
      put16(bytes, body, 0);
      put16(bytes, body + 2, l4.mtu);
      break;
    case "scmp.parameter-problem":
      put16(bytes, body, 0);
      put16(bytes, body + 2, l4.pointer);
      break;
    case "scmp.interface-down":
      putIA(bytes, body, l4.ia);
      put64(bytes, body + 8, l4.ifId);
      break;
    case "scmp.connectivity-down":
      putIA(bytes, body, l4.ia);
      put64(bytes, body + 8, l4.ingress);
      put64(bytes, body + 16, l4.egress);
      break;
    case "scmp.echo":
      put16(bytes, body, l4.identifier);
      put16(bytes, body + 2, l4.sequence);
      break;
    case "scmp.traceroute":
      put16(bytes, body, l4.identifier);
      put16(bytes, body + 2, l4.sequence);
      putIA(bytes, body + 4, l4.ia);
      put64(bytes, body + 12, l4.ifId);
      break;
    case "scmp.other":
      break;
  }
  return offset + scmpLength(l4);
}
