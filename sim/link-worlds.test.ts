/** Links of every kind under combined faults: one digest however the world is run, checkpoints anywhere, replay, conservation. */
import test from "ava";
import type { Tally } from "../actors/apps/tally.ts";
import { assemble } from "../actors/assemble.ts";
import { type LinkContext, type LinkInput, queueFigures } from "../actors/link.ts";
import { results } from "../actors/results.ts";
import { NO_IMPAIRMENT, type PacedFlow } from "../core/scenario.ts";
import { checkpoint, restore } from "./checkpoint.ts";
import { KINDS, linksAssembly, linksScenario } from "./link-worlds.ts";
import { recordedRun, recordsOf } from "./records-testing.ts";
import { replay } from "./replay.ts";
import { Simulation } from "./simulation.ts";

const MS = 1_000_000;
const END = 1_600 * MS;

function run(seed: number, options: ConstructorParameters<typeof Simulation>[1] = {}): Simulation {
  const world = Simulation.create(linksAssembly(seed), { checks: { followEvery: 1 }, ...options });
  for (let at = 50 * MS; at <= END; at += 50 * MS) world.run(at);
  return world;
}

test("lanes on and off, through XState's mailbox and traced: one digest; another seed, another", (t) => {
  const expected = run(1).digest();
  t.is(run(1, { lanes: false }).digest(), expected);
  t.is(run(1, { dispatch: "mailbox" }).digest(), expected);
  t.is(run(1, { trace: () => undefined }).digest(), expected);
  t.not(run(2).digest(), expected);
});

test("a checkpoint taken anywhere continues to the same end", (t) => {
  const whole = run(3);
  const end = results(whole, linksScenario(3));
  for (let at = 13; at < 1_600; at += 97) {
    const world = Simulation.create(linksAssembly(3));
    world.run(at * MS);
    for (let step = 0; step < at % 13; step++) world.step();
    const again = restore(linksAssembly(3), checkpoint(world));
    again.run(END);
    t.is(again.digest(), whole.digest(), `taken at ${at} ms`);
    t.deepEqual(results(again, linksScenario(3)), end);
  }
});

test("every kind drops as it should, duplicates and marks are counted, nothing is lost from sight", (t) => {
  const world = run(1);
  const { drops, flows, links } = results(world, linksScenario(1));
  for (const reason of ["queue_overflow", "early_drop", "loss", "corrupted", "link_down"] as const)
    t.true((drops[reason] ?? 0) > 20, `${reason}: ${drops[reason]}`);
  t.true(
    flows.every(({ received, duplicates, reordered }) => received > 200 && (duplicates ?? 0) > 5 && reordered > 0),
  );
  t.true(links.every(({ utilization }) => utilization <= 1));
  const contexts = KINDS.map((_, n) => world.read<LinkContext>(`link/1-1#${n + 1}>1-2#${n + 1}`).context);
  for (const { dropped, drops: all } of contexts)
    t.is(
      Object.values(dropped).reduce((sum, one) => sum + one, 0),
      all,
    );
  const early = contexts.map(({ dropped }) => dropped.early_drop > 0);
  t.deepEqual(early, [true, true, false, false, false, false, false]);
  t.true(contexts.every((link) => queueFigures(link).highWater > 3));
  t.true(queueFigures(contexts[2] as LinkContext).highWater <= 10);
});

test("between the faults the link carries nothing, and it is up only when the last cause has ended", (t) => {
  const world = Simulation.create(linksAssembly(1));
  const states = [690, 710, 730, 770, 790, 810].map((at) => {
    world.run(at * MS);
    return world.read("link/1-1#1>1-2#1").value;
  });
  t.deepEqual(states, ["up", "down", "down", "down", "down", "up"]);
});

test("a record with packets still held replays to the same outputs and states", (t) => {
  const assembly = linksAssembly(4);
  const { world, lines } = recordedRun(assembly, 1_400 * MS);
  const held = KINDS.map((_, n) => world.read<LinkContext>(`link/1-1#${n + 1}>1-2#${n + 1}`).context.paced?.sending);
  t.true(held.some((packet) => packet !== null && packet !== undefined));
  const found = replay(linksAssembly(4), recordsOf(lines));
  t.is(found.firstDifference, null);
  t.true(found.identical);
});

test("what begins at the instant at which a packet has left the line does not touch that packet", (t) => {
  const scenario = linksScenario(1);
  const flow = { ...(scenario.flows[0] as PacedFlow), interval_ns: 20 * MS, stop_ns: 30 * MS };
  const assembly = assemble(
    { ...scenario, warmup_ns: 0, flows: [flow] },
    { repeat: "npx ava sim/link-worlds.test.ts" },
  );
  const target = assembly.actors.findIndex(({ id }) => id === "link/1-1#1>1-2#1");
  // 1,000 bytes at 6 Mbit/s.
  const sent = 1_333_333;
  const event = { type: "link.impair", cause: "late", impairment: { ...NO_IMPAIRMENT, latency_ns: 50 * MS } };
  const world = Simulation.create({ ...assembly, faults: [{ at: sent, target, event }] });
  world.run(END);
  const { latency } = world.read<Tally>("app/f0/sink").context;
  t.deepEqual([latency.min, latency.max], [sent + 5 * MS, sent + 55 * MS]);
});

test("a change of rate that a link was not made for stops the run and says so", (t) => {
  const base = assemble(linksScenario(1), { repeat: "npx ava sim/link-worlds.test.ts" });
  const target = base.actors.findIndex(({ id }) => id === "link/1-1#7>1-2#7");
  const event = { type: "link.impair", cause: "slow", impairment: { ...NO_IMPAIRMENT, rate_bps: 5 } };
  const world = Simulation.create({ ...base, faults: [{ at: MS, target, event }] });
  t.throws(() => world.run(END), { message: /link\/1-1#7>1-2#7 was not made for a change of its rate/ });
});

test("a scenario's impaired directions are assembled for changes of rate", (t) => {
  const scenario = linksScenario(1);
  const effect = { kind: "impair", directions: [{ from: { ia: "1-1", ifId: 7 } }], impairment: NO_IMPAIRMENT } as const;
  const fault = { id: "f", timing: { kind: "once", at_ns: 0, for_ns: null }, effect } as const;
  const { actors } = assemble({ ...scenario, faults: [fault] }, { repeat: "npx ava sim/link-worlds.test.ts" });
  const paced = actors.filter(({ logic, input }) => logic === "link" && (input as LinkInput).paced).map(({ id }) => id);
  t.deepEqual(paced, ["link/1-1#7>1-2#7"]);
});
