/**
 * What stands in a channel packet: frames one behind the other, numbers as varints (RFC 9000, section 16). Zeros are padding, so a
 * packet may be longer than its bytes: what is missing reads as zeros.
 *
 *   00 padding             one byte
 *   01 ping                -
 *   02 ack                 path, delay in microseconds, ranges beyond the first, largest, length of the first range,
 *                          then for each further range, descending: gap, length (RFC 9000, 19.3); 03: packets marked CE so far, last
 *   08 data                channel, offset, length, bytes; 09: the last of its stream
 *   0a message             channel, start, offset, total, length, bytes; 0b: whole: channel, start, length, bytes
 *   10 open                channel, u8 reliability | framing << 4, u8 priority, window
 *   11 accept              channel, window
 *   12 refuse              channel, code
 *   13 close-channel       channel, code, final offset
 *   14 stop-sending        channel, code
 *   15 reset               channel, code, final offset
 *   16 forward             channel, offset: what is missing below it will not come
 *   18 max-data            offset        19 max-channel-data   channel, offset     1a max-channels       count
 *   1c blocked             offset        1d channel-blocked    channel, offset     1e channels-blocked   count
 *   20 path-challenge      8 bytes       21 path-response      8 bytes
 *   22 path-status         path, sequence, u8 status           23 path-abandon     path, code
 *   28 rekey               channel, generation, 32 bytes       29 rekeyed          channel, generation, 32 bytes
 *   3c close-association   code, length, reason in UTF-8
 *
 * A message stands in a channel's flow of bytes like data: its first byte at `start`, and behind its last byte `MESSAGE_COST` offsets
 * that stand for the record both sides keep of it. So messages, empty ones too, count against the windows like bytes.
 */
import type { Ranges } from "../../transport/ranges.ts";
import type { Nanos } from "../../units.ts";
import type { Cursor } from "./varint.ts";

/** Rules that a peer can break; the association is closed with the word's code. */
export type ErrorWord = "encoding" | "flow-control" | "final-size" | "state" | "limit" | "content";

/** Numbers of the words in close-association; 0 is an orderly end, 0x100 and above are the application's. */
export const ERROR_CODES: Readonly<Record<ErrorWord, number>> = {
  encoding: 1,
  "flow-control": 2,
  "final-size": 3,
  state: 4,
  limit: 5,
  content: 6,
};

/** Why a packet's frames were not all taken, and which frame stood at fault. */
export interface FrameError {
  readonly word: ErrorWord;
  /** Of the frame's first byte in the buffer. */
  readonly at: number;
  readonly frame: number;
}

/** `ordered`: all bytes, in order. `unordered`: all bytes, as they come. `unreliable`: nothing is sent twice. `close-on-loss`: in order, and the first loss closes the channel. */
export type Reliability = "ordered" | "unordered" | "unreliable" | "close-on-loss";
export type Framing = "stream" | "messages";

export const RELIABILITIES: readonly Reliability[] = ["ordered", "unordered", "unreliable", "close-on-loss"];
export const FRAMINGS: readonly Framing[] = ["stream", "messages"];

/** Offsets that a message takes beyond its bytes. */
export const MESSAGE_COST = 32;
export const PUBLIC_KEY_BYTES = 32;
/** Of a close-association frame's reason. */
export const MAX_REASON_BYTES = 256;
/** In one acknowledgement, the newest kept. */
export const MAX_ACK_RANGES = 64;
/** Channel ids have 16 bits. */
export const MAX_CHANNEL = 0xffff;

export const FRAME = {
  padding: 0x00,
  ping: 0x01,
  ack: 0x02,
  ackCe: 0x03,
  data: 0x08,
  dataFin: 0x09,
  message: 0x0a,
  wholeMessage: 0x0b,
  open: 0x10,
  accept: 0x11,
  refuse: 0x12,
  closeChannel: 0x13,
  stopSending: 0x14,
  reset: 0x15,
  forward: 0x16,
  maxData: 0x18,
  maxChannelData: 0x19,
  maxChannels: 0x1a,
  blocked: 0x1c,
  channelBlocked: 0x1d,
  channelsBlocked: 0x1e,
  pathChallenge: 0x20,
  pathResponse: 0x21,
  pathStatus: 0x22,
  pathAbandon: 0x23,
  rekey: 0x28,
  rekeyed: 0x29,
  closeAssociation: 0x3c,
} as const;

/** Bytes inside a packet: `present` of them at `source[at]`, the rest up to the frame's length are zeros. */
export interface Content {
  source: Uint8Array;
  at: number;
  present: number;
}

export interface AckFrame {
  path: number;
  /** Packet numbers, half-open, ascending. */
  ranges: Ranges;
  delay: Nanos;
  /** Packets marked "congestion experienced" on this path so far; -1: not said. */
  ce: number;
}

export interface DataFrame extends Content {
  channel: number;
  offset: number;
  length: number;
  fin: boolean;
}

/** A piece of a message, or the whole of it. */
export interface MessageFrame extends Content {
  channel: number;
  /** Offset of the message in the channel's flow: its name. */
  start: number;
  /** Of the piece, in the message. */
  offset: number;
  /** Bytes of the whole message. */
  total: number;
  /** Bytes of the piece. */
  length: number;
}

export interface OpenFrame {
  readonly channel: number;
  readonly reliability: Reliability;
  readonly framing: Framing;
  /** 0 goes first. */
  readonly priority: number;
  /** What the other side may send before more is granted. */
  readonly window: number;
}

type Taken = ErrorWord | null;

/**
 * One method a kind of frame, each told the `target` that decoding was given: a sink is a constant, it keeps nothing. Records of acks,
 * data and messages are used again for the next frame: copy what shall last. A word that a method answers ends the decoding.
 */
export interface FrameSink<T> {
  ping(target: T): Taken;
  ack(target: T, frame: AckFrame): Taken;
  data(target: T, frame: DataFrame): Taken;
  message(target: T, frame: MessageFrame): Taken;
  open(target: T, frame: OpenFrame): Taken;
  accept(target: T, channel: number, window: number): Taken;
  refuse(target: T, channel: number, code: number): Taken;
  closeChannel(target: T, channel: number, code: number, final: number): Taken;
  stopSending(target: T, channel: number, code: number): Taken;
  reset(target: T, channel: number, code: number, final: number): Taken;
  forward(target: T, channel: number, offset: number): Taken;
  maxData(target: T, offset: number): Taken;
  maxChannelData(target: T, channel: number, offset: number): Taken;
  maxChannels(target: T, count: number): Taken;
  blocked(target: T, offset: number): Taken;
  channelBlocked(target: T, channel: number, offset: number): Taken;
  channelsBlocked(target: T, count: number): Taken;
  /** The eight bytes as two halves. */
  pathChallenge(target: T, high: number, low: number): Taken;
  pathResponse(target: T, high: number, low: number): Taken;
  pathStatus(target: T, path: number, sequence: number, status: number): Taken;
  pathAbandon(target: T, path: number, code: number): Taken;
  /** The key is a copy. */
  rekey(target: T, channel: number, generation: number, key: Uint8Array): Taken;
  rekeyed(target: T, channel: number, generation: number, key: Uint8Array): Taken;
  closeAssociation(target: T, code: number, reason: string): Taken;
}

/** Decoding's place in a packet and its records: make one, use it for every packet. It is no state: empty between packets. */
export interface FrameReader extends Cursor {
  readonly ack: AckFrame;
  readonly data: DataFrame;
  readonly message: MessageFrame;
}

/** Where frames are written: a buffer that is used for packet after packet. */
export interface FrameWriter {
  readonly bytes: Uint8Array;
  /** Of the next byte. */
  at: number;
  /** Behind the last byte that the packet may have. */
  limit: number;
  /** Zeros behind the bytes written, which need not be there; once above 0, nothing more can be written. */
  zeros: number;
  /** Channel whose open frame stands in this packet, 0: none. */
  opened: number;
}
