/** What a run writes into its folder beside its results: series.csv while it runs, samples.csv at its end. */
import { join } from "node:path";
import { type FlowSample, MAX_SAMPLES, Sampler } from "../../actors/samples.ts";
import { defaultRecording, MAX_SERIES_ROWS, SeriesReader, type SeriesRow, seriesRows } from "../../actors/series.ts";
import type { World } from "../../actors/world.ts";
import type { RecordSpec, Scenario } from "../../core/scenario.ts";
import { MILLISECOND, type Nanos } from "../../core/units.ts";
import { LineFile } from "./line-files.ts";
import { SAMPLES_HEAD, sampleLines, SERIES_HEAD, SeriesLines } from "./tables.ts";

export const SERIES = "series.csv";
export const SAMPLES = "samples.csv";

/** What the command line asks for in place of the scenario's own `record`. */
export interface RecordingWish {
  readonly series_ns?: number;
  readonly samples?: number;
}

/** What a run that is kept writes down: the command line's wish, the scenario's, or the default level. */
export function recordingLevel(scenario: Scenario, wish: RecordingWish): RecordSpec {
  const { series_ns, samples } = scenario.record;
  const byDefault = defaultRecording(scenario);
  const own = { series_ns: series_ns || undefined, samples: samples || undefined };
  return {
    series_ns: wish.series_ns ?? own.series_ns ?? byDefault.series_ns,
    samples: wish.samples ?? own.samples ?? byDefault.samples,
  };
}

/** Why a run cannot write down so much; null where it can. */
export function recordingProblem(scenario: Scenario, { series_ns, samples }: RecordSpec): string | null {
  const rows = series_ns === 0 ? 0 : seriesRows(scenario, series_ns);
  if (rows > MAX_SERIES_ROWS) {
    const fits = Math.ceil(defaultRecording(scenario).series_ns / MILLISECOND);
    return `a series of every ${series_ns / MILLISECOND}ms has up to ${rows} rows here (intervals x links and flows), more than ${MAX_SERIES_ROWS}; make the interval longer (--series ${fits}ms), or the run shorter`;
  }
  if (samples > MAX_SAMPLES) return `at most ${MAX_SAMPLES} samples of each flow can be kept, found ${samples}`;
  return null;
}

/** Made once the world's actors are; then told of the ends of its intervals (`next`) and of the run's end. */
export class RunRecording {
  readonly #folder: string;
  readonly #series: SeriesReader | null;
  readonly #seriesFile: LineFile;
  readonly #sampler: Sampler | null;
  readonly #apart: ReadonlySet<string>;

  /** `apart`: flows whose delays are not known, since two clocks measure them (piece-summary.ts). */
  constructor(
    world: World,
    scenario: Scenario,
    folder: string,
    { series_ns, samples }: RecordSpec,
    apart: ReadonlySet<string> = new Set(),
  ) {
    this.#apart = apart;
    this.#folder = folder;
    this.#seriesFile = new LineFile(join(folder, SERIES), "\r\n");
    const lines = new SeriesLines(scenario.warmup_ns);
    const onRow = (row: SeriesRow): void => {
      const known = row.kind === "link" || !apart.has(row.id);
      this.#seriesFile.write(lines.of(known ? row : { ...row, meanDelay: null }));
    };
    this.#series = series_ns === 0 ? null : new SeriesReader(world, scenario, series_ns, onRow);
    this.#sampler = samples === 0 ? null : new Sampler(world, scenario, samples);
    if (this.#series !== null) this.#seriesFile.write(SERIES_HEAD);
  }

  /** When `take` is due; after the end of any run where there is no series. */
  get next(): Nanos {
    return this.#series?.next ?? Number.POSITIVE_INFINITY;
  }

  take(): void {
    this.#series?.take();
  }

  /** The run is over; everything is written. */
  end(now: Nanos): void {
    this.#series?.end(now);
    if (this.#series !== null) this.#seriesFile.flush();
    if (this.#sampler === null) return;
    const file = new LineFile(join(this.#folder, SAMPLES), "\r\n");
    file.write(SAMPLES_HEAD);
    const samples = this.#sampler.samples().map((one) => (this.#apart.has(one.flow) ? withoutDelays(one) : one));
    for (const flow of samples) for (const line of sampleLines(flow)) file.write(line);
    file.flush();
  }
}

/** Transfers and exchanges are timed where they are asked for, by one clock. */
function withoutDelays({ flow, others }: FlowSample): FlowSample {
  return { flow, packets: [], others: others.kind === "message" ? { kind: "message", all: [] } : others };
}
