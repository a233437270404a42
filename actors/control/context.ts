/** What a control service is made of and what it remembers. Plain data. */
import type { IA, IfId } from "../../core/address.ts";
import type { EncodedBeacon } from "../../core/beaconing/beacon-codec.ts";
import type { SegmentKind } from "../../core/beaconing/messages.ts";
import type { BeaconPolicy } from "../../core/beaconing/policy.ts";
import { type BeaconStore, createBeaconStore } from "../../core/beaconing/store.ts";
import { createIncoming, type Incoming, type Outgoing } from "../../core/beaconing/transfer.ts";
import { createClock, type LocalClock } from "../../core/clock.ts";
import type { ActorIndex, Handle } from "../../core/env.ts";
import type { L4 } from "../../core/packet.ts";
import type { OneHopPath, PacketPath } from "../../core/path.ts";
import type { PathPolicy } from "../../core/path-policy/policy.ts";
import { type Nanos, SECOND } from "../../core/units.ts";

/** Defaults of scionproto's `control/config`; what has none there is marked. */
export interface ControlTimes {
  readonly origination: Nanos;
  readonly propagation: Nanos;
  readonly registration: Nanos;
  /** Segments that were asked for are asked for again after so long. */
  readonly cache: Nanos;
  /** Without paths a lookup is repeated after so long (own). */
  readonly retry: Nanos;
  /** An unanswered request is given up (own). */
  readonly patience: Nanos;
  /** Beacons and down segments not renewed for so long are put out; 0: kept until they expire, as scionproto does (own). */
  readonly retention: Nanos;
}

export const CONTROL_TIMES: ControlTimes = {
  origination: 5 * SECOND,
  propagation: 5 * SECOND,
  registration: 5 * SECOND,
  cache: 300 * SECOND,
  retry: SECOND,
  patience: 5 * SECOND,
  retention: 20 * SECOND,
};

/** The paths that a flow may take: those that its policy allows on the way from `src`, also where replies choose their own. */
export interface Allowed {
  readonly policy: PathPolicy;
  readonly src: IA;
}

/** A selector that is offered paths. */
export interface ControlClient {
  readonly selector: ActorIndex;
  readonly dst: IA;
  readonly srcHost: string;
  readonly dstHost: string;
  readonly l4: L4;
  /** Paths are looked up from then on. */
  readonly from: Nanos;
  /** null: all. */
  readonly allowed: Allowed | null;
}

export interface ControlInput {
  readonly ia: IA;
  readonly node: ActorIndex;
  /** Address of the service's one backend. */
  readonly host: string;
  readonly core: boolean;
  readonly epochS: number;
  readonly policy: BeaconPolicy;
  readonly times: ControlTimes;
  readonly clients: readonly ControlClient[];
  readonly maxPaths: number;
  readonly revocation: Nanos;
}

export interface StoredBeacon extends EncodedBeacon {
  readonly arrived: Nanos;
}

/** Where a message goes and how. */
export interface Destination {
  readonly ia: IA;
  readonly host: string;
  readonly path: PacketPath | null;
  readonly currInf: number;
  readonly currHf: number;
  /** Longest packet. */
  readonly mtu: number;
  /** Interface whose bytes are counted as beacons'; 0: none. */
  readonly ifId: IfId;
}

export interface Sending extends Outgoing {
  readonly to: Destination;
  readonly timers: { retransmit?: Handle };
}

/** A way along an up segment. */
export interface WayUp {
  /** The segment's key. */
  readonly key: string;
  readonly expiryS: number;
  readonly to: Destination;
}

export interface CachedSegments {
  readonly segments: readonly EncodedBeacon[];
  readonly until: Nanos;
}

export interface Query {
  readonly name: string;
  readonly id: number;
  readonly kind: SegmentKind;
  /** The core AS asked. */
  readonly at: IA;
  readonly wanted: IA;
  readonly until: Nanos;
}

/** A destination that clients want paths to, the same ones. */
export interface Target {
  readonly dst: IA;
  readonly allowed: Allowed | null;
  readonly clients: readonly ControlClient[];
  /** Fingerprints offered last, in order; null: nothing yet. */
  offered: string | null;
  /** Unix seconds at which the first of the paths offered expires. */
  expiryS: number;
  /** When it is looked at again though nothing has happened. */
  due: Nanos;
}

/** Counts of a run, each from its beginning. Field names are those of `run --json`. */
export interface ControlCounts {
  beacons_originated: number;
  /** Sent on, each to one neighbour. */
  beacons_propagated: number;
  beacons_received: number;
  beacons_stored: number;
  /** By reason. */
  beacons_refused: Record<string, number>;
  beacons_dropped_unrenewed: number;
  beacons_dropped_expired: number;
  segments_registered: number;
  segments_received: number;
  segments_refused: Record<string, number>;
  requests_sent: number;
  requests_unanswered: number;
  requests_received: number;
  answers_refused: number;
  /** Lookups of an AS that the network does not have. */
  unknown_destinations: number;
  offers: number;
  revocations: number;
  messages_sent: number;
  messages_delivered: number;
  messages_given_up: number;
  /** Too long, or too many under way. */
  messages_refused: number;
  messages_malformed: number;
  messages_incomplete: number;
  packets_sent: number;
  packets_resent: number;
  packets_received: number;
  /** Whole packets, acknowledgements included. */
  bytes_sent: number;
}

export interface ControlContext extends ControlInput {
  readonly clock: LocalClock;
  readonly down: Set<IfId>;
  /** Beacons that came. */
  readonly store: BeaconStore<StoredBeacon>;
  /** Segments that end here: up segments, at a core AS core segments. */
  own: readonly EncodedBeacon[];
  /** Down segments that start here, by where they lead. */
  readonly downs: Map<IA, BeaconStore<StoredBeacon>>;
  readonly incoming: Incoming;
  readonly outgoing: Map<number, Sending>;
  /** Number of messages begun, and of requests; also the next one's id. */
  messages: number;
  queries: number;
  readonly asked: Map<string, Query>;
  readonly cache: Map<string, CachedSegments>;
  readonly targets: readonly Target[];
  /** `IA#ifId` and the time until which paths over it are held back. */
  readonly revoked: Map<string, Nanos>;
  /** One-hop paths to neighbours, by interface, and ways to the core ASes where segments start; each as long as it is good. */
  readonly oneHops: Map<IfId, OneHopPath>;
  readonly waysUp: Map<IA, WayUp>;
  /** Bytes of beacon messages sent over each interface. */
  readonly beaconBytes: Map<IfId, number>;
  readonly beaconsSent: Map<IfId, number>;
  /** When the set of segments that end here last changed. */
  changedAt: Nanos;
  readonly counts: ControlCounts;
  readonly timers: { originate?: Handle; propagate?: Handle; register?: Handle; lookup?: Handle };
}

export function createControl(input: ControlInput): ControlContext {
  return {
    ...input,
    clock: createClock(),
    down: new Set(),
    store: createBeaconStore(input.core),
    own: [],
    downs: new Map(),
    incoming: createIncoming(),
    outgoing: new Map(),
    messages: 0,
    queries: 0,
    asked: new Map(),
    cache: new Map(),
    targets: targetsOf(input.clients),
    revoked: new Map(),
    oneHops: new Map(),
    waysUp: new Map(),
    beaconBytes: new Map(),
    beaconsSent: new Map(),
    changedAt: 0,
    counts: createCounts(),
    timers: {},
  };
}

function targetsOf(clients: readonly ControlClient[]): Target[] {
  const alike = Map.groupBy(clients, ({ allowed, dst }) => `${dst} ${JSON.stringify(allowed)}`);
  return [...alike.values()].flatMap((own): Target[] => {
    const [first] = own;
    if (first === undefined) return [];
    const due = Math.min(...own.map(({ from }) => from));
    return [{ dst: first.dst, allowed: first.allowed, clients: own, offered: null, expiryS: 0, due }];
  });
}

export function createCounts(): ControlCounts {
  return {
    beacons_originated: 0,
    beacons_propagated: 0,
    beacons_received: 0,
    beacons_stored: 0,
    beacons_refused: {},
    beacons_dropped_unrenewed: 0,
    beacons_dropped_expired: 0,
    segments_registered: 0,
    segments_received: 0,
    segments_refused: {},
    requests_sent: 0,
    requests_unanswered: 0,
    requests_received: 0,
    answers_refused: 0,
    unknown_destinations: 0,
    offers: 0,
    revocations: 0,
    messages_sent: 0,
    messages_delivered: 0,
    messages_given_up: 0,
    messages_refused: 0,
    messages_malformed: 0,
    messages_incomplete: 0,
    packets_sent: 0,
    packets_resent: 0,
    packets_received: 0,
    bytes_sent: 0,
  };
}

export function countReason(counts: Record<string, number>, reason: string): void {
  counts[reason] = (counts[reason] ?? 0) + 1;
}
