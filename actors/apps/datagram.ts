/** What every sending application shares: the ends of its flow, its clock, and packets made of them. */
import type { IA } from "../../core/address.ts";
import type { Nanos } from "../../core/units.ts";
import { type ClockSet, createClock, type LocalClock, localTime, setClock } from "../../core/clock.ts";
import type { ActorIndex, ControlEvent, Env } from "../../core/env.ts";
import { createPacket, type L4, type Packet, setPath } from "../../core/packet.ts";
import type { PacketPath } from "../../core/path.ts";
import type { ReturnWay } from "../../core/forwarding/reverse.ts";
import { wayBack } from "../answer.ts";
import type { Present } from "../with-packet-handler.ts";

export interface HostAddress {
  readonly ia: IA;
  readonly host: string;
}

/** One direction of a flow. */
export interface FlowEnds {
  /** Who takes packets first: a selector, or the router where packets carry their way already. */
  readonly way: ActorIndex;
  readonly src: HostAddress;
  readonly dst: HostAddress;
  readonly l4: L4;
  /** In every payload: the number of the flow, or of its replies. */
  readonly flow: number;
  readonly flowId: number;
  readonly trafficClass: number;
}

/** Context of whatever sends. */
export interface Sending {
  readonly ends: FlowEnds;
  /** Packets so far. */
  sent: number;
  /** Number of the first one: above 0 where the application begins late, and another like it has sent before. */
  first: number;
  readonly clock: LocalClock;
}

export function createSending(ends: FlowEnds): Sending {
  return { ends, sent: 0, first: 0, clock: createClock() };
}

/** A packet of the flow, stamped by the host's clock; the path and with it the length on the wire come from the selector. */
export function createDatagram(app: Sending, payloadLength: number, rest: Uint8Array | null, env: Env): Packet {
  const { ends } = app;
  const number = app.first + app.sent++;
  return createPacket({
    trafficClass: ends.trafficClass,
    flowId: ends.flowId,
    dstIa: ends.dst.ia,
    srcIa: ends.src.ia,
    dstHost: ends.dst.host,
    srcHost: ends.src.host,
    path: null,
    currInf: 0,
    currHf: 0,
    l4: ends.l4.kind === "scmp.echo" ? { ...ends.l4, sequence: number & 0xffff } : ends.l4,
    flow: ends.flow,
    number,
    sentAt: Math.max(0, localTime(app.clock, env.now)),
    payloadLength,
    rest,
    wireLength: 0,
  });
}

/** A fork's change: another interval between what is sent (of Poisson flows, another mean). */
export interface RateSet extends ControlEvent {
  readonly type: "rate.set";
  readonly interval: Nanos;
}

/** What is due at start + n * interval. */
export interface Pace {
  start: Nanos;
  interval: Nanos;
}

/** What is due next, after `turns`, comes when it was due; those behind it follow at the new interval. */
export function changePace(pace: Pace, turns: number, interval: Nanos): void {
  pace.start += turns * (pace.interval - interval);
  pace.interval = interval;
}

/**
 * Asks for `timer.start` at the time the flow begins, or, where that is over since a part of a live run was started again, when the next of
 * what is sent every `interval` is due: what should have been sent by now is passed over, and keeps its numbers.
 * @returns that time.
 */
export function awaitTurn(app: Sending & { readonly start: Nanos; readonly interval: Nanos }, env: Env): Nanos {
  const { start, interval } = app;
  if (env.now > start) app.first = Math.ceil((env.now - start) / interval);
  const turn = start + app.first * interval;
  awaitStart({ start: turn }, env);
  return turn;
}

/** Asks for `timer.start` at the time the flow begins. */
export function awaitStart({ start }: { readonly start: Nanos }, env: Env): void {
  env.send(env.self, { type: "timer.start" }, Math.max(0, start - env.now));
}

export function sendDatagram(app: Sending, packet: Packet, env: Env): void {
  if (env.tracing) env.trace("app.send", packet);
  env.sendPacket(app.ends.way, packet, 0, 0);
}

/** The way back by which a packet came, and the bytes of headers on it. */
export interface Back extends ReturnWay {
  readonly header: number;
  /** The path that was turned round: packets of a flow share theirs. */
  readonly cameBy: PacketPath | null;
}

/** null where answers find their own way. `last`: what this answered for the packet before. */
export function backOf(reply: "reverse" | "select", packet: Packet, last: Back | null): Back | null {
  if (reply === "select") return null;
  const header = packet.wireLength - packet.payloadLength;
  if (last !== null && last.cameBy === packet.path && last.header === header) return last;
  return { ...wayBack(packet), header, cameBy: packet.path };
}

export function takeBack(packet: Packet, back: Back | null): Packet {
  if (back === null) return packet;
  setPath(packet, back.path, back.currInf, back.currHf);
  packet.wireLength = back.header + packet.payloadLength;
  return packet;
}

/** Handles `rate.set` where what is due next is noted by itself. */
export function onIntervalSet(
  { context }: Present<{ interval: Nanos }>,
  event: ControlEvent,
  _env: Env,
): ControlEvent | undefined {
  context.interval = (event as RateSet).interval;
  return undefined;
}

/** Handles `clock.set`: the clock of the AS jumps or drifts, and with it what the application writes and reads. */
export function onClockSet(
  state: Present<{ readonly clock: LocalClock }>,
  event: ControlEvent,
  env: Env,
): ControlEvent | undefined {
  setClock(state.context.clock, event as ClockSet, env.now);
  return undefined;
}
