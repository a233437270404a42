/** Numbers and names of SCMP messages (scionproto `doc/protocols/scmp.rst`, `pkg/slayers/scmp_typecode.go`). */
import type { L4 } from "./packet.ts";

export const SCMP_TYPE = {
  destinationUnreachable: 1,
  packetTooBig: 2,
  parameterProblem: 4,
  interfaceDown: 5,
  connectivityDown: 6,
  echoRequest: 128,
  echoReply: 129,
  tracerouteRequest: 130,
  tracerouteReply: 131,
} as const;

export const DESTINATION_UNREACHABLE = {
  noRoute: 0,
  denied: 1,
  beyondScope: 2,
  addressUnreachable: 3,
  portUnreachable: 4,
  sourceAddressFailedPolicy: 5,
  rejectRoute: 6,
} as const;

export const PARAMETER_PROBLEM = {
  erroneousHeaderField: 0,
  unknownNextHeader: 1,
  invalidCommonHeader: 16,
  unknownScionVersion: 17,
  flowIdRequired: 18,
  invalidPacketSize: 19,
  unknownPathType: 20,
  unknownAddressFormat: 21,
  invalidAddressHeader: 32,
  invalidSourceAddress: 33,
  invalidDestinationAddress: 34,
  nonLocalDelivery: 35,
  invalidPath: 48,
  unknownConsIngress: 49,
  unknownConsEgress: 50,
  invalidHopFieldMac: 51,
  pathExpired: 52,
  invalidSegmentChange: 53,
  invalidExtensionHeader: 64,
  unknownHopByHopOption: 65,
  unknownEndToEndOption: 66,
} as const;

/** Name of an SCMP message's code; null where its type defines none of that number. */
export function scmpCodeName(l4: L4): string | null {
  if (l4.kind === "scmp.destination-unreachable") return nameIn(DESTINATION_UNREACHABLE, l4.code);
  return l4.kind === "scmp.parameter-problem" ? nameIn(PARAMETER_PROBLEM, l4.code) : null;
}

function nameIn(codes: Readonly<Record<string, number>>, code: number): string | null {
  const found = Object.entries(codes).find(([, value]) => value === code);
  return found === undefined ? null : found[0];
}

/** SCMP messages of types below 128 report errors; none is ever sent in answer to one. */
export function isScmpError(l4: L4): boolean {
  switch (l4.kind) {
    case "scmp.destination-unreachable":
    case "scmp.packet-too-big":
    case "scmp.parameter-problem":
    case "scmp.interface-down":
    case "scmp.connectivity-down":
      return true;
    default:
      return l4.kind === "scmp.other" && l4.type < 128;
  }
}
