/** Every application over channels in one busy world: one digest however it is run, whole from any checkpoint, each place replayed alone. */
import test from "ava";
import { assemble } from "../actors/assemble.ts";
import type { ChannelExchangesContext } from "../actors/apps/channel-exchanges.ts";
import type { ListenerContext } from "../actors/channel/listener.ts";
import { flowCounts, results } from "../actors/results.ts";
import { Sampler } from "../actors/samples.ts";
import type { ChannelSpec, FlowSpec, Scenario } from "../core/scenario.ts";
import { checkpoint, restore } from "./checkpoint.ts";
import { recordedRun, recordsOf } from "./records-testing.ts";
import { replay } from "./replay.ts";
import { Simulation, type SimulationOptions } from "./simulation.ts";
import { pairScenario } from "./channel-worlds.ts";
import { CHANNEL, channelsAssembly, channelScenario } from "./test-worlds.ts";

const MS = 1_000_000;
const END = 1_000 * MS;

function runWorld(seed: number, options: SimulationOptions = {}, end = END): Simulation {
  const world = Simulation.create(channelsAssembly(seed), options);
  world.run(end);
  return world;
}

test("one digest through XState's mailbox, without lanes and over the wire", (t) => {
  const digest = runWorld(1).digest();
  t.is(runWorld(1).digest(), digest);
  t.is(runWorld(1, { dispatch: "mailbox" }).digest(), digest);
  t.is(runWorld(1, { lanes: false }).digest(), digest);
  t.is(runWorld(1, { wire: true }).digest(), digest);
  t.not(runWorld(2).digest(), digest);
});

test("a checkpoint taken anywhere continues to the same end", (t) => {
  const world = Simulation.create(channelsAssembly(3));
  const states = [1, 40, 90, 700].map((at) => {
    world.run(at * MS);
    return checkpoint(world);
  });
  world.run(END);
  for (const state of states) {
    const again = restore(channelsAssembly(3), state);
    again.run(END);
    t.is(again.digest(), world.digest());
  }
});

test("each place replays alone: every output, digest and final state", (t) => {
  const assembly = channelsAssembly(4);
  const { world, lines } = recordedRun(assembly, 600 * MS);
  const digest = world.digest();
  t.deepEqual(replay(channelsAssembly(4), recordsOf(lines)), {
    identical: true,
    digest: [digest, digest],
    events: world.events,
    firstDifference: null,
  });
});

test("packets of both directions are conserved: handshakes, probes and acknowledgements, too", (t) => {
  for (const seed of [5, 6, 7]) {
    const scenario = channelScenario(seed);
    const world = runWorld(seed, {}, 4_000 * MS);
    for (const { flow, id, sent, received, duplicates } of flowCounts(world, scenario)) {
      const { byFlow, duplicated } = world.ledger;
      const ended = received + duplicates + (byFlow.get(flow) ?? 0);
      t.is(sent + (duplicated.get(flow) ?? 0), ended, `${id}, seed ${seed}`);
      if (flow >= 0) t.true(sent > 0 && received > 0, id);
    }
  }
});

test("what the applications over channels say of themselves adds up", (t) => {
  const scenario = channelScenario(8);
  const world = runWorld(8, {}, 4_000 * MS);
  const { flows } = results(world, scenario);
  const [bulk, sealed, files, web, talk] = flows;
  for (const flow of flows) {
    const onPaths = flow.paths.reduce((sum, { packets }) => sum + packets, 0);
    t.is(onPaths, flow.sent, `${flow.id}: every packet has its path`);
    t.true((flow.channel?.handshake_ms ?? 0) >= 39.9, `${flow.id}: two round trips of 20 ms at least`);
    const ends = flow.id === "web" ? ["done", "idle"] : ["done"];
    t.true(ends.includes(flow.channel?.closed ?? ""), `${flow.id}: ${flow.channel?.closed}`);
  }
  t.true((bulk?.paths.filter(({ packets }) => packets > 50).length ?? 0) >= 2, "minrtt uses more than one path");
  t.deepEqual([sealed?.transfers?.completed, files?.transfers?.unfinished], [1, 0]);
  t.true((files?.transfers?.completed ?? 0) > 10);
  t.true((web?.channel?.associations ?? 0) > 1, "idle for 150 ms, an association ends and another begins");
  const client = world.read<ChannelExchangesContext>("app/web").context;
  t.is(client.started, client.completed + client.givenUp);
  const { sent = 0, on_time = 0, late = 0, lost = 0 } = talk?.messages ?? {};
  t.is(sent, on_time + late + lost);
  t.true(sent === 95 && on_time > 40, JSON.stringify(talk?.messages));
  t.true((talk?.goodput_bps ?? 0) > 0 && (web?.goodput_bps ?? 0) > 0);
});

test("sampling changes nothing, and finds packets, files, exchanges and late messages", (t) => {
  const scenario = channelScenario(9);
  const world = Simulation.create(channelsAssembly(9));
  const sampler = new Sampler(world, scenario, 1_000);
  world.run(END);
  t.is(world.digest(), runWorld(9).digest());
  const { flows } = results(world, scenario);
  for (const [n, { flow, packets, others }] of sampler.samples().entries()) {
    t.is(packets.length, Math.min(1_000, flows[n]?.received as number), flow);
    const found = flows[n]?.messages?.late ?? (flow === "bulk" ? 0 : flows[n]?.transfers?.completed);
    t.is(others.all.length, found as number, flow);
  }
});

function pairOverChannels(channel: Partial<ChannelSpec>, ifId: number, cutAt: number): Scenario {
  const effect = { kind: "down" as const, links: [{ ia: "1-1", ifId }], ases: [] };
  const pair = pairScenario(5, [{}, { latency_ns: 15 * MS }]);
  return {
    ...pair,
    flows: [{ ...pair.flows[0], channel: { ...CHANNEL, ...channel } } as FlowSpec],
    faults: [{ id: "cut", timing: { kind: "once", at_ns: cutAt, for_ns: null }, effect }],
  };
}

test("a handshake whose way is cut at any instant goes on over another", (t) => {
  // The policy's first choice is the second link.
  for (let cutAt = 5; cutAt < 70; cutAt += 5) {
    const scenario = pairOverChannels({}, 2, cutAt * MS);
    const world = Simulation.create(assemble(scenario, { repeat: "npx ava sim/channel-flows.test.ts" }));
    world.run(4_000 * MS);
    t.true((results(world, scenario).flows[0]?.goodput_bps ?? 0) > 1e6, `cut after ${cutAt} ms`);
  }
});

test("what was under way on one of two paths that is cut comes over the other after one probe timeout, not after three", (t) => {
  const scenario = pairOverChannels({ scheduler: "minrtt" }, 1, 1_500 * MS);
  const world = Simulation.create(assemble(scenario, { repeat: "npx ava sim/channel-flows.test.ts" }));
  let [before, since, longest] = [0, 1_400 * MS, 0];
  for (let now = since; now < 3_500 * MS; now += 5 * MS) {
    world.run(now);
    const { delivered } = world.read<ListenerContext>("app/f/sink/listener").context.port;
    if (delivered > before) [before, since] = [delivered, now];
    longest = Math.max(longest, now - since);
  }
  const srtt = results(world, scenario).flows[0]?.transport?.srtt_ms ?? 0;
  t.true(longest > 50 * MS, `the cut is felt: ${longest / MS} ms`);
  t.true(longest < 6 * srtt * MS, `nothing was handed over for ${longest / MS} ms, with round trips of ${srtt} ms`);
});
