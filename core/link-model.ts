/** What one direction of a link does to a packet: queue, transmission, loss, propagation. Pure; the link actor calls it. */
import { finish, hashBytes, hashText, keyedUniform } from "./digest.ts";
import type { DropReason } from "./env.ts";
import { NO_FLOW, type Packet } from "./packet.ts";
import { admit, createTransmitQueue, type TransmitQueue } from "./queue.ts";
import type { LinkDirection } from "./scenario.ts";
import { type Nanos, transmissionTime } from "./units.ts";

export type DrawKey = readonly [number, number];

/** Extends the queue: one object a link, since a hop on a large network costs what it misses in the cache. */
export interface LinkModel extends TransmitQueue {
  /** Size and transmission time of the packet before: sizes repeat, and a division costs more than a comparison. */
  size: number;
  transmission: Nanos;
  readonly loss: number;
  readonly jitter: Nanos;
  readonly latency: Nanos;
  readonly rate: number;
  readonly reorder: boolean;
  readonly lossKey: DrawKey;
  readonly jitterKey: DrawKey;
  /** Arrival of the packet sent last; without `reorder` none arrives earlier. Kept only where there is jitter. */
  lastArrival: Nanos;
  /** How often packets without flow came by, by a few bits of their hash; null until the first that draws. */
  seen: Uint16Array | null;
}

/** Slots of `seen`. Packets that share one only number each other's repetitions. */
const SEEN_SLOTS = 4_096;

export function createLinkModel(direction: LinkDirection, lossKey: DrawKey, jitterKey: DrawKey): LinkModel {
  return {
    size: 0,
    transmission: 0,
    loss: direction.loss,
    jitter: direction.delay.kind === "uniform" ? direction.delay.width_ns : 0,
    latency: direction.latency_ns,
    ...createTransmitQueue(direction.queue_packets, direction.queue_bytes),
    rate: direction.rate_bps,
    reorder: direction.reorder,
    lossKey,
    jitterKey,
    lastArrival: 0,
    seen: null,
  };
}

/**
 * Lets a packet onto the line.
 * @returns its delay until it reaches the other end, or why it does not. A packet lost on the line has used its share of it.
 */
export function carry(model: LinkModel, now: Nanos, packet: Packet): Nanos | DropReason {
  const size = packet.wireLength;
  if (size !== model.size) {
    model.size = size;
    model.transmission = transmissionTime(size, model.rate);
  }
  const transmission = model.transmission;
  const start = admit(model, now, size, transmission);
  if (start < 0) return "queue_overflow";
  const arrival = start + transmission + model.latency;
  if (model.loss === 0 && model.jitter === 0) return arrival - now;
  const withoutFlow = packet.flow === NO_FLOW;
  const flow = withoutFlow ? hashPacket(packet) : packet.flow;
  const number = withoutFlow ? repetition(model, flow) : packet.number;
  if (model.loss !== 0 && keyedUniform(model.lossKey, flow, number) < model.loss) return "loss";
  if (model.jitter === 0) return arrival - now;
  const jittered = arrival + jitterOf(model, flow, number);
  if (!model.reorder && jittered < model.lastArrival) return model.lastArrival - now;
  model.lastArrival = jittered;
  return jittered - now;
}

/** Uniform on [-jitter, +jitter], whole nanoseconds, from (link, flow, packet number). */
function jitterOf(model: LinkModel, flow: number, number: number): Nanos {
  const draw = keyedUniform(model.jitterKey, flow, number);
  return Math.floor(draw * (2 * model.jitter + 1)) - model.jitter;
}

/** What stands for the flow of a packet that has none: its bytes, as far as they stay the same on the way. */
function hashPacket({ srcIa, srcHost, dstIa, dstHost, l4, payloadLength, rest }: Packet): number {
  const ports = l4.kind === "udp" ? `${l4.srcPort} ${l4.dstPort}` : l4.kind;
  const header = hashText(`${srcIa} ${srcHost} ${dstIa} ${dstHost} ${ports}`, payloadLength);
  return rest === null ? header[0] : finish(header[0] ^ hashBytes(rest)[0]);
}

/** Numbers packets of one hash: sent again with the same bytes, a packet may fare better. */
function repetition(model: LinkModel, hash: number): number {
  model.seen ??= new Uint16Array(SEEN_SLOTS);
  const slot = hash & (SEEN_SLOTS - 1);
  const number = model.seen[slot] as number;
  model.seen[slot] = number + 1;
  return number;
}
