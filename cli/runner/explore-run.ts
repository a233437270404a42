/**
 * A run's folder as the explorer's page reads it: what it is told at first, then each place's record by bytes, while the run may still
 * be written. A run that goes on stands in its partial folder and is moved to its place at its end; both are looked at.
 */
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { Bytes } from "../../core/units.ts";
import type { Opening } from "../../viz/page/protocol.ts";
import { FileError } from "./line-files.ts";
import type { Manifest } from "./manifest.ts";
import { isPartial, isWritten, neighboursOf, placeOfPartial } from "./partial-folder.ts";
import { MACS, RECORD_LIMIT, recordName, recordParts } from "./record-files.ts";
import {
  MANIFEST,
  readManifest,
  readScenario,
  readSecret,
  readText,
  SCENARIO,
  SECRETS,
  SUMMARY,
} from "./run-folder.ts";

/** Bytes sent at once, where a line is not longer. */
const PIECE: Bytes = 1024 * 1024;
/** What a record may have beyond its limit: what says that it has reached it. */
const SLACK: Bytes = 1024 * 1024;

/** A part of a file, up to the end of a line. */
export interface Piece {
  readonly bytes: Buffer;
  /** Where the next one begins. */
  readonly next: Bytes;
  /** Nothing comes after this one. */
  readonly over: boolean;
}

export class ExploredRun {
  /** null: the run stands at its place. */
  readonly #partial: string | null;
  readonly #place: string;
  readonly manifest: Manifest;
  readonly #places: number;
  /** ASes that ran here. */
  readonly recorded: number;
  #over = false;

  /** Throws a `FileError` where there is nothing to show. `dir`: as `findRun` gives it. */
  constructor(dir: string) {
    this.#partial = isPartial(dir) ? dir : null;
    this.#place = isPartial(dir) ? placeOfPartial(dir) : dir;
    this.manifest = readManifest(join(dir, MANIFEST));
    this.#places = readScenario(dir, this.manifest).network.ases.length;
    this.recorded = this.manifest.here?.length ?? this.#places;
    this.#check(dir);
  }

  get name(): string {
    return basename(resolve(this.#place));
  }

  /** Is it still written? */
  get growing(): boolean {
    if (this.#over) return false;
    const partial = this.#partial;
    const goes = partial !== null && existsSync(partial) && !existsSync(join(partial, SUMMARY)) && isWritten(partial);
    this.#over = !goes;
    return goes;
  }

  /** What the page is told first; the records come in pieces. */
  opening(): Extract<Opening, { kind: "record" }> {
    const dir = this.#folder();
    const text = (name: string): string => readText(join(dir, name));
    const { keys } = this.manifest;
    return {
      kind: "record",
      name: this.name,
      scenario: text(SCENARIO),
      manifest: text(MANIFEST),
      summary: existsSync(join(dir, SUMMARY)) ? text(SUMMARY) : null,
      macs: keys === "not-kept" ? "" : null,
      secret: keys === "kept" ? readSecret(join(dir, SECRETS)) : null,
      growing: this.growing,
    };
  }

  /** Of a place's record; `from`: counted through all its files. null: there is no such place. */
  piece(place: number, from: Bytes): Piece | null {
    if (!Number.isInteger(place) || place < 0 || place >= this.#places) return null;
    return this.#read((dir) => partsOf(dir, place, this.#places), from);
  }

  macs(from: Bytes): Piece {
    return this.#read((dir) => [join(dir, MACS)].filter(existsSync), from);
  }

  #read(parts: (dir: string) => readonly string[], from: Bytes): Piece {
    // Asked first: what is over by now has been written by now.
    const over = !this.growing;
    try {
      return readPiece(parts(this.#folder()), from, over);
    } catch (cause) {
      // Moved to its place in between.
      if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
      return readPiece(parts(this.#folder()), from, over);
    }
  }

  #folder(): string {
    return this.#partial !== null && existsSync(this.#partial) ? this.#partial : this.#place;
  }

  #check(dir: string): void {
    const killed = isPartial(dir) && !existsSync(join(dir, SUMMARY));
    if (this.manifest.keys === "not-kept" && !this.growing && !existsSync(join(dir, MACS)))
      throw new FileError(
        `${join(dir, MACS)}: the file is missing; without it or the run's keys nothing can be replayed`,
      );
    if (this.manifest.keys === "kept") readSecret(join(dir, SECRETS));
    if (this.manifest.policies.length > 0) throw new FileError(ownPolicies(dir, this.manifest));
    if (this.manifest.record?.deliveries === false) {
      if (killed)
        throw new FileError(`${dir}: the run was killed, and kept without a record: there is nothing to show`);
      readText(join(dir, SUMMARY));
      return;
    }
    if (this.growing && !existsSync(join(dir, "record"))) return;
    const parts = recordParts(dir, this.#places).flatMap((of) => of ?? []);
    if (parts.length === 0 && !this.growing) throw new FileError(`${join(dir, "record")}: no place has a record there`);
    const bytes = parts.reduce((sum, path) => sum + statSync(path).size, 0);
    if (bytes > RECORD_LIMIT + SLACK) throw new FileError(tooLarge(dir, bytes));
  }
}

function ownPolicies(dir: string, { policies }: Manifest): string {
  const names = policies.map(({ name, file }) => `${name} (${file})`).join(", ");
  return `${dir}: the run used path policies in files of their own, ${names}, which a page cannot run; pathloom replay checks such a run, pathloom export shows its packets and events`;
}

function tooLarge(dir: string, bytes: Bytes): string {
  const size = (bytes / 1024 ** 3).toFixed(2);
  return `${dir}: the record has ${size} GiB, and the page reads at most 1 GiB. Record a shorter run (--duration), one of fewer or slower flows, or its beginning only (--record-limit 1GiB); pathloom replay ${dir} checks a record of any size`;
}

/** The folder to look at for a name that was given: that of a run which is being written to `given` included. null: no run. */
export function findRun(given: string): string | null {
  const dir = given.replace(/(?<=.)[\\/]+$/, "");
  if (existsSync(dir)) return statSync(dir).isDirectory() ? dir : null;
  const { writing, stale } = neighboursOf(dir);
  const [first] = writing;
  if (first !== undefined) return first.path;
  const [left] = stale;
  if (left === undefined) return null;
  throw new FileError(`${dir}: the run was killed before its end; to see what it recorded: pathloom explore ${left}`);
}

function partsOf(dir: string, place: number, places: number): string[] {
  const parts: string[] = [];
  for (let part = 0; ; part++) {
    const path = join(dir, recordName(place, places, part));
    if (!existsSync(path)) return parts;
    parts.push(path);
  }
}

function readPiece(parts: readonly string[], from: Bytes, over: boolean): Piece {
  let begin = 0;
  for (const [n, path] of parts.entries()) {
    const { size } = statSync(path);
    const last = n === parts.length - 1;
    if (from >= begin + size && !last) {
      begin += size;
      continue;
    }
    const bytes = wholeLines(path, from - begin, size, over);
    const next = from + bytes.length;
    return { bytes, next, over: over && last && next >= begin + size };
  }
  return { bytes: Buffer.alloc(0), next: from, over };
}

/** About a piece of a file, up to the end of a line; where it is `over`, up to the end of the file. */
function wholeLines(path: string, from: Bytes, size: Bytes, over: boolean): Buffer {
  if (from >= size) return Buffer.alloc(0);
  for (let length = PIECE; ; length *= 2) {
    const bytes = readBytes(path, from, Math.min(length, size - from));
    const end = bytes.lastIndexOf("\n") + 1;
    if (over && from + bytes.length >= size) return bytes;
    if (end > 0 || from + bytes.length >= size) return bytes.subarray(0, end);
  }
}

function readBytes(path: string, from: Bytes, length: Bytes): Buffer {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(length);
    let read = 0;
    for (let count = -1; read < length && count !== 0; read += count) {
      count = readSync(file, bytes, read, length - read, from + read);
    }
    return bytes.subarray(0, read);
  } finally {
    closeSync(file);
  }
}

/** Is this the folder of a comparison, not of a run? */
export function isComparison(dir: string): boolean {
  const path = join(dir, SUMMARY);
  if (existsSync(join(dir, MANIFEST)) || !existsSync(path)) return false;
  return /"replications"/.test(readFileSync(path, "utf8").slice(0, 100_000));
}
