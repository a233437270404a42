/**
 * Long packets: those of the handshake, before keys are there. Big endian.
 *
 *     [0] 0xC0 | type   [1..5) version   [5..13) destination id   [13..21) source id   then by type
 *     0 initial    u8 length, cookie; u16 length, Noise message 1; zeros up to 512 bytes or more
 *     1 retry      u8 length, cookie
 *     2 response   u16 length, Noise message 2
 *     3 final      u16 length, Noise message 3 (XX alone has one)
 *     4 versions   u8 count, u32 each; the header's version is 0
 *     5 refusal    u8 reason
 *     6 reset      16 bytes of token
 */
import { err, ok, type Result } from "../../result.ts";
import { get16, get32, put16, put32 } from "../../wire/bytes.ts";
import { concat, KEY_BYTES, sameBytes } from "./primitives.ts";

/** "PL", then 1: the one version there is. */
export const VERSION = 0x504c_0001;
const SUPPORTED: readonly number[] = [VERSION];

export const ID_BYTES = 8;
export const LONG_HEADER = 21;

/** Initials are padded to this, so that three times their size is more than any answer before a valid cookie. */
export const INITIAL_BYTES = 512;
/** How many times what it got a responder may send before a valid cookie came (RFC 9000, section 8.1). */
export const AMPLIFICATION = 3;
export const RESET_TOKEN_BYTES = 16;

const MAX_LENGTH = 0xffff;
const MAX_COOKIE = 64;
const MAX_VERSIONS = 16;
const LONG_BITS = 0xc0;
/** By type. */
const KINDS = ["initial", "retry", "response", "final", "versions", "refusal", "reset"] as const;
/** By number. */
const REASONS = ["busy", "not_listening", "wrong_identity", "bad_cookie"] as const;

type LongKind = (typeof KINDS)[number];

/** Not authenticated: a hint, which only who saw the initial could send, since it names both ids. */
export type RefusalReason = (typeof REASONS)[number];

/** What every long packet has, whatever its version. */
interface LongHead {
  readonly version: number;
  /** Of the receiver; before it has chosen one, what the initiator drew in its place. 8 bytes. */
  readonly destination: Uint8Array;
  /** Of the sender. 8 bytes. */
  readonly source: Uint8Array;
}

type LongBody =
  | { readonly kind: "initial"; readonly cookie: Uint8Array | null; readonly message: Uint8Array }
  | { readonly kind: "retry"; readonly cookie: Uint8Array }
  | { readonly kind: "response" | "final"; readonly message: Uint8Array }
  | { readonly kind: "versions"; readonly versions: readonly number[] }
  | { readonly kind: "refusal"; readonly reason: RefusalReason }
  | { readonly kind: "reset"; readonly token: Uint8Array };

/** What this end can send. */
export type LongPacket = LongHead & LongBody;

/** Of a version that this end does not speak; an initial of it is answered by `versions`. */
export type ForeignPacket = LongHead & { readonly kind: "foreign"; readonly initial: boolean };

/** The field at which decoding stopped, and why. */
export interface LongFault {
  readonly field:
    | "length"
    | "type"
    | "header"
    | "version"
    | "cookie"
    | "message"
    | "padding"
    | "versions"
    | "reason"
    | "token"
    | "end";
  readonly reason: string;
}

/** Bytes to send: `rest`, then zeros up to `length`. */
export interface EncodedLong {
  readonly rest: Uint8Array;
  readonly length: number;
}

/** Whether a packet is of the handshake (long), of data (short), or of neither kind. Never throws. */
export function headerForm(rest: Uint8Array): "long" | "short" | "none" {
  const first = (rest[0] ?? 0) & LONG_BITS;
  return first === LONG_BITS ? "long" : first === 0x40 ? "short" : "none";
}

/** The first 21 bytes of a long packet: what Noise authenticates with the message in it. */
export function longHeader(kind: LongKind, { version, destination, source }: LongHead): Uint8Array {
  const header = new Uint8Array(LONG_HEADER);
  header[0] = LONG_BITS | KINDS.indexOf(kind);
  put32(header, 1, version);
  header.set(destination, 5);
  header.set(source, 5 + ID_BYTES);
  return header;
}

export function encodeLong(packet: LongPacket): EncodedLong {
  const rest = concat(longHeader(packet.kind, packet), bodyOf(packet));
  return { rest, length: packet.kind === "initial" ? Math.max(rest.length, INITIAL_BYTES) : rest.length };
}

/** The answer to an initial of a foreign version (RFC 9000, section 6.1). */
export function versionsFor({ destination, source }: ForeignPacket): LongPacket {
  return { kind: "versions", version: 0, destination: source, source: destination, versions: SUPPORTED };
}

/** The version to try next of those that the peer speaks, or null: there is none in common. */
export function chooseVersion(versions: readonly number[]): number | null {
  return SUPPORTED.find((version) => versions.includes(version)) ?? null;
}

/**
 * Whether a retry, a list of versions or a refusal answers this initial: it names both its ids, which only who saw it knows. The
 * initiator drops what does not.
 */
export function answers(answer: LongPacket, initial: LongHead): boolean {
  return sameBytes(answer.destination, initial.source) && sameBytes(answer.source, initial.destination);
}

/** Whether `answer` more bytes may be sent to who has sent `received` and got `sent`, all before a valid cookie. */
export function answerFits(received: number, sent: number, answer: number): boolean {
  return sent + answer <= AMPLIFICATION * received;
}

/** Reads a long packet of `length` bytes that begins with `rest` and is zero from there on. Never throws. */
export function decodeLong(rest: Uint8Array, length: number): Result<LongPacket | ForeignPacket, LongFault> {
  if (!(length <= MAX_LENGTH) || rest.length > length)
    return fault("length", `${length} bytes, ${rest.length} of them given`);
  if (length < LONG_HEADER) return fault("header", `${length} bytes are none`);
  let bytes = rest;
  if (rest.length < length) {
    bytes = new Uint8Array(length);
    bytes.set(rest);
  }
  const first = bytes[0] as number;
  const kind = KINDS[first & ~LONG_BITS];
  if (headerForm(bytes) !== "long" || kind === undefined) return fault("type", `first byte 0x${first.toString(16)}`);
  const head = { version: get32(bytes, 1), destination: bytes.slice(5, 13), source: bytes.slice(13, LONG_HEADER) };
  if (kind === "versions") return head.version === 0 ? decodeVersions(head, bytes) : fault("version", "not 0");
  if (!SUPPORTED.includes(head.version)) return ok({ ...head, kind: "foreign", initial: kind === "initial" });
  return decodeBody(kind, head, bytes);
}

function bodyOf(packet: LongPacket): Uint8Array {
  switch (packet.kind) {
    case "initial":
      return concat(withLength8(packet.cookie ?? new Uint8Array(0)), withLength16(packet.message));
    case "retry":
      return withLength8(packet.cookie);
    case "response":
    case "final":
      return withLength16(packet.message);
    case "versions": {
      const body = new Uint8Array(1 + 4 * packet.versions.length);
      body[0] = packet.versions.length;
      packet.versions.forEach((version, at) => put32(body, 1 + 4 * at, version));
      return body;
    }
    case "refusal":
      return Uint8Array.of(REASONS.indexOf(packet.reason));
    case "reset":
      return packet.token;
  }
}

function withLength8(bytes: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(bytes.length), bytes);
}

function withLength16(bytes: Uint8Array): Uint8Array {
  const length = new Uint8Array(2);
  put16(length, 0, bytes.length);
  return concat(length, bytes);
}

type Decoded = Result<LongPacket, LongFault>;

function fault(field: LongFault["field"], reason: string): { readonly ok: false; readonly error: LongFault } {
  return err({ field, reason });
}

function decodeBody(kind: Exclude<LongKind, "versions">, head: LongHead, bytes: Uint8Array): Decoded {
  switch (kind) {
    case "initial":
      return decodeInitial(head, bytes);
    case "retry": {
      const cookie = cookieAt(bytes);
      if (cookie === null || cookie.length === 0) return fault("cookie", "empty, too long or cut");
      return endsAt(LONG_HEADER + 1 + cookie.length, bytes, { ...head, kind, cookie });
    }
    case "response":
    case "final": {
      const message = messageAt(bytes, LONG_HEADER);
      if (message === null) return fault("message", "shorter than a key or cut");
      return endsAt(LONG_HEADER + 2 + message.length, bytes, { ...head, kind, message });
    }
    case "refusal": {
      const reason = REASONS[bytes[LONG_HEADER] ?? REASONS.length];
      if (reason === undefined) return fault("reason", "none or unknown");
      return endsAt(LONG_HEADER + 1, bytes, { ...head, kind, reason });
    }
    case "reset": {
      const token = bytes.slice(LONG_HEADER, LONG_HEADER + RESET_TOKEN_BYTES);
      if (token.length < RESET_TOKEN_BYTES) return fault("token", "cut");
      return endsAt(LONG_HEADER + RESET_TOKEN_BYTES, bytes, { ...head, kind, token });
    }
  }
}

function decodeInitial(head: LongHead, bytes: Uint8Array): Decoded {
  if (bytes.length < INITIAL_BYTES)
    return fault("length", `an initial has at least ${INITIAL_BYTES} bytes, found ${bytes.length}`);
  const cookie = cookieAt(bytes);
  if (cookie === null) return fault("cookie", "too long");
  const at = LONG_HEADER + 1 + cookie.length;
  const message = messageAt(bytes, at);
  if (message === null) return fault("message", "shorter than a key or cut");
  for (let i = at + 2 + message.length; i < bytes.length; i++) {
    if (bytes[i] !== 0) return fault("padding", `byte ${i} is not zero`);
  }
  return ok({ ...head, kind: "initial", cookie: cookie.length === 0 ? null : cookie, message });
}

function decodeVersions(head: LongHead, bytes: Uint8Array): Decoded {
  const count = bytes[LONG_HEADER] ?? 0;
  const end = LONG_HEADER + 1 + 4 * count;
  if (count === 0 || count > MAX_VERSIONS || bytes.length < end) return fault("versions", "none, too many or cut");
  const versions = Array.from({ length: count }, (_, i) => get32(bytes, LONG_HEADER + 1 + 4 * i));
  return endsAt(end, bytes, { ...head, kind: "versions", versions });
}

function endsAt(end: number, bytes: Uint8Array, packet: LongPacket): Decoded {
  return bytes.length === end ? ok(packet) : fault("end", `${bytes.length - end} bytes too many`);
}

function cookieAt(bytes: Uint8Array): Uint8Array | null {
  const length = bytes[LONG_HEADER] ?? MAX_COOKIE + 1;
  const end = LONG_HEADER + 1 + length;
  return length > MAX_COOKIE || end > bytes.length ? null : bytes.slice(LONG_HEADER + 1, end);
}

function messageAt(bytes: Uint8Array, at: number): Uint8Array | null {
  if (at + 2 > bytes.length) return null;
  const length = get16(bytes, at);
  const end = at + 2 + length;
  return length < KEY_BYTES || end > bytes.length ? null : bytes.slice(at + 2, end);
}
