/**
 * Peer entries as bytes: ids of the AS's own interfaces, then, for all of them in that order, runs of ISDs, the AS numbers, the peers' interfaces, runs of MTUs,
 * runs of lifetimes, the MACs (6 bytes each). Ids, runs and numbers as in columns.ts.
 */
import { formatIA, iaParts, type IfId } from "../address.ts";
import type { PeerEntry } from "../segment.ts";
import {
  fail,
  getByte,
  getIds,
  getNumber,
  getRuns,
  putIds,
  putNumber,
  putRuns,
  type Reader,
  type Written,
} from "./columns.ts";

const MAC_BYTES = 6;
/** AS number, interface and MAC: no peer takes less. */
const LEAST_BYTES = 2 + MAC_BYTES;
const MAX_16 = 0xffff;
const MAX_AS = 0xffff_ffff_ffff;

/** `peers` in order of the AS's own interfaces. */
export function putPeers(out: Written, peers: readonly PeerEntry[]): void {
  const parts = peers.map(({ peer }) => iaParts(peer));
  putIds(
    out,
    peers.map(({ hop }) => hop.ingress),
  );
  const isds = parts.map(({ isd }) => isd);
  putRuns(out, isds, putNumber);
  for (const { as } of parts) putNumber(out, as);
  for (const { peerInterface } of peers) putNumber(out, peerInterface);
  const mtus = peers.map(({ peerMtu }) => peerMtu);
  putRuns(out, mtus, putNumber);
  const lifetimes = peers.map(({ hop }) => hop.expTime);
  putRuns(out, lifetimes, (into, lifetime) => into.push(lifetime));
  for (const { hop } of peers) putMac(out, hop.mac ?? 0);
}

function putMac(out: Written, mac: number): void {
  for (let scale = 0x100_0000_0000; scale >= 1; scale /= 0x100) out.push(Math.floor(mac / scale) % 0x100);
}

/** Peer entries of a hop that leaves by `egress`. */
export function getPeers(reader: Reader, egress: IfId): PeerEntry[] {
  const own = getIds(reader);
  if (own.length * LEAST_BYTES > reader.end - reader.at) {
    fail(reader);
    return [];
  }
  const upTo = (limit: number) => (from: Reader) => {
    const value = getNumber(from);
    return value <= limit ? value : fail(from);
  };
  const isds = getRuns(reader, own.length, upTo(MAX_16));
  const numbers = own.map(() => upTo(MAX_AS)(reader));
  const interfaces = own.map(() => upTo(MAX_16)(reader));
  const mtus = getRuns(reader, own.length, upTo(MAX_16));
  const lifetimes = getRuns(reader, own.length, getByte);
  reader.at += MAC_BYTES * own.length;
  if (reader.at > reader.end) fail(reader);
  if (reader.failed) return [];
  return own.map((ingress, n) => ({
    peer: formatIA(isds[n] as number, numbers[n] as number),
    peerInterface: interfaces[n] as number,
    peerMtu: mtus[n] as number,
    hop: { ingress, egress, expTime: lifetimes[n] as number, mac: null },
  }));
}
