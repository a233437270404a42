/**
 * Path policies: which of the paths between two ASes may be used (scionproto, "Path Policy Language Design" and `pathpol/policy.go`).
 * Applied in this order: `local_isd_ases`, `remote_isd_ases`, `acl`, `sequence`, `options`; what is left out leaves all paths.
 */
import { type IA, iaParts } from "../address.ts";
import type { PathInfo, PathInterface } from "../path.ts";
import { isAllowed, parseAclEntry } from "./acl.ts";
import { accepts, compileSequence } from "./automaton.ts";
import { type Hop, hopsOf } from "./hop-predicate.ts";
import { parseSequence } from "./sequence.ts";
import type { Parsed } from "./syntax.ts";

/** A policy with nothing left to look up: plain data, its texts known to be right. */
export interface PathPolicy {
  /** ASes that a path may begin in; paths within one AS are refused. */
  readonly local_isd_ases?: readonly IA[];
  /** The first rule that fits the last AS decides, 0 in a rule fits any; where none does, and within one AS, the path is refused. */
  readonly remote_isd_ases?: readonly RemoteRule[];
  /** Entries `+ PREDICATE`, `- PREDICATE`; the last one matches everything. */
  readonly acl?: readonly string[];
  /** Empty: no demand. */
  readonly sequence?: string;
  /** All policies of the highest weight that leave any path, together; empty: no demand. */
  readonly options?: readonly PolicyOption[];
}

export interface RemoteRule {
  readonly isd_as: IA;
  readonly reject: boolean;
}

export interface PolicyOption {
  readonly weight: number;
  readonly policy: PathPolicy;
}

/** Most policies within one, options of options included. */
export const MAX_POLICIES = 1_000;

/** Whatever is known of a path, its interfaces are. */
export interface WithInterfaces {
  readonly interfaces: readonly PathInterface[];
}

/** Leaves of some paths those that a policy takes, in the same order. */
export type PathFilter = <P extends WithInterfaces>(paths: readonly P[]) => readonly P[];

/** A policy made ready to be asked many times. */
export function compilePolicy(policy: PathPolicy): PathFilter {
  const chosen = compile(policy);
  return (paths) => chosen(paths.map((path) => ({ path, hops: hopsOf(path.interfaces) }))).map(({ path }) => path);
}

/** The paths that the policy takes, in their order. */
export function filterPaths<P extends WithInterfaces>(policy: PathPolicy, paths: readonly P[]): readonly P[] {
  return compilePolicy(policy)(paths);
}

interface Candidate {
  readonly hops: readonly Hop[];
}

type Choice = <C extends Candidate>(candidates: readonly C[]) => readonly C[];

function compile({ local_isd_ases, remote_isd_ases, acl, sequence, options }: PathPolicy): Choice {
  const demands: ((hops: readonly Hop[]) => boolean)[] = [];
  if (local_isd_ases !== undefined) demands.push(beginsIn(local_isd_ases));
  if (remote_isd_ases !== undefined) demands.push(endsAsRuled(remote_isd_ases));
  if (acl !== undefined) {
    const entries = acl.map((entry) => known(parseAclEntry(entry)));
    demands.push((hops) => isAllowed(entries, hops));
  }
  const wanted = sequence === undefined ? null : known(parseSequence(sequence));
  if (wanted !== null) {
    const automaton = compileSequence(wanted);
    demands.push((hops) => accepts(automaton, hops));
  }
  const best = options === undefined || options.length === 0 ? null : compileOptions(options);
  return (candidates) => {
    const left = candidates.filter(({ hops }) => demands.every((demand) => demand(hops)));
    return best === null ? left : best(left);
  };
}

function known<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new RangeError(`not a path policy: ${parsed.error.message}`);
  return parsed.value;
}

function beginsIn(ases: readonly IA[]): (hops: readonly Hop[]) => boolean {
  const parts = ases.map(iaParts);
  return ([first]) => first !== undefined && parts.some(({ isd, as }) => first.isd === isd && first.as === as);
}

function endsAsRuled(rules: readonly RemoteRule[]): (hops: readonly Hop[]) => boolean {
  const parts = rules.map(({ isd_as, reject }) => ({ ...iaParts(isd_as), reject }));
  return (hops) => {
    const last = hops.at(-1);
    if (last === undefined) return false;
    const rule = parts.find(({ isd, as }) => (isd === 0 || isd === last.isd) && (as === 0 || as === last.as));
    return rule?.reject === false;
  };
}

function compileOptions(options: readonly PolicyOption[]): Choice {
  const sorted = options.toSorted((left, right) => right.weight - left.weight);
  const ranks = [...Map.groupBy(sorted, ({ weight }) => weight).values()].map((rank) =>
    rank.map(({ policy }) => compile(policy)),
  );
  return (candidates) => {
    for (const rank of ranks) {
      const taken = new Set(rank.flatMap((choice) => choice(candidates)));
      if (taken.size > 0) return candidates.filter((candidate) => taken.has(candidate));
    }
    return [];
  };
}

/** A policy that extends others: what it says itself counts; what it leaves out is that of the last one that says it. */
export function extendPolicy(own: PathPolicy, extended: readonly PathPolicy[]): PathPolicy {
  const merged = extended.reduce<PathPolicy>((before, policy) => ({ ...before, ...withoutEmpty(policy) }), {});
  return { ...merged, ...withoutEmpty(own) };
}

/** An empty list of options counts as none (scionproto: `len(p.Options) == 0`). */
function withoutEmpty({ options, ...others }: PathPolicy): PathPolicy {
  return options === undefined || options.length === 0 ? others : { ...others, options };
}

/** The paths between two ASes, the best first. */
type PathFinder = (src: IA, dst: IA) => readonly PathInfo[];

/** Paths looked at where a policy refuses some. */
const PATHS_JUDGED = 1_000;

/** Most paths that a policy is asked about when at most `max` are to be offered. */
export function pathsToJudge(max: number): number {
  return Math.max(max, PATHS_JUDGED);
}

/**
 * As `finder`, which finds `max` paths, with those paths alone that the policy takes: the first `max` of what `wide` finds. A path that
 * leads back to `src` is judged by the way there, since policies speak of one direction.
 */
export function findAllowed(
  policy: PathPolicy | undefined,
  src: IA,
  finder: PathFinder,
  wide: PathFinder,
  max: number,
): PathFinder {
  if (policy === undefined) return finder;
  const filter = compilePolicy(policy);
  return (from, to) => {
    const nearest = finder(from, to);
    const paths = nearest.length < max ? nearest : wide(from, to);
    const judged = paths.map((path) => ({ path, interfaces: wayFrom(src, from, path) }));
    return filter(judged)
      .slice(0, max)
      .map(({ path }) => path);
  };
}

function wayFrom(src: IA, from: IA, { interfaces }: PathInfo): readonly PathInterface[] {
  return from === src ? interfaces : interfaces.toReversed();
}
