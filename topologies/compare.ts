/** Reads how path policies are compared on a scenario: what the file says, and what the command line puts in its place. */
import type { Adoption, CompareSpec, FlowSpec, PhaseSpec, PolicySpec } from "../core/scenario.ts";
import { WHOLE_RUN } from "../core/comparison.ts";
import { COMPARE_DEFAULTS } from "./compare-defaults.ts";
import type { CompareOverrides } from "./overrides.ts";
import { isPolicyFile, type PolicyNames, readPolicy, specOf } from "./policies.ts";
import { alternatives, shown } from "./problems.ts";
import type { CompareDocument, PhaseDocument } from "./scenario/compare.ts";
import type { PolicyDocument } from "./scenario/policy.ts";
import type { Section } from "./section.ts";
import { DURATION, formatDuration } from "./units.ts";

export interface CompareContext {
  readonly policies: PolicyNames;
  readonly flows: readonly FlowSpec[];
  /** What the file says, whatever this run's duration is. */
  readonly ownDuration_ns: number;
  /** null: nobody asks for a comparison now. */
  readonly overrides: CompareOverrides | null;
}

/** `pinned:path=1`: how a policy is called in tables and on the command line. */
export function policyLabel({ name, params }: PolicySpec): string {
  const list = Object.entries(params).map(([key, value]) => `${key}=${value}`);
  return list.length === 0 ? name : `${name}:${list.join(",")}`;
}

/** undefined where neither the file nor the command line asks for a comparison. */
export function readCompare(
  document: CompareDocument | undefined,
  section: Section,
  context: CompareContext,
): CompareSpec | undefined {
  const { overrides, policies: names } = context;
  if (document === undefined && overrides === null) return undefined;
  const { policies = COMPARE_DEFAULTS.policies, adoption = "both", replications, phases = [] } = document ?? {};
  const own = readPolicies(policies, section.at("policies"), names);
  const chosen = overrides?.policies?.map((policy) => specOf(policy, names)) ?? own;
  const background = flowsWith(document?.background ?? [], section.at("background"), context.flows);
  return {
    policies: chosen,
    adoptions: overrides?.adoptions ?? adoptionsOf(adoption),
    replications: overrides?.replications ?? replications ?? COMPARE_DEFAULTS.replications,
    baseline: readBaseline(document?.baseline, section.at("baseline"), own, chosen, context),
    background,
    phases: readPhases(phases, section.at("phases"), context),
  };
}

function adoptionsOf(adoption: NonNullable<CompareDocument["adoption"]>): readonly Adoption[] {
  return adoption === "both" ? COMPARE_DEFAULTS.adoptions : [adoption];
}

function readPolicies(
  documents: readonly PolicyDocument[],
  section: Section,
  names: PolicyNames,
): readonly PolicySpec[] {
  if (documents.length === 0) section.mismatch("at least one policy", documents);
  const places = new Map<string, string>();
  return documents.map((document, at) => {
    const place = section.at(at);
    const policy = readPolicy(document, place, names);
    const label = policyLabel(policy);
    const other = places.get(label);
    places.set(label, place.name);
    if (other !== undefined) {
      const message = `the policy ${shown(label)} stands there twice, ${other} and ${place.name}`;
      place.problem({ message, expected: "every policy once", found: shown(label) });
    }
    return policy;
  });
}

/** A policy in a file has its name from there, so that only the caller can tell whether it is meant. */
function readBaseline(
  written: string | undefined,
  section: Section,
  own: readonly PolicySpec[],
  chosen: readonly PolicySpec[],
  { overrides, policies: { named } }: CompareContext,
): string | null {
  const labelOf = (text: string): string => {
    const spec = named.get(text);
    return spec === undefined ? text : policyLabel(spec);
  };
  const [labels, chosenLabels] = [own.map(policyLabel), chosen.map(policyLabel)];
  if (written !== undefined && !labels.includes(labelOf(written)) && !own.some(({ name }) => isPolicyFile(name))) {
    const expected = `one of the policies compared: ${alternatives(labels)}`;
    section.mismatch(expected, written, section.closest(written, labels));
  }
  if (overrides?.baseline !== undefined) return labelOf(overrides.baseline);
  if (written === undefined) return null;
  const isThere = chosenLabels.includes(labelOf(written)) || chosen.some(({ name }) => isPolicyFile(name));
  // The policies of the command line need not hold the file's baseline.
  return isThere || overrides?.policies === undefined ? labelOf(written) : null;
}

/** Ids of the flows that are named, one by one or by their workload. */
function flowsWith(names: readonly string[], section: Section, flows: readonly FlowSpec[]): readonly string[] {
  const known = new Set(flows.flatMap(({ id, workload }) => (workload === null ? [id] : [id, workload])));
  // Flows that could not be read are missing from what is known, which is told already.
  const isWhole = section.file.problemCount === 0;
  const found = names.flatMap((name, at) => {
    if (isWhole && !known.has(name)) {
      const message = `unknown flow ${shown(name)}: expected the id of a flow or the name of a workload`;
      const didYouMean = section.closest(name, known);
      section.at(at).problem({ message, expected: "a flow or a workload", found: shown(name), didYouMean });
    }
    return flows.filter(({ id, workload }) => id === name || workload === name).map(({ id }) => id);
  });
  const all = new Set(found);
  if (flows.length > 0 && all.size === flows.length) section.mismatch("some flows to measure", names);
  return flows.flatMap(({ id }) => (all.has(id) ? [id] : []));
}

function readPhases(
  documents: readonly PhaseDocument[],
  section: Section,
  context: CompareContext,
): readonly PhaseSpec[] {
  const used = new Map<string, string>();
  const phases: PhaseSpec[] = [];
  for (const [at, document] of documents.entries()) {
    const place = section.at(at);
    place.ownId(document.name, "phases", used, "name");
    if (document.name === WHOLE_RUN) place.at("name").mismatch("another name: this one is the whole run's", WHOLE_RUN);
    const phase = readPhase(document, place, phases.at(-1), context);
    if (phase !== undefined) phases.push(phase);
  }
  return phases;
}

function readPhase(
  { name, from, to }: PhaseDocument,
  section: Section,
  before: PhaseSpec | undefined,
  { ownDuration_ns }: CompareContext,
): PhaseSpec | undefined {
  const from_ns = section.at("from").quantity(from, DURATION);
  const to_ns = section.at("to").quantity(to, DURATION);
  if (from_ns === undefined || to_ns === undefined) return undefined;
  if (to_ns <= from_ns) return section.at("to").mismatch(`a time after ${from}`, to);
  if (to_ns > ownDuration_ns) {
    return section.at("to").mismatch(`at most the run's duration, ${formatDuration(ownDuration_ns)}`, to);
  }
  if (before !== undefined && from_ns < before.to_ns) {
    const expected = `at least ${formatDuration(before.to_ns)}, the end of the phase ${shown(before.name)}`;
    return section.at("from").mismatch(expected, from);
  }
  return { name, from_ns, to_ns };
}
