/** Draws from the distributions a scenario can name. */
import { cos, exp, log, pow } from "./math.ts";
import type { RandomStream } from "./rng.ts";
import type { Distribution } from "./scenario.ts";

const TWO_PI = 6.283185307179586;
/** Half the distance between two draws: moves a draw off 0. */
const HALF_STEP = 1.1641532182693481e-10;

/** One draw, in the unit of the field that holds the distribution; never negative. */
export function sample(distribution: Distribution, stream: RandomStream): number {
  switch (distribution.kind) {
    case "fixed":
      return distribution.value;
    case "uniform":
      return distribution.low + (distribution.high - distribution.low) * stream.uniform();
    case "exponential":
      return stream.exponential(distribution.mean);
    case "lognormal":
      return distribution.median * exp(distribution.sigma * normal(stream));
    case "pareto": {
      const drawn = distribution.minimum * pow(stream.uniform() + HALF_STEP, -1 / distribution.shape);
      return distribution.maximum === 0 ? drawn : Math.min(drawn, distribution.maximum);
    }
    default:
      return interpolate(distribution.table, stream.uniform());
  }
}

/** Box and Muller; two draws a value. */
function normal(stream: RandomStream): number {
  const radius = Math.sqrt(-2 * log(stream.uniform() + HALF_STEP));
  return radius * cos(TWO_PI * stream.uniform());
}

function interpolate(table: readonly (readonly [number, number])[], draw: number): number {
  const at = table.findIndex(([, probability]) => draw <= probability);
  const [value, probability] = table[at] ?? [0, 1];
  const before = table[at - 1];
  if (before === undefined || probability === before[1]) return value;
  return before[0] + ((value - before[0]) * (draw - before[1])) / (probability - before[1]);
}
