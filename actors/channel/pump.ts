/** What follows everything that happens to an association: news to applications, packets out, the timer. */
import type { Association } from "../../core/channel/association/association.ts";
import { takeTransition } from "../../core/channel/association/association.ts";
import { closeIfDone } from "../../core/channel/association/closing.ts";
import { transmit } from "../../core/channel/association/egress.ts";
import { collectLost, deadlineOf } from "../../core/channel/association/timers.ts";
import {
  type Channel,
  type ChannelEvent,
  type ChannelOptions,
  isInOrder,
} from "../../core/channel/streams/channels.ts";
import { finishChannel, openChannel, takeEvents } from "../../core/channel/streams/life.ts";
import { type Reading, readChannel, readMessage } from "../../core/channel/streams/reading.ts";
import { writeChannel, writeMessage } from "../../core/channel/streams/sending.ts";
import { measured } from "../../core/channel/paths/measured.ts";
import type { ActorIndex, ControlEvent, Env } from "../../core/env.ts";
import { MILLISECOND, type Nanos } from "../../core/units.ts";
import type { PathObserved, PathsObserved } from "../selectors/subscribers.ts";
import type { AssociationContext } from "./association.ts";
import { traceDeparture, traceEvent, traceRest } from "./association-trace.ts";
import type { ChannelInput } from "./channel.ts";
import type { ChannelOpen } from "./events.ts";
import { type Around, sendOut } from "./port.ts";
import type { Way } from "./ways.ts";

/** Most that is read at once of a channel whose data nobody wants. */
const ALL = Number.MAX_SAFE_INTEGER;

/** Called last, whatever came first: answers the step that the statechart takes. */
export function settleDown(context: AssociationContext, ctx: Around, env: Env): ControlEvent | undefined {
  const { association } = context;
  collectLost(association, ctx);
  if (association.channels.events.length > 0) tellChannels(context, ctx, env);
  if (context.early.length > 0) openEarly(context, env);
  if (association.closesWhenDone) closeIfDone(association, ctx);
  if (ctx.seen !== null) traceEvent(association, ctx.seen, env);
  pump(context, ctx, env);
  if (ctx.seen !== null) traceRest(association, ctx.seen, env);
  if (context.observed) tellObserved(context, env);
  setTimer(context, env);
  const transition = takeTransition(association);
  return transition === null ? undefined : { type: transition };
}

/**
 * Channels asked for before the association stood: now their ids are certain, for of two that ask at once one yields and becomes the
 * responder. What they begin with goes in the same flight as the handshake's last packet.
 */
function openEarly(context: AssociationContext, env: Env): void {
  const { phase } = context.association;
  if (phase === "idle" || phase === "connecting" || phase === "handshaking") return;
  for (const request of context.early.splice(0)) {
    if (phase === "established") openNow(context, request, env);
    else deny(context, request, "phase", env);
  }
}

export function openNow(context: AssociationContext, request: ChannelOpen, env: Env): void {
  const { channels } = context.association;
  const { options, tag, first } = request;
  const channel = openChannel(channels, options);
  if (channel === "limit") {
    deny(context, request, channel, env);
    return;
  }
  const actor = spawnChannel(context, channel, env);
  tellApp(context, { type: "channel.opened", tag, association: env.self, channel, actor } as ControlEvent, env);
  if (first === undefined) return;
  const accepted = write(context.association, channel, first.bytes ?? first.length);
  if (accepted < first.length)
    tellApp(context, { type: "channel.wrote", channel, accepted, length: first.length } as ControlEvent, env);
  else if (first.finish) finishChannel(channels, channel);
}

export function deny(context: AssociationContext, { tag }: ChannelOpen, reason: "limit" | "phase", env: Env): void {
  tellApp(context, { type: "channel.denied", tag, association: env.self, reason } as ControlEvent, env);
}

/** Bytes of a stream that were taken; a message is taken whole (its length) or not: 0, for now, or -1, ever. */
export function write({ channels }: Association, channel: number, data: Uint8Array | number): number {
  if (channels.byId.get(channel)?.framing !== "messages") return writeChannel(channels, channel, data);
  const word = writeMessage(channels, channel, data);
  if (word === "queued") return typeof data === "number" ? data : data.length;
  return word === "full" ? 0 : -1;
}

/** Sends all that may go now. */
function pump(context: AssociationContext, ctx: Around, env: Env): void {
  const { association, ends, port } = context;
  for (let out = transmit(association, ctx); out !== null; out = transmit(association, ctx)) {
    const way = wayTo(context, out.key);
    if (way === null) {
      context.strays++;
      continue;
    }
    const packet = sendOut(port, ends, way, out, env);
    if (env.tracing) traceDeparture(association, out, packet, env);
  }
}

/** What the paths measure goes to the selector while packets settle, not more often than this. */
const OBSERVING: Nanos = 100 * MILLISECOND;

function tellObserved(context: AssociationContext, env: Env): void {
  const { association, selector, observedAt } = context;
  if (selector === null || association.phase !== "established" || env.now - observedAt < OBSERVING) return;
  context.observedAt = env.now;
  const paths = measured(association.paths).map((report): PathObserved => {
    const { key: fingerprint, rtt, srtt, answeredAt, loss, throughput: goodputBps, delivered, lost } = report;
    return { fingerprint, rtt, srtt, answeredAt, loss, goodputBps, delivered, lost };
  });
  const news: PathsObserved = { type: "paths.observed", paths };
  env.send(selector, news, 0);
}

/** A way that the selector withdrew, or that too many others replaced, takes nothing any more: what goes there is lost. */
function wayTo({ ways }: AssociationContext, key: string): Way | null {
  for (const way of ways) if (way.key === key) return way;
  return null;
}

/** One timer, and a lazy one: where it turns out too early it is set anew, so that acknowledgements do not move it each time. */
function setTimer(context: AssociationContext, env: Env): void {
  const at = deadlineOf(context.association);
  if (at < 0 || (context.wakeAt >= 0 && context.wakeAt <= at)) return;
  if (context.timers.wake !== undefined) env.cancel(context.timers.wake);
  context.wakeAt = at;
  context.timers = { wake: env.send(env.self, WAKE, Math.max(0, at - env.now)) };
}

const WAKE: ControlEvent = { type: "timer.wake" };

/** Each piece of news goes to the channel's actor or to the application, and what nobody wants is read and forgotten. */
function tellChannels(context: AssociationContext, ctx: Around, env: Env): void {
  const { association } = context;
  // Reading may make further news.
  while (association.channels.events.length > 0) {
    for (const event of takeEvents(association.channels)) tellOne(context, association, event, ctx, env);
  }
}

function tellOne(
  context: AssociationContext,
  association: Association,
  { kind, channel, code }: ChannelEvent,
  ctx: Around,
  env: Env,
): void {
  switch (kind) {
    case "opened":
      offer(context, association, channel, env);
      return;
    case "readable":
      takeReadable(context, channel, ctx, env);
      return;
    case "writable":
    case "stopped":
    case "openable":
      tellApp(context, { type: `channel.${kind}`, channel, code } as ControlEvent, env);
      return;
    case "gone":
      forgetChannel(context, channel, env);
      return;
    default: {
      if (kind === "finished" || kind === "reset" || kind === "closed") endRead(context, channel, env);
      const actor = context.channels.get(channel);
      if (actor !== undefined) env.send(actor, { type: `channel.${kind}`, code } as ControlEvent, 0);
    }
  }
}

function offer(context: AssociationContext, { channels }: Association, id: number, env: Env): void {
  const channel = channels.byId.get(id);
  if (channel === undefined) return;
  const actor = spawnChannel(context, id, env);
  const news = { type: "channel.offered", association: env.self, channel: id, actor, options: optionsOf(channel) };
  tellApp(context, news as ControlEvent, env);
}

function optionsOf({ reliability, framing, priority }: Channel): Required<ChannelOptions> {
  return { reliability, framing, priority };
}

export function spawnChannel(context: AssociationContext, channel: number, env: Env): ActorIndex {
  const input: ChannelInput = { association: env.self, channel, app: context.app };
  const name = context.rounds === 0 ? channel : `${context.rounds}.${channel}`;
  const actor = env.spawn(`${env.id}/${name}`, "channel", input);
  context.channels.set(channel, actor);
  if (env.tracing) env.trace("channel.state", null, { channel, state: "pending" });
  return actor;
}

/** Its actor is stopped once it has heard all that was sent to it: last, where nothing said so before, that the channel is over. */
export function forgetChannel(context: AssociationContext, channel: number, env: Env): void {
  const actor = context.channels.get(channel);
  context.channels.delete(channel);
  context.consumed.delete(channel);
  context.reads.delete(channel);
  if (actor === undefined) return;
  env.send(actor, { type: "channel.closed", code: 0 } as ControlEvent, 0);
  env.send(env.self, { type: "channel.reap", actor } as ControlEvent, 0);
}

function takeReadable(context: AssociationContext, channel: number, ctx: Around, env: Env): void {
  if (context.consumed.has(channel)) {
    consume(context, channel, ctx);
    return;
  }
  const wanted = context.reads.get(channel);
  if (wanted === undefined) tellApp(context, { type: "channel.readable", channel } as ControlEvent, env);
  else if (answerRead(context, channel, wanted, ctx, env)) context.reads.delete(channel);
}

/** Reads all there is of a channel, and counts it. */
export function consume(context: AssociationContext, channel: number, ctx: Around): void {
  const { association } = context;
  for (;;) {
    const piece = read(association, channel, ALL);
    if (piece === null) return;
    count(context, piece.length, ctx);
    if (!hasMore(association, channel)) return;
  }
}

/** In order, all that can be read comes at once. */
function hasMore({ channels }: Association, id: number): boolean {
  const channel = channels.byId.get(id);
  return channel !== undefined && (channel.framing === "messages" || !isInOrder(channel));
}

/** Hands over what there is to read; false where there is nothing yet. */
export function answerRead(context: AssociationContext, channel: number, max: number, ctx: Around, env: Env): boolean {
  const { association } = context;
  const piece = read(association, channel, max);
  if (piece === null) return false;
  count(context, piece.length, ctx);
  const end = isReadOut(association, channel);
  tellApp(
    context,
    {
      type: "channel.data",
      channel,
      offset: piece.offset,
      bytes: piece.bytes,
      length: piece.length,
      end,
    } as ControlEvent,
    env,
  );
  return true;
}

/** Nothing more will come: whoever waits is told. */
export function endRead(context: AssociationContext, channel: number, env: Env): void {
  if (!context.reads.delete(channel)) return;
  const end = { type: "channel.data", channel, offset: -1, bytes: null, length: 0, end: true };
  tellApp(context, end as ControlEvent, env);
}

function read({ channels }: Association, channel: number, max: number): Reading | null {
  const framing = channels.byId.get(channel)?.framing;
  return framing === "messages" ? readMessage(channels, channel) : readChannel(channels, channel, max);
}

export function isReadOut({ channels }: Association, channel: number): boolean {
  const state = channels.byId.get(channel)?.receive.state;
  return state === undefined || state === "ended";
}

function count(context: AssociationContext, bytes: number, { now }: Around): void {
  const isMeasured = now >= context.measureFrom;
  context.delivered += bytes;
  context.port.delivered += bytes;
  if (!isMeasured) return;
  context.measured += bytes;
  context.port.measured += bytes;
}

/** An application may have many associations: every piece of news says which it is of. */
export function tellApp({ app }: AssociationContext, event: ControlEvent, env: Env): void {
  if (app !== null) env.send(app, { ...event, association: env.self } as ControlEvent, 0);
}
