import test from "ava";
import { createLogicLog, logicSink } from "../../actors/logic-log.ts";
import { machineHashes } from "../../actors/machine-hashes.ts";
import { results } from "../../actors/results.ts";
import { Sampler } from "../../actors/samples.ts";
import { PARITY_TOLERANCES, type ParityClock } from "../../core/parity.ts";
import type { Scenario } from "../../core/scenario.ts";
import { assemble } from "../../actors/assemble.ts";
import { Simulation } from "../simulation.ts";
import { busyScenario } from "../test-worlds.ts";
import { compareWorlds, type WorldSide } from "./parity.ts";

const CLOCK: ParityClock = {
  late_mean_us: 20,
  late_p50_us: 10,
  late_p99_us: 200,
  late_max_us: 900,
  cross_mean_us: null,
  cross_p50_us: null,
  cross_p99_us: null,
  cross_p999_us: null,
};
const SCENARIO = busyScenario(5);

function sideOf(scenario: Scenario): WorldSide {
  const log = createLogicLog();
  const assembly = assemble(scenario, { repeat: "npx ava sim/experiment/parity.test.ts" });
  const world = Simulation.create(assembly, { trace: logicSink(log) });
  const sampler = new Sampler(world, scenario, 1_000);
  world.run(scenario.duration_ns);
  return {
    result: results(world, scenario),
    samples: sampler.samples(),
    log,
    machines: machineHashes(assembly),
    end: world.now,
  };
}

const SIM = sideOf(SCENARIO);

function compare(live: WorldSide, clock: ParityClock = CLOCK) {
  const input = { scenario: "busy", seed: 5, manifest: {}, tolerances: PARITY_TOLERANCES };
  return compareWorlds({ ...input, sim: SIM, live, clock });
}

/** The same run, with the delays of its first flow moved. */
function slower(by_ms: number): WorldSide {
  const side = structuredClone(SIM);
  const move = (value: number | null): number | null => (value === null ? null : value + by_ms);
  const flows = side.result.flows.map((flow, at) => {
    if (at > 0) return flow;
    const { p50, p99, ...rest } = flow.latency_ms;
    return { ...flow, latency_ms: { ...rest, p50: move(p50), p99: move(p99) } };
  });
  return { ...side, result: { ...side.result, flows } };
}

test("a world compared with itself: every figure the same, no distance, no difference", (t) => {
  const found = compare(sideOf(SCENARIO));
  t.is(found.verdict, "same");
  t.is(found.firstDifference, null);
  t.true(found.compared > 1_000);
  t.true(found.machines.same && Object.keys(found.machines.hashes).length > 4);
  for (const { ks, wasserstein_ms, delays_ms } of found.flows) {
    if (delays_ms.sim.length > 0) t.deepEqual([ks, wasserstein_ms], [0, 0]);
  }
  t.true(found.metrics.every(({ ok, difference }) => ok && (difference === null || difference === 0)));
});

test("what the clock's lateness explains is noise, what it does not is a difference", (t) => {
  t.is(compare(slower(0.9)).verdict, "same");
  const late = { ...CLOCK, late_mean_us: 1_500 };
  t.is(compare(slower(2.5), late).verdict, "noise");
  const off = compare(slower(2.5));
  t.is(off.verdict, "different");
  const [first] = off.metrics.filter(({ ok }) => !ok);
  t.regex(first?.name ?? "", /latency_ms\.p50$/);
  t.true(Math.abs((first?.difference ?? 0) - 2.5) < 1e-9);
});

test("lateness makes nothing faster", (t) => {
  const busy = { ...CLOCK, late_mean_us: 1e5, late_p99_us: 1e6 };
  t.is(compare(slower(-2.5), busy).verdict, "different");
  t.is(compare(slower(2.5), busy).verdict, "noise");
});

test("what packets took from one process's socket to the next counts before the lateness of events", (t) => {
  const crossed = { ...CLOCK, cross_mean_us: 1_500, cross_p50_us: 1_000, cross_p999_us: 2_000 };
  t.is(compare(slower(2.5), crossed).verdict, "noise");
  t.is(compare(slower(2.5), { ...crossed, cross_mean_us: 1, late_mean_us: 1_500 }).verdict, "different");
});

test("a delay of the network's own shows in the packets that were on time, however late the others were", (t) => {
  const late = (each: (n: number) => number): WorldSide => {
    const side = structuredClone(SIM);
    const samples = side.samples.map((flow) => ({
      ...flow,
      packets: flow.packets.map((packet, n) => ({ ...packet, time: packet.time + each(n) * 1e6 })),
    }));
    return { ...side, samples };
  };
  const busy = { ...CLOCK, late_mean_us: 3_000, late_p99_us: 47_000 };
  const fair = compare(
    late((n) => (n % 4 === 0 ? 20 : 0.1)),
    busy,
  );
  t.is(fair.verdict, "same", JSON.stringify(fair.metrics.filter(({ ok }) => !ok)));
  const off = compare(
    late((n) => (n % 4 === 0 ? 22 : 2.1)),
    busy,
  );
  t.is(off.verdict, "different");
  t.true(off.metrics.every(({ name, ok, explained }) => ok || (name.endsWith("extra_ms.p5") && !explained)));
});

test("another network: loss, goodput and the first step that differs are told", (t) => {
  const links = SCENARIO.network.links.map((link, at) =>
    at === 0 ? { ...link, ab: { ...link.ab, loss: 0.3 } } : link,
  );
  const found = compare(sideOf({ ...SCENARIO, network: { ...SCENARIO.network, links } }));
  t.is(found.verdict, "different");
  t.true(found.metrics.some(({ name, ok }) => !ok && name.endsWith(" lost")));
  t.truthy(found.firstDifference?.actor);
  t.not(found.firstDifference?.expected, found.firstDifference?.found);
});

test("another order of path choices is a difference that no lateness explains", (t) => {
  const side = structuredClone(SIM);
  const flow = side.result.flows[0]?.id ?? "";
  const timeline = [...side.result.timeline, { at_ms: 100, event: "switch", flow, path: "0123456789abcdef" } as const];
  const found = compare(
    { ...side, result: { ...side.result, timeline } },
    { ...CLOCK, late_mean_us: 1e9, late_p99_us: 1e9 },
  );
  t.is(found.verdict, "different");
  t.deepEqual(
    found.metrics.filter(({ explained, ok }) => !ok && !explained).map(({ name }) => name),
    [`${flow} path choices`],
  );
});

test("other machines are noticed", (t) => {
  const machines = { ...SIM.machines, link: "0000000000000000" };
  t.false(compare({ ...SIM, machines }).machines.same);
});
