/** The explorer's static site: whole, small, the same each time, and for any host and path. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { buildSite, describe } from "./build-site.ts";
import type { GalleryEntry } from "./viz/page/gallery/gallery.ts";

const ROOT = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), "pathloom-site-"));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

test("built twice, the site is the same, below its bound, of nothing but its own files", async (t) => {
  t.timeout(120_000);
  const [first, second] = [join(folder, "one"), join(folder, "two")];
  const files = await buildSite(first);
  await buildSite(second);
  const names = readdirSync(first).sort();
  // Beside these only parts of the page that are loaded when they are first seen.
  const known = ["gallery.json", "index.html", "main.js", "open.json", "schema.json", "style.css", "worker.js"];
  t.deepEqual(
    known.filter((name) => !names.includes(name)),
    [],
  );
  t.deepEqual(
    names.filter((name) => !known.includes(name) && !/^[\w-]+-[A-Z0-9]{8}\.js$/.test(name)),
    [],
  );
  t.deepEqual(readdirSync(second).sort(), names);
  const atFirst = files.filter(({ name }) => !/^(editor-|schema\.json)/.test(name));
  t.true(atFirst.reduce((sum, { gzip }) => sum + gzip, 0) < 600_000);
  for (const name of names) {
    const text = readFileSync(join(first, name), "utf8");
    t.is(text, readFileSync(join(second, name), "utf8"), name);
    t.false(text.includes(ROOT), `${name} names the folder it was built in`);
    t.false(/sourceMappingURL/.test(text), name);
  }
  const page = readFileSync(join(first, "index.html"), "utf8");
  t.regex(page, /http-equiv="Content-Security-Policy"/);
  const named = [...page.matchAll(/\b(?:src|href)="([^"]+)"/g)].map(([, address = ""]) => address);
  t.true(named.length > 2);
  for (const address of named) t.true(address.startsWith("data:") || names.includes(address), address);
});

test("the gallery holds every scenario of examples/, with the files it names", async (t) => {
  t.timeout(120_000);
  await buildSite(join(folder, "gallery"));
  const gallery = JSON.parse(readFileSync(join(folder, "gallery/gallery.json"), "utf8")) as GalleryEntry[];
  const examples = readdirSync(join(ROOT, "examples")).filter((name) => name.endsWith(".yaml"));
  t.deepEqual(
    gallery.map(({ name }) => `${name}.yaml`),
    examples.sort(),
  );
  t.true(gallery.every(({ title, about }) => title !== "" && title.length <= 100 && about !== ""));
  const files = gallery.flatMap((entry) => Object.keys(entry.files));
  t.deepEqual(files, ["12-changing-rate.trace", "16-outages.topo"]);
});

test("title and text come from the head comment's first paragraph", (t) => {
  const text =
    "# yaml-language-server: $schema=x\n#\n# Two ways: one fast,\n# one slow. More.\n#\n# Not this.\nname: a\n# nor this\n";
  t.deepEqual(describe(text), { title: "Two ways", about: "One fast, one slow. More." });
  t.deepEqual(describe("name: a\n"), { title: "", about: "" });
});
