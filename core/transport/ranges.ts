/**
 * Sets of whole numbers as half-open ranges: `[start, end, start, end, ...]`, ascending, none touching the next. Plain data: packet
 * numbers that arrived, bytes of a stream. Both mostly grow at their end, which costs nothing to speak of.
 */
export type Ranges = number[];

/** Adds [start, end); answers how many numbers were not there before. */
export function addRange(ranges: Ranges, start: number, end: number): number {
  if (end <= start) return 0;
  const length = ranges.length;
  if (length === 0 || start > (ranges[length - 1] as number)) {
    ranges.push(start, end);
    return end - start;
  }
  if (start === ranges[length - 1]) {
    ranges[length - 1] = end;
    return end - start;
  }
  return merge(ranges, start, end);
}

/** Takes [start, end) out. */
export function removeRange(ranges: Ranges, start: number, end: number): void {
  if (end <= start) return;
  const first = indexEndingAfter(ranges, start);
  let last = first;
  const kept: number[] = [];
  while (last < ranges.length && (ranges[last] as number) < end) {
    if ((ranges[last] as number) < start) kept.push(ranges[last] as number, start);
    if ((ranges[last + 1] as number) > end) kept.push(end, ranges[last + 1] as number);
    last += 2;
  }
  if (last > first) ranges.splice(first, last - first, ...kept);
}

export function hasNumber(ranges: Readonly<Ranges>, number: number): boolean {
  if (number >= (ranges.at(-1) ?? 0)) return false;
  const at = indexEndingAfter(ranges, number);
  return at < ranges.length && (ranges[at] as number) <= number;
}

/** The parts of [start, end) that are not in the set. */
export function gapsIn(ranges: Readonly<Ranges>, start: number, end: number): Ranges {
  const gaps: Ranges = [];
  let from = start;
  for (let at = indexEndingAfter(ranges, start); at < ranges.length && from < end; at += 2) {
    const next = ranges[at] as number;
    if (next >= end) break;
    if (next > from) gaps.push(from, next);
    from = ranges[at + 1] as number;
  }
  if (from < end) gaps.push(from, end);
  return gaps;
}

/** Length of the range that begins at 0. */
export function prefixOf(ranges: Readonly<Ranges>): number {
  return ranges[0] === 0 ? (ranges[1] as number) : 0;
}

function merge(ranges: Ranges, start: number, end: number): number {
  // A range that ends where this one starts is joined too.
  const first = indexEndingAfter(ranges, start - 1);
  let last = first;
  let [low, high, known] = [start, end, 0];
  while (last < ranges.length && (ranges[last] as number) <= end) {
    const [from, to] = [ranges[last] as number, ranges[last + 1] as number];
    known += Math.max(0, Math.min(end, to) - Math.max(start, from));
    if (from < low) low = from;
    if (to > high) high = to;
    last += 2;
  }
  if (last === first + 2) {
    ranges[first] = low;
    ranges[first + 1] = high;
  } else {
    ranges.splice(first, last - first, low, high);
  }
  return end - start - known;
}

/** Index of the first range whose end lies above `number`: binary search, from the last range first. */
export function indexEndingAfter(ranges: Readonly<Ranges>, number: number): number {
  let low = 0;
  let high = ranges.length >> 1;
  if (high > 0 && (high === 1 || (ranges[2 * high - 3] as number) <= number)) low = high - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[2 * middle + 1] as number) > number) high = middle;
    else low = middle + 1;
  }
  return 2 * low;
}
