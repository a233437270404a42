/**
 * One reliable flow that always has data, or a given number of bytes.
 *
 *            timer.start               stop.reached             all.arrived
 *   waiting -------------> transferring ------------> draining -------------> finished
 *                               |                                                ^
 *                               +------------------ all.arrived -----------------+
 *
 *   transferring, draining: acknowledgements and timer.send: what the transport may send (core/transport/sender.ts)
 *
 * At the stop no new byte is sent; what was sent is still delivered.
 */
import { setup } from "xstate";
import type { ControlEvent, Env } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import { decodeFrame } from "../../core/transport/frames.ts";
import { endStream, NO_END } from "../../core/transport/sender.ts";
import type { Nanos } from "../../core/units.ts";
import { envOf } from "../registry.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";
import { acknowledge, openOutgoing, type Outgoing, pump, resume, silence } from "./connection.ts";
import { awaitStart, createSending, type FlowEnds, onClockSet, type Sending } from "./datagram.ts";
import { createTally, type Tally, tallyOwn } from "./tally.ts";

export interface BulkInput {
  readonly ends: FlowEnds;
  /** Number of the flow in packets that come back. */
  readonly replyFlow: number;
  /** Payload of a full packet. */
  readonly payloadLength: number;
  readonly start: Nanos;
  readonly stop: Nanos;
  /** 0: no end. */
  readonly bytes: number;
}

export interface BulkContext extends BulkInput, Sending {
  readonly outgoing: Outgoing;
  /** Acknowledgements. */
  readonly replies: Tally;
  malformed: number;
  /** When the last byte was acknowledged, -1: not yet. */
  completedAt: Nanos;
}

const bulkMachine = setup({
  types: {
    context: {} as BulkContext,
    events: {} as { type: "timer.start" | "stop.reached" | "all.arrived" },
    input: {} as BulkInput,
  },
  actions: {
    awaitStart: ({ context, system }) => awaitStart(context, envOf(system)),
    startTransfer: ({ context, system }) => startTransfer(context, envOf(system)),
    endTransfer: ({ context, system }) => endTransfer(context, envOf(system)),
    noteEnd: ({ context, system }) => noteEnd(context, envOf(system)),
  },
}).createMachine({
  id: "bulk",
  context: ({ input }) => ({
    ...input,
    ...createSending(input.ends),
    outgoing: openOutgoing({ connection: 0, datagram: input.payloadLength, total: input.bytes || NO_END }, null),
    replies: createTally(),
    malformed: 0,
    completedAt: -1,
  }),
  initial: "waiting",
  states: {
    waiting: { entry: "awaitStart", on: { "timer.start": "transferring" } },
    transferring: {
      entry: "startTransfer",
      on: { "stop.reached": "draining", "all.arrived": "finished" },
    },
    draining: { entry: "endTransfer", on: { "all.arrived": "finished" } },
    finished: { entry: "noteEnd" },
  },
});

function onPacket(state: Present<BulkContext>, packet: Packet, _ifId: number, env: Env): ControlEvent | undefined {
  const bulk = state.context;
  if (!tallyOwn(bulk.replies, bulk.replyFlow, packet, env, bulk.clock)) return;
  const frame = decodeFrame(packet);
  if (frame?.kind !== "ack" || frame.connection !== 0 || !acknowledge(bulk, bulk.outgoing, frame, packet, env)) {
    bulk.malformed++;
    return;
  }
  return isOver(bulk) ? { type: "all.arrived" } : undefined;
}

function onTimer(state: Present<BulkContext>, _event: ControlEvent, env: Env): ControlEvent | undefined {
  resume(state.context, state.context.outgoing, env);
  return;
}

export const bulkLogic = withPacketHandler(bulkMachine, onPacket, { "timer.send": onTimer, "clock.set": onClockSet });

function isOver({ outgoing, completedAt }: BulkContext): boolean {
  return outgoing.sender.done && completedAt < 0;
}

function startTransfer(bulk: BulkContext, env: Env): void {
  if (bulk.start >= bulk.stop) return;
  env.send(env.self, { type: "stop.reached" }, Math.max(0, bulk.stop - env.now));
  pump(bulk, bulk.outgoing, env);
}

function endTransfer(bulk: BulkContext, env: Env): void {
  endStream(bulk.outgoing.sender);
  pump(bulk, bulk.outgoing, env);
}

function noteEnd(bulk: BulkContext, env: Env): void {
  bulk.completedAt = env.now;
  silence(bulk.outgoing, env);
}
