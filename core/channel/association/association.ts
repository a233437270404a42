/**
 * One association: two ends, their keys, their paths and the channels between them, as plain data. Nothing here reads a clock or
 * sends: whoever owns it hands in packets and the time, takes packets out until there are none, and calls again at its deadline.
 *
 *     connect | acceptInitial          an end that asks; an end that was asked and has seen a valid cookie (handshake.ts)
 *     receive                          a packet that came (ingress.ts)
 *     transmit                         the next packet to go, null: none (egress.ts)
 *     deadlineOf, onTimeout            one timer for all (timers.ts)
 *     close, closeWhenDone             ends it (closing.ts)
 *     takeTransition, takeNews         what happened: the association's own way, and its channels' (news.ts)
 *
 *     idle --connect--> connecting --cookie--> handshaking --completed--> established --close--> closing --+
 *                           |                      |                        |   |                          +--> closed
 *                           |                      |                        |   +--the peer closes--> draining
 *                           +----------------------+---failed---> closed <--+ idle too long, reset by the peer
 */
import type { Bytes, Nanos } from "../../units.ts";
import type { RandomStream } from "../../rng.ts";
import type { CryptoMode, Keying, Keys } from "../crypto/keys.ts";
import type { Noise, NoisePattern } from "../crypto/noise.ts";
import type { KeyPair, Primitives } from "../crypto/primitives.ts";
import type { Paths, PathsOptions, Role } from "../paths/types.ts";
import type { Channels } from "../streams/channels.ts";

/** What every function of the engine takes beside the association: the world as far as it may be seen. */
export interface Surroundings {
  readonly now: Nanos;
  readonly random: (purpose: string) => RandomStream;
  readonly primitives: Primitives;
}

export type Phase = "idle" | "connecting" | "handshaking" | "established" | "closing" | "draining" | "closed";

/** Steps of the association's way, in the words of its machine (actors/channel/association.ts). */
export type Transition =
  | "handshake.cookie"
  | "handshake.answered"
  | "handshake.completed"
  | "handshake.failed"
  | "association.violated"
  | "association.finished"
  | "peer.closed"
  | "peer.reset"
  | "idle.expired"
  | "close.expired";

/** Codes of CLOSE_ASSOCIATION. From 256 on they are the application's. */
export const CLOSE_CODE = {
  none: 0,
  internal: 1,
  malformed: 2,
  protocol: 3,
  flowControl: 4,
  finalSize: 5,
  channelLimit: 6,
  channelState: 7,
  acknowledgement: 8,
  keys: 9,
  memory: 10,
  parameters: 11,
} as const;

/** Why an association is over, and who ended it. */
export interface Ending {
  readonly by: "us" | "peer" | "nobody";
  readonly word: EndingWord;
  readonly code: number;
  readonly reason: string;
}

export type EndingWord =
  | "closed"
  | "violation"
  | "handshake-timeout"
  | "refused"
  | "version"
  | "identity"
  | "idle"
  | "reset";

export interface AssociationOptions {
  readonly pattern: NoisePattern;
  readonly localStatic: KeyPair;
  /** The identity that the peer must have; IK needs it. null: anybody's. */
  readonly remoteStatic: Uint8Array | null;
  readonly crypto: CryptoMode;
  readonly keying: Keying;
  readonly paths: Partial<Omit<PathsOptions, "role">>;
  readonly channels: ChannelLimits;
  /** Without a packet for so long the association is over; 0: never. The smaller of both ends' counts. */
  readonly idleTimeout: Nanos;
  /** A PING after so long without a packet; 0: never. */
  readonly keepAlive: Nanos;
  /** Wait for an answer before the handshake's packet is sent again; doubles each time. */
  readonly handshakeTimeout: Nanos;
  readonly handshakeAttempts: number;
  /** Packets after which a channel's keys are changed; 0: as late as the cipher allows. */
  readonly rekeyAfter: number;
  /** Most bytes an end accepts in a packet of the channel (short header to tag). */
  readonly maxPacket: Bytes;
}
