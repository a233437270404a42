/**
 * YAML with positions: text to plain data, and from a path into that data back to line and column. Every text gives
 * either data or problems; nothing throws, and no text makes the data larger than a bound.
 */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLParseError,
} from "yaml";
import { err, ok, type Result } from "../core/result.ts";
import { readPlainYaml } from "./plain-yaml.ts";
import { type Finding, type Problem, ProblemList, shown } from "./problems.ts";

/** Largest file taken, in characters. */
export const MAX_FILE_SIZE = 16 * 1_048_576;

/** Deeper nesting is no scenario, and would exhaust the stack. */
const MAX_DEPTH = 100;

/**
 * Most values that aliases may repeat in all (YAML's "billion laughs" repeats ten values ten times, ten times over).
 */
const MAX_ALIASED_VALUES = 10_000;

/** Reads a file that another one names, by the path that stands there; the error is one clear sentence. */
export type ReadFile = (path: string) => Result<string, string>;

/** Keys and list positions that lead to a value. */
export type Path = readonly (string | number)[];

/** Bounds and anchors while nodes become plain data. */
interface Walk {
  depth: number;
  aliasDepth: number;
  aliasedValues: number;
  /** Nodes by their anchor, entered when they are complete: an alias within its own node has no anchor before it. */
  readonly anchors: Map<string, unknown>;
}

/** One parsed file; collects the problems found in it. */
export class YamlFile {
  readonly file: string;
  readonly text: string;
  /** Plain data: mappings, lists, text, finite numbers, true, false, null. */
  readonly value: unknown;
  readonly readFile: ReadFile;
  /** Lists read from files that this one names, by their path: several places may name one file. */
  readonly lists = new Map<string, unknown>();
  #tree: Tree | null;
  readonly #targets = new Map<unknown, unknown>();
  readonly #problems: ProblemList;
  /** What is told of a structure that is too large: once for all its branches. */
  readonly #tooMuchTold = new Set<string>();
  /** Nothing is wrong with the YAML itself but keys that stand twice: the value is worth a further look. */
  readonly sound: boolean;
  #duplicateKeys = 0;
  /** Places whose values were wrong in shape and are not in what is read on. */
  readonly #leftOut = new Set<string>();
  readonly #aboveLeftOut = new Set<string>();
  /** For a list that lost items, by its place: where each of the others stands in the file. */
  readonly #kept = new Map<string, readonly number[]>();

  /** Without a tree, `plain` is the text's value, and the places in it are sought when a problem needs one. */
  constructor(file: string, text: string, readFile: ReadFile, tree: Tree | null, plain: unknown = null) {
    this.file = file;
    this.text = text;
    this.readFile = readFile;
    this.#problems = new ProblemList(file);
    this.#tree = tree;
    for (const error of firstAtEachPlace(tree?.document.errors ?? [])) {
      const { reason, at } = reasonOf(error, text);
      const found = shown(text.slice(at, Math.min(Math.max(at + 1, error.pos[1]), at + 20)));
      this.#add(at, { message: `not valid YAML: ${reason}`, expected: "valid YAML", found });
    }
    const walk = { depth: 0, aliasDepth: 0, aliasedValues: 0, anchors: new Map<string, unknown>() };
    const ofTree = (root: unknown): unknown => (this.problemCount === 0 ? this.#plain(root, walk) : null);
    this.value = tree === null ? plain : ofTree(tree.document.contents);
    this.sound = this.problemCount === this.#duplicateKeys;
  }

  /** In the order of their places; where some were left out, the last one says how many. */
  get problems(): readonly Problem[] {
    return this.#problems.sorted;
  }

  /** Whether something that was left out stands below `path` at a place whose text below it `is` fits. */
  hasLeftOut(path: Path, is: RegExp): boolean {
    const above = pathText(path);
    return [...this.#leftOut].some((place) => place.startsWith(above) && is.test(place.slice(above.length)));
  }

  get problemCount(): number {
    return this.#problems.count;
  }

  /** A problem with the value at `path`; where there is none, with what comes nearest. */
  atValue(path: Path, finding: Finding): void {
    this.#add(() => this.#offsetOf(path, false), finding);
  }

  /** A problem with the character at `offset` of the text that stands at `path`; with all of it where it is written otherwise. */
  within(path: Path, text: string, offset: number, finding: Finding): void {
    this.#add(() => {
      const start = this.#offsetOf(path, false);
      const first = start + (/["']/.test(this.text.charAt(start)) ? 1 : 0);
      return this.text.startsWith(text, first) ? first + offset : start;
    }, finding);
  }

  /** A problem with the key that `path` ends in. */
  atKey(path: Path, finding: Finding): void {
    this.#add(() => this.#offsetOf(path, true), finding);
  }

  /** What stands here is wrong and has been reported: what is said about it later would only follow from that. */
  leaveOut(path: Path): void {
    this.#leftOut.add(pathText(path));
    this.#aboveLeftOut.add(pathText(path.slice(0, -1)));
  }

  /** What stands here is wrong and has been reported; something else is read in its place. */
  assume(path: Path): void {
    this.#leftOut.add(pathText(path));
  }

  isLeftOut(path: Path): boolean {
    return this.#leftOut.has(pathText(path));
  }

  /** Whether a problem here would follow from one that has been reported: about what was left out, or that it is not there. */
  followsFromLeftOut(path: Path): boolean {
    if (this.#leftOut.size === 0) return false;
    return this.#aboveLeftOut.has(pathText(path)) || path.some((_, at) => this.isLeftOut(path.slice(0, at + 1)));
  }

  /** The list at `path` (as it is read) had `length` items and loses some. */
  forgetItems(path: Path, length: number, gone: ReadonlySet<number>): void {
    const list = pathText(this.originalPath(path));
    const before = this.#kept.get(list) ?? Array.from({ length }, (_, at) => at);
    this.#kept.set(
      list,
      before.filter((_, at) => !gone.has(at)),
    );
  }

  /** Where in the file that stands which is read at `path`. */
  originalPath(path: Path): Path {
    if (this.#kept.size === 0) return path;
    return path.reduce<Path>((original, step) => [...original, this.originalStep(original, step)], []);
  }

  /** The last step of a path whose others are the file's own already. */
  originalStep(list: Path, step: string | number): string | number {
    if (typeof step !== "number" || this.#kept.size === 0) return step;
    return this.#kept.get(pathText(list))?.[step] ?? step;
  }

  /** Whether further problems are only counted; suggestions for them need not be looked for. */
  get full(): boolean {
    return this.#problems.full;
  }

  #place(): Tree {
    this.#tree ??= parseTree(this.text);
    return this.#tree;
  }

  #add(offset: number | (() => number), finding: Finding): void {
    this.#problems.add(() => {
      const at = typeof offset === "number" ? offset : offset();
      const { line, col } = this.#place().lines.linePos(Math.min(at, this.text.length));
      return { line: Math.max(1, line), column: Math.max(1, col) };
    }, finding);
  }

  #plain(node: unknown, walk: Walk): unknown {
    if (walk.depth > MAX_DEPTH) return this.#tooMuch(node, `nested more than ${MAX_DEPTH} deep`);
    if (walk.aliasDepth > 0 && ++walk.aliasedValues > MAX_ALIASED_VALUES) {
      return this.#tooMuch(node, `aliases repeat more than ${MAX_ALIASED_VALUES} values`);
    }
    walk.depth++;
    const value = this.#valueOf(node, walk);
    walk.depth--;
    const anchor = isNode(node) && !isAlias(node) ? node.anchor : undefined;
    if (anchor !== undefined) walk.anchors.set(anchor, node);
    return value;
  }

  #valueOf(node: unknown, walk: Walk): unknown {
    if (isAlias(node)) return this.#aliased(node, walk);
    if (isSeq(node)) return node.items.map((item) => this.#plain(item, walk));
    return isMap(node) ? this.#mapping(node.items, walk) : this.#scalar(node);
  }

  #aliased(node: Alias, walk: Walk): unknown {
    const target = walk.anchors.get(node.source);
    if (target === undefined) {
      const message = `the alias *${node.source} has no anchor before it`;
      this.#add(startOf(node), { message, expected: "an anchor", found: shown(node.source) });
      return null;
    }
    this.#targets.set(node, target);
    walk.aliasDepth++;
    const value = this.#plain(target, walk);
    walk.aliasDepth--;
    return value;
  }

  #mapping(pairs: readonly Pair[], walk: Walk): unknown {
    const entries = new Map<string, unknown>();
    for (const { key, value } of pairs) {
      const name = keyText(key);
      if (name === undefined) {
        this.#add(startOf(key), { message: "a key must be text", expected: "text", found: typeOf(key) });
      } else if (entries.has(name)) {
        const message = `${shown(name)} stands twice in one mapping`;
        const before = this.problemCount;
        this.#add(startOf(key), { message, expected: "each key once", found: shown(name) });
        this.#duplicateKeys += this.problemCount - before;
      } else {
        entries.set(name, this.#plain(value, walk));
      }
    }
    return Object.fromEntries(entries);
  }

  #scalar(node: unknown): unknown {
    const value: unknown = isScalar(node) ? node.value : null;
    if (value === null || ["string", "boolean"].includes(typeof value)) return value;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    const found = isScalar(node) && typeof node.source === "string" ? node.source : String(value);
    this.#add(startOf(node), { message: `${found} is no plain value`, expected: "a plain value", found });
    return null;
  }

  #tooMuch(node: unknown, message: string): null {
    // Once said, it would be true of every branch.
    if (!this.#tooMuchTold.has(message)) {
      this.#add(startOf(node), { message, expected: "a scenario or a topology", found: "a larger structure" });
    }
    this.#tooMuchTold.add(message);
    return null;
  }

  #offsetOf(path: Path, key: boolean): number {
    let node: unknown = this.#place().document.contents;
    let offset = startOf(node);
    for (const [at, step] of path.entries()) {
      if (isAlias(node)) node = this.#targets.get(node);
      const pair = isMap(node) ? node.items.find((item) => keyText(item.key) === String(step)) : undefined;
      const item: unknown = isSeq(node) ? node.items[Number(step)] : pair?.value;
      if (item === undefined && pair === undefined) return offset;
      const wantsKey = pair !== undefined && (!hasPlace(item) || (key && at === path.length - 1));
      offset = startOf(wantsKey ? pair.key : item);
      node = item;
    }
    return offset;
  }
}

/** What the parser makes of a text. */
interface Tree {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

function parseTree(text: string): Tree {
  const lines = new LineCounter();
  return {
    document: parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, ...CORE }),
    lines,
  };
}

/** From this length on, in characters, the whole parser's time is felt. */
const LONG_TEXT = 65_536;

/** `flows[0].rate`; keys that are no plain words stand in quotes. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    if (!/^[\w-]+$/.test(step) || /^\d/.test(step)) return `${text}[${shown(step)}]`;
    return text === "" ? step : `${text}.${step}`;
  }, "");
}

/** Parses a file and refuses what is no text, too large, empty, or not YAML. */
export function parseYaml(
  text: string,
  file: string,
  readFile: ReadFile = noFiles,
): Result<YamlFile, readonly Problem[]> {
  const refuse = (message: string, expected: string, found: string) =>
    err([{ file, line: 1, column: 1, message, expected, found }]);
  if (text.length > MAX_FILE_SIZE) {
    const found = `${(text.length / 1_048_576).toFixed(1)} MiB`;
    return refuse(`the file is larger than 16 MiB`, "at most 16 MiB", found);
  }
  const control = /[^\P{Cc}\t\n\r\u0085]|\ufffd/u.exec(text);
  if (control !== null) return refuse("this is a binary file, not YAML text", "UTF-8 text", shown(control[0]));
  const plain = text.length < LONG_TEXT ? null : readPlainYaml(text);
  if (plain !== null) return ok(new YamlFile(file, text, readFile, null, plain));
  try {
    const parsed = new YamlFile(file, text, readFile, parseTree(text));
    if (!parsed.sound) return err(parsed.problems);
    return parsed.value === null ? refuse("the file is empty", "a mapping", "nothing") : ok(parsed);
  } catch (error) {
    // The parser recurses: only nesting far beyond MAX_DEPTH makes it run out of stack.
    const found = error instanceof Error ? error.message : String(error);
    return refuse("the file cannot be parsed: it is nested too deeply", "a scenario or a topology", found);
  }
}

function noFiles(): Result<string, string> {
  return err("other files cannot be read from here");
}

/** What the parser's own words leave unsaid: the mistakes that topologies invite. */
function reasonOf({ code, message, pos: [at] }: YAMLParseError, text: string): { reason: string; at: number } {
  if (code === "RESOURCE_EXHAUSTION") return { reason: "it is nested too deeply", at };
  if (code === "TAB_AS_INDENT") return { reason: `${message}: use spaces`, at };
  if (code === "BLOCK_AS_IMPLICIT_KEY") {
    return { reason: "a key within a value: is this line, or the next, indented as those around it?", at };
  }
  const from = Math.max(0, at - MAX_LOOKED_BACK);
  const [cut] = [...text.slice(from, at).matchAll(/(?<=[\da-f][ \t]+)#\d/g)].slice(-1);
  if (cut === undefined) return { reason: message, at };
  return {
    reason: "a # after a space begins a comment: write interfaces without it, 1-ff00:0:110#1",
    at: from + cut.index,
  };
}

/** Where a bracket is not closed, the cause is this near in characters. */
const MAX_LOOKED_BACK = 400;

/** What follows a mistake at the very same place follows from it. */
function firstAtEachPlace(errors: readonly YAMLParseError[]): readonly YAMLParseError[] {
  return errors.filter(({ pos }, at) => at === 0 || pos[0] !== errors[at - 1]?.pos[0]);
}

/** YAML 1.2 without merge keys and without tags that make dates, sets or bytes. */
const CORE = { version: "1.2", schema: "core", merge: false, resolveKnownTags: false, logLevel: "error" } as const;

function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  return typeof key.value === "string" ? key.value : (key.source ?? String(key.value));
}

function typeOf(node: unknown): string {
  if (isMap(node)) return "a mapping";
  return isSeq(node) ? "a list" : "an alias";
}

function startOf(node: unknown): number {
  return (node as Partial<Node> | null | undefined)?.range?.[0] ?? 0;
}

/** An absent value (`key:` and nothing after it) stands nowhere, its key does. */
function hasPlace(node: unknown): boolean {
  return !(node === null || (isScalar(node) && node.value === null && (node.source ?? "") === ""));
}
