/**
 * The folder a run writes into until it is whole: `DIR.partial-PID-XXXXXX`, beside its place. Runs that were killed leave theirs
 * behind; the next run into the same place names them, and removes them with `--force`.
 */
import { existsSync, mkdtempSync, readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { FileError, guardWrite, makeFolder } from "./line-files.ts";

export interface PartialFolder {
  readonly path: string;
  /** Folders made for it, outermost first. */
  readonly made: readonly string[];
}

/** What killed runs left beside a place, and the processes that are writing there now. */
export interface Neighbours {
  readonly stale: readonly string[];
  readonly writing: readonly { readonly path: string; readonly pid: number }[];
}

/** Makes the folder for a run that is to stand at `dir`. */
export function makePartial(dir: string): PartialFolder {
  const made = makeFolder(dirname(dir));
  try {
    const path = guardWrite(dir, () => mkdtempSync(`${dir}.partial-${process.pid}-`));
    return { path, made };
  } catch (cause) {
    removeEmpty(made);
    throw cause;
  }
}

/** The folder, and those above it that were made for it, as far as nobody else has put anything there. */
export function removePartial({ path, made }: PartialFolder): void {
  rmSync(path, { recursive: true, force: true });
  removeEmpty(made);
}

function removeEmpty(made: readonly string[]): void {
  for (const folder of made.toReversed()) {
    if (readdirSync(folder).length > 0) return;
    rmdirSync(folder);
  }
}

/** Is this the folder of a run that did not end? */
export function isPartial(dir: string): boolean {
  return /\.partial-\d+-\w{6}$/.test(basename(resolve(dir)));
}

/** Is a process of the number in such a folder's name still there? */
export function isWritten(partial: string): boolean {
  const pid = /\.partial-(\d+)-\w{6}$/.exec(basename(resolve(partial)))?.[1];
  return pid !== undefined && isAlive(Number(pid));
}

/** Where such a folder will stand once its run has ended. */
export function placeOfPartial(partial: string): string {
  return partial.replace(/\.partial-\d+-\w{6}[\\/]*$/, "");
}

export function neighboursOf(dir: string): Neighbours {
  const parent = dirname(resolve(dir));
  const prefix = `${basename(resolve(dir))}.partial-`;
  if (!existsSync(parent)) return { stale: [], writing: [] };
  const found = readdirSync(parent).flatMap((name) => {
    const rest = /^(\d+)-\w{6}(?:\.replaced)?$/.exec(name.startsWith(prefix) ? name.slice(prefix.length) : "");
    return rest === null ? [] : [{ path: join(dirname(dir), name), pid: Number(rest[1]) }];
  });
  const writing = found.filter(({ pid }) => isAlive(pid));
  const stale = found.filter((one) => !writing.includes(one)).map(({ path }) => path);
  return { stale, writing };
}

/** A folder that bears this process's own number was left by an earlier one. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Moves a whole run to its place. What another run put there meanwhile is replaced with `force` only. */
export function moveToPlace(path: string, dir: string, force: boolean): void {
  const replaced = `${path}.replaced`;
  const replaces = force && existsSync(dir);
  if (replaces) renameSync(dir, replaced);
  else if (existsSync(dir)) throw new FileError(`${dir}: another run was kept there meanwhile; this one is not kept`);
  renameSync(path, dir);
  if (replaces) rmSync(replaced, { recursive: true, force: true });
}
