/**
 * Builds what is published: the command line (`dist/pathloom.js` with its worker), the library (`dist/index.js`),
 * its types, the schema of scenarios that the examples name for editors, and the explorer's site (build-site.ts). Run it with `npm run build`; `npm ci` does so too.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type BuildOptions, build } from "esbuild";
import { buildAndTell } from "./build-site.ts";
import { hashSources, libraryVersions, workerHash } from "./cli/build-info.ts";

const ROOT = import.meta.dirname;
const ENTRIES = { pathloom: "cli/main.ts", worker: "cli/runner/worker.ts", index: "index.ts", live: "live/index.ts" };
const HASHBANG = "#!/usr/bin/env node";

/** Bundled CommonJS packages ask for Node's own modules with `require`, which an ES module lacks. */
const REQUIRE_SHIM = `import { createRequire as __createRequire } from "node:module";
const require = __createRequire(import.meta.url);`;

checkEntries();
rmSync(join(ROOT, "dist"), { recursive: true, force: true });
const shared = sharedOptions();
const { pathloom, worker, index, live } = ENTRIES;
await Promise.all([
  build(program(shared, { pathloom })),
  // Names would be kept by a call for every function made, those within XState's for each of its transitions too.
  build({ ...program(shared, { worker }), keepNames: false }),
  build(library(shared, { index, live })),
]);
writeFileSync(join(ROOT, "dist/worker.hash"), workerHash(ROOT));
chmodSync(join(ROOT, "dist/pathloom.js"), 0o755);
emitTypes();
emitSchema();
await buildAndTell();

function checkEntries(): void {
  const missing = Object.values(ENTRIES).filter((path) => !existsSync(join(ROOT, path)));
  if (missing.length > 0) fail(`entry points are missing: ${missing.join(", ")}`);
  const [firstLine] = readFileSync(join(ROOT, ENTRIES.pathloom), "utf8").split("\n");
  if (firstLine !== HASHBANG) fail(`${ENTRIES.pathloom} must begin with the line ${HASHBANG}`);
}

function sharedOptions(): BuildOptions {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  return {
    absWorkingDir: ROOT,
    outdir: "dist",
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node22.20",
    keepNames: true,
    sourcemap: "linked",
    sourcesContent: false,
    logLevel: "warning",
    define: {
      PATHLOOM_VERSION: JSON.stringify(version),
      PATHLOOM_BUILD: JSON.stringify(hashSources(ROOT)),
      PATHLOOM_LIBRARIES: JSON.stringify(libraryVersions(ROOT)),
    },
  };
}

type Entries = Readonly<Record<string, string>>;

/**
 * Everything in, so that one file starts fast. What only some commands need is split off at their dynamic imports;
 * those chunks lie beside the entries, so that a path relative to `import.meta.url` holds in all of them. The command line and
 * its worker are built apart: split together they come in pieces by who needs what, 47 files to load for every run.
 */
function program(options: BuildOptions, entryPoints: Entries): BuildOptions {
  return {
    ...options,
    entryPoints,
    splitting: true,
    chunkNames: "[name]-[hash]",
    banner: { js: REQUIRE_SHIM },
  };
}

/** Dependencies stay outside: a program that uses XState itself must share its copy with the library. */
function library(options: BuildOptions, entryPoints: Entries): BuildOptions {
  return {
    ...options,
    entryPoints,
    splitting: true,
    packages: "external",
  };
}

function emitTypes(): void {
  const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
  try {
    execFileSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], { cwd: ROOT, stdio: "inherit" });
  } catch {
    fail("the library's types could not be written (see above)");
  }
}

function emitSchema(): void {
  const schema = execFileSync(process.execPath, [join(ROOT, "dist/pathloom.js"), "schema"]);
  writeFileSync(join(ROOT, "dist/scenario.schema.json"), schema);
}

function fail(reason: string): never {
  console.error(`build: ${reason}`);
  process.exit(1);
}
