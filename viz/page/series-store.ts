/** Everything measured over time so far, as the page keeps it. */
import type { SeriesName, SeriesPart } from "../../core/exploration.ts";
import type { Nanos } from "../../core/units.ts";

/** One series: `values` may be longer than `length`. */
export interface Series {
  readonly name: SeriesName;
  readonly of: string;
  readonly bin_ns: Nanos;
  values: Float64Array;
  length: number;
}

/** Series kept; of what comes beyond it nothing is drawn. */
const MAX_SERIES = 20_000;

export class SeriesStore {
  readonly #series = new Map<string, Series>();
  /** Parts that found no room. */
  refused = 0;

  get(name: SeriesName, of: string): Series | null {
    return this.#series.get(`${name} ${of}`) ?? null;
  }

  /** Of this name, in order of their first part. */
  all(name: SeriesName): Series[] {
    return [...this.#series.values()].filter((series) => series.name === name);
  }

  clear(): void {
    this.#series.clear();
    this.refused = 0;
  }

  add({ name, of, bin_ns, from, values }: SeriesPart): void {
    const key = `${name} ${of}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      if (this.#series.size >= MAX_SERIES) {
        this.refused++;
        return;
      }
      series = { name, of, bin_ns, values: new Float64Array(0), length: 0 };
      this.#series.set(key, series);
    }
    const length = from + values.length;
    if (length > series.values.length) {
      const room = new Float64Array(Math.max(64, 2 * length)).fill(Number.NaN);
      room.set(series.values.subarray(0, series.length));
      series.values = room;
    }
    series.values.set(values, from);
    series.length = Math.max(series.length, length);
  }
}
