/**
 * Forwarding paths as SCION packets carry them (draft-dekater-scion-dataplane, "SCION path type") and the
 * description of a path that selectors choose from. All of it is immutable and shared between packets;
 * the pointers that routers move (CurrINF, CurrHF) stand in the packet itself.
 */
import type { IA, IfId } from "./address.ts";
import type { Bytes, Nanos } from "./units.ts";

/** Info field, 8 bytes on the wire. */
export interface InfoField {
  /** C flag: hop fields stand in the direction of beaconing. */
  readonly consDir: boolean;
  /** P flag: the segment ends at a peering link. */
  readonly peer: boolean;
  /** Accumulator of the MAC chain (beta), 16 bits. */
  readonly segId: number;
  /** Unix seconds at which the segment was originated, 32 bits. */
  readonly timestamp: number;
}

/** Hop field, 12 bytes on the wire. */
export interface HopField {
  readonly ingressAlert: boolean;
  readonly egressAlert: boolean;
  /** Lifetime in units of 337.5 s, less one; 0 to 255. */
  readonly expTime: number;
  readonly consIngress: IfId;
  readonly consEgress: IfId;
  /** First six bytes of the hop's MAC as a whole number below 2^48. */
  readonly mac: number;
}

/** Path type 1, without the two pointers. At most 3 segments and 64 hop fields. */
export interface ScionPath {
  readonly kind: "scion";
  readonly segLens: readonly [number, number, number];
  readonly infos: readonly InfoField[];
  readonly hops: readonly HopField[];
}

/** Path type 2: to a neighbour AS with nothing but the sender's own hop field; the neighbour's router writes the second. */
export interface OneHopPath {
  readonly kind: "one-hop";
  readonly info: InfoField;
  readonly first: HopField;
  readonly second: HopField;
}

/** Path type 3 (EPIC-HP): a SCION path with a packet id and two validation fields before it. */
export interface EpicPath {
  readonly kind: "epic";
  /** First half of the packet id, 32 bits: units of 21 us since the first segment's timestamp. */
  readonly timestamp: number;
  /** Second half of the packet id, 32 bits. */
  readonly counter: number;
  /** Validation field of the penultimate hop, 32 bits. */
  readonly phvf: number;
  /** Validation field of the last hop, 32 bits. */
  readonly lhvf: number;
  readonly scion: ScionPath;
}

export type PacketPath = ScionPath | OneHopPath | EpicPath;

export const MAX_HOPS = 64;

/** The SCION path in a packet's path: itself, or what EPIC wraps; null where there is none. */
export function scionPathOf(path: PacketPath | null): ScionPath | null {
  if (path === null || path.kind === "scion") return path;
  return path.kind === "epic" ? path.scion : null;
}

/** Names a path by its hops, whatever routers have changed in it. */
export function hopsOf(path: PacketPath | null): string {
  const scion = scionPathOf(path);
  if (scion === null) return path === null ? "within" : path.kind;
  return scion.hops.map(({ consIngress, consEgress, mac }) => `${consIngress}>${consEgress}:${mac}`).join(" ");
}

/** SegID that a path starts with in one of its info fields; 0 where it has no such field. */
export function initialSegId(path: PacketPath | null, inf: number): number {
  if (path === null) return 0;
  if (path.kind === "one-hop") return inf === 0 ? path.info.segId : 0;
  const { infos } = path.kind === "scion" ? path : path.scion;
  return inf < infos.length ? (infos[inf] as InfoField).segId : 0;
}

/** A hop field lives `(1 + expTime) * 337.5 s` from its segment's timestamp; at that very instant it is still valid. */
export const EXP_TIME_UNIT: Nanos = 337_500_000_000;

/** Index of the info field that governs a hop field. */
export function infIndexForHf(path: ScionPath, hf: number): number {
  const first = path.segLens[0];
  if (hf < first) return 0;
  return hf < first + path.segLens[1] ? 1 : 2;
}

export type SegmentType = "up" | "core" | "down";

/** One segment of a path, hop by hop in the direction of travel. */
export interface PathSegment {
  readonly type: SegmentType;
  readonly consDir: boolean;
  readonly peer: boolean;
  /** `[consIngress, consEgress]` of each hop field, in travelling order. */
  readonly hops: readonly (readonly [IfId, IfId])[];
}

export interface PathInterface {
  readonly ia: IA;
  readonly ifId: IfId;
}

/**
 * What the ASes on a path say of it (scionproto `pkg/snet/path.go`, `PathMetadata`), by position in `interfaces`; null: nothing is said.
 * Between interface i and i + 1 lies a link where i is even, an AS's inside where it is odd.
 */
export interface PathMetadata {
  /** One less than interfaces. Where two ASes contradict each other, the higher. */
  readonly latencyNs: readonly (Nanos | null)[];
  /** One less than interfaces. Where two ASes contradict each other, the lower. */
  readonly bandwidthKbps: readonly (number | null)[];
  /** One for each interface; of several entries of its AS the last on the way counts. */
  readonly geo: readonly ({ readonly lat: number; readonly lon: number; readonly address: string } | null)[];
  /** One for each link; null where its two ends contradict each other, too. */
  readonly linkType: readonly ("direct" | "multihop" | "opennet" | null)[];
  /** One for each AS but the first and the last. Where two entries of an AS contradict each other, the lower. */
  readonly internalHops: readonly (number | null)[];
  /** One for each AS, the different ones of its entries on lines of their own; empty where it has none. */
  readonly notes: readonly string[];
  /** One for each link each, extensions of Pathloom's; of two that differ the higher. */
  readonly carbonGPerGb: readonly (number | null)[];
  readonly costPerGb: readonly (number | null)[];
  readonly lossRatio: readonly (number | null)[];
}

/** What a selector knows of a path before it has used it. */
export interface PathInfo {
  /** The first 16 hex digits of SCION's own fingerprint, a hash over the interfaces in travelling order; names the path in reports. */
  readonly fingerprint: string;
  readonly src: IA;
  readonly dst: IA;
  /** Interfaces in travelling order, two a link. */
  readonly interfaces: readonly PathInterface[];
  /** Links crossed. */
  readonly length: number;
  readonly mtu: Bytes;
  /** Sum of the links' latencies one way; null where any is unknown. */
  readonly latencyNs: Nanos | null;
  /** Smallest rate on the way in kbit/s; null where unknown or without limit. */
  readonly bandwidthKbps: number | null;
  /** Sum over the links of grams of CO2 for a gigabyte (10^9 bytes); null where any is unknown. An extension of Pathloom's: SCION's metadata have none. */
  readonly carbonGPerGb: number | null;
  /** Sum over the links of the price of a gigabyte, in a currency of the user's; null where any is unknown. An extension of Pathloom's. */
  readonly costPerGb: number | null;
  /** Probability that a packet is lost on the way as the links' descriptions (not measurements) say; null where any is unknown. An extension of Pathloom's. */
  readonly lossRatio: number | null;
  /** Unix seconds at which the first hop field expires. */
  readonly expiryS: number;
  readonly segments: readonly PathSegment[];
  /** What goes into the packet; null for a destination in the same AS (path type Empty). */
  readonly forwarding: ScionPath | null;
  /** Left out where nobody asked for it, and where no AS says anything of itself. */
  readonly metadata?: PathMetadata;
}
