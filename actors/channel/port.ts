/** What a listener and its associations share: packets of one flow, counted together whichever of them sends or takes them. */
import type { Departure } from "../../core/channel/association/egress.ts";
import type { Association, Surroundings } from "../../core/channel/association/association.ts";
import type { PathPast } from "../../core/channel/paths/types.ts";
import { statsOf } from "../../core/channel/recovery/stats.ts";
import type { EncodedLong } from "../../core/channel/crypto/long-packets.ts";
import { type Primitives, PURE_PRIMITIVES } from "../../core/channel/crypto/primitives.ts";
import { createClock, type LocalClock, localTime } from "../../core/clock.ts";
import type { Env } from "../../core/env.ts";
import { createPacket, type L4, type Packet, PAYLOAD_HEADER_BYTES } from "../../core/packet.ts";
import type { RandomStream } from "../../core/rng.ts";
import type { Nanos } from "../../core/units.ts";
import type { FlowEnds } from "../apps/datagram.ts";
import { createTally, type Tally } from "../apps/tally.ts";
import { type AssociationSeen, seeAssociation } from "./association-trace.ts";
import type { Way } from "./ways.ts";

export interface Port {
  /** Packets sent so far; also the number of the next one. */
  sent: number;
  readonly clock: LocalClock;
  readonly received: Tally;
  /** Bytes handed to applications; of those, at `measureFrom` or later. */
  delivered: number;
  measured: number;
  /** Packets that came marked "congestion experienced". */
  marked: number;
  /** Of associations that are over. */
  readonly past: SendingTotals;
}

/** What the sending sides of an association's paths counted together. */
export interface SendingTotals {
  /** Pieces of data sent again. */
  resent: number;
  spurious: number;
  probeTimeouts: number;
  congestionEvents: number;
}

export function createTotals(): SendingTotals {
  return { resent: 0, spurious: 0, probeTimeouts: 0, congestionEvents: 0 };
}

export function addTotals(totals: SendingTotals, { channels, paths }: Association): void {
  totals.resent += channels.resent;
  addPath(totals, paths.past);
  for (const { recovery } of paths.list) addPath(totals, statsOf(recovery));
}

export function addCounts(totals: SendingTotals, others: SendingTotals): void {
  totals.resent += others.resent;
  addPath(totals, others);
}

function addPath(totals: SendingTotals, { spurious, probeTimeouts, congestionEvents }: PathPast): void {
  totals.spurious += spurious;
  totals.probeTimeouts += probeTimeouts;
  totals.congestionEvents += congestionEvents;
}

export function createPort(measureFrom: Nanos): Port {
  return {
    sent: 0,
    clock: createClock(),
    received: createTally(measureFrom),
    delivered: 0,
    measured: 0,
    marked: 0,
    past: createTotals(),
  };
}

/** The engine's view of the actor's world, for one event. */
export class Around implements Surroundings {
  readonly now: Nanos;
  /** How the association was before the event; null: nothing is traced. */
  seen: AssociationSeen | null = null;
  readonly #env: Env;

  constructor(env: Env) {
    this.now = env.now;
    this.#env = env;
  }

  get primitives(): Primitives {
    return primitivesOf(this.#env);
  }

  random(purpose: string): RandomStream {
    return this.#env.random(purpose);
  }
}

/** What an event at an association begins with. */
export function around({ association }: { readonly association: Association }, env: Env): Around {
  const ctx = new Around(env);
  if (env.tracing) ctx.seen = seeAssociation(association);
  return ctx;
}

/** The world's own cryptography, where it has any (resource `channel/primitives`). */
function primitivesOf(env: Env): Primitives {
  return (env.resource("channel/primitives") as Primitives | undefined) ?? PURE_PRIMITIVES;
}

/** Sends what the engine made, by this way; answers the packet. */
export function sendOut(
  port: Port,
  ends: FlowEnds,
  way: Way,
  { rest, length }: Departure | EncodedLong,
  env: Env,
): Packet {
  const payloadLength = PAYLOAD_HEADER_BYTES + length;
  const packet = createPacket({
    trafficClass: ends.trafficClass,
    flowId: ends.flowId,
    dstIa: ends.dst.ia,
    srcIa: ends.src.ia,
    dstHost: ends.dst.host,
    srcHost: ends.src.host,
    path: way.path,
    currInf: way.currInf,
    currHf: way.currHf,
    l4: ends.l4,
    flow: ends.flow,
    number: port.sent++,
    sentAt: Math.max(0, localTime(port.clock, env.now)),
    payloadLength,
    rest,
    wireLength: way.header + payloadLength,
  });
  if (env.tracing) env.trace("app.send", packet);
  env.sendPacket(ends.way, packet, 0, 0);
  return packet;
}

/** The other end's address and port, as cookies are bound to them. */
export function peerOf({ srcIa, srcHost, l4 }: Packet): string {
  return `${srcIa},${srcHost},${portOf(l4)}`;
}

function portOf(l4: L4): number {
  return l4.kind === "udp" ? l4.srcPort : 0;
}
