/** Draws from the distributions that scenarios name (core/scenario.ts), and their means. Only `core/math.ts` and one stream: the same bits everywhere. */
import { cos, exp, log } from "./math.ts";
import type { RandomStream } from "./rng.ts";
import type { Distribution } from "./scenario.ts";

const TWO_PI = 6.283185307179586;
/** Half the distance between two draws: moves a uniform draw off 0, so that its logarithm is finite. */
const HALF_STEP = 1.1641532182693481e-10;

/** One draw, in the unit of the distribution's numbers; never negative, not rounded. */
export function sample(distribution: Distribution, random: RandomStream): number {
  switch (distribution.kind) {
    case "fixed":
      return Math.max(0, distribution.value);
    case "uniform":
      return Math.max(0, distribution.low + random.uniform() * (distribution.high - distribution.low));
    case "exponential":
      return Math.max(0, random.exponential(distribution.mean));
    case "lognormal":
      return distribution.median * exp(distribution.sigma * standardNormal(random));
    case "pareto": {
      const draw = distribution.minimum * exp(-log(random.uniform() + HALF_STEP) / distribution.shape);
      return distribution.maximum > 0 ? Math.min(draw, distribution.maximum) : draw;
    }
    default:
      return Math.max(0, interpolate(distribution.table, random.uniform()));
  }
}

/** The mean of `sample`'s draws (negative draws cut off not counted in); Infinity for a Pareto without limit and shape up to 1. */
export function meanOf(distribution: Distribution): number {
  switch (distribution.kind) {
    case "fixed":
      return distribution.value;
    case "uniform":
      return (distribution.low + distribution.high) / 2;
    case "exponential":
      return distribution.mean;
    case "lognormal":
      return distribution.median * exp((distribution.sigma * distribution.sigma) / 2);
    case "pareto":
      return paretoMean(distribution.minimum, distribution.shape, distribution.maximum);
    default:
      return empiricalMean(distribution.table);
  }
}

/** Box and Muller 1958, one of the pair: two uniform draws each time, and nothing to remember. */
function standardNormal(random: RandomStream): number {
  const radius = Math.sqrt(-2 * log(random.uniform() + HALF_STEP));
  return radius * cos(TWO_PI * random.uniform());
}

/** E[min(X, maximum)] = minimum + the integral of (minimum / x)^shape from minimum to maximum. */
function paretoMean(minimum: number, shape: number, maximum: number): number {
  if (maximum === 0) return shape > 1 ? (minimum * shape) / (shape - 1) : Number.POSITIVE_INFINITY;
  if (maximum <= minimum) return maximum;
  const spread = log(maximum / minimum);
  if (shape === 1) return minimum * (1 + spread);
  return minimum * (1 + (exp((1 - shape) * spread) - 1) / (1 - shape));
}

type Table = readonly (readonly [value: number, probability: number])[];

/** Below the first probability the first value stands by itself. */
function interpolate(table: Table, u: number): number {
  let [value, probability] = table[0] as readonly [number, number];
  if (u <= probability) return value;
  for (const [nextValue, nextProbability] of table) {
    if (u <= nextProbability && nextProbability > probability) {
      return value + ((u - probability) / (nextProbability - probability)) * (nextValue - value);
    }
    [value, probability] = [nextValue, nextProbability];
  }
  return value;
}

function empiricalMean(table: Table): number {
  let [value, probability] = table[0] as readonly [number, number];
  let sum = value * probability;
  for (const [nextValue, nextProbability] of table) {
    sum += ((nextProbability - probability) * (value + nextValue)) / 2;
    [value, probability] = [nextValue, nextProbability];
  }
  return sum;
}
