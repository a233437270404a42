/** Changing a channel's keys while it runs (core/channel/crypto/rekey.ts), and packets that show a peer which keys are in use. */
import { drawBytes, KEY_BYTES } from "../crypto/primitives.ts";
import { keyChannel, keyIsWorn } from "../crypto/keys.ts";
import { beginRekey, type RekeyMessage } from "../crypto/rekey.ts";
import { type Association, primitivesOf, type Surroundings } from "./association.ts";

/** A frame REKEY, or with `answer` REKEYED, that waits for a packet. */
export interface OwedRekey extends RekeyMessage {
  readonly channel: number;
  readonly answer: boolean;
}

/** Frames and channels that wait at most; a peer that asks for more is answered when it asks again. */
const MOST_OWED = 256;

export function oweRekey(association: Association, owed: OwedRekey): void {
  const { rekeys } = association;
  const isOwed = rekeys.some(({ channel, answer }) => channel === owed.channel && answer === owed.answer);
  if (!isOwed && rekeys.length < MOST_OWED) rekeys.push(owed);
}

/** A PING under this channel's keys. */
export function owePing(association: Association, channel: number): void {
  const { pings } = association;
  if (!pings.includes(channel) && pings.length < MOST_OWED) pings.push(channel);
}

/** Asks the peer for this channel's next keys; false where the last change is not over at both ends. */
export function rekey(association: Association, channel: number, ctx: Surroundings): boolean {
  const { keys } = association;
  if (keys === null || association.phase !== "established") return false;
  const p = primitivesOf(association, ctx);
  const id = keyChannel(keys, channel);
  const asked = beginRekey(keys, id, drawBytes(ctx.random("channel/rekey"), KEY_BYTES, p), p);
  if (typeof asked === "string") return false;
  oweRekey(association, { ...asked, channel: id, answer: false });
  return true;
}

/** After a packet was sealed: has its key served long enough? */
export function rekeyIfWorn(association: Association, channel: number, ctx: Surroundings): void {
  const { keys, options } = association;
  if (keys === null) return;
  const used = keys.channels.get(keyChannel(keys, channel));
  if (used === undefined || used.pending !== null) return;
  const isDue = options.rekeyAfter > 0 && used.current.sealed >= options.rekeyAfter;
  if (isDue || keyIsWorn(keys, channel)) rekey(association, channel, ctx);
}
