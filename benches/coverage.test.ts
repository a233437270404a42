/** The tables that docs/validation.md publishes are those that are computed. */
import test from "ava";
import { readFileSync } from "node:fs";
import { coverageTable } from "./coverage.ts";

test("docs/validation.md has the coverage that is found", (t) => {
  const text = readFileSync(new URL("../docs/validation.md", import.meta.url), "utf8");
  const table = coverageTable("large").join("\n");
  t.true(text.includes(`\n${table}\n`), `npm run bench -- coverage prints another table:\n${table}`);
});
