/** Identity of a peer: 16 bytes, in programs their text (`0x` and 32 lower-case hex digits), which is plain data and a map's key. */
import { hashText } from "../../digest.ts";
import { err, ok, type Result } from "../../result.ts";
import type { RandomStream } from "../../rng.ts";
import type { ChannelerError } from "./errors.ts";

export type PeerId = string;

export const PEER_ID_BYTES = 16;

/** Every byte's two digits: identities are read from each packet. */
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const [DIGITS, LETTERS] = [48, 97];

const TEXT = /^0x[0-9a-f]{32}$/i;

/** `0x` and 32 hex digits of either case. */
export function parsePeerId(text: string): Result<PeerId, ChannelerError> {
  return TEXT.test(text) ? ok(text.toLowerCase()) : err("ERR_DECODE");
}

/** The first 16 bytes from `at` on; fewer are an error. */
export function peerIdFrom(bytes: Uint8Array, at = 0): Result<PeerId, ChannelerError> {
  return bytes.length - at < PEER_ID_BYTES ? err("ERR_INSUFFICIENT_BUFFER_SIZE") : ok(peerIdAt(bytes, at));
}

/** Does not check bounds. */
export function peerIdAt(bytes: Uint8Array, at: number): PeerId {
  let text = "0x";
  for (let i = at; i < at + PEER_ID_BYTES; i++) text += HEX[bytes[i] as number] as string;
  return text;
}

export function putPeerId(bytes: Uint8Array, at: number, peer: PeerId): void {
  for (let i = 0; i < PEER_ID_BYTES; i++) bytes[at + i] = 16 * digitAt(peer, 2 + 2 * i) + digitAt(peer, 3 + 2 * i);
}

/** A lower-case hex digit of the text. */
function digitAt(peer: PeerId, place: number): number {
  const code = peer.charCodeAt(place);
  return code < LETTERS ? code - DIGITS : code - LETTERS + 10;
}

export function peerIdBytes(peer: PeerId): Uint8Array {
  const bytes = new Uint8Array(PEER_ID_BYTES);
  putPeerId(bytes, 0, peer);
  return bytes;
}

export function randomPeerId(random: RandomStream): PeerId {
  return peerIdAt(
    Uint8Array.from({ length: PEER_ID_BYTES }, () => random.below(256)),
    0,
  );
}

/** 32 bits, the same for the same identity. */
export function hashPeerId(peer: PeerId): number {
  return hashText(peer)[0] >>> 0;
}
