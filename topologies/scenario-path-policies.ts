/** The path policies that a scenario names, in itself or in files, and which of them a flow has. */
import type { PathPolicy } from "../core/path-policy/policy.ts";
import { PathPolicyReader, type PolicyEntry } from "./path-policies.ts";
import { readPathPolicyFile } from "./path-policy-file.ts";
import { alternatives, type Problem, shown } from "./problems.ts";
import type { NamedPathPolicies } from "./scenario/path-policy.ts";
import type { Section } from "./section.ts";

/** By name; undefined stands for one that could not be read. */
export type PathPolicies = ReadonlyMap<string, PathPolicy | undefined>;

/** What a flow says that is to have none, whatever the scenario has. */
const NONE = "none";

/** Problems of other files go to `foreign`, each with its line. */
export function readPathPolicies(documents: NamedPathPolicies, section: Section, foreign: Problem[]): PathPolicies {
  const entries = new Map<string, PolicyEntry>();
  const ofFiles = new Map<string, PathPolicy | undefined>();
  for (const [name, document] of Object.entries(documents)) {
    const place = section.at(name);
    if (name === NONE) {
      const message = `${shown(NONE)} stands for no path policy and cannot be the name of one`;
      place.ofKey().problem({ message, expected: "another name", found: shown(NONE) });
    }
    if ("file" in document) ofFiles.set(name, readFrom(document.file, place.at("file"), foreign));
    else entries.set(name, { document, section: place });
  }
  const reader = new PathPolicyReader(entries, ofFiles);
  return new Map(Object.keys(documents).map((name) => [name, reader.named(name, section.at(name))]));
}

function readFrom(given: string, section: Section, foreign: Problem[]): PathPolicy | undefined {
  const { path, name } = fileAndName(given);
  const text = section.file.readFile(path);
  if (!text.ok) {
    const message = `cannot read the file of the path policy: ${text.error}`;
    return section.problem({ message, expected: "a path policy's file", found: shown(path) });
  }
  const policy = readPathPolicyFile(text.value, path, name);
  if (policy.ok) return policy.value;
  foreign.push(...policy.error);
  return undefined;
}

/** `policy.yaml#no-isd-2` */
export function fileAndName(given: string): { readonly path: string; readonly name: string | null } {
  const at = given.lastIndexOf("#");
  return at < 0 ? { path: given, name: null } : { path: given.slice(0, at), name: given.slice(at + 1) };
}

/** The path policy of a name that stands in the scenario. */
export function pathPolicyOf(name: string, section: Section, policies: PathPolicies): PathPolicy | undefined {
  if (name === NONE || policies.has(name) || section.file.isLeftOut(["path_policies", name])) return policies.get(name);
  const known = [...policies.keys(), NONE];
  const message = `${section.name}: unknown path policy ${shown(name)}: expected ${alternatives(known)}, as path_policies names them`;
  return section.problem({
    message,
    expected: alternatives(known),
    found: shown(name),
    didYouMean: section.closest(name, known),
  });
}
