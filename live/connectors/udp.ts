/** `udp`, `udp4`, `udp6`. */
import { createSocket, type Socket } from "node:dgram";
import {
  type Connector,
  type ConnectorError,
  type ConnectorUrl,
  EVENTS,
  type Outcome,
  type PeerAddress,
  refuse,
} from "../../core/connector.ts";
import { type Endpoint, endpointOf, formatEndpoint, formatUrl, parseConnectorUrl } from "../../core/connector-url.ts";
import { ok } from "../../core/result.ts";
import { DatagramConnector } from "./datagram-connector.ts";
import { alreadyOpen, later, notOpen, systemError } from "./errors.ts";

/** Bytes that may wait in Node to be sent. */
const MAX_OUTGOING = 1024 * 1024;
/** Bytes that may wait in the system to be received, as far as it allows. */
const RECEIVE_BUFFER = 4 * 1024 * 1024;
/** The largest payload of UDP over IPv4. */
const MAX_DATAGRAM = 65_507;
/** Peers whose addresses are kept parsed. */
const MAX_PEERS = 1024;

/** A connector for a URL in normal form: its scheme is `udp4` or `udp6`. */
export function udpConnector(url: ConnectorUrl): Outcome<Connector> {
  return ok(new UdpConnector(url));
}

/** Addresses are never names here, so there is nothing to look up: Node then binds and sends without a detour. */
function noLookup(
  host: string,
  _options: unknown,
  found: (error: null, address: string, family: number) => void,
): void {
  found(null, host, host.includes(":") ? 6 : 4);
}

class UdpConnector extends DatagramConnector {
  readonly scheme: string;
  readonly #parsed: ConnectorUrl;
  readonly #endpoint: Endpoint;
  readonly #peers = new Map<PeerAddress, Endpoint>();
  #url: string;
  #socket: Socket | null = null;
  #bound = false;
  /** The one peer, null: any. */
  #only: PeerAddress | null = null;
  /** Somebody was told to come back at WRITE. */
  #stalled = false;
  #lastError: ConnectorError | null = null;

  constructor(url: ConnectorUrl) {
    super();
    this.scheme = url.scheme;
    this.#parsed = url;
    this.#endpoint = endpointOf(url);
    this.#url = formatUrl(url);
  }

  get url(): string {
    return this.#url;
  }

  get listening(): boolean {
    return this.#bound;
  }

  get lastError(): ConnectorError | null {
    return this.#lastError;
  }

  listen(): Outcome<void> {
    if (this.#socket !== null) return alreadyOpen(this.#url);
    this.#lastError = null;
    const { family, host, port } = this.#endpoint;
    const socket = createSocket({ type: `udp${family}`, ipv6Only: family === 6, lookup: noLookup as never });
    this.#socket = socket;
    let inCall = true;
    socket.on("error", (error) => this.#failed(socket, error, inCall));
    socket.on("listening", () => this.#isBound(socket, inCall));
    // Datagrams of one peer mostly follow one another: its address is printed once.
    let last = { address: "", port: 0, url: "" };
    socket.on("message", (message, { address, port: from }) => {
      if (from !== last.port || address !== last.address) {
        const url = family === 6 ? `${this.scheme}://[${address}]:${from}` : `${this.scheme}://${address}:${from}`;
        last = { address, port: from, url };
      }
      this.arrived(new Uint8Array(message.buffer, message.byteOffset, message.length), last.url);
    });
    socket.bind({ address: host, port, exclusive: true });
    inCall = false;
    if (this.#bound) return ok(undefined);
    if (this.#lastError !== null) return { ok: false, error: this.#lastError };
    return later(this.#url, "it is being bound; OPEN or ERROR follows");
  }

  send(bytes: Uint8Array, to: PeerAddress): Outcome<number> {
    const socket = this.#socket;
    if (socket === null || !this.#bound) return notOpen(this.#url, "send from");
    if (bytes.length > MAX_DATAGRAM) {
      return refuse(
        "invalid_value",
        `${this.#url}: a datagram holds ${MAX_DATAGRAM} bytes at most, not ${bytes.length}.`,
      );
    }
    const peer = this.#peer(to);
    if (!peer.ok) return peer;
    if (socket.getSendQueueSize() >= MAX_OUTGOING) {
      if (!this.#stalled) setImmediate(this.#lookForRoom);
      this.#stalled = true;
      return refuse("repeat_action", `${this.#url}: too much waits to be sent; go on at WRITE.`);
    }
    if (this.#only !== null) {
      if (to !== this.#only)
        return refuse("invalid_value", `${this.#url} is dedicated to ${this.#only}, not to ${to}.`);
      socket.send(bytes);
      return ok(bytes.length);
    }
    // Without a callback an error comes as an event, and nothing has to be called for every datagram.
    socket.send(Buffer.from(bytes), peer.value.port, peer.value.host);
    return ok(bytes.length);
  }

  dedicate(to: PeerAddress): Outcome<void> {
    const socket = this.#socket;
    if (socket === null || !this.#bound) return notOpen(this.#url, "dedicate");
    const peer = this.#peer(to);
    if (!peer.ok) return peer;
    socket.connect(peer.value.port, peer.value.host);
    this.#only = to;
    return ok(undefined);
  }

  close(): Outcome<void> {
    if (this.#socket === null) {
      return refuse("initialization", `${this.#url} is not open; there is nothing to close.`);
    }
    this.#socket.close();
    this.#socket = null;
    this.#bound = false;
    this.#stalled = false;
    this.#only = null;
    this.forget();
    this.readiness.clear();
    return ok(undefined);
  }

  /** Somebody waits for room: looked for in every turn of the loop, for nothing tells of it. */
  readonly #lookForRoom = (): void => {
    const socket = this.#socket;
    if (socket === null || !this.#stalled) return;
    if (socket.getSendQueueSize() >= MAX_OUTGOING / 2) {
      setImmediate(this.#lookForRoom);
      return;
    }
    this.#stalled = false;
    this.readiness.tell(EVENTS.WRITE);
  };

  #isBound(socket: Socket, inCall: boolean): void {
    if (this.#socket !== socket) return;
    const { address, port } = socket.address();
    const { family } = this.#endpoint;
    this.#url = formatUrl({ ...this.#parsed, authority: formatEndpoint({ family, host: address, port }) });
    this.#bound = true;
    try {
      socket.setRecvBufferSize(RECEIVE_BUFFER);
    } catch {
      // What the system gives by itself will do.
    }
    if (!inCall) this.readiness.tell(EVENTS.OPEN);
  }

  /** Inside `listen` the error is its answer, so nothing is told. */
  #failed(socket: Socket, error: Error, inCall: boolean): void {
    if (this.#socket !== socket) return;
    this.#lastError = systemError(this.#url, error);
    if (!this.#bound) {
      this.#socket = null;
      socket.close();
    }
    if (!inCall) this.readiness.tellSoon(EVENTS.ERROR);
  }

  #peer(to: PeerAddress): Outcome<Endpoint> {
    const known = this.#peers.get(to);
    if (known !== undefined) return ok(known);
    const url = parseConnectorUrl(to);
    if (!url.ok) return url;
    if (url.value.scheme !== this.scheme) {
      return refuse("invalid_value", `${this.#url} sends to ${this.scheme}:// peers, not to ${to}.`);
    }
    const endpoint = endpointOf(url.value);
    if (this.#peers.size >= MAX_PEERS) this.#peers.clear();
    this.#peers.set(to, endpoint);
    return ok(endpoint);
  }
}
