/**
 * Where associations begin at the asked end: keeps nothing of a peer before a valid cookie, then an actor for each association, to which it
 * hands the packets that name it.
 *
 *     listening --listener.full--> full          full: initials with a good cookie are refused ("busy")
 *         ^                          |
 *         +-----listener.room--------+           both: listener.close --> closed: nobody new; associations go on
 *
 * What it answers by itself is never longer than what it got (core/channel/association/admission.ts).
 */
import { setup } from "xstate";
import { judge, refusalFor, rotateIfDue } from "../../core/channel/association/admission.ts";
import type { AssociationOptions } from "../../core/channel/association/association.ts";
import { acceptInitial, type Initial } from "../../core/channel/association/handshake.ts";
import { createSecretRing, resetToken, type SecretRing } from "../../core/channel/crypto/cookies.ts";
import { type EncodedLong, headerForm, ID_BYTES } from "../../core/channel/crypto/long-packets.ts";
import { drawBytes, KEY_BYTES } from "../../core/channel/crypto/primitives.ts";
import { type ClockSet, setClock } from "../../core/clock.ts";
import type { ActorIndex, ControlEvent, Env } from "../../core/env.ts";
import { type Packet, PAYLOAD_HEADER_BYTES } from "../../core/packet.ts";
import type { Nanos } from "../../core/units.ts";
import { get32 } from "../../core/wire/bytes.ts";
import type { FlowEnds } from "../apps/datagram.ts";
import { tally } from "../apps/tally.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";
import type { AssociationInput } from "./association.ts";
import type { AssociationChanged } from "./events.ts";
import { Around, createPort, peerOf, type Port, sendOut } from "./port.ts";
import { type Way, wayOf } from "./ways.ts";

export interface ListenerInput {
  /** Packets out; their destination is that of whoever is answered. */
  readonly ends: FlowEnds;
  /** Flow number of packets that come; null: any. */
  readonly flow: number | null;
  readonly options: AssociationOptions;
  /** Largest channel packet by what this end knows of its first link. */
  readonly maxPacket: number;
  /** Who is told of its associations and their channels. */
  readonly app: ActorIndex | null;
  readonly maxAssociations: number;
  readonly measureFrom: Nanos;
}

export interface ListenerContext extends ListenerInput {
  readonly port: Port;
  /** Secrets of cookies; of reset tokens. null before the first packet. */
  ring: SecretRing | null;
  resetSecret: Uint8Array;
  /** Actors of associations by our id for them, and those ids by the peer's address and id. */
  readonly byId: Map<number, ActorIndex>;
  readonly bySource: Map<string, number>;
  readonly sources: Map<ActorIndex, { readonly id: number; readonly source: string }>;
  ways: Way[];
  readonly counts: ListenerCounts;
}

export interface ListenerCounts {
  accepted: number;
  ended: number;
  retries: number;
  versions: number;
  resets: number;
  refused: number;
  malformed: number;
  unknown: number;
  /** Answers not given since they were too long for what they answered. */
  amplification: number;
  /** Initials with a good cookie whose Noise message cannot be read. */
  forged: number;
}

const FULL: ControlEvent = { type: "listener.full" };
const ROOM: ControlEvent = { type: "listener.room" };

const listenerMachine = setup({
  types: {
    context: {} as ListenerContext,
    events: {} as { readonly type: "listener.full" | "listener.room" | "listener.close" },
    input: {} as ListenerInput,
  },
}).createMachine({
  id: "listener",
  context: ({ input }) => createContext(input),
  initial: "listening",
  states: {
    listening: { on: { "listener.full": "full", "listener.close": "closed" } },
    full: { on: { "listener.room": "listening", "listener.close": "closed" } },
    closed: {},
  },
});

function onPacket(state: Present<ListenerContext>, packet: Packet, _ifId: number, env: Env): ControlEvent | undefined {
  const listener = state.context;
  const rest = packet.rest ?? NOTHING;
  const known = rest.length >= LEAST_REST ? listener.byId.get(idIn(rest)) : undefined;
  // What is handed on is counted where it arrives.
  if (known === undefined) return judgeStranger(state, packet, rest, env);
  env.sendPacket(known, packet, 0, 0);
  return;
}

export const listenerLogic = withPacketHandler(listenerMachine, onPacket, {
  "association.established": () => undefined,
  "association.ended": (state, event, env) => forget(state, event as AssociationChanged, env),
  "association.reap": (_state, event, env) => {
    env.stop((event as ControlEvent & { readonly actor: ActorIndex }).actor);
    return undefined;
  },
  "clock.set": (state, event, env) => {
    setClock(state.context.port.clock, event as ClockSet, env.now);
    return undefined;
  },
});

const NOTHING = new Uint8Array(0);
/** Up to the end of the destination's id, in packets of either form. */
const LEAST_REST = 13;

function createContext(input: ListenerInput): ListenerContext {
  return {
    ...input,
    port: createPort(input.measureFrom),
    ring: null,
    resetSecret: NOTHING,
    byId: new Map(),
    bySource: new Map(),
    sources: new Map(),
    ways: [],
    counts: {
      accepted: 0,
      ended: 0,
      retries: 0,
      versions: 0,
      resets: 0,
      refused: 0,
      malformed: 0,
      unknown: 0,
      amplification: 0,
      forged: 0,
    },
  };
}

/** The association that a packet names, as a number: 53 bits of the 64, which are told apart where ids are drawn. */
function idIn(rest: Uint8Array): number {
  return idAt(rest, headerForm(rest) === "long" ? 5 : 1);
}

function idAt(bytes: Uint8Array, at: number): number {
  return (get32(bytes, at) & 0x1f_ffff) * 0x1_0000_0000 + get32(bytes, at + 4);
}

function judgeStranger(
  state: Present<ListenerContext>,
  packet: Packet,
  rest: Uint8Array,
  env: Env,
): ControlEvent | undefined {
  const listener = state.context;
  const { counts, port, flow } = listener;
  if (flow !== null && packet.flow !== flow) {
    env.drop(packet, "unexpected");
    return;
  }
  const ctx = new Around(env);
  const ring = secretsOf(listener, ctx);
  const way = wayOf(listener.ways, packet);
  const length = packet.payloadLength - PAYLOAD_HEADER_BYTES;
  const arrival = { rest, length, key: way.key, mtu: listener.maxPacket, peer: peerOf(packet) };
  const verdict = judge(arrival, ring, listener.resetSecret, ctx);
  if (verdict.kind === "admit") {
    const source = sourceOf(verdict.initial, arrival.peer);
    const begun = listener.byId.get(listener.bySource.get(source) ?? -1);
    if (begun !== undefined) {
      env.sendPacket(begun, packet, 0, 0);
      return;
    }
  }
  tally(port.received, packet, env, port.clock);
  if (verdict.kind === "admit") return admit(state, verdict.initial, arrival, way, packet, ctx, env);
  if (verdict.kind === "drop") {
    counts[verdict.word]++;
    return;
  }
  counts[ANSWER_COUNTS[verdict.word]]++;
  answer(listener, packet, way, verdict.answer, env);
  return;
}

const ANSWER_COUNTS = { retry: "retries", versions: "versions", reset: "resets" } as const;

function secretsOf(listener: ListenerContext, ctx: Around): SecretRing {
  if (listener.ring === null) {
    const secret = (purpose: string): Uint8Array => drawBytes(ctx.random(purpose), KEY_BYTES, ctx.primitives);
    listener.ring = createSecretRing(secret("channel/cookies"), ctx.now);
    listener.resetSecret = secret("channel/resets");
  }
  rotateIfDue(listener.ring, ctx.now, ctx);
  return listener.ring;
}

function answer(listener: ListenerContext, packet: Packet, way: Way, bytes: EncodedLong, env: Env): void {
  sendOut(listener.port, endsTo(listener, packet), way, bytes, env);
}

/** Our end of the flow back to where a packet came from. */
function endsTo({ ends }: ListenerContext, { srcIa, srcHost, l4 }: Packet): FlowEnds {
  const dst = { ia: srcIa, host: srcHost };
  if (l4.kind !== "udp") return { ...ends, dst };
  return { ...ends, dst, l4: { kind: "udp", srcPort: l4.dstPort, dstPort: l4.srcPort } };
}

/** Names who asks, whatever our id for the association is. */
function sourceOf({ source }: Initial, peer: string): string {
  return `${peer} ${idAt(source, 0)}`;
}

/** An initial with a good cookie: an association begins. */
function admit(
  state: Present<ListenerContext>,
  initial: Initial,
  arrival: Parameters<typeof acceptInitial>[2],
  way: Way,
  packet: Packet,
  ctx: Around,
  env: Env,
): ControlEvent | undefined {
  const listener = state.context;
  const { counts, byId, bySource } = listener;
  const source = sourceOf(initial, arrival.peer);
  if (state.value !== "listening") {
    counts.refused++;
    answer(listener, packet, way, refusalFor(initial, state.value === "full" ? "busy" : "not_listening"), env);
    return;
  }
  const localId = drawId(listener, ctx);
  const token = resetToken(listener.resetSecret, localId, ctx.primitives);
  const association = acceptInitial(listener.options, initial, arrival, { localId, resetToken: token }, ctx);
  if (association === null) {
    counts.forged++;
    return;
  }
  const { maxPacket, options, app, port, measureFrom } = listener;
  const input: AssociationInput = {
    ends: endsTo(listener, packet),
    replyFlow: packet.flow,
    options,
    maxPacket,
    app,
    selector: null,
    measureFrom,
    begun: { association, listener: env.self, port, way },
  };
  const actor = env.spawn(`${env.id}/${counts.accepted++}`, "association", input);
  const id = idAt(localId, 0);
  byId.set(id, actor);
  bySource.set(source, id);
  listener.sources.set(actor, { id, source });
  env.send(actor, { type: "association.begin" }, 0);
  return byId.size >= listener.maxAssociations ? FULL : undefined;
}

/** Drawn again in the one case in 2^53 that it is taken. */
function drawId({ byId }: ListenerContext, ctx: Around): Uint8Array {
  const draw = (): Uint8Array => drawBytes(ctx.random("channel/ids"), ID_BYTES, ctx.primitives);
  let id = draw();
  while (byId.has(idAt(id, 0))) id = draw();
  return id;
}

/** Packets handed to it before are delivered first. */
function forget(
  state: Present<ListenerContext>,
  { association: actor }: AssociationChanged,
  env: Env,
): ControlEvent | undefined {
  const listener = state.context;
  const { byId, bySource, sources, counts, maxAssociations } = listener;
  const known = sources.get(actor);
  if (known === undefined) return;
  const wasFull = byId.size >= maxAssociations;
  byId.delete(known.id);
  bySource.delete(known.source);
  sources.delete(actor);
  counts.ended++;
  env.send(env.self, { type: "association.reap", actor } as ControlEvent, 0);
  return wasFull ? ROOM : undefined;
}
