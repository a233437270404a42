/**
 * How two ends come to an association: Noise in long packets, repeated until they are answered.
 *
 *     initiator                                   responder
 *        | initial (message 1) ----------------------> |   keeps nothing (admission.ts)
 *        | <------------------------------------ retry |
 *        | initial (message 1, cookie) --------------> |   acceptInitial
 *        | <------------------------------- response   |   XX: repeated whenever the initial comes again
 *        | XX: final (message 3) --------------------> |   IK: the first packet of data that opens says as much
 *
 * Where both connect to each other at once, the attempt whose source id is the lower goes on; the other end yields and answers it.
 */
import { put32 } from "../../wire/bytes.ts";
import type { Bytes, Nanos } from "../../units.ts";
import { checkCookie, type CookieClaim, createSecretRing, retryCookie, type SecretRing } from "../crypto/cookies.ts";
import { createKeys } from "../crypto/keys.ts";
import { chooseVersion, ID_BYTES, longHeader, type LongPacket, VERSION } from "../crypto/long-packets.ts";
import { createNoise, type Noise, readNoise, splitSecret, writeNoise } from "../crypto/noise.ts";
import { bytesOfText, drawBytes, KEY_BYTES, sameBytes } from "../crypto/primitives.ts";
import { startPaths } from "../paths/offer.ts";
import { createPaths } from "../paths/table.ts";
import type { Candidate } from "../paths/types.ts";
import { createChannels } from "../streams/channels.ts";
import {
  type Association,
  type AssociationOptions,
  createAssociation,
  type DropWord,
  enter,
  fail,
  type Handshake,
  primitivesOf,
  type Surroundings,
} from "./association.ts";
import { decodeParameters, encodeParameters } from "./parameters.ts";

export type Initial = Extract<LongPacket, { kind: "initial" }>;
/** A packet with Noise's second or third message. */
type Reply = Extract<LongPacket, { readonly kind: "response" | "final" }>;

/** Whence a packet came: what admission and the handshake need to know of it. */
export interface Origin {
  /** Names the way back. */
  readonly key: string;
  /** Largest channel packet that fits it. */
  readonly mtu: Bytes;
  /** The sender's address and port, as text. */
  readonly peer: string;
}

/** Retries whose cookie is taken; anybody who saw the initial can send one. */
const MAX_COOKIES = 8;
const MAX_DOUBLINGS = 10;
/** However quick an answer seemed (it may be anybody's), the next waits for at least this part of the time set. */
const LEAST_SHARE = 8;

/** Begins as the end that asks. The packet goes once there is a candidate. */
export function connect(association: Association, ctx: Surroundings): void {
  const p = primitivesOf(association, ctx);
  const { options, localId } = association;
  const stream = ctx.random("channel/handshake");
  association.role = "initiator";
  association.remoteId = drawBytes(stream, ID_BYTES, p);
  const noise = createNoise({ ...noiseOptions(options, drawBytes(stream, KEY_BYTES, p)), initiator: true }, p);
  const head = { version: VERSION, destination: association.remoteId, source: localId };
  const payload = options.pattern === "IK" ? parametersOf(association) : NOTHING;
  const message = writeNoise(noise, payload, p, longHeader("initial", head));
  const way = wayAt(association, 0);
  association.handshake = createHandshake(noise, way?.key ?? "", way?.mtu ?? 0);
  send(association.handshake, { ...head, kind: "initial", cookie: null, message });
  enter(association, "connecting", "association.opened");
  awaitAnswer(association, ctx);
}

/**
 * Begins as the end that was asked, upon an initial whose cookie was found good; null where its Noise message cannot be read.
 * `resetToken`: of `localId`, empty where this end sends no resets.
 */
export function acceptInitial(
  options: AssociationOptions,
  initial: Initial,
  origin: Origin,
  ids: { readonly localId: Uint8Array; readonly resetToken: Uint8Array },
  ctx: Surroundings,
): Association | null {
  const association = createAssociation(options, "responder", ids.localId, ids.resetToken, ctx.now);
  if (!answerInitial(association, initial, origin, ctx)) return null;
  association.transition = "association.begun";
  return association;
}

/** Message 2. The association is as it was where the answer is false. */
function answerInitial(association: Association, initial: Initial, origin: Origin, ctx: Surroundings): boolean {
  const p = primitivesOf(association, ctx);
  const { options, localId } = association;
  const ephemeral = drawBytes(ctx.random("channel/handshake"), KEY_BYTES, p);
  const noise = createNoise({ ...noiseOptions(options, ephemeral), initiator: false }, p);
  const payload = readNoise(noise, initial.message, p, longHeader("initial", initial));
  if (payload === null) return false;
  if (options.pattern === "IK" && !takeParameters(association, payload)) return false;
  const head = { version: VERSION, destination: initial.source, source: localId };
  const message = writeNoise(noise, parametersOf(association), p, longHeader("response", head));
  association.remoteId = initial.source;
  association.handshake = createHandshake(noise, origin.key, origin.mtu);
  association.lastReceivedAt = ctx.now;
  send(association.handshake, { ...head, kind: "response", message });
  association.handshake.sentAt = ctx.now;
  if (noise.done) deriveKeys(association, noise, ctx);
  enter(association, "handshaking", "handshake.answered");
  return true;
}

/** A long packet for this association. Answers why it changes nothing, or null. */
export function receiveLong(
  association: Association,
  packet: LongPacket,
  origin: Origin,
  ctx: Surroundings,
): DropWord | null {
  switch (packet.kind) {
    case "initial":
      return association.role === "responder"
        ? repeatResponse(association, packet, origin)
        : crossInitial(association, packet, origin, ctx);
    case "retry":
      return takeCookie(association, packet.cookie, ctx);
    case "response":
      return takeResponse(association, packet, ctx);
    case "final":
      return takeFinal(association, packet, ctx);
    case "versions":
      // A retry has shown that the peer speaks ours.
      if (
        association.role !== "initiator" ||
        association.phase !== "connecting" ||
        chooseVersion(packet.versions) !== null
      )
        return "unexpected_long";
      fail(
        association,
        "version",
        "peer",
        `the peer speaks ${packet.versions.map((one) => `0x${one.toString(16)}`).join(", ")}`,
      );
      return null;
    case "refusal":
      // A busy responder may have room later, and the next retry brings a good cookie.
      if (!isAsking(association) || packet.reason === "busy" || packet.reason === "bad_cookie")
        return "unexpected_long";
      fail(association, packet.reason === "wrong_identity" ? "identity" : "refused", "peer", packet.reason);
      return null;
    case "reset":
      return takeReset(association, packet.token);
  }
}

/** Long packet to send now, null: none is due. */
export function nextLong(association: Association, ctx: Surroundings): LongPacket | null {
  const { handshake } = association;
  if (handshake === null) return null;
  if (handshake.answer !== null) {
    const { answer } = handshake;
    handshake.answer = null;
    return answer;
  }
  if (!handshake.due || handshake.packet === null || !hasWay(association, handshake)) return null;
  handshake.due = false;
  if (handshake.attempts === 0) handshake.sentAt = ctx.now;
  association.counts.handshakesSent++;
  return handshake.packet;
}

/** The handshake's timer has rung. */
export function repeatHandshake(association: Association, ctx: Surroundings): void {
  const { handshake, options } = association;
  if (handshake === null) return;
  handshake.attempts++;
  handshake.sentAt = -1;
  if (handshake.attempts >= options.handshakeAttempts) {
    fail(association, "handshake-timeout", "nobody", `no answer to ${handshake.attempts} packets`);
    return;
  }
  if (association.role === "initiator") {
    const way = wayAt(association, handshake.attempts);
    if (way !== null) setWay(handshake, way.key, way.mtu);
  }
  handshake.due = handshake.packet !== null;
  awaitAnswer(association, ctx);
}

/** A packet of data has opened: the peer has the keys. */
export function confirm(association: Association, ctx: Surroundings): void {
  association.confirmed = true;
  if (association.phase === "handshaking") complete(association, ctx);
  association.handshake = null;
}

const NOTHING = new Uint8Array(0);

function isAsking({ role, phase }: Association): boolean {
  return role === "initiator" && (phase === "connecting" || phase === "handshaking");
}

function noiseOptions({ pattern, localStatic, remoteStatic }: AssociationOptions, ephemeral: Uint8Array) {
  const prologue = new Uint8Array(4);
  put32(prologue, 0, VERSION);
  const base = { pattern, localStatic, ephemeral, prologue };
  return remoteStatic === null ? base : { ...base, remoteStatic };
}

function createHandshake(noise: Noise, key: string, mtu: Bytes): Handshake {
  return {
    noise,
    packet: null,
    due: false,
    answer: null,
    ring: null,
    attempts: 0,
    retryAt: -1,
    sentAt: -1,
    rtt: 0,
    cookies: 0,
    key,
    mtu,
  };
}

function send(handshake: Handshake, packet: LongPacket): void {
  handshake.packet = packet;
  handshake.due = true;
}

function setWay(handshake: Handshake, key: string, mtu: Bytes): void {
  handshake.key = key;
  handshake.mtu = mtu;
}

/** An initiator's way is known once the selector has offered one. */
function hasWay(association: Association, handshake: Handshake): boolean {
  if (handshake.mtu > 0) return true;
  const way = wayAt(association, handshake.attempts);
  if (way === null) return false;
  setWay(handshake, way.key, way.mtu);
  return true;
}

/** Each attempt takes another of the ways that are offered, the selector's choice first: a dead one must not keep two ends apart. */
function wayAt({ paths }: Association, attempt: number): Candidate | null {
  const usable = paths.candidates.filter((one) => one.usable);
  const ways = usable.length > 0 ? usable : paths.candidates;
  const first = Math.max(
    0,
    ways.findIndex(({ key }) => key === paths.preferred),
  );
  return ways[(first + attempt) % Math.max(1, ways.length)] ?? null;
}

/** Doubles with every attempt, and is drawn from a range of half that around it, so that many who lost do not ask again at once. */
function awaitAnswer(association: Association, ctx: Surroundings): void {
  const { handshake, options } = association;
  if (handshake === null) return;
  const { handshakeTimeout } = options;
  const known = handshake.rtt > 0 ? Math.max(2 * handshake.rtt, handshakeTimeout / LEAST_SHARE) : handshakeTimeout;
  let delay = Math.min(known, handshakeTimeout);
  for (let doubling = 0; doubling < Math.min(handshake.attempts, MAX_DOUBLINGS); doubling++) delay *= 2;
  const jitter = 0.75 + ctx.random("channel/handshake").uniform() / 2;
  handshake.retryAt = ctx.now + Math.max(1, Math.ceil(delay * jitter));
}

function takeCookie(association: Association, cookie: Uint8Array, ctx: Surroundings): DropWord | null {
  const { handshake } = association;
  if (!isAsking(association) || handshake?.packet?.kind !== "initial") return "unexpected_long";
  const known = handshake.packet.cookie;
  if (handshake.cookies >= MAX_COOKIES || (known !== null && sameBytes(known, cookie))) return "unexpected_long";
  // Whatever comes after the first may answer what was sent before it.
  if (handshake.cookies === 0) noteRtt(handshake, ctx.now);
  handshake.cookies++;
  association.counts.cookies++;
  send(handshake, { ...handshake.packet, cookie });
  handshake.attempts = 0;
  awaitAnswer(association, ctx);
  if (association.phase === "connecting") enter(association, "handshaking", "handshake.cookie");
  return null;
}

function takeResponse(association: Association, packet: Reply, ctx: Surroundings): DropWord | null {
  const { handshake } = association;
  if (!isAsking(association) || handshake === null) return "unexpected_long";
  const p = primitivesOf(association, ctx);
  const { noise } = handshake;
  const payload = readNoise(noise, packet.message, p, longHeader("response", packet));
  if (payload === null) return refuseMessage(association, noise);
  if (!takeParameters(association, payload)) {
    fail(association, "violation", "us", "parameters cannot be read");
    return null;
  }
  association.remoteId = packet.source;
  noteRtt(handshake, ctx.now);
  if (noise.done) {
    handshake.packet = null;
    handshake.retryAt = -1;
  } else {
    const head = { version: VERSION, destination: packet.source, source: association.localId };
    const message = writeNoise(noise, parametersOf(association), p, longHeader("final", head));
    send(handshake, { ...head, kind: "final", message });
    handshake.attempts = 0;
    awaitAnswer(association, ctx);
  }
  deriveKeys(association, noise, ctx);
  complete(association, ctx);
  return null;
}

/** A wrong identity is proven by the whole of the handshake; anything else may be anybody's. */
function refuseMessage(association: Association, noise: Noise): DropWord | null {
  if (noise.fault !== "wrong_identity") return "forged";
  fail(association, "identity", "us", "the peer's static key is not the one that was asked for");
  return null;
}

function takeFinal(association: Association, packet: Reply, ctx: Surroundings): DropWord | null {
  const { handshake, role, phase } = association;
  if (role !== "responder") return "unexpected_long";
  if (phase === "established") {
    // The initiator has not heard from us yet.
    association.pingDue = true;
    return null;
  }
  if (phase !== "handshaking" || handshake === null || !sameBytes(packet.source, association.remoteId))
    return "unexpected_long";
  const payload = readNoise(
    handshake.noise,
    packet.message,
    primitivesOf(association, ctx),
    longHeader("final", packet),
  );
  if (payload === null) return refuseMessage(association, handshake.noise);
  if (!takeParameters(association, payload)) {
    fail(association, "violation", "us", "parameters cannot be read");
    return null;
  }
  noteRtt(handshake, ctx.now);
  deriveKeys(association, handshake.noise, ctx);
  complete(association, ctx);
  association.handshake = null;
  association.confirmed = true;
  return null;
}

/** The initial has come again: our response was lost. It goes by the way that this one came, for the first may be dead. */
function repeatResponse(
  { handshake, remoteId, phase }: Association,
  initial: Initial,
  { key, mtu }: Origin,
): DropWord | null {
  if (phase !== "handshaking" || handshake?.packet?.kind !== "response") return "unexpected_long";
  if (!sameBytes(initial.source, remoteId)) return "unexpected_long";
  setWay(handshake, key, mtu);
  handshake.due = true;
  handshake.sentAt = -1;
  handshake.attempts = 1;
  return null;
}

/** The peer connects to us while we connect to it. */
function crossInitial(association: Association, initial: Initial, origin: Origin, ctx: Surroundings): DropWord | null {
  const { handshake } = association;
  if (!isAsking(association) || handshake === null) return "unexpected_long";
  association.counts.crossings++;
  if (isBelow(association.localId, initial.source)) return "unexpected_long";
  const { primitives: p } = ctx;
  handshake.ring ??= createSecretRing(drawBytes(ctx.random("channel/cookies"), KEY_BYTES, p), ctx.now);
  const claim = claimOf(initial, origin);
  const fault = initial.cookie === null ? "none" : checkCookie(handshake.ring, claim, initial.cookie, ctx.now, p);
  if (fault !== null) {
    handshake.answer = retryFor(handshake.ring, initial, origin, ctx);
    return null;
  }
  return yieldTo(association, initial, origin, ctx) ? null : "forged";
}

/** Our own attempt is given up for the peer's. */
function yieldTo(association: Association, initial: Initial, origin: Origin, ctx: Surroundings): boolean {
  const { options } = association;
  if (!answerInitial(association, initial, origin, ctx)) return false;
  association.role = "responder";
  association.channels = createChannels({ role: "responder", windows: options.windows, limits: options.limits });
  association.paths = createPaths({ ...options.paths, role: "responder" });
  return true;
}

export function claimOf(initial: Initial, { peer }: Origin): CookieClaim {
  const { version, destination, source, message } = initial;
  return { peer: bytesOfText(peer), version, destination, source, message };
}

export function retryFor(ring: SecretRing, initial: Initial, origin: Origin, ctx: Surroundings): LongPacket {
  const cookie = retryCookie(ring, claimOf(initial, origin), ctx.now, ctx.primitives);
  return { kind: "retry", version: VERSION, destination: initial.source, source: initial.destination, cookie };
}

function isBelow(a: Uint8Array, b: Uint8Array): boolean {
  for (let at = 0; at < a.length; at++) {
    const difference = (a[at] as number) - (b[at] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function takeReset(association: Association, token: Uint8Array): DropWord | null {
  const { phase, peerResetToken } = association;
  const isLive = phase === "established" || phase === "closing" || phase === "draining";
  if (!isLive || peerResetToken.length === 0 || !sameBytes(token, peerResetToken)) return "unexpected_long";
  association.ending = { by: "peer", word: "reset", code: 0, reason: "the peer has lost its state" };
  enter(association, "closed", "peer.reset");
  return null;
}

function noteRtt(handshake: Handshake, now: Nanos): void {
  if (handshake.sentAt >= 0) handshake.rtt = Math.max(1, now - handshake.sentAt);
}

function parametersOf({ options, resetToken }: Association): Uint8Array {
  return encodeParameters({ idleTimeout: options.idleTimeout, maxPacket: options.maxPacket, resetToken });
}

function takeParameters(association: Association, payload: Uint8Array): boolean {
  const theirs = decodeParameters(payload);
  if (theirs === null) return false;
  const own = association.options.idleTimeout;
  const least = Math.min(own, theirs.idleTimeout);
  association.idleTimeout = least === 0 ? Math.max(own, theirs.idleTimeout) : least;
  association.peerMaxPacket = theirs.maxPacket;
  association.peerResetToken = theirs.resetToken;
  return true;
}

function deriveKeys(association: Association, noise: Noise, ctx: Surroundings): void {
  const { crypto: mode, keying } = association.options;
  association.identity = noise.remoteStatic;
  association.keys = createKeys({ secret: splitSecret(noise, primitivesOf(association, ctx)), mode, keying });
}

/** Keys are there: packets of data may go. Both ends say something at once, so that each knows the other has them. */
function complete(association: Association, ctx: Surroundings): void {
  const { handshake, peerMaxPacket } = association;
  const key = handshake?.key ?? "";
  const mtu = Math.min(handshake?.mtu ?? peerMaxPacket, peerMaxPacket);
  startPaths(association.paths, key, mtu, handshake?.rtt ?? 0, ctx.now);
  association.lastReceivedAt = ctx.now;
  association.pingDue = true;
  enter(association, "established", "handshake.completed");
}
