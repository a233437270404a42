/**
 * One association: two ends, their keys, their paths and the channels between them, as plain data. Nothing here reads a clock or
 * sends: whoever owns it hands in packets and the time, takes packets out until there are none, and calls again at its deadline.
 *
 *     connect, acceptInitial           an end that asks; an end that was asked and has seen a valid cookie (handshake.ts)
 *     receive                          a packet that came (ingress.ts)
 *     transmit                         the next packet to go, null: none (egress.ts)
 *     deadlineOf, onTimeout            one timer for all (timers.ts)
 *     close, closeWhenDone             ends it (closing.ts)
 *     takeTransition                   what became of it; channels and paths keep news of their own
 *
 *     idle --connect--> connecting --cookie--> handshaking --completed--> established --close--> closing --+
 *                           |                      |                        |   |                          +--> closed
 *                           |                      |                        |   +--the peer closes--> draining
 *                           +----------------------+---failed---> closed <--+ idle too long, reset by the peer
 */
import type { RandomStream } from "../../rng.ts";
import { MILLISECOND, SECOND, type Bytes, type Nanos } from "../../units.ts";
import type { SecretRing } from "../crypto/cookies.ts";
import type { CryptoMode, Keying, Keys } from "../crypto/keys.ts";
import { ID_BYTES, type LongPacket } from "../crypto/long-packets.ts";
import type { Noise, NoisePattern } from "../crypto/noise.ts";
import type { KeyPair, Primitives } from "../crypto/primitives.ts";
import { allowanceOf, createPaths } from "../paths/table.ts";
import type { Control, Paths, PathsOptions, PathState, Role } from "../paths/types.ts";
import { type Channels, createChannels, type Limits, type Windows } from "../streams/channels.ts";
import { MODELLED_PRIMITIVES } from "../crypto/modelled.ts";
import type { OwedRekey } from "./rekeying.ts";
import type { PacketCopy } from "./copies.ts";

/** The world as far as the engine may see it. */
export interface Surroundings {
  readonly now: Nanos;
  readonly primitives: Primitives;
  random(purpose: string): RandomStream;
}

export type Phase = "idle" | "connecting" | "handshaking" | "established" | "closing" | "draining" | "closed";

/** Steps of the association's way, in the words of its machine (actors/channel/association.ts). */
export type Transition =
  | "association.opened"
  | "association.begun"
  | "handshake.cookie"
  | "handshake.answered"
  | "handshake.completed"
  | "handshake.failed"
  | "association.closed"
  | "association.violated"
  | "peer.closed"
  | "peer.reset"
  | "idle.expired"
  | "close.expired";

export type EndingWord =
  | "closed"
  | "violation"
  | "handshake-timeout"
  | "refused"
  | "version"
  | "identity"
  | "idle"
  | "reset";

/** Why an association is over, and who ended it. */
export interface Ending {
  readonly by: "us" | "peer" | "nobody";
  readonly word: EndingWord;
  readonly code: number;
  readonly reason: string;
}

export interface AssociationOptions {
  /** Default "XX". */
  readonly pattern: NoisePattern;
  readonly localStatic: KeyPair;
  /** The identity that the peer must have; IK's initiator needs it. null: anybody's. */
  readonly remoteStatic: Uint8Array | null;
  readonly crypto: CryptoMode;
  readonly keying: Keying;
  readonly paths: Partial<Omit<PathsOptions, "role">>;
  readonly windows: Partial<Windows>;
  readonly limits: Partial<Limits>;
  /** Without a packet for so long the association is over; 0: never. The smaller of both ends' counts. */
  readonly idleTimeout: Nanos;
  /** A PING after so long without a packet; 0: never. */
  readonly keepAlive: Nanos;
  /** Wait for an answer before the handshake's packet is sent again; doubles each time, give or take a quarter. */
  readonly handshakeTimeout: Nanos;
  readonly handshakeAttempts: number;
  /** Packets after which a channel's keys are changed; 0: never. */
  readonly rekeyAfter: number;
  /** Largest channel packet this end takes (short header to tag). */
  readonly maxPacket: Bytes;
}

/** All but the identity. */
export const ASSOCIATION_DEFAULTS: Omit<AssociationOptions, "localStatic"> = {
  pattern: "XX",
  remoteStatic: null,
  crypto: "real",
  keying: "channel",
  paths: {},
  windows: {},
  limits: {},
  idleTimeout: 30 * SECOND,
  keepAlive: 0,
  handshakeTimeout: 500 * MILLISECOND,
  handshakeAttempts: 8,
  rekeyAfter: 0,
  maxPacket: 65_000,
};

/** What is left to do of a handshake. */
export interface Handshake {
  readonly noise: Noise;
  /** What this end sends until it is answered; null: it waits for the peer. */
  packet: LongPacket | null;
  /** That packet is to go now. */
  due: boolean;
  /** Sent once: a retry for a peer that connects to us meanwhile, and the secret of its cookie. */
  answer: LongPacket | null;
  ring: SecretRing | null;
  attempts: number;
  /** When it goes again, -1: not by itself. */
  retryAt: Nanos;
  /** When it went; -1: more than once, so that an answer tells no round-trip time. */
  sentAt: Nanos;
  /** Round trip as the handshake saw it, 0: unknown. */
  rtt: Nanos;
  /** Retries taken; a forged one is replaced by the next. */
  cookies: number;
  /** Way that the handshake takes, and the largest channel packet it carries. */
  key: string;
  mtu: Bytes;
}

/** A packet's freight beside its first piece of data: what to tell others when it is acknowledged or lost. */
export type Cargo =
  | {
      readonly kind: "piece";
      readonly channel: number;
      readonly offset: number;
      readonly length: number;
      readonly flags: number;
    }
  /** A control frame of the channels, as they name it. */
  | { readonly kind: "control"; readonly reference: number }
  | { readonly kind: "path"; readonly control: Control }
  | { readonly kind: "rekey"; readonly owed: OwedRekey };

export interface AssociationCounts {
  sent: number;
  received: number;
  /** Packets that ended at each filter of the ingress, by its word. */
  readonly dropped: Record<DropWord, number>;
  handshakesSent: number;
  cookies: number;
  /** Initials of a peer that connects to us while we connect to it. */
  crossings: number;
  pings: number;
  rekeys: number;
  /** Frames that came for channels that are over. */
  violations: number;
  closesSent: number;
  /** Copies never sent, since too many waited for a path. */
  copiesDropped: number;
}

/** Why a packet changes nothing. */
export type DropWord =
  | "truncated"
  | "not_for_us"
  | "wrong_phase"
  | "undecryptable"
  | "forged"
  | "replayed"
  | "unknown_path"
  | "malformed"
  | "unexpected_long";

export interface Association {
  readonly options: AssociationOptions;
  role: Role;
  phase: Phase;
  /** 8 bytes: what the peer puts into its packets, and what we do. */
  localId: Uint8Array;
  remoteId: Uint8Array;
  handshake: Handshake | null;
  /** The peer's static key, once it is known. */
  identity: Uint8Array | null;
  keys: Keys | null;
  channels: Channels;
  paths: Paths;
  /** The peer has shown that it has the keys. */
  confirmed: boolean;
  /** Of this end's, told to the peer; and the peer's. Empty: none. */
  resetToken: Uint8Array;
  peerResetToken: Uint8Array;
  idleTimeout: Nanos;
  peerMaxPacket: Bytes;
  lastReceivedAt: Nanos;
  /** Of the last packet that asks for an acknowledgement, since one came. */
  lastSentAt: Nanos;
  pingDue: boolean;
  /** When a PING was asked for to keep it alive, -1: never. */
  keptAliveAt: Nanos;
  /** Channels under whose keys a PING is owed, and frames about keys. */
  readonly pings: number[];
  readonly rekeys: OwedRekey[];
  /** When a generation of keys ends, -1: none does. */
  retireAt: Nanos;
  /** Scheduler `redundant`: by path id what it has still to carry, oldest first, bounded. */
  readonly copies: Map<number, PacketCopy[]>;
  /** Close once no channel is left. */
  closesWhenDone: boolean;
  /** When `closing` and `draining` end, -1 before. */
  closeAt: Nanos;
  closeDue: boolean;
  /** Packets that came while closing; answered at powers of two. */
  closeEchoes: number;
  ending: Ending | null;
  transition: Transition | null;
  /** By path id and packet number (egress.ts `cargoKey`). */
  readonly cargo: Map<number, Cargo[]>;
  readonly counts: AssociationCounts;
}

export function createAssociation(
  options: AssociationOptions,
  role: Role,
  localId: Uint8Array,
  resetToken: Uint8Array,
  now: Nanos,
): Association {
  return {
    options,
    role,
    phase: "idle",
    localId,
    remoteId: new Uint8Array(ID_BYTES),
    handshake: null,
    identity: null,
    keys: null,
    channels: createChannels({ role, windows: options.windows, limits: options.limits }),
    paths: createPaths({ ...options.paths, role }),
    confirmed: false,
    resetToken,
    peerResetToken: new Uint8Array(0),
    idleTimeout: options.idleTimeout,
    peerMaxPacket: options.maxPacket,
    lastReceivedAt: now,
    lastSentAt: -1,
    pingDue: false,
    keptAliveAt: -1,
    pings: [],
    rekeys: [],
    retireAt: -1,
    copies: new Map(),
    closesWhenDone: false,
    closeAt: -1,
    closeDue: false,
    closeEchoes: 0,
    ending: null,
    transition: null,
    cargo: new Map(),
    counts: createCounts(),
  };
}

function createCounts(): AssociationCounts {
  return {
    sent: 0,
    received: 0,
    dropped: {
      truncated: 0,
      not_for_us: 0,
      wrong_phase: 0,
      undecryptable: 0,
      forged: 0,
      replayed: 0,
      unknown_path: 0,
      malformed: 0,
      unexpected_long: 0,
    },
    handshakesSent: 0,
    cookies: 0,
    crossings: 0,
    pings: 0,
    rekeys: 0,
    violations: 0,
    closesSent: 0,
    copiesDropped: 0,
  };
}

/** Where the handshake is modelled, its cryptography is, too. */
export function primitivesOf({ options }: Association, { primitives }: Surroundings): Primitives {
  return options.crypto === "modelled" ? MODELLED_PRIMITIVES : primitives;
}

/** Goes on to the next phase; the owner's machine follows by the word. */
export function enter(association: Association, phase: Phase, transition: Transition): void {
  association.phase = phase;
  association.transition = transition;
}

/** The step since the last call, null: none. One call into the engine takes one step at most. */
export function takeTransition(association: Association): Transition | null {
  const { transition } = association;
  association.transition = null;
  return transition;
}

export function fail(association: Association, word: EndingWord, by: Ending["by"], reason: string): void {
  association.ending = { by, word, code: 0, reason };
  association.handshake = null;
  enter(association, "closed", "handshake.failed");
}

/**
 * The path that acknowledgements for `path` take: of one that carries no data, or shall not, another, for nobody knows whether it still
 * can. null: they wait until one is alive, or the peer has shown that it is where it seems.
 */
export function ackCarrierOf(paths: Paths, path: PathState): PathState | null {
  const isOwn = path.state !== "failed" && path.state !== "abandoned" && allowanceOf(paths, path) >= LEAST_ACK;
  if (isOwn && path.state === "active" && path.wanted) return path;
  const others = paths.list.filter((other) => other !== path);
  const live = others.find(({ state }) => state === "active") ?? others.find(({ state }) => state === "standby");
  return live ?? (isOwn ? path : null);
}

/** Header, tag, and an acknowledgement of few ranges. */
const LEAST_ACK: Bytes = 64;
