/** What applications ask of an association's channels. Past the statechart: none of it changes what becomes of the association itself. */
import type { Association } from "../../core/channel/association/association.ts";
import { rekey } from "../../core/channel/association/rekeying.ts";
import {
  acceptChannel,
  closeChannel,
  finishChannel,
  openChannel,
  refuseChannel,
  resetChannel,
  stopSending,
} from "../../core/channel/streams/life.ts";
import { writeChannel, writeMessage } from "../../core/channel/streams/sending.ts";
import type { ActorIndex, ControlEvent, Env } from "../../core/env.ts";
import type { Present, TimerHandler } from "../with-packet-handler.ts";
import type { AssociationContext } from "./association.ts";
import type { ChannelNews, ChannelOpen, ChannelRequest } from "./events.ts";
import { Around } from "./port.ts";
import { answerRead, consume, endRead, isReadOut, settleDown, spawnChannel, tellApp } from "./pump.ts";

type Request<T extends ChannelRequest["type"]> = Extract<ChannelRequest, { readonly type: T }>;
type Act<E> = (context: AssociationContext, request: E, ctx: Around, env: Env) => void;

/** Makes a handler: the request, and then all that follows from it. */
function handler<E>(act: Act<E>): TimerHandler<AssociationContext> {
  return ({ context }: Present<AssociationContext>, event: ControlEvent, env: Env): ControlEvent | undefined => {
    const ctx = new Around(env);
    act(context, event as unknown as E, ctx, env);
    return settleDown(context, ctx, env);
  };
}

/** By type of event. */
export const CHANNEL_HANDLERS: Readonly<Record<string, TimerHandler<AssociationContext>>> = {
  "channel.open": handler<ChannelOpen>(open),
  "channel.accept": handler<Request<"channel.accept">>(accept),
  "channel.refuse": handler<Request<"channel.refuse">>(({ association }, { channel, code }) => {
    refuseChannel(association.channels, channel, code);
  }),
  "channel.write": handler<Request<"channel.write">>(write),
  "channel.message": handler<Request<"channel.message">>(write),
  "channel.read": handler<Request<"channel.read">>((context, { channel, max }, ctx, env) => {
    if (answerRead(context, channel, max, ctx, env)) return;
    context.reads.set(channel, max);
    if (isReadOut(context.association, channel)) endRead(context, channel, env);
  }),
  "channel.finish": handler<Request<"channel.finish">>(({ association }, { channel }) => {
    finishChannel(association.channels, channel);
  }),
  "channel.reset": handler<Request<"channel.reset">>(({ association }, { channel, code }) => {
    resetChannel(association.channels, channel, code);
  }),
  "channel.stop": handler<Request<"channel.stop">>(({ association }, { channel, code }) => {
    stopSending(association.channels, channel, code);
  }),
  "channel.close": handler<Request<"channel.close">>(({ association }, { channel, code }) => {
    closeChannel(association.channels, channel, code);
  }),
  "channel.rekey": handler<Request<"channel.rekey">>(({ association }, { channel }, ctx) => {
    rekey(association, channel, ctx);
  }),
  "channel.reap": (_state, event, env) => {
    env.stop((event as unknown as { readonly actor: ActorIndex }).actor);
    return undefined;
  },
};

function open(context: AssociationContext, { options, tag }: ChannelOpen, _ctx: Around, env: Env): void {
  const { association } = context;
  const channel = association.phase === "established" ? openChannel(association.channels, options) : "phase";
  if (typeof channel === "string") {
    tellApp(context, { type: "channel.denied", tag, association: env.self, reason: channel } as ControlEvent, env);
    return;
  }
  const actor = spawnChannel(context, channel, env);
  tellApp(context, { type: "channel.opened", tag, association: env.self, channel, actor } as ControlEvent, env);
}

function accept(context: AssociationContext, request: Request<"channel.accept">, ctx: Around, env: Env): void {
  const { channel } = request;
  if (!acceptChannel(context.association.channels, channel)) return;
  const actor = context.channels.get(channel);
  if (actor !== undefined) env.send(actor, { type: "channel.accepted" }, 0);
  if (!request.consume) return;
  context.consumed.add(channel);
  consume(context, channel, ctx);
}

/** What was taken is told, unless it is all of it. */
function write(
  context: AssociationContext,
  { type, channel, bytes, length }: Request<"channel.write" | "channel.message">,
  _ctx: Around,
  env: Env,
): void {
  const data = bytes ?? length;
  const accepted =
    type === "channel.write"
      ? writeBytes(context.association, channel, data)
      : post(context.association, channel, data);
  if (accepted === length) return;
  const news: ChannelNews = { type: "channel.wrote", channel, accepted, length };
  tellApp(context, news, env);
}

function writeBytes({ channels }: Association, channel: number, data: Uint8Array | number): number {
  return writeChannel(channels, channel, data);
}

/** A message is taken whole or not at all. */
function post({ channels }: Association, channel: number, data: Uint8Array | number): number {
  const word = writeMessage(channels, channel, data);
  if (word === "queued") return typeof data === "number" ? data : data.length;
  return word === "full" ? 0 : -1;
}
