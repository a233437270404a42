/**
 * Compares what the simulated and the live world made of one scenario on one seed. A figure that differs by more than its tolerance is
 * looked at again with the live run's lateness: what that explains is noise of the machine, the rest is a difference.
 */
import type { LogicLog, LogicStrand } from "../../actors/logic-log.ts";
import type { FlowResult, RunResult, TimelineEvent } from "../../actors/results.ts";
import type { FlowSample } from "../../actors/samples.ts";
import type {
  Parity,
  ParityDifference,
  ParityFailover,
  ParityFlow,
  ParityMetric,
  ParityTolerances,
  ParityUnit,
} from "../../core/parity.ts";
import type { Nanos } from "../../core/units.ts";
import { ksDistance, wassersteinDistance } from "./distances.ts";

/** What one world came to. Plain data: it crosses threads. */
export interface WorldSide {
  readonly result: RunResult;
  readonly samples: readonly FlowSample[];
  readonly log: LogicLog;
  readonly machines: Readonly<Record<string, string>>;
  /** When the run ended. */
  readonly end: Nanos;
}

export interface ParityInput extends Pick<Parity, "scenario" | "seed" | "clock" | "manifest"> {
  readonly sim: WorldSide;
  readonly live: WorldSide;
  readonly tolerances: ParityTolerances;
  /** How often a live packet may be late at each hop; default 1. */
  readonly wakes?: number;
}

/** Quantile of the normal distribution: intervals of 95 %. */
const Z_95 = 1.96;
/** Of a run's end: what was under way there may have been done in one world only. */
const END_MARGIN: Nanos = 200_000_000;

export function compareWorlds(input: ParityInput): Parity {
  const { sim, live, scenario, seed, clock, manifest } = input;
  const flows = sim.result.flows.map((_, at) => flowOf(input, at));
  const metrics = flows.flatMap((flow, at) => metricsOf(input, flow, at));
  const wrong = metrics.filter(({ ok }) => !ok);
  return {
    scenario,
    seed,
    worlds: ["sim", "live"],
    verdict: wrong.length === 0 ? "same" : wrong.every(({ explained }) => explained) ? "noise" : "different",
    metrics,
    flows,
    firstDifference: firstDifference(sim, live),
    compared: Math.min(sim.log.steps, live.log.steps),
    clock,
    machines: { same: sameHashes(sim.machines, live.machines), hashes: live.machines },
    manifest,
  };
}

function sameHashes(sim: WorldSide["machines"], live: WorldSide["machines"]): boolean {
  const names = Object.keys(sim);
  return names.length === Object.keys(live).length && names.every((name) => sim[name] === live[name]);
}

function flowOf({ sim, live }: ParityInput, at: number): ParityFlow {
  const { id, app } = sim.result.flows[at] as FlowResult;
  const delays = ({ samples }: WorldSide): number[] =>
    (samples[at]?.packets ?? []).map(({ time }) => time / 1e6).sort((left, right) => left - right);
  const paths = ({ result }: WorldSide): string[] =>
    (result.flows[at]?.paths ?? []).map(({ fingerprint }) => fingerprint).sort();
  const [ofSim, ofLive] = [delays(sim), delays(live)];
  return {
    id,
    app,
    paths: { sim: paths(sim), live: paths(live) },
    switches: { sim: switchesOf(sim, id), live: switchesOf(live, id) },
    failovers: failoversOf(sim, live, id),
    delays_ms: { sim: ofSim, live: ofLive },
    ks: ksDistance(ofSim, ofLive),
    wasserstein_ms: wassersteinDistance(ofSim, ofLive),
  };
}

function switchesOf({ result }: WorldSide, flow: string): { at_ms: number; path: string }[] {
  return result.timeline.flatMap((event) =>
    event.event === "switch" && event.flow === flow ? [{ at_ms: event.at_ms, path: event.path }] : [],
  );
}

type FaultChange = Extract<TimelineEvent, { readonly fault: string }>;

/** Faults that take something away, or worsen it, and what the flow did before the next. */
function failoversOf(sim: WorldSide, live: WorldSide, flow: string): ParityFailover[] {
  const begins = sim.result.timeline.filter(
    (event): event is FaultChange => event.event === "begin" && event.effect !== "up",
  );
  return begins.flatMap(({ at_ms, fault }, n) => {
    const until = begins[n + 1]?.at_ms ?? Number.POSITIVE_INFINITY;
    const time = (side: WorldSide): number | null => {
      const next = switchesOf(side, flow).find((one) => one.at_ms >= at_ms && one.at_ms < until);
      return next === undefined ? null : next.at_ms - at_ms;
    };
    const [sim_ms, live_ms] = [time(sim), time(live)];
    return sim_ms === null && live_ms === null ? [] : [{ fault, at_ms, sim_ms, live_ms }];
  });
}

interface Figure {
  readonly name: string;
  readonly unit: ParityUnit;
  readonly sim: number | null;
  readonly live: number | null;
  readonly tolerance: number;
  readonly noise: number;
  /** The way in which lateness moves it: delays grow, goodput shrinks. The other way it explains nothing. */
  readonly lateness: 1 | -1;
}

function metricsOf(input: ParityInput, flow: ParityFlow, at: number): ParityMetric[] {
  const { tolerances, clock } = input;
  const [sim, live] = [input.sim, input.live].map(({ result }) => result.flows[at]) as [FlowResult, FlowResult];
  const steps = (linksUsed(input.sim.log, at) + 1) * (input.wakes ?? 1);
  const late = (us: number | null): number => (steps * (us ?? 0)) / 1_000;
  const mean = clock.cross_mean_us ?? clock.late_mean_us;
  const half = clock.cross_p50_us ?? clock.late_p50_us;
  // One packet in a hundred met the worst of several links, and of a flow of few packets that is a single one.
  const most = clock.cross_p999_us ?? clock.late_p99_us;
  const { goodput } = tolerances;
  const figures: Figure[] = [
    {
      name: "lost",
      unit: "share",
      sim: lostShare(sim),
      live: lostShare(live),
      ...lossTolerance(sim, live),
      lateness: 1,
    },
    {
      // Of most machines that are busy, some packets are on time: here a delay of the network's own shows, however late the others are.
      name: "extra_ms.p5",
      unit: "ms",
      ...extraOf(input, at),
      tolerance: tolerances.median_ms,
      noise: late(half),
      lateness: 1,
    },
    {
      name: "latency_ms.p50",
      unit: "ms",
      sim: sim.latency_ms.p50,
      live: live.latency_ms.p50,
      tolerance: tolerances.median_ms,
      noise: late(mean),
      lateness: 1,
    },
    {
      name: "latency_ms.p99",
      unit: "ms",
      sim: sim.latency_ms.p99,
      live: live.latency_ms.p99,
      tolerance: tolerances.p99_ms,
      noise: late(most),
      lateness: 1,
    },
    {
      name: "goodput",
      unit: "bit/s",
      sim: sim.goodput_bps,
      live: live.goodput_bps,
      tolerance: goodput * sim.goodput_bps,
      noise: sim.goodput_bps * goodputNoise(sim, late(mean)),
      lateness: -1,
    },
    {
      name: "path choices",
      unit: "same",
      sim: 1,
      live: sameChoices(flow) ? 1 : 0,
      tolerance: 0,
      noise: 0,
      lateness: 1,
    },
    ...flow.failovers.map((failover) => failoverFigure(failover, tolerances, late(most))),
  ];
  return figures.map((figure) => metricOf(flow.id, figure));
}

function failoverFigure(
  { fault, sim_ms, live_ms }: ParityFailover,
  { failover_ms }: ParityTolerances,
  noise: number,
): Figure {
  const name = `failover after ${fault}`;
  return { name, unit: "ms", sim: sim_ms, live: live_ms, tolerance: failover_ms, noise, lateness: 1 };
}

/** By how much the same packets took longer live: all but the least twentieth by more. */
function extraOf({ sim, live }: ParityInput, at: number): Pick<Figure, "sim" | "live"> {
  const before = new Map((sim.samples[at]?.packets ?? []).map(({ number, time }) => [number, time]));
  const extra = (live.samples[at]?.packets ?? []).flatMap(({ number, time }) => {
    const simulated = before.get(number);
    return simulated === undefined ? [] : [(time - simulated) / 1e6];
  });
  const low = extra.sort((left, right) => left - right)[Math.floor(extra.length / 20)];
  return low === undefined ? { sim: null, live: null } : { sim: 0, live: low };
}

function metricOf(flow: string, { name, lateness, ...figure }: Figure): ParityMetric {
  const { sim, live, tolerance, noise } = figure;
  const difference = sim === null || live === null ? null : live - sim;
  // Where neither world has the figure there is nothing to differ.
  const off = difference === null ? (sim === live ? 0 : Number.POSITIVE_INFINITY) : Math.abs(difference);
  const ok = off <= tolerance;
  const explained = !ok && lateness * (difference ?? 0) > 0 && off <= tolerance + noise;
  return { name: `${flow} ${name}`, flow, ...figure, difference, ok, explained };
}

/** Directions of links that forwarded packets of a flow: at each a live packet may be late. */
function linksUsed({ strands }: LogicLog, flow: number): number {
  const end = ` link.admit ${flow}`;
  return [...strands.keys()].filter((key) => key.endsWith(end)).length;
}

/** Of the packets that are not under way at the end; null where there is none. */
function lostShare({ sent, lost, in_flight = 0 }: FlowResult): number | null {
  return sent > in_flight ? lost / (sent - in_flight) : null;
}

/** Half the interval of a difference of two shares (normal approximation, continuity corrected): what chance alone does. */
function lossTolerance(sim: FlowResult, live: FlowResult): { readonly tolerance: number; readonly noise: number } {
  const [n, m] = [Math.max(1, sim.sent), Math.max(1, live.sent)];
  const pooled = (sim.lost + live.lost) / (n + m);
  const spread = Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
  return { tolerance: Z_95 * spread + (1 / n + 1 / m) / 2, noise: 0 };
}

/** A flow that waits for answers is slower by the lateness of a round trip; others lose at most the last packet. */
function goodputNoise({ transport, latency_ms, app }: FlowResult, late_ms: number): number {
  const waits = transport !== undefined || app === "request-response";
  const trip = 2 * (latency_ms.mean ?? 0);
  return waits && trip > 0 ? (2 * late_ms) / (trip + 2 * late_ms) : 0;
}

/**
 * The same paths used, and changed to in the same order. A world that is a little behind at the end may lack the last changes of a
 * policy that changes with every packet.
 */
function sameChoices({ switches, paths }: ParityFlow): boolean {
  const [sim, live] = [switches.sim.map(({ path }) => path), switches.live.map(({ path }) => path)];
  const both = Math.min(sim.length, live.length);
  const slack = both > 100 ? both / 50 : 0;
  if (Math.abs(sim.length - live.length) > slack) return false;
  if (paths.sim.join(" ") !== paths.live.join(" ")) return false;
  return sim.slice(0, both).every((path, n) => path === live[n]);
}

/** The earliest step, by the simulation's time, at which an actor did something else. */
function firstDifference(sim: WorldSide, live: WorldSide): ParityDifference | null {
  const end = Math.min(sim.end, live.end, sim.log.fullAt ?? sim.end, live.log.fullAt ?? live.end) - END_MARGIN;
  let first: ParityDifference | null = null;
  for (const key of [...new Set([...sim.log.strands.keys(), ...live.log.strands.keys()])].sort()) {
    const found = strandDifference(sim.log.strands.get(key), live.log.strands.get(key), end);
    if (found !== null && (first === null || found.time_ns < first.time_ns)) first = found;
  }
  return first;
}

const NOTHING = "nothing more";

function strandDifference(
  sim: LogicStrand | undefined,
  live: LogicStrand | undefined,
  end: Nanos,
): ParityDifference | null {
  const [expected, found] = [sim?.steps ?? [], live?.steps ?? []];
  const most = Math.max(expected.length, found.length);
  for (let n = 0; n < most; n++) {
    if (expected[n] === found[n]) continue;
    const time = sim?.times[n] ?? live?.times[n] ?? end;
    if (time >= end || (live?.times[n] ?? 0) >= end) return null;
    const actor = sim?.actor ?? live?.actor ?? "";
    return { time_ns: time, actor, expected: expected[n] ?? NOTHING, found: found[n] ?? NOTHING };
  }
  return null;
}
