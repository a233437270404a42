/** What a channel has received and what of it is done with: the windows granted to the peer follow from that (RFC 9000, section 4). */
import { addRange, gapsIn, prefixOf, type Ranges } from "../../transport/ranges.ts";
import { clearBlocks, dropBlocks, dropConsumed } from "./blocks.ts";
import {
  type Channel,
  type Channels,
  CONTROL,
  demand,
  forgetIfOver,
  isInOrder,
  type ReceiveSide,
  tell,
} from "./channels.ts";
import { type ErrorWord, MESSAGE_COST } from "./frames.ts";

/** Whether the peer may send up to `end`, and, with `fin`, end there. */
export function wordOfEnd(channels: Channels, receive: ReceiveSide, end: number, fin: boolean): ErrorWord | null {
  const { final, highest } = receive;
  if (final >= 0 && (end > final || (fin && end !== final))) return "final-size";
  if (fin && end < highest) return "final-size";
  if (end > receive.limit) return "flow-control";
  return channels.received + Math.max(0, end - highest) > channels.receiveLimit ? "flow-control" : null;
}

/** The peer has sent up to `end`, as `wordOfEnd` allowed. */
export function raiseHighest(channels: Channels, receive: ReceiveSide, end: number): void {
  if (end <= receive.highest) return;
  channels.received += end - receive.highest;
  receive.highest = end;
}

/** [from, to) was read, or will be read by nobody: its bytes are forgotten, the peer may send as many more. */
export function consume(channels: Channels, channel: Channel, from: number, to: number): void {
  const { receive } = channel;
  const news = addRange(receive.consumed, from, to);
  receive.taken += news;
  channels.taken += news;
  if (receive.taken === receive.final) clearBlocks(receive.blocks);
  else if (prefixOf(receive.consumed) >= to && isInOrder(channel)) dropBlocks(receive.blocks, from, to);
  else dropConsumed(receive.blocks, from, to, receive.received, receive.consumed);
  grantMore(channels, channel);
}

/** Windows move once half of one is free, so that grants are rare; at once where the peer said that it waits. */
export function grantMore(channels: Channels, channel: Channel): void {
  const { receive } = channel;
  const granting = receive.final < 0 && (channel.phase === "open" || channel.phase === "opening");
  if (granting && isWorthIt(receive.taken + receive.window - receive.limit, receive.window, receive.starving))
    demand(channels, channel.id, CONTROL.grant);
  grantMoreToAll(channels);
}

export function grantMoreToAll(channels: Channels): void {
  const { association } = channels.windows;
  if (isWorthIt(channels.taken + association - channels.receiveLimit, association, channels.starving))
    demand(channels, 0, CONTROL.grant);
}

function isWorthIt(more: number, window: number, starving: boolean): boolean {
  return more * 2 >= window || (starving && more > 0);
}

/** What is below `end` and cannot be read now never will be. */
export function giveUp(channels: Channels, channel: Channel, end: number): void {
  const { receive } = channel;
  const kept = receive.consumed.slice();
  addReadable(channel, kept);
  const gone = gapsIn(kept, 0, end);
  for (const [start, total] of receive.messages) {
    if (start < end && gapsIn(kept, start, start + total + MESSAGE_COST).length > 0) receive.messages.delete(start);
  }
  for (let at = 0; at < gone.length; at += 2) {
    addRange(receive.received, gone[at] as number, gone[at + 1] as number);
    consume(channels, channel, gone[at] as number, gone[at + 1] as number);
  }
}

function addReadable(channel: Channel, kept: Ranges): void {
  const { receive } = channel;
  const { waiting } = receive;
  if (isInOrder(channel)) {
    const from = prefixOf(receive.consumed);
    addRange(kept, from, channel.framing === "stream" ? endOfReadable(receive) : endOfWholeMessages(receive));
  } else if (channel.framing === "stream") {
    for (let at = 0; at < waiting.length; at += 2) addRange(kept, waiting[at] as number, waiting[at + 1] as number);
  } else {
    for (const start of waiting) addRange(kept, start, start + (receive.messages.get(start) ?? 0) + MESSAGE_COST);
  }
}

/** Up to where a stream in order can be read: to the first gap, or to what was given up. */
export function endOfReadable({ received, consumed }: ReceiveSide): number {
  const arrived = prefixOf(received);
  const given = consumed[0] === 0 ? consumed[2] : consumed[0];
  return given !== undefined && given < arrived ? given : arrived;
}

function endOfWholeMessages(receive: ReceiveSide): number {
  const arrived = prefixOf(receive.received);
  let at = prefixOf(receive.consumed);
  for (;;) {
    const total = receive.messages.get(at);
    if (total === undefined || at + total + MESSAGE_COST > arrived) return at;
    at += total + MESSAGE_COST;
  }
}

/** Bytes of the message at the head of an ordered channel, -1 where it is not whole yet. */
export function headOfMessages(receive: ReceiveSide): number {
  const start = prefixOf(receive.consumed);
  const total = receive.messages.get(start);
  return total !== undefined && start + total + MESSAGE_COST <= prefixOf(receive.received) ? total : -1;
}

/** Nothing of what came or comes will be read. */
export function discardAll(channels: Channels, channel: Channel): void {
  const { receive } = channel;
  receive.messages.clear();
  receive.waiting.length = 0;
  clearBlocks(receive.blocks);
  consume(channels, channel, 0, receive.highest);
  finishIfRead(channels, channel);
}

/** Notes that a flow whose end is known was read to its end. */
export function finishIfRead(channels: Channels, channel: Channel): void {
  const { receive } = channel;
  if (receive.final < 0 || receive.taken !== receive.final || channel.phase === "pending") return;
  if (receive.state === "open" || receive.state === "stopped") {
    if (receive.state === "open" && channel.phase !== "closed") tell(channels, "finished", channel.id);
    receive.state = "ended";
  }
  forgetIfOver(channels, channel);
}

/** Tells the application that something can be read, once until it reads. */
export function tellReadable(channels: Channels, channel: Channel): void {
  const { receive } = channel;
  if (receive.told || channel.phase === "pending" || !isReadable(channel)) return;
  receive.told = true;
  tell(channels, "readable", channel.id);
}

function isReadable(channel: Channel): boolean {
  const { receive } = channel;
  if (!isInOrder(channel)) return receive.waiting.length > 0;
  if (channel.framing === "messages") return headOfMessages(receive) >= 0;
  return endOfReadable(receive) > prefixOf(receive.consumed);
}
