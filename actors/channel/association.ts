/**
 * One end of an association as an actor: packets, the one timer and what applications write and read go straight to the engine
 * (core/channel/association/); what becomes of the association walks this statechart.
 *
 *                association.open       handshake.cookie             handshake.completed
 *     idle ---------------------> connecting ------------> handshaking ------------> established
 *                                     |  handshake.answered ^  |                       |  |  |
 *                                     |  (simultaneous open) |  |                       |  |  | peer.closed
 *                                     +----------------------+  |                       |  |  +------------> draining --+
 *                                     |                         |                       |  |                            | close.expired
 *                                     | handshake.failed        |  association.closed,  |  | idle.expired, peer.reset    v
 *                                     +------------------------>|  association.violated |  +-------------------------> closed
 *                                                               |                       v                               ^
 *                                                               +--------------------> closing -------------------------+
 *
 * `association.open` in `closed` begins another association with the same peer: other ids, other keys, other channels.
 * An association that a listener has begun (actors/channel/listener.ts) starts in `handshaking`.
 *
 * For applications (types in actors/channel/events.ts). All events, both ways, stay within the place.
 *   To an association:
 *     association.open                              connect, again where it is closed; answered by `association.established` or `association.ended`
 *     association.close {code, reason}              end it now: codes from 256 on are the application's, 0: an orderly end
 *     association.finish                            end it when its last channel is over
 *     association.adopt {app}                       tell this application of everything from now on
 *     channel.open {options, tag, first?}           answered by `channel.opened {channel, actor, tag}` or `channel.denied`
 *     channel.accept {channel, consume}             take a channel that the peer offers; `consume`: read and forget all that comes
 *     channel.refuse, .reset, .stop, .close {channel, code}     .finish, .rekey {channel}
 *     channel.write {channel, bytes | null, length} a stream's bytes, or zeros, which cost nothing however many
 *     channel.message {channel, bytes | null, length}
 *     channel.read {channel, max}                   one `channel.data` in answer, when there is something
 *   To the application: association.established, association.ended {ending}; channel.offered, channel.wrote, channel.writable,
 *     channel.readable, channel.data {bytes | null, length, end}, and from the channel's own actor channel.changed {state}
 *   From a selector: paths.candidates, paths.too-big; from whoever watches local links: paths.down {keys}
 * With `consume` bytes are counted in `context.delivered` and `context.measured`, and no event is made for them.
 */
import { setup } from "xstate";
import {
  type Association,
  type AssociationOptions,
  createAssociation,
} from "../../core/channel/association/association.ts";
import { close, closeWhenDone } from "../../core/channel/association/closing.ts";
import { connect } from "../../core/channel/association/handshake.ts";
import { receive } from "../../core/channel/association/ingress.ts";
import { onTimeout } from "../../core/channel/association/timers.ts";
import { ID_BYTES } from "../../core/channel/crypto/long-packets.ts";
import { drawBytes } from "../../core/channel/crypto/primitives.ts";
import { offerCandidates, onPacketTooBig, pathDown } from "../../core/channel/paths/offer.ts";
import type { ActorIndex, ControlEvent, Env, Handle } from "../../core/env.ts";
import { type Packet, PAYLOAD_HEADER_BYTES } from "../../core/packet.ts";
import type { Nanos } from "../../core/units.ts";
import type { FlowEnds } from "../apps/datagram.ts";
import { tallyOwn } from "../apps/tally.ts";
import { setClock, type ClockSet } from "../../core/clock.ts";
import { envOf } from "../registry.ts";
import type { PathsCandidates, PathsSubscribe, PathsTooBig, PathsUnsubscribe } from "../selectors/subscribers.ts";
import { type Present, type TimerHandler, withPacketHandler } from "../with-packet-handler.ts";
import type { AssociationAdopt, AssociationChanged, AssociationClose, ChannelOpen, PathsDown } from "./events.ts";
import { addTotals, around, type Around, createPort, peerOf, type Port } from "./port.ts";
import { forgetChannel, settleDown, tellApp } from "./pump.ts";
import { CHANNEL_HANDLERS } from "./requests.ts";
import { candidatesOf, SELECTED, type Way, wayOf, waysOut } from "./ways.ts";

export interface AssociationInput {
  /** Packets out: `way` takes them, a selector or the router. */
  readonly ends: FlowEnds;
  /** Flow number of packets that come. */
  readonly replyFlow: number;
  readonly options: AssociationOptions;
  /** Largest channel packet by what this end knows of its first link (docs/channels.md): the payload without the payload header. */
  readonly maxPacket: number;
  /** Who is told of everything, null: nobody, until `association.adopt`. */
  readonly app: ActorIndex | null;
  /** Who offers ways out; null: they are those that packets came by. */
  readonly selector: ActorIndex | null;
  readonly measureFrom: Nanos;
  /** At the asked end: what the listener has begun. */
  readonly begun: Begun | null;
}

/** An association whose first packet a listener took. */
export interface Begun {
  readonly association: Association;
  readonly listener: ActorIndex;
  readonly port: Port;
  readonly way: Way;
}

export interface AssociationContext {
  readonly ends: FlowEnds;
  readonly replyFlow: number;
  readonly maxPacket: number;
  readonly selector: ActorIndex | null;
  readonly listener: ActorIndex | null;
  readonly port: Port;
  readonly measureFrom: Nanos;
  app: ActorIndex | null;
  association: Association;
  ways: Way[];
  /** Actors of channels by their id. */
  readonly channels: Map<number, ActorIndex>;
  /** Associations before this one. */
  rounds: number;
  /** Channels whose data is read and forgotten, and those whose next data somebody waits for, with how much they take. */
  readonly consumed: Set<number>;
  readonly reads: Map<number, number>;
  /** Channels asked for before the association stands, at most `MOST_EARLY`. */
  readonly early: ChannelOpen[];
  /** Bytes handed over, since `measureFrom`, too. */
  delivered: number;
  measured: number;
  /** Packets for ways that are not there any more: lost. */
  strays: number;
  /** Packets that came marked "congestion experienced". */
  marked: number;
  /** The policy wants to hear what the paths measure; when it heard last. */
  observed: boolean;
  observedAt: Nanos;
  /** Packets come several at once: its owner settles it after the last of them. */
  corked: boolean;
  timers: { wake?: Handle };
  /** When the timer rings, -1: it is not set. */
  wakeAt: Nanos;
}

type AssociationEvent =
  | { readonly type: "association.opened" | "association.begun" | "association.closed" | "association.violated" }
  | { readonly type: "handshake.cookie" | "handshake.answered" | "handshake.completed" | "handshake.failed" }
  | { readonly type: "peer.closed" | "peer.reset" | "idle.expired" | "close.expired" };

const associationMachine = setup({
  types: { context: {} as AssociationContext, events: {} as AssociationEvent, input: {} as AssociationInput },
  actions: {
    tellEstablished: ({ context, system }) => tellChange(context, "association.established", envOf(system)),
    tellEnded: ({ context, system }) => tellChange(context, "association.ended", envOf(system)),
  },
}).createMachine({
  id: "association",
  context: ({ input }) => createContext(input),
  initial: "idle",
  states: {
    idle: {
      on: { "association.opened": "connecting", "association.begun": "handshaking", "association.closed": "closing" },
    },
    connecting: {
      on: {
        "handshake.cookie": "handshaking",
        "handshake.answered": "handshaking",
        "handshake.completed": "established",
        "handshake.failed": "closed",
        "association.closed": "closing",
      },
    },
    handshaking: {
      on: {
        "handshake.answered": "handshaking",
        "handshake.completed": "established",
        "handshake.failed": "closed",
        "association.closed": "closing",
        "idle.expired": "closed",
      },
    },
    established: {
      entry: "tellEstablished",
      on: {
        "handshake.failed": "closed",
        "association.closed": "closing",
        "association.violated": "closing",
        "peer.closed": "draining",
        "peer.reset": "closed",
        "idle.expired": "closed",
      },
    },
    closing: { on: { "close.expired": "closed", "peer.reset": "closed" } },
    draining: { on: { "close.expired": "closed", "peer.reset": "closed" } },
    closed: { entry: "tellEnded", on: { "association.opened": "connecting" } },
  },
});

function onPacket(
  state: Present<AssociationContext>,
  packet: Packet,
  _ifId: number,
  env: Env,
): ControlEvent | undefined {
  const { context } = state;
  const { association, port } = context;
  if (!tallyOwn(port.received, context.replyFlow, packet, env, port.clock)) return;
  const ce = (packet.trafficClass & 3) === 3;
  if (ce) {
    context.marked++;
    port.marked++;
  }
  const ctx = around(context, env);
  const isKnown = association.phase === "established";
  const arrival = {
    rest: packet.rest ?? NOTHING,
    length: packet.payloadLength - PAYLOAD_HEADER_BYTES,
    ce,
    key: isKnown && association.role === "initiator" ? "" : wayOf(context.ways, packet).key,
    mtu: context.maxPacket,
    peer: isKnown ? "" : peerOf(packet),
  };
  const path = receive(association, arrival, ctx);
  if (ctx.seen !== null) ctx.seen.arrival = { packet, path };
  if (context.corked && association.transition === null && association.phase === "established") return;
  return settleDown(context, ctx, env);
}

type Act<E> = (context: AssociationContext, event: E, ctx: Around, env: Env) => void;

function handler<E>(act: Act<E>): TimerHandler<AssociationContext> {
  return ({ context }, event, env) => {
    const ctx = around(context, env);
    act(context, event as unknown as E, ctx, env);
    return settleDown(context, ctx, env);
  };
}

export const associationLogic = withPacketHandler(associationMachine, onPacket, {
  ...CHANNEL_HANDLERS,
  "timer.wake": handler((context, _event, ctx) => {
    context.wakeAt = -1;
    context.timers = {};
    onTimeout(context.association, ctx);
  }),
  "association.open": handler(startConnecting),
  "association.close": handler<AssociationClose>(({ association }, { code, reason }, ctx) =>
    close(association, code, reason, ctx),
  ),
  "association.finish": handler(({ association }, _event, ctx) => closeWhenDone(association, ctx)),
  "association.adopt": handler<AssociationAdopt>((context, { app }) => void (context.app = app)),
  // What a listener has begun takes its first step.
  "association.begin": handler(() => undefined),
  "paths.candidates": handler<PathsCandidates>(takeCandidates),
  "paths.down": handler<PathsDown>(({ association }, { keys }, ctx) => {
    pathDown(association.paths, (key) => keys.includes(key), ctx.now);
  }),
  "paths.too-big": handler<PathsTooBig>(takeTooBig),
  "clock.set": (state, event, env) => {
    setClock(state.context.port.clock, event as ClockSet, env.now);
    return undefined;
  },
});

const NOTHING = new Uint8Array(0);

function createContext(input: AssociationInput): AssociationContext {
  const { ends, replyFlow, maxPacket, selector, measureFrom, app, begun, options } = input;
  return {
    ends,
    replyFlow,
    maxPacket,
    selector,
    listener: begun?.listener ?? null,
    port: begun?.port ?? createPort(measureFrom),
    measureFrom,
    app,
    association: begun?.association ?? createAssociation(options, "initiator", NOTHING, NOTHING, 0),
    ways: begun === null ? [] : [begun.way],
    channels: new Map(),
    rounds: 0,
    consumed: new Set(),
    reads: new Map(),
    early: [],
    delivered: 0,
    measured: 0,
    strays: 0,
    marked: 0,
    observed: false,
    observedAt: 0,
    corked: false,
    timers: {},
    wakeAt: -1,
  };
}

/** The id is drawn here: an actor has no Env before its first event. */
function startConnecting(context: AssociationContext, _event: ControlEvent, ctx: Around, env: Env): void {
  const { selector, listener } = context;
  const { options, role, phase } = context.association;
  if (phase === "closed" && listener === null) {
    context.association = createAssociation(options, "initiator", NOTHING, NOTHING, ctx.now);
    context.rounds++;
  } else if (phase !== "idle" || role !== "initiator") return;
  const { association } = context;
  association.localId = drawBytes(ctx.random("channel/ids"), ID_BYTES, ctx.primitives);
  if (selector !== null) env.send(selector, { type: "paths.subscribe", subscriber: env.self } as PathsSubscribe, 0);
  connect(association, ctx);
}

function takeCandidates(context: AssociationContext, news: PathsCandidates, ctx: Around): void {
  const { association, maxPacket } = context;
  if (association.role !== "initiator") return;
  const candidates = candidatesOf(news, maxPacket);
  context.ways = waysOut(news);
  context.observed = news.observes;
  offerCandidates(association.paths, candidates, news.eachPacket ? 0 : news.choice, ctx.now);
}

function takeTooBig({ association, ways }: AssociationContext, news: PathsTooBig, ctx: Around): void {
  const { fingerprint, payload } = news;
  const key = ways.some((way) => way.key === SELECTED) ? SELECTED : fingerprint;
  onPacketTooBig(association.paths, key, payload - PAYLOAD_HEADER_BYTES, ctx.now);
}

function tellChange(context: AssociationContext, type: AssociationChanged["type"], env: Env): void {
  const { association, listener, port, selector } = context;
  if (type === "association.ended") addTotals(port.past, association);
  const news: AssociationChanged = {
    type,
    association: env.self,
    identity: association.identity,
    ending: association.ending,
  };
  tellApp(context, news, env);
  if (listener !== null) env.send(listener, news, 0);
  if (type !== "association.ended") return;
  for (const channel of context.channels.keys()) forgetChannel(context, channel, env);
  if (selector === null) return;
  env.send(selector, { type: "paths.unsubscribe", subscriber: env.self } as PathsUnsubscribe, 0);
}
