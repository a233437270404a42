/** What is measured over time adds up to what the run comes to, and measuring changes nothing. */
import test, { type ExecutionContext } from "ava";
import { assemble } from "../../actors/assemble.ts";
import type { Assembly } from "../../actors/assembly.ts";
import { results, type RunResult } from "../../actors/results.ts";
import type { SeriesName, SeriesPart } from "../../core/exploration.ts";
import type { BulkFlow, FlowSpec, Scenario } from "../../core/scenario.ts";
import { linksScenario } from "../link-worlds.ts";
import { Simulation } from "../simulation.ts";
import { channelScenario, measuringAssembly, measuringScenario, channelsAssembly } from "../test-worlds.ts";
import { BinnedValues } from "./bins.ts";
import { outlineOf } from "./outline.ts";
import { PathBook } from "./paths.ts";
import { binLength, RunSeries } from "./series.ts";
import { simSource } from "./sim-source.ts";
import type { Steppable } from "./source.ts";

interface Measured {
  readonly steppable: Steppable;
  readonly series: RunSeries;
  readonly book: PathBook;
  readonly parts: SeriesPart[];
  readonly result: RunResult;
  /** Values of a series, pieces put together; empty where nothing happened. */
  values(name: SeriesName, of: string): number[];
  sum(name: SeriesName, of: string): number;
}

/** Runs a world as the scout does, taking what is there every now and then. */
function measure(scenario: Scenario, assembly: Assembly): Measured {
  const outline = outlineOf(scenario, assembly, { source: "sim", world: "sim" });
  const book = new PathBook(outline.directions);
  const series = new RunSeries(scenario, outline.directions, book);
  const steppable = simSource(assembly, scenario.duration_ns).begin();
  const parts: SeriesPart[] = [];
  series.begin(steppable);
  while (steppable.nextAt() <= scenario.duration_ns) {
    const next = steppable.nextAt();
    while (series.at <= next) series.look(series.at);
    steppable.step(scenario.duration_ns);
    if (steppable.events % 5_000 === 0) parts.push(...series.take());
  }
  while (series.at <= scenario.duration_ns) series.look(series.at);
  steppable.settle(scenario.duration_ns);
  series.end(scenario.duration_ns);
  parts.push(...series.take());
  const values = (name: SeriesName, of: string): number[] => {
    const own = parts.filter((part) => part.name === name && part.of === of);
    let next = 0;
    for (const {
      from,
      values: { length },
    } of own) {
      if (from !== next) throw new Error(`${name} of ${of}: bins ${next} to ${from} are missing`);
      next += length;
    }
    return own.flatMap((part) => [...part.values]);
  };
  const sum = (name: SeriesName, of: string): number =>
    values(name, of).reduce((total, value) => total + (Number.isNaN(value) ? 0 : value), 0);
  return { steppable, series, book, parts, result: results(steppable.world, scenario), values, sum };
}

/** Every kind of link; counted from the beginning. */
const LINKS: Scenario = { ...linksScenario(3), warmup_ns: 0 };
const WORLDS: readonly (readonly [string, Scenario, () => Assembly])[] = [
  ["measuring", measuringScenario(3), () => measuringAssembly(3)],
  ["channels", channelScenario(3), () => channelsAssembly(3)],
  ["links", LINKS, () => assemble(LINKS, { repeat: "npx ava sim/" })],
];

for (const [name, scenario, assembly] of WORLDS) {
  const run = measure(scenario, assembly());

  test(`${name}: the run is the same without`, (t) => {
    const alone = Simulation.create(assembly());
    alone.run(scenario.duration_ns);
    t.is(run.steppable.world.digest(), alone.digest());
    t.is(run.steppable.events, alone.events);
    t.deepEqual(run.result, results(alone, scenario));
  });

  test(`${name}: packets add up to those of the results`, (t) => {
    for (const flow of run.result.flows) {
      t.is(run.sum("flow.sent", flow.id), flow.sent, `${flow.id} sent`);
      t.is(run.sum("flow.lost", flow.id), flow.lost, `${flow.id} lost`);
      for (const { fingerprint, packets } of flow.paths)
        t.is(run.sum("path.packets", `${flow.id}/${fingerprint}`), packets, `${flow.id} on ${fingerprint}`);
    }
    for (const link of run.result.links) {
      t.is(run.sum("link.drops", `link/${link.id}`), link.drops, link.id);
      // Where the rate changes, a share of a bin is not the same share of what can be sent in all.
      const ends = scenario.network.links.find(
        ({ a, b }) => link.id.includes(`${a.ia}#${a.ifId}`) && link.id.includes(`${b.ia}#${b.ifId}`),
      );
      if (ends?.ab.schedule !== null) continue;
      const share = (run.sum("link.load", `link/${link.id}`) * run.series.bin_ns) / scenario.duration_ns;
      t.true(Math.abs(share - link.utilization) < 0.01, `${link.id}: ${share}, not ${link.utilization}`);
    }
    t.true(run.result.flows.some(({ lost }) => lost > 0));
    t.true(run.result.links.some(({ utilization }) => utilization > 0.3));
  });

  test(`${name}: goodput adds up to that of the results`, (t) => {
    run.result.flows.forEach((flow, n) => {
      const spec = scenario.flows[n] as FlowSpec;
      const bytes = (run.sum("flow.goodput", flow.id) * run.series.bin_ns) / 8e9;
      const active = (Math.min(spec.stop_ns, scenario.duration_ns) - spec.start_ns) / 1e9;
      const whole = spec.app === "bulk" && (spec as BulkFlow).bytes > 0;
      const expected = whole ? (spec as BulkFlow).bytes : (flow.goodput_bps * active) / 8;
      t.true(Math.abs(bytes - expected) < 1e-6 * expected + 1e-6, `${flow.id}: ${bytes}, not ${expected}`);
    });
  });

  test(`${name}: delays are those of the results`, (t) => {
    const distributions = run.series.delays();
    t.is(distributions.length, scenario.flows.length);
    distributions.forEach(({ flow, count, counts, upper_ms }, n) => {
      const { latency_ms, received } = run.result.flows[n] as RunResult["flows"][number];
      t.is(count, received, flow);
      t.is(
        counts.reduce((sum, one) => sum + one, 0),
        count,
      );
      t.deepEqual(
        [...upper_ms],
        [...upper_ms].sort((a, b) => a - b),
      );
      if (latency_ms.max === null) return;
      const last = upper_ms.at(-1) as number;
      t.true(
        latency_ms.max < last && latency_ms.max >= last * (1 - 1 / 16),
        `${flow}: ${latency_ms.max} under ${last}`,
      );
      const delays = run.values("flow.delay", flow).filter((value) => !Number.isNaN(value));
      t.true(Math.max(...delays) <= latency_ms.max + 1e-9);
    });
  });
}

test("windows and losses of streams and of channels are those of the results", (t) => {
  const streams = measure(measuringScenario(3), measuringAssembly(3));
  const bulk = streams.result.flows.find(({ id }) => id === "files");
  const paths = bulk?.paths.map(({ fingerprint }) => `files/${fingerprint}`) ?? [];
  t.true(paths.length > 0);
  const lost = paths.reduce((sum, path) => sum + streams.sum("path.lost", path), 0);
  t.is(lost, bulk?.transport?.retransmitted ?? -1);
  const windows = paths.map((path) => Math.floor(streams.values("path.cwnd", path).at(-1) ?? -1));
  t.true(windows.includes(bulk?.transport?.cwnd_bytes ?? 0));
  const srtts = paths.map((path) => streams.values("path.srtt", path).at(-1) ?? 0);
  t.true(srtts.includes(bulk?.transport?.srtt_ms ?? -1));

  const channels = measure(channelScenario(3), channelsAssembly(3));
  const flow = channels.result.flows.find(({ id }) => id === "bulk");
  t.true((flow?.channel?.paths.length ?? 0) > 1, "several paths at once");
  for (const { fingerprint, window_bytes, srtt_ms } of flow?.channel?.paths ?? []) {
    t.is(channels.values("path.cwnd", `bulk/${fingerprint}`).at(-1), window_bytes, fingerprint);
    if (srtt_ms === null) continue;
    t.true(Math.abs((channels.values("path.srtt", `bulk/${fingerprint}`).at(-1) ?? 0) - srtt_ms) < 1e-3);
  }
  t.true(
    channels.parts.some(({ name, of }) => name === "path.cwnd" && of.startsWith("web/")),
    "the answering side's",
  );
});

test("a warm-up changes when delays begin, and nothing of what was sent", (t) => {
  const cold = channelScenario(5);
  const warm = { ...cold, warmup_ns: 700_000_000 };
  const [one, other] = [cold, warm].map((scenario) =>
    measure(scenario, assemble(scenario, { repeat: "npx ava sim/" })),
  );
  for (const { id } of cold.flows) {
    t.deepEqual(one?.values("flow.goodput", id), other?.values("flow.goodput", id), id);
    t.deepEqual(one?.values("flow.sent", id), other?.values("flow.sent", id), id);
    const begun = other?.values("flow.delay", id).findIndex((value) => !Number.isNaN(value)) ?? 0;
    t.true(begun < 0 || begun * (other?.series.bin_ns ?? 0) >= 700_000_000 - (other?.series.bin_ns ?? 0), id);
  }
});

test("the paths of a flow are its candidates, with the directions they take", (t) => {
  const { book, steppable } = measure(measuringScenario(3), measuringAssembly(3));
  const outline = outlineOf(measuringScenario(3), measuringAssembly(3), { source: "sim", world: "sim" });
  const drawn = book.drawnPaths(steppable.world, "selector/video");
  t.is(drawn.length, 3);
  for (const { directions, interfaces } of drawn) {
    const names = directions.map((direction) => outline.directions[direction]);
    t.deepEqual(names, [`link/${interfaces[0]}>${interfaces[1]}`, `link/${interfaces[2]}>${interfaces[3]}`]);
  }
  t.deepEqual(book.drawnPaths(steppable.world, "selector/nobody"), []);
});

test("a large network gets fewer bins, and none gets more than a thousand", (t) => {
  const busy = measuringScenario(1);
  t.is(Math.ceil(busy.duration_ns / binLength(busy)), 1_000);
  const links = Array.from({ length: 1_000 }, () => busy.network.links).flat();
  const wide = { ...busy, network: { ...busy.network, links } };
  t.is(
    Math.ceil(busy.duration_ns / binLength(wide)),
    Math.max(50, Math.floor(2_000_000 / (6 * links.length + 24 * busy.flows.length))),
  );
});

test("a series is handed out from its first bin on, and only once something happened", (t) => {
  const quiet = new BinnedValues("link.load", "l");
  for (let bin = 0; bin < 10; bin++) quiet.put(bin, 0);
  t.is(quiet.take(5), null);
  quiet.put(10, 0.5);
  quiet.put(12, 0.25);
  t.deepEqual([...(quiet.take(5)?.values ?? [])], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.5, 0, 0.25]);
  t.is(quiet.take(5), null);
  quiet.put(13, 0);
  const next = quiet.take(5);
  t.deepEqual([next?.from, [...(next?.values ?? [])]], [13, [0]]);
  const unknown = new BinnedValues("path.srtt", "p");
  unknown.put(0, Number.NaN);
  unknown.put(2, 7);
  t.deepEqual([...(unknown.take(5)?.values ?? [])], [Number.NaN, Number.NaN, 7]);
});

test("what measuring costs", (t) => {
  logCost(t);
});

/** Not asserted: the machine decides. */
function logCost(t: ExecutionContext): void {
  const scenario = measuringScenario(7);
  const time = (work: () => unknown): number => {
    const begin = performance.now();
    work();
    return performance.now() - begin;
  };
  const alone = [1, 2, 3].map(() => time(() => Simulation.create(measuringAssembly(7)).run(scenario.duration_ns)));
  const watched = [1, 2, 3].map(() => time(() => measure(scenario, measuringAssembly(7))));
  t.log(`least of three: ${Math.min(...alone).toFixed(0)} ms alone, ${Math.min(...watched).toFixed(0)} ms measured`);
  t.pass();
}
