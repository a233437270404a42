/** Decodes a parsed file with a schema and turns every mistake of shape into a problem at its place. */
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import type * as AST from "effect/SchemaAST";
import type { Issue } from "effect/SchemaIssue";
import { alternatives, type Finding, shown } from "./problems.ts";
import { QUANTITY } from "./schema.ts";
import { closest } from "./suggest.ts";
import { parseQuantity, type QuantityKind } from "./units.ts";
import type { Path, YamlFile } from "./yaml.ts";

/** The file's value as the schema describes it; undefined where it does not fit, with the reasons in `file.problems`. */
export function decode<S extends Schema.ConstraintDecoder<unknown>>(file: YamlFile, schema: S): S["Type"] | undefined {
  const decoded = Schema.decodeUnknownResult(schema, { errors: "all", onExcessProperty: "error" })(file.value);
  if (Result.isSuccess(decoded)) return decoded.success;
  report(file, decoded.failure.issue, []);
  return undefined;
}

function report(file: YamlFile, issue: Issue, path: Path): void {
  switch (issue._tag) {
    case "Pointer":
      return report(file, issue.issue, [
        ...path,
        ...issue.path.map((step) => (typeof step === "number" ? step : String(step))),
      ]);
    case "Composite":
      return issue.issues.forEach((inner) => report(file, inner, path));
    case "Encoding":
      return report(file, issue.issue, path);
    case "AnyOf":
      return reportAnyOf(file, issue, path);
    case "Filter":
      return reportValue(file, path, [issue.filter.annotations], []);
    case "InvalidType":
      return reportValue(file, path, annotationsOf(issue.ast), []);
    case "MissingKey":
      return reportMissing(file, path);
    case "UnexpectedKey":
      return reportUnexpected(file, path, issue.ast);
    default:
      return reportValue(file, path, [], []);
  }
}

type Annotations = Readonly<Record<string, unknown>> | undefined;

function annotationsOf(ast: AST.AST): readonly Annotations[] {
  return [ast.annotations, ...(ast.checks ?? []).map(({ annotations }) => annotations)];
}

/** A mapping is judged by the member it resembles most; anything else by the union as a whole. */
function reportAnyOf(file: YamlFile, issue: Extract<Issue, { _tag: "AnyOf" }>, path: Path): void {
  const value = valueAt(file.value, path);
  const isMapping = typeof value === "object" && value !== null && !Array.isArray(value);
  const [nearest] = [...issue.issues].sort((left, right) => distance(left) - distance(right));
  if (isMapping && nearest !== undefined) return report(file, nearest, path);
  reportValue(file, path, annotationsOf(issue.ast), literalsOf(issue.ast));
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

function literalsOf({ types }: AST.Union): readonly string[] {
  return types.flatMap((type) => (type._tag === "Literal" ? [String(type.literal)] : []));
}

function reportValue(
  file: YamlFile,
  path: Path,
  annotations: readonly Annotations[],
  literals: readonly string[],
): void {
  const value = valueAt(file.value, path);
  const named = annotations.map((found) => found?.["expected"]).find((text) => typeof text === "string");
  const expected = named ?? (literals.length > 0 ? alternatives(literals) : "another kind of value");
  const kind = annotations.map((found) => found?.[QUANTITY]).find((found) => found !== undefined);
  const finding = { message: mismatch(path, expected, shown(value)), expected, found: shown(value) };
  file.atValue(path, { ...finding, didYouMean: suggestion(value, literals, kind as QuantityKind | undefined) });
}

/** `flows[0].rate: expected a rate such as ..., found "1Mbps"` */
export function mismatch(path: Path, expected: string, found: string): string {
  const place = pathText(path);
  return place === "" ? `expected ${expected}, found ${found}` : `${place}: expected ${expected}, found ${found}`;
}

function suggestion(value: unknown, literals: readonly string[], kind: QuantityKind | undefined): string | undefined {
  if (typeof value !== "string") return undefined;
  const literal = closest(value, literals);
  if (literal !== undefined || kind === undefined) return literal;
  const read = parseQuantity(value, kind);
  return read.ok ? undefined : read.error.didYouMean;
}

function reportMissing(file: YamlFile, path: Path): void {
  const key = String(path.at(-1) ?? "");
  const finding: Finding = { message: `${pathText(path)} is missing`, expected: key, found: "nothing" };
  file.atValue(path.slice(0, -1), finding);
}

function reportUnexpected(file: YamlFile, path: Path, ast: AST.AST): void {
  const key = String(path.at(-1) ?? "");
  const known = ast._tag === "Objects" ? ast.propertySignatures.map(({ name }) => String(name)) : [];
  const present = valueAt(file.value, path.slice(0, -1));
  const free = known.filter((name) => typeof present !== "object" || present === null || !Object.hasOwn(present, name));
  const place = pathText(path.slice(0, -1));
  file.atKey(path, {
    message: `unknown key ${shown(key)}${place === "" ? "" : ` in ${place}`}`,
    expected: known.length === 0 ? "no such key" : alternatives(known),
    found: shown(key),
    didYouMean: file.full ? undefined : closest(key, free),
  });
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

/** `flows[0].rate`; keys that are no plain words stand in quotes. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    if (!/^[\w-]+$/.test(step) || /^\d/.test(step)) return `${text}[${shown(step)}]`;
    return text === "" ? step : `${text}.${step}`;
  }, "");
}
