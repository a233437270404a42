/**
 * What each end tells the other of itself in the handshake: pairs of varint id and varint length with their bytes, as QUIC's transport
 * parameters (RFC 9000, section 18). Unknown ids are passed over, so that later versions may say more.
 */
import { MILLISECOND, type Bytes, type Nanos } from "../../units.ts";
import { RESET_TOKEN_BYTES } from "../crypto/long-packets.ts";
import { type Cursor, readVarint, sizeOfVarint, writeVarint } from "../streams/varint.ts";

export interface Parameters {
  /** 0: never. Whole milliseconds on the wire. */
  readonly idleTimeout: Nanos;
  /** Largest channel packet taken, short header to tag. */
  readonly maxPacket: Bytes;
  /** What a reset will show; empty: this end sends none. */
  readonly resetToken: Uint8Array;
}

const ID = { idleTimeout: 1, maxPacket: 2, resetToken: 3 } as const;

/** Every end takes packets of this size. */
export const LEAST_MAX_PACKET: Bytes = 512;
const MOST_PARAMETERS = 32;

export function encodeParameters({ idleTimeout, maxPacket, resetToken }: Parameters): Uint8Array {
  const bytes = new Uint8Array(64);
  let at = putNumber(bytes, 0, ID.idleTimeout, Math.ceil(idleTimeout / MILLISECOND));
  at = putNumber(bytes, at, ID.maxPacket, maxPacket);
  if (resetToken.length > 0) {
    bytes[at++] = ID.resetToken;
    bytes[at++] = resetToken.length;
    bytes.set(resetToken, at);
    at += resetToken.length;
  }
  return bytes.slice(0, at);
}

/** null: not to be read, an id twice, or a value that cannot be. */
export function decodeParameters(bytes: Uint8Array): Parameters | null {
  const cursor: Cursor = { bytes, at: 0, end: bytes.length, limit: bytes.length };
  const values = new Map<number, Uint8Array>();
  while (cursor.at < bytes.length) {
    const id = readVarint(cursor);
    const length = readVarint(cursor);
    if (id < 0 || length < 0 || length > bytes.length - cursor.at) return null;
    if (values.has(id) || values.size >= MOST_PARAMETERS) return null;
    values.set(id, bytes.slice(cursor.at, cursor.at + length));
    cursor.at += length;
  }
  const idle = numberOf(values.get(ID.idleTimeout), 0);
  const maxPacket = numberOf(values.get(ID.maxPacket), LEAST_MAX_PACKET);
  const resetToken = values.get(ID.resetToken) ?? new Uint8Array(0);
  if (idle < 0 || idle > MAX_IDLE_MS || maxPacket < LEAST_MAX_PACKET) return null;
  if (resetToken.length !== 0 && resetToken.length !== RESET_TOKEN_BYTES) return null;
  return { idleTimeout: idle * MILLISECOND, maxPacket, resetToken };
}

/** A hundred days. */
const MAX_IDLE_MS = 8_640_000_000;

function putNumber(bytes: Uint8Array, at: number, id: number, value: number): number {
  bytes[at] = id;
  bytes[at + 1] = sizeOfVarint(value);
  return writeVarint(bytes, at + 2, value);
}

/** -1: not one varint and nothing else. */
function numberOf(bytes: Uint8Array | undefined, missing: number): number {
  if (bytes === undefined) return missing;
  const cursor: Cursor = { bytes, at: 0, end: bytes.length, limit: bytes.length };
  const value = readVarint(cursor);
  return cursor.at === bytes.length ? value : -1;
}
