/** Thousands of associations one after the other leave next to nothing behind. */
import test from "ava";
import type { Assembly } from "../actors/assembly.ts";
import type { AssociationInput } from "../actors/channel/association.ts";
import type { ListenerContext } from "../actors/channel/listener.ts";
import { type ParadeContext, type ParadeInput, paradeLogic } from "../actors/channel/parade-testing.ts";
import type { SelectorContext } from "../actors/selectors/selector.ts";
import { channelAssembly, pairScenario } from "./channel-worlds.ts";
import { Simulation } from "./simulation.ts";

const SECOND = 1_000_000_000;

function paradeOf(count: number): Assembly {
  const fast = { rate_bps: 1_000_000_000, latency_ns: 1_000_000 };
  const base = channelAssembly(pairScenario(3, [fast]), { crypto: "modelled" }, { channels: [], finish: false });
  const actors = base.actors.map((spec) => {
    if (spec.id !== "association/f") return spec;
    const { app: _app, begun: _begun, ...association } = spec.input as AssociationInput;
    const input: ParadeInput = { association, count, bytes: 1_000 };
    return { ...spec, id: "parade", logic: "parade", input };
  });
  const target = actors.findIndex(({ id }) => id === "parade");
  const faults = [{ at: 0, target, event: { type: "parade.begin" } }];
  return { ...base, actors, faults, logics: new Map([...base.logics, ["parade", paradeLogic]]) };
}

/** Actors that still have their state. */
const remembered = (world: Simulation): number => world.allCells().filter(({ state }) => state.context !== null).length;

test("2000 short associations: what was stopped is forgotten, nobody keeps a list of the dead", (t) => {
  const world = Simulation.create(paradeOf(2_000));
  const atFirst = remembered(world);
  let most = 0;
  while (world.now < 2_000 * SECOND && world.step(2_000 * SECOND)) {
    if (world.events % 1_000 === 0) most = Math.max(most, remembered(world));
  }
  const { begun, endings } = world.read<ParadeContext>("parade").context;
  t.is(begun, 2_000);
  t.deepEqual([...endings], [["closed", 2_000]]);
  const { counts, byId, bySource, sources, ways } = world.read<ListenerContext>("listener/f").context;
  t.is(counts.accepted, 2_000);
  t.true(counts.ended >= 1_999);
  t.true(byId.size + bySource.size + sources.size <= 3);
  t.true(ways.length <= 64);
  t.true(world.read<SelectorContext>("selector/f").context.subscribers.length <= 1);
  // 256 that were stopped last, and a few alive.
  t.true(most <= atFirst + 256 + 16, `${most} of at first ${atFirst}`);
});
