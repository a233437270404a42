/** What a peer's frames do to channels. Each function answers the rule that the peer broke, or null. */
import { addRange, gapsIn, hasNumber, type Ranges } from "../../transport/ranges.ts";
import { BLOCK, equalBytes, storeBytes } from "./blocks.ts";
import {
  addChannel,
  allowedChannels,
  type Channel,
  type Channels,
  CONTROL,
  countOf,
  demand,
  forgetIfOver,
  isInOrder,
  isOurs,
  MAX_CHANNELS,
  type ReceiveSide,
  tell,
  wordOfUnknown,
} from "./channels.ts";
import {
  type Content,
  type DataFrame,
  type ErrorWord,
  MESSAGE_COST,
  type MessageFrame,
  type OpenFrame,
} from "./frames.ts";
import { abortSending, closeByPeer } from "./life.ts";
import { enlist, unpark } from "./scheduling.ts";
import {
  discardAll,
  finishIfRead,
  giveUp,
  grantMore,
  grantMoreToAll,
  raiseHighest,
  tellReadable,
  wordOfEnd,
} from "./windows.ts";

type Word = ErrorWord | null;

export function onData(channels: Channels, frame: DataFrame): Word {
  const channel = channels.byId.get(frame.channel);
  if (channel === undefined) return wordOfUnknown(channels, frame.channel);
  // Streams of messages carry their end as data, nothing else.
  if (channel.framing === "messages" && frame.length > 0) return "state";
  const news = take(channels, channel, frame, frame.offset, frame.length, 0, frame.fin);
  if (typeof news === "string") return news;
  if (news > 0) tellReadable(channels, channel);
  if (channel.receive.final >= 0) finishIfRead(channels, channel);
  return null;
}

export function onMessage(channels: Channels, frame: MessageFrame): Word {
  const channel = channels.byId.get(frame.channel);
  if (channel === undefined) return wordOfUnknown(channels, frame.channel);
  if (channel.framing !== "messages") return "state";
  const { receive } = channel;
  const { start, total } = frame;
  const size = total + MESSAGE_COST;
  if (size > receive.window) return "limit";
  if ((receive.messages.get(start) ?? total) !== total) return "content";
  const tail = frame.offset + frame.length === total ? MESSAGE_COST : 0;
  const news = take(channels, channel, frame, start + frame.offset, frame.length, tail, false);
  if (typeof news === "string") return news;
  if (news === 0 || receive.state !== "open") return null;
  receive.messages.set(start, total);
  if (receive.messages.size > 1 + receive.window / MESSAGE_COST) return "limit";
  if (!isInOrder(channel) && (news === size || gapsIn(receive.received, start, start + size).length === 0))
    receive.waiting.push(start);
  tellReadable(channels, channel);
  return null;
}

/** Takes a piece at `offset` and the `tail` offsets behind its bytes; answers how many offsets are new, or the rule broken. */
function take(
  channels: Channels,
  channel: Channel,
  content: Content,
  offset: number,
  length: number,
  tail: number,
  fin: boolean,
): number | ErrorWord {
  const { receive } = channel;
  const end = offset + length + tail;
  const word = wordOfEnd(channels, receive, end, fin);
  if (word !== null) return word;
  const known = receive.highest;
  raiseHighest(channels, receive, end);
  if (fin) receive.final = end;
  if (receive.state === "stopped") discardAll(channels, channel);
  if (receive.state !== "open" || end === offset) return 0;
  if (offset >= known) {
    if (content.present > 0) storeBytes(receive.blocks, offset, content.source, content.at, content.present);
    if (channel.framing === "stream" && !isInOrder(channel)) addRange(receive.waiting, offset, end);
  } else if (!takeAgain(channel, content, offset, length, end)) return "content";
  const news = addRange(receive.received, offset, end);
  if (news < end - offset) channels.duplicates++;
  const tooMany = receive.received.length > 2 * mostHoles(receive) || receive.blocks.kept.size > mostBlocks(receive);
  return tooMany ? "limit" : news;
}

/** Keeps what is new of a piece that may have come before; false where it says something else than before. */
function takeAgain(channel: Channel, content: Content, offset: number, length: number, end: number): boolean {
  const { receive } = channel;
  const { received, blocks, consumed } = receive;
  const news = gapsIn(received, offset, end);
  let from = offset;
  for (let at = 0; at <= news.length; at += 2) {
    const to = news[at] ?? end;
    if (!agrees(receive, content, offset, from, Math.min(to, offset + length), consumed)) return false;
    from = news[at + 1] ?? end;
  }
  for (let at = 0; at < news.length; at += 2) {
    const [start, stop] = [news[at] as number, news[at + 1] as number];
    const count = Math.min(stop, offset + content.present) - start;
    if (count > 0) storeBytes(blocks, start, content.source, content.at + start - offset, count);
    if (channel.framing === "stream" && !isInOrder(channel)) addRange(receive.waiting, start, stop);
  }
  return true;
}

/** Whether [from, to) of a piece at `offset` is what was kept of it; what was read is not known any more. */
function agrees(
  receive: ReceiveSide,
  content: Content,
  offset: number,
  from: number,
  to: number,
  consumed: Readonly<Ranges>,
): boolean {
  if (to <= from) return true;
  const kept = gapsIn(consumed, from, to);
  for (let at = 0; at < kept.length; at += 2) {
    const [start, end] = [kept[at] as number, kept[at + 1] as number];
    const skip = start - offset;
    if (!equalBytes(receive.blocks, start, end - start, content.source, content.at + skip, content.present - skip))
      return false;
  }
  return true;
}

/** Holes in a flow; peers that send packets of a sensible size never come near it. */
function mostHoles(receive: ReceiveSide): number {
  return 1_024 + receive.window / 256;
}

/** Blocks of a flow; in order a window is all they ever take, unordered messages may be spread wider. */
function mostBlocks(receive: ReceiveSide): number {
  return 64 + (4 * receive.window) / BLOCK;
}

export function onOpen(channels: Channels, frame: OpenFrame): Word {
  const { channel: id } = frame;
  const count = countOf(id);
  if (count < 0 || isOurs(channels, id)) return "state";
  if (count >= channels.peerLimit) return "limit";
  if (hasNumber(channels.peerOpened, count)) return null;
  addRange(channels.peerOpened, count, count + 1);
  const { reliability, framing, priority } = frame;
  addChannel(channels, id, false, { reliability, framing, priority }, frame.window);
  tell(channels, "opened", id);
  return null;
}

export function onAccept(channels: Channels, id: number, window: number): Word {
  const channel = channels.byId.get(id);
  if (!isOurs(channels, id)) return "state";
  if (channel === undefined) return wordOfUnknown(channels, id);
  channel.openAcked = true;
  if (channel.phase !== "opening") return null;
  channel.phase = "open";
  channel.send.peerWindow = window;
  channel.send.limit = Math.max(channel.send.limit, window);
  tell(channels, "accepted", id);
  tellWritable(channels, channel);
  grantMore(channels, channel);
  enlist(channels, channel);
  forgetIfOver(channels, channel);
  return null;
}

export function onRefuse(channels: Channels, id: number, code: number): Word {
  const channel = channels.byId.get(id);
  if (!isOurs(channels, id)) return "state";
  if (channel === undefined) return wordOfUnknown(channels, id);
  if (channel.phase === "open") return "state";
  return closeByPeer(channels, channel, code, 0, "refused");
}

export function onCloseChannel(channels: Channels, id: number, code: number, final: number): Word {
  const channel = channels.byId.get(id);
  if (channel === undefined) return wordOfUnknown(channels, id);
  return closeByPeer(channels, channel, code, final, "closed");
}

/** The peer wants no more of what we send: it gets a reset, as RFC 9000, 3.5 says. */
export function onStopSending(channels: Channels, id: number, code: number): Word {
  const channel = channels.byId.get(id);
  if (channel === undefined) return wordOfUnknown(channels, id);
  const { state } = channel.send;
  if (channel.phase === "closed" || state === "reset" || state === "ended") return null;
  tell(channels, "stopped", id, code);
  abortSending(channels, channel, code);
  demand(channels, id, CONTROL.reset);
  return null;
}

export function onReset(channels: Channels, id: number, code: number, final: number): Word {
  const channel = channels.byId.get(id);
  if (channel === undefined) return wordOfUnknown(channels, id);
  const { receive } = channel;
  const word = wordOfEnd(channels, receive, final, true);
  if (word !== null) return word;
  raiseHighest(channels, receive, final);
  receive.final = final;
  if (receive.state === "open" && channel.phase !== "closed") {
    receive.state = "reset";
    tell(channels, "reset", id, code);
  }
  if (receive.state !== "ended") discardAll(channels, channel);
  return null;
}

/** What is missing below `offset` of an unreliable channel will not come. */
export function onForward(channels: Channels, id: number, offset: number): Word {
  const channel = channels.byId.get(id);
  if (channel === undefined) return wordOfUnknown(channels, id);
  if (channel.reliability !== "unreliable") return "state";
  const word = wordOfEnd(channels, channel.receive, offset, false);
  if (word !== null) return word;
  raiseHighest(channels, channel.receive, offset);
  if (channel.receive.state === "stopped") discardAll(channels, channel);
  else giveUp(channels, channel, offset);
  finishIfRead(channels, channel);
  return null;
}

/** Grants never shrink: what comes late is passed over. */
export function onMaxData(channels: Channels, offset: number): Word {
  if (offset <= channels.sendLimit) return null;
  channels.sendLimit = offset;
  unpark(channels);
  return null;
}

export function onMaxChannelData(channels: Channels, id: number, offset: number): Word {
  const channel = channels.byId.get(id);
  if (channel === undefined) return wordOfUnknown(channels, id);
  if (offset <= channel.send.limit) return null;
  channel.send.limit = offset;
  enlist(channels, channel);
  return null;
}

export function onMaxChannels(channels: Channels, count: number): Word {
  if (count <= channels.openLimit) return null;
  channels.openLimit = Math.min(count, MAX_CHANNELS);
  if (channels.wantsChannels) tell(channels, "openable", 0);
  channels.wantsChannels = false;
  return null;
}

/** `offset`: the grant that holds the peer up; it may know of a newer one by now. */
export function onBlocked(channels: Channels, offset: number): Word {
  channels.blockedByUs++;
  channels.starving = offset >= channels.receiveLimit;
  grantMoreToAll(channels);
  return null;
}

export function onChannelBlocked(channels: Channels, id: number, offset: number): Word {
  const channel = channels.byId.get(id);
  if (channel === undefined) return wordOfUnknown(channels, id);
  channels.blockedByUs++;
  channel.receive.starving = offset >= channel.receive.limit;
  grantMore(channels, channel);
  return null;
}

export function onChannelsBlocked(channels: Channels, count: number): Word {
  channels.starvingForChannels = count >= channels.peerLimit;
  if (channels.starvingForChannels && allowedChannels(channels) > channels.peerLimit)
    demand(channels, 0, CONTROL.maxChannels);
  return null;
}

function tellWritable(channels: Channels, channel: Channel): void {
  if (!channel.send.wanting) return;
  channel.send.wanting = false;
  tell(channels, "writable", channel.id);
}
