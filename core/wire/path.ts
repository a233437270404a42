/**
 * Path types SCION, OneHop and EPIC (draft-dekater-scion-dataplane, "SCION Path Type", "One-Hop Path Type"; scionproto
 * `pkg/slayers/path`). Of reserved bits, only whether there are any is looked at here.
 */
import {
  type EpicPath,
  type HopField,
  type InfoField,
  MAX_HOPS,
  type OneHopPath,
  type PacketPath,
  type ScionPath,
} from "../path.ts";
import type { Packet } from "../packet.ts";
import { err, ok, type Result } from "../result.ts";
import type { Bytes } from "../units.ts";
import { fault, get16, get32, get48, put16, put32, put48, type WireError } from "./bytes.ts";
import { hashPath, knownPath, rememberPath } from "./known-paths.ts";

/** PathType values. */
export const PATH_TYPE = { empty: 0, scion: 1, oneHop: 2, epic: 3 } as const;

export const META_BYTES = 4;
export const INFO_BYTES = 8;
export const HOP_BYTES = 12;
/** Packet id, PHVF and LHVF. */
export const EPIC_PREFIX_BYTES = 16;

const ONE_HOP_BYTES = INFO_BYTES + 2 * HOP_BYTES;

const INFO_CONS_DIR = 0b01;
const INFO_PEER = 0b10;
const HOP_EGRESS_ALERT = 0b01;
const HOP_INGRESS_ALERT = 0b10;

/** Bits that mean nothing yet: of the meta header's second byte, of an info or hop field's first. */
export const META_RESERVED = 0xfc;
export const FLAGS_RESERVED = 0xfc;

/** A path and the two pointers into it, which stand in the packet. */
export interface DecodedPath {
  readonly path: PacketPath | null;
  /** 2 bits; may point beyond the path, which is for routers to judge. */
  readonly currInf: number;
  /** 6 bits; likewise. */
  readonly currHf: number;
  /** Whether reserved bits are set in it. */
  readonly reserved: boolean;
}

interface DecodedScionPath extends DecodedPath {
  readonly path: ScionPath;
}

const EMPTY_PATH: Result<DecodedPath, WireError> = ok({ path: null, currInf: 0, currHf: 0, reserved: false });

/** PathType of a path. */
export function pathTypeOf(path: PacketPath | null): number {
  if (path === null) return PATH_TYPE.empty;
  if (path.kind === "scion") return PATH_TYPE.scion;
  return path.kind === "epic" ? PATH_TYPE.epic : PATH_TYPE.oneHop;
}

/** Bytes of a path on the wire; 0 for null, path type Empty. */
export function pathLength(path: PacketPath | null): Bytes {
  if (path === null) return 0;
  if (path.kind === "one-hop") return ONE_HOP_BYTES;
  return path.kind === "scion" ? scionLength(path) : EPIC_PREFIX_BYTES + scionLength(path.scion);
}

function scionLength({ infos, hops }: ScionPath): Bytes {
  return META_BYTES + INFO_BYTES * infos.length + HOP_BYTES * hops.length;
}

/** Decodes the path that fills `bytes[start, end)`. Refused: path types that nobody has defined (4 was COLIBRI's). */
export function decodePath(
  pathType: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): Result<DecodedPath, WireError> {
  switch (pathType) {
    case PATH_TYPE.empty:
      if (end === start) return EMPTY_PATH;
      return err(fault("path", start, `an empty path of ${end - start} bytes`));
    case PATH_TYPE.scion:
      return decodeScionPath(bytes, start, end);
    case PATH_TYPE.oneHop:
      return decodeOneHop(bytes, start, end);
    case PATH_TYPE.epic:
      return decodeEpic(bytes, start, end);
    default:
      return err(fault("path", 8, `path type ${pathType} is unknown`));
  }
}

/**
 * Refused: a segment after an empty one, more than 64 hop fields, lengths that do not fill the header. A path without
 * segments and pointers beyond the path pass, as in SCION's own decoder: a router drops them.
 */
function decodeScionPath(bytes: Uint8Array, start: number, end: number): Result<DecodedScionPath, WireError> {
  if (end - start < META_BYTES) {
    return err(fault("path", start, `expected ${META_BYTES} bytes of meta header, found ${end - start}`));
  }
  const hash = hashPath(bytes, start, end);
  const known = knownPath(hash, bytes, start, end);
  if (known === null) return decodeNewPath(hash, bytes, start, end);
  const pointers = bytes[start] as number;
  return ok({ path: known, currInf: pointers >>> 6, currHf: pointers & 0x3f, reserved: false });
}

function decodeNewPath(
  hash: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): Result<DecodedScionPath, WireError> {
  const meta = get32(bytes, start);
  const segLens: [number, number, number] = [(meta >>> 12) & 0x3f, (meta >>> 6) & 0x3f, meta & 0x3f];
  const [first, second, third] = segLens;
  if ((second > 0 && first === 0) || (third > 0 && second === 0)) {
    return err(fault("path", start + 1, `segment lengths ${segLens.join(", ")}: a segment follows an empty one`));
  }
  const numHops = first + second + third;
  if (numHops > MAX_HOPS)
    return err(fault("path", start + 1, `${numHops} hop fields, at most ${MAX_HOPS} are allowed`));
  const hopsStart = start + META_BYTES + INFO_BYTES * countInfos(segLens);
  const length = hopsStart - start + HOP_BYTES * numHops;
  if (length !== end - start) {
    return err(fault("path", start, `the segments take ${length} bytes, the header leaves ${end - start} to the path`));
  }
  const reserved = ((meta >>> 16) & META_RESERVED) !== 0 || anyReserved(bytes, start + META_BYTES, hopsStart, end);
  const infos: InfoField[] = [];
  for (let at = start + META_BYTES; at < hopsStart; at += INFO_BYTES) infos.push(getInfo(bytes, at));
  const hops: HopField[] = [];
  for (let at = hopsStart; at < end; at += HOP_BYTES) hops.push(getHop(bytes, at));
  const path: ScionPath = { kind: "scion", segLens, infos, hops };
  if (!reserved) rememberPath(hash, bytes, start, end, path);
  return ok({ path, currInf: meta >>> 30, currHf: (meta >>> 24) & 0x3f, reserved });
}

/** Whether reserved bits are set in the info fields from `start` and the hop fields from `hopsStart` on. */
function anyReserved(bytes: Uint8Array, start: number, hopsStart: number, end: number): boolean {
  for (let at = start; at < hopsStart; at += INFO_BYTES) {
    if (((bytes[at] as number) & FLAGS_RESERVED) !== 0 || bytes[at + 1] !== 0) return true;
  }
  for (let at = hopsStart; at < end; at += HOP_BYTES) {
    if (((bytes[at] as number) & FLAGS_RESERVED) !== 0) return true;
  }
  return false;
}

function decodeOneHop(bytes: Uint8Array, start: number, end: number): Result<DecodedPath, WireError> {
  if (end - start !== ONE_HOP_BYTES) {
    return err(fault("path", start, `a one-hop path of ${end - start} bytes, expected ${ONE_HOP_BYTES}`));
  }
  const path: OneHopPath = {
    kind: "one-hop",
    info: getInfo(bytes, start),
    first: getHop(bytes, start + INFO_BYTES),
    second: getHop(bytes, start + INFO_BYTES + HOP_BYTES),
  };
  const reserved = anyReserved(bytes, start, start + INFO_BYTES, end);
  return ok({ path, currInf: 0, currHf: 0, reserved });
}

function decodeEpic(bytes: Uint8Array, start: number, end: number): Result<DecodedPath, WireError> {
  if (end - start < EPIC_PREFIX_BYTES) {
    return err(fault("path", start, `expected ${EPIC_PREFIX_BYTES} bytes before EPIC's path, found ${end - start}`));
  }
  const inner = decodeScionPath(bytes, start + EPIC_PREFIX_BYTES, end);
  if (!inner.ok) return inner;
  const { path: scion, currInf, currHf, reserved } = inner.value;
  const path: EpicPath = {
    kind: "epic",
    timestamp: get32(bytes, start),
    counter: get32(bytes, start + 4),
    phvf: get32(bytes, start + 8),
    lhvf: get32(bytes, start + 12),
    scion,
  };
  return ok({ path, currInf, currHf, reserved });
}

function countInfos(segLens: readonly [number, number, number]): number {
  let count = 0;
  for (const length of segLens) if (length > 0) count++;
  return count;
}

function getInfo(bytes: Uint8Array, at: number): InfoField {
  const flags = bytes[at] as number;
  return {
    consDir: (flags & INFO_CONS_DIR) !== 0,
    peer: (flags & INFO_PEER) !== 0,
    segId: get16(bytes, at + 2),
    timestamp: get32(bytes, at + 4),
  };
}

function getHop(bytes: Uint8Array, at: number): HopField {
  const flags = bytes[at] as number;
  return {
    ingressAlert: (flags & HOP_INGRESS_ALERT) !== 0,
    egressAlert: (flags & HOP_EGRESS_ALERT) !== 0,
    expTime: bytes[at + 1] as number,
    consIngress: get16(bytes, at + 2),
    consEgress: get16(bytes, at + 4),
    mac: get48(bytes, at + 6),
  };
}

/** Writes a packet's path, pointers and SegIDs as they stand in the packet; answers where it ends. */
export function encodePath(packet: Readonly<Packet>, bytes: Uint8Array, offset: number): number {
  const { path } = packet;
  if (path === null) return offset;
  switch (path.kind) {
    case "scion":
      return encodeScionPath(path, packet, bytes, offset);
    case "one-hop":
      putInfo(bytes, offset, path.info, packet.segId0);
      putHop(bytes, offset + INFO_BYTES, path.first);
      putHop(bytes, offset + INFO_BYTES + HOP_BYTES, path.second);
      return offset + ONE_HOP_BYTES;
    case "epic":
      put32(bytes, offset, path.timestamp);
      put32(bytes, offset + 4, path.counter);
      put32(bytes, offset + 8, path.phvf);
      put32(bytes, offset + 12, path.lhvf);
      return encodeScionPath(path.scion, packet, bytes, offset + EPIC_PREFIX_BYTES);
  }
}

/** Throws on a path whose segment lengths do not agree with its fields. */
function encodeScionPath(path: ScionPath, packet: Readonly<Packet>, bytes: Uint8Array, offset: number): number {
  const { segLens, infos, hops } = path;
  const [first, second, third] = segLens;
  if (first + second + third !== hops.length || countInfos(segLens) !== infos.length || hops.length > MAX_HOPS) {
    const fields = `${infos.length} info fields and ${hops.length} hop fields`;
    throw new RangeError(`segment lengths ${segLens.join(", ")} do not agree with ${fields}`);
  }
  const pointers = (packet.currInf << 30) | ((packet.currHf & 0x3f) << 24);
  put32(bytes, offset, pointers | (first << 12) | (second << 6) | third);
  let at = offset + META_BYTES;
  for (let inf = 0; inf < infos.length; inf++, at += INFO_BYTES) {
    const segId = inf === 0 ? packet.segId0 : inf === 1 ? packet.segId1 : packet.segId2;
    putInfo(bytes, at, infos[inf] as InfoField, segId);
  }
  for (let hf = 0; hf < hops.length; hf++, at += HOP_BYTES) putHop(bytes, at, hops[hf] as HopField);
  return at;
}

function putInfo(bytes: Uint8Array, at: number, info: InfoField, segId: number): void {
  bytes[at] = (info.consDir ? INFO_CONS_DIR : 0) | (info.peer ? INFO_PEER : 0);
  bytes[at + 1] = 0;
  put16(bytes, at + 2, segId);
  put32(bytes, at + 4, info.timestamp);
}

function putHop(bytes: Uint8Array, at: number, hop: HopField): void {
  bytes[at] = (hop.ingressAlert ? HOP_INGRESS_ALERT : 0) | (hop.egressAlert ? HOP_EGRESS_ALERT : 0);
  bytes[at + 1] = hop.expTime;
  put16(bytes, at + 2, hop.consIngress);
  put16(bytes, at + 4, hop.consEgress);
  put48(bytes, at + 6, hop.mac);
}
