/**
 * Where a message stream ends: puts messages together and says which were whole by their deadline, counted from the time of sending in
 * their packets. One state. It keeps the newest `WINDOW` messages in mind; older ones are lost for good.
 */
import { setup } from "xstate";
import { createClock, type LocalClock, localTime } from "../../core/clock.ts";
import type { ControlEvent, Env } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import { decodeFrame, type MessageFrame } from "../../core/transport/frames.ts";
import { addRange, hasNumber, prefixOf, type Ranges } from "../../core/transport/ranges.ts";
import type { Nanos } from "../../core/units.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";
import { onClockSet } from "./datagram.ts";
import { createTally, type Tally, tallyOwn } from "./tally.ts";

export interface MessageSinkInput {
  readonly flow: number;
  readonly deadline: Nanos;
  readonly measureFrom: Nanos;
}

/** A message of which not every packet has arrived. */
export interface PartialMessage {
  readonly count: number;
  readonly packets: Ranges;
}

export interface MessageSinkContext extends MessageSinkInput, Tally {
  readonly clock: LocalClock;
  readonly partial: Map<number, PartialMessage>;
  /** Messages that were whole, on time or late, and those too old to wait for. */
  readonly over: Ranges;
  onTime: number;
  late: number;
  /** Of messages on time. */
  delivered: number;
  /** Of those, bytes of messages that were whole at `measureFrom` or later. */
  measured: number;
  malformed: number;
}

const WINDOW = 1_024;

const messageSinkMachine = setup({
  types: { context: {} as MessageSinkContext, events: {} as { type: "none" }, input: {} as MessageSinkInput },
}).createMachine({
  id: "message-sink",
  context: ({ input }) => ({
    ...input,
    ...createTally(input.measureFrom),
    clock: createClock(),
    partial: new Map(),
    over: [],
    onTime: 0,
    late: 0,
    delivered: 0,
    measured: 0,
    malformed: 0,
  }),
  initial: "receiving",
  states: { receiving: {} },
});

function onPacket(
  state: Present<MessageSinkContext>,
  packet: Packet,
  _ifId: number,
  env: Env,
): ControlEvent | undefined {
  const sink = state.context;
  if (!tallyOwn(sink, sink.flow, packet, env, sink.clock)) return;
  const frame = decodeFrame(packet);
  if (frame?.kind !== "message") sink.malformed++;
  else receive(sink, frame, packet, env);
  return;
}

export const messageSinkLogic = withPacketHandler(messageSinkMachine, onPacket, { "clock.set": onClockSet });

function receive(sink: MessageSinkContext, frame: MessageFrame, packet: Packet, env: Env): void {
  const { message, index, count } = frame;
  if (hasNumber(sink.over, message)) return;
  let partial = sink.partial.get(message);
  if (partial === undefined) {
    partial = { count, packets: [] };
    sink.partial.set(message, partial);
    giveUpOld(sink, message - WINDOW);
  }
  if (partial.count !== count) {
    sink.malformed++;
    return;
  }
  addRange(partial.packets, index, index + 1);
  if (prefixOf(partial.packets) !== count) return;
  sink.partial.delete(message);
  addRange(sink.over, message, message + 1);
  if (localTime(sink.clock, env.now) - packet.sentAt > sink.deadline) {
    sink.late++;
    return;
  }
  sink.onTime++;
  sink.delivered += frame.bytes;
  if (env.now >= sink.measureFrom) sink.measured += frame.bytes;
}

/** Messages up to this one are over, whole or not. */
function giveUpOld(sink: MessageSinkContext, last: number): void {
  if (last < 0 || prefixOf(sink.over) > last) return;
  addRange(sink.over, 0, last + 1);
  for (const message of sink.partial.keys()) if (message <= last) sink.partial.delete(message);
}
