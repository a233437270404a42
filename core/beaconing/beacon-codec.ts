/**
 * Beacons and segments as bytes, big endian (docs/control-plane.md). Eight bytes, then the entries:
 *
 *    0          4       6         7
 *   | timestamp | SegID | entries | 0 |
 *
 * An entry is the `u16` length of its body, the body and the authenticator (72 bytes, of which 8 are in use):
 *
 *    0    8      16        18       20        21  22    28            30    32
 *   | IA | next | ingress | egress | expTime | 0 | MAC | ingress MTU | MTU | peers | peer entries | static info |
 *
 * A peer entry has 22 bytes: IA, interface at the peer, MTU, own interface, lifetime, a zero byte, MAC. MACs are zero: they are derived when
 * somebody builds a path. Decoding takes any bytes and never throws.
 */
import { formatIA, type IA, iaParts } from "../address.ts";
import { err, ok, type Result } from "../result.ts";
import type { AsEntry, PeerEntry, Segment } from "../segment.ts";
import { get16, get32, get48, put16, put32, put48, zeroBytes } from "../wire/bytes.ts";
import { authenticate, AUTHENTICATOR_BYTES, type Authenticator, type BeaconKeys } from "./authenticator.ts";
import { type Beacon, beaconHop, type BeaconHop, lifetimeS } from "./beacon.ts";
import type { EntryTail } from "./entries.ts";
import { decodeStaticInfo, encodeStaticInfo } from "./static-info-codec.ts";

const HEADER_BYTES = 8;
const HEAD_BYTES = 32;
/** Of an entry without peers and static info. */
const BODY_BYTES = HEAD_BYTES + 2;
const PEER_BYTES = 22;
/** More than any path can use. */
const MAX_ENTRIES = 64;
/** A body's length stands in 16 bits. */
const MAX_BODY_BYTES = 0xffff;

/** A beacon with its bytes. */
export interface EncodedBeacon extends Beacon {
  readonly bytes: Uint8Array;
}

export type DecodingProblem = "malformed" | "unknown_as" | "forged";

function putIA(bytes: Uint8Array, at: number, ia: IA | null): void {
  if (ia === null) return;
  const { isd, as } = iaParts(ia);
  put16(bytes, at, isd);
  put48(bytes, at + 2, as);
}

function getIA(bytes: Uint8Array, at: number): IA {
  return formatIA(get16(bytes, at), get48(bytes, at + 2));
}

/** Peer entries and static info as bytes, their number before them; null where they are too long for the 16 bits of a body's length. */
export function encodeTail({ peers, staticInfo }: EntryTail): Uint8Array | null {
  const info = staticInfo === null ? new Uint8Array(0) : encodeStaticInfo(staticInfo);
  const length = 2 + PEER_BYTES * peers.length + info.length;
  if (HEAD_BYTES + length > MAX_BODY_BYTES) return null;
  const bytes = new Uint8Array(length);
  put16(bytes, 0, peers.length);
  peers.forEach((peer, n) => putPeer(bytes, 2 + PEER_BYTES * n, peer));
  bytes.set(info, length - info.length);
  return bytes;
}

function putPeer(bytes: Uint8Array, at: number, { hop, peer, peerInterface, peerMtu }: PeerEntry): void {
  putIA(bytes, at, peer);
  put16(bytes, at + 8, peerInterface);
  put16(bytes, at + 10, peerMtu);
  put16(bytes, at + 12, hop.ingress);
  bytes[at + 14] = hop.expTime;
  put48(bytes, at + 16, hop.mac ?? 0);
}

/** Bytes of a beacon without entries. */
export function encodeHeader(timestamp: number, segId: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  put32(bytes, 0, timestamp);
  put16(bytes, 4, segId);
  return bytes;
}

/** What an AS has to say for one of its hops. */
export interface EntryContent {
  readonly head: Omit<AsEntry, keyof EntryTail>;
  readonly tail: Uint8Array;
}

/** The bytes with one more entry, vouched for with the key of its AS. */
export function appendEntry(before: Uint8Array, { head, tail }: EntryContent, key: Authenticator): Uint8Array {
  const length = HEAD_BYTES + tail.length;
  const bytes = zeroBytes(before.length + 2 + length + AUTHENTICATOR_BYTES);
  bytes.set(before);
  bytes[6] = (before[6] as number) + 1;
  const at = before.length + 2;
  put16(bytes, before.length, length);
  putHead(bytes, at, head);
  bytes.set(tail, at + HEAD_BYTES);
  const end = at + length;
  const [high, low] = authenticate(key, lastAuthenticator(before), bytes, at, end);
  put32(bytes, end, high);
  put32(bytes, end + 4, low);
  return bytes;
}

function putHead(bytes: Uint8Array, at: number, { hop, ia, ingressMtu, mtu, next }: EntryContent["head"]): void {
  putIA(bytes, at, ia);
  putIA(bytes, at + 8, next);
  put16(bytes, at + 16, hop.ingress);
  put16(bytes, at + 18, hop.egress);
  bytes[at + 20] = hop.expTime;
  put48(bytes, at + 22, hop.mac ?? 0);
  put16(bytes, at + 28, ingressMtu);
  put16(bytes, at + 30, mtu);
}

/** Of the last entry; of a beacon without entries what its header says. */
function lastAuthenticator(bytes: Uint8Array): Authenticator {
  if (bytes.length === HEADER_BYTES) return [get32(bytes, 0), get16(bytes, 4)];
  const at = bytes.length - AUTHENTICATOR_BYTES;
  return [get32(bytes, at), get32(bytes, at + 4)];
}

/**
 * The beacon that fills `bytes[start, end)`, every authenticator verified; `ingress` as in `Beacon`. Its bytes are those given, not a copy. What its entries say of
 * each other agrees: each names the next one, all but the first have an ingress, all but the last an egress.
 */
export function decodeBeacon(
  bytes: Uint8Array,
  start: number,
  end: number,
  ingress: number,
  keys: BeaconKeys,
): Result<EncodedBeacon & { readonly next: IA | null }, DecodingProblem> {
  const count = end - start < HEADER_BYTES ? 0 : (bytes[start + 6] as number);
  if (count === 0 || count > MAX_ENTRIES || bytes[start + 7] !== 0) return MALFORMED;
  const timestamp = get32(bytes, start);
  const segId = get16(bytes, start + 4);
  const hops: BeaconHop[] = [];
  let next: IA | null = null;
  let before: Authenticator = [timestamp, segId];
  let at = start + HEADER_BYTES;
  for (let n = 0; n < count; n++) {
    const body = at + 2;
    const length = body <= end ? get16(bytes, at) : 0;
    if (length < BODY_BYTES || body + length + AUTHENTICATOR_BYTES > end) return MALFORMED;
    const ia = getIA(bytes, body);
    const [into, out] = [get16(bytes, body + 16), get16(bytes, body + 18)];
    const last = n === count - 1;
    if ((into === 0) !== (n === 0) || (out === 0 && !last) || (n > 0 && ia !== next)) return MALFORMED;
    next = isZero(bytes, body + 8, 8) ? null : getIA(bytes, body + 8);
    if ((next === null) !== (out === 0)) return MALFORMED;
    const key = keys(ia);
    if (key === null) return UNKNOWN_AS;
    at = body + length;
    before = authenticate(key, before, bytes, body, at);
    if (get32(bytes, at) !== before[0] || get32(bytes, at + 4) !== before[1]) return FORGED;
    if (!isZero(bytes, at + 8, AUTHENTICATOR_BYTES - 8)) return FORGED;
    at += AUTHENTICATOR_BYTES;
    hops.push(beaconHop(ia, into, out, bytes[body + 20] as number));
  }
  if (at !== end) return MALFORMED;
  const expiryS = timestamp + Math.min(...hops.map(({ expTime }) => lifetimeS(expTime)));
  const key = hops.map(({ text }) => text).join(" ");
  return ok({ timestamp, segId, hops, ingress, key, expiryS, next, bytes: bytes.subarray(start, end) });
}

const MALFORMED: Result<never, DecodingProblem> = err("malformed");
const UNKNOWN_AS: Result<never, DecodingProblem> = err("unknown_as");
const FORGED: Result<never, DecodingProblem> = err("forged");

function isZero(bytes: Uint8Array, at: number, length: number): boolean {
  for (let n = at; n < at + length; n++) if (bytes[n] !== 0) return false;
  return true;
}

/** The segment that bytes are which `decodeBeacon` has accepted; null where peer entries or static info are malformed. */
export function decodeSegment(bytes: Uint8Array): Segment | null {
  const entries: AsEntry[] = [];
  for (let at = HEADER_BYTES; at + 2 <= bytes.length; ) {
    const length = get16(bytes, at);
    const entry = decodeBody(bytes, at + 2, at + 2 + length);
    if (entry === null) return null;
    entries.push(entry);
    at += 2 + length + AUTHENTICATOR_BYTES;
  }
  return { timestamp: get32(bytes, 0), segId: get16(bytes, 4), entries };
}

function decodeBody(bytes: Uint8Array, start: number, end: number): AsEntry | null {
  const count = get16(bytes, start + 32);
  const peersEnd = start + BODY_BYTES + PEER_BYTES * count;
  if (peersEnd > end) return null;
  const egress = get16(bytes, start + 18);
  const staticInfo = peersEnd === end ? null : decodeStaticInfo(bytes, peersEnd, end);
  if (staticInfo === null && peersEnd !== end) return null;
  return {
    ia: getIA(bytes, start),
    next: egress === 0 ? null : getIA(bytes, start + 8),
    hop: { ingress: get16(bytes, start + 16), egress, expTime: bytes[start + 20] as number, mac: null },
    ingressMtu: get16(bytes, start + 28),
    peers: Array.from({ length: count }, (_, n) => decodePeer(bytes, start + BODY_BYTES + PEER_BYTES * n, egress)),
    mtu: get16(bytes, start + 30),
    staticInfo,
  };
}

function decodePeer(bytes: Uint8Array, at: number, egress: number): PeerEntry {
  return {
    peer: getIA(bytes, at),
    peerInterface: get16(bytes, at + 8),
    peerMtu: get16(bytes, at + 10),
    hop: { ingress: get16(bytes, at + 12), egress, expTime: bytes[at + 14] as number, mac: null },
  };
}
