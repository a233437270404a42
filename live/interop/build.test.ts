import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { buildRouter, builtRouter } from "./build.ts";
import { sampleSite, writeSite } from "./site.ts";

const folder = mkdtempSync(join(tmpdir(), "pathloom-interop-"));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));
const unheard = (): void => undefined;

test("without Go the message says what is missing and what to do", async (t) => {
  const built = await buildRouter({ say: unheard, go: join(folder, "no-go"), folder: join(folder, "empty") });
  t.regex(built.ok ? "" : built.error, /^Go is not installed .*Install Go 1\.24 or newer, then run this again$/);
});

test("a build that fails is told with its reason and leaves nothing that looks built", async (t) => {
  if (process.platform === "win32") return void t.log("no shell script stands for go here");
  const go = join(folder, "go");
  writeFileSync(go, '#!/bin/sh\n[ "$1" = version ] && exit 0\necho "dial tcp: no such host" >&2\nexit 1\n');
  chmodSync(go, 0o755);
  const into = join(folder, "failed");
  const built = await buildRouter({ say: unheard, go, folder: into });
  t.regex(
    built.ok ? "" : built.error,
    /^cannot build github\.com\/scionproto\/.*\n {2}dial tcp: no such host\n.*module proxy/,
  );
  t.is(builtRouter(into), null);
});

test("a router's configuration has the key as SCION's files hold it, and every interface", (t) => {
  const site = sampleSite(true);
  const file = writeSite(site, join(folder, "site"));
  const read = (name: string): string => readFileSync(join(folder, "site", name), "utf8");
  t.is(Buffer.from(read("keys/master0.key"), "base64").toString("hex"), site.masterKey);
  const topology = JSON.parse(read("topology.json")) as {
    isd_as: string;
    attributes: string[];
    border_routers: Record<string, { interfaces: Record<string, { link_to: string; isd_as: string }> }>;
  };
  t.is(topology.isd_as, site.ia);
  t.deepEqual(topology.attributes, ["core"]);
  const { interfaces } = Object.values(topology.border_routers)[0] ?? { interfaces: {} };
  t.deepEqual(
    Object.entries(interfaces).map(([ifId, one]) => [Number(ifId), one.link_to, one.isd_as]),
    site.interfaces.map(({ ifId, linkTo, neighbour }) => [ifId, linkTo, neighbour]),
  );
  t.true(file.endsWith("router.toml"));
});

test("wrong options end with usage and exit code 2", (t) => {
  const main = join(import.meta.dirname, "main.ts");
  for (const option of ["--bogus", "--seed=x"]) {
    const { status, stderr } = spawnSync(process.execPath, ["--import=tsx", main, option], { encoding: "utf8" });
    t.is(status, 2);
    t.regex(stderr, /^error: .*\nusage: npm run interop:scion/);
  }
});
