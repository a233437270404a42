/**
 * What applications at the source of a flow over channels share: the association they stand on. It is asked for when it is needed, again
 * after it has ended (idle for too long, a path that stayed away, no more numbers for channels), and closed when the flow is over.
 *
 *     none --needAssociation--> opening --established--> open --association.ended--> none
 *                                  +------------ association.ended ----------------^     (asked for again after RETRY at the earliest)
 */
import { MAX_CHANNELS } from "../../core/channel/streams/channels.ts";
import type { Reliability } from "../../core/channel/streams/frames.ts";
import type { ActorIndex, ControlEvent, Env } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import { type Nanos, SECOND } from "../../core/units.ts";
import type { AssociationChanged, ChannelChanged, ChannelOpen, ChannelRequest } from "../channel/events.ts";

export interface ChannelUserInput {
  readonly association: ActorIndex;
  readonly reliability: Reliability;
  readonly stop: Nanos;
}

export interface ChannelUser extends ChannelUserInput {
  link: "none" | "opening" | "open";
  /** When it asked for its first association, and when that stood; -1: not yet. */
  askedAt: Nanos;
  establishedAt: Nanos;
  /** Associations asked for, and those that stood. */
  asked: number;
  associations: number;
  /** Channels opened on the present one. */
  channels: number;
  /** Why the last association is over; "": it is not. */
  ending: string;
  /** Not to be asked for before. */
  retryAt: Nanos;
}

/** No stream is longer: a bulk flow without an end writes so many zeros, which cost nothing until they are sent. */
export const STREAM_END = 4_503_599_627_370_495;
/** Code of channels and exchanges that nobody waits for any more. */
export const NOT_NEEDED = 256;
/** Between the end of an association and the next one. */
const RETRY: Nanos = SECOND;

export function createUser({ association, reliability, stop }: ChannelUserInput): ChannelUser {
  return {
    association,
    reliability,
    stop,
    link: "none",
    askedAt: -1,
    establishedAt: -1,
    asked: 0,
    associations: 0,
    channels: 0,
    ending: "",
    retryAt: 0,
  };
}

/** Asks for the association where there is none. */
export function needAssociation(user: ChannelUser, env: Env): void {
  if (user.link !== "none") return;
  user.link = "opening";
  user.asked++;
  user.ending = "";
  if (user.askedAt < 0) user.askedAt = env.now;
  env.send(user.association, { type: "association.open" }, Math.max(0, user.retryAt - env.now));
}

type Asked = ChannelRequest | ChannelOpen | { readonly type: "association.finish" };

export function ask({ association }: Pick<ChannelUserInput, "association">, request: Asked, env: Env): void {
  env.send(association, request as ControlEvent, 0);
}

/** Asks for a channel; where the association has no numbers left for any, it ends with its last one. */
export function askChannel(user: ChannelUser, options: ChannelOpen["options"], tag: number, env: Env): void {
  if (++user.channels > MAX_CHANNELS) ask(user, { type: "association.finish" }, env);
  else ask(user, { type: "channel.open", options: { reliability: user.reliability, ...options }, tag }, env);
}

export function noteEstablished(user: ChannelUser, env: Env): void {
  user.link = "open";
  user.associations++;
  user.channels = 0;
  if (user.establishedAt < 0) user.establishedAt = env.now;
}

export function noteEnded(user: ChannelUser, event: ControlEvent, env: Env): void {
  const { ending } = event as AssociationChanged;
  user.link = "none";
  user.ending = ending === null ? "closed" : ending.word === "closed" ? ending.reason || "closed" : ending.word;
  user.retryAt = env.now + RETRY;
}

/** All that was written has arrived. */
export function isDelivered({ state, code }: Pick<ChannelChanged, "state" | "code">): boolean {
  return state === "localFinished" || (state === "closed" && code === 0);
}

/** All that the peer wrote was read. */
export function isRead({ state, code }: Pick<ChannelChanged, "state" | "code">): boolean {
  return state === "remoteFinished" || (state === "closed" && code === 0);
}

/** Nothing comes of the channel any more. */
export function isBroken({ state, code }: Pick<ChannelChanged, "state" | "code">): boolean {
  return state === "reset" || state === "refused" || (state === "closed" && code !== 0);
}

/** Packets go to the association. */
export function refusePacket(_state: unknown, packet: Packet, _ifId: number, env: Env): undefined {
  env.drop(packet, "unexpected");
}

/** News that an application has no use for. */
export function ignoreNews(): undefined {
  return undefined;
}
