import test from "ava";
import fc from "fast-check";
import {
  type FaultEffect,
  type FaultSpec,
  type FaultTiming,
  FLOW_DEFAULTS,
  NO_IMPAIRMENT,
  type Scenario,
} from "../../core/scenario.ts";
import { Simulation } from "../../sim/simulation.ts";
import { busyScenario } from "../../sim/test-worlds.ts";
import { assemble } from "../assemble.ts";
import type { Assembly } from "../assembly.ts";

const MS = 1_000_000;
function scenarioOf(faults: readonly FaultSpec[], seed = 1): Scenario {
  return { ...busyScenario(seed), flows: [], faults };
}

function assemblyOf(scenario: Scenario): Assembly {
  return assemble(scenario, { repeat: "npx ava actors/assemble/faults.test.ts" });
}

function once(at: number, lasts: number | null): FaultTiming {
  return { kind: "once", at_ns: at * MS, for_ns: lasts === null ? null : lasts * MS };
}

/** `ms actor event` of every fault event. */
function sent({ faults, actors }: Assembly): string[] {
  return faults.map(({ at, target, event }) => {
    const { type, ...rest } = event as { type: string; impairment?: unknown };
    delete rest.impairment;
    return `${at / MS} ${actors[target]?.id} ${type} ${JSON.stringify(rest)}`;
  });
}

test("a link down: both its directions, with the fault as cause; up: no cause", (t) => {
  const ends = { links: [{ ia: "1-2", ifId: 1 }], ases: [] };
  const found = sent(
    assemblyOf(
      scenarioOf([
        { id: "cut", timing: once(10, 5), effect: { kind: "down", ...ends } },
        { id: "lift", timing: once(12, null), effect: { kind: "up", ...ends } },
      ]),
    ),
  );
  t.deepEqual(found, [
    '10 link/1-1#1>1-2#1 link.fail {"cause":"cut"}',
    '10 link/1-2#1>1-1#1 link.fail {"cause":"cut"}',
    '12 link/1-1#1>1-2#1 link.recover {"cause":null}',
    '12 link/1-2#1>1-1#1 link.recover {"cause":null}',
    '15 link/1-1#1>1-2#1 link.recover {"cause":"cut"}',
    '15 link/1-2#1>1-1#1 link.recover {"cause":"cut"}',
  ]);
});

test("an AS down: its router and every link around it; an impairment: one direction", (t) => {
  const found = sent(
    assemblyOf(
      scenarioOf([
        { id: "as", timing: once(1, 1), effect: { kind: "down", links: [], ases: ["1-5"] } },
        {
          id: "bad",
          timing: once(3, 1),
          effect: { kind: "impair", directions: [{ from: { ia: "1-4", ifId: 3 } }], impairment: NO_IMPAIRMENT },
        },
      ]),
    ),
  );
  const around = ["1-1#3>1-5#1", "1-5#1>1-1#3", "1-5#2>1-4#3", "1-4#3>1-5#2"];
  t.deepEqual(found, [
    '1 node/1-5 node.fail {"cause":"as"}',
    ...around.map((id) => `1 link/${id} link.fail {"cause":"as@1-5"}`),
    '2 node/1-5 node.recover {"cause":"as"}',
    ...around.map((id) => `2 link/${id} link.recover {"cause":"as@1-5"}`),
    '3 link/1-4#3>1-5#2 link.impair {"cause":"bad"}',
    '4 link/1-4#3>1-5#2 link.mend {"cause":"bad"}',
  ]);
});

test("clocks: the router and the applications of the AS; several faults add up, and in the end it is right again", (t) => {
  const drift = (ppm: number, step_ns: number): FaultEffect => ({ kind: "clock-drift", ases: ["1-1"], ppm, step_ns });
  const src = { ia: "1-1", host: "10.0.0.1" };
  const dst = { ia: "1-4", host: "10.0.0.1" };
  const flow = {
    ...FLOW_DEFAULTS,
    id: "f",
    app: "constant-rate" as const,
    src,
    dst,
    policy: { name: "shortest", params: {} },
    start_ns: 0,
    stop_ns: MS,
    interval_ns: MS,
    packet_size: 1000,
  };
  const scenario = scenarioOf([
    { id: "a", timing: once(100, 300), effect: drift(50, 1_000) },
    { id: "b", timing: once(200, 400), effect: drift(-20, 0) },
  ]);
  const found = sent(assemblyOf({ ...scenario, flows: [flow] }));
  const both = (ms: number, ppm: number, step: number): string[] =>
    ["node/1-1", "app/f"].map((id) => `${ms} ${id} clock.set {"ppm":${ppm},"step_ns":${step}}`);
  t.deepEqual(found, [
    ...both(100, 50, 1_000),
    // 100 ms at 50 millionths: 5 us.
    ...both(200, 30, 6_000),
    // 200 ms at minus 20 millionths: 4 us slow.
    ...both(400, -20, -4_000),
    ...both(600, 0, 0),
  ]);
});

const IAS = ["1-1", "1-2", "1-3", "1-4", "1-5"];
const ENDS = [
  ["1-1", 1],
  ["1-2", 2],
  ["1-1", 2],
  ["1-3", 2],
  ["1-1", 3],
  ["1-5", 2],
].map(([ia, ifId]) => ({ ia: ia as string, ifId: ifId as number }));
const ms = (least: number, most: number) => fc.integer({ min: least, max: most }).map((value) => value * MS);
const anyTiming: fc.Arbitrary<FaultTiming> = fc.oneof(
  fc.record({ kind: fc.constant("once" as const), at_ns: ms(0, 180), for_ns: fc.option(ms(1, 60)) }),
  fc.record({
    kind: fc.constant("flapping" as const),
    at_ns: ms(0, 100),
    until_ns: ms(50, 200),
    active_ns: ms(1, 20),
    idle_ns: ms(0, 20),
  }),
  fc.record({
    kind: fc.constant("random" as const),
    from_ns: ms(0, 50),
    until_ns: ms(50, 200),
    between_ns: ms(5, 40),
    duration: fc.record({ kind: fc.constant("exponential" as const), mean: ms(2, 20) }),
  }),
);
const anyFaults = fc
  .array(fc.record({ timing: anyTiming, links: fc.subarray(ENDS), ases: fc.subarray(IAS, { maxLength: 2 }) }), {
    maxLength: 5,
  })
  .map((list) =>
    list.map(
      ({ timing, links, ases }, n): FaultSpec => ({ id: `f${n}`, timing, effect: { kind: "down", links, ases } }),
    ),
  );

/** Which directions of links are down just after `at`, by the timeline alone: some fault in force names the link or an AS of it. */
function downAt({ network, faults }: Scenario, timeline: Assembly["timeline"], at: number): Set<string> {
  const inForce = faults.filter((_, position) => {
    const passed = (timeline ?? []).filter((entry) => entry.position === position && entry.at_ns <= at);
    return passed.at(-1)?.change === "begin";
  });
  const down = new Set<string>();
  for (const { a, b } of network.links) {
    const isHit = inForce.some(
      ({ effect }) =>
        effect.kind === "down" &&
        (effect.links.some(({ ia, ifId }) => [a, b].some((end) => end.ia === ia && end.ifId === ifId)) ||
          effect.ases.some((ia) => ia === a.ia || ia === b.ia)),
    );
    if (!isHit) continue;
    down.add(`link/${a.ia}#${a.ifId}>${b.ia}#${b.ifId}`).add(`link/${b.ia}#${b.ifId}>${a.ia}#${a.ifId}`);
  }
  return down;
}

test("property: at every instant the links that are down are those some fault holds, in both directions", (t) => {
  fc.assert(
    fc.property(
      anyFaults,
      fc.nat(100),
      fc.array(ms(0, 200), { minLength: 5, maxLength: 10 }),
      (faults, seed, times) => {
        const scenario = { ...scenarioOf(faults, seed), duration_ns: 200 * MS };
        const assembly = assemblyOf(scenario);
        const world = Simulation.create(assembly);
        for (const at of times.toSorted((left, right) => left - right)) {
          world.run(at);
          const expected = [...downAt(scenario, assembly.timeline, at)].sort();
          const found = world.cells
            .filter(({ spec, state }) => spec.logic === "link" && state.value === "down")
            .map(({ id }) => id)
            .sort();
          if (found.join(" ") !== expected.join(" "))
            throw new Error(`at ${at / MS} ms down: ${found.join(" ")}; expected ${expected.join(" ")}`);
        }
      },
    ),
    { numRuns: 60 },
  );
  t.pass();
});

test("an AS that is lifted early takes back its own fall and nothing else", (t) => {
  const scenario = scenarioOf([
    { id: "ases", timing: once(10, null), effect: { kind: "down", links: [], ases: ["1-2", "1-5"] } },
    { id: "link", timing: once(10, null), effect: { kind: "down", links: [{ ia: "1-5", ifId: 1 }], ases: [] } },
    { id: "lift", timing: once(20, null), effect: { kind: "up", links: [], ases: ["1-5"] } },
  ]);
  const world = Simulation.create(assemblyOf(scenario));
  world.run(20 * MS);
  const down = world.cells.filter(({ spec, state }) => spec.logic === "link" && state.value === "down");
  t.deepEqual(
    down.map(({ id }) => id.slice("link/".length)),
    ["1-1#1>1-2#1", "1-2#1>1-1#1", "1-2#2>1-4#1", "1-4#1>1-2#2", "1-1#3>1-5#1", "1-5#1>1-1#3"],
  );
});

test("the timeline is what happened: each change of a link's state stands in it, at its time, in both directions", (t) => {
  const flapping: FaultTiming = {
    kind: "flapping",
    at_ns: 10 * MS,
    until_ns: 60 * MS,
    active_ns: 7 * MS,
    idle_ns: 9 * MS,
  };
  const fault: FaultSpec = {
    id: "flap",
    timing: flapping,
    effect: { kind: "down", links: [{ ia: "1-1", ifId: 1 }], ases: [] },
  };
  const assembly = assemblyOf(scenarioOf([fault]));
  const seen: string[] = [];
  const world = Simulation.create(assembly, {
    trace: ({ time_ns, actor, kind, detail }) => {
      if (kind === "link.state") seen.push(`${time_ns} ${actor} ${detail?.["up"] === true ? "end" : "begin"}`);
    },
  });
  world.run(200 * MS);
  const planned = (assembly.timeline ?? []).flatMap(({ at_ns, change, targets }) =>
    targets.map((target) => `${at_ns} link/${target} ${change}`),
  );
  t.is(planned.length, 16);
  t.deepEqual(seen, planned);
});
