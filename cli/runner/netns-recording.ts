/** Series and samples of a run in several processes: what each writes and hands over, and the files that come of all. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type FlowSample, Sampler } from "../../actors/samples.ts";
import { type FlowRow, SeriesReader, type SeriesRow } from "../../actors/series.ts";
import type { World } from "../../actors/world.ts";
import type { RecordSpec, Scenario } from "../../core/scenario.ts";
import type { Nanos } from "../../core/units.ts";
import type { RunFiles } from "./job.ts";
import { LineFile } from "./line-files.ts";
import { SAMPLES, SERIES } from "./recording.ts";
import { sampleLines, SAMPLES_HEAD, SERIES_HEAD, SeriesLines } from "./tables.ts";

function partName(place: number): string {
  return `series.${place}.ndjson`;
}

/** In the process: rows of what runs there go into a file of its own. */
export class PartRecording {
  readonly #series: SeriesReader | null;
  readonly #sampler: Sampler | null;
  readonly #file: LineFile;

  constructor(world: World, scenario: Scenario, { folder, level }: RunFiles, place: number) {
    this.#file = new LineFile(join(folder, partName(place)));
    const onRow = (row: SeriesRow): void => this.#file.write(JSON.stringify(row));
    this.#series = level.series_ns === 0 ? null : new SeriesReader(world, scenario, level.series_ns, onRow);
    this.#sampler = level.samples === 0 ? null : new Sampler(world, scenario, level.samples);
  }

  get next(): Nanos {
    return this.#series?.next ?? Number.POSITIVE_INFINITY;
  }

  take(): void {
    this.#series?.take();
  }

  end(now: Nanos): void {
    this.#series?.end(now);
    if (this.#series !== null) this.#file.flush();
  }

  samples(): readonly FlowSample[] {
    return this.#sampler?.samples() ?? [];
  }
}

/** Samples of each flow, whichever process has them. */
export function mergeSamples(parts: readonly (readonly FlowSample[])[]): FlowSample[] {
  const [first = []] = parts;
  return first.map(({ flow, others }, n) => {
    const all = parts.map((samples) => samples[n] as FlowSample);
    return {
      flow,
      packets: all.flatMap(({ packets }) => packets),
      others: { kind: others.kind, all: all.flatMap((one) => one.others.all) },
    };
  });
}

/** Writes series.csv and samples.csv of the whole run, and removes what the processes wrote. `world`: gathered from them. */
export function writeRecordings(
  { folder, level }: { readonly folder: string; readonly level: RecordSpec },
  world: World,
  scenario: Scenario,
  samples: readonly FlowSample[],
): void {
  const parts = world.assembly.places.map((_, place) => join(folder, partName(place)));
  if (level.series_ns > 0) {
    const file = new LineFile(join(folder, SERIES), "\r\n");
    const lines = new SeriesLines(scenario.warmup_ns);
    file.write(SERIES_HEAD);
    for (const row of mergeSeries(parts.flatMap(readRows), namesInOrder(world, scenario))) file.write(lines.of(row));
    file.flush();
  }
  for (const part of parts) rmSync(part, { force: true });
  if (level.samples === 0) return;
  const file = new LineFile(join(folder, SAMPLES), "\r\n");
  file.write(SAMPLES_HEAD);
  for (const flow of samples) for (const line of sampleLines(flow)) file.write(line);
  file.flush();
}

/** In order of time, at one time in the order of `names`; rows that are one flow's at its two ends become one. */
export function mergeSeries(rows: readonly SeriesRow[], names: readonly string[]): SeriesRow[] {
  const merged = new Map<string, SeriesRow>();
  for (const row of rows) {
    const key = `${row.from} ${row.kind} ${row.id}`;
    const other = merged.get(key);
    merged.set(key, other?.kind === "flow" && row.kind === "flow" ? mergeRows(other, row) : row);
  }
  const place = new Map(names.map((name, n) => [name, n]));
  const rank = ({ kind, id }: SeriesRow): number => place.get(`${kind} ${id}`) ?? names.length;
  return [...merged.values()].sort((left, right) => left.from - right.from || rank(left) - rank(right));
}

function mergeRows(left: FlowRow, right: FlowRow): FlowRow {
  return {
    ...left,
    to: Math.max(left.to, right.to),
    sent: left.sent + right.sent,
    received: left.received + right.received,
    bytes: left.bytes + right.bytes,
    meanDelay: left.meanDelay ?? right.meanDelay,
  };
}

/** As the rows of one process stand: links, then flows. */
function namesInOrder(world: World, { flows }: Scenario): string[] {
  const links = world.cells.filter(({ spec }) => spec.logic === "link");
  return [...links.map(({ id }) => `link ${id.slice("link/".length)}`), ...flows.map(({ id }) => `flow ${id}`)];
}

function readRows(path: string): SeriesRow[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as SeriesRow);
}
