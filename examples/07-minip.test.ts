/** MinIP's wire format, and its rules over sockets and inside the simulator. */
import test from "ava";
import type { Connector, Outcome } from "../core/connector.ts";
import { Scheduler } from "../core/scheduler.ts";
import { MILLISECOND, SECOND } from "../core/units.ts";
import { MonotonicClock } from "../live/clock.ts";
import { createRegistry } from "../live/connectors/registry.ts";
import { simClock } from "../sim/sim-connectors.ts";
import { lossyNetwork } from "./06-ping-pong.ts";
import { client, type ClientEnd, codec, type Game, play, server } from "./07-minip.ts";

const EPOCH = 1_700_000_000_000;
const VECTOR = "0170696e67030068e5cf8b010000";
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

test("a ping of 14 November 2023 is the published vector", (t) => {
  t.is(hex(codec.encode({ kind: "ping", time_ms: EPOCH })), VECTOR);
  t.deepEqual(codec.decode(bytesOf(VECTOR)), { ok: true, value: { kind: "ping", time_ms: EPOCH } });
  t.is(hex(codec.encode({ kind: "pong", time_ms: 258 })), "02706f6e67030201000000000000");
});

test("other lengths, words, frames and times are refused", (t) => {
  const bad = [
    "",
    VECTOR.slice(0, -2),
    `${VECTOR}00`,
    VECTOR.replace(/^01/, "02"),
    VECTOR.replace(/^01/, "03"),
    VECTOR.replace("70696e67", "70696e68"),
    VECTOR.replace("6703", "6704"),
    VECTOR.replace(/0000$/, "ffff"),
  ];
  for (const text of bad) t.false(codec.decode(bytesOf(text)).ok, text);
});

function overSim(changes: Partial<Game>, loss = 0): { ends: ClientEnd[]; ms: number[] } {
  const network = lossyNetwork(loss);
  const scheduler = new Scheduler(simClock(network.simulation));
  scheduler.attach();
  const ends: ClientEnd[] = [];
  const ms: number[] = [];
  const open = (url: string): Outcome<Connector> => network.open(url);
  const [url, from] = ["sim://1-ff00:0:120,10.0.0.1:31000", "sim://1-ff00:0:110,10.0.0.1"];
  const game: Game = { url, from, epoch_ms: EPOCH, pause_ms: [0, 2_500], count: 10, ...changes };
  play({ open, scheduler }, game, (end) => {
    ends.push(end);
    ms.push(scheduler.clock.now() / MILLISECOND);
  });
  network.run(200 * SECOND);
  return { ends, ms };
}

test("inside the simulator ten pings are answered, twice alike", (t) => {
  const { ends, ms } = overSim({});
  t.deepEqual([ends[0]?.state, ends[0]?.context.answered, ends[0]?.context.unasked], ["done", 10, 0]);
  t.deepEqual(ends[0]?.counters, { received: 10, malformed: 0, sent: 10, unsent: 0, delivered: 10 });
  t.deepEqual(overSim({}).ms, ms);
});

test("a server that thinks for four seconds is too late, and so is one that nothing reaches: 3,000 ms", (t) => {
  for (const { ends, ms } of [overSim({ think_ms: [4_000, 4_000] }), overSim({}, 1)]) {
    t.deepEqual([ends[0]?.state, ends[0]?.context.answered, ms], ["unanswered", 0, [3_000]]);
  }
});

test("a server answers only while a ping is pending, once, and goes quiet after three seconds", (t) => {
  const ping = { type: "message", message: { kind: "ping", time_ms: EPOCH }, from: "anyone" } as const;
  const pong = { ...ping, message: { kind: "pong", time_ms: 0 } } as const;
  const idle = server.begin({ epoch_ms: 0, pause_ms: [0, 0] });
  t.deepEqual([...idle.timers], [["silence", 3_000 * MILLISECOND]]);
  t.is(server.step(idle.snapshot, pong).snapshot.value, "idle");
  t.is(server.step(idle.snapshot, { type: "timer.think" }).sent.length, 0);
  t.is(server.step(idle.snapshot, { type: "timer.silence" }).snapshot.value, "quiet");
  const error = t.throws(() => server.step(idle.snapshot, ping));
  t.regex(error?.message ?? "", /draws/);
});

test("a client counts pongs that nobody asked for", (t) => {
  const draws = [0.5];
  const pong = { type: "message", message: { kind: "pong", time_ms: 0 }, from: "anyone" } as const;
  const { snapshot, sent } = client.begin({ epoch_ms: EPOCH, pause_ms: [0, 0], count: 2 });
  t.deepEqual(sent, [{ message: { kind: "ping", time_ms: EPOCH }, to: undefined }]);
  const resting = client.step(snapshot, pong, () => draws.pop() ?? 0).snapshot;
  const after = client.step(resting, pong).snapshot;
  t.deepEqual([after.value, after.context.unasked, after.context.answered], ["resting", 1, 1]);
});

test("the first ping on the wire is the vector, where the clock begins at its time", (t) => {
  const network = lossyNetwork(0);
  const scheduler = new Scheduler(simClock(network.simulation));
  scheduler.attach();
  const wire = network.open("sim://1-ff00:0:120,10.0.0.1:31000");
  const connector = network.open("sim://1-ff00:0:110,10.0.0.1");
  if (!wire.ok || !connector.ok) return t.fail("the simulator opens no connector");
  t.true(wire.value.listen().ok);
  const input = { epoch_ms: EPOCH, pause_ms: [0, 0] as const, count: 1 };
  client.start({ connector: connector.value, scheduler, peer: wire.value.url, input });
  network.run(SECOND);
  const got = wire.value.receive();
  t.is(got.ok ? hex(got.value.bytes) : got.error.message, VECTOR);
});

test("over udp three pings are answered", async (t) => {
  const registry = createRegistry();
  const scheduler = new Scheduler(new MonotonicClock());
  scheduler.attach();
  const place = { open: (url: string): Outcome<Connector> => registry.open(url), scheduler };
  const game: Game = {
    url: "udp://127.0.0.1:0",
    from: "udp://127.0.0.1:0",
    epoch_ms: Date.now(),
    pause_ms: [1, 20],
    count: 3,
  };
  const end = await new Promise<ClientEnd>((resolve) => play(place, game, resolve));
  t.deepEqual([end.state, end.context.answered, end.counters.malformed], ["done", 3, 0]);
});
