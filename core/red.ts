/**
 * Random early detection, Floyd and Jacobson 1993, the gentle variant (Floyd 2000): an arriving packet is dropped or marked with a
 * probability that grows with the average queue.
 *
 *   probability                          1 |                  /
 *                                          |                /
 *                          max_probability |            _.-'
 *                                        0 |_________.-'
 *                                             minimum  maximum  2 x maximum     average queue in bytes
 */
import { pow } from "./math.ts";
import type { QueueDiscipline } from "./scenario.ts";
import type { Bytes, Nanos } from "./units.ts";

type RedParameters = Extract<QueueDiscipline, { kind: "red" }>;

/** Plain data. */
export interface RedState {
  readonly minimum: Bytes;
  readonly maximum: Bytes;
  readonly maxProbability: number;
  readonly weight: number;
  readonly ecn: boolean;
  average: number;
  /** Packets let through since the last early drop or mark, or since the average rose above the minimum. */
  count: number;
  marks: number;
}

export function createRed(parameters: RedParameters): RedState {
  const { minimum_bytes, maximum_bytes, max_probability, weight, ecn } = parameters;
  return {
    minimum: minimum_bytes,
    maximum: maximum_bytes,
    maxProbability: max_probability,
    weight,
    ecn,
    average: 0,
    count: 0,
    marks: 0,
  };
}

/**
 * Takes the queue that an arriving packet finds into the average.
 * @param idle how long the line had had nothing to do, in packets it could have sent; 0 where the queue is in use
 */
export function observeQueue(red: RedState, waiting: Bytes, idle: number): void {
  if (idle > 0) red.average = idle === Infinity ? 0 : red.average * pow(1 - red.weight, Math.floor(idle));
  else red.average += red.weight * (waiting - red.average);
}

/** Probability of an early drop at the present average, before it is spread evenly over the packets. */
export function earlyProbability({ average, minimum, maximum, maxProbability }: RedState): number {
  if (average < minimum) return 0;
  if (average < maximum) return (maxProbability * (average - minimum)) / (maximum - minimum);
  if (average < 2 * maximum) return maxProbability + ((1 - maxProbability) * (average - maximum)) / maximum;
  return 1;
}

/** Is the packet to be dropped or marked? Spread so that the gaps between drops are uniform from 1 to 1 / probability (section 7). */
export function strikesEarly(red: RedState, uniform: number): boolean {
  const probability = earlyProbability(red);
  if (probability === 0) {
    red.count = 0;
    return false;
  }
  const reached = red.count * probability;
  const strikes = reached >= 1 || uniform < probability / (1 - reached);
  red.count = strikes ? 0 : red.count + 1;
  return strikes;
}

/** How many packets fit into an idle time. */
export function packetsInIdle(idle: Nanos, transmission: Nanos): number {
  return idle <= 0 ? 0 : idle / transmission;
}
