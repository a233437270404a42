/** The flags of `pathloom compare`, and what they ask for. */
import * as Option from "effect/Option";
import type * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import type { CompareOverrides, Overrides } from "../topologies/overrides.ts";
import { COMPARE_DEFAULTS } from "../topologies/compare-defaults.ts";
import { repeatCommand, seedAndPolicy, wholeNumber } from "./flags.ts";
import { defaultWorkers } from "./runner/pool.ts";

const MAX_REPLICATIONS = 10_000;

const policies = Flag.String("policies").pipe(
  Flag.withMetavar("a,b,..."),
  Flag.withDescription(
    "Policies to compare: names, names with parameters (pinned:path=1) and files (./mine.ts), separated by commas",
  ),
  Flag.filterMap(
    (text) => Option.fromNullishOr(splitPolicies(text)),
    () =>
      "policies separated by commas, such as shortest,pinned:path=1,./mine.ts (a piece key=value belongs to the policy before it)",
  ),
  Flag.optional,
);

const adoption = Flag.Literals("adoption", ["one", "all", "both"]).pipe(
  Flag.withDescription(
    "Who uses the policy: one pair of hosts, the others the shortest way; all pairs; or first one, then all",
  ),
  Flag.optional,
);

const replications = wholeNumber("replications", 1, MAX_REPLICATIONS).pipe(
  Flag.withDescription(
    "Seeds that every policy meets, the same for all (default 10); with --precision, the most (default 100)",
  ),
  Flag.optional,
);

const precision = Flag.String("precision").pipe(
  Flag.withMetavar("percent"),
  Flag.withDescription(
    "Repeat until delivered share and goodput of every policy have a half-width of at most this share of their mean, such as 5%",
  ),
  Flag.filterMap(
    (text) => Option.fromNullishOr(parsePercent(text)),
    () => "a percentage above 0 and below 100 with its sign, such as 5%",
  ),
  Flag.optional,
);

const workers = wholeNumber("workers", 1, 1_024).pipe(
  Flag.withDescription("Runs at once; default: one a core. The result does not depend on it"),
  Flag.withDefault(defaultWorkers()),
);

const baseline = Flag.String("baseline").pipe(
  Flag.withMetavar("policy"),
  Flag.withDescription("Compare the others with this one; default: with the best of each metric"),
  Flag.optional,
);

/** Those that say what is compared and how. */
export const comparisonFlags = {
  policies,
  adoption,
  replications,
  precision,
  baseline,
  seed: seedAndPolicy.seed,
  workers,
};

export type ComparisonFlags = Command.Command.Config.Infer<typeof comparisonFlags>;

/**
 * `a,b:k=1,l=2,c` is a; b with k and l; c: a piece `key=value` belongs to the policy with parameters before it. null where a piece is empty,
 * or belongs to none.
 */
export function splitPolicies(text: string): readonly string[] | null {
  const pieces: string[] = [];
  for (const piece of text.split(",").map((one) => one.trim())) {
    const before = pieces.at(-1);
    if (piece === "") return null;
    if (!/^[\w-]+=/.test(piece)) pieces.push(piece);
    else if (before?.includes(":") === true) pieces[pieces.length - 1] = `${before},${piece}`;
    else return null;
  }
  return pieces;
}

/** `5%` is 0.05. */
export function parsePercent(text: string): number | null {
  const share = /^\d{1,3}(\.\d{1,6})?%$/.test(text) ? Number(text.slice(0, -1)) / 100 : 0;
  return share > 0 && share < 1 ? share : null;
}

/** The flags as the resolver takes them. */
export function comparisonOverrides(flags: ComparisonFlags): Overrides {
  const { seed } = flags;
  const compare: CompareOverrides = {
    ...(Option.isSome(flags.policies) ? { policies: flags.policies.value } : {}),
    ...(Option.isSome(flags.adoption) ? { adoptions: adoptionsOf(flags.adoption.value) } : {}),
    ...(Option.isSome(flags.replications) ? { replications: flags.replications.value } : {}),
    ...(Option.isSome(flags.baseline) ? { baseline: flags.baseline.value } : {}),
  };
  return { compare, ...(Option.isSome(seed) ? { seed: seed.value } : {}) };
}

function adoptionsOf(adoption: "one" | "all" | "both") {
  return adoption === "both" ? COMPARE_DEFAULTS.adoptions : [adoption];
}

/** What a user types to get the same comparison. */
export function repeatComparison(file: string, seed: number, flags: ComparisonFlags): string {
  const none = { seed: Option.none(), policy: Option.none() };
  const given: readonly (readonly [string, Option.Option<string>])[] = [
    ["--policies", Option.map(flags.policies, (names) => names.join(","))],
    ["--adoption", flags.adoption],
    ["--replications", Option.map(flags.replications, String)],
    ["--precision", Option.map(flags.precision, (share) => `${Number((share * 100).toFixed(6))}%`)],
    ["--baseline", flags.baseline],
  ];
  const words = given.flatMap(([flag, value]) => (Option.isSome(value) ? [flag, value.value] : []));
  return repeatCommand("compare", file, seed, none, words);
}
