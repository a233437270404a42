/**
 * Control frames of channels and of their windows: asked for with `demand`, written into any packet, asked for again when that is lost.
 * A number stands for each: channel << 4 | kind, for forward frames with their count above. What it says is looked up when it is written, so the newest is always said.
 */
import { prefixOf } from "../../transport/ranges.ts";
import {
  allowedChannels,
  type Channel,
  type Channels,
  CONTROL,
  type ControlKind,
  demand,
  endIfDelivered,
  forgetIfOver,
  type SendSide,
} from "./channels.ts";
import { FRAME, type FrameWriter } from "./frames.ts";
import { roomIn, writeNumbers, writeOpen } from "./frame-writer.ts";

const COUNT = 0x10_0000;

export function hasControls(channels: Channels): boolean {
  const { controls } = channels;
  while (controls.length > 0 && isStale(channels, controls[0] as number)) drop(channels);
  return controls.length > 0;
}

/** Writes as many as fit and pushes their numbers to `sent`; false where none was written. */
export function writeControls(channels: Channels, writer: FrameWriter, sent: number[]): boolean {
  const before = sent.length;
  while (hasControls(channels)) {
    const reference = channels.controls[0] as number;
    if (!writeControl(channels, writer, reference)) break;
    sent.push(reference + countOfForward(channels, reference) * COUNT);
    drop(channels);
  }
  return sent.length > before;
}

export function onControlAcked(channels: Channels, numbered: number): void {
  const reference = numbered % COUNT;
  const channel = channels.byId.get(reference >> 4);
  if (channel === undefined) return;
  // Whatever was said of a channel, its open frame stood before it.
  channel.openAcked = true;
  const kind = reference & 0xf;
  if (kind === CONTROL.close || kind === CONTROL.refuse) {
    channel.closeAcked = true;
    forgetIfOver(channels, channel);
  }
  if (kind === CONTROL.accept) {
    channel.acceptAcked = true;
    forgetIfOver(channels, channel);
  }
  if (kind === CONTROL.forward && isNewest(channels, numbered)) {
    channel.send.forwardAcked = channel.send.forwarded;
    endIfDelivered(channels, channel);
  }
  if (kind === CONTROL.reset && channel.send.state === "reset" && channel.phase !== "closed") {
    channel.send.state = "ended";
    forgetIfOver(channels, channel);
  }
}

export function onControlLost(channels: Channels, numbered: number): void {
  const reference = numbered % COUNT;
  if (isStale(channels, reference) || !isNewest(channels, numbered)) return;
  const [id, kind] = [reference >> 4, (reference & 0xf) as ControlKind];
  const channel = channels.byId.get(id);
  if (channel !== undefined && kind === CONTROL.forward) channel.send.forwarded = 0;
  demand(channels, id, kind);
}

/** Up to where an unreliable channel waits for nothing any more: never inside a message. */
export function forwardOf(send: SendSide): number {
  return Math.min(send.starts[0] ?? send.sent, prefixOf(send.settled));
}

/** A newer forward frame says all that an older one said. */
function isNewest(channels: Channels, numbered: number): boolean {
  return Math.floor(numbered / COUNT) === countOfForward(channels, numbered % COUNT);
}

function countOfForward(channels: Channels, reference: number): number {
  return (reference & 0xf) === CONTROL.forward ? (channels.byId.get(reference >> 4)?.send.forwards ?? 0) : 0;
}

function drop(channels: Channels): void {
  const reference = channels.controls.shift() as number;
  const owner = reference < 16 ? channels : channels.byId.get(reference >> 4);
  if (owner !== undefined) owner.due &= ~(1 << (reference & 0xf));
}

/** Whether there is no use in a control frame any more. */
function isStale(channels: Channels, reference: number): boolean {
  const kind = reference & 0xf;
  if (reference < 16) return isStaleOfAll(channels, kind);
  const channel = channels.byId.get(reference >> 4);
  if (channel === undefined) return true;
  const { send, receive } = channel;
  if (kind === CONTROL.refuse || kind === CONTROL.close) return channel.closeAcked;
  if (kind === CONTROL.open) return channel.openAcked;
  if (kind === CONTROL.accept && channel.acceptAcked) return true;
  if (channel.phase === "closed") return true;
  if (kind === CONTROL.stop || kind === CONTROL.grant) return receive.final >= 0;
  if (kind === CONTROL.reset) return send.state !== "reset";
  if (kind === CONTROL.blocked) return send.state === "reset" || send.blockedAt !== send.limit;
  return kind === CONTROL.forward && send.state === "reset";
}

function isStaleOfAll(channels: Channels, kind: number): boolean {
  if (kind === CONTROL.blocked) return channels.blockedAt !== channels.sendLimit;
  return kind === CONTROL.channelsBlocked && channels.opened < channels.openLimit;
}

function writeControl(channels: Channels, writer: FrameWriter, reference: number): boolean {
  const kind = (reference & 0xf) as ControlKind;
  const channel = channels.byId.get(reference >> 4);
  if (channel === undefined) return writeOfAll(channels, writer, kind);
  const { at } = writer;
  if (!introduce(channel, writer)) return false;
  if (kind === CONTROL.open || writeOfChannel(writer, channel, kind)) return true;
  writer.at = at;
  if (!channel.openAcked) writer.opened = 0;
  return false;
}

/** Puts the open frame before the first word of a channel in every packet until the peer has it: whatever comes first is understood. */
export function introduce(channel: Channel, writer: FrameWriter): boolean {
  if (channel.openAcked || writer.opened === channel.id) return roomIn(writer) > 0;
  const { id, reliability, framing, priority, receive } = channel;
  if (!writeOpen(writer, { channel: id, reliability, framing, priority, window: receive.window })) return false;
  writer.opened = id;
  return true;
}

function writeOfAll(channels: Channels, writer: FrameWriter, kind: ControlKind): boolean {
  if (kind === CONTROL.blocked) return writeNumbers(writer, FRAME.blocked, channels.sendLimit);
  if (kind === CONTROL.channelsBlocked) return writeNumbers(writer, FRAME.channelsBlocked, channels.openLimit);
  if (kind === CONTROL.maxChannels) {
    const allowed = allowedChannels(channels);
    if (!writeNumbers(writer, FRAME.maxChannels, allowed)) return false;
    channels.peerLimit = allowed;
    channels.starvingForChannels = false;
    return true;
  }
  const limit = channels.taken + channels.windows.association;
  if (!writeNumbers(writer, FRAME.maxData, limit)) return false;
  channels.receiveLimit = limit;
  channels.starving = false;
  return true;
}

function writeOfChannel(writer: FrameWriter, channel: Channel, kind: ControlKind): boolean {
  const { id, send, receive } = channel;
  switch (kind) {
    case CONTROL.accept:
      return writeNumbers(writer, FRAME.accept, id, receive.window);
    case CONTROL.refuse:
      return writeNumbers(writer, FRAME.refuse, id, send.code);
    case CONTROL.close:
      return writeNumbers(writer, FRAME.closeChannel, id, send.code, send.sent);
    case CONTROL.stop:
      return writeNumbers(writer, FRAME.stopSending, id, receive.code);
    case CONTROL.reset:
      return writeNumbers(writer, FRAME.reset, id, send.code, send.sent);
    case CONTROL.blocked:
      return writeNumbers(writer, FRAME.channelBlocked, id, send.limit);
    case CONTROL.forward: {
      const offset = forwardOf(send);
      if (!writeNumbers(writer, FRAME.forward, id, offset)) return false;
      send.forwarded = offset;
      send.forwards++;
      return true;
    }
    default: {
      const limit = receive.taken + receive.window;
      if (!writeNumbers(writer, FRAME.maxChannelData, id, limit)) return false;
      receive.limit = Math.max(receive.limit, limit);
      receive.starving = false;
      return true;
    }
  }
}
