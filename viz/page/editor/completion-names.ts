/** Names that a scenario can use: of what the run holds, and of what the text itself names. */
import type { RunOutline } from "../../../core/exploration.ts";
import type { YamlNode } from "./yaml-tree.ts";

export interface Names {
  readonly ases: readonly string[];
  /** Ends of links, `IA#ifId`. */
  readonly ends: readonly string[];
  readonly policies: readonly string[];
  /** Files beside the scenario. */
  readonly files: readonly string[];
  readonly hosts: readonly string[];
  readonly groups: readonly string[];
  readonly pathPolicies: readonly string[];
}

export function namesOfRun(outline: RunOutline | null, files: readonly string[]): Names {
  return {
    ases: outline?.ases.map(({ ia }) => ia) ?? [],
    ends: outline?.links.flatMap(({ a, b }) => [a, b]).toSorted() ?? [],
    policies: outline?.policies ?? [],
    files,
    hosts: [],
    groups: [],
    pathPolicies: [],
  };
}

/** With the policies that the text names itself. */
export interface KnownNames extends Names {
  readonly own: readonly string[];
}

/** Those that the text gives itself. */
export function namesOfText(root: YamlNode | null): Pick<KnownNames, "hosts" | "groups" | "pathPolicies" | "own"> {
  const keysOf = (section: string): readonly string[] => {
    const entry = root?.kind === "map" ? root.entries.find(({ key }) => key.text === section) : undefined;
    return entry?.value?.kind === "map"
      ? entry.value.entries.filter(({ closed }) => closed).map(({ key }) => key.text)
      : [];
  };
  return {
    hosts: keysOf("hosts"),
    groups: keysOf("groups"),
    pathPolicies: keysOf("path_policies"),
    own: keysOf("policies"),
  };
}

interface NamedPlace {
  /** Keys on the way from the root; items of lists are left out. */
  readonly at: (keys: readonly string[]) => boolean;
  readonly what: keyof KnownNames;
  readonly detail: string;
}

const endsIn =
  (...last: readonly string[]) =>
  (keys: readonly string[]): boolean =>
    last.includes(keys.at(-1) ?? "");
const isEndpoint = (keys: readonly string[]): boolean =>
  /^(flows|workloads)$/.test(keys[0] ?? "") && keys.length === 2 && endsIn("from", "to")(keys);

/** Which names fit where; a place may take several kinds. */
export const NAMES_OF_PLACES: readonly NamedPlace[] = [
  { at: isEndpoint, what: "hosts", detail: "host" },
  { at: (keys) => isEndpoint(keys) && keys[0] === "workloads", what: "groups", detail: "group" },
  { at: isEndpoint, what: "ases", detail: "AS" },
  { at: (keys) => keys[0] === "hosts" || keys[0] === "groups", what: "ases", detail: "AS" },
  { at: (keys) => keys[0] === "groups", what: "hosts", detail: "host" },
  {
    at: (keys) => keys[0] !== "topology" && endsIn("as", "ases", "isd_as", "outside")(keys),
    what: "ases",
    detail: "AS",
  },
  { at: (keys) => keys[0] !== "topology" && endsIn("link", "links")(keys), what: "ends", detail: "end of a link" },
  {
    at: (keys) => keys[0] === "faults" && keys.length === 2 && endsIn("between")(keys),
    what: "groups",
    detail: "group",
  },
  { at: endsIn("path_policy", "extends"), what: "pathPolicies", detail: "path policy" },
  { at: endsIn("policy", "baseline"), what: "own", detail: "policy of this file" },
  { at: endsIn("policy", "policies", "baseline"), what: "policies", detail: "policy" },
  { at: endsIn("file", "trace"), what: "files", detail: "file" },
];
