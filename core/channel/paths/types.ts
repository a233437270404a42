/**
 * The paths of one association: what both ends keep of them. Plain data throughout.
 *
 * How an engine uses them (an index is a position in `paths.list`, valid until `sweep`; ids last):
 *
 *   createPaths, startPaths           path 0, which the handshake has validated
 *   offerCandidates, pathDown         the selector's offer and wish; news of failures (SCMP, BFD, a local link's loss)
 *   onPacket                          every packet whose seal was right, before its frames: which path it belongs to
 *   onChallenge, onResponse, onPathStatus, onPathAbandon    frames
 *   nextControl                       until null: frames to send now; controlAcked, controlLost: what became of them
 *   pickPath, copiesOf                where data may go
 *   notePathSent                      every packet that goes out
 *   notePathAcked, notePathLost       every packet of data whose fate is known
 *   deadlineOf, dueAt, onTimeout      timers, those of each path's recovery included
 *   takeLost                          after each of these until -1: packets in flight on paths that failed
 *   takePathEvents, measured          what to tell others
 */
import type { RandomStream } from "../../rng.ts";
import type { BitsPerSecond, Bytes, Nanos } from "../../units.ts";
import type { AckOptions, Acks } from "../recovery/acks.ts";
import type { Coupling } from "../recovery/coupled.ts";
import type { RecoveryOptions } from "../recovery/recovery.ts";
import type { Recovery } from "../recovery/state.ts";

export type Role = "initiator" | "responder";

/**
 * Way from `validating`: `active` carries data, `standby` has answered and waits, `failed` is tried again now and then,
 * `abandoned` only waits for the peer to hear of it.
 */
export type PathStatus = "validating" | "active" | "standby" | "failed" | "abandoned";

export type SchedulerName = "single" | "minrtt" | "round-robin" | "weighted" | "redundant" | "blest" | "ecf";

/** A way that the selector offers; links (Wi-Fi, LTE) are candidates too. */
export interface Candidate {
  /** Fingerprint of the path, or name of the link. */
  readonly key: string;
  /** Largest channel packet, short header to tag, that fits by the metadata. */
  readonly mtu: Bytes;
  /** One way, by the metadata. */
  readonly latencyNs: Nanos | null;
  /** False: the selector has news of a failure. */
  readonly usable: boolean;
}

export type Random = Pick<RandomStream, "below">;

/** Why a path is abandoned, as PATH_ABANDON tells it. */
export const ABANDON_REASON = { withdrawn: 0, displaced: 1, noRoom: 2 } as const;
export type AbandonReason = (typeof ABANDON_REASON)[keyof typeof ABANDON_REASON];

/** The 8 bytes of a challenge, as two whole numbers below 2^32. */
export interface ChallengeData {
  readonly high: number;
  readonly low: number;
}

/** A challenge whose response still validates. */
export interface PendingChallenge {
  readonly data: ChallengeData;
  /** Bytes of the packet that carried it; a response shows that so many fit. */
  readonly size: Bytes;
  readonly sentAt: Nanos;
}

export interface Validation {
  /** Oldest first, at most CHALLENGES_KEPT. */
  readonly pending: PendingChallenge[];
  /** Challenges since the last response. */
  attempts: number;
  /** When the next challenge is due, -1: none is. */
  nextAt: Nanos;
}

/** Phases of RFC 8899, section 5.2. */
export type PmtuPhase = "disabled" | "base" | "searching" | "complete" | "error";

export interface Pmtu {
  phase: PmtuPhase;
  /** PLPMTU: packets of this size are sent. */
  size: Bytes;
  /** By the path's metadata. */
  readonly assumed: Bytes;
  /** MAX_PLPMTU: sizes above are not tried. */
  readonly ceiling: Bytes;
  /** Least size known not to pass, or ceiling + 1. */
  tooLarge: Bytes;
  /** PROBED_SIZE, 0: nothing is probed. */
  probed: Bytes;
  /** PROBE_COUNT, of this size. */
  failures: number;
  /** Probe timer, or in phase `complete` the raise timer; -1: none runs. */
  timerAt: Nanos;
  /** The probe has to be sent (again). */
  due: boolean;
  /** Highest number of a packet above the base that arrived, and how many sent after it were lost (black-hole detection). */
  largeAcked: number;
  largeLost: number;
}

/** Packets of the path since it was opened. */
export interface PathTraffic {
  sentPackets: number;
  sentBytes: Bytes;
  receivedPackets: number;
  receivedBytes: Bytes;
  /** When a packet was acknowledged or a challenge answered last, null before. */
  answeredAt: Nanos | null;
  /** Bytes acknowledged in the current interval of measurement, and its beginning; -1: none has begun. */
  ackedBytes: Bytes;
  ackedSince: Nanos;
  /** Delivered lately, weighted over intervals; null before the first has ended. */
  throughput: BitsPerSecond | null;
}

/** A frame of the path manager, and the packet that has to carry it. */
export type Control =
  | {
      readonly kind: "challenge";
      readonly index: number;
      readonly id: number;
      readonly data: ChallengeData;
      readonly size: Bytes;
    }
  | {
      readonly kind: "response";
      readonly index: number;
      readonly id: number;
      readonly data: ChallengeData;
      readonly size: Bytes;
    }
  | {
      readonly kind: "status";
      /** Path to send it over. */
      readonly index: number;
      /** Path it is about. */
      readonly id: number;
      readonly sequence: number;
      readonly available: boolean;
    }
  | {
      readonly kind: "abandon";
      readonly index: number;
      readonly id: number;
      readonly reason: AbandonReason;
    };

export type PathEventKind =
  | "opened"
  | "validated"
  | "failed"
  | "revived"
  | "abandoned"
  | "current"
  | "mtu"
  | "redirected";

export interface PathEvent {
  readonly kind: PathEventKind;
  readonly id: number;
  readonly key: string;
}

export interface PathState {
  /** 0 to 255; opened by the initiator. */
  readonly id: number;
  /** Place in tables by path, free again when the path is dropped; less than twice `maxPaths`. */
  readonly slot: number;
  /** Candidate's key; at the responder what the newest packet of this id came by. */
  key: string;
  /** Responder: the way that was valid before the peer came by another, "": none. Packets that come by it again restore it. */
  formerKey: string;
  state: PathStatus;
  /** The way has answered a challenge (or the handshake did). Until then the responder sends at most 3 times what came. */
  validated: boolean;
  /** Bytes since the way is not validated: received over it, sent over it. */
  readonly allowance: { received: Bytes; sent: Bytes };
  readonly recovery: Recovery;
  readonly acks: Acks;
  readonly validation: Validation;
  /** Challenges that came over this way and wait for their response, at most RESPONSES_KEPT. */
  readonly responses: ChallengeData[];
  readonly pmtu: Pmtu;
  readonly traffic: PathTraffic;
  /** Of the path's candidate: false where the selector has news against it. */
  usable: boolean;
  /** The selector offers it no longer: abandoned as soon as another carries data. */
  withdrawn: boolean;
  /** Responder: what the initiator said last; false: use it only where nothing else is. */
  wanted: boolean;
  /** Initiator: what the peer has been told about it, true: carries data. */
  told: boolean;
  /** Sequence of the newest PATH_STATUS about it, sent or received; -1: none. */
  statusSequence: number;
  /** That PATH_STATUS has to be sent (again). */
  statusDue: boolean;
  /** Abandoned: until then it stays, for packets that were under way. */
  lingerUntil: Nanos;
  /** What is in flight has to be declared lost: takeLost. */
  lostDue: boolean;
  /** Virtual time of scheduler `weighted`: bytes sent over the path's weight. */
  share: number;
}

/** An id that is not to be used. Its packet numbers go on where they stopped, for a nonce must not come twice. */
export interface RetiredId {
  readonly id: number;
  /** Next packet number to send. */
  next: number;
  /** Highest packet number received, -1: none. */
  received: number;
  /** From then on it may be opened again; MAX_SAFE_INTEGER: not before the peer knows that it was abandoned. */
  freeAt: Nanos;
  readonly reason: AbandonReason;
  /** PATH_ABANDON has to be sent (again). */
  due: boolean;
}

export interface PathsOptions {
  readonly role: Role;
  readonly scheduler: SchedulerName;
  /** Paths in the table, those that failed included; 1 to 16. Default 4. */
  readonly maxPaths: number;
  /** Probe timeouts in a row after which a path has failed. Default 3. */
  readonly failAfter: number;
  /** Probe timeouts in a row from which on other paths are preferred; `single` waits for the failure. Default 1. */
  readonly suspectAfter: number;
  /** Largest packet to probe for; 0: what the metadata say. Default 0. */
  readonly maxMtu: Bytes;
  /** Probe for the path MTU (RFC 8899). Default true. */
  readonly probeMtu: boolean;
  /** Given weights of the scheduler `weighted`, by candidate's key; others go by window over round-trip time. */
  readonly weights: Readonly<Record<string, number>>;
  /** Of every path's sending side; `datagram` is the path's first MTU. Default NewReno, paced. */
  readonly recovery: Partial<Omit<RecoveryOptions, "datagram">>;
  /** Of every path's receiving side: how many packets an acknowledgement, and how late. */
  readonly acks: AckOptions;
}

export interface PathTableCounts {
  opened: number;
  validated: number;
  failures: number;
  revivals: number;
  abandoned: number;
  rebindings: number;
  /** Packets of unknown or retired ids, or of ids there was no room for. */
  refused: number;
  challenges: number;
  /** Responses that matched no challenge. */
  strayResponses: number;
  /** Challenges not answered because too many waited. */
  droppedChallenges: number;
  /** Frames about paths that are not there, or older than what is known. */
  staleFrames: number;
  /** Candidates not opened for want of an id. */
  noId: number;
  /** Events nobody took in time. */
  droppedEvents: number;
}

/** What the recovery of paths that were dropped had counted. */
export interface PathPast {
  spurious: number;
  probeTimeouts: number;
  congestionEvents: number;
}

export interface Paths {
  readonly options: PathsOptions;
  /** Path 0 is there: others may be opened. */
  started: boolean;
  /** Paths to have, withdrawn ones aside; `maxPaths`, or what the peer had room for. */
  limit: number;
  /** Oldest first; at most twice `maxPaths`, those withdrawn or abandoned included. */
  readonly list: PathState[];
  /** Latest offer (initiator). */
  candidates: readonly Candidate[];
  /** Key of the candidate that the selector wishes, "": none. */
  preferred: string;
  /** Id of the path in use by `single`, -1: none. */
  current: number;
  /** When paths over a candidate failed last, by its key: those tried longest ago are tried first. Keys of the latest offer only. */
  readonly failedAt: Map<string, Nanos>;
  /** Ids out of use, oldest first, those of lingering paths included: at most 256. */
  readonly retired: RetiredId[];
  /** Ids never used yet begin here (initiator). */
  nextId: number;
  /** Of the next PATH_STATUS. */
  statusSequence: number;
  /** Scheduler's memory: last index used by round robin, ECF's hysteresis, BLEST's lambda. */
  readonly scheduling: Scheduling;
  readonly coupling: Coupling;
  /** At most EVENTS_KEPT. */
  readonly events: PathEvent[];
  readonly counts: PathTableCounts;
  readonly past: PathPast;
}

export interface Scheduling {
  /** Id that carried the last packet (round robin). */
  last: number;
  /** ECF: waits for the fastest path. */
  waiting: boolean;
  /** BLEST: correction of the estimate of what the fast path could have sent, and when it was changed last. */
  lambda: number;
  adaptedAt: Nanos;
}

/** What the engine knows about the data to send: ECF and BLEST decide by it. */
export interface Demand {
  /** Bytes waiting to be sent. */
  readonly queued: Bytes;
  /** Bytes that the peer's flow control still lets go, over all channels. */
  readonly credit: Bytes;
  /** Flow control has held data back since the last call: the receiver waits for what a slower path carries. */
  readonly blocked: boolean;
}
