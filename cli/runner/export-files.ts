/**
 * Files of an export: written piece by piece beside their place and moved there when all is well. What stands there already is replaced only
 * if it is of the same kind.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import type { WritePiece } from "../../sim/exports/exporter.ts";
import type { Bytes } from "../../core/units.ts";
import { FileError, guardRead, guardWrite, LineFile, makeFolder } from "./line-files.ts";

export interface ExportTarget {
  readonly path: string;
  /** A folder of files of this kind, not one file. */
  readonly isFolder: boolean;
  /** How every file of the kind begins. */
  readonly beginning: string;
  /** "no capture", for messages. */
  readonly isNone: string;
  /** Most that is written. */
  readonly limit: Bytes;
}

export class ExportFiles {
  readonly #target: ExportTarget;
  readonly #partial: string;
  readonly #files = new Map<string, LineFile>();
  readonly #where: () => string;
  #length = 0;

  /** `where`: how far the export has come, for the message when it is too large. */
  constructor(target: ExportTarget, where: () => string) {
    refuseOthers(target);
    this.#target = target;
    this.#where = where;
    this.#partial = join(dirname(target.path), `.${basename(target.path)}.partial-${process.pid}`);
    guardWrite(target.path, () => {
      makeFolder(dirname(this.#partial));
      rmSync(this.#partial, { recursive: true, force: true });
      if (target.isFolder) mkdirSync(this.#partial);
    });
  }

  readonly write: WritePiece = (file, piece) => {
    this.#length += piece.length;
    if (this.#length > this.#target.limit) throw new FileError(this.#tooLarge());
    let lines = this.#files.get(file);
    if (lines === undefined) {
      lines = new LineFile(this.#target.isFolder ? join(this.#partial, file) : this.#partial, "");
      this.#files.set(file, lines);
    }
    lines.write(piece);
  };

  /** Files begun. */
  get count(): number {
    return this.#files.size;
  }

  finish(): void {
    for (const file of this.#files.values()) file.flush();
    const { path, isFolder } = this.#target;
    guardWrite(path, () => {
      if (isFolder) rmSync(path, { recursive: true, force: true });
      renameSync(this.#partial, path);
    });
  }

  abandon(): void {
    rmSync(this.#partial, { recursive: true, force: true });
  }

  #tooLarge(): string {
    return `the export is larger than ${this.#target.limit} bytes, and has come to ${this.#where()}; choose less of the run with --flow, --from and --to, or allow more with --limit`;
  }
}

function refuseOthers({ path, isFolder, beginning, isNone }: ExportTarget): void {
  if (!existsSync(path)) return;
  const isOwn = guardRead(path, () => {
    if (statSync(path).isDirectory() !== isFolder) return false;
    if (!isFolder) return beginsWith(path, beginning);
    return readdirSync(path).every((name) => name.endsWith(".sqlog") && beginsWith(join(path, name), beginning));
  });
  if (!isOwn) throw new FileError(`${path} exists already and is ${isNone}; choose another name`);
}

export function beginsWith(path: string, beginning: string): boolean {
  if (!statSync(path).isFile()) return false;
  const expected = Buffer.from(beginning, "latin1");
  const head = Buffer.alloc(expected.length);
  const file = openSync(path, "r");
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  return head.equals(expected);
}
