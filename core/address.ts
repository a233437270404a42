/**
 * SCION addresses as text and as bytes: ISD-AS numbers, interfaces and hosts
 * (draft-dekater-scion-dataplane, "Address header"; "SCION addressing" for the notation).
 * What people or the network write comes in through `parse...` and `hostFromBytes`, which answer a Result; the other
 * functions take canonical text, and text that is none is a bug there: they throw.
 */
import { err, ok, type Result } from "./result.ts";

declare const brand: unique symbol;

/** ISD-AS number in canonical text: `1-64512` or `1-ff00:0:110`. */
export type IA = string & { readonly [brand]?: "IA" };

/** Number of an interface within its AS: 16 bits; 0 stands for the inside of the AS. */
export type IfId = number;

/** Largest ISD number: 16 bits. */
export const MAX_ISD = 0xffff;

/** Largest AS number: 48 bits. */
export const MAX_AS = 0xffff_ffff_ffff;

/** AS numbers up to here are BGP's and print decimal; those above print as three hex groups. */
export const MAX_BGP_AS = 0xffff_ffff;

/** Largest interface id a hop field can hold: 16 bits. */
export const MAX_IF_ID = 0xffff;

/** DT/DL and ST/SL of the common header, as one nibble each: two bits of type, two of length. */
export const HOST_TYPE = { ipv4: 0b0000, svc: 0b0100, ipv6: 0b0011 } as const;

const TWO_TO_16 = 0x1_0000;
const TWO_TO_32 = 0x1_0000_0000;
const COLON = 0x3a;
const DOT = 0x2e;

/** The text as it stands in a message, bounded. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}

/** Value of one hex digit, or -1. */
function digitValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** Value of `text[start, end)`, or -1 where that is no unsigned number up to `max`. Leading zeros count for nothing. */
function parseUint(text: string, start: number, end: number, base: 10 | 16, max: number): number {
  if (start >= end) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = digitValue(text.charCodeAt(i));
    if (digit < 0 || digit >= base) return -1;
    value = value * base + digit;
    if (value > max) return -1;
  }
  return value;
}

/** AS number from `text[start, end)`: decimal up to 2^32-1 or exactly three hex groups; -1 where it is neither. */
function parseAs(text: string, start: number, end: number): number {
  const first = text.indexOf(":", start);
  if (first < 0 || first >= end) return parseUint(text, start, end, 10, MAX_BGP_AS);
  const second = text.indexOf(":", first + 1);
  if (second < 0 || second >= end) return -1;
  const high = parseUint(text, start, first, 16, 0xffff);
  const middle = parseUint(text, first + 1, second, 16, 0xffff);
  const low = parseUint(text, second + 1, end, 16, 0xffff);
  if (high < 0 || middle < 0 || low < 0) return -1;
  return high * TWO_TO_32 + middle * TWO_TO_16 + low;
}

/**
 * ISD-AS number in any notation that SCION's own tools accept, made canonical: `1-0:0:2a` becomes `1-42`,
 * `01-FF00:0:0110` becomes `1-ff00:0:110`. ISD 0 and AS 0 (wildcards) are allowed.
 */
export function parseIA(text: string): Result<IA, string> {
  const dash = text.indexOf("-");
  if (dash < 0) return err(`expected an ISD-AS number such as 1-ff00:0:110, found ${quoted(text)}`);
  const isd = parseUint(text, 0, dash, 10, MAX_ISD);
  if (isd < 0) return err(`expected an ISD number from 0 to ${MAX_ISD} before "-", found ${quoted(text)}`);
  const as = parseAs(text, dash + 1, text.length);
  if (as < 0) {
    const expected = `an AS number after "-", decimal up to ${MAX_BGP_AS} or three hex groups such as ff00:0:110`;
    return err(`expected ${expected}, found ${quoted(text)}`);
  }
  return ok(formatIA(isd, as));
}

/** Both numbers of an ISD-AS; the AS as a 48-bit number. */
export function iaParts(ia: IA): { isd: number; as: number } {
  const dash = ia.indexOf("-");
  const isd = parseUint(ia, 0, dash, 10, MAX_ISD);
  const as = parseAs(ia, dash + 1, ia.length);
  if (isd < 0 || as < 0) throw new RangeError(`not an ISD-AS number: ${quoted(ia)}`);
  return { isd, as };
}

/** Canonical text of an ISD-AS number. */
export function formatIA(isd: number, as: number): IA {
  if (!Number.isInteger(isd) || isd < 0 || isd > MAX_ISD) throw new RangeError(`not an ISD number: ${isd}`);
  if (!Number.isInteger(as) || as < 0 || as > MAX_AS) throw new RangeError(`not an AS number: ${as}`);
  if (as <= MAX_BGP_AS) return `${isd}-${as}`;
  const low = as % TWO_TO_32;
  const high = (as - low) / TWO_TO_32;
  return `${isd}-${high.toString(16)}:${(low >>> 16).toString(16)}:${(low & 0xffff).toString(16)}`;
}

/** Order of ISD-AS numbers: by ISD, then by AS, as numbers. Negative: `a` comes first. */
export function compareIA(a: IA, b: IA): number {
  const left = iaParts(a);
  const right = iaParts(b);
  return left.isd - right.isd || left.as - right.as;
}

/** An interface written `ISD-AS#ifId`, the ISD-AS made canonical. Interface 0 is allowed: callers know whether it makes sense. */
export function parseInterface(text: string): Result<{ ia: IA; ifId: IfId }, string> {
  const hash = text.indexOf("#");
  if (hash < 0) return err(`expected an interface such as 1-ff00:0:110#41, found ${quoted(text)}`);
  const ia = parseIA(text.slice(0, hash));
  if (!ia.ok) return ia;
  const ifId = parseUint(text, hash + 1, text.length, 10, MAX_IF_ID);
  if (ifId < 0) return err(`expected an interface id from 0 to ${MAX_IF_ID} after "#", found ${quoted(text)}`);
  return ok({ ia: ia.value, ifId });
}

/** `1-ff00:0:110#41` */
export function formatInterface(ia: IA, ifId: IfId): string {
  return `${ia}#${ifId}`;
}

const SVC_NUMBER = { DS: 0x0001, CS: 0x0002, Wildcard: 0x0010 } as const;
const SVC_MULTICAST = 0x8000;

/** Number of a service address written as SCION accepts it: `CS`, `CS_A` (the same), `CS_M`; -1 where it is none. */
function parseSvc(text: string): number {
  const suffix = text.slice(-2);
  const base = suffix === "_A" || suffix === "_M" ? text.slice(0, -2) : text;
  if (base !== "DS" && base !== "CS" && base !== "Wildcard") return -1;
  return SVC_NUMBER[base] | (suffix === "_M" ? SVC_MULTICAST : 0);
}

/** A service address as SCION prints it. Services nobody has named read `<SVC:0x1234>`. */
function formatSvc(svc: number): string {
  const multicast = (svc & SVC_MULTICAST) !== 0 ? "_M" : "";
  switch (svc & ~SVC_MULTICAST) {
    case SVC_NUMBER.DS:
      return `DS${multicast}`;
    case SVC_NUMBER.CS:
      return `CS${multicast}`;
    case SVC_NUMBER.Wildcard:
      return `Wildcard${multicast}`;
    default:
      return `<SVC:0x${svc.toString(16).padStart(4, "0")}>${multicast}`;
  }
}

/** Number of a service address in canonical text, unnamed services included; -1 where it is none. */
function svcOfCanonical(host: string): number {
  if (!host.startsWith("<SVC:0x")) return parseSvc(host);
  const svc = parseUint(host, 7, host.indexOf(">"), 16, 0xffff);
  return svc >= 0 && formatSvc(svc) === host ? svc : -1;
}

/** Writes the four octets of `text[start, end)` to `out`; false where it is no dotted quad (leading zeros are none). */
function writeIPv4(text: string, start: number, end: number, out: Uint8Array, offset: number): boolean {
  let octets = 0;
  let value = -1;
  for (let i = start; i <= end; i++) {
    const code = i === end ? DOT : text.charCodeAt(i);
    if (code === DOT) {
      if (value < 0 || octets === 4) return false;
      out[offset + octets++] = value;
      value = -1;
      continue;
    }
    if (code < 0x30 || code > 0x39 || value === 0) return false;
    value = (value < 0 ? 0 : value * 10) + code - 0x30;
    if (value > 255) return false;
  }
  return octets === 4;
}

/** Where the hex digits that begin at `start` end, four at most. */
function hexGroupEnd(text: string, start: number): number {
  let i = start;
  while (i < text.length && i < start + 4 && digitValue(text.charCodeAt(i)) >= 0) i++;
  return i;
}

/** Writes the 16 bytes of an IPv6 address (RFC 4291, section 2.2, without zone) to `out`; false where it is none. */
function writeIPv6(text: string, out: Uint8Array, offset: number): boolean {
  let written = 0;
  let gap = -1; // bytes before "::"
  let i = 0;
  if (text.startsWith("::")) {
    gap = 0;
    i = 2;
  }
  while (i < text.length) {
    const end = hexGroupEnd(text, i);
    if (end === i || written === 16) return false;
    if (end < text.length && text.charCodeAt(end) === DOT) {
      if (written > 12 || !writeIPv4(text, i, text.length, out, offset + written)) return false;
      written += 4;
      break;
    }
    const group = parseUint(text, i, end, 16, 0xffff);
    out[offset + written++] = group >>> 8;
    out[offset + written++] = group & 0xff;
    if (end === text.length) break;
    if (text.charCodeAt(end) !== COLON || end + 1 === text.length) return false;
    i = end + 1;
    if (text.charCodeAt(i) === COLON) {
      if (gap >= 0) return false;
      gap = written;
      i++;
    }
  }
  if (gap < 0) return written === 16;
  if (written === 16) return false; // "::" stands for one group at least
  out.copyWithin(offset + 16 - (written - gap), offset + gap, offset + written);
  out.fill(0, offset + gap, offset + 16 - (written - gap));
  return true;
}

function formatIPv4(bytes: Uint8Array, offset: number): string {
  return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
}

/** RFC 5952: lower case, no leading zeros, the first of the longest runs of two or more zero groups as `::`. */
function formatIPv6(bytes: Uint8Array, offset: number): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[offset + i] ?? 0) << 8) | (bytes[offset + i + 1] ?? 0));
  let runStart = -1;
  let runLength = 1;
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (end < 8 && groups[end] === 0) end++;
    if (end - start > runLength) {
      runStart = start;
      runLength = end - start;
    }
  }
  const hex = (part: number[]): string => part.map((group) => group.toString(16)).join(":");
  if (runStart < 0) return hex(groups);
  return `${hex(groups.slice(0, runStart))}::${hex(groups.slice(runStart + runLength))}`;
}

/** Whether 16 bytes are `::ffff:a.b.c.d`, an IPv4 address in IPv6's clothes. */
function isIPv4Mapped(bytes: Uint8Array, offset: number): boolean {
  for (let i = 0; i < 10; i++) if (bytes[offset + i] !== 0) return false;
  return bytes[offset + 10] === 0xff && bytes[offset + 11] === 0xff;
}

/**
 * Host address made canonical: IPv4 dotted quad, IPv6 by RFC 5952 (an IPv4-mapped one becomes the IPv4 address, as
 * SCION's `PackAddr` does), or a service address (`CS_A` becomes `CS`).
 */
export function parseHost(text: string): Result<string, string> {
  const bytes = new Uint8Array(16);
  if (writeIPv4(text, 0, text.length, bytes, 0)) return ok(formatIPv4(bytes, 0));
  if (writeIPv6(text, bytes, 0)) return ok(isIPv4Mapped(bytes, 0) ? formatIPv4(bytes, 12) : formatIPv6(bytes, 0));
  const svc = parseSvc(text);
  if (svc >= 0) return ok(formatSvc(svc));
  return err(`expected an IPv4 or IPv6 address or a service (CS, DS, Wildcard), found ${quoted(text)}`);
}

const RAW_PREFIX = "<HOST:0x";

/**
 * Text of host bytes for which there is no other: types nobody has defined, a service with its padding set.
 * `<HOST:0x8:0a0b0c0d>` is type nibble 8 with four bytes. Such text comes from the network alone; `parseHost` refuses it.
 */
function formatRawHost(type: number, bytes: Uint8Array, offset: number): string {
  let digits = "";
  for (let i = 0; i < hostLength(type); i++) digits += (bytes[offset + i] ?? 0).toString(16).padStart(2, "0");
  return `${RAW_PREFIX}${type.toString(16)}:${digits}>`;
}

/** Writes the bytes of a raw host; false where the text is none. */
function writeRawHost(host: string, out: Uint8Array, offset: number): boolean {
  const start = RAW_PREFIX.length + 2;
  const length = hostLength(hostType(host));
  if (host.length !== start + 2 * length + 1 || host[start - 1] !== ":" || !host.endsWith(">")) return false;
  for (let i = 0; i < length; i++) {
    const value = parseUint(host, start + 2 * i, start + 2 * i + 2, 16, 0xff);
    if (value < 0) return false;
    out[offset + i] = value;
  }
  return true;
}

/** Type nibble (DT and DL, or ST and SL) of a host in canonical text. */
export function hostType(host: string): number {
  const first = host.charCodeAt(0);
  const isLetter = first >= 0x41 && first <= 0x5a; // "CS", "DS", "Wildcard": upper case, unlike hex digits
  if (isLetter) return HOST_TYPE.svc;
  if (first === 0x3c) {
    return host.startsWith(RAW_PREFIX) ? Math.max(0, digitValue(host.charCodeAt(RAW_PREFIX.length))) : HOST_TYPE.svc;
  }
  return host.includes(":") ? HOST_TYPE.ipv6 : HOST_TYPE.ipv4;
}

/** Bytes that a host of this type nibble takes in the address header: 4 to 16. */
export function hostLength(type: number): number {
  return 4 * (1 + (type & 0b11));
}

/** Writes a host in canonical text to `out` as the address header holds it; answers how many bytes that took. */
export function writeHost(host: string, out: Uint8Array, offset: number): number {
  const type = hostType(host);
  if (host.startsWith(RAW_PREFIX)) {
    if (!writeRawHost(host, out, offset)) throw new RangeError(`not a host address: ${quoted(host)}`);
    return hostLength(type);
  }
  if (type === HOST_TYPE.svc) {
    const svc = svcOfCanonical(host);
    if (svc < 0) throw new RangeError(`not a host address: ${quoted(host)}`);
    out[offset] = svc >>> 8;
    out[offset + 1] = svc & 0xff;
    out[offset + 2] = 0;
    out[offset + 3] = 0;
    return 4;
  }
  const isV4 = type === HOST_TYPE.ipv4;
  const written = isV4 ? writeIPv4(host, 0, host.length, out, offset) : writeIPv6(host, out, offset);
  if (!written) throw new RangeError(`not a host address: ${quoted(host)}`);
  return isV4 ? 4 : 16;
}

/** A host in canonical text as type nibble and bytes of the address header. */
export function hostBytes(host: string): { type: number; bytes: Uint8Array } {
  const type = hostType(host);
  const bytes = new Uint8Array(hostLength(type));
  writeHost(host, bytes, 0);
  return { type, bytes };
}

/**
 * Canonical text of a host from the address header; the caller has checked that `hostLength(type)` bytes are there.
 * An IPv4-mapped IPv6 address stays what it is on the wire, `::ffff:10.0.0.1`: routers refuse it (`isIPv4MappedHost`).
 */
export function hostFromBytes(type: number, bytes: Uint8Array, offset: number): string {
  switch (type) {
    case HOST_TYPE.ipv4:
      return formatIPv4(bytes, offset);
    case HOST_TYPE.ipv6:
      return isIPv4Mapped(bytes, offset)
        ? `${MAPPED_PREFIX}${formatIPv4(bytes, offset + 12)}`
        : formatIPv6(bytes, offset);
    case HOST_TYPE.svc:
      if (bytes[offset + 2] !== 0 || bytes[offset + 3] !== 0) return formatRawHost(type, bytes, offset);
      return formatSvc(((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0));
    default:
      return formatRawHost(type, bytes, offset);
  }
}

const MAPPED_PREFIX = "::ffff:";

/** Whether a host in canonical text is an IPv4 address in IPv6's clothes. */
export function isIPv4MappedHost(host: string): boolean {
  return host.startsWith(MAPPED_PREFIX) && host.includes(".");
}

/** Whether routers take a host in canonical text: of a type that is defined, and no IPv4 address in IPv6's clothes. */
export function isRoutableHost(host: string): boolean {
  const type = hostType(host);
  if (type === HOST_TYPE.ipv6) return !isIPv4MappedHost(host);
  return type === HOST_TYPE.ipv4 || type === HOST_TYPE.svc;
}
