/**
 * A packet's way out.
 *
 *     enqueue     what has to go, and over which path: the handshake, the end, the paths' own frames, data, acknowledgements
 *     bundle      as many frames as fit: acknowledgements, control frames, pieces of one channel
 *     protect     sealed with the keys of that channel
 *     send        noted where its fate will be asked for
 *
 * A packet carries pieces of one channel only, under that channel's keys; control frames stand in any packet.
 */
import type { Bytes } from "../../units.ts";
import { encodeLong, type LongPacket } from "../crypto/long-packets.ts";
import { protect, SHORT_HEADER, SHORT_OVERHEAD, writeShortHeader } from "../crypto/protection.ts";
import { TAG_BYTES } from "../crypto/primitives.ts";
import type { Keys } from "../crypto/keys.ts";
import { controlIsDue, nextControl } from "../paths/control.ts";
import { notePathSent } from "../paths/measured.ts";
import { hasTrustedOther, pickPath } from "../paths/schedulers.ts";
import { allowanceOf } from "../paths/table.ts";
import type { Control, Demand, PathState } from "../paths/types.ts";
import { ackIsDue, takeAckRanges } from "../recovery/acks.ts";
import { nextProbe, noteSent } from "../recovery/recovery.ts";
import {
  beginFrames,
  createFrameWriter,
  roomIn,
  writeAck,
  writeCloseAssociation,
  writePadding,
  writePathAbandon,
  writePathChallenge,
  writePathResponse,
  writePathStatus,
  writePing,
  writeRekey,
  writeRekeyed,
} from "../streams/frame-writer.ts";
import { hasControls, writeControls } from "../streams/controls.ts";
import { nextChannel } from "../streams/scheduling.ts";
import { writeFrames } from "../streams/sending.ts";
import type { SentPiece } from "../streams/channels.ts";
import { ackCarrierOf, type Association, type Cargo, primitivesOf, type Surroundings } from "./association.ts";
import { noteCopy, takeCopy } from "./copies.ts";
import { nextLong } from "./handshake.ts";
import { type OwedRekey, rekeyIfWorn } from "./rekeying.ts";
import { loadCargo, NO_CHANNEL, repeat } from "./settling.ts";

/** A packet to send. */
export interface Departure {
  /** Zeros follow up to `length`. */
  readonly rest: Uint8Array;
  readonly length: Bytes;
  /** The way it takes: key of a candidate, or of the way that the peer came by. */
  readonly key: string;
  /** -1: a packet of the handshake. */
  readonly path: number;
}

/** Scratch: holds the packet being written, and its freight. */
const WRITER = createFrameWriter(0xffff);
const CARGO: Cargo[] = [];
const CONTROLS: number[] = [];
const PIECE: SentPiece = { offset: 0, length: 0, flags: 0 };
/** Header, tag, and CLOSE_ASSOCIATION without its reason. */
const LEAST_CLOSE = 64;
/** Less room than this is not worth another frame of data. */
const LEAST_PIECE = 64;

/** The next packet, null: there is nothing to send now. */
export function transmit(association: Association, ctx: Surroundings): Departure | null {
  switch (association.phase) {
    case "connecting":
    case "handshaking":
      return sendLong(association, ctx);
    case "established":
      return enqueue(association, ctx);
    case "closing":
      return association.closeDue ? sendClose(association, ctx) : null;
    default:
      return null;
  }
}

function enqueue(association: Association, ctx: Surroundings): Departure | null {
  if (association.handshake !== null) {
    const long = sendLong(association, ctx);
    if (long !== null) return long;
  }
  if (controlIsDue(association.paths, ctx.now)) {
    const control = nextControl(association.paths, ctx.now, ctx.random("channel/paths"));
    if (control !== null) return sendControl(association, control, ctx);
  }
  return sendData(association, ctx) ?? sendAcks(association, ctx);
}

function sendLong(association: Association, ctx: Surroundings): Departure | null {
  const packet: LongPacket | null = nextLong(association, ctx);
  if (packet === null) return null;
  association.counts.sent++;
  return { ...encodeLong(packet), key: association.handshake?.key ?? "", path: -1 };
}

function sendClose(association: Association, ctx: Surroundings): Departure | null {
  association.closeDue = false;
  const { ending, paths } = association;
  const path = paths.list.find(({ state }) => state === "active") ?? paths.list[0];
  if (path === undefined || ending === null || allowanceOf(paths, path) < LEAST_CLOSE) return null;
  association.counts.closesSent++;
  begin(association, path);
  if (!writeCloseAssociation(WRITER, ending.code, ending.reason)) writeCloseAssociation(WRITER, ending.code, "");
  return seal(association, path, 0, false, null, ctx);
}

/** Challenges and responses have a size and ask for no acknowledgement; the other frames of the path manager ask for one. */
function sendControl(association: Association, control: Control, ctx: Surroundings): Departure {
  const path = association.paths.list[control.index] as PathState;
  const size = control.kind === "challenge" || control.kind === "response" ? control.size : 0;
  CARGO.length = 0;
  beginFrames(WRITER, SHORT_HEADER, Math.max(size, LEAST_CONTROL) - TAG_BYTES);
  writePathFrame(control);
  if (size === 0) CARGO.push({ kind: "path", control });
  else writePadding(WRITER, Math.max(0, size - TAG_BYTES - WRITER.at));
  return seal(association, path, 0, size === 0, null, ctx);
}

/** Header, the largest frame of the path manager, tag. */
const LEAST_CONTROL = SHORT_OVERHEAD + 24;

function writePathFrame(control: Control): void {
  switch (control.kind) {
    case "challenge":
      writePathChallenge(WRITER, control.data.high, control.data.low);
      return;
    case "response":
      writePathResponse(WRITER, control.data.high, control.data.low);
      return;
    case "status":
      writePathStatus(WRITER, control.id, control.sequence, control.available ? 1 : 0);
      return;
    case "abandon":
      writePathAbandon(WRITER, control.id, control.reason);
  }
}

/** Data, control frames, a PING that is owed or that a probe timeout asks for. */
function sendData(association: Association, ctx: Surroundings): Departure | null {
  const { channels, paths, pings } = association;
  // A pacer that nobody asks again must not ring for ever.
  for (const { recovery } of paths.list) if (recovery.paceAt >= 0) recovery.paceAt = -1;
  const copied = association.copies.size === 0 ? null : sendCopy(association, ctx);
  if (copied !== null) return copied;
  let channel = nextChannel(channels);
  const wants = channel >= 0 || pings.length > 0 || association.pingDue || owesControls(association);
  let path = pathToProbe(association);
  if (path !== null && hasTrustedOther(paths, path)) return sendProbe(association, path, ctx);
  if (path !== null && !wants) {
    repeatOldest(association, path);
    channel = nextChannel(channels);
  } else if (path === null) {
    if (!wants) return null;
    path = paths.list[pickPath(paths, sizeOf(association), ctx.now, demandOf(association))] ?? null;
    if (path === null) return null;
  }
  const under = channel >= 0 ? channel : (pings[0] ?? 0);
  begin(association, path);
  appendAck(path, ctx);
  const start = WRITER.at;
  appendControls(association);
  const dataAt = WRITER.at;
  const isCopied = paths.options.scheduler === "redundant";
  // A copy may come first: whatever opens the channel stands with its data, too.
  if (isCopied) WRITER.opened = 0;
  const piece = channel >= 0 ? appendPieces(association, channel) : null;
  if (WRITER.at === start && WRITER.zeros === 0) writePing(WRITER);
  forgetPings(association, under);
  if (piece !== null && isCopied) {
    noteCopy(association, path, { writer: WRITER, from: dataAt, channel: under, piece, cargo: CARGO });
  }
  return seal(association, path, under, true, piece, ctx);
}

/** Asks whether the path is alive. Data goes where nothing speaks against: what was under way here, too (timers.ts). */
function sendProbe(association: Association, path: PathState, ctx: Surroundings): Departure {
  begin(association, path);
  appendAck(path, ctx);
  writePing(WRITER);
  return seal(association, path, 0, true, null, ctx);
}

/** What went over one path, over another that has not had it and may send now. */
function sendCopy(association: Association, ctx: Surroundings): Departure | null {
  for (const path of association.paths.list) {
    const copy = takeCopy(association, path, ctx.now);
    if (copy === null) continue;
    begin(association, path);
    WRITER.bytes.set(copy.bytes, SHORT_HEADER);
    WRITER.at = SHORT_HEADER + copy.bytes.length;
    WRITER.zeros = copy.zeros;
    for (const one of copy.cargo) CARGO.push(one);
    return seal(association, path, copy.channel, true, copy.piece, ctx);
  }
  return null;
}

function owesControls({ channels, rekeys }: Association): boolean {
  return hasControls(channels) || rekeys.length > 0;
}

/** A path whose probe timeout has rung. */
function pathToProbe({ paths }: Association): PathState | null {
  for (const path of paths.list) if (path.recovery.probes > 0 && path.state !== "abandoned") return path;
  return null;
}

/** With nothing new to say, a probe says once more what flies longest. */
function repeatOldest(association: Association, path: PathState): void {
  const number = nextProbe(path.recovery);
  if (number >= 0) repeat(association, path, number);
}

/** Of a full packet over the path that is used first. */
function sizeOf({ paths }: Association): Bytes {
  return paths.list[0]?.pmtu.size ?? 0;
}

/** Only two schedulers look at what there is to send. */
function demandOf({ channels, paths }: Association): Demand | undefined {
  const { scheduler } = paths.options;
  if (scheduler !== "ecf" && scheduler !== "blest") return undefined;
  const credit = channels.sendLimit - channels.sent;
  return { queued: queuedBytes(channels), credit, blocked: credit === 0 };
}

/** Written and never sent, or lost. */
function queuedBytes({ byId }: Association["channels"]): Bytes {
  let queued = 0;
  for (const { send } of byId.values()) {
    queued += send.written - send.sent;
    for (let at = 0; at < send.lost.length; at += 2)
      queued += (send.lost[at + 1] as number) - (send.lost[at] as number);
  }
  return queued;
}

function forgetPings(association: Association, channel: number): void {
  const { pings } = association;
  association.pingDue = false;
  const at = pings.indexOf(channel);
  if (at >= 0) pings.splice(at, 1);
}

/** Acknowledgements that nothing was found to carry. */
function sendAcks(association: Association, ctx: Surroundings): Departure | null {
  for (const path of association.paths.list) {
    if (!ackIsDue(path.acks, ctx.now)) continue;
    const carrier = ackCarrierOf(association.paths, path);
    if (carrier === null) continue;
    begin(association, carrier);
    appendAck(path, ctx);
    return seal(association, carrier, 0, false, null, ctx);
  }
  return null;
}

/** Not more than a way that is not validated may still be sent. */
function begin({ paths }: Association, path: PathState): void {
  if (CARGO.length > 0) CARGO.length = 0;
  beginFrames(WRITER, SHORT_HEADER, Math.min(path.pmtu.size, allowanceOf(paths, path)) - TAG_BYTES);
}

/** The path's own acknowledgements ride along with whatever goes over it. */
function appendAck(path: PathState, ctx: Surroundings): void {
  const { acks } = path;
  if (acks.ackAt < 0) return;
  const { ranges, delayNs, ce } = takeAckRanges(acks, ctx.now);
  writeAck(WRITER, path.id, ranges, delayNs, ce > 0 ? ce : -1);
}

function appendControls(association: Association): void {
  const { channels, rekeys } = association;
  while (rekeys.length > 0) {
    const owed = rekeys[0] as OwedRekey;
    const write = owed.answer ? writeRekeyed : writeRekey;
    if (!write(WRITER, owed.channel, owed.generation, owed.public)) return;
    rekeys.shift();
    CARGO.push({ kind: "rekey", owed });
  }
  if (!hasControls(channels)) return;
  if (CONTROLS.length > 0) CONTROLS.length = 0;
  writeControls(channels, WRITER, CONTROLS);
  for (const reference of CONTROLS) CARGO.push({ kind: "control", reference });
}

/** The first piece is noted with its packet, further ones (short messages) are its freight. */
function appendPieces(association: Association, channel: number): SentPiece | null {
  const { channels } = association;
  const first = writeFrames(channels, channel, WRITER);
  if (first === null) return null;
  PIECE.offset = first.offset;
  PIECE.length = first.length;
  PIECE.flags = first.flags;
  while (roomIn(WRITER) >= LEAST_PIECE && nextChannel(channels) === channel) {
    const more = writeFrames(channels, channel, WRITER);
    if (more === null) break;
    CARGO.push({ kind: "piece", channel, offset: more.offset, length: more.length, flags: more.flags });
  }
  return PIECE;
}

/** Protects what stands in the writer and notes it. */
function seal(
  association: Association,
  path: PathState,
  channel: number,
  eliciting: boolean,
  piece: SentPiece | null,
  ctx: Surroundings,
): Departure {
  const { keys, paths, remoteId, counts } = association;
  const { recovery } = path;
  const frames = WRITER.at - SHORT_HEADER + WRITER.zeros;
  const length = frames + SHORT_OVERHEAD;
  writeShortHeader(WRITER.bytes, remoteId, path.id, channel, recovery.sent.next);
  const rest = protect(keys as Keys, WRITER.bytes, WRITER.at, frames, primitivesOf(association, ctx));
  const number =
    piece === null
      ? noteSent(recovery, length, eliciting, NO_CHANNEL, 0, 0, 0, ctx.now)
      : noteSent(recovery, length, eliciting, channel, piece.offset, piece.length, piece.flags, ctx.now);
  if (CARGO.length > 0) loadCargo(association, path.id, number, CARGO);
  notePathSent(paths, paths.list.indexOf(path), length);
  counts.sent++;
  if (eliciting && association.lastSentAt < 0) association.lastSentAt = ctx.now;
  if (association.phase === "established") rekeyIfWorn(association, channel, ctx);
  return { rest, length, key: path.key, path: path.id };
}
