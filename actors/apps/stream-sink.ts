/**
 * Where bulk flows and files end: puts each connection's stream together, acknowledges, and forgets a connection once it is whole.
 * One state. Packets of forgotten connections are answered with "all has arrived".
 */
import { setup } from "xstate";
import type { ControlEvent, Env } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import { type DataFrame, decodeFrame } from "../../core/transport/frames.ts";
import { addRange, hasNumber, type Ranges } from "../../core/transport/ranges.ts";
import { isComplete, lastWord } from "../../core/transport/receiver.ts";
import type { Nanos } from "../../core/units.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";
import { accept, type ConnectionTimer, type Incoming, openIncoming, ringAck, sendAck, silence } from "./connection.ts";
import { backOf, createSending, type FlowEnds, onClockSet, type Sending } from "./datagram.ts";
import { createTally, type Tally, tallyOwn } from "./tally.ts";

export interface StreamSinkInput {
  /** Of the acknowledgements. */
  readonly ends: FlowEnds;
  /** Number of the flow that ends here. */
  readonly flow: number;
  readonly reply: "reverse" | "select";
  readonly measureFrom: Nanos;
}

export interface StreamSinkContext extends StreamSinkInput, Sending, Tally {
  readonly connections: Map<number, Incoming>;
  /** Connections that were whole and are forgotten. */
  readonly finished: Ranges;
  /** Bytes handed to the application: each once, in order. */
  delivered: number;
  /** Of those, bytes handed over at `measureFrom` or later. */
  measured: number;
  /** Packets marked "congestion experienced". */
  marked: number;
  malformed: number;
  /** Packets of new connections while `MAX_CONNECTIONS` were open. */
  refused: number;
}

/** Most connections open at once, at either end of a flow. */
export const MAX_CONNECTIONS = 10_000;

const streamSinkMachine = setup({
  types: { context: {} as StreamSinkContext, events: {} as { type: "none" }, input: {} as StreamSinkInput },
}).createMachine({
  id: "stream-sink",
  context: ({ input }) => ({
    ...input,
    ...createSending(input.ends),
    ...createTally(input.measureFrom),
    connections: new Map(),
    finished: [],
    delivered: 0,
    measured: 0,
    marked: 0,
    malformed: 0,
    refused: 0,
  }),
  initial: "receiving",
  states: { receiving: {} },
});

function onPacket(
  state: Present<StreamSinkContext>,
  packet: Packet,
  _ifId: number,
  env: Env,
): ControlEvent | undefined {
  const sink = state.context;
  if (!tallyOwn(sink, sink.flow, packet, env, sink.clock)) return;
  if ((packet.trafficClass & 3) === 3) sink.marked++;
  const frame = decodeFrame(packet);
  if (frame?.kind !== "data") {
    sink.malformed++;
    return;
  }
  if (hasNumber(sink.finished, frame.connection))
    sendAck(sink, lastWord(frame, true), backOf(sink.reply, packet, null), env);
  else receive(sink, frame, packet, env);
  return;
}

function onAckTimer(state: Present<StreamSinkContext>, event: ControlEvent, env: Env): ControlEvent | undefined {
  const { connection } = event as ConnectionTimer;
  const incoming = state.context.connections.get(connection);
  if (incoming !== undefined) ringAck(state.context, incoming, connection, env);
  return;
}

export const streamSinkLogic = withPacketHandler(streamSinkMachine, onPacket, {
  "timer.ack": onAckTimer,
  "clock.set": onClockSet,
});

function receive(sink: StreamSinkContext, frame: DataFrame, packet: Packet, env: Env): void {
  let incoming = sink.connections.get(frame.connection);
  if (incoming === undefined) {
    if (sink.connections.size >= MAX_CONNECTIONS) {
      sink.refused++;
      return;
    }
    incoming = openIncoming();
    sink.connections.set(frame.connection, incoming);
  }
  incoming.back = backOf(sink.reply, packet, incoming.back);
  const news = accept(sink, incoming, frame, packet, env);
  sink.delivered += news;
  if (env.now >= sink.measureFrom) sink.measured += news;
  if (!isComplete(incoming.receiver)) return;
  silence(incoming, env);
  sink.connections.delete(frame.connection);
  addRange(sink.finished, frame.connection, frame.connection + 1);
}
