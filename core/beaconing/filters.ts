/** What keeps a beacon out (scionproto `control/beacon/policy.go` Filter, `beacon.go` FilterLoop), each with its name. */
import type { IA } from "../address.ts";
import { isdOf } from "./as-view.ts";
import { type Beacon, isExpired } from "./beacon.ts";
import type { BeaconPolicy } from "./policy.ts";

export type BeaconRefusal = "too_long" | "as_blocked" | "isd_blocked" | "as_loop" | "isd_loop" | "expired";

/** Why this AS does not take a beacon; null: it does. */
export function refuseBeacon(beacon: Beacon, own: IA, policy: BeaconPolicy, unixS: number): BeaconRefusal | null {
  const { hops } = beacon;
  if (isExpired(beacon, unixS)) return "expired";
  if (hops.length > policy.maxHopsLength) return "too_long";
  if (policy.asBlockList.length > 0 && hops.some(({ ia }) => policy.asBlockList.includes(ia))) return "as_blocked";
  if (policy.isdBlockList.length > 0 && hops.some(({ ia }) => policy.isdBlockList.includes(isdOf(ia))))
    return "isd_blocked";
  return loopOf(beacon, own, policy.allowIsdLoop);
}

/** The loop that a beacon has, or would have at `next`: an AS met twice, or an ISD left and entered again. */
export function loopOf({ hops }: Beacon, next: IA, allowIsdLoop: boolean): "as_loop" | "isd_loop" | null {
  for (let at = 0; at < hops.length; at++) {
    const ia = hops[at]?.ia;
    if (ia === next) return "as_loop";
    for (let later = at + 1; later < hops.length; later++) if (hops[later]?.ia === ia) return "as_loop";
  }
  return allowIsdLoop || !hasIsdLoop([...hops.map(({ ia }) => ia), next]) ? null : "isd_loop";
}

function hasIsdLoop(ias: readonly IA[]): boolean {
  const left = new Set<number>();
  let present = -1;
  for (const ia of ias) {
    const isd = isdOf(ia);
    if (isd === present) continue;
    if (left.has(isd)) return true;
    left.add(present);
    present = isd;
  }
  return false;
}
