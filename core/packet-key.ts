/**
 * What a packet's draws hang on: its flow and number. A packet without flow is known by its bytes, as far as they stay the same
 * on the way, and by how often they came by.
 */
import { type DrawKey, finish, hashBytes, hashText } from "./digest.ts";
import { NO_FLOW, type Packet } from "./packet.ts";

/** Plain data; `flow` and `number` are those of the packet identified last. */
export interface PacketKey {
  flow: number;
  number: number;
  /** How often packets without flow came by, by a few bits of their hash; null until the first. */
  seen: Uint16Array | null;
}

/** Slots of `seen`. Packets that share one only number each other's repetitions. */
const SEEN_SLOTS = 4_096;

export function createPacketKey(): PacketKey {
  return { flow: 0, number: 0, seen: null };
}

export function identify(key: PacketKey, packet: Packet): void {
  if (packet.flow !== NO_FLOW) {
    key.flow = packet.flow;
    key.number = packet.number;
    return;
  }
  key.flow = hashPacket(packet);
  key.number = repetition(key, key.flow);
}

/** A key for one more purpose. */
export function subKey([first, second]: DrawKey, purpose: string): DrawKey {
  const [low, high] = hashText(purpose, first);
  return [low, high ^ second];
}

function hashPacket({ srcIa, srcHost, dstIa, dstHost, l4, payloadLength, rest }: Packet): number {
  const ports = l4.kind === "udp" ? `${l4.srcPort} ${l4.dstPort}` : l4.kind;
  const header = hashText(`${srcIa} ${srcHost} ${dstIa} ${dstHost} ${ports}`, payloadLength);
  return rest === null ? header[0] : finish(header[0] ^ hashBytes(rest)[0]);
}

/** Numbers packets of one hash: sent again with the same bytes, a packet may fare better. */
function repetition(key: PacketKey, hash: number): number {
  key.seen ??= new Uint16Array(SEEN_SLOTS);
  const slot = hash & (SEEN_SLOTS - 1);
  const number = key.seen[slot] as number;
  key.seen[slot] = number + 1;
  return number;
}
