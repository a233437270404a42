/** Variation of a link's delay, packet by packet: one uniform draw mapped through the inverse distribution function. */
import { pow } from "./math.ts";
import { normalQuantile } from "./normal.ts";
import type { DelayModel } from "./scenario.ts";
import type { Nanos } from "./units.ts";

/** A delay model made ready to draw from; plain data. */
export interface DelayDraws {
  readonly model: DelayModel;
  /** Of a truncated normal distribution: the probability of the untruncated one below the lower bound. */
  readonly below: number;
}

export function createDelayDraws(model: DelayModel): DelayDraws {
  const below = model.kind === "normal" ? probabilityBelow(-model.bound_ns / model.deviation_ns) : 0;
  return { model, below };
}

/**
 * What is added to the latency, whole nanoseconds.
 * @param uniform a draw from [0, 1)
 * @param at when the packet leaves the line
 */
export function addedDelay({ model, below }: DelayDraws, uniform: number, at: Nanos): Nanos {
  switch (model.kind) {
    case "fixed":
      return 0;
    case "uniform":
      return spread(model.width_ns, uniform);
    case "normal": {
      const { deviation_ns, bound_ns } = model;
      if (deviation_ns === 0 || bound_ns === 0) return 0;
      const added = Math.round(deviation_ns * normalQuantile(below + uniform * (1 - 2 * below)));
      return Math.max(-bound_ns, Math.min(bound_ns, added));
    }
    case "pareto":
      return Math.min(model.maximum_ns, Math.round(model.scale_ns * (pow(1 - uniform, -1 / model.shape) - 1)));
    case "recorded": {
      const { step_ns, added_ns } = model;
      return added_ns[Math.floor(at / step_ns) % added_ns.length] ?? 0;
    }
  }
}

/** Uniform on [-width, +width], whole nanoseconds. */
export function spread(width: Nanos, uniform: number): Nanos {
  return Math.floor(uniform * (2 * width + 1)) - width;
}

/** The p whose quantile is x < 0, by halving: once a link. 0 where it lies beyond what a double can tell. */
function probabilityBelow(x: number): number {
  if (!(x > -38)) return 0;
  let low = 0;
  let high = 0.5;
  for (let middle = high / 2; middle > low && middle < high; middle = (low + high) / 2) {
    if (normalQuantile(middle) < x) low = middle;
    else high = middle;
  }
  return low;
}
