/** One end of a connection between two peers: everything a packet, a user or a timeout can change. Plain data. */
import type { RandomStream } from "../../rng.ts";
import type { Nanos } from "../../units.ts";
import { SECOND } from "../../units.ts";
import { type Bans, createBans } from "./bans.ts";
import { type Channels, createChannels } from "./channels.ts";
import { createSecrets, type Secrets } from "./cookie.ts";
import { ENVELOPE_BYTES, MAX_PACKET_BYTES } from "./envelope.ts";
import type { Action, PipeContext } from "./events.ts";
import { dataLength } from "./messages.ts";
import type { PeerId } from "./peer-id.ts";

/** Whom a bad packet is blamed on: nobody, one of its peers, or one of its transport addresses. */
export type Blame = "nobody" | "sender" | "recipient" | "source" | "destination";

/** Decides about packets that fail. */
export interface Classifier {
  readonly checksum: Blame;
  readonly unknownChannel: Blame;
  /** How long a ban holds. */
  readonly banFor: Nanos;
}

export interface ConnectionOptions {
  readonly self: PeerId;
  readonly peer: PeerId;
  /** Every packet has this size, padding included. */
  readonly packetSize: number;
  readonly secret: Uint8Array;
  /** CHANNEL_COOKIE with early data, and as a proof that FINALIZE arrived; false: never sent nor heeded, as the original has it. */
  readonly confirm: boolean;
  /** Asked for in FINALIZE. */
  readonly capabilities: number;
  readonly maxChannels: number;
  readonly maxBans: number;
  /** Bytes that may wait to be sent on one channel. */
  readonly maxQueued: number;
  readonly classifier: Classifier;
}

export const CONNECTION_DEFAULTS = {
  packetSize: 1200,
  confirm: true,
  capabilities: 0,
  maxChannels: 1024,
  maxBans: 256,
  maxQueued: 1_048_576,
  classifier: { checksum: "nobody", unknownChannel: "nobody", banFor: 60 * SECOND },
} as const satisfies Partial<ConnectionOptions>;

/** Packets that ended before a message was read, messages that led to nothing, and what else went wrong. */
export interface Counters {
  received: number;
  sent: number;
  malformed: number;
  banned: number;
  misdirected: number;
  encrypted: number;
  corrupt: number;
  unknownChannel: number;
  /** Packets whose payload ended in something unknown or cut short. */
  unreadable: number;
  unhandled: number;
  /** Answers left unsent, since they would have been more than three times what asked for them. */
  amplifying: number;
  /** Packets that found the buffer of outgoing packets full. */
  overflowed: number;
}

export interface Connection {
  readonly self: PeerId;
  readonly peer: PeerId;
  readonly packetSize: number;
  readonly secrets: Secrets;
  readonly confirm: boolean;
  readonly capabilities: number;
  readonly maxQueued: number;
  readonly classifier: Classifier;
  readonly channels: Channels;
  readonly bans: Bans;
  /** Packets ready to go, in order. */
  readonly outgoing: Uint8Array[];
  /** Bytes the default channel may send in answer to the packet at hand; -1: nothing asked, no limit. */
  budget: number;
  readonly counters: Counters;
}

/** Room for the longest message of a fixed size beside a data message of one byte. */
const LEAST_PACKET_BYTES = ENVELOPE_BYTES + 16;

/** Throws on a packet size that holds no message, and on a peer that is oneself: mistakes of the caller. */
export function createConnection(options: ConnectionOptions): Connection {
  const { self, peer, packetSize } = options;
  if (packetSize < LEAST_PACKET_BYTES || packetSize > MAX_PACKET_BYTES)
    throw new RangeError(
      `packet size: expected ${LEAST_PACKET_BYTES} to ${MAX_PACKET_BYTES} bytes, found ${packetSize}`,
    );
  if (self === peer) throw new RangeError(`peer: expected another identity than one's own, found ${peer}`);
  return {
    self,
    peer,
    packetSize,
    secrets: createSecrets(options.secret),
    confirm: options.confirm,
    capabilities: options.capabilities,
    maxQueued: options.maxQueued,
    classifier: options.classifier,
    channels: createChannels(options.maxChannels),
    bans: createBans(options.maxBans),
    outgoing: [],
    budget: -1,
    counters: {
      received: 0,
      sent: 0,
      malformed: 0,
      banned: 0,
      misdirected: 0,
      encrypted: 0,
      corrupt: 0,
      unknownChannel: 0,
      unreadable: 0,
      unhandled: 0,
      amplifying: 0,
      overflowed: 0,
    },
  };
}

export function createContext(now: Nanos, random: RandomStream): PipeContext & { readonly actions: Action[] } {
  return { now, random, actions: [] };
}

/** Bytes of messages in a packet. */
export function roomOf({ packetSize }: Connection): number {
  return packetSize - ENVELOPE_BYTES;
}

/** Bytes of data in a message that fills `room`. */
export function dataRoom(room: number): number {
  let bytes = room - 2;
  while (dataLength(bytes) > room) bytes--;
  return bytes;
}
