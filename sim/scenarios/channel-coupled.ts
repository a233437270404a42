/**
 * A coupled flow of two paths beside flows of one path, in whole networks.
 *
 * Queues drop at random (RED), as in the analyses of RFC 6356 and of OLIA's paper: every packet is as likely to be lost as the next one. On
 * a drop-tail queue losses strike whoever's window grows when the queue is full, and two subflows in step with each other are struck
 * less than theory says; what they take then (1.1 to 1.5 of a share, by the jitter) tells more of the queue than of the controller.
 */
import type { LinkContext } from "../../actors/link.ts";
import type { ControllerName } from "../../core/channel/recovery/controller.ts";
import { RandomStream } from "../../core/rng.ts";
import type { BulkFlow, LinkDirection, NetworkLink } from "../../core/scenario.ts";
import { type Nanos, SECOND } from "../../core/units.ts";
import type { Simulation } from "../simulation.ts";
import { channelWorld, receivingSide, UNPACED } from "./channel-dumbbell.ts";
import { bulk, link, MS } from "./transport-worlds.ts";

export type Coupled = Extract<ControllerName, "lia" | "olia" | "newreno">;

export interface CoupledRun {
  /** Of the flow with two paths; `newreno`: each path by itself. */
  readonly controller: Coupled;
  readonly seed: number;
  /** Measured from `from` to `until`. */
  readonly from: Nanos;
  readonly until: Nanos;
}

/** 20 Mbit/s with RED from 15 to 75 packets. */
function redLine(latency_ns: Nanos): Partial<LinkDirection> {
  const red = { kind: "red", minimum_bytes: 22_500, maximum_bytes: 112_500, max_probability: 0.1, weight: 0.002 };
  return { rate_bps: 20_000_000, latency_ns, queue_packets: 200, discipline: { ...red, ecn: false } as never };
}

const WIDE = { rate_bps: 1_000_000_000, queue_packets: 10_000 };

/** One flow with both paths, and those with one. */
function flowsOf({ controller, seed }: CoupledRun, single: readonly Partial<BulkFlow>[]): BulkFlow[] {
  const starts = new RandomStream(seed, "coupled", "starts");
  const both = { ...UNPACED, controller, scheduler: "minrtt" as const, paths: 2 };
  const start = (): { start_ns: number } => ({ start_ns: starts.below(SECOND) });
  return [
    bulk("both", { channel: both, ...start() }),
    ...single.map((changes, n) => bulk(`one${n}`, { channel: UNPACED, ...start(), ...changes })),
  ];
}

/** Runs to `from` and on to `until`; answers how much more `read` finds then. */
function between({ from, until }: CoupledRun, world: Simulation, read: () => number[]): number[] {
  world.run(from);
  const before = read();
  world.run(until);
  return read().map((value, n) => value - (before[n] as number));
}

function worldOf(links: readonly NetworkLink[], flows: readonly BulkFlow[], { until, seed }: CoupledRun): Simulation {
  return channelWorld(links, flows, until, seed);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, one) => sum + one, 0) / values.length;
}

/** Two access lines into one bottleneck, three flows of one path beside it: what both paths carry, in shares of one flow. */
export function shareOfBottleneck(run: CoupledRun): number {
  const links = [
    link("1-1#1", "1-2#1", { ...WIDE, latency_ns: 5 * MS }),
    link("1-1#2", "1-2#2", { ...WIDE, latency_ns: 6 * MS }),
    link("1-2#3", "1-4#1", redLine(15 * MS)),
  ];
  const flows = flowsOf(
    run,
    [0, 1, 0].map((path) => ({ policy: { name: "pinned", params: { path } } })),
  );
  const world = worldOf(links, flows, run);
  const [both = 0, ...others] = between(run, world, () =>
    flows.map(({ id }) => receivingSide(world, id).port.delivered),
  );
  return both / mean(others);
}

export interface Beside {
  /** Of the line that the coupled flow has for itself. */
  readonly free: number;
  /** Bytes of the coupled flow on the other line, in shares of one of the four flows there. */
  readonly crowded: number;
}

/** Two bottlenecks, four flows of one path on the second, from where it begins. */
export function besideCongestion(run: CoupledRun): Beside {
  const links = [
    link("1-1#1", "1-2#1", { ...WIDE, latency_ns: MS }),
    link("1-2#2", "1-4#1", redLine(15 * MS)),
    link("1-1#2", "1-3#1", { ...WIDE, latency_ns: MS }),
    link("1-3#2", "1-4#2", redLine(15 * MS)),
  ];
  const flows = flowsOf(
    run,
    Array.from({ length: 4 }, () => ({ src: { ia: "1-3", host: "10.0.0.1" } })),
  );
  const world = worldOf(links, flows, run);
  const lines = ["1-2#2>1-4#1", "1-3#2>1-4#2"];
  const [free = 0, crowded = 0, ...others] = between(run, world, () => [
    ...lines.map((id) => world.read<LinkContext>(`link/${id}`).context.bytes),
    ...flows.slice(1).map(({ id }) => receivingSide(world, id).port.received.receivedBytes),
  ]);
  const line = (20e6 / 8) * ((run.until - run.from) / SECOND);
  return { free: free / line, crowded: (crowded - others.length * mean(others)) / mean(others) };
}

/** Mean and 95 % interval (normal approximation). */
export function interval(values: readonly number[]): {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
} {
  const middle = mean(values);
  const variance = values.reduce((sum, one) => sum + (one - middle) * (one - middle), 0) / (values.length - 1);
  const half = 1.96 * Math.sqrt(variance / values.length);
  return { mean: middle, low: middle - half, high: middle + half };
}
