/** Real time for the live world: a monotonic clock, and waiting that is exact to some microseconds. */
import type { Nanos } from "../core/units.ts";

/** Timers of the system fire up to this much late; below it the loop spins on `setImmediate`. */
const TIMER_SLACK_NS = 2_000_000;
const NANOS_PER_MS = 1e6;

export interface Clock {
  /** Nanoseconds since the run began. */
  now(): Nanos;
  /** Calls back once, at or shortly after `due`. A later `wake` replaces an earlier one. */
  wake(due: Nanos, callback: () => void): void;
  stop(): void;
}

/** Setting the machine's clock does not touch it. */
export class MonotonicClock implements Clock {
  readonly #epoch: number;
  #timer: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | null = null;

  /** `epoch`: when time is 0, by `process.hrtime`, which all threads and processes share; before it, time is negative. Default: now. */
  constructor(epoch?: bigint) {
    const now = performance.now();
    this.#epoch = epoch === undefined ? now : now + Number(epoch - process.hrtime.bigint()) / NANOS_PER_MS;
  }

  now(): Nanos {
    return Math.round((performance.now() - this.#epoch) * NANOS_PER_MS);
  }

  wake(due: Nanos, callback: () => void): void {
    this.stop();
    const wait = due - this.now();
    if (wait <= TIMER_SLACK_NS) {
      this.#immediate = setImmediate(() => {
        this.#immediate = null;
        callback();
      });
      return;
    }
    const ms = Math.min(Math.floor((wait - TIMER_SLACK_NS) / 1e6), 1_000_000);
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        callback();
      },
      Math.max(1, ms),
    );
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    this.#timer = null;
    this.#immediate = null;
  }
}
