/**
 * The folder a run leaves behind (`--out`): manifest.json, scenario.json, summary.json, flows.csv, links.csv, timeline.csv,
 * series.csv, samples.csv and, when asked for, record/NN.ndjson and trace.ndjson (docs/results.md). It is written beside its place
 * and moved there when it is whole, so that a folder of that name is always a finished run.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import type * as Scope from "effect/Scope";
import { canonicalJson } from "../../core/canonical.ts";
import type { Scenario } from "../../core/scenario.ts";
import { parseRecord, type PlaceRecord } from "../../sim/replay.ts";
import { InputError } from "../errors.ts";
import { textOf } from "./failure-text.ts";
import { guardRead, guardWrite, FileError } from "./line-files.ts";
import { Manifest, type RunSummary, sha256 } from "./manifest.ts";
import {
  isPartial,
  makePartial,
  moveToPlace,
  neighboursOf,
  type PartialFolder,
  removePartial,
} from "./partial-folder.ts";
import { readMacs, readRecordLines, recordName } from "./record-files.ts";
import { type FlowRow, flowsText, linksText, timelineText } from "./tables.ts";
import { writeWhole } from "./write-whole.ts";

export const MANIFEST = "manifest.json";
export const SCENARIO = "scenario.json";
export const SUMMARY = "summary.json";
const FLOWS = "flows.csv";
const LINKS = "links.csv";
const TIMELINE = "timeline.csv";
/** Of mode 0600, where it was asked for. */
export const SECRETS = "secrets.json";

/** Of a whole run, or of a piece. */
type KeptSummary = Pick<RunSummary, "links" | "timeline"> & { readonly flows: readonly FlowRow[] };

/** A folder being written; it stands at its place only if the scope ends well. */
export interface OpenRunFolder {
  /** Where files go until then. */
  readonly path: string;
  /** What killed runs left beside it; null: nothing. */
  readonly notice: string | null;
  /** Writes what the record cannot be read without, so that it can be read however the run ends. */
  readonly begin: (scenario: Scenario, manifest: Manifest) => Effect.Effect<void, InputError>;
  /** Writes files of these names and moves the folder to its place. */
  readonly keep: (files: Readonly<Record<string, string>>) => Effect.Effect<void, InputError>;
  /** It stays where it is, like that of a run that was killed. */
  readonly leave: () => void;
  /** What every run leaves beside its records. */
  readonly complete: (scenario: Scenario, manifest: Manifest, summary: KeptSummary) => Effect.Effect<void, InputError>;
}

/** Opens the folder `dir`; a finished run that stands there already is replaced with `force` only. */
export function openRunFolder(dir: string, force: boolean): Effect.Effect<OpenRunFolder, InputError, Scope.Scope> {
  const place = dir.replace(/(?<=.)[\\/]+$/, "");
  let stays = false;
  const open = Effect.try({
    try: (): OpenRunFolder & { readonly partial: PartialFolder } => {
      const notice = guardRead(dir, () => {
        refuseExisting(dir, force);
        return lookAround(place, force);
      });
      const partial = guardWrite(dir, () => makePartial(place));
      const { path } = partial;
      const keep = (files: Readonly<Record<string, string>>) => keepFiles({ place, path, force }, files);
      const begin = (scenario: Scenario, manifest: Manifest): Effect.Effect<void, InputError> =>
        Effect.try({ try: () => writeFiles(path, identityOf(scenario, manifest)), catch: asInputError });
      const complete: OpenRunFolder["complete"] = (...contents) => keep(filesOf(...contents));
      const leave = (): void => void (stays = true);
      return { path, partial, notice, begin, keep, leave, complete };
    },
    catch: asInputError,
  });
  return Effect.acquireRelease(open, ({ partial }, exit) =>
    Effect.sync(() => {
      if (stays && existsSync(partial.path)) return;
      if (Exit.isFailure(exit) || existsSync(partial.path)) removePartial(partial);
    }),
  );
}

/** Refuses a place that another run is writing to; what killed runs left is named, and removed with `force`. */
function lookAround(place: string, force: boolean): string | null {
  const { stale, writing } = neighboursOf(place);
  const [busy] = writing;
  if (busy !== undefined && !force) {
    throw new FileError(
      `another run (process ${busy.pid}) is being written to ${place}; choose another name (if there is no such run any more, delete ${busy.path})`,
    );
  }
  if (stale.length === 0) return null;
  if (force) for (const path of stale) rmSync(path, { recursive: true, force: true });
  const names = stale.join(", ");
  if (force) return `removed ${names}, left by a run that was killed`;
  const recorded = stale.find((path) => existsSync(join(path, "record")));
  const use =
    recorded === undefined ? "" : ` what it recorded until then can be replayed (pathloom replay ${recorded}), or`;
  return `${names} was left by a run that was killed;${use} it can be deleted`;
}

function refuseExisting(dir: string, force: boolean): void {
  if (!existsSync(dir)) return;
  const isFolder = statSync(dir).isDirectory();
  if (!isFolder) throw new FileError(`${dir} is a file; give the name of a folder that does not exist yet`);
  if (!force) throw new FileError(`${dir} exists already; choose another name, or replace it with --force`);
  // --force is for runs: nobody's home folder is worth a typing error.
  if (existsSync(join(dir, MANIFEST)) || readdirSync(dir).length === 0) return;
  throw new FileError(`${dir} is no folder of a run (it has no ${MANIFEST}): --force does not replace it`);
}

interface Target {
  readonly place: string;
  readonly path: string;
  readonly force: boolean;
}

function filesOf(scenario: Scenario, manifest: Manifest, summary: KeptSummary): Readonly<Record<string, string>> {
  return {
    [FLOWS]: flowsText(summary.flows),
    [LINKS]: linksText(summary.links),
    [TIMELINE]: timelineText(summary.timeline),
    ...identityOf(scenario, manifest),
    // Last: a folder that has it is whole.
    [SUMMARY]: `${JSON.stringify(summary, null, 2)}\n`,
  };
}

function identityOf(scenario: Scenario, manifest: Manifest): Readonly<Record<string, string>> {
  return { [SCENARIO]: `${canonicalJson(scenario)}\n`, [MANIFEST]: `${JSON.stringify(manifest, null, 2)}\n` };
}

function writeFiles(path: string, files: Readonly<Record<string, string>>): void {
  guardWrite(path, () => {
    for (const [name, text] of Object.entries(files)) writeWhole(join(path, name), text);
  });
}

function keepFiles(
  { place, path, force }: Target,
  files: Readonly<Record<string, string>>,
): Effect.Effect<void, InputError> {
  return Effect.try({
    try: () =>
      guardWrite(place, () => {
        writeFiles(path, files);
        moveToPlace(path, place, force);
      }),
    catch: asInputError,
  });
}

function asInputError(cause: unknown): InputError {
  return new InputError(textOf(cause));
}

/** A recorded run, checked: every record is whole and belongs to this scenario. */
export interface RecordedRun {
  readonly manifest: Manifest;
  readonly scenario: Scenario;
  /** By place, null where it ran elsewhere; null: a simulation kept without its deliveries. */
  readonly records: readonly (PlaceRecord | null)[] | null;
  /** MACs of a run whose keys were not kept; null where the keys are known. */
  readonly macs: ReadonlyMap<string, string> | null;
  /** A secret that the run's keys follow from, where it was kept; null: they follow from the seed, or are not known. */
  readonly secret: string | null;
  /** null: the run was killed. */
  readonly summary: EndOfRun | null;
}

const EndOfRun = Schema.Struct({ digest: Schema.String, events: Schema.Int });
/** summary.json: the part of it that tells whether another run is the same, and all of it. */
type EndOfRun = typeof EndOfRun.Type & { readonly results: Readonly<Record<string, unknown>> };

/** Reads and checks a run's folder; the error names the file, the line and what was expected. */
export function readRunFolder(dir: string): Effect.Effect<RecordedRun, InputError> {
  return Effect.try({
    try: () => {
      if (!existsSync(dir))
        throw new FileError(
          `${dir}: no such folder; expected the folder of a run (pathloom run --out, pathloom live --record)`,
        );
      if (!existsSync(join(dir, MANIFEST))) throw new FileError(`${dir} is no folder of a run: it has no ${MANIFEST}`);
      const manifest = readManifest(join(dir, MANIFEST));
      const scenario = readScenario(dir, manifest);
      const killed = isPartial(dir) && !existsSync(join(dir, SUMMARY));
      const recorded = manifest.record?.deliveries !== false;
      if (killed && !recorded)
        throw new FileError(`${dir}: the run was killed, and kept without a record: nothing can be replayed`);
      return {
        manifest,
        scenario,
        records: recorded ? readRecords(dir, manifest, scenario, killed) : null,
        macs: manifest.keys === "not-kept" ? readMacs(dir) : null,
        secret: manifest.keys === "kept" ? readSecret(join(dir, SECRETS)) : null,
        summary: killed ? null : readEnd(join(dir, SUMMARY)),
      };
    },
    catch: asInputError,
  });
}

export function readManifest(path: string): Manifest {
  const decoded = Schema.decodeUnknownOption(Manifest)(readJson(path));
  if (Option.isSome(decoded)) return decoded.value;
  throw new FileError(`${path}: this is no manifest of a run: fields are missing or of the wrong kind`);
}

function readEnd(path: string): EndOfRun {
  const results = readJson(path);
  const decoded = Schema.decodeUnknownOption(EndOfRun)(results);
  if (Option.isSome(decoded)) return { ...decoded.value, results: results as EndOfRun["results"] };
  throw new FileError(`${path}: this is no summary of a run: digest or events are missing`);
}

/** The secret that `--keep-secrets` kept. */
export function readSecret(path: string): string {
  const { forwarding } = readJson(path) as { readonly forwarding?: unknown };
  if (typeof forwarding === "string") return forwarding;
  throw new FileError(`${path}: the secret of the forwarding keys is missing`);
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readText(path));
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    throw new FileError(`${path}: not valid JSON: the file is damaged`);
  }
}

export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw new FileError(`${path}: ${missing ? "the file is missing" : textOf(cause).message}`);
  }
}

export function readScenario(dir: string, manifest: Manifest): Scenario {
  const path = join(dir, SCENARIO);
  const found = sha256(readText(path).trimEnd());
  if (found === manifest.scenario_sha) return readJson(path) as Scenario;
  throw new FileError(
    `${path}: this is not the scenario of the run: expected SHA-256 ${manifest.scenario_sha} (${MANIFEST}), found ${found}`,
  );
}

function readRecords(dir: string, manifest: Manifest, scenario: Scenario, killed: boolean): (PlaceRecord | null)[] {
  const places = scenario.network.ases.map(({ ia }) => ia);
  const files = readRecordLines(dir, places.length);
  const here = new Set(manifest.here ?? places);
  return places.map((ia, place) => {
    const file = files[place] ?? null;
    if (file !== null) return readRecord(file, ia, manifest, killed);
    if (!here.has(ia) || killed) return null;
    throw new FileError(`${join(dir, recordName(place, places.length))}: the file is missing`);
  });
}

interface RecordFile {
  readonly path: string;
  readonly lines: readonly string[];
}

function readRecord({ path, lines }: RecordFile, place: string, manifest: Manifest, killed: boolean): PlaceRecord {
  const record = parseRecord(lines, killed);
  if (!record.ok) throw new FileError(`${path}: ${record.error}`);
  const { header } = record.value;
  const expected = {
    place,
    world: manifest.world,
    scenario: manifest.scenario_sha,
    seed: manifest.seed,
    build: manifest.build,
  };
  for (const [field, value] of Object.entries(expected)) {
    const found = header[field as keyof typeof expected];
    if (found === value) continue;
    throw new FileError(
      `${path}: line 1: this record belongs to another run: expected ${field} ${value}, found ${String(found)}`,
    );
  }
  return record.value;
}
