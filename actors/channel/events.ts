/** What applications, associations, listeners and channels say to each other: control events, all within one place. */
import type { Ending } from "../../core/channel/association/association.ts";
import type { ChannelOptions } from "../../core/channel/streams/channels.ts";
import type { ActorIndex, ControlEvent } from "../../core/env.ts";

/** Application to association: a channel. Answered by `channel.opened`, or `channel.denied`. */
export interface ChannelOpen extends ControlEvent {
  readonly type: "channel.open";
  readonly options: ChannelOptions;
  /** Comes back in the answer. */
  readonly tag: number;
  /** What the channel begins with. Asked for before the association stands, it leaves with the handshake's last packet. Zeros where `bytes` is null. */
  readonly first?: { readonly bytes: Uint8Array | null; readonly length: number; readonly finish: boolean };
}

/** Association to application: the channel is there; what is written goes at once, accepted or not. */
export interface ChannelOpened extends ControlEvent {
  readonly type: "channel.opened";
  readonly tag: number;
  readonly association: ActorIndex;
  readonly channel: number;
  /** The channel's actor. */
  readonly actor: ActorIndex;
}

export interface ChannelDenied extends ControlEvent {
  readonly type: "channel.denied";
  readonly tag: number;
  readonly association: ActorIndex;
  /** `limit`: the peer allows no more, or too many wait for the association; `phase`: it is over. */
  readonly reason: "limit" | "phase";
}

/** Association to application: the peer has opened a channel, and may have sent on it already. */
export interface ChannelOffered extends ControlEvent {
  readonly type: "channel.offered";
  readonly association: ActorIndex;
  readonly channel: number;
  readonly actor: ActorIndex;
  readonly options: Required<ChannelOptions>;
}

/** Application to association, about one channel. */
export type ChannelRequest =
  | { readonly type: "channel.accept"; readonly channel: number; readonly consume: boolean }
  | { readonly type: "channel.refuse"; readonly channel: number; readonly code: number }
  /** Zeros where `bytes` is null. */
  | {
      readonly type: "channel.write";
      readonly channel: number;
      readonly bytes: Uint8Array | null;
      readonly length: number;
    }
  | {
      readonly type: "channel.message";
      readonly channel: number;
      readonly bytes: Uint8Array | null;
      readonly length: number;
    }
  /** Answered by one `channel.data`; nothing to read: by the next one, when there is. */
  | { readonly type: "channel.read"; readonly channel: number; readonly max: number }
  /** All that comes from now on is read, counted and forgotten. */
  | { readonly type: "channel.consume"; readonly channel: number }
  | { readonly type: "channel.finish"; readonly channel: number }
  /** No byte that was not sent yet goes out: the stream ends where it stands. Answered by `channel.wrote`, its length as `accepted`. */
  | { readonly type: "channel.cut"; readonly channel: number }
  | { readonly type: "channel.reset"; readonly channel: number; readonly code: number }
  | { readonly type: "channel.stop"; readonly channel: number; readonly code: number }
  | { readonly type: "channel.close"; readonly channel: number; readonly code: number }
  | { readonly type: "channel.rekey"; readonly channel: number };

/** Association to application, about one channel; each with the actor's index in `association`. */
export type ChannelNews =
  /** Of a write or message, so many were taken; the rest is to be written again after `channel.writable`. */
  | { readonly type: "channel.wrote"; readonly channel: number; readonly accepted: number; readonly length: number }
  | { readonly type: "channel.writable"; readonly channel: number }
  | { readonly type: "channel.readable"; readonly channel: number }
  | ChannelData;

/** A piece of a stream, or a message. */
export interface ChannelData {
  readonly type: "channel.data";
  readonly association: ActorIndex;
  readonly channel: number;
  /** Of the first byte in the flow: unordered channels give pieces as they come. -1: the end alone. */
  readonly offset: number;
  /** null: all zeros. */
  readonly bytes: Uint8Array | null;
  readonly length: number;
  /** Nothing follows. */
  readonly end: boolean;
}

/** Channel's actor to application: its way through life. `code` is the peer's, or this end's own. */
export interface ChannelChanged extends ControlEvent {
  readonly type: "channel.changed";
  readonly association: ActorIndex;
  readonly channel: number;
  readonly state: ChannelStateName;
  readonly code: number;
}

export type ChannelStateName = "pending" | "open" | "localFinished" | "remoteFinished" | "closed" | "refused" | "reset";

/** Association to application and to its listener. */
export interface AssociationChanged extends ControlEvent {
  readonly type: "association.established" | "association.ended";
  readonly association: ActorIndex;
  /** The peer's static key. */
  readonly identity: Uint8Array | null;
  readonly ending: Ending | null;
}

/** Application to association: end it now. Codes from 256 on are the application's own. */
export interface AssociationClose extends ControlEvent {
  readonly type: "association.close";
  readonly code: number;
  readonly reason: string;
}

/** Application to association: tell me of everything from now on. */
export interface AssociationAdopt extends ControlEvent {
  readonly type: "association.adopt";
  readonly app: ActorIndex;
}

/** To an association: these ways (keys of candidates) carry nothing any more, as a local link's loss or a router tells. */
export interface PathsDown extends ControlEvent {
  readonly type: "paths.down";
  readonly keys: readonly string[];
}
