/**
 * A resolved scenario: every name looked up, every default filled in, every value in its base unit.
 * It is plain JSON; its canonical text names the run (`topologies/resolve.ts` makes it from YAML).
 */
import type { IA, IfId } from "./address.ts";
import type { SchedulerName } from "./channel/paths/types.ts";
import type { ControllerName } from "./channel/recovery/controller.ts";
import type { Reliability } from "./channel/streams/frames.ts";
import type { PathPolicy } from "./path-policy/policy.ts";
import { MILLISECOND, SECOND } from "./units.ts";

export type LinkType = "core" | "child" | "peer";

/** A quantity drawn anew each time, in the unit of the field that holds it. A draw is never negative. */
export type Distribution =
  | { readonly kind: "fixed"; readonly value: number }
  | { readonly kind: "uniform"; readonly low: number; readonly high: number }
  | { readonly kind: "exponential"; readonly mean: number }
  /** exp(mu + sigma Z), where exp(mu) is the median. */
  | { readonly kind: "lognormal"; readonly median: number; readonly sigma: number }
  /** P(X > x) = (minimum / x)^shape; draws above `maximum` (0: no limit) are cut off at it. */
  | { readonly kind: "pareto"; readonly minimum: number; readonly shape: number; readonly maximum: number }
  /** `[value, cumulative probability]`, both ascending, the last probability 1; linear in between. */
  | { readonly kind: "empirical"; readonly table: readonly (readonly [number, number])[] };

/** What is added to a link's latency, packet by packet. The sum is never below zero. */
export type DelayModel =
  | { readonly kind: "fixed" }
  /** Uniform on [-width, +width]; the width is at most the latency. */
  | { readonly kind: "uniform"; readonly width_ns: number }
  /** Normal with mean 0, drawn again (by inversion: mapped) within [-bound, +bound]; the bound is at most the latency. */
  | { readonly kind: "normal"; readonly deviation_ns: number; readonly bound_ns: number }
  /** Pareto of the second kind (Lomax), from 0: P(X > x) = (1 + x / scale)^-shape, cut off at `maximum`. */
  | { readonly kind: "pareto"; readonly scale_ns: number; readonly shape: number; readonly maximum_ns: number }
  /** Added delay by time since the run began, one value each `step`, from the start again after the last. */
  | { readonly kind: "recorded"; readonly step_ns: number; readonly added_ns: readonly number[] };

/** Gilbert-Elliott in continuous time: exponential stays in a good and a bad state, a loss probability in each. */
export interface BurstLoss {
  readonly good_ns: number;
  readonly bad_ns: number;
  readonly loss_good: number;
  readonly loss_bad: number;
}

/** What decides which packet a full or filling queue gives up, and which is sent next. */
export type QueueDiscipline =
  | { readonly kind: "drop-tail" }
  /** RFC 8289. */
  | { readonly kind: "codel"; readonly target_ns: number; readonly interval_ns: number; readonly ecn: boolean }
  /** Floyd and Jacobson 1993, the gentle variant; thresholds on the average queue in bytes. */
  | {
      readonly kind: "red";
      readonly minimum_bytes: number;
      readonly maximum_bytes: number;
      readonly max_probability: number;
      /** Weight of a new sample in the average. */
      readonly weight: number;
      readonly ecn: boolean;
    }
  /**
   * Strict priority. `bands[i]` holds the DSCPs (high six bits of the traffic class) served before those of later bands; what stands in none
   * goes to the last band, after them all. The queue's bounds hold for each band.
   */
  | { readonly kind: "priority"; readonly bands: readonly (readonly number[])[] };

/** A rate that changes with the time since the run began. */
export type RateSchedule =
  /** In force from `at` until the next step; begins again each `period` (0: never). `rate_bps` 0: the line stands still. Before the first step the link's own rate holds. */
  | {
      readonly kind: "steps";
      readonly period_ns: number;
      readonly steps: readonly { readonly at_ns: number; readonly rate_bps: number }[];
    }
  /** Instants at which up to `bytes` can leave (an unused opportunity is lost); begins again each `period`. */
  | {
      readonly kind: "opportunities";
      readonly period_ns: number;
      readonly bytes: number;
      readonly at_ns: readonly number[];
    };

/** One direction of a link. */
export interface LinkDirection {
  readonly latency_ns: number;
  readonly delay: DelayModel;
  /** 0: no limit. Not used where `schedule` is given from time zero on. */
  readonly rate_bps: number;
  readonly schedule: RateSchedule | null;
  /** Probability that a packet is lost on the line, 0 to 1, each by itself. */
  readonly loss: number;
  readonly burst: BurstLoss | null;
  readonly discipline: QueueDiscipline;
  /** Bounds on packets waiting (the one being sent not counted). 0: no bound of this kind. */
  readonly queue_packets: number;
  readonly queue_bytes: number;
  /** May a packet overtake another when the delay says so? */
  readonly reorder: boolean;
}

/** A link's direction where nothing else is said: 5 ms, 100 Mbit/s, 100 packets of drop-tail queue, nothing lost. */
export const DEFAULT_DIRECTION: LinkDirection = {
  latency_ns: 5 * MILLISECOND,
  delay: { kind: "fixed" },
  rate_bps: 100_000_000,
  schedule: null,
  loss: 0,
  burst: null,
  discipline: { kind: "drop-tail" },
  queue_packets: 100,
  queue_bytes: 0,
  reorder: false,
};

/** Between two interfaces of one AS, either way; 0 stands for its hosts. */
export interface InternalPair {
  readonly a: IfId;
  readonly b: IfId;
  readonly latency_ns: number;
  /** 0: no limit. */
  readonly rate_bps: number;
}

/** What an AS's own network costs a packet; pairs not named have `latency_ns` and `rate_bps`. */
export interface InternalNetwork {
  readonly latency_ns: number;
  /** 0: no limit. */
  readonly rate_bps: number;
  readonly pairs: readonly InternalPair[];
}

export interface NetworkAs {
  readonly ia: IA;
  readonly core: boolean;
  readonly mtu: number;
  /** What people call it. */
  readonly label?: string;
  /** Degrees north and east. */
  readonly position?: { readonly lat: number; readonly lon: number };
  /** Left out: crossing the AS costs nothing. */
  readonly internal?: InternalNetwork;
  /** UDP ports at which hosts take packets themselves, both included; null: none. Left out: 31000 to 32767. */
  readonly dispatched_ports?: { readonly min: number; readonly max: number } | null;
  /** Addresses of the hosts behind each service address (`CS`, `DS`). */
  readonly services?: Readonly<Record<string, readonly string[]>>;
  /** Left out: live mode assigns every address. */
  readonly underlay?: AsUnderlay;
}

/**
 * Where an AS's sockets are in live mode, each `address:port` in canonical text (`192.0.2.1:30042`, `[2001:db8::1]:30042`). What is
 * left out is assigned. The simulator takes no notice.
 */
export interface AsUnderlay {
  /** Of the router towards hosts. Without a port one is assigned, as are those of interfaces on this address. */
  readonly internal?: string;
  /** Of the AS's end of a link, by interface id. */
  readonly interfaces?: Readonly<Record<string, string>>;
  /** Addresses of hosts that are programs outside Pathloom: packets for them leave by the internal socket. */
  readonly outside?: readonly string[];
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
  /** Grams of CO2 for a gigabyte (10^9 bytes) that crosses the link; left out: unknown. */
  readonly carbon_g_per_gb?: number;
  /** Price of a gigabyte that crosses the link, in any currency; left out: unknown. */
  readonly cost_per_gb?: number;
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
  /** The workload that the flow was made for; null for a flow of its own. */
  readonly workload: string | null;
  readonly src: HostSpec;
  readonly dst: HostSpec;
  readonly policy: PolicySpec;
  /** The paths that the policy may choose from; left out: all. */
  readonly path_policy?: PathPolicy;
  /** Path of what comes back: that of the packet answered, turned round, or one chosen by the answering side with the same policy. */
  readonly reply: "reverse" | "select";
  readonly start_ns: number;
  /** Nothing new is begun at or after this time. */
  readonly stop_ns: number;
  /** Whole SCION packet on the wire, headers included, on the first path used; larger messages are cut into packets of this size. */
  readonly packet_size: number;
  /** 8 bits: DSCP and ECN. */
  readonly traffic_class: number;
}

/** One packet each `interval_ns`. `ping`: echo requests, each answered by the other host. */
export interface PacedFlow extends FlowBase {
  readonly app: "constant-rate" | "ping";
  readonly interval_ns: number;
}

/** Packets at exponential intervals with this mean. */
export interface PoissonFlow extends FlowBase {
  readonly app: "poisson";
  readonly interval_ns: number;
}

/** One packet each `interval_ns` while on; lengths of the on and off times in nanoseconds. */
export interface OnOffFlow extends FlowBase {
  readonly app: "on-off";
  readonly interval_ns: number;
  readonly on: Distribution;
  readonly off: Distribution;
}

/** How a flow's data travels in channels of an association between its two hosts (docs/channels.md). Each flow has an association of its own. */
export interface ChannelSpec {
  /** `modelled`: true sizes, nothing computed. */
  readonly crypto: "modelled" | "real";
  readonly keying: "channel" | "association";
  readonly handshake: "xx" | "ik";
  readonly controller: ControllerName;
  /** First congestion window, that of controller `fixed` for good; 0: the controller's own. */
  readonly window_bytes: number;
  readonly pacing: boolean;
  readonly scheduler: SchedulerName;
  /** Most paths at once. */
  readonly paths: number;
  readonly reliability: Reliability;
  /** Packets that ask for an acknowledgement until one is sent at once. */
  readonly ack_every: number;
  /** Bytes that may be under way or unread, of a channel and of all. */
  readonly receive_window_bytes: number;
  /** 0: never. */
  readonly keep_alive_ns: number;
  /** Without a packet for so long the association is over; 0: never. */
  readonly idle_timeout_ns: number;
  readonly ecn: boolean;
}

/** Flows whose data may travel in channels. */
interface DataFlow extends FlowBase {
  /** Left out: over the streams of core/transport. */
  readonly channel?: ChannelSpec;
}

/** A closed loop: request, reliable response, a pause, the next request. A request unanswered for `timeout_ns` is given up. */
export interface RequestResponseFlow extends DataFlow {
  readonly app: "request-response";
  /** Bytes of data. */
  readonly request: Distribution;
  readonly response: Distribution;
  /** Nanoseconds between the end of a response and the next request. */
  readonly think: Distribution;
  readonly timeout_ns: number;
}

/** Files one after another or as they arrive, each over a reliable connection of its own. */
export interface FileTransferFlow extends DataFlow {
  readonly app: "file-transfer";
  /** Bytes of data. */
  readonly size: Distribution;
  /** Nanoseconds: `poisson` between arrivals (mean), `sequential` from the end of a file to the next. */
  readonly arrivals:
    | { readonly kind: "sequential"; readonly gap: Distribution }
    | { readonly kind: "poisson"; readonly interval_ns: number };
  /** Most files; 0: no limit but the time. */
  readonly count: number;
  readonly ecn: boolean;
}

/** Messages at even intervals, cut into packets, worthless after the deadline; nothing is sent again. */
export interface MessageStreamFlow extends DataFlow {
  readonly app: "message-stream";
  readonly interval_ns: number;
  /** Bytes of data. */
  readonly message: Distribution;
  readonly deadline_ns: number;
}

/** One reliable flow with NewReno that always has data, or `bytes` of it (0: no end). */
export interface BulkFlow extends DataFlow {
  readonly app: "bulk";
  readonly bytes: number;
  readonly ecn: boolean;
}

/** An address of a program outside, as IP address and UDP port. */
export interface OutsideAddress {
  readonly address: string;
  readonly port: number;
}

/**
 * Datagrams of programs outside: what they send to `listen`, on the machine of the source, leaves at the destination for `forward`, and
 * answers go back. Only in live mode is there anybody outside.
 */
export interface GatewayFlow extends FlowBase {
  readonly app: "gateway";
  readonly listen: OutsideAddress;
  readonly forward: OutsideAddress;
}

export type FlowSpec =
  | PacedFlow
  | PoissonFlow
  | OnOffFlow
  | RequestResponseFlow
  | FileTransferFlow
  | MessageStreamFlow
  | BulkFlow
  | GatewayFlow;

/** A flow whose data travels in channels. */
export type ChannelFlow = (RequestResponseFlow | FileTransferFlow | MessageStreamFlow | BulkFlow) & {
  readonly channel: ChannelSpec;
};

export function isOverChannels(flow: FlowSpec): flow is ChannelFlow {
  return "channel" in flow && flow.channel !== undefined;
}

/** One direction of one link: that in which packets leave `from`. */
export interface DirectionRef {
  readonly from: LinkEnd;
}

/** What is wrong with a link's direction, on top of what it is; what several faults do adds up. */
export interface Impairment {
  readonly latency_ns: number;
  /** Half width of a uniform variation. */
  readonly jitter_ns: number;
  /** Share of packets lost without any sign. */
  readonly loss: number;
  /** Share that arrives damaged and is thrown away by the receiver's link layer. */
  readonly corrupt: number;
  /** Share that arrives twice. */
  readonly duplicate: number;
  /** Share held back by `reorder_ns`, so that later packets overtake it. */
  readonly reorder: number;
  readonly reorder_ns: number;
  /** Rate of the line meanwhile; null: unchanged, 0: it stands still. Of several the least holds. */
  readonly rate_bps: number | null;
}

export type FaultEffect =
  /** Links, by one of their ends, and whole ASes. A partition is the links across it. */
  | { readonly kind: "down"; readonly links: readonly LinkEnd[]; readonly ases: readonly IA[] }
  /** The end of every `down` of these links and ASes, whatever began it. */
  | { readonly kind: "up"; readonly links: readonly LinkEnd[]; readonly ases: readonly IA[] }
  | { readonly kind: "impair"; readonly directions: readonly DirectionRef[]; readonly impairment: Impairment }
  /** The AS's clock jumps by `step_ns` and then runs fast by `ppm` millionths; where the fault ends it is right again. */
  | { readonly kind: "clock-drift"; readonly ases: readonly IA[]; readonly ppm: number; readonly step_ns: number };

export type FaultTiming =
  /** `for_ns` null: to the end of the run. */
  | { readonly kind: "once"; readonly at_ns: number; readonly for_ns: number | null }
  /** In force for `active_ns`, away for `idle_ns`, and so on from `at_ns`; nothing begins at or after `until_ns`. */
  | {
      readonly kind: "flapping";
      readonly at_ns: number;
      readonly until_ns: number;
      readonly active_ns: number;
      readonly idle_ns: number;
    }
  /** Begins at exponential intervals with this mean after the end of the one before, lasts as long as drawn (nanoseconds). */
  | {
      readonly kind: "random";
      readonly from_ns: number;
      readonly until_ns: number;
      readonly between_ns: number;
      readonly duration: Distribution;
    };

/** A fault by its id in the timeline. Random times are drawn from (seed, id), so that every policy meets the same. */
export interface FaultSpec {
  readonly id: string;
  readonly timing: FaultTiming;
  readonly effect: FaultEffect;
}

/**
 * How routers notice that a link is down: by BFD's own packets, or (`off`) by a fixed time after the fact, which costs no events.
 * `interval_ns` is both Desired Min TX and Required Min RX.
 */
export interface BfdSpec {
  readonly mode: "on" | "off";
  readonly interval_ns: number;
  readonly multiplier: number;
}

/** What a run writes down beside its totals. */
export interface RecordSpec {
  /** Length of one row of the time series; 0: none. */
  readonly series_ns: number;
  /** Packets of each flow whose delay is kept one by one, a uniform sample; 0: none. */
  readonly samples: number;
}

/** A stretch of the run that is reported by itself; packets belong to the one in which they were sent. */
export interface PhaseSpec {
  readonly name: string;
  readonly from_ns: number;
  /** Not included. */
  readonly to_ns: number;
}

/** Who uses the policy under test: a single pair of hosts while the others use `shortest`, or all pairs. */
export type Adoption = "one" | "all";

/** What `pathloom compare` does with the scenario where its flags say nothing else. */
export interface CompareSpec {
  readonly policies: readonly PolicySpec[];
  readonly adoptions: readonly Adoption[];
  readonly replications: number;
  /** Name of the policy that the others are compared with; null: each with the best. */
  readonly baseline: string | null;
  /** Flows that keep the policy of their own and are not measured. */
  readonly background: readonly string[];
  /** In order of time, without overlap. */
  readonly phases: readonly PhaseSpec[];
}

/**
 * How an AS comes to know paths. `oracle`: the segments that beaconing converges to, known at once and for nothing; `beaconing`: control services
 * send beacons through the network.
 */
export type Discovery = "oracle" | "beaconing";

/** How the control services go about it. */
export interface BeaconingSpec {
  /** Between two originations, two propagations and two registrations of a control service. */
  readonly interval_ns: number;
}

export interface Scenario {
  readonly name: string;
  readonly seed: number;
  /** Unix seconds at time zero of the run; hop fields are stamped with it. */
  readonly epoch_s: number;
  readonly duration_ns: number;
  /** Goodput, delays and utilization are measured from here on; counts of packets are of the whole run. */
  readonly warmup_ns: number;
  /** Without BFD: time until a router notices that its link is down or back. */
  readonly detection_ns: number;
  /** Left out: off. */
  readonly bfd?: BfdSpec;
  /** Master keys of ASes as 32 hex digits; the others have keys of the seed. */
  readonly keys?: Readonly<Record<IA, string>>;
  /** How long a selector avoids a path after news that an interface on it is down. */
  readonly revocation_ns: number;
  /** Most paths offered to a selector. */
  readonly max_paths: number;
  /** Left out: `oracle`. */
  readonly discovery?: Discovery;
  /** Left out: 5 s. */
  readonly beaconing?: BeaconingSpec;
  readonly network: Network;
  readonly flows: readonly FlowSpec[];
  readonly faults: readonly FaultSpec[];
  readonly record: RecordSpec;
  readonly compare?: CompareSpec;
}

/** What is wrong with a link where nothing is said to be. */
export const NO_IMPAIRMENT: Impairment = {
  latency_ns: 0,
  jitter_ns: 0,
  loss: 0,
  corrupt: 0,
  duplicate: 0,
  reorder: 0,
  reorder_ns: 0,
  rate_bps: null,
};

/** What a flow has where nothing else is said. */
export const FLOW_DEFAULTS = { workload: null, reply: "reverse", traffic_class: 0 } as const;

/** What a scenario has where nothing else is said. Hop fields are stamped with the epoch; detection is BFD's three times 200 ms. */
export const SCENARIO_DEFAULTS = {
  seed: 1,
  epoch_s: 1_700_000_000,
  detection_ns: 600 * MILLISECOND,
  bfd: { mode: "off", interval_ns: 200 * MILLISECOND, multiplier: 3 },
  revocation_ns: 10 * SECOND,
  max_paths: 20,
  warmup_ns: 0,
  record: { series_ns: 0, samples: 0 },
} as const;
