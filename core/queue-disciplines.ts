/** A queue that holds its packets: drop-tail, CoDel, RED or strict priority in front of a line with events (core/paced-line.ts). */
import { type CodelState, createCodel, takeByCodel } from "./codel.ts";
import { type DrawKey, keyedUniform } from "./digest.ts";
import type { DropReason } from "./env.ts";
import { markCongestion } from "./ecn.ts";
import type { Packet } from "./packet.ts";
import { createFifo, packetsIn, type PacketFifo, pushPacket, takePacket } from "./packet-fifo.ts";
import { createPacketKey, identify, type PacketKey } from "./packet-key.ts";
import { createRed, earlyProbability, observeQueue, packetsInIdle, type RedState, strikesEarly } from "./red.ts";
import type { LinkDirection, QueueDiscipline } from "./scenario.ts";
import type { Bytes, Nanos } from "./units.ts";

/** Plain data. */
export interface HeldQueue {
  /** Served in this order; one unless the discipline is priority. */
  readonly bands: readonly PacketFifo[];
  /** Band of each DSCP; null: all go to the first. */
  readonly bandOf: readonly number[] | null;
  /** Bounds for each band; 0: no bound of this kind. */
  readonly limitPackets: number;
  readonly limitBytes: Bytes;
  readonly codel: CodelState | null;
  readonly red: RedState | null;
  readonly key: DrawKey;
  readonly packet: PacketKey;
  /** Most packets that ever waited in one band. */
  highWater: number;
  /** Given up while a packet was sought; whoever asked for it takes them out. */
  readonly discarded: Packet[];
}

/** What an arriving packet meets. */
export interface Arrival {
  /** The line takes it at once: no bound applies. */
  readonly free: boolean;
  /** How long the line has had nothing to do. */
  readonly idle: Nanos;
  /** Time the line would take to send it at its present rate. */
  readonly transmission: Nanos;
}

const DSCPS = 64;

export function createHeldQueue(direction: LinkDirection, key: DrawKey): HeldQueue {
  const { discipline, queue_bytes, queue_packets } = direction;
  const bandOf = discipline.kind === "priority" ? bandTable(discipline) : null;
  const count = discipline.kind === "priority" ? discipline.bands.length + 1 : 1;
  return {
    bands: Array.from({ length: count }, createFifo),
    bandOf,
    limitPackets: queue_packets,
    limitBytes: queue_bytes,
    codel: discipline.kind === "codel" ? createCodel(discipline) : null,
    red: discipline.kind === "red" ? createRed(discipline) : null,
    key,
    packet: createPacketKey(),
    highWater: 0,
    discarded: [],
  };
}

/** Takes a packet in. @returns why not, or null. */
export function enqueue(queue: HeldQueue, now: Nanos, packet: Packet, arrival: Arrival): DropReason | null {
  const band = bandFor(queue, packet);
  const { red } = queue;
  if (red !== null) {
    observeQueue(red, band.waitingBytes, packetsInIdle(arrival.idle, arrival.transmission));
    if (dropsEarly(queue, red, packet)) return "early_drop";
  }
  if (!arrival.free && isFull(queue, band, packet.wireLength)) return "queue_overflow";
  pushPacket(band, packet, now);
  if (!arrival.free && band.waiting > queue.highWater) queue.highWater = band.waiting;
  return null;
}

/** The packet to send next; null where none is left. */
export function dequeue(queue: HeldQueue, now: Nanos): Packet | null {
  if (queue.codel !== null) return takeByCodel(queue.codel, queue.bands[0] as PacketFifo, now, queue.discarded);
  for (const band of queue.bands) if (band.waiting > 0) return takePacket(band)?.packet ?? null;
  return null;
}

export function isEmpty(queue: HeldQueue): boolean {
  return queue.bands.every(({ waiting }) => waiting === 0);
}

/** Everything that waits, band by band. */
export function packetsHeld(queue: HeldQueue): Packet[] {
  return queue.bands.flatMap(packetsIn);
}

/** Takes everything out; a discipline's state stays what it was. */
export function emptyQueue(queue: HeldQueue): Packet[] {
  const held = packetsHeld(queue);
  for (const band of queue.bands) while (takePacket(band) !== null);
  return held;
}

/** Packets marked "congestion experienced". */
export function marksOf({ codel, red }: HeldQueue): number {
  return (codel?.marks ?? 0) + (red?.marks ?? 0);
}

function bandTable({ bands }: Extract<QueueDiscipline, { kind: "priority" }>): number[] {
  return Array.from({ length: DSCPS }, (_, dscp) => {
    const found = bands.findIndex((band) => band.includes(dscp));
    return found < 0 ? bands.length : found;
  });
}

function bandFor({ bands, bandOf }: HeldQueue, packet: Packet): PacketFifo {
  const band = bandOf === null ? 0 : bandOf[(packet.trafficClass >> 2) & (DSCPS - 1)];
  return bands[band as number] as PacketFifo;
}

function isFull({ limitPackets, limitBytes }: HeldQueue, band: PacketFifo, size: Bytes): boolean {
  if (limitPackets !== 0 && band.waiting >= limitPackets) return true;
  return limitBytes !== 0 && band.waitingBytes + size > limitBytes;
}

/** Marks instead where the packet's transport understands it; with an average beyond all bounds nothing helps but dropping. */
function dropsEarly(queue: HeldQueue, red: RedState, packet: Packet): boolean {
  identify(queue.packet, packet);
  if (!strikesEarly(red, keyedUniform(queue.key, queue.packet.flow, queue.packet.number))) return false;
  if (!red.ecn || earlyProbability(red) === 1 || !markCongestion(packet)) return true;
  red.marks++;
  return false;
}
