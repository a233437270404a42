/** The house rules (docs/architecture.md, section 7): each tried on samples, then all of them on the whole tree. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { err, ok } from "./core/result.ts";
import {
  compileSnippets,
  type Fence,
  fencesOf,
  fileLists,
  isDocument,
  leftovers,
  lockedAddresses,
  namedFiles,
  readTree,
  scenariosOf,
  snippetsOf,
  type Text,
} from "./tidy-docs.ts";
import { checkImports, deadFiles, IMPORT_TABLE, type Manifest } from "./tidy-imports.ts";
import * as rules from "./tidy-rules.ts";
import { type Finding, parse, type Rule } from "./tidy-rules.ts";
import { formatProblems } from "./topologies/problems.ts";
import { type ReadFile, resolveScenario } from "./topologies/resolve.ts";

const ROOT = import.meta.dirname;
const tree = readTree(ROOT);
const sources = tree.filter(({ path }) => path.endsWith(".ts")).map(({ path, text }) => parse(path, text));
const documents = tree.filter(isDocument);
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;

/** A sample is a file's text, at a path in `core` unless its first line names another one: `// actors/node.ts`. */
function sample(text: string): rules.Source {
  const path = /^\/\/ (\S+\.ts)\n/.exec(text)?.[1] ?? "core/sample.ts";
  return parse(path, text);
}

function lines(findings: readonly Finding[]): string {
  return findings.map(({ path, line, message }) => `${path}:${line}: ${message}`).join("\n");
}

/** Problems of a scenario that stands in a document; files it names are sought from the root. */
function problemsOf({ path, line, body }: Fence): string {
  const readFile: ReadFile = (name) => {
    const file = join(ROOT, name);
    return existsSync(file) ? ok(readFileSync(file, "utf8")) : err(`${name} does not exist`);
  };
  const result = resolveScenario(body, { file: `${path}, block at line ${line}`, readFile });
  return result.ok ? "" : formatProblems(body, result.error);
}

interface Samples {
  readonly rule: Rule;
  readonly bad: readonly string[];
  readonly good: readonly string[];
}

const machineOf = (config: string): string => `const m = setup({}).createMachine(${config});`;
const fromXState = 'import { raise, sendTo, spawnChild } from "xstate";\n';
const oneLiners = (count: number): string => "  work();\n".repeat(count);

const SAMPLES: Readonly<Record<string, Samples>> = {
  "logic reaches no clock, timer, promise or process": {
    rule: rules.bannedGlobals,
    bad: [
      "const t = Date.now();",
      "const t = performance.now();",
      "setTimeout(f, 10);",
      "const timers = { setInterval };",
      "setImmediate(f);",
      "queueMicrotask(f);",
      "export function f(): Promise<void> {}",
      "if (process.env.DEBUG) f();",
      "const page = fetch(url);",
      "const clock = globalThis.Date;",
      "const bytes: Buffer = make();",
      "const when = times[Date];",
    ],
    good: [
      "const t = env.now;",
      "const clock = { Date: 1, process: 2 }; use(clock.Date, clock.process);",
      "class Router { process(fetch: number) { return fetch; } }",
      "type Run = (process: string) => void;",
      "// cli/main.ts\nsetTimeout(() => process.exit(Date.now()), 1);",
      "// core/a.test.ts\nconst t = Date.now();",
    ],
  },
  "logic calls no function that engines compute differently": {
    rule: rules.bannedMath,
    bad: [
      "const a = Math.random();",
      "// core/a.test.ts\nconst a = Math.random();",
      "// live/a.ts\nconst a = Math.random();",
      "const a = Math.pow(2, 3);",
      "const a = Math.log2(x) + Math.hypot(x, y);",
      'const a = Math["exp"](2);',
      "const { sin } = Math;",
      "const a = 2 ** 3;",
      "a **= 2;",
    ],
    good: [
      "const a = Math.sqrt(2) + Math.floor(x) + Math.imul(3, 5);",
      "const a = pow(2, 3) + log(x);",
      "// core/math.test.ts\nconst a = Math.pow(2, 3) + 2 ** 3;",
      "// benches/a.ts\nconst a = 2 ** 20 + Math.log(2);",
    ],
  },
  "logic is synchronous": {
    rule: rules.noAsync,
    bad: [
      "async function f() {}",
      "const f = async () => 1;",
      "class A { async f() {} }",
      "await start();",
      'const m = import("./other.ts");',
      "for await (const x of xs) use(x);",
    ],
    good: ["function f() {}", "// live/a.ts\nawait start();", "const later = { async: true, await: 1 };"],
  },
  "no for...in": {
    rule: rules.noForIn,
    bad: ["for (const k in o) use(k);", "// cli/a.ts\nfor (const k in o) use(k);"],
    good: ["for (const k of Object.keys(o)) use(k);", 'if ("k" in o) use(o);'],
  },
  "no module-level state": {
    rule: rules.noModuleState,
    bad: ["let count = 0;", "export let count = 0;", "var count = 0;", "// cli/a.ts\nlet count = 0;"],
    good: ["const limit = 3; function f() { let count = 0; return count; }", "// core/a.test.ts\nlet count = 0;"],
  },
  "files stay short": {
    rule: rules.fileLength,
    bad: ["work();\n".repeat(601)],
    good: ["work();\n".repeat(600)],
  },
  "functions stay short": {
    rule: rules.functionLength,
    bad: [
      `function f() {\n${oneLiners(71)}}`,
      `const f = () => {\n${oneLiners(71)}};`,
      `class A {\n  f() {\n${oneLiners(71)}  }\n}`,
      `const f = () => [\n${"  1,\n".repeat(70)}];`,
    ],
    good: [`function f() {\n${oneLiners(70)}}`, `${oneLiners(100)}function f() {}`],
  },
  "machines have an id and no timers or children": {
    rule: rules.machines,
    bad: [
      machineOf('{ initial: "up" }'),
      machineOf('{ id: "a", after: { 100: "b" } }'),
      machineOf('{ id: "a", states: { up: { invoke: { src: "x" } } } }'),
      machineOf('{ id: "a", states: { up: { states: { deep: { "after": {} } } } } }'),
      machineOf("config"),
      'const m = setup({ delays: { soon: 3 } }).createMachine({ id: "a" });',
      "const m = createMachine({});",
    ],
    good: [
      machineOf('{ id: "a", context: { after: 1, invoke: 2 }, states: { up: { on: { GO: "down" } } } }'),
      `// core/a.test.ts\n${machineOf('{ initial: "up" }')}`,
    ],
  },
  "actors reach each other through Env": {
    rule: rules.xstateCalls,
    bad: [
      `${fromXState}const a = sendTo("b", { type: "x" });`,
      `${fromXState}const a = raise({ type: "x" }, { delay: 10 });`,
      `${fromXState}const a = enqueueActions(({ enqueue }) => enqueue.sendTo("b", { type: "x" }));`,
      `${fromXState}const a = assign({ child: ({ spawn }) => spawn("b") });`,
      `${fromXState}const a = spawnChild("b");`,
      `${fromXState}const a = fromPromise(f);`,
    ],
    good: [
      `${fromXState}const a = raise({ type: "x" });`,
      `${fromXState}env.spawn("b", "logic", 1);`,
      "const a = sendTo(3);",
    ],
  },
  "only an Env is sent to": {
    rule: rules.directSend,
    bad: ["// actors/a.ts\nactor.send(event);", "// actors/a.ts\nsystem.get(id).send({ type: name });"],
    good: [
      "// actors/a.ts\nenv.send(target, event, 0);",
      "// actors/a.ts\nenvOf(system).send(target, event, 0);",
      "// actors/a.ts\nthis.#env.send(target, event, 0);",
      "// actors/a.ts\nconnector.send(bytes, to);",
      "// live/a.ts\nsocket.send(bytes);",
    ],
  },
  "no session ids": {
    rule: rules.noSessionId,
    bad: ["trace(actor.sessionId);", "const { sessionId } = actor;"],
    good: ["trace(actor.id);"],
  },
};

for (const [name, { rule, bad, good }] of Object.entries(SAMPLES)) {
  test(`rule: ${name}`, (t) => {
    for (const text of bad) t.not(lines(rule(sample(text))), "", `should be found: ${text}`);
    for (const text of good) t.is(lines(rule(sample(text))), "", `should pass: ${text}`);
  });
}

test("rule: every rule on one source has samples", (t) => {
  const tried = new Set(Object.values(SAMPLES).map(({ rule }) => rule));
  t.deepEqual(
    Object.entries(rules.SOURCE_RULES).filter(([, rule]) => !tried.has(rule)),
    [],
  );
});

test("rule: a finding names its line and what to use instead", (t) => {
  const [found] = rules.bannedGlobals(sample("\n\nconst t = Date.now();"));
  t.deepEqual(found, { path: "core/sample.ts", line: 3, message: "Date is banned in logic: read env.now" });
});

const PACKAGES: Manifest = {
  name: "pathloom",
  dependencies: { "@noble/hashes": "1", effect: "1", fengari: "1", seedrandom: "1", xstate: "1" },
  devDependencies: { ava: "1", d3: "1", esbuild: "1", yaml: "1" },
};

const BAD_IMPORTS = [
  '// core/a.ts\nimport { a } from "../actors/a.ts";',
  '// core/a.ts\nimport type { A } from "../sim/a.ts";',
  '// core/a.ts\nexport * from "../topologies/a.ts";',
  '// core/a.ts\ntype A = import("../actors/a.ts").A;',
  '// core/a.ts\nimport alea from "seedrandom/lib/alea.js";',
  '// core/rng.ts\nimport seedrandom from "seedrandom";',
  '// core/a.ts\nimport { readFileSync } from "node:fs";',
  '// core/a.ts\nimport { sha256 } from "@noble/unheard-of";',
  '// topologies/a.ts\nimport { a } from "../actors/a.ts";',
  '// topologies/a.ts\nimport * as Cli from "effect/cli";',
  '// topologies/a.ts\nimport { Schema } from "effect";',
  '// actors/a.ts\nimport lua from "fengari";',
  '// actors/a.ts\nimport { a } from "../sim/a.ts";',
  '// sim/a.ts\nimport { assign } from "xstate";',
  '// sim/a.ts\nimport * as XState from "xstate";',
  '// sim/a.ts\nimport { a } from "../topologies/a.ts";',
  '// live/a.ts\nimport { a } from "../sim/a.ts";',
  '// live/a.ts\nimport { NodeRuntime } from "@effect/platform-node";',
  '// live/a.ts\nimport { a } from "../cli/a.ts";',
  '// viz/a.ts\nimport { a } from "../sim/a.ts";',
  '// viz/a.ts\nimport { forward } from "../core/forwarding.ts";',
  '// viz/a.ts\nimport { chromium } from "esbuild";',
  '// cli/a.ts\nimport { a } from "../benches/a.ts";',
  '// cli/a.ts\nimport { a } from "../examples/a.ts";',
  '// sim/a.ts\nimport test from "ava";',
  '// topologies/a.ts\nimport { parse } from "yaml";',
  '// viz/a.ts\nimport { select } from "d3-unheard-of";',
  '// cli/a.ts\nimport { a } from "pathloom";',
  "// live/a.ts\nawait import(name);",
  '// benches/a.ts\nimport { Simulation } from "../index.ts";',
  '// index.ts\nexport { main } from "./cli/main.ts";',
  '// core/a.test.ts\nimport { a } from "unheard-of";',
];

const GOOD_IMPORTS = [
  '// core/a.ts\nimport { b } from "./wire/b.ts";\nimport { sha256 } from "@noble/hashes/sha2.js";',
  '// core/rng.ts\nimport alea from "seedrandom/lib/alea.js";',
  '// topologies/a.ts\nimport * as Schema from "effect/Schema";\nimport { a } from "./b.ts";',
  '// actors/a.ts\nimport { setup } from "xstate";\nimport { b } from "../core/b.ts";',
  '// actors/selectors/lua/a.ts\nimport lua from "fengari";',
  '// sim/a.ts\nimport { type Actor, createActor } from "xstate";',
  '// live/a.ts\nimport * as Effect from "effect/Effect";\nimport { createSocket } from "node:dgram";',
  '// viz/a.ts\nimport { select } from "d3";\nimport type { Packet } from "../core/packet.ts";',
  '// viz/browser-testing.ts\nimport { build } from "esbuild";',
  '// viz/page/worker.ts\nimport { Simulation } from "../../sim/simulation.ts";',
  '// cli/a.ts\nimport { a } from "../live/a.ts";\nimport { b } from "./runner/b.ts";',
  "// cli/a.ts\nawait import(userFile);",
  '// examples/a.ts\nimport { Simulation } from "pathloom";\nimport { assemble } from "../index.ts";',
  '// build.ts\nimport { build } from "esbuild";\nimport { hashSources } from "./cli/build-info.ts";',
  '// core/a.test.ts\nimport test from "ava";\nimport { a } from "../sim/a.ts";\nimport { join } from "node:path";',
];

test("rule: who may import whom", (t) => {
  for (const text of BAD_IMPORTS) t.not(lines(checkImports(sample(text), PACKAGES)), "", `should be found: ${text}`);
  for (const text of GOOD_IMPORTS) t.is(lines(checkImports(sample(text), PACKAGES)), "", `should pass: ${text}`);
});

test("rule: no dead files", (t) => {
  const files = [
    '// cli/main.ts\nimport { a } from "../core/a.ts";\nnew Worker(new URL("./runner/b.ts", import.meta.url));',
    '// core/a.ts\nimport { c } from "./c.ts";',
    "// core/c.ts\n",
    "// cli/runner/b.ts\n",
    '// core/d.test.ts\nspawn("core/e.ts");',
    "// core/e.ts\n",
    "// core/types.d.ts\n",
  ];
  t.deepEqual(deadFiles(files.map(sample)), []);
  const dead = deadFiles([...files, '// core/lost.ts\nimport "./island.ts";', "// core/island.ts\n"].map(sample));
  t.deepEqual(
    dead.map(({ path }) => path),
    ["core/lost.ts", "core/island.ts"],
  );
});

test("rule: nothing left behind, nothing of one machine", (t) => {
  const found = (text: string): number => leftovers({ path: "core/a.ts", text }).length;
  for (const word of ["TO-DO", "FIX-ME", "X-XX", "HA-CK"]) t.is(found(`// ${word.replace("-", "")}: later`), 1);
  for (const folder of ["work", "root", "home/me"]) t.is(found(`cd "/${folder}/project"`), 1);
  t.is(found(`farm${"-"}bench`), 1);
  t.is(found('new URL("./runner/worker.ts"); // a todo list, node:worker_threads, docs/work.md, hackathon'), 0);
});

test("rule: the lock file names no registry", (t) => {
  const found = (text: string): number => lockedAddresses({ path: "package-lock.json", text }).length;
  t.is(found('{\n  "resolved": "https://registry.example/a.tgz"\n}'), 1);
  t.is(found('{\n  "version": "1.0.0"\n}'), 0);
});

test("rule: files that documentation names exist", (t) => {
  const doc = (text: string): Text => ({ path: "docs/a.md", text });
  const exists = (path: string): boolean => ["core/env.ts", "docs/b.md", "README.md"].includes(path);
  t.is(namedFiles(doc("`core/gone.ts`"), exists).length, 1);
  t.is(namedFiles(doc("`npx tsx core/gone.ts --json`"), exists).length, 1);
  t.is(namedFiles(doc("[text](gone.md)"), exists).length, 1);
  t.is(
    namedFiles(
      doc(
        "`core/env.ts`, `./mine.ts`, `core/forward()`, `dist/`, [b](b.md#part) [top](../README.md) [out](https://a.b)",
      ),
      exists,
    ).length,
    0,
  );
});

test("rule: file lists match the tree", (t) => {
  const paths = ["core/a.ts", "core/b.ts", "core/b.test.ts", "core/wire/c.ts"];
  const doc = (body: string): Text => ({ path: "README.md", text: `\`\`\`files core\n${body}\n\`\`\`` });
  t.is(lines(fileLists(doc("a.ts  one\nb.ts  two"), paths)), "");
  t.is(lines(fileLists(doc("a.ts  one"), paths)), "README.md:1: core/b.ts is not listed");
  t.is(lines(fileLists(doc("a.ts\nb.ts\nc.ts"), paths)), "README.md:1: core/c.ts does not exist");
});

test("rule: documentation snippets compile", (t) => {
  const text =
    '```ts\nimport { SECOND } from "pathloom";\nconst a: number = SECOND;\n```\n\n```ts\nconst a: number = "text";\n```\n';
  const snippets = snippetsOf({ path: "docs/a.md", text });
  const errors = compileSnippets(ROOT, "tidy-sample", snippets).filter((row) => row.startsWith("docs-a.md"));
  t.is(errors.length, 1, errors.join("\n"));
  t.regex(errors[0] ?? "", /docs-a\.md-line-6\.ts\(1,7\): error TS2322/);
});

test("rule: documentation scenarios resolve", (t) => {
  const scenario =
    "# scenario\ntopology: tiny\nduration: 1s\nflows:\n  - { app: ping, from: 1-ff00:0:110, to: 1-ff00:0:111 }";
  const text = `\`\`\`yaml\n${scenario}\n\`\`\`\n\`\`\`yaml\nother: 1\n\`\`\`\n\`\`\`yaml\n# scenario\ntopolgy: tiny\n\`\`\`\n`;
  const [good, bad, ...others] = scenariosOf({ path: "README.md", text });
  t.deepEqual([good?.line, bad?.line, others.length], [1, 11, 0]);
  t.is(good && problemsOf(good), "");
  t.regex(bad ? problemsOf(bad) : "", /README\.md, block at line 11.*topolgy/s);
});

for (const [name, rule] of Object.entries(rules.SOURCE_RULES)) {
  test(`tree: ${name}`, (t) => t.is(lines(sources.flatMap(rule)), ""));
}

test("tree: imports keep to the table", (t) => {
  t.is(lines(sources.flatMap((source) => checkImports(source, manifest))), "");
});

test("tree: no dead files", (t) => t.is(lines(deadFiles(sources)), ""));

test("tree: nothing left behind, nothing of one machine", (t) => {
  t.is(lines(tree.flatMap((file) => [...leftovers(file), ...lockedAddresses(file)])), "");
});

test("tree: files that documentation names exist", (t) => {
  const exists = (path: string): boolean => existsSync(join(ROOT, path));
  t.is(lines(documents.flatMap((doc) => namedFiles(doc, exists))), "");
});

test("tree: file lists match the tree", (t) => {
  const paths = tree.map(({ path }) => path);
  t.is(lines(documents.flatMap((doc) => fileLists(doc, paths))), "");
});

test("tree: the architecture page and the table of imports name the same folders", (t) => {
  const page = documents.find(({ path }) => path === "docs/architecture.md");
  const section = page?.text.split(/^## /m).find((part) => part.startsWith("5."));
  const [table] = fencesOf({ path: "docs/architecture.md", text: section ?? "" });
  const named = table?.body.split("\n").flatMap((row) => /^\S+/.exec(row)?.[0] ?? []);
  t.deepEqual(named?.sort(), Object.keys(IMPORT_TABLE).sort());
});

test("tree: documentation snippets compile", (t) => {
  const snippets = documents.flatMap(snippetsOf);
  t.deepEqual(snippets.length === 0 ? [] : compileSnippets(ROOT, "tidy-snippets", snippets), []);
});

test("tree: documentation scenarios resolve", (t) => {
  t.is(documents.flatMap(scenariosOf).map(problemsOf).join(""), "");
});
