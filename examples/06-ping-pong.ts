/**
 * A protocol in a hundred lines: ping-pong that neither loses nor repeats a round, over any connector. The asking end repeats
 * a ping until its pong is there; the answering end delivers every ping once, however often it comes.
 *
 *               count > 0            pong of this round: deliver, ask the next     timer.retransmit, tries left: ask again
 *   (choosing) -----------> asking <-------------------------------------------+---------------------------------------+
 *       |                     |----> done     pong of the last round: deliver
 *       |                     +----> gaveUp   timer.retransmit, no tries left
 *       +--- count = 0 ---> answering         ping of this round: deliver, pong; ping of an earlier one: pong again
 *
 * Run it: npx tsx examples/06-ping-pong.ts udp://127.0.0.1:0
 *         npx tsx examples/06-ping-pong.ts local:///tmp/ping-pong
 *         npx tsx examples/06-ping-pong.ts sim://1-ff00:0:120,10.0.0.1:31000
 */
import { assign, setup } from "xstate";
import { defineProtocol, type Endpoint, type MessageEvent } from "../actors/protocol.ts";
import { protocolEnv } from "../actors/protocol-endpoint.ts";
import type { Connector, Outcome } from "../core/connector.ts";
import { err, ok } from "../core/result.ts";
import { Scheduler } from "../core/scheduler.ts";
import { MILLISECOND, SECOND } from "../core/units.ts";
import { MonotonicClock } from "../live/clock.ts";
import { createRegistry } from "../live/connectors/registry.ts";
import { quietScenario, simClock, SimNetwork } from "../sim/sim-connectors.ts";
import { buildPreset } from "../topologies/presets.ts";

export interface Packet {
  readonly kind: "ping" | "pong";
  readonly round: number;
}

interface Input {
  /** Rounds to ask for; 0 answers. */
  readonly count: number;
  /** How often a ping is sent at most. */
  readonly tries: number;
}

interface Context extends Input {
  /** Asking: the round under way. Answering: the first that has not come. */
  readonly round: number;
  readonly tried: number;
}

const PATIENCE = 100 * MILLISECOND;
const env = protocolEnv<Packet, "retransmit", number>;
type Event = MessageEvent<Packet> | { readonly type: "timer.retransmit" };

function roundOf(event: Event, kind: Packet["kind"]): number {
  return event.type === "message" && event.message.kind === kind ? event.message.round : -1;
}

export const pingPongMachine = setup({
  types: { context: {} as Context, input: {} as Input, events: {} as Event },
  guards: {
    asks: ({ context }) => context.count > 0,
    isAnswer: ({ context, event }) => roundOf(event, "pong") === context.round,
    isLastAnswer: ({ context, event }) =>
      roundOf(event, "pong") === context.round && context.round + 1 === context.count,
    isNew: ({ context, event }) => roundOf(event, "ping") === context.round,
    isRepeated: ({ context, event }) => roundOf(event, "ping") >= 0 && roundOf(event, "ping") < context.round,
    triesLeft: ({ context }) => context.tried < context.tries,
  },
  actions: {
    ping: ({ context, system }) => env(system).send({ kind: "ping", round: context.round }),
    pong: ({ event, system }) => env(system).send({ kind: "pong", round: roundOf(event, "ping") }),
    deliver: ({ context, system }) => env(system).deliver(context.round),
    awaitPong: ({ system }) => env(system).timer("retransmit", PATIENCE),
    hush: ({ system }) => env(system).cancel("retransmit"),
    countTry: assign({ tried: ({ context }) => context.tried + 1 }),
    advance: assign({ round: ({ context }) => context.round + 1, tried: 0 }),
  },
}).createMachine({
  id: "ping-pong",
  context: ({ input }) => ({ ...input, round: 0, tried: 0 }),
  initial: "choosing",
  states: {
    choosing: { always: [{ guard: "asks", target: "asking" }, { target: "answering" }] },
    asking: {
      entry: ["ping", "awaitPong", "countTry"],
      exit: "hush",
      on: {
        message: [
          { guard: "isLastAnswer", target: "done", actions: ["deliver", "advance"] },
          { guard: "isAnswer", target: "asking", reenter: true, actions: ["deliver", "advance"] },
        ],
        "timer.retransmit": [{ guard: "triesLeft", target: "asking", reenter: true }, { target: "gaveUp" }],
      },
    },
    answering: {
      on: {
        message: [
          { guard: "isNew", actions: ["deliver", "pong", "advance"] },
          { guard: "isRepeated", actions: "pong" },
        ],
      },
    },
    done: { type: "final" },
    gaveUp: { type: "final" },
  },
});

export const pingPong = defineProtocol({
  name: "ping-pong",
  machine: pingPongMachine,
  types: { delivered: 0 as number },
  codec: {
    encode: ({ kind, round }: Packet) => {
      const bytes = new Uint8Array(5);
      bytes[0] = kind === "ping" ? 1 : 2;
      new DataView(bytes.buffer).setUint32(1, round);
      return bytes;
    },
    decode: (bytes) => {
      const kind = [undefined, "ping" as const, "pong" as const][bytes[0] ?? 0];
      if (bytes.length !== 5 || kind === undefined) return err("expected 01 or 02 and a round of four bytes");
      return ok({ kind, round: new DataView(bytes.buffer, bytes.byteOffset).getUint32(1) });
    },
  },
});

export type PingPongEnd = Endpoint<typeof pingPongMachine>;

/** Where it runs: who opens URLs, and on whose clock. */
export interface Place {
  open(url: string): Outcome<Connector>;
  readonly scheduler: Scheduler;
}

/** One end listens at `url`, the other, which calls from `from`, asks `count` rounds of it. */
export function play(
  { open, scheduler }: Place,
  { url, from, count }: { readonly url: string; readonly from: string; readonly count: number },
  told: { delivered(round: number, end: PingPongEnd): void; over(asking: PingPongEnd): void },
): void {
  const opened = (address: string): Connector => {
    const connector = open(address);
    if (!connector.ok) throw new Error(connector.error.message);
    return connector.value;
  };
  pingPong.listen({
    connector: opened(url),
    scheduler,
    input: { count: 0, tries: 0 },
    delivered: told.delivered,
    opened: (server) => {
      const ended = (asking: PingPongEnd): void => {
        server.stop();
        told.over(asking);
      };
      const connector = opened(from === "" ? server.url : from);
      const input = { count, tries: 30 };
      pingPong.start({ connector, scheduler, peer: server.url, input, delivered: told.delivered, ended });
    },
  });
}

/** Three ways from 1-ff00:0:110 to 1-ff00:0:120, and links that lose every fifth packet. */
export function lossyNetwork(loss: number, seed = 1): SimNetwork {
  const preset = buildPreset("diamond");
  if (!preset.ok) throw new Error("the preset diamond does not build");
  const links = preset.value.links.map((link) => ({ ...link, ab: { ...link.ab, loss }, ba: { ...link.ba, loss } }));
  const network = SimNetwork.create({ scenario: quietScenario({ ...preset.value, links }, { seed }) });
  if (!network.ok) throw new Error(network.error.message);
  return network.value;
}

function main(url: string): void {
  const network = url.startsWith("sim:") ? lossyNetwork(0.2) : null;
  const registry = createRegistry();
  const scheduler = new Scheduler(network === null ? new MonotonicClock() : simClock(network.simulation));
  scheduler.attach();
  const open = (address: string): Outcome<Connector> => network?.open(address) ?? registry.open(address);
  const from = network !== null ? "sim://1-ff00:0:110,10.0.0.1" : url.startsWith("udp") ? "udp://127.0.0.1:0" : "";
  const ms = (): string => (scheduler.clock.now() / MILLISECOND).toFixed(1);
  const delivered = (round: number, { state }: PingPongEnd): void => console.log(`${ms()} ms: ${state} ${round}`);
  const over = ({ state, counters }: PingPongEnd): void => console.log(`${state}: ${JSON.stringify(counters)}`);
  play({ open, scheduler }, { url, from, count: 5 }, { delivered, over });
  network?.run(100 * SECOND);
}

if (process.argv[1] === import.meta.filename) main(process.argv[2] ?? "udp://127.0.0.1:0");
