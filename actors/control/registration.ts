/** Registration of segments: up and core segments with oneself, down segments with the core AS where they start (scionproto `control/beaconing/writer.go`). */
import type { IA } from "../../core/address.ts";
import { compareBeacons, isExpired, originOf } from "../../core/beaconing/beacon.ts";
import { decodeBeacon, type EncodedBeacon } from "../../core/beaconing/beacon-codec.ts";
import { encodeItems, type Span } from "../../core/beaconing/messages.ts";
import { bestOf, createBeaconStore, storeBeacon } from "../../core/beaconing/store.ts";
import type { Env } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import type { PathInfo } from "../../core/path.ts";
import { planeOf, terminated, tidyStores, unixTime } from "./beaconing.ts";
import { type ControlContext, countReason, type Destination, type StoredBeacon } from "./context.ts";
import { sendMessage } from "./transport.ts";

/** A way is used again only while it lives so much longer, or new segments have nothing better. */
const LEAST_LIFE_S = 60;

/** Answers whether other segments end here than before. */
export function registerSegments(control: ControlContext, env: Env): boolean {
  tidyStores(control, env);
  const segments: EncodedBeacon[] = [];
  for (const beacon of bestOf(control.store, control.policy)) {
    const segment = terminated(control, beacon, env);
    if (segment === null) countReason(control.counts.segments_refused, "entry_too_long");
    else segments.push(segment);
  }
  segments.sort(compareBeacons);
  const before = control.own;
  control.own = segments;
  control.counts.segments_registered += segments.length;
  if (!control.core) registerDown(control, segments, env);
  const same = segments.length === before.length && segments.every(({ key }, n) => key === before[n]?.key);
  if (!same) control.changedAt = env.now;
  return !same;
}

function registerDown(control: ControlContext, segments: readonly EncodedBeacon[], env: Env): void {
  for (const [origin, own] of Map.groupBy(segments, originOf)) {
    const to = ownWayUp(control, origin, own, env);
    if (to === null) continue;
    sendMessage(control, to, encodeItems("registration", own), env);
  }
}

/** To the control service of the core AS where these segments start, over the first of them whose own interface is up. */
function ownWayUp(
  control: ControlContext,
  origin: IA,
  segments: readonly EncodedBeacon[],
  env: Env,
): Destination | null {
  const plane = planeOf(env);
  const before = control.waysUp.get(origin);
  const now = unixTime(control, env);
  for (const one of segments) {
    const { hops, key } = one;
    if (control.down.has(hops.at(-1)?.ingress ?? 0)) continue;
    if (before?.key === key && before.expiryS - now > LEAST_LIFE_S) return before.to;
    const segment = plane.segmentOf(one);
    if (segment === null) continue;
    const [path] = plane.combine({ up: [segment], core: [], down: [] }, control.ia, origin, 1);
    if (path === undefined) continue;
    const to = destinationOn(path);
    control.waysUp.set(origin, { key, expiryS: path.expiryS, to });
    return to;
  }
  return null;
}

export function destinationOn({ dst, forwarding, mtu }: PathInfo): Destination {
  return { ia: dst, host: "CS", path: forwarding, currInf: 0, currHf: 0, mtu, ifId: 0 };
}

/** Down segments that another AS registers here. */
export function receiveRegistration(
  control: ControlContext,
  bytes: Uint8Array,
  items: readonly Span[],
  packet: Packet,
  env: Env,
): void {
  const { counts } = control;
  counts.segments_received += items.length;
  for (const [start, end] of items) {
    const refused = control.core ? takeSegment(control, bytes, start, end, packet.srcIa, env) : "not_core";
    if (refused !== null) countReason(counts.segments_refused, refused);
  }
}

function takeSegment(
  control: ControlContext,
  bytes: Uint8Array,
  start: number,
  end: number,
  from: IA,
  env: Env,
): string | null {
  const decoded = decodeBeacon(planeOf(env).chains, bytes, start, end, 0);
  if (!decoded.ok) return decoded.error;
  const segment = decoded.value;
  const last = segment.hops.at(-1)?.ia ?? "";
  const wrong = segmentProblem(segment, control.ia, last, unixTime(control, env));
  if (wrong !== null) return wrong;
  if (last !== from) return "not_its_own";
  let store = control.downs.get(last);
  if (store === undefined) {
    store = createBeaconStore<StoredBeacon>(false);
    control.downs.set(last, store);
  }
  const stored = storeBeacon(store, { ...segment, arrived: env.now }, control.policy);
  return stored === "stale" ? "replayed" : stored === "full" ? "store_full" : null;
}

/** What keeps a beacon from being a segment from `origin` to `end`; null: nothing. */
export function segmentProblem(segment: EncodedBeacon, origin: IA, end: IA, now: number): string | null {
  if (segment.next !== null || segment.hops.length < 2) return "not_terminated";
  if (originOf(segment) !== origin || segment.hops.at(-1)?.ia !== end) return "wrong_ends";
  return isExpired(segment, now) ? "expired" : null;
}
