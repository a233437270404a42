/** Reads the files of a topology: one file, or every JSON file of a folder. Bounded before anything is read. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { err, ok, type Result } from "../../core/result.ts";
import { MAX_TOPOLOGY_SIZE, type SourceFile, type TopologySource } from "../../topologies/import/source.ts";
import { closest } from "../../topologies/suggest.ts";
import { type InputFile, sha256 } from "./manifest.ts";

/** Most files and levels of a folder that are looked at. */
const MAX_FILES = 100_000;
const MAX_LEVELS = 16;

/** `staticInfo`: a file that goes with a `.topo`; null: the one beside it, if there is one. The error is one sentence. */
export function readTopologySource(
  path: string,
  staticInfo: string | null,
  inputs: InputFile[],
): Result<TopologySource, string> {
  try {
    const found = statSync(path);
    if (found.isDirectory()) return readFolder(path, staticInfo, inputs);
    const file = readBounded(path, inputs);
    if (!file.ok) return file;
    const beside = staticInfo ?? staticInfoBeside(path);
    const info = beside === null ? ok(null) : readBounded(beside, inputs);
    if (!info.ok) return err(`${beside}: ${info.error}`);
    return ok({ path, folder: false, files: [file.value], staticInfo: info.value });
  } catch (cause) {
    return err(reasonOf(path, cause));
  }
}

/** `net.topo` has `net.staticinfo.yml`. */
function staticInfoBeside(path: string): string | null {
  if (!path.endsWith(".topo")) return null;
  const stem = path.slice(0, -".topo".length);
  return [`${stem}.staticinfo.yml`, `${stem}.staticinfo.yaml`].find((name) => existsSync(name)) ?? null;
}

function readFolder(path: string, staticInfo: string | null, inputs: InputFile[]): Result<TopologySource, string> {
  if (staticInfo !== null) return err("static info goes with a .topo file, and this is a folder");
  const names = jsonFilesIn(path);
  if (!names.ok) return names;
  const files: SourceFile[] = [];
  let left = MAX_TOPOLOGY_SIZE;
  for (const name of names.value) {
    left -= statSync(name).size;
    if (left < 0) return err("the JSON files of this folder are larger than 64 MiB in all");
    const file = readBounded(name, inputs);
    if (!file.ok) return err(`${name}: ${file.error}`);
    files.push(file.value);
  }
  return files.length === 0
    ? err("this folder has no topology: expected a topology.json for each AS")
    : ok({ path, folder: true, files, staticInfo: null });
}

/** In the order of their paths. Links to folders are not followed. */
function jsonFilesIn(folder: string): Result<readonly string[], string> {
  const found: string[] = [];
  let open = [folder];
  let seen = 0;
  for (let level = 0; level < MAX_LEVELS && open.length > 0; level++) {
    const below: string[] = [];
    for (const here of open) {
      for (const entry of readdirSync(here, { withFileTypes: true })) {
        if (++seen > MAX_FILES) return err(`this folder holds more than ${MAX_FILES} files`);
        const path = join(here, entry.name);
        if (entry.isDirectory()) below.push(path);
        else if (entry.name.endsWith(".json") && statSync(path).isFile()) found.push(path);
      }
    }
    open = below;
  }
  return ok(found.sort((left, right) => (left < right ? -1 : 1)));
}

function readBounded(path: string, inputs: InputFile[]): Result<SourceFile, string> {
  try {
    const found = statSync(path);
    if (found.isDirectory()) return err("this is a folder; expected a file");
    if (!found.isFile()) return err("this is no regular file");
    if (found.size > MAX_TOPOLOGY_SIZE) {
      return err(`the file has ${(found.size / 1_048_576).toFixed(1)} MiB; expected at most 64 MiB`);
    }
    const bytes = readFileSync(path);
    inputs.push({ file: path, sha256: sha256(bytes) });
    return ok({ path, text: bytes.toString("utf8") });
  } catch (cause) {
    return err(reasonOf(path, cause));
  }
}

/** Why a file cannot be read, in a sentence. */
export function reasonOf(path: string, cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "ENOENT") return `no such file${neighbour(path)}`;
  if (code === "EISDIR") return "this is a folder; expected a YAML file";
  if (code === "ENOTDIR") return "no such file: what stands before its name is no folder";
  if (code === "ELOOP") return "this is a link that leads round in a circle";
  return code === "EACCES" ? "permission denied" : message;
}

function neighbour(path: string): string {
  const folder = dirname(path);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const near = closest(basename(path), names);
  return near === undefined ? "" : `; did you mean ${join(folder, near)}?`;
}
