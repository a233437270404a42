/**
 * A log-linear histogram of times: each power of two is divided into 256 equal buckets, so that a bucket is at most
 * 1/256 of its values wide, and values below 512 ns have a bucket each. Whole-number arithmetic only: a quantile is
 * the same on every engine. The buckets kept span the least and the largest value seen, with room to spare of at most
 * as much again: a million round-trip times between 10 and 40 ms take 4 to 8 KB. The bound is 11,777 buckets, 92 KB.
 *
 *   value    0 1 2 ... 511 | 512-513 514-515 ... 1022-1023 | 1024-1027 ...
 *   bucket   0 1 2 ... 511 |     512     513 ...       767 |       768 ...
 */
import type { Nanos } from "./units.ts";

/** Plain data: it lives in an actor's context and is cloned with it. Only the functions below write to it. */
export interface Histogram {
  /** How many values fell in bucket `first + index`. */
  counts: Float64Array;
  first: number;
  count: number;
  /** Exact up to 2^53 ns; beyond, rounded with each value, off by less than `count` times 2^-53 of itself. */
  sum: number;
  /** Infinity while empty. */
  min: Nanos;
  /** -Infinity while empty. */
  max: Nanos;
}

/** Buckets in a power of two: 2^SPLIT_BITS. */
const SPLIT_BITS = 8;
const SPLIT = 1 << SPLIT_BITS;
const LARGEST: Nanos = Number.MAX_SAFE_INTEGER + 1;
const BUCKETS = bucketOf(LARGEST) + 1;
const LEAST_CAPACITY = 32;
/** Just below 1, by more than rounding adds to a product. */
const ROUNDED_DOWN = 1 - 2 * Number.EPSILON;

/** A histogram without values, and without an array to speak of. */
export function createHistogram(): Histogram {
  return { counts: new Float64Array(0), first: 0, count: 0, sum: 0, min: Infinity, max: -Infinity };
}

/** Counts one value: whole nanoseconds from 0 to 2^53. Anything else can only be a bug, and throws. */
export function record(histogram: Histogram, value: Nanos): void {
  // A comparison with NaN is false, hence the negation.
  if (!(value >= 0 && value <= LARGEST)) throw new RangeError(`not a time in nanoseconds: ${value}`);
  const bucket = bucketOf(value);
  let index = bucket - histogram.first;
  if (index < 0 || index >= histogram.counts.length) {
    cover(histogram, bucket, bucket);
    index = bucket - histogram.first;
  }
  (histogram.counts[index] as number)++;
  histogram.count++;
  histogram.sum += value;
  if (value < histogram.min) histogram.min = value;
  if (value > histogram.max) histogram.max = value;
}

/**
 * The value of rank ceil(q * count) in ascending order, for q from 0 to 1; null when empty. The least and the largest
 * value are exact, and so is any below 512 ns; of the others, the middle of the bucket, at most 1/512 off.
 */
export function quantile(histogram: Histogram, q: number): Nanos | null {
  if (!(q >= 0 && q <= 1)) throw new RangeError(`not a quantile: ${q}`);
  const { counts, first, count, min, max } = histogram;
  if (count === 0) return null;
  // Rounded down first, so that 0.07 of 100 is the 7th value: their product in doubles is 7.000000000000001.
  const rank = Math.ceil(q * count * ROUNDED_DOWN);
  if (rank <= 1) return min;
  if (rank >= count) return max;
  let index = 0;
  for (let passed = counts[0] as number; passed < rank; passed += counts[index] as number) index++;
  const middle = middleOf(first + index);
  return middle < min ? min : middle > max ? max : middle;
}

/** The arithmetic mean, from the exact sum; null when empty. */
export function mean(histogram: Histogram): number | null {
  return histogram.count === 0 ? null : histogram.sum / histogram.count;
}

/** A new histogram as if all values of both had been recorded in it. */
export function merge(a: Histogram, b: Histogram): Histogram {
  const merged = createHistogram();
  for (const { counts, first, count, sum, min, max } of [a, b]) {
    if (count === 0) continue;
    cover(merged, bucketOf(min), bucketOf(max));
    for (let bucket = bucketOf(min); bucket <= bucketOf(max); bucket++) {
      (merged.counts[bucket - merged.first] as number) += counts[bucket - first] as number;
    }
    merged.count += count;
    merged.sum += sum;
    merged.min = Math.min(merged.min, min);
    merged.max = Math.max(merged.max, max);
  }
  return merged;
}

/**
 * Values below a bound (and not below the last one), for each step that has any, ascending. Steps divide each power of two into `parts`
 * (a power of two up to 256), so that the bounds of fewer parts are among those of more.
 */
export function stepsOf({ counts, first }: Histogram, parts: number): [bound: Nanos, count: number][] {
  const steps: [Nanos, number][] = [];
  counts.forEach((count, index) => {
    if (count === 0) return;
    const bound = boundOf(first + index, parts);
    const last = steps.at(-1);
    if (last !== undefined && last[0] === bound) last[1] += count;
    else steps.push([bound, count]);
  });
  return steps;
}

/** The bound, among those of `parts`, of the step that a bound of finer steps lies in. */
export function coarserBound(bound: Nanos, parts: number): Nanos {
  return boundOf(bucketOf(bound - 1), parts);
}

/** First value after the step of a bucket. */
function boundOf(bucket: number, parts: number): Nanos {
  const merged = SPLIT / parts;
  const next = (Math.floor(bucket / merged) + 1) * merged;
  if (next < 2 * SPLIT) return next;
  let value = next - (Math.floor(next / SPLIT) - 1) * SPLIT;
  for (let doubling = Math.floor(next / SPLIT) - 1; doubling > 0; doubling--) value *= 2;
  return value;
}

/** The bucket of a whole number from 0 to 2^53. */
function bucketOf(value: Nanos): number {
  if (value < 0x1_0000_0000) return bucketOf32(value);
  // The lower 24 bits cannot matter: a bucket is at least 2^24 wide here. Halving 24 times is 24 powers of two.
  return 24 * SPLIT + bucketOf32(Math.floor(value / 0x100_0000));
}

/** The bucket of a whole number below 2^32: `shift` powers of two, then the upper bits, of which the first is set. */
function bucketOf32(value: number): number {
  const shift = Math.max(0, 31 - SPLIT_BITS - Math.clz32(value));
  return shift * SPLIT + (value >>> shift);
}

/** The whole number in the middle of a bucket; of an even number of values, the upper middle one. */
function middleOf(bucket: number): Nanos {
  if (bucket < 2 * SPLIT) return bucket;
  const shift = Math.floor(bucket / SPLIT) - 1;
  let value = bucket - shift * SPLIT + 0.5;
  for (let doubling = 0; doubling < shift; doubling++) value *= 2;
  return value;
}

/**
 * Makes room for the buckets from `low` to `high`: the array becomes twice as long as the span of all values, which
 * lies in its middle, so that values which spread to either side, or to both in turn, cost few copies.
 */
function cover(histogram: Histogram, low: number, high: number): void {
  const { counts, first, count, min, max } = histogram;
  if (low >= first && high < first + counts.length) return;
  const spanLow = count === 0 ? low : Math.min(low, bucketOf(min));
  const span = (count === 0 ? high : Math.max(high, bucketOf(max))) - spanLow + 1;
  const capacity = Math.min(BUCKETS, Math.max(LEAST_CAPACITY, 2 * span));
  const wanted = spanLow - Math.floor((capacity - span) / 2);
  const newFirst = Math.max(0, Math.min(wanted, BUCKETS - capacity));
  const grown = new Float64Array(capacity);
  if (count > 0) grown.set(counts.subarray(bucketOf(min) - first, bucketOf(max) + 1 - first), bucketOf(min) - newFirst);
  histogram.counts = grown;
  histogram.first = newFirst;
}
