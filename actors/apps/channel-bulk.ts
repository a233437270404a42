/**
 * One channel that always has zeros to send, or a given number of them.
 *
 *            timer.start               channel.ready               stop.reached             all.arrived
 *   waiting -------------> connecting ----------------> transferring -------------> draining -------------> finished
 *                           |     |                        |     |                   |                         ^
 *                           |     +------ stop.reached --- | --- | ----------------- | ----------------------- |
 *                           |                              |     +-- all.arrived --- | ------------------------+
 *                           +--- association.lost ---------+-------------------------+---> cutOff
 *
 * At the stop no new byte is sent; what was sent is still delivered. The association is closed when all has arrived. One that ends by
 * itself (actors/channel/association.ts) cuts the flow off: nobody knows what of a stream has arrived.
 */
import { setup } from "xstate";
import type { ActorIndex, ControlEvent, Env } from "../../core/env.ts";
import type { Nanos } from "../../core/units.ts";
import type { ChannelChanged, ChannelOpened } from "../channel/events.ts";
import { envOf } from "../registry.ts";
import { type TimerHandler, withPacketHandler } from "../with-packet-handler.ts";
import {
  ask,
  askChannel,
  type ChannelUser,
  createUser,
  ignoreNews,
  isBroken,
  isDelivered,
  needAssociation,
  noteEnded,
  noteEstablished,
  refusePacket,
  STREAM_END,
} from "./channel-user.ts";
import { awaitStart } from "./datagram.ts";

export interface ChannelBulkInput {
  readonly association: ActorIndex;
  readonly reliability: ChannelUser["reliability"];
  readonly start: Nanos;
  readonly stop: Nanos;
  /** 0: no end. */
  readonly bytes: number;
}

export interface ChannelBulkContext extends ChannelBulkInput, ChannelUser {
  /** -1: none yet. */
  channel: number;
  /** Length of the stream, -1 while it has no end. */
  total: number;
  /** When the last byte was known to have arrived, -1: not yet. */
  completedAt: Nanos;
}

type BulkEvent = { type: "timer.start" | "stop.reached" | "all.arrived" | "channel.ready" | "association.lost" };
type Handler = TimerHandler<ChannelBulkContext>;

const channelBulkMachine = setup({
  types: { context: {} as ChannelBulkContext, events: {} as BulkEvent, input: {} as ChannelBulkInput },
  actions: {
    awaitStart: ({ context, system }) => awaitStart(context, envOf(system)),
    connect: ({ context, system }) => connect(context, envOf(system)),
    endTransfer: ({ context, system }) =>
      ask(context, { type: "channel.cut", channel: context.channel }, envOf(system)),
    noteEnd: ({ context, system }) => noteEnd(context, envOf(system)),
  },
}).createMachine({
  id: "channel-bulk",
  context: ({ input }) => ({ ...input, ...createUser(input), channel: -1, total: input.bytes || -1, completedAt: -1 }),
  initial: "waiting",
  states: {
    waiting: { entry: "awaitStart", on: { "timer.start": "connecting" } },
    connecting: {
      entry: "connect",
      on: { "channel.ready": "transferring", "stop.reached": "finished", "association.lost": "cutOff" },
    },
    transferring: {
      on: { "stop.reached": "draining", "all.arrived": "finished", "association.lost": "cutOff" },
    },
    draining: { entry: "endTransfer", on: { "all.arrived": "finished", "association.lost": "cutOff" } },
    finished: { entry: "noteEnd" },
    cutOff: {},
  },
});

const onEstablished: Handler = ({ context }, _event, env) => {
  noteEstablished(context, env);
  askChannel(context, {}, 0, env);
  return undefined;
};

const onEnded: Handler = ({ context }, event, env) => {
  noteEnded(context, event, env);
  return { type: "association.lost" };
};

const onOpened: Handler = ({ context, value }, event, env) => {
  const { channel } = event as ChannelOpened;
  if (value !== "connecting") return undefined;
  const { bytes } = context;
  context.channel = channel;
  ask(context, { type: "channel.write", channel, bytes: null, length: bytes || STREAM_END }, env);
  if (bytes > 0) ask(context, { type: "channel.finish", channel }, env);
  return { type: "channel.ready" };
};

const onChanged: Handler = ({ context }, event, env) => {
  const news = event as ChannelChanged;
  // With its association a channel is closed, too, whatever has arrived.
  if (context.link === "none") return undefined;
  if (isBroken(news)) return { type: "association.lost" };
  if (!isDelivered(news) || context.completedAt >= 0) return undefined;
  context.completedAt = env.now;
  return { type: "all.arrived" };
};

/** The stream was cut: so long it is. */
const onWrote: Handler = ({ context }, event) => {
  context.total = (event as ControlEvent & { readonly accepted: number }).accepted;
  return undefined;
};

export const channelBulkLogic = withPacketHandler(channelBulkMachine, refusePacket, {
  "association.established": onEstablished,
  "association.ended": onEnded,
  "channel.opened": onOpened,
  "channel.changed": onChanged,
  "channel.wrote": onWrote,
  "channel.readable": ignoreNews,
  "channel.writable": ignoreNews,
  "channel.openable": ignoreNews,
});

function connect(bulk: ChannelBulkContext, env: Env): void {
  if (env.now < bulk.stop) needAssociation(bulk, env);
  env.send(env.self, { type: "stop.reached" }, Math.max(0, bulk.stop - env.now));
}

function noteEnd(bulk: ChannelBulkContext, env: Env): void {
  if (bulk.completedAt < 0) bulk.completedAt = env.now;
  if (bulk.link !== "none") ask(bulk, { type: "association.finish" }, env);
}
