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
 * An association that a listener has begun (actors/channel/listener.ts) starts in `handshaking`.
 *
 * For applications (types in actors/channel/events.ts). All events, both ways, stay within the place.
 *   To an association:
 *     association.open                              connect; answered by `association.established` or `association.ended`
 *     association.close {code, reason}              end it now: codes from 256 on are the application's, 0: an orderly end
 *     association.finish                            end it when its last channel is over
 *     association.adopt {app}                       tell this application of everything from now on
 *     channel.open {options, tag}                   answered by `channel.opened {channel, actor, tag}` or `channel.denied`
 *     channel.accept {channel, consume}             take a channel that the peer offers; `consume`: read and forget all that comes
 *     channel.refuse, .reset, .stop, .close {channel, code}     .finish, .rekey {channel}
 *     channel.write {channel, bytes | null, length} a stream's bytes, or zeros, which cost nothing however many
 *     channel.message {channel, bytes | null, length}
 *     channel.read {channel, max}                   one `channel.data` in answer, when there is something
 *   To the application: association.established, association.ended {ending}; channel.offered, channel.wrote, channel.writable,
 *     channel.readable, channel.data {bytes | null, length, end}, and from the channel's own actor channel.changed {state}
 *   From a selector: paths.candidates; from whoever watches local links: paths.down {keys}
 * With `consume` bytes are counted in `context.delivered` and `context.measured`, and no event is made for them.
 */
import { setup } from "xstate";
import {
  type Association,
  type AssociationOptions,
  createAssociation,
  takeTransition,
} from "../../core/channel/association/association.ts";
import { close, closeWhenDone } from "../../core/channel/association/closing.ts";
import { connect } from "../../core/channel/association/handshake.ts";
import { receive } from "../../core/channel/association/ingress.ts";
import { collectLost, onTimeout } from "../../core/channel/association/timers.ts";
import { ID_BYTES } from "../../core/channel/crypto/long-packets.ts";
import { drawBytes } from "../../core/channel/crypto/primitives.ts";
import { offerCandidates, pathDown } from "../../core/channel/paths/offer.ts";
import type { ActorIndex, ControlEvent, Env, Handle } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import type { Nanos } from "../../core/units.ts";
import type { FlowEnds } from "../apps/datagram.ts";
import { tallyOwn } from "../apps/tally.ts";
import { envOf } from "../registry.ts";
import type { PathsCandidates, PathsSubscribe } from "../selectors/subscribers.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";
import { CHANNEL_HANDLERS } from "./requests.ts";
import type { AssociationChanged, AssociationClose, AssociationAdopt, PathsDown } from "./events.ts";
import { Around, createPort, type Port, peerOf } from "./port.ts";
import { pump, tellChannels } from "./pump.ts";
import { candidatesOf, type Way, wayOf, waysOut } from "./ways.ts";

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
  /** Channels whose data is read and forgotten, and those whose next data somebody waits for, with how much they take. */
  readonly consumed: Set<number>;
  readonly reads: Map<number, number>;
  /** Bytes handed over, since `measureFrom`, too. */
  delivered: number;
  measured: number;
  /** Packets that came marked "congestion experienced". */
  marked: number;
  /** The policy wants to hear what the paths measure; when it heard last. */
  observed: boolean;
  observedAt: Nanos;
  timers: { wake?: Handle };
  /** When the timer rings, -1: it is not set. */
  wakeAt: Nanos;
}

type AssociationEvent =
  | { readonly type: "association.open" }
  | AssociationClose
  | { readonly type: "association.finish" }
  | { readonly type: "association.closed" | "association.violated" | "association.begun" }
  | { readonly type: "handshake.cookie" | "handshake.answered" | "handshake.completed" | "handshake.failed" }
  | { readonly type: "peer.closed" | "peer.reset" | "idle.expired" | "close.expired" };

const associationMachine = setup({
  types: { context: {} as AssociationContext, events: {} as AssociationEvent, input: {} as AssociationInput },
  actions: {
    begin: ({ context, system }) => begin(context, envOf(system)),
    connect: ({ context, system }) => startConnecting(context, envOf(system)),
    close: ({ context, event, system }) => closeNow(context, event, envOf(system)),
    closeWhenDone: ({ context, system }) => finish(context, envOf(system)),
    tellEstablished: ({ context, system }) => tellApplication(context, "association.established", envOf(system)),
    tellEnded: ({ context, system }) => tellEnded(context, envOf(system)),
  },
}).createMachine({
  id: "association",
  context: ({ input }) => createContext(input),
  initial: "idle",
  on: {
    "association.close": { actions: "close" },
    "association.finish": { actions: "closeWhenDone" },
  },
  states: {
    idle: {
      entry: "begin",
      on: {
        "association.open": { target: "connecting", actions: "connect" },
        // At the asked end, which a listener has brought so far.
        "association.begun": "handshaking",
        "association.closed": "closing",
      },
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
    closed: { entry: "tellEnded" },
  },
});

function onPacket(state: Present<AssociationContext>, packet: Packet, _ifId: number, env: Env): ControlEvent | undefined {
  const { context } = state;
  const { association, port, listener } = context;
  // Packets that a listener hands on are counted there.
  if (listener === null && !tallyOwn(port.received, context.replyFlow, packet, env, port.clock)) return;
  if (packet.rest === null) return;
  const ce = (packet.trafficClass & 3) === 3;
  if (ce) context.marked++;
  const ctx = new Around(env);
  const arrival = {
    rest: packet.rest,
    length: packet.payloadLength - PAYLOAD_HEADER_BYTES,
    ce,
    key: association.paths.options.role === "responder" || listener === null ? keyOf(context, packet) : "",
    mtu: context.maxPacket,
    peer: association.phase === "established" ? "" : peerOf(packet),
  };
  receive(association, arrival, ctx);
  return settleDown(context, ctx, env);
}
