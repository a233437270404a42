/** From what was counted in a run to the metrics and curves of one group of flows. */
import { type PathCurve, type RunCurves, type RunMeasures, WHOLE_RUN } from "../../core/comparison.ts";
import type { DropReason } from "../../core/env.ts";
import type { TimelineEntry } from "../../core/faults.ts";
import type { PhaseSpec, Scenario } from "../../core/scenario.ts";
import type { Nanos } from "../../core/units.ts";
import { addUp, type Bins, inCurveBins } from "./bins.ts";
import { delaySteps } from "./delay-steps.ts";
import { delaysOf, metricsOf, type Part, sumOf } from "./parts.ts";
import { disturbances, recoveryOf } from "./recovery.ts";
import type { Strand, Way } from "./strands.ts";
import { type Stretches, stretchesIn } from "./stretches.ts";

export interface MeasuredRun {
  readonly scenario: Scenario;
  readonly timeline: readonly TimelineEntry[];
  readonly stretches: Stretches;
  readonly bins: Bins;
  readonly strands: readonly Strand[];
  /** By link and bin. */
  readonly loads: ReadonlyMap<string, readonly number[]>;
  readonly drops: ReadonlyMap<DropReason, number>;
}

export function measuresOf(run: MeasuredRun, flows: readonly string[], group: number): RunMeasures {
  const strands = run.strands.filter(({ groups }) => groups.includes(group));
  const recoveries = recoveriesOf(run, strands);
  const phases = run.stretches.phases.map((phase) => {
    const { name, from_ns, to_ns } = phase;
    const within = recoveries.filter(({ begin }) => begin >= from_ns && begin < to_ns);
    const metrics = metricsOf({
      length: Math.max(0, Math.min(to_ns, run.scenario.duration_ns) - from_ns),
      pairs: pairsIn(run.stretches, strands, phase),
      flows: flows.length,
      recoveries: within.map(({ seconds }) => seconds),
    });
    return [name, metrics] as const;
  });
  return { phases: Object.fromEntries(phases), curves: curvesOf(run, strands, flows) };
}

/** One sum for each pair of hosts. */
function pairsIn(stretches: Stretches, strands: readonly Strand[], phase: PhaseSpec): Part[] {
  const within = stretchesIn(stretches, phase);
  const pairs = Map.groupBy(strands, ({ pair }) => pair);
  return [...pairs.values()].map((some) =>
    sumOf(some.flatMap(({ parts }) => within.map((stretch) => parts[stretch] as Part))),
  );
}

/** A disturbance is waited for until its phase ends, one outside of all phases until the measured time does. */
function recoveriesOf(
  { scenario, timeline, stretches, bins }: MeasuredRun,
  strands: readonly Strand[],
): { begin: Nanos; seconds: number }[] {
  const [whole, ...phases] = stretches.phases as [PhaseSpec, ...PhaseSpec[]];
  const deliveries = {
    bin: bins.fine,
    sent: addUp(
      strands.map(({ sent }) => sent),
      bins.fines,
    ),
    delivered: addUp(
      strands.map(({ delivered }) => delivered),
      bins.fines,
    ),
  };
  return disturbances(scenario, timeline, whole.from_ns, whole.to_ns).flatMap((begin) => {
    const phase = phases.find(({ from_ns, to_ns }) => begin >= from_ns && begin < to_ns);
    const seconds = recoveryOf(deliveries, whole.from_ns, begin, phase?.to_ns ?? whole.to_ns);
    return seconds === null ? [] : [{ begin, seconds }];
  });
}

// ---- Curves ----

function curvesOf(run: MeasuredRun, strands: readonly Strand[], flows: readonly string[]): RunCurves {
  const { bins, drops, stretches } = run;
  const whole = stretches.phases.find(({ name }) => name === WHOLE_RUN) as PhaseSpec;
  const inBins = (some: readonly Uint32Array[]): number[] => inCurveBins(addUp(some, bins.fines));
  return {
    bin_ns: bins.curve,
    sent: inBins(strands.map(({ sent }) => sent)),
    delivered: inBins(strands.map(({ delivered }) => delivered)),
    latency: delaySteps(delaysOf(sumOf(pairsIn(stretches, strands, whole)))),
    paths: pathCurves(strands, flows, bins.curves),
    links: linkCurves(run.loads),
    drops: Object.fromEntries([...drops].sort(([left], [right]) => (left < right ? -1 : 1))),
  };
}

/** Each path of the pair of the group's first flow, then positions over all pairs. */
function pathCurves(strands: readonly Strand[], flows: readonly string[], bins: number): PathCurve[] {
  const shown = strands.find((strand) => strand.flows.includes(flows[0] as string))?.pair;
  const ways = strands.flatMap((strand) => strand.ways);
  const ofShown = strands.filter(({ pair }) => pair === shown).flatMap((strand) => strand.ways);
  const packets = (some: readonly Way[]): number[] =>
    addUp(
      some.map((way) => way.packets),
      bins,
    );
  const byPath = [...Map.groupBy(ofShown, ({ fingerprint }) => fingerprint)].map(([fingerprint, some]): PathCurve => {
    const { position, label } = some[0] as Way;
    return { pair: shown ?? null, position, fingerprint, label, packets: packets(some) };
  });
  const byPosition = [...Map.groupBy(ways, ({ position }) => position)].map(([position, some]): PathCurve => {
    return { pair: null, position, fingerprint: null, label: `path ${position}`, packets: packets(some) };
  });
  const inOrder = (left: PathCurve, right: PathCurve): number => left.position - right.position;
  return [...byPath.sort(inOrder), ...byPosition.sort(inOrder)];
}

/** Loads to four digits. */
function linkCurves(loads: MeasuredRun["loads"]): RunCurves["links"] {
  return [...loads]
    .filter(([, load]) => load.some((share) => share > 0))
    .map(([id, load]) => ({ id, load: load.map((share) => Math.round(share * 1e4) / 1e4) }));
}
