/**
 * The record's files in a run's folder: for each place `record/NN.ndjson`, going on in `record/NN.1.ndjson` and so on where it gets
 * long, and `record/macs.ndjson` where the run's keys are secret. They are readable up to the last flush whatever ends the run.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Bytes } from "../../core/units.ts";
import { FileError, guardWrite, LineFile, makeFolder } from "./line-files.ts";

/** Bytes of one file, after which the next begins. */
const PIECE_BYTES: Bytes = 64 * 1024 * 1024;
/** Bytes of a whole record unless told otherwise. */
export const RECORD_LIMIT: Bytes = 1024 * 1024 * 1024;

export interface RecordBounds {
  /** All files together; what would come after is not written, and the record says so. */
  readonly limit?: Bytes;
  readonly piece?: Bytes;
}

export interface RecordOptions extends RecordBounds {
  /** MACs of keys that are not kept, as they are made. They reach their file before the entries that need them reach theirs. */
  readonly macs?: ReadonlyMap<string, string>;
  /** A disk that fails ends the record (`failure`) and nothing else. Default: it throws. */
  readonly goesOn?: boolean;
}

/** One place's record, in as many files as it takes. */
class PlaceFiles {
  readonly #path: (part: number) => string;
  readonly #piece: Bytes;
  readonly #before: () => void;
  #file: LineFile;
  #part = 0;
  #bytes = 0;

  constructor(path: (part: number) => string, piece: Bytes, before: () => void) {
    this.#path = path;
    this.#piece = piece;
    this.#before = before;
    this.#file = this.#open(0);
  }

  write(line: string): void {
    if (this.#bytes >= this.#piece) {
      this.#file.flush();
      this.#file = this.#open(++this.#part);
      this.#bytes = 0;
    }
    this.#bytes += line.length + 1;
    this.#file.write(line);
  }

  flush(): void {
    this.#file.flush();
  }

  #open(part: number): LineFile {
    return new LineFile(this.#path(part), "\n", this.#before);
  }
}

export class RecordFiles {
  readonly #places = new Map<number, PlaceFiles>();
  readonly #limit: Bytes;
  readonly #make: (place: number) => PlaceFiles;
  readonly #macs: ReadonlyMap<string, string> | null;
  readonly #macsFile: LineFile;
  readonly #goesOn: boolean;
  #bytes = 0;
  #macsWritten = 0;
  /** Entries that came after the limit. */
  unwritten = 0;
  /** What ended the record; null: nothing has. */
  failure: FileError | null = null;

  constructor(folder: string, places: number, options: RecordOptions = {}) {
    const { limit = RECORD_LIMIT, piece = PIECE_BYTES, macs = null, goesOn = false } = options;
    guardWrite(folder, () => makeFolder(join(folder, "record")));
    this.#limit = limit;
    this.#goesOn = goesOn;
    this.#macs = macs;
    this.#macsFile = new LineFile(join(folder, MACS));
    const path = (place: number, part: number): string => join(folder, recordName(place, places, part));
    this.#make = (place) =>
      new PlaceFiles(
        (part) => path(place, part),
        piece,
        () => this.#writeMacs(),
      );
    if (macs !== null) this.attempt(() => this.#macsFile.flush());
  }

  readonly write = (place: number, line: string): void => {
    if (this.unwritten > 0) this.unwritten++;
    else this.attempt(() => this.#write(place, line));
  };

  flush(): void {
    this.attempt(() => {
      for (const files of this.#places.values()) files.flush();
    });
  }

  /** Does what may fail with the disk; once that has, nothing more. */
  attempt(write: () => void): void {
    if (this.failure !== null) return;
    try {
      write();
    } catch (cause) {
      if (!this.#goesOn || !(cause instanceof FileError)) throw cause;
      this.failure = cause;
    }
  }

  #write(place: number, line: string): void {
    this.#bytes += line.length + 1;
    if (this.#bytes > this.#limit) this.#stop();
    else this.#filesOf(place).write(line);
  }

  #writeMacs(): void {
    if (this.#macs === null || this.#macsWritten === this.#macs.size) return;
    let at = 0;
    for (const [name, mac] of this.#macs) if (at++ >= this.#macsWritten) this.#macsFile.write(`${name} ${mac}`);
    this.#macsWritten = this.#macs.size;
    this.#macsFile.flush();
  }

  #filesOf(place: number): PlaceFiles {
    const files = this.#places.get(place) ?? this.#make(place);
    this.#places.set(place, files);
    return files;
  }

  #stop(): void {
    this.unwritten = 1;
    const text = JSON.stringify(["stop", `the record has reached its limit of ${this.#limit} bytes`]);
    for (const files of this.#places.values()) files.write(text);
  }
}

export const MACS = "record/macs.ndjson";

export function recordName(place: number, places: number, part = 0): string {
  const number = String(place).padStart(Math.max(2, String(places - 1).length), "0");
  return `record/${number}${part === 0 ? "" : `.${part}`}.ndjson`;
}

/** Files of each place's record, in the order of the scenario's places; null where the run's folder has none of a place. */
export function recordParts(dir: string, places: number): (string[] | null)[] {
  const folder = join(dir, "record");
  if (!existsSync(folder)) throw new FileError(`${folder}: the folder of records is missing`);
  const names = new Set(readdirSync(folder).map((name) => `record/${name}`));
  names.delete(MACS);
  const found = Array.from({ length: places }, (_, place) => {
    const parts: string[] = [];
    for (let part = 0; names.delete(recordName(place, places, part)); part++) {
      parts.push(join(dir, recordName(place, places, part)));
    }
    return parts.length === 0 ? null : parts;
  });
  const [stranger] = names;
  if (stranger === undefined) return found;
  throw new FileError(`${join(dir, stranger)}: this file does not belong to the run, which has ${places} places`);
}

/** Lines of each place's record, in the order of the scenario's places; null where the run's folder has none of a place. */
export function readRecordLines(
  dir: string,
  places: number,
): ({ readonly path: string; readonly lines: string[] } | null)[] {
  return recordParts(dir, places).map((parts) => {
    const [path] = parts ?? [];
    if (parts === null || path === undefined) return null;
    return { path, lines: parts.map(readText).join("").replace(/\n$/, "").split("\n") };
  });
}

/** What a run whose keys were not kept wrote down of its MACs. */
export function readMacs(dir: string): Map<string, string> {
  const path = join(dir, MACS);
  if (!existsSync(path))
    throw new FileError(`${path}: the file is missing; without it or the run's keys nothing can be replayed`);
  const macs = new Map<string, string>();
  // The last line may have been cut off with the run.
  for (const line of readText(path).split("\n")) {
    const [, name, mac] = /^(\S+ [0-9a-f]{32}) ([0-9a-f]{32})$/.exec(line) ?? [];
    if (name !== undefined && mac !== undefined) macs.set(name, mac);
  }
  return macs;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new FileError(`${path}: ${(cause as Error).message}`);
  }
}
