/**
 * Reserved bits. Senders leave them zero, and other stacks ignore them on receipt (scionproto `pkg/slayers`), so packets
 * that have some set are accepted; which ones, the record keeps, so that the bytes come back as they were.
 */
import type { Irregularities, L4 } from "../packet.ts";
import type { PacketPath, ScionPath } from "../path.ts";
import { EPIC_PREFIX_BYTES, HOP_BYTES, INFO_BYTES, META_BYTES } from "./path.ts";
import { SCMP_BYTES } from "./scmp.ts";

type Reserved = Irregularities["reserved"][number];

/** Bits of a byte that mean nothing yet. */
const IN_META = 0xfc;
const IN_FLAGS = 0xfc;
const WHOLE_BYTE = 0xff;

const NONE: readonly Reserved[] = [];

/** The reserved bits set in common header, path and SCMP message, in their order. */
export function findReserved(
  bytes: Uint8Array,
  path: PacketPath | null,
  pathStart: number,
  l4: L4,
  l4Start: number,
): readonly Reserved[] {
  if (!anyIn(bytes, path, pathStart) && scmpReservedBytes(l4) === 0 && bytes[10] === 0 && bytes[11] === 0) return NONE;
  const found: Reserved[] = [];
  const look = (offset: number, mask: number): void => {
    const bits = (bytes[offset] as number) & mask;
    if (bits !== 0) found.push({ offset, bits });
  };
  look(10, WHOLE_BYTE);
  look(11, WHOLE_BYTE);
  if (path !== null) lookInPath(path, pathStart, look);
  for (let i = 0; i < scmpReservedBytes(l4); i++) look(l4Start + SCMP_BYTES + i, WHOLE_BYTE);
  return found;
}

/** Sets the bits again in a packet that begins at `offset`. */
export function putReserved(reserved: readonly Reserved[], bytes: Uint8Array, offset: number, length: number): void {
  for (const { offset: at, bits } of reserved) {
    if (at >= length) throw new RangeError(`reserved bits at ${at} of a packet of ${length} bytes`);
    bytes[offset + at] = (bytes[offset + at] as number) | bits;
  }
}

/** Whether a path has some, quickly: nearly none has. */
function anyIn(bytes: Uint8Array, path: PacketPath | null, start: number): boolean {
  if (path === null) return false;
  if (path.kind === "one-hop") return anyInFields(bytes, start, 1, 2);
  const meta = path.kind === "epic" ? start + EPIC_PREFIX_BYTES : start;
  const { infos, hops } = path.kind === "epic" ? path.scion : path;
  if (((bytes[meta + 1] as number) & IN_META) !== 0) return true;
  return anyInFields(bytes, meta + META_BYTES, infos.length, hops.length);
}

function anyInFields(bytes: Uint8Array, start: number, infos: number, hops: number): boolean {
  const hopsStart = start + INFO_BYTES * infos;
  const end = hopsStart + HOP_BYTES * hops;
  for (let at = start; at < hopsStart; at += INFO_BYTES) {
    if (((bytes[at] as number) & IN_FLAGS) !== 0 || bytes[at + 1] !== 0) return true;
  }
  for (let at = hopsStart; at < end; at += HOP_BYTES) {
    if (((bytes[at] as number) & IN_FLAGS) !== 0) return true;
  }
  return false;
}

type Look = (offset: number, mask: number) => void;

function lookInPath(path: PacketPath, start: number, look: Look): void {
  if (path.kind === "one-hop") {
    lookInFields(1, 2, start, look);
    return;
  }
  const meta = path.kind === "epic" ? start + EPIC_PREFIX_BYTES : start;
  const scion: ScionPath = path.kind === "epic" ? path.scion : path;
  look(meta + 1, IN_META);
  lookInFields(scion.infos.length, scion.hops.length, meta + META_BYTES, look);
}

function lookInFields(infos: number, hops: number, start: number, look: Look): void {
  let at = start;
  for (let i = 0; i < infos; i++, at += INFO_BYTES) {
    look(at, IN_FLAGS);
    look(at + 1, WHOLE_BYTE);
  }
  for (let i = 0; i < hops; i++, at += HOP_BYTES) look(at, IN_FLAGS);
}

/** Bytes behind an SCMP message's first four that mean nothing. */
function scmpReservedBytes(l4: L4): number {
  switch (l4.kind) {
    case "scmp.destination-unreachable":
      return 4;
    case "scmp.packet-too-big":
    case "scmp.parameter-problem":
      return 2;
    default:
      return 0;
  }
}
