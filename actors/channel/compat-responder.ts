/**
 * A channel that the other side opened, in Channeler mode. Until FINALIZE (or CHANNEL_COOKIE) brings back its cookie, the responder
 * keeps nothing: core/channel/compat/negotiation.ts answers NEW from the message alone. So the machine begins where the channel does.
 *
 *   (no state) --FINALIZE, cookie 2 holds--> established --timeout.channel--> expired
 *                                                  |
 *                                                  +--close--> closed
 */
import { setup } from "xstate";
import type { ActorIndex } from "../../core/env.ts";
import { envOf } from "../registry.ts";
import { withPacketHandler } from "../with-packet-handler.ts";
import type { ChannelEvent, ChannelInput, CloseReason, ConnectionEvent, DataEvent } from "./compat-events.ts";

export const responderMachine = setup({
  types: { context: {} as ChannelInput, events: {} as ChannelEvent, input: {} as ChannelInput },
  actions: {
    tellEstablished: ({ context, system }) => tell(context.data, { type: "established" }, system),
    end: ({ context, system }, { reason }: { reason: CloseReason }) => {
      tell(context.data, { type: "over", reason }, system);
      tell(context.connection, { type: "channel.forget", handle: context.handle }, system);
    },
  },
}).createMachine({
  id: "channeler-responder",
  context: ({ input }) => ({ ...input }),
  initial: "established",
  states: {
    established: {
      entry: "tellEstablished",
      on: {
        "timeout.channel": { target: "expired", actions: { type: "end", params: { reason: "silent" } } },
        close: { target: "closed", actions: { type: "end", params: { reason: "closed" } } },
      },
    },
    expired: { type: "final" },
    closed: { type: "final" },
  },
});

export const responderLogic = withPacketHandler(responderMachine, (_state, packet, _ifId, env) => {
  env.drop(packet, "unexpected");
  return undefined;
});

function tell(target: ActorIndex, event: ConnectionEvent | DataEvent, system: object): void {
  envOf(system).send(target, event, 0);
}
