/**
 * Path type SCION: meta header, info fields, hop fields (draft-dekater-scion-dataplane, "SCION Path Type").
 */
import { type HopField, type InfoField, MAX_HOPS, type ScionPath } from "../path.ts";
import { err, ok, type Result } from "../result.ts";
import { fault, get16, get32, get48, put16, put32, put48, type WireError } from "./bytes.ts";

const META_BYTES = 4;
const INFO_BYTES = 8;
const HOP_BYTES = 12;

const INFO_CONS_DIR = 0b01;
const INFO_PEER = 0b10;
const HOP_EGRESS_ALERT = 0b01;
const HOP_INGRESS_ALERT = 0b10;

/** A path and the two pointers into it, which stand in the packet. */
export interface DecodedPath {
  readonly path: ScionPath;
  /** 2 bits; may point beyond the path, which is for routers to judge. */
  readonly currInf: number;
  /** 6 bits; likewise. */
  readonly currHf: number;
}

/** Bytes of a path on the wire; 0 for null, path type Empty. */
export function pathLength(path: ScionPath | null): number {
  return path === null ? 0 : META_BYTES + INFO_BYTES * path.infos.length + HOP_BYTES * path.hops.length;
}

/**
 * Decodes the path that fills `bytes[start, end)`. Refused: a segment after an empty one, more than 64 hop fields,
 * lengths that do not fill the header. Not supported yet: reserved bits that are set. A path without segments and
 * pointers beyond the path pass, as in SCION's own decoder: a router drops them.
 */
export function decodeScionPath(bytes: Uint8Array, start: number, end: number): Result<DecodedPath, WireError> {
  if (end - start < META_BYTES) {
    return err(fault("path", start, `expected ${META_BYTES} bytes of meta header, found ${end - start}`));
  }
  const meta = get32(bytes, start);
  if (((meta >>> 18) & 0x3f) !== 0)
    return err(fault("path", start + 1, "reserved bits that are set are not supported yet"));
  const segLens: [number, number, number] = [(meta >>> 12) & 0x3f, (meta >>> 6) & 0x3f, meta & 0x3f];
  const [first, second, third] = segLens;
  if ((second > 0 && first === 0) || (third > 0 && second === 0)) {
    return err(fault("path", start + 1, `segment lengths ${segLens.join(", ")}: a segment follows an empty one`));
  }
  const numHops = first + second + third;
  if (numHops > MAX_HOPS)
    return err(fault("path", start + 1, `${numHops} hop fields, at most ${MAX_HOPS} are allowed`));
  const numInfos = countInfos(segLens);
  const length = META_BYTES + INFO_BYTES * numInfos + HOP_BYTES * numHops;
  if (length !== end - start) {
    return err(fault("path", start, `the segments take ${length} bytes, the header leaves ${end - start} to the path`));
  }
  const hopsStart = start + META_BYTES + INFO_BYTES * numInfos;
  const reserved = findReservedBits(bytes, start + META_BYTES, hopsStart, end);
  if (reserved >= 0) return err(fault("path", reserved, "reserved bits that are set are not supported yet"));
  const infos: InfoField[] = [];
  for (let at = start + META_BYTES; at < hopsStart; at += INFO_BYTES) infos.push(getInfo(bytes, at));
  const hops: HopField[] = [];
  for (let at = hopsStart; at < end; at += HOP_BYTES) hops.push(getHop(bytes, at));
  return ok({ path: { kind: "scion", segLens, infos, hops }, currInf: meta >>> 30, currHf: (meta >>> 24) & 0x3f });
}

function countInfos(segLens: readonly [number, number, number]): number {
  let count = 0;
  for (const length of segLens) if (length > 0) count++;
  return count;
}

/** Offset of the first byte with reserved bits set, or -1. */
function findReservedBits(bytes: Uint8Array, infosStart: number, hopsStart: number, end: number): number {
  for (let at = infosStart; at < hopsStart; at += INFO_BYTES) {
    if ((bytes[at] as number) > (INFO_CONS_DIR | INFO_PEER)) return at;
    if (bytes[at + 1] !== 0) return at + 1;
  }
  for (let at = hopsStart; at < end; at += HOP_BYTES) {
    if ((bytes[at] as number) > (HOP_EGRESS_ALERT | HOP_INGRESS_ALERT)) return at;
  }
  return -1;
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

/** Writes a path; answers where it ends. Throws on a path whose segment lengths do not agree with its fields. */
export function encodeScionPath(
  path: ScionPath,
  currInf: number,
  currHf: number,
  bytes: Uint8Array,
  offset: number,
): number {
  const { segLens, infos, hops } = path;
  const [first, second, third] = segLens;
  if (first + second + third !== hops.length || countInfos(segLens) !== infos.length || hops.length > MAX_HOPS) {
    const fields = `${infos.length} info fields and ${hops.length} hop fields`;
    throw new RangeError(`segment lengths ${segLens.join(", ")} do not agree with ${fields}`);
  }
  put32(bytes, offset, (currInf << 30) | ((currHf & 0x3f) << 24) | (first << 12) | (second << 6) | third);
  let at = offset + META_BYTES;
  for (const info of infos) {
    putInfo(bytes, at, info);
    at += INFO_BYTES;
  }
  for (const hop of hops) {
    putHop(bytes, at, hop);
    at += HOP_BYTES;
  }
  return at;
}

function putInfo(bytes: Uint8Array, at: number, info: InfoField): void {
  bytes[at] = (info.consDir ? INFO_CONS_DIR : 0) | (info.peer ? INFO_PEER : 0);
  bytes[at + 1] = 0;
  put16(bytes, at + 2, info.segId);
  put32(bytes, at + 4, info.timestamp);
}

function putHop(bytes: Uint8Array, at: number, hop: HopField): void {
  bytes[at] = (hop.ingressAlert ? HOP_INGRESS_ALERT : 0) | (hop.egressAlert ? HOP_EGRESS_ALERT : 0);
  bytes[at + 1] = hop.expTime;
  put16(bytes, at + 2, hop.consIngress);
  put16(bytes, at + 4, hop.consEgress);
  put48(bytes, at + 6, hop.mac);
}
