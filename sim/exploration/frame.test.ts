/** Frames show what the world holds, and asking for them changes nothing. */
import test from "ava";
import { assemble } from "../../actors/assemble.ts";
import type { LinkContext } from "../../actors/link.ts";
import type { Frame, RunOutline } from "../../core/exploration.ts";
import type { Packet } from "../../core/packet.ts";
import type { LinkDirection, PacedFlow, Scenario } from "../../core/scenario.ts";
import { fingerprintOf } from "../../core/combinator/fingerprint.ts";
import { Simulation } from "../simulation.ts";
import { busyScenario, measuringAssembly, measuringScenario } from "../test-worlds.ts";
import { FrameMaker } from "./frame.ts";
import { outlineOf } from "./outline.ts";
import { PathBook } from "./paths.ts";
import { RunSeries } from "./series.ts";
import { simSource } from "./sim-source.ts";
import type { Steppable } from "./source.ts";

const MS = 1_000_000;

interface Cursor {
  readonly steppable: Steppable;
  readonly outline: RunOutline;
  readonly maker: FrameMaker;
  /** Everything up to `time`. */
  frameAt(time: number, packets?: number): Frame;
}

function cursor(scenario: Scenario, loadAt = (): number => -1): Cursor {
  const assembly = assemble(scenario, { repeat: "npx ava sim/" });
  const outline = outlineOf(scenario, assembly, { source: "sim", world: "sim" });
  const steppable = simSource(assembly, scenario.duration_ns).begin();
  const maker = new FrameMaker(outline, new PathBook(outline.directions), loadAt);
  const frameAt = (time: number, packets = 10_000): Frame => {
    while (steppable.step(time));
    steppable.settle(time);
    return maker.frame(steppable, { packets, playing: false });
  };
  return { steppable, outline, maker, frameAt };
}

/** By way of 1-2: over a line of 2 Mbit/s with a queue of three. */
const BY_2 = fingerprintOf([1, 1, 2, 1].map((ifId, n) => ({ ia: ["1-1", "1-2", "1-2", "1-4"][n] as string, ifId })));

/** Nothing is lost on the line, and every packet takes the latency. */
function withPlainLinks(scenario: Scenario, changes: Partial<LinkDirection> = {}): Scenario {
  const links = scenario.network.links.map((link) => {
    const plain: LinkDirection = { ...link.ab, loss: 0, delay: { kind: "fixed" }, reorder: false, ...changes };
    return { ...link, ab: plain, ba: plain };
  });
  return { ...scenario, network: { ...scenario.network, links } };
}

/** The busy world with one flow only, a packet each `interval`. */
function lonely(interval_ns: number, changes: Partial<PacedFlow> = {}): Scenario {
  const busy = busyScenario(1);
  const flow = { ...(busy.flows[1] as PacedFlow), interval_ns, ...changes };
  return { ...busy, flows: [flow], faults: [] };
}

test("a packet moves along each line of its path from one end to the other", (t) => {
  const { frameAt, outline } = cursor(lonely(100 * MS, { policy: { name: "pinned", params: { path: BY_2 } } }));
  const seen: [direction: number, place: number][] = [];
  for (let time = 3 * MS; time < 103 * MS; time += 100_000) {
    const { packetDirection, packetPlace, packetFlow, underWay } = frameAt(time);
    t.is(packetDirection.length, underWay);
    t.true(underWay <= 1);
    if (underWay === 0) continue;
    t.is(packetFlow[0], 0);
    seen.push([packetDirection[0] as number, packetPlace[0] as number]);
  }
  t.true(seen.length > 50);
  seen.forEach(([direction, place], n) => {
    t.true(place >= 0 && place <= 1);
    const [before, last] = seen[n - 1] ?? [direction, -1];
    if (before === direction) t.true(place > last, `${place} after ${last}`);
    else t.true(place < 0.05 && last > 0.95, `from ${last} of ${before} to ${place} of ${direction}`);
  });
  const ways = [...new Set(seen.map(([direction]) => outline.directions[direction]))];
  t.deepEqual(ways, ["link/1-1#1>1-2#1", "link/1-2#2>1-4#1"]);
});

test("every packet on a line is drawn, those in queues are not", (t) => {
  const busy = withPlainLinks(busyScenario(2));
  const { frameAt, steppable } = cursor({ ...busy, flows: busy.flows.slice(0, 3) });
  let [drawn, waiting] = [0, 0];
  for (let time = 10 * MS; time < 1_500 * MS; time += 7 * MS) {
    const frame = frameAt(time);
    let under = 0;
    for (const { sender, ifId, time: arrival, thing } of steppable.pending()) {
      const cell = steppable.world.cells[sender];
      if (ifId < 0 || cell === undefined || !cell.isLink) continue;
      const { model } = cell.state.context as LinkContext;
      const span = model.latency + ((thing as Packet).wireLength * 8e9) / model.rate;
      if (arrival - time <= span) under++;
      else waiting++;
    }
    drawn += under;
    t.is(frame.underWay, under);
    t.is(frame.packetDirection.length, under);
    t.is(frame.packetPath.length, under);
  }
  t.true(drawn > 1_000 && waiting > 100, `${drawn}, ${waiting}`);
});

test("packets are on paths that are named by their fingerprints, on the way back, too", (t) => {
  const { frameAt, steppable, outline } = cursor(busyScenario(1));
  const found = new Set<string>();
  for (let time = 4 * MS; time < 1_900 * MS; time += 10 * MS) {
    const { packetPath, paths, packetFlow } = frameAt(time);
    packetPath.forEach((path, n) => {
      t.true(path >= 0 && path < paths.length);
      t.true((packetFlow[n] as number) >= 0);
      found.add(paths[path] as string);
    });
  }
  const book = new PathBook(outline.directions);
  const known = outline.flows.flatMap(({ selector }) => book.drawnPaths(steppable.world, selector ?? ""));
  const names = new Set(known.map(({ fingerprint }) => fingerprint));
  t.true(found.size >= 2);
  for (const name of found) t.true(names.has(name), name);
});

test("no more packets than asked for, and nearly the same ones from frame to frame", (t) => {
  const scenario = lonely(20_000, { packet_size: 200 });
  const { frameAt } = cursor(withPlainLinks(scenario, { rate_bps: 1_000_000_000, latency_ns: 40 * MS }));
  let before = new Set<string>();
  let [kept, due] = [0, 0];
  for (let time = 200 * MS; time < 300 * MS; time += MS) {
    const { packetDirection, packetPlace, underWay, now } = frameAt(time, 500);
    t.true(underWay > 3_000);
    t.true(packetPlace.length <= 500 && packetPlace.length >= 100, String(packetPlace.length));
    // By arrival, in tens of microseconds: one packet each 20.
    const arrivals = [...packetPlace].map((place, n) => {
      const left = (1 - place) * (40 * MS + 1_600);
      return { left, key: `${packetDirection[n]} ${Math.round((now + left) / 10_000)}` };
    });
    const keys = new Set(arrivals.map(({ key }) => key));
    for (const key of before) {
      if (Number(key.split(" ")[1]) * 10_000 <= now + 20_000) continue;
      due++;
      if (keys.has(key)) kept++;
    }
    before = keys;
  }
  t.true(due > 10_000);
  t.true(kept / due > 0.97, `${kept} of ${due} stayed`);
});

test("loads are those of the last 100 ms", (t) => {
  // What is lost from a queue when its link fails counts as sent.
  const scenario = { ...busyScenario(4), faults: [], duration_ns: 10_000 * MS };
  const assembly = assemble(scenario, { repeat: "npx ava sim/" });
  const { frameAt, outline } = cursor(scenario);
  const series = new RunSeries(scenario, outline.directions, new PathBook(outline.directions));
  t.is(series.bin_ns, 10 * MS);
  const scout = simSource(assembly, scenario.duration_ns).begin();
  series.begin(scout);
  let compared = 0;
  for (let time = 10 * MS; time <= 1_900 * MS; time += 10 * MS) {
    while (scout.nextAt() < time) scout.step();
    series.look(time);
    // Events at the very end of a bin belong to the next one.
    const { load } = frameAt(time - 1);
    if (time < 200 * MS) continue;
    load.forEach((share, direction) => {
      let sum = 0;
      for (let bin = 1; bin <= 10; bin++) sum += series.loadAt(direction, time - bin * 10 * MS);
      t.true(
        Math.abs(share - sum / 10) < 0.02,
        `${outline.directions[direction]} at ${time}: ${share}, not ${sum / 10}`,
      );
      if (share > 0.5) compared++;
    });
  }
  t.true(compared > 100);
});

test("after a jump loads come from elsewhere, until 100 ms have been gone through", (t) => {
  const { frameAt, maker, steppable } = cursor(busyScenario(1), () => 0.75);
  t.true((frameAt(50 * MS).load[0] as number) < 1.01);
  t.is(frameAt(400 * MS).load[0], 0.75);
  for (let time = 410 * MS; time < 500 * MS; time += 10 * MS) t.is(frameAt(time).load[1], 0.75);
  t.not(frameAt(501 * MS).load[1], 0.75);
  const saved = steppable.save();
  const again = simSource(assemble(busyScenario(1), { repeat: "" }), 2_000 * MS).restore(saved);
  t.is(maker.frame(again, { packets: 10, playing: true }).load[1], 0.75);
});

test("states of links and routers, and how full queues are", (t) => {
  const busy = busyScenario(1);
  const impairment = {
    latency_ns: 0,
    jitter_ns: 0,
    loss: 0.5,
    corrupt: 0,
    duplicate: 0,
    reorder: 0,
    reorder_ns: 0,
    rate_bps: null,
  };
  const faults: Scenario["faults"] = [
    ...busy.faults,
    {
      id: "bad",
      timing: { kind: "once", at_ns: 100 * MS, for_ns: 100 * MS },
      effect: { kind: "impair", directions: [{ from: { ia: "1-2", ifId: 2 } }], impairment },
    },
    {
      id: "dead",
      timing: { kind: "once", at_ns: 700 * MS, for_ns: 100 * MS },
      effect: { kind: "down", links: [], ases: ["1-3"] },
    },
  ];
  const flows = busy.flows.map((flow) => ({ ...flow, policy: { name: "pinned", params: { path: BY_2 } } }));
  const { frameAt, outline } = cursor({ ...busy, flows, faults });
  const of = (id: string): number => outline.directions.indexOf(`link/${id}`);
  const early = frameAt(90 * MS);
  t.true(early.link.every((state) => state === 0) && early.node.every((state) => state === 0));
  t.is(early.queue[of("1-1#1>1-2#1")], 1, "three of three wait");
  t.is(early.queue[of("1-2#1>1-1#1")], 0);
  t.is(frameAt(150 * MS).link[of("1-2#2>1-4#1")], 2);
  t.is(frameAt(250 * MS).link[of("1-2#2>1-4#1")], 0);
  const cut = frameAt(600 * MS);
  t.is(cut.link[of("1-1#3>1-5#1")], 1);
  t.is(cut.link[of("1-5#1>1-1#3")], 1);
  t.deepEqual([...frameAt(750 * MS).node], [0, 0, 1, 0, 0]);
});

test("frames change nothing", (t) => {
  const scenario = measuringScenario(5);
  const assembly = measuringAssembly(5);
  const outline = outlineOf(scenario, assembly, { source: "sim", world: "sim" });
  const steppable = simSource(assembly, scenario.duration_ns).begin();
  const maker = new FrameMaker(outline, new PathBook(outline.directions), () => 0);
  const costs: number[] = [];
  while (steppable.step(scenario.duration_ns)) {
    if (steppable.events % 500 !== 0) continue;
    const begin = performance.now();
    maker.frame(steppable, { packets: 1_000, playing: true });
    costs.push(performance.now() - begin);
  }
  const alone = Simulation.create(measuringAssembly(5));
  alone.run(scenario.duration_ns);
  t.is((steppable.world as Simulation).digest(), alone.digest());
  t.log(`ms a frame: ${quantiles(costs)}`);
});

test("what is visited is what is pending, and thousands are quickly drawn", (t) => {
  const scenario = lonely(4_000, { packet_size: 200 });
  const { frameAt, steppable } = cursor(withPlainLinks(scenario, { rate_bps: 0, latency_ns: 30 * MS }));
  const costs: number[] = [];
  for (let time = 100 * MS; time < 200 * MS; time += MS) {
    const begin = performance.now();
    frameAt(time, 1_000);
    costs.push(performance.now() - begin);
    const visited: number[] = [];
    steppable.visitPackets?.((_time, order) => visited.push(order));
    const packets = steppable.pending().filter(({ ifId }) => ifId >= 0);
    t.true(packets.length > 10_000);
    t.deepEqual(
      visited.sort((a, b) => a - b),
      packets.map(({ order }) => order).sort((a, b) => a - b),
    );
  }
  t.log(`with ${steppable.pending().length} pending, the events between two frames included, ms: ${quantiles(costs)}`);
});

function quantiles(costs: readonly number[]): string {
  const sorted = [...costs].sort((a, b) => a - b);
  const at = (q: number): string => (sorted[Math.floor(q * (sorted.length - 1))] ?? 0).toFixed(2);
  return `median ${at(0.5)}, 95 % ${at(0.95)}, most ${at(1)}`;
}
