/** What this run takes instead of the file's own values, and what of it cannot be. */
import type { Adoption, PolicySpec } from "../core/scenario.ts";
import { checkParameters, checkPolicyName, type PolicyNames, specOf } from "./policies.ts";
import type { Problem } from "./problems.ts";

/** What takes the place of the file's own values, for this run. */
export interface Overrides {
  readonly seed?: number;
  /** For every flow, whatever the flow itself says. */
  readonly policy?: string | PolicySpec;
  readonly duration_ns?: number;
  /** Asks for a comparison, whether or not the file speaks of one. */
  readonly compare?: CompareOverrides;
}

/** What the command line says of a comparison. */
export interface CompareOverrides {
  readonly policies?: readonly (string | PolicySpec)[];
  readonly adoptions?: readonly Adoption[];
  readonly replications?: number;
  /** Whether it is one of the policies is for the caller to check, who knows the names of those in files. */
  readonly baseline?: string;
}

/** The policy of every flow; a name that the scenario gives to a policy of its own stands for that. */
export function overridingPolicy({ policy }: Overrides, names: PolicyNames): PolicySpec | undefined {
  return policy === undefined ? undefined : specOf(policy, names);
}

/** Overrides stand in no file: their problems name the override itself. */
export function checkOverrides(overrides: Overrides, names: PolicyNames): Problem[] {
  const problems: Problem[] = [];
  const report = (
    name: string,
    found: string,
    finding: { message: string; expected: string; didYouMean?: string | undefined },
  ) => {
    const { didYouMean, ...told } = finding;
    const place = { file: `(${name})`, line: 1, column: 1, source: found, found };
    problems.push({ ...place, ...told, ...(didYouMean === undefined ? {} : { didYouMean }) });
  };
  const { seed, duration_ns } = overrides;
  if (seed !== undefined && !(Number.isSafeInteger(seed) && seed >= 0)) {
    const expected = `a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`;
    report("seed", String(seed), { message: `expected ${expected}, found ${seed}`, expected });
  }
  if (duration_ns !== undefined && !(Number.isSafeInteger(duration_ns) && duration_ns > 0)) {
    const expected = "a duration above 0";
    report("duration", String(duration_ns), { message: `expected ${expected}, found ${duration_ns}ns`, expected });
  }
  const check = (flag: string, policy: PolicySpec): void => {
    const finding = checkPolicyName(policy.name, names);
    if (finding !== undefined) report(flag, policy.name, finding);
    for (const wrong of checkParameters(policy)) report(flag, policy.name, wrong);
  };
  const policy = overridingPolicy(overrides, names);
  if (policy !== undefined) check("policy", policy);
  for (const one of overrides.compare?.policies ?? []) check("policies", specOf(one, names));
  return problems;
}
