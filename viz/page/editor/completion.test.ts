/** Completion over the example files: what stands there must be offered there. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import fc from "fast-check";
import { parseDocument, Scalar, visit as visitYaml } from "yaml";
import { jsonSchemaOf, type SchemaNode, shareParts } from "../../../topologies/json-schema.ts";
import { completionsAt, explainAt } from "./completion.ts";
import { namesOfRun } from "./completion-names.ts";
import { branchesOf, schemasAt } from "./schema-walk.ts";
import type { Step } from "./yaml-place.ts";
import { readYaml, type YamlMap, type YamlNode, type YamlScalar } from "./yaml-tree.ts";

const EXAMPLES = join(import.meta.dirname, "../../../examples");
const files = readdirSync(EXAMPLES).filter((name) => name.endsWith(".yaml"));
const textOf = (name: string): string => readFileSync(join(EXAMPLES, name), "utf8");
const schema = shareParts(jsonSchemaOf("scenario"));
const whole = jsonSchemaOf("scenario");
const NAMES = namesOfRun(null, []);

/** The tree as the values that YAML has for it: all scalars as text. */
function valueOf(node: YamlNode | null): unknown {
  if (node === null) return null;
  if (node.kind === "scalar") return node.text;
  if (node.kind === "list") return node.items.map(valueOf);
  return Object.fromEntries(node.entries.map(({ key, value }) => [key.text, valueOf(value)]));
}

/** Aliases as text. */
function reference(text: string): unknown {
  const document = parseDocument(text, { schema: "failsafe" });
  visitYaml(document, { Alias: (_, { source }) => new Scalar(`*${source}`) });
  return document.toJS();
}

test("the tree of every example is that of a YAML parser", (t) => {
  t.true(files.length >= 20);
  for (const name of files) {
    const text = textOf(name);
    t.deepEqual(valueOf(readYaml(text)), reference(text), name);
  }
});

interface Visited {
  readonly steps: readonly Step[];
  readonly map: YamlMap;
  readonly key: YamlScalar;
  readonly value: YamlNode | null;
}

function visit(node: YamlNode | null, steps: readonly Step[]): readonly Visited[] {
  if (node === null || node.kind === "scalar") return [];
  if (node.kind === "list") return node.items.flatMap((one, item) => visit(one, [...steps, { list: node, item }]));
  return node.entries.flatMap(({ key, value }) => [
    { steps, map: node, key, value },
    ...visit(value, [...steps, { map: node, key: key.text }]),
  ]);
}

/** Keys of the schema's own, not names that the writer chose. */
function isFixed({ steps, key }: Visited): boolean {
  return branchesOf(schema, schemasAt(schema, steps)).some(({ properties }) =>
    Object.hasOwn(properties ?? {}, key.text),
  );
}

const labels = (text: string, offset: number, of: SchemaNode = schema): readonly string[] =>
  completionsAt(of, text, offset, NAMES)?.offers.map(({ label }) => label) ?? [];

test("every key of every example is offered at its place, whole, begun and not begun", (t) => {
  let keys = 0;
  for (const name of files) {
    const text = textOf(name);
    for (const visited of visit(readYaml(text), [])) {
      if (!isFixed(visited)) continue;
      keys++;
      const { text: key, from, to } = visited.key;
      const where = `${name}: ${key} at ${from}`;
      t.true(labels(text, to).includes(key), `${where}, at its end`);
      // As it is being written: nothing of the entry is there, nor what follows it.
      t.true(labels(text.slice(0, from), from).includes(key), `${where}, not begun`);
      t.true(labels(text.slice(0, from + 2), from + 2).includes(key), `${where}, begun`);
    }
  }
  t.true(keys > 800, `${keys}`);
});

test("every word of every example is offered at its place, and its key is explained", (t) => {
  let words = 0;
  let explained = 0;
  for (const name of files) {
    const text = textOf(name);
    for (const { steps, map, key, value } of visit(readYaml(text), [])) {
      if (value?.kind !== "scalar") continue;
      const branches = branchesOf(schema, schemasAt(schema, [...steps, { map, key: key.text }]));
      const listed = branches.flatMap((branch) => branch.enum?.map(String) ?? []);
      if (!listed.includes(value.text)) continue;
      words++;
      t.true(labels(text, value.to).includes(value.text), `${name}: ${key.text}: ${value.text}`);
      t.true(labels(text.slice(0, value.from), value.from).includes(value.text), `${name}: ${key.text}: not begun`);
      const isDescribed = schemasAt(schema, [...steps, { map, key: key.text }]).some(
        ({ description = "" }) => description !== "",
      );
      if (isDescribed) explained++;
      t.is(isDescribed, explainAt(schema, text, key.from + 1) !== null, `${name}: ${key.text} and its words`);
    }
  }
  t.true(words > 150 && explained > 100, `${words} ${explained}`);
});

test("shared parts of a schema are offered as those that stand in place", (t) => {
  const text = textOf("17-impairments.yaml");
  for (let at = 0; at < text.length; at += 97) t.deepEqual(labels(text, at), labels(text, at, whole), `${at}`);
});

const at = (marked: string): readonly [string, number] => [marked.replace("|", ""), marked.indexOf("|")];

test("a word that was chosen leaves the keys that go with it, and none twice", (t) => {
  const ping = labels(...at("flows:\n  - app: ping\n    from: a\n    |\n"));
  t.true(ping.includes("interval") && ping.includes("to"));
  t.false(ping.includes("app") || ping.includes("from") || ping.includes("response"));
  t.true(labels(...at("flows:\n  - { app: request-response, | }\n")).includes("response"));
  t.deepEqual(labels(...at("# |\nname: x\n")), []);
  t.true(labels(...at("|")).includes("topology"));
});

test("items of lists are offered whole, each kind with what it needs", (t) => {
  const items =
    completionsAt(schema, ...at("flows:\n  |\n"), NAMES)?.offers.filter(({ kind }) => kind === "item") ?? [];
  t.true(items.some(({ label }) => label === "- file-transfer"));
  const transfer = items.find(({ label }) => label === "- file-transfer");
  t.is(transfer?.insert, "- app: file-transfer\n  from: ${}\n  to: ${}\n  size: ${}");
  const [later] = completionsAt(schema, ...at("flows:\n  - app: ping\n  |\n"), NAMES)?.offers ?? [];
  t.is(later?.insert, "- app: constant-rate\n  from: ${}\n  to: ${}");
  const behind = completionsAt(schema, ...at("flows:\n  - |\n"), NAMES)?.offers.find(({ label }) => label === "ping");
  t.is(behind?.insert, "app: ping\n  from: ${}\n  to: ${}");
});

test("a key brings what follows it, indented from its own line", (t) => {
  const insertOf = (marked: string, label: string): string | undefined =>
    completionsAt(schema, ...at(marked), NAMES)?.offers.find((offer) => offer.label === label)?.insert;
  t.is(insertOf("|", "flows"), "flows:\n  - ${}");
  t.is(insertOf("record:\n  |", "series"), "series: ${}");
  t.is(insertOf("faults:\n  - |\n", "down"), "event: down");
  t.is(insertOf("faults:\n  - event: down\n    |\n", "links"), "links:\n  - ${}");
  t.is(insertOf("faults:\n  - li|\n    event: down\n", "links"), "links:\n    - ${}");
  t.is(insertOf("faults:\n  - { event: down, | }\n", "links"), "links: [${}]");
  t.is(insertOf("na|: x\n", "name"), "name");
});

test("names come from the run and from the text, where a field wants one", (t) => {
  const run = {
    ...NAMES,
    ases: ["1-ff00:0:110"],
    ends: ["1-ff00:0:110#1"],
    policies: ["shortest"],
    files: ["cell.trace"],
  };
  const offered = (marked: string): readonly string[] =>
    completionsAt(schema, ...at(marked), run)?.offers.map(({ insert }) => insert) ?? [];
  const own =
    'hosts: { client: "1-ff00:0:110,10.0.0.1" }\ngroups: { west: isd 1 }\npath_policies: { narrow: { acl: ["+"] } }\n';
  t.deepEqual(offered(`${own}flows:\n  - { from: | }`), ["client", "1-ff00:0:110"]);
  t.deepEqual(offered(`${own}workloads:\n  - { from: | }`).slice(0, 3), ["client", "west", "1-ff00:0:110"]);
  t.is(offered(`${own}flows:\n  - path_policy: |`)[0], "narrow");
  t.deepEqual(offered("faults:\n  - { event: down, link: | }"), ['"1-ff00:0:110#1"']);
  t.deepEqual(offered('faults:\n  - { event: down, link: "1-f|" }'), ['"1-ff00:0:110#1"']);
  t.true(offered("policy: |").includes("shortest"));
});

test("no text makes it fail, and what is offered stands at the cursor", (t) => {
  const words = fc.constantFrom(
    ..."flows: faults: - app ping { } [ ] , \n   \n \n  # \" ' | > a: event: 1-ff00:0:110#1 \u00e9 --- \t".split(
      /(?<= )/,
    ),
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 30 }), fc.nat(), (parts, seed) => {
      const text = parts.join("");
      const offset = seed % (text.length + 1);
      const made = completionsAt(schema, text, offset, NAMES);
      if (made !== null && (made.from > offset || made.to < offset || made.to > text.length))
        throw new Error(`${made.from}`);
    }),
    { seed: 10, numRuns: 3000 },
  );
  t.pass();
});
