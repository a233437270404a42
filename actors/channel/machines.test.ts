/**
 * The statecharts against the engine: every step that the engine takes is one of the association's machine, to the same state, and every
 * transition of the machine is taken by some run of the engine. Paths through all three machines come from xstate/graph.
 */
import test from "ava";
import { type AnyStateMachine, createActor } from "xstate";
import { getAdjacencyMap, getShortestPaths } from "xstate/graph";
import type { Association } from "../../core/channel/association/association.ts";
import { close } from "../../core/channel/association/closing.ts";
import {
  around,
  createPair,
  DELAY,
  type End,
  idle,
  kindOf,
  type Network,
  open,
  type Pair,
  PERFECT,
  run,
  settle,
} from "../../core/channel/association/pair-testing.ts";
import type { PathState } from "../../core/channel/paths/types.ts";
import type { Env } from "../../core/env.ts";
import { bindEnv } from "../registry.ts";
import { associationLogic, type AssociationInput } from "./association.ts";
import { channelLogic } from "./channel.ts";
import { listenerLogic, type ListenerInput } from "./listener.ts";

const SECOND = 1_000_000_000;

const WORDS = [
  "association.opened",
  "association.begun",
  "association.closed",
  "association.violated",
  "handshake.cookie",
  "handshake.answered",
  "handshake.completed",
  "handshake.failed",
  "peer.closed",
  "peer.reset",
  "idle.expired",
  "close.expired",
];

const { a, b } = createPair({ crypto: "modelled" });
const ENDS = {
  way: 0,
  src: { ia: "1-1", host: "10.0.0.1" },
  dst: { ia: "1-2", host: "10.0.0.2" },
  flow: 0,
  flowId: 0,
  trafficClass: 0,
};
const L4 = { kind: "udp", srcPort: 1, dstPort: 2 } as const;
const INPUT: AssociationInput = {
  ends: { ...ENDS, l4: L4 },
  replyFlow: 1,
  options: a.options,
  maxPacket: 1_200,
  app: null,
  selector: null,
  measureFrom: 0,
  begun: null,
};
const LISTENER: ListenerInput = { ...INPUT, flow: 0, options: b.options, maxAssociations: 1 };

type Step = readonly [from: string, word: string, to: string];

/** All transitions of a machine that lead somewhere, or are at least named. */
function transitionsOf(machine: AnyStateMachine, input: unknown, events: readonly string[]): Step[] {
  const map = getAdjacencyMap(machine, { input, events: events.map((type) => ({ type, code: 0 })) } as never);
  const steps: Step[] = [];
  for (const { state, transitions } of Object.values(map)) {
    for (const { state: next, event } of Object.values(transitions) as { state: unknown; event: unknown }[]) {
      const from = String((state as { value: unknown }).value);
      const { type } = event as { type: string };
      const named = (machine.config.states?.[from]?.on as Record<string, unknown> | undefined)?.[type] !== undefined;
      if (named) steps.push([from, type, String((next as { value: unknown }).value)]);
    }
  }
  return steps;
}

const text = (steps: readonly Step[]): string[] => [...new Set(steps.map((step) => step.join(" ")))].sort();

/** What ends of an association may live through, each by itself. */
const LIVES: readonly (() => readonly End[])[] = [
  () => standingThen((pair, one) => close(one, 0, "", around(pair, pair.a))),
  // Resets reach an end that closes, and one that was told.
  () => standingThen((pair, one) => (close(one, 0, "", around(pair, pair.a)), settle(pair, "a"), reset(pair, "a"))),
  () =>
    standingThen(
      (pair, one) => (
        close(one, 0, "", around(pair, pair.a)), settle(pair, "a"), run(pair, pair.now + DELAY), reset(pair, "b")
      ),
    ),
  () => standingThen((pair) => reset(pair, "a")),
  () => standingThen((pair) => void (pair.network = () => [])),
  () =>
    standingThen((pair) => {
      const { acks } = (pair.b.association as Association).paths.list[0] as PathState;
      acks.report.ranges.push(900, 901);
      acks.ackAt = 0;
      settle(pair, "b");
    }),
  () => alone(() => [], 300 * SECOND),
  // The cookie comes, nothing else.
  () => alone((packet, from) => (kindOf(packet) === "response" ? [] : PERFECT(packet, from, 0)), 200 * SECOND),
  // The last message does not come.
  () =>
    alone(
      (packet, from) => (from === "a" && ["final", "short"].includes(kindOf(packet)) ? [] : PERFECT(packet, from, 0)),
      200 * SECOND,
    ),
  // The peer asks for no cookie.
  () => {
    const pair = createPair({ crypto: "modelled" });
    pair.b.cookies = false;
    open(pair, "a");
    run(pair, 5 * SECOND);
    return [pair.a, pair.b];
  },
  // Ended by the application before anything stands.
  ...[0, 1, 3].map((delays) => () => {
    const pair = createPair({ crypto: "modelled" });
    open(pair, "a");
    run(pair, delays * DELAY);
    const side = delays === 3 ? "b" : "a";
    close(pair[side].association as Association, 0, "", around(pair, pair[side]));
    settle(pair, side);
    run(pair, pair.now + SECOND);
    return [pair.a, pair.b];
  }),
  () => {
    const pair = createPair({ crypto: "modelled" });
    open(pair, "a");
    run(pair, 2 * DELAY);
    close(pair.a.association as Association, 0, "", around(pair, pair.a));
    settle(pair, "a");
    run(pair, pair.now + SECOND);
    return [pair.a, pair.b];
  },
  () => {
    const pair = createPair({ crypto: "modelled" });
    close(idle(pair, "a"), 0, "", around(pair, pair.a));
    settle(pair, "a");
    run(pair, SECOND);
    return [pair.a];
  },
  // Both ask at once, with one a little earlier.
  ...[0, 1, 2, 3].flatMap((late) =>
    [1, 2, 3, 4].map((seed) => () => {
      const pair = createPair({ crypto: "modelled" }, { crypto: "modelled" }, seed);
      open(pair, "a");
      run(pair, late * DELAY);
      if (pair.b.association === null) open(pair, "b");
      run(pair, pair.now + 5 * SECOND);
      return [pair.a, pair.b];
    }),
  ),
];

function alone(network: Network, until: number): readonly End[] {
  const pair = createPair({ crypto: "modelled" });
  pair.network = network;
  open(pair, "a");
  run(pair, until);
  return [pair.a, pair.b];
}

function standingThen(act: (pair: Pair, a: Association) => void): readonly End[] {
  const pair = createPair({ crypto: "modelled" });
  const one = open(pair, "a");
  run(pair, SECOND);
  // Either end may show that it lost its state.
  one.resetToken = new Uint8Array(16).fill(3);
  (pair.b.association as Association).peerResetToken = one.resetToken;
  act(pair, one);
  settle(pair, "a");
  run(pair, pair.now + 100 * SECOND);
  return [pair.a, pair.b];
}

function reset(pair: Pair, side: "a" | "b"): void {
  const { peerResetToken, localId } = pair[side].association as Association;
  const rest = new Uint8Array(37);
  rest.set([0xc6, 0x50, 0x4c, 0, 1]);
  rest.set(localId, 5);
  rest.set(peerResetToken, 21);
  pair.flying.push({
    at: pair.now,
    to: side,
    arrival: { rest, length: 37, key: "one", ce: false, mtu: 1_200, peer: "x" },
  });
}

test("the engine walks the association's machine, and all of it", (t) => {
  const taken = LIVES.flatMap((live) =>
    live().flatMap(({ steps }) => steps.map(({ from, word, to }): Step => [from, word, to])),
  );
  // An actor whose association is over begins another: that is no step of either.
  const known = transitionsOf(associationLogic.machine, INPUT, WORDS).filter(([from]) => from !== "closed");
  t.deepEqual(text(taken), text(known));
  const states = new Set(known.flatMap(([from, , to]) => [from, to]));
  t.is(states.size, Object.keys(associationLogic.machine.config.states ?? {}).length);
  t.log(`association: ${states.size} states, ${text(known).length} transitions, all taken by the engine`);
});

/** The machine's own snapshots along every shortest path, and whether an actor that is told the same comes to the same. */
function walk(
  machine: AnyStateMachine,
  input: unknown,
  events: readonly object[],
): { states: Set<string>; paths: number } {
  const paths = getShortestPaths(machine, { input, events } as never);
  const states = new Set<string>();
  for (const { state, steps } of paths) {
    const actor = createActor(machine, { input } as never);
    bindEnv(actor.system, { self: 0, send: () => 0 } as unknown as Env);
    actor.start();
    for (const { event } of steps) if ((event as { type: string }).type !== "xstate.init") actor.send(event as never);
    const { value } = actor.getSnapshot() as { value: unknown };
    if (value !== (state as { value: unknown }).value) throw new Error(`${String(value)} is not ${String(state)}`);
    states.add(String(value));
  }
  return { states, paths: paths.length };
}

test("every state of the channel's and the listener's machines is reached", (t) => {
  const words = ["accepted", "delivered", "finished", "refused", "reset", "closed"].map((word) => ({
    type: `channel.${word}`,
    code: 5,
  }));
  const channel = walk(channelLogic.machine, { association: 0, channel: 2, app: 0 }, words);
  t.deepEqual([...channel.states].sort(), Object.keys(channelLogic.machine.config.states ?? {}).sort());
  const listener = walk(
    listenerLogic.machine,
    LISTENER,
    ["full", "room", "close"].map((word) => ({ type: `listener.${word}` })),
  );
  t.deepEqual([...listener.states].sort(), Object.keys(listenerLogic.machine.config.states ?? {}).sort());
  t.log(
    `channel: ${channel.states.size} states over ${channel.paths} paths; listener: ${listener.states.size} over ${listener.paths}`,
  );
});
