/**
 * Networks of the internet protocols in CIDR notation (after liberate's `network` and `cidr`): bounds, membership, and addresses
 * to hand out, one after the other or always the same for one id. Addresses go in and out as canonical text.
 */
import { HOST_TYPE, hostBytes, hostFromBytes, parseHost } from "./address.ts";
import { type ConnectorErrorName, type Outcome, refuse } from "./connector.ts";
import { hashText } from "./digest.ts";
import { ok } from "./result.ts";

export type IpFamily = 4 | 6;

/** What `parseCidr` finds in a text. */
export interface Cidr {
  readonly family: IpFamily;
  /** Canonical text. */
  readonly host: string;
  /** Bits of the network; null where the text names none. */
  readonly mask: number | null;
  /** 0 where none is named. */
  readonly port: number;
}

const MAX_PORT = 65_535;
const BITS: Readonly<Record<IpFamily, number>> = { 4: 32, 6: 128 };
/** `[v6]`, `[v6]:port`, either with `/mask` after the address. */
const BRACKETED = /^\[([^\]/]*)(?:\/(\d{1,3}))?\](?:\/(\d{1,3}))?(?::(\d{1,5}))?$/;
/** `v4`, `v4/mask`, `v4:port`, `v4/mask:port`. */
const PLAIN_V4 = /^([\d.]+)(?:\/(\d{1,3}))?(?::(\d{1,5}))?$/;
/** `v6`, `v6/mask`: without brackets a port cannot be told from the address. */
const PLAIN_V6 = /^([^/]*:[^/]*)(?:\/(\d{1,3}))?$/;

/** Whether an address of this family has networks of so many bits. */
export function isNetmask(family: IpFamily, mask: number): boolean {
  return Number.isInteger(mask) && mask >= 0 && mask <= BITS[family];
}

/**
 * An address with or without a mask and a port: `10.0.0.0/8`, `1.2.3.4:22`, `[2001:db8::1]:22`. `port` takes the place of the
 * text's. A mask of 0, which would be every address there is, is refused.
 */
export function parseCidr(text: string, port?: number): Outcome<Cidr> {
  const parts = splitCidr(text);
  const host = parts === null ? null : ipOf(parts.address);
  if (parts === null || host === null) {
    return wrong("format", text, "expected an address such as 10.0.0.0/8, 1.2.3.4:22 or [2001:db8::1]:22");
  }
  const mask = parts.mask === undefined ? null : Number(parts.mask);
  const family = familyOf(host);
  if (mask !== null && (mask === 0 || !isNetmask(family, mask))) {
    return wrong("invalid_value", text, `a mask of IPv${family} has 1 to ${BITS[family]} bits, not ${mask}`);
  }
  const given = port ?? Number(parts.port ?? 0);
  if (!Number.isInteger(given) || given < 0 || given > MAX_PORT) {
    return wrong("invalid_value", text, `a port is a whole number up to ${MAX_PORT}, not ${given}`);
  }
  return ok({ family, host, mask, port: given });
}

/** The unspecified address, `0.0.0.0` or `::`. */
export function isAny(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

/** `127.0.0.0/8` or `::1`. */
export function isLoopback(host: string): boolean {
  return host === "::1" || (!host.includes(":") && host.startsWith("127."));
}

/** The address after this one; after the last comes the first. */
export function nextAddress(host: string): string {
  const family = familyOf(host);
  return formatAddress(family, (numberOf(host) + 1n) & (sizeOf(BITS[family]) - 1n));
}

/** A network, and which of its addresses are given away. */
export class IpNetwork {
  #family: IpFamily;
  #prefix: number;
  #first: bigint;
  readonly #reserved = new Set<bigint>();
  /** Every host before this one is reserved. */
  #lowest: bigint;

  private constructor(family: IpFamily, prefix: number, first: bigint) {
    this.#family = family;
    this.#prefix = prefix;
    this.#first = first;
    this.#lowest = this.#firstHost;
  }

  /** `192.168.134.121/23`: an address of the network and its mask, 1 to 32 or 1 to 128 bits. */
  static parse(spec: string): Outcome<IpNetwork> {
    const bounds = parseBounds(spec);
    return bounds.ok ? ok(new IpNetwork(bounds.value.family, bounds.value.prefix, bounds.value.first)) : bounds;
  }

  get family(): IpFamily {
    return this.#family;
  }

  get prefix(): number {
    return this.#prefix;
  }

  /** First address. */
  get network(): string {
    return formatAddress(this.#family, this.#first);
  }

  /** Last address. */
  get broadcast(): string {
    return formatAddress(this.#family, this.#last);
  }

  /** Addresses that can be reserved: all but the first and the last, or all where there are only one or two. */
  get hosts(): bigint {
    return this.#lastHost - this.#firstHost + 1n;
  }

  get reserved(): number {
    return this.#reserved.size;
  }

  /** `192.168.134.0/23` */
  toString(): string {
    return `${this.network}/${this.#prefix}`;
  }

  /** Whether an address is of this network, first and last included; what is no address is of none. */
  contains(address: string): boolean {
    const host = ipOf(address);
    if (host === null || familyOf(host) !== this.#family) return false;
    const number = numberOf(host);
    return number >= this.#first && number <= this.#last;
  }

  /** The lowest address that is free, or the one that belongs to the id; `address_in_use` while that is reserved. */
  reserve(id?: number | bigint | string): Outcome<string> {
    if (id !== undefined) return this.#reserveMapped(id);
    let at = this.#lowest;
    while (this.#reserved.has(at)) at++;
    this.#lowest = at;
    if (at > this.#lastHost) {
      return refuse("address_not_available", `${this} has given away all of its ${this.hosts} addresses; release one.`);
    }
    this.#reserved.add(at);
    return ok(formatAddress(this.#family, at));
  }

  /** The address of an id, reserved or not: numbers in order from the first host on, texts spread by their hash. */
  mapped(id: number | bigint | string): string {
    return formatAddress(this.#family, this.#mappedNumber(id));
  }

  /** False where it was not reserved. */
  release(address: string): boolean {
    const host = ipOf(address);
    if (host === null || familyOf(host) !== this.#family) return false;
    const number = numberOf(host);
    if (!this.#reserved.delete(number)) return false;
    if (number < this.#lowest) this.#lowest = number;
    return true;
  }

  /** Another network in this one's place, with nothing reserved; after an error all is as before. */
  reset(spec: string): Outcome<void> {
    const bounds = parseBounds(spec);
    if (!bounds.ok) return bounds;
    this.#family = bounds.value.family;
    this.#prefix = bounds.value.prefix;
    this.#first = bounds.value.first;
    this.#reserved.clear();
    this.#lowest = this.#firstHost;
    return ok(undefined);
  }

  #reserveMapped(id: number | bigint | string): Outcome<string> {
    const number = this.#mappedNumber(id);
    const address = formatAddress(this.#family, number);
    if (this.#reserved.has(number)) {
      return refuse("address_in_use", `${address}, which ${this} has for ${id}, is reserved; release it first.`);
    }
    this.#reserved.add(number);
    return ok(address);
  }

  #mappedNumber(id: number | bigint | string): bigint {
    const number = typeof id === "string" ? hashNumber(id) : BigInt(id);
    const { hosts } = this;
    return this.#firstHost + (((number % hosts) + hosts) % hosts);
  }

  get #last(): bigint {
    return this.#first + sizeOf(BITS[this.#family] - this.#prefix) - 1n;
  }

  get #firstHost(): bigint {
    return this.#hasEnds ? this.#first + 1n : this.#first;
  }

  get #lastHost(): bigint {
    return this.#hasEnds ? this.#last - 1n : this.#last;
  }

  /** Networks of one or two addresses have none to spare (RFC 3021). */
  get #hasEnds(): boolean {
    return BITS[this.#family] - this.#prefix >= 2;
  }
}

function splitCidr(text: string): { address: string; mask: string | undefined; port: string | undefined } | null {
  const bracketed = BRACKETED.exec(text);
  if (bracketed !== null) {
    const [, address = "", inside, outside, port] = bracketed;
    if (!address.includes(":") || (inside !== undefined && outside !== undefined)) return null;
    return { address, mask: inside ?? outside, port };
  }
  const [, address, mask, port] = PLAIN_V4.exec(text) ?? PLAIN_V6.exec(text) ?? [];
  return address === undefined ? null : { address, mask, port };
}

function parseBounds(spec: string): Outcome<{ family: IpFamily; prefix: number; first: bigint }> {
  const cidr = parseCidr(spec);
  if (!cidr.ok) return cidr;
  const { family, host, mask, port } = cidr.value;
  if (mask === null) return wrong("format", spec, "a network needs its mask, as in 10.0.0.0/8");
  if (port !== 0) return wrong("format", spec, "a network has no port");
  const rest = BigInt(BITS[family] - mask);
  return ok({ family, prefix: mask, first: (numberOf(host) >> rest) << rest });
}

/** Canonical text of an IP address; null for what is none, IPv4 in IPv6's clothes included: its mask would be ambiguous. */
function ipOf(text: string): string | null {
  const host = parseHost(text);
  if (!host.ok || !/[.:]/.test(host.value)) return null;
  return text.includes(":") === host.value.includes(":") ? host.value : null;
}

function familyOf(host: string): IpFamily {
  return host.includes(":") ? 6 : 4;
}

function numberOf(host: string): bigint {
  return hostBytes(host).bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

function sizeOf(bits: number): bigint {
  return 1n << BigInt(bits);
}

function formatAddress(family: IpFamily, number: bigint): string {
  const bytes = new Uint8Array(BITS[family] / 8);
  for (let at = bytes.length - 1, rest = number; at >= 0; at--, rest >>= 8n) bytes[at] = Number(rest & 0xffn);
  return hostFromBytes(family === 4 ? HOST_TYPE.ipv4 : HOST_TYPE.ipv6, bytes, 0);
}

/** 64 bits. */
function hashNumber(id: string): bigint {
  const [low, high] = hashText(id);
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

function wrong(name: ConnectorErrorName, text: string, why: string): Outcome<never> {
  return refuse(name, `${JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text)}: ${why}.`);
}
