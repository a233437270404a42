/** Bulk flows over channels on the dumbbell (`dumbbell` in transport-worlds.ts), and what is measured there. */
import { assemble } from "../../actors/assemble.ts";
import { associationId, listenerId } from "../../actors/assemble/channels.ts";
import type { AssociationContext, AssociationInput } from "../../actors/channel/association.ts";
import type { ListenerContext } from "../../actors/channel/listener.ts";
import type { LinkContext } from "../../actors/link.ts";
import { jain } from "../../actors/results.ts";
import type { ControllerName } from "../../core/channel/recovery/controller.ts";
import type { RecoveryOptions } from "../../core/channel/recovery/recovery.ts";
import { RandomStream } from "../../core/rng.ts";
import type { ChannelSpec, FlowSpec, NetworkLink } from "../../core/scenario.ts";
import { type Nanos, SECOND } from "../../core/units.ts";
import { Simulation } from "../simulation.ts";
import { bulk, dumbbell, MS, world } from "./transport-worlds.ts";

/** Modelled crypto, one path, no pacing, an acknowledgement every second packet, windows of flow control that never hold a sender up. */
export const UNPACED: ChannelSpec = {
  crypto: "modelled",
  keying: "channel",
  handshake: "xx",
  controller: "newreno",
  window_bytes: 0,
  pacing: false,
  scheduler: "single",
  paths: 1,
  reliability: "ordered",
  ack_every: 2,
  receive_window_bytes: 1e9,
  keep_alive_ns: 0,
  idle_timeout_ns: 0,
  ecn: false,
};

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

/** A world of flows over channels; `recovery`: options beyond those of scenarios. */
export function channelWorld(
  links: readonly NetworkLink[],
  flows: readonly FlowSpec[],
  until: Nanos,
  seed: number,
  recovery: Partial<RecoveryOptions> = {},
): Simulation {
  const base = assemble(world(links, flows, until, seed), { repeat: "npx ava sim/scenarios/" });
  const actors = base.actors.map((actor) => {
    if (actor.logic !== "association") return actor;
    const input = actor.input as AssociationInput;
    const { options } = input;
    const paths = { ...options.paths, recovery: { ...options.paths.recovery, ...recovery } };
    return { ...actor, input: { ...input, options: { ...options, paths } } };
  });
  return Simulation.create({ ...base, actors });
}

/** Flows `b0`, `b1`, ... each with one channel of endless data; their starts are drawn from the first second. */
export function dumbbellWorld(
  { controller, flows, seed, queue, until }: Omit<DumbbellRun, "from">,
  recovery: Partial<RecoveryOptions> = {},
): Simulation {
  const starts = new RandomStream(seed, "dumbbell", "starts");
  const channel = { ...UNPACED, controller };
  const specs = Array.from({ length: flows }, (_, n) => bulk(`b${n}`, { channel, start_ns: starts.below(SECOND) }));
  return channelWorld(dumbbell(queue), specs, until, seed, recovery);
}

export function sendingSide(simulation: Simulation, flow: string): AssociationContext {
  return simulation.read<AssociationContext>(associationId(flow)).context;
}

export function receivingSide(simulation: Simulation, flow: string): ListenerContext {
  return simulation.read<ListenerContext>(listenerId(flow)).context;
}

/** Sums over all flows and the bottleneck, to be subtracted from one another. */
function sums(simulation: Simulation, flows: number) {
  const each = Array.from({ length: flows }, (_, n) => n);
  const ports = each.map((n) => receivingSide(simulation, `b${n}`).port);
  const sinks = ports.map(({ received }) => received);
  const narrow = simulation.read<LinkContext>("link/1-2#2>1-3#1").context;
  return {
    delivered: ports.map(({ delivered }) => delivered),
    packets: sinks.reduce((sum, { latency }) => sum + latency.count, 0),
    delay: sinks.reduce((sum, { latency }) => sum + latency.sum, 0),
    sent: each.reduce((sum, n) => sum + sendingSide(simulation, `b${n}`).port.sent, 0),
    answers: ports.reduce((sum, port) => sum + port.sent, 0),
    drops: narrow.drops,
    bytes: narrow.bytes,
  };
}

/** Line of 100 Mbit/s: time of a packet of 1500 B, and a way through without any queue (access lines of 1 Gbit/s). */
const SLOT: Nanos = 120_000;
const EMPTY: Nanos = 10 * MS + SLOT + 2 * 12_000;

/** `sent`: packets of both directions in the whole run. */
export function dumbbellFigures(
  run: DumbbellRun,
): DumbbellFigures & { readonly simulation: Simulation; readonly sent: number } {
  const { flows, from, until } = run;
  const simulation = dumbbellWorld(run);
  simulation.run(from);
  const before = sums(simulation, flows);
  simulation.run(until);
  const after = sums(simulation, flows);
  return {
    simulation,
    sent: after.sent + after.answers,
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
