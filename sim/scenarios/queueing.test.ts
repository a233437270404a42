/** The link against queueing theory: mean waiting in M/M/1 and M/D/1, loss in M/M/1/K. */
import { DEFAULT_DIRECTION } from "../../core/scenario.ts";
import test from "ava";
import { setup } from "xstate";
import type { Assembly } from "../../actors/assembly.ts";
import { linkLogic } from "../../actors/link.ts";
import { type Present, withPacketHandler } from "../../actors/with-packet-handler.ts";
import type { Env } from "../../core/env.ts";
import { createPacket, type Packet } from "../../core/packet.ts";
import { transmissionTime } from "../../core/units.ts";
import { Simulation } from "../simulation.ts";

const RATE = 1_000_000_000;
const MEAN_SIZE = 10_000;
const SERVICE_NS = transmissionTime(MEAN_SIZE, RATE);

interface ArrivalsInput {
  readonly load: number;
  readonly packets: number;
  readonly exponentialSizes: boolean;
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
    env.sendPacket(1, packet(context.sent++, size, env.now), 0, 0);
    if (context.sent < context.packets)
      env.send(0, { type: "arrive" }, Math.round(env.random("gap").exponential(SERVICE_NS / context.load)));
    return undefined;
  },
});

interface WaitingContext {
  received: number;
  /** Sum of the times between arrival and start of transmission. */
  waited: number;
}

const waitingMachine = setup({ types: { context: {} as WaitingContext } }).createMachine({
  id: "waiting",
  context: () => ({ received: 0, waited: 0 }),
  initial: "receiving",
  states: { receiving: {} },
});

const waiting = withPacketHandler(waitingMachine, ({ context }: Present<WaitingContext>, arrived, _ifId, env) => {
  context.received++;
  context.waited += env.now - arrived.sentAt - transmissionTime(arrived.wireLength, RATE);
  return undefined;
});

function packet(number: number, size: number, sentAt: number): Packet {
  const ends = { dstIa: "1-2", srcIa: "1-1", dstHost: "10.0.0.1", srcHost: "10.0.0.1" };
  const l4 = { kind: "udp" as const, srcPort: 1, dstPort: 1 };
  return createPacket({
    ...ends,
    trafficClass: 0,
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
  });
}

function queueOf(input: ArrivalsInput, queuePackets: number, seed: number): { mean: number; lost: number } {
  const direction = { ...DEFAULT_DIRECTION, latency_ns: 0, rate_bps: RATE, queue_packets: queuePackets };
  const link = { direction, node: 0, ifId: 1, next: 2, nextIfId: 1, detection: 0, lossKey: [1, 2], jitterKey: [3, 4] };
  const assembly: Assembly = {
    seed,
    repeat: "npx ava sim/scenarios/queueing.test.ts",
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
  const { received, waited } = world.read<WaitingContext>("waiting").context;
  return { mean: waited / received, lost: (world.ledger.byReason.get("queue_overflow") ?? 0) / input.packets };
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
    const { mean } = queueOf({ load, packets: 3_000_000, exponentialSizes }, 0, 11);
    const expected = (factor * load * SERVICE_NS) / (1 - load);
    t.log(`${name}: ${(mean / 1000).toFixed(2)} us, theory ${(expected / 1000).toFixed(2)} us (seed 11)`);
    t.true(within(mean, expected, 0.02), `mean waiting ${mean} ns, theory ${expected} ns; seed 11`);
  });
}

test("M/M/1/K: the share of packets lost at load 0.9 and K = 5 is within 2 % of theory", (t) => {
  const [load, k] = [0.9, 5];
  const { lost } = queueOf({ load, packets: 1_000_000, exponentialSizes: true }, k - 1, 12);
  const power = (n: number): number =>
    Array.from({ length: n }, () => load).reduce((product, factor) => product * factor, 1);
  const expected = ((1 - load) * power(k)) / (1 - power(k + 1));
  t.log(`M/M/1/5: ${(100 * lost).toFixed(3)} % lost, theory ${(100 * expected).toFixed(3)} % (seed 12)`);
  t.true(within(lost, expected, 0.02), `${lost} lost, theory ${expected}; seed 12`);
});
