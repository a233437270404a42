/** Files that are either whole or not there. */
import { renameSync, rmSync, writeFileSync } from "node:fs";

/** Writes under a temporary name beside the file and renames when complete. Why that failed, or null. */
export function writeWhole(file: string, text: string): string | null {
  const temporary = `${file}.${process.pid}.partial`;
  try {
    writeFileSync(temporary, text, { flag: "wx" });
    renameSync(temporary, file);
    return null;
  } catch (cause) {
    rmSync(temporary, { force: true });
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOSPC") return "the disk is full";
    if (code === "ENOENT") return "its folder does not exist";
    return code === "EACCES" || code === "EPERM" ? "permission denied" : message;
  }
}
