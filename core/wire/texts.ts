/**
 * Addresses between text and bytes, remembered: the same few stand in packet after packet, and making their text costs
 * more than all the rest of a header. What is remembered is a pure function's values and nothing else, in tables of
 * fixed size, so that no run can see another in them.
 */
import { HOST_TYPE, formatIA, hostBytes, hostFromBytes, type IA, iaParts } from "../address.ts";
import { get32 } from "./bytes.ts";

/** Entries of each table; a power of two. */
const SLOTS = 2048;
const SLOT_SHIFT = 21;
const SPREAD = 0x9e37_79b1;

interface KnownText {
  readonly first: number;
  readonly second: number;
  readonly text: string;
}

interface KnownIPv6 extends KnownText {
  readonly third: number;
  readonly fourth: number;
}

const IAS: (KnownText | undefined)[] = Array.from({ length: SLOTS }, () => undefined);
const IPV4: (KnownText | undefined)[] = Array.from({ length: SLOTS }, () => undefined);
const IPV6: (KnownIPv6 | undefined)[] = Array.from({ length: SLOTS }, () => undefined);

/** An ISD-AS number, 16 and 48 bits. */
export function getIA(bytes: Uint8Array, at: number): IA {
  const first = get32(bytes, at);
  const second = get32(bytes, at + 4);
  const slot = Math.imul(first ^ Math.imul(second, SPREAD), SPREAD) >>> SLOT_SHIFT;
  const known = IAS[slot];
  if (known !== undefined && known.first === first && known.second === second) return known.text;
  const text = formatIA(first >>> 16, (first & 0xffff) * 0x1_0000_0000 + second);
  IAS[slot] = { first, second, text };
  return text;
}

/** A host of this type nibble; its bytes are there. */
export function getHost(type: number, bytes: Uint8Array, at: number): string {
  if (type === HOST_TYPE.ipv4) return getIPv4(bytes, at);
  return type === HOST_TYPE.ipv6 ? getIPv6(bytes, at) : hostFromBytes(type, bytes, at);
}

function getIPv4(bytes: Uint8Array, at: number): string {
  const first = get32(bytes, at);
  const slot = Math.imul(first, SPREAD) >>> SLOT_SHIFT;
  const known = IPV4[slot];
  if (known !== undefined && known.first === first) return known.text;
  const text = hostFromBytes(HOST_TYPE.ipv4, bytes, at);
  IPV4[slot] = { first, second: 0, text };
  return text;
}

function getIPv6(bytes: Uint8Array, at: number): string {
  const first = get32(bytes, at);
  const second = get32(bytes, at + 4);
  const third = get32(bytes, at + 8);
  const fourth = get32(bytes, at + 12);
  const mixed = Math.imul(first ^ Math.imul(second, SPREAD), SPREAD) ^ third;
  const slot = Math.imul(Math.imul(mixed, SPREAD) ^ fourth, SPREAD) >>> SLOT_SHIFT;
  const known = IPV6[slot];
  if (
    known !== undefined &&
    known.first === first &&
    known.second === second &&
    known.third === third &&
    known.fourth === fourth
  ) {
    return known.text;
  }
  const text = hostFromBytes(HOST_TYPE.ipv6, bytes, at);
  IPV6[slot] = { first, second, third, fourth, text };
  return text;
}

const IA_BYTES = new Map<string, Uint8Array>();
const HOST_BYTES = new Map<string, { readonly type: number; readonly bytes: Uint8Array }>();

/** Writes an ISD-AS number. */
export function putIA(bytes: Uint8Array, at: number, ia: IA): void {
  const known = IA_BYTES.get(ia) ?? remember(IA_BYTES, ia, bytesOfIA(ia));
  for (let i = 0; i < 8; i++) bytes[at + i] = known[i] as number;
}

function bytesOfIA(ia: IA): Uint8Array {
  const { isd, as } = iaParts(ia);
  const low = as % 0x1_0000_0000;
  const words = [isd, (as - low) / 0x1_0000_0000, low >>> 16, low & 0xffff];
  return Uint8Array.from(words.flatMap((word) => [word >>> 8, word & 0xff]));
}

/** Type nibble and bytes of a host. */
export function bytesOfHost(host: string): { readonly type: number; readonly bytes: Uint8Array } {
  return HOST_BYTES.get(host) ?? remember(HOST_BYTES, host, hostBytes(host));
}

function remember<T>(table: Map<string, T>, text: string, value: T): T {
  if (table.size >= SLOTS) table.clear();
  table.set(text, value);
  return value;
}
