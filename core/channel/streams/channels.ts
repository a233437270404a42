/**
 * The channels of one association: plain data, and how it begins. Offsets are those of a channel's flow, from 0, in each direction its
 * own. Flow control is RFC 9000's (section 4): absolute offsets granted to the sender, for a channel and for the association.
 */
import type { Ranges } from "../../transport/ranges.ts";
import type { BlockStore } from "./blocks.ts";
import type { Framing, Reliability } from "./frames.ts";

/** Initiators open even channels from 2 on, responders odd ones from 1 on. 0 is the association's own. */
export type Role = "initiator" | "responder";

export interface Windows {
  /** Bytes of a channel that may be under way or unread, default 1 MiB. A message must fit into it. */
  readonly channel: number;
  /** Bytes of all channels together, default 16 MiB. At least that of a channel. */
  readonly association: number;
  /** Bytes that an application may have written and that are not acknowledged, a channel, default 1 MiB. Zeros count in messages only. */
  readonly sendBuffer: number;
}

export interface Limits {
  /** Channels of the peer at the same time, default 128. */
  readonly channels: number;
}

/** What a side may send and open before it heard of the peer's limits. */
export const INITIAL = { association: 65_536, channel: 16_384, channels: 16 } as const;

export interface ChannelOptions {
  /** Default "ordered". */
  readonly reliability?: Reliability;
  /** Default "stream". */
  readonly framing?: Framing;
  /** 0 (first) to 255, default 128. */
  readonly priority?: number;
}

/** `opening`: waits for the peer's accept. `pending`: waits for ours. `closed`: over in both directions, the peer may not know yet. */
export type Phase = "opening" | "pending" | "open" | "closed";

/** What a channel sends. */
export interface SendSide {
  /** `ended`: nothing more will be sent, because of `fin`, a reset or a close that the peer has acknowledged. */
  state: "open" | "finishing" | "reset" | "ended";
  /** End of what the application wrote. */
  written: number;
  /** End of what was sent. */
  sent: number;
  /** What needs no sending any more: acknowledged, or given up. */
  readonly settled: Ranges;
  /** What is to be sent again. */
  readonly lost: Ranges;
  /** Granted by the peer. */
  limit: number;
  /** The peer's window, 0: not known before it accepts. */
  peerWindow: number;
  readonly blocks: BlockStore;
  /** Messages not settled yet: their starts, and their bytes. */
  readonly starts: number[];
  readonly totals: number[];
  finSent: boolean;
  finAcked: boolean;
  /** End of what was given up, and up to where the peer was told. */
  givenUp: number;
  forwarded: number;
  /** The application was turned away and waits for room. */
  wanting: boolean;
  /** Of a reset or a close. */
  code: number;
}

/** What a channel receives. */
export interface ReceiveSide {
  /** `stopped`: we want no more. `reset`: the peer gave up. `ended`: all was read. */
  state: "open" | "stopped" | "reset" | "ended";
  /** What arrived, or never will. */
  readonly received: Ranges;
  /** What the application took, or nobody will. */
  readonly consumed: Ranges;
  /** Offsets in `consumed`. */
  taken: number;
  /** End of what arrived. */
  highest: number;
  /** Length of the flow, -1 until it is known. */
  final: number;
  /** Granted to the peer. */
  limit: number;
  window: number;
  readonly blocks: BlockStore;
  /** Messages begun: bytes of each by its start. */
  readonly messages: Map<number, number>;
  /** Whole messages of an unordered channel, as they became whole. */
  readonly whole: number[];
  /** The application was told that there is something to read. */
  told: boolean;
  code: number;
}

export interface Channel {
  readonly id: number;
  /** We opened it. */
  readonly ours: boolean;
  readonly reliability: Reliability;
  readonly framing: Framing;
  readonly priority: number;
  phase: Phase;
  readonly send: SendSide;
  readonly receive: ReceiveSide;
  /** The peer has our open frame. */
  openAcked: boolean;
  /** Our close or refusal was acknowledged. */
  closeAcked: boolean;
  /** Control frames to send, a bit each (1 << ControlKind). */
  due: number;
  /** Bytes it may send before others of its priority go. */
  deficit: number;
  /** Stands in a list of those that have something to send. */
  listed: boolean;
}

/** `delivered`: all that was written and the end have arrived. `finished`: all of the peer's was read. `gone`: the channel is forgotten, its id is never used again. */
export type ChannelEventKind =
  | "opened"
  | "accepted"
  | "refused"
  | "readable"
  | "writable"
  | "delivered"
  | "finished"
  | "reset"
  | "stopped"
  | "closed"
  | "gone";

export interface ChannelEvent {
  readonly kind: ChannelEventKind;
  readonly channel: number;
  /** Of refused, reset, stopped and closed; else 0. */
  readonly code: number;
}

/** A piece of a channel's flow in a packet: what is asked back when the packet is acknowledged or lost. */
export interface SentPiece {
  offset: number;
  /** Offsets covered; for the last piece of a message more than its bytes. */
  length: number;
  /** `FIN` or 0. */
  flags: number;
}

/** Flag of a piece that ends its flow. */
export const FIN = 1;

/** Codes of refusals, resets and closes below 0x100 are the protocol's own. */
export const CHANNEL_CODES = { none: 0, refused: 1, loss: 2, cancelled: 3 } as const;

/** Channels of one priority that have something to send, the next first. */
export interface PriorityClass {
  readonly priority: number;
  readonly ids: number[];
}

export interface Channels {
  readonly role: Role;
  readonly windows: Windows;
  readonly limits: Limits;
  readonly byId: Map<number, Channel>;
  /** Channels opened by us, ever, and how many the peer allows. */
  opened: number;
  openLimit: number;
  /** Channels opened by the peer, by their count from 0, how many are over, and how many we allow. */
  readonly peerOpened: Ranges;
  peerOver: number;
  peerLimit: number;
  /** Offsets sent on all channels, what the peer granted, and what messages begun will still take. */
  sent: number;
  sendLimit: number;
  reserved: number;
  /** Offsets received on all channels, consumed, and granted to the peer. */
  received: number;
  taken: number;
  receiveLimit: number;
  /** First priority first. */
  readonly classes: PriorityClass[];
  /** Channels that wait for the association's window. */
  readonly parked: number[];
  /** Control frames to send, oldest first: channel << 4 | ControlKind. */
  readonly controls: number[];
  /** Control frames of the association due, as `Channel.due`. */
  due: number;
  events: ChannelEvent[];
  /** Of the piece written last. */
  readonly piece: SentPiece;
  /** Pieces that came twice, or too late. */
  duplicates: number;
  /** Times that the peer said its sending was held up by our windows. */
  blockedByUs: number;
}
