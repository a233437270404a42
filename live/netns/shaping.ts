/**
 * What of a link's model the kernel takes over (`--shape kernel`), and the `tc` commands for it. The rest stays with the link actor.
 *
 *   netem and tbf   netem: fixed delay, jitter where packets may overtake, single losses; tbf below it: rate and queue
 *   netem alone     all of it in netem
 *   tbf alone       rate and queue; delay and loss: the link actor
 *   neither         all of it: the link actor
 *
 * Rates that change, queue disciplines, two bounds at once, and queues longer than a socket's buffer stay with the actor altogether;
 * bursts of loss and other kinds of jitter with what belongs to them. Faults always strike in the link actor, where they are counted
 * and recorded; the device stays up.
 */
import type { Shaping } from "../../actors/assemble/network.ts";
import { formatInterface } from "../../core/address.ts";
import type { LinkDirection, LinkEnd, Network } from "../../core/scenario.ts";
import { MICROSECOND, type Bytes, SECOND } from "../../core/units.ts";
import { type DevicePlan, FRAME_HEADER, type NamespacePlan, UDP_HEADERS } from "./plan.ts";
import { removeNamespaces, reserveNamespaces } from "./reserve.ts";
import { run } from "./system.ts";

/** Queueing disciplines that the kernel has, found out by trying. */
export interface KernelAbilities {
  readonly netem: boolean;
  readonly tbf: boolean;
}

/** The sending end of a link in its namespace. */
export interface Shaped {
  readonly place: number;
  readonly device: string;
  /** `IA#ifId` */
  readonly id: string;
  /** What is left to the link actor. */
  readonly actor: Shaping;
  readonly commands: readonly string[];
}

/** By place. */
export type ShapingCommands = ReadonlyMap<number, readonly string[]>;

/** The kernel counts frames, the model SCION packets: both headers are left out of its sums. */
const OVERHEAD = -(UDP_HEADERS + FRAME_HEADER);
/** Packets that wait in a kernel's queue stand in the socket's buffer, too: with usual bounds that holds so many. */
const MOST_QUEUED = 160;
/** Packets in netem that wait for their time, or for a line without a bound. */
const NO_BOUND = 100_000;
/** A bucket is at least as large as a packet, and as what the line sends in this time: timers are not finer. */
const BURST_S = 0.0005;

/** Tries them in a namespace of its own. Throws `NamespaceError`. */
export function kernelAbilities(): KernelAbilities {
  const [name = ""] = reserveNamespaces(1);
  try {
    const tries = (...qdisc: string[]): boolean =>
      run("tc", ["qdisc", "replace", "dev", "lo", "root", ...qdisc], { namespace: name }).ok;
    return {
      tbf: tries("tbf", "rate", "10mbit", "burst", "10k", "limit", "100k"),
      netem: tries("netem", "delay", "1ms"),
    };
  } finally {
    removeNamespaces([name]);
  }
}

/** Every direction of the network's links. */
export function shapeNetwork(network: Network, { links }: NamespacePlan, has: KernelAbilities): Shaped[] {
  return network.links.flatMap(({ a, b, ab, ba }, n) => {
    const [first, second] = links[n] as (typeof links)[number];
    return [shapeEnd(a, first, ab, has), shapeEnd(b, second, ba, has)];
  });
}

function shapeEnd({ ia, ifId }: LinkEnd, end: DevicePlan, direction: LinkDirection, has: KernelAbilities): Shaped {
  const { place, device, mtu } = end;
  return { place, device, id: formatInterface(ia, ifId), ...shapeDirection(direction, has, device, mtu) };
}

export function commandsByPlace(shaped: readonly Shaped[]): ShapingCommands {
  const byPlace = Map.groupBy(shaped, ({ place }) => place);
  return new Map([...byPlace].map(([place, ends]) => [place, ends.flatMap(({ commands }) => commands)]));
}

/** `mtu`: of the device, without the frame's header. */
export function shapeDirection(
  direction: LinkDirection,
  has: KernelAbilities,
  device: string,
  mtu: Bytes,
): Pick<Shaped, "actor" | "commands"> {
  if (!kernelHasLine(direction, has)) return { actor: "model", commands: [] };
  const limited = direction.rate_bps > 0;
  if (!has.netem || !netemHasDelay(direction)) {
    return limited
      ? { actor: "delay", commands: line(direction, device, "root", mtu) }
      : { actor: "model", commands: [] };
  }
  const rest = netemDelay(direction);
  const separate = limited && has.tbf;
  if (!limited && rest === "") return { actor: "none", commands: [] };
  const root = `qdisc replace dev ${device} root handle 1: netem limit`;
  if (!separate) {
    const rate = limited ? ` ${netemRate(direction)}` : "";
    return { actor: "none", commands: [`${root} ${netemLimit(direction, mtu)}${rest}${rate}`] };
  }
  return {
    actor: "none",
    commands: [`${root} ${NO_BOUND}${rest}`, ...line(direction, device, "parent 1:1", mtu)],
  };
}

/** Can the kernel have the direction's rate and queue? */
function kernelHasLine(direction: LinkDirection, has: KernelAbilities): boolean {
  const { rate_bps, schedule, discipline, queue_packets, queue_bytes } = direction;
  if (!has.netem && !has.tbf) return false;
  if (schedule !== null || discipline.kind !== "drop-tail") return false;
  if (rate_bps === 0) return true;
  if (!Number.isInteger(rate_bps)) return false;
  if (!has.tbf) return netemHasDelay(direction) && queue_packets > 0 && queue_bytes === 0;
  if (queue_packets > 0 && queue_bytes > 0) return false;
  if (queue_packets === 0 && queue_bytes === 0) return false;
  // Where netem comes first, it has taken the packets off the socket's account.
  return (has.netem && netemHasDelay(direction)) || Math.max(queue_packets, queue_bytes / 1_000) <= MOST_QUEUED;
}

/** netem lets packets with less jitter overtake, and its bursts of loss go by packets, ours by time. */
function netemHasDelay({ delay, burst, reorder }: LinkDirection): boolean {
  if (burst !== null) return false;
  return delay.kind === "fixed" || (delay.kind === "uniform" && reorder);
}

function netemDelay({ latency_ns, delay, loss }: LinkDirection): string {
  const jitter = delay.kind === "uniform" ? ` ${micros(delay.width_ns)}` : "";
  const late = latency_ns > 0 || jitter !== "" ? ` delay ${micros(latency_ns)}${jitter}` : "";
  return loss > 0 ? `${late} loss ${(loss * 100).toFixed(6)}%` : late;
}

function netemRate({ rate_bps }: LinkDirection): string {
  return `rate ${rate_bps}bit ${OVERHEAD}`;
}

/** In netem those that wait and those that fly stand in one queue. */
function netemLimit({ rate_bps, queue_packets, latency_ns }: LinkDirection, mtu: Bytes): number {
  if (rate_bps === 0) return NO_BOUND;
  const flying = Math.ceil(((rate_bps / 8) * (latency_ns / SECOND)) / mtu);
  return queue_packets + 1 + flying;
}

/** The bucket and its queue; the packet that waits for its tokens stands in the queue, and does not count. */
function line(
  { rate_bps, queue_packets, queue_bytes }: LinkDirection,
  device: string,
  at: string,
  mtu: Bytes,
): string[] {
  const burst = Math.max(mtu + FRAME_HEADER, Math.ceil((rate_bps / 8) * BURST_S));
  const queue = queue_packets > 0 ? `pfifo limit ${queue_packets + 1}` : `bfifo limit ${queue_bytes + mtu}`;
  const tbf = `tbf rate ${rate_bps}bit burst ${burst} limit ${burst + mtu * NO_BOUND}`;
  return [
    `qdisc replace dev ${device} ${at} handle 2: stab overhead ${OVERHEAD} ${tbf}`,
    `qdisc replace dev ${device} parent 2: handle 3: ${queue}`,
  ];
}

function micros(ns: number): string {
  return `${ns / MICROSECOND}us`;
}
