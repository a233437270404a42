/** Plain sockets all around a router: its neighbours' ends of its links, and a host of its AS. */
import { createSocket, type Socket } from "node:dgram";
import type { IfId } from "../../core/address.ts";
import type { Sent } from "./our-router.ts";
import type { Endpoint, Site } from "./site.ts";

/** UDP ports of the host: where the router sends what it finds no other port for, one of the dispatched ones, one that is none. */
const HOST_PORTS = [30_041, 31_000, 40_000] as const;
/** Where the host sends from, and gets its own packets' errors. */
const SENDING_PORT = 31_001;

export class Yard {
  readonly #site: Site;
  readonly #sockets: Map<string, Socket>;
  /** All that came in, in order. */
  readonly received: Sent[] = [];

  private constructor(site: Site, sockets: Map<string, Socket>) {
    this.#site = site;
    this.#sockets = sockets;
    for (const [to, socket] of sockets) {
      socket.on("message", (bytes) => void this.received.push({ to, bytes: new Uint8Array(bytes) }));
      // A router that is not there yet, or no more, refuses: nobody waits for that packet.
      socket.on("error", () => undefined);
    }
  }

  static async open(site: Site, host: string): Promise<Yard> {
    const places: [string, Endpoint][] = [
      ...site.interfaces.map(({ ifId, remote }): [string, Endpoint] => [`if ${ifId}`, remote]),
      ...HOST_PORTS.map((port): [string, Endpoint] => [`host ${port}`, `${host}:${port}`]),
      ["sender", `${host}:${SENDING_PORT}`],
      ["CS", site.controlService],
    ];
    const sockets = new Map<string, Socket>();
    for (const [name, endpoint] of places) sockets.set(name, await boundSocket(endpoint));
    return new Yard(site, sockets);
  }

  /** Sends as a neighbour over its link, or (0) as the AS's host. */
  send(bytes: Uint8Array, ingress: IfId): void {
    const one = this.#site.interfaces.find(({ ifId }) => ifId === ingress);
    const [address, port] = split(one?.local ?? this.#site.internal);
    this.#sockets.get(one === undefined ? "sender" : `if ${ingress}`)?.send(bytes, port, address);
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.#sockets.values()].map((socket) => new Promise<void>((done) => void socket.close(() => done()))),
    );
  }
}

function split(endpoint: Endpoint): [string, number] {
  const at = endpoint.lastIndexOf(":");
  return [endpoint.slice(0, at), Number(endpoint.slice(at + 1))];
}

function boundSocket(endpoint: Endpoint): Promise<Socket> {
  const [address, port] = split(endpoint);
  return new Promise((done, fail) => {
    const socket = createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
    socket.once("error", (error) => {
      socket.close();
      fail(new Error(`cannot listen on ${endpoint}: ${error.message}`));
    });
    socket.bind(port, address, () => {
      socket.removeAllListeners("error");
      done(socket);
    });
  });
}
