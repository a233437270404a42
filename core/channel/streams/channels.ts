/**
 * The channels of one association: plain data, and how it begins. Offsets are those of a channel's flow, from 0, in each direction its
 * own. Flow control is RFC 9000's (section 4): absolute offsets granted to the sender, for a channel and for the association.
 */
import { hasNumber, prefixOf, type Ranges } from "../../transport/ranges.ts";
import { type BlockStore, createBlockStore } from "./blocks.ts";
import type { ErrorWord, Framing, Reliability } from "./frames.ts";

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
  /** End of what was given up, up to where the peer was told, and up to where it knows. */
  givenUp: number;
  forwarded: number;
  forwardAcked: number;
  /** Forward frames written; the newest counts. */
  forwards: number;
  /** The application was turned away and waits for room. */
  wanting: boolean;
  /** Limit at which the peer was told that we are held up, -1: none. */
  blockedAt: number;
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
  /** Unordered channels: of a stream, the ranges to be read; of messages, the starts of whole ones, as they became whole. */
  readonly waiting: number[];
  /** The application was told that there is something to read. */
  told: boolean;
  /** The peer is held up: it is granted more as soon as there is more to grant. */
  starving: boolean;
  /** Of our wish that it stop. */
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
  /** The peer has our accept; of our own channels always true. */
  acceptAcked: boolean;
  /** Our close or refusal was acknowledged. */
  closeAcked: boolean;
  /** Control frames to send, a bit each (1 << ControlKind). */
  due: number;
  /** Bytes it may send before others of its priority go. */
  deficit: number;
  /** `listed`: has something to send. `parked`: waits for the association's window with it. */
  place: "none" | "listed" | "parked";
}

/** `delivered`: all that was written and the end have arrived. `finished`: all of the peer's was read. `gone`: the channel is forgotten, its id is never used again. `openable` (channel 0): the peer allows more channels than when one was asked for in vain. */
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
  | "gone"
  | "openable";

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

/** Kinds of control frames of a channel; those of the association stand for channel 0. All say how things stand when they are written, so any may be sent again. */
export const CONTROL = {
  open: 0,
  accept: 1,
  refuse: 2,
  close: 3,
  stop: 4,
  reset: 5,
  /** max-channel-data, or max-data. */
  grant: 6,
  /** channel-blocked, or blocked. */
  blocked: 7,
  forward: 8,
  maxChannels: 9,
  channelsBlocked: 10,
} as const;

export type ControlKind = (typeof CONTROL)[keyof typeof CONTROL];

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
  /** Limit of the association at which the peer was told that we are held up, -1: none. */
  blockedAt: number;
  /** A channel was asked for in vain. */
  wantsChannels: boolean;
  /** The peer is held up by the association's window, or by the number of channels. */
  starving: boolean;
  starvingForChannels: boolean;
  events: ChannelEvent[];
  /** Of the piece written last. */
  readonly piece: SentPiece;
  /** Pieces sent again. */
  resent: number;
  /** Pieces that came twice, or too late. */
  duplicates: number;
  /** Times that the peer said its sending was held up by our windows. */
  blockedByUs: number;
}

const DEFAULT_WINDOWS: Windows = { channel: 1_048_576, association: 16_777_216, sendBuffer: 1_048_576 };
const DEFAULT_LIMITS: Limits = { channels: 128 };
/** Channels of one side in all: ids have 16 bits and are used once. */
export const MAX_CHANNELS = 32_767;
/** No flow is longer. */
export const MAX_OFFSET = 4_503_599_627_370_496;

export interface ChannelsInput {
  readonly role: Role;
  readonly windows?: Partial<Windows>;
  readonly limits?: Partial<Limits>;
}

/** An association without channels. Windows and limits below `INITIAL`, which peers take for granted, are raised to it. */
export function createChannels(input: ChannelsInput): Channels {
  const wished = { ...DEFAULT_WINDOWS, ...input.windows };
  const channel = Math.max(wished.channel, INITIAL.channel);
  const association = Math.max(wished.association, channel, INITIAL.association);
  const limits = { ...DEFAULT_LIMITS, ...input.limits };
  const channels: Channels = {
    role: input.role,
    windows: { channel, association, sendBuffer: wished.sendBuffer },
    limits: { channels: Math.min(Math.max(limits.channels, INITIAL.channels), MAX_CHANNELS) },
    byId: new Map(),
    opened: 0,
    openLimit: INITIAL.channels,
    peerOpened: [],
    peerOver: 0,
    peerLimit: INITIAL.channels,
    sent: 0,
    sendLimit: INITIAL.association,
    reserved: 0,
    received: 0,
    taken: 0,
    receiveLimit: INITIAL.association,
    classes: [],
    parked: [],
    controls: [],
    due: 0,
    blockedAt: -1,
    wantsChannels: false,
    starving: false,
    starvingForChannels: false,
    events: [],
    piece: { offset: 0, length: 0, flags: 0 },
    resent: 0,
    duplicates: 0,
    blockedByUs: 0,
  };
  if (association > INITIAL.association) demand(channels, 0, CONTROL.grant);
  if (channels.limits.channels > INITIAL.channels) demand(channels, 0, CONTROL.maxChannels);
  return channels;
}

type Kind = Required<ChannelOptions>;

/** Adds the record of a channel that one side opened. `window`: what the opener grants, before an accept of ours the early window. */
export function addChannel(channels: Channels, id: number, ours: boolean, kind: Kind, peerWindow: number): Channel {
  const { channel: window } = channels.windows;
  const channel: Channel = {
    id,
    ours,
    ...kind,
    phase: ours ? "opening" : "pending",
    send: createSendSide(ours ? INITIAL.channel : peerWindow, peerWindow),
    receive: createReceiveSide(ours ? window : INITIAL.channel, window),
    openAcked: !ours,
    acceptAcked: ours,
    closeAcked: false,
    due: 0,
    deficit: 0,
    place: "none",
  };
  channels.byId.set(id, channel);
  return channel;
}

function createSendSide(limit: number, peerWindow: number): SendSide {
  return {
    state: "open",
    written: 0,
    sent: 0,
    settled: [],
    lost: [],
    limit,
    peerWindow,
    blocks: createBlockStore(),
    starts: [],
    totals: [],
    finSent: false,
    finAcked: false,
    givenUp: 0,
    forwarded: 0,
    forwardAcked: 0,
    forwards: 0,
    wanting: false,
    blockedAt: -1,
    code: 0,
  };
}

function createReceiveSide(limit: number, window: number): ReceiveSide {
  return {
    state: "open",
    received: [],
    consumed: [],
    taken: 0,
    highest: 0,
    final: -1,
    limit,
    window,
    blocks: createBlockStore(),
    messages: new Map(),
    waiting: [],
    told: false,
    starving: false,
    code: 0,
  };
}

/** Asks for a control frame to be sent, once however often it is asked for. `channel` 0: the association's. */
export function demand(channels: Channels, channel: number, kind: ControlKind): void {
  const owner = channel === 0 ? channels : channels.byId.get(channel);
  if (owner === undefined || (owner.due & (1 << kind)) !== 0) return;
  owner.due |= 1 << kind;
  channels.controls.push((channel << 4) | kind);
}

export function tell(channels: Channels, kind: ChannelEventKind, channel: number, code = 0): void {
  channels.events.push({ kind, channel, code });
}

/** Whether a side's channels have even ids. */
export function isOurs(channels: Channels, id: number): boolean {
  return (id % 2 === 0) === (channels.role === "initiator");
}

/** How many channels its side opened before it, -1 for the association's own. */
export function countOf(id: number): number {
  return id % 2 === 0 ? id / 2 - 1 : (id - 1) / 2;
}

/** The answer to a frame for a channel that is not there: nothing where it is over, a fault where it never was. */
export function wordOfUnknown(channels: Channels, id: number): ErrorWord | null {
  const count = countOf(id);
  if (count < 0) return "state";
  const known = isOurs(channels, id) ? count < channels.opened : hasNumber(channels.peerOpened, count);
  return known ? null : "state";
}

export function isInOrder(channel: Channel): boolean {
  return channel.reliability === "ordered" || channel.reliability === "close-on-loss";
}

/** Forgets a channel that is over for both sides. */
export function forgetIfOver(channels: Channels, channel: Channel): void {
  const { send, receive } = channel;
  const over =
    channel.phase === "closed"
      ? channel.closeAcked && receive.final >= 0 && receive.taken === receive.final
      : channel.phase === "open" &&
        channel.acceptAcked &&
        send.state === "ended" &&
        (receive.state === "ended" || receive.state === "reset");
  if (!over || !channels.byId.delete(channel.id)) return;
  tell(channels, "gone", channel.id);
  if (channel.ours) return;
  channels.peerOver++;
  const allowed = allowedChannels(channels);
  if (channels.starvingForChannels || (allowed - channels.peerLimit) * 2 >= channels.limits.channels)
    demand(channels, 0, CONTROL.maxChannels);
}

/** Notes that all of a flow has arrived, or was given up and the peer knows. */
export function endIfDelivered(channels: Channels, channel: Channel): void {
  const { send } = channel;
  if (send.state !== "finishing" || !send.finAcked || prefixOf(send.settled) < send.written) return;
  if (send.forwardAcked < send.givenUp) return;
  send.state = "ended";
  tell(channels, "delivered", channel.id);
  forgetIfOver(channels, channel);
}

/** Channels that the peer may open, counted from the association's beginning. */
export function allowedChannels(channels: Channels): number {
  return Math.min(channels.peerOver + channels.limits.channels, MAX_CHANNELS);
}
