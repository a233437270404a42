/**
 * A receiver's report as bytes, behind the payload header of a UDP packet, big endian: u16 0x5052 ("PR"), u16 entries, then for each path
 * u32 and u32 its key, u48 packets and u48 bytes that came over it since the beginning, u32 highest packet number among them.
 *
 * A path is known by the hop fields it has in the packet, the only thing both ends see.
 */
import { hashText } from "../../core/digest.ts";
import { type PacketPath, scionPathOf } from "../../core/path.ts";
import { get16, get32, get48, put16, put32, put48 } from "../../core/wire/bytes.ts";

/** What arrived over one path since the beginning. */
export interface PathCount {
  /** Of the path: `pathKey`, as two unsigned words. */
  readonly key: readonly [number, number];
  readonly packets: number;
  readonly bytes: number;
  readonly highest: number;
}

const MAGIC = 0x5052;
const HEAD_BYTES = 4;
const ENTRY_BYTES = 24;
/** Paths in one report, so that it fits every link. */
export const MAX_REPORTED = 32;

/** Names a path by its hop fields' interfaces and its segments' directions; the same at both ends. */
export function pathKey(path: PacketPath | null): readonly [number, number] {
  const scion = scionPathOf(path);
  if (scion === null) return [0, 0];
  const hops = scion.hops.map(({ consIngress, consEgress }) => `${consIngress},${consEgress}`);
  const segments = scion.infos.map(({ consDir, peer }, inf) => `${scion.segLens[inf]}${consDir}${peer}`);
  const [low, high] = hashText(`${segments.join(" ")} ${hops.join(" ")}`);
  return [low >>> 0, high >>> 0];
}

export function encodeReport(counts: readonly PathCount[]): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + ENTRY_BYTES * counts.length);
  put16(bytes, 0, MAGIC);
  put16(bytes, 2, counts.length);
  counts.forEach(({ key, packets, bytes: sum, highest }, n) => {
    const at = HEAD_BYTES + ENTRY_BYTES * n;
    put32(bytes, at, key[0]);
    put32(bytes, at + 4, key[1]);
    put48(bytes, at + 8, packets);
    put48(bytes, at + 14, sum);
    put32(bytes, at + 20, highest);
  });
  return bytes;
}

/** null: no report. */
export function decodeReport(bytes: Uint8Array | null): PathCount[] | null {
  if (bytes === null || bytes.length < HEAD_BYTES || get16(bytes, 0) !== MAGIC) return null;
  const count = get16(bytes, 2);
  if (count > MAX_REPORTED || bytes.length !== HEAD_BYTES + ENTRY_BYTES * count) return null;
  return Array.from({ length: count }, (_, n) => {
    const at = HEAD_BYTES + ENTRY_BYTES * n;
    return {
      key: [get32(bytes, at), get32(bytes, at + 4)],
      packets: get48(bytes, at + 8),
      bytes: get48(bytes, at + 14),
      highest: get32(bytes, at + 20),
    };
  });
}
