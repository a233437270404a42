/** For tests: tables of the keys that a schema has, as the documentation shows them. */
import { stringify } from "yaml";
import type { SchemaNode } from "./json-schema.ts";

/** Forms that a value may take, those of forms included. */
export function formsOf(node: SchemaNode): readonly SchemaNode[] {
  return node.anyOf === undefined ? [node] : node.anyOf.flatMap(formsOf);
}

function itemsOf({ items }: SchemaNode): readonly SchemaNode[] {
  if (items === undefined) return [];
  return (Array.isArray(items) ? (items as readonly SchemaNode[]) : [items as SchemaNode]).flatMap(formsOf);
}

function valuesOf({ additionalProperties: values }: SchemaNode): readonly SchemaNode[] {
  return typeof values === "object" ? formsOf(values) : [];
}

/** The mappings that stand at `path` (`flows[].policy`, `topology.ases.*`). */
export function mappingsAt(root: SchemaNode, path: string): readonly SchemaNode[] {
  const steps = path === "" ? [] : path.replaceAll("[]", ".[]").split(".");
  const found = steps.reduce<readonly SchemaNode[]>(
    (nodes, step) =>
      nodes.flatMap((node) => {
        if (step === "[]") return itemsOf(node);
        if (step === "*") return valuesOf(node);
        const property = node.properties?.[step];
        return property === undefined ? [] : formsOf(property);
      }),
    formsOf(root),
  );
  return found.filter(({ properties }) => properties !== undefined);
}

/** Every mapping with its path, those of mappings included. */
export function allMappings(node: SchemaNode, path = ""): readonly (readonly [string, SchemaNode])[] {
  return formsOf(node).flatMap((form) => {
    const own = form.properties === undefined ? [] : [[path, form] as const];
    const below = Object.entries(form.properties ?? {}).flatMap(([key, property]) =>
      allMappings(property, path === "" ? key : `${path}.${key}`),
    );
    const items = itemsOf(form).flatMap((item) => allMappings(item, `${path}[]`));
    const values = valuesOf(form).flatMap((value) => allMappings(value, `${path}.*`));
    return [...own, ...below, ...items, ...values];
  });
}

function inline(value: unknown): string {
  return stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trim();
}

/** What may stand there, with its unit: the schema's own words, or its list of words. */
function typeOf(node: SchemaNode): string {
  const words = node.enum?.map((word) => `\`${String(word)}\``);
  if (words !== undefined) return words.length > 12 ? `${words.slice(0, 12).join(", ")}, ...` : words.join(", ");
  const expected = node["expected"];
  if (typeof expected === "string") return expected;
  return formsOf(node).length > 1 ? formsOf(node).map(typeOf).join(" or ") : String(node.type ?? "any");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function row(mapping: SchemaNode, key: string): string {
  const node = mapping.properties?.[key] ?? {};
  const isRequired = mapping.required?.includes(key) === true;
  const byDefault = node.default === undefined ? "" : `\`${inline(node.default)}\``;
  const example = (node.examples ?? []).map((value) => `\`${inline(value)}\``).join(", ");
  const cells = [`\`${key}\``, typeOf(node), isRequired ? "must be given" : byDefault, example, node.description ?? ""];
  return `| ${cells.map(cell).join(" | ")} |`;
}

export function rowsOf(mapping: SchemaNode): readonly string[] {
  return Object.keys(mapping.properties ?? {}).map((key) => row(mapping, key));
}

const HEAD = ["| key | type and unit | default | example | meaning |", "|---|---|---|---|---|"];

/**
 * The table of a marker: `PATH` for what all forms there have in common, `PATH KEY=WORD` or `PATH with KEY` for what one form
 * has beyond that.
 */
export function tableOf(root: SchemaNode, marker: string): string {
  const [path = "", ...choice] = marker.replace(/^\.$/, "").split(" ");
  const mappings = mappingsAt(root, path);
  if (mappings.length === 0) throw new Error(`no mapping stands at ${marker}`);
  const [first = [], ...others] = mappings.map(rowsOf);
  const common = first.filter((line) => others.every((rows) => rows.includes(line)));
  if (choice.length === 0) return [...HEAD, ...common].join("\n");
  const chosen = mappings.filter((mapping) => isChosen(mapping, choice.join(" ")));
  const [form] = chosen;
  if (form === undefined) throw new Error(`no form is ${marker}`);
  return [...HEAD, ...rowsOf(form).filter((line) => !common.includes(line))].join("\n");
}

function isChosen({ properties = {} }: SchemaNode, choice: string): boolean {
  const having = /^with (\S+)$/.exec(choice)?.[1];
  if (having !== undefined) return Object.hasOwn(properties, having);
  const [key = "", word] = choice.split("=");
  return properties[key]?.enum?.includes(word) === true;
}

const MARKER = /<!-- keys: (.*?) -->\n[^]*?<!-- end -->/g;

/** The page with the tables of its markers made anew. */
export function withTables(page: string, root: SchemaNode): string {
  return page.replace(
    MARKER,
    (_, marker: string) => `<!-- keys: ${marker} -->\n${tableOf(root, marker)}\n<!-- end -->`,
  );
}

/** Every key once, by its path; what stands in several places is told in full at the first. */
export function listKeys(root: SchemaNode): readonly string[] {
  const told = new Map<string, string>();
  const walk = (node: SchemaNode, path: string): string[] =>
    formsOf(node).flatMap((form) => {
      const inner = [
        ...itemsOf(form).map((item) => [item, `${path}[]`] as const),
        ...valuesOf(form).map((value) => [value, `${path}.*`] as const),
      ];
      const text = JSON.stringify(form);
      const before = form.properties === undefined ? undefined : told.get(text);
      if (before !== undefined) return before === path ? [] : [`| \`${path}.*\` | | as \`${before}\` |`];
      if (form.properties !== undefined) told.set(text, path);
      const own = Object.entries(form.properties ?? {}).flatMap(([key, property]) => {
        const name = path === "" ? key : `${path}.${key}`;
        const words = formsOf(property).flatMap(({ enum: of }) => of ?? []);
        const listed =
          words.length === 0 || words.length > 12
            ? ""
            : `. One of: ${words.map((word) => `\`${String(word)}\``).join(", ")}`;
        const must = form.required?.includes(key) === true ? "yes" : "";
        return [
          `| \`${name}\` | ${must} | ${cell(`${property.description ?? ""}${listed}`)} |`,
          ...walk(property, name),
        ];
      });
      return [...own, ...inner.flatMap(([part, name]) => walk(part, name))];
    });
  return [...new Set(walk(root, ""))];
}
