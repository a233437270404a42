/**
 * A channel that this side opened, in Channeler mode (docs/channeler-mode.md).
 *
 *   requesting --acknowledged [confirmation agreed on]--> confirming --confirmed--> established
 *     |  |  ^                                               |  ^  |                      |
 *     |  |  +-- timeout.new [tries left]: NEW again         |  |  +-- timeout.new        | timeout.channel
 *     |  |  +-- renumbered: the tries begin anew            |  |      [none left]        |
 *     |  |                                                  |  |      --> established    v
 *     |  +--acknowledged--> established                     |  +-- timeout.new        expired
 *     |                                                     |      [tries left]:
 *     +--refused, timeout.new [none left]--> failed         |      FINALIZE again
 *                                                           +--timeout.channel--> expired
 *   requesting, confirming, established: close --> closed
 *
 * The original asks once, waits 200 ms and gives up without a word. The waits between retries grow as its unused back-off helper says.
 */
import { assign, setup } from "xstate";
import { retryDelay } from "../../core/channel/compat/backoff.ts";
import type { ActorIndex, Env } from "../../core/env.ts";
import { envOf } from "../registry.ts";
import { withPacketHandler } from "../with-packet-handler.ts";
import type { ChannelEvent, ChannelInput, CloseReason, ConnectionEvent, DataEvent } from "./compat-events.ts";

export interface InitiatorInput extends ChannelInput {
  /** CHANNEL_COOKIE is agreed on: FINALIZE is repeated until the other side shows that it has the channel. */
  readonly confirm: boolean;
  /** How often NEW is sent, and FINALIZE. */
  readonly maxTries: number;
}

export interface InitiatorContext extends InitiatorInput {
  /** How often the present message was sent. */
  tries: number;
}

export const initiatorMachine = setup({
  types: { context: {} as InitiatorContext, events: {} as ChannelEvent, input: {} as InitiatorInput },
  guards: {
    triesLeft: ({ context }) => context.tries < context.maxTries,
    wantsConfirmation: ({ context }) => context.confirm,
  },
  actions: {
    beginTries: assign({ tries: 1 }),
    countTry: assign({ tries: ({ context }) => context.tries + 1 }),
    awaitAnswer: ({ context, system }) => awaitAnswer(context, envOf(system)),
    sendAgain: ({ context, system }) =>
      tell(context.connection, { type: "handshake.repeat", handle: context.handle }, system),
    endWaiting: ({ context, system }) =>
      tell(context.connection, { type: "handshake.done", handle: context.handle }, system),
    tellEstablished: ({ context, system }) => tell(context.data, { type: "established" }, system),
    end: ({ context, system }, { reason }: { reason: CloseReason }) => {
      tell(context.data, { type: "over", reason }, system);
      tell(context.connection, { type: "channel.forget", handle: context.handle }, system);
    },
  },
}).createMachine({
  id: "channeler-initiator",
  context: ({ input }) => ({ ...input, tries: 1 }),
  initial: "requesting",
  states: {
    requesting: {
      entry: ["beginTries", "awaitAnswer"],
      exit: "endWaiting",
      on: {
        acknowledged: [
          { guard: "wantsConfirmation", target: "confirming", actions: "tellEstablished" },
          { target: "established", actions: "tellEstablished" },
        ],
        "timeout.new": [
          { guard: "triesLeft", actions: ["countTry", "sendAgain", "awaitAnswer"] },
          { target: "failed", actions: { type: "end", params: { reason: "unanswered" } } },
        ],
        renumbered: { actions: "beginTries" },
        refused: { target: "failed", actions: { type: "end", params: { reason: "refused" } } },
        close: { target: "closed", actions: { type: "end", params: { reason: "closed" } } },
      },
    },
    confirming: {
      entry: ["beginTries", "awaitAnswer"],
      exit: "endWaiting",
      on: {
        confirmed: "established",
        "timeout.new": [
          { guard: "triesLeft", actions: ["countTry", "sendAgain", "awaitAnswer"] },
          { target: "established" },
        ],
        "timeout.channel": { target: "expired", actions: { type: "end", params: { reason: "silent" } } },
        close: { target: "closed", actions: { type: "end", params: { reason: "closed" } } },
      },
    },
    established: {
      on: {
        "timeout.channel": { target: "expired", actions: { type: "end", params: { reason: "silent" } } },
        close: { target: "closed", actions: { type: "end", params: { reason: "closed" } } },
      },
    },
    failed: { type: "final" },
    expired: { type: "final" },
    closed: { type: "final" },
  },
});

export const initiatorLogic = withPacketHandler(initiatorMachine, (_state, packet, _ifId, env) => {
  env.drop(packet, "unexpected");
  return undefined;
});

function awaitAnswer({ connection, handle, tries }: InitiatorContext, env: Env): void {
  const delay = retryDelay(tries, env.random("retries"));
  env.send(connection, { type: "handshake.await", handle, delay } as ConnectionEvent, 0);
}

function tell(target: ActorIndex, event: ConnectionEvent | DataEvent, system: object): void {
  envOf(system).send(target, event, 0);
}
