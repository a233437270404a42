/** The JSON Schema is valid draft 07, takes what is sound and refuses what is not. */
import { readdirSync, readFileSync } from "node:fs";
import { Ajv } from "ajv";
import test from "ava";
import { parse } from "yaml";
import { jsonSchemaOf, type SchemaName, type SchemaNode, shareParts } from "./json-schema.ts";
import { PRESETS } from "./presets.ts";
import { resolveTopology } from "./resolve-topology.ts";
import { networkToYaml } from "./write.ts";

function validator(name: SchemaName): (text: string) => boolean {
  // Ajv takes draft 07 by default and checks the schema itself against its metaschema.
  const validate = new Ajv({ strict: false, validateSchema: true }).compile(shareParts(jsonSchemaOf(name)));
  return (text) => validate(parse(text));
}

const isScenario = validator("scenario");
const isTopology = validator("topology");
const isPolicy = validator("policy");

test("every example, every network written by us, and every form are valid", (t) => {
  const files = readdirSync("examples").filter((name) => name.endsWith(".yaml"));
  for (const file of files) t.true(isScenario(readFileSync(`examples/${file}`, "utf8")), file);
  for (const name of PRESETS.keys()) {
    const network = resolveTopology(name, { file: name });
    t.true(network.ok && isTopology(networkToYaml(network.value)), name);
  }
  t.true(isTopology("preset: grid\nrows: 2\nlink: {latency: 1ms}\n"));
});

const SOUND = "topology: diamond\nduration: 10s\nflows: [{app: ping, from: 1-ff00:0:110, to: 1-ff00:0:120}]\n";

test("wrong files are invalid", (t) => {
  t.true(isScenario(SOUND));
  const wrong = [
    "topology: diamond\n",
    `${SOUND}polciy: shortest\n`,
    SOUND.replace("10s", "10"),
    SOUND.replace("10s", "10 s"),
    SOUND.replace("diamond", "dimond"),
    SOUND.replace("ping", "pong"),
    SOUND.replace("app: ping", "app: ping, rate: 10Mbps"),
    SOUND.replace("app: ping", "app: ping, packet_size: 0"),
    SOUND.replace("app: ping", "app: bulk, interval: 1s"),
    SOUND.replace("app: ping", "app: file-transfer"),
    SOUND.replace(", to: 1-ff00:0:120", ""),
    `${SOUND}seed: -1\n`,
    `${SOUND}seed: 1.5\n`,
    `${SOUND}faults: [{at: 1s, event: dwn, link: 1-1#1}]\n`,
    `${SOUND}faults: [{at: 1s, event: down, link: 1-1#1, latency: 5ms}]\n`,
    `${SOUND}links: [{link: 1-1#1, queue: {discipline: codel, minimum: 5kB}}]\n`,
    `${SOUND}links: [{link: 1-1#1, loss: 1.5}]\n`,
    `${SOUND}links: [{link: 1-1#1, jitter: {model: normal}}]\n`,
    `${SOUND}links: [{all: false}]\n`,
    `${SOUND}workloads: [{name: w, from: all, to: all, pairs: some, flow: {app: ping}}]\n`,
    `${SOUND}record: {samples: -1}\n`,
    "- 1\n",
  ];
  for (const text of wrong) t.false(isScenario(text), text);
  for (const text of ["ases: 5\n", "preset: grdi\n", "ases: {1-1: {core: yes please}}\n", "links: []\n"]) {
    t.false(isTopology(text), text);
  }
});

/** Every part of a schema, with its path. */
function partsOf(node: SchemaNode, path: string): [string, SchemaNode][] {
  const below = Object.entries(node).flatMap(([key, value]): [string, SchemaNode][] => {
    if (["default", "examples", "enum", "required"].includes(key)) return [];
    if (key === "properties" || key === "definitions") {
      return Object.entries(value as Record<string, SchemaNode>).flatMap(([name, part]) =>
        partsOf(part, `${path}.${name}`),
      );
    }
    const parts = Array.isArray(value) ? value : [value];
    return parts.flatMap((part, at) =>
      typeof part === "object" && part !== null ? partsOf(part as SchemaNode, `${path}/${key}${at}`) : [],
    );
  });
  return [[path, node], ...below];
}

test("editors find descriptions, closed mappings, and defaults and examples that are valid themselves", (t) => {
  for (const name of ["scenario", "topology"] as const) {
    const schema = jsonSchemaOf(name);
    t.is(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    const ajv = new Ajv({ strict: false });
    for (const [path, node] of partsOf(schema, name)) {
      for (const [key, property] of Object.entries(node.properties ?? {})) {
        t.truthy(property.description, `${path}.${key} has no description`);
      }
      if (node.properties !== undefined) t.not(node.additionalProperties, undefined, path);
      t.false("allOf" in node || "$ref" in node, path);
      const { examples = [], default: byDefault, ...bare } = node;
      const samples = byDefault === undefined ? examples : [...examples, byDefault];
      if (samples.length === 0) continue;
      const validate = ajv.compile(bare);
      for (const sample of samples) t.true(validate(sample), `${path}: ${JSON.stringify(sample)}`);
    }
  }
});

test("shared parts say what the parts themselves say, in less", (t) => {
  const schema = jsonSchemaOf("scenario");
  const shared = shareParts(schema);
  t.true(JSON.stringify(shared).length * 2 < JSON.stringify(schema).length);
  const { definitions } = shared as { readonly definitions: Readonly<Record<string, SchemaNode>> };
  const unfold = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(unfold);
    const { $ref } = value as { readonly $ref?: string };
    if ($ref !== undefined) return unfold(definitions[$ref.slice("#/definitions/".length)]);
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, unfold(part)]));
  };
  const { definitions: _, ...root } = shared;
  t.deepEqual(unfold(root), schema);
});

test("path policies: one, by name, or a list; what is wrong is refused", (t) => {
  const sound = [
    "acl: ['- 1', '+']\nsequence: '0*'\nextends: [a]\npolicies: {a: {local_isd_ases: [1-1]}}\n",
    "a: {options: [{weight: 1, policy: {options: [{policy: {acl: ['+']}}]}}]}\n",
    "- a: {remote_isd_ases: [{isd_as: 1-0, reject: true}]}\n- b: {}\n",
  ];
  for (const text of sound) t.true(isPolicy(text), text);
  for (const text of ["acl: '+'\n", "sequence: 0\n", "options: [{weight: 1}]\n", "a: {acls: []}\n", "- 1\n", "x\n"]) {
    t.false(isPolicy(text), text);
  }
});
