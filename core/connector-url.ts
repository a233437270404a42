/**
 * URLs of connectors: text to parts (liberate's rules), then checked and normalised by what their scheme says it needs
 * (Packeteer's rules). `tcp://192.168.0.1` comes out as `tcp4://192.168.0.1:0`; host names are left to the resolver.
 *
 *   text -> parseUrl -> ConnectorUrl -> normaliseUrl(rules of the scheme) -> ConnectorUrl -> formatUrl, peerAddressOf
 */
import { parseHost } from "./address.ts";
import { type Behaviour, type ConnectorUrl, type Outcome, type PeerAddress, refuse } from "./connector.ts";
import { ok } from "./result.ts";

/**
 * What stands after `://`. `ip4`, `ip6`: an address and a port; `ip`: either, and the scheme gains a 4 or a 6; `path`: a file;
 * `optional-path`: a file or nothing; `none`: nothing; `any`: whatever the scheme's own factory understands.
 */
export type AddressKind = "ip" | "ip4" | "ip6" | "path" | "optional-path" | "none" | "any";

/** How URLs of one scheme look. */
export interface SchemeRules {
  readonly address: AddressKind;
  /** What it can do; the first is what it does without being asked. */
  readonly behaviours: readonly [Behaviour, ...Behaviour[]];
}

/** What `behaviour=` and `blocking=` ask for. */
export interface UrlOptions {
  readonly behaviour: Behaviour;
  readonly blocking: boolean;
}

/** An address and a port of the internet's protocols. */
export interface Endpoint {
  readonly family: 4 | 6;
  readonly host: string;
  readonly port: number;
}

/** The schemes every registry starts with. `sim` is added by a simulated network. */
export const SCHEMES: ReadonlyMap<string, SchemeRules> = new Map<string, SchemeRules>([
  ["tcp", { address: "ip", behaviours: ["stream"] }],
  ["tcp4", { address: "ip4", behaviours: ["stream"] }],
  ["tcp6", { address: "ip6", behaviours: ["stream"] }],
  ["udp", { address: "ip", behaviours: ["datagram"] }],
  ["udp4", { address: "ip4", behaviours: ["datagram"] }],
  ["udp6", { address: "ip6", behaviours: ["datagram"] }],
  ["local", { address: "optional-path", behaviours: ["stream", "datagram"] }],
  ["pipe", { address: "path", behaviours: ["stream"] }],
  ["fifo", { address: "path", behaviours: ["stream"] }],
  ["anon", { address: "none", behaviours: ["stream"] }],
]);

const MAX_URL = 4096;
const MAX_PORT = 65_535;
const SCHEME_NAME = /^[a-z][a-z0-9+.-]*$/;
const URL_PARTS = /^([^:/?#]*):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;
/** `[v6]`, `[v6]:port`. */
const BRACKETED = /^\[([^\]]*)\](?::(\d{1,5}))?$/;
/** `v4`, `v4:port`, `name`, `name:port`. */
const WITH_PORT = /^([^:]*)(?::(\d{1,5}))?$/;

/** The parts of a URL: scheme and parameter names in lower case, values in lower case with booleans as 1 and 0. */
export function parseUrl(text: string): Outcome<ConnectorUrl> {
  if (text.length > MAX_URL)
    return refuse("format", `A URL of ${text.length} characters is too long: ${MAX_URL} at most.`);
  const [, scheme = "", authority = "", path = "", query, fragment = ""] = URL_PARTS.exec(text) ?? [];
  const name = scheme.toLowerCase();
  if (!SCHEME_NAME.test(name)) {
    return refuse("invalid_value", `Expected a URL such as tcp://127.0.0.1:80, found ${quoted(text)}.`);
  }
  const parameters = parseQuery(query ?? "");
  if (!parameters.ok) return parameters;
  return ok({ scheme: name, authority, path, query: parameters.value, fragment });
}

function parseQuery(text: string): Outcome<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const part of text.split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = (equals < 0 ? part : part.slice(0, equals)).toLowerCase();
    const value = equals < 0 ? "1" : booleanAsDigit(part.slice(equals + 1).toLowerCase());
    const before = found.get(name);
    if (before !== undefined && before !== value) {
      return refuse("invalid_option", `The parameter ${name} is given twice, as ${before} and as ${value}: keep one.`);
    }
    found.set(name, value);
  }
  return ok(found);
}

function booleanAsDigit(value: string): string {
  if (value === "true" || value === "yes") return "1";
  return value === "false" || value === "no" ? "0" : value;
}

/** Parses, checks and normalises in one go. */
export function parseConnectorUrl(
  text: string,
  schemes: ReadonlyMap<string, SchemeRules> = SCHEMES,
): Outcome<ConnectorUrl> {
  const url = parseUrl(text);
  if (!url.ok) return url;
  const rules = schemes.get(url.value.scheme);
  if (rules === undefined) return unknownScheme(url.value.scheme, schemes.keys());
  return normaliseUrl(url.value, rules);
}

/** The error for a scheme nobody registered. */
export function unknownScheme(scheme: string, known: Iterable<string>): Outcome<never> {
  return refuse("invalid_value", `The scheme ${quoted(scheme)} is unknown; known are ${[...known].join(", ")}.`);
}

/** Checks address and options against the rules of the URL's scheme, and writes the address in its one normal form. */
export function normaliseUrl(url: ConnectorUrl, rules: SchemeRules): Outcome<ConnectorUrl> {
  const options = urlOptions(url, rules);
  if (!options.ok) return options;
  switch (rules.address) {
    case "any":
      return ok(url);
    case "none":
      if (url.authority === "" && url.path === "") return ok(url);
      return refuse("format", `${formatUrl(url)}: ${url.scheme} takes no address; write ${url.scheme}://.`);
    case "path":
    case "optional-path":
      return normalisePath(url, rules.address === "optional-path");
    default:
      return normaliseEndpoint(url, rules.address);
  }
}

function normalisePath(url: ConnectorUrl, optional: boolean): Outcome<ConnectorUrl> {
  const example = `${url.scheme}:///tmp/name`;
  if (url.authority !== "") {
    return refuse("format", `${formatUrl(url)}: a path begins with a third slash, as in ${example}.`);
  }
  if (url.path === "" && optional) return ok(url);
  if (url.path === "" || url.path === "/")
    return refuse("format", `${formatUrl(url)}: expected a path, as in ${example}.`);
  const decoded = decodedPath(url);
  return decoded.ok ? ok(url) : decoded;
}

function normaliseEndpoint(url: ConnectorUrl, kind: "ip" | "ip4" | "ip6"): Outcome<ConnectorUrl> {
  if (url.path !== "" && url.path !== "/") {
    return refuse("format", `${formatUrl(url)}: ${url.scheme} takes an address and a port, no path.`);
  }
  const endpoint = parseEndpoint(url.authority);
  if (endpoint === null) {
    const expected = "an IPv4 or IPv6 address with or without a port";
    return refuse("format", `${formatUrl(url)}: expected ${expected}; host names are the resolver's to look up.`);
  }
  const { family } = endpoint;
  if (kind !== "ip" && kind !== `ip${family}`) {
    const other = `${url.scheme.slice(0, -1)}${family}`;
    return refuse("format", `${formatUrl(url)}: ${url.scheme} takes no IPv${family} address; write ${other}://.`);
  }
  const scheme = kind === "ip" ? `${url.scheme}${family}` : url.scheme;
  return ok({ ...url, scheme, authority: formatEndpoint(endpoint), path: "" });
}

/** An address and a port (0 where none is given), or null: `1.2.3.4`, `1.2.3.4:80`, `::1`, `[::1]`, `[::1]:80`. */
export function parseEndpoint(text: string): Endpoint | null {
  const isBareIPv6 = !text.startsWith("[") && text.indexOf(":") !== text.lastIndexOf(":");
  const match = isBareIPv6 ? [text, text] : (BRACKETED.exec(text) ?? WITH_PORT.exec(text));
  const [, address = "", digits = "0"] = match ?? [];
  const port = Number(digits);
  if (port > MAX_PORT || (text.startsWith("[") && !address.includes(":"))) return null;
  const host = parseHost(address);
  // parseHost knows SCION's services, too: those hold letters only.
  if (!host.ok || !/[.:]/.test(host.value)) return null;
  return { family: host.value.includes(":") ? 6 : 4, host: host.value, port };
}

/** Host and port of an authority that may hold a name; null where it is neither that nor an address. */
export function parseHostPort(text: string): { readonly host: string; readonly port: number } | null {
  const endpoint = parseEndpoint(text);
  if (endpoint !== null) return endpoint;
  const [, host = "", digits = "0"] = WITH_PORT.exec(text) ?? [];
  const port = Number(digits);
  return /^[\w.-]+$/.test(host) && port <= MAX_PORT ? { host, port } : null;
}

/** `1.2.3.4:80`, `[::1]:80` */
export function formatEndpoint({ family, host, port }: Endpoint): string {
  return family === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Endpoint of a URL that was normalised already. */
export function endpointOf(url: ConnectorUrl): Endpoint {
  const endpoint = parseEndpoint(url.authority);
  if (endpoint === null) throw new RangeError(`not a normalised URL: ${formatUrl(url)}`);
  return endpoint;
}

/** The path with its percent signs resolved; a name that begins with NUL is abstract, it has no file. */
export function decodedPath(url: ConnectorUrl): Outcome<string> {
  try {
    const path = decodeURIComponent(url.path);
    const name = path.startsWith("/\0") ? path.slice(1) : path;
    if (name.length > 1 && !name.includes("\0", 1)) return ok(name);
    return refuse("format", `${formatUrl(url)}: %00 stands only at the start of an abstract name, before its letters.`);
  } catch {
    return refuse(
      "format",
      `${formatUrl(url)}: a percent sign in a path is followed by two hex digits; write %25 for itself.`,
    );
  }
}

/** What `behaviour=` and `blocking=` ask for, checked against what the scheme can do. */
export function urlOptions(url: ConnectorUrl, rules: SchemeRules): Outcome<UrlOptions> {
  const asked = url.query.get("behaviour");
  const behaviour = asked === undefined ? rules.behaviours[0] : behaviourNamed(asked);
  if (behaviour === null) {
    return refuse(
      "invalid_option",
      `${formatUrl(url)}: behaviour is stream or datagram (dgram), not ${quoted(asked ?? "")}.`,
    );
  }
  if (!rules.behaviours.includes(behaviour)) {
    const can = rules.behaviours.join(" or ");
    return refuse("format", `${formatUrl(url)}: requested options not supported; ${url.scheme} is for ${can} only.`);
  }
  return ok({ behaviour, blocking: url.query.get("blocking") === "1" });
}

function behaviourNamed(name: string): Behaviour | null {
  if (name === "stream") return "stream";
  return name === "datagram" || name === "dgram" ? "datagram" : null;
}

/** The URL as text, options and all. */
export function formatUrl(url: ConnectorUrl): string {
  const query = [...url.query].map(([name, value]) => `${name}=${value}`).join("&");
  return `${peerAddressOf(url)}${query === "" ? "" : `?${query}`}${url.fragment === "" ? "" : `#${url.fragment}`}`;
}

/** The address alone, as a peer's is printed. */
export function peerAddressOf({ scheme, authority, path }: ConnectorUrl): PeerAddress {
  return `${scheme}://${authority}${path}`;
}

/** A peer's address in its one normal form: equal peers have equal text. */
export function parsePeerAddress(
  text: string,
  schemes: ReadonlyMap<string, SchemeRules> = SCHEMES,
): Outcome<PeerAddress> {
  const url = parseConnectorUrl(text, schemes);
  return url.ok ? ok(peerAddressOf(url.value)) : url;
}

/** The text as it stands in a message, bounded. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
