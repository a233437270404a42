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

/** Signs segments when first asked for, and remembers them as long as they live. Left out: MACs that are not known are 0. */
export function createSegmentSigner(keys?: ForwardingKeys): SegmentSigner {
  const known = new WeakMap<Segment, SignedSegment>();
  return (segment) => {
    const before = known.get(segment);
    if (before !== undefined) return before;
    const signed = signSegment(segment, keys);
    known.set(segment, signed);
    return signed;
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
