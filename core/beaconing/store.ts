/**
 * Beacons that an AS holds, one for each segment: a newer one of the same segment takes the place of the older. Bounded by the number of
 * candidates; at a core AS for each origin. Plain data.
 */
import type { IA } from "../address.ts";
import { type Beacon, compareBeacons, isExpired, originOf } from "./beacon.ts";
import { selectBeacons, selectPassedOn } from "./selection.ts";
import type { BeaconPolicy } from "./policy.ts";

/** `B`: what the owner keeps with each beacon. In order (compareBeacons), at a core AS by origin, else all under "". */
export interface BeaconStore<B extends Beacon = Beacon> {
  readonly core: boolean;
  readonly sets: Map<IA, B[]>;
}

export type Stored = "new" | "newer" | "stale" | "full";

export function createBeaconStore<B extends Beacon = Beacon>(core: boolean): BeaconStore<B> {
  return { core, sets: new Map() };
}

/**
 * Takes a beacon in. `stale`: one of the same segment and of this age or younger is there. `full`: all candidates come before it, and it is not
 * kept; a new one that comes before others puts the last one out.
 */
export function storeBeacon<B extends Beacon>(store: BeaconStore<B>, beacon: B, policy: BeaconPolicy): Stored {
  const set = setOf(store, beacon);
  const at = placeOf(set, beacon);
  const same = set[at];
  if (same !== undefined && same.key === beacon.key) {
    if (same.timestamp >= beacon.timestamp) return "stale";
    set[at] = beacon;
    return "newer";
  }
  if (at >= policy.candidateSetSize) return "full";
  set.splice(at, 0, beacon);
  if (set.length > policy.candidateSetSize) set.pop();
  return "new";
}

function setOf<B extends Beacon>({ core, sets }: BeaconStore<B>, beacon: B): B[] {
  const name = core ? originOf(beacon) : "";
  const before = sets.get(name);
  if (before !== undefined) return before;
  const set: B[] = [];
  sets.set(name, set);
  return set;
}

/** First position whose beacon does not come before this one. */
function placeOf(set: readonly Beacon[], beacon: Beacon): number {
  let low = 0;
  let high = set.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareBeacons(set[middle] as Beacon, beacon) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Puts out what has expired; answers how many. */
export function dropExpired<B extends Beacon>({ sets }: BeaconStore<B>, unixS: number): number {
  let dropped = 0;
  for (const [name, set] of sets) {
    const kept = set.filter((beacon) => !isExpired(beacon, unixS));
    dropped += set.length - kept.length;
    if (kept.length !== set.length) sets.set(name, kept);
  }
  return dropped;
}

/** The best set, at a core AS of each origin in the order of their texts. */
export function bestOf<B extends Beacon>({ sets }: BeaconStore<B>, { bestSetSize }: BeaconPolicy): B[] {
  return [...sets.keys()].sort().flatMap((name) => selectBeacons(sets.get(name) as B[], bestSetSize));
}

/** What goes on to neighbours: the best set; between core ASes what was best at any length. */
export function passedOn<B extends Beacon>(store: BeaconStore<B>, policy: BeaconPolicy): B[] {
  const { core, sets } = store;
  if (!core) return bestOf(store, policy);
  return [...sets.keys()].sort().flatMap((name) => selectPassedOn(sets.get(name) as B[], policy.bestSetSize));
}
