/** SCMP errors that a router answers with, and where in a packet they point (scmp.rst; scionproto `router/dataplane.go`). */
import type { DropReason } from "../env.ts";
import type { Packet } from "../packet.ts";
import { scionPathOf } from "../path.ts";
import { addressEnd } from "../wire/header.ts";
import type { Disposition } from "./router.ts";

const META_BYTES = 4;
const INFO_BYTES = 8;
const HOP_BYTES = 12;
const EPIC_BYTES = 16;

/** Where the destination's and the source's ISD-AS begin. */
export const DST_IA_POINTER = 12;
export const SRC_IA_POINTER = 20;

function metaPointer(packet: Packet): number {
  return addressEnd(packet.dstHost, packet.srcHost) + (packet.path?.kind === "epic" ? EPIC_BYTES : 0);
}

export function hopPointer(packet: Packet): number {
  const infos = scionPathOf(packet.path)?.infos.length ?? 0;
  return metaPointer(packet) + META_BYTES + INFO_BYTES * infos + HOP_BYTES * packet.currHf;
}

export function infoPointer(packet: Packet): number {
  return metaPointer(packet) + META_BYTES + INFO_BYTES * packet.currInf;
}

export function parameterProblem(reason: DropReason, code: number, pointer: number): Disposition {
  return { kind: "answer", reason, error: { kind: "scmp.parameter-problem", code, pointer } };
}
