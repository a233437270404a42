/** Names the build: the package's version, and a hash of everything that decides what a run computes. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

declare const PATHLOOM_VERSION: string | undefined;
declare const PATHLOOM_BUILD: string | undefined;
declare const PATHLOOM_LIBRARIES: Readonly<Record<string, string>> | undefined;

/** Folders whose sources decide a run's outcome. */
const HASHED_FOLDERS = ["actors", "core", "sim", "topologies"];

export interface BuildInfo {
  readonly version: string;
  /** First 16 hex digits of the SHA-256 over the simulator's sources: the same from a bundle and from a checkout. */
  readonly build: string;
  /** Version of each library that Pathloom stands on. */
  readonly libraries: Readonly<Record<string, string>>;
}

/** Bundles carry both values; when run from source they are worked out from the files. */
export function buildInfo(): BuildInfo {
  if (typeof PATHLOOM_VERSION === "string" && typeof PATHLOOM_BUILD === "string") {
    return { version: PATHLOOM_VERSION, build: PATHLOOM_BUILD, libraries: PATHLOOM_LIBRARIES ?? {} };
  }
  const root = dirname(import.meta.dirname);
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  return { version, build: hashSources(root), libraries: libraryVersions(root) };
}

/** Versions of the dependencies as installed, in order of name. */
export function libraryVersions(root: string): Record<string, string> {
  const read = (path: string): { version?: string; dependencies?: Record<string, string> } =>
    JSON.parse(readFileSync(join(root, path), "utf8"));
  const names = Object.keys(read("package.json").dependencies ?? {}).sort();
  return Object.fromEntries(
    names.map((name) => [name, read(join("node_modules", name, "package.json")).version ?? "unknown"]),
  );
}

/** Tells whether a built worker is what the sources would make now: the simulator, the command line around it, and the libraries in it. */
export function workerHash(root: string): string {
  const libraries = JSON.stringify(libraryVersions(root));
  return createHash("sha256")
    .update(hashSources(root, [...HASHED_FOLDERS, "cli"]))
    .update(libraries)
    .digest("hex");
}

/** Hash over path and content of every source under `root` that decides what a run computes, in order of path. */
export function hashSources(root: string, folders: readonly string[] = HASHED_FOLDERS): string {
  const hash = createHash("sha256");
  for (const path of folders.flatMap((folder) => sourcesUnder(root, folder)).sort()) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 16);
}

function sourcesUnder(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"));
}
