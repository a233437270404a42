/**
 * The AS entries of a segment, made from its hops: MTUs, peer entries and static info (scionproto `control/beaconing/extender.go`,
 * `staticinfo_config.go`). MACs are null: whoever builds a path from the segment derives them (core/combinator).
 */
import type { IA, IfId } from "../address.ts";
import { LINK_TO } from "../forwarding/router.ts";
import { crossingOf } from "../internal-network.ts";
import type { AsEntry, PeerEntry, Segment, StaticInfo } from "../segment.ts";
import type { AsInterface, AsView } from "./as-view.ts";
import type { Beacon, BeaconHop } from "./beacon.ts";

/** Entries made so far, by the texts of their hops and lifetimes: segments that share a hop share its entry. */
export type EntryTable = Map<string, AsEntry>;

/** The segment of a beacon, terminated or not; null where it names an AS or an interface that the network does not have. */
export function segmentOf(beacon: Beacon, views: ReadonlyMap<IA, AsView>, table: EntryTable): Segment | null {
  const entries: AsEntry[] = [];
  for (const hop of beacon.hops) {
    const view = views.get(hop.ia);
    const entry = view === undefined ? null : entryOf(view, hop, table);
    if (entry === null) return null;
    entries.push(entry);
  }
  return { timestamp: beacon.timestamp, segId: beacon.segId, entries };
}

/** The entry of an AS for one of its hops; null where it does not have the interfaces. */
export function entryOf(view: AsView, hop: BeaconHop, table: EntryTable): AsEntry | null {
  const name = `${hop.text}!${hop.expTime}`;
  const before = table.get(name);
  if (before !== undefined) return before;
  const entry = makeEntry(view, hop);
  if (entry !== null) table.set(name, entry);
  return entry;
}

function makeEntry(view: AsView, hop: BeaconHop): AsEntry | null {
  const head = headOf(view, hop);
  return head === null ? null : { ...head, ...tailOf(view, hop) };
}

/** What of an entry hangs on its egress, and on whether a segment begins there. */
export type EntryTail = Pick<AsEntry, "peers" | "staticInfo">;

/** The rest of an entry; null where the AS does not have the interfaces. */
export function headOf(view: AsView, { ingress, egress, expTime }: BeaconHop): Omit<AsEntry, keyof EntryTail> | null {
  const entrance = view.byIfId.get(ingress);
  const exit = view.byIfId.get(egress);
  if ((entrance === undefined && ingress !== 0) || (exit === undefined && egress !== 0)) return null;
  return {
    ia: view.ia,
    next: exit?.neighbour ?? null,
    hop: { ingress, egress, expTime, mac: null },
    ingressMtu: entrance?.mtu ?? 0,
    mtu: view.as.mtu,
  };
}

export function tailOf(view: AsView, { ingress, egress, expTime }: BeaconHop): EntryTail {
  return {
    // A core AS names no peers in the beacons that it originates (scionproto `originator.go`).
    peers: ingress === 0 ? [] : view.peers.map((peer) => peerEntry(peer, egress, expTime)),
    staticInfo: staticInfoOf(view, egress),
  };
}

function peerEntry({ ifId, neighbour, remoteIfId, mtu }: AsInterface, egress: IfId, expTime: number): PeerEntry {
  return {
    peer: neighbour,
    peerInterface: remoteIfId,
    peerMtu: mtu,
    hop: { ingress: ifId, egress, expTime, mac: null },
  };
}

/**
 * Of the links behind the egress and behind peering interfaces; within the AS from the egress to parents, core and peering interfaces and to
 * children of higher id (of two entries joined by a shortcut one then knows the way). scionproto tells of the ingress alone instead of all parents
 * and core interfaces; this way an AS has one text for each egress, whatever the ingress.
 */
function staticInfoOf(view: AsView, egress: IfId): StaticInfo {
  const exit = view.byIfId.get(egress);
  const over = view.interfaces.filter((one) => one === exit || one.linkTo === LINK_TO.peer);
  const within = view.interfaces.filter((one) => isTold(one, egress, exit));
  const told = view.interfaces.filter((one) => one === exit || one.linkTo !== LINK_TO.child);
  const crossings = within.map(({ ifId }) => [ifId, crossingOf(view.as.internal, ifId, egress)] as const);
  const { position, label } = view.as;
  const place = position === undefined ? null : { ...position, address: label ?? "" };
  return {
    latency: {
      intra: new Map(crossings.map(([ifId, { latency }]) => [ifId, latency])),
      inter: known(over, ({ latencyNs }) => latencyNs),
    },
    bandwidthKbps: {
      intra: new Map(crossings.filter(([, { rate }]) => rate > 0).map(([ifId, { rate }]) => [ifId, rate / 1_000])),
      inter: known(over, ({ bandwidthKbps }) => bandwidthKbps),
    },
    geo: place === null ? new Map() : new Map(told.map(({ ifId }) => [ifId, place])),
    linkType: new Map(),
    internalHops: new Map(),
    note: label ?? "",
    carbonGPerGb: known(over, ({ carbonGPerGb }) => carbonGPerGb),
    costPerGb: known(over, ({ costPerGb }) => costPerGb),
    lossRatio: known(over, ({ lossRatio }) => lossRatio),
  };
}

function isTold({ ifId, linkTo }: AsInterface, egress: IfId, exit: AsInterface | undefined): boolean {
  if (exit === undefined || ifId === egress) return false;
  return linkTo !== LINK_TO.child || ifId > egress;
}

function known(interfaces: readonly AsInterface[], of: (one: AsInterface) => number | null): ReadonlyMap<IfId, number> {
  const pairs = interfaces.map((one) => [one.ifId, of(one)] as const);
  return new Map(pairs.filter((pair): pair is readonly [IfId, number] => pair[1] !== null));
}
