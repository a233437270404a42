/** What it costs a packet to cross an AS from one interface to another (0: its hosts). */
import type { IfId } from "./address.ts";
import { admit, createTransmitQueue, type TransmitQueue } from "./queue.ts";
import type { InternalNetwork } from "./scenario.ts";
import { type BitsPerSecond, type Bytes, type Nanos, transmissionTime } from "./units.ts";

/** Most packets that wait to cross between two interfaces. */
export const MAX_WAITING = 65_536;

export interface Crossing {
  readonly latency: Nanos;
  /** 0: no limit. */
  readonly rate: BitsPerSecond;
}

/** Latency and rate between two interfaces, the same either way; nothing where the AS has no internal network. */
export function crossingOf(network: InternalNetwork | undefined, a: IfId, b: IfId): Crossing {
  if (network === undefined) return { latency: 0, rate: 0 };
  const named = network.pairs.find((pair) => (pair.a === a && pair.b === b) || (pair.a === b && pair.b === a));
  const { latency_ns, rate_bps } = named ?? network;
  return { latency: latency_ns, rate: rate_bps };
}

/** The ways through an AS that packets have taken, each direction with a line of its own. Plain data. */
export interface Crossings {
  readonly network: InternalNetwork;
  /** By `65536 * ingress + egress`; as many as there are pairs of interfaces. */
  readonly taken: Map<number, Crossing & { readonly queue: TransmitQueue }>;
}

export function createCrossings(network: InternalNetwork): Crossings {
  return { network, taken: new Map() };
}

/** When a packet of `size` bytes is on the other side, counted from now; -1: too many wait. */
export function cross(crossings: Crossings, ingress: IfId, egress: IfId, size: Bytes, now: Nanos): Nanos {
  const key = 65_536 * ingress + egress;
  let way = crossings.taken.get(key);
  if (way === undefined) {
    way = { ...crossingOf(crossings.network, ingress, egress), queue: createTransmitQueue(MAX_WAITING, 0) };
    crossings.taken.set(key, way);
  }
  if (way.rate === 0) return way.latency;
  const transmission = transmissionTime(size, way.rate);
  const start = admit(way.queue, now, size, transmission);
  return start < 0 ? -1 : start - now + transmission + way.latency;
}
