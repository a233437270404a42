/** A comparison as data: what was compared on what, and what came of it. */
import { formatInterface } from "../../core/address.ts";
import type { ComparedFault, ComparedNetwork, Comparison, Stopping } from "../../core/comparison.ts";
import { directionName, expandFaults } from "../../core/faults.ts";
import { createPathFinder } from "../../core/path-finder.ts";
import type { CompareSpec, FaultSpec, FlowSpec, Impairment, Network, Scenario } from "../../core/scenario.ts";
import { MILLISECOND, SECOND } from "../../core/units.ts";
import { compareRuns } from "../../sim/experiment/compare-runs.ts";
import { METRICS } from "../../sim/experiment/metrics.ts";
import type { ComparisonPlan } from "../../sim/experiment/plan.ts";
import { formatDuration } from "../../topologies/units.ts";
import { formatRate } from "../report.ts";
import type { Replication } from "./compare.ts";
import type { LoadedScenario } from "./load.ts";
import { type Manifest, sha256 } from "./manifest.ts";

/** Occurrences of one fault that are marked; more would hide the figures. */
const MAX_OCCURRENCES = 20;

export type ComparedPair = Comparison["pairs"][number];

/** The measured pairs of hosts, each with the number of paths that it is offered. */
export function pairsOf(scenario: Scenario, { pairs }: ComparisonPlan): readonly ComparedPair[] {
  const { network, max_paths, epoch_s } = scenario;
  const find = createPathFinder(network, { max: max_paths, epochS: epoch_s });
  const flowById = new Map(scenario.flows.map((flow) => [flow.id, flow]));
  return pairs.map(({ pair, flows }) => {
    const { src, dst } = flowById.get(flows[0] ?? "") as FlowSpec;
    return { pair, flows, paths: find(src.ia, dst.ia).length };
  });
}

export interface ComparisonSource {
  readonly loaded: LoadedScenario;
  readonly spec: CompareSpec;
  readonly plan: ComparisonPlan;
  readonly pairs: readonly ComparedPair[];
  readonly complete: readonly Replication[];
  readonly stopping: Stopping;
  readonly manifest: Manifest;
  readonly notes: readonly string[];
}

export function comparisonOf(source: ComparisonSource): Comparison {
  const { loaded, spec, plan, pairs, complete, stopping, manifest, notes } = source;
  const { scenario, file } = loaded;
  const labels = plan.policies.map(({ label }) => label);
  const { policies, paired } = compareRuns(complete.flat(), labels, spec.adoptions, spec.baseline);
  return {
    scenario: scenario.name,
    file,
    seed: scenario.seed,
    replications: complete.length,
    adoptions: spec.adoptions,
    baseline: spec.baseline,
    warmup_s: scenario.warmup_ns / SECOND,
    duration_s: scenario.duration_ns / SECOND,
    phases: spec.phases,
    faults: disturbancesOf(scenario),
    network: networkOf(scenario.network),
    pairs,
    metrics: METRICS,
    policies,
    paired,
    stopping,
    digest: digestOf(policies),
    repeat: manifest.command,
    manifest,
    notes: [...notes, ...noticesOf(scenario, pairs, complete.length)],
  };
}

/** Over the digests of all runs, by policy, adoption and replication. */
function digestOf(policies: Comparison["policies"]): string {
  const lines = policies.map(({ policy, adoption, digests }) => [policy, adoption, ...digests].join(" "));
  return sha256(lines.join("\n")).slice(0, 16);
}

function noticesOf({ faults }: Scenario, pairs: readonly ComparedPair[], replications: number): string[] {
  const single = pairs.filter(({ paths }) => paths < 2);
  return [
    ...(replications < 2 ? ["one replication: there are no intervals and no tests"] : []),
    ...(single.length === 0
      ? []
      : [`${single.length} of ${pairs.length} pairs of hosts have a single path, where no policy can do anything`]),
    ...(faults.some(({ timing }) => timing.kind === "random")
      ? ["faults at random times are drawn anew in each replication, the same for every policy"]
      : []),
  ];
}

function networkOf({ name, ases, links }: Network): ComparedNetwork {
  return {
    name,
    ases: ases.map(({ ia, label = null, core }) => ({ ia, label, core })),
    links: links.map(({ a, b, type, ab }) => ({
      a: formatInterface(a.ia, a.ifId),
      b: formatInterface(b.ia, b.ifId),
      type,
      rate_bps: ab.rate_bps,
      latency_ms: ab.latency_ns / MILLISECOND,
      directions: [directionName(a, b), directionName(b, a)],
    })),
  };
}

/** Faults at times that are known, and background flows that begin or end within the run. */
function disturbancesOf(scenario: Scenario): ComparedFault[] {
  const { faults, flows, compare } = scenario;
  const background = new Set(compare?.background);
  const marked = [
    ...faults.flatMap((fault) => occurrencesOf(fault, scenario)),
    ...flows.filter((flow) => background.has(flow.id) && isPassing(flow, scenario)).map(passing),
  ];
  return marked.toSorted((left, right) => left.from_s - right.from_s);
}

function occurrencesOf(fault: FaultSpec, scenario: Scenario): ComparedFault[] {
  const { id, effect, timing } = fault;
  const expanded = expandFaults({ ...scenario, faults: [fault] });
  const entries = expanded.ok ? expanded.value : [];
  const targets = [...new Set(entries.flatMap((entry) => entry.targets))];
  const what = effect.kind === "impair" ? impairmentText(effect.impairment) : effect.kind;
  if (timing.kind === "random") {
    const [from_s, to_s] = [timing.from_ns / SECOND, timing.until_ns / SECOND];
    return [{ id, effect: `${what}, at random times`, targets, from_s, to_s }];
  }
  const begins = entries.filter(({ change }) => change === "begin").map(({ at_ns }) => at_ns);
  const ends = entries.filter(({ change }) => change === "end").map(({ at_ns }) => at_ns);
  return begins.slice(0, MAX_OCCURRENCES).map((begin) => {
    const end = ends.find((at) => at > begin);
    return { id, effect: what, targets, from_s: begin / SECOND, to_s: end === undefined ? null : end / SECOND };
  });
}

function impairmentText(impairment: Impairment): string {
  const { latency_ns, jitter_ns, loss, corrupt, duplicate, reorder, rate_bps } = impairment;
  const shares = { loss, corrupt, duplicate, reorder };
  const parts = [
    ...Object.entries(shares).flatMap(([name, share]) =>
      share > 0 ? [`${name} ${Number((share * 100).toFixed(2))} %`] : [],
    ),
    ...(latency_ns > 0 ? [`latency +${formatDuration(latency_ns)}`] : []),
    ...(jitter_ns > 0 ? [`jitter ${formatDuration(jitter_ns)}`] : []),
    ...(rate_bps === null ? [] : [`rate ${formatRate(rate_bps)}`]),
  ];
  return parts.join(", ");
}

function isPassing({ start_ns, stop_ns }: FlowSpec, { duration_ns }: Scenario): boolean {
  return start_ns > 0 || stop_ns < duration_ns;
}

function passing({ id, app, src, dst, start_ns, stop_ns, packet_size, ...own }: FlowSpec): ComparedFault {
  const interval = "interval_ns" in own ? own.interval_ns : null;
  const rate = interval === null ? "" : ` of ${formatRate(Math.round((packet_size * 8 * SECOND) / interval))}`;
  const targets = [`${src.ia}>${dst.ia}`];
  return { id, effect: `${app} traffic${rate}`, targets, from_s: start_ns / SECOND, to_s: stop_ns / SECOND };
}
