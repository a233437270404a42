/**
 * Beacons as the rules of beaconing see them (draft-dekater-scion-controlplane, "Path-Segment Construction Beacons"; scionproto
 * `control/beaconing/{originator,extender}.go`): which ASes they came through, by which interfaces, and how long they live. What else
 * stands in a beacon's entries follows from these (entries.ts).
 */
import type { IA, IfId } from "../address.ts";
import type { AsInterface, AsView } from "./as-view.ts";
import type { BeaconPolicy } from "./policy.ts";

/** One AS entry's hop in the direction of construction; shared by all beacons that came through it. */
export interface BeaconHop {
  readonly ia: IA;
  /** 0 at the origin. */
  readonly ingress: IfId;
  /** 0 where a segment ends. */
  readonly egress: IfId;
  readonly expTime: number;
  /** `IA#ingress,egress`: its part of a beacon's key. */
  readonly text: string;
}

export interface Beacon {
  /** Unix seconds at which it was originated. */
  readonly timestamp: number;
  /** Beta of the first hop, 16 bits. */
  readonly segId: number;
  /** From the origin on; the last one's egress leads to the AS that holds the beacon. */
  readonly hops: readonly BeaconHop[];
  /** Interface by which the AS that holds it got it; 0 for a terminated one. */
  readonly ingress: IfId;
  /** Texts of the hops, a space between two: names the segment, whatever its timestamp. */
  readonly key: string;
  /** Unix seconds from which on some hop field is no longer valid. */
  readonly expiryS: number;
}

/** Lifetime of a hop field in seconds: units of 337.5 s. */
export function lifetimeS(expTime: number): number {
  return (1 + expTime) * 337.5;
}

export function beaconHop(ia: IA, ingress: IfId, egress: IfId, expTime: number): BeaconHop {
  return { ia, ingress, egress, expTime, text: `${ia}#${ingress},${egress}` };
}

/** A new beacon of a core AS, as the AS behind `egress` gets it. */
export function originate(
  { ia }: AsView,
  egress: AsInterface,
  timestamp: number,
  segId: number,
  policy: BeaconPolicy,
): Beacon {
  const hop = beaconHop(ia, 0, egress.ifId, policy.maxExpTime);
  return {
    timestamp,
    segId,
    hops: [hop],
    ingress: egress.remoteIfId,
    key: hop.text,
    expiryS: timestamp + lifetimeS(hop.expTime),
  };
}

/** The beacon with this AS's entry, as the AS behind `egress` gets it. */
export function extend(beacon: Beacon, { ia }: AsView, egress: AsInterface, policy: BeaconPolicy): Beacon {
  return append(beacon, beaconHop(ia, beacon.ingress, egress.ifId, policy.maxExpTime), egress.remoteIfId);
}

/** The segment that a beacon becomes where this AS registers it: the AS's own entry, which leads nowhere, at its end. */
export function terminate(beacon: Beacon, { ia }: AsView, policy: BeaconPolicy): Beacon {
  return append(beacon, beaconHop(ia, beacon.ingress, 0, policy.maxExpTime), 0);
}

/** One more hop; `ingress` is where the next AS gets it. */
export function append(beacon: Beacon, hop: BeaconHop, ingress: IfId): Beacon {
  return {
    timestamp: beacon.timestamp,
    segId: beacon.segId,
    hops: [...beacon.hops, hop],
    ingress,
    key: `${beacon.key} ${hop.text}`,
    expiryS: Math.min(beacon.expiryS, beacon.timestamp + lifetimeS(hop.expTime)),
  };
}

export function originOf({ hops }: Beacon): IA {
  return hops[0]?.ia ?? "";
}

/**
 * Total order of beacons: fewest hops first, then by the text of their keys, code unit by code unit. The original orders by hops alone and leaves
 * the rest to its database. Beacons of one segment are equal, whenever they were originated.
 */
export function compareBeacons(left: Beacon, right: Beacon): number {
  const coarse = left.hops.length - right.hops.length;
  if (coarse !== 0) return coarse;
  return left.key < right.key ? -1 : left.key > right.key ? 1 : 0;
}

/** Expired at the very instant of its expiry (scionproto's stores ask for more than that). */
export function isExpired({ expiryS }: Beacon, unixS: number): boolean {
  return expiryS <= unixS;
}
