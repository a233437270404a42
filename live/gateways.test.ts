/** Programs that know nothing of the network, on both sides of it: plain sockets here, real programs in cli/gateway.test.ts. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import test from "ava";
import * as Effect from "effect/Effect";
import { assemble } from "../actors/assemble.ts";
import { Recorder } from "../actors/record.ts";
import { results } from "../actors/results.ts";
import type { FlowSpec, GatewayFlow, Scenario } from "../core/scenario.ts";
import { parseRecord, replay } from "../sim/replay.ts";
import { busyScenario } from "../sim/test-worlds.ts";
import type { LiveWorld } from "./driver.ts";
import { until } from "./live-testing.ts";
import { runLive } from "./run.ts";
import { UnderlayError } from "./underlay/bind.ts";

const MS = 1_000_000;

async function bound(): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket;
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  const socket = await bound();
  const { port } = socket.address();
  await new Promise<void>((done) => socket.close(done));
  return port;
}

function gatewayScenario(listen: number, forward: number): Scenario {
  const busy = busyScenario(3);
  const [first] = busy.flows as [FlowSpec];
  const { id: _id, app: _app, ...rest } = first;
  const flow = {
    ...rest,
    id: "carried",
    app: "gateway",
    policy: { name: "shortest", params: {} },
    packet_size: 600,
    listen: { address: "127.0.0.1", port: listen },
    forward: { address: "127.0.0.1", port: forward },
  } as unknown as GatewayFlow;
  return { ...busy, duration_ns: 20_000 * MS, flows: [flow], faults: [] };
}

interface Ran {
  readonly world: LiveWorld;
  readonly scenario: Scenario;
  readonly lines: string[][];
}

/** Runs a gateway before a program that answers everything in capital letters, while `act` talks to it. */
async function besideEcho(act: (port: number) => Promise<void>): Promise<Ran> {
  const server = await bound();
  server.on("message", (bytes, { port, address }) => server.send(bytes.toString().toUpperCase(), port, address));
  const listen = await freePort();
  const scenario = gatewayScenario(listen, server.address().port);
  const assembly = assemble(scenario, { repeat: "npx ava live/gateways.test.ts" });
  const lines: string[][] = assembly.places.map(() => []);
  const header = { world: "live", scenario: "test", build: "test", seed: scenario.seed } as const;
  const observe = (world: LiveWorld): Recorder =>
    new Recorder(world, header, (place, line) => void lines[place]?.push(line));
  const early = new AbortController();
  const running = Effect.runPromise(
    runLive(assembly, { duration: scenario.duration_ns, observe, signal: early.signal }),
  );
  await act(listen).finally(() => early.abort());
  const world = await running;
  await new Promise<void>((done) => server.close(done));
  return { world, scenario, lines };
}

/** Sends until something comes: the gateway may not listen yet, and datagrams may be lost. */
async function ask(client: Socket, port: number, text: string): Promise<string> {
  const heard: string[] = [];
  client.on("message", (bytes) => heard.push(bytes.toString()));
  const timer = setInterval(() => client.send(text, port, "127.0.0.1"), 100);
  await until(() => heard.length > 0);
  clearInterval(timer);
  return heard[0] ?? "nothing";
}

test.serial(
  "two programs ask at once, each gets its own answers; the record replays; packets are conserved",
  async (t) => {
    const clients = [await bound(), await bound()];
    const { world, scenario, lines } = await besideEcho(async (port) => {
      const answers = await Promise.all(clients.map((client, n) => ask(client, port, `from ${n}`)));
      t.deepEqual(answers, ["FROM 0", "FROM 1"]);
      clients[0]?.send(new Uint8Array(1_000), port, "127.0.0.1");
      clients[0]?.send(new Uint8Array(0), port, "127.0.0.1");
      await new Promise((done) => setTimeout(done, 200));
    });
    for (const client of clients) client.close();
    const [flow] = results(world, scenario).flows;
    t.true((flow?.received ?? 0) >= 3);
    t.true((flow?.replies?.received ?? 0) >= 2);
    t.is(flow?.gateway?.too_long, 1);
    t.is(flow?.gateway?.malformed, 0);
    t.is((flow?.sent ?? 0) - (flow?.received ?? 0) - (flow?.lost ?? 0), flow?.in_flight ?? 0);
    t.true((world.gateways.get("carried")?.handedOn ?? 0) >= 4);
    const records = lines.map((of) => {
      const found = parseRecord(of);
      if (!found.ok) throw new Error(found.error);
      return found.value;
    });
    const again = replay(assemble(scenario, { repeat: "npx ava live/gateways.test.ts" }), records);
    t.deepEqual([again.identical, again.firstDifference], [true, null]);
  },
);

test.serial("more programs than a gateway knows at a time: the one that was silent longest is forgotten", async (t) => {
  const clients: Socket[] = [];
  const { world } = await besideEcho(async (port) => {
    const first = await bound();
    clients.push(first);
    t.is(await ask(first, port, "first"), "FIRST");
    for (let n = 0; n < 1_030; n++) {
      const client = await bound();
      clients.push(client);
      client.send("one of many", port, "127.0.0.1");
      if (n % 50 === 0) await new Promise((done) => setTimeout(done, 5));
    }
    t.is(await ask(first, port, "again"), "AGAIN");
  });
  for (const client of clients) client.close();
  t.is(world.gateways.get("carried")?.errors, 0);
});

test.serial("a port in use is one clear error", async (t) => {
  const taken = await bound();
  const scenario = gatewayScenario(taken.address().port, 9);
  const assembly = assemble(scenario, { repeat: "npx ava live/gateways.test.ts" });
  const failure = await Effect.runPromise(Effect.flip(runLive(assembly, { duration: 100 * MS })));
  taken.close();
  t.true(failure instanceof UnderlayError);
  t.regex(failure.message, /^gateway carried on 127\.0\.0\.1:\d+: the port is in use/);
});
