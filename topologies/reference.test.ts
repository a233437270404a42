/**
 * docs/reference.md and the tables of docs/scenarios.md are made from the schema: `npm run docs` writes them, these tests
 * compare them, and find keys that no table has.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { jsonSchemaOf } from "./json-schema.ts";
import { allMappings, listKeys, rowsOf, withTables } from "./reference-testing.ts";

const docs = (name: string): string => join(import.meta.dirname, "../docs", name);
const [REFERENCE, SCENARIOS] = [docs("reference.md"), docs("scenarios.md")];
const schema = jsonSchemaOf("scenario", ["expected"]);
const isWriting = process.env["PATHLOOM_WRITE_DOCS"] === "1";

function reference(): string {
  return [
    "# Reference: every key of the scenario file",
    "",
    "Made from the schemas that check the file (`topologies/scenario/`). [Scenarios](scenarios.md) has types, units, defaults and examples.",
    "A key that is not listed here is an error. `[]` stands for the items of a list, `*` for names of one's own.",
    "",
    "| field | must be given | meaning |",
    "|---|---|---|",
    ...listKeys(schema),
    "",
  ].join("\n");
}

test("docs/reference.md is what the schema says", (t) => {
  if (isWriting) writeFileSync(REFERENCE, reference());
  t.is(readFileSync(REFERENCE, "utf8"), reference());
});

test("every field has a description", (t) => {
  const empty = reference()
    .split("\n")
    .filter((line) => line.startsWith("| `") && /\|\s*\|$/.test(line));
  t.deepEqual(empty, []);
});

test("the tables of docs/scenarios.md are what the schema says: every key documented is one", (t) => {
  const page = readFileSync(SCENARIOS, "utf8");
  const made = withTables(page, schema);
  if (isWriting) writeFileSync(SCENARIOS, made);
  t.is(readFileSync(SCENARIOS, "utf8"), made);
});

test("every key of the schema is documented in docs/scenarios.md", (t) => {
  const page = new Set(readFileSync(SCENARIOS, "utf8").split("\n"));
  const missing = allMappings(schema).flatMap(([path, mapping]) =>
    rowsOf(mapping).flatMap((line) => (page.has(line) ? [] : [`${path}: ${line}`])),
  );
  t.deepEqual([...new Set(missing)], []);
});
