import { createSocket } from "node:dgram";
import { once } from "node:events";
import test from "ava";
import * as Effect from "effect/Effect";
import type { Assembly } from "../actors/assembly.ts";
import type { HostContext } from "../actors/host.ts";
import type { NodeContext } from "../actors/node.ts";
import { Recorder } from "../actors/record.ts";
import { results } from "../actors/results.ts";
import { parseRecord, type PlaceRecord, replay } from "../sim/replay.ts";
import { CRAFTED, HONEST, quietRow } from "../sim/crafted-packets.ts";
import { busyScenario, MEASURING_POLICIES, measuringScenario } from "../sim/test-worlds.ts";
import { assemble } from "../actors/assemble.ts";
import type { Packet } from "../core/packet.ts";
import { type FlowSpec, NO_IMPAIRMENT, type Scenario } from "../core/scenario.ts";
import { RandomStream } from "../core/rng.ts";
import { encodePacket } from "../core/wire/codec.ts";
import type { LiveWorld } from "./driver.ts";
import { onSockets, until } from "./live-testing.ts";
import { runLive } from "./run.ts";
import { UnderlayError } from "./underlay/bind.ts";
import { placeAddress } from "./underlay/plan.ts";

const MS = 1_000_000;
/** The busy world in two thirds of a second, and as long again for a machine that is busy itself. */
function shortScenario(): Scenario {
  const busy = busyScenario(9);
  return {
    ...busy,
    duration_ns: 1_500 * MS,
    revocation_ns: 100 * MS,
    flows: busy.flows.map((flow) => ({ ...flow, stop_ns: 650 * MS })),
    faults: busy.faults.map((fault, n) => ({ ...fault, at_ns: (n === 0 ? 150 : 400) * MS })),
  };
}

function shortAssembly(): Assembly {
  return assemble(shortScenario(), { repeat: "npx ava live/live.test.ts" });
}

/** Runs live while recording; the lines of each place's record. */
async function recorded(
  assembly: Assembly,
  disturb: (world: LiveWorld) => void = () => undefined,
): Promise<{ world: LiveWorld; records: PlaceRecord[] }> {
  const lines: string[][] = assembly.places.map(() => []);
  const observe = (world: LiveWorld): Recorder => {
    setTimeout(() => disturb(world), 100);
    return new Recorder(
      world,
      { world: "live", scenario: "test", build: "test", seed: assembly.seed },
      (place, line) => void lines[place]?.push(line),
    );
  };
  const world = await Effect.runPromise(runLive(assembly, { duration: 1_500 * MS, observe }));
  const records = lines.map((of) => {
    const found = parseRecord(of);
    if (!found.ok) throw new Error(found.error);
    return found.value;
  });
  return { world, records };
}

test.serial("a live run's record replays in the simulator, bit for bit", async (t) => {
  const { world, records } = await recorded(shortAssembly());
  const found = replay(shortAssembly(), records);
  t.deepEqual(found, {
    identical: true,
    digest: [world.digest(), world.digest()],
    events: world.events,
    firstDifference: null,
  });
  const { flows, drops } = results(world, shortScenario());
  t.true(flows.some(({ received }) => received > 0));
  t.true(Object.values(drops).reduce((sum, count) => sum + count, 0) > 0);
  t.is(world.counters.garbage + world.counters.stray + world.counters.overflow + world.counters.sendErrors, 0);
  t.true(world.lateness.count > 300);
});

test.serial("datagrams of strangers are counted, never thrown, and change nothing", async (t) => {
  const stranger = createSocket("udp4");
  const { world, records } = await recorded(shortAssembly(), (running) => {
    for (let n = 0; n < 25; n++)
      for (const ifId of [0, 1]) {
        const { port, address } = running.socketOf("1-1", ifId).local;
        stranger.send(Buffer.from(`not a packet ${n}`), port, address);
      }
  });
  stranger.close();
  t.is(world.counters.stray, 50);
  t.true(replay(shortAssembly(), records).identical);
});

test.serial("garbage from a neighbour's own socket is counted, for that socket, and dropped", async (t) => {
  const world = await onSockets(shortAssembly(), {}, 60_000 * MS, async (running, at) => {
    const [link] = shortScenario().network.links;
    const { a, b } = link as NonNullable<typeof link>;
    const { address, port } = running.socketOf(b.ia, b.ifId).local;
    for (let length = 0; length < 100; length++) at(a.ia, a.ifId).send(Buffer.alloc(length, length), port, address);
    await until(() => running.socketOf(b.ia, b.ifId).counters.garbage >= 100);
    t.is(running.socketOf(a.ia, a.ifId).counters.garbage, 0);
  });
  t.is(world.counters.garbage, 100);
  t.is(world.counters.stray, 0);
});

test.serial("a port in use is one clear error", async (t) => {
  const taken = createSocket("udp4");
  taken.bind(0, placeAddress(0));
  await once(taken, "listening");
  const { port } = taken.address();
  const error = await Effect.runPromise(Effect.flip(runLive(shortAssembly(), { duration: MS, port })));
  taken.close();
  t.true(error instanceof UnderlayError);
  t.is(
    error.message,
    `internal socket of 1-1 on 127.16.0.1:${port}: the port is in use. Choose another with --port, or leave --port out for any free one`,
  );
});

test.serial("an abort ends the run early and keeps what it has", async (t) => {
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 150);
  const world = await Effect.runPromise(runLive(shortAssembly(), { duration: 60_000 * MS, signal: abort.signal }));
  t.true(world.now < 5_000 * MS);
  t.true((results(world, shortScenario()).flows[0]?.received ?? 0) > 0);
});

test.serial("an actor that fails stops the live run with the same message as a simulation", async (t) => {
  const base = shortAssembly();
  const choose = () => {
    throw new Error("my mistake");
  };
  const resources = new Map([...base.resources, ["policy/shortest", { name: "shortest", init: () => null, choose }]]);
  const error = await Effect.runPromise(Effect.flip(runLive({ ...base, resources }, { duration: 100 * MS })));
  t.regex(
    error.message,
    /actor selector\/video failed at .* s while handling selector.start: my mistake\n {2}seed 9; to repeat: npx ava/,
  );
});

test.serial("faults strike live, too: silent loss in one direction, while it lasts", async (t) => {
  const busy = shortScenario();
  const clean = { loss: 0, delay: { kind: "fixed" as const } };
  const impairment = { ...NO_IMPAIRMENT, loss: 1 };
  const scenario: Scenario = {
    ...busy,
    network: {
      ...busy.network,
      links: busy.network.links.map((link) => ({
        ...link,
        ab: { ...link.ab, ...clean },
        ba: { ...link.ba, ...clean },
      })),
    },
    faults: [
      {
        id: "silent",
        timing: { kind: "once", at_ns: 200 * MS, for_ns: 250 * MS },
        effect: { kind: "impair", directions: [{ from: { ia: "1-1", ifId: 3 } }], impairment },
      },
    ],
  };
  const lost: number[] = [];
  const through: number[] = [];
  const assembly = assemble(scenario, { repeat: "npx ava live/live.test.ts" });
  const world = await Effect.runPromise(
    runLive(assembly, {
      duration: 1_000 * MS,
      trace: ({ kind, flow, number, detail }) => {
        if (flow !== 0) return;
        if (kind === "drop" && detail?.["reason"] === "loss") lost.push(number as number);
        else if (kind === "host.deliver") through.push(number as number);
      },
    }),
  );
  const { timeline, flows } = results(world, scenario);
  t.deepEqual(
    timeline.flatMap((entry) => (entry.event === "switch" ? [] : [[entry.at_ms, entry.event, ...entry.targets]])),
    [
      [200, "begin", "1-1#3>1-5#1"],
      [450, "end", "1-1#3>1-5#1"],
    ],
  );
  // How many there are hangs on how late the loop was, which also overflows the queue; that none gets through does not.
  t.true(lost.length > 0);
  const [first, last] = [Math.min(...lost), Math.max(...lost)];
  t.deepEqual(
    through.filter((number) => number > first && number < last),
    [],
  );
  t.true((flows[0]?.received ?? 0) > 0);
});

test.serial(
  "crafted packets at a live router: the counters of a simulated one, and the errors come back",
  async (t) => {
    const assembly = quietRow();
    const cases = CRAFTED.filter(({ ia, ingress }) => ia === "1-2" && ingress !== 0);
    const expected = new Map<string, number>();
    const count = (reason: string): void => void expected.set(reason, (expected.get(reason) ?? 0) + 1);
    for (const { reason, noWayBack } of cases) {
      count(reason);
      if (noWayBack === true) count(reason);
    }
    const answered = cases.filter(({ error }) => error !== null).length;
    const back = cases.filter(({ error, noWayBack }) => error !== null && noWayBack !== true).length;
    const world = await onSockets(assembly, {}, 60_000 * MS, async (running, at) => {
      const { address, port } = running.socketOf("1-2", 1).local;
      for (const { packet } of cases) at("1-1", 1).send(encodePacket(packet), port, address);
      const total = [...expected.values()].reduce((sum, n) => sum + n, 0);
      const dropped = (): number => [...running.ledger.byReason.values()].reduce((sum, n) => sum + n, 0);
      const errors = (): number => running.read<HostContext>("host/1-1,10.0.0.1").context.errors;
      await until(() => dropped() >= total && errors() >= back);
    });
    t.deepEqual(Object.fromEntries(world.ledger.byReason), Object.fromEntries(expected));
    t.is(world.read<NodeContext>("node/1-2").context.answered, answered);
    t.is(world.read<HostContext>("host/1-1,10.0.0.1").context.errors, back);
    t.is(world.counters.garbage + world.counters.stray, 0);
  },
);

test.serial("truncated, mis-sized and mangled packets at a live router: garbage or dropped, all counted", async (t) => {
  const [honest] = HONEST;
  const bytes = encodePacket({ ...(honest as Packet), ...shortened(honest as Packet) });
  const random = new RandomStream(1, "live.test", "mangled");
  const datagrams: Uint8Array[] = [];
  for (let length = 0; length < bytes.length; length++) datagrams.push(bytes.slice(0, length));
  for (const extra of [1, 4, 100]) datagrams.push(Uint8Array.from([...bytes, ...new Uint8Array(extra)]));
  const short = datagrams.length;
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const flipped = bytes.slice();
    flipped[bit >>> 3] = (flipped[bit >>> 3] as number) ^ (1 << (bit & 7));
    datagrams.push(flipped);
  }
  for (let n = 0; n < 1_000; n++) {
    const mangled = bytes.slice();
    for (let m = 0; m < 4; m++) mangled[random.below(mangled.length)] = random.below(256);
    datagrams.push(mangled);
  }
  const world = await onSockets(quietRow(), {}, 60_000 * MS, async (running, at) => {
    const { address, port } = running.socketOf("1-2", 1).local;
    for (let next = 0; next < datagrams.length; next += 50) {
      const before = running.counters.received;
      const piece = datagrams.slice(next, next + 50);
      for (const datagram of piece) at("1-1", 1).send(datagram, port, address);
      await until(() => running.counters.received >= before + piece.length);
    }
    await new Promise((wake) => setTimeout(wake, 300));
  });
  const { garbage, stray, overflow, sendErrors } = world.counters;
  t.true(garbage >= short, `${garbage} of ${datagrams.length} were garbage`);
  t.deepEqual([stray, overflow, sendErrors], [0, 0, 0]);
  const { forwarded } = world.read<NodeContext>("node/1-2").context;
  const reasons = Object.fromEntries(world.ledger.byReason);
  t.log(JSON.stringify({ datagrams: datagrams.length, garbage, forwarded, reasons }));
  t.true((reasons["bad_mac"] ?? 0) > 100 && forwarded > 10);
  t.is(world.read("node/1-2").value, "running");
});

/** With 20 bytes of payload: fewer bits to flip. */
function shortened({ wireLength, payloadLength }: Packet): Pick<Packet, "payloadLength" | "wireLength"> {
  return { payloadLength: 20, wireLength: wireLength - payloadLength + 20 };
}

/** Few packets, so that a machine that is busy keeps up. */
function calmMeasuring(): Scenario {
  const scenario = measuringScenario(9);
  const flows = scenario.flows.flatMap((flow): FlowSpec[] => {
    if (flow.app !== "constant-rate" && flow.app !== "ping") return [];
    return [{ ...flow, interval_ns: 30 * MS, stop_ns: 900 * MS }];
  });
  return { ...scenario, flows };
}

test.serial("policies that measure do so live: probes, reports, load; and their record replays", async (t) => {
  const scenario = calmMeasuring();
  const make = (): Assembly =>
    assemble(scenario, { repeat: "npx ava live/live.test.ts", policies: MEASURING_POLICIES });
  const { world, records } = await recorded(make());
  t.deepEqual(replay(make(), records).firstDifference, null);
  t.true(records.some(({ entries }) => entries.some(([kind]) => kind === "l")));
  const { flows, probes = [] } = results(world, scenario);
  for (const kind of ["probes", "reports"]) {
    const of = probes.filter((one) => one.kind === kind);
    t.is(of.length, 2);
    t.true(
      of.some(({ received }) => received > 0),
      JSON.stringify(of),
    );
  }
  t.true(flows.some(({ received }) => received > 0));
});
