/** Exponential back-off of retries, as the original's helper draws it. */
import type { RandomStream } from "../../rng.ts";
import type { Nanos } from "../../units.ts";
import { NEW_TIMEOUT } from "./timeouts.ts";

/** Collisions beyond which the range grows no more. */
const MAX_EXPONENT = 10;

/** A whole number from 0 to `2^collisions - 1`; `draw` is uniform on [0, 1]. Halves go to the even neighbour. */
export function backoffMultiplier(collisions: number, draw: number): number {
  const range = (1 << Math.min(collisions, MAX_EXPONENT)) - 1;
  return roundToEven(draw * range);
}

/** How long to wait for an answer to the message sent for the `tries`-th time, from 1: at first 200 ms exactly. */
export function retryDelay(tries: number, random: RandomStream): Nanos {
  if (tries <= 1) return NEW_TIMEOUT;
  return NEW_TIMEOUT * (1 + backoffMultiplier(tries - 1, random.uniform()));
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const part = value - below;
  if (part !== 0.5) return part < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}
