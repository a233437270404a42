/** What each frame of a packet does to its association. A word in answer closes it: the peer must not say that. */
import { drawBytes, KEY_BYTES } from "../crypto/primitives.ts";
import { answerRekey, finishRekey } from "../crypto/rekey.ts";
import { onChallenge, onPathAbandon, onPathStatus, onResponse } from "../paths/arrivals.ts";
import { pathIndex } from "../paths/table.ts";
import type { AbandonReason, PathState } from "../paths/types.ts";
import { takeAck } from "../recovery/recovery.ts";
import type { ErrorWord, FrameSink } from "../streams/frames.ts";
import {
  onAccept,
  onBlocked,
  onChannelBlocked,
  onChannelsBlocked,
  onCloseChannel,
  onData,
  onForward,
  onMaxChannelData,
  onMaxChannels,
  onMaxData,
  onMessage,
  onOpen,
  onRefuse,
  onReset,
  onStopSending,
} from "../streams/receiving.ts";
import { type Association, primitivesOf, type Surroundings } from "./association.ts";
import { takeClose, violate } from "./closing.ts";
import { createNews, settle } from "./settling.ts";
import { owePing, oweRekey } from "./rekeying.ts";

/** The packet whose frames are being handled. One record serves all packets: it is empty between them. */
export interface Handling {
  association: Association | null;
  ctx: Surroundings | null;
  /** Of its path in `paths.list`. */
  index: number;
  /** Whose keys it came under. */
  channel: number;
  /** It asks for an acknowledgement. */
  eliciting: boolean;
}

export function createHandling(): Handling {
  return { association: null, ctx: null, index: 0, channel: 0, eliciting: false };
}

const NEWS = createNews();

type Taken = ErrorWord | null;

/** The channels' part of the association, and a note that the packet asks for an acknowledgement. */
function channelsOf(target: Handling): Association["channels"] {
  target.eliciting = true;
  return (target.association as Association).channels;
}

function pathsOf(target: Handling): Association["paths"] {
  target.eliciting = true;
  return (target.association as Association).paths;
}

function nowOf(target: Handling): number {
  return (target.ctx as Surroundings).now;
}

export const SINK: FrameSink<Handling> = {
  ping(target) {
    target.eliciting = true;
    return null;
  },
  ack: (target, { path, ranges, delay, ce }) => takeAcknowledgement(target, path, ranges, delay, ce),
  data: (target, frame) => (frame.channel === target.channel ? onData(channelsOf(target), frame) : "content"),
  message: (target, frame) => (frame.channel === target.channel ? onMessage(channelsOf(target), frame) : "content"),
  open: (target, frame) => onOpen(channelsOf(target), frame),
  accept: (target, channel, window) => onAccept(channelsOf(target), channel, window),
  refuse: (target, channel, code) => onRefuse(channelsOf(target), channel, code),
  closeChannel: (target, channel, code, final) => onCloseChannel(channelsOf(target), channel, code, final),
  stopSending: (target, channel, code) => onStopSending(channelsOf(target), channel, code),
  reset: (target, channel, code, final) => onReset(channelsOf(target), channel, code, final),
  forward: (target, channel, offset) => onForward(channelsOf(target), channel, offset),
  maxData: (target, offset) => onMaxData(channelsOf(target), offset),
  maxChannelData: (target, channel, offset) => onMaxChannelData(channelsOf(target), channel, offset),
  maxChannels: (target, count) => onMaxChannels(channelsOf(target), count),
  blocked: (target, offset) => onBlocked(channelsOf(target), offset),
  channelBlocked: (target, channel, offset) => onChannelBlocked(channelsOf(target), channel, offset),
  channelsBlocked: (target, count) => onChannelsBlocked(channelsOf(target), count),
  pathChallenge(target, high, low) {
    onChallenge(pathsOf(target), target.index, high, low);
    return null;
  },
  pathResponse(target, high, low) {
    onResponse(pathsOf(target), high, low, nowOf(target));
    return null;
  },
  pathStatus(target, path, sequence, status) {
    const paths = pathsOf(target);
    onPathStatus(paths, path, sequence, status !== 0, nowOf(target));
    if (status === 0) sayAgain(paths.list[pathIndex(paths, path)], nowOf(target));
    return null;
  },
  pathAbandon(target, path, code) {
    onPathAbandon(pathsOf(target), path, code as AbandonReason, nowOf(target));
    return null;
  },
  rekey: (target, channel, generation, key) => takeRekey(target, channel, generation, key),
  rekeyed: (target, channel, generation, key) => takeRekeyed(target, channel, generation, key),
  closeAssociation(target, code, reason) {
    takeClose(target.association as Association, code, reason, target.ctx as Surroundings);
    return null;
  },
};

/**
 * The peer uses a path no more, perhaps since it is dead: then the acknowledgements that went over it last are lost, too, and what had
 * arrived would be sent again.
 */
function sayAgain(path: PathState | undefined, now: number): void {
  if (path !== undefined && path.acks.largest >= 0) path.acks.ackAt = now;
}

/** Of paths that are gone nobody asks any more. */
function takeAcknowledgement(target: Handling, id: number, ranges: number[], delay: number, ce: number): Taken {
  const association = target.association as Association;
  const ctx = target.ctx as Surroundings;
  const index = pathIndex(association.paths, id);
  if (index < 0) return null;
  const path = association.paths.list[index] as PathState;
  if (!takeAck(path.recovery, ranges, delay, Math.max(0, ce), ctx.now, NEWS)) {
    violate(association, "acknowledgement", `path ${id}: packets that were never sent`, ctx);
    return null;
  }
  settle(association, index, NEWS, ctx);
  return null;
}

function takeRekey(target: Handling, channel: number, generation: number, key: Uint8Array): Taken {
  target.eliciting = true;
  const association = target.association as Association;
  const ctx = target.ctx as Surroundings;
  if (association.keys === null) return "state";
  const p = primitivesOf(association, ctx);
  const ephemeral = drawBytes(ctx.random("channel/rekey"), KEY_BYTES, p);
  const answer = answerRekey(association.keys, channel, { generation, public: key }, ephemeral, p);
  if (typeof answer !== "string") oweRekey(association, { ...answer, channel, answer: true });
  else if (answer === "mismatch" || answer === "weak_key") violate(association, "keys", answer, ctx);
  return null;
}

function takeRekeyed(target: Handling, channel: number, generation: number, key: Uint8Array): Taken {
  target.eliciting = true;
  const association = target.association as Association;
  const ctx = target.ctx as Surroundings;
  if (association.keys === null) return "state";
  const fault = finishRekey(association.keys, channel, { generation, public: key }, primitivesOf(association, ctx));
  if (fault === "mismatch" || fault === "weak_key") violate(association, "keys", fault, ctx);
  if (fault !== null) return null;
  association.counts.rekeys++;
  // The peer goes over to the new keys once it has seen them used.
  owePing(association, channel);
  return null;
}
