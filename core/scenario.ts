/**
 * A resolved scenario: every name looked up, every default filled in, every value in its base unit.
 * It is plain JSON; its canonical text names the run (`topologies/resolve.ts` makes it from YAML).
 */
import type { IA, IfId } from "./address.ts";
import { MILLISECOND, SECOND } from "./units.ts";

export type LinkType = "core" | "child" | "peer";

/** One direction of a link. */
export interface LinkDirection {
  readonly latency_ns: number;
  /** Half width of a uniform distribution around `latency_ns`; never above it. */
  readonly jitter_ns: number;
  /** 0: no limit. */
  readonly rate_bps: number;
  /** Probability that a packet is lost on the line, 0 to 1. */
  readonly loss: number;
  /** Bounds on packets waiting (the one being sent not counted). 0: no bound of this kind. */
  readonly queue_packets: number;
  readonly queue_bytes: number;
  /** May a packet overtake another when jitter says so? */
  readonly reorder: boolean;
}

export interface NetworkAs {
  readonly ia: IA;
  readonly core: boolean;
  readonly mtu: number;
}

export interface LinkEnd {
  readonly ia: IA;
  readonly ifId: IfId;
}

/** A link; for `child`, `a` is the parent. `ab` is the direction from a to b. */
export interface NetworkLink {
  readonly a: LinkEnd;
  readonly b: LinkEnd;
  readonly type: LinkType;
  readonly mtu: number;
  readonly ab: LinkDirection;
  readonly ba: LinkDirection;
}

/** ASes ordered by ISD and AS number, links by their first end; both orders are part of a run's identity. */
export interface Network {
  readonly name: string;
  readonly ases: readonly NetworkAs[];
  readonly links: readonly NetworkLink[];
}

/** `params` are the policy's own (for `pinned`: `path`, a fingerprint or an index). */
export interface PolicySpec {
  readonly name: string;
  readonly params: Readonly<Record<string, string | number | boolean>>;
}

/** `ia,host` as SCION prints it; the host part is an IP address. */
export interface HostSpec {
  readonly ia: IA;
  readonly host: string;
}

interface FlowBase {
  readonly id: string;
  readonly src: HostSpec;
  readonly dst: HostSpec;
  readonly policy: PolicySpec;
  readonly start_ns: number;
  /** No packet is sent at or after this time. */
  readonly stop_ns: number;
  /** Time between two packets. */
  readonly interval_ns: number;
  /** Whole SCION packet on the wire, headers included, on the first path used. */
  readonly packet_size: number;
}

export interface ConstantRateFlow extends FlowBase {
  readonly app: "constant-rate";
}

export interface PingFlow extends FlowBase {
  readonly app: "ping";
}

export type FlowSpec = ConstantRateFlow | PingFlow;

/** A link by either of its ends; both directions go down or come back together. */
export interface FaultSpec {
  readonly at_ns: number;
  readonly event: "down" | "up";
  readonly link: LinkEnd;
}

export interface Scenario {
  readonly name: string;
  readonly seed: number;
  /** Unix seconds at time zero of the run; hop fields are stamped with it. */
  readonly epoch_s: number;
  readonly duration_ns: number;
  /** Time until a router notices that its link is down or back (BFD's default: three times 200 ms). */
  readonly detection_ns: number;
  /** How long a selector avoids a path after news that an interface on it is down. */
  readonly revocation_ns: number;
  /** Most paths offered to a selector. */
  readonly max_paths: number;
  readonly network: Network;
  readonly flows: readonly FlowSpec[];
  readonly faults: readonly FaultSpec[];
}

/** What a scenario has where nothing else is said. Hop fields are stamped with the epoch; detection is BFD's three times 200 ms. */
export const SCENARIO_DEFAULTS = {
  seed: 1,
  epoch_s: 1_700_000_000,
  detection_ns: 600 * MILLISECOND,
  revocation_ns: 10 * SECOND,
  max_paths: 20,
} as const;
