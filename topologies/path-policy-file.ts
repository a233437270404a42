/** Files that hold a path policy: one policy with those that it extends, or several by name as scionproto writes them. */
import type { PathPolicy } from "../core/path-policy/policy.ts";
import { err, ok, type Result } from "../core/result.ts";
import { decode } from "./decode.ts";
import { parseJson } from "./import/json.ts";
import { PathPolicyReader, type PolicyEntry } from "./path-policies.ts";
import { alternatives, type Problem, shown, withSources } from "./problems.ts";
import {
  OnePolicyDocument,
  PoliciesByNameDocument,
  PolicyListDocument,
  type PathPolicyDocument,
} from "./scenario/path-policy.ts";
import { Section } from "./section.ts";
import { parseYaml, type YamlFile } from "./yaml.ts";

const ATTRIBUTES = new Set(Object.keys(OnePolicyDocument.fields));

/**
 * The path policy in the text of a YAML or JSON file, or everything that is wrong with it. `name` chooses one of several; null: the
 * only one that no other extends.
 */
export function readPathPolicyFile(
  text: string,
  path: string,
  name: string | null = null,
): Result<PathPolicy, readonly Problem[]> {
  const parsed = path.endsWith(".json") ? parseJson({ path, text }) : parseYaml(text, path);
  if (!parsed.ok) return err(withSources(parsed.error, text));
  const file = parsed.value;
  const policy = readDocument(file, name);
  if (policy === undefined || file.problemCount > 0) return err(withSources(file.problems, text));
  return ok(policy);
}

function readDocument(file: YamlFile, name: string | null): PathPolicy | undefined {
  if (Array.isArray(file.value)) {
    const list = decode(file, PolicyListDocument, PolicyListDocument);
    return list === undefined ? undefined : readNamed(entriesOfList(list, new Section(file)), file, name);
  }
  if (isByName(file.value)) {
    const byName = decode(file, PoliciesByNameDocument, PoliciesByNameDocument);
    return byName === undefined ? undefined : readNamed(entriesOf(byName, new Section(file)), file, name);
  }
  const one = decode(file, OnePolicyDocument, OnePolicyDocument);
  if (one === undefined) return undefined;
  const { policies = {}, ...document } = one;
  const section = new Section(file);
  const reader = new PathPolicyReader(entriesOf(policies, section.at("policies")));
  const inner = readAll(reader, Object.keys(policies), section.at("policies"));
  return name === null ? reader.read(document, section) : chosen(name, inner, section);
}

/** No key is an attribute's, and mappings stand behind all of them. */
function isByName(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const entries = Object.entries(value);
  const isMapping = (of: unknown): boolean => typeof of === "object" && of !== null && !Array.isArray(of);
  return entries.length > 0 && entries.every(([key, of]) => !ATTRIBUTES.has(key) && isMapping(of));
}

function entriesOf(
  documents: Readonly<Record<string, PathPolicyDocument>>,
  section: Section,
): Map<string, PolicyEntry> {
  return new Map(Object.entries(documents).map(([name, document]) => [name, { document, section: section.at(name) }]));
}

function entriesOfList(
  list: readonly Readonly<Record<string, PathPolicyDocument>>[],
  section: Section,
): Map<string, PolicyEntry> {
  const entries = new Map<string, PolicyEntry>();
  for (const [at, documents] of list.entries()) {
    for (const [name, entry] of entriesOf(documents, section.at(at))) {
      if (entries.has(name)) {
        const message = `two path policies have the name ${shown(name)}`;
        entry.section.ofKey().problem({ message, expected: "another name", found: shown(name) });
      } else entries.set(name, entry);
    }
  }
  return entries;
}

function readNamed(entries: ReadonlyMap<string, PolicyEntry>, file: YamlFile, name: string | null) {
  const reader = new PathPolicyReader(entries);
  const section = new Section(file);
  const policies = readAll(reader, [...entries.keys()], section);
  if (name !== null) return chosen(name, policies, section);
  const outer = [...entries.keys()].filter((known) => !reader.extended.has(known));
  const [only] = outer;
  if (outer.length === 1 && only !== undefined) return policies.get(only);
  if (entries.size === 0 && file.problemCount === 0) {
    const message = "the file holds no path policy: it is an empty list";
    return section.problem({ message, expected: "at least one path policy", found: "none" });
  }
  // A round has been reported, and has no outermost policy.
  if (outer.length === 0) return undefined;
  const message = `the file holds several policies that no other extends: choose ${alternatives(outer.map((one) => `#${one}`))} behind the file's name`;
  return section.problem({ message, expected: "one policy that no other extends", found: String(outer.length) });
}

/** All of them, so that what is wrong is told whichever is used. */
function readAll(
  reader: PathPolicyReader,
  names: readonly string[],
  section: Section,
): ReadonlyMap<string, PathPolicy | undefined> {
  return new Map(names.map((name) => [name, reader.named(name, section.at(name))]));
}

function chosen(
  name: string,
  policies: ReadonlyMap<string, PathPolicy | undefined>,
  section: Section,
): PathPolicy | undefined {
  if (policies.has(name)) return policies.get(name);
  const names = [...policies.keys()];
  const listed = names.length === 0 ? "it names none" : `expected ${alternatives(names)}`;
  const message = `the file has no path policy ${shown(name)}: ${listed}`;
  return section.problem({
    message,
    expected: alternatives(names),
    found: shown(name),
    didYouMean: section.closest(name, names),
  });
}
