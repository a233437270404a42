/** Origination, propagation and reception of beacons (scionproto `control/beaconing/{originator,propagator,handler}.go`). */
import type { IfId } from "../../core/address.ts";
import type { AsInterface, AsView } from "../../core/beaconing/as-view.ts";
import { type BeaconHop, originOf } from "../../core/beaconing/beacon.ts";
import {
  appendEntry,
  beginBeacon,
  decodeBeacon,
  type EncodedBeacon,
  lengthOf,
} from "../../core/beaconing/beacon-codec.ts";
import { CONTROL_PLANE, type ControlPlane } from "../../core/beaconing/control-plane.ts";
import { loopOf, refuseBeacon } from "../../core/beaconing/filters.ts";
import { encodeItems, type Span } from "../../core/beaconing/messages.ts";
import { type BeaconStore, dropExpired, passedOn, storeBeacon } from "../../core/beaconing/store.ts";
import { MAX_FRAGMENTS } from "../../core/beaconing/transfer.ts";
import { localTime } from "../../core/clock.ts";
import type { Env } from "../../core/env.ts";
import type { ForwardingKeys } from "../../core/forwarding-keys.ts";
import { LINK_TO } from "../../core/forwarding/router.ts";
import { createHopMacs, hopMac } from "../../core/hop-mac.ts";
import type { Packet } from "../../core/packet.ts";
import type { HopField, OneHopPath } from "../../core/path.ts";
import { SECOND } from "../../core/units.ts";
import { type ControlContext, countReason, type StoredBeacon } from "./context.ts";
import { sendMessage } from "./transport.ts";

/** A beacon may be stamped so much later than the receiver's clock shows (own). */
const MAX_AHEAD_S = 10;
/** Longest message that beacons are put into together. */
const MAX_BATCH_BYTES = 500 * MAX_FRAGMENTS;

export function planeOf(env: Env): ControlPlane {
  return env.resource(CONTROL_PLANE) as ControlPlane;
}

export function viewOf({ ia }: ControlContext, env: Env): AsView {
  return planeOf(env).views.get(ia) as AsView;
}

/** Unix time that the AS's clock shows, in seconds. */
export function unixTime({ clock, epochS }: ControlContext, env: Env): number {
  return epochS + localTime(clock, env.now) / SECOND;
}

/** A core AS sends a new beacon over each of its core and child interfaces. */
export function originateBeacons(control: ControlContext, env: Env): void {
  const view = viewOf(control, env);
  const plane = planeOf(env);
  const timestamp = Math.floor(unixTime(control, env));
  for (const egress of view.interfaces) {
    if (egress.linkTo !== LINK_TO.core && egress.linkTo !== LINK_TO.child) continue;
    if (control.down.has(egress.ifId)) continue;
    const segId = env.random("segment-id").below(0x1_0000);
    const body = plane.bodyOf(ownHop(control, 0, egress.ifId));
    if (body === null) {
      countReason(control.counts.beacons_refused, "entry_too_long");
      continue;
    }
    const beacon = beginBeacon(plane.chains, timestamp, segId, body, egress.remoteIfId);
    control.counts.beacons_originated += sendBeacons(control, egress, [beacon], env);
  }
}

/** The best set goes on over each core interface (at a core AS) or child interface, but where it would loop. */
export function propagateBeacons(control: ControlContext, env: Env): void {
  tidyStores(control, env);
  const view = viewOf(control, env);
  const best = passedOn(control.store, control.policy);
  if (best.length === 0) return;
  for (const egress of control.core ? view.cores : view.children) {
    if (control.down.has(egress.ifId)) continue;
    const items: EncodedBeacon[] = [];
    for (const beacon of best) {
      if (loopOf(beacon, egress.neighbour, control.policy.allowIsdLoop) !== null) continue;
      const longer = extended(control, beacon, egress, env);
      if (longer === null) countReason(control.counts.beacons_refused, "entry_too_long");
      else items.push(longer);
    }
    control.counts.beacons_propagated += sendBeacons(control, egress, items, env);
  }
}

function ownHop({ ia, policy }: ControlContext, ingress: IfId, egress: IfId): Omit<BeaconHop, "text"> {
  return { ia, ingress, egress, expTime: policy.maxExpTime };
}

function extended(control: ControlContext, beacon: StoredBeacon, egress: AsInterface, env: Env): EncodedBeacon | null {
  const plane = planeOf(env);
  const body = plane.bodyOf(ownHop(control, beacon.ingress, egress.ifId));
  return body === null ? null : appendEntry(plane.chains, beacon, body, egress.remoteIfId);
}

/** The segment that a beacon becomes which ends here. */
export function terminated(control: ControlContext, beacon: StoredBeacon, env: Env): EncodedBeacon | null {
  const plane = planeOf(env);
  const body = plane.bodyOf(ownHop(control, beacon.ingress, 0));
  return body === null ? null : appendEntry(plane.chains, beacon, body, 0);
}

/** Beacons to one neighbour, in as few messages as fit; answers how many set out. */
function sendBeacons(control: ControlContext, egress: AsInterface, items: readonly EncodedBeacon[], env: Env): number {
  if (items.length === 0) return 0;
  const path = pathTo(control, egress, env);
  const to = { ia: egress.neighbour, host: "CS", path, currInf: 0, currHf: 0, mtu: egress.mtu, ifId: egress.ifId };
  let sent = 0;
  let batch: EncodedBeacon[] = [];
  let size = 0;
  const flush = (): void => {
    if (batch.length > 0 && sendMessage(control, to, encodeItems("beacons", batch), env)) sent += batch.length;
    batch = [];
    size = 0;
  };
  for (const item of items) {
    const length = lengthOf(item);
    if (size + length > MAX_BATCH_BYTES) flush();
    batch.push(item);
    size += length;
  }
  flush();
  control.beaconsSent.set(egress.ifId, (control.beaconsSent.get(egress.ifId) ?? 0) + sent);
  return sent;
}

const NO_HOP: HopField = {
  ingressAlert: false,
  egressAlert: false,
  expTime: 0,
  consIngress: 0,
  consEgress: 0,
  mac: 0,
};
const ONE_HOP_EXP_TIME = 63;
/** A one-hop path is used so long: routers then remember its MAC. */
const ONE_HOP_AGE_S = 60;

function pathTo(control: ControlContext, { ifId }: AsInterface, env: Env): OneHopPath {
  const timestamp = Math.floor(unixTime(control, env));
  const before = control.oneHops.get(ifId);
  const age = timestamp - (before?.info.timestamp ?? 0);
  if (before !== undefined && age >= 0 && age < ONE_HOP_AGE_S) return before;
  const path = newPathTo(control, ifId, timestamp, env);
  control.oneHops.set(ifId, path);
  return path;
}

function newPathTo(control: ControlContext, ifId: number, timestamp: number, env: Env): OneHopPath {
  const bare = { ...NO_HOP, expTime: ONE_HOP_EXP_TIME, consEgress: ifId };
  const keys = env.resource("forwarding-keys") as ForwardingKeys;
  const segId = env.random("segment-id").below(0x1_0000);
  const mac = hopMac(createHopMacs(keys(control.ia), 0), segId, timestamp, bare);
  return {
    kind: "one-hop",
    info: { consDir: true, peer: false, segId, timestamp },
    first: { ...bare, mac },
    second: NO_HOP,
  };
}

/** A message of beacons that came from a neighbour: each is taken or refused by itself. */
export function receiveBeacons(
  control: ControlContext,
  bytes: Uint8Array,
  items: readonly Span[],
  packet: Packet,
  env: Env,
): void {
  const { counts } = control;
  counts.beacons_received += items.length;
  const ingress = packet.path?.kind === "one-hop" ? packet.path.second.consIngress : 0;
  const entrance = viewOf(control, env).byIfId.get(ingress);
  for (const [start, end] of items) {
    const refused = entrance === undefined ? "wrong_link" : takeBeacon(control, bytes, start, end, entrance, env);
    if (refused !== null) countReason(counts.beacons_refused, refused);
  }
}

/** Why a beacon is not taken; null: it is. */
function takeBeacon(
  control: ControlContext,
  bytes: Uint8Array,
  start: number,
  end: number,
  entrance: AsInterface,
  env: Env,
): string | null {
  if (entrance.linkTo !== (control.core ? LINK_TO.core : LINK_TO.parent)) return "wrong_link";
  const plane = planeOf(env);
  const decoded = decodeBeacon(plane.chains, bytes, start, end, entrance.ifId);
  if (!decoded.ok) return decoded.error;
  const beacon = decoded.value;
  const last = beacon.hops.at(-1);
  if (beacon.next !== control.ia) return "wrong_next";
  if (last?.ia !== entrance.neighbour || last.egress !== entrance.remoteIfId) return "wrong_link";
  const now = unixTime(control, env);
  if (beacon.timestamp > now + MAX_AHEAD_S) return "ahead";
  const own = viewOf(control, env).isd;
  if (!control.core && beacon.hops.some(({ ia }) => plane.views.get(ia)?.isd !== own)) return "foreign_isd";
  if (plane.views.get(originOf(beacon))?.as.core !== true) return "origin_not_core";
  const refused = refuseBeacon(beacon, control.ia, control.policy, now);
  if (refused !== null) return refused;
  const stored = storeBeacon(control.store, { ...beacon, arrived: env.now }, control.policy);
  if (stored === "stale") return "replayed";
  if (stored === "full") return "store_full";
  control.counts.beacons_stored++;
  return null;
}

/** Puts out what has expired, and what nobody has renewed for long. */
export function tidyStores(control: ControlContext, env: Env): void {
  const { counts, downs, store, times } = control;
  const now = unixTime(control, env);
  for (const one of [store, ...downs.values()]) {
    counts.beacons_dropped_expired += dropExpired(one, now);
    if (times.retention > 0) counts.beacons_dropped_unrenewed += dropUnrenewed(one, env.now - times.retention);
  }
}

function dropUnrenewed({ sets }: BeaconStore<StoredBeacon>, since: number): number {
  let dropped = 0;
  for (const [name, set] of sets) {
    const kept = set.filter(({ arrived }) => arrived >= since);
    if (kept.length === set.length) continue;
    dropped += set.length - kept.length;
    sets.set(name, kept);
  }
  return dropped;
}
