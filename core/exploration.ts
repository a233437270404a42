/**
 * What the explorer shows of a run: plain data that crosses from the worker which runs the simulator to the page. `sim/exploration` makes it,
 * `viz/page` draws it. Times are nanoseconds since the run began; an *event number* counts deliveries, so that "after event n" names one
 * exact state of the world (0: before the first).
 */
import type { IA } from "./address.ts";
import type { LinkType } from "./scenario.ts";
import type { BitsPerSecond, Bytes, Nanos } from "./units.ts";

// ---- What there is: sent once for a run ----

export interface OutlinedAs {
  readonly ia: IA;
  readonly core: boolean;
  readonly label: string | null;
  readonly position: { readonly lat: number; readonly lon: number } | null;
  readonly mtu: Bytes;
}

export interface OutlinedLink {
  /** `IA#ifId`; of `child` links `a` is the parent. */
  readonly a: string;
  readonly b: string;
  readonly type: LinkType;
  readonly mtu: Bytes;
  readonly latency_ms: number;
  /** 0: no limit. Of the direction from a to b. */
  readonly rate_bps: BitsPerSecond;
}

export interface OutlinedFlow {
  readonly id: string;
  readonly app: string;
  readonly src: string;
  readonly dst: string;
  readonly policy: string;
  /** Actor that gives its packets their paths. */
  readonly selector: string | null;
}

export interface OutlinedActor {
  readonly id: string;
  /** Name of its logic: node, link, selector, host, source, association ... */
  readonly logic: string;
  readonly ia: IA;
}

/**
 * `flows[n]` has the flow number n in packets (data). Direction `2 * l` is that of `links[l]` from a to b, `2 * l + 1` the other; their actors are
 * `directions[...]`. ASes, links, flows in the scenario's order.
 */
export interface RunOutline {
  readonly name: string;
  readonly seed: number;
  readonly duration_ns: Nanos;
  /** `sim`: simulated here; `record`: a recorded run, its deliveries as they were. */
  readonly source: "sim" | "record";
  /** The world the run is of. */
  readonly world: "sim" | "live";
  readonly ases: readonly OutlinedAs[];
  readonly links: readonly OutlinedLink[];
  /** Ids of the link actors. */
  readonly directions: readonly string[];
  readonly flows: readonly OutlinedFlow[];
  /** Those there are at the beginning. */
  readonly actors: readonly OutlinedActor[];
  /** Policies that a fork can put in place of another. */
  readonly policies: readonly string[];
  /**
   * Of forks: after which event, and the number of events that the changes themselves are: `event + 1` to `event + own`. Event n of the
   * run without the fork is, up to the first difference, event n + own of the fork, from `event + 1` on.
   */
  readonly fork?: { readonly event: number; readonly own: number };
}

// ---- How far the run is known: sent while it is run ahead ----

export type BookmarkKind = "fault" | "switch" | "drop" | "state" | "first-difference";

/** An instant worth looking at. */
export interface Bookmark {
  readonly kind: BookmarkKind;
  readonly time_ns: Nanos;
  /** Number of the event that did it; the state after it shows it. */
  readonly event: number;
  readonly actor: string;
  /** "link 1-ff00:0:110#2 fails", "f1 goes over to path 5ad2e1f0 (111-110-112)", "first packet dropped at 1-ff00:0:110's link to 1-ff00:0:112: queue_overflow". */
  readonly text: string;
}

export interface Progress {
  readonly known_ns: Nanos;
  readonly events: number;
  /** Packets put on links so far. */
  readonly hops: number;
  /** Time spent on running alone. */
  readonly busy_ms: number;
  readonly ended: boolean;
  /** Of the whole run, once it has ended. */
  readonly digest: string | null;
  /** What recorded runs say of themselves: their digest is that of the record, the replay differs, it was cut off ... null: nothing. */
  readonly verdict: string | null;
  /** New ones since the last progress. */
  readonly bookmarks: readonly Bookmark[];
  /** New bins since the last progress, those that may still change left out. */
  readonly series: readonly SeriesPart[];
}

/**
 * What a series is of. `link`: a direction's actor id; `flow`: a flow's id; `path`: `FLOW/FINGERPRINT`.
 *   link.load (share of time sending), link.queue (packets waiting at the bin's end), link.drops (packets),
 *   flow.goodput (bit/s), flow.delay (mean ms, NaN: nothing arrived), flow.sent, flow.lost (packets),
 *   path.packets, path.cwnd, path.inflight (bytes), path.srtt (ms), path.lost (packets): NaN where nothing is known.
 */
export type SeriesName =
  | "link.load"
  | "link.queue"
  | "link.drops"
  | "flow.goodput"
  | "flow.delay"
  | "flow.sent"
  | "flow.lost"
  | "path.packets"
  | "path.cwnd"
  | "path.inflight"
  | "path.srtt"
  | "path.lost";

/** Values of consecutive bins from number `from` on; bin n covers n * bin_ns (included) to (n + 1) * bin_ns (not included). */
export interface SeriesPart {
  readonly name: SeriesName;
  readonly of: string;
  readonly bin_ns: Nanos;
  readonly from: number;
  readonly values: Float64Array;
}

/** One-way delays of a flow (of pings, round trips) since the warm-up, as far as the run is known: counts by upper bound, ascending. */
export interface DelayDistribution {
  readonly flow: string;
  readonly count: number;
  readonly upper_ms: Float64Array;
  readonly counts: Float64Array;
}

// ---- The state at the cursor ----

/** By index of the AS, the direction and the flow in the outline. */
export interface Frame {
  readonly now: Nanos;
  /** Events handled. */
  readonly event: number;
  readonly playing: boolean;
  /** Share of the last 100 ms (simulated) in which the line was sending. */
  readonly load: Float32Array;
  /** Packets waiting over the bound of the queue (1: full; a queue without bound: over 100 packets). */
  readonly queue: Float32Array;
  /** 0: up, 1: down, 2: up but impaired. */
  readonly link: Uint8Array;
  /** 0: up, 1: failed. */
  readonly node: Uint8Array;
  /** Under way on lines now, those that wait in queues not counted. */
  readonly underWay: number;
  /** Of those under way, a sample that stays the same from frame to frame (by flow and number): direction, place 0..1, flow (-1: none), path (index, see `paths`). */
  readonly packetDirection: Int32Array;
  readonly packetPlace: Float32Array;
  readonly packetFlow: Int32Array;
  readonly packetPath: Int32Array;
  /** Fingerprint (or interfaces, where the path has none) by index; grows, an index never changes its meaning within a run. */
  readonly paths: readonly string[];
}

/** A path end to end, for drawing: directions in order. */
export interface DrawnPath {
  readonly fingerprint: string;
  readonly interfaces: readonly string[];
  readonly directions: readonly number[];
}

// ---- The event log ----

export interface LogRow {
  /** Number of the event. */
  readonly event: number;
  readonly time_ns: Nanos;
  readonly actor: string;
  /** "packet" with, where it is of no flow, its protocol ("packet scmp.interface-down"); or the type of the control event. */
  readonly kind: string;
  /** Flow id and number of a packet; null: none. */
  readonly flow: string | null;
  readonly packet: number | null;
  /** Interface a packet came in by; 0: from inside the AS. */
  readonly ifId: number | null;
  /** Actor that sent it; null: a fault, or a place outside. */
  readonly from: string | null;
  /** When it was sent. */
  readonly sent_ns: Nanos;
  /** Why the packet ended here; null: it did not. */
  readonly dropped: string | null;
  /** Other packets that ended with this event: held or under way where a link failed, thrown out of a queue. Left out: none. */
  readonly others?: readonly { readonly reason: string; readonly packets: number }[];
}

/** Every part given must hold. Texts match where they are contained, whatever the case. */
export interface LogFilter {
  readonly actor?: string;
  readonly kind?: string;
  readonly flow?: string;
  readonly packet?: number;
  readonly dropped?: boolean;
  readonly from_ns?: Nanos;
  readonly to_ns?: Nanos;
}

export interface LogPage {
  /** Rows that match so far. */
  readonly total: number;
  /** Rows `first`, `first + 1` ... of those. */
  readonly first: number;
  readonly rows: readonly LogRow[];
  /** Of events before this one, nothing is kept any more (the log has a bound). 0: everything is there. */
  readonly keptFrom: number;
}

// ---- One actor ----

export interface ChartState {
  /** Path in the machine, "" for its root: "established.draining". */
  readonly path: string;
  readonly name: string;
  /** Path of the state around it; null for the root. */
  readonly parent: string | null;
  readonly kind: "atomic" | "compound" | "parallel" | "final";
  readonly initial: boolean;
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  /** Times entered up to the cursor. */
  readonly entered: number;
}

export interface ChartTransition {
  readonly from: string;
  /** null: stays where it is. */
  readonly to: string | null;
  /** "" for `always`. */
  readonly event: string;
  readonly guard: string | null;
  readonly actions: readonly string[];
  /** Times taken up to the cursor. */
  readonly taken: number;
}

/** A machine's statechart, read from the machine itself. */
export interface ChartView {
  readonly id: string;
  readonly states: readonly ChartState[];
  readonly transitions: readonly ChartTransition[];
  /** Paths of the states it is in. */
  readonly current: readonly string[];
  /** Events past the interpreter (packets, hot timers), by type, with the times handled. */
  readonly handled: readonly { readonly event: string; readonly times: number }[];
  /** Over all actors of this machine up to the cursor. */
  readonly coverage: {
    readonly states: number;
    readonly ofStates: number;
    readonly transitions: number;
    readonly ofTransitions: number;
  };
}

/** A value of a context, cut where it is deep or long. */
export type ContextView =
  | { readonly kind: "value"; readonly text: string }
  | {
      readonly kind: "group";
      readonly what: string;
      readonly entries: readonly (readonly [key: string, value: ContextView])[];
      readonly more: number;
    };

export interface TimerView {
  readonly event: string;
  readonly due_ns: Nanos;
}

export interface NodeFace {
  readonly kind: "node";
  readonly ia: IA;
  readonly interfaces: readonly {
    readonly ifId: number;
    readonly to: string;
    readonly type: string;
    readonly up: boolean;
    readonly link: string;
  }[];
  readonly counters: readonly { readonly name: string; readonly value: number }[];
  readonly drops: readonly { readonly reason: string; readonly packets: number }[];
}

export interface LinkFace {
  readonly kind: "link";
  readonly from: string;
  readonly to: string;
  readonly up: boolean;
  readonly rate_bps: BitsPerSecond;
  readonly latency_ms: number;
  readonly waiting: number;
  readonly bound: number;
  readonly packets: number;
  readonly bytes: Bytes;
  readonly drops: readonly { readonly reason: string; readonly packets: number }[];
  readonly causes: readonly string[];
}

/** A candidate of a selector. */
export interface CandidateView {
  readonly fingerprint: string;
  readonly interfaces: readonly string[];
  readonly directions: readonly number[];
  readonly usable: boolean;
  /** Why not: news that bars it, with its end. */
  readonly barred: string | null;
  readonly chosen: boolean;
  readonly packets: number;
  /**
   * What the policy went by: "latency 12.1 ms", "links 3"; `value` null: not known, or shut out. `share`: 0 (worst of those known) to 1 (best), for
   * drawing. null where the policy has no figure for one path.
   */
  readonly score: {
    readonly name: string;
    readonly value: number | null;
    readonly text: string;
    readonly share: number;
  } | null;
  readonly latency_ms: number | null;
  readonly mtu: Bytes;
  readonly links: number;
  readonly srtt_ms: number | null;
  readonly loss: number | null;
  readonly goodput_bps: number | null;
}

export interface SelectorFace {
  readonly kind: "selector";
  readonly flow: string;
  readonly policy: string;
  readonly candidates: readonly CandidateView[];
  /** In words: "latency is least (12.1 ms) among the 2 usable of 3 paths". */
  readonly why: string;
  /** The latest changes, the newest last, each with the news that led to it where one did. */
  readonly switches: readonly {
    readonly time_ns: Nanos;
    readonly event: number;
    readonly from: string | null;
    readonly to: string;
    readonly because: string;
    /** Number of the event that brought the news: the packet, where one did; else of the change itself. */
    readonly told: number;
  }[];
  /** Changes so far, those not listed included. */
  readonly changes: number;
}

export interface ChannelPathView {
  readonly path: string;
  readonly state: string;
  readonly cwnd: Bytes | null;
  readonly ssthresh: Bytes | null;
  readonly inFlight: Bytes;
  readonly srtt_ms: number | null;
  readonly lost: number;
  readonly sent: number;
}

/** Of associations, and of reliable streams without channels (one path each). */
export interface TransportFace {
  readonly kind: "transport";
  readonly protocol: "channel" | "stream";
  readonly state: string;
  readonly controller: string;
  readonly paths: readonly ChannelPathView[];
  readonly channels: readonly {
    readonly id: number;
    readonly state: string;
    readonly sent: Bytes;
    readonly received: Bytes;
    readonly credit: Bytes;
  }[];
}

/** Applications: what they have counted. */
export interface CountersFace {
  readonly kind: "counters";
  readonly counters: readonly { readonly name: string; readonly value: number | string }[];
}

export type ActorFace = NodeFace | LinkFace | SelectorFace | TransportFace | CountersFace;

export interface ActorView {
  readonly id: string;
  readonly logic: string;
  readonly ia: IA;
  readonly now: Nanos;
  readonly event: number;
  /** Value of the machine, "stopped" where the actor has ended. */
  readonly state: string;
  readonly chart: ChartView;
  readonly context: ContextView;
  /** The newest last. */
  readonly recent: readonly LogRow[];
  readonly timers: readonly TimerView[];
  readonly face: ActorFace | null;
}

// ---- Messages between actors, for the sequence chart ----

export interface SequenceMessage {
  /** Number of the event that delivered it; of those that never arrived, of the event that ended them. */
  readonly event: number;
  readonly from: string;
  readonly to: string;
  readonly sent_ns: Nanos;
  readonly received_ns: Nanos;
  readonly label: string;
  readonly flow: string | null;
  readonly dropped: string | null;
}

// ---- Forks ----

/** `link`: one of its ends, `IA#ifId`; both directions are meant. `flow`: an id, `*` for all. */
export type Change =
  | { readonly kind: "cut" | "heal"; readonly link: string }
  | {
      readonly kind: "policy";
      readonly flow: string;
      readonly policy: string;
      readonly params: Readonly<Record<string, string | number | boolean>>;
    }
  | { readonly kind: "link-rate"; readonly link: string; readonly rate_bps: BitsPerSecond }
  | { readonly kind: "flow-rate"; readonly flow: string; readonly rate_bps: BitsPerSecond };

/** Another future: the run up to `event`, then `changes` at that instant, before anything else. */
export interface Fork {
  readonly event: number;
  readonly changes: readonly Change[];
}

/** What a future came to from the fork to its end, or as far as it is known. */
export interface FutureTotals {
  readonly until_ns: Nanos;
  readonly flows: readonly {
    readonly id: string;
    readonly sent: number;
    readonly received: number;
    readonly lost: number;
    readonly goodput_bps: number;
    readonly latency_mean_ms: number | null;
    readonly switches: number;
  }[];
  readonly drops: readonly { readonly reason: string; readonly packets: number }[];
}

/** Something wrong that the page must say. Where it is about a file's text, line and column count from 1. */
export interface ExplorerProblem {
  readonly message: string;
  readonly places: readonly {
    readonly file: string;
    readonly line: number;
    readonly column: number;
    readonly message: string;
    readonly advice: string | null;
    /** What was probably meant in place of what stands there; left out: nothing is near. */
    readonly didYouMean?: string;
  }[];
}
