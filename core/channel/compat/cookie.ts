/**
 * Cookies: CRC-32 over secret, both identities and what the side vouches for. They spare the responder its state; against an
 * attacker who reads packets they protect nothing (docs/channeler-mode.md).
 */
import { put16, put32 } from "../../wire/bytes.ts";
import { type ChannelId, initiatorOf } from "./channel-id.ts";
import { crc32 } from "./crc.ts";
import { PEER_ID_BYTES, type PeerId, putPeerId } from "./peer-id.ts";

/** 32 bits. */
export type Cookie = number;

/** Secrets of one side, the newest first: cookies are made with the first and hold with any. Plain data. */
export interface Secrets {
  ring: readonly Uint8Array[];
}

/** Secrets that still hold, the one in use included. */
const RING_LENGTH = 2;

export function createSecrets(secret: Uint8Array): Secrets {
  return { ring: [secret] };
}

/** Cookies made so far hold until the next rotation. */
export function rotateSecret(secrets: Secrets, fresh: Uint8Array): void {
  secrets.ring = [fresh, ...secrets.ring].slice(0, RING_LENGTH);
}

/** Cookie 1: the initiator's, over its half of the channel's name. */
export function initiatorCookie(secret: Uint8Array, initiator: PeerId, responder: PeerId, half: number): Cookie {
  const bytes = bytesFor(secret, initiator, responder, 2);
  put16(bytes, bytes.length - 2, half);
  return crc32(bytes);
}

/** Cookie 2: the responder's, over the whole name as the wire has it. */
export function responderCookie(secret: Uint8Array, initiator: PeerId, responder: PeerId, id: ChannelId): Cookie {
  const bytes = bytesFor(secret, initiator, responder, 4);
  put32(bytes, bytes.length - 4, id);
  return crc32(bytes);
}

export function makeInitiatorCookie({ ring }: Secrets, initiator: PeerId, responder: PeerId, id: ChannelId): Cookie {
  return initiatorCookie(ring[0] as Uint8Array, initiator, responder, initiatorOf(id));
}

export function makeResponderCookie({ ring }: Secrets, initiator: PeerId, responder: PeerId, id: ChannelId): Cookie {
  return responderCookie(ring[0] as Uint8Array, initiator, responder, id);
}

export function initiatorCookieHolds(
  { ring }: Secrets,
  initiator: PeerId,
  responder: PeerId,
  id: ChannelId,
  cookie: Cookie,
): boolean {
  return ring.some((secret) => initiatorCookie(secret, initiator, responder, initiatorOf(id)) === cookie);
}

export function responderCookieHolds(
  { ring }: Secrets,
  initiator: PeerId,
  responder: PeerId,
  id: ChannelId,
  cookie: Cookie,
): boolean {
  return ring.some((secret) => responderCookie(secret, initiator, responder, id) === cookie);
}

function bytesFor(secret: Uint8Array, initiator: PeerId, responder: PeerId, tail: number): Uint8Array {
  const bytes = new Uint8Array(secret.length + 2 * PEER_ID_BYTES + tail);
  bytes.set(secret);
  putPeerId(bytes, secret.length, initiator);
  putPeerId(bytes, secret.length + PEER_ID_BYTES, responder);
  return bytes;
}
