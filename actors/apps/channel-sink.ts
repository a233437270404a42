/**
 * Where bulk flows and files over channels end: takes every channel that is offered and reads and forgets what comes. One state. What
 * came is counted by the listener and its associations (actors/channel/port.ts).
 */
import { setup } from "xstate";
import type { ControlEvent } from "../../core/env.ts";
import type { ChannelOffered } from "../channel/events.ts";
import { withPacketHandler } from "../with-packet-handler.ts";
import { ask, refusePacket } from "./channel-user.ts";

export interface ChannelSinkContext {
  /** Channels taken. */
  channels: number;
}

const channelSinkMachine = setup({
  types: { context: {} as ChannelSinkContext, events: {} as { type: "none" } },
}).createMachine({
  id: "channel-sink",
  context: () => ({ channels: 0 }),
  initial: "receiving",
  states: { receiving: {} },
});

const ignore = (): undefined => undefined;

export const channelSinkLogic = withPacketHandler(channelSinkMachine, refusePacket, {
  "channel.offered": ({ context }, event: ControlEvent, env) => {
    const { association, channel } = event as ChannelOffered;
    context.channels++;
    ask({ association }, { type: "channel.accept", channel, consume: true }, env);
    ask({ association }, { type: "channel.finish", channel }, env);
    return undefined;
  },
  "channel.changed": ignore,
  "channel.writable": ignore,
  "channel.readable": ignore,
  "association.established": ignore,
  "association.ended": ignore,
});
