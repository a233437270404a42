/**
 * SCION packets of 1,200 bytes through one live router on loopback, against a bare loop of `node:dgram` that receives and sends the
 * same packets on sockets with the same options: in turns, so that both meet the same machine. What a neighbour sends and takes back
 * is a thread of its own. Then how late a world is that sends 5,000 packets a second.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import * as Effect from "effect/Effect";
import type { Assembly } from "../actors/assembly.ts";
import { assemble } from "../actors/assemble.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { hashText, hexHash } from "../core/digest.ts";
import { createHistogram, type Histogram, record } from "../core/histogram.ts";
import { FLOW_DEFAULTS, type Scenario } from "../core/scenario.ts";
import { MICROSECOND, MILLISECOND, type Nanos } from "../core/units.ts";
import { copyPacket, type Packet } from "../core/packet.ts";
import { encodePacket } from "../core/wire/codec.ts";
import { MonotonicClock } from "../live/clock.ts";
import { LiveWorld } from "../live/driver.ts";
import { latenessFigures } from "../live/lateness.ts";
import { runLive } from "../live/run.ts";
import { bindUnderlay } from "../live/underlay/bind.ts";
import { type PlacePlan, planUnderlay } from "../live/underlay/plan.ts";
import { openSocket } from "../live/underlay/socket.ts";
import { HONEST, quietRow } from "../sim/crafted-packets.ts";
import { type Bench, type BenchResult, median, peakRssMb } from "./bench.ts";
import type { LoadAnswer, LoadInput, LoadOrder } from "./live-forward-load.ts";

const SIZE = 1_200;
/** Distinct packets, each as often as it takes. */
const PACKETS = 256;
/** Packets under way at once where rates are measured; one where delays are. */
const WINDOW = 64;
const SIZES = { small: { rounds: 1, ms: 150, late_ms: 200 }, large: { rounds: 7, ms: 1_500, late_ms: 5_000 } };
/** 5,000 packets a second. */
const INTERVAL: Nanos = 200 * MICROSECOND;
const ROUTER = "1-2";
/** Measurements beyond the rounds, until every packet has come back once. */
const MOST_MORE = 20;
/** Of the test world's router: any that other processes' will hardly be. */
const BASE_PORT = 20_000 + (process.pid % 8_000);

/** Packets of the honest neighbour, each with its number. */
function packetsOf(): { packets: Uint8Array; numberAt: number } {
  const model = HONEST[0] as Packet;
  const packets = new Uint8Array(new SharedArrayBuffer(PACKETS * SIZE));
  const payloadLength = model.payloadLength + SIZE - model.wireLength;
  for (let number = 0; number < PACKETS; number++) {
    const packet = Object.assign(copyPacket(model), {
      flow: 0,
      number,
      sentAt: number,
      payloadLength,
      wireLength: SIZE,
    });
    packets.set(encodePacket(packet), number * SIZE);
  }
  return { packets, numberAt: SIZE - payloadLength + 8 };
}

class Neighbours {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  static async start(workerData: LoadInput): Promise<Neighbours> {
    const worker = new Worker(new URL("./live-forward-load.ts", import.meta.url), { workerData });
    await once(worker, "message");
    return new Neighbours(worker);
  }

  async measure(order: LoadOrder): Promise<LoadAnswer> {
    this.#worker.postMessage(order);
    const [answer] = (await once(this.#worker, "message")) as [LoadAnswer];
    return answer;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

interface Measured {
  /** Of this thread alone, microseconds a packet. */
  readonly cpu: { readonly live: readonly number[]; readonly bare: readonly number[] };
  readonly rates: { readonly live: readonly number[]; readonly bare: readonly number[] };
  readonly delays: { readonly live: Float64Array; readonly bare: Float64Array };
  readonly hash: string;
  readonly forwarded: number;
}

const WHOLE_RUN: Nanos = 3_600_000 * MILLISECOND;

/** One router, whose neighbours are somebody else's. */
function routerAlone(): Assembly {
  const { scenario } = quietRow();
  return assemble(scenario as Scenario, { repeat: "npm run bench -- live-forward", shaping: "none" });
}

const measureAll = Effect.fnUntraced(function* (size: "small" | "large") {
  const { rounds, ms } = SIZES[size];
  const assembly = routerAlone();
  const world = new LiveWorld(assembly, { foreign: ["1-1", "1-3"] });
  const plan = planUnderlay(assembly.scenario as Scenario, { fixedPorts: BASE_PORT });
  const ends = yield* bindUnderlay(plan, (place) => world.isHere(place));
  for (const { place, ifId, socket, remote } of ends) world.attach(place, ifId, socket, remote);
  const [before, , after] = plan.places as [PlacePlan, PlacePlan, PlacePlan];
  const [from, back] = [before.links[0]?.local as Endpoint, after.links[0]?.local as Endpoint];
  const neighbours = yield* Effect.acquireRelease(
    Effect.promise(() => Neighbours.start({ ...packetsOf(), size: SIZE, from, back })),
    (started) => Effect.promise(() => started.end()),
  );
  const bare = yield* bareLoop(back);
  const live = world.socketOf(ROUTER, 1).local;
  const ended = new Promise<unknown>((done) => world.start(new MonotonicClock(), WHOLE_RUN, done));
  const measured = yield* Effect.promise(() => inTurns(neighbours, { live, bare }, rounds, ms));
  world.finish();
  const failure = yield* Effect.promise(() => ended);
  if (failure !== null) throw failure;
  return { ...measured, forwarded: world.counters.sent };
});

/** Receives, and sends to `back` what it received. */
function bareLoop(back: Endpoint) {
  const open = Effect.promise(async () => {
    const [inside, outside] = [openSocket(back), openSocket(back)];
    for (const socket of [inside, outside]) {
      const listening = once(socket, "listening");
      socket.bind(0, "127.16.0.2");
      await listening;
    }
    inside.on("message", (bytes) => outside.send(bytes, back.port, back.address));
    return { inside, outside };
  });
  const closed = ({ inside, outside }: Effect.Success<typeof open>) =>
    Effect.sync(() => {
      inside.close();
      outside.close();
    });
  return Effect.map(Effect.acquireRelease(open, closed), ({ inside }): Endpoint => {
    const { address, port } = inside.address();
    return { address, port };
  });
}

async function inTurns(
  neighbours: Neighbours,
  to: { readonly live: Endpoint; readonly bare: Endpoint },
  rounds: number,
  ms: number,
): Promise<Omit<Measured, "forwarded">> {
  const rates = { live: [] as number[], bare: [] as number[] };
  const cpu = { live: [] as number[], bare: [] as number[] };
  // Once each, so that both are compiled.
  for (const side of [to.live, to.bare]) await neighbours.measure({ to: side, window: WINDOW, ms });
  const hashes = Array.from({ length: PACKETS }, (): string | null => null);
  const note = (found: LoadAnswer["hashes"]): void => found.forEach((one, at) => void (hashes[at] ??= one));
  for (let round = 0; round < rounds; round++) {
    for (const side of ["live", "bare"] as const) {
      const before = process.threadCpuUsage();
      const answer = await neighbours.measure({ to: to[side], window: WINDOW, ms });
      const { received, seconds } = answer;
      rates[side].push(received / seconds);
      const { user, system } = process.threadCpuUsage(before);
      cpu[side].push((user + system) / received);
      if (side === "live") note(answer.hashes);
    }
  }
  // On a machine that gives the router no turn, some of them take longer.
  for (let more = 0; more < MOST_MORE && hashes.includes(null); more++)
    note((await neighbours.measure({ to: to.live, window: WINDOW, ms })).hashes);
  const alone = { window: 1, ms };
  const live = await neighbours.measure({ to: to.live, ...alone });
  const bare = await neighbours.measure({ to: to.bare, ...alone });
  return { rates, cpu, delays: { live: live.delays, bare: bare.delays }, hash: hashOf(hashes) };
}

/** Of every packet as it came back: the same whatever the order, and however many came. */
function hashOf(hashes: readonly (string | null)[]): string {
  if (hashes.includes(null)) throw new Error(`${hashes.filter((one) => one === null).length} packets never came back`);
  return hexHash(hashText(hashes.join(" ")));
}

function quantileUs(sorted: Float64Array, q: number): number {
  return (
    Math.round(((sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] as number) / MICROSECOND) * 10) / 10
  );
}

/** 5,000 packets of 1,200 bytes a second over one link. */
function busyWorld(late_ms: number): Assembly {
  const quiet = quietRow().scenario as Scenario;
  const flow = {
    ...FLOW_DEFAULTS,
    id: "busy",
    app: "constant-rate" as const,
    src: { ia: "1-1", host: "10.0.0.1" },
    dst: { ia: "1-2", host: "10.0.0.1" },
    policy: { name: "shortest", params: {} },
    start_ns: 0,
    stop_ns: late_ms * MILLISECOND,
    interval_ns: INTERVAL,
    packet_size: SIZE,
  };
  return assemble({ ...quiet, flows: [flow] }, { repeat: "npm run bench -- live-forward" });
}

/** How late an empty loop is that wakes as often: what the machine adds by itself. */
function idleLateness(late_ms: number): Promise<Histogram> {
  const lateness = createHistogram();
  const clock = new MonotonicClock();
  const until = late_ms * MILLISECOND;
  return new Promise((done) => {
    const wake = (due: Nanos): void =>
      clock.wake(due, () => {
        const now = clock.now();
        if (now < due) wake(due);
        else {
          record(lateness, now - due);
          if (due >= until) done(lateness);
          else wake(due + INTERVAL);
        }
      });
    wake(INTERVAL);
  });
}

export const liveForwardBench: Bench = {
  name: "live-forward",
  about: "packets of 1,200 B through one live router on loopback, and through a bare loop of node:dgram",
  run: async (size): Promise<BenchResult> => {
    const cpu = process.cpuUsage();
    const begin = process.hrtime.bigint();
    const { rates, cpu: each, delays, hash, forwarded } = await Effect.runPromise(Effect.scoped(measureAll(size)));
    const { late_ms } = SIZES[size];
    const duration = late_ms * MILLISECOND;
    const idle = latenessFigures(await idleLateness(late_ms));
    const late = latenessFigures((await Effect.runPromise(runLive(busyWorld(late_ms), { duration }))).lateness);
    const wall_s = Number(process.hrtime.bigint() - begin) / 1e9;
    const { user, system } = process.cpuUsage(cpu);
    const ratios = rates.live.map((rate, round) => rate / (rates.bare[round] as number));
    return {
      name: "live-forward",
      rate: median(rates.live),
      unit: "packets/s",
      hash,
      wall_s,
      cpu_s: (user + system) / 1e6,
      peak_rss_mb: peakRssMb(),
      node: process.version,
      more: {
        bare: Math.round(median(rates.bare)),
        ratio: Number(median(ratios).toFixed(3)),
        cpu_us_live: Number(median(each.live).toFixed(2)),
        cpu_us_bare: Number(median(each.bare).toFixed(2)),
        forwarded,
        added_p50_us: Number((quantileUs(delays.live, 0.5) - quantileUs(delays.bare, 0.5)).toFixed(1)),
        added_p99_us: Number((quantileUs(delays.live, 0.99) - quantileUs(delays.bare, 0.99)).toFixed(1)),
        idle_late_p99_us: Math.round(idle.p99 ?? 0),
        late_p50_us_at_5000: Math.round(late.p50 ?? 0),
        late_p99_us_at_5000: Math.round(late.p99 ?? 0),
      },
    };
  },
};
