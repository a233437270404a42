/** The reliable transport against real TCP, textbooks and itself: see ../../core/transport/sender.ts. */
import test from "ava";
import type { BulkContext } from "../../actors/apps/bulk.ts";
import type { StreamSinkContext } from "../../actors/apps/stream-sink.ts";
import { jain, type LinkResult, results } from "../../actors/results.ts";
import type { SelectorContext } from "../../actors/selectors/selector.ts";
import type { Scenario } from "../../core/scenario.ts";
import type { Simulation } from "../simulation.ts";
import { bulk, dumbbell, link, MS, outcome, SECOND, simulate, world } from "./transport-worlds.ts";

function near(found: number, expected: number, share: number): boolean {
  return Math.abs(found / expected - 1) <= share;
}

/** Sums over all flows and the bottleneck, to be subtracted from one another. */
function sums(simulation: Simulation, scenario: Scenario) {
  const sinks = scenario.flows.map(({ id }) => simulation.read<StreamSinkContext>(`app/${id}/sink`).context);
  const narrow = results(simulation, scenario).links.find(({ id }) => id.startsWith("1-2#2>")) as LinkResult;
  return {
    delivered: sinks.map(({ delivered }) => delivered),
    packets: sinks.reduce((sum, { latency }) => sum + latency.count, 0),
    delay: sinks.reduce((sum, { latency }) => sum + latency.sum, 0),
    sent: scenario.flows.reduce((sum, { id }) => sum + simulation.read<BulkContext>(`app/${id}`).context.sent, 0),
    drops: narrow.drops,
    bytes: narrow.bytes,
  };
}

/** Ten flows over one bottleneck, measured from 10 s to 25 s. */
function dumbbellFigures(queue: number) {
  const starts = Array.from({ length: 10 }, (_, n) => bulk(`b${n}`, { start_ns: ((n * 37) % 100) * 10 * MS }));
  const scenario = world(dumbbell(queue), starts, 25 * SECOND);
  const simulation = simulate(scenario);
  simulation.run(10 * SECOND);
  const before = sums(simulation, scenario);
  simulation.run(25 * SECOND);
  const after = sums(simulation, scenario);
  // Without any queue: 10 ms, and the packet on three lines.
  const empty = 10 * MS + 120_000 + 2 * 12_000;
  return {
    utilisation: ((after.bytes - before.bytes) * 8) / (15 * 100e6),
    jain: jain(after.delivered.map((bytes, n) => bytes - (before.delivered[n] as number))) as number,
    loss: (after.drops - before.drops) / (after.sent - before.sent),
    queue: ((after.delay - before.delay) / (after.packets - before.packets) - empty) / 120_000,
  };
}

// Linux Reno over the same bottleneck: kernel stack, 60 s, the time after the first 10 s.
for (const { queue, loss, waiting } of [
  { queue: 100, loss: 0.0043, waiting: 61.7 },
  { queue: 170, loss: 0.0028, waiting: 120 },
]) {
  test(`ten flows, queue of ${queue}: utilisation, fairness, loss and mean queue as of Linux Reno`, (t) => {
    const found = dumbbellFigures(queue);
    t.log(`queue ${queue}: ${JSON.stringify(found)}; Linux: loss ${loss}, queue ${waiting}`);
    t.true(found.utilisation >= 0.99, `utilisation ${found.utilisation}`);
    t.true(found.jain >= 0.97, `Jain ${found.jain}`);
    t.true(near(found.loss, loss, 0.15), `loss ${found.loss}, Linux ${loss}`);
    t.true(near(found.queue, waiting, 0.08), `mean queue ${found.queue}, Linux ${waiting}`);
  });
}

test("one flow, queue of 170: the window swings between half and the whole of what path and queue hold, in theory's time", (t) => {
  const scenario = world(dumbbell(170), [bulk("one", {})], 36 * SECOND);
  const simulation = simulate(scenario);
  const reductions: { at: number; from: number; ratio: number }[] = [];
  let last = 0;
  for (let at = 15 * SECOND; at < 36 * SECOND; at += 5 * MS) {
    simulation.run(at);
    const { reno } = simulation.read<BulkContext>("app/one").context.outgoing.sender;
    const window = reno.window / reno.datagram;
    if (window < 0.9 * last) reductions.push({ at, from: last, ratio: window / last });
    last = window;
  }
  t.true(reductions.length >= 4, `${reductions.length} reductions`);
  // 20 ms of 100 Mbit/s are 166.7 packets; with the queue and the packet being sent.
  const whole = 166.7 + 170 + 1;
  for (const { from, ratio } of reductions) {
    t.true(near(ratio, 0.5, 0.01), `ratio ${ratio}`);
    t.true(near(from, whole, 0.01), `window ${from}, expected ${whole}`);
  }
  const period = ((reductions.at(-1)?.at ?? 0) - (reductions[0]?.at ?? 0)) / (reductions.length - 1) / SECOND;
  // One packet a round trip from W/2 to W, each round trip as long as W packets take on the line.
  const theory = (0.00012 * (whole / 2) * 1.5 * whole) / 2;
  t.log(`period ${period} s, theory ${theory} s, Linux Reno 5.15 s`);
  t.true(near(period, theory, 0.04), `period ${period} s, theory ${theory} s`);
});

/** Padhye, Firoiu, Towsley, Kurose 1998, equation 19 (no timeouts, every packet acknowledged counts): packets a second. */
function padhye(loss: number, rtt: number): number {
  const window = 1 + Math.sqrt((8 * (1 - loss)) / (3 * loss) + 1);
  return ((1 - loss) / loss + window) / (rtt * (window / 2 + 1));
}

test("random loss of 0.1, 0.3 and 1 %: throughput within 15 % of the formula of Padhye et al.", (t) => {
  const clean = { rate_bps: 0, latency_ns: 25 * MS, queue_packets: 0 };
  for (const loss of [0.001, 0.003, 0.01]) {
    const links = [link("1-1#1", "1-4#1", { ...clean, loss }, clean)];
    const simulation = simulate(world(links, [bulk("one", {})], 220 * SECOND, 3));
    const received = (): number => simulation.read<StreamSinkContext>("app/one/sink").context.received;
    simulation.run(20 * SECOND);
    const before = received();
    simulation.run(220 * SECOND);
    const rate = (received() - before) / 200;
    t.log(`loss ${loss}: ${rate} packets/s, formula ${padhye(loss, 0.05)}`);
    t.true(
      near(rate, padhye(loss, 0.05), 0.15),
      `loss ${loss}: ${rate} packets/s, formula ${padhye(loss, 0.05)}; seed 3`,
    );
  }
});

test("reordering: slower, but every byte arrives once, and the losses that were none are counted", (t) => {
  const bytes = 3_000_000;
  const shuffled = { rate_bps: 50_000_000, latency_ns: 20 * MS, queue_packets: 0, reorder: true };
  const run = (width_ns: number) => {
    const links = [link("1-1#1", "1-4#1", { ...shuffled, delay: { kind: "uniform", width_ns } })];
    const scenario = world(links, [bulk("one", { bytes })], 120 * SECOND);
    const simulation = simulate(scenario);
    simulation.run(scenario.duration_ns);
    t.is(simulation.read<StreamSinkContext>("app/one/sink").context.delivered, bytes);
    return results(simulation, scenario).flows[0];
  };
  const [straight, mixed] = [run(0), run(15 * MS)];
  t.is(straight?.transport?.spurious, 0);
  t.is(mixed?.transfers?.completed, 1);
  t.true((mixed?.reordered ?? 0) > 100);
  t.true((mixed?.transport?.spurious ?? 0) > 10);
  t.true((mixed?.transfers?.fct_ms.max ?? 0) > (straight?.transfers?.fct_ms.max ?? 0));
});

test("a queue that marks early: the window follows the marks, and nothing is lost", (t) => {
  const red = {
    kind: "red",
    minimum_bytes: 30_000,
    maximum_bytes: 90_000,
    max_probability: 0.1,
    weight: 0.002,
  } as const;
  const narrow = { rate_bps: 20_000_000, latency_ns: 10 * MS, queue_packets: 500 };
  const run = (ecn: boolean) => {
    const links = [link("1-1#1", "1-4#1", { ...narrow, discipline: { ...red, ecn: true } }, narrow)];
    const scenario = { ...world(links, [bulk("a", { ecn }), bulk("b", { ecn })], 20 * SECOND), warmup_ns: 5 * SECOND };
    return outcome(scenario);
  };
  const [marked, dropped] = [run(true), run(false)];
  for (const { transport } of marked.flows) {
    t.true((transport?.ecn_marked ?? 0) > 5, `${transport?.ecn_marked} marked`);
    t.is(transport?.retransmitted, 0);
    t.true((transport?.congestion_events ?? 0) >= 3);
  }
  t.deepEqual(marked.drops, {});
  t.true((marked.links[0]?.utilization ?? 0) > 0.95, `utilization ${marked.links[0]?.utilization}`);
  t.true((dropped.drops.early_drop ?? 0) > 5);
  for (const { transport } of dropped.flows) t.is(transport?.ecn_marked, 0);
});

test("duplicates, damage and held-back packets: every byte once, and every packet accounted for", (t) => {
  const scenario = world(
    [link("1-1#1", "1-4#1", { rate_bps: 10_000_000 })],
    [bulk("one", { bytes: 2_000_000 })],
    60 * SECOND,
  );
  const simulation = simulate(scenario);
  const impairment = {
    latency_ns: 0,
    jitter_ns: 0,
    loss: 0,
    corrupt: 0.02,
    duplicate: 0.1,
    reorder: 0.05,
    reorder_ns: 20 * MS,
    rate_bps: null,
  };
  for (const id of ["link/1-1#1>1-4#1", "link/1-4#1>1-1#1"]) {
    simulation.inject(simulation.indexOf(id) as number, { type: "link.impair", cause: "test", impairment } as never, 0);
  }
  simulation.run(scenario.duration_ns);
  const [found] = results(simulation, scenario).flows;
  t.is(simulation.read<StreamSinkContext>("app/one/sink").context.delivered, 2_000_000);
  t.is(found?.transfers?.completed, 1);
  t.true((found?.duplicates ?? 0) > 50 && (found?.replies?.duplicates ?? 0) > 20);
  t.is(found?.in_flight, undefined);
});

test("goodput and delays are measured from the warm-up on", (t) => {
  const scenario = { ...world(dumbbell(100), [bulk("one", {})], 6 * SECOND), warmup_ns: 5 * SECOND };
  const [found] = outcome(scenario).flows;
  const { flows } = outcome({ ...scenario, warmup_ns: 0 });
  t.is(found?.received, flows[0]?.received);
  t.true((found?.goodput_bps ?? 0) <= 100e6 && (found?.goodput_bps ?? 0) > 85e6, `${found?.goodput_bps}`);
  t.not(found?.goodput_bps, flows[0]?.goodput_bps);
});

test("a link that is away for three seconds: probes get slower, and the transfer goes on when it is back", (t) => {
  const links = [link("1-1#1", "1-4#1", { rate_bps: 10_000_000, latency_ns: 10 * MS })];
  const down = { kind: "down" as const, links: [{ ia: "1-1", ifId: 1 }], ases: [] };
  const flow = bulk("one", { bytes: 4_000_000 });
  const scenario: Scenario = {
    ...world(links, [flow], 20 * SECOND),
    revocation_ns: 100 * MS,
    faults: [
      { id: "down", timing: { kind: "once", at_ns: SECOND, for_ns: null }, effect: down },
      { id: "up", timing: { kind: "once", at_ns: 4 * SECOND, for_ns: null }, effect: { ...down, kind: "up" } },
    ],
  };
  const [found] = outcome(scenario).flows;
  const probes = found?.transport?.probe_timeouts ?? 0;
  t.true(probes >= 3 && probes <= 12, `${probes} probe timeouts`);
  t.is(found?.transfers?.completed, 1);
});

test("a stop ends a flow without end: what was sent arrives, nothing more is sent", (t) => {
  const scenario = world(dumbbell(100), [bulk("one", { stop_ns: 2 * SECOND })], 4 * SECOND);
  const simulation = simulate(scenario);
  simulation.run(scenario.duration_ns);
  const { completedAt, outgoing } = simulation.read<BulkContext>("app/one").context;
  t.true(completedAt > 2 * SECOND && completedAt < 2.2 * SECOND, `${completedAt}`);
  t.is(simulation.read<StreamSinkContext>("app/one/sink").context.delivered, outgoing.sender.total);
  t.is(simulation.read<StreamSinkContext>("app/one/sink").context.connections.size, 0);
});

/** Two ways there: over 1-2 and over 1-3. */
const WAYS = [
  link("1-1#1", "1-2#1", { latency_ns: 5 * MS }),
  link("1-2#2", "1-4#1", { latency_ns: 5 * MS }),
  link("1-1#2", "1-3#1", { latency_ns: 9 * MS }),
  link("1-3#2", "1-4#2", { latency_ns: 9 * MS }),
];

test("replies go back the way the packet came, or on a path of their own", (t) => {
  for (const reply of ["reverse", "select"] as const) {
    const flow = bulk("one", { reply, bytes: 500_000, policy: { name: "pinned", params: { path: 0 } } });
    const scenario = world(WAYS, [flow], 5 * SECOND);
    const simulation = simulate(scenario);
    simulation.run(scenario.duration_ns);
    const { flows, links } = results(simulation, scenario);
    const packets = (id: string) => links.find((one) => one.id === id)?.packets ?? 0;
    t.is(flows[0]?.transfers?.completed, 1, reply);
    t.true((flows[0]?.replies?.received ?? 0) > 100);
    const back = packets("1-4#1>1-2#2") + packets("1-4#2>1-3#2");
    t.is(flows[0]?.replies?.sent, back);
    t.is(packets("1-1#1>1-2#1"), 0);
    if (reply === "reverse") t.is(packets("1-4#2>1-3#2"), back);
    else
      t.is(
        simulation.read<SelectorContext>("selector/one/replies").context.used.reduce((sum, n) => sum + n, 0),
        back,
      );
  }
});

test("a pin that names a path by its fingerprint pins the replies to the same links", (t) => {
  const first = simulate(world(WAYS, [bulk("one", {})], SECOND));
  for (const { fingerprint, interfaces } of first.read<SelectorContext>("selector/one").context.paths) {
    const flow = bulk("one", {
      reply: "select",
      bytes: 100_000,
      policy: { name: "pinned", params: { path: fingerprint } },
    });
    const scenario = world(WAYS, [flow], 3 * SECOND);
    const simulation = simulate(scenario);
    simulation.run(scenario.duration_ns);
    const { links, flows } = results(simulation, scenario);
    const over = interfaces[1]?.ia;
    const used = links.filter(({ packets }) => packets > 0).map(({ id }) => id);
    t.is(flows[0]?.transfers?.completed, 1);
    t.is(used.length, 4);
    t.true(
      used.every((id) => id.includes(`${over}#`)),
      `${used.join(" ")} instead of links of ${over}`,
    );
  }
});
