/**
 * Where exports get what happened: a kept run, gone through once more while somebody listens. A simulation is run again from its
 * scenario.json, its deliveries kept or not; a live run is replayed from its record. Both are compared with what the run left behind.
 */
import { join } from "node:path";
import * as Effect from "effect/Effect";
import type { Policy } from "../../actors/selectors/policy.ts";
import type { TraceSink } from "../../core/trace.ts";
import { type Bytes, SECOND } from "../../core/units.ts";
import { RecordedSource } from "../../sim/exploration/recorded-source.ts";
import { simSource } from "../../sim/exploration/sim-source.ts";
import type { Steppable, WorldSource } from "../../sim/exploration/source.ts";
import type { ExportFilter } from "../../sim/exports/exporter.ts";
import { InputError, RunError } from "../errors.ts";
import { ExportFiles } from "./export-files.ts";
import { type EventFormat, FORMAT_OF } from "./export-formats.ts";
import { FileError } from "./line-files.ts";
import { errorOf } from "./pool.ts";
import { readRecordLines } from "./record-files.ts";
import { assemblyOf } from "./replay-run.ts";
import type { RecordedRun } from "./run-folder.ts";
import { failureOf } from "./simulate.ts";

/** Lines of a record handed on at once. */
const LINES = 10_000;
const NOTHING =
  "no flow that was asked for has a sender with acknowledgements (bulk, file-transfer, request-response, or channels): there is nothing that qlog could show";

export interface RunExport {
  readonly dir: string;
  readonly run: RecordedRun;
  readonly policies: readonly Policy[];
  readonly filter: ExportFilter;
  readonly format: EventFormat;
  /** null: in the run's folder. */
  readonly out: string | null;
  readonly limit: Bytes;
}

export interface Exported {
  /** What became of the comparison. */
  readonly verdict: string;
  readonly written: number;
  readonly path: string;
}

/** Fails, and leaves nothing behind, where the run turns out to be another one than was kept. */
export function exportRun(options: RunExport): Effect.Effect<Exported, InputError | RunError> {
  return Effect.try({
    try: () => writeExport(options),
    catch: (cause) => (cause instanceof InputError || cause instanceof RunError ? cause : errorOf(failureOf(cause))),
  });
}

function writeExport({ dir, run, policies, filter, format, out, limit }: RunExport): Exported {
  const { name, isFolder, beginning, isNone, create } = FORMAT_OF[format];
  const path = out ?? join(dir, name);
  let reached = 0;
  const files = new ExportFiles(
    { path, isFolder, beginning, isNone, limit },
    () => `${(reached / SECOND).toFixed(3)} s`,
  );
  try {
    const exporter = create(run.scenario, filter, files.write);
    const source = sourceOf(dir, run, policies);
    const trace: TraceSink = (record) => {
      reached = record.time_ns;
      exporter.trace(record);
    };
    const { observe } = exporter;
    const steps = source.begin({ trace, ...(observe === undefined ? {} : { observe }) });
    while (steps.step(source.duration));
    steps.settle(source.duration);
    const verdict = source.kind === "record" ? ofReplay(dir, steps) : ofRunAgain(dir, run, steps);
    exporter.end(steps.now);
    if (files.count === 0) throw new InputError({ message: `${dir}: ${NOTHING}` });
    files.finish();
    return { verdict, written: exporter.written, path };
  } catch (cause) {
    files.abandon();
    throw cause;
  }
}

function sourceOf(dir: string, run: RecordedRun, policies: readonly Policy[]): WorldSource {
  const { manifest, scenario } = run;
  const assembly = assemblyOf(run, policies);
  if (manifest.world === "sim") return simSource(assembly, scenario.duration_ns);
  const { world, scenario_sha, seed, build, here } = manifest;
  const expect = { world, scenario: scenario_sha, seed, build };
  const duration = scenario.duration_ns;
  // What was kept is on the disk: no bound but that of the record itself.
  const limit = Number.MAX_SAFE_INTEGER;
  const source = new RecordedSource(assembly, { expect, duration, limit, ...(here === undefined ? {} : { here }) });
  readRecordLines(dir, assembly.places.length).forEach((file, place) => {
    if (file === null) return;
    for (let at = 0; at < file.lines.length; at += LINES) {
      const problem = source.feed(place, `${file.lines.slice(at, at + LINES).join("\n")}\n`);
      if (problem !== null) throw new FileError(`${file.path}: ${problem}`);
    }
  });
  source.end();
  return source;
}

function ofReplay(dir: string, steps: Steppable): string {
  const verdict = steps.verdict?.() ?? null;
  if (verdict === null || /^(replays identically|the record stops)/.test(verdict)) return `replayed: ${verdict ?? ""}`;
  if (verdict.startsWith("the record of ")) throw new FileError(`${dir}: ${verdict}`);
  throw new RunError({ message: `${dir}: ${verdict}` });
}

function ofRunAgain(dir: string, { summary }: RecordedRun, { world, events }: Steppable): string {
  const found = world.digest();
  if (summary === null) return `run again, digest ${found}; the run was killed and left none to compare with`;
  if (found === summary.digest) return `run again, digest ${found}: the same`;
  throw new RunError({
    message: `${dir}: run again it is another run: digest ${found} after ${events} events, kept ${summary.digest} after ${summary.events}; was it made by another build? pathloom replay says where they differ`,
  });
}
