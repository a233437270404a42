/** Two ends and the ways between them, without actors: packets fly for a fixed time, and a test may touch each. */
import { RandomStream } from "../../rng.ts";
import { MILLISECOND, type Nanos } from "../../units.ts";
import { createSecretRing, resetToken, type SecretRing } from "../crypto/cookies.ts";
import { decodeLong, headerForm } from "../crypto/long-packets.ts";
import { createKeyPair, drawBytes, type KeyPair, type Primitives, PURE_PRIMITIVES } from "../crypto/primitives.ts";
import { MODELLED_PRIMITIVES } from "../crypto/modelled.ts";
import { offerCandidates } from "../paths/offer.ts";
import type { ChannelEvent } from "../streams/channels.ts";
import { takeEvents } from "../streams/life.ts";
import { judge, type Verdict } from "./admission.ts";
import {
  ASSOCIATION_DEFAULTS,
  type Association,
  type AssociationOptions,
  createAssociation,
  type Phase,
  type Surroundings,
  takeTransition,
  type Transition,
} from "./association.ts";
import { type Departure, transmit } from "./egress.ts";
import { acceptInitial, connect } from "./handshake.ts";
import { type Arrival, receive } from "./ingress.ts";
import { collectLost, deadlineOf, onTimeout } from "./timers.ts";

export type Side = "a" | "b";

interface Flying {
  readonly at: Nanos;
  readonly to: Side;
  readonly arrival: Arrival;
}

/** What becomes of a packet that leaves: the packets that arrive in its place, each after so long. */
export type Network = (
  packet: Arrival,
  from: Side,
  count: number,
) => readonly { readonly arrival: Arrival; readonly delay: Nanos }[];

export interface End {
  association: Association | null;
  readonly options: AssociationOptions;
  readonly ring: SecretRing;
  readonly resetSecret: Uint8Array;
  /** Phases before and after each step. */
  readonly steps: { readonly from: Phase; readonly word: Transition; readonly to: Phase }[];
  phase: Phase;
  /** Asks for a cookie. */
  cookies: boolean;
  readonly events: ChannelEvent[];
  readonly random: (purpose: string) => RandomStream;
  /** Packets sent, and bytes got and sent before an association stood. */
  sent: number;
  strangerBytes: number;
  answeredBytes: number;
}

export interface Pair {
  now: Nanos;
  readonly a: End;
  readonly b: End;
  readonly flying: Flying[];
  readonly primitives: Primitives;
  network: Network;
}

export const DELAY: Nanos = 10 * MILLISECOND;

export const PERFECT: Network = (arrival) => [{ arrival, delay: DELAY }];

/** Nobody has begun. Ways are called as the candidates: `one`, `two`. */
export function createPair(a: Partial<AssociationOptions> = {}, b: Partial<AssociationOptions> = a, seed = 1): Pair {
  const modelled = a.crypto === "modelled";
  const primitives = PURE_PRIMITIVES;
  const keyOf = (fill: number): KeyPair =>
    createKeyPair(new Uint8Array(32).fill(fill), modelled ? MODELLED_PRIMITIVES : primitives);
  const [first, second] = [keyOf(1), keyOf(2)];
  const base = { ...ASSOCIATION_DEFAULTS, maxPacket: 1_200 };
  return {
    now: 0,
    a: createEnd("a", { ...base, localStatic: first, remoteStatic: second.public, ...a }, seed, primitives),
    b: createEnd("b", { ...base, localStatic: second, ...b }, seed, primitives),
    flying: [],
    primitives,
    network: PERFECT,
  };
}

function createEnd(name: Side, options: AssociationOptions, seed: number, p: Primitives): End {
  const streams = new Map<string, RandomStream>();
  const random = (purpose: string): RandomStream => {
    const known = streams.get(purpose) ?? new RandomStream(seed, name, purpose);
    streams.set(purpose, known);
    return known;
  };
  return {
    association: null,
    options,
    ring: createSecretRing(drawBytes(random("ring"), 32, p), 0),
    resetSecret: drawBytes(random("reset"), 32, p),
    steps: [],
    phase: "idle",
    cookies: true,
    events: [],
    random,
    sent: 0,
    strangerBytes: 0,
    answeredBytes: 0,
  };
}

export function around({ now, primitives }: Pair, { random }: End): Surroundings {
  return { now, primitives, random };
}

/** An association that has not begun to ask. */
export function idle(pair: Pair, side: Side): Association {
  const end = pair[side];
  const id = drawBytes(end.random("ids"), 8, pair.primitives);
  end.association = createAssociation(end.options, "initiator", id, new Uint8Array(0), pair.now);
  return end.association;
}

/** The end asks, over the ways offered. */
export function open(pair: Pair, side: Side, ways: readonly string[] = ["one"]): Association {
  const association = idle(pair, side);
  const end = pair[side];
  const candidates = ways.map((key) => ({ key, mtu: 1_200, latencyNs: DELAY, usable: true }));
  offerCandidates(association.paths, candidates, 0, pair.now);
  connect(association, around(pair, end));
  settle(pair, side);
  return association;
}

/** What follows everything that happens to an end. */
export function settle(pair: Pair, side: Side): void {
  const end = pair[side];
  const { association } = end;
  if (association === null) return;
  const ctx = around(pair, end);
  collectLost(association, ctx);
  end.events.push(...takeEvents(association.channels));
  for (let out = transmit(association, ctx); out !== null; out = transmit(association, ctx)) send(pair, side, out);
  const transition = takeTransition(association);
  if (transition !== null) end.steps.push({ from: end.phase, word: transition, to: association.phase });
  end.phase = association.phase;
}

function send(pair: Pair, from: Side, { rest, length, key }: Pick<Departure, "rest" | "length" | "key">): void {
  const arrival = { rest, length, key, ce: false, mtu: 1_200, peer: from };
  const count = pair[from].sent++;
  const to = from === "a" ? "b" : "a";
  for (const one of pair.network(arrival, from, count)) {
    pair.flying.push({ at: pair.now + one.delay, to, arrival: one.arrival });
  }
}

/** A packet arrives: at its association, or at the listener that stands in for one. */
export function arrive(pair: Pair, side: Side, arrival: Arrival): void {
  const end = pair[side];
  if (end.association === null) admit(pair, side, arrival);
  else receive(end.association, arrival, around(pair, end));
  settle(pair, side);
}

function admit(pair: Pair, side: Side, arrival: Arrival): void {
  const end = pair[side];
  const ctx = around(pair, end);
  end.strangerBytes += arrival.length;
  const verdict = end.cookies ? judge(arrival, end.ring, end.resetSecret, ctx) : believe(arrival);
  if (verdict.kind === "answer") {
    end.answeredBytes += verdict.answer.length;
    send(pair, side, { ...verdict.answer, key: arrival.key });
  }
  if (verdict.kind !== "admit") return;
  const localId = drawBytes(end.random("ids"), 8, pair.primitives);
  const token = resetToken(end.resetSecret, localId, pair.primitives);
  end.association = acceptInitial(end.options, verdict.initial, arrival, { localId, resetToken: token }, ctx);
}

/** The verdict of a responder that asks for no cookie. */
function believe({ rest, length }: Arrival): Verdict {
  const decoded = decodeLong(rest, length);
  if (!decoded.ok || decoded.value.kind !== "initial") return { kind: "drop", word: "unknown" };
  return { kind: "admit", initial: decoded.value };
}

/** Runs until nothing happens any more, or time is up. */
export function run(pair: Pair, until: Nanos): void {
  for (;;) {
    const next = nextTime(pair);
    if (next < 0 || next > until) break;
    pair.now = Math.max(pair.now, next);
    step(pair);
  }
  pair.now = until;
}

function nextTime(pair: Pair): Nanos {
  let next = -1;
  const consider = (at: Nanos): void => {
    if (at >= 0 && (next < 0 || at < next)) next = at;
  };
  for (const { at } of pair.flying) consider(at);
  for (const side of ["a", "b"] as const) {
    const { association } = pair[side];
    if (association !== null) consider(deadlineOf(association));
  }
  return next;
}

function step(pair: Pair): void {
  const at = pair.flying.findIndex((one) => one.at <= pair.now);
  if (at >= 0) {
    const [packet] = pair.flying.splice(at, 1) as [Flying];
    arrive(pair, packet.to, packet.arrival);
    return;
  }
  for (const side of ["a", "b"] as const) {
    const { association } = pair[side];
    if (association === null) continue;
    const due = deadlineOf(association);
    if (due < 0 || due > pair.now) continue;
    onTimeout(association, around(pair, pair[side]));
    settle(pair, side);
  }
}

/** Kind of a long packet, or `short`. */
export function kindOf({ rest, length }: Arrival): string {
  if (headerForm(rest) !== "long") return headerForm(rest);
  const decoded = decodeLong(rest, length);
  return decoded.ok ? decoded.value.kind : "malformed";
}

/** Everything that an association remembers, as one text: two that differ in nothing are the same. */
export function imprint(association: Association): string {
  const { counts: _counts, keys, ...rest } = association;
  const known = keys === null ? null : { ...keys, forged: 0 };
  return JSON.stringify({ ...rest, keys: known }, (_key, value: unknown) =>
    value instanceof Map ? [...value] : ArrayBuffer.isView(value) ? Array.from(value as Uint8Array) : value,
  );
}
