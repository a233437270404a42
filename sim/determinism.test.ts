/** One digest whatever runs it: another process, two worker threads at once, and the three Node versions that users have. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import test from "ava";
import { build } from "esbuild";
import { Simulation } from "./simulation.ts";
import { busyAssembly, channelsAssembly, measuringAssembly } from "./test-worlds.ts";

const run = promisify(execFile);
/** There npm is a script, which only a shell runs. */
const WINDOWS = process.platform === "win32";
const ROOT = join(import.meta.dirname, "..");
const CACHE = join(ROOT, "node_modules/.cache");
const BUNDLE = join(CACHE, "determinism.mjs");
/** The oldest that users may have, and the one between it and the project's own. */
const OTHER_VERSIONS = ["22.20.0", "24.19.0"];

/** Prints or posts digests of the busy world with three seeds, of the one whose policies measure, and of the one of channels. */
const PROGRAM = `
import { parentPort } from "node:worker_threads";
import { Simulation } from "./sim/simulation.ts";
import { busyAssembly, channelsAssembly, measuringAssembly } from "./sim/test-worlds.ts";
const assemblies = [...[1, 2, 3].map((seed) => busyAssembly(seed)), measuringAssembly(1), channelsAssembly(1)];
const digests = assemblies.map((assembly) => {
  const world = Simulation.create(assembly);
  world.run(2_000_000_000);
  return world.digest();
});
if (parentPort === null) console.log(digests.join(" "));
else parentPort.postMessage(digests.join(" "));
`;

const here = [...[1, 2, 3].map((seed) => busyAssembly(seed)), measuringAssembly(1), channelsAssembly(1)]
  .map((assembly) => {
    const world = Simulation.create(assembly);
    world.run(2_000_000_000);
    return world.digest();
  })
  .join(" ");

test.before(async () => {
  mkdirSync(CACHE, { recursive: true });
  const stdin = { contents: PROGRAM, resolveDir: ROOT, loader: "ts" as const };
  await build({ stdin, bundle: true, format: "esm", platform: "node", outfile: BUNDLE, logLevel: "error" });
});

/** The npm package `node` brings any version; it is kept for the next run. */
async function nodeBinary(version: string): Promise<string> {
  const prefix = join(CACHE, `node-${version}`);
  const binary = join(prefix, "node_modules/node/bin", WINDOWS ? "node.exe" : "node");
  if (existsSync(binary)) return binary;
  mkdirSync(prefix, { recursive: true });
  await run("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--prefix", prefix, `node@${version}`], {
    cwd: prefix,
    shell: WINDOWS,
  });
  return binary;
}

for (const version of OTHER_VERSIONS) {
  test(`Node ${version} gives the digests of this one`, async (t) => {
    t.timeout(170_000, `installing Node ${version} through npm`);
    const binary = await nodeBinary(version);
    t.is((await run(binary, ["--version"])).stdout.trim(), `v${version}`);
    t.is((await run(binary, [BUNDLE])).stdout.trim(), here);
  });
}

test("another process gives the digests of this one", async (t) => {
  t.is((await run(process.execPath, [BUNDLE])).stdout.trim(), here);
});

test("two workers at once each give the digests of this thread", async (t) => {
  const posted = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(BUNDLE, { execArgv: [] });
      worker.once("message", resolve).once("error", reject);
    });
  t.deepEqual(await Promise.all([posted(), posted()]), [here, here]);
});
