/**
 * What control services say to each other (docs/control-plane.md), big endian; segments and beacons as in beacon-codec.ts, each after its `u32`
 * length:
 *
 *   1 beacons       | 1 | 0 | count u16 | beacons                              to a neighbour
 *   2 registration  | 2 | 0 | count u16 | down segments                        to their origin
 *   3 request       | 3 | kind | MTU u16 | query u32 | destination IA u64      kind 1: core segments that end here, 2: down segments to an AS
 *   4 answer        | 4 | 0 | count u16 | query u32 | segments
 */
import { formatIA, type IA, iaParts } from "../address.ts";
import { type EncodedBeacon, lengthOf, putBeacon } from "./beacon-codec.ts";
import { get16, get32, get48, put16, put32, put48 } from "../wire/bytes.ts";

const TYPE = { beacons: 1, registration: 2, request: 3, answer: 4 } as const;
const KIND = { core: 1, down: 2 } as const;
/** Beacons or segments in a message. */
const MAX_ITEMS = 4_096;

export type SegmentKind = keyof typeof KIND;

/** Where items stand in the message's bytes. */
export type Span = readonly [start: number, end: number];

export type ControlMessage =
  | { readonly type: "beacons"; readonly items: readonly Span[] }
  | { readonly type: "registration"; readonly items: readonly Span[] }
  /** `mtu`: packets of the answer are at most so long. */
  | {
      readonly type: "request";
      readonly query: number;
      readonly kind: SegmentKind;
      readonly dst: IA;
      readonly mtu: number;
    }
  | { readonly type: "answer"; readonly query: number; readonly items: readonly Span[] };

/** Where messages are written: a new array for each costs more than all that is written. */
const WRITTEN = { bytes: new Uint8Array(0) };

/** Good until the next message. */
export function encodeItems(type: "beacons" | "registration", items: readonly EncodedBeacon[]): Uint8Array {
  return joinItems(TYPE[type], items, 4);
}

/** Good until the next message. */
export function encodeAnswer(query: number, items: readonly EncodedBeacon[]): Uint8Array {
  const bytes = joinItems(TYPE.answer, items.slice(0, MAX_ITEMS), 8);
  put32(bytes, 4, query);
  return bytes;
}

function joinItems(type: number, items: readonly EncodedBeacon[], head: number): Uint8Array {
  const whole = items.reduce((sum, item) => sum + 4 + lengthOf(item), head);
  if (WRITTEN.bytes.length < whole) WRITTEN.bytes = new Uint8Array(2 * whole);
  const bytes = WRITTEN.bytes.subarray(0, whole).fill(0);
  bytes[0] = type;
  put16(bytes, 2, items.length);
  let at = head;
  for (const item of items) {
    const length = lengthOf(item);
    put32(bytes, at, length);
    putBeacon(bytes, at + 4, item);
    at += 4 + length;
  }
  return bytes;
}

export function encodeRequest(query: number, kind: SegmentKind, dst: IA, mtu: number): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes[0] = TYPE.request;
  bytes[1] = KIND[kind];
  put16(bytes, 2, mtu);
  put32(bytes, 4, query);
  const { isd, as } = iaParts(dst);
  put16(bytes, 8, isd);
  put48(bytes, 10, as);
  return bytes;
}

/** null: no such message. */
export function decodeMessage(bytes: Uint8Array): ControlMessage | null {
  if (bytes.length < 4) return null;
  switch (bytes[0]) {
    case TYPE.beacons:
      return listOf("beacons", bytes);
    case TYPE.registration:
      return listOf("registration", bytes);
    case TYPE.request: {
      const kind = bytes[1] === KIND.core ? "core" : bytes[1] === KIND.down ? "down" : null;
      if (kind === null || bytes.length !== 16) return null;
      const dst = formatIA(get16(bytes, 8), get48(bytes, 10));
      return { type: "request", query: get32(bytes, 4), kind, dst, mtu: get16(bytes, 2) };
    }
    case TYPE.answer: {
      const items = bytes.length < 8 ? null : itemsOf(bytes, 8);
      return items === null ? null : { type: "answer", query: get32(bytes, 4), items };
    }
    default:
      return null;
  }
}

function listOf(type: "beacons" | "registration", bytes: Uint8Array): ControlMessage | null {
  const items = itemsOf(bytes, 4);
  return items === null ? null : { type, items };
}

function itemsOf(bytes: Uint8Array, head: number): Span[] | null {
  const count = get16(bytes, 2);
  if (bytes[1] !== 0 || count > MAX_ITEMS) return null;
  const items: Span[] = [];
  let at = head;
  for (let n = 0; n < count; n++) {
    if (at + 4 > bytes.length) return null;
    const end = at + 4 + get32(bytes, at);
    if (end > bytes.length) return null;
    items.push([at + 4, end]);
    at = end;
  }
  return at === bytes.length ? items : null;
}
