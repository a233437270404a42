/** Simulated time that runs along with real time while a run plays. */
import type { Nanos } from "../../../core/units.ts";

/** A longer gap is a computer that slept or a page that was laid aside: the run has waited for it. */
const LONGEST_GAP_MS = 250;

export class PlayClock {
  /** Simulated over real time. */
  readonly speed: number;
  #time: Nanos;
  #real_ms: number;

  constructor(speed: number, time: Nanos, real_ms: number) {
    this.speed = speed;
    this.#time = time;
    this.#real_ms = real_ms;
  }

  /** Where the run should be at this instant of real time. */
  target(real_ms: number): Nanos {
    const gap = Math.min(LONGEST_GAP_MS, Math.max(0, real_ms - this.#real_ms));
    this.#time += gap * 1e6 * this.speed;
    this.#real_ms = real_ms;
    return Math.floor(this.#time);
  }

  /** The run is elsewhere: it was put there, or did not keep up. Time goes on from there. */
  set(time: Nanos): void {
    this.#time = time;
  }
}
