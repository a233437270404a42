/**
 * Copies of the world by event number, evenly spaced, so that any event is reached by a short replay. They begin 20,000 events apart,
 * further where one copy takes long (it is large), but never more than 80,000; whenever their rough size passes the bound, every second
 * one goes. Where copies are so large that the bound forbids more, they come to stand further apart than 100,000 events: a seek then
 * takes as long as it takes to replay that many. The copy of the beginning always stays.
 */
import type { Nanos } from "../../core/units.ts";
import type { Saved } from "./source.ts";

const SPACING = 20_000;
const WIDEST_AT_FIRST = 80_000;
/** So much is copied in about a twentieth of the time that an event takes. */
const BYTES_AN_EVENT = 5;
const MAX_BYTES = 256_000_000;

export interface CheckpointOptions {
  /** Rough size of all copies. Default 256 MB. */
  readonly maxBytes?: number;
  /** Events between two copies, until they are too large together. Default: 20,000 to 80,000, by the size of the first copies. */
  readonly spacing?: number;
}

/** A copy, and what followers keep with it. */
export interface Kept {
  readonly saved: Saved;
  /** Of the event log, after the last event. */
  readonly hash: Int32Array;
  readonly followers: readonly unknown[];
}

export class Checkpoints {
  readonly #maxBytes: number;
  readonly #widest: number;
  #kept: Kept[] = [];
  #spacing: number;
  #bytes = 0;

  constructor({ maxBytes = MAX_BYTES, spacing }: CheckpointOptions = {}) {
    this.#maxBytes = maxBytes;
    this.#spacing = spacing ?? SPACING;
    this.#widest = spacing ?? WIDEST_AT_FIRST;
  }

  /** Events between two copies, as they stand now. */
  get spacing(): number {
    return this.#spacing;
  }

  get count(): number {
    return this.#kept.length;
  }

  /** Rough size of all. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Is a copy wanted after so many events? */
  wants(events: number): boolean {
    return events % this.#spacing === 0 && events > (this.#kept.at(-1)?.saved.events ?? -1);
  }

  /** Number of the event after which the next copy is wanted. */
  nextAfter(events: number): number {
    return (Math.floor(events / this.#spacing) + 1) * this.#spacing;
  }

  add(kept: Kept): void {
    this.#kept.push(kept);
    this.#bytes += kept.saved.bytes;
    while (2 * this.#spacing <= this.#widest && kept.saved.bytes > BYTES_AN_EVENT * this.#spacing) this.#thin();
    while (this.#bytes > this.#maxBytes && this.#kept.length > 1) this.#thin();
  }

  /** The last copy at or before an event. */
  before(events: number): Kept | null {
    return this.#last(({ saved }) => saved.events <= events);
  }

  /** The last copy at or before a time; more events may follow at its own time. */
  beforeTime(time: Nanos): Kept | null {
    return this.#last(({ saved }) => saved.now <= time);
  }

  #thin(): void {
    this.#spacing *= 2;
    this.#kept = this.#kept.filter(({ saved }) => saved.events % this.#spacing === 0);
    this.#bytes = this.#kept.reduce((sum, { saved }) => sum + saved.bytes, 0);
  }

  #last(holds: (kept: Kept) => boolean): Kept | null {
    let low = 0;
    let high = this.#kept.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds(this.#kept[middle] as Kept)) low = middle + 1;
      else high = middle;
    }
    return this.#kept[low - 1] ?? null;
  }
}
