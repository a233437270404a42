/**
 * What applications put behind the payload header (core/wire/payload.ts), big endian. All that follows these bytes in a payload is
 * data, which simulations leave zero.
 *
 *   data     u8 1, u8 flags (1: end of the stream, 2: a request), u16 bytes of data, u32 connection, u32 packet number, u32 number
 *            from which on acknowledgements are of use, u48 offset
 *            a request goes on: u48 bytes asked for in answer
 *   ack      u8 2, u8 flags (1: the whole stream has arrived, 2: no such connection), u16 ranges, u32 connection,
 *            u32 delay in microseconds, u32 packets marked CE so far, then for each range, ascending: u32 first, u32 last
 *   message  u8 3, u8 0, u16 packet of the message, u16 packets of the message, u32 message, u32 bytes of the whole message
 */
import { LEAST_MAX_PACKET } from "../channel/association/parameters.ts";
import { type Packet, PAYLOAD_HEADER_BYTES } from "../packet.ts";
import { type FlowSpec, isOverChannels } from "../scenario.ts";
import { get16, get32, get48, put16, put32, put48 } from "../wire/bytes.ts";
import type { Ranges } from "./ranges.ts";

/** A piece of a connection's byte stream. */
export interface DataFrame {
  readonly kind: "data";
  readonly connection: number;
  /** Never used twice: what is sent again has a new number. */
  readonly number: number;
  /** Lower numbers need not be acknowledged any more. */
  readonly floor: number;
  readonly offset: number;
  readonly length: number;
  /** The stream ends with this piece. */
  readonly fin: boolean;
  /** Bytes that the other side shall send in answer; -1: this stream is no request. */
  readonly answer: number;
}

export interface AckFrame {
  readonly kind: "ack";
  readonly connection: number;
  /** Nothing more need be sent: every byte has arrived. */
  readonly complete: boolean;
  /** Nothing more should be sent: the other side has given the connection up. */
  readonly refused: boolean;
  /** Between arrival of the largest number and this frame, microseconds. */
  readonly delayUs: number;
  /** Packets marked "congestion experienced" so far. */
  readonly ce: number;
  /** Packet numbers that arrived: the newest `MAX_ACK_RANGES` ranges. */
  readonly ranges: Ranges;
}

export interface MessageFrame {
  readonly kind: "message";
  readonly message: number;
  /** Of `count` packets, which. */
  readonly index: number;
  readonly count: number;
  /** Of the whole message. */
  readonly bytes: number;
}

export type Frame = DataFrame | AckFrame | MessageFrame;

const TYPE = { data: 1, ack: 2, message: 3 } as const;
const DATA_BYTES = 22;
const REQUEST_BYTES = 28;
const ACK_BYTES = 16;
const MESSAGE_BYTES = 14;
export const MAX_ACK_RANGES = 32;
/** Offsets on the wire have 48 bits. */
export const MAX_STREAM_BYTES = 0xffff_ffff_ffff;

/** Payload bytes of a data packet beside its data. */
export function dataOverhead(answer: number): number {
  return PAYLOAD_HEADER_BYTES + (answer < 0 ? DATA_BYTES : REQUEST_BYTES);
}

export const MESSAGE_OVERHEAD = PAYLOAD_HEADER_BYTES + MESSAGE_BYTES;

const CONNECTED: ReadonlySet<FlowSpec["app"]> = new Set(["bulk", "file-transfer", "request-response", "gateway"]);

/** Whether the other side sends packets of its own. */
export function isConnected(app: FlowSpec["app"]): boolean {
  return CONNECTED.has(app);
}

/** Payload bytes that every packet of the application must have room for: its headers, and a byte of data where it carries data. */
export function leastPayload(flow: FlowSpec): number {
  const { app } = flow;
  if (isOverChannels(flow)) return PAYLOAD_HEADER_BYTES + LEAST_MAX_PACKET;
  if (app === "message-stream") return MESSAGE_OVERHEAD + 1;
  return isConnected(app) ? dataOverhead(0) + 1 : PAYLOAD_HEADER_BYTES;
}

export function ackPayloadLength({ ranges }: AckFrame): number {
  return PAYLOAD_HEADER_BYTES + ACK_BYTES + 4 * ranges.length;
}

/** The bytes of a frame, without its data. */
export function encodeFrame(frame: Frame): Uint8Array {
  if (frame.kind === "data") return encodeData(frame);
  return frame.kind === "ack" ? encodeAck(frame) : encodeMessage(frame);
}

/** The frame in a packet's payload; null where there is none, or one that contradicts itself. Never throws. */
export function decodeFrame({ rest, payloadLength }: Packet): Frame | null {
  if (rest === null || rest.length < MESSAGE_BYTES) return null;
  const room = payloadLength - PAYLOAD_HEADER_BYTES;
  if (rest[0] === TYPE.data) return decodeData(rest, room);
  if (rest[0] === TYPE.ack) return decodeAck(rest);
  return rest[0] === TYPE.message ? decodeMessage(rest) : null;
}

function encodeData({ connection, number, floor, offset, length, fin, answer }: DataFrame): Uint8Array {
  const bytes = new Uint8Array(answer < 0 ? DATA_BYTES : REQUEST_BYTES);
  bytes[0] = TYPE.data;
  bytes[1] = (fin ? 1 : 0) | (answer < 0 ? 0 : 2);
  put16(bytes, 2, length);
  put32(bytes, 4, connection);
  put32(bytes, 8, number);
  put32(bytes, 12, floor);
  put48(bytes, 16, offset);
  if (answer >= 0) put48(bytes, 22, answer);
  return bytes;
}

function decodeData(bytes: Uint8Array, room: number): DataFrame | null {
  const flags = bytes[1] as number;
  const header = (flags & 2) === 0 ? DATA_BYTES : REQUEST_BYTES;
  if (flags > 3 || bytes.length < header) return null;
  const length = get16(bytes, 2);
  const offset = get48(bytes, 16);
  if (header + length > room || offset + length > MAX_STREAM_BYTES) return null;
  return {
    kind: "data",
    connection: get32(bytes, 4),
    number: get32(bytes, 8),
    floor: get32(bytes, 12),
    offset,
    length,
    fin: (flags & 1) === 1,
    answer: header === REQUEST_BYTES ? get48(bytes, 22) : -1,
  };
}

function encodeAck({ connection, complete, refused, delayUs, ce, ranges }: AckFrame): Uint8Array {
  const bytes = new Uint8Array(ACK_BYTES + 4 * ranges.length);
  bytes[0] = TYPE.ack;
  bytes[1] = (complete ? 1 : 0) | (refused ? 2 : 0);
  put16(bytes, 2, ranges.length / 2);
  put32(bytes, 4, connection);
  put32(bytes, 8, Math.min(delayUs, 0xffff_ffff));
  put32(bytes, 12, ce);
  for (let i = 0; i < ranges.length; i += 2) {
    put32(bytes, ACK_BYTES + 4 * i, ranges[i] as number);
    put32(bytes, ACK_BYTES + 4 * i + 4, (ranges[i + 1] as number) - 1);
  }
  return bytes;
}

/** Ranges must ascend with at least one number missing between two of them, as a receiver writes them. */
function decodeAck(bytes: Uint8Array): AckFrame | null {
  if (bytes.length < ACK_BYTES) return null;
  const flags = bytes[1] as number;
  const count = get16(bytes, 2);
  if (flags > 3 || count > MAX_ACK_RANGES || bytes.length < ACK_BYTES + 8 * count) return null;
  const ranges: Ranges = [];
  let least = 0;
  // Between two ranges at least one number is missing.
  for (let at = ACK_BYTES; at < ACK_BYTES + 8 * count; at += 8) {
    const first = get32(bytes, at);
    const end = get32(bytes, at + 4) + 1;
    if (first < least || end <= first) return null;
    ranges.push(first, end);
    least = end + 1;
  }
  return {
    kind: "ack",
    connection: get32(bytes, 4),
    complete: (flags & 1) !== 0,
    refused: (flags & 2) !== 0,
    delayUs: get32(bytes, 8),
    ce: get32(bytes, 12),
    ranges,
  };
}

function encodeMessage({ message, index, count, bytes: total }: MessageFrame): Uint8Array {
  const bytes = new Uint8Array(MESSAGE_BYTES);
  bytes[0] = TYPE.message;
  put16(bytes, 2, index);
  put16(bytes, 4, count);
  put32(bytes, 6, message);
  put32(bytes, 10, total);
  return bytes;
}

function decodeMessage(bytes: Uint8Array): MessageFrame | null {
  const [index, count] = [get16(bytes, 2), get16(bytes, 4)];
  if (bytes[1] !== 0 || index >= count) return null;
  return { kind: "message", message: get32(bytes, 6), index, count, bytes: get32(bytes, 10) };
}
