/** Hosts and groups by name, and words that choose ASes: what stands where a file says who. */
import { type IA, iaParts, parseHost } from "../core/address.ts";
import type { HostSpec, Network } from "../core/scenario.ts";
import { alternatives, shown } from "./problems.ts";
import type { GroupDocument } from "./scenario/workload.ts";
import type { Section } from "./section.ts";

const DEFAULT_HOST = "10.0.0.1";

/** A name that cannot be taken for an AS or for a word that chooses some. */
const NAME = /^[A-Za-z_][\w.:-]{0,63}$/;

const CHOICES = ["all", "core", "non-core", "leaf", "isd"] as const;
const CHOICE = /^(all|core|non-core|leaf|isd\s+\d+)(\s+(core|non-core|leaf|isd\s+\d+))*$/;

/** The names of a scenario. undefined stands for what could not be read. */
export interface Names {
  /** null where the topology has problems of its own: then no AS is looked up. */
  readonly network: Network | null;
  readonly known: ReadonlySet<IA>;
  readonly parents: ReadonlySet<IA>;
  readonly hosts: Map<string, HostSpec | undefined>;
  readonly groups: Map<string, readonly HostSpec[] | undefined>;
}

export function readNames(
  hosts: Readonly<Record<string, string>>,
  groups: Readonly<Record<string, GroupDocument>>,
  section: Section,
  network: Network | null,
): Names {
  const names: Names = {
    network,
    known: new Set(network?.ases.map(({ ia }) => ia)),
    parents: new Set(network?.links.flatMap(({ a, type }) => (type === "child" ? [a.ia] : []))),
    hosts: new Map(),
    groups: new Map(),
  };
  for (const [name, text] of Object.entries(hosts)) {
    const place = section.at("hosts", name);
    checkName(name, place);
    names.hosts.set(
      name,
      readAddress(text, place, () => DEFAULT_HOST, names),
    );
  }
  for (const [name, members] of Object.entries(groups)) {
    const place = section.at("groups", name);
    checkName(name, place);
    if (names.hosts.has(name)) {
      const message = `${shown(name)} is the name of a host already`;
      place.ofKey().problem({ message, expected: "another name", found: shown(name) });
    }
    names.groups.set(name, readMembers(members, place, names));
  }
  return names;
}

function checkName(name: string, section: Section): void {
  if (NAME.test(name) && !isChoice(name) && !CHOICES.some((word) => word === name)) return;
  section
    .ofKey()
    .mismatch(
      `a name of 1 to 64 letters, digits or - _ . : that begins with a letter and is none of ${alternatives(CHOICES)}`,
      name,
    );
}

function isChoice(text: string): boolean {
  return CHOICE.test(text.trim());
}

/** The name of a host, `IA` or `IA,host`. `byDefault` is the host of an AS alone. */
export function readHost(
  text: string,
  section: Section,
  names: Names,
  byDefault: (ia: IA) => string = () => DEFAULT_HOST,
): HostSpec | undefined {
  if (names.hosts.has(text)) return names.hosts.get(text);
  if (/^\d/.test(text) || text.includes(",")) return readAddress(text, section, byDefault, names);
  if (section.file.isLeftOut(["hosts", text])) return undefined;
  if (names.groups.has(text)) {
    const message = `${shown(text)} is a group: a host is needed here`;
    return section.problem({ message, expected: "a host", found: shown(text) });
  }
  const some = alternatives([...names.hosts.keys()].slice(0, 10));
  const expected =
    some === ""
      ? "ISD-AS such as 1-ff00:0:110, ISD-AS,host such as 1-ff00:0:110,10.0.0.1, or a name from the scenario's hosts"
      : `a host's name (${some}), ISD-AS or ISD-AS,host`;
  return section.problem({
    message: `unknown host ${shown(text)}: expected ${expected}`,
    expected,
    found: shown(text),
    didYouMean: section.closest(text, names.hosts.keys()),
  });
}

function readAddress(
  text: string,
  section: Section,
  byDefault: (ia: IA) => string,
  { network, known }: Names,
): HostSpec | undefined {
  const [iaText = "", hostText, ...rest] = text.split(",");
  const ia: IA | undefined = section.ia(iaText.trim());
  if (ia === undefined) return undefined;
  if (network !== null && !known.has(ia)) return section.unknownAs(ia, known);
  if (hostText === undefined) return { ia, host: byDefault(ia) };
  const host = parseHost(hostText.trim());
  if (rest.length > 0 || !host.ok || !/[.:]/.test(host.value)) {
    return section.mismatch("an IPv4 or IPv6 address after the comma", text);
  }
  return { ia, host: host.value };
}

/** The hosts of a group by its name, or of a list of members, each once and in order; undefined where some could not be read. */
export function readGroup(document: GroupDocument, section: Section, names: Names): readonly HostSpec[] | undefined {
  if (typeof document === "string" && names.groups.has(document)) return names.groups.get(document);
  if (typeof document === "string" && section.file.isLeftOut(["groups", document])) return undefined;
  return readMembers(document, section, names);
}

function readMembers(document: GroupDocument, section: Section, names: Names): readonly HostSpec[] | undefined {
  const lists =
    typeof document === "string"
      ? [readMember(document, section, names)]
      : document.map((member, at) => readMember(member, section.at(at), names));
  if (typeof document !== "string" && document.length === 0) return section.mismatch("at least one member", document);
  const hosts = new Map<string, HostSpec>();
  for (const list of lists) {
    if (list === undefined) return undefined;
    for (const host of list) hosts.set(`${host.ia},${host.host}`, host);
  }
  return [...hosts.values()];
}

function readMember(text: string, section: Section, names: Names): readonly HostSpec[] | undefined {
  if (isChoice(text)) return chooseAses(text.trim(), section, names);
  const group = names.groups.get(text);
  if (group !== undefined || names.groups.has(text)) return group;
  if (!/^\d/.test(text) && !names.hosts.has(text) && !section.file.isLeftOut(["hosts", text])) {
    const known = [...names.groups.keys(), ...names.hosts.keys(), ...CHOICES];
    const expected = "a host's name, ISD-AS, ISD-AS,host, or words that choose ASes such as all, core, leaf or isd 1";
    const message = `unknown name ${shown(text)}: expected ${expected}`;
    return section.problem({ message, expected, found: shown(text), didYouMean: section.closest(text, known) });
  }
  const host = readHost(text, section, names);
  return host === undefined ? undefined : [host];
}

/** All conditions must hold; the ASes in the network's order. */
function chooseAses(text: string, section: Section, names: Names): readonly HostSpec[] | undefined {
  const { network, parents } = names;
  if (network === null) return undefined;
  const conditions = text.match(/isd\s+\d+|[\w-]+/g) ?? [];
  const chosen = network.ases.filter(({ ia, core }) =>
    conditions.every((word) => {
      if (word === "all") return true;
      if (word === "core") return core;
      if (word === "non-core") return !core;
      if (word === "leaf") return !core && !parents.has(ia);
      return iaParts(ia).isd === Number(word.slice(3));
    }),
  );
  if (chosen.length > 0) return chosen.map(({ ia }) => ({ ia, host: DEFAULT_HOST }));
  return section.problem({ message: `no AS is ${shown(text)}`, expected: "at least one AS", found: "none" });
}
