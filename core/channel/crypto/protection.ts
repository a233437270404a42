/** Sealing and opening of short packets. */

export const SHORT_HEADER = 18;

/** An opened packet. One record is used again and again. */
export interface Opened {
  /** Holds the frames: `bytes[start, end)`, then zeros up to `length`. */
  bytes: Uint8Array;
  start: number;
  end: number;
  /** Logical length of the frames. */
  length: number;
  path: number;
  channel: number;
  number: number;
  generation: number;
  /** The first of a new generation: the caller tells `confirmRekey`. */
  newer: boolean;
}

/** Why a short packet was not opened. */
export type DropWord = "truncated" | "not_short" | "unknown_generation" | "key_spent" | "forged";
