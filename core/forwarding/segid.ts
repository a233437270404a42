/** The SegIDs that stand in a packet, and the pointers beside them. */
import { macPrefix } from "../hop-mac.ts";
import type { Packet } from "../packet.ts";
import { type InfoField, infIndexForHf, type ScionPath } from "../path.ts";

export function segIdAt(packet: Packet, inf: number): number {
  return inf === 0 ? packet.segId0 : inf === 1 ? packet.segId1 : packet.segId2;
}

/** Adds a hop's MAC to the current SegID (beta), or takes it away: the two are one. */
export function updateSegId(packet: Packet, mac: number): void {
  const prefix = macPrefix(mac);
  if (packet.currInf === 0) packet.segId0 ^= prefix;
  else if (packet.currInf === 1) packet.segId1 ^= prefix;
  else packet.segId2 ^= prefix;
}

/** Moves the pointers to the next hop field (IncPath). */
export function advance(path: ScionPath, packet: Packet): void {
  packet.currHf++;
  packet.currInf = infIndexForHf(path, packet.currHf);
}

/** Current hop field stands beside a peering link: the next one belongs to the neighbour, not to this AS. */
export function isPeering(path: ScionPath, info: InfoField, hf: number): boolean {
  if (!info.peer) return false;
  const [first, second, third] = path.segLens;
  return first > 0 && second > 0 && third === 0 && (hf === first - 1 || hf === first);
}

/** The next hop field stands in another segment. */
export function isLastOfSegment(path: ScionPath, packet: Packet): boolean {
  const next = packet.currHf + 1;
  return next < path.hops.length && infIndexForHf(path, next) !== packet.currInf;
}
