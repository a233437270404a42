/** Who is not listened to: peers and transport addresses, each until a time of its own. Bounded; the oldest ban goes first. */
import type { Nanos } from "../../units.ts";
import type { PeerId } from "./peer-id.ts";

export interface Bans {
  /** Until when, by identity, in the order in which the bans began. */
  readonly peers: Map<PeerId, Nanos>;
  readonly transports: Map<string, Nanos>;
  /** Most entries of each list. */
  readonly limit: number;
  /** Bans that ended early because a list was full. */
  evicted: number;
}

export function createBans(limit: number): Bans {
  return { peers: new Map(), transports: new Map(), limit, evicted: 0 };
}

export function banPeer(bans: Bans, peer: PeerId, until: Nanos): void {
  ban(bans, bans.peers, peer, until);
}

export function banTransport(bans: Bans, address: string, until: Nanos): void {
  ban(bans, bans.transports, address, until);
}

/** false: it was not banned. */
export function unbanPeer({ peers }: Bans, peer: PeerId): boolean {
  return peers.delete(peer);
}

export function unbanTransport({ transports }: Bans, address: string): boolean {
  return transports.delete(address);
}

export function isPeerBanned({ peers }: Bans, peer: PeerId, now: Nanos): boolean {
  return holds(peers, peer, now);
}

export function isTransportBanned({ transports }: Bans, address: string, now: Nanos): boolean {
  return holds(transports, address, now);
}

function ban(bans: Bans, list: Map<string, Nanos>, key: string, until: Nanos): void {
  list.delete(key);
  const [oldest] = list.keys();
  if (list.size >= bans.limit && oldest !== undefined) {
    list.delete(oldest);
    bans.evicted++;
  }
  list.set(key, until);
}

function holds(list: Map<string, Nanos>, key: string, now: Nanos): boolean {
  const until = list.get(key);
  if (until === undefined) return false;
  if (now < until) return true;
  list.delete(key);
  return false;
}
