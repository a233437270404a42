/**
 * Name of a channel: a half of 16 bits from each side, 0xf0f0 where a side has not chosen yet. The number is `responder << 16 |
 * initiator`, as the original's union reads on a little-endian processor, so the wire has the responder's half first.
 */
import { err, ok, type Result } from "../../result.ts";
import type { RandomStream } from "../../rng.ts";
import type { ChannelerError } from "./errors.ts";

export type ChannelId = number;

/** A half that nobody chose. */
export const NO_HALF = 0xf0f0;
/** The channel that negotiates the others; it is always there. */
export const DEFAULT_CHANNEL: ChannelId = 0xf0f0_f0f0;

export function channelId(initiator: number, responder: number): ChannelId {
  return ((responder << 16) | initiator) >>> 0;
}

export function initiatorOf(id: ChannelId): number {
  return id & 0xffff;
}

export function responderOf(id: ChannelId): number {
  return id >>> 16;
}

export function hasInitiator(id: ChannelId): boolean {
  return initiatorOf(id) !== NO_HALF;
}

export function hasResponder(id: ChannelId): boolean {
  return responderOf(id) !== NO_HALF;
}

export function isComplete(id: ChannelId): boolean {
  return hasInitiator(id) && hasResponder(id);
}

/** The initiator's half, drawn; the responder's is still missing. */
export function createChannelId(random: RandomStream): ChannelId {
  return channelId(drawHalf(random), NO_HALF);
}

/** Adds the responder's half; an error where the initiator's is missing or the responder's is there already. */
export function completeChannelId(id: ChannelId, random: RandomStream): Result<ChannelId, ChannelerError> {
  if (!hasInitiator(id) || hasResponder(id)) return err("ERR_INVALID_CHANNELID");
  return ok(channelId(initiatorOf(id), drawHalf(random)));
}

/** Any half but the one that means none. */
function drawHalf(random: RandomStream): number {
  const half = random.below(0xffff);
  return half < NO_HALF ? half : half + 1;
}
