/**
 * One direction of a link without an event a packet: queue, transmission, loss, propagation. Pure; the link actor calls it.
 * Links whose queue or rate needs events are paced (core/paced-line.ts).
 */
import type { DropReason } from "./env.ts";
import type { Packet } from "./packet.ts";
import { createPassage, type LinkKeys, type Passage, pass } from "./passage.ts";
import { admit, createTransmitQueue, type TransmitQueue } from "./queue.ts";
import type { LinkDirection } from "./scenario.ts";
import { type Nanos, transmissionTime } from "./units.ts";

/** Extends the queue: one object a link, since a hop on a large network costs what it misses in the cache. */
export interface LinkModel extends TransmitQueue {
  /** Size and transmission time of the packet before: sizes repeat, and a division costs more than a comparison. */
  size: number;
  transmission: Nanos;
  /** Nothing befalls a packet on the line but the latency. */
  plain: boolean;
  readonly latency: Nanos;
  rate: number;
  readonly passage: Passage;
}

/** One literal with every field: the engine then keeps them all in the object itself. */
export function createLinkModel(direction: LinkDirection, keys: LinkKeys): LinkModel {
  const queue = createTransmitQueue(direction.queue_packets, direction.queue_bytes);
  return {
    size: 0,
    transmission: 0,
    plain: direction.loss === 0 && direction.burst === null && direction.delay.kind === "fixed",
    latency: direction.latency_ns,
    busyUntil: queue.busyUntil,
    waiting: queue.waiting,
    waitingBytes: queue.waitingBytes,
    limitPackets: queue.limitPackets,
    limitBytes: queue.limitBytes,
    starts: queue.starts,
    sizes: queue.sizes,
    head: queue.head,
    highWater: queue.highWater,
    rate: direction.rate_bps,
    passage: createPassage(direction, keys),
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
  const left = start + transmission;
  if (model.plain) return left + model.latency - now;
  const arrival = pass(model.passage, left, packet);
  return typeof arrival === "number" ? arrival - now : arrival;
}

/** Another rate, for the packets that come from now on: those in the queue leave when it was said they would. */
export function changeRate(model: LinkModel, rate: number): void {
  model.rate = rate;
  model.size = 0;
}

/** From here on every packet's fate is looked at one by one; those before it keep their place in the order of arrival. */
export function watchPassage(model: LinkModel, now: Nanos): void {
  if (!model.plain) return;
  model.plain = false;
  model.passage.lastArrival = Math.max(now, model.busyUntil) + model.latency;
}
