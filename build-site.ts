/**
 * Builds the explorer as a static site (`npm run build:site`; `npm run build` does so too): `dist/site/`, which any host can serve from any
 * path, and which `pathloom explore` serves here. Its gallery holds the scenarios of `examples/` with the files that they name.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import * as Effect from "effect/Effect";
import { readOpening } from "./cli/runner/explore-scenario.ts";
import { jsonSchemaOf, shareParts } from "./topologies/json-schema.ts";
import type { GalleryEntry } from "./viz/page/gallery/gallery.ts";

const ROOT = import.meta.dirname;
const PAGE = join(ROOT, "viz/page");
/** Bytes of all files together, packed as hosts send them, but for those of the editor: they are loaded when it is opened. */
const MOST = 600_000;
const OF_EDITOR = /^(editor-|schema\.json$)/;
/** Where a title is cut. */
const LONGEST_TITLE = 100;

export interface BuiltFile {
  readonly name: string;
  readonly bytes: number;
  readonly gzip: number;
}

/** Writes the site into an empty folder. @throws where it is larger than it may be */
export async function buildSite(folder = join(ROOT, "dist/site")): Promise<readonly BuiltFile[]> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const [gallery] = await Promise.all([galleryOf(join(ROOT, "examples")), bundle(folder)]);
  writeFileSync(join(folder, "index.html"), readFileSync(join(PAGE, "index.html")));
  writeFileSync(join(folder, "gallery.json"), JSON.stringify(gallery));
  // The editor completes by it; by itself it is smaller than the code that makes it.
  writeFileSync(join(folder, "schema.json"), JSON.stringify(shareParts(jsonSchemaOf("scenario"))));
  // What a page asks the program that serves it: a plain host has nothing to say.
  writeFileSync(join(folder, "open.json"), "null\n");
  const files = readdirSync(folder)
    .sort()
    .map((name) => sizeOf(join(folder, name)));
  const sum = files.reduce((total, { name, gzip }) => total + (OF_EDITOR.test(name) ? 0 : gzip), 0);
  if (sum > MOST) throw new Error(`the site has ${sum} bytes (gzip), more than ${MOST}: ${listed(files)}`);
  return files;
}

/**
 * The page in pieces, so that what is seen first comes first; the worker in one. Without `keepNames`, which would cost a call for every function that
 * is made, those of XState's transitions too.
 */
async function bundle(folder: string): Promise<void> {
  const options = {
    absWorkingDir: ROOT,
    outdir: folder,
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2024",
    minify: true,
    logLevel: "warning",
  } as const;
  await Promise.all([
    build({ ...options, entryPoints: { main: join(PAGE, "main.ts") }, splitting: true }),
    build({ ...options, entryPoints: { worker: join(PAGE, "worker.ts") } }),
  ]);
  // The style of every part comes with the page: those of pieces are the same again.
  renameSync(join(folder, "main.css"), join(folder, "style.css"));
  for (const name of readdirSync(folder)) if (/-[0-9A-Z]{8}\.css$/.test(name)) rmSync(join(folder, name));
}

async function galleryOf(examples: string): Promise<readonly GalleryEntry[]> {
  const names = readdirSync(examples).filter((name) => name.endsWith(".yaml"));
  return Promise.all(names.sort().map((name) => entryOf(join(examples, name))));
}

async function entryOf(path: string): Promise<GalleryEntry> {
  const { opening } = await Effect.runPromise(readOpening(path));
  if (opening.kind !== "scenario") throw new Error(`${path} is no scenario`);
  const { text, files } = opening;
  return { name: basename(path, ".yaml"), ...describe(text), text, files };
}

/** Title and text of a scenario's head comment: its first sentence, and the paragraph that it begins. */
export function describe(text: string): Pick<GalleryEntry, "title" | "about"> {
  const [head = ""] = text.split(/^[^#\n]/m);
  const lines = head.split("\n").filter((line) => !line.startsWith("# yaml-language-server"));
  const comment = lines
    .map((line) => line.replace(/^# ?/, ""))
    .join("\n")
    .trim();
  const [paragraph = ""] = comment.split(/\n\s*\n/);
  const about = paragraph.replace(/\s+/g, " ");
  const [sentence = ""] = about.split(/(?<=[.:;])\s/);
  const title = sentence.replace(/[.:;]$/, "");
  const rest = about.slice(sentence.length).trim();
  const said = sentence.endsWith(":") && rest !== "" ? `${rest.charAt(0).toUpperCase()}${rest.slice(1)}` : about;
  return { title: title.length <= LONGEST_TITLE ? title : `${title.slice(0, LONGEST_TITLE - 4)} ...`, about: said };
}

function sizeOf(path: string): BuiltFile {
  const bytes = readFileSync(path);
  return { name: basename(path), bytes: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
}

function listed(files: readonly BuiltFile[]): string {
  return files.map(({ name, gzip }) => `${name} ${(gzip / 1_000).toFixed(1)} kB`).join(", ");
}

/** Builds, and prints what came of it. */
export async function buildAndTell(folder?: string): Promise<void> {
  const began = performance.now();
  const files = await buildSite(folder);
  const sum = files.reduce((total, { gzip }) => total + gzip, 0);
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  console.log(`explorer: ${(sum / 1_000).toFixed(1)} kB gzip in ${seconds} s (${listed(files)})`);
}

if (process.argv[1] === import.meta.filename) await buildAndTell(process.argv[2]);
