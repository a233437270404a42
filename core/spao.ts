/**
 * What a packet authenticator option (SPAO) authenticates and its AES-CMAC (scionproto `pkg/spao`,
 * `doc/protocols/authenticator-option.rst`; docs/wire.md says where the two differ).
 */
import { cmac } from "@noble/ciphers/aes.js";
import { hostBytes } from "./address.ts";
import type { Packet } from "./packet.ts";
import { put16, put32, put48 } from "./wire/bytes.ts";
import { encodePacket } from "./wire/codec.ts";
import type { Authenticator } from "./wire/extensions.ts";
import { addressEnd } from "./wire/header.ts";
import { l4HeaderLength, protocolOf } from "./wire/l4.ts";
import {
  EPIC_PREFIX_BYTES,
  HOP_BYTES,
  INFO_BYTES,
  META_BYTES,
  encodePath,
  pathLength,
  pathTypeOf,
} from "./wire/path.ts";
import { putIA } from "./wire/texts.ts";

/** The algorithm that is computed here. */
const AES_CMAC = 0;

/** SPIs below name DRKeys, from which the two ends are known. */
const DRKEY_END = 0x20_0000;
/** Of a DRKey's SPI: between two hosts, not an AS and a host; made at the receiver's side. */
const HOST_TO_HOST = 0x2_0000;
const RECEIVER_SIDE = 0x1_0000;

/** Bits of the traffic class that count, as the code has it. */
const TRAFFIC_CLASS_MASK = 0x3f;

type Option = Pick<Authenticator, "spi" | "algorithm" | "timestamp">;

/** Whether a packet's authenticator is the one under this key of 16 bytes; null where its algorithm is not AES-CMAC. */
export function isAuthentic(packet: Packet, option: Authenticator, key: Uint8Array): boolean | null {
  if (option.algorithm !== AES_CMAC) return null;
  const upper = encodePacket(packet).subarray(packet.wireLength - packet.payloadLength - l4HeaderLength(packet.l4));
  const expected = cmac(authenticatedBytes(packet, option, protocolOf(packet.l4), upper), key);
  return expected.length === option.authenticator.length && expected.every((b, at) => b === option.authenticator[at]);
}

/** Input of the MAC; `upper`: L4 header and payload. */
export function authenticatedBytes(packet: Packet, option: Option, protocol: number, upper: Uint8Array): Uint8Array {
  const { dstHost, srcHost, path } = packet;
  const [dst, src] = [hostBytes(dstHost), hostBytes(srcHost)];
  const bytes = new Uint8Array(20 + 16 + dst.bytes.length + src.bytes.length + pathLength(path) + upper.length);
  bytes[0] = (addressEnd(dstHost, srcHost) + pathLength(path)) / 4;
  bytes[1] = protocol;
  put16(bytes, 2, upper.length);
  bytes[4] = option.algorithm;
  put48(bytes, 6, option.timestamp);
  put32(bytes, 12, ((packet.trafficClass & TRAFFIC_CLASS_MASK) << 20) | packet.flowId);
  bytes[16] = pathTypeOf(path);
  bytes[17] = (dst.type << 4) | src.type;
  const pathStart = putAddresses(packet, option.spi, dst.bytes, src.bytes, bytes, 20);
  const end = encodePath(packet, bytes, pathStart);
  clearMutable(packet, bytes, pathStart);
  bytes.set(upper, end);
  return bytes.subarray(0, end + upper.length);
}

/** What the key does not tell: with a DRKey the host at its AS's end alone, or no address. */
function putAddresses(
  { dstIa, srcIa }: Packet,
  spi: number,
  dst: Uint8Array,
  src: Uint8Array,
  bytes: Uint8Array,
  start: number,
): number {
  const free = spi === 0 || spi >= DRKEY_END;
  let at = start;
  if (free) {
    putIA(bytes, at, dstIa);
    putIA(bytes, at + 8, srcIa);
    at += 16;
  }
  const asToHost = (spi & HOST_TO_HOST) === 0;
  const receiver = (spi & RECEIVER_SIDE) !== 0;
  for (const host of [free || (asToHost && receiver) ? dst : null, free || (asToHost && !receiver) ? src : null]) {
    if (host === null) continue;
    bytes.set(host, at);
    at += host.length;
  }
  return at;
}

/** Zeroes what routers change: pointers, SegIDs, hop flags, and of a one-hop path the second hop field. */
function clearMutable({ path }: Packet, bytes: Uint8Array, start: number): void {
  if (path === null) return;
  if (path.kind === "one-hop") {
    put16(bytes, start + 2, 0);
    bytes[start + INFO_BYTES] = 0;
    bytes.fill(0, start + INFO_BYTES + HOP_BYTES, start + INFO_BYTES + 2 * HOP_BYTES);
    return;
  }
  const meta = path.kind === "epic" ? start + EPIC_PREFIX_BYTES : start;
  const { infos, hops } = path.kind === "epic" ? path.scion : path;
  bytes[meta] = 0;
  infos.forEach((_, inf) => put16(bytes, meta + META_BYTES + INFO_BYTES * inf + 2, 0));
  const firstHop = meta + META_BYTES + INFO_BYTES * infos.length;
  hops.forEach((_, hf) => void (bytes[firstHop + HOP_BYTES * hf] = 0));
}
