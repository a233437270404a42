/** What can be written at a place of a scenario: keys, words, names and whole items, from the JSON Schema and from what the text and the run name. */
import type { SchemaNode } from "../../../topologies/json-schema.ts";
import { type KnownNames, NAMES_OF_PLACES, type Names, namesOfText } from "./completion-names.ts";
import { branchesOf, fitting, isObject, schemasAt, typeText, wordOf } from "./schema-walk.ts";
import { type Place, placeAt } from "./yaml-place.ts";

export interface Offer {
  readonly label: string;
  readonly kind: "key" | "word" | "name" | "item";
  /** Type and default: "duration, default 600ms". */
  readonly detail: string;
  readonly info: string;
  /** To be written: `${...}` are gaps to fill in, in the form of CodeMirror's snippets. Lines after the first are indented from the line that the first stands in. */
  readonly insert: string;
  /** Keys that must be there, and what is most likely, first. */
  readonly rank: number;
}

/** They take the place of the text from `from` to `to`. */
export interface Offers {
  readonly from: number;
  readonly to: number;
  readonly offers: readonly Offer[];
}

/** null: nothing is known of this place. */
export function completionsAt(schema: SchemaNode, text: string, offset: number, names: Names): Offers | null {
  const place = placeAt(text, offset);
  if (place === null) return null;
  const lineIndent = indentAt(text, place.from);
  const offers = offersFor(schema, place, names, lineIndent);
  return offers.length === 0 ? null : { from: place.from, to: place.to, offers };
}

/** What the schema says of the key or value at a place. */
export interface Explained {
  readonly from: number;
  readonly to: number;
  readonly title: string;
  readonly detail: string;
  readonly text: string;
}

export function explainAt(schema: SchemaNode, text: string, offset: number): Explained | null {
  const place = placeAt(text, offset);
  if (place === null || place.role === "item" || place.from >= place.to) return null;
  const key = unquoted(place.text);
  if (place.role === "key" && place.within !== null) {
    const steps = [...place.steps, { map: place.within, key }];
    return explain(schema, place, key, schemasAt(schema, steps));
  }
  const last = place.steps.findLast((step) => "map" in step);
  return explain(schema, place, last?.key ?? key, schemasAt(schema, place.steps));
}

function explain(root: SchemaNode, place: Place, title: string, nodes: readonly SchemaNode[]): Explained | null {
  const [first] = nodes;
  if (first === undefined) return null;
  const texts = [...new Set(nodes.map(({ description }) => description ?? ""))].filter((text) => text !== "");
  if (texts.length === 0) return null;
  return { from: place.from, to: place.to, title, detail: detailOf(root, first), text: texts.join("\n") };
}

function offersFor(root: SchemaNode, place: Place, names: Names, lineIndent: number): readonly Offer[] {
  const known: KnownNames = { ...names, ...namesOfText(place.root) };
  if (place.role === "key") return offerKeys(root, place, schemasAt(root, place.steps), lineIndent);
  const nodes = schemasAt(root, place.steps);
  if (place.role === "item") return offerItems(root, nodes, lineIndent, "- ", place.column + 2);
  const values = [...offerNames(place, known), ...offerWords(root, nodes)];
  if (place.role === "value") return unique(values);
  const last = place.steps.at(-1);
  const keys = offerKeys(root, place, nodes, lineIndent);
  if (last !== undefined && "list" in last) {
    return unique([...values, ...offerItems(root, nodes, lineIndent, "", place.column + 2), ...keys]);
  }
  const within = columnOf(place, lineIndent);
  const lists = branchesOf(root, nodes).filter(({ items }) => items !== undefined && !Array.isArray(items));
  const items = lists.flatMap(({ items }) => offerItems(root, [items as SchemaNode], lineIndent, "- ", within + 2));
  return unique([...keys, ...items, ...values]);
}

/** Where keys would stand that begin at a value's place. */
function columnOf({ steps }: Place, lineIndent: number): number {
  const last = steps.at(-1);
  return last !== undefined && "list" in last ? last.list.column + 2 : lineIndent;
}

function offerKeys(root: SchemaNode, place: Place, nodes: readonly SchemaNode[], lineIndent: number): readonly Offer[] {
  const written = unquoted(place.text);
  const map = place.within ?? { kind: "map", entries: [], flow: false, column: columnOf(place, lineIndent) };
  const taken = new Set(map.entries.filter(({ key }) => key.from !== place.from).map(({ key }) => key.text));
  const offers = fitting(branchesOf(root, nodes), map, written).flatMap(({ properties = {}, required = [] }) =>
    Object.entries(properties).flatMap(([key, node], index) => {
      if (taken.has(key)) return [];
      const isNeeded = required.includes(key);
      const detail = `${detailOf(root, node)}${isNeeded ? ", needed" : ""}`;
      const isWritten = map.entries.some(({ key: { from }, closed }) => from === place.from && closed);
      const insert = isWritten ? escapeGaps(key) : keyInsert(root, key, node, map.flow, map.column - lineIndent);
      const rank = (isNeeded ? 100 : 50) - index / 100;
      return [{ label: key, kind: "key" as const, detail, info: node.description ?? "", insert, rank }];
    }),
  );
  return unique(offers);
}

/** With what must follow: a list or a mapping begins on the next line, within brackets it opens brackets. */
function keyInsert(root: SchemaNode, key: string, node: SchemaNode, flow: boolean, indent: number): string {
  const branches = branchesOf(root, [node]);
  const inner = `\n${" ".repeat(indent + 2)}`;
  if (branches.every(({ type }) => type === "array")) return flow ? `${key}: [\${}]` : `${key}:${inner}- \${}`;
  if (branches.every(isObject)) return flow ? `${key}: { \${} }` : `${key}:${inner}\${}`;
  return `${key}: \${}`;
}

function offerWords(root: SchemaNode, nodes: readonly SchemaNode[]): readonly Offer[] {
  return branchesOf(root, nodes).flatMap((branch) => {
    const words = branch.enum ?? (branch.type === "boolean" ? [true, false] : []);
    const known = [...words, ...(branch.default === undefined ? [] : [branch.default]), ...(branch.examples ?? [])];
    return known.flatMap((word, index) => {
      if (typeof word === "object") return [];
      const isDefault = word === branch.default;
      const detail = isDefault ? "default" : words.includes(word) ? "" : "example";
      const info = words.length === 1 || isDefault ? (branch.description ?? "") : "";
      return [
        {
          label: String(word),
          kind: "word" as const,
          detail,
          info,
          insert: scalarText(word),
          rank: (isDefault ? 60 : 50) - index / 100,
        },
      ];
    });
  });
}

function offerNames({ steps, text }: Place, names: KnownNames): readonly Offer[] {
  const keys = steps.flatMap((step) => ("map" in step ? [step.key] : []));
  const isQuoted = /^["']/.test(text);
  return NAMES_OF_PLACES.filter(({ at }) => at(keys)).flatMap(({ what, detail }) =>
    names[what].map((name, index) => {
      const insert = isQuoted ? JSON.stringify(name) : scalarText(name);
      return { label: name, kind: "name" as const, detail, info: "", insert, rank: 70 - index / 1000 };
    }),
  );
}

/** Whole items with the keys that they must have, one for each kind. `column`: where the item's keys stand. */
function offerItems(
  root: SchemaNode,
  nodes: readonly SchemaNode[],
  lineIndent: number,
  dash: string,
  column: number,
): readonly Offer[] {
  const inner = `\n${" ".repeat(Math.max(0, column - lineIndent))}`;
  return branchesOf(root, nodes).flatMap((branch, index) => {
    if (!isObject(branch)) return dash === "" ? [] : [offerBareItem(root, branch, dash)];
    const kind = wordOf(branch);
    const keys = branch.required ?? [];
    const first = kind === null || keys.includes(kind.key) ? keys : [kind.key, ...keys];
    const lines = first.map((key) => (key === kind?.key ? `${key}: ${kind.word}` : itemLine(root, branch, key)));
    const body = lines.length === 0 ? `\${}` : lines.join(inner);
    const info = (kind === null ? branch.description : branch.properties?.[kind.key]?.description) ?? "";
    const label = `${dash}${kind === null ? first.join(", ") || "..." : kind.word}`;
    if (dash === "" && kind === null && first.length < 2) return [];
    return [{ label, kind: "item" as const, detail: "item", info, insert: `${dash}${body}`, rank: 40 - index / 100 }];
  });
}

function itemLine(root: SchemaNode, { properties = {} }: SchemaNode, key: string): string {
  const branches = branchesOf(root, [properties[key] ?? {}]);
  const isList = branches.every(({ type }) => type === "array");
  if (isList) return `${key}: [\${}]`;
  return branches.every(isObject) ? `${key}: { \${} }` : `${key}: \${}`;
}

function offerBareItem(root: SchemaNode, branch: SchemaNode, dash: string): Offer {
  const detail = typeText(root, branch);
  return {
    label: `${dash}${detail}`,
    kind: "item",
    detail: "item",
    info: branch.description ?? "",
    insert: `${dash}\${}`,
    rank: 30,
  };
}

function detailOf(root: SchemaNode, node: SchemaNode): string {
  const standard = node.default;
  const shown =
    standard === undefined
      ? ""
      : `, default ${typeof standard === "object" ? JSON.stringify(standard) : String(standard)}`;
  return `${typeText(root, node)}${shown}`;
}

/** In quotes where YAML would read something else. */
function scalarText(value: unknown): string {
  const text = String(value);
  const isPlain =
    typeof value !== "string" || (/^[A-Za-z0-9][\w./:+-]*$/.test(text) && !/^(true|false|null|[\d.]+)$/.test(text));
  return escapeGaps(isPlain ? text : JSON.stringify(text));
}

function escapeGaps(text: string): string {
  return text.replaceAll(/([#$])\{/g, "$1\\{");
}

function unquoted(text: string): string {
  return text.replaceAll(/^["']|["']$/g, "");
}

/** The first of each label. */
function unique(offers: readonly Offer[]): readonly Offer[] {
  const seen = new Map<string, Offer>();
  for (const offer of offers) if (!seen.has(offer.label)) seen.set(offer.label, offer);
  return [...seen.values()];
}

function indentAt(text: string, offset: number): number {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  return /^[ ]*/.exec(text.slice(start, offset))?.[0].length ?? 0;
}
