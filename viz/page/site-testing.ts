/** For tests: the explorer's page built into a temporary folder and served, and single panels on a page of their own. */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { type BuildOptions, build } from "esbuild";
import { jsonSchemaOf, shareParts } from "../../topologies/json-schema.ts";

const PAGE = import.meta.dirname;
const ROOT = join(PAGE, "../..");
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".map": "application/json",
};

/** Without `keepNames`, which would cost a call for every function that is made, those of XState's transitions too. */
const OPTIONS = {
  absWorkingDir: ROOT,
  bundle: true,
  format: "esm",
  platform: "browser",
  target: "es2024",
  minify: true,
  sourcemap: "inline",
  logLevel: "warning",
} as const satisfies BuildOptions;

/** A folder that is served; `close` ends it and removes the folder. */
export interface Served {
  /** With a slash at its end. */
  readonly url: string;
  readonly folder: string;
  close(): Promise<void>;
}

export interface GalleryFile {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly text: string;
  readonly files: Readonly<Record<string, string>>;
}

/** The whole explorer, with these scenarios in its gallery. */
export async function serveSite(
  gallery: readonly GalleryFile[] = [example("31-explore"), example("02-failover")],
): Promise<Served> {
  const folder = temporaryFolder();
  await Promise.all([
    build({ ...OPTIONS, outdir: folder, splitting: true, entryPoints: { main: join(PAGE, "main.ts") } }),
    build({ ...OPTIONS, outdir: folder, entryPoints: { worker: join(PAGE, "worker.ts") } }),
  ]);
  renameSync(join(folder, "main.css"), join(folder, "style.css"));
  writeFileSync(join(folder, "index.html"), readFileSync(join(PAGE, "index.html")));
  writeFileSync(join(folder, "gallery.json"), JSON.stringify(gallery));
  writeFileSync(join(folder, "open.json"), "null");
  writeFileSync(join(folder, "schema.json"), JSON.stringify(shareParts(jsonSchemaOf("scenario"))));
  return serve(folder);
}

/** An example of this repository as the gallery has it. */
export function example(name: string): GalleryFile {
  const text = readFileSync(join(ROOT, `examples/${name}.yaml`), "utf8");
  return { name, title: name, about: "", text, files: {} };
}

/**
 * A page that holds `<main id="root">` and runs `entrySource`: TypeScript whose imports are relative to `viz/page`
 * (`import { mountMap } from "./map/map.ts"`). Styles that it imports are applied.
 */
export async function harness(entrySource: string): Promise<Served> {
  const folder = temporaryFolder();
  await build({
    ...OPTIONS,
    outfile: join(folder, "main.js"),
    stdin: { contents: `import "./style/base.css";\n${entrySource}`, resolveDir: PAGE, loader: "ts" },
  });
  writeFileSync(
    join(folder, "index.html"),
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Harness</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="main.css"><main id="root"></main><script type="module" src="main.js"></script></html>`,
  );
  return serve(folder);
}

function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "pathloom-page-"));
}

/** Serves a folder on a free port of this computer; `close` removes it. */
function serve(folder: string): Promise<Served> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    const name = normalize(path === "/" ? "/index.html" : path);
    try {
      const body = readFileSync(join(folder, name));
      response.writeHead(200, { "content-type": TYPES[extname(name)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  const close = (): Promise<void> => {
    server.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
    return new Promise((done) => server.close(() => done()));
  };
  return new Promise((done) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      done({ url: `http://127.0.0.1:${port}/`, folder, close });
    });
  });
}
