/** Reads the policy of a scenario or a flow, and knows which names there are. */
import { parameterValue } from "../core/policy-parameters.ts";
import type { PolicySpec } from "../core/scenario.ts";
import { POLICIES } from "./policy-table.ts";
import { alternatives, type Finding, shown } from "./problems.ts";
import type { PolicyDocument } from "./scenario/policy.ts";
import type { Section } from "./section.ts";
import { closest } from "./suggest.ts";

export const DEFAULT_POLICY: PolicySpec = { name: "shortest", params: {} };

/** What policies are looked up in: names that the caller brings, and those that the scenario gives itself. */
export interface PolicyNames {
  readonly extra: readonly string[];
  /** undefined stands for one that could not be read. */
  readonly named: ReadonlyMap<string, PolicySpec | undefined>;
}

/** A policy by its name or as it is; a name that the scenario gives to a policy of its own stands for that. */
export function specOf(policy: string | PolicySpec, { named }: Pick<PolicyNames, "named">): PolicySpec {
  const { name, params } = typeof policy === "string" ? { name: policy, params: {} } : policy;
  const own = named.get(name);
  return { name: own?.name ?? name, params: { ...own?.params, ...params } };
}

/** Whether the name is a path to a policy's source file, which the caller loads. */
export function isPolicyFile(name: string): boolean {
  return /^(\.{1,2}\/|\/)/.test(name) || /\.[cm]?[jt]s$/.test(name);
}

/** A policy as the command line names it: `pinned:path=1`, as `grid:rows=5` names a preset. Files keep their colons. */
export function parsePolicy(text: string): PolicySpec {
  const colon = isPolicyFile(text) ? -1 : text.indexOf(":");
  if (colon < 0) return { name: text, params: {} };
  const pairs = text
    .slice(colon + 1)
    .split(",")
    .map((pair) => {
      const equals = pair.indexOf("=");
      return equals < 0
        ? ([pair, ""] as const)
        : ([pair.slice(0, equals), parameterValue(pair.slice(equals + 1))] as const);
    });
  return { name: text.slice(0, colon), params: Object.fromEntries(pairs) };
}

/** The scenario's own names for policies. */
export function readNamedPolicies(
  documents: Readonly<Record<string, PolicyDocument>>,
  section: Section,
  extra: readonly string[],
): Map<string, PolicySpec | undefined> {
  const none: PolicyNames = { extra, named: new Map() };
  return new Map(
    Object.entries(documents).map(([name, document]) => {
      const place = section.at(name);
      if (POLICIES.has(name) || extra.includes(name) || isPolicyFile(name)) {
        const message = `${shown(name)} is the name of a policy that there is already`;
        place.ofKey().problem({ message, expected: "another name", found: shown(name) });
      }
      const before = section.file.problemCount;
      const policy = readPolicy(document, place, none);
      return [name, section.file.problemCount > before ? undefined : policy];
    }),
  );
}

/** Why a name is no policy; undefined where it is one. */
export function checkPolicyName(name: string, { extra, named }: PolicyNames): Finding | undefined {
  const known = [...POLICIES.keys(), ...extra, ...named.keys()];
  if (known.includes(name) || isPolicyFile(name)) return undefined;
  const expected = `${alternatives(known)}, or a file such as ./my-policy.ts`;
  const message = `unknown policy ${shown(name)}: expected ${expected}`;
  return { message, expected, found: shown(name), didYouMean: closest(name, known) };
}

/** `isValue`: the parameter is known, what stands there is wrong. */
export interface ParameterFinding extends Finding {
  readonly parameter: string;
  readonly isValue: boolean;
}

/** What is wrong with the parameters of a policy that ships, each with the parameter's name. */
export function checkParameters({ name, params }: PolicySpec): readonly ParameterFinding[] {
  const policy = POLICIES.get(name);
  if (policy === undefined) return [];
  const names = Object.keys(policy.parameters);
  return Object.entries(params).flatMap(([parameter, value]): ParameterFinding[] => {
    const known = Object.hasOwn(policy.parameters, parameter) ? policy.parameters[parameter] : undefined;
    if (known === undefined) {
      const expected = names.length === 0 ? "no parameters" : alternatives(names);
      const message = `policy ${name} has no parameter ${shown(parameter)}: expected ${expected}`;
      return [
        {
          parameter,
          isValue: false,
          message,
          expected,
          found: shown(parameter),
          didYouMean: closest(parameter, names),
        },
      ];
    }
    if (known.accepts(value)) return [];
    const message = `${parameter}: expected ${known.expected}, found ${shown(value)}`;
    return [{ parameter, isValue: true, message, expected: known.expected, found: shown(value) }];
  });
}

/** A policy by name, or with parameters of its own. */
export function readPolicy(document: PolicyDocument, section: Section, names: PolicyNames): PolicySpec {
  const { name, ...params } = typeof document === "string" ? { name: document } : document;
  const place = typeof document === "string" ? section : section.at("name");
  const own = names.named.get(name);
  const given = params as PolicySpec["params"];
  // Parameters that stand beside the scenario's own name for a policy are set on top.
  const policy: PolicySpec = { name: own?.name ?? name, params: { ...own?.params, ...given } };
  const finding =
    own !== undefined || section.file.isLeftOut(["policies", name]) ? undefined : checkPolicyName(name, names);
  if (finding !== undefined) place.problem(finding);
  for (const { parameter, ...wrong } of checkParameters({ name: policy.name, params: given })) {
    const at = section.at(parameter);
    if (wrong.isValue) at.mismatch(wrong.expected, given[parameter]);
    else at.ofKey().problem(wrong);
  }
  return policy;
}
