/** Files that are either whole or not there. */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { guardWrite } from "./line-files.ts";

/** Writes under a temporary name beside the file and renames when complete. Throws a `FileError` where that fails. */
export function writeWhole(file: string, text: string): void {
  const partial = `${file}.partial-${process.pid}`;
  try {
    guardWrite(file, () => {
      writeFileSync(partial, text);
      renameSync(partial, file);
    });
  } catch (cause) {
    rmSync(partial, { force: true });
    throw cause;
  }
}
