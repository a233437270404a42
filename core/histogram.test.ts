import test from "ava";
import fc from "fast-check";
import { createHistogram, type Histogram, mean, merge, quantile, record } from "./histogram.ts";

const SEED = 20_260_102;
const LARGEST = 9_007_199_254_740_992;

/** Whole numbers of every size up to 2^53, each power of two as likely as another; small and edge values among them. */
const VALUE = fc.oneof(
  fc.nat(600),
  fc.tuple(fc.nat(44), fc.integer({ min: 256, max: 512 }), fc.constantFrom(-1, 0, 1)).map(edgeOfBucket),
  fc
    .tuple(fc.nat(53), fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([size, part]) => Math.floor(twoTo(size) * part)),
  fc.constantFrom(0, 4_294_967_295, 4_294_967_296, LARGEST - 1, LARGEST),
);
const VALUES = fc.array(VALUE, { minLength: 1, maxLength: 300 });
/** Times close together, as round-trip times are. */
const NEARBY = fc.tuple(fc.nat(1_000_000_000), fc.array(fc.nat(50_000), { minLength: 1, maxLength: 300 }));

test("a quantile is exact below 512 ns, else within 1/512 of the value of that rank", (t) => {
  const holds = (values: number[], perMille: number): boolean => {
    const sorted = values.toSorted((a, b) => a - b);
    const rank = Math.max(1, Math.floor((perMille * values.length + 999) / 1_000));
    const exact = sorted[rank - 1] as number;
    const found = quantile(histogramOf(values), perMille / 1_000) as number;
    const within = found >= (sorted[0] as number) && found <= (sorted.at(-1) as number);
    return within && Math.abs(found - exact) <= (exact < 512 ? 0 : exact / 512);
  };
  const nearby = NEARBY.map(([base, offsets]) => offsets.map((offset) => base + offset));
  fc.assert(fc.property(fc.oneof(VALUES, nearby), fc.nat(1_000), holds), { seed: SEED, numRuns: 2_000 });
  t.pass();
});

test("the least and the largest value are exact, count and sum too", (t) => {
  const holds = (values: number[]): void => {
    const histogram = histogramOf(values);
    t.is(quantile(histogram, 0), Math.min(...values));
    t.is(quantile(histogram, 1 / values.length), Math.min(...values));
    t.is(quantile(histogram, 1), Math.max(...values));
    t.is(histogram.count, values.length);
    t.is(total(histogram), values.length);
    t.is(mean(histogram), values.reduce((sum, value) => sum + value) / values.length);
  };
  fc.assert(fc.property(VALUES, holds), { seed: SEED });
});

test("the rank is not moved by the rounding of q times count", (t) => {
  const histogram = histogramOf(Array.from({ length: 100 }, (_, at) => at + 1));
  for (let percent = 1; percent <= 100; percent++) t.is(quantile(histogram, percent / 100), percent);
});

test("a bucket is at most 1/256 of its values wide, and they follow each other without a gap", (t) => {
  let before = -1;
  for (let bucket = 0, low = 0; low < LARGEST; bucket++) {
    const width = bucket < 512 ? 1 : twoTo(Math.floor(bucket / 256) - 1);
    t.is(bucketOf(low), bucket);
    t.is(bucketOf(low + width - 1), bucket);
    if (!(width === 1 || width / low <= 1 / 256)) t.fail(`bucket ${bucket} is ${width} wide`);
    if (bucket !== before + 1) t.fail(`${bucket} follows ${before}`);
    before = bucket;
    low += width;
  }
  t.is(bucketOf(LARGEST), 11_776);
});

test("an empty histogram is small and has no quantile", (t) => {
  const empty = createHistogram();
  t.is(empty.counts.byteLength, 0);
  t.is(quantile(empty, 0.5), null);
  t.is(mean(empty), null);
  t.deepEqual(merge(empty, createHistogram()), empty);
});

test("the array spans the values seen, at most twice over, and never more than all buckets", (t) => {
  const holds = (values: number[]): boolean => {
    const histogram = histogramOf(values);
    const span = bucketOf(Math.max(...values)) - bucketOf(Math.min(...values)) + 1;
    const { length } = histogram.counts;
    return length >= span && length <= Math.min(11_777, Math.max(32, 2 * span)) && histogram.first + length <= 11_777;
  };
  fc.assert(fc.property(VALUES, holds), { seed: SEED, numRuns: 1_000 });
  t.is(histogramOf([LARGEST, 0]).counts.length, 11_777);
});

test("growing by one bucket at a time copies seldom", (t) => {
  const upwards = (step: number): number => 2_000 + step;
  const downwards = (step: number): number => 6_000 - step;
  const outwards = (step: number): number => 5_000 + (step % 2 === 0 ? step : -step);
  for (const bucketAt of [upwards, downwards, outwards]) {
    const histogram = createHistogram();
    let [copies, before] = [0, histogram.counts];
    for (let step = 0; step < 4_000; step++) {
      record(histogram, leastOf(bucketAt(step)));
      if (histogram.counts !== before) copies++;
      before = histogram.counts;
    }
    t.is(total(histogram), 4_000);
    t.true(copies <= 16, `${copies} copies`);
  }
});

test("a clone goes on like the original and leaves it alone", (t) => {
  const holds = (values: number[], more: number[]): void => {
    const original = histogramOf(values);
    const clone = structuredClone({ context: { rtt: original } }).context.rtt;
    for (const value of more) record(clone, value);
    t.deepEqual(original, histogramOf(values));
    t.deepEqual(clone, histogramOf([...values, ...more]));
  };
  fc.assert(fc.property(fc.array(VALUE), VALUES, holds), { seed: SEED });
});

test("merging is recording all values in one, in any order", (t) => {
  const holds = (a: number[], b: number[]): void => {
    const [left, right] = [histogramOf(a), histogramOf(b)];
    const before = structuredClone([left, right]);
    const whole = facts(histogramOf([...a, ...b]));
    t.deepEqual(facts(merge(left, right)), whole);
    t.deepEqual(facts(merge(right, left)), whole);
    t.deepEqual([left, right], before);
  };
  // Sums below 2^53 are exact, so they do not depend on the order.
  const small = fc.array(fc.oneof(fc.nat(2_000), fc.integer({ min: 0, max: 10_000_000_000_000 })), { maxLength: 100 });
  fc.assert(fc.property(small, small, holds), { seed: SEED });
});

test("what is no time and what is no quantile is refused", (t) => {
  const histogram = createHistogram();
  for (const value of [-1, NaN, Infinity, LARGEST + 2])
    t.throws(() => record(histogram, value), { instanceOf: RangeError });
  for (const q of [-0.1, 1.1, NaN]) t.throws(() => quantile(histogram, q), { instanceOf: RangeError });
  t.deepEqual(histogram, createHistogram());
});

function histogramOf(values: readonly number[]): Histogram {
  const histogram = createHistogram();
  for (const value of values) record(histogram, value);
  return histogram;
}

function total({ counts }: Histogram): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Everything that does not depend on how the array grew. */
function facts(histogram: Histogram): unknown {
  const { counts, first, count, sum, min, max } = histogram;
  const filled = Array.from(counts, (held, index) => [first + index, held]).filter(([, held]) => held !== 0);
  return { filled, count, sum, min, max };
}

/** The bucket a value falls in, as seen from outside. */
function bucketOf(value: number): number {
  const { counts, first } = histogramOf([value]);
  return first + counts.indexOf(1);
}

function leastOf(bucket: number): number {
  const shift = Math.floor(bucket / 256) - 1;
  return (bucket - shift * 256) * twoTo(shift);
}

function edgeOfBucket([shift, upper, offset]: [number, number, number]): number {
  return upper * twoTo(shift) + offset;
}

function twoTo(exponent: number): number {
  let power = 1;
  for (let step = 0; step < exponent; step++) power *= 2;
  return power;
}
