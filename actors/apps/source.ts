/**
 * Sends packets at even intervals: constant rate over UDP, or pings (SCMP echo) that count their replies.
 *
 *            timer.start             stop reached
 *   waiting -------------> sending -----------------> finished
 *                          timer.send: one packet, and the next timer
 *
 * Packets are due at start + n * interval, whatever delays the timer: in the live world a late packet shifts none that follow, and
 * as many are sent as in virtual time.
 */
import { setup } from "xstate";
import type { IA } from "../../core/address.ts";
import type { ActorIndex, ControlEvent, Env } from "../../core/env.ts";
import { createPacket, type L4, type Packet } from "../../core/packet.ts";
import type { Nanos } from "../../core/units.ts";
import { envOf } from "../registry.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";
import { createTally, type Tally, tally } from "./tally.ts";

export interface Endpoint {
  readonly ia: IA;
  readonly host: string;
}

export interface SourceInput {
  readonly selector: ActorIndex;
  readonly src: Endpoint;
  readonly dst: Endpoint;
  /** Header of every packet; for pings an echo request, whose sequence number follows the packet number. */
  readonly l4: L4;
  /** Number of the flow, in every payload. */
  readonly flow: number;
  readonly flowId: number;
  readonly payloadLength: number;
  readonly start: Nanos;
  readonly stop: Nanos;
  readonly interval: Nanos;
  /** Round-trip times are counted from then on. */
  readonly measureFrom: Nanos;
}

/** The tally is of replies to pings. */
export interface SourceContext extends SourceInput, Tally {
  sent: number;
}

const TIMER_SEND: ControlEvent = { type: "timer.send" };

const sourceMachine = setup({
  types: {
    context: {} as SourceContext,
    events: {} as { type: "timer.start" } | { type: "timer.send" } | { type: "stop.reached" },
    input: {} as SourceInput,
  },
  actions: {
    awaitStart: ({ context, system }) => {
      const env = envOf(system);
      env.send(env.self, { type: "timer.start" }, Math.max(0, context.start - env.now));
    },
    startSending: ({ system }) => void envOf(system).send(envOf(system).self, TIMER_SEND, 0),
  },
}).createMachine({
  id: "source",
  context: ({ input }) => ({ ...input, sent: 0, ...createTally(input.measureFrom) }),
  initial: "waiting",
  states: {
    waiting: { entry: "awaitStart", on: { "timer.start": { target: "sending", actions: "startSending" } } },
    sending: { on: { "stop.reached": "finished" } },
    finished: {},
  },
});

/** A reply to a ping comes back. */
function onPacket(state: Present<SourceContext>, packet: Packet, _ifId: number, env: Env): ControlEvent | undefined {
  tally(state.context, packet, env);
  return;
}

function onSend(state: Present<SourceContext>, _event: ControlEvent, env: Env): ControlEvent | undefined {
  const source = state.context;
  const due = source.start + source.sent * source.interval;
  if (due >= source.stop) return { type: "stop.reached" };
  const packet = nextPacket(source, env.now);
  if (env.tracing) env.trace("app.send", packet);
  env.sendPacket(source.selector, packet, 0, 0);
  env.send(env.self, TIMER_SEND, Math.max(0, source.start + source.sent * source.interval - env.now));
  return;
}

export const sourceLogic = withPacketHandler(sourceMachine, onPacket, { "timer.send": onSend });

/** The path and with it the length on the wire come from the selector. */
function nextPacket(source: SourceContext, now: Nanos): Packet {
  const number = source.sent++;
  const { l4 } = source;
  return createPacket({
    trafficClass: 0,
    flowId: source.flowId,
    dstIa: source.dst.ia,
    srcIa: source.src.ia,
    dstHost: source.dst.host,
    srcHost: source.src.host,
    path: null,
    currInf: 0,
    currHf: 0,
    l4: l4.kind === "scmp.echo" ? { ...l4, sequence: number & 0xffff } : l4,
    flow: source.flow,
    number,
    sentAt: now,
    payloadLength: source.payloadLength,
    rest: null,
    wireLength: 0,
  });
}
