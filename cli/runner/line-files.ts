/** Text files written line by line in large pieces; nothing stays open between two pieces, however many files there are. */
import { appendFileSync, existsSync, mkdirSync, rmdirSync } from "node:fs";
import { dirname } from "node:path";

/** Characters kept before they are written. */
const PIECE = 65_536;

/** A file or folder cannot be used. Thrown through whatever is running; `message` is for people. */
export class FileError extends Error {
  override readonly name = "FileError";
}

export class LineFile {
  readonly #path: string;
  readonly #lineBreak: string;
  readonly #before: () => void;
  #buffer: string[] = [];
  #length = 0;

  /** `before` is called each time before something reaches the file. */
  constructor(path: string, lineBreak = "\n", before: () => void = () => {}) {
    this.#path = path;
    this.#lineBreak = lineBreak;
    this.#before = before;
  }

  write(line: string): void {
    this.#buffer.push(line, this.#lineBreak);
    this.#length += line.length + 1;
    if (this.#length >= PIECE) this.flush();
  }

  flush(): void {
    const text = this.#buffer.join("");
    this.#buffer = [];
    this.#length = 0;
    this.#before();
    guardWrite(this.#path, () => appendFileSync(this.#path, text));
  }
}

/**
 * Makes a folder and those above it. Not with `recursive`: there Node goes round for ever on file systems like /proc.
 * @returns what was made, outermost first
 */
export function makeFolder(path: string): string[] {
  if (existsSync(path)) return [];
  const above = dirname(path) === path ? [] : makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (cause) {
    for (const made of above.toReversed()) rmdirSync(made);
    throw cause;
  }
  return [...above, path];
}

/** Runs something that writes to `path`, and turns what the system says into a sentence. */
export function guardWrite<T>(path: string, write: () => T): T {
  return guard("write", path, write);
}

/** The same for something that only looks. */
export function guardRead<T>(path: string, read: () => T): T {
  return guard("read", path, read);
}

function guard<T>(verb: string, path: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new FileError(`cannot ${verb} ${path}: ${REASONS[code ?? ""] ?? message}`, { cause });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied. Choose a folder of your own",
  EDQUOT: "the disk quota is used up",
  EEXIST: "a file of that name is in the way",
  ENOENT: "no such folder can be made there",
  ENOSPC: "the disk is full. Free some space, or choose a folder on another disk",
  ENOTDIR: "a file is in the way where a folder must be",
  ENOTEMPTY: "another run was kept there meanwhile; this one is not kept",
  EROFS: "the file system is read-only",
};
