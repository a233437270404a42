/** What applications at the source of a flow over channels share: their association, how it began and how it ended. */
import type { ActorIndex, ControlEvent, Env } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import type { Reliability } from "../../core/channel/streams/frames.ts";
import type { Nanos } from "../../core/units.ts";
import type { AssociationChanged, ChannelChanged, ChannelOpen, ChannelRequest } from "../channel/events.ts";

export interface ChannelUserInput {
  readonly association: ActorIndex;
  readonly reliability: Reliability;
  readonly stop: Nanos;
}

export interface ChannelUser extends ChannelUserInput {
  /** When it asked for the association, and when that stood; -1: not yet. */
  askedAt: Nanos;
  establishedAt: Nanos;
  /** Why the association is over; "": it is not. */
  ending: string;
}

/** No stream is longer: a bulk flow without an end writes so many zeros, which cost nothing until they are sent. */
export const STREAM_END = 4_503_599_627_370_495;

export function createUser({ association, reliability, stop }: ChannelUserInput): ChannelUser {
  return { association, reliability, stop, askedAt: -1, establishedAt: -1, ending: "" };
}

/** Asks for the association, unless the flow is over before it began; and for `stop.reached` at the flow's end. */
export function connect(user: ChannelUser, env: Env): void {
  if (env.now < user.stop) ask(user, { type: "association.open" }, env);
  user.askedAt = env.now;
  env.send(env.self, { type: "stop.reached" }, Math.max(0, user.stop - env.now));
}

type Asked = ChannelRequest | ChannelOpen | { readonly type: "association.open" | "association.finish" };

export function ask({ association }: Pick<ChannelUserInput, "association">, request: Asked, env: Env): void {
  env.send(association, request as ControlEvent, 0);
}

export function noteEstablished(user: ChannelUser, env: Env): void {
  user.establishedAt = env.now;
}

/** Keeps why it ended; ours and in order, it was to be so. */
export function noteEnded(user: ChannelUser, event: ControlEvent): ControlEvent {
  const { ending } = event as AssociationChanged;
  user.ending = ending === null ? "closed" : ending.word === "closed" ? ending.reason || "closed" : ending.word;
  return { type: "association.lost" };
}

/** All that was written has arrived. */
export function isDelivered({ state, code }: Pick<ChannelChanged, "state" | "code">): boolean {
  return state === "localFinished" || (state === "closed" && code === 0);
}

/** Packets go to the association. */
export function refusePacket(_state: unknown, packet: Packet, _ifId: number, env: Env): undefined {
  env.drop(packet, "unexpected");
}
