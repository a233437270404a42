/** Distances on the globe, and how long light in fibre takes for them. */
import { cos, sin } from "../core/math.ts";
import type { NetworkAs } from "../core/scenario.ts";
import { MICROSECOND, type Nanos } from "../core/units.ts";

export type Position = NonNullable<NetworkAs["position"]>;

/** Mean radius of the Earth (IUGG). */
const EARTH_RADIUS_KM = 6_371.0088;

const RADIANS_PER_DEGREE = 0.017453292519943295;

/** Two thirds of the speed of light in vacuum, 299,792.458 km/s. */
const FIBRE_KM_PER_S = 199_861.63866666667;

/** Two networks in one town still have a metropolitan line between them. */
const SHORTEST_LINE: Nanos = 100 * MICROSECOND;

/** Along the great circle of a sphere, in kilometres. */
export function greatCircleKm(from: Position, to: Position): number {
  const [fromLat, toLat] = [from.lat * RADIANS_PER_DEGREE, to.lat * RADIANS_PER_DEGREE];
  const [halfLat, halfLon] = [(toLat - fromLat) / 2, ((to.lon - from.lon) * RADIANS_PER_DEGREE) / 2];
  const [sinLat, sinLon] = [sin(halfLat), sin(halfLon)];
  // Haversine: the square of half the chord between the two on a globe of radius 1.
  const square = Math.min(1, sinLat * sinLat + cos(fromLat) * cos(toLat) * sinLon * sinLon);
  return 2 * EARTH_RADIUS_KM * arcTangent(Math.sqrt(square), Math.sqrt(1 - square));
}

/** One way between two places in fibre laid along the great circle, to the microsecond; at least 100 us. */
export function fibreDelay(from: Position, to: Position): Nanos {
  const microseconds = Math.round((greatCircleKm(from, to) / FIBRE_KM_PER_S) * 1e6);
  return Math.max(SHORTEST_LINE, microseconds * MICROSECOND);
}

/** The angle of the point (x, y) in the first quadrant, by halving it four times and then Taylor's series. */
function arcTangent(y: number, x: number): number {
  if (y === 0) return 0;
  // tan(angle / 2) = y / (r + x) with r the point's distance from the origin.
  let tangent = y / (Math.sqrt(x * x + y * y) + x);
  for (let halving = 0; halving < 3; halving++) tangent /= 1 + Math.sqrt(1 + tangent * tangent);
  const square = tangent * tangent;
  // |tangent| <= tan(pi/32), so that the next term is below 2^-60 of the first.
  let sum = 0;
  for (let odd = 17; odd >= 1; odd -= 2) sum = 1 / odd - square * sum;
  return 16 * tangent * sum;
}
