/** Topology documents to networks: names looked up, defaults filled in, and checks that the network can work. */
import { formatInterface, type IA } from "../core/address.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { LinkEnd, LinkType, Network, NetworkAs, NetworkLink } from "../core/scenario.ts";
import { decode } from "./decode.ts";
import { checkInternalPairs, readAs } from "./ases.ts";
import { applyLinkChange, applyLinkFields, readLinkFields } from "./links.ts";
import { makeLink, makeNetwork } from "./model.ts";
import { buildPreset, PRESETS } from "./presets.ts";
import { type Problem, shown } from "./problems.ts";
import type { LinkFieldsDocument } from "./scenario/link.ts";
import {
  type LinkDocument,
  type PresetDocument,
  type TopologyDocument,
  TopologyFileDocument,
} from "./scenario/topology.ts";
import { Section } from "./section.ts";
import { findNetworkFaults } from "./topology-checks.ts";
import { parseYaml, type ReadFile, type YamlFile } from "./yaml.ts";

const NO_ASES = { message: "the topology has no ASes", expected: "at least one AS", found: "none" };

/** The network that a preset's name or the text of a topology file stands for. `file` names the text in problems. */
export function resolveTopology(
  textOrPreset: string,
  { file, readFile }: { readonly file: string; readonly readFile?: ReadFile },
): Result<Network, readonly Problem[]> {
  if (PRESETS.has(textOrPreset)) return buildPreset(textOrPreset) as Result<Network, readonly never[]>;
  const parsed = parseYaml(textOrPreset, file, readFile);
  if (!parsed.ok) return parsed;
  const network = resolveTopologyFile(parsed.value);
  return network === undefined || parsed.value.problemCount > 0 ? err(parsed.value.problems) : ok(network);
}

/** undefined where the file has problems; they stand in the file. */
export function resolveTopologyFile(file: YamlFile): Network | undefined {
  const section = new Section(file);
  if (typeof file.value === "string") return resolvePresetName(file.value, section);
  const document = decode(file, TopologyFileDocument, TopologyFileDocument);
  if (document === undefined) return undefined;
  return "preset" in document
    ? resolvePreset(document, section)
    : resolveNetwork(document, section, fileTitle(file.file));
}

/** The name of a file without folders and extension: what a document without a name is called. */
export function fileTitle(file: string): string {
  const base = file.slice(Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\")) + 1);
  return base.replace(/\.ya?ml$/, "");
}

/** `topology: diamond` */
export function resolvePresetName(name: string, section: Section): Network | undefined {
  const built = buildPreset(name);
  if (built.ok) return built.value;
  for (const finding of built.error) {
    const file = /[./\\]/.test(name) ? `{file: ${name}}` : undefined;
    section.problem({ ...finding, didYouMean: finding.didYouMean ?? file });
  }
  return undefined;
}

/** `{preset: grid, rows: 10, columns: 10, link: {...}}` */
export function resolvePreset(document: PresetDocument, section: Section): Network | undefined {
  const { preset, link, ...parameters } = document;
  const built = buildPreset(preset, parameters as Readonly<Record<string, number>>);
  if (!built.ok) {
    for (const { parameter, ...finding } of built.error) {
      if (parameter === null) section.at("preset").problem(finding);
      else section.at(parameter).ofKey().problem(finding);
    }
    return undefined;
  }
  return link === undefined ? built.value : withLinkFields(built.value, link, section.at("link"));
}

/** A mistake in `link` is one mistake, however many links the preset has. */
function withLinkFields(network: Network, fields: LinkFieldsDocument, section: Section): Network | undefined {
  const before = section.file.problemCount;
  const change = readLinkFields(fields, section);
  const links: NetworkLink[] = [];
  for (const link of network.links) {
    if (section.file.problemCount > before) return undefined;
    links.push(applyLinkChange(link, change));
  }
  return section.file.problemCount > before ? undefined : { ...network, links };
}

/** `{ases, links}`, in a file of its own or inline. */
export function resolveNetwork(document: TopologyDocument, section: Section, title: string): Network | undefined {
  const before = section.file.problemCount;
  const keys = new Map<IA, string>();
  const ases = Object.entries(document.ases).flatMap(([key, value]) => {
    const as = resolveAs(key, value, section.at("ases", key), keys);
    return as === undefined ? [] : [as];
  });
  if (Object.keys(document.ases).length === 0) section.at("ases").problem(NO_ASES);
  const links = resolveLinks(document.links ?? [], ases, section.at("links"));
  checkInternalPairs(document.ases, ases, links, keys, section.at("ases"));
  // Without an AS or a link that could not be read, everything may seem out of reach.
  const lacks =
    section.file.hasLeftOut(section.at("links").path, /^\[\d+\]$/) ||
    section.file.hasLeftOut(section.at("ases").path, /^\["[^"]+"\](\.core)?$/);
  if (lacks || section.file.problemCount > before) return undefined;
  for (const { ia, link, ...fault } of findNetworkFaults(ases, links)) {
    if (link === undefined)
      section
        .at("ases", keys.get(ia) ?? ia)
        .ofKey()
        .problem({ ...fault, found: ia });
    else section.at("links", link).problem({ ...fault, found: ia });
  }
  if (section.file.problemCount > before) return undefined;
  return makeNetwork(document.name ?? title, ases, links);
}

function resolveAs(
  key: string,
  value: TopologyDocument["ases"][string],
  section: Section,
  keys: Map<IA, string>,
): NetworkAs | undefined {
  const ia = section.ofKey().ia(key);
  if (ia === undefined) return undefined;
  const other = keys.get(ia);
  if (other !== undefined) {
    const message = `AS ${ia} stands here twice: ${shown(other)} and ${shown(key)} are the same`;
    return section.ofKey().problem({ message, expected: "each AS once", found: shown(key) });
  }
  keys.set(ia, key);
  return readAs(ia, value, section);
}

/** Where each interface is used, and whether each AS is core, while the links are read. */
interface LinkContext {
  readonly ases: ReadonlyMap<IA, NetworkAs>;
  readonly used: Map<string, string>;
}

function resolveLinks(documents: readonly LinkDocument[], ases: readonly NetworkAs[], section: Section): NetworkLink[] {
  const context = { ases: new Map(ases.map((as) => [as.ia, as])), used: new Map<string, string>() };
  return documents.flatMap((document, at) => {
    const link = resolveLink(document, section.at(at), context);
    return link === undefined ? [] : [link];
  });
}

function resolveLink(document: LinkDocument, section: Section, context: LinkContext): NetworkLink | undefined {
  const a = resolveEnd(document.a, section.at("a"), context);
  const b = resolveEnd(document.b, section.at("b"), context);
  const link = makeLink(a ?? { ia: "", ifId: 0 }, document.type, b ?? { ia: "", ifId: 0 });
  const complete = applyLinkFields(link, document, section);
  if (a === undefined || b === undefined) return undefined;
  if (a.ia === b.ia) {
    const message = `${section.name} joins AS ${a.ia} to itself`;
    return section.at("b").problem({ message, expected: "two ASes", found: a.ia });
  }
  checkEnds(document.type, a, b, section, context);
  return complete;
}

function resolveEnd(text: string, section: Section, { ases, used }: LinkContext): LinkEnd | undefined {
  const end = section.interface(text);
  if (end === undefined) return undefined;
  if (!ases.has(end.ia)) return section.unknownAs(end.ia, ases.keys());
  const name = formatInterface(end.ia, end.ifId);
  const other = used.get(name);
  if (other !== undefined) {
    const message = `interface ${name} is used twice, here and in ${other}`;
    return section.problem({ message, expected: "each interface once", found: name });
  }
  used.set(name, section.name);
  return end;
}

function checkEnds(type: LinkType, a: LinkEnd, b: LinkEnd, section: Section, { ases }: LinkContext): void {
  const isCore = ({ ia }: LinkEnd): boolean => ases.get(ia)?.core === true;
  const ends = [["a", a] as const, ["b", b] as const];
  if (type === "core") {
    for (const [key, end] of ends.filter(([, candidate]) => !isCore(candidate))) {
      const message = `a core link joins two core ASes, but ${end.ia} is not core`;
      section.at(key).problem({ message, expected: "a core AS", found: end.ia });
    }
  }
  if (type === "child" && isCore(b)) {
    const message = `a child link leads from parent a to child b, but ${b.ia} is core and has no parents`;
    section.at("b").problem({ message, expected: "a non-core AS", found: b.ia });
  }
}
