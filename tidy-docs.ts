/** What the documentation says must be so: its snippets compile, its scenarios parse, the files it names exist. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import type { Finding } from "./tidy-rules.ts";

export interface Text {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Fence {
  readonly path: string;
  /** Line of the opening fence. */
  readonly line: number;
  /** First word after the fence, and the rest of that line. */
  readonly language: string;
  readonly info: string;
  readonly body: string;
}

const NOT_OURS = new Set(["node_modules", "dist", ".git", ".cache", "runs"]);
/** The brackets keep this file from matching itself. */
const LEFTOVER = /\b(T[O]DO|F[I]XME|X[X]X|H[A]CK)\b/;
const WORKPLACE = /(?<![\w.-])\/([w]ork|[r]oot|[h]ome\/\w+)(?![\w-])|farm[-]bench/;
/** `./mine.ts` would be a reader's own file. */
const FILE_NAME = /^(?!\.\.?\/)[\w.-]+(?:\/[\w.-]+)+\.(?:ts|mjs|md|ya?ml|json)$/;

/** Every text file of the project, by path; what is built, installed or ignored is left out. */
export function readTree(root: string, folder = ""): Text[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry): Text[] => {
    const path = posix.join(folder, entry.name);
    if (NOT_OURS.has(entry.name) || entry.name.endsWith(".cpuprofile")) return [];
    if (entry.isDirectory()) return readTree(root, path);
    const text = entry.isFile() ? readFileSync(join(root, path), "utf8") : "\0";
    return text.includes("\0") ? [] : [{ path, text }];
  });
}

/** Notes to oneself, and names of the machine that somebody worked on. */
export function leftovers({ path, text }: Text): Finding[] {
  if (path === "package-lock.json") return [];
  return text.split("\n").flatMap((content, index) => {
    const note = LEFTOVER.exec(content)?.[0];
    const place = WORKPLACE.exec(content)?.[0];
    const messages = [];
    if (note !== undefined) messages.push(`${note} left behind: do it, or file an issue`);
    if (place !== undefined) messages.push(`${place} names one machine: use a path relative to the project`);
    return messages.map((message) => ({ path, line: index + 1, message }));
  });
}

/** A lock file that names no registry installs from whichever one is set up. */
export function lockedAddresses({ path, text }: Text): Finding[] {
  if (path !== "package-lock.json") return [];
  return text
    .split("\n")
    .flatMap((content, index) =>
      content.includes('"resolved": "http') ? [{ path, line: index + 1, message: "a registry's address" }] : [],
    );
}

/** Fenced blocks of a Markdown text. */
export function fencesOf({ path, text }: Text): Fence[] {
  const found: Fence[] = [];
  let open: { line: number; language: string; info: string; lines: string[] } | null = null;
  for (const [index, content] of text.split("\n").entries()) {
    const fence = /^```\s*(\S*)\s*(.*)$/.exec(content);
    if (open === null && fence !== null) {
      open = { line: index + 1, language: fence[1] ?? "", info: fence[2] ?? "", lines: [] };
    } else if (open !== null && fence !== null) {
      found.push({ path, line: open.line, language: open.language, info: open.info, body: open.lines.join("\n") });
      open = null;
    } else open?.lines.push(content);
  }
  return found;
}

/** Paths in backticks, and local links: each must lead to a file. */
export function namedFiles(doc: Text, exists: (path: string) => boolean): Finding[] {
  return doc.text.split("\n").flatMap((content, index) => {
    const code = [...content.matchAll(/`([^`]+)`/g)].flatMap(([, words = ""]) => words.split(/\s+/));
    const links = [...content.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, target = ""]) => target);
    const beside = (name: string): string => posix.join(posix.dirname(doc.path), name);
    const missing = [
      ...code.filter((name) => FILE_NAME.test(name) && !exists(name) && !exists(beside(name))),
      ...links.filter((name) => !exists(beside(name))),
    ];
    return missing.map((name) => ({ path: doc.path, line: index + 1, message: `${name} does not exist` }));
  });
}

/** A block ```` ```files core ```` lists the sources that lie directly in that folder: one a line, its name first. */
export function fileLists(doc: Text, paths: readonly string[]): Finding[] {
  return fencesOf(doc).flatMap(({ language, info: folder, body, path, line }) => {
    if (language !== "files") return [];
    const listed = body.split("\n").flatMap((row) => /^\S+/.exec(row)?.[0] ?? []);
    const present = paths
      .filter((file) => posix.dirname(file) === folder && file.endsWith(".ts") && !file.endsWith(".test.ts"))
      .map((file) => posix.basename(file));
    const extra = listed.filter((name) => !present.includes(name)).map((name) => `${folder}/${name} does not exist`);
    const lacking = present.filter((name) => !listed.includes(name)).map((name) => `${folder}/${name} is not listed`);
    return [...extra, ...lacking].map((message) => ({ path, line, message }));
  });
}

/** Blocks of TypeScript: each must compile by itself. */
export function snippetsOf(doc: Text): Fence[] {
  return fencesOf(doc).filter(({ language }) => language === "ts");
}

/** Blocks of YAML whose first line says `# scenario`: each must resolve. */
export function scenariosOf(doc: Text): Fence[] {
  return fencesOf(doc).filter(({ language, body }) => /^ya?ml$/.test(language) && /^# scenario\b/.test(body));
}

/** Compiles snippets against the sources, `pathloom` being the library's face; returns what the compiler says. */
export function compileSnippets(root: string, name: string, snippets: readonly Fence[]): string[] {
  const folder = join(root, "node_modules/.cache", name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const files = snippets.map(({ path, line }) => `${path.replaceAll("/", "-")}-line-${line}.ts`);
  for (const [index, file] of files.entries())
    writeFileSync(join(folder, file), `${snippets[index]?.body}\nexport {};\n`);
  const config = {
    extends: "../../../tsconfig.json",
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
    include: [],
    files: [...files, "../../../core/seedrandom.d.ts"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  return typeErrors(root, folder);
}

function typeErrors(root: string, folder: string): string[] {
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  try {
    execFileSync(process.execPath, [compiler, "-p", folder, "--pretty", "false"], { cwd: folder, encoding: "utf8" });
    return [];
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    return stdout?.split("\n").filter((row) => row.includes(": error ")) ?? [String(error)];
  }
}

/** Documents whose claims are checked. */
export function isDocument({ path }: Text): boolean {
  return path === "README.md" || path === "CONTRIBUTING.md" || (dirname(path) === "docs" && path.endsWith(".md"));
}
