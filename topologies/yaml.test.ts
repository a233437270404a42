import { readFileSync } from "node:fs";
import test from "ava";
import * as Schema from "effect/Schema";
import fc from "fast-check";
import { parseDocument } from "yaml";
import type { Network } from "../core/scenario.ts";
import { makeAs, makeEnd, makeLink } from "./model.ts";
import { readPlainYaml } from "./plain-yaml.ts";
import { buildPreset } from "./presets.ts";
import { formatProblems, type Problem } from "./problems.ts";
import { resolveScenario } from "./resolve.ts";
import { resolveTopology } from "./resolve-topology.ts";
import { ScenarioDocument } from "./scenario/scenario.ts";
import { TopologyFileDocument } from "./scenario/topology.ts";
import { networkToYaml } from "./write.ts";
import { MAX_FILE_SIZE, parseYaml } from "./yaml.ts";

const FAILOVER = readFileSync("examples/02-failover.yaml", "utf8");
const JITTER = readFileSync("examples/03-jitter-and-loss.yaml", "utf8");

/** The scenarios of the documentation have every section. */
const DOCUMENTED = [...readFileSync("docs/scenarios.md", "utf8").matchAll(/```yaml\n(# scenario\n[^]*?)```/g)].map(
  ([, text = ""]) => text,
);

const refuseToRead = { ok: false, error: "no such file" } as const;

function scenarioProblems(text: string): readonly Problem[] {
  const resolved = resolveScenario(text, { file: "x.yaml", readFile: () => refuseToRead });
  return resolved.ok ? [] : resolved.error;
}

function messagesOf(text: string): string[] {
  const parsed = parseYaml(text, "x.yaml");
  const problems = parsed.ok ? parsed.value.problems : parsed.error;
  return problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

test("plain data: anchors are followed, dates and merge keys are not made", (t) => {
  const parsed = parseYaml("base: &base {a: 1, b: [x, 2.5, true, ~]}\ncopy: *base\ndate: 2020-01-01\n'1': one\n", "x");
  t.deepEqual(parsed.ok ? parsed.value.value : null, {
    base: { a: 1, b: ["x", 2.5, true, null] },
    copy: { a: 1, b: ["x", 2.5, true, null] },
    date: "2020-01-01",
    "1": "one",
  });
});

test("files that are no YAML mapping at all", (t) => {
  t.deepEqual(messagesOf(""), ["1:1 the file is empty"]);
  t.deepEqual(messagesOf("# only a comment\n"), ["1:1 the file is empty"]);
  t.deepEqual(messagesOf("\u0000\u0001PNG"), ["1:1 this is a binary file, not YAML text"]);
  t.deepEqual(messagesOf("a\uFFFDb"), ["1:1 this is a binary file, not YAML text"]);
  t.deepEqual(messagesOf(" ".repeat(MAX_FILE_SIZE + 1)), ["1:1 the file is larger than 16 MiB"]);
  t.deepEqual(messagesOf("a: [1,\nb: 2\n"), [
    "2:1 not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
  ]);
  t.regex(messagesOf("--- 1\n--- 2\n")[0] ?? "", /multiple documents/);
  t.deepEqual(messagesOf("a: .inf\n"), ["1:4 .inf is no plain value"]);
  t.deepEqual(messagesOf("? [a, b]\n: 1\n"), ["1:3 a key must be text"]);
});

test("keys that stand twice, aliases without anchor, and an alias within its own anchor", (t) => {
  t.deepEqual(messagesOf("a: 1\nb: {c: 1, c: 2}\na: 3\n"), [
    '2:11 "c" stands twice in one mapping',
    '3:1 "a" stands twice in one mapping',
  ]);
  t.deepEqual(messagesOf("a: *later\nb: &later 1\n"), ["1:4 the alias *later has no anchor before it"]);
  t.deepEqual(messagesOf("a: &self [*self]\n"), ["1:11 the alias *self has no anchor before it"]);
});

test("aliases cannot make a small file large, nor brackets a shallow one deep", (t) => {
  const level = (name: string, of: string): string => `${name}: &${name} [${Array(10).fill(of).join(", ")}]\n`;
  const bomb = level("a", "x") + level("b", "*a") + level("c", "*b") + level("d", "*c") + level("e", "*d");
  t.regex(messagesOf(bomb).join(), /aliases repeat more than 10000 values/);
  t.regex(messagesOf(`${"[".repeat(150)}${"]".repeat(150)}`).join(), /nested more than 100 deep/);
  t.regex(messagesOf("[".repeat(100_000)).join(), /nested too deeply/);
  t.regex(messagesOf("{a: ".repeat(100_000)).join(), /nested too deeply/);
});

test("problems are shown with the line and a caret, the suggestion as a question", (t) => {
  const text = "topology: diamond\nduration: 10s\npolcy: shortest\nflows: []\n\tx";
  t.is(
    formatProblems(
      "topology: diamnd\nduration: 10s\npolicies: x\nflows: []\n",
      scenarioProblems("topology: diamnd\nduration: 10s\nflows: []\n"),
    ),
    [
      'x.yaml:1:11: unknown preset "diamnd": expected tiny, diamond, parallel, two-isds, scionlab, sciera, line, ring, star, grid, tree, barabasi-albert, waxman or internet; did you mean diamond?',
      "  1 | topology: diamnd",
      "    |           ^",
      "",
    ].join("\n"),
  );
  const far = { file: "x", line: 1, column: 500, message: "there", expected: "", found: "" };
  const [, shown = "", caret = ""] = formatProblems(`${"-".repeat(499)}X${"-".repeat(500)}`, [far]).split("\n");
  t.is(shown[caret.indexOf("^")], "X");
  t.true(shown.length < 140);
  const elsewhere = { ...far, column: 2, source: "\t\u001b[31mred" };
  t.is(formatProblems(text, [elsewhere]), "x:1:2: there\n  1 |  ?[31mred\n    |  ^\n");
});

test("a problem of shape is found at its value, its key, or the mapping that lacks it", (t) => {
  const text = "topology: {preset: grid, rows: x}\nduration: 5\npolcy: shortest\nflows:\n  - {app: ping, from: 1-1}\n";
  t.deepEqual(
    scenarioProblems(text).map(({ line, column, message, didYouMean }) => [line, column, message, didYouMean]),
    [
      [1, 32, 'topology.rows: expected a whole number from 1 to 100, found "x"', undefined],
      [2, 11, "duration: expected a duration such as 250ms, 10s or 2min, found 5 without a unit", undefined],
      [3, 1, 'unknown key "polcy"', "policy"],
      [5, 5, "flows[0].to is missing", undefined],
    ],
  );
});

test("the schemas become JSON Schema: every key has a description, unknown keys are refused", (t) => {
  for (const schema of [ScenarioDocument, TopologyFileDocument]) {
    const { schema: root } = Schema.toJsonSchemaDocument(schema, { onExcessProperty: "error" });
    const undescribed: string[] = [];
    const visit = (node: unknown, path: string): void => {
      if (typeof node !== "object" || node === null) return;
      const { properties, ...rest } = node as { properties?: Record<string, { description?: string }> };
      for (const [key, property] of Object.entries(properties ?? {})) {
        if (property.description === undefined) undescribed.push(`${path}/${key}`);
        visit(property, `${path}/${key}`);
      }
      for (const [key, inner] of Object.entries(rest)) visit(inner, `${path}/${key}`);
    };
    visit(root, "");
    t.deepEqual(undescribed, []);
    t.true(JSON.stringify(root).includes('"additionalProperties":false'));
    t.true(JSON.stringify(root).includes("(ns|us|ms|s|min|h)$"));
  }
});

/** Changes that people and transfers make: characters lost, put in, lines doubled or swapped. */
const change = fc.record({
  at: fc.nat(),
  cut: fc.nat(12),
  put: fc.oneof(
    fc.constantFrom(
      "",
      " ",
      "\n",
      ":",
      "{",
      "}",
      "[",
      "]",
      "-",
      "#",
      "&a ",
      "*a",
      "!!binary ",
      "'",
      '"',
      "|",
      "\t",
      "0",
      "~",
    ),
    fc.string({ unit: "binary", maxLength: 4 }),
    fc.constantFrom("__proto__: 1\n", "<<: *a\n", "1-ff00:0:110#1", "1e999", "9".repeat(40), "%YAML 1.1\n---\n"),
  ),
});

function changed(text: string, changes: readonly { at: number; cut: number; put: string }[]): string {
  return changes.reduce((before, { at, cut, put }) => {
    const from = at % (before.length + 1);
    return before.slice(0, from) + put + before.slice(from + cut);
  }, text);
}

function neverThrows(t: { true: (value: boolean, message?: string) => boolean }, text: string): void {
  const readFile = (path: string) => (path.length % 2 === 0 ? ({ ok: true, value: text } as const) : refuseToRead);
  for (const resolved of [
    resolveScenario(text, { file: "x.yaml", readFile }),
    resolveTopology(text, { file: "x.yaml" }),
  ]) {
    if (resolved.ok) continue;
    t.true(resolved.error.length > 0);
    for (const { line, column, message, expected, found } of resolved.error) {
      t.true(line >= 1 && column >= 1 && message !== "" && expected !== "" && found !== "", message);
    }
    formatProblems(text, resolved.error);
  }
}

test("changed scenario files give a scenario or problems, whatever the change", (t) => {
  let sound = 0;
  const property = fc.property(
    fc.constantFrom(FAILOVER, JITTER, ...DOCUMENTED, JITTER.replace(/topology:\n( .*\n)+/, "topology: {file: ab}\n")),
    fc.array(change, { minLength: 1, maxLength: 4 }),
    (text, changes) => {
      const wild = changed(text, changes);
      neverThrows(t, wild);
      if (scenarioProblems(wild).length === 0) sound++;
    },
  );
  fc.assert(property, { numRuns: 400 });
  t.log(`${sound} of 400 were still sound`);
  t.true(sound > 5 && sound < 390, "some changes must matter and some must not");
});

/** Everything that an AS can say. */
const FULL: Network = {
  name: "full",
  ases: [
    {
      ...makeAs("1-1", true),
      label: "Zürich West 2",
      internal: { latency_ns: 1_000, rate_bps: 0, pairs: [{ a: 0, b: 1, latency_ns: 2_000, rate_bps: 1e9 }] },
      dispatched_ports: { min: 1_024, max: 2_048 },
      services: { CS: ["10.0.0.5", "10.0.0.6"] },
    },
    { ...makeAs("1-2", false), label: "off", dispatched_ports: { min: 1, max: 65_535 } },
    { ...makeAs("1-3", false), label: "2", dispatched_ports: null, services: { DS: ["10.0.0.7"] } },
  ],
  links: [
    makeLink(makeEnd("1-1", 1), "child", makeEnd("1-2", 1)),
    makeLink(makeEnd("1-1", 2), "child", makeEnd("1-3", 1)),
  ],
};

test("what an AS says is written and read back", (t) => {
  t.deepEqual(resolveTopology(networkToYaml(FULL), { file: "x.yaml" }), { ok: true, value: FULL });
});

test("the plain form is read as the whole parser reads it, whatever the change, and never where it is in doubt", (t) => {
  const texts = ["internet", "parallel", "diamond", "sciera"].map((name) => {
    const built = buildPreset(name);
    return built.ok ? networkToYaml(built.value) : "";
  });
  texts.push(networkToYaml(FULL));
  for (const text of texts) t.not(readPlainYaml(text), null);
  let read = 0;
  const put = fc.oneof(
    fc.constantFrom(
      "null",
      "~",
      "true",
      "1e3",
      "0x10",
      "-0",
      "07",
      "1.",
      ".5",
      "- ",
      ": ",
      "\t",
      "\r\n",
      "\n\n",
      "é",
      "[]",
      "!!str ",
      "&a ",
      "*a",
      "'",
      "Yes",
      "1-2",
      "2-ff00:0:1#1",
      "{ a: 1 }",
      ", a: 1",
      " # x",
      "__proto__: 1",
      "  x: {}\n",
    ),
    fc.string({ unit: "grapheme-ascii", maxLength: 3 }),
  );
  const property = fc.property(
    fc.constantFrom(...texts),
    fc.array(fc.record({ at: fc.nat(2_000), cut: fc.nat(4), put }), { minLength: 1, maxLength: 2 }),
    (text, changes) => {
      const wild = changed(text.slice(0, 2_000).replace(/[^\n]*$/, ""), changes);
      const plain = readPlainYaml(wild);
      if (plain === null) return;
      read++;
      const parsed = parseYaml(wild, "x.yaml");
      t.deepEqual(parsed.ok ? parsed.value.value : parsed.error, plain, wild);
    },
  );
  fc.assert(property, { numRuns: 1_000 });
  t.log(`${read} of 1000 were still in the plain form`);
  t.true(read > 50 && read < 950);
});

test("a long file in the plain form: problems have their places all the same", (t) => {
  const built = buildPreset("internet", { ases: 1_000 });
  const text = built.ok ? networkToYaml(built.value) : "";
  t.true(text.length > 65_536 && readPlainYaml(text) !== null);
  t.deepEqual(resolveTopology(text, { file: "x.yaml" }), built);
  const lines = text.split("\n");
  const at = lines.findIndex((line) => line.includes("latency: "));
  const wrong = lines.with(at, (lines[at] ?? "").replace(/latency: \d+/, "latency: 5k")).join("\n");
  const column = (lines[at] ?? "").indexOf("latency: ") + 10;
  const resolved = resolveTopology(wrong, { file: "x.yaml" });
  t.like(resolved.ok ? null : resolved.error[0], { line: at + 1, column });
  const twice = resolveTopology(text.replace("#2,", "#1,"), { file: "x.yaml" });
  t.regex(twice.ok ? "" : (twice.error[0]?.message ?? ""), /is used twice/);
  t.true(!twice.ok && (twice.error[0]?.line ?? 0) > 1_000);
});

/** Every value of plain data by its path, mappings and lists included. */
function pathsIn(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== "object" || value === null) return [path];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [path, ...entries.flatMap(([key, part]) => pathsIn(part, [...path, key]))];
}

test("any value in the place of any other gives a scenario or problems", (t) => {
  t.true(DOCUMENTED.length >= 6);
  for (const text of DOCUMENTED) {
    for (const [at, path] of pathsIn(parseDocument(text).toJS()).entries()) {
      const odds = [null, -1, "x", [], { x: 1 }, "0s"];
      for (const odd of [odds[at % 6], odds[(at + 3) % 6]]) {
        const document = parseDocument(text);
        document.setIn(path, odd);
        neverThrows(t, document.toString());
      }
    }
  }
});

test("any text gives a scenario or problems", (t) => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => neverThrows(t, text)));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => neverThrows(t, new TextDecoder().decode(bytes))));
  fc.assert(fc.property(fc.jsonValue(), (value) => neverThrows(t, JSON.stringify(value))));
  t.pass();
});
