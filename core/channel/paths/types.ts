/**
 * The paths of one association: what both ends keep of them. Plain data throughout.
 *
 * How an engine uses them (all functions take the time; an index is a position in `paths.list`, valid until the next call that may
 * open or drop paths; ids last):
 *
 *   createPaths, startPaths           path 0, which the handshake has validated
 *   offerCandidates, pathDown         the selector's offer and wish; news of failures (SCMP, BFD, a local link's loss)
 *   onPacket                          for every packet whose seal was right, before its frames: which path it belongs to
 *   onChallenge, onResponse, onPathStatus, onPathAbandon    frames
 *   nextControl                       until null: frames to send now; controlAcked, controlLost tell what became of them
 *   pickPath, copiesOf                where data may go
 *   noteSent                          for every packet that goes out; noteAcked, noteLost for every packet of data whose fate is known
 *   deadlineOf, onTimeout             timers, those of each path's recovery included
 *   takeLost                          after each of them until -1: packets in flight on paths that failed
 *   takePathEvents, measured          what to tell others
 */
import type { RandomStream } from "../../rng.ts";
import type { Bytes, Nanos } from "../../units.ts";
import type { Coupling } from "../recovery/coupled.ts";

/* Signatures, in files of this folder (filled in one by one):
 * table.ts       createPaths(options: Partial<PathsOptions> & {role}, now): Paths
 *                startPaths(paths, key: string, mtu: Bytes, rtt: Nanos /* of the handshake, 0 unknown * /, now): number      index (0)
 *                pathIndex(paths, id): number | -1
 * offer.ts       offerCandidates(paths, candidates, preferred: number, now): void
 *                pathDown(paths, isDown: (key: string) => boolean, now): void
 * arrivals.ts    onPacket(paths, id, key: string, mtu: Bytes, bytes, newest: boolean, now): number | -1     responder opens paths here
 *                onChallenge(paths, index, data: Uint8Array): void ; onResponse(paths, index, data, now): boolean
 *                onPathStatus(paths, id, sequence, available: boolean, now): void ; onPathAbandon(paths, id, reason, now): void
 * control.ts     nextControl(paths, now, random): Control | null ; controlAcked(paths, control, now): void ; controlLost(paths, control, now): void
 * measured.ts    noteSent(paths, index, bytes): void ; noteAcked(paths, index, bytes, now): void ; noteLost(paths, index, bytes, now): void ; measured(paths): PathReport[]
 * schedulers.ts  pickPath(paths, bytes, now, demand?: Demand): number | -1 ; copiesOf(paths, index, bytes, now): readonly number[]
 * timers.ts      deadlineOf(paths): Nanos | -1 ; dueAt(paths, now): number | -1 (index) ; onTimeout(paths, index, now, news): void   call while dueAt >= 0
 *                takeLost(paths, news): number | -1 (index; news.lost filled) ; takePathEvents(paths): PathEvent[]
 * Challenges, responses and probes are sent with noteSent(recovery, ..., eliciting: false): their loss is no congestion; acked/lost news of them by number -> controlAcked/controlLost.
 */

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
export const ABANDON_REASON = { withdrawn: 0, unanswered: 1, noRoom: 2, unwanted: 3 } as const;
export type AbandonReason = (typeof ABANDON_REASON)[keyof typeof ABANDON_REASON];

/** A challenge whose response still validates. */
export interface PendingChallenge {
  /** 8 bytes. */
  readonly data: Uint8Array;
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
  /** MAX_PLPMTU of this search; sizes above are not tried. */
  ceiling: Bytes;
  /** Least size known not to fit, or ceiling + 1. */
  tooLarge: Bytes;
  /** PROBED_SIZE, 0: no probe is out. */
  probed: Bytes;
  /** PROBE_COUNT. */
  failures: number;
  /** Probe timer, raise timer or time of the next probe; -1: none. */
  timerAt: Nanos;
  /** A probe is to be sent now. */
  due: boolean;
  /** Packets of the current size lost in a row while smaller ones arrived or nothing did (black-hole detection). */
  lostInARow: number;
}

/** Passive measurement since the path was opened. */
export interface PathCounts {
  sentPackets: number;
  sentBytes: Bytes;
  receivedPackets: number;
  receivedBytes: Bytes;
  delivered: number;
  lost: number;
  /** Share lost lately, exponentially weighted over packets; null before any packet's fate was known. */
  loss: number | null;
  /** Delivered lately in bit/s, exponentially weighted over intervals; null before the first. */
  throughput: number | null;
  /** Bytes acknowledged in the current interval, and its beginning (-1: none). */
  interval: Bytes;
  intervalAt: Nanos;
  /** When a packet was acknowledged last, null before. */
  answeredAt: Nanos | null;
}

/** A frame of the path manager, and the packet that has to carry it. */
export type Control =
  | { readonly kind: "challenge"; readonly index: number; readonly id: number; readonly data: Uint8Array; readonly size: Bytes }
  | { readonly kind: "response"; readonly index: number; readonly id: number; readonly data: Uint8Array; readonly size: Bytes }
  /** A packet of `size` bytes with PING and padding. */
  | { readonly kind: "probe"; readonly index: number; readonly id: number; readonly size: Bytes }
  | {
      readonly kind: "status";
      /** Path to send it over. */
      readonly index: number;
      /** Path it is about. */
      readonly id: number;
      readonly sequence: number;
      readonly available: boolean;
      readonly size: Bytes;
    }
  | {
      readonly kind: "abandon";
      readonly index: number;
      readonly id: number;
      readonly reason: AbandonReason;
      readonly size: Bytes;
    };

export type PathEventKind = "opened" | "validated" | "failed" | "revived" | "abandoned" | "current" | "mtu" | "rebound";

export interface PathEvent {
  readonly kind: PathEventKind;
  readonly id: number;
  readonly key: string;
}

export interface PathState {
  /** 0 to 255; opened by the initiator. */
  readonly id: number;
  /** Candidate's key; at the responder what the newest packet of this id came by. */
  key: string;
  state: PathStatus;
  /** The way has answered a challenge (or the handshake did). Until then the responder sends at most 3 times what came. */
  validated: boolean;
  /** Bytes of packets since the way is not validated: received over it, sent over it. */
  allowance: { received: Bytes; sent: Bytes };
  readonly recovery: Recovery;
  readonly acks: Acks;
  readonly validation: Validation;
  /** Responses to send over this way: data of challenges that came over it, at most RESPONSES_KEPT. */
  readonly responses: Uint8Array[];
  readonly pmtu: Pmtu;
  /** Largest packet that data may fill: `pmtu.size`. */
  mtu: Bytes;
  readonly counts: PathCounts;
  /** Of the path's candidate: false where the selector has news against it. */
  usable: boolean;
  /** The selector offers it no longer: abandoned as soon as another carries data. */
  withdrawn: boolean;
  /** What the initiator said last: false: use it only where nothing else is (responder). */
  peerWants: boolean;
  /** Sequence of the newest PATH_STATUS about it, sent or received; -1: none. */
  statusSequence: number;
  /** That PATH_STATUS or the PATH_ABANDON has to be sent (again). */
  statusDue: boolean;
  abandonDue: boolean;
  abandonReason: AbandonReason;
  /** What is in flight has to be declared lost: takeLost. */
  lostDue: boolean;
  /** Given weight, 0: by its window over its round-trip time (scheduler `weighted`). */
  weight: number;
  /** Bytes given by the scheduler over the weight (`weighted`), for fairness. */
  share: number;
}

/** An id that was in use. Its packet numbers go on where they stopped, for a nonce must not come twice. */
export interface RetiredId {
  readonly id: number;
  /** Next packet number to send. */
  readonly next: number;
  /** Highest packet number received, -1: none. */
  readonly received: number;
  /** From then on it may be opened again; initiator: MAX_SAFE_INTEGER until the peer has acknowledged PATH_ABANDON. */
  freeAt: Nanos;
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
  readonly recovery: RecoverySettings;
}

export interface PathTableCounts {
  /** Packets of unknown or retired ids, or of ids there was no room for. */
  refused: number;
  /** Challenges sent; responses that matched none; challenges dropped because too many waited for their response. */
  challenges: number;
  strayResponses: number;
  droppedChallenges: number;
  /** Candidates not opened for want of a free id. */
  noId: number;
  /** Frames about paths that are not there, or older than what is known. */
  staleFrames: number;
  failures: number;
  revivals: number;
  rebindings: number;
  /** Events nobody took. */
  droppedEvents: number;
}

export interface Paths {
  readonly options: PathsOptions;
  started: boolean;
  /** Oldest first; at most `maxPaths`, abandoned ones aside (at most as many again). */
  readonly list: PathState[];
  /** Latest offer (initiator). */
  candidates: readonly Candidate[];
  /** Key of the candidate that the selector wishes, "": none. */
  preferred: string;
  /** Id of the path in use by `single`, -1: none. */
  current: number;
  /** Ids out of use, oldest first; with those in use never more than 256. */
  readonly retired: RetiredId[];
  /** Ids never used yet begin here. */
  nextId: number;
  /** Of the next PATH_STATUS. */
  statusSequence: number;
  /** Scheduler's memory: last index used by round robin, ECF's hysteresis, BLEST's lambda. */
  readonly scheduling: Scheduling;
  readonly coupling: Coupling;
  readonly events: PathEvent[];
  readonly counts: PathTableCounts;
}

export interface Scheduling {
  /** Id that carried the last packet. */
  last: number;
  /** ECF: waits for the fastest path. */
  waiting: boolean;
  /** BLEST: correction of the estimate of what the fast path could have sent. */
  lambda: number;
  /** BLEST: blocking since lambda was adapted, and when it was. */
  blocked: boolean;
  adaptedAt: Nanos;
}

/** What the engine knows about the data to send: ECF and BLEST decide by it. */
export interface Demand {
  /** Bytes waiting to be sent. */
  readonly queued: Bytes;
  /** Bytes that the peer's flow control still lets go (association-wide). */
  readonly credit: Bytes;
  /** Sending was held up by flow control since the last call: head-of-line blocking at the receiver. */
  readonly blocked: boolean;
}
