/** What makes a network unable to work although each of its parts is well formed. */
import type { IA } from "../core/address.ts";
import type { Network, NetworkLink } from "../core/scenario.ts";
import { findUnderlayFaults } from "./underlay.ts";

/** A fault of the network as a whole; `link` is the position in `links`, where a link is at fault and not an AS. */
export interface NetworkFault {
  readonly ia: IA;
  readonly link?: number;
  readonly message: string;
  readonly expected: string;
}

/** `links` in the order in which faults are to name them; the network's own order sorts them. */
export function findNetworkFaults(ases: Network["ases"], links: readonly NetworkLink[]): readonly NetworkFault[] {
  const cycle = findChildCycle(links);
  const apart = cycle === null ? coreless(ases, links) : [cycle];
  return [...lonelyAses(ases, links), ...apart, ...findUnderlayFaults(ases, links)];
}

function lonelyAses(ases: Network["ases"], links: readonly NetworkLink[]): readonly NetworkFault[] {
  if (ases.length === 1) return [];
  const linked = new Set(links.flatMap(({ a, b }) => [a.ia, b.ia]));
  return ases
    .filter(({ ia }) => !linked.has(ia))
    .map(({ ia }) => ({ ia, message: `AS ${ia} has no links`, expected: "at least one link" }));
}

/** Non-core ASes without a core AS above them: no segment reaches them. ASes without any link are reported elsewhere. */
function coreless(ases: Network["ases"], links: readonly NetworkLink[]): readonly NetworkFault[] {
  const children = Map.groupBy(
    links.filter(({ type }) => type === "child"),
    ({ a }) => a.ia,
  );
  const reached = new Set<IA>();
  const open = ases.filter(({ core }) => core).map(({ ia }) => ia);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (reached.has(next)) continue;
    reached.add(next);
    for (const { b } of children.get(next) ?? []) open.push(b.ia);
  }
  const linked = new Set(links.flatMap(({ a, b }) => [a.ia, b.ia]));
  const withCore = new Set(ases.filter(({ core }) => core).map(({ ia }) => isdOf(ia)));
  const cut = ases.filter(({ ia }) => !reached.has(ia) && (linked.has(ia) || ases.length === 1));
  // One mistake, not one for each of its ASes.
  const byIsd = Map.groupBy(
    cut.filter(({ ia }) => !withCore.has(isdOf(ia))),
    ({ ia }) => isdOf(ia),
  );
  return [
    ...[...byIsd].flatMap(([isd, [first]]): readonly NetworkFault[] => {
      const message = `ISD ${isd} has no core AS: at least one AS of every ISD is core, and child links lead down from it`;
      return first === undefined ? [] : [{ ia: first.ia, message, expected: "a core AS" }];
    }),
    ...cut
      .filter(({ ia }) => withCore.has(isdOf(ia)))
      .map(({ ia }) => ({
        ia,
        message: `AS ${ia} is not core and no core AS is above it: child links must lead down to it from a core AS`,
        expected: "a core AS above it",
      })),
  ];
}

/** One cycle of child links, found by taking away ASes that have no parent until none is left to take. */
function findChildCycle(links: readonly NetworkLink[]): NetworkFault | null {
  const childLinks = links.flatMap((link, at) => (link.type === "child" ? [{ ...link, at }] : []));
  const parents = Map.groupBy(childLinks, ({ b }) => b.ia);
  const children = Map.groupBy(childLinks, ({ a }) => a.ia);
  const parentsLeft = new Map([...parents].map(([ia, above]) => [ia, above.length]));
  const open = [...children.keys()].filter((ia) => !parentsLeft.has(ia));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const { b } of children.get(next) ?? []) {
      const left = (parentsLeft.get(b.ia) ?? 0) - 1;
      parentsLeft.set(b.ia, left);
      if (left === 0) open.push(b.ia);
    }
  }
  const inCycle = (ia: IA): boolean => (parentsLeft.get(ia) ?? 0) > 0;
  const start = [...parents.keys()].find(inCycle);
  if (start === undefined) return null;
  // Every AS that is left has a parent that is left: walking up must come round.
  const walked = new Map<IA, number>();
  let at = start;
  let link = 0;
  while (!walked.has(at)) {
    const up = (parents.get(at) ?? []).find(({ a }) => inCycle(a.ia));
    if (up === undefined) return null;
    walked.set(at, walked.size);
    link = up.at;
    at = up.a.ia;
  }
  const round = [...walked.keys()].slice(walked.get(at)).toReversed();
  const names = [...round, round[0]].join(" > ");
  return { ia: at, link, message: `child links form a cycle: ${names}`, expected: "no AS above itself" };
}

/** What is allowed and rarely meant, each a sentence. */
export function findNetworkWarnings({ ases, links }: Network): readonly string[] {
  const core = new Set(ases.filter((as) => as.core).map(({ ia }) => ia));
  const parts = countParts(
    core,
    links.filter(({ type }) => type === "core"),
  );
  const idle = links.filter(({ a, b, type }) => type === "peer" && (core.has(a.ia) || core.has(b.ia))).length;
  const foreign = links.filter(({ a, b, type }) => type === "child" && isdOf(a.ia) !== isdOf(b.ia)).length;
  return [
    ...(parts > 1
      ? [`core links leave the core in ${parts} parts: no path leads from one to another but by peering`]
      : []),
    ...(idle > 0 ? [`${idle} peering links have a core end: no path uses them`] : []),
    ...(foreign > 0 ? [`${foreign} child links join two ISDs, which SCION does not have`] : []),
  ];
}

function isdOf(ia: IA): string {
  return ia.slice(0, ia.indexOf("-"));
}

function countParts(members: ReadonlySet<IA>, links: readonly NetworkLink[]): number {
  const neighbours = Map.groupBy(
    links.flatMap(({ a, b }) => [[a.ia, b.ia] as const, [b.ia, a.ia] as const]),
    ([from]) => from,
  );
  const seen = new Set<IA>();
  let parts = 0;
  for (const first of members) {
    if (seen.has(first)) continue;
    parts++;
    const open = [first];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      for (const [, to] of neighbours.get(next) ?? []) open.push(to);
    }
  }
  return parts;
}
