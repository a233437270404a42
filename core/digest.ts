/**
 * One 64-bit non-cryptographic hash an actor: two 32-bit halves in one array, multiplied and rotated over every
 * delivery and output (docs/architecture.md, section 4). Whole-number operations only, so every engine agrees.
 */
import type { Packet } from "./packet.ts";
import type { Nanos } from "./units.ts";

const LOW_PRIME = 0x85eb_ca6b;
const HIGH_PRIME = 0xc2b2_ae35;
/** 2^-32, to reach the upper bits of a time. */
const UPPER = 2.3283064365386963e-10;

export class Digests {
  /** Two words an actor, at `2 * index`. Plain data: part of every checkpoint. */
  words: Int32Array;

  constructor(actors: number) {
    this.words = new Int32Array(2 * actors);
  }

  /** Room for one more actor. */
  grow(actors: number): void {
    if (2 * actors <= this.words.length) return;
    const words = new Int32Array(4 * actors);
    words.set(this.words);
    this.words = words;
  }

  absorb(actor: number, first: number, second: number): void {
    const words = this.words;
    const at = 2 * actor;
    const low = Math.imul((words[at] as number) ^ first, LOW_PRIME);
    const turned = ((low << 15) | (low >>> 17)) + second;
    words[at] = turned;
    words[at + 1] = Math.imul((words[at + 1] as number) ^ turned, HIGH_PRIME) + first;
  }

  /** A time and a small number, all bits of the time included. */
  absorbTime(actor: number, time: Nanos, second: number): void {
    this.absorb(actor, time | 0, second ^ ((time * UPPER) | 0));
  }

  /** What can be seen of a packet on the wire at this moment. */
  absorbPacket(actor: number, time: Nanos, ifId: number, packet: Packet): void {
    const place = (packet.currHf << 26) ^ (packet.wireLength << 12) ^ (ifId << 4) ^ ((time * UPPER) | 0);
    this.absorb(actor, time | 0, (packet.number + (packet.flow << 20)) ^ place);
  }

  /** The actor's digest with the hashes of its random streams, 16 hex digits. */
  hex(actor: number, streams: readonly number[]): string {
    let low = this.words[2 * actor] as number;
    let high = this.words[2 * actor + 1] as number;
    for (const hash of streams) {
      low = Math.imul(low ^ hash, LOW_PRIME);
      high = Math.imul(high ^ low, HIGH_PRIME);
    }
    return hexWord(high) + hexWord(low);
  }
}

export function hexWord(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}

/** 64-bit hash of a text, as two words; names, canonical JSON. */
export function hashText(text: string, seed = 0): readonly [number, number] {
  let low = seed ^ 0x811c_9dc5;
  let high = seed ^ 0x1234_5678;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    low = Math.imul(low ^ unit, LOW_PRIME);
    low = (low << 13) | (low >>> 19);
    high = Math.imul(high ^ low ^ unit, HIGH_PRIME);
    high = (high << 17) | (high >>> 15);
  }
  return [finish(low ^ text.length), finish(high ^ low)];
}

export function hashBytes(bytes: Uint8Array): readonly [number, number] {
  let low = 0x811c_9dc5;
  let high = 0x1234_5678;
  for (const byte of bytes) {
    low = Math.imul(low ^ byte, LOW_PRIME);
    low = (low << 13) | (low >>> 19);
    high = Math.imul(high ^ low ^ byte, HIGH_PRIME);
    high = (high << 17) | (high >>> 15);
  }
  return [finish(low ^ bytes.length), finish(high ^ low)];
}

/** One digest for many, whatever their order: 16 hex digits. */
export function combineDigests(digests: readonly (readonly [id: string, digest: string])[]): string {
  const sorted = [...digests].sort(([a], [b]) => (a < b ? -1 : 1));
  return hexHash(hashText(sorted.map(([id, digest]) => `${id}=${digest}`).join("\n")));
}

export function hexHash(hash: readonly [number, number]): string {
  return hexWord(hash[1]) + hexWord(hash[0]);
}

/** Key for draws that hang on a packet and not on a stream. */
export type DrawKey = readonly [number, number];

/** Derived from (seed, actor id, purpose), as streams are. */
export function drawKey(seed: number, actor: string, purpose: string): DrawKey {
  return hashText(`${seed}\u0000${actor}\u0000${purpose}`);
}

/** Spreads every bit of a word over all of it (MurmurHash3's finaliser). */
export function finish(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return h ^ (h >>> 16);
}

/**
 * Uniform on [0, 1) from a key and two numbers: the same packet draws the same value whatever else was sent, which is
 * what makes two policies comparable on one seed (common random numbers).
 */
export function keyedUniform(key: DrawKey, flow: number, number: number): number {
  const low = finish(Math.imul(flow ^ key[0], LOW_PRIME) ^ number);
  const high = finish(Math.imul(low ^ key[1], HIGH_PRIME) + number);
  return ((high >>> 0) + (low >>> 11) * TWO_21_INVERSE) * UPPER;
}

/** 2^-21: the second draw's 21 bits stand below the first one's 32. */
const TWO_21_INVERSE = 4.76837158203125e-7;
