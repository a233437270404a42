/**
 * Named random streams (seedrandom's Alea). One stream for each (seed, actor id, purpose), so that a new actor or a
 * new purpose shifts no other stream. Raw draws are folded into a hash that becomes part of the actor's digest.
 */
import alea from "seedrandom/lib/alea.js";
import { log } from "./math.ts";

/** Half the distance between two draws, 2^-33. */
const HALF_STEP = 1.1641532182693481e-10;

/** Alea's state: plain data, part of every checkpoint. */
export interface StreamState {
  readonly c: number;
  readonly s0: number;
  readonly s1: number;
  readonly s2: number;
  /** Hash over the draws so far. */
  readonly hash: number;
}

export class RandomStream {
  readonly #next: ReturnType<typeof alea>;
  #hash: number;

  constructor(seed: number | string, actor: string, purpose: string, state?: StreamState) {
    const name = `${seed}\u0000${actor}\u0000${purpose}`;
    this.#next = alea(name, { state: state === undefined ? true : { ...state } });
    this.#hash = state?.hash ?? 0;
  }

  /** Uniform on [0, 1), a multiple of 2^-32. */
  uniform(): number {
    const draw = this.#next();
    this.#hash = Math.imul(this.#hash ^ (draw * 0x1_0000_0000), 0x9e37_79b1);
    return draw;
  }

  /** Uniform whole number from 0 to `bound - 1`; `bound` at most 2^32 (bias below 2^-32 times the bound). */
  below(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  /** Exponential with the given mean. The draw is moved off 0 by half a step, so the result is finite. */
  exponential(mean: number): number {
    return -mean * log(this.uniform() + HALF_STEP);
  }

  /** Hash over all draws so far, 32 bits. */
  get hash(): number {
    return this.#hash;
  }

  state(): StreamState {
    return { ...this.#next.state(), hash: this.#hash };
  }
}
