/**
 * The UDP port at which a router delivers a packet to an end host (scionproto `router/dataplane.go` addEndhostPort,
 * `doc/dev/design/router-port-dispatch.rst`).
 *
 * Where the two disagree: the router at scionproto's head takes every port for a dispatched one (#4737 turned an `||` into an
 * `&&`). Here it is as documented.
 */
import type { L4, Packet } from "./packet.ts";
import { isScmpError } from "./scmp.ts";
import { get16 } from "./wire/bytes.ts";
import { decodeQuote } from "./wire/codec.ts";

/** Where a host's dispatcher listens. */
export const END_HOST_PORT = 30_041;

/** Ports at which hosts of an AS take packets themselves, both included. */
export interface PortRange {
  readonly min: number;
  readonly max: number;
}

/** What SCION's generator configures, and an AS has here unless told otherwise. */
export const DEFAULT_DISPATCHED_PORTS: PortRange = { min: 31_000, max: 32_767 };

/** Port for a packet; -1 where none can be told, and the packet is to be dropped. */
export function endHostPort(packet: Packet, dispatched: PortRange | null): number {
  const port = portOf(packet);
  if (port < 0) return -1;
  return dispatched !== null && port >= dispatched.min && port <= dispatched.max ? port : END_HOST_PORT;
}

/** TCP's ports stand where UDP's do. */
const TCP = 6;

function portOf(packet: Packet): number {
  const { l4, payloadLength, rest } = packet;
  if (l4.kind === "udp") return l4.dstPort;
  if (l4.kind !== "other" || l4.protocol !== TCP) return scmpPort(packet);
  if (payloadLength < 4) return -1;
  return rest === null ? 0 : get16(rest, 2);
}

function scmpPort(packet: Packet): number {
  const { l4 } = packet;
  if (l4.kind === "scmp.echo" || l4.kind === "scmp.traceroute") return l4.reply ? l4.identifier : END_HOST_PORT;
  if (isScmpError(l4)) return l4.kind === "scmp.other" ? -1 : quotedPort(packet.rest);
  return l4.kind === "scmp.other" ? -1 : END_HOST_PORT;
}

/** Port of the application that an SCMP error is for: the source port of the packet it quotes, or its identifier. */
function quotedPort(quote: Uint8Array | null): number {
  const quoted = quote === null ? null : decodeQuote(quote);
  return quoted?.ok === true ? sourcePort(quoted.value.l4) : -1;
}

/** A source port of 0 counts as cut off. */
function sourcePort(l4: L4): number {
  if (l4.kind === "udp") return l4.srcPort === 0 ? -1 : l4.srcPort;
  if (l4.kind === "scmp.echo" || l4.kind === "scmp.traceroute") return l4.reply ? -1 : l4.identifier;
  return -1;
}
