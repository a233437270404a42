/**
 * What a program sees of a channel, in Channeler mode: what it writes, what came for it, whether the channel is there.
 *
 *   pending --established--> open --over--> closed
 *      |                                       ^
 *      +-----------------over------------------+
 *
 *   pending: writes wait in the connection, and go as early data.   closed: writes are refused, what came can still be read.
 *   received, user.read: past the interpreter, in every state (closed: nothing comes any more)
 */
import { assign, setup } from "xstate";
import { addReadable, createReadQueue, readNext, type ReadQueue } from "../../core/channel/compat/read-queue.ts";
import type { ChannelerError } from "../../core/channel/compat/errors.ts";
import type { ActorIndex, ControlEvent, Env } from "../../core/env.ts";
import { envOf } from "../registry.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";
import type { CloseReason, ConnectionEvent, DataEvent, UserEvent } from "./compat-events.ts";

export interface DataInput {
  readonly connection: ActorIndex;
  readonly user: ActorIndex;
  readonly handle: number;
  /** Bytes that may wait to be read. */
  readonly maxUnread: number;
}

export interface DataContext extends DataInput {
  readonly queue: ReadQueue;
  /** Messages that came. */
  received: number;
  reason: CloseReason | null;
}

export const dataMachine = setup({
  types: { context: {} as DataContext, events: {} as DataEvent, input: {} as DataInput },
  actions: {
    write: ({ context, event, system }) => {
      if (event.type !== "user.write") return;
      const { connection, handle } = context;
      askConnection(connection, { type: "channel.write", handle, bytes: event.bytes }, envOf(system));
    },
    refuseWrite: ({ context, system }) => tellError(context, "ERR_INVALID_CHANNELID", envOf(system)),
    askToClose: ({ context, system }) =>
      askConnection(context.connection, { type: "channel.close", handle: context.handle }, envOf(system)),
    noteReason: assign({ reason: ({ event }) => (event.type === "over" ? event.reason : null) }),
    tellEstablished: ({ context, system }) =>
      tellUser(context, { type: "channel.established", handle: context.handle }, envOf(system)),
    tellClosed: ({ context, system }) => tellClosed(context, envOf(system)),
    passError: ({ context, event, system }) => {
      if (event.type === "failed") tellError(context, event.error, envOf(system));
    },
  },
}).createMachine({
  id: "channeler-data",
  context: ({ input }) => ({ ...input, queue: createReadQueue(input.maxUnread), received: 0, reason: null }),
  initial: "pending",
  states: {
    pending: {
      on: {
        established: { target: "open", actions: "tellEstablished" },
        over: { target: "closed", actions: ["noteReason", "tellClosed"] },
        "user.write": { actions: "write" },
        "user.close": { actions: "askToClose" },
      },
    },
    open: {
      on: {
        over: { target: "closed", actions: ["noteReason", "tellClosed"] },
        "user.write": { actions: "write" },
        "user.close": { actions: "askToClose" },
      },
    },
    closed: { on: { "user.write": { actions: "refuseWrite" } } },
  },
  on: { failed: { actions: "passError" } },
});

function onReceived({ context, value }: Present<DataContext>, event: ControlEvent, env: Env): undefined {
  if (value === "closed" || !addReadable(context.queue, (event as DataEvent & { type: "received" }).bytes)) return;
  context.received++;
  tellUser(context, { type: "channel.readable", handle: context.handle, bytes: context.queue.bytes }, env);
}

function onRead({ context }: Present<DataContext>, event: ControlEvent, env: Env): undefined {
  const read = readNext(context.queue, (event as DataEvent & { type: "user.read" }).most);
  if (read.ok) tellUser(context, { type: "channel.bytes", handle: context.handle, bytes: read.value }, env);
  else tellError(context, read.error, env);
}

export const dataLogic = withPacketHandler(
  dataMachine,
  (_state, packet, _ifId, env) => {
    env.drop(packet, "unexpected");
    return undefined;
  },
  { received: onReceived, "user.read": onRead },
);

function tellClosed(context: DataContext, env: Env): void {
  const { handle, queue, reason } = context;
  tellUser(context, { type: "channel.closed", handle, reason: reason ?? "closed", unread: queue.bytes }, env);
}

function tellError(context: DataContext, error: ChannelerError, env: Env): void {
  tellUser(context, { type: "channel.error", handle: context.handle, error }, env);
}

function tellUser({ user }: DataContext, event: UserEvent, env: Env): void {
  env.send(user, event, 0);
}

function askConnection(connection: ActorIndex, event: ConnectionEvent, env: Env): void {
  env.send(connection, event, 0);
}
