/**
 * Decodes a parsed file with a schema and turns every mistake of shape into a problem at its place. What is wrong is then left
 * out, so that what is right can be read on: a file's mistakes are told all at once, whatever their kind.
 */
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import type * as AST from "effect/SchemaAST";
import type { Issue } from "effect/SchemaIssue";
import { alternatives, type Finding, shown } from "./problems.ts";
import { QUANTITY } from "./scenario/values.ts";
import { closest } from "./suggest.ts";
import { parseQuantity, type QuantityKind } from "./units.ts";
import { type Path, pathText, type YamlFile } from "./yaml.ts";

/** Leaving out what is wrong can make what held it wrong, a few levels up at most. */
const MAX_PASSES = 12;

/**
 * The file's value as the schema describes it, the reasons where it does not fit in `file.problems`. What does not fit is left
 * out of the result; undefined where nothing is left. `partial` takes what lacks keys that `schema` must have.
 */
export function decode<S extends Schema.ConstraintDecoder<unknown>, P extends Schema.ConstraintDecoder<unknown>>(
  file: YamlFile,
  schema: S,
  partial: P,
): P["Type"] | undefined {
  const first = attempt(schema, file.value);
  if (Result.isSuccess(first)) return first.success;
  const value: unknown = structuredClone(file.value);
  let issue: Issue = first.failure.issue;
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const mistakes = mistakesOf(issue, [], value);
    for (const mistake of mistakes) report(file, mistake, mistakes);
    if (!leaveOut(value, mistakes, file)) return undefined;
    const again = attempt(partial, value);
    if (Result.isSuccess(again)) return again.success;
    issue = again.failure.issue;
  }
  return undefined;
}

function attempt<S extends Schema.ConstraintDecoder<unknown>>(schema: S, value: unknown) {
  return Schema.decodeUnknownResult(schema, { errors: "all", onExcessProperty: "error" })(value);
}

type Annotations = Readonly<Record<string, unknown>> | undefined;

/** One thing that is wrong, by its path in the value that was decoded. */
type Mistake =
  | { readonly kind: "missing"; readonly path: Path; readonly words: readonly string[] }
  | {
      readonly kind: "unexpected";
      readonly path: Path;
      readonly free: readonly string[];
      readonly known: readonly string[];
    }
  | {
      readonly kind: "value";
      readonly path: Path;
      readonly value: unknown;
      readonly annotations: readonly Annotations[];
      readonly literals: readonly string[];
    };

/** `root` is what was decoded. */
function mistakesOf(issue: Issue, path: Path, root: unknown): readonly Mistake[] {
  const wrong = (annotations: readonly Annotations[]): readonly Mistake[] => [
    { kind: "value", path, value: valueAt(root, path), annotations, literals: [] },
  ];
  switch (issue._tag) {
    case "Pointer": {
      const steps = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
      return mistakesOf(issue.issue, [...path, ...steps], root);
    }
    case "Composite":
      return issue.issues.flatMap((inner) => mistakesOf(inner, path, root));
    case "Encoding":
      return mistakesOf(issue.issue, path, root);
    case "AnyOf":
      return mistakesOfUnion(issue, path, root);
    case "Filter":
      return wrong([issue.filter.annotations]);
    case "InvalidType":
      return wrong(annotationsOf(issue.ast));
    case "MissingKey":
      return [{ kind: "missing", path, words: [] }];
    case "UnexpectedKey":
      return [unexpected(issue.ast, path, root)];
    default:
      return wrong([]);
  }
}

function annotationsOf(ast: AST.AST): readonly Annotations[] {
  return [ast.annotations, ...(ast.checks ?? []).map(({ annotations }) => annotations)];
}

function unexpected(ast: AST.AST, path: Path, root: unknown): Mistake {
  const known = ast._tag === "Objects" ? ast.propertySignatures.map(({ name }) => String(name)) : [];
  const present = valueAt(root, path.slice(0, -1));
  const free = known.filter((name) => typeof present !== "object" || present === null || !Object.hasOwn(present, name));
  return { kind: "unexpected", path, free, known };
}

/**
 * A mapping is judged by the member that its key of choice (`app`, `event`, `model`) names, else by the one it resembles most;
 * anything else by the union as a whole.
 */
function mistakesOfUnion(issue: Extract<Issue, { _tag: "AnyOf" }>, path: Path, root: unknown): readonly Mistake[] {
  const value = valueAt(root, path);
  const isMapping = typeof value === "object" && value !== null && !Array.isArray(value);
  if (isMapping) {
    const [nearest] = [...issue.issues].sort((left, right) => distance(left) - distance(right));
    if (nearest !== undefined) return mistakesOf(nearest, path, root);
    const choice = choiceOf(issue.ast);
    if (choice !== undefined) return [wrongChoice(choice, path, value as Readonly<Record<string, unknown>>)];
  }
  return [{ kind: "value", path, value, annotations: annotationsOf(issue.ast), literals: literalsOf(issue.ast) }];
}

interface Choice {
  readonly key: string;
  readonly words: readonly string[];
}

/** The key whose word says which member of a union is meant. */
function choiceOf({ types }: AST.Union): Choice | undefined {
  const words = types.flatMap((type) => {
    const found = type._tag === "Objects" ? type.propertySignatures : [];
    return found.flatMap(({ name, type: of }) =>
      of._tag === "Literal" ? [[String(name), String(of.literal)] as const] : [],
    );
  });
  const [key, ...others] = new Set(words.map(([name]) => name));
  return key === undefined || others.length > 0 ? undefined : { key, words: words.map(([, word]) => word) };
}

function wrongChoice({ key, words }: Choice, path: Path, value: Readonly<Record<string, unknown>>): Mistake {
  if (!Object.hasOwn(value, key)) return { kind: "missing", path: [...path, key], words };
  return { kind: "value", path: [...path, key], value: value[key], annotations: [], literals: words };
}

/** How far a value is from a schema: keys that do not belong tell more than values that are wrong. */
function distance(issue: Issue): number {
  switch (issue._tag) {
    case "Composite":
      return issue.issues.reduce((sum, inner) => sum + distance(inner), 0);
    case "Pointer":
      // However much is wrong within a value of the right kind, it says little about the mapping that holds it.
      return issue.issue._tag === "Composite" ? Math.min(2, distance(issue.issue)) : distance(issue.issue);
    case "Filter":
    case "Encoding":
      return distance(issue.issue);
    case "UnexpectedKey":
    case "MissingKey":
      return 3;
    default:
      return 1;
  }
}

/** The words of a union, its members' own unions included. */
function literalsOf({ types }: AST.Union): readonly string[] {
  return types.flatMap((type) => {
    if (type._tag === "Union") return literalsOf(type);
    return type._tag === "Literal" ? [String(type.literal)] : [];
  });
}

function report(file: YamlFile, mistake: Mistake, all: readonly Mistake[]): void {
  const path = file.originalPath(mistake.path);
  if (mistake.kind === "missing") return reportMissing(file, path, mistake, all);
  if (mistake.kind === "unexpected") return reportUnexpected(file, path, mistake);
  const { value, annotations, literals } = mistake;
  const named = annotations.map((found) => found?.["expected"]).find((text) => typeof text === "string");
  const expected = named ?? (literals.length > 0 ? alternatives(literals) : "another kind of value");
  const isBare = typeof value === "number" && kindOf(mistake) !== undefined && !/bytes|number|MTU/.test(expected);
  const found = isBare ? `${shown(value)} without a unit` : shown(value);
  const finding = { message: mismatch(path, expected, found), expected, found };
  file.atValue(path, { ...finding, didYouMean: suggestionFor(mistake) });
}

/** `flows[0].rate: expected a rate such as ..., found "1Mbps"` */
export function mismatch(path: Path, expected: string, found: string): string {
  const place = pathText(path);
  return place === "" ? `expected ${expected}, found ${found}` : `${place}: expected ${expected}, found ${found}`;
}

type WrongValue = Extract<Mistake, { kind: "value" }>;

/** The kind of quantity that is expected; undefined where it is none. */
function kindOf({ annotations }: WrongValue): QuantityKind | undefined {
  const kind = annotations.map((found) => found?.[QUANTITY]).find((found) => found !== undefined);
  return kind as QuantityKind | undefined;
}

function suggestionFor(mistake: WrongValue): string | undefined {
  const { value, literals } = mistake;
  if (typeof value !== "string") return undefined;
  const kind = kindOf(mistake);
  const literal = closest(value, literals);
  if (literal !== undefined || kind === undefined) return literal;
  const read = parseQuantity(value, kind);
  return read.ok ? undefined : read.error.didYouMean;
}

/** Said only where the key was not left out for being wrong, and none beside it looks like it. */
function reportMissing(
  file: YamlFile,
  path: Path,
  mistake: Extract<Mistake, { kind: "missing" }>,
  all: readonly Mistake[],
): void {
  const key = String(path.at(-1) ?? "");
  const misspelt = all.some(
    (other) =>
      other.kind === "unexpected" &&
      sameParent(other.path, mistake.path) &&
      closest(String(other.path.at(-1)), other.free) === key,
  );
  if (misspelt || file.isLeftOut(path) || file.isLeftOut(path.slice(0, -1))) return;
  const choice = mistake.words.length === 0 ? "" : `: expected ${alternatives(mistake.words)}`;
  const finding: Finding = { message: `${pathText(path)} is missing${choice}`, expected: key, found: "nothing" };
  file.atValue(path.slice(0, -1), finding);
}

function sameParent(left: Path, right: Path): boolean {
  return left.length === right.length && left.slice(0, -1).every((step, at) => step === right[at]);
}

/** Longer lists of keys are for the documentation. */
const MAX_KEYS_TOLD = 6;

function reportUnexpected(file: YamlFile, path: Path, { known, free }: Extract<Mistake, { kind: "unexpected" }>): void {
  const key = String(path.at(-1) ?? "");
  const place = pathText(path.slice(0, -1));
  const didYouMean = file.full ? undefined : closest(key, free);
  const isShort = didYouMean === undefined && known.length > 0 && known.length <= MAX_KEYS_TOLD;
  file.atKey(path, {
    message: `unknown key ${shown(key)}${place === "" ? "" : ` in ${place}`}${isShort ? `: expected ${alternatives(known)}` : ""}`,
    expected: known.length === 0 ? "no such key" : alternatives(known),
    found: shown(key),
    didYouMean,
  });
}

/** Changes `root`: puts in what was probably meant, takes out the rest of what is wrong. False where that is everything. */
function leaveOut(root: unknown, mistakes: readonly Mistake[], file: YamlFile): boolean {
  const taken: Path[] = [];
  for (const mistake of mistakes) {
    const { path } = mistake;
    const meant = mistake.kind === "value" ? suggestionFor(mistake) : undefined;
    if (meant !== undefined && put(root, path, meant)) {
      file.assume(file.originalPath(path));
      continue;
    }
    if (mistake.kind === "unexpected") {
      const key = file.full ? undefined : closest(String(path.at(-1)), mistake.free);
      if (key !== undefined) file.leaveOut(file.originalPath([...path.slice(0, -1), key]));
    }
    const whole = mistake.kind === "missing" ? path.slice(0, -1) : path;
    if (whole.length > 0) taken.push(whole);
    else if (mistake.kind !== "missing") return false;
  }
  for (const path of taken) file.leaveOut(file.originalPath(path));
  takeOut(root, taken, file);
  return true;
}

function put(root: unknown, path: Path, value: unknown): boolean {
  const parent = valueAt(root, path.slice(0, -1));
  const key = path.at(-1);
  if (typeof parent !== "object" || parent === null || key === undefined) return false;
  (parent as Record<string | number, unknown>)[key] = value;
  return true;
}

/** Items go from their lists last, from the back, so that no path leads astray. */
function takeOut(root: unknown, paths: readonly Path[], file: YamlFile): void {
  const items = new Map<readonly unknown[], { readonly path: Path; readonly gone: Set<number> }>();
  for (const path of paths) {
    const parent = valueAt(root, path.slice(0, -1));
    const key = path.at(-1);
    if (Array.isArray(parent)) {
      const found = items.get(parent) ?? { path: path.slice(0, -1), gone: new Set() };
      items.set(parent, found);
      found.gone.add(Number(key));
    } else if (typeof parent === "object" && parent !== null && key !== undefined) {
      delete (parent as Record<string, unknown>)[key];
    }
  }
  // The innermost lists first: the numbers on the way to them still hold.
  const lists = [...items].toSorted(([, left], [, right]) => right.path.length - left.path.length);
  for (const [list, { path, gone }] of lists) {
    file.forgetItems(path, list.length, gone);
    const kept = list.filter((_, at) => !gone.has(at));
    (list as unknown[]).splice(0, list.length, ...kept);
  }
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}
