/** The link against queueing theory: mean waiting in M/M/1 and M/D/1, loss in M/M/1/K, priorities in M/G/1. */
import test from "ava";
import { setup } from "xstate";
import type { Assembly } from "../../actors/assembly.ts";
import { type LinkInput, linkLogic } from "../../actors/link.ts";
import { type Present, withPacketHandler } from "../../actors/with-packet-handler.ts";
import type { Env } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import { linkKeys } from "../../core/passage.ts";
import { DEFAULT_DIRECTION, type LinkDirection } from "../../core/scenario.ts";
import { transmissionTime } from "../../core/units.ts";
import { Simulation } from "../simulation.ts";

const RATE = 1_000_000_000;
const MEAN_SIZE = 10_000;
const SERVICE_NS = transmissionTime(MEAN_SIZE, RATE);

interface ArrivalsInput {
  readonly load: number;
  readonly packets: number;
  readonly exponentialSizes: boolean;
  /** Traffic classes and the share of each, by chance. */
  readonly classes?: readonly (readonly [trafficClass: number, share: number])[];
}

interface ArrivalsContext extends ArrivalsInput {
  sent: number;
}

const arrivalsMachine = setup({ types: { context: {} as ArrivalsContext, input: {} as ArrivalsInput } }).createMachine({
  id: "arrivals",
  context: ({ input }) => ({ ...input, sent: 0 }),
  initial: "sending",
  states: { sending: {} },
});

/** A Poisson process: gaps are exponential. */
const arrivals = withPacketHandler(arrivalsMachine, () => undefined, {
  arrive: ({ context }: Present<ArrivalsContext>, _event, env: Env) => {
    const size = context.exponentialSizes
      ? Math.max(1, Math.round(env.random("size").exponential(MEAN_SIZE)))
      : MEAN_SIZE;
    env.sendPacket(1, packet(context.sent++, size, env.now, classOf(context, env)), 0, 0);
    if (context.sent < context.packets)
      env.send(0, { type: "arrive" }, Math.round(env.random("gap").exponential(SERVICE_NS / context.load)));
    return undefined;
  },
});

/** No draw where there is one class. */
function classOf({ classes }: ArrivalsContext, env: Env): number {
  if (classes === undefined) return 0;
  let draw = env.random("class").uniform();
  return classes.find(([, share]) => (draw -= share) < 0)?.[0] ?? 0;
}

interface WaitingContext {
  /** By traffic class: packets, and the sum of their waits. */
  readonly classes: Map<number, { received: number; waited: number }>;
  received: number;
  /** Sum of the times between arrival and start of transmission. */
  waited: number;
}

const waitingMachine = setup({ types: { context: {} as WaitingContext } }).createMachine({
  id: "waiting",
  context: () => ({ received: 0, waited: 0, classes: new Map() }),
  initial: "receiving",
  states: { receiving: {} },
});

const waiting = withPacketHandler(waitingMachine, ({ context }: Present<WaitingContext>, arrived, _ifId, env) => {
  const waited = env.now - arrived.sentAt - transmissionTime(arrived.wireLength, RATE);
  const of = context.classes.get(arrived.trafficClass) ?? { received: 0, waited: 0 };
  of.received++;
  of.waited += waited;
  context.classes.set(arrived.trafficClass, of);
  context.received++;
  context.waited += waited;
  return undefined;
});

function packet(number: number, size: number, sentAt: number, trafficClass: number): Packet {
  const ends = { dstIa: "1-2", srcIa: "1-1", dstHost: "10.0.0.1", srcHost: "10.0.0.1" };
  const l4 = { kind: "udp" as const, srcPort: 1, dstPort: 1 };
  return {
    ...ends,
    trafficClass,
    flowId: 1,
    path: null,
    currInf: 0,
    currHf: 0,
    l4,
    flow: 0,
    number,
    sentAt,
    payloadLength: size,
    rest: null,
    wireLength: size,
  };
}

interface Waits {
  /** Mean time between arrival and start of transmission. */
  readonly mean: number;
  readonly byClass: ReadonlyMap<number, number>;
  /** Share of packets dropped. */
  readonly lost: number;
}

function queueOf(input: ArrivalsInput, seed: number, changes: Partial<LinkDirection>, paced = false): Waits {
  const direction = { ...DEFAULT_DIRECTION, latency_ns: 0, rate_bps: RATE, ...changes };
  const ends = { node: 0, ifId: 1, next: 2, nextIfId: 1, detection: 0, measureFrom: 0 };
  const link: LinkInput = { direction, paced, ...ends, keys: linkKeys(seed, "link") };
  const assembly: Assembly = {
    seed,
    repeat: "npx ava sim/scenarios/",
    places: ["1-1"],
    actors: [
      { id: "arrivals", place: 0, logic: "arrivals", input },
      { id: "link", place: 0, logic: "link", input: link, isLink: true },
      { id: "waiting", place: 0, logic: "waiting", input: null },
    ],
    logics: new Map<string, never>([
      ["arrivals", arrivals as never],
      ["link", linkLogic as never],
      ["waiting", waiting as never],
    ]),
    resources: new Map(),
    faults: [{ at: 0, target: 0, event: { type: "arrive" } }],
    scenario: null,
  };
  const world = Simulation.create(assembly);
  world.run();
  const { classes, received, waited } = world.read<WaitingContext>("waiting").context;
  return {
    mean: waited / received,
    byClass: new Map([...classes].map(([trafficClass, of]) => [trafficClass, of.waited / of.received])),
    lost: (world.ledger.byReason.get("queue_overflow") ?? 0) / input.packets,
  };
}

function within(found: number, expected: number, share: number): boolean {
  return Math.abs(found / expected - 1) <= share;
}

for (const { name, exponentialSizes, factor } of [
  { name: "M/M/1", exponentialSizes: true, factor: 1 },
  { name: "M/D/1", exponentialSizes: false, factor: 0.5 },
]) {
  test(`${name}: mean waiting at load 0.5 over 3,000,000 arrivals is within 2 % of theory`, (t) => {
    const load = 0.5;
    const { mean } = queueOf({ load, packets: 3_000_000, exponentialSizes }, 11, { queue_packets: 0 });
    const expected = (factor * load * SERVICE_NS) / (1 - load);
    t.log(`${name}: ${(mean / 1000).toFixed(2)} us, theory ${(expected / 1000).toFixed(2)} us (seed 11)`);
    t.true(within(mean, expected, 0.02), `mean waiting ${mean} ns, theory ${expected} ns; seed 11`);
  });
}

test("M/M/1/K: the share of packets lost at load 0.9 and K = 5 is within 2 % of theory", (t) => {
  const [load, k] = [0.9, 5];
  const { lost } = queueOf({ load, packets: 1_000_000, exponentialSizes: true }, 12, { queue_packets: k - 1 });
  const power = (n: number): number =>
    Array.from({ length: n }, () => load).reduce((product, factor) => product * factor, 1);
  const expected = ((1 - load) * power(k)) / (1 - power(k + 1));
  t.log(`M/M/1/5: ${(100 * lost).toFixed(3)} % lost, theory ${(100 * expected).toFixed(3)} % (seed 12)`);
  t.true(within(lost, expected, 0.02), `${lost} lost, theory ${expected}; seed 12`);
  const few = { load, packets: 100_000, exponentialSizes: true };
  const direction = { queue_packets: k - 1 };
  t.deepEqual(
    queueOf(few, 12, direction, true),
    queueOf(few, 12, direction),
    "with an event a packet the same, to the bit",
  );
});

test("strict priority: mean waits at load 0.8 are those of Cobham's formula for M/G/1 without preemption", (t) => {
  const load = 0.8;
  const classes = [
    [46 << 2, 0.25],
    [10 << 2, 0.375],
    [0, 0.375],
  ] as const;
  const discipline = { kind: "priority", bands: [[46], [10]] } as const;
  const input = { load, packets: 800_000, exponentialSizes: true, classes };
  const { byClass, mean } = queueOf(input, 13, { discipline, queue_packets: 0 });
  // W0 / ((1 - load before) (1 - load up to here)); W0, the rest of the packet found on the line, is load x mean service time.
  let before = 0;
  for (const [trafficClass, share] of classes) {
    const upTo = before + load * share;
    const expected = (load * SERVICE_NS) / ((1 - before) * (1 - upTo));
    const found = byClass.get(trafficClass) ?? 0;
    t.log(
      `class ${trafficClass}: ${(found / 1000).toFixed(1)} us, theory ${(expected / 1000).toFixed(1)} us (seed 13)`,
    );
    t.true(within(found, expected, 0.05), `class ${trafficClass} waited ${found} ns, theory ${expected} ns; seed 13`);
    before = upTo;
  }
  // Who is served first changes nothing for the mean of all (conservation law).
  t.true(within(mean, (load * SERVICE_NS) / (1 - load), 0.05), `mean of all ${mean} ns`);
});
