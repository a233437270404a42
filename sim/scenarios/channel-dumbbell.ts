/** Bulk flows over channels on the dumbbell (`dumbbell` in transport-worlds.ts), and what is measured there. */
import type { AssociationContext } from "../../actors/channel/association.ts";
import type { ListenerContext } from "../../actors/channel/listener.ts";
import type { LinkContext } from "../../actors/link.ts";
import { jain } from "../../actors/results.ts";
import type { AssociationOptions } from "../../core/channel/association/association.ts";
import type { ControllerName } from "../../core/channel/recovery/controller.ts";
import { RandomStream } from "../../core/rng.ts";
import type { NetworkLink } from "../../core/scenario.ts";
import { type Nanos, SECOND } from "../../core/units.ts";
import { channelAssembly } from "../channel-worlds.ts";
import { Simulation } from "../simulation.ts";
import { bulk, dumbbell, MS, world } from "./transport-worlds.ts";

/** More than any run writes, and windows that never hold a sender up. */
export const ENDLESS = 1e12;
const WIDE = { channel: 1e9, association: 1e10 };

export interface DumbbellRun {
  readonly controller: ControllerName;
  /** Packets that the bottleneck's queue holds. */
  readonly queue: number;
  readonly flows: number;
  readonly seed: number;
  /** Measured from `from` to `until`. */
  readonly from: Nanos;
  readonly until: Nanos;
}

export interface DumbbellFigures {
  readonly utilisation: number;
  /** Packets dropped of those sent. */
  readonly loss: number;
  readonly jain: number;
  /** Packets waiting or being sent when one arrives. */
  readonly meanQueue: number;
}

/** Options of both ends: modelled crypto, no pacing, windows unlimited. */
export function unpaced(recovery: NonNullable<AssociationOptions["paths"]["recovery"]>): Partial<AssociationOptions> {
  return {
    crypto: "modelled",
    windows: WIDE,
    paths: { scheduler: "single", maxPaths: 1, recovery: { pacing: false, ...recovery } },
  };
}

/** Flows `b0`, `b1`, ... each with one channel of endless data; their starts are drawn from the first second. */
export function dumbbellWorld(
  { flows, seed, queue, until }: Pick<DumbbellRun, "flows" | "seed" | "queue" | "until">,
  options: Partial<AssociationOptions>,
  links: readonly NetworkLink[] = dumbbell(queue),
): Simulation {
  const starts = new RandomStream(seed, "dumbbell", "starts");
  const specs = Array.from({ length: flows }, (_, n) => bulk(`b${n}`, { start_ns: flows === 1 ? 0 : starts.below(SECOND) }));
  const scenario = world(links, specs, until, seed);
  const script = { channels: [{ options: {}, bytes: ENDLESS }], finish: false };
  return Simulation.create(channelAssembly(scenario, options, script));
}

export function sendingSide(simulation: Simulation, flow: number): AssociationContext {
  return simulation.read<AssociationContext>(`association/b${flow}`).context;
}

/** Sums over all flows and the bottleneck, to be subtracted from one another. */
function sums(simulation: Simulation, flows: number) {
  const each = Array.from({ length: flows }, (_, n) => n);
  const sinks = each.map((n) => simulation.read<ListenerContext>(`listener/b${n}`).context.port.received);
  const narrow = simulation.read<LinkContext>("link/1-2#2>1-3#1").context;
  return {
    delivered: each.map((n) => simulation.read<AssociationContext>(`listener/b${n}/0`).context.delivered),
    packets: sinks.reduce((sum, { latency }) => sum + latency.count, 0),
    delay: sinks.reduce((sum, { latency }) => sum + latency.sum, 0),
    sent: each.reduce((sum, n) => sum + sendingSide(simulation, n).port.sent, 0),
    drops: narrow.drops,
    bytes: narrow.bytes,
  };
}

/** Line of 100 Mbit/s: time of a packet of 1500 B, and a way through without any queue (access lines of 1 Gbit/s). */
const SLOT: Nanos = 120_000;
const EMPTY: Nanos = 10 * MS + SLOT + 2 * 12_000;

export function dumbbellFigures(run: DumbbellRun): DumbbellFigures & { readonly simulation: Simulation } {
  const { flows, from, until, controller } = run;
  const simulation = dumbbellWorld(run, unpaced({ controller }));
  simulation.run(from);
  const before = sums(simulation, flows);
  simulation.run(until);
  const after = sums(simulation, flows);
  return {
    simulation,
    utilisation: ((after.bytes - before.bytes) * 8) / (((until - from) / SECOND) * 100e6),
    jain: jain(after.delivered.map((bytes, n) => bytes - (before.delivered[n] as number))) as number,
    loss: (after.drops - before.drops) / (after.sent - before.sent),
    meanQueue: ((after.delay - before.delay) / (after.packets - before.packets) - EMPTY) / SLOT,
  };
}

/** Real Linux TCP over the same bottleneck: kernel stack, 60 s, the time after the first 10 s. */
export const LINUX = [
  { controller: "newreno", queue: 100, utilisation: 0.9965, loss: 0.0043, meanQueue: 61.7 },
  { controller: "newreno", queue: 170, utilisation: 1, loss: 0.0028, meanQueue: 120 },
  { controller: "cubic", queue: 100, utilisation: 1, loss: 0.0028, meanQueue: 81.7 },
  { controller: "cubic", queue: 170, utilisation: 1, loss: 0.0018, meanQueue: 147 },
] as const;

/** What is not as Linux has it: utilisation within 1 point, loss within a factor of 1.5, mean queue within 15 %, Jain at least `fair`. */
export function misses(found: DumbbellFigures, linux: Omit<DumbbellFigures, "jain">, fair: number): string[] {
  const { utilisation, loss, jain: fairness, meanQueue } = found;
  const missed: string[] = [];
  if (!(Math.abs(utilisation - linux.utilisation) <= 0.01)) missed.push(`utilisation ${utilisation}`);
  if (!(loss <= 1.5 * linux.loss && loss >= linux.loss / 1.5)) missed.push(`loss ${loss}`);
  if (!(Math.abs(meanQueue / linux.meanQueue - 1) <= 0.15)) missed.push(`mean queue ${meanQueue}`);
  if (!(fairness >= fair)) missed.push(`Jain ${fairness}`);
  return missed;
}
