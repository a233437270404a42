/**
 * Keys of packets: one for each (channel, direction, generation), made when first needed.
 *
 *     channel's secret of generation 0  =  Expand(association's secret of that direction, "pathloom channel", channel id)
 *     secret of generation n + 1        =  Expand(Extract(secret of generation n, shared secret of the exchange),
 *                                                 "pathloom rekey", channel id, n + 1, asker's and answerer's ephemeral keys)
 *     packet key                        =  Expand(secret, "pathloom key")
 *
 * HKDF with SHA-256 (RFC 5869). Whoever learns one channel's secret learns no other's, and after an exchange nothing of what came
 * before or comes after.
 */
import type { Nanos } from "../../units.ts";
import { put32 } from "../../wire/bytes.ts";
import { bytesOfText, concat, hkdfExpand, hkdfExtract, KEY_BYTES, type Primitives } from "./primitives.ts";

/** `modelled`: packets of the same sizes, nothing computed. */
export type CryptoMode = "real" | "modelled";
/** `association`: one key for all channels, to measure against. */
export type Keying = "channel" | "association";

/** How much keys may serve; the caller asks `keyIsWorn` and closes at the drop word `key_spent`. */
export interface KeyLimits {
  /** Packets sealed with one key before the next one is due. */
  readonly sealed: number;
  /** Packets of the whole association that did not open. */
  readonly forged: number;
  /** Channels whose keys are kept because of a packet that came; keys of more are made again for each packet. */
  readonly channels: number;
}

/**
 * ChaCha20-Poly1305's limit of confidentiality is above 2^62 packets (RFC 9001, section 6.6), beyond what 256 paths of 2^48 numbers
 * can count, so that what bounds a key is the numbers of one path; its limit of integrity is 2^36 packets that did not open.
 */
export const KEY_LIMITS: KeyLimits = { sealed: 0xffff_ffff_ffff, forged: 0x10_0000_0000, channels: 1024 };

export interface KeyOptions {
  /** The association's secrets: `splitSecret` of its handshake. */
  readonly secret: { readonly send: Uint8Array; readonly receive: Uint8Array };
  readonly mode: CryptoMode;
  readonly keying: Keying;
  /** Default `KEY_LIMITS`. */
  readonly limits?: Partial<KeyLimits>;
}

/** One generation of a channel's keys. Empty arrays where crypto is modelled. */
export interface Generation {
  readonly number: number;
  readonly sendSecret: Uint8Array;
  readonly receiveSecret: Uint8Array;
  readonly sendKey: Uint8Array;
  readonly receiveKey: Uint8Array;
  /** Packets sealed so far. */
  sealed: number;
}

export interface ChannelKeys {
  /** What this end seals with. */
  current: Generation;
  /** Still opened with, until `retireAt`. */
  previous: Generation | null;
  /** Of the peer's asking, answered; current as soon as the peer uses it. */
  next: Generation | null;
  /** -1: `previous` stays until the peer has used `current`. */
  retireAt: Nanos;
  /** The peer has used `current`. */
  confirmed: boolean;
  /** Asked for by this end, not yet answered. */
  pending: { readonly generation: number; readonly secret: Uint8Array; readonly public: Uint8Array } | null;
  /** The last answer, for when the same is asked again. */
  answered: { readonly generation: number; readonly theirs: Uint8Array; readonly public: Uint8Array } | null;
}

/** Plain data. */
export interface Keys {
  readonly mode: CryptoMode;
  readonly keying: Keying;
  readonly sendSecret: Uint8Array;
  readonly receiveSecret: Uint8Array;
  readonly limits: KeyLimits;
  /** By channel id (0 for all with `keying: association`). Only channels that this end sent on, or that a genuine packet came for. */
  readonly channels: Map<number, ChannelKeys>;
  /** Packets that did not open. */
  forged: number;
}

const NONE = new Uint8Array(0);
const CHANNEL_LABEL = bytesOfText("pathloom channel");
const REKEY_LABEL = bytesOfText("pathloom rekey");
const KEY_LABEL = bytesOfText("pathloom key");

export function createKeys({ secret, mode, keying, limits }: KeyOptions): Keys {
  return {
    mode,
    keying,
    sendSecret: secret.send,
    receiveSecret: secret.receive,
    limits: { ...KEY_LIMITS, ...limits },
    channels: new Map(),
    forged: 0,
  };
}

/** Whose keys a channel uses. */
export function keyChannel(keys: Keys, channel: number): number {
  return keys.keying === "association" ? 0 : channel;
}

/** The keys of a channel, made and kept where there are none yet. */
export function keysOfChannel(keys: Keys, channel: number, p: Primitives): ChannelKeys {
  const id = keyChannel(keys, channel);
  let found = keys.channels.get(id);
  if (found === undefined) {
    found = firstKeys(keys, id, p);
    keys.channels.set(id, found);
  }
  return found;
}

/** Generation that this end seals a channel's packets with. */
export function generationOf(keys: Keys, channel: number): number {
  return keys.channels.get(keyChannel(keys, channel))?.current.number ?? 0;
}

/** Whether a channel's key has served as long as it may: time for `beginRekey`. */
export function keyIsWorn(keys: Keys, channel: number): boolean {
  return (keys.channels.get(keyChannel(keys, channel))?.current.sealed ?? 0) >= keys.limits.sealed;
}

/** Forgets the keys of a channel that is closed for good at both ends. Its id may be used again: packet numbers never are. */
export function forgetChannel(keys: Keys, channel: number): void {
  if (keys.keying === "channel") keys.channels.delete(channel);
}

/** The keys that a channel has, or would have if it were used: nothing is kept, so that no forged packet fills the table. */
export function peekKeys(keys: Keys, channel: number, p: Primitives): ChannelKeys {
  const id = keyChannel(keys, channel);
  return keys.channels.get(id) ?? (keys.mode === "modelled" ? UNUSED : firstKeys(keys, id, p));
}

/** Keeps what `peekKeys` gave, after a genuine packet, as far as there is room: a peer may name any channel. */
export function keepKeys(keys: Keys, channel: number, found: ChannelKeys): void {
  const id = keyChannel(keys, channel);
  if (!keys.channels.has(id) && keys.channels.size < keys.limits.channels) keys.channels.set(id, found);
}

/** What every channel begins with. */
function firstState(current: Generation): ChannelKeys {
  return { current, previous: null, next: null, retireAt: -1, confirmed: true, pending: null, answered: null };
}

function firstKeys(keys: Keys, id: number, p: Primitives): ChannelKeys {
  if (keys.mode === "modelled") return firstState(modelledGeneration(0));
  const info = concat(CHANNEL_LABEL, numberBytes(id));
  const sendSecret = hkdfExpand(keys.sendSecret, info, KEY_BYTES, p);
  const receiveSecret = hkdfExpand(keys.receiveSecret, info, KEY_BYTES, p);
  return firstState(generation(0, sendSecret, receiveSecret, p));
}

/** The generation after `before`, out of what the exchange gave both ends. */
export function nextGeneration(
  keys: Keys,
  id: number,
  before: Generation,
  exchange: { readonly shared: Uint8Array; readonly asker: Uint8Array; readonly answerer: Uint8Array },
  p: Primitives,
): Generation {
  const number = before.number + 1;
  if (keys.mode === "modelled") return modelledGeneration(number);
  const info = concat(REKEY_LABEL, numberBytes(id), numberBytes(number), exchange.asker, exchange.answerer);
  const secretAfter = (secret: Uint8Array): Uint8Array =>
    hkdfExpand(hkdfExtract(secret, exchange.shared, p), info, KEY_BYTES, p);
  return generation(number, secretAfter(before.sendSecret), secretAfter(before.receiveSecret), p);
}

function generation(number: number, sendSecret: Uint8Array, receiveSecret: Uint8Array, p: Primitives): Generation {
  const sendKey = hkdfExpand(sendSecret, KEY_LABEL, KEY_BYTES, p);
  const receiveKey = hkdfExpand(receiveSecret, KEY_LABEL, KEY_BYTES, p);
  return { number, sendSecret, receiveSecret, sendKey, receiveKey, sealed: 0 };
}

function modelledGeneration(number: number): Generation {
  return { number, sendSecret: NONE, receiveSecret: NONE, sendKey: NONE, receiveKey: NONE, sealed: 0 };
}

/** Of every channel with modelled crypto that this end has not sent on: read, never changed. */
const UNUSED = firstState(modelledGeneration(0));

function numberBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  put32(bytes, 0, value);
  return bytes;
}
