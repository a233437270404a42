/**
 * Scenario files to scenarios: shape, names, defaults, units, and whether what is asked for can work. Pure: files that
 * a scenario names are read by the caller's `readFile`. Nothing throws, whatever the text.
 */
import { formatInterface } from "../core/address.ts";
import { SegmentOracle } from "../core/beaconing/oracle.ts";
import { err, ok, type Result } from "../core/result.ts";
import {
  type BfdSpec,
  type FlowSpec,
  type Network,
  type NetworkLink,
  type RecordSpec,
  type Scenario,
  SCENARIO_DEFAULTS,
} from "../core/scenario.ts";
import { MICROSECOND, MILLISECOND } from "../core/units.ts";
import { readCompare } from "./compare.ts";
import { decode } from "./decode.ts";
import { readFaults } from "./faults.ts";
import { findPaths, type FlowContext, readFlows } from "./flows.ts";
import { importTopology } from "./import/import.ts";
import type { TopologySource } from "./import/source.ts";
import { readKeys } from "./keys.ts";
import { findInterface, type LinkNumbers, numberLinks } from "./link-ends.ts";
import { applyLinkChange, applyLinkFields, readLinkFields } from "./links.ts";
import { readNames } from "./names.ts";
import { checkOverrides, type Overrides, overridingPolicy } from "./overrides.ts";
import { pathPolicyOf, readPathPolicies } from "./scenario-path-policies.ts";
import { DEFAULT_POLICY, readNamedPolicies, readPolicy } from "./policies.ts";
import type { Problem } from "./problems.ts";
import { fileTitle, resolveNetwork, resolvePreset, resolvePresetName } from "./resolve-topology.ts";
import type { LinkOverrideDocument } from "./scenario/link.ts";
import {
  type BfdDocument,
  type DiscoveryDocument,
  PartialScenarioDocument,
  ScenarioDocument,
} from "./scenario/scenario.ts";
import { Section } from "./section.ts";
import { applyUnderlay, checkOutside } from "./underlay.ts";
import { DURATION, formatDuration } from "./units.ts";
import { readWorkloads } from "./workloads.ts";
import { parseYaml, type ReadFile } from "./yaml.ts";

export type { Overrides } from "./overrides.ts";
export type { ReadFile } from "./yaml.ts";

export interface ResolveOptions {
  /** Names the text in problems, and the scenario where the text does not. */
  readonly file: string;
  readonly readFile: ReadFile;
  /** Reads a topology that a scenario names, by the path that stands there. Left out: `readFile` reads its one file. */
  readonly readTopology?: (path: string) => Result<TopologySource, string>;
  /** Names of policies beyond the built-in ones. */
  readonly extraPolicies?: readonly string[];
  readonly overrides?: Overrides;
}

/** The scenario that the text of a scenario file stands for, or everything that is wrong with it. */
export function resolveScenario(text: string, options: ResolveOptions): Result<Scenario, readonly Problem[]> {
  const parsed = parseYaml(text, options.file, options.readFile);
  if (!parsed.ok) return parsed;
  const file = parsed.value;
  const document = decode(file, ScenarioDocument, PartialScenarioDocument);
  if (document === undefined) return err(file.problems);
  const foreign: Problem[] = [];
  const section = new Section(file);
  const topology = resolveTopologyOf(document, section, options, foreign);
  const linked = topology && overrideLinks(topology, document.links ?? [], section.at("links"));
  const network = linked && applyUnderlay(linked, document.underlay ?? {}, section.at("underlay"));
  const scenario = readScenario(document, section, options, network ?? null, foreign);
  if (network !== undefined) checkOutside(network, scenario.flows, section.at("underlay"));
  if (network === undefined || foreign.length > 0 || file.problemCount > 0) return err([...foreign, ...file.problems]);
  return ok({ ...scenario, network });
}

function readScenario(
  document: ScenarioDocument,
  section: Section,
  { file, extraPolicies = [], overrides = {} }: ResolveOptions,
  network: Network | null,
  foreign: Problem[],
): Omit<Scenario, "network"> {
  const duration = (key: "detection" | "revocation" | "warmup", byDefault: number): number => {
    const text = document[key];
    return text === undefined ? byDefault : (section.at(key).quantity(text, DURATION) ?? byDefault);
  };
  const named = readNamedPolicies(document.policies ?? {}, section.at("policies"), extraPolicies);
  const policies = { extra: extraPolicies, named };
  foreign.push(...checkOverrides(overrides, policies));
  const times = readDuration(document, section, overrides);
  const names = readNames(document.hosts ?? {}, document.groups ?? {}, section, network);
  const policy = overridingPolicy(overrides, policies);
  const ownPolicy =
    document.policy === undefined ? DEFAULT_POLICY : readPolicy(document.policy, section.at("policy"), policies);
  const { max_paths = SCENARIO_DEFAULTS.max_paths, epoch = SCENARIO_DEFAULTS.epoch_s } = document;
  const seed = overrides.seed ?? document.seed ?? SCENARIO_DEFAULTS.seed;
  const pathPolicies = readPathPolicies(document.path_policies ?? {}, section.at("path_policies"), foreign);
  const flows = readTraffic(document, section, {
    names,
    policies,
    pathPolicies,
    pathPolicy: pathPolicyOf(document.path_policy ?? "none", section.at("path_policy"), pathPolicies),
    seed,
    ...times,
    policy: policy ?? ownPolicy,
    paths: network === null ? null : findPaths(new SegmentOracle(network, epoch), max_paths),
    used: new Map(),
  });
  const numbers = network === null ? null : numberLinks(network);
  const warmup_ns = duration("warmup", SCENARIO_DEFAULTS.warmup_ns);
  if (warmup_ns >= times.ownDuration_ns) {
    const expected = `a time before the end of the run, ${formatDuration(times.ownDuration_ns)}`;
    section.at("warmup").mismatch(expected, document.warmup);
  }
  const compare = readCompare(document.compare, section.at("compare"), {
    policies,
    flows,
    ...times,
    overrides: overrides.compare ?? null,
  });
  return {
    name: document.name ?? fileTitle(file),
    seed,
    epoch_s: epoch,
    duration_ns: times.duration_ns,
    detection_ns: duration("detection", SCENARIO_DEFAULTS.detection_ns),
    revocation_ns: duration("revocation", SCENARIO_DEFAULTS.revocation_ns),
    max_paths,
    warmup_ns,
    record: readRecord(document, section.at("record")),
    flows: policy === undefined ? flows : flows.map((flow) => ({ ...flow, policy })),
    faults: readFaults(document.faults ?? [], section.at("faults"), { network, numbers, names, seed, ...times }),
    ...(document.discovery === undefined ? {} : readDiscovery(document.discovery, section.at("discovery"))),
    ...(document.bfd === undefined ? {} : { bfd: readBfd(document.bfd, section.at("bfd")) }),
    ...(compare === undefined ? {} : { compare }),
    ...(document.keys === undefined
      ? {}
      : { keys: readKeys(document.keys, section.at("keys"), network === null ? null : names.known) }),
  };
}

/** Where the file's own duration cannot be read, no time is too late for it. */
function readDuration(
  { duration }: ScenarioDocument,
  section: Section,
  overrides: Overrides,
): Pick<FlowContext, "duration_ns" | "ownDuration_ns"> {
  const read = duration === undefined ? undefined : section.at("duration").quantity(duration, DURATION, 1);
  const ownDuration_ns = read ?? Number.MAX_SAFE_INTEGER;
  return { ownDuration_ns, duration_ns: overrides.duration_ns ?? ownDuration_ns };
}

function readTraffic(document: ScenarioDocument, section: Section, context: FlowContext): readonly FlowSpec[] {
  if (document.flows === undefined && document.workloads === undefined) {
    const message = "flows is missing: a scenario has flows or workloads";
    section.problem({ message, expected: "flows", found: "nothing" });
  }
  const flows = readFlows(document.flows ?? [], section.at("flows"), context);
  return [...flows, ...readWorkloads(document.workloads ?? [], section.at("workloads"), context, flows.length)];
}

/** Intervals shorter than what a beacon needs to cross a network only fill it. */
const LEAST_INTERVAL_NS = 100 * MILLISECOND;

function readDiscovery(
  document: DiscoveryDocument,
  section: Section,
): Required<Pick<Scenario, "discovery">> & Pick<Scenario, "beaconing"> {
  if (typeof document === "string") return { discovery: document };
  const { mode = "beaconing", interval } = document;
  if (interval === undefined) return { discovery: mode };
  const place = section.at("interval");
  const interval_ns = place.quantity(interval, DURATION);
  if (interval_ns !== undefined && interval_ns < LEAST_INTERVAL_NS) place.mismatch("at least 100ms", interval);
  return interval_ns === undefined ? { discovery: mode } : { discovery: mode, beaconing: { interval_ns } };
}

/** BFD counts in microseconds, 32 bits of them (RFC 5880, 4.1). */
const MAX_BFD_US = 4_294_967_295;

function readBfd(document: BfdDocument, section: Section): BfdSpec {
  const { bfd } = SCENARIO_DEFAULTS;
  if (typeof document === "string") return { ...bfd, mode: document };
  const { mode = "on", interval, multiplier = bfd.multiplier } = document;
  const place = section.at("interval");
  const interval_ns = interval === undefined ? bfd.interval_ns : place.quantity(interval, DURATION, MICROSECOND);
  if (interval_ns !== undefined && (interval_ns % MICROSECOND !== 0 || interval_ns > MAX_BFD_US * MICROSECOND)) {
    place.mismatch(`whole microseconds, at most ${MAX_BFD_US}us`, interval);
  }
  return { mode, interval_ns: interval_ns ?? bfd.interval_ns, multiplier };
}

function readRecord({ record = {} }: ScenarioDocument, section: Section): RecordSpec {
  const { series, samples = SCENARIO_DEFAULTS.record.samples } = record;
  const series_ns = series === undefined ? undefined : section.at("series").quantity(series, DURATION);
  return { series_ns: series_ns ?? SCENARIO_DEFAULTS.record.series_ns, samples };
}

function resolveTopologyOf(
  { topology, name }: ScenarioDocument,
  section: Section,
  { file, readFile, readTopology }: ResolveOptions,
  foreign: Problem[],
): Network | undefined {
  const place = section.at("topology");
  if (topology === undefined) return undefined;
  if (typeof topology === "string") return resolvePresetName(topology, place);
  if ("preset" in topology) return resolvePreset(topology, place);
  if ("ases" in topology) return resolveNetwork(topology, place, name ?? fileTitle(file));
  const source = (readTopology ?? oneFile(readFile))(topology.file);
  if (!source.ok) {
    const message = `cannot read the topology file: ${source.error}`;
    return place.at("file").problem({ message, expected: "a topology file", found: topology.file });
  }
  return resolveForeignTopology({ ...source.value, readFile: besides(topology.file, readFile) }, foreign);
}

function oneFile(readFile: ReadFile): NonNullable<ResolveOptions["readTopology"]> {
  return (path) => {
    const text = readFile(path);
    return text.ok ? ok({ path, folder: false, files: [{ path, text: text.value }], staticInfo: null }) : text;
  };
}

/** The lines of other files go with their problems: the caller holds only the scenario's text. */
function resolveForeignTopology(source: TopologySource, foreign: Problem[]): Network | undefined {
  const imported = importTopology(source);
  if (imported.ok) return imported.value.network;
  foreign.push(...imported.error);
  return undefined;
}

/** A path in the topology's file is seen from there. */
function besides(file: string, readFile: ReadFile): ReadFile {
  const folder = file.slice(0, file.lastIndexOf("/") + 1);
  return (path) => readFile(path.startsWith("/") ? path : folder + path);
}

/** One after the other: a later entry builds on what an earlier one has made of a link. */
function overrideLinks(network: Network, documents: readonly LinkOverrideDocument[], section: Section): Network {
  if (documents.length === 0) return network;
  const links: NetworkLink[] = [...network.links];
  const numbers = numberLinks(network);
  for (const [at, document] of documents.entries()) {
    if ("all" in document) overrideAll(links, document, section.at(at));
    else overrideOne(links, document, section.at(at), network, numbers);
  }
  return { ...network, links };
}

function overrideOne(
  links: NetworkLink[],
  document: Extract<LinkOverrideDocument, { link: string }>,
  section: Section,
  network: Network,
  numbers: LinkNumbers,
): void {
  const end = findInterface(document.link, section.at("link"), network, numbers);
  const number = end === undefined ? undefined : numbers.get(formatInterface(end.ia, end.ifId));
  const link = number === undefined ? undefined : links[number];
  if (end === undefined || number === undefined || link === undefined) return;
  const reversed = end.ia === link.b.ia && end.ifId === link.b.ifId;
  links[number] = applyLinkFields(link, document, section, reversed);
}

/** A mistake is told once, however many links there are. */
function overrideAll(
  links: NetworkLink[],
  document: Extract<LinkOverrideDocument, { all: true }>,
  section: Section,
): void {
  const before = section.file.problemCount;
  const change = readLinkFields(document, section);
  const chosen = [...links.entries()].filter(([, { type }]) => document.type === undefined || type === document.type);
  if (chosen.length === 0) {
    const message = `${section.name}: the topology has no ${document.type ?? ""} links`;
    section.at("type").problem({ message, expected: "a type of link that there is", found: document.type ?? "none" });
  }
  for (const [at, link] of chosen) {
    if (section.file.problemCount > before) return;
    links[at] = applyLinkChange(link, change);
  }
}
