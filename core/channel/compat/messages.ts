/** Messages: a type as a varint, then a body whose size the type tells or, for data, a varint. Several fill a packet's payload. */
import { copyOf, get16, get32, put16, put32 } from "../../wire/bytes.ts";
import type { ChannelId } from "./channel-id.ts";
import type { Cookie } from "./cookie.ts";
import { putVarint, readVarint, varintLength } from "./varint.ts";

export const MESSAGE_TYPE = {
  CHANNEL_NEW: 10,
  CHANNEL_ACKNOWLEDGE: 11,
  CHANNEL_FINALIZE: 12,
  CHANNEL_COOKIE: 13,
  DATA: 20,
} as const;

/** What FINALIZE asks for; recorded, and honoured by nobody (docs/channeler-mode.md). */
export const CAPABILITY = { RESEND: 1, ORDERED: 2, CLOSE_ON_LOSS: 4 } as const;

export interface ChannelNew {
  readonly type: "CHANNEL_NEW";
  /** 16 bits. */
  readonly initiator: number;
  readonly cookie1: Cookie;
}

export interface ChannelAcknowledge {
  readonly type: "CHANNEL_ACKNOWLEDGE";
  readonly id: ChannelId;
  readonly cookie1: Cookie;
  readonly cookie2: Cookie;
}

export interface ChannelFinalize {
  readonly type: "CHANNEL_FINALIZE";
  readonly id: ChannelId;
  readonly cookie2: Cookie;
  /** Bits of `CAPABILITY`, 16. */
  readonly capabilities: number;
}

/** The channel it is about stands in the packet's header. */
export interface ChannelCookie {
  readonly type: "CHANNEL_COOKIE";
  readonly cookie: Cookie;
  readonly capabilities: number;
}

export interface Data {
  readonly type: "DATA";
  readonly bytes: Uint8Array;
}

export type Message = ChannelNew | ChannelAcknowledge | ChannelFinalize | ChannelCookie | Data;

export interface ReadMessage {
  readonly message: Message;
  /** Offset of the first byte after it. */
  readonly next: number;
}

/** Bytes after the type; -1: they begin with their own length. */
const BODY_BYTES: Readonly<Record<Message["type"], number>> = {
  CHANNEL_NEW: 6,
  CHANNEL_ACKNOWLEDGE: 12,
  CHANNEL_FINALIZE: 10,
  CHANNEL_COOKIE: 6,
  DATA: -1,
};

const TYPES: ReadonlyMap<number, Message["type"]> = new Map(
  Object.entries(MESSAGE_TYPE).map(([name, number]) => [number, name as Message["type"]]),
);

/** Bytes on the wire, type included. */
export function messageLength(message: Message): number {
  if (message.type === "DATA") return dataLength(message.bytes.length);
  return 1 + BODY_BYTES[message.type];
}

/** Bytes of a data message that carries so many. */
export function dataLength(bytes: number): number {
  return 1 + varintLength(bytes) + bytes;
}

/** Writes a message; answers the offset after it. */
export function putMessage(bytes: Uint8Array, at: number, message: Message): number {
  const body = putVarint(bytes, at, MESSAGE_TYPE[message.type]);
  switch (message.type) {
    case "CHANNEL_NEW":
      put16(bytes, body, message.initiator);
      put32(bytes, body + 2, message.cookie1);
      break;
    case "CHANNEL_ACKNOWLEDGE":
      put32(bytes, body, message.id);
      put32(bytes, body + 4, message.cookie1);
      put32(bytes, body + 8, message.cookie2);
      break;
    case "CHANNEL_FINALIZE":
      put32(bytes, body, message.id);
      put32(bytes, body + 4, message.cookie2);
      put16(bytes, body + 8, message.capabilities);
      break;
    case "CHANNEL_COOKIE":
      put32(bytes, body, message.cookie);
      put16(bytes, body + 4, message.capabilities);
      break;
    case "DATA": {
      const start = putVarint(bytes, body, message.bytes.length);
      bytes.set(message.bytes, start);
      return start + message.bytes.length;
    }
  }
  return body + BODY_BYTES[message.type];
}

export function encodeMessage(message: Message): Uint8Array {
  const bytes = new Uint8Array(messageLength(message));
  putMessage(bytes, 0, message);
  return bytes;
}

/** Reads one message that lies within `bytes[at, end)`; null: unknown, or cut short. Data are a copy. */
export function readMessage(bytes: Uint8Array, at: number, end: number): ReadMessage | null {
  const head = readVarint(bytes, at, end);
  const type = head === null ? undefined : TYPES.get(head.value);
  if (head === null || type === undefined) return null;
  if (type === "DATA") return readData(bytes, head.next, end);
  const next = head.next + BODY_BYTES[type];
  return next > end ? null : { message: readBody(bytes, head.next, type), next };
}

function readData(bytes: Uint8Array, at: number, end: number): ReadMessage | null {
  const length = readVarint(bytes, at, end);
  if (length === null || length.value > end - length.next) return null;
  const next = length.next + length.value;
  return { message: { type: "DATA", bytes: copyOf(bytes, length.next, next) }, next };
}

function readBody(bytes: Uint8Array, at: number, type: Exclude<Message["type"], "DATA">): Message {
  const first = get32(bytes, at);
  switch (type) {
    case "CHANNEL_NEW":
      return { type, initiator: get16(bytes, at), cookie1: get32(bytes, at + 2) };
    case "CHANNEL_ACKNOWLEDGE":
      return { type, id: first, cookie1: get32(bytes, at + 4), cookie2: get32(bytes, at + 8) };
    case "CHANNEL_FINALIZE":
      return { type, id: first, cookie2: get32(bytes, at + 4), capabilities: get16(bytes, at + 8) };
    case "CHANNEL_COOKIE":
      return { type, cookie: first, capabilities: get16(bytes, at + 4) };
  }
}

/** Every message up to the first that is unknown or cut short: without its size, what follows cannot be found. */
export function readMessages(bytes: Uint8Array, start: number, end: number): { messages: Message[]; next: number } {
  const messages: Message[] = [];
  let next = start;
  for (let read = readMessage(bytes, next, end); read !== null; read = readMessage(bytes, next, end)) {
    messages.push(read.message);
    next = read.next;
  }
  return { messages, next };
}
