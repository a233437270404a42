/**
 * Quantities with their unit in the type, so that a rate is never added to a delay.
 * All three are plain numbers at run time; whole numbers unless said otherwise.
 */
declare const unit: unique symbol;

/** Whole nanoseconds. As a point in time: since the run began (exact up to 2^53 ns, 104 days). */
export type Nanos = number & { readonly [unit]?: "ns" };

/** A size in bytes, whole. */
export type Bytes = number & { readonly [unit]?: "B" };

/** A rate in bits a second. 0 stands for "no limit" in a link's model. */
export type BitsPerSecond = number & { readonly [unit]?: "bit/s" };

export const MICROSECOND: Nanos = 1_000;
export const MILLISECOND: Nanos = 1_000_000;
export const SECOND: Nanos = 1_000_000_000;

/** Time to put `size` bytes on a line of `rate`; 0 where the rate has no limit. Rounded to the nearest nanosecond. */
export function transmissionTime(size: Bytes, rate: BitsPerSecond): Nanos {
  return rate === 0 ? 0 : Math.round((size * 8 * SECOND) / rate);
}
