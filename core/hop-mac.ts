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
/** 2^-32. */
const UPPER = 2.3283064365386963e-10;
/** Words of a cache entry: SegID, timestamp, lifetime and ingress, egress; together all that the block's 16 bytes hold. */
const ENTRY_WORDS = 4;
/** Set in the first word of every entry in use: a SegID has 16 bits. */
const IN_USE = 0x1_0000;

/** What a router remembers unless told otherwise: 6 KiB, so that those of a thousand routers do not push each other out of the processor. */
export const MAC_CACHE_ENTRIES = 256;

/**
 * Computes MACs under one key and remembers them by all 16 bytes of their input, one place for each hash. Remembering changes
 * no result: an entry answers only where all its words are those asked for, and it knows no other key. Plain data.
 */
export interface HopMacs {
  readonly key: CmacKey;
  readonly block: Int32Array;
  /** Inputs of entries, four words each; none: nothing is remembered. */
  readonly entries: Int32Array;
  /** The MAC of each entry. */
  readonly known: Float64Array;
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
    known: new Float64Array(entries),
    mask: entries - 1,
    hits: 0,
    misses: 0,
  };
}

/** The MAC of a hop field at this SegID, as in the field: a whole number below 2^48. */
export function hopMac(macs: HopMacs, segId: number, timestamp: number, hop: HopField): number {
  macs.misses++;
  fullMac(macs, segId, timestamp, hop);
  const first = swapBytes(macs.block[0] as number);
  const second = swapBytes(macs.block[1] as number);
  return (first >>> 16) * LOW + (((first << 16) | (second >>> 16)) >>> 0);
}

/** Whether a hop field's MAC is the one it should have at this SegID. */
export function isHopValid(macs: HopMacs, segId: number, timestamp: number, hop: HopField): boolean {
  const { entries, known } = macs;
  if (entries.length === 0) return hopMac(macs, segId, timestamp, hop) === hop.mac;
  const first = (segId & 0xffff) | IN_USE;
  const second = timestamp | 0;
  const third = ((hop.expTime & 0xff) << 16) | (hop.consIngress & 0xffff);
  const fourth = hop.consEgress & 0xffff;
  const slot = hash(first, second, third, fourth) & macs.mask;
  const at = ENTRY_WORDS * slot;
  if (entries[at] === first && entries[at + 1] === second && entries[at + 2] === third && entries[at + 3] === fourth) {
    macs.hits++;
    return known[slot] === hop.mac;
  }
  entries[at] = first;
  entries[at + 1] = second;
  entries[at + 2] = third;
  entries[at + 3] = fourth;
  known[slot] = hopMac(macs, segId, timestamp, hop);
  return known[slot] === hop.mac;
}

function hash(first: number, second: number, third: number, fourth: number): number {
  const mixed = Math.imul(first ^ second ^ Math.imul(third, 0x9e37_79b1) ^ (fourth << 13), 0x85eb_ca6b);
  return mixed ^ (mixed >>> 15);
}

/** Leaves all 16 bytes of a hop's MAC in the block. */
function fullMac({ key, block }: HopMacs, segId: number, timestamp: number, hop: HopField): void {
  block[0] = swapBytes(segId & 0xffff);
  block[1] = swapBytes(timestamp);
  block[2] = swapBytes(((hop.expTime & 0xff) << 16) | (hop.consIngress & 0xffff));
  block[3] = swapBytes(hop.consEgress << 16);
  cmacOfBlock(key, block);
}

/** A word with its bytes in the other order. */
function swapBytes(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

/** All 16 bytes of a hop's MAC: the hop authenticator, EPIC's key. Never from memory. */
export function hopAuthenticator(macs: HopMacs, segId: number, timestamp: number, hop: HopField): Uint8Array {
  fullMac(macs, segId, timestamp, hop);
  return bytesOfWords(macs.block);
}

/** The two bytes that chain a MAC to the next. */
export function macPrefix(mac: number): number {
  return (mac * UPPER) | 0;
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
