/** For tests: a small scenario whose measures follow by hand, and runs with a meter. */
import { assemble } from "../../actors/assemble.ts";
import { results, type RunResult } from "../../actors/results.ts";
import type { Policy } from "../../actors/selectors/policy.ts";
import type { RunMeasures } from "../../core/comparison.ts";
import {
  DEFAULT_DIRECTION,
  FLOW_DEFAULTS,
  type FlowSpec,
  type NetworkLink,
  type PacedFlow,
  type Scenario,
  SCENARIO_DEFAULTS,
} from "../../core/scenario.ts";
import { type Nanos, SECOND } from "../../core/units.ts";
import { Simulation, type SimulationOptions } from "../simulation.ts";
import { RunMeter } from "./meter.ts";

export const MS = 1_000_000;

function link(a: string, b: string, latency: number): NetworkLink {
  const end = (text: string) => ({ ia: text.split("#")[0] as string, ifId: Number(text.split("#")[1]) });
  const direction = { ...DEFAULT_DIRECTION, latency_ns: latency * MS, rate_bps: 0 };
  return { a: end(a), b: end(b), type: "core", mtu: 1472, ab: direction, ba: direction };
}

export function everyTenMs(id: string, changes: Partial<PacedFlow> = {}): PacedFlow {
  return {
    ...FLOW_DEFAULTS,
    id,
    app: "constant-rate",
    src: { ia: "1-1", host: "10.0.0.1" },
    dst: { ia: "1-2", host: "10.0.0.2" },
    policy: { name: "shortest", params: {} },
    start_ns: 0,
    stop_ns: 20 * SECOND,
    interval_ns: 10 * MS,
    packet_size: 1000,
    ...changes,
  };
}

/**
 * From 1-1 to 1-2: 40 ms over 1-3, 15 ms over 1-4 and 1-5, no limit of rate. The first link of the short way is cut from 10 to 15 s;
 * its router notices after 605 ms, sources avoid it for 6 s from then on.
 */
export function cutScenario(flows: readonly FlowSpec[], changes: Partial<Scenario> = {}): Scenario {
  return {
    ...SCENARIO_DEFAULTS,
    name: "cut",
    seed: 1,
    duration_ns: 21 * SECOND,
    warmup_ns: 2 * SECOND,
    detection_ns: 605 * MS,
    revocation_ns: 6 * SECOND,
    network: {
      name: "cut",
      ases: ["1-1", "1-2", "1-3", "1-4", "1-5"].map((ia) => ({ ia, core: true, mtu: 1472 })),
      links: [
        link("1-1#1", "1-3#1", 20),
        link("1-1#2", "1-4#1", 5),
        link("1-2#1", "1-3#2", 20),
        link("1-2#2", "1-5#2", 5),
        link("1-4#2", "1-5#1", 5),
      ],
    },
    flows,
    faults: [
      {
        id: "cut",
        timing: { kind: "once", at_ns: 10 * SECOND, for_ns: 5 * SECOND },
        effect: { kind: "down", links: [{ ia: "1-1", ifId: 1 }], ases: [] },
      },
    ],
    compare: {
      policies: [],
      adoptions: ["all"],
      replications: 1,
      baseline: null,
      background: [],
      phases: [phase("before", 2, 10), phase("cut", 10, 15), phase("after", 15, 20)],
    },
    ...changes,
  };
}

export function phase(name: string, from: number, to: number) {
  return { name, from_ns: from * SECOND, to_ns: to * SECOND };
}

export interface MeteredRun {
  readonly measures: readonly RunMeasures[];
  readonly digest: string;
  readonly result: RunResult;
}

interface Ways extends SimulationOptions {
  /** false: the run as it is without a meter. */
  readonly meter?: boolean;
  readonly policies?: readonly Policy[];
}

export function meter(scenario: Scenario, groups: readonly (readonly string[])[], ways: Ways = {}): MeteredRun {
  const assembly = assemble(scenario, { repeat: "npx ava sim/experiment", policies: ways.policies ?? [] });
  const world = Simulation.create(assembly, ways);
  const reader = ways.meter === false ? null : new RunMeter(world, scenario, groups);
  const until: Nanos = scenario.duration_ns;
  for (let next = reader?.next ?? until + 1; next <= until; next = reader?.next ?? until + 1) {
    while (world.step(next - 1));
    reader?.take();
  }
  world.run(until);
  return { measures: reader?.end() ?? [], digest: world.digest(), result: results(world, scenario) };
}
