/**
 * One channel that always has zeros to send, or a given number of them.
 *
 *            timer.start               channel.opened               stop.reached             all.arrived
 *   waiting -------------> connecting ----------------> transferring -------------> draining -------------> finished
 *                             |   |                      |  |                          |                        |
 *                             |   +------------------------ | -- stop.reached ------------------------------->  |
 *                             |                          |  +------------- all.arrived -----------------------> |
 *                             +--------------------------+-- association.ended ---> cutOff <--------------------+
 *
 * At the stop no new byte is sent; what was sent is still delivered. The association is closed when all has arrived.
 */
import { setup } from "xstate";
import type { ActorIndex, ControlEvent, Env } from "../../core/env.ts";
import type { Nanos } from "../../core/units.ts";
import type { ChannelChanged, ChannelOpened } from "../channel/events.ts";
import { envOf } from "../registry.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";
import {
  ask,
  type ChannelUser,
  connect,
  createUser,
  isDelivered,
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

const channelBulkMachine = setup({
  types: { context: {} as ChannelBulkContext, events: {} as BulkEvent, input: {} as ChannelBulkInput },
  actions: {
    awaitStart: ({ context, system }) => awaitStart(context, envOf(system)),
    connect: ({ context, system }) => connect(context, envOf(system)),
    endTransfer: ({ context, system }) => endTransfer(context, envOf(system)),
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

type Handler = (state: Present<ChannelBulkContext>, event: ControlEvent, env: Env) => ControlEvent | undefined;

const onEstablished: Handler = ({ context }, _event, env) => {
  noteEstablished(context, env);
  ask(context, { type: "channel.open", options: { reliability: context.reliability }, tag: 0 }, env);
  return undefined;
};

const onOpened: Handler = ({ context }, event, env) => {
  const { channel } = event as ChannelOpened;
  const { bytes } = context;
  context.channel = channel;
  ask(context, { type: "channel.write", channel, bytes: null, length: bytes || STREAM_END }, env);
  if (bytes > 0) ask(context, { type: "channel.finish", channel }, env);
  return { type: "channel.ready" };
};

const onChanged: Handler = ({ context }, event, env) => {
  if (!isDelivered(event as ChannelChanged) || context.completedAt >= 0) return;
  context.completedAt = env.now;
  return { type: "all.arrived" };
};

const onWrote: Handler = ({ context }, event) => {
  context.total = (event as ControlEvent & { readonly accepted: number }).accepted;
  return undefined;
};

export const channelBulkLogic = withPacketHandler(channelBulkMachine, refusePacket, {
  "association.established": onEstablished,
  "association.ended": ({ context }, event) => noteEnded(context, event),
  "channel.opened": onOpened,
  "channel.changed": onChanged,
  "channel.wrote": onWrote,
});

function endTransfer({ association, channel }: ChannelBulkContext, env: Env): void {
  env.send(association, { type: "channel.cut", channel } as ControlEvent, 0);
}

function noteEnd(bulk: ChannelBulkContext, env: Env): void {
  if (bulk.completedAt < 0) bulk.completedAt = env.now;
  ask(bulk, { type: "association.finish" }, env);
}
