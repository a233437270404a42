/**
 * A packet's way in: filters, one after the other, each of which may end it with a word that is counted.
 *
 *     de-envelope     long or short, and not cut
 *     route           for this association
 *     decrypt         opened with the keys of its channel
 *     validate        of a phase that takes it, on a path that is there, not seen before
 *     assign          its path gets it; the first on the keys' other side completes the handshake
 *     parse, handle   frame by frame (handling.ts); what the peer must not say closes the association
 *
 * Whatever does not open changes nothing but a count.
 */
import type { Bytes } from "../../units.ts";
import { createOpened, isFor, type Opened, SHORT_OVERHEAD, unprotect } from "../crypto/protection.ts";
import { decodeLong, headerForm, LONG_HEADER } from "../crypto/long-packets.ts";
import { confirmRekey } from "../crypto/rekey.ts";
import { onPacket } from "../paths/arrivals.ts";
import { pathIndex } from "../paths/table.ts";
import type { PathState } from "../paths/types.ts";
import { isReplay, noteReceived } from "../recovery/acks.ts";
import { createFrameReader, decodeFrames } from "../streams/frame-reader.ts";
import { probeTimeout } from "../../transport/rtt.ts";
import { type Association, type DropWord, primitivesOf, type Surroundings } from "./association.ts";
import { echoClose, violate } from "./closing.ts";
import { owePing } from "./rekeying.ts";
import { createHandling, type Handling, SINK } from "./handling.ts";
import { confirm, type Origin, receiveLong } from "./handshake.ts";

/** A packet as it came. */
export interface Arrival extends Origin {
  /** Zeros follow up to `length`. */
  readonly rest: Uint8Array;
  readonly length: Bytes;
  /** Marked "congestion experienced". */
  readonly ce: boolean;
}

/** Scratch: nothing in them outlives a call. */
const OPENED = createOpened();
const READER = createFrameReader();
const HANDLING = createHandling();

const FORGED: readonly string[] = ["forged", "key_spent"];

/** Takes a packet. Answers the path id that it came on; -1: it was a long packet, or none that this association takes. */
export function receive(association: Association, arrival: Arrival, ctx: Surroundings): number {
  const word = deEnvelope(association, arrival, ctx);
  if (typeof word === "number") return word;
  association.counts.dropped[word]++;
  return -1;
}

function deEnvelope(association: Association, arrival: Arrival, ctx: Surroundings): number | DropWord {
  const { rest, length } = arrival;
  const form = headerForm(rest);
  if (form === "none") return "malformed";
  if (length < (form === "long" ? LONG_HEADER : SHORT_OVERHEAD) || rest.length < LEAST_REST) return "truncated";
  return form === "short" ? route(association, arrival, ctx) : takeLong(association, arrival, ctx);
}

/** Enough for the ids of either form to be read. */
const LEAST_REST = 13;

function takeLong(association: Association, arrival: Arrival, ctx: Surroundings): number | DropWord {
  const decoded = decodeLong(arrival.rest, arrival.length);
  if (!decoded.ok) return "malformed";
  const packet = decoded.value;
  if (packet.kind === "foreign") return "unexpected_long";
  if (packet.kind !== "initial" && packet.kind !== "reset" && !isFor(arrival.rest, association.localId))
    return "not_for_us";
  const word = receiveLong(association, packet, arrival, ctx);
  if (word === null) association.counts.received++;
  return word ?? -1;
}

function route(association: Association, arrival: Arrival, ctx: Surroundings): number | DropWord {
  return isFor(arrival.rest, association.localId) ? decrypt(association, arrival, ctx) : "not_for_us";
}

function decrypt(association: Association, arrival: Arrival, ctx: Surroundings): number | DropWord {
  const { keys } = association;
  if (keys === null) return "wrong_phase";
  const opened = unprotect(keys, arrival.rest, arrival.length, primitivesOf(association, ctx), OPENED);
  if (typeof opened !== "string") return validate(association, opened, arrival, ctx);
  if (opened === "key_spent") violate(association, "keys", "too many forged packets", ctx);
  return FORGED.includes(opened) ? "forged" : opened === "truncated" ? "truncated" : "undecryptable";
}

function validate(association: Association, opened: Opened, arrival: Arrival, ctx: Surroundings): number | DropWord {
  switch (association.phase) {
    case "handshaking":
    case "established":
      return assign(association, opened, arrival, ctx);
    case "closing":
      echoClose(association);
      return "wrong_phase";
    default:
      return "wrong_phase";
  }
}

function assign(association: Association, opened: Opened, arrival: Arrival, ctx: Surroundings): number | DropWord {
  const { paths } = association;
  const known = pathIndex(paths, opened.path);
  if (known >= 0 && isReplay((paths.list[known] as PathState).acks, opened.number)) return "replayed";
  if (!association.confirmed) confirm(association, ctx);
  const index = onPacket(paths, opened.path, arrival.key, arrival.mtu, opened.number, arrival.length, ctx.now);
  if (index < 0) return "unknown_path";
  const path = paths.list[index] as PathState;
  // An id that was in use before goes on where its numbers stopped.
  if (isReplay(path.acks, opened.number)) return "replayed";
  if (opened.newer && association.keys !== null) {
    // Packets sealed before the change may still come over the slowest path.
    const longest = Math.max(...paths.list.map(({ recovery }) => probeTimeout(recovery.rtt, 0)));
    association.retireAt = ctx.now + 3 * longest;
    confirmRekey(association.keys, opened.channel, association.retireAt);
    owePing(association, opened.channel);
  }
  parse(association, opened, index, arrival, ctx);
  return opened.path;
}

function parse(association: Association, opened: Opened, index: number, arrival: Arrival, ctx: Surroundings): void {
  const { number } = opened;
  const path = association.paths.list[index] as PathState;
  const handling = enterHandling(association, index, opened.channel, ctx);
  const error = decodeFrames(READER, opened.bytes, opened.start, opened.end, opened.length, SINK, handling);
  noteReceived(path.acks, number, handling.eliciting, arrival.ce, ctx.now);
  association.counts.received++;
  association.lastReceivedAt = ctx.now;
  association.lastSentAt = -1;
  if (error !== null) violate(association, error.word, `frame 0x${error.frame.toString(16)}`, ctx);
  leaveHandling(handling);
}

function enterHandling(association: Association, index: number, channel: number, ctx: Surroundings): Handling {
  HANDLING.association = association;
  HANDLING.ctx = ctx;
  HANDLING.index = index;
  HANDLING.channel = channel;
  HANDLING.eliciting = false;
  return HANDLING;
}

function leaveHandling(handling: Handling): void {
  handling.association = null;
  handling.ctx = null;
}
