/**
 * Extension headers (scionproto `doc/protocols/extension-header.rst`): hop-by-hop before end-to-end, at most one of each.
 * A record keeps every option as it stands, padding included, so that any layout comes back as it was; `layOut` puts
 * options of our own where they belong.
 */
import { type Extensions, NEXT_HEADER, type Option } from "../packet.ts";
import { err, ok, type Result } from "../result.ts";
import type { Bytes } from "../units.ts";
import { fault, get32, get48, put32, put48, type WireError } from "./bytes.ts";

/** Option types that have a meaning so far; the authenticator stands in end-to-end headers only. */
export const OPTION_TYPE = { pad1: 0, padN: 1, authenticator: 2 } as const;

/** NextHdr and ExtLen. Options begin behind them, and their alignment counts from the header's start. */
const PREFIX_BYTES = 2;

/** ExtLen counts units of four bytes beyond the first, in one byte. */
const MAX_EXTENSION_BYTES = 4 * 256;

const NONE: readonly Option[] = [];

export function extensionsLength(extensions: Extensions | null): Bytes {
  if (extensions === null) return 0;
  return headerLength(extensions.hopByHop) + headerLength(extensions.endToEnd);
}

function headerLength(options: readonly Option[] | null): Bytes {
  return options === null ? 0 : PREFIX_BYTES + options.reduce((sum, option) => sum + optionLength(option), 0);
}

function optionLength({ type, data }: Option): Bytes {
  return type === OPTION_TYPE.pad1 ? 1 : 2 + data.length;
}

/** What NextHdr of the common header says. */
export function firstHeader(extensions: Extensions | null, protocol: number): number {
  if (extensions === null) return protocol;
  if (extensions.hopByHop !== null) return NEXT_HEADER.hopByHop;
  return extensions.endToEnd === null ? protocol : NEXT_HEADER.endToEnd;
}

export interface DecodedExtensions {
  readonly extensions: Extensions | null;
  /** Protocol number of L4. */
  readonly protocol: number;
  readonly l4Start: number;
}

/** Decodes the extension headers, if any, at `start`. Refused: a second of a kind, hop-by-hop behind end-to-end. */
export function decodeExtensions(
  nextHeader: number,
  bytes: Uint8Array,
  start: number,
): Result<DecodedExtensions, WireError> {
  if (nextHeader !== NEXT_HEADER.hopByHop && nextHeader !== NEXT_HEADER.endToEnd) {
    return ok({ extensions: null, protocol: nextHeader, l4Start: start });
  }
  return decodeHeaders(nextHeader, bytes, start);
}

function decodeHeaders(nextHeader: number, bytes: Uint8Array, start: number): Result<DecodedExtensions, WireError> {
  let protocol: number = nextHeader;
  let at = start;
  let hopByHop: readonly Option[] | null = null;
  let endToEnd: readonly Option[] | null = null;
  if (protocol === NEXT_HEADER.hopByHop) {
    const header = decodeHeader("hop-by-hop", bytes, at);
    if (!header.ok) return header;
    [hopByHop, protocol] = [header.value, bytes[at] as number];
    if (protocol === NEXT_HEADER.hopByHop) return err(fault("hop-by-hop", at, "a second hop-by-hop header follows"));
    at += headerLength(hopByHop);
  }
  if (protocol === NEXT_HEADER.endToEnd) {
    const header = decodeHeader("end-to-end", bytes, at);
    if (!header.ok) return header;
    [endToEnd, protocol] = [header.value, bytes[at] as number];
    if (protocol === NEXT_HEADER.endToEnd) return err(fault("end-to-end", at, "a second end-to-end header follows"));
    if (protocol === NEXT_HEADER.hopByHop) {
      return err(fault("end-to-end", at, "a hop-by-hop header follows; it must come first"));
    }
    at += headerLength(endToEnd);
  }
  return ok({ extensions: { hopByHop, endToEnd }, protocol, l4Start: at });
}

function decodeHeader(
  layer: "hop-by-hop" | "end-to-end",
  bytes: Uint8Array,
  start: number,
): Result<readonly Option[], WireError> {
  const present = bytes.length - start;
  if (present < PREFIX_BYTES) {
    return err(fault(layer, start, `expected ${PREFIX_BYTES} bytes of header, found ${present}`));
  }
  const length = 4 * (1 + (bytes[start + 1] as number));
  if (length > present) {
    return err(fault(layer, start + 1, `ExtLen says ${length} bytes, the packet has ${present}`));
  }
  const end = start + length;
  const options: Option[] = [];
  for (let at = start + PREFIX_BYTES; at < end; ) {
    const type = bytes[at] as number;
    if (type === OPTION_TYPE.pad1) {
      options.push({ type, data: new Uint8Array(0) });
      at++;
      continue;
    }
    const dataEnd = at + 1 < end ? at + 2 + (bytes[at + 1] as number) : end + 1;
    if (dataEnd > end) return err(fault(layer, at, `option of type ${type} reaches beyond its header`));
    options.push({ type, data: new Uint8Array(bytes.subarray(at + 2, dataEnd)) });
    at = dataEnd;
  }
  return ok(options);
}

/** Writes the headers; answers where L4 begins. Throws on options that do not fill whole units of four bytes. */
export function encodeExtensions(extensions: Extensions, protocol: number, bytes: Uint8Array, offset: number): number {
  const { hopByHop, endToEnd } = extensions;
  const last = endToEnd === null ? protocol : NEXT_HEADER.endToEnd;
  const middle = hopByHop === null ? offset : encodeHeader(hopByHop, last, bytes, offset);
  return endToEnd === null ? middle : encodeHeader(endToEnd, protocol, bytes, middle);
}

function encodeHeader(options: readonly Option[], nextHeader: number, bytes: Uint8Array, offset: number): number {
  const length = headerLength(options);
  if (length % 4 !== 0 || length > MAX_EXTENSION_BYTES) {
    throw new RangeError(
      `an extension header of ${length} bytes: expected a multiple of 4 up to ${MAX_EXTENSION_BYTES}`,
    );
  }
  bytes[offset] = nextHeader;
  bytes[offset + 1] = length / 4 - 1;
  let at = offset + PREFIX_BYTES;
  for (const { type, data } of options) {
    bytes[at++] = type;
    if (type === OPTION_TYPE.pad1) continue;
    if (data.length > 0xff) throw new RangeError(`an option of ${data.length} bytes: at most 255 are allowed`);
    bytes[at++] = data.length;
    bytes.set(data, at);
    at += data.length;
  }
  return at;
}

/** An option to be laid out: its first byte (its type) goes to an offset `unit * n + rest` from the header's start. */
export interface UnplacedOption extends Option {
  readonly align?: readonly [unit: number, rest: number];
}

/** The options with the padding that puts each where it must stand and ends the header on a multiple of four bytes. */
export function layOut(options: readonly UnplacedOption[]): readonly Option[] {
  const placed: Option[] = [];
  let at = PREFIX_BYTES;
  for (const option of options) {
    const { type, data, align } = option;
    const [unit, rest] = align ?? [1, 0];
    const padding = paddingOf((((rest - at) % unit) + unit) % unit);
    placed.push(...padding, { type, data });
    at += padding.reduce((sum, pad) => sum + optionLength(pad), 0) + optionLength(option);
  }
  return [...placed, ...paddingOf((4 - (at % 4)) % 4)];
}

function paddingOf(length: Bytes): readonly Option[] {
  if (length === 0) return NONE;
  if (length === 1) return [{ type: OPTION_TYPE.pad1, data: new Uint8Array(0) }];
  return [{ type: OPTION_TYPE.padN, data: new Uint8Array(length - 2) }];
}

/** The packet authenticator option (SPAO; `doc/protocols/authenticator-option.rst`). */
export interface Authenticator {
  /** Security parameter index, 32 bits; 1 to 2^21-1 name DRKeys. */
  readonly spi: number;
  /** 0 AES-CMAC, 1 SHA1-AES-CBC. */
  readonly algorithm: number;
  /** Timestamp or sequence number, 48 bits. */
  readonly timestamp: number;
  readonly authenticator: Uint8Array;
}

/** SPI, algorithm, reserved byte, timestamp. */
const AUTHENTICATOR_PREFIX_BYTES = 12;

/** Where an authenticator option must begin. */
const AUTHENTICATOR_ALIGN = [4, 2] as const;

/** The fields of an authenticator option; null where the option is another or too short. The reserved byte is ignored. */
export function decodeAuthenticator({ type, data }: Option): Authenticator | null {
  if (type !== OPTION_TYPE.authenticator || data.length < AUTHENTICATOR_PREFIX_BYTES) return null;
  return {
    spi: get32(data, 0),
    algorithm: data[4] as number,
    timestamp: get48(data, 6),
    authenticator: new Uint8Array(data.subarray(AUTHENTICATOR_PREFIX_BYTES)),
  };
}

export function encodeAuthenticator({ spi, algorithm, timestamp, authenticator }: Authenticator): UnplacedOption {
  const data = new Uint8Array(AUTHENTICATOR_PREFIX_BYTES + authenticator.length);
  put32(data, 0, spi);
  data[4] = algorithm;
  put48(data, 6, timestamp);
  data.set(authenticator, AUTHENTICATOR_PREFIX_BYTES);
  return { type: OPTION_TYPE.authenticator, data, align: AUTHENTICATOR_ALIGN };
}
