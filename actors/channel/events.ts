/** What applications, associations, listeners and channels say to each other: control events, all within one place. */
import type { ActorIndex, ControlEvent } from "../../core/env.ts";
import type { ChannelOptions } from "../../core/channel/streams/channels.ts";

/** Application to association: a channel of its own. Answered with `channel.opened`, or `channel.denied` where no more may be opened. */
export interface ChannelOpen extends ControlEvent {
  readonly type: "channel.open";
  readonly options: ChannelOptions;
  /** Comes back in the answer. */
  readonly tag: number;
  /** Who hears of the channel from now on. */
  readonly app: ActorIndex;
}

export interface ChannelOpened extends ControlEvent {
  readonly type: "channel.opened";
  readonly tag: number;
  readonly association: ActorIndex;
  readonly channel: number;
  /** The channel's actor: further requests go to it. */
  readonly actor: ActorIndex;
}

export interface ChannelDenied extends ControlEvent {
  readonly type: "channel.denied";
  readonly tag: number;
  readonly reason: string;
}

/** Association to application: the peer has opened a channel; data may have come with it. */
export interface ChannelOffered extends ControlEvent {
  readonly type: "channel.offered";
  readonly association: ActorIndex;
  readonly channel: number;
  readonly actor: ActorIndex;
  readonly options: ChannelOptions;
}

/** Application to channel: bytes, or so many zeros. What does not fit comes back as `channel.wrote` with less than was asked for. */
export interface ChannelWrite extends ControlEvent {
  readonly type: "channel.write";
  readonly channel: number;
  readonly bytes: Uint8Array | null;
  readonly length: number;
}

/** Channel to application. `accepted` below `length`: wait for `channel.writable`, and write the rest again. */
export interface ChannelWrote extends ControlEvent {
  readonly type: "channel.wrote";
  readonly channel: number;
  readonly accepted: number;
  readonly length: number;
}
