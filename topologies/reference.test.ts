/** docs/reference.md is made from the schema: `npm run docs` writes it, this test compares it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { Schema } from "effect";
import { ScenarioDocument } from "./schema.ts";

const PAGE = join(import.meta.dirname, "../docs/reference.md");

interface Node {
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node | false;
  readonly anyOf?: readonly Node[];
}

function alternatives(node: Node): readonly Node[] {
  return node.anyOf === undefined ? [node] : node.anyOf.flatMap(alternatives);
}

/** One row a field, fields of fields below it. */
function rows(name: string, node: Node, required: boolean): string[] {
  const forms = alternatives(node);
  const text = node.description ?? forms.find(({ description }) => description !== undefined)?.description ?? "";
  const values = forms.flatMap((form) => form.enum ?? []).map((value) => `\`${String(value)}\``);
  const of = values.length > 0 ? `${text}${text === "" ? "" : ". "}One of: ${values.join(", ")}` : text;
  const own = `| \`${name}\` | ${required ? "yes" : ""} | ${of.replaceAll("|", "\\|")} |`;
  return [own, ...forms.flatMap((form) => fields(form, name))];
}

function fields(node: Node, name: string): string[] {
  const { items, properties, required } = node;
  if (items !== undefined && items !== false) return alternatives(items).flatMap((form) => fields(form, `${name}[]`));
  const prefix = name === "" ? "" : `${name}.`;
  return Object.entries(properties ?? {}).flatMap(([key, of]) =>
    rows(`${prefix}${key}`, of, required?.includes(key) === true),
  );
}

function page(): string {
  const { schema } = Schema.toJsonSchemaDocument(ScenarioDocument);
  const all = fields(schema as Node, "");
  return [
    "# Reference: the scenario file",
    "",
    "Made from the schema that checks the file (`topologies/schema.ts`). Durations read `250ms`, `10s`, `2min`; rates `100Mbit/s`;",
    "sizes `1200B`, `4MiB`; shares `0.01` or `1%`. A key that is not listed here is an error.",
    "",
    "| field | must be given | meaning |",
    "|---|---|---|",
    ...new Set(all),
    "",
  ].join("\n");
}

test("docs/reference.md is what the schema says", (t) => {
  if (process.env["PATHLOOM_WRITE_DOCS"] === "1") writeFileSync(PAGE, page());
  t.is(readFileSync(PAGE, "utf8"), page());
});

test("every field has a description", (t) => {
  const empty = page()
    .split("\n")
    .filter((line) => line.startsWith("| `") && /\|\s*\|$/.test(line));
  t.deepEqual(empty, []);
});
