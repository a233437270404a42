/** What this run takes instead of the file's own values, and what of it cannot be. */
import type { PolicySpec } from "../core/scenario.ts";
import { checkParameters, checkPolicyName, type PolicyNames } from "./policies.ts";
import type { Problem } from "./problems.ts";

/** What takes the place of the file's own values, for this run. */
export interface Overrides {
  readonly seed?: number;
  /** For every flow, whatever the flow itself says. */
  readonly policy?: string | PolicySpec;
  readonly duration_ns?: number;
}

/** The policy of every flow; a name that the scenario gives to a policy of its own stands for that. */
export function overridingPolicy({ policy }: Overrides, { named }: PolicyNames): PolicySpec | undefined {
  if (policy === undefined) return undefined;
  const { name, params } = typeof policy === "string" ? { name: policy, params: {} } : policy;
  const own = named.get(name);
  return { name: own?.name ?? name, params: { ...own?.params, ...params } };
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
  const policy = overridingPolicy(overrides, names);
  if (policy === undefined) return problems;
  const finding = checkPolicyName(policy.name, names);
  if (finding !== undefined) report("policy", policy.name, finding);
  for (const wrong of checkParameters(policy)) report("policy", policy.name, wrong);
  return problems;
}
