/** Who may import whom (docs/architecture.md, section 5), and which files nothing reaches. */
import { posix } from "node:path";
import type { Node } from "oxc-parser";
import { type Finding, finding, LOGIC_FOLDERS, type Source, walk } from "./tidy-rules.ts";

export interface Import {
  readonly specifier: string;
  readonly offset: number;
  /** Values taken; empty for imports of types only. `*` stands for all. */
  readonly values: readonly string[];
  readonly typeOnly: boolean;
}

interface PackageRule {
  readonly match: RegExp;
  /** The only file or folder that may. */
  readonly only?: string;
  /** The only values that may be taken; types are free. */
  readonly values?: readonly string[];
}

interface Reach {
  readonly folders: readonly string[];
  readonly packages: readonly PackageRule[];
}

/** The part of a package.json that the rules read. */
export interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const ALL_FOLDERS = ["core", "topologies", "actors", "sim", "live", "viz"];
const ANY_PACKAGE: readonly PackageRule[] = [{ match: /./ }];
const XSTATE_RUN: PackageRule = { match: /^xstate$/, values: ["createActor"] };
/** Schema and the modules its results and errors are made of. */
const SCHEMA: PackageRule = {
  match:
    /^effect\/(Schema\w*|JsonSchema|JsonPointer|Cause|Data|Effect|Exit|Function|Option|Pipeable|Predicate|Result|Struct)$/,
};

/** What each folder may import besides itself. */
export const IMPORT_TABLE: Readonly<Record<string, Reach>> = {
  core: {
    folders: [],
    packages: [{ match: /^seedrandom\/lib\/alea\.js$/, only: "core/rng.ts" }, { match: /^@noble\// }],
  },
  topologies: { folders: ["core"], packages: [SCHEMA, { match: /^yaml$/ }, { match: /^saxes$/ }] },
  actors: {
    folders: ["core"],
    packages: [{ match: /^xstate$/ }, { match: /^fengari$/, only: "actors/selectors/lua" }],
  },
  sim: { folders: ["core", "actors"], packages: [XSTATE_RUN] },
  live: {
    folders: ["core", "actors", "topologies"],
    packages: [XSTATE_RUN, { match: /^effect\// }, { match: /^@effect\/platform-node\// }, { match: /^node:/ }],
  },
  viz: {
    folders: ["core", "topologies"],
    packages: [
      { match: /^d3(-\w+)?$/ },
      { match: /^@codemirror\//, only: "viz/page/editor" },
      { match: /^@lezer\/highlight$/, only: "viz/page/editor" },
      { match: /^@dagrejs\/dagre$/, only: "viz/page/inspector" },
    ],
  },
  cli: { folders: ALL_FOLDERS, packages: ANY_PACKAGE },
  benches: { folders: ALL_FOLDERS, packages: ANY_PACKAGE },
  examples: { folders: ALL_FOLDERS, packages: ANY_PACKAGE },
};

const PAGE = "viz/page";
/** The page's worker runs the simulator inside the page. */
const PAGE_WORKER: Reach = { folders: ["core", "topologies", "actors", "sim"], packages: [] };
/** The library's face re-exports, and adds nothing. */
const FACE: Reach = { folders: ["core", "topologies", "actors", "sim", "live"], packages: [] };
/** What only tests import: a real browser, namespaces, made-up data, links of theory. */
const TESTING = /^(viz|sim|live)\/.*-testing\.ts$/;
/** The build and the tidy test; `cli` for the one function that names a build. */
const TOOLS: Reach = { folders: [...ALL_FOLDERS, "cli"], packages: ANY_PACKAGE };

/** Entry points, from which everything must be reached; tests, examples and declarations are entry points, too. */
const ENTRIES = [
  "cli/main.ts",
  "cli/start.ts",
  "cli/runner/worker.ts",
  "benches/main.ts",
  "live/interop/main.ts",
  "viz/page/main.ts",
  "viz/page/worker.ts",
  "build.ts",
  "index.ts",
];

function reachOf(source: Source): Reach {
  if (source.path === "index.ts") return FACE;
  if (source.path === "viz/page/worker.ts") return PAGE_WORKER;
  if (TESTING.test(source.path)) return TOOLS;
  return IMPORT_TABLE[source.folder] ?? TOOLS;
}

/** Every import in a file: static, dynamic, of types, re-exports, and files named by `new URL(..., import.meta.url)`. */
export function importsOf(source: Source): Import[] {
  const found: Import[] = [];
  walk(source.program, (node) => {
    const one = importIn(node);
    if (one !== null) found.push({ ...one, offset: node.start });
  });
  return found;
}

function importIn(node: Node): Omit<Import, "offset"> | null {
  switch (node.type) {
    case "ImportDeclaration": {
      const values = node.specifiers.flatMap(importedValue);
      const typeOnly = node.importKind === "type" || (node.specifiers.length > 0 && values.length === 0);
      return { specifier: node.source.value, values: typeOnly ? [] : values, typeOnly };
    }
    case "ExportNamedDeclaration":
    case "ExportAllDeclaration": {
      if (node.source === null) return null;
      const typeOnly = node.exportKind === "type";
      return { specifier: node.source.value, values: typeOnly ? [] : ["*"], typeOnly };
    }
    case "ImportExpression":
      return { specifier: textOf(node.source) ?? "", values: ["*"], typeOnly: false };
    case "TSImportType":
      return { specifier: node.source.value, values: [], typeOnly: true };
    case "NewExpression": {
      const specifier =
        node.callee.type === "Identifier" && node.callee.name === "URL" ? textOf(node.arguments[0]) : null;
      return specifier?.startsWith(".") && specifier.endsWith(".ts")
        ? { specifier, values: ["*"], typeOnly: false }
        : null;
    }
    default:
      return null;
  }
}

function importedValue(node: Node): string[] {
  if (node.type === "ImportNamespaceSpecifier") return ["*"];
  if (node.type === "ImportDefaultSpecifier") return ["default"];
  if (node.type !== "ImportSpecifier" || node.importKind === "type") return [];
  return [node.imported.type === "Identifier" ? node.imported.name : node.imported.value];
}

function textOf(node: Node | undefined): string | null {
  return node?.type === "Literal" && typeof node.value === "string" ? node.value : null;
}

/** Imports against section 5's table, and packages against package.json. */
export function checkImports(source: Source, manifest: Manifest): Finding[] {
  return importsOf(source).flatMap((one) => {
    const message = one.specifier.startsWith(".")
      ? wrongFolder(source, one)
      : (wrongPackage(source, one, manifest) ?? undeclared(source, one, manifest));
    return message === null ? [] : [finding(source, one.offset, message)];
  });
}

function wrongFolder(source: Source, one: Import): string | null {
  const target = resolve(source.path, one.specifier);
  const folder = target.includes("/") ? (target.split("/")[0] ?? "") : "";
  if (source.isTest || folder === source.folder) return null;
  if (target === "index.ts" && source.folder === "examples") return null;
  const reach = reachOf(source);
  if (!reach.folders.includes(folder)) {
    return `${source.folder || source.path} may not import ${folder || target}: only ${list(reach.folders)} (docs/architecture.md, section 5)`;
  }
  if (source.folder === "viz" && folder === "core" && !one.typeOnly && reach !== PAGE_WORKER && reach !== TOOLS) {
    return /^core\/(comparison|exploration|trace|units)\.ts$/.test(target)
      ? null
      : "viz takes values from core/comparison.ts, core/exploration.ts, core/trace.ts and core/units.ts only";
  }
  return null;
}

function wrongPackage(source: Source, one: Import, manifest: Manifest): string | null {
  const { specifier } = one;
  if (source.isTest) return null;
  if (specifier === "")
    return source.folder === "cli"
      ? null
      : "name the module imported here in plain text, so that it can be checked and bundled";
  if (specifier === manifest.name)
    return source.folder === "examples" ? null : "import the file itself, not the package";
  if (specifier === "effect" || specifier === "@effect/platform-node") {
    return `importing all of ${specifier} slows every start: import a sub-path (effect/Effect)`;
  }
  const rule = reachOf(source).packages.find(({ match }) => match.test(specifier));
  if (rule === undefined)
    return `${source.folder || source.path} may not import ${specifier} (docs/architecture.md, section 5)`;
  if (rule.only !== undefined && source.path !== rule.only && !source.path.startsWith(`${rule.only}/`)) {
    return `${specifier} may only be imported in ${rule.only}`;
  }
  const extra = one.values.filter((name) => rule.values !== undefined && !rule.values.includes(name));
  return extra.length === 0
    ? null
    : `${source.folder} may take only ${list(rule.values ?? [])} from ${specifier}, not ${list(extra)}`;
}

/** What the library's face leads to needs a dependency; what is bundled, or not published, a development one. */
function undeclared(source: Source, one: Import, manifest: Manifest): string | null {
  if (one.specifier === "" || one.specifier.startsWith("node:") || one.specifier === manifest.name) return null;
  const name = one.specifier.split("/", one.specifier.startsWith("@") ? 2 : 1).join("/");
  if (manifest.dependencies?.[name] !== undefined) return null;
  const library = !source.isTest && (source.path === "index.ts" || LOGIC_FOLDERS.includes(source.folder));
  if (!library && manifest.devDependencies?.[name] !== undefined) return null;
  return `${name} is not among the ${library ? "dependencies" : "packages"} of package.json`;
}

/** Files that no entry point reaches. */
export function deadFiles(sources: readonly Source[]): Finding[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const waiting = sources.filter(isEntry);
  const reached = new Set(waiting);
  for (let source = waiting.pop(); source !== undefined; source = waiting.pop()) {
    for (const path of mentioned(source)) {
      const target = byPath.get(path);
      if (target === undefined || reached.has(target)) continue;
      reached.add(target);
      waiting.push(target);
    }
  }
  return sources
    .filter((source) => !reached.has(source))
    .map(({ path }) => ({ path, line: 1, message: "a dead file: no entry point reaches it" }));
}

function isEntry({ path, folder, isTest }: Source): boolean {
  return ENTRIES.includes(path) || isTest || folder === "examples" || path.endsWith(".d.ts");
}

/** Imported files, and files named in a string: workers and scripts are started by name. */
function mentioned(source: Source): string[] {
  const names = importsOf(source).map(({ specifier }) => specifier);
  const paths = names.filter((name) => name.startsWith(".")).map((name) => resolve(source.path, name));
  walk(source.program, (node) => {
    const text = node.type === "Literal" ? textOf(node) : null;
    if (text?.endsWith(".ts")) paths.push(text, resolve(source.path, text));
    if (node.type === "TemplateElement") paths.push(...importsOfPage(node.value.raw));
  });
  return paths;
}

/** Tests write small pages in templates; what those import is relative to `PAGE` (viz/page/site-testing.ts). */
function importsOfPage(text: string): string[] {
  return [...text.matchAll(/ from "(\.[^"]+\.ts)"/g)].map(([, name = ""]) => posix.join(PAGE, name));
}

function resolve(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier);
}

function list(words: readonly string[]): string {
  return words.length === 0 ? "nothing" : words.join(", ");
}
