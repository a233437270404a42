/**
 * The one datagram that pieces of a live run send each other, over the sockets of the links between them. Big-endian; times are
 * nanoseconds of the sender's monotonic clock.
 *
 *   0   4  "\xf0PLM": the first four bits are no version of SCION
 *   4   1  version of this format
 *   5   1  flags: 1 an epoch is agreed on, 2 this piece has ended
 *   6   8  instance: random, of the process that sends
 *   14  8  echo: the instance heard last from the other end, 0 for none
 *   22 32  SHA-256 of the resolved scenario
 *   54  8  identifier of the key
 *   62     Pathloom's version and its build, each one byte of length and ASCII
 *   ---    from here on only versions that are equal understand each other
 *       4  counter, from 1 up
 *   3 x 8  time of sending; the other end's latest time of sending, and when that was heard (0, 0: nothing yet)
 *       8  the machine, 0 for unknown: machines that are equal have one monotonic clock
 *       8  run: random, of the epoch; 0 without one
 *   2 x 8  the epoch, and by how much it may be wrong
 *       2  number of pieces, the sender first; each:
 *          8 instance, 8 machine, 4 beat, 1 flags (1 ended), 2 number of its ASes, 2 each (their places)
 *      16  HMAC-SHA256 over all before, cut
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Nanos } from "../../core/units.ts";

export const FORMAT = 1;
const MAGIC = Buffer.from([0xf0, 0x50, 0x4c, 0x4d]);
const MAC_BYTES = 16;
const MAX_TEXT = 64;
/** 16 hex digits of zeros: nobody, nothing. */
export const NONE = "0".repeat(16);

/** A piece as others are told of it. Identifiers are 16 hex digits. */
export interface PieceNews {
  readonly instance: string;
  readonly machine: string;
  /** Counts up while the piece lives. */
  readonly beat: number;
  readonly ended: boolean;
  /** Indices of its ASes in the network. */
  readonly places: readonly number[];
}

/** What pieces must have in common. */
export interface Identity {
  /** 64 hex digits. */
  readonly scenario: string;
  readonly keyId: string;
  readonly pathloom: string;
  readonly build: string;
}

/** The part that every version can read. Nothing vouches for it but the echo. */
export interface Opening extends Identity {
  readonly format: number;
  readonly instance: string;
  readonly echo: string;
}

/** The part that the key vouches for. */
export interface Body {
  readonly counter: number;
  readonly sentAt: Nanos;
  /** The other end's latest `sentAt`, and when it was heard; 0: nothing was. */
  readonly heard: { readonly sentAt: Nanos; readonly at: Nanos };
  readonly machine: string;
  readonly epoch: { readonly run: string; readonly at: Nanos; readonly error: Nanos } | null;
  readonly ended: boolean;
  readonly pieces: readonly PieceNews[];
}

export function encodeHello(opening: Omit<Opening, "format">, body: Body, key: Uint8Array): Buffer {
  const { epoch, heard, pieces } = body;
  const parts = [
    MAGIC,
    Buffer.from([FORMAT, (epoch === null ? 0 : 1) | (body.ended ? 2 : 0)]),
    Buffer.from(opening.instance + opening.echo + opening.scenario + opening.keyId, "hex"),
    text(opening.pathloom),
    text(opening.build),
    word(body.counter),
    ...[body.sentAt, heard.sentAt, heard.at].map(time),
    Buffer.from(body.machine + (epoch?.run ?? NONE), "hex"),
    ...[epoch?.at ?? 0, epoch?.error ?? 0].map(time),
    half(pieces.length),
    ...pieces.flatMap(({ instance, machine, beat, ended, places }) => [
      Buffer.from(instance + machine, "hex"),
      word(beat),
      Buffer.from([ended ? 1 : 0]),
      half(places.length),
      ...places.map(half),
    ]),
  ];
  const bytes = Buffer.concat(parts);
  return Buffer.concat([bytes, macOf(bytes, key)]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value.slice(0, MAX_TEXT), "latin1");
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

function half(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function time(value: Nanos): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(Math.round(value)));
  return bytes;
}

function macOf(bytes: Uint8Array, key: Uint8Array): Buffer {
  return createHmac("sha256", key).update(bytes).digest().subarray(0, MAC_BYTES);
}

/** Reads on from where it stands; past the end it reads zeros, and `short` says so. */
class Reader {
  readonly #bytes: Buffer;
  at: number;
  short = false;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  take(length: number): Buffer {
    const end = this.at + length;
    this.short ||= end > this.#bytes.length;
    const taken = this.short ? Buffer.alloc(length) : this.#bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }

  hex = (length: number): string => this.take(length).toString("hex");
  byte = (): number => this.take(1).readUInt8();
  half = (): number => this.take(2).readUInt16BE();
  word = (): number => this.take(4).readUInt32BE();
  time = (): number => Number(this.take(8).readBigInt64BE());

  text(): string {
    const length = this.byte();
    this.short ||= length > MAX_TEXT;
    // Texts go to people: nothing may stand in them that a terminal obeys.
    return this.short
      ? ""
      : this.take(length)
          .toString("latin1")
          .replace(/[^ -~]/g, "?");
  }
}

/** A datagram whose first part could be read. */
export interface Opened {
  readonly opening: Opening;
  readonly bytes: Uint8Array;
  /** Where the rest begins. */
  readonly rest: number;
}

/** null: no datagram of a piece. */
export function openHello(bytes: Uint8Array): Opened | null {
  if (!MAGIC.every((byte, at) => bytes[at] === byte)) return null;
  const reader = new Reader(bytes, MAGIC.length);
  const format = reader.byte();
  reader.byte();
  const [instance, echo, scenario, keyId] = [reader.hex(8), reader.hex(8), reader.hex(32), reader.hex(8)];
  const [pathloom, build] = [reader.text(), reader.text()];
  if (reader.short || instance === NONE) return null;
  return { opening: { format, instance, echo, scenario, keyId, pathloom, build }, bytes, rest: reader.at };
}

/** `forged`: the key does not vouch for it; `malformed`: it does, and yet it cannot be read. */
export function readBody({ bytes, rest }: Opened, key: Uint8Array): Body | "forged" | "malformed" {
  const signed = bytes.subarray(0, Math.max(0, bytes.length - MAC_BYTES));
  const mac = bytes.subarray(signed.length);
  if (mac.length !== MAC_BYTES || !timingSafeEqual(mac, macOf(signed, key))) return "forged";
  const flags = signed[MAGIC.length + 1] ?? 0;
  const reader = new Reader(signed, rest);
  const counter = reader.word();
  const [sentAt, heardSentAt, heardAt] = [reader.time(), reader.time(), reader.time()];
  const [machine, run] = [reader.hex(8), reader.hex(8)];
  const [at, error] = [reader.time(), reader.time()];
  const count = reader.half();
  const pieces: PieceNews[] = [];
  for (let n = 0; n < count && !reader.short; n++) pieces.push(readPiece(reader));
  if (reader.short || reader.at !== signed.length) return "malformed";
  return {
    counter,
    sentAt,
    heard: { sentAt: heardSentAt, at: heardAt },
    machine,
    epoch: (flags & 1) === 0 ? null : { run, at, error },
    ended: (flags & 2) !== 0,
    pieces,
  };
}

function readPiece(reader: Reader): PieceNews {
  const [instance, machine, beat] = [reader.hex(8), reader.hex(8), reader.word()];
  const ended = (reader.byte() & 1) !== 0;
  const count = reader.half();
  const places: number[] = [];
  for (let n = 0; n < count && !reader.short; n++) places.push(reader.half());
  return { instance, machine, beat, ended, places };
}
