/** Bins of a run: those of its curves, and finer ones in which deliveries are counted. */
import { MILLISECOND, type Nanos } from "../../core/units.ts";

/** Of curves; in runs too long for `MOST_CURVE_BINS` of them (four minutes) twice as long, and so on. */
const CURVE_BIN: Nanos = 250 * MILLISECOND;
const MOST_CURVE_BINS = 960;
/** Fine bins in a bin of the curves. */
export const FINE_IN_CURVE = 5;

export interface Bins {
  readonly curve: Nanos;
  readonly fine: Nanos;
  /** The instant at which the run ends is in the last one. */
  readonly curves: number;
  readonly fines: number;
}

export function binsOf(duration: Nanos): Bins {
  let curve = CURVE_BIN;
  while (curve * MOST_CURVE_BINS < duration) curve *= 2;
  const curves = Math.floor(duration / curve) + 1;
  return { curve, fine: curve / FINE_IN_CURVE, curves, fines: curves * FINE_IN_CURVE };
}

/** Sums bin by bin; of none, `length` bins of 0. */
export function addUp(all: readonly ArrayLike<number>[], length: number): number[] {
  return Array.from({ length }, (_, bin) => all.reduce((sum, one) => sum + (one[bin] ?? 0), 0));
}

export function inCurveBins(fine: readonly number[]): number[] {
  return Array.from({ length: fine.length / FINE_IN_CURVE }, (_, bin) =>
    fine.slice(bin * FINE_IN_CURVE, (bin + 1) * FINE_IN_CURVE).reduce((sum, one) => sum + one, 0),
  );
}
