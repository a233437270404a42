/** Time cut where a phase or the measured time begins or ends, so that each phase is a number of whole stretches. */
import { WHOLE_RUN } from "../../core/comparison.ts";
import type { PhaseSpec, Scenario } from "../../core/scenario.ts";
import type { Nanos } from "../../core/units.ts";

export interface Stretches {
  /** Where each begins, 0 first, ascending; the last has no end. */
  readonly starts: readonly Nanos[];
  /** The whole run first, then the scenario's phases. */
  readonly phases: readonly PhaseSpec[];
}

/** The measured time is from the warm-up until the last measured flow stops. */
export function stretchesOf(
  { compare, duration_ns, flows, warmup_ns }: Scenario,
  measured: ReadonlySet<string>,
): Stretches {
  const stops = flows.filter(({ id }) => measured.has(id)).map(({ stop_ns }) => Math.min(stop_ns, duration_ns));
  const end = Math.max(warmup_ns, ...stops);
  const phases = [{ name: WHOLE_RUN, from_ns: warmup_ns, to_ns: end }, ...(compare?.phases ?? [])];
  const cuts = new Set([0, ...phases.flatMap(({ from_ns, to_ns }) => [from_ns, to_ns])]);
  return { starts: [...cuts].sort((left, right) => left - right), phases };
}

/** Positions of the stretches that a phase is made of. */
export function stretchesIn({ starts }: Stretches, { from_ns, to_ns }: PhaseSpec): number[] {
  return starts.flatMap((start, index) => (start >= from_ns && start < to_ns ? [index] : []));
}
