/** What applications ask of an association's channels. Past the statechart: none of it changes what becomes of the association itself. */
import { rekey } from "../../core/channel/association/rekeying.ts";
import {
  acceptChannel,
  closeChannel,
  cutChannel,
  finishChannel,
  refuseChannel,
  resetChannel,
  stopSending,
} from "../../core/channel/streams/life.ts";
import type { ActorIndex, ControlEvent, Env } from "../../core/env.ts";
import type { Present, TimerHandler } from "../with-packet-handler.ts";
import type { AssociationContext } from "./association.ts";
import type { ChannelNews, ChannelOpen, ChannelRequest } from "./events.ts";
import { around, type Around } from "./port.ts";
import { answerRead, consume, deny, endRead, isReadOut, openNow, settleDown, tellApp, write } from "./pump.ts";

/** Channels that may wait for their association. */
const MOST_EARLY = 64;

type Request<T extends ChannelRequest["type"]> = Extract<ChannelRequest, { readonly type: T }>;
type Act<E> = (context: AssociationContext, request: E, ctx: Around, env: Env) => void;

/** Makes a handler: the request, and then all that follows from it. */
function handler<E>(act: Act<E>): TimerHandler<AssociationContext> {
  return ({ context }: Present<AssociationContext>, event: ControlEvent, env: Env): ControlEvent | undefined => {
    const ctx = around(context, env);
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
  "channel.write": handler<Request<"channel.write">>(takeWrite),
  "channel.message": handler<Request<"channel.message">>(takeWrite),
  "channel.read": handler<Request<"channel.read">>((context, { channel, max }, ctx, env) => {
    if (answerRead(context, channel, max, ctx, env)) return;
    context.reads.set(channel, max);
    if (isReadOut(context.association, channel)) endRead(context, channel, env);
  }),
  "channel.consume": handler<Request<"channel.consume">>((context, { channel }, ctx) => {
    if (!context.association.channels.byId.has(channel)) return;
    context.consumed.add(channel);
    consume(context, channel, ctx);
  }),
  "channel.finish": handler<Request<"channel.finish">>(({ association }, { channel }) => {
    finishChannel(association.channels, channel);
  }),
  "channel.cut": handler<Request<"channel.cut">>(cut),
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

function open(context: AssociationContext, request: ChannelOpen, _ctx: Around, env: Env): void {
  const { phase } = context.association;
  if (phase === "established") openNow(context, request, env);
  else if (phase === "closing" || phase === "draining" || phase === "closed") deny(context, request, "phase", env);
  else if (context.early.length >= MOST_EARLY) deny(context, request, "limit", env);
  else context.early.push(request);
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
function takeWrite(
  context: AssociationContext,
  { channel, bytes, length }: Request<"channel.write" | "channel.message">,
  _ctx: Around,
  env: Env,
): void {
  const accepted = write(context.association, channel, bytes ?? length);
  if (accepted === length) return;
  const news: ChannelNews = { type: "channel.wrote", channel, accepted, length };
  tellApp(context, news, env);
}

function cut(context: AssociationContext, { channel }: Request<"channel.cut">, _ctx: Around, env: Env): void {
  const length = cutChannel(context.association.channels, channel);
  if (length < 0) return;
  const news: ChannelNews = { type: "channel.wrote", channel, accepted: length, length };
  tellApp(context, news, env);
}
