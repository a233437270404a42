/**
 * Whose data goes next: the first priority that has any; within a priority deficit round robin (Shreedhar and Varghese, 1995), so that
 * all get the same share of bytes, however long their pieces. Channels that the association's window holds up wait apart.
 */
import { type Channel, type Channels, CONTROL, demand, type PriorityClass, type SendSide } from "./channels.ts";
import { MESSAGE_COST } from "./frames.ts";

/** Bytes that a channel's turn brings. */
const QUANTUM = 1_500;

/** The channel whose data goes next, -1 where none has any that may be sent. It stays the next until it has sent its share. */
export function nextChannel(channels: Channels): number {
  for (const each of channels.classes) {
    const id = nextOf(channels, each.ids);
    if (id >= 0) return id;
  }
  return -1;
}

function nextOf(channels: Channels, ids: number[]): number {
  while (ids.length > 0) {
    const id = ids[0] as number;
    const channel = channels.byId.get(id);
    if (channel === undefined || !hasWork(channel)) {
      ids.shift();
      if (channel !== undefined) unlist(channels, channel);
    } else if (!hasRoom(channels, channel)) {
      channels.parked.push(ids.shift() as number);
      channel.place = "parked";
      noteBlocked(channels);
    } else if (channel.deficit > 0) {
      return id;
    } else {
      channel.deficit += QUANTUM;
      if (ids.length > 1) ids.push(ids.shift() as number);
    }
  }
  return -1;
}

/** Lists a channel that has got something to send. */
export function enlist(channels: Channels, channel: Channel): void {
  if (channel.place === "listed") return;
  if (channel.place === "parked") {
    if (!hasRoom(channels, channel)) return;
    channels.parked.splice(channels.parked.indexOf(channel.id), 1);
  } else if (!hasWork(channel)) {
    noteChannelBlocked(channels, channel);
    return;
  }
  list(channels, channel);
}

/** What it sent beyond its share before, it pays back. */
function list(channels: Channels, channel: Channel): void {
  channel.place = "listed";
  channel.deficit = Math.min(channel.deficit, 0) + QUANTUM;
  idsOf(channels, channel.priority).push(channel.id);
}

function unlist(channels: Channels, channel: Channel): void {
  channel.place = "none";
  noteChannelBlocked(channels, channel);
}

/** Lists again what waited for the association's window. */
export function unpark(channels: Channels): void {
  for (const id of channels.parked) {
    const channel = channels.byId.get(id);
    if (channel !== undefined) list(channels, channel);
  }
  channels.parked.length = 0;
}

function idsOf(channels: Channels, priority: number): number[] {
  const { classes } = channels;
  const found = classes.find((each) => each.priority === priority);
  if (found !== undefined) return found.ids;
  const made: PriorityClass = { priority, ids: [] };
  const at = classes.findIndex((each) => each.priority > priority);
  classes.splice(at < 0 ? classes.length : at, 0, made);
  return made.ids;
}

/** Whether a channel has something to send that its own window allows. */
export function hasWork(channel: Channel): boolean {
  const { send, phase } = channel;
  if ((phase !== "open" && phase !== "opening") || (send.state !== "open" && send.state !== "finishing")) return false;
  return send.lost.length > 0 || hasNew(channel) || finIsDue(send);
}

/** A message begins where all of it fits into the channel's window. */
function hasNew({ send, framing }: Channel): boolean {
  if (send.sent >= send.written) return false;
  if (framing === "stream") return send.sent < send.limit;
  const at = messageAt(send, send.sent);
  const start = send.starts[at] as number;
  return start < send.sent || start + (send.totals[at] as number) + MESSAGE_COST <= send.limit;
}

export function finIsDue(send: SendSide): boolean {
  return send.state === "finishing" && !send.finSent && send.sent === send.written;
}

/** Whether the association's window allows what the channel has to send; of messages begun, room for the rest is kept. */
export function hasRoom(channels: Channels, channel: Channel): boolean {
  const { send } = channel;
  if (send.lost.length > 0 || send.sent === send.written) return true;
  const room = channels.sendLimit - channels.sent - channels.reserved;
  if (channel.framing === "stream") return room > 0;
  const at = messageAt(send, send.sent);
  return (send.starts[at] as number) < send.sent || (send.totals[at] as number) + MESSAGE_COST <= room;
}

/** Index of the message to which an offset belongs. */
export function messageAt(send: SendSide, offset: number): number {
  const { starts } = send;
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as number) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

function noteBlocked(channels: Channels): void {
  if (channels.blockedAt === channels.sendLimit) return;
  channels.blockedAt = channels.sendLimit;
  demand(channels, 0, CONTROL.blocked);
}

/** A peer that has not accepted yet grants nothing. */
function noteChannelBlocked(channels: Channels, channel: Channel): void {
  const { send } = channel;
  const waits = channel.phase === "open" && (send.state === "open" || send.state === "finishing");
  if (!waits || send.sent >= send.written || send.blockedAt === send.limit) return;
  send.blockedAt = send.limit;
  demand(channels, channel.id, CONTROL.blocked);
}
