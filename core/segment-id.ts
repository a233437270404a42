/** Names of path segments (scionproto `pkg/segment/seg.go`, `ID` and `FullID`): SHA-256 over what stands in their entries, as 64 hex digits. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { type IA, type IfId, iaParts } from "./address.ts";
import type { AsEntry, PeerEntry, Segment } from "./segment.ts";
import { put16, put48 } from "./wire/bytes.ts";

/** ISD-AS u64, ingress u16, egress u16. */
const HOP_BYTES = 12;

/** Segments never change: what was hashed once is known. */
const KNOWN = new WeakMap<Segment, string>();

/** Names the way that a segment takes: per entry AS, ingress and egress. Segments of one way have one name whenever they were originated. */
export function segmentId(segment: Segment): string {
  const known = KNOWN.get(segment);
  if (known !== undefined) return known;
  const id = hashOf(segment.entries.map(({ ia, hop }) => [ia, hop.ingress, hop.egress] as const));
  KNOWN.set(segment, id);
  return id;
}

/** As `segmentId`, with the peering links that the segment offers. */
export function fullSegmentId({ entries }: Segment): string {
  return hashOf(
    entries.flatMap(({ ia, hop, peers }: AsEntry) => [
      [ia, hop.ingress, hop.egress] as const,
      ...peers.map(({ peer, hop: { ingress, egress } }: PeerEntry) => [peer, ingress, egress] as const),
    ]),
  );
}

function hashOf(rows: readonly (readonly [ia: IA, ingress: IfId, egress: IfId])[]): string {
  const bytes = new Uint8Array(HOP_BYTES * rows.length);
  rows.forEach(([ia, ingress, egress], row) => {
    const { isd, as } = iaParts(ia);
    const at = HOP_BYTES * row;
    put16(bytes, at, isd);
    put48(bytes, at + 2, as);
    put16(bytes, at + 8, ingress);
    put16(bytes, at + 10, egress);
  });
  return bytesToHex(sha256(bytes));
}
