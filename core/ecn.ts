/** Explicit congestion notification: the low two bits of the traffic class (RFC 3168, section 5). */
import type { Packet } from "./packet.ts";

const ECN_BITS = 0b11;
const CONGESTION_EXPERIENCED = 0b11;

/** Marks a packet "congestion experienced" where its transport takes part in ECN. @returns whether it does. */
export function markCongestion(packet: Packet): boolean {
  if ((packet.trafficClass & ECN_BITS) === 0) return false;
  packet.trafficClass |= CONGESTION_EXPERIENCED;
  return true;
}
