/** Sockets at their limits: programs outside, floods, what the system refuses, a run that is ended, links without a model. */
import { spawnSync } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { join } from "node:path";
import test from "ava";
import * as Effect from "effect/Effect";
import { assemble, type AssembleOptions } from "../actors/assemble.ts";
import type { Assembly } from "../actors/assembly.ts";
import type { OutsideHostContext } from "../actors/outside-host.ts";
import { Recorder } from "../actors/record.ts";
import { results } from "../actors/results.ts";
import { createForwardingKeys } from "../core/forwarding-keys.ts";
import { createMessage, type Packet } from "../core/packet.ts";
import { createPathFinder } from "../core/path-finder.ts";
import { FLOW_DEFAULTS, type FlowSpec, type NetworkAs, type Scenario } from "../core/scenario.ts";
import { decodePacket, encodePacket, wireLengthOf } from "../core/wire/codec.ts";
import { HONEST, quietRow } from "../sim/crafted-packets.ts";
import { parseRecord, replay } from "../sim/replay.ts";
import { onSockets, until } from "./live-testing.ts";
import { runLive, type RunLiveOptions } from "./run.ts";
import { UnderlayError } from "./underlay/bind.ts";

const MS = 1_000_000;
const REPEAT = "npx ava live/underlay.test.ts";

function row(ofAses: Readonly<Record<string, Partial<NetworkAs>>> = {}, changes: Partial<Scenario> = {}): Scenario {
  const scenario = quietRow().scenario as Scenario;
  const ases = scenario.network.ases.map((as) => ({ ...as, ...ofAses[as.ia] }));
  return { ...scenario, network: { ...scenario.network, ases }, ...changes };
}

const make = (scenario: Scenario, options: Partial<AssembleOptions> = {}): Assembly =>
  assemble(scenario, { repeat: REPEAT, ...options });

function flow(changes: Partial<FlowSpec> = {}): FlowSpec {
  return {
    ...FLOW_DEFAULTS,
    id: "flow",
    app: "constant-rate",
    src: { ia: "1-1", host: "10.0.0.1" },
    dst: { ia: "1-3", host: "10.0.0.1" },
    policy: { name: "shortest", params: {} },
    start_ns: 0,
    stop_ns: 60_000 * MS,
    interval_ns: 5 * MS,
    packet_size: 500,
    ...changes,
  } as FlowSpec;
}

async function program(address: string, port: number): Promise<{ socket: Socket; heard: Packet[] }> {
  const socket = createSocket("udp4");
  const heard: Packet[] = [];
  socket.on("message", (bytes) => {
    const decoded = decodePacket(bytes);
    if (decoded.ok) heard.push(decoded.value);
  });
  socket.bind(port, address);
  await once(socket, "listening");
  return { socket, heard };
}

const OUTSIDE = "127.16.99.1";

/** An echo request of the program, to a Pathloom host two ASes on. */
function echo(scenario: Scenario, identifier: number): Uint8Array {
  const keys = createForwardingKeys(scenario.seed);
  const [path] = createPathFinder(scenario.network, { max: 1, keys, epochS: scenario.epoch_s } as never)("1-1", "1-3");
  const l4 = { kind: "scmp.echo", reply: false, identifier, sequence: 7 } as const;
  const ends = { srcIa: "1-1", srcHost: OUTSIDE, dstIa: "1-3", dstHost: "10.0.0.1" };
  const forwarding = (path as NonNullable<typeof path>).forwarding;
  const rest = Uint8Array.of(1, 2, 3, 4);
  const wireLength = wireLengthOf(forwarding, OUTSIDE, "10.0.0.1", l4, rest.length);
  return encodePacket(
    createMessage({
      ...ends,
      path: forwarding,
      currInf: 0,
      currHf: 0,
      l4,
      rest,
      wireLength,
      trafficClass: 0,
      flowId: 1,
    }),
  );
}

test.serial("a program outside sends through the internal socket, and answers come to its end-host port", async (t) => {
  const scenario = row({ "1-1": { underlay: { outside: [OUTSIDE] } } });
  const lines: string[][] = [[], [], []];
  const header = { world: "live" as const, scenario: "test", build: "test", seed: scenario.seed };
  const dispatched = await program(OUTSIDE, 31_234);
  const endHost = await program(OUTSIDE, 30_041);
  const observe: RunLiveOptions["observe"] = (world) =>
    new Recorder(world, header, (place, line) => void lines[place]?.push(line));
  const world = await onSockets(make(scenario), { observe }, 60_000 * MS, async (running) => {
    const { address, port } = running.socketOf("1-1", 0).local;
    for (const identifier of [31_234, 5]) dispatched.socket.send(echo(scenario, identifier), port, address);
    dispatched.socket.send("no packet", port, address);
    await until(() => dispatched.heard.length > 0 && endHost.heard.length > 0);
    await until(() => running.counters.garbage > 0);
  });
  for (const { socket } of [dispatched, endHost]) socket.close();
  t.like(dispatched.heard[0], {
    srcIa: "1-3",
    dstHost: OUTSIDE,
    l4: { kind: "scmp.echo", reply: true, identifier: 31_234 },
  });
  t.like(endHost.heard[0]?.l4, { kind: "scmp.echo", reply: true, identifier: 5, sequence: 7 });
  t.is(world.read<OutsideHostContext>(`host/1-1,${OUTSIDE}`).context.packets, 2);
  t.like(world.socketOf("1-1", 0).counters, { received: 3, sent: 2, garbage: 1, stray: 0 });
  const records = lines.map((of) => parseRecord(of)).map((found) => (found.ok ? found.value : t.fail(found.error)));
  t.true(replay(make(scenario), records as never).identical);
});

test.serial("where no host is outside, the internal socket hears nobody", async (t) => {
  const world = await onSockets(make(row()), {}, 60_000 * MS, async (running, at) => {
    const { address, port } = running.socketOf("1-1", 0).local;
    at("1-2", 0).send(encodePacket(HONEST[0] as Packet), port, address);
    await until(() => running.counters.stray > 0);
  });
  t.is(world.ledger.byReason.size, 0);
  t.is(world.read<{ forwarded: number }>("node/1-1").context.forwarded, 0);
});

test.serial(
  "a flood from one neighbour: timers and the other neighbour get their turns, and what is too much is counted",
  async (t) => {
    const assembly = make(
      row({}, { flows: [flow({ src: { ia: "1-3", host: "10.0.0.1" }, dst: { ia: "1-2", host: "10.0.0.1" } })] }),
    );
    const bytes = encodePacket(HONEST[0] as Packet);
    const received = (world: { read<C>(id: string): { context: C } }): number =>
      world.read<{ received: number }>("app/flow/sink").context.received;
    const world = await onSockets(assembly, {}, 60_000 * MS, async (running, at) => {
      const { address, port } = running.socketOf("1-2", 1).local;
      const flooder = at("1-1", 1);
      const flood = setInterval(() => {
        for (let n = 0; n < 200; n++) flooder.send(n % 10 === 0 ? Buffer.alloc(1_400) : bytes, port, address);
      }, 1);
      await until(() => received(running) >= 40 && running.socketOf("1-2", 1).counters.received > 5_000);
      clearInterval(flood);
    });
    const { received: got, garbage, overflow } = world.socketOf("1-2", 1).counters;
    t.log(JSON.stringify({ got, garbage, overflow, through: received(world) }));
    t.true(garbage > 100);
    t.is(world.socketOf("1-2", 2).counters.overflow, 0);
  },
);

test.serial("more than a socket's ring holds is dropped and counted, and the ring goes on", async (t) => {
  const bytes = encodePacket(HONEST[0] as Packet);
  const world = await onSockets(make(row()), {}, 60_000 * MS, async (running, at) => {
    const socket = at("1-2", 1);
    const remote = running.socketOf("1-2", 1).remote as { address: string; port: number };
    // As the system hands datagrams over, with the loop not getting a turn in between.
    for (let n = 0; n < 5_000; n++) socket.emit("message", bytes, { ...remote, family: "IPv4", size: bytes.length });
    await until(() => running.socketOf("1-2", 1).waiting === 0);
    socket.emit("message", bytes, { ...remote, family: "IPv4", size: bytes.length });
    await until(() => running.socketOf("1-2", 1).waiting === 0);
  });
  t.like(world.socketOf("1-2", 1).counters, { received: 5_001, overflow: 5_000 - 4_096 });
});

test.serial("what the system drops while the loop has no turn is counted, too", async (t) => {
  const bytes = encodePacket(HONEST[0] as Packet);
  const world = await onSockets(make(row()), {}, 60_000 * MS, async (running, at) => {
    const { address, port } = running.socketOf("1-2", 1).local;
    for (let n = 0; n < 20_000; n++) at("1-1", 1).send(bytes, port, address);
    await until(() => running.socketOf("1-1", 1).waiting === 0 && running.socketOf("1-2", 1).counters.received > 0);
    await new Promise((wake) => setTimeout(wake, 200));
  });
  const { received, unread } = world.socketOf("1-2", 1).counters;
  t.is(world.socketOf("1-1", 1).counters.unread, 0);
  if (process.platform !== "linux") t.log("not Linux: what the system drops is not known");
  else t.true(unread > 0 && received + unread <= 20_000);
  t.log(JSON.stringify({ received, unread }));
});

async function refused(scenario: Scenario, options: Partial<RunLiveOptions> = {}): Promise<string> {
  const error = await Effect.runPromise(Effect.flip(runLive(make(scenario), { duration: MS, ...options })));
  if (!(error instanceof UnderlayError)) throw error;
  return error.message;
}

test.serial("addresses that cannot be: not local, given twice, not allowed", async (t) => {
  const at = (internal: string): Scenario => row({ "1-2": { underlay: { internal } } });
  t.regex(
    await refused(at("192.0.2.77:30000")),
    /internal socket of 1-2 on 192\.0\.2\.77:30000: not an address of this machine/,
  );
  const twice = row({ "1-1": { underlay: { internal: "127.0.0.1:29871", interfaces: { "1": "127.0.0.1:29871" } } } });
  t.is(
    await refused(twice),
    "127.0.0.1:29871 is given twice: to internal socket of 1-1 and to socket of 1-1#1. Give each its own (underlay), or leave them out",
  );
});

/** As a user without privileges: of the whole process, hence one of its own. */
const UNPRIVILEGED = `
  const { runLive } = await import("./live/run.ts");
  const { quietRow } = await import("./sim/crafted-packets.ts");
  const Effect = await import("effect/Effect");
  process.seteuid(65534);
  const error = await Effect.runPromise(Effect.flip(runLive(quietRow(), { duration: 1, port: 80 })));
  console.log(error.message);
`;

test.serial("a port that needs a privilege", (t) => {
  if (process.geteuid?.() !== 0) {
    t.log("not root, so that there is no privilege to give up: not run");
    t.pass();
    return;
  }
  const options = { cwd: join(import.meta.dirname, ".."), encoding: "utf8" } as const;
  const args = ["--import=tsx", "--input-type=module", "-e", UNPRIVILEGED];
  const { stdout, stderr } = spawnSync(process.execPath, args, options);
  const expected = "permission denied. Choose a port above 1023 with --port or underlay";
  t.is(stdout.trim(), `internal socket of 1-1 on 127.16.0.1:80: ${expected}`, stderr);
});

test.serial("a packet that the system will not send is a counted drop", async (t) => {
  const far = row({ "1-2": { underlay: { interfaces: { "1": "255.255.255.255:30000" } } } }, { flows: [flow()] });
  const world = await Effect.runPromise(runLive(make(far), { duration: 100 * MS, here: ["1-1"], port: 24_000 }));
  const { sendErrors, sent } = world.counters;
  t.true(sendErrors > 0 && sendErrors === sent, `${sendErrors} of ${sent}`);
  t.is(world.ledger.byReason.get("underlay"), sendErrors);
});

test.serial("ended early, a run begins nothing new, and what is under way arrives", async (t) => {
  const scenario = row({}, { flows: [flow({ interval_ns: MS })], duration_ns: 60_000 * MS });
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 300);
  const world = await Effect.runPromise(runLive(make(scenario), { duration: 60_000 * MS, signal: abort.signal }));
  const [found] = results(world, scenario).flows;
  t.true((found?.sent ?? 0) > 20);
  t.is(found?.received, found?.sent);
});

test.serial("without a model packets pass as the network takes them, and faults still strike", async (t) => {
  const slow = row();
  const links = slow.network.links.map((link) => {
    const direction = { ...link.ab, latency_ns: 30_000 * MS, loss: 1, rate_bps: 1_000 };
    return { ...link, ab: direction, ba: direction };
  });
  const faults: Scenario["faults"] = [
    {
      id: "cut",
      timing: { kind: "once", at_ns: 300 * MS, for_ns: null },
      effect: { kind: "down", links: [{ ia: "1-1", ifId: 1 }], ases: [] },
    },
  ];
  const scenario = { ...slow, network: { ...slow.network, links }, faults, flows: [flow({ stop_ns: 800 * MS })] };
  const world = await Effect.runPromise(runLive(make(scenario, { shaping: "none" }), { duration: 1_000 * MS }));
  const [found] = results(world, scenario).flows;
  t.true((found?.received ?? 0) > 10, `${found?.received} received`);
  t.true((world.ledger.byReason.get("link_down") ?? 0) > 10);
  t.true(found !== undefined && found.received + found.lost === found.sent);
});

test.serial("a jump of the machine's clock changes nothing: time is monotonic", async (t) => {
  const scenario = row({}, { flows: [flow({ stop_ns: 200 * MS })] });
  const real = Date.now;
  const jump = setTimeout(() => {
    Date.now = () => real() - 3_600_000;
  }, 50);
  const world = await Effect.runPromise(runLive(make(scenario), { duration: 400 * MS })).finally(() => {
    clearTimeout(jump);
    Date.now = real;
  });
  const [found] = results(world, scenario).flows;
  t.is(found?.received, 40);
  t.true(world.now >= 400 * MS && world.now < 60_000 * MS);
});
