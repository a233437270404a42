/**
 * Scenario files to scenarios: shape, names, defaults, units, and whether what is asked for can work. Pure: files that
 * a scenario names are read by the caller's `readFile`. Nothing throws, whatever the text.
 */
import { formatInterface } from "../core/address.ts";
import { createPathIndex } from "../core/path-enumeration.ts";
import { err, ok, type Result } from "../core/result.ts";
import {
  type FaultSpec,
  type LinkEnd,
  type Network,
  type NetworkLink,
  type PolicySpec,
  type Scenario,
  SCENARIO_DEFAULTS,
} from "../core/scenario.ts";
import { decode } from "./decode.ts";
import { type FlowContext, readFlows } from "./flows.ts";
import { applyLinkFields } from "./links.ts";
import { checkPolicyName, DEFAULT_POLICY, readPolicy } from "./policies.ts";
import { importTopology } from "./import/import.ts";
import type { TopologySource } from "./import/source.ts";
import type { Problem } from "./problems.ts";
import { fileTitle, resolveNetwork, resolvePreset, resolvePresetName } from "./resolve-topology.ts";
import { type LinkOverrideDocument, ScenarioDocument } from "./schema.ts";
import { Section } from "./section.ts";
import { DURATION } from "./units.ts";
import { parseYaml } from "./yaml.ts";

/** Reads a file that a scenario names, by the path that stands there; the error is one clear sentence. */
export type ReadFile = (path: string) => Result<string, string>;

/** What takes the place of the file's own values, for this run. */
export interface Overrides {
  readonly seed?: number;
  /** For every flow, whatever the flow itself says. */
  readonly policy?: string | PolicySpec;
  readonly duration_ns?: number;
}

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
  const parsed = parseYaml(text, options.file);
  if (!parsed.ok) return parsed;
  const file = parsed.value;
  const foreign = checkOverrides(options);
  const document = decode(file, ScenarioDocument);
  if (document === undefined) return err([...foreign, ...file.problems]);
  const section = new Section(file);
  const topology = resolveTopologyOf(document, section, options, foreign);
  const network =
    topology === undefined ? undefined : overrideLinks(topology, document.links ?? [], section.at("links"));
  const scenario = readScenario(document, section, options, network);
  if (network === undefined || foreign.length > 0 || file.problemCount > 0) return err([...foreign, ...file.problems]);
  return ok({ ...scenario, network });
}

function readScenario(
  document: ScenarioDocument,
  section: Section,
  { file, extraPolicies = [], overrides = {} }: ResolveOptions,
  network: Network | undefined,
): Omit<Scenario, "network"> {
  const duration = (key: "detection" | "revocation", byDefault: number): number => {
    const text = document[key];
    return text === undefined ? byDefault : (section.at(key).quantity(text, DURATION) ?? byDefault);
  };
  const ownDuration = section.at("duration").quantity(document.duration, DURATION, 1) ?? Number.MAX_SAFE_INTEGER;
  const ownPolicy =
    document.policy === undefined ? DEFAULT_POLICY : readPolicy(document.policy, section.at("policy"), extraPolicies);
  const policy = overridingPolicy(overrides);
  const context: FlowContext = {
    index: network === undefined ? null : createPathIndex(network),
    policy: policy ?? ownPolicy,
    extraPolicies,
    duration_ns: overrides.duration_ns ?? ownDuration,
    ownDuration_ns: ownDuration,
    maxPaths: document.max_paths ?? SCENARIO_DEFAULTS.max_paths,
    epochS: document.epoch ?? SCENARIO_DEFAULTS.epoch_s,
  };
  const flows = readFlows(document.flows, section.at("flows"), context);
  return {
    name: document.name ?? fileTitle(file),
    seed: overrides.seed ?? document.seed ?? SCENARIO_DEFAULTS.seed,
    epoch_s: context.epochS,
    duration_ns: context.duration_ns,
    detection_ns: duration("detection", SCENARIO_DEFAULTS.detection_ns),
    revocation_ns: duration("revocation", SCENARIO_DEFAULTS.revocation_ns),
    max_paths: context.maxPaths,
    warmup_ns: SCENARIO_DEFAULTS.warmup_ns,
    record: SCENARIO_DEFAULTS.record,
    flows: policy === undefined ? flows : flows.map((flow) => ({ ...flow, policy })),
    faults: readFaults(document.faults ?? [], section.at("faults"), network),
  };
}

function overridingPolicy({ policy }: Overrides): PolicySpec | undefined {
  return typeof policy === "string" ? { name: policy, params: {} } : policy;
}

/** Overrides stand in no file: their problems name the override itself. */
function checkOverrides({ overrides = {}, extraPolicies = [] }: ResolveOptions): Problem[] {
  const problems: Problem[] = [];
  const report = (name: string, found: string, finding: { message: string; expected: string; didYouMean?: string }) =>
    problems.push({ file: `(${name})`, line: 1, column: 1, source: found, found, ...finding });
  const { seed, duration_ns } = overrides;
  if (seed !== undefined && !(Number.isSafeInteger(seed) && seed >= 0)) {
    const expected = `a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`;
    report("seed", String(seed), { message: `expected ${expected}, found ${seed}`, expected });
  }
  if (duration_ns !== undefined && !(Number.isSafeInteger(duration_ns) && duration_ns > 0)) {
    const expected = "a duration above 0";
    report("duration", String(duration_ns), { message: `expected ${expected}, found ${duration_ns}ns`, expected });
  }
  const policy = overridingPolicy(overrides);
  const finding = policy === undefined ? undefined : checkPolicyName(policy.name, extraPolicies);
  if (policy !== undefined && finding !== undefined) {
    const { didYouMean, message, expected } = finding;
    report("policy", policy.name, { message, expected, ...(didYouMean === undefined ? {} : { didYouMean }) });
  }
  return problems;
}

function resolveTopologyOf(
  document: ScenarioDocument,
  section: Section,
  { file, readFile, readTopology }: ResolveOptions,
  foreign: Problem[],
): Network | undefined {
  const { topology } = document;
  const place = section.at("topology");
  if (typeof topology === "string") return resolvePresetName(topology, place);
  if ("preset" in topology) return resolvePreset(topology, place);
  if ("ases" in topology) return resolveNetwork(topology, place, document.name ?? fileTitle(file));
  const source = (readTopology ?? oneFile(readFile))(topology.file);
  if (!source.ok) {
    const message = `cannot read the topology file: ${source.error}`;
    return place.at("file").problem({ message, expected: "a topology file", found: topology.file });
  }
  return resolveForeignTopology(source.value, foreign);
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

/** Link numbers by the text of each of their interfaces. */
function linksByInterface({ links }: Network): Map<string, number> {
  return new Map(
    links.flatMap(({ a, b }, at) => [a, b].map((end): [string, number] => [formatInterface(end.ia, end.ifId), at])),
  );
}

function overrideLinks(network: Network, documents: readonly LinkOverrideDocument[], section: Section): Network {
  if (documents.length === 0) return network;
  const links: NetworkLink[] = [...network.links];
  const byInterface = linksByInterface(network);
  for (const [at, document] of documents.entries()) {
    const end = findInterface(document.link, section.at(at, "link"), network, byInterface);
    const number = end === undefined ? undefined : byInterface.get(formatInterface(end.ia, end.ifId));
    const link = number === undefined ? undefined : links[number];
    if (end === undefined || number === undefined || link === undefined) continue;
    const reversed = end.ia === link.b.ia && end.ifId === link.b.ifId;
    links[number] = applyLinkFields(link, document, section.at(at), reversed);
  }
  return { ...network, links };
}

function findInterface(
  text: string,
  section: Section,
  network: Network,
  byInterface: ReadonlyMap<string, number>,
): LinkEnd | undefined {
  const end = section.interface(text);
  if (end === undefined) return undefined;
  const name = formatInterface(end.ia, end.ifId);
  if (byInterface.has(name)) return end;
  if (!network.ases.some(({ ia }) => ia === end.ia))
    return section.unknownAs(
      end.ia,
      network.ases.map(({ ia }) => ia),
    );
  const here = [...byInterface.keys()].filter((known) => known.startsWith(`${end.ia}#`));
  const message = `unknown link ${name}: AS ${end.ia} has no interface ${end.ifId}, only ${here.slice(0, 10).join(", ")}`;
  return section.problem({
    message,
    expected: "an interface of a link",
    found: name,
    didYouMean: section.closest(name, here),
  });
}

function timeOf({ timing }: FaultSpec): number {
  return timing.kind === "random" ? timing.from_ns : timing.at_ns;
}

/** In the order of their time; the file's order where two happen at once. */
function readFaults(
  documents: NonNullable<ScenarioDocument["faults"]>,
  section: Section,
  network: Network | undefined,
): FaultSpec[] {
  const byInterface = network === undefined ? null : linksByInterface(network);
  const faults = documents.flatMap(({ at, event, link }, number): FaultSpec[] => {
    const place = section.at(number);
    const at_ns = place.at("at").quantity(at, DURATION);
    const end =
      network === undefined || byInterface === null
        ? place.at("link").interface(link)
        : findInterface(link, place.at("link"), network, byInterface);
    if (at_ns === undefined || end === undefined) return [];
    const timing = { kind: "once", at_ns, for_ns: null } as const;
    return [{ id: `fault-${number + 1}`, timing, effect: { kind: event, links: [end], ases: [] } }];
  });
  return faults.toSorted((left, right) => timeOf(left) - timeOf(right));
}
