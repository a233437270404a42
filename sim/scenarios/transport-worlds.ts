/** Networks and flows that the tests of transports share. */
import { assemble } from "../../actors/assemble.ts";
import { type RunResult, results } from "../../actors/results.ts";
import {
  type BulkFlow,
  DEFAULT_DIRECTION,
  FLOW_DEFAULTS,
  type FlowSpec,
  type LinkDirection,
  type NetworkLink,
  type Scenario,
  SCENARIO_DEFAULTS,
} from "../../core/scenario.ts";
import { Simulation } from "../simulation.ts";

export const MS = 1_000_000;
export const SECOND = 1_000_000_000;

export function link(a: string, b: string, ab: Partial<LinkDirection>, ba: Partial<LinkDirection> = ab): NetworkLink {
  const end = (text: string) => ({ ia: text.split("#")[0] as string, ifId: Number(text.split("#")[1]) });
  const direction = (changes: Partial<LinkDirection>): LinkDirection => ({ ...DEFAULT_DIRECTION, ...changes });
  return { a: end(a), b: end(b), type: "core", mtu: 1600, ab: direction(ab), ba: direction(ba) };
}

/** What every flow of these tests has unless it says otherwise: from 1-1 to 1-4, packets of 1500 B. */
export const BETWEEN = {
  ...FLOW_DEFAULTS,
  src: { ia: "1-1", host: "10.0.0.1" },
  dst: { ia: "1-4", host: "10.0.0.2" },
  policy: { name: "shortest", params: {} },
  start_ns: 0,
  packet_size: 1500,
} as const;

export function bulk(id: string, changes: Partial<BulkFlow>): BulkFlow {
  return { ...BETWEEN, id, app: "bulk", stop_ns: Number.MAX_SAFE_INTEGER, bytes: 0, ecn: false, ...changes };
}

export function world(
  links: readonly NetworkLink[],
  flows: readonly FlowSpec[],
  duration_ns: number,
  seed = 1,
): Scenario {
  const ias = [...new Set(links.flatMap(({ a, b }) => [a.ia, b.ia]))].sort();
  return {
    ...SCENARIO_DEFAULTS,
    name: "transport",
    seed,
    duration_ns,
    network: { name: "transport", ases: ias.map((ia) => ({ ia, core: true, mtu: 1600 })), links },
    flows,
    faults: [],
  };
}

export function simulate(scenario: Scenario): Simulation {
  return Simulation.create(assemble(scenario, { repeat: "npx ava sim/scenarios/" }), { checks: { followEvery: 1 } });
}

export function outcome(scenario: Scenario): RunResult {
  const simulation = simulate(scenario);
  simulation.run(scenario.duration_ns);
  return results(simulation, scenario);
}

/** Access at 1 Gbit/s and 1 ms on both sides, the bottleneck 100 Mbit/s and 8 ms: a round trip of 20 ms without queues. */
export function dumbbell(queue: number): NetworkLink[] {
  const access = { rate_bps: 1_000_000_000, latency_ns: MS, queue_packets: 10_000 };
  const narrow = { rate_bps: 100_000_000, latency_ns: 8 * MS, queue_packets: queue };
  return [link("1-1#1", "1-2#1", access), link("1-2#2", "1-3#1", narrow), link("1-3#2", "1-4#1", access)];
}
