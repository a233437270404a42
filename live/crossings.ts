/**
 * How long packets were between two actors of this process beyond what the model says: from the instant at which a link's packet was to
 * arrive to that at which the far router got it. Late events, the system's sockets and datagrams that wait are all in it.
 */
import { formatEndpoint } from "../core/endpoint.ts";
import { createHistogram, type Histogram, record } from "../core/histogram.ts";
import type { Packet } from "../core/packet.ts";
import type { Nanos } from "../core/units.ts";
import type { UnderlaySocket } from "./underlay/socket.ts";

interface Sent {
  readonly due: Nanos;
  readonly flow: number;
  readonly number: number;
}

/** Packets of one socket that are remembered; older ones were lost. */
const MAX_SENT = 4_096;

export class Crossings {
  /** Nanoseconds; empty where all neighbours are elsewhere. */
  readonly times: Histogram = createHistogram();
  /** By the socket that is to get them, in the order of sending. */
  readonly #sent = new Map<UnderlaySocket, Sent[]>();
  /** By sending socket, its neighbour's. */
  readonly #peers = new Map<UnderlaySocket, Sent[]>();

  /** All sockets are there. */
  begin(sockets: Iterable<UnderlaySocket>): void {
    const all = [...sockets];
    const at = new Map(all.map((socket) => [formatEndpoint(socket.local), socket]));
    for (const socket of all) {
      const peer = socket.remote === null ? undefined : at.get(formatEndpoint(socket.remote));
      if (peer === undefined) continue;
      const line: Sent[] = [];
      this.#sent.set(peer, line);
      this.#peers.set(socket, line);
    }
  }

  sent(from: UnderlaySocket, { flow, number }: Packet, due: Nanos): void {
    const line = this.#peers.get(from);
    if (line === undefined) return;
    if (line.length === MAX_SENT) line.length = 0;
    line.push({ due, flow, number });
  }

  arrived(at: UnderlaySocket, { flow, number }: Packet, now: Nanos): void {
    const line = this.#sent.get(at);
    const found = line?.findIndex((one) => one.flow === flow && one.number === number) ?? -1;
    if (line === undefined || found < 0) return;
    record(this.times, Math.max(0, now - (line[found] as Sent).due));
    line.splice(0, found + 1);
  }
}
