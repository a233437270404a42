/** What is counted on machines: the same wherever the cursor comes from, and what independent counting comes to. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import type { PolicyName } from "../../core/policy-parameters.ts";
import type { Cell } from "../../actors/world.ts";
import { chartView } from "./chart-view.ts";
import type { Collector } from "./collector.ts";
import { Coverage } from "./coverage.ts";
import { scoreOf } from "./scores.ts";
import { simSource } from "./sim-source.ts";
import { Watchers } from "./watchers.ts";
import { explore, scenarioFrom } from "./view-testing.ts";
import { assemble } from "../../actors/assemble.ts";
import type { Packet } from "../../core/packet.ts";
import type { ControlEvent, DropReason } from "../../core/env.ts";

const example = (name: string): string => readFileSync(join(import.meta.dirname, "../../examples", name), "utf8");

/** Counts by actor and word, in the plainest way. */
class Plain implements Collector {
  readonly counts = new Map<string, number>();

  event(target: Cell, thing: Packet | ControlEvent, ifId: number): void {
    const kind = ifId >= 0 ? "packet" : (thing as ControlEvent).type;
    if (target.actor !== null) this.#add(`${target.id} handles ${kind}`);
  }

  /** Machines without `always` and transitions to themselves enter a state when their value changes. */
  walked(actor: Cell, _event: ControlEvent, before: unknown): void {
    if (actor.state.value !== before) this.#add(`${actor.id} enters ${actor.state.value}`);
  }

  dropped(at: Cell, _packet: Packet, reason: DropReason): void {
    this.#add(`${at.id} drops ${reason}`);
  }

  of(actor: string, what: string): number {
    return this.counts.get(`${actor} ${what}`) ?? 0;
  }

  #add(key: string): void {
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }
}

const OUTAGES = example("02-failover.yaml").replace("policy: shortest", "policy: shortest\nbfd: on");

test("counts are those of plain counting", (t) => {
  const scenario = scenarioFrom(OUTAGES);
  const [plain, coverage] = [new Plain(), new Coverage()];
  const source = simSource(assemble(scenario, { repeat: "the test" }), scenario.duration_ns);
  const steppable = source.begin({ observe: () => new Watchers([plain, coverage], null) });
  while (steppable.step(scenario.duration_ns));
  const seen = new Set<string>();
  for (const cell of steppable.world.allCells()) {
    const chart = chartView(cell, coverage);
    for (const { event, times } of chart.handled)
      t.is(times, plain.of(cell.id, `handles ${event}`), `${cell.id} ${event}`);
    for (const { reason, packets } of coverage.dropsAt(cell)) {
      t.is(packets, plain.of(cell.id, `drops ${reason}`), `${cell.id} ${reason}`);
      seen.add("drops");
    }
    if (!["link", "node", "bfd"].includes(cell.spec.logic)) continue;
    for (const { path, entered, initial } of chart.states.slice(1)) {
      const begun = initial ? 1 : 0;
      t.is(entered - begun, plain.of(cell.id, `enters ${path}`), `${cell.id} ${path}`);
      if (entered > begun) seen.add(`${cell.spec.logic} ${path}`);
    }
  }
  const reached = ["drops", "link down", "link up", "bfd Up", "bfd Down"];
  for (const one of reached) t.true(seen.has(one), `${one}: ${[...seen].join(", ")}`);
  const failed = [...plain.counts]
    .filter(([key]) => key.includes(" drops "))
    .reduce((sum, [, count]) => sum + count, 0);
  const all = steppable.world.allCells().flatMap((cell) => coverage.dropsAt(cell));
  t.is(
    all.reduce((sum, { packets }) => sum + packets, 0),
    failed,
  );
});

test("the cursor has at every event what a straight run has there, spawned actors included", (t) => {
  const text = example("22-two-paths-at-once.yaml");
  const explored = explore(scenarioFrom(text), 12_000, 1_000);
  const chartsAt = (event: number): unknown => {
    const { coverage, steppable } = explored.standing();
    explored.cursor.seekEvent(event);
    const { world } = explored.cursor;
    t.is(steppable.world.assembly, world.assembly);
    return world.allCells().map((cell) => [cell.id, chartView(cell, coverage), coverage.dropsAt(cell)]);
  };
  const order = [11_999, 20, 7_300, 7_299, 7_301, 950, 12_000];
  const met = new Map(order.map((event) => [event, JSON.stringify(chartsAt(event))]));
  const straight = explore(scenarioFrom(text), 1);
  for (const event of order.toSorted((left, right) => left - right)) {
    straight.cursor.seekEvent(event);
    const { coverage } = straight.standing();
    const cells = straight.cursor.world.allCells();
    const charts = cells.map((cell) => [cell.id, chartView(cell, coverage), coverage.dropsAt(cell)]);
    t.is(met.get(event), JSON.stringify(charts), `event ${event}`);
  }
  const scout = explored.scout.world.allCells().map((cell) => chartView(cell, explored.coverage));
  explored.cursor.seekEvent(explored.scout.events);
  const cursor = explored.cursor.world.allCells().map((cell) => chartView(cell, explored.standing().coverage));
  t.deepEqual(cursor, scout);
});

test("counting changes nothing, and what a policy goes by is told without changing it", (t) => {
  const policies: readonly PolicyName[] = [
    "shortest",
    "lowest-rtt",
    "ucb1",
    "thompson",
    "two-choices",
    "weighted",
    "oracle",
  ];
  for (const policy of policies) {
    const text = `topology: diamond\nduration: 3s\npolicy: ${policy}\nflows:\n  - {id: f, app: constant-rate, from: "1-ff00:0:110", to: "1-ff00:0:120", rate: 400kbit/s, packet_size: 500B}\n`;
    const scenario = scenarioFrom(text);
    const source = simSource(assemble(scenario, { repeat: "the test" }), scenario.duration_ns);
    const plain = source.begin();
    while (plain.step(scenario.duration_ns));
    const watched = source.begin({ observe: () => new Watchers([new Coverage()], null) });
    let scores = 0;
    while (watched.step(scenario.duration_ns)) {
      const cell = watched.world.cellOf("selector/f");
      const before = JSON.stringify((cell.state.context as { policyState: unknown }).policyState);
      for (let position = 0; position < 3; position++) if (scoreOf(cell, position) !== null) scores++;
      t.is(JSON.stringify((cell.state.context as { policyState: unknown }).policyState), before);
      if (watched.events > 2_000) break;
    }
    while (watched.step(scenario.duration_ns));
    t.true(scores > 0, policy);
    t.is(watched.world.digest(), plain.world.digest(), policy);
  }
});

const MANY_FILES = `
topology: tiny
duration: 4s
flows:
  - {id: files, app: file-transfer, transport: channel, from: "1-ff00:0:111", to: "1-ff00:0:112", size: 100B, arrivals: {model: poisson, interval: 3ms}}
`;

test("of very many actors that came and went the sums stay", (t) => {
  const scenario = scenarioFrom(MANY_FILES);
  const [plain, coverage] = [new Plain(), new Coverage()];
  const source = simSource(assemble(scenario, { repeat: "the test" }), scenario.duration_ns);
  let begun = 0;
  const counting: Collector = { started: ({ spec }) => void (begun += spec.logic === "channel" ? 1 : 0) };
  const steppable = source.begin({ observe: () => new Watchers([plain, coverage, counting], null) });
  while (steppable.step(scenario.duration_ns));
  t.true(begun > 1_500, `${begun}`);
  const channels = steppable.world.allCells().filter(({ spec }) => spec.logic === "channel");
  const alone = channels.filter((cell) => coverage.countsOf(cell) !== null);
  t.true(alone.length > 1_000 && alone.length <= 1_024, `${alone.length}`);
  const all = coverage.countsOfAll(channels[0] as Cell);
  const ids = new Set(channels.map(({ id }) => id));
  const walked = [...plain.counts].filter(([key]) => / enters /.test(key) && ids.has(key.split(" ")[0] ?? ""));
  t.is(all.begun, begun);
  t.is(
    all.taken.reduce((sum, count) => sum + count, 0),
    walked.reduce((sum, [, count]) => sum + count, 0),
  );
  const again = new Coverage();
  const copy = source.restore(steppable.save());
  again.restore(structuredClone(coverage.save()), copy);
  t.deepEqual(again.countsOfAll(copy.world.cellOf((channels[0] as Cell).id)), all);
});
