/** Worlds with policies that measure: one digest however they are run, nothing lost from sight, and a record that replays. */
import test from "ava";
import { flowCounts, results } from "../../actors/results.ts";
import type { SelectorContext } from "../../actors/selectors/selector.ts";
import { checkpoint, restore } from "../checkpoint.ts";
import { recordedRun, recordsOf } from "../records-testing.ts";
import { replay } from "../replay.ts";
import { Simulation, type SimulationOptions } from "../simulation.ts";
import { measuringAssembly, measuringScenario } from "../test-worlds.ts";

const MS = 1_000_000;
const END = 2_000 * MS;

function run(seed: number, options: SimulationOptions = {}): Simulation {
  const world = Simulation.create(measuringAssembly(seed), { checks: { followEvery: 1 }, ...options });
  world.run(END);
  return world;
}

test("lanes, mailbox, bytes on the wire and tracing change nothing", (t) => {
  const world = run(3);
  const expected = [world.digest(), JSON.stringify(results(world, measuringScenario(3)))];
  for (const options of [
    {},
    { lanes: false },
    { dispatch: "mailbox" },
    { wire: true },
    { trace: () => undefined },
  ] satisfies SimulationOptions[]) {
    const other = run(3, options);
    t.deepEqual([other.digest(), JSON.stringify(results(other, measuringScenario(3)))], expected);
  }
  t.not(run(4).digest(), expected[0]);
});

test("the world does all that it is meant to: probes and reports come, some are lost, every policy uses several paths", (t) => {
  const world = run(1);
  const { flows, probes = [], totals } = results(world, measuringScenario(1));
  const kinds = Map.groupBy(probes, ({ kind }) => kind);
  // One prober for each plan and direction: flows with the same plan share theirs.
  t.deepEqual(
    probes.map(({ id }) => id),
    [
      "prober/1-1,10.0.0.1>1-4,10.0.0.2",
      "prober/1-1,10.0.0.1>1-4,10.0.0.2/1",
      "prober/1-4,10.0.0.2>1-1,10.0.0.1",
      "monitor/video",
      "monitor/spread",
      "monitor/files",
      "monitor/files/replies",
    ],
  );
  for (const one of probes) t.true(one.sent > 10 && one.received > 10 && one.bytes > 0, JSON.stringify(one));
  t.true((kinds.get("probes") ?? []).some(({ lost }) => lost > 0));
  t.true((kinds.get("reports") ?? []).some(({ lost }) => lost > 0));
  t.is(
    totals.probe_bytes,
    probes.reduce((sum, { bytes }) => sum + bytes, 0),
  );
  for (const { id, paths, sent, received } of flows) t.true(paths.length > 1 && received > 0 && received < sent, id);
  const { reports } = world.read<SelectorContext>("selector/video").context;
  t.is(reports?.garbage, 0);
});

test("packets are conserved, probes and reports by their own flow numbers", (t) => {
  const scenario = measuringScenario(2);
  const world = run(2);
  const counts = flowCounts(world, scenario);
  t.is(new Set(counts.map(({ flow }) => flow)).size, counts.length);
  const extra = counts.filter(({ flow }) => flow >= 2 * scenario.flows.length);
  t.is(extra.length, 7);
  for (const { flow, id, sent, received } of extra) {
    const dropped = world.ledger.byFlow.get(flow) ?? 0;
    t.true(received + dropped <= sent && sent - received - dropped < 20, `${id}: ${sent} ${received} ${dropped}`);
  }
  t.is(world.ledger.byReason.get("unexpected"), undefined);
  t.is(world.ledger.byReason.get("unknown_port"), undefined);
});

for (const lanes of [true, false]) {
  test(`checkpoints lead to the same end (lanes ${lanes ? "on" : "off"})`, (t) => {
    const world = Simulation.create(measuringAssembly(5), { lanes });
    const states = [350, 700, 1_250].map((at) => {
      world.run(at * MS);
      return checkpoint(world);
    });
    world.run(END);
    const expected = results(world, measuringScenario(5));
    for (const state of states) {
      const again = restore(measuringAssembly(5), state, { lanes });
      again.run(END);
      t.is(again.digest(), world.digest());
      t.deepEqual(results(again, measuringScenario(5)), expected);
    }
  });
}

test("a record holds what an oracle saw, and replays place by place", (t) => {
  const { world, lines } = recordedRun(measuringAssembly(6), END);
  const found = replay(measuringAssembly(6), recordsOf(lines));
  t.deepEqual(found, {
    identical: true,
    digest: [world.digest(), world.digest()],
    events: world.events,
    firstDifference: null,
  });
  const seen = lines[0]?.findIndex((line) => line.startsWith('["l"')) ?? -1;
  t.true(seen > 0);
  t.is(
    lines
      .slice(1)
      .flat()
      .filter((line) => line.startsWith('["l"')).length,
    0,
  );
  const changed = lines.map((of, place) =>
    of.map((line, n) => {
      if (place !== 0 || n < seen || !line.startsWith('["l"')) return line;
      const [kind, from, load] = JSON.parse(line) as [string, number, number[]];
      return JSON.stringify([kind, from, load.map((value, at) => (at < 3 ? value + 5e7 : value))]);
    }),
  );
  const wrong = replay(measuringAssembly(6), recordsOf(changed));
  t.false(wrong.identical);
  t.truthy(wrong.firstDifference);
});
