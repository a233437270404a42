/** Which parts of a JSON Schema hold at a place of a text: follows properties, items and references, and drops alternatives that what is written rules out. */
import type { SchemaNode } from "../../../topologies/json-schema.ts";
import type { Step } from "./yaml-place.ts";
import type { YamlMap, YamlNode } from "./yaml-tree.ts";

/** A text that can be followed no further gives no schema. */
const NONE: readonly SchemaNode[] = [];

/** The alternatives for the value that `steps` lead to. */
export function schemasAt(root: SchemaNode, steps: readonly Step[]): readonly SchemaNode[] {
  let nodes: readonly SchemaNode[] = [root];
  for (const step of steps) {
    nodes = "map" in step ? intoMap(root, nodes, step.map, step.key) : intoList(root, nodes, step.item);
  }
  return nodes;
}

function intoMap(root: SchemaNode, nodes: readonly SchemaNode[], map: YamlMap, key: string): readonly SchemaNode[] {
  return fitting(branchesOf(root, nodes), map, key).flatMap(({ properties, additionalProperties }) => {
    const own = properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (own !== undefined) return [own];
    return typeof additionalProperties === "object" ? [additionalProperties] : NONE;
  });
}

function intoList(root: SchemaNode, nodes: readonly SchemaNode[], item: number): readonly SchemaNode[] {
  return branchesOf(root, nodes).flatMap(({ items }) => {
    if (items === undefined) return NONE;
    if (!Array.isArray(items)) return [items as SchemaNode];
    const one = (items as readonly SchemaNode[])[item];
    return one === undefined ? NONE : [one];
  });
}

/** Each alternative by itself, references followed; what stands beside `anyOf` is handed down where the alternative does not say it. */
export function branchesOf(root: SchemaNode, nodes: readonly SchemaNode[]): readonly SchemaNode[] {
  return nodes.flatMap((node) => {
    const whole = follow(root, node);
    if (whole.anyOf === undefined) return [whole];
    const { anyOf, ...around } = whole;
    return branchesOf(root, anyOf).map((branch) => ({ ...around, ...branch }));
  });
}

function follow(root: SchemaNode, node: SchemaNode): SchemaNode {
  const name = /^#\/definitions\/(.+)$/.exec(String(node["$ref"] ?? ""))?.[1];
  if (name === undefined) return node;
  const definitions = root["definitions"] as Readonly<Record<string, SchemaNode>> | undefined;
  const { $ref: _, ...around } = node;
  return { ...definitions?.[name], ...around };
}

/** The objects among `branches` that the mapping may be: those its words (`app: ping`) allow and, of these, those that know its keys. */
export function fitting(branches: readonly SchemaNode[], map: YamlMap, written: string): readonly SchemaNode[] {
  const objects = branches.filter(isObject);
  const allowed = objects.filter(
    (branch) => !map.entries.some(({ key, value }) => rulesOut(branch, key.text, value, written)),
  );
  const left = allowed.length > 0 ? allowed : objects;
  const knowing = left.filter((branch) =>
    map.entries.every(({ key, closed }) => !closed || key.text === written || knows(branch, key.text)),
  );
  return knowing.length > 0 ? knowing : left;
}

export function isObject({ properties, additionalProperties }: SchemaNode): boolean {
  return properties !== undefined || typeof additionalProperties === "object";
}

function knows({ properties, additionalProperties }: SchemaNode, key: string): boolean {
  return typeof additionalProperties === "object" || (properties !== undefined && Object.hasOwn(properties, key));
}

/** The key that is being written says nothing yet. */
function rulesOut(branch: SchemaNode, key: string, value: YamlNode | null, written: string): boolean {
  const words = branch.properties?.[key]?.enum;
  if (words === undefined || words.length !== 1 || key === written) return false;
  return value?.kind === "scalar" && value.text !== "" && String(words[0]) !== value.text;
}

/** The property whose one word tells this alternative from others: `app`, `event`, `model`. */
export function wordOf(branch: SchemaNode): { readonly key: string; readonly word: string } | null {
  for (const [key, { enum: words }] of Object.entries(branch.properties ?? {})) {
    if (words?.length === 1) return { key, word: String(words[0]) };
  }
  return null;
}

/** In words: "duration", "number 0 to 1", "list", "one of both, from, to". */
export function typeText(root: SchemaNode, node: SchemaNode): string {
  return [...new Set(branchesOf(root, [node]).map(branchText))].join(" | ");
}

const UNITS: readonly (readonly [RegExp, string])[] = [
  [/ns\|us\|ms/, "duration"],
  [/bit\\?\/s/, "rate"],
  [/KiB/, "size"],
  [/%/, "share"],
];

function branchText(branch: SchemaNode): string {
  if (branch.enum !== undefined) return branch.enum.length > 4 ? "word" : branch.enum.join(" | ");
  if (branch.type === "array") return "list";
  if (isObject(branch)) return wordOf(branch)?.word ?? "mapping";
  const pattern = typeof branch["pattern"] === "string" ? branch["pattern"] : "";
  const unit = UNITS.find(([match]) => match.test(pattern));
  if (unit !== undefined) return unit[1];
  const { minimum, maximum } = branch as { readonly minimum?: number; readonly maximum?: number };
  const isBound = maximum !== undefined && maximum <= 1_000_000_000;
  const range = minimum !== undefined && isBound ? ` ${minimum} to ${maximum}` : "";
  return `${branch.type === "string" ? "text" : (branch.type ?? "anything")}${range}`;
}
