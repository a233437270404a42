/** Host names to addresses: one URL in, all URLs it may mean out. A scheme can bring its own way. */
import { lookup } from "node:dns/promises";
import { type ConnectorUrl, type Outcome, refuse } from "../../core/connector.ts";
import {
  formatEndpoint,
  formatUrl,
  parseConnectorUrl,
  parseEndpoint,
  parseHostPort,
  parseUrl,
} from "../../core/connector-url.ts";
import { ok } from "../../core/result.ts";

/** Resolves a URL of one scheme to URLs that a registry can open. */
export type Resolution = (url: ConnectorUrl) => Promise<Outcome<readonly string[]>>;

/** Addresses of a host; nothing where there are none. Families: 0 is either. */
export type HostLookup = (host: string, family: 0 | 4 | 6) => Promise<readonly string[]>;

/** What the operating system answers: /etc/hosts, DNS and whatever else it is set up to ask. */
async function systemLookup(host: string, family: 0 | 4 | 6): Promise<readonly string[]> {
  const found = await lookup(host, { all: true, family, order: "verbatim" });
  return found.map(({ address }) => address);
}

export class Resolver {
  readonly #resolutions = new Map<string, Resolution>();

  /** Starts with tcp and udp (by `lookup`), and with the schemes that have nothing to look up. */
  constructor(lookup: HostLookup = systemLookup) {
    for (const scheme of ["tcp", "tcp4", "tcp6", "udp", "udp4", "udp6"]) {
      this.#resolutions.set(scheme, (url) => resolveHost(url, lookup));
    }
    for (const scheme of ["local", "fifo", "pipe", "anon"]) {
      this.#resolutions.set(scheme, async (url) => {
        const normal = parseConnectorUrl(formatUrl(url));
        return normal.ok ? ok([formatUrl(normal.value)]) : normal;
      });
    }
  }

  /** Adds a scheme's own way to resolve. */
  register(name: string, resolution: Resolution): Outcome<void> {
    const scheme = name.toLowerCase();
    if (scheme === "") return refuse("invalid_value", "A resolution needs the name of a scheme, such as sim.");
    if (typeof resolution !== "function") return refuse("empty_callback", `The scheme ${scheme} needs a function.`);
    if (this.#resolutions.has(scheme)) {
      return refuse("invalid_value", `The scheme ${scheme} has a way to resolve already.`);
    }
    this.#resolutions.set(scheme, resolution);
    return ok(undefined);
  }

  /** Every URL that `text` may mean, without duplicates. */
  async resolve(text: string): Promise<Outcome<ReadonlySet<string>>> {
    const url = parseUrl(text);
    if (!url.ok) return url;
    const resolution = this.#resolutions.get(url.value.scheme);
    if (resolution === undefined) {
      const known = [...this.#resolutions.keys()].join(", ");
      return refuse("invalid_value", `The scheme ${url.value.scheme} has no way to resolve; known are ${known}.`);
    }
    const found = await resolution(url.value);
    if (!found.ok) return found;
    if (found.value.length === 0) return refuse("address_not_available", `${text}: no address was found.`);
    return ok(new Set(found.value));
  }
}

async function resolveHost(url: ConnectorUrl, lookup: HostLookup): Promise<Outcome<readonly string[]>> {
  const target = parseHostPort(url.authority);
  if (target === null) return refuse("format", `${formatUrl(url)}: expected a host name or an address, and a port.`);
  const isLiteral = parseEndpoint(url.authority) !== null;
  const wanted = url.scheme.endsWith("4") ? 4 : url.scheme.endsWith("6") ? 6 : 0;
  let addresses: readonly string[] = [target.host];
  if (!isLiteral) {
    try {
      addresses = await lookup(target.host, wanted);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? String(error);
      return refuse("address_not_available", `${formatUrl(url)}: ${target.host} has no address (${code}).`);
    }
  }
  const found: string[] = [];
  for (const host of addresses) {
    const family = host.includes(":") ? 6 : 4;
    if (!isLiteral && wanted !== 0 && wanted !== family) continue;
    const normal = parseConnectorUrl(
      formatUrl({ ...url, authority: formatEndpoint({ family, host, port: target.port }) }),
    );
    if (!normal.ok) return normal;
    found.push(formatUrl(normal.value));
  }
  return ok(found);
}
