/** Files that are either whole or not there. */
import { existsSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { FileError, guardWrite } from "./line-files.ts";

/**
 * Writes under a temporary name beside the file and renames when complete; a link stays, and the file that it leads to is
 * replaced. Throws a `FileError` where that fails.
 */
export function writeWhole(given: string, text: string): void {
  // Renaming a file to the name of a device would take the device away.
  if (existsSync(given) && !statSync(given).isFile())
    throw new FileError(`cannot write ${given}: it is no regular file`);
  const file = existsSync(given) ? realpathSync(given) : given;
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
