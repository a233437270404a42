/** Ping-pong over sockets and inside the simulator, and all states that its machine and its two ends can come to. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { type AnyEventObject, fromTransition } from "xstate";
import { adjacencyMapToArray, getAdjacencyMap, getShortestPaths } from "xstate/graph";
import type { Connector, Outcome } from "../core/connector.ts";
import { Scheduler } from "../core/scheduler.ts";
import { SECOND } from "../core/units.ts";
import { MonotonicClock } from "../live/clock.ts";
import { createRegistry } from "../live/connectors/registry.ts";
import { simClock } from "../sim/sim-connectors.ts";
import { lossyNetwork, type Packet, type PingPongEnd, pingPong, pingPongMachine, play } from "./06-ping-pong.ts";

interface Played {
  readonly asked: number[];
  readonly answered: number[];
  readonly ends: PingPongEnd[];
}

function table(): Played & { delivered(round: number, end: PingPongEnd): void; over(end: PingPongEnd): void } {
  const played: Played = { asked: [], answered: [], ends: [] };
  const delivered = (round: number, { state }: PingPongEnd): void => {
    (state === "answering" ? played.answered : played.asked).push(round);
  };
  return { ...played, delivered, over: (end) => void played.ends.push(end) };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, round) => round);

async function overSockets(url: string, from: string, count: number): Promise<Played> {
  const registry = createRegistry();
  const scheduler = new Scheduler(new MonotonicClock());
  scheduler.attach();
  const told = table();
  await new Promise<void>((resolve) => {
    const over = (end: PingPongEnd): void => {
      told.over(end);
      resolve();
    };
    play({ open: (address) => registry.open(address), scheduler }, { url, from, count }, { ...told, over });
  });
  return { ...told, ends: [...told.ends] };
}

test("over udp every round is asked and answered once, in order", async (t) => {
  const { asked, answered, ends } = await overSockets("udp://127.0.0.1:0", "udp://127.0.0.1:0", 50);
  t.deepEqual([asked, answered, ends[0]?.state], [upTo(50), upTo(50), "done"]);
});

test("over local streams and over tcp, in frames, the same", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "ping-pong-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const local = process.platform === "win32" ? "pipe:///pathloom-ping-pong" : `local://${folder}/socket`;
  for (const url of [local, "tcp://127.0.0.1:0"]) {
    const { asked, answered, ends } = await overSockets(url, "", 50);
    t.deepEqual([asked, answered, ends[0]?.state, ends[0]?.counters.sent], [upTo(50), upTo(50), "done", 50], url);
  }
});

function overSim(loss: number, seed: number, count: number): Played {
  const network = lossyNetwork(loss, seed);
  const scheduler = new Scheduler(simClock(network.simulation));
  scheduler.attach();
  const told = table();
  const open = (url: string): Outcome<Connector> => network.open(url);
  const [url, from] = ["sim://1-ff00:0:120,10.0.0.1:31000", "sim://1-ff00:0:110,10.0.0.1"];
  play({ open, scheduler }, { url, from, count }, told);
  network.run(100 * SECOND);
  return told;
}

test("inside the simulator, with every fifth packet lost, all rounds are answered, exactly once", (t) => {
  for (const seed of [1, 2, 3]) {
    const { asked, answered, ends } = overSim(0.2, seed, 40);
    const sent = ends[0]?.counters.sent ?? 0;
    t.deepEqual([asked, answered, ends[0]?.state], [upTo(40), upTo(40), "done"], `seed ${seed}`);
    t.true(sent > 50, `losses are injected: ${sent} pings for 40 rounds`);
    t.deepEqual(overSim(0.2, seed, 40).ends[0]?.counters, ends[0]?.counters, "and twice alike");
  }
});

test("where nothing comes through, the asking end gives up after its tries", (t) => {
  const { asked, answered, ends } = overSim(1, 1, 3);
  t.deepEqual([asked, answered, ends[0]?.state, ends[0]?.counters.sent], [[], [], "gaveUp", 30]);
});

test("the codec takes what it makes, and refuses the rest", (t) => {
  const ping: Packet = { kind: "ping", round: 0xfedcba98 };
  const bytes = pingPong.codec.encode(ping);
  t.deepEqual([...bytes], [1, 0xfe, 0xdc, 0xba, 0x98]);
  t.deepEqual(pingPong.codec.decode(bytes), { ok: true, value: ping });
  for (const bad of [[], [1], [3, 0, 0, 0, 1], [0, 0, 0, 0, 1], [1, 0, 0, 0, 1, 0]]) {
    t.false(pingPong.codec.decode(Uint8Array.from(bad)).ok);
  }
});

const ROUNDS = 3;
const TRIES = 2;
/** A machine gone wrong may have states without end. */
const LIMIT = 2_000;
const packets = (["ping", "pong"] as const).flatMap((kind) => upTo(ROUNDS + 1).map((round) => ({ kind, round })));
const heard = (message: Packet) => ({ type: "message" as const, message, from: "anyone" });
const EVENTS = [...packets.map(heard), { type: "timer.retransmit" as const }];

for (const [end, count, states] of [
  // Asking: three rounds with one or two tries each, gave up in any of the three, done.
  ["asking", ROUNDS, 3 * TRIES + 3 + 1],
  // Answering: so many pings have come, of the four there are.
  ["answering", 0, ROUNDS + 2],
] as const) {
  test(`model: every state of the ${end} end delivers the next round or nothing`, (t) => {
    const input = { count, tries: TRIES };
    const paths = getShortestPaths(pingPongMachine, { input, events: EVENTS, limit: LIMIT });
    let steps = 0;
    for (const { state } of paths) {
      for (const event of EVENTS) {
        if (state.status !== "active") continue;
        steps++;
        const next = pingPong.step(state, event);
        const advanced = next.snapshot.context.round - state.context.round;
        t.deepEqual(next.delivered, advanced === 0 ? [] : [state.context.round]);
        t.true(advanced === 0 || advanced === 1);
      }
    }
    t.log(`${end}: ${paths.length} states, ${steps} steps, ${EVENTS.length} events`);
    t.is(new Set(paths.map(({ state }) => JSON.stringify([state.value, state.context]))).size, states);
    t.is(paths.length, states);
  });
}

/** Both ends and the network between them, which may lose, repeat and overtake: whatever was sent once may come at any time. */
type End = ReturnType<typeof pingPong.begin>["snapshot"];
interface Whole {
  readonly asking: End;
  readonly answering: End;
  readonly sent: readonly string[];
  readonly delivered: { readonly asking: readonly number[]; readonly answering: readonly number[] };
}
type Name = "asking" | "answering";
type Move = AnyEventObject & { readonly to: Name; readonly packet: string | null };

function move(whole: Whole, { to, packet }: Move): Whole {
  const event = packet === null ? ({ type: "timer.retransmit" } as const) : heard(JSON.parse(packet) as Packet);
  const { snapshot, sent, delivered } = pingPong.step(whole[to], event);
  return {
    ...whole,
    [to]: snapshot,
    sent: [...new Set([...whole.sent, ...sent.map(({ message }) => JSON.stringify(message))])].sort(),
    delivered: { ...whole.delivered, [to]: [...whole.delivered[to], ...delivered] },
  };
}

function moves({ context: { asking, sent } }: { readonly context: Whole }): Move[] {
  const retransmit: Move = { type: "move", to: "asking", packet: null };
  const arrivals = sent.flatMap((packet) =>
    (["asking", "answering"] as const).map((to): Move => ({ type: "move", to, packet })),
  );
  return asking.status === "active" ? [retransmit, ...arrivals] : arrivals.filter(({ to }) => to === "answering");
}

test("model: both ends on a network that loses, repeats and reorders deliver every round once, in order", (t) => {
  const asking = pingPong.begin({ count: ROUNDS, tries: TRIES });
  const start: Whole = {
    asking: asking.snapshot,
    answering: pingPong.begin({ count: 0, tries: 0 }).snapshot,
    sent: asking.sent.map(({ message }) => JSON.stringify(message)),
    delivered: { asking: [], answering: [] },
  };
  const system = fromTransition<Whole, Move, never, undefined>(move, start);
  const serialized = ({ context: { asking, answering, sent, delivered } }: { readonly context: Whole }): string =>
    JSON.stringify([asking.value, asking.context, answering.context, sent, delivered]);
  const edges = adjacencyMapToArray(
    getAdjacencyMap(system, { events: moves as never, serializeState: serialized as never, limit: LIMIT }),
  );
  const seen = new Map(
    edges.flatMap(({ state, nextState }) => [state, nextState]).map((one) => [serialized(one), one]),
  );
  for (const { context } of seen.values()) {
    const { asking, answering } = context.delivered;
    t.deepEqual(asking, upTo(asking.length));
    t.deepEqual(answering, upTo(answering.length));
    t.true(answering.length - asking.length === 0 || answering.length - asking.length === 1);
  }
  const finals = new Set([...seen.values()].map(({ context }) => context.asking.value));
  t.deepEqual([...finals].sort(), ["asking", "done", "gaveUp"]);
  t.log(`both ends: ${seen.size} states, ${edges.length} steps`);
});
