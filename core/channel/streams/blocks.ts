/**
 * Bytes by their offset, kept in blocks of one size: memory is what a window holds, however small the pieces that bring it. Zeros are
 * not kept where they come alone: an offset without a block reads as zero.
 */
import { gapsIn, type Ranges } from "../../transport/ranges.ts";

export const BLOCK = 4_096;
/** Blocks kept for further use: making one costs more than what is done with it. */
const MOST_SPARE = 2;

export interface BlockStore {
  /** By offset / BLOCK. */
  readonly kept: Map<number, Uint8Array>;
  readonly spare: Uint8Array[];
}

export function createBlockStore(): BlockStore {
  return { kept: new Map(), spare: [] };
}

/** Keeps `length` bytes from `source[at]` on at `offset`. */
export function storeBytes(blocks: BlockStore, offset: number, source: Uint8Array, at: number, length: number): void {
  for (let done = 0; done < length; ) {
    const index = Math.floor((offset + done) / BLOCK);
    const inside = offset + done - index * BLOCK;
    const count = Math.min(length - done, BLOCK - inside);
    let block = blocks.kept.get(index);
    if (block === undefined && !isZero(source, at + done, count)) {
      block = blocks.spare.pop()?.fill(0) ?? new Uint8Array(BLOCK);
      blocks.kept.set(index, block);
    }
    if (block !== undefined) copy(source, at + done, block, inside, count);
    done += count;
  }
}

/** Writes `length` bytes at `offset` to `target[at]`, zeros where none are kept. */
export function copyBytes(blocks: BlockStore, offset: number, length: number, target: Uint8Array, at: number): void {
  for (let done = 0; done < length; ) {
    const index = Math.floor((offset + done) / BLOCK);
    const inside = offset + done - index * BLOCK;
    const count = Math.min(length - done, BLOCK - inside);
    const block = blocks.kept.get(index);
    if (block === undefined) target.fill(0, at + done, at + done + count);
    else copy(block, inside, target, at + done, count);
    done += count;
  }
}

/** Whether any byte of [offset, offset + length) may be other than zero. */
export function holdsBytes(blocks: BlockStore, offset: number, length: number): boolean {
  if (blocks.kept.size === 0 || length === 0) return false;
  const [first, last] = [Math.floor(offset / BLOCK), Math.floor((offset + length - 1) / BLOCK)];
  for (let index = first; index <= last; index++) if (blocks.kept.has(index)) return true;
  return false;
}

/** The bytes of [offset, offset + length), null where all are zeros that were never kept. */
export function bytesOf(blocks: BlockStore, offset: number, length: number): Uint8Array | null {
  if (!holdsBytes(blocks, offset, length)) return null;
  const bytes = new Uint8Array(length);
  copyBytes(blocks, offset, length, bytes, 0);
  return bytes;
}

/** Whether [offset, offset + length) holds `present` bytes from `source[at]` on, then zeros. */
export function equalBytes(
  blocks: BlockStore,
  offset: number,
  length: number,
  source: Uint8Array,
  at: number,
  present: number,
): boolean {
  if (present <= 0 && blocks.kept.size === 0) return true;
  for (let done = 0; done < length; done++) {
    const index = Math.floor((offset + done) / BLOCK);
    const kept = blocks.kept.get(index)?.[offset + done - index * BLOCK] ?? 0;
    if (kept !== (done < present ? source[at + done] : 0)) return false;
  }
  return true;
}

/** Forgets the blocks that end in (from, to]: all below `from` was forgotten before. */
export function dropBlocks(blocks: BlockStore, from: number, to: number): void {
  if (blocks.kept.size === 0) return;
  const last = Math.floor(to / BLOCK);
  for (let index = Math.floor(from / BLOCK); index < last && blocks.kept.size > 0; index++) drop(blocks, index);
}

/** Forgets those blocks of [from, to) that hold nothing of `received` beyond `consumed`. */
export function dropConsumed(
  blocks: BlockStore,
  from: number,
  to: number,
  received: Readonly<Ranges>,
  consumed: Readonly<Ranges>,
): void {
  if (blocks.kept.size === 0) return;
  const last = Math.floor((to - 1) / BLOCK);
  for (let index = Math.floor(from / BLOCK); index <= last; index++) {
    if (!blocks.kept.has(index)) continue;
    const [start, end] = [index * BLOCK, (index + 1) * BLOCK];
    if (missing(received, start, end) === missing(consumed, start, end)) drop(blocks, index);
  }
}

/** Forgets all. */
export function clearBlocks(blocks: BlockStore): void {
  blocks.kept.clear();
}

function drop({ kept, spare }: BlockStore, index: number): void {
  const block = kept.get(index);
  if (block === undefined) return;
  kept.delete(index);
  if (spare.length < MOST_SPARE) spare.push(block);
}

function missing(ranges: Readonly<Ranges>, start: number, end: number): number {
  const gaps = gapsIn(ranges, start, end);
  let count = 0;
  for (let at = 0; at < gaps.length; at += 2) count += (gaps[at + 1] as number) - (gaps[at] as number);
  return count;
}

function isZero(source: Uint8Array, at: number, length: number): boolean {
  for (let index = at; index < at + length; index++) if (source[index] !== 0) return false;
  return true;
}

function copy(source: Uint8Array, from: number, target: Uint8Array, to: number, length: number): void {
  target.set(source.subarray(from, from + length), to);
}
