/**
 * One channel at one end: its way through life, told to the application. The bytes stay with the association, which past any statechart
 * moves them (actors/channel/association.ts).
 *
 *     pending --channel.accepted--> open --channel.delivered--> localFinished ---channel.finished--+
 *        |  (the peer has not           |                                                          v
 *        |  accepted, or we not)        +--channel.finished---> remoteFinished --channel.delivered--> closed
 *        |
 *        +--channel.refused--> refused          every state: channel.reset --> reset, channel.closed --> closed
 *
 * `channel.delivered`: all that this end wrote, and its end, have arrived; `channel.finished`: all of the peer's was read. What is over
 * stays over. Its association stops the actor when both ends have forgotten the channel.
 */
import { setup } from "xstate";
import type { ActorIndex } from "../../core/env.ts";
import { envOf } from "../registry.ts";
import { withPacketHandler } from "../with-packet-handler.ts";
import type { ChannelChanged, ChannelStateName } from "./events.ts";

export interface ChannelInput {
  readonly association: ActorIndex;
  readonly channel: number;
  /** Who is told, null: nobody. */
  readonly app: ActorIndex | null;
}

export interface ChannelContext extends ChannelInput {
  /** Of the reset, refusal or close. */
  code: number;
}

export type ChannelLifeEvent =
  | { readonly type: "channel.accepted" }
  | { readonly type: "channel.delivered" }
  | { readonly type: "channel.finished" }
  | { readonly type: "channel.refused" | "channel.reset" | "channel.closed"; readonly code: number };

const channelMachine = setup({
  types: { context: {} as ChannelContext, events: {} as ChannelLifeEvent, input: {} as ChannelInput },
  actions: {
    tell: ({ context, system }, { state }: { state: ChannelStateName }) => tell(context, state, system),
    noteCode: ({ context, event }) => {
      if ("code" in event) context.code = event.code;
    },
  },
}).createMachine({
  id: "channel",
  context: ({ input }) => ({ ...input, code: 0 }),
  initial: "pending",
  states: {
    pending: {
      on: {
        "channel.accepted": "open",
        // News may overtake each other on their way.
        "channel.delivered": "localFinished",
        "channel.finished": "remoteFinished",
        "channel.refused": { target: "refused", actions: "noteCode" },
        "channel.reset": { target: "reset", actions: "noteCode" },
        "channel.closed": { target: "closed", actions: "noteCode" },
      },
    },
    open: {
      entry: { type: "tell", params: { state: "open" } },
      on: {
        "channel.delivered": "localFinished",
        "channel.finished": "remoteFinished",
        "channel.reset": { target: "reset", actions: "noteCode" },
        "channel.closed": { target: "closed", actions: "noteCode" },
      },
    },
    localFinished: {
      entry: { type: "tell", params: { state: "localFinished" } },
      on: {
        "channel.finished": "closed",
        "channel.reset": { target: "reset", actions: "noteCode" },
        "channel.closed": { target: "closed", actions: "noteCode" },
      },
    },
    remoteFinished: {
      entry: { type: "tell", params: { state: "remoteFinished" } },
      on: {
        "channel.delivered": "closed",
        "channel.reset": { target: "reset", actions: "noteCode" },
        "channel.closed": { target: "closed", actions: "noteCode" },
      },
    },
    closed: { entry: { type: "tell", params: { state: "closed" } } },
    refused: { entry: { type: "tell", params: { state: "refused" } } },
    reset: { entry: { type: "tell", params: { state: "reset" } } },
  },
});

export const channelLogic = withPacketHandler(channelMachine, (_state, packet, _ifId, env) => {
  env.drop(packet, "unexpected");
  return undefined;
});

function tell({ association, channel, app, code }: ChannelContext, state: ChannelStateName, system: object): void {
  const env = envOf(system);
  if (env.tracing) env.trace("channel.state", null, { channel, state, code });
  if (app === null) return;
  const news: ChannelChanged = { type: "channel.changed", association, channel, state, code };
  env.send(app, news, 0);
}
