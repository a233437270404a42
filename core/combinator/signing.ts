/** The MACs of a segment and the SegIDs along it, as its ASes would have made them when its beacon came through. */
import type { IA } from "../address.ts";
import type { ForwardingKeys } from "../forwarding-keys.ts";
import { createHopMacs, hopMac, macPrefix } from "../hop-mac.ts";
import type { HopField } from "../path.ts";
import type { Segment, SegmentHop } from "../segment.ts";

export interface SignedSegment {
  /** SegID before each entry, and after the last. */
  readonly segIds: readonly number[];
  /** Hop field of each entry. */
  readonly hops: readonly HopField[];
  /** Hop field of an entry's peering link, by the link's number from 1: made when asked for. It is chained after the entry's own. */
  readonly peerHop: (entry: number, peer: number) => HopField | null;
}

export type SegmentSigner = (segment: Segment) => SignedSegment;

/** Signs segments when first asked for. Left out: MACs that are not known are 0. */
export function createSegmentSigner(keys?: ForwardingKeys): SegmentSigner {
  return bySegment((segment) => signSegment(segment, keys));
}

/** Remembers what was made of a segment as long as the segment lives. */
export function bySegment<T>(make: (segment: Segment) => T): (segment: Segment) => T {
  const known = new WeakMap<Segment, T>();
  return (segment) => {
    const before = known.get(segment);
    if (before !== undefined) return before;
    const made = make(segment);
    known.set(segment, made);
    return made;
  };
}

function signSegment({ segId, timestamp, entries }: Segment, keys: ForwardingKeys | undefined): SignedSegment {
  const sign = (ia: IA, beta: number, hop: SegmentHop): HopField => {
    const field = fieldOf(hop);
    if (keys === undefined || hop.mac !== null) return field;
    return { ...field, mac: hopMac(createHopMacs(keys(ia), 0), beta, timestamp, field) };
  };
  const segIds = [segId];
  const hops: HopField[] = [];
  let beta = segId;
  for (const { ia, hop } of entries) {
    const own = sign(ia, beta, hop);
    hops.push(own);
    beta ^= macPrefix(own.mac);
    segIds.push(beta);
  }
  const peerHop = (entry: number, peer: number): HopField | null => {
    const { ia, peers } = entries[entry] ?? { ia: "", peers: [] };
    const link = peers[peer - 1];
    return link === undefined ? null : sign(ia, segIds[entry + 1] ?? 0, link.hop);
  };
  return { segIds, hops, peerHop };
}

function fieldOf({ ingress, egress, expTime, mac }: SegmentHop): HopField {
  return { ingressAlert: false, egressAlert: false, expTime, consIngress: ingress, consEgress: egress, mac: mac ?? 0 };
}
