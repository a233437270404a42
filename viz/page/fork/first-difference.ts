/** Where two futures part. */
import type { App } from "../app.ts";
import type { Nanos } from "../../../core/units.ts";

/** Hashes asked for at once: first few, since most futures part soon. */
const FIRST = 256;
const MOST = 65_536;

/** `event` counts as if a fork's own events were not there; `at`: the number of the first event that compares different. */
export interface Search {
  /** Everything up to and with this event is equal. */
  readonly equalTo: number;
  /** null: none so far. */
  readonly at: number | null;
}

/**
 * Goes on from `equalTo` as far as both runs are known. Hashes run on: the last of a piece tells whether the whole of it is equal, and where it is not,
 * bisection finds the place.
 */
export async function searchDifference(one: App, other: App, equalTo: number): Promise<Search> {
  let from = equalTo + 1;
  for (let count = FIRST; ; count = Math.min(MOST, 2 * count)) {
    const ask = { from, count };
    const [left, right] = await Promise.all([one.ask("hashes", ask), other.ask("hashes", ask)]);
    const at = firstDifferent(left, right);
    if (at >= 0) return { equalTo: from + at - 1, at: from + at };
    const both = Math.min(left.length, right.length) >>> 1;
    from += both;
    if (both < count) return { equalTo: from - 1, at: null };
  }
}

/** Position of the first event whose words differ; -1: none as far as both go. */
export function firstDifferent(left: Int32Array, right: Int32Array): number {
  let low = 0;
  let high = Math.min(left.length, right.length) >>> 1;
  const end = high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const same = left[2 * middle] === right[2 * middle] && left[2 * middle + 1] === right[2 * middle + 1];
    if (same) low = middle + 1;
    else high = middle;
  }
  return low === end ? -1 : low;
}

/** Where the other future stands when the run stands after an event: the same number before the fork, the same time after it. */
export function besideOf(
  { event, now }: { readonly event: number; readonly now: Nanos },
  forkedAt: number,
): { readonly event: number } | { readonly time: Nanos } {
  return event <= forkedAt ? { event } : { time: now };
}
