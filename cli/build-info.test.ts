import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { buildInfo, hashSources } from "./build-info.ts";

test("a build is named by its sources, tests and other files left aside", (t) => {
  const root = mkdtempSync(join(tmpdir(), "pathloom-build-"));
  t.teardown(() => rmSync(root, { recursive: true }));
  const write = (path: string, text: string): void => writeFileSync(join(root, path), text);
  for (const folder of ["actors", "core/wire", "sim", "topologies"]) mkdirSync(join(root, folder), { recursive: true });
  write("core/a.ts", "one");
  write("core/wire/b.ts", "two");
  const first = hashSources(root);
  t.regex(first, /^[0-9a-f]{16}$/);

  write("core/a.test.ts", "a test");
  write("sim/notes.md", "notes");
  t.is(hashSources(root), first);

  write("core/wire/b.ts", "three");
  const second = hashSources(root);
  t.not(second, first);

  write("core/a.ts", "");
  write("core/wire/b.ts", "two");
  t.false([first, second].includes(hashSources(root)));
});

test("run from source, the version is the package's", (t) => {
  const { version, build } = buildInfo();
  t.regex(version, /^\d+\.\d+\.\d+/);
  t.is(build, hashSources(join(import.meta.dirname, "..")));
});
