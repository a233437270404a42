/**
 * What a path policy is: a state and a choice. A policy sees the paths offered, which of them are thought usable, and
 * nothing of the world; its state is plain data, so that a run can be stopped, copied and continued.
 */
import type { PathInfo } from "../../core/path.ts";
import type { RandomStream } from "../../core/rng.ts";
import type { Nanos } from "../../core/units.ts";

export interface PathView {
  readonly now: Nanos;
  /** Offered paths: fewest links first. */
  readonly paths: readonly PathInfo[];
  /** Paths no news of a failure speaks against, by position in `paths`. */
  readonly usable: readonly boolean[];
  /** Position of the path in use; -1 at the start. */
  readonly current: number;
}

export type PolicyParams = Readonly<Record<string, string | number | boolean>>;

/** State `S` is plain data (structured clone must copy it). */
export interface Policy<S = unknown> {
  readonly name: string;
  /** Throws an Error with one clear sentence where `params` do not fit. */
  init(params: PolicyParams, paths: readonly PathInfo[]): S;
  /** Position of the path to use from now on, -1 for none. Asked when the paths or their state change. */
  choose(state: S, view: PathView, random: RandomStream): number;
}

/** The usable path with the least value of `metric`; the earlier one where two are equal. -1 where none is usable. */
export function least(view: PathView, metric: (path: PathInfo, index: number) => number): number {
  let best = -1;
  let bestValue = Number.POSITIVE_INFINITY;
  view.paths.forEach((path, index) => {
    if (view.usable[index] !== true) return;
    const value = metric(path, index);
    if (best >= 0 && value >= bestValue) return;
    best = index;
    bestValue = value;
  });
  return best;
}
