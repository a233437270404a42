/**
 * The frame that a SCION packet would be on the wire between two routers: Ethernet, IPv4, UDP. Addresses follow from
 * the link's place in the topology alone: link n has 10.0.0.0 + 2n at its end `a` and 10.0.0.0 + 2n + 1 at its end `b`,
 * both ends use port 50000, and a station's address is 02:00 with the four bytes of its IPv4 address behind.
 */
import { get16, put16, put32 } from "../../core/wire/bytes.ts";
import { checksumOf, sumWords } from "../../core/wire/checksum.ts";

const ETHERNET_BYTES = 14;
const IPV4_BYTES = 20;
const UDP_BYTES = 8;
const FRAME_HEADER_BYTES = ETHERNET_BYTES + IPV4_BYTES + UDP_BYTES;

const UNDERLAY_PORT = 50_000;
const FIRST_ADDRESS = 0x0a00_0000;
const ETHERTYPE_IPV4 = 0x0800;
const PROTOCOL_UDP = 17;

/** Longest SCION packet that fits IPv4 and UDP. */
export const MAX_UNDERLAY_PAYLOAD = 0xffff - IPV4_BYTES - UDP_BYTES;

/** IPv4 address of a link's end, as a number. */
export function underlayAddress(link: number, end: "a" | "b"): number {
  return FIRST_ADDRESS + 2 * link + (end === "a" ? 0 : 1);
}

export function formatAddress(address: number): string {
  return `${[address >>> 24, (address >>> 16) & 0xff, (address >>> 8) & 0xff, address & 0xff].join(".")}:${UNDERLAY_PORT}`;
}

export function underlayFrame(packet: Uint8Array, from: number, to: number): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + packet.length);
  put16(frame, 0, 0x0200);
  put32(frame, 2, to);
  put16(frame, 6, 0x0200);
  put32(frame, 8, from);
  put16(frame, 12, ETHERTYPE_IPV4);
  putIPv4(frame, ETHERNET_BYTES, packet.length, from, to);
  frame.set(packet, FRAME_HEADER_BYTES);
  putUdp(frame, ETHERNET_BYTES + IPV4_BYTES, packet.length);
  return frame;
}

function putIPv4(frame: Uint8Array, at: number, payload: number, from: number, to: number): void {
  frame[at] = 0x45;
  put16(frame, at + 2, IPV4_BYTES + UDP_BYTES + payload);
  put16(frame, at + 6, 0x4000); // do not fragment
  frame[at + 8] = 64;
  frame[at + 9] = PROTOCOL_UDP;
  put32(frame, at + 12, from);
  put32(frame, at + 16, to);
  put16(frame, at + 10, checksumOf(sumWords(0, frame, at, at + IPV4_BYTES)));
}

function putUdp(frame: Uint8Array, at: number, payload: number): void {
  const length = UDP_BYTES + payload;
  put16(frame, at, UNDERLAY_PORT);
  put16(frame, at + 2, UNDERLAY_PORT);
  put16(frame, at + 4, length);
  const pseudo = sumWords(PROTOCOL_UDP + length, frame, at - 8, at);
  put16(frame, at + 6, checksumOf(sumWords(pseudo, frame, at, frame.length)));
  if (get16(frame, at + 6) === 0) put16(frame, at + 6, 0xffff); // in UDP over IP, 0 says that there is none
}
