/** The MACs of a segment and the SegIDs along it, as its ASes would have made them when its beacon came through. */
import type { ForwardingKeys } from "../forwarding-keys.ts";
import { createHopMacs, hopMac, macPrefix } from "../hop-mac.ts";
import type { HopField } from "../path.ts";
import type { Segment, SegmentHop } from "../segment.ts";

export interface SignedSegment {
  /** SegID before each entry, and after the last. */
  readonly segIds: readonly number[];
  /** Hop field of each entry. */
  readonly hops: readonly HopField[];
  /** Hop fields of each entry's peering links. They are chained after the entry's own. */
  readonly peers: readonly (readonly HopField[])[];
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
  const segIds = [segId];
  const hops: HopField[] = [];
  const peers: HopField[][] = [];
  let beta = segId;
  for (const entry of entries) {
    const macs = keys === undefined ? null : createHopMacs(keys(entry.ia), 0);
    const sign = (hop: SegmentHop): HopField => {
      const field = fieldOf(hop);
      return macs === null || hop.mac !== null ? field : { ...field, mac: hopMac(macs, beta, timestamp, field) };
    };
    const own = sign(entry.hop);
    hops.push(own);
    beta ^= macPrefix(own.mac);
    segIds.push(beta);
    peers.push(entry.peers.map(({ hop }) => sign(hop)));
  }
  return { segIds, hops, peers };
}

function fieldOf({ ingress, egress, expTime, mac }: SegmentHop): HopField {
  return { ingressAlert: false, egressAlert: false, expTime, consIngress: ingress, consEgress: egress, mac: mac ?? 0 };
}
