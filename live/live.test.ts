import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import test from "ava";
import * as Effect from "effect/Effect";
import type { Assembly } from "../actors/assembly.ts";
import { Recorder } from "../actors/record.ts";
import { results } from "../actors/results.ts";
import { parseRecord, type PlaceRecord, replay } from "../sim/replay.ts";
import { busyScenario } from "../sim/test-worlds.ts";
import { assemble } from "../actors/assemble.ts";
import type { Scenario } from "../core/scenario.ts";
import { MonotonicClock } from "./clock.ts";
import { LiveWorld } from "./driver.ts";
import { placeAddress, runLive, UnderlayError } from "./run.ts";

const MS = 1_000_000;
const NO_IMPAIRMENT = {
  latency_ns: 0,
  jitter_ns: 0,
  loss: 0,
  corrupt: 0,
  duplicate: 0,
  reorder: 0,
  reorder_ns: 0,
  rate_bps: null,
};

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
  t.true(flows.every(({ received }) => received > 0));
  t.true((drops.link_down ?? 0) > 0 && (drops.loss ?? 0) > 0);
  t.is(world.counters.garbage + world.counters.stray + world.counters.overflow + world.counters.sendErrors, 0);
  t.true(world.lateness.count > 1000);
});

test.serial("datagrams of strangers are counted, never thrown, and change nothing", async (t) => {
  const stranger = createSocket("udp4");
  const { world, records } = await recorded(shortAssembly(), (running) => {
    for (let n = 0; n < 50; n++)
      stranger.send(Buffer.from(`not a packet ${n}`), running.addressOf(0).port, placeAddress(0));
  });
  stranger.close();
  t.is(world.counters.stray, 50);
  t.true(replay(shortAssembly(), records).identical);
});

async function bound(place: number): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(0, placeAddress(place));
  await once(socket, "listening");
  return socket;
}

test.serial("garbage from a neighbour's own socket is counted and dropped", async (t) => {
  const assembly = shortAssembly();
  const world = new LiveWorld(assembly);
  const sockets = await Promise.all(assembly.places.map((_, place) => bound(place)));
  sockets.forEach((socket, place) => world.attach(place, socket));
  const failure = new Promise((done) => world.start(new MonotonicClock(), 300 * MS, done));
  const { port } = world.addressOf(1);
  for (let length = 0; length < 100; length++) sockets[0]?.send(Buffer.alloc(length, length), port, placeAddress(1));
  t.is(await failure, null);
  await Promise.all(sockets.map((socket) => new Promise<void>((done) => socket.close(done))));
  t.true(world.counters.garbage >= 95, `${world.counters.garbage} of 100 counted`);
});

test.serial("a port in use is one clear error", async (t) => {
  const taken = await bound(0);
  const { port } = taken.address();
  const error = await Effect.runPromise(Effect.flip(runLive(shortAssembly(), { duration: MS, port })));
  taken.close();
  t.true(error instanceof UnderlayError);
  t.regex(error.message, /^socket of 1-1 on 127\.16\.0\.1:\d+: the port is in use\. Choose another with --port/);
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
        effect: { kind: "impair", directions: [{ from: { ia: "1-1", ifId: 1 } }], impairment },
      },
    ],
  };
  const lost: number[] = [];
  const assembly = assemble(scenario, { repeat: "npx ava live/live.test.ts" });
  const world = await Effect.runPromise(
    runLive(assembly, {
      duration: 1_000 * MS,
      trace: ({ kind, flow, number, detail }) => {
        if (kind === "drop" && flow === 0 && detail?.["reason"] === "loss") lost.push(number as number);
      },
    }),
  );
  const { timeline, flows } = results(world, scenario);
  t.deepEqual(
    timeline.flatMap((entry) => (entry.event === "switch" ? [] : [[entry.at_ms, entry.event, ...entry.targets]])),
    [
      [200, "begin", "1-1#1>1-2#1"],
      [450, "end", "1-1#1>1-2#1"],
    ],
  );
  // Packet n is due at 3 + n ms; a loop that is late shifts the packets, the fault or both.
  const slack = 150;
  t.true(lost.length > 250 - slack && lost.length < 250 + slack, `${lost.length} lost`);
  t.true(lost.every((number) => number > 197 - slack && number < 447 + slack));
  t.true((flows[0]?.received ?? 0) > 0);
});
