/** JSON Schema, draft 07, of what Pathloom reads: made from the schemas that check the files, in a form that editors take well. */
import * as JsonSchema from "effect/JsonSchema";
import * as Schema from "effect/Schema";
import { PathPolicyFileDocument } from "./scenario/path-policy.ts";
import { ScenarioDocument } from "./scenario/scenario.ts";
import { TopologyFileDocument } from "./scenario/topology.ts";
import { WORDS } from "./scenario/values.ts";

/** The files there are a schema for. */
export const SCHEMAS = {
  scenario: ScenarioDocument,
  topology: TopologyFileDocument,
  policy: PathPolicyFileDocument,
} as const;
export type SchemaName = keyof typeof SCHEMAS;

/** A schema or a part of one: plain JSON. */
export interface SchemaNode {
  readonly [keyword: string]: unknown;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode | readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
  readonly additionalProperties?: SchemaNode | boolean;
}

/** One self-contained value without references; `keep` names annotations beyond JSON Schema's own. */
export function jsonSchemaOf(name: SchemaName, keep: readonly string[] = []): SchemaNode {
  const made = Schema.toJsonSchemaDocument(SCHEMAS[name], {
    onExcessProperty: "error",
    generateDescriptions: false,
    includeAnnotationKey: (key) => key === WORDS || keep.includes(key),
  });
  const { schema } = JsonSchema.toDocumentDraft07(made);
  return { $schema: "http://json-schema.org/draft-07/schema#", ...simplify(schema as SchemaNode) };
}

/** Checks stand beside the type and not below it, and words for a text become its enumeration. */
function simplify(node: SchemaNode): SchemaNode {
  const { allOf = [], [WORDS]: words, ...own } = node as SchemaNode & { readonly allOf?: readonly SchemaNode[] };
  const merged: Record<string, unknown> = {};
  for (const part of [own, ...allOf.map(simplify)]) Object.assign(merged, part);
  for (const key of ["items", "anyOf", "additionalProperties"]) {
    if (merged[key] !== undefined) merged[key] = simplifyEach(merged[key]);
  }
  const properties = own.properties;
  if (properties !== undefined) {
    merged["properties"] = Object.fromEntries(Object.entries(properties).map(([key, of]) => [key, simplify(of)]));
  }
  return Array.isArray(words) ? offerWords(merged, words as readonly string[]) : merged;
}

function simplifyEach(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => simplify(item as SchemaNode));
  return typeof value === "object" && value !== null ? simplify(value as SchemaNode) : value;
}

/** `*` among the words: others are taken as well. */
function offerWords({ type, ...rest }: SchemaNode, words: readonly string[]): SchemaNode {
  const listed = words.filter((word) => word !== "*");
  const choice = { type: type ?? "string", enum: listed };
  return listed.length === words.length ? { ...rest, ...choice } : { ...rest, anyOf: [choice, { type: "string" }] };
}

/** Shorter parts are easier to read in place. */
const LEAST_SHARED_LENGTH = 400;

/** The same schema with parts that stand in several places in `definitions`, each called after the key that holds it. */
export function shareParts(schema: SchemaNode): SchemaNode {
  const uses = new Map<string, number>();
  countParts(schema, uses);
  const names = new Map<string, string>();
  const definitions: Record<string, SchemaNode> = {};
  const share = (node: SchemaNode, key: string, isRoot = false): SchemaNode => {
    const text = JSON.stringify(node);
    const known = names.get(text);
    if (known !== undefined) return { $ref: `#/definitions/${known}` };
    const within = mapParts(node, share, key);
    if (isRoot || text.length < LEAST_SHARED_LENGTH || (uses.get(text) ?? 0) < 2) return within;
    const taken = Object.keys(definitions).filter((name) => name.replace(/-\d+$/, "") === key).length;
    const name = taken === 0 ? key : `${key}-${taken + 1}`;
    names.set(text, name);
    definitions[name] = within;
    return { $ref: `#/definitions/${name}` };
  };
  return { ...share(schema, "root", true), definitions };
}

function countParts(node: SchemaNode, uses: Map<string, number>): void {
  const text = JSON.stringify(node);
  uses.set(text, (uses.get(text) ?? 0) + 1);
  mapParts(
    node,
    (part) => {
      countParts(part, uses);
      return part;
    },
    "",
  );
}

/** A copy of the node with each of its parts put through `change`, which is told the key that the part belongs to. */
function mapParts(node: SchemaNode, change: (part: SchemaNode, key: string) => SchemaNode, key: string): SchemaNode {
  const one = (part: unknown): unknown =>
    typeof part === "object" && part !== null ? change(part as SchemaNode, key) : part;
  const each = (part: unknown): unknown => (Array.isArray(part) ? part.map(one) : one(part));
  const { properties, items, anyOf, additionalProperties } = node;
  return {
    ...node,
    ...(items === undefined ? {} : { items: each(items) as SchemaNode }),
    ...(anyOf === undefined ? {} : { anyOf: each(anyOf) as readonly SchemaNode[] }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: each(additionalProperties) as SchemaNode }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(Object.entries(properties).map(([name, part]) => [name, change(part, name)])),
        }),
  };
}
