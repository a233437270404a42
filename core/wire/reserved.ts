/**
 * Reserved bits. Senders leave them zero, and other stacks ignore them on receipt (scionproto `pkg/slayers`), so packets
 * that have some set are accepted; which ones, the record keeps, so that the bytes come back as they were.
 */
import type { Irregularities, L4 } from "../packet.ts";
import type { PacketPath, ScionPath } from "../path.ts";
import { EPIC_PREFIX_BYTES, FLAGS_RESERVED, HOP_BYTES, INFO_BYTES, META_BYTES, META_RESERVED } from "./path.ts";
import { SCMP_BYTES } from "./scmp.ts";

type Reserved = Irregularities["reserved"][number];

const WHOLE_BYTE = 0xff;

const NONE: readonly Reserved[] = [];

/** The reserved bits set in common header, path and SCMP message, in their order; `inPath`: whether the path has some. */
export function findReserved(
  bytes: Uint8Array,
  path: PacketPath | null,
  inPath: boolean,
  pathStart: number,
  l4: L4,
  l4Start: number,
): readonly Reserved[] {
  if (!inPath && bytes[10] === 0 && bytes[11] === 0 && scmpReservedBytes(l4) === 0) return NONE;
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

type Look = (offset: number, mask: number) => void;

function lookInPath(path: PacketPath, start: number, look: Look): void {
  if (path.kind === "one-hop") {
    lookInFields(1, 2, start, look);
    return;
  }
  const meta = path.kind === "epic" ? start + EPIC_PREFIX_BYTES : start;
  const scion: ScionPath = path.kind === "epic" ? path.scion : path;
  look(meta + 1, META_RESERVED);
  lookInFields(scion.infos.length, scion.hops.length, meta + META_BYTES, look);
}

function lookInFields(infos: number, hops: number, start: number, look: Look): void {
  let at = start;
  for (let i = 0; i < infos; i++, at += INFO_BYTES) {
    look(at, FLAGS_RESERVED);
    look(at + 1, WHOLE_BYTE);
  }
  for (let i = 0; i < hops; i++, at += HOP_BYTES) look(at, FLAGS_RESERVED);
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
