/** Packets that wait in order, each with the time it came: a ring, plain data. */
import type { Packet } from "./packet.ts";
import type { Bytes, Nanos } from "./units.ts";

export interface PacketFifo {
  packets: (Packet | null)[];
  since: Nanos[];
  head: number;
  waiting: number;
  waitingBytes: Bytes;
}

export interface Waiting {
  readonly packet: Packet;
  readonly since: Nanos;
}

export function createFifo(): PacketFifo {
  return { packets: [], since: [], head: 0, waiting: 0, waitingBytes: 0 };
}

export function pushPacket(fifo: PacketFifo, packet: Packet, now: Nanos): void {
  if (fifo.waiting === fifo.packets.length) grow(fifo);
  const at = (fifo.head + fifo.waiting) & (fifo.packets.length - 1);
  fifo.packets[at] = packet;
  fifo.since[at] = now;
  fifo.waitingBytes += packet.wireLength;
  fifo.waiting++;
}

export function takePacket(fifo: PacketFifo): Waiting | null {
  if (fifo.waiting === 0) return null;
  const at = fifo.head;
  const packet = fifo.packets[at] as Packet;
  fifo.packets[at] = null;
  fifo.head = (at + 1) & (fifo.packets.length - 1);
  fifo.waiting--;
  fifo.waitingBytes -= packet.wireLength;
  return { packet, since: fifo.since[at] as Nanos };
}

/** In the order in which they came. */
export function packetsIn(fifo: PacketFifo): Packet[] {
  return Array.from(
    { length: fifo.waiting },
    (_, n) => fifo.packets[(fifo.head + n) & (fifo.packets.length - 1)] as Packet,
  );
}

/** Doubles the ring: its length stays a power of two. */
function grow(fifo: PacketFifo): void {
  const { head, packets, since } = fifo;
  const room = Math.max(16, packets.length);
  fifo.packets = [...packets.slice(head), ...packets.slice(0, head), ...new Array<null>(room).fill(null)];
  fifo.since = [...since.slice(head), ...since.slice(0, head), ...new Array<Nanos>(room).fill(0)];
  fifo.head = 0;
}
