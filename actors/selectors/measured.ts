/** What measuring policies have in common: when a path has fallen silent, and what they know of a path after others are offered. */
import type { PathInfo } from "../../core/path.ts";
import type { Nanos } from "../../core/units.ts";
import type { PathMeasurement, PathView, PolicyParams, ProbePlan } from "./policy.ts";
import { type PolicyName, settingsOf } from "../../core/policy-parameters.ts";

interface Probing {
  readonly interval: Nanos;
  readonly timeout: Nanos;
}

/** IPv4 hosts; payload as of ping's smallest useful one. */
const PROBE_PAYLOAD = 32;

type Probed = "lowest-rtt" | "lowest-loss" | "reliability" | "two-choices" | "migration" | "epsilon-greedy" | "ucb1";

/** How a policy that observes probes wants them, by its parameters `interval` and `timeout`. */
export function probingOf(policy: (Probed | "thompson") & PolicyName): (params: PolicyParams) => ProbePlan {
  return (params) => {
    const { interval, timeout } = settingsOf(policy, params);
    return { interval, timeout, payload: PROBE_PAYLOAD };
  };
}

export function measurementOf(view: PathView, index: number): PathMeasurement | undefined {
  return view.measured[index];
}

/** No probe answered for the length of an interval and a timeout, counted from `since` where none ever was. */
export function isSilent(view: PathView, index: number, { interval, timeout }: Probing, since: Nanos): boolean {
  const heard = measurementOf(view, index)?.answeredAt ?? since;
  return view.now - heard > interval + timeout;
}

/** Smoothed round-trip time; of a silent path at least the timeout (as in pan's PingingSelector). Infinity before the first answer. */
export function roundTrip(view: PathView, index: number, probing: Probing, since: Nanos): number {
  const measured = view.measured[index];
  const srtt = measured === undefined ? null : measured.srtt;
  const heard = measured === undefined ? null : measured.answeredAt;
  const isHeard = view.now - (heard === null ? since : heard) <= probing.interval + probing.timeout;
  if (isHeard) return srtt === null ? Number.POSITIVE_INFINITY : srtt;
  return srtt !== null && srtt > probing.timeout ? srtt : probing.timeout;
}

/** The usable position with the least `value`; the earlier one where two are equal. -1 where none is usable. Makes no garbage. */
export function leastUsable(view: PathView, value: (index: number) => number): number {
  let best = -1;
  let bestValue = Number.POSITIVE_INFINITY;
  for (let index = 0; index < view.paths.length; index++) {
    if (view.usable[index] !== true) continue;
    const own = value(index);
    if (best >= 0 && !(own < bestValue)) continue;
    best = index;
    bestValue = own;
  }
  return best;
}

/** The same where the values are known already. */
export function leastScore({ usable }: PathView, scores: readonly number[]): number {
  let best = -1;
  let bestScore = Number.POSITIVE_INFINITY;
  for (let index = 0; index < scores.length; index++) {
    if (usable[index] !== true) continue;
    const score = scores[index] as number;
    if (best >= 0 && !(score < bestScore)) continue;
    best = index;
    bestScore = score;
  }
  return best;
}

export function usablePositions(view: PathView): number[] {
  const positions: number[] = [];
  for (let index = 0; index < view.paths.length; index++) if (view.usable[index] === true) positions.push(index);
  return positions;
}

/** Where a path stands among those offered now; -1 where it is no longer offered. */
export function carryPosition(before: readonly PathInfo[], paths: readonly PathInfo[], position: number): number {
  const fingerprint = before[position]?.fingerprint;
  return fingerprint === undefined ? -1 : paths.findIndex((path) => path.fingerprint === fingerprint);
}

/** Values by position, for the paths offered now; `fresh` for those that were not offered before. */
export function carryEach<T>(
  before: readonly PathInfo[],
  paths: readonly PathInfo[],
  values: readonly T[],
  fresh: T,
): T[] {
  const known = new Map(before.map(({ fingerprint }, index) => [fingerprint, values[index]]));
  return paths.map(({ fingerprint }) => known.get(fingerprint) ?? structuredCopy(fresh));
}

function structuredCopy<T>(value: T): T {
  return typeof value === "object" && value !== null ? { ...value } : value;
}
