/**
 * Files one after another or as they arrive, each over a reliable connection of its own.
 *
 *            timer.start               stop.reached              all.arrived
 *   waiting -------------> transferring ------------> draining -------------> finished
 *
 *   transferring: timer.arrival: a file begins; acknowledgements and timer.send move those under way
 *   draining:     no file begins any more
 *
 * Poisson arrivals are due when the gaps drawn so far add up to them, whatever delays a timer; while `MAX_CONNECTIONS` files are under
 * way, further ones are not begun, only counted. Each connection knows nothing of those before it, as between strangers.
 */
import { setup } from "xstate";
import type { ControlEvent, Env } from "../../core/env.ts";
import { createHistogram, type Histogram } from "../../core/histogram.ts";
import type { Packet } from "../../core/packet.ts";
import type { Distribution, FileTransferFlow } from "../../core/scenario.ts";
import { decodeFrame } from "../../core/transport/frames.ts";
import type { Nanos } from "../../core/units.ts";
import { envOf } from "../registry.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";
import {
  acknowledge,
  addTotals,
  type Completion,
  type ConnectionTimer,
  createCompletion,
  createTotals,
  openOutgoing,
  type Outgoing,
  pump,
  resume,
  silence,
  type TransportTotals,
} from "./connection.ts";
import { awaitStart, createSending, type FlowEnds, onClockSet, type Sending } from "./datagram.ts";
import { awaitFirst, awaitNext, drawSize, noMore, noteWhole } from "./files.ts";
import { MAX_CONNECTIONS } from "./stream-sink.ts";
import { createTally, type Tally, tallyOwn } from "./tally.ts";

export interface FileTransferInput {
  readonly ends: FlowEnds;
  readonly replyFlow: number;
  readonly payloadLength: number;
  readonly start: Nanos;
  readonly stop: Nanos;
  readonly size: Distribution;
  readonly arrivals: FileTransferFlow["arrivals"];
  readonly count: number;
  readonly measureFrom: Nanos;
}

/** A file under way. */
export interface Transfer extends Outgoing {
  readonly startedAt: Nanos;
}

export interface FileTransferContext extends FileTransferInput, Sending {
  readonly transfers: Map<number, Transfer>;
  /** Files begun; also the number of the next connection. */
  started: number;
  completed: number;
  readonly latest: Completion;
  /** Files not begun since too many were under way. */
  refused: number;
  /** Until the last byte was acknowledged; of files whole at `measureFrom` or later. */
  readonly completionTime: Histogram;
  readonly totals: TransportTotals;
  readonly replies: Tally;
  malformed: number;
  /** When the next file is due. */
  due: Nanos;
}

type FileTransferEvent = { type: "timer.start" | "stop.reached" | "all.arrived" };

const ALL_ARRIVED: ControlEvent = { type: "all.arrived" };

const fileTransferMachine = setup({
  types: { context: {} as FileTransferContext, events: {} as FileTransferEvent, input: {} as FileTransferInput },
  guards: { nothingUnderWay: ({ context }) => context.transfers.size === 0 },
  actions: {
    awaitStart: ({ context, system }) => {
      const env = envOf(system);
      // Begun late, as part of a live run that was started again: files of times before are passed over.
      context.due = Math.max(context.due, env.now);
      awaitStart(context, env);
    },
    awaitFirst: ({ context, system }) => awaitFirst(context, envOf(system)),
  },
}).createMachine({
  id: "file-transfer",
  context: ({ input }) => ({
    ...input,
    ...createSending(input.ends),
    transfers: new Map(),
    started: 0,
    completed: 0,
    latest: createCompletion(),
    refused: 0,
    completionTime: createHistogram(),
    totals: createTotals(),
    replies: createTally(input.measureFrom),
    malformed: 0,
    due: input.start,
  }),
  initial: "waiting",
  states: {
    waiting: { entry: "awaitStart", on: { "timer.start": "transferring" } },
    transferring: { entry: "awaitFirst", on: { "stop.reached": "draining" } },
    draining: { always: { guard: "nothingUnderWay", target: "finished" }, on: { "all.arrived": "finished" } },
    finished: {},
  },
});

function onPacket(
  state: Present<FileTransferContext>,
  packet: Packet,
  _ifId: number,
  env: Env,
): ControlEvent | undefined {
  const files = state.context;
  if (!tallyOwn(files.replies, files.replyFlow, packet, env, files.clock)) return;
  const frame = decodeFrame(packet);
  if (frame?.kind !== "ack") {
    files.malformed++;
    return;
  }
  const transfer = files.transfers.get(frame.connection);
  // A late acknowledgement of a file that is over is nothing wrong.
  if (transfer === undefined) return;
  if (!acknowledge(files, transfer, frame, packet, env)) files.malformed++;
  if (!transfer.sender.done) return;
  endTransfer(files, frame.connection, transfer, env);
  return state.value === "draining" && files.transfers.size === 0 ? ALL_ARRIVED : undefined;
}

function onArrival(state: Present<FileTransferContext>, _event: ControlEvent, env: Env): ControlEvent | undefined {
  const files = state.context;
  if (noMore(files)) return { type: "stop.reached" };
  if (files.transfers.size >= MAX_CONNECTIONS) files.refused++;
  else startTransfer(files, env);
  awaitNext(files, env);
  return;
}

function onSendTimer(state: Present<FileTransferContext>, event: ControlEvent, env: Env): ControlEvent | undefined {
  const transfer = state.context.transfers.get((event as ConnectionTimer).connection);
  if (transfer !== undefined) resume(state.context, transfer, env);
  return;
}

export const fileTransferLogic = withPacketHandler(fileTransferMachine, onPacket, {
  "timer.arrival": onArrival,
  "timer.send": onSendTimer,
  "clock.set": onClockSet,
});

function startTransfer(files: FileTransferContext, env: Env): void {
  const total = drawSize(files, env);
  const connection = files.started++;
  const outgoing = openOutgoing({ connection, datagram: files.payloadLength, total }, null);
  const transfer: Transfer = { ...outgoing, startedAt: env.now };
  files.transfers.set(connection, transfer);
  pump(files, transfer, env);
}

function endTransfer(files: FileTransferContext, connection: number, transfer: Transfer, env: Env): void {
  silence(transfer, env);
  files.transfers.delete(connection);
  addTotals(files.totals, transfer.sender);
  noteWhole(files, connection, transfer.startedAt, transfer.sender.total, env);
}
