/** One datagram connector of a simulated network: the program's side of an endpoint. `SimNetwork` makes them. */
import type { EndpointAddress, SendDatagram } from "../actors/apps/endpoint.ts";
import type { Policy } from "../actors/selectors/policy.ts";
import { parseIA } from "../core/address.ts";
import {
  type Connector,
  type ConnectorError,
  type ConnectorUrl,
  EVENTS,
  type Outcome,
  type PeerAddress,
  refuse,
} from "../core/connector.ts";
import { formatEndpoint, formatUrl, parseEndpoint, parseUrl, urlOptions } from "../core/connector-url.ts";
import type { DropReason } from "../core/env.ts";
import type { PathFinder } from "../core/path-finder.ts";
import { ok } from "../core/result.ts";
import type { HostSpec, PolicySpec } from "../core/scenario.ts";
import type { Bytes } from "../core/units.ts";

/** What waits for `receive` at most; what comes then is dropped as `queue_overflow`. */
const MAX_WAITING = 1_024;
const MAX_WAITING_BYTES: Bytes = 4 * 1024 * 1024;
/** Datagrams sent within an instant that have not reached the selector. */
const MAX_UNDER_WAY = 4_096;
/** What UDP's length leaves for the payload. */
const MAX_DATAGRAM: Bytes = 0xffff - 8;
const DEFAULT_POLICY = "shortest";

/** What a connector needs of its network. */
export interface Home {
  readonly policies: ReadonlyMap<string, Policy>;
  readonly paths: PathFinder;
  checkHost(host: HostSpec): Outcome<void>;
  hasAs(ia: string): boolean;
  bind(connector: SimConnector, at: EndpointAddress): Outcome<EndpointAddress>;
  release(at: EndpointAddress): void;
  send(from: HostSpec, datagram: SendDatagram): void;
}

/** A connector for a URL, or why there is none. */
export function openSimConnector(url: ConnectorUrl, home: Home): Outcome<Connector> {
  const options = urlOptions(url, { address: "any", behaviours: ["datagram", "stream"] });
  if (!options.ok) return options;
  if (options.value.behaviour === "stream") {
    const why = "streams inside the simulator come with channels, which are not here yet; use behaviour=datagram";
    return refuse("unsupported_action", `${formatUrl(url)}: ${why}.`);
  }
  const address = parseAddress(url);
  if (!address.ok) return address;
  const host = home.checkHost(address.value);
  if (!host.ok) return host;
  const policy = policyOf(url, home.policies);
  return policy.ok ? ok(new SimConnector(url, address.value, policy.value, home)) : policy;
}

/** `sim://1-ff00:0:110,10.0.0.1:31000`, with brackets around an IPv6 address. */
export function printAddress({ ia, host, port }: EndpointAddress): PeerAddress {
  return `sim://${ia},${formatEndpoint({ family: host.includes(":") ? 6 : 4, host, port })}`;
}

function parseAddress(url: ConnectorUrl): Outcome<EndpointAddress> {
  const comma = url.authority.indexOf(",");
  const ia = parseIA(url.authority.slice(0, Math.max(0, comma)));
  const endpoint = parseEndpoint(url.authority.slice(comma + 1));
  if (url.scheme !== "sim") {
    return refuse("invalid_value", `${formatUrl(url)} is no address of a simulated network; those begin with sim://.`);
  }
  if (comma < 0 || !ia.ok || endpoint === null || (url.path !== "" && url.path !== "/")) {
    return refuse("format", `Expected an address such as sim://1-ff00:0:110,10.0.0.1:31000, found ${formatUrl(url)}.`);
  }
  return ok({ ia: ia.value, host: endpoint.host, port: endpoint.port });
}

/** `policy=pinned&path=1`: the parameters that policies know by name are theirs. */
function policyOf(url: ConnectorUrl, policies: ReadonlyMap<string, Policy>): Outcome<PolicySpec> {
  const name = url.query.get("policy") ?? DEFAULT_POLICY;
  if (!policies.has(name)) {
    const known = [...policies.keys()].join(", ");
    return refuse("invalid_option", `${formatUrl(url)}: no policy is called ${name}; there are ${known}.`);
  }
  const params: Record<string, string | number> = {};
  for (const [key, value] of url.query) {
    if (key === "policy" || key === "behaviour" || key === "blocking") continue;
    // A fingerprint may hold digits only; its sixteen of them are a name all the same.
    params[key] = /^\d{1,15}$/.test(value) ? Number(value) : value;
  }
  return ok({ name, params });
}

export class SimConnector implements Connector {
  readonly scheme = "sim";
  readonly behaviour = "datagram";
  readonly connected = false;
  readonly #given: ConnectorUrl;
  readonly #policy: PolicySpec;
  readonly #home: Home;
  readonly #waiting: { readonly bytes: Uint8Array; readonly from: PeerAddress }[] = [];
  readonly #reached = new Set<string>();
  #address: EndpointAddress;
  #listening = false;
  #waitingBytes: Bytes = 0;
  #underWay = 0;
  #full = false;
  #dropped = 0;
  #lastError: ConnectorError | null = null;
  #notify: ((events: number) => void) | null = null;

  constructor(url: ConnectorUrl, address: EndpointAddress, policy: PolicySpec, home: Home) {
    this.#given = url;
    this.#address = address;
    this.#policy = policy;
    this.#home = home;
  }

  get url(): string {
    return formatUrl({ ...this.#given, authority: printAddress(this.#address).slice("sim://".length), path: "" });
  }

  get listening(): boolean {
    return this.#listening;
  }

  get communicating(): boolean {
    return this.#listening;
  }

  get lastError(): ConnectorError | null {
    return this.#lastError;
  }

  get dropped(): number {
    return this.#dropped;
  }

  listen(): Outcome<void> {
    if (this.#listening) return refuse("initialization", `${this.url} listens already.`);
    const bound = this.#home.bind(this, this.#address);
    this.#lastError = bound.ok ? null : bound.error;
    if (!bound.ok) return bound;
    this.#address = bound.value;
    this.#listening = true;
    return ok(undefined);
  }

  connect(): Outcome<void> {
    return refuse("unsupported_action", `${this.url}: datagrams need no connection; listen, and send to the peer.`);
  }

  accept(): Outcome<Connector> {
    if (this.#listening) return ok(this);
    return refuse("unsupported_action", `${this.url} does not listen, so it accepts nothing; call listen first.`);
  }

  read(_most: Bytes): Outcome<Uint8Array> {
    return refuse("unsupported_action", `${this.url} has datagrams; receive gives the next one and its sender.`);
  }

  write(_bytes: Uint8Array): Outcome<number> {
    return refuse("unsupported_action", `${this.url} has datagrams; send takes one and its receiver.`);
  }

  receive(): Outcome<{ readonly bytes: Uint8Array; readonly from: PeerAddress }> {
    const next = this.#waiting.shift();
    if (next === undefined) return refuse("repeat_action", `${this.url}: no datagram waits; READ tells of the next.`);
    this.#waitingBytes -= next.bytes.length;
    return ok(next);
  }

  send(bytes: Uint8Array, to: PeerAddress): Outcome<number> {
    if (!this.#listening) return this.#notOpen();
    if (bytes.length > MAX_DATAGRAM) {
      return refuse(
        "invalid_value",
        `A datagram holds ${MAX_DATAGRAM} bytes at most, not ${bytes.length}; send several.`,
      );
    }
    const url = parseUrl(to);
    const peer = url.ok ? parseAddress(url.value) : url;
    if (!peer.ok) return peer;
    const way = this.#checkWay(peer.value);
    if (!way.ok) return way;
    if (this.#underWay >= MAX_UNDER_WAY) {
      this.#full = true;
      return refuse("repeat_action", `${this.url}: ${MAX_UNDER_WAY} datagrams wait to go; WRITE tells when to go on.`);
    }
    this.#underWay++;
    const datagram: SendDatagram = {
      type: "datagram.send",
      srcPort: this.#address.port,
      to: peer.value,
      policy: this.#policy,
      bytes: bytes.slice(),
    };
    this.#home.send(this.#address, datagram);
    return ok(bytes.length);
  }

  peek(): Bytes {
    return this.#waitingBytes;
  }

  close(): Outcome<void> {
    if (!this.#listening) return this.#notOpen();
    this.#home.release(this.#address);
    this.#listening = false;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    this.#underWay = 0;
    this.#full = false;
    return ok(undefined);
  }

  watch(notify: (events: number) => void): () => void {
    this.#notify = notify;
    return () => {
      if (this.#notify === notify) this.#notify = null;
    };
  }

  /** A datagram arrives from the network. */
  take(bytes: Uint8Array, from: PeerAddress): DropReason | null {
    if (this.#waiting.length >= MAX_WAITING || this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) {
      this.#dropped++;
      return "queue_overflow";
    }
    this.#waiting.push({ bytes, from });
    this.#waitingBytes += bytes.length;
    this.#notify?.(EVENTS.READ);
    return null;
  }

  /** A datagram sent before is with its selector. */
  left(): void {
    this.#underWay = Math.max(0, this.#underWay - 1);
    if (!this.#full || this.#underWay > MAX_UNDER_WAY / 2) return;
    this.#full = false;
    this.#notify?.(EVENTS.WRITE);
  }

  /** Whether there is a path at all and the policy takes its parameters; asked once a destination. */
  #checkWay(peer: EndpointAddress): Outcome<void> {
    if (this.#reached.has(peer.ia)) return ok(undefined);
    if (!this.#home.hasAs(peer.ia)) {
      return refuse("network_unreachable", `${printAddress(peer)}: no AS ${peer.ia} is in the network.`);
    }
    const paths = this.#home.paths(this.#address.ia, peer.ia);
    if (paths.length === 0) {
      return refuse("network_unreachable", `${printAddress(peer)}: no path leads there from ${this.#address.ia}.`);
    }
    try {
      this.#home.policies.get(this.#policy.name)?.init(this.#policy.params, paths, { hash: 0 });
    } catch (error) {
      return refuse("invalid_option", error instanceof Error ? error.message : String(error));
    }
    this.#reached.add(peer.ia);
    return ok(undefined);
  }

  #notOpen(): Outcome<never> {
    return refuse("initialization", `${this.url} is not open; call listen first.`);
  }
}
