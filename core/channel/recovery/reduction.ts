/** What a controller was before it reduced its window, so that a reduction for losses that were none can be taken back. */
import type { Nanos } from "../../units.ts";
import type { ControllerState } from "./controller.ts";

export interface Reduction {
  /** 0: there is nothing to take back. */
  window: number;
  threshold: number;
  recoveryStart: Nanos;
}

export function createReduction(): Reduction {
  return { window: 0, threshold: 0, recoveryStart: -1 };
}

export function noteReduction(before: Reduction, state: ControllerState): void {
  before.window = state.window;
  before.threshold = state.threshold;
  before.recoveryStart = state.recoveryStart;
}

/** Answers whether there was anything to take back. */
export function undoReduction(before: Reduction, state: ControllerState): boolean {
  if (before.window === 0) return false;
  state.window = Math.max(state.window, before.window);
  state.threshold = before.threshold;
  state.recoveryStart = before.recoveryStart;
  before.window = 0;
  return true;
}
