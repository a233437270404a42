/**
 * Files one after another or as they arrive, each in a channel of its own on one association.
 *
 *            timer.start               stop.reached              all.arrived
 *   waiting -------------> transferring ------------> draining -------------> finished
 *
 *   transferring: timer.arrival: a file begins; news of channels move those under way
 *   draining:     no file begins any more
 *
 * Arrivals are those of file-transfer.ts, with the same draws. A file whose association ends before it has arrived is sent anew, from its
 * beginning, on the next one; its time goes on. The first file's time has the handshake in it.
 */
import { setup } from "xstate";
import type { Env } from "../../core/env.ts";
import { createHistogram, type Histogram } from "../../core/histogram.ts";
import type { Distribution, FileTransferFlow } from "../../core/scenario.ts";
import type { Nanos } from "../../core/units.ts";
import type { ChannelChanged, ChannelDenied, ChannelOpened } from "../channel/events.ts";
import { envOf } from "../registry.ts";
import { type TimerHandler, withPacketHandler } from "../with-packet-handler.ts";
import {
  ask,
  askChannel,
  type ChannelUser,
  type ChannelUserInput,
  createUser,
  ignoreNews,
  isBroken,
  isDelivered,
  needAssociation,
  NOT_NEEDED,
  noteEnded,
  noteEstablished,
  refusePacket,
} from "./channel-user.ts";
import { type Completion, createCompletion } from "./connection.ts";
import { awaitStart } from "./datagram.ts";
import { awaitFirst, awaitNext, drawSize, noMore, noteWhole } from "./files.ts";
import { MAX_CONNECTIONS } from "./stream-sink.ts";

export interface ChannelFilesInput extends ChannelUserInput {
  readonly start: Nanos;
  readonly size: Distribution;
  readonly arrivals: FileTransferFlow["arrivals"];
  readonly count: number;
  readonly measureFrom: Nanos;
}

/** A file under way, or that waits for its channel. */
export interface FileUnderWay {
  readonly number: number;
  readonly size: number;
  readonly startedAt: Nanos;
}

export interface ChannelFilesContext extends ChannelFilesInput, ChannelUser {
  /** By channel. */
  readonly transfers: Map<number, FileUnderWay>;
  /** Without a channel so far, by number. */
  readonly waiting: Map<number, FileUnderWay>;
  /** Files begun; also the number of the next one. */
  started: number;
  completed: number;
  readonly latest: Completion;
  /** Files not begun since too many were under way. */
  refused: number;
  /** Until the last byte was acknowledged; of files whole at `measureFrom` or later. */
  readonly completionTime: Histogram;
  /** When the next file is due. */
  due: Nanos;
}

type FilesEvent = { type: "timer.start" | "stop.reached" | "all.arrived" };
type Handler = TimerHandler<ChannelFilesContext>;

const channelFilesMachine = setup({
  types: { context: {} as ChannelFilesContext, events: {} as FilesEvent, input: {} as ChannelFilesInput },
  guards: { nothingUnderWay: ({ context }) => isIdle(context) },
  actions: {
    awaitStart: ({ context, system }) => awaitStart(context, envOf(system)),
    awaitFirst: ({ context, system }) => awaitFirst(context, envOf(system)),
    finish: ({ context, system }) => {
      if (context.link !== "none") ask(context, { type: "association.finish" }, envOf(system));
    },
  },
}).createMachine({
  id: "channel-files",
  context: ({ input }) => ({
    ...input,
    ...createUser(input),
    transfers: new Map(),
    waiting: new Map(),
    started: 0,
    completed: 0,
    latest: createCompletion(),
    refused: 0,
    completionTime: createHistogram(),
    due: input.start,
  }),
  initial: "waiting",
  states: {
    waiting: { entry: "awaitStart", on: { "timer.start": "transferring" } },
    transferring: { entry: "awaitFirst", on: { "stop.reached": "draining" } },
    draining: { always: { guard: "nothingUnderWay", target: "finished" }, on: { "all.arrived": "finished" } },
    finished: { entry: "finish" },
  },
});

const onArrival: Handler = ({ context: files }, _event, env) => {
  if (noMore(files)) return { type: "stop.reached" };
  if (files.transfers.size + files.waiting.size >= MAX_CONNECTIONS) files.refused++;
  else beginFile(files, env);
  awaitNext(files, env);
  return undefined;
};

const onEstablished: Handler = ({ context: files }, _event, env) => {
  noteEstablished(files, env);
  for (const number of files.waiting.keys()) askChannel(files, {}, number, env);
  return undefined;
};

const onEnded: Handler = ({ context: files }, event, env) => {
  noteEnded(files, event, env);
  for (const file of files.transfers.values()) files.waiting.set(file.number, file);
  files.transfers.clear();
  if (files.waiting.size > 0) needAssociation(files, env);
  return undefined;
};

const onOpened: Handler = ({ context: files }, event, env) => {
  const { channel, tag } = event as ChannelOpened;
  const file = files.waiting.get(tag);
  if (file === undefined) {
    ask(files, { type: "channel.close", channel, code: NOT_NEEDED }, env);
    return undefined;
  }
  files.waiting.delete(tag);
  files.transfers.set(channel, file);
  ask(files, { type: "channel.write", channel, bytes: null, length: file.size }, env);
  ask(files, { type: "channel.finish", channel }, env);
  return undefined;
};

/** It waits until the peer allows more channels. */
const onDenied: Handler = ({ context: files }, event) => {
  const { reason } = event as ChannelDenied;
  if (reason === "limit") files.channels--;
  return undefined;
};

const onOpenable: Handler = ({ context: files }, _event, env) => {
  for (const number of files.waiting.keys()) askChannel(files, {}, number, env);
  return undefined;
};

const onChanged: Handler = ({ context: files, value }, event, env) => {
  const news = event as ChannelChanged;
  const file = files.transfers.get(news.channel);
  if (file === undefined) return undefined;
  if (isBroken(news)) sendAnew(files, news.channel, file, env);
  if (!isDelivered(news)) return undefined;
  files.transfers.delete(news.channel);
  endFile(files, file, env);
  return value === "draining" && isIdle(files) ? { type: "all.arrived" } : undefined;
};

export const channelFilesLogic = withPacketHandler(channelFilesMachine, refusePacket, {
  "timer.arrival": onArrival,
  "association.established": onEstablished,
  "association.ended": onEnded,
  "channel.opened": onOpened,
  "channel.denied": onDenied,
  "channel.openable": onOpenable,
  "channel.changed": onChanged,
  "channel.wrote": ignoreNews,
  "channel.readable": ignoreNews,
  "channel.writable": ignoreNews,
});

function isIdle({ transfers, waiting }: ChannelFilesContext): boolean {
  return transfers.size === 0 && waiting.size === 0;
}

function beginFile(files: ChannelFilesContext, env: Env): void {
  const size = drawSize(files, env);
  const number = files.started++;
  files.waiting.set(number, { number, size, startedAt: env.now });
  if (files.link === "open") askChannel(files, {}, number, env);
  else needAssociation(files, env);
}

function sendAnew(files: ChannelFilesContext, channel: number, file: FileUnderWay, env: Env): void {
  files.transfers.delete(channel);
  files.waiting.set(file.number, file);
  if (files.link === "open") askChannel(files, {}, file.number, env);
}

function endFile(files: ChannelFilesContext, { number, size, startedAt }: FileUnderWay, env: Env): void {
  noteWhole(files, number, startedAt, size, env);
}
