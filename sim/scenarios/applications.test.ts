/** Every application over small networks: what it offers, what arrives, what it says of itself; and that nothing of it hangs on chance. */
import test from "ava";
import fc from "fast-check";
import { assemble } from "../../actors/assemble.ts";
import type { MessageSinkContext } from "../../actors/apps/message-sink.ts";
import type { ResponderContext } from "../../actors/apps/responder.ts";
import type { StreamSinkContext } from "../../actors/apps/stream-sink.ts";
import { results } from "../../actors/results.ts";
import { createPacket } from "../../core/packet.ts";
import type {
  FileTransferFlow,
  FlowSpec,
  MessageStreamFlow,
  NetworkLink,
  OnOffFlow,
  PacedFlow,
  PoissonFlow,
  RequestResponseFlow,
  Scenario,
} from "../../core/scenario.ts";
import { checkpoint, restore } from "../checkpoint.ts";
import { recordedRun, recordsOf } from "../records-testing.ts";
import { replay } from "../replay.ts";
import { Simulation } from "../simulation.ts";
import { BETWEEN, bulk, link, MS, outcome, SECOND, simulate, world } from "./transport-worlds.ts";

const fixed = (value: number) => ({ kind: "fixed", value }) as const;
const base = { ...BETWEEN, stop_ns: 100 * SECOND, packet_size: 500 };

const poisson = (changes: Partial<PoissonFlow> = {}): PoissonFlow => ({
  ...base,
  id: "poisson",
  app: "poisson",
  interval_ns: 5 * MS,
  ...changes,
});
const onOff = (changes: Partial<OnOffFlow> = {}): OnOffFlow => ({
  ...base,
  id: "on-off",
  app: "on-off",
  interval_ns: 2 * MS,
  on: { kind: "exponential", mean: 100 * MS },
  off: { kind: "exponential", mean: 300 * MS },
  ...changes,
});
const files = (changes: Partial<FileTransferFlow> = {}): FileTransferFlow => ({
  ...base,
  id: "files",
  app: "file-transfer",
  size: { kind: "lognormal", median: 20_000, sigma: 1 },
  arrivals: { kind: "poisson", interval_ns: 50 * MS },
  count: 0,
  ecn: false,
  ...changes,
});
const exchanges = (changes: Partial<RequestResponseFlow> = {}): RequestResponseFlow => ({
  ...base,
  id: "exchanges",
  app: "request-response",
  request: fixed(900),
  response: { kind: "uniform", low: 1_000, high: 30_000 },
  think: { kind: "exponential", mean: 20 * MS },
  timeout_ns: 5 * SECOND,
  ...changes,
});
const messages = (changes: Partial<MessageStreamFlow> = {}): MessageStreamFlow => ({
  ...base,
  id: "messages",
  app: "message-stream",
  interval_ns: 20 * MS,
  message: fixed(2_000),
  deadline_ns: 50 * MS,
  ...changes,
});
const paced = (app: PacedFlow["app"], changes: Partial<PacedFlow> = {}): PacedFlow => ({
  ...base,
  id: app,
  app,
  interval_ns: 10 * MS,
  ...changes,
});

const WIDE = [link("1-1#1", "1-4#1", { rate_bps: 0, latency_ns: 10 * MS })];
const LOSSY = [link("1-1#1", "1-4#1", { rate_bps: 0, latency_ns: 10 * MS, loss: 0.1 })];

test("Poisson: as many packets as the interval says, their number as scattered as a Poisson process is", (t) => {
  const [flow] = outcome(world(WIDE, [poisson()], 100 * SECOND)).flows;
  // 20,000 expected; four standard deviations of a Poisson number are 566.
  t.true(Math.abs((flow?.sent ?? 0) - 20_000) < 566, `${flow?.sent} sent; seed 1`);
  const windows: number[] = [];
  const simulation = simulate(world(WIDE, [poisson()], 100 * SECOND));
  for (let at = SECOND, last = 0; at <= 100 * SECOND; at += SECOND) {
    simulation.run(at);
    const { sent } = simulation.read<{ sent: number }>("app/poisson").context;
    windows.push(sent - last);
    last = sent;
  }
  const mean = windows.reduce((sum, n) => sum + n, 0) / windows.length;
  const variance = windows.reduce((sum, n) => sum + (n - mean) * (n - mean), 0) / (windows.length - 1);
  // 99.9 % of such ratios over 100 windows lie within (chi-squared with 99 degrees of freedom).
  t.true(variance / mean > 0.6 && variance / mean < 1.55, `variance ${variance}, mean ${mean}; seed 1`);
});

test("on-off: the share of time on times the rate while on, and silence in between", (t) => {
  const [flow] = outcome(world(WIDE, [onOff({ stop_ns: 800 * SECOND })], 800 * SECOND)).flows;
  // A packet stands at the beginning of each time on: intervals begun, exp(-0.02) apart, over 0.4 s a round.
  const expected = (800 / 0.4) * (1 / (1 - Math.exp(-0.02)));
  t.true(Math.abs((flow?.sent ?? 0) / expected - 1) < 0.08, `${flow?.sent} sent, ${expected} expected; seed 1`);
  const [even] = outcome(
    world(WIDE, [onOff({ on: fixed(10 * MS), off: fixed(30 * MS), stop_ns: SECOND })], 2 * SECOND),
  ).flows;
  t.is(even?.sent, 25 * 5);
});

test("files one after another: as many as asked for, each whole, none twice, whatever the line loses", (t) => {
  const flow = files({ arrivals: { kind: "sequential", gap: fixed(MS) }, size: fixed(40_000), count: 30 });
  const scenario = world(LOSSY, [flow], 100 * SECOND);
  const simulation = simulate(scenario);
  simulation.run(scenario.duration_ns);
  const [found] = results(simulation, scenario).flows;
  const sink = simulation.read<StreamSinkContext>("app/files/sink").context;
  t.is(sink.delivered, 30 * 40_000);
  t.is(sink.connections.size, 0);
  t.deepEqual(sink.finished, [0, 30]);
  t.deepEqual([found?.transfers?.started, found?.transfers?.completed, found?.transfers?.unfinished], [30, 30, 0]);
  t.true((found?.transport?.retransmitted ?? 0) > 100);
});

test("a file on a clean line takes the round trips that slow start needs", (t) => {
  const flow = files({ arrivals: { kind: "sequential", gap: fixed(0) }, size: fixed(2_500), count: 1 });
  const [small] = outcome(world(WIDE, [flow], 5 * SECOND)).flows;
  t.is(small?.transfers?.fct_ms.max, 20, "one window: one round trip");
  const [large] = outcome(world(WIDE, [{ ...flow, size: fixed(10_000) }], 5 * SECOND)).flows;
  const time = large?.transfers?.fct_ms.max ?? 0;
  t.true(time >= 40 && time < 60, `two windows: ${time} ms`);
});

test("files that arrive by themselves are under way together, and all end", (t) => {
  const narrow = [link("1-1#1", "1-4#1", { rate_bps: 5_000_000, latency_ns: 20 * MS })];
  const scenario = world(narrow, [files({ stop_ns: 10 * SECOND })], 40 * SECOND);
  const simulation = simulate(scenario);
  let together = 0;
  for (let at = SECOND; at < 10 * SECOND; at += SECOND) {
    simulation.run(at);
    together = Math.max(
      together,
      simulation.read<{ transfers: Map<number, unknown> }>("app/files").context.transfers.size,
    );
  }
  simulation.run(40 * SECOND);
  const [found] = results(simulation, scenario).flows;
  t.true(together >= 3, `${together} at once`);
  t.true((found?.transfers?.started ?? 0) > 150);
  t.is(found?.transfers?.unfinished, 0);
});

test("exchanges: requests and responses survive loss; both ends forget what is over", (t) => {
  const scenario = world(LOSSY, [exchanges({ stop_ns: 30 * SECOND })], 40 * SECOND);
  const simulation = simulate(scenario);
  simulation.run(scenario.duration_ns);
  const [found] = results(simulation, scenario).flows;
  t.true((found?.transfers?.started ?? 0) > 80, `${found?.transfers?.started} exchanges`);
  t.is(found?.transfers?.unfinished, 0);
  t.true((found?.transfers?.fct_ms.p50 ?? 0) >= 20);
  t.is(simulation.read<ResponderContext>("app/exchanges/sink").context.answering.size, 0);
});

test("an exchange that cannot be is given up after its timeout, and the next begins", (t) => {
  const dead = [link("1-1#1", "1-4#1", { rate_bps: 0, loss: 1 })];
  const [found] = outcome(world(dead, [exchanges({ timeout_ns: 3 * SECOND, think: fixed(0) })], 10.5 * SECOND)).flows;
  t.deepEqual([found?.transfers?.started, found?.transfers?.completed], [4, 0]);
  t.true((found?.transport?.probe_timeouts ?? 0) >= 3);
});

test("messages: on time, late and lost add up", (t) => {
  const five = 5 * SECOND;
  const stream = messages({ stop_ns: five });
  const [clean] = outcome(world(WIDE, [stream], 6 * SECOND)).flows;
  t.deepEqual(clean?.messages, { sent: 250, on_time: 250, late: 0, lost: 0 });
  t.is(clean?.goodput_bps, (250 * 2_000 * 8) / 5);
  const [late] = outcome(world(WIDE, [{ ...stream, deadline_ns: 9 * MS }], 6 * SECOND)).flows;
  t.deepEqual(late?.messages, { sent: 250, on_time: 0, late: 250, lost: 0 });
  t.is(late?.goodput_bps, 0);
  const [lossy] = outcome(world(LOSSY, [stream], 6 * SECOND)).flows;
  const { sent = 0, on_time = 0, lost = 0 } = lossy?.messages ?? {};
  t.is(on_time + lost, sent);
  // Six packets each: all arrive with probability 0.9^6 = 0.531; four standard deviations are 0.13.
  t.true(Math.abs(on_time / sent - 0.531) < 0.13, `${on_time} of ${sent} on time; seed 1`);
});

test("clocks that are wrong show in one-way delays and deadlines, and in nothing else", (t) => {
  const scenario = world(
    WIDE,
    [paced("constant-rate", { stop_ns: SECOND }), messages({ stop_ns: SECOND })],
    2 * SECOND,
  );
  const run = (step_ns: number) => {
    const simulation = simulate(scenario);
    for (const id of ["app/constant-rate/sink", "app/messages/sink"]) {
      simulation.inject(simulation.indexOf(id) as number, { type: "clock.set", ppm: 0, step_ns } as never, 0);
    }
    simulation.run(scenario.duration_ns);
    return results(simulation, scenario).flows;
  };
  const [right, fast] = [run(0), run(45 * MS)];
  t.is(right[0]?.latency_ms.p50, 10);
  t.is(fast[0]?.latency_ms.max, 55);
  t.is(fast[0]?.received, right[0]?.received);
  t.is(right[1]?.messages?.on_time, 50);
  t.is(fast[1]?.messages?.late, 50);
});

test("pings with a path of their own for replies come back", (t) => {
  const ways: NetworkLink[] = [...WIDE, link("1-1#2", "1-4#2", { rate_bps: 0, latency_ns: 30 * MS })];
  const scenario = world(ways, [paced("ping", { reply: "select", stop_ns: SECOND })], 2 * SECOND);
  const simulation = simulate(scenario);
  simulation.run(scenario.duration_ns);
  const [found] = results(simulation, scenario).flows;
  t.is(found?.received, 100);
  t.is(
    simulation.read<{ used: number[] }>("selector/ping/replies").context.used.reduce((sum, n) => sum + n, 0),
    100,
  );
});

/** Everything at once over a line that loses and reorders. */
function crowd(seed: number): Scenario {
  const poor = { rate_bps: 8_000_000, latency_ns: 15 * MS, loss: 0.02, reorder: true, queue_packets: 30 };
  const first = link("1-1#1", "1-4#1", { ...poor, delay: { kind: "uniform", width_ns: 10 * MS } });
  const other = link("1-1#2", "1-4#2", { ...poor, latency_ns: 30 * MS });
  const flows: FlowSpec[] = [
    paced("constant-rate"),
    paced("ping", { reply: "select" }),
    poisson(),
    onOff(),
    files({ reply: "select" }),
    exchanges(),
    messages(),
    bulk("bulk", { packet_size: 1_200, ecn: true }),
  ];
  const pinned = { name: "pinned", params: { path: 1 } };
  const stops = flows.map((flow, n) => ({ ...flow, stop_ns: 2 * SECOND, ...(n % 3 === 0 ? { policy: pinned } : {}) }));
  return world([first, other], stops, 3 * SECOND, seed);
}

test("a run continues from a checkpoint taken anywhere to the same end", (t) => {
  const assembly = () => assemble(crowd(4), { repeat: "npx ava sim/scenarios/applications.test.ts" });
  const whole = Simulation.create(assembly());
  whole.run(3 * SECOND);
  const end = results(whole, crowd(4));
  t.true(end.flows.every(({ received }) => received > 10));
  for (const at of [1, 40, 333, 1_001, 1_999, 2_400]) {
    const simulation = Simulation.create(assembly());
    simulation.run(at * MS);
    for (let step = 0; step < at % 7; step++) simulation.step();
    const again = restore(assembly(), checkpoint(simulation));
    again.run(3 * SECOND);
    t.is(again.digest(), whole.digest(), `taken at ${at} ms`);
    t.deepEqual(results(again, crowd(4)), end, `taken at ${at} ms`);
  }
});

test("the record of all applications replays from its bytes: every output and final state", (t) => {
  const assembly = assemble(crowd(5), { repeat: "npx ava sim/scenarios/applications.test.ts" });
  const { lines } = recordedRun(assembly, 2.5 * SECOND);
  const { identical, firstDifference } = replay(assemble(crowd(5), { repeat: "" }), recordsOf(lines));
  t.true(identical, JSON.stringify(firstDifference));
});

test("bytes that are no frames, or frames out of place, break no application; they are counted", (t) => {
  const scenario = crowd(6);
  // Packets out of nowhere are not conserved: no scenario, no check of that.
  const simulation = Simulation.create({ ...assemble(scenario, { repeat: "" }), scenario: null });
  simulation.run(500 * MS);
  const apps = simulation.allCells().filter(({ id }) => id.startsWith("app/"));
  const byte = fc.oneof(fc.constant(0), fc.nat(3), fc.nat(255));
  const bytes = fc.array(byte, { maxLength: 60, size: "max" }).map((some) => Uint8Array.from(some));
  fc.assert(
    fc.property(
      fc.nat(apps.length - 1),
      bytes,
      fc.nat(100),
      fc.nat(2 * scenario.flows.length),
      (at, rest, more, flow) => {
        const cell = apps[at] as (typeof apps)[number];
        const own = cell.state.context as { replyFlow?: number; flow?: number };
        const number = 1_000_000 + at;
        const ends = {
          dstIa: "1-4",
          srcIa: "1-1",
          dstHost: "10.0.0.2",
          srcHost: "10.0.0.1",
          path: null,
          currInf: 0,
          currHf: 0,
        };
        const packet = createPacket({
          ...ends,
          l4: { kind: "udp", srcPort: 1, dstPort: 1 },
          flow: more % 2 === 0 ? flow : (own.replyFlow ?? own.flow ?? 0),
          number,
          flowId: 1,
          trafficClass: more,
          sentAt: 0,
          payloadLength: 20 + rest.length + more,
          rest,
          wireLength: 200 + rest.length,
        });
        simulation.deliverPacket(cell.self, packet, 0);
        return true;
      },
    ),
    { numRuns: 3_000 },
  );
  simulation.run(3 * SECOND);
  for (const id of ["files/sink", "exchanges/sink", "bulk/sink", "messages/sink", "files", "exchanges", "bulk"]) {
    t.true(simulation.read<Pick<MessageSinkContext, "malformed">>(`app/${id}`).context.malformed > 0, id);
  }
});
