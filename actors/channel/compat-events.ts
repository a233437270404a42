/** What the actors of Channeler mode, and programs that use it, tell each other. Handles name channels within their connection. */
import type { ChannelerError } from "../../core/channel/compat/errors.ts";
import type { PeerId } from "../../core/channel/compat/peer-id.ts";
import type { ActorIndex } from "../../core/env.ts";
import type { Nanos } from "../../core/units.ts";

/** Why a channel is over. */
export type CloseReason = "refused" | "unanswered" | "silent" | "closed";

/** To the connection: from the user, from a channel's machines. */
export type ConnectionEvent =
  | { readonly type: "channel.open" }
  | { readonly type: "connection.close" }
  | { readonly type: "secret.rotate" }
  | { readonly type: "peer.unban"; readonly peer: PeerId }
  | { readonly type: "transport.unban"; readonly address: string }
  | { readonly type: "channel.write"; readonly handle: number; readonly bytes: Uint8Array }
  | { readonly type: "channel.close"; readonly handle: number }
  | { readonly type: "handshake.await"; readonly handle: number; readonly delay: Nanos }
  | { readonly type: "handshake.done"; readonly handle: number }
  | { readonly type: "handshake.repeat"; readonly handle: number }
  | { readonly type: "channel.forget"; readonly handle: number };

/** To a channel's initiator and responder. */
export type ChannelEvent =
  | { readonly type: "acknowledged" }
  | { readonly type: "refused" }
  | { readonly type: "renumbered" }
  | { readonly type: "confirmed" }
  | { readonly type: "timeout.new" }
  | { readonly type: "timeout.channel" }
  | { readonly type: "close" };

/** To a channel's data machine; `user.*` from the program that has the channel. */
export type DataEvent =
  | { readonly type: "established" }
  | { readonly type: "over"; readonly reason: CloseReason }
  | { readonly type: "failed"; readonly error: ChannelerError }
  | { readonly type: "received"; readonly bytes: Uint8Array }
  | { readonly type: "user.write"; readonly bytes: Uint8Array }
  /** Up to so many bytes of one message. */
  | { readonly type: "user.read"; readonly most: number }
  | { readonly type: "user.close" };

/** To the user. `data`: where its own events go. */
export type UserEvent =
  | { readonly type: "channel.refused"; readonly error: ChannelerError }
  | {
      readonly type: "channel.pending";
      readonly handle: number;
      readonly data: ActorIndex;
      readonly role: "initiator" | "responder";
    }
  | { readonly type: "channel.established"; readonly handle: number }
  /** So many bytes wait to be read. */
  | { readonly type: "channel.readable"; readonly handle: number; readonly bytes: number }
  | { readonly type: "channel.bytes"; readonly handle: number; readonly bytes: Uint8Array }
  | { readonly type: "channel.error"; readonly handle: number; readonly error: ChannelerError }
  | { readonly type: "channel.closed"; readonly handle: number; readonly reason: CloseReason; readonly unread: number };

/** What a channel's machines are made with. */
export interface ChannelInput {
  readonly connection: ActorIndex;
  readonly data: ActorIndex;
  readonly handle: number;
}
