/**
 * MACs of hop fields (draft-dekater-scion-dataplane, "Hop Field MAC Computation"; scionproto `pkg/slayers/path/mac.go`):
 * AES-128-CMAC over one block, of which six bytes stand in the hop field.
 *
 *    0   2      4           8   9   10      12       14
 *   | 0 | SegID | timestamp | 0 | exp | ingress | egress | 0 |      ingress and egress in the direction of construction
 *
 * Each MAC's first two bytes, added to the SegID, give the next hop's: a chain that ties a segment's hops together.
 */
import { bytesOfWords, type CmacKey, cmacOfBlock } from "./crypto/cmac.ts";
import type { HopField, InfoField } from "./path.ts";

/** 2^32: a MAC's first two bytes stand above its last four. */
const LOW = 0x1_0000_0000;
/** Words of a cache entry: the block's four, then the MAC's upper two bytes and lower four. */
const ENTRY_WORDS = 6;
/** Set in the first word of every entry in use: the block's own upper half is zero. */
const IN_USE = 0x1_0000;

/** What a router remembers unless told otherwise. 24 KiB, made with its first packet. */
export const MAC_CACHE_ENTRIES = 1_024;

/**
 * Computes MACs under one key and remembers them by all 16 bytes of their input, one place for each hash. Remembering changes
 * no result. Plain data.
 */
export interface HopMacs {
  readonly key: CmacKey;
  readonly block: Int32Array;
  /** Entries of six words; none: nothing is remembered. */
  readonly entries: Int32Array;
  readonly mask: number;
  hits: number;
  misses: number;
}

/** `entries`: a power of two, or 0 for none. */
export function createHopMacs(key: CmacKey, entries: number): HopMacs {
  if (entries !== 0 && (entries & (entries - 1)) !== 0) throw new Error(`not a power of two: ${entries} entries`);
  return {
    key,
    block: new Int32Array(4),
    entries: new Int32Array(ENTRY_WORDS * entries),
    mask: entries - 1,
    hits: 0,
    misses: 0,
  };
}

/** The MAC of a hop field at this SegID, as in the field: a whole number below 2^48. */
export function hopMac(macs: HopMacs, segId: number, timestamp: number, hop: HopField): number {
  const first = segId & 0xffff;
  const third = (hop.expTime << 16) | hop.consIngress;
  const fourth = hop.consEgress << 16;
  macs.misses++;
  fullMac(macs, first, timestamp, third, fourth);
  const { block } = macs;
  const low = ((block[0] as number) << 16) | ((block[1] as number) >>> 16);
  return ((block[0] as number) >>> 16) * LOW + (low >>> 0);
}

/** Whether a hop field's MAC is the one it should have at this SegID. */
export function isHopValid(macs: HopMacs, segId: number, timestamp: number, hop: HopField): boolean {
  const { entries } = macs;
  if (entries.length === 0) return hopMac(macs, segId, timestamp, hop) === hop.mac;
  const first = (segId & 0xffff) | IN_USE;
  const third = (hop.expTime << 16) | hop.consIngress;
  const fourth = hop.consEgress << 16;
  const at = ENTRY_WORDS * (hash(first, timestamp, third, fourth) & macs.mask);
  if (
    entries[at] === first &&
    entries[at + 1] === (timestamp | 0) &&
    entries[at + 2] === third &&
    entries[at + 3] === fourth
  ) {
    macs.hits++;
  } else {
    const mac = hopMac(macs, segId, timestamp, hop);
    entries[at] = first;
    entries[at + 1] = timestamp;
    entries[at + 2] = third;
    entries[at + 3] = fourth;
    entries[at + 4] = macPrefix(mac);
    entries[at + 5] = mac;
  }
  // In whole words: a number above 2^31 would be made anew for each packet.
  return entries[at + 5] === (hop.mac | 0) && entries[at + 4] === macPrefix(hop.mac);
}

function hash(first: number, second: number, third: number, fourth: number): number {
  const mixed = Math.imul(first ^ second ^ Math.imul(third, 0x9e37_79b1) ^ (fourth >>> 3), 0x85eb_ca6b);
  return mixed ^ (mixed >>> 15);
}

function fullMac({ key, block }: HopMacs, first: number, second: number, third: number, fourth: number): void {
  block[0] = first;
  block[1] = second;
  block[2] = third;
  block[3] = fourth;
  cmacOfBlock(key, block);
}

/** All 16 bytes of a hop's MAC: the hop authenticator, EPIC's key. Never from memory. */
export function hopAuthenticator(macs: HopMacs, segId: number, timestamp: number, hop: HopField): Uint8Array {
  fullMac(macs, segId & 0xffff, timestamp, (hop.expTime << 16) | hop.consIngress, hop.consEgress << 16);
  return bytesOfWords(macs.block);
}

/** The two bytes that chain a MAC to the next. */
export function macPrefix(mac: number): number {
  return Math.floor(mac / LOW);
}

export type BareHop = Omit<HopField, "mac">;

/**
 * Signs a segment's hops, given in the order of construction, each under its own AS's key. A peering segment's first hop
 * shares its SegID with the second: both follow the same AS's normal hop (scionproto `control/beaconing/extender.go`).
 * @returns the signed hops and the SegID before each of them.
 */
export function signHops(
  hops: readonly BareHop[],
  macs: readonly HopMacs[],
  { peer, segId, timestamp }: Pick<InfoField, "peer" | "segId" | "timestamp">,
): { readonly hops: HopField[]; readonly segIds: number[] } {
  const signed: HopField[] = [];
  const segIds: number[] = [];
  let beta = segId;
  hops.forEach((bare, index) => {
    const hop = { ...bare, mac: 0 };
    const mac = hopMac(macs[index] as HopMacs, beta, timestamp, hop);
    segIds.push(beta);
    signed.push({ ...bare, mac });
    if (!peer || index > 0) beta ^= macPrefix(mac);
  });
  return { hops: signed, segIds };
}
