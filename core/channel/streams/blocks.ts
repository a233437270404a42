/**
 * Bytes by their offset, kept in blocks of one size: memory is what a window holds, however small the pieces that bring it. Zeros are
 * not kept: an offset without a block reads as zero.
 */

const BLOCK = 2_048;

/** Blocks by offset / BLOCK. */
export type BlockStore = Map<number, Uint8Array>;

export function createBlockStore(): BlockStore {
  return new Map();
}
