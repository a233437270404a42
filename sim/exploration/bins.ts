/** Values of bins that follow each other, as they are handed out piece by piece. */
import type { SeriesName, SeriesPart } from "../../core/exploration.ts";
import type { Nanos } from "../../core/units.ts";

/** Names of which an empty bin says nothing; an empty bin of the others is zero. */
const UNKNOWN_WHERE_EMPTY: ReadonlySet<SeriesName> = new Set([
  "flow.delay",
  "path.cwnd",
  "path.inflight",
  "path.srtt",
  "path.lost",
]);

/** One series. Until something happens there it is not handed out, and takes no room. */
export class BinnedValues {
  readonly #name: SeriesName;
  readonly #of: string;
  readonly #blank: number;
  #values = new Float64Array(0);
  /** Bin of the first value held, and how many are. */
  #from = 0;
  #count = 0;

  constructor(name: SeriesName, of: string) {
    this.#name = name;
    this.#of = of;
    this.#blank = UNKNOWN_WHERE_EMPTY.has(name) ? Number.NaN : 0;
  }

  /** The value of bin number `bin`, those in between being empty. */
  put(bin: number, value: number): void {
    const quiet = this.#from + this.#count === 0;
    if (quiet && Object.is(value, this.#blank)) return;
    const count = bin - this.#from + 1;
    if (count > this.#values.length) {
      const room = new Float64Array(Math.max(32, 2 * count));
      room.set(this.#values.subarray(0, this.#count));
      this.#values = room;
    }
    this.#values.fill(this.#blank, this.#count, count - 1);
    this.#values[count - 1] = value;
    this.#count = count;
  }

  /** What was put since the last time; null: nothing. */
  take(bin_ns: Nanos): SeriesPart | null {
    if (this.#count === 0) return null;
    const values = this.#values.slice(0, this.#count);
    const part = { name: this.#name, of: this.#of, bin_ns, from: this.#from, values };
    this.#from += this.#count;
    this.#count = 0;
    return part;
  }
}
