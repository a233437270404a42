/**
 * MinIP ping-pong, the toy protocol that PANTHER tests implementations with: datagrams of 14 bytes, a pong within 3,000 ms of
 * its ping, and only while a ping is pending.
 *
 *     0          1..4             5           6..13
 *   +----------+----------------+-----------+-----------------------------------------------+
 *   | 01 or 02 | "ping", "pong" | 03        | ms, little-endian: ping of the Unix epoch,     |
 *   | frame 1: the word         | frame 2: the time       pong since the server's start     |
 *   +---------------------------+-----------------------------------------------------------+
 *
 *   client: pinging --pong--> resting --timer.rest--> pinging     server: idle --ping--> pending --timer.think--> idle (pong)
 *              | pong of the last ping --> done                             | timer.silence --> quiet
 *              | timer.late --> unanswered
 *
 * Run it: npx tsx examples/07-minip.ts udp://127.0.0.1:0
 *         npx tsx examples/07-minip.ts sim://1-ff00:0:120,10.0.0.1:31000
 */
import { assign, setup } from "xstate";
import { type Codec, defineProtocol, type Endpoint, type MessageEvent } from "../actors/protocol.ts";
import { protocolEnv } from "../actors/protocol-endpoint.ts";
import type { Connector, Outcome } from "../core/connector.ts";
import { err, ok } from "../core/result.ts";
import { RandomStream } from "../core/rng.ts";
import { Scheduler } from "../core/scheduler.ts";
import { MILLISECOND, SECOND } from "../core/units.ts";
import { MonotonicClock } from "../live/clock.ts";
import { createRegistry } from "../live/connectors/registry.ts";
import { simClock } from "../sim/sim-connectors.ts";
import { lossyNetwork, type Place } from "./06-ping-pong.ts";

export interface Packet {
  readonly kind: "ping" | "pong";
  readonly time_ms: number;
}

const LENGTH = 14;
const WORDS = new Map<number, Packet["kind"]>([
  [1, "ping"],
  [2, "pong"],
]);
const TIME_FRAME = 3;
/** A pong that comes later is none. */
const TIMEOUT = 3_000 * MILLISECOND;

export const codec: Codec<Packet> = {
  encode: ({ kind, time_ms }) => {
    const bytes = new Uint8Array(LENGTH);
    bytes[0] = kind === "ping" ? 1 : 2;
    for (let at = 0; at < kind.length; at++) bytes[1 + at] = kind.charCodeAt(at);
    bytes[5] = TIME_FRAME;
    new DataView(bytes.buffer).setBigUint64(6, BigInt(time_ms), true);
    return bytes;
  },
  decode: (bytes) => {
    if (bytes.length !== LENGTH) return err(`expected two frames of ${LENGTH} bytes together, found ${bytes.length}`);
    const kind = WORDS.get(bytes[0] as number);
    if (kind === undefined || String.fromCharCode(...bytes.subarray(1, 5)) !== kind) {
      return err("expected 01 and ping, or 02 and pong, as the first frame");
    }
    if (bytes[5] !== TIME_FRAME) return err("expected a time, 03, as the second frame");
    const time = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(6, true);
    return time <= Number.MAX_SAFE_INTEGER ? ok({ kind, time_ms: Number(time) }) : err("a time beyond all clocks");
  },
};

interface Input {
  /** Unix time, in ms, at time zero of the scheduler's clock; 0 for servers, who count from there. */
  readonly epoch_ms: number;
  /** Every pause is drawn between these. */
  readonly pause_ms: readonly [least: number, most: number];
}

interface ClientInput extends Input {
  readonly count: number;
}

interface ClientContext extends ClientInput {
  readonly answered: number;
  /** Pongs that came while no ping was pending. */
  readonly unasked: number;
}

type Event<Timer extends string> = MessageEvent<Packet> | { readonly type: `timer.${Timer}` };
type Timer = "rest" | "late" | "think" | "silence";

const env = protocolEnv<Packet, Timer, number>;
const isKind = (event: Event<Timer>, kind: Packet["kind"]): boolean =>
  event.type === "message" && event.message.kind === kind;

/** Sends a packet with the present time. */
function sendNow(kind: Packet["kind"], { epoch_ms }: Input, system: object): void {
  env(system).send({ kind, time_ms: epoch_ms + Math.floor(env(system).now / MILLISECOND) });
}

/** Asks for a timer after a pause drawn from the input's range. */
function pause(name: Timer, { pause_ms: [least, most] }: Input, system: object): void {
  env(system).timer(name, (least + env(system).random() * (most - least)) * MILLISECOND);
}

export const clientMachine = setup({
  types: { context: {} as ClientContext, input: {} as ClientInput, events: {} as Event<"rest" | "late"> },
  guards: {
    isLastPong: ({ context, event }) => isKind(event, "pong") && context.answered + 1 === context.count,
    isPong: ({ event }) => isKind(event, "pong"),
  },
  actions: {
    ping: ({ context, system }) => sendNow("ping", context, system),
    awaitPong: ({ system }) => env(system).timer("late", TIMEOUT),
    hush: ({ system }) => env(system).cancel("late"),
    rest: ({ context, system }) => pause("rest", context, system),
    deliver: ({ context, system }) => env(system).deliver(context.answered),
    countPong: assign({ answered: ({ context }) => context.answered + 1 }),
    countUnasked: assign({ unasked: ({ context }) => context.unasked + 1 }),
  },
}).createMachine({
  id: "minip-client",
  context: ({ input }) => ({ ...input, answered: 0, unasked: 0 }),
  initial: "pinging",
  states: {
    pinging: {
      entry: ["ping", "awaitPong"],
      exit: "hush",
      on: {
        message: [
          { guard: "isLastPong", target: "done", actions: ["deliver", "countPong"] },
          { guard: "isPong", target: "resting", actions: ["deliver", "countPong"] },
        ],
        "timer.late": "unanswered",
      },
    },
    resting: {
      entry: "rest",
      on: { message: { guard: "isPong", actions: "countUnasked" }, "timer.rest": "pinging" },
    },
    done: { type: "final" },
    unanswered: { type: "final" },
  },
});

export const serverMachine = setup({
  types: { context: {} as Input, input: {} as Input, events: {} as Event<"think" | "silence"> },
  guards: { isPing: ({ event }) => isKind(event, "ping") },
  actions: {
    think: ({ context, system }) => pause("think", context, system),
    pong: ({ context, system }) => sendNow("pong", context, system),
    awaitPing: ({ system }) => env(system).timer("silence", TIMEOUT),
    hush: ({ system }) => env(system).cancel("silence"),
  },
}).createMachine({
  id: "minip-server",
  context: ({ input }) => input,
  initial: "idle",
  states: {
    idle: {
      entry: "awaitPing",
      exit: "hush",
      on: { message: { guard: "isPing", target: "pending" }, "timer.silence": "quiet" },
    },
    pending: { entry: "think", on: { "timer.think": { target: "idle", actions: "pong" } } },
    quiet: { type: "final" },
  },
});

export const client = defineProtocol({ name: "minip-client", codec, machine: clientMachine });
export const server = defineProtocol({ name: "minip-server", codec, machine: serverMachine });

export type ClientEnd = Endpoint<typeof clientMachine>;

export interface Game extends ClientInput {
  readonly url: string;
  readonly from: string;
  /** The server's pauses, where they differ. */
  readonly think_ms?: readonly [least: number, most: number];
}

/** A server at `url`, and a client that sends it pings from `from`. */
export function play({ open, scheduler }: Place, game: Game, over: (client: ClientEnd) => void): void {
  const opened = (address: string): Connector => {
    const connector = open(address);
    if (!connector.ok) throw new Error(connector.error.message);
    return connector.value;
  };
  const draws = (end: string): (() => number) => {
    const stream = new RandomStream(1, end, "pauses");
    return () => stream.uniform();
  };
  server.listen({
    connector: opened(game.url),
    scheduler,
    random: draws("server"),
    input: { epoch_ms: 0, pause_ms: game.think_ms ?? game.pause_ms },
    opened: (listener) => {
      const ended = (end: ClientEnd): void => {
        listener.stop();
        over(end);
      };
      const { url: peer } = listener;
      client.start({ connector: opened(game.from), scheduler, peer, random: draws("client"), input: game, ended });
    },
  });
}

function main(url: string): void {
  const network = url.startsWith("sim:") ? lossyNetwork(0) : null;
  const registry = createRegistry();
  const clock = network === null ? new MonotonicClock() : simClock(network.simulation);
  const scheduler = new Scheduler(clock);
  scheduler.attach();
  const open = (address: string): Outcome<Connector> => network?.open(address) ?? registry.open(address);
  const from = network === null ? "udp://127.0.0.1:0" : "sim://1-ff00:0:110,10.0.0.1";
  const epoch_ms = network === null ? Date.now() : 1_700_000_000_000;
  play({ open, scheduler }, { url, from, epoch_ms, pause_ms: [100, 500], count: 3 }, ({ state, context, counters }) => {
    const ms = (clock.now() / MILLISECOND).toFixed(1);
    console.log(`${ms} ms: ${state}, ${context.answered} pings answered: ${JSON.stringify(counters)}`);
  });
  network?.run(100 * SECOND);
}

if (process.argv[1] === import.meta.filename) main(process.argv[2] ?? "udp://127.0.0.1:0");
