/**
 * Messages of any length in packets: cut into fragments, acknowledged, sent again, put together. A window of fragments is under way at a time;
 * what is not acknowledged within the timeout, which doubles, is sent again; after so many timeouts without progress a message is given up.
 *
 * Each fragment begins with 16 bytes (big endian):
 *
 *    0      2         3      4            8       10      12
 *   | "PC" | version | kind | message id | index | count | length of the message |        kind 0: data
 *   | "PC" | version | kind | message id | first missing | count | bits of the 32 after |  kind 1: acknowledgement
 *
 * Everything here is plain data, bounded, and pure: who calls sends the packets and keeps the time.
 */
import { get16, get32, put16, put32 } from "../wire/bytes.ts";
import { MILLISECOND, type Nanos, SECOND } from "../units.ts";

export const FRAGMENT_HEADER_BYTES = 16;
const MAGIC = 0x5043;
const VERSION = 1;
const DATA = 0;
const ACK = 1;

/** Fragments of one message under way. */
const WINDOW = 32;
/** An acknowledgement goes out for each so many fragments, for the last one and for what has come before. */
const ACK_EVERY = 8;
export const MAX_FRAGMENTS = 1_024;
/** Messages being put together, and messages remembered so that they are not taken twice. */
const MAX_PARTIAL = 4_096;
const MAX_DONE = 65_536;
/** After so long no fragment of a message comes any more: longer than all timeouts together. */
export const FORGET_AFTER: Nanos = 30 * SECOND;
/** First retransmission timeout: twice any round trip on Earth. */
const FIRST_TIMEOUT: Nanos = 800 * MILLISECOND;
const MAX_TIMEOUTS = 3;

export interface Outgoing {
  readonly id: number;
  /** The fragments, one after another. */
  readonly bytes: Uint8Array;
  /** Bytes of a fragment; the last has what is left. */
  readonly size: number;
  readonly count: number;
  readonly acked: Uint8Array;
  /** First fragment that is not acknowledged, and the first one never sent. */
  base: number;
  next: number;
  timeouts: number;
}

/** Nothing of `payload` is kept; a fragment takes `part` bytes of it. */
export function createOutgoing(id: number, payload: Uint8Array, part: number): Outgoing {
  const count = Math.ceil(payload.length / part);
  const size = FRAGMENT_HEADER_BYTES + part;
  const bytes = new Uint8Array(count * FRAGMENT_HEADER_BYTES + payload.length);
  for (let index = 0; index < count; index++) {
    const at = index * size;
    putHead(bytes, at, DATA, id);
    put16(bytes, at + 8, index);
    put16(bytes, at + 10, count);
    put32(bytes, at + 12, payload.length);
    bytes.set(payload.subarray(index * part, (index + 1) * part), at + FRAGMENT_HEADER_BYTES);
  }
  return { id, bytes, size, count, acked: new Uint8Array(count), base: 0, next: 0, timeouts: 0 };
}

export function timeoutOf({ timeouts }: Outgoing): Nanos {
  let timeout = FIRST_TIMEOUT;
  for (let n = 0; n < timeouts; n++) timeout *= 2;
  return timeout;
}

/** Fragments that may go out now for the first time. */
export function takeFragments(out: Outgoing): Uint8Array[] {
  const fragments: Uint8Array[] = [];
  while (out.next < out.count && out.next < out.base + WINDOW) fragments.push(fragmentOf(out, out.next++));
  return fragments;
}

/** Fragments to send again after a timeout; null: the message is given up. */
export function retransmit(out: Outgoing): Uint8Array[] | null {
  if (++out.timeouts > MAX_TIMEOUTS) return null;
  const fragments: Uint8Array[] = [];
  for (let n = out.base; n < out.next; n++) if (out.acked[n] === 0) fragments.push(fragmentOf(out, n));
  return fragments;
}

function fragmentOf({ bytes, size }: Outgoing, index: number): Uint8Array {
  return bytes.subarray(index * size, (index + 1) * size);
}

function putHead(bytes: Uint8Array, at: number, kind: number, id: number): void {
  put16(bytes, at, MAGIC);
  bytes[at + 2] = VERSION;
  bytes[at + 3] = kind;
  put32(bytes, at + 4, id);
}

/** A fragment as it came. */
export type Fragment =
  | {
      readonly kind: "data";
      readonly id: number;
      readonly index: number;
      readonly count: number;
      readonly length: number;
      readonly part: Uint8Array;
    }
  | {
      readonly kind: "ack";
      readonly id: number;
      readonly missing: number;
      readonly count: number;
      readonly bits: number;
    };

/** null: not a fragment. */
export function decodeFragment(bytes: Uint8Array | null): Fragment | null {
  if (bytes === null || bytes.length < FRAGMENT_HEADER_BYTES) return null;
  if (get16(bytes, 0) !== MAGIC || bytes[2] !== VERSION) return null;
  const [kind, id, index, count, last] = [
    bytes[3],
    get32(bytes, 4),
    get16(bytes, 8),
    get16(bytes, 10),
    get32(bytes, 12),
  ];
  if (count === 0 || count > MAX_FRAGMENTS) return null;
  if (kind === ACK && bytes.length === FRAGMENT_HEADER_BYTES && index <= count) {
    return { kind: "ack", id, missing: index, count, bits: last };
  }
  if (kind !== DATA || index >= count || last < count || bytes.length === FRAGMENT_HEADER_BYTES) return null;
  return { kind: "data", id, index, count, length: last, part: bytes.subarray(FRAGMENT_HEADER_BYTES) };
}

/** Takes an acknowledgement; true: the message is through. One that does not fit changes nothing. */
export function acknowledge(out: Outgoing, { bits, count, missing }: Extract<Fragment, { kind: "ack" }>): boolean {
  if (count !== out.count || missing > out.next) return false;
  const before = out.base;
  for (let n = out.base; n < missing; n++) out.acked[n] = 1;
  for (let bit = 0; bit < 32; bit++) {
    if (((bits >>> bit) & 1) === 1 && missing + 1 + bit < out.next) out.acked[missing + 1 + bit] = 1;
  }
  while (out.base < out.next && out.acked[out.base] === 1) out.base++;
  if (out.base > before) out.timeouts = 0;
  return out.base === out.count;
}

interface Partial {
  readonly count: number;
  readonly length: number;
  readonly parts: (Uint8Array | null)[];
  missing: number;
  latest: Nanos;
}

export interface Incoming {
  /** By sender and id of the message. */
  readonly partial: Map<string, Partial>;
  readonly done: Map<string, { readonly count: number; readonly at: Nanos }>;
}

export function createIncoming(): Incoming {
  return { partial: new Map(), done: new Map() };
}

/** What comes of a fragment of data: an acknowledgement to send, and the message where it is whole now. */
export interface Taken {
  readonly ack: Uint8Array | null;
  /** Good until the next one. */
  readonly message: Uint8Array | null;
  /** No room for one more message, or a fragment that contradicts those before it. */
  readonly refused: boolean;
}

const REFUSED: Taken = { ack: null, message: null, refused: true };

export function takeData(
  incoming: Incoming,
  sender: string,
  data: Extract<Fragment, { kind: "data" }>,
  now: Nanos,
): Taken {
  const name = `${sender} ${data.id}`;
  const done = incoming.done.get(name);
  if (done !== undefined) return { ack: ackOf(data.id, done.count, done.count, 0), message: null, refused: false };
  let partial = incoming.partial.get(name);
  if (partial === undefined) {
    if (incoming.partial.size >= MAX_PARTIAL) return REFUSED;
    const { count, length } = data;
    partial = { count, length, parts: new Array<Uint8Array | null>(count).fill(null), missing: 0, latest: now };
    incoming.partial.set(name, partial);
  }
  if (partial.count !== data.count || partial.length !== data.length) return REFUSED;
  partial.latest = now;
  const repeated = partial.parts[data.index] !== null;
  partial.parts[data.index] = data.part;
  while (partial.missing < partial.count && partial.parts[partial.missing] !== null) partial.missing++;
  const whole = partial.missing === partial.count;
  const due = repeated || whole || data.index % ACK_EVERY === ACK_EVERY - 1 || data.index === data.count - 1;
  const ack = due ? ackOf(data.id, partial.missing, partial.count, bitsAfter(partial)) : null;
  if (!whole) return { ack, message: null, refused: false };
  incoming.partial.delete(name);
  remember(incoming, name, { count: partial.count, at: now });
  const message = join(partial.parts as Uint8Array[], partial.length);
  return { ack, message, refused: message === null };
}

function remember({ done }: Incoming, name: string, entry: { count: number; at: Nanos }): void {
  if (done.size >= MAX_DONE) {
    for (const oldest of done.keys()) {
      done.delete(oldest);
      break;
    }
  }
  done.set(name, entry);
}

/** Where messages are put together: nobody keeps one. */
const JOINED = { bytes: new Uint8Array(0) };

/** null where the parts are not as long as announced. */
function join(parts: readonly Uint8Array[], length: number): Uint8Array | null {
  if (parts.reduce((sum, part) => sum + part.length, 0) !== length) return null;
  if (parts.length === 1) return parts[0] as Uint8Array;
  if (JOINED.bytes.length < length) JOINED.bytes = new Uint8Array(2 * length);
  let at = 0;
  for (const part of parts) {
    JOINED.bytes.set(part, at);
    at += part.length;
  }
  return JOINED.bytes.subarray(0, length);
}

function bitsAfter({ missing, parts }: Partial): number {
  let bits = 0;
  for (let bit = 0; bit < 32; bit++) if ((parts[missing + 1 + bit] ?? null) !== null) bits |= 1 << bit;
  return bits >>> 0;
}

function ackOf(id: number, missing: number, count: number, bits: number): Uint8Array {
  const bytes = new Uint8Array(FRAGMENT_HEADER_BYTES);
  putHead(bytes, 0, ACK, id);
  put16(bytes, 8, missing);
  put16(bytes, 10, count);
  put32(bytes, 12, bits);
  return bytes;
}

/** Forgets messages that nobody will complete or repeat any more; answers how many were incomplete. */
export function forget({ done, partial }: Incoming, now: Nanos): number {
  let lost = 0;
  for (const [name, { latest }] of partial) {
    if (now - latest < FORGET_AFTER) continue;
    partial.delete(name);
    lost++;
  }
  for (const [name, { at }] of done) {
    if (now - at < FORGET_AFTER) break;
    done.delete(name);
  }
  return lost;
}
