/**
 * Beacons and segments as bytes, big endian (docs/control-plane.md). Eight bytes, then the entries:
 *
 *    0          4       6         7
 *   | timestamp | SegID | entries | 0 |
 *
 * An entry is the `u16` length of its body, the body and the authenticator (72 bytes, of which 8 are in use):
 *
 *    0    8      16        18       20        21  22    28            30    32
 *   | IA | next | ingress | egress | expTime | 0 | MAC | ingress MTU | MTU | peer entries | static info |
 *
 * Peer entries are in peer-codec.ts, static info (none where nothing is left) in static-info-codec.ts. MACs are zero: they are derived when
 * somebody builds a path. Decoding takes any bytes and never throws.
 */
import { formatIA, type IA, iaParts, type IfId } from "../address.ts";
import { err, ok, type Result } from "../result.ts";
import type { AsEntry, PeerEntry } from "../segment.ts";
import { copyOf, get16, get32, get48, put16, put32, put48, zeroBytes } from "../wire/bytes.ts";
import { authenticate, AUTHENTICATOR_BYTES, type Authenticator, digestBody } from "./authenticator.ts";
import { type Beacon, beaconHop, type BeaconHop, lifetimeS } from "./beacon.ts";
import { type Chain, chainAfter, chainOf, type Chains, knownAfter } from "./chains.ts";
import { createReader, type Written } from "./columns.ts";
import type { EntryTail } from "./entries.ts";
import { getPeers, putPeers } from "./peer-codec.ts";
import { decodeStaticInfo, putStaticInfo } from "./static-info-codec.ts";

const HEADER_BYTES = 8;
const HEAD_BYTES = 32;
/** Of an entry without peers and static info. */
const BODY_BYTES = HEAD_BYTES + 1;
/** More than any path can use. */
const MAX_ENTRIES = 64;
/** A body's length stands in 16 bits. */
const MAX_BODY_BYTES = 0xffff;

/** The body of an AS entry as bytes, and what beaconing needs of it; shared by all beacons that hold it. */
export interface EntryBody {
  readonly hop: BeaconHop;
  readonly next: IA | null;
  readonly bytes: Uint8Array;
  readonly digest: Authenticator;
}

/** A beacon with all that its bytes say. */
export interface EncodedBeacon extends Beacon {
  readonly bodies: readonly EntryBody[];
  /** Authenticators, two numbers each. */
  readonly seals: readonly number[];
  /** The AS that it is meant for; null: terminated. */
  readonly next: IA | null;
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

/** Peer entries and static info as bytes; null where they are too long for the 16 bits of a body's length. */
export function encodeTail({ peers, staticInfo }: EntryTail, egress: IfId): Uint8Array | null {
  const bytes: Written = [];
  putPeers(bytes, peers);
  if (staticInfo !== null) putStaticInfo(bytes, staticInfo, namedBy(peers, egress));
  return HEAD_BYTES + bytes.length > MAX_BODY_BYTES ? null : Uint8Array.from(bytes);
}

/** Interfaces that an entry names whatever its static info: its egress and those of its peers, ascending. */
function namedBy(peers: readonly PeerEntry[], egress: IfId): IfId[] {
  const ids = peers.map(({ hop }) => hop.ingress);
  if (egress !== 0) ids.push(egress);
  return ids.sort((left, right) => left - right);
}

/** What an AS has to say for one of its hops. */
export interface EntryContent {
  readonly head: Omit<AsEntry, keyof EntryTail>;
  readonly tail: Uint8Array;
}

export function encodeBody(hop: BeaconHop, { head, tail }: EntryContent, key: Authenticator): EntryBody {
  const bytes = zeroBytes(HEAD_BYTES + tail.length);
  putHead(bytes, 0, head);
  bytes.set(tail, HEAD_BYTES);
  return { hop, next: head.next, bytes, digest: digestBody(key, bytes, 0, bytes.length) };
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

/** Bytes that a beacon takes. */
export function lengthOf({ bodies }: Pick<EncodedBeacon, "bodies">): number {
  let length = HEADER_BYTES;
  for (const { bytes } of bodies) length += 2 + bytes.length + AUTHENTICATOR_BYTES;
  return length;
}

/** Writes a beacon into bytes that are zero. */
export function putBeacon(into: Uint8Array, start: number, { bodies, seals, segId, timestamp }: EncodedBeacon): void {
  put32(into, start, timestamp);
  put16(into, start + 4, segId);
  into[start + 6] = bodies.length;
  let at = start + HEADER_BYTES;
  for (let n = 0; n < bodies.length; n++) {
    const { bytes } = bodies[n] as EntryBody;
    put16(into, at, bytes.length);
    into.set(bytes, at + 2);
    at += 2 + bytes.length;
    put32(into, at, seals[2 * n] as number);
    put32(into, at + 4, seals[2 * n + 1] as number);
    at += AUTHENTICATOR_BYTES;
  }
}

/** The beginning of a beacon of these chains with the authenticators given. */
function beaconOf(
  chain: Chain,
  timestamp: number,
  segId: number,
  seals: readonly number[],
  ingress: IfId,
): EncodedBeacon {
  const { bodies, expTime, hops, key } = chain;
  const expiryS = timestamp + lifetimeS(expTime);
  return { timestamp, segId, hops, ingress, key, expiryS, bodies, seals, next: chain.body.next };
}

export function beginBeacon(
  chains: Chains,
  timestamp: number,
  segId: number,
  body: EntryBody,
  ingress: IfId,
): EncodedBeacon {
  return beaconOf(
    chainAfter(chains, null, body),
    timestamp,
    segId,
    authenticate(body.digest, [timestamp, segId]),
    ingress,
  );
}

/** The beacon with one more entry; `ingress` is where the next AS gets it. */
export function appendEntry(chains: Chains, beacon: EncodedBeacon, body: EntryBody, ingress: IfId): EncodedBeacon {
  const { seals, segId, timestamp } = beacon;
  const before: Authenticator = [seals.at(-2) as number, seals.at(-1) as number];
  const chain = chainAfter(chains, chainOf(chains, beacon.bodies), body);
  return beaconOf(chain, timestamp, segId, [...seals, ...authenticate(body.digest, before)], ingress);
}

/**
 * The beacon that fills `bytes[start, end)`, every authenticator verified; `ingress` as in `Beacon`. What its entries say of each other agrees: each
 * names the next one, all but the first have an ingress, all but the last an egress. Nothing of `bytes` is kept.
 */
export function decodeBeacon(
  chains: Chains,
  bytes: Uint8Array,
  start: number,
  end: number,
  ingress: IfId,
): Result<EncodedBeacon, DecodingProblem> {
  const count = end - start < HEADER_BYTES ? 0 : (bytes[start + 6] as number);
  if (count === 0 || count > MAX_ENTRIES || bytes[start + 7] !== 0) return MALFORMED;
  const [timestamp, segId] = [get32(bytes, start), get16(bytes, start + 4)];
  const seals: number[] = [];
  let chain: Chain | null = null;
  let before: Authenticator = [timestamp, segId];
  let at = start + HEADER_BYTES;
  for (let n = 0; n < count; n++) {
    const body = at + 2;
    const length: number = body <= end ? get16(bytes, at) : 0;
    if (length < BODY_BYTES || body + length + AUTHENTICATOR_BYTES > end) return MALFORMED;
    const read: Result<EntryBody, DecodingProblem> = readBody(chains, chain, bytes, body, body + length);
    if (!read.ok) return read;
    at = body + length;
    before = authenticate(read.value.digest, before);
    if (get32(bytes, at) !== before[0] || get32(bytes, at + 4) !== before[1]) return FORGED;
    if (!isZero(bytes, at + 8, AUTHENTICATOR_BYTES - 8)) return FORGED;
    at += AUTHENTICATOR_BYTES;
    seals.push(before[0], before[1]);
    chain = chainAfter(chains, chain, read.value);
    if (chain.body.next === null && n < count - 1) return MALFORMED;
  }
  if (at !== end || chain === null) return MALFORMED;
  return ok(beaconOf(chain, timestamp, segId, seals, ingress));
}

/** The body that stands there: one that is known, or a new one. */
function readBody(
  chains: Chains,
  before: Chain | null,
  bytes: Uint8Array,
  start: number,
  end: number,
): Result<EntryBody, DecodingProblem> {
  const known = knownAfter(chains, before, bytes, start);
  if (known !== undefined && isSame(known.body.bytes, bytes, start, end)) return ok(known.body);
  const [into, out] = [get16(bytes, start + 16), get16(bytes, start + 18)];
  const ia = getIA(bytes, start);
  const next = isZero(bytes, start + 8, 8) ? null : getIA(bytes, start + 8);
  if ((into === 0) !== (before === null) || (next === null) !== (out === 0)) return MALFORMED;
  if (before !== null && ia !== before.body.next) return MALFORMED;
  const key = chains.keys(ia);
  if (key === null) return UNKNOWN_AS;
  const hop = beaconHop(ia, into, out, bytes[start + 20] as number);
  return ok({ hop, next, bytes: copyOf(bytes, start, end), digest: digestBody(key, bytes, start, end) });
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let n = 0; n < known.length; n++) if (known[n] !== bytes[start + n]) return false;
  return true;
}

const MALFORMED: Result<never, DecodingProblem> = err("malformed");
const UNKNOWN_AS: Result<never, DecodingProblem> = err("unknown_as");
const FORGED: Result<never, DecodingProblem> = err("forged");

function isZero(bytes: Uint8Array, at: number, length: number): boolean {
  for (let n = at; n < at + length; n++) if (bytes[n] !== 0) return false;
  return true;
}

/** What a body that was accepted says; null where peer entries or static info are malformed. */
export function entryOf({ bytes }: EntryBody): AsEntry | null {
  return decodeBody(bytes, 0, bytes.length);
}

function decodeBody(bytes: Uint8Array, start: number, end: number): AsEntry | null {
  const egress = get16(bytes, start + 18);
  const reader = createReader(bytes, start + HEAD_BYTES, end);
  const peers = getPeers(reader, egress);
  if (reader.failed) return null;
  const staticInfo = reader.at === end ? null : decodeStaticInfo(bytes, reader.at, end, namedBy(peers, egress));
  if (staticInfo === null && reader.at !== end) return null;
  return {
    ia: getIA(bytes, start),
    next: egress === 0 ? null : getIA(bytes, start + 8),
    hop: { ingress: get16(bytes, start + 16), egress, expTime: bytes[start + 20] as number, mac: null },
    ingressMtu: get16(bytes, start + 28),
    peers,
    mtu: get16(bytes, start + 30),
    staticInfo,
  };
}
