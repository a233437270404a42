/**
 * Path segments as beaconing makes them (draft-dekater-scion-controlplane, "Path-segment construction beacons"; scionproto `pkg/segment`,
 * `proto/control_plane/v1/seg.proto`). Immutable and shared; entries stand in the direction of construction, from the core AS that
 * originated the segment.
 */
import type { IA, IfId } from "./address.ts";
import type { Bytes, Nanos } from "./units.ts";

/** Hop field of one entry. `mac` is derived from the AS's key when somebody needs it; null until then. */
export interface SegmentHop {
  /** 0 at the origin. */
  readonly ingress: IfId;
  /** 0 where the segment ends. */
  readonly egress: IfId;
  /** 0 to 255, units of 337.5 s less one. */
  readonly expTime: number;
  readonly mac: number | null;
}

/** A peering link of the AS that stands in the segment: hop field from that link towards the segment's egress. */
export interface PeerEntry {
  readonly peer: IA;
  /** Interface of the link at the peer. */
  readonly peerInterface: IfId;
  readonly peerMtu: Bytes;
  /** `ingress` is the AS's own interface of the peering link. */
  readonly hop: SegmentHop;
}

/** What an AS says of its links and itself (`pkg/segment/extensions/staticinfo`), by interface id; what is unknown is left out. */
export interface StaticInfo {
  /** From the entry's egress to other interfaces of the AS, and over the links of interfaces (`inter`). */
  readonly latency: { readonly intra: ReadonlyMap<IfId, Nanos>; readonly inter: ReadonlyMap<IfId, Nanos> };
  readonly bandwidthKbps: { readonly intra: ReadonlyMap<IfId, number>; readonly inter: ReadonlyMap<IfId, number> };
  readonly geo: ReadonlyMap<IfId, { readonly lat: number; readonly lon: number; readonly address: string }>;
  readonly linkType: ReadonlyMap<IfId, "direct" | "multihop" | "opennet">;
  readonly internalHops: ReadonlyMap<IfId, number>;
  readonly note: string;
  /** Extensions of Pathloom's, over the links of interfaces. */
  readonly carbonGPerGb: ReadonlyMap<IfId, number>;
  readonly costPerGb: ReadonlyMap<IfId, number>;
  readonly lossRatio: ReadonlyMap<IfId, number>;
}

export interface AsEntry {
  readonly ia: IA;
  /** The AS that the beacon goes to next; null where the segment ends. */
  readonly next: IA | null;
  readonly hop: SegmentHop;
  /** MTU of the link at `hop.ingress`; 0 at the origin. */
  readonly ingressMtu: Bytes;
  readonly peers: readonly PeerEntry[];
  /** Of the AS's own network. */
  readonly mtu: Bytes;
  readonly staticInfo: StaticInfo | null;
}

export interface Segment {
  /** Unix seconds at which it was originated. */
  readonly timestamp: number;
  /** `segment_id`, 16 bits: beta of the first hop. */
  readonly segId: number;
  readonly entries: readonly AsEntry[];
}
