/**
 * Sealing and opening of short packets. Big endian.
 *
 *     [0] 0x40 | generation & 3   [1..9) destination id   [9] path id   [10..12) channel id   [12..18) packet number
 *     [18..) sealed frames, then 16 bytes of tag
 *
 * ChaCha20-Poly1305 under the key of (channel, direction, generation); the header is the associated data; the nonce is path id
 * (4 bytes) and packet number (8 bytes). Numbers are counted per path and direction, and so no nonce comes twice under one key.
 */
import { copyOf, get16, get48, put16, put48 } from "../../wire/bytes.ts";
import { type ChannelKeys, type Generation, keepKeys, type Keys, keysOfChannel, peekKeys } from "./keys.ts";
import { ID_BYTES } from "./long-packets.ts";
import { NONCE_BYTES, type Primitives, TAG_BYTES } from "./primitives.ts";

export const SHORT_HEADER = 18;
/** What a packet is longer than its frames. */
export const SHORT_OVERHEAD = SHORT_HEADER + TAG_BYTES;
export const MAX_PACKET_NUMBER = 0xffff_ffff_ffff;

const SHORT_BITS = 0x40;
const GENERATION_BITS = 3;
const [AT_PATH, AT_CHANNEL, AT_NUMBER] = [9, 10, 12];
const MAX_FRAMES = 0xffff;

/** An opened packet. One record serves for all: it holds until the next call. */
export interface Opened {
  /** Frames are `bytes[start, end)`, then zeros up to `length`. With modelled crypto this is the packet's own `rest`. */
  bytes: Uint8Array;
  start: number;
  end: number;
  /** Logical length of the frames. */
  length: number;
  path: number;
  channel: number;
  number: number;
  generation: number;
  /** The peer's first sign of a new generation: to be followed by `confirmRekey`. */
  newer: boolean;
}

/** Why a short packet was not opened. */
export type DropWord =
  /** Shorter than header and tag, or than it says. */
  | "truncated"
  | "not_short"
  /** Of keys that are not there yet, or not any more. */
  | "unknown_generation"
  /** The association has seen more forged packets than its keys stand (RFC 9001, section 6.6): close it. */
  | "key_spent"
  /** Not what the peer sealed with this key, under this header. */
  | "forged";

/** Where packets are put together; nothing of them stays. */
const PLAIN = new Uint8Array(MAX_FRAMES);
const HEADER = new Uint8Array(SHORT_HEADER);
const NONCE = new Uint8Array(NONCE_BYTES);

export function createOpened(): Opened {
  const bytes = new Uint8Array(0);
  return { bytes, start: 0, end: 0, length: 0, path: 0, channel: 0, number: 0, generation: 0, newer: false };
}

/** Writes a short header to `buffer[0, 18)`; `protect` adds the generation. Throws where a path has no number left. */
export function writeShortHeader(
  buffer: Uint8Array,
  id: Uint8Array,
  path: number,
  channel: number,
  number: number,
): void {
  if (number > MAX_PACKET_NUMBER) throw new Error(`path ${path}: no packet number left after ${MAX_PACKET_NUMBER}`);
  buffer[0] = SHORT_BITS;
  for (let i = 0; i < ID_BYTES; i++) buffer[1 + i] = id[i] as number;
  buffer[AT_PATH] = path;
  put16(buffer, AT_CHANNEL, channel);
  put48(buffer, AT_NUMBER, number);
}

/** Whether a packet, short or long, is for `id`. Never throws. */
export function isFor(rest: Uint8Array, id: Uint8Array): boolean {
  const at = ((rest[0] as number) & 0xc0) === SHORT_BITS ? 1 : 5;
  for (let i = 0; i < ID_BYTES; i++) {
    if (rest[at + i] !== id[i]) return false;
  }
  return true;
}

/**
 * Seals one packet: `buffer[0, 18)` is its header, `buffer[18, end)` its frames, which go on with zeros up to `length` bytes of
 * frames. Answers what to send, 18 + `length` + 16 bytes on the wire; with modelled crypto only the part that is not implied zeros.
 */
export function protect(keys: Keys, buffer: Uint8Array, end: number, length: number, p: Primitives): Uint8Array {
  const { current } = keysOfChannel(keys, get16(buffer, AT_CHANNEL), p);
  current.sealed++;
  buffer[0] = SHORT_BITS | (current.number & GENERATION_BITS);
  if (keys.mode === "modelled") return copyOf(buffer, 0, end);
  readHeader(buffer);
  const plain = plainOf(buffer, end, length);
  if (p.sealPacket !== undefined) return p.sealPacket(current.sendKey, NONCE, HEADER, plain);
  const sealed = p.seal(current.sendKey, NONCE, HEADER, plain);
  const packet = new Uint8Array(SHORT_HEADER + sealed.length);
  packet.set(HEADER);
  packet.set(sealed, SHORT_HEADER);
  return packet;
}

/** Opens a packet of `wireLength` bytes that begins with `rest` into `into`, or says why not; then `into` means nothing. Never throws. */
export function unprotect(
  keys: Keys,
  rest: Uint8Array,
  wireLength: number,
  p: Primitives,
  into: Opened,
): Opened | DropWord {
  if (rest.length < SHORT_HEADER || wireLength < SHORT_OVERHEAD || rest.length > wireLength) return "truncated";
  const first = rest[0] as number;
  if ((first & ~GENERATION_BITS) !== SHORT_BITS) return "not_short";
  const channel = get16(rest, AT_CHANNEL);
  const found = peekKeys(keys, channel, p);
  const generation = generationBy(found, first & GENERATION_BITS);
  if (generation === null) return "unknown_generation";
  const fault = openInto(keys, generation, rest, wireLength, p, into);
  if (fault !== null) return fault;
  if (keys.mode === "real") keepKeys(keys, channel, found);
  into.path = rest[AT_PATH] as number;
  into.channel = channel;
  into.number = get48(rest, AT_NUMBER);
  into.generation = generation.number;
  into.newer = generation === found.next || (generation === found.current && !found.confirmed);
  return into;
}

/** The one generation, of those a channel has, with these two bits: they are successive, three at most. */
function generationBy({ current, next, previous }: ChannelKeys, bits: number): Generation | null {
  if ((current.number & GENERATION_BITS) === bits) return current;
  if (next !== null && (next.number & GENERATION_BITS) === bits) return next;
  return previous !== null && (previous.number & GENERATION_BITS) === bits ? previous : null;
}

function openInto(
  keys: Keys,
  { receiveKey }: Generation,
  rest: Uint8Array,
  wireLength: number,
  p: Primitives,
  into: Opened,
): DropWord | null {
  const length = wireLength - SHORT_OVERHEAD;
  if (keys.mode === "modelled") return openModelled(keys, rest, length, into);
  if (rest.length < wireLength) return "truncated";
  if (keys.forged >= keys.limits.forged) return "key_spent";
  readHeader(rest);
  const plain = p.open(receiveKey, NONCE, HEADER, rest.subarray(SHORT_HEADER));
  if (plain === null) {
    keys.forged++;
    return "forged";
  }
  into.bytes = plain;
  into.start = 0;
  into.end = length;
  into.length = length;
  return null;
}

/** All there is to check is the tag of zeros, where it was sent at all. */
function openModelled(keys: Keys, rest: Uint8Array, length: number, into: Opened): DropWord | null {
  const end = SHORT_HEADER + length;
  for (let i = end; i < rest.length; i++) {
    if (rest[i] !== 0) {
      keys.forged++;
      return "forged";
    }
  }
  into.bytes = rest;
  into.start = SHORT_HEADER;
  into.end = Math.min(rest.length, end);
  into.length = length;
  return null;
}

/** Takes a packet's header for associated data, and path and number in it for the nonce. */
function readHeader(packet: Uint8Array): void {
  for (let i = 0; i < SHORT_HEADER; i++) HEADER[i] = packet[i] as number;
  NONCE[3] = packet[AT_PATH] as number;
  for (let i = 0; i < 6; i++) NONCE[6 + i] = packet[AT_NUMBER + i] as number;
}

function plainOf(buffer: Uint8Array, end: number, length: number): Uint8Array {
  const given = end - SHORT_HEADER;
  if (given === length) return buffer.subarray(SHORT_HEADER, end);
  PLAIN.set(buffer.subarray(SHORT_HEADER, end));
  PLAIN.fill(0, given, length);
  return PLAIN.subarray(0, length);
}
