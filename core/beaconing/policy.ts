/** Beacon policies (scionproto `control/beacon/policy.go`): what an AS takes, and how many it keeps and passes on. */
import type { IA } from "../address.ts";

export interface BeaconPolicy {
  /** Beacons passed on or registered; at a core AS of each origin AS. */
  readonly bestSetSize: number;
  /** Beacons chosen from, the shortest of those stored; at a core AS of each origin AS. */
  readonly candidateSetSize: number;
  /** Most AS entries of a beacon that is taken. */
  readonly maxHopsLength: number;
  /** Lifetime given to own hop fields: units of 337.5 s, less one. 63: six hours. */
  readonly maxExpTime: number;
  readonly asBlockList: readonly IA[];
  readonly isdBlockList: readonly number[];
  /** May a beacon come back to an ISD that it has left? */
  readonly allowIsdLoop: boolean;
}

export const DEFAULT_BEACON_POLICY: BeaconPolicy = {
  bestSetSize: 20,
  candidateSetSize: 100,
  maxHopsLength: 10,
  maxExpTime: 63,
  asBlockList: [],
  isdBlockList: [],
  allowIsdLoop: true,
};
