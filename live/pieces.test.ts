/** A network of which only some places run in this process. */
import test from "ava";
import * as Effect from "effect/Effect";
import type { Assembly } from "../actors/assembly.ts";
import { results } from "../actors/results.ts";
import { Sampler } from "../actors/samples.ts";
import { SeriesReader } from "../actors/series.ts";
import { busyScenario } from "../sim/test-worlds.ts";
import { assemble } from "../actors/assemble.ts";
import type { Scenario } from "../core/scenario.ts";
import type { LiveOptions, LiveWorld } from "./driver.ts";
import { runLive } from "./run.ts";
import { UnderlayError } from "./underlay/bind.ts";

const MS = 1_000_000;

function scenario(): Scenario {
  const busy = busyScenario(9);
  return {
    ...busy,
    duration_ns: 1_500 * MS,
    flows: busy.flows.map((flow) => ({ ...flow, stop_ns: 650 * MS })),
    faults: busy.faults.map((fault, n) => ({ ...fault, at_ns: (n === 0 ? 150 : 400) * MS })),
  };
}

const make = (): Assembly => assemble(scenario(), { repeat: "npx ava live/pieces.test.ts" });
const run = (options: LiveOptions, port = 21_000): Promise<LiveWorld> =>
  Effect.runPromise(runLive(make(), { duration: 1_500 * MS, port, ...options }));

test.serial("two pieces of a network, each with some of its places, carry its flows together", async (t) => {
  const { flows, network } = scenario();
  const all = network.ases.map(({ ia }) => ia);
  const here = [flows[0]?.src.ia as string];
  const there = all.filter((ia) => !here.includes(ia));
  const pieces = await Promise.all([run({ here }), run({ here: there })]);
  const [first, second] = pieces.map((world) => results(world, scenario())) as [
    ReturnType<typeof results>,
    ReturnType<typeof results>,
  ];
  t.deepEqual(
    pieces.map((world) => world.allCells().length).reduce((sum, count) => sum + count, 0),
    make().actors.length,
  );
  const flow = first.flows[0] as (typeof first.flows)[number];
  const far = second.flows[0] as (typeof first.flows)[number];
  t.log(JSON.stringify({ sent: [flow.sent, far.sent], received: [flow.received, far.received] }));
  t.true(flow.sent > 0 && flow.received === 0);
  t.true(far.sent === 0 && far.received > 0);
  t.true(flow.sent >= far.received + flow.lost + far.lost);
  for (const { counters } of pieces) t.is(counters.garbage + counters.stray, 0);
});

test.serial("of what runs elsewhere nothing is known, and everything can be asked", async (t) => {
  const { network, flows } = scenario();
  const last = network.ases.at(-1)?.ia as string;
  const world = await Effect.runPromise(runLive(make(), { duration: 50 * MS, port: 22_000, here: [last] }));
  const found = results(world, scenario());
  t.true(found.flows.every(({ src, sent }) => src.startsWith(`${last},`) || sent === 0));
  t.true(found.links.every(({ id }) => id.startsWith(`${last}#`)));
  new SeriesReader(world, scenario(), 10 * MS, () => undefined).end(world.now);
  t.is(new Sampler(world, scenario(), 10).samples().length, flows.length);
  const load: number[] = [];
  const ids = make()
    .actors.filter(({ isLink }) => isLink === true)
    .map(({ id }) => id);
  world.observeLinks(world.allCells()[0] as never, ids, load);
  ids.forEach((id, n) => t.is(load[3 * n] === -1, !id.startsWith(`link/${last}#`), id));
});

test.serial("foreign places are not here; what cannot be is refused", async (t) => {
  const [first = "", second = ""] = scenario().network.ases.map(({ ia }) => ia);
  const world = await Effect.runPromise(runLive(make(), { duration: 20 * MS, port: 23_000, foreign: [second] }));
  t.is(world.here.filter((is) => !is).length, 1);
  t.false(world.allCells().some(({ place }) => world.assembly.places[place] === second));
  const refused = async (options: LiveOptions & { port?: number }): Promise<string> => {
    const error = await Effect.runPromise(Effect.flip(runLive(make(), { duration: MS, ...options })));
    t.true(error instanceof UnderlayError);
    return error.message;
  };
  t.regex(await refused({ here: ["9-9"] }), /9-9 is no AS of the network: 1-1, /);
  t.regex(await refused({ here: [first], foreign: [first] }), /cannot run here and be foreign/);
  t.regex(await refused({ here: [first], port: 0 }), /leads to .*, which runs elsewhere: its port must be known/);
});
