/** Curves of several runs as one: sums, of loads the means. */
import type { PathCurve, RunCurves } from "../../core/comparison.ts";
import { addUp } from "./bins.ts";
import { addDelaySteps } from "./delay-steps.ts";

const NO_CURVES: RunCurves = { bin_ns: 0, sent: [], delivered: [], latency: [], paths: [], links: [], drops: {} };

/** Paths are those of the first run's shown pair: where the pair changes from run to run, the others' are left out. */
export function addCurves(all: readonly RunCurves[]): RunCurves {
  const [first] = all;
  if (first === undefined) return NO_CURVES;
  const bins = first.sent.length;
  const shown = first.paths[0]?.pair ?? null;
  return {
    bin_ns: first.bin_ns,
    sent: addUp(
      all.map(({ sent }) => sent),
      bins,
    ),
    delivered: addUp(
      all.map(({ delivered }) => delivered),
      bins,
    ),
    latency: addDelaySteps(all.map(({ latency }) => latency)),
    paths: addPaths(
      all.flatMap(({ paths }) => paths.filter(({ pair }) => pair === null || pair === shown)),
      bins,
    ),
    links: meanLoads(all, bins),
    drops: addDrops(all),
  };
}

function addPaths(paths: readonly PathCurve[], bins: number): PathCurve[] {
  const alike = Map.groupBy(paths, ({ pair, position, fingerprint }) =>
    pair === null ? `position ${position}` : `path ${fingerprint}`,
  );
  const sums = [...alike.values()].map((some): PathCurve => {
    const packets = addUp(
      some.map((one) => one.packets),
      bins,
    );
    return { ...(some[0] as PathCurve), packets };
  });
  return sums.sort(
    (left, right) =>
      Number(left.pair === null) - Number(right.pair === null) ||
      left.position - right.position ||
      (left.label < right.label ? -1 : 1),
  );
}

function meanLoads(all: readonly RunCurves[], bins: number): RunCurves["links"] {
  const alike = Map.groupBy(
    all.flatMap(({ links }) => links),
    ({ id }) => id,
  );
  return [...alike]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([id, some]) => {
      const sums = addUp(
        some.map(({ load }) => load),
        bins,
      );
      return { id, load: sums.map((sum) => Math.round((sum / all.length) * 1e4) / 1e4) };
    });
}

function addDrops(all: readonly RunCurves[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const { drops } of all) {
    for (const [reason, count] of Object.entries(drops)) sums.set(reason, (sums.get(reason) ?? 0) + count);
  }
  return Object.fromEntries([...sums].sort(([left], [right]) => (left < right ? -1 : 1)));
}
