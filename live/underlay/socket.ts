/**
 * One socket of a place: towards a neighbour over one link (interface id above 0), or towards the AS's hosts (0). Datagrams that
 * came wait in a ring until the loop takes them; when it is full, they are dropped and counted. Nothing here waits.
 */
import { createSocket, type RemoteInfo, type Socket, type SocketOptions } from "node:dgram";
import type { IfId } from "../../core/address.ts";
import { type Endpoint, formatEndpoint } from "../../core/endpoint.ts";
import type { ActorIndex } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import { encodeInto, encodePacket } from "../../core/wire/codec.ts";

/** What a socket met. */
export interface SocketCounters {
  received: number;
  sent: number;
  /** Datagrams that are no SCION packet. */
  garbage: number;
  /** Datagrams from an address that is not the neighbour's, or from hosts where none is declared. */
  stray: number;
  /** Datagrams dropped because too many waited. */
  overflow: number;
  /** Datagrams that the system dropped before they were read; counted at the end of a run, on Linux alone. */
  unread: number;
  /** Packets the system would not send. */
  sendErrors: number;
}

export function createCounters(): SocketCounters {
  return { received: 0, sent: 0, garbage: 0, stray: 0, overflow: 0, unread: 0, sendErrors: 0 };
}

/** Datagrams of one socket that may wait: a power of two. */
const RING = 4_096;
/** The system is asked for so much room; it may give less. */
const BUFFER_BYTES = 4 * 1024 * 1024;
/** Buffers kept for packets to be sent. */
const MAX_SPARE = 1_024;
/** Buffers kept are of this size; a larger packet gets one of its own. */
const BUFFER = 9_216;

/** Addresses are numbers already: nothing is looked up, and so nothing is put off to a later turn of the loop. */
const lookup: NonNullable<SocketOptions["lookup"]> = (address, _options, callback) =>
  callback(null, address, address.includes(":") ? 6 : 4);

/** A socket that is not bound yet. */
export function openSocket({ address }: Endpoint): Socket {
  const type = address.includes(":") ? "udp6" : "udp4";
  return createSocket({ type, lookup, recvBufferSize: BUFFER_BYTES, sendBufferSize: BUFFER_BYTES });
}

/** A packet on its way into the system: its bytes may not change before the system has them. */
class Outgoing {
  readonly bytes = Buffer.allocUnsafeSlow(BUFFER);
  packet: Packet | null = null;
  readonly done: (error: Error | null) => void;

  constructor(done: (outgoing: Outgoing, error: Error | null) => void) {
    this.done = (error) => done(this, error ?? null);
  }
}

export interface SocketListener {
  /** A datagram waits, and the socket is in no line yet. */
  onReady(socket: UnderlaySocket): void;
  onNote(socket: UnderlaySocket, text: string): void;
  onUnsent(socket: UnderlaySocket, packet: Packet): void;
}

export class UnderlaySocket {
  readonly place: number;
  readonly ifId: IfId;
  /** The router behind it; -1: none. */
  readonly node: ActorIndex;
  readonly local: Endpoint;
  readonly counters = createCounters();
  /** Waits in the line of those that have datagrams. */
  queued = false;
  /** Where the neighbour is; null: whoever sends is heard, or nobody. */
  readonly remote: Endpoint | null;
  /** Takes datagrams of the neighbour's that cannot be SCION (live/pieces); null: they are garbage like any other. */
  aside: ((bytes: Uint8Array) => void) | null = null;
  readonly #hears: boolean;
  readonly #socket: Socket;
  readonly #listener: SocketListener;
  readonly #ring: (Uint8Array | null)[] = [];
  #head = 0;
  #tail = 0;
  readonly #spare: Outgoing[] = [];

  constructor(
    at: { readonly place: number; readonly ifId: IfId; readonly node: ActorIndex; readonly hears: boolean },
    socket: Socket,
    remote: Endpoint | null,
    listener: SocketListener,
  ) {
    this.place = at.place;
    this.ifId = at.ifId;
    this.node = at.node;
    const { address, port } = socket.address();
    this.local = { address, port };
    this.#socket = socket;
    this.remote = remote;
    this.#hears = at.hears;
    this.#listener = listener;
    socket.on("message", (bytes, from) => this.#receive(bytes, from));
    socket.on("error", (error) => listener.onNote(this, `socket error: ${error.message}`));
  }

  get waiting(): number {
    return this.#tail - this.#head;
  }

  /** The datagram that waits longest; null where none does. */
  take(): Uint8Array | null {
    if (this.#head === this.#tail) return null;
    const at = this.#head++ & (RING - 1);
    const bytes = this.#ring[at] as Uint8Array;
    this.#ring[at] = null;
    return bytes;
  }

  /** Drops what waits, as if there had been no room for it. */
  discard(): void {
    this.counters.overflow += this.waiting;
    while (this.take() !== null);
  }

  /** Puts the packet's bytes on the socket. What the system refuses, at once or later, is counted and told. */
  send(packet: Packet, { address, port }: Endpoint): void {
    this.counters.sent++;
    if (packet.wireLength > BUFFER) {
      this.#socket.send(encodePacket(packet), port, address, (error) => this.#sent(packet, error ?? null));
      return;
    }
    const outgoing = this.#spare.pop() ?? new Outgoing((done, error) => this.#finished(done, error));
    outgoing.packet = packet;
    const length = encodeInto(packet, outgoing.bytes, 0);
    this.#socket.send(outgoing.bytes, 0, length, port, address, outgoing.done);
  }

  /** A datagram of another kind for the neighbour, counted nowhere here; what the system refuses is lost. */
  sendAside(bytes: Uint8Array): void {
    if (this.remote !== null) this.#socket.send(bytes, this.remote.port, this.remote.address, () => {});
  }

  #finished(outgoing: Outgoing, error: Error | null): void {
    const packet = outgoing.packet as Packet;
    outgoing.packet = null;
    if (this.#spare.length < MAX_SPARE) this.#spare.push(outgoing);
    this.#sent(packet, error);
  }

  #sent(packet: Packet, error: Error | null): void {
    if (error === null) return;
    this.counters.sendErrors++;
    this.#listener.onUnsent(this, packet);
  }

  #receive(bytes: Uint8Array, { address, port }: RemoteInfo): void {
    const { counters, remote } = this;
    counters.received++;
    if (!this.#hears || (remote !== null && (remote.port !== port || remote.address !== address))) {
      counters.stray++;
      const expected =
        remote === null ? "where no host is outside" : `where ${formatEndpoint(remote)} is the neighbour`;
      const from = formatEndpoint({ address, port });
      this.#listener.onNote(this, `datagram of ${bytes.length} B from ${from} on interface ${this.ifId}, ${expected}`);
      return;
    }
    if (this.aside !== null && !mayBeScion(bytes)) {
      counters.received--;
      this.aside(bytes);
      return;
    }
    if (this.waiting >= RING) {
      counters.overflow++;
      return;
    }
    this.#ring[this.#tail++ & (RING - 1)] = bytes;
    if (!this.queued) this.#listener.onReady(this);
  }
}

/** SCION's common header begins with its version, four bits that are 0. */
function mayBeScion(bytes: Uint8Array): boolean {
  return (bytes[0] ?? 0) >> 4 === 0;
}
