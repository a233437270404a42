/**
 * The end of an association. Who closes says so in CLOSE_ASSOCIATION, answers whatever still comes with the same (at the 1st, 2nd, 4th, 8th
 * packet and so on, so that two ends never answer each other for ever), and forgets all after three probe timeouts; who is told keeps
 * silent for as long (RFC 9000, section 10.2).
 */
import { probeTimeout } from "../../transport/rtt.ts";
import { MILLISECOND, type Nanos, SECOND } from "../../units.ts";
import { ERROR_CODES, type ErrorWord } from "../streams/frames.ts";
import { type Association, enter, type Surroundings } from "./association.ts";

/** Ways to break the protocol beyond those of frames. */
export type ViolationWord = ErrorWord | "acknowledgement" | "keys" | "paths";

/** Codes of CLOSE_ASSOCIATION: 0 an orderly end, below 256 the protocol's, from there on the application's. */
const VIOLATION_CODES: Readonly<Record<ViolationWord, number>> = {
  ...ERROR_CODES,
  acknowledgement: 16,
  keys: 17,
  paths: 18,
};
const FIRST_APPLICATION_CODE = 256;

/** Before any round trip was measured. */
const LEAST_CLOSING: Nanos = 30 * MILLISECOND;
/** At most so long after the end an application may go on reading. */
const MOST_READING: Nanos = 30 * SECOND;

/** Ends it now, whatever is under way. An association without keys has nobody to tell. */
export function close(association: Association, code: number, reason: string, ctx: Surroundings): void {
  if (isOver(association)) return;
  association.ending = { by: "us", word: "closed", code, reason };
  beginClosing(association, "association.closed", ctx);
}

/** Ends it once every channel is over at both ends. */
export function closeWhenDone(association: Association, ctx: Surroundings): void {
  association.closesWhenDone = true;
  closeIfDone(association, ctx);
}

export function closeIfDone(association: Association, ctx: Surroundings): void {
  if (!association.closesWhenDone || association.phase !== "established" || association.channels.byId.size > 0) return;
  close(association, 0, "done", ctx);
}

/** The peer breaks the protocol. */
export function violate(association: Association, word: ViolationWord, where: string, ctx: Surroundings): void {
  if (isOver(association)) return;
  association.counts.violations++;
  association.ending = { by: "us", word: "violation", code: VIOLATION_CODES[word], reason: `${word}: ${where}` };
  beginClosing(association, "association.violated", ctx);
}

/** CLOSE_ASSOCIATION has come. */
export function takeClose(association: Association, code: number, reason: string, ctx: Surroundings): void {
  if (association.phase !== "established") return;
  association.ending = {
    by: "peer",
    word: code > 0 && code < FIRST_APPLICATION_CODE ? "violation" : "closed",
    code,
    reason,
  };
  association.closeAt = ctx.now + closingTime(association);
  enter(association, "draining", "peer.closed");
}

/** A packet has come while closing. */
export function echoClose(association: Association): void {
  const count = ++association.closeEchoes;
  if ((count & (count - 1)) === 0) association.closeDue = true;
}

/**
 * Where the peer has ended it orderly, all that it had sent has come, and it thinks so: an application that reads slowly gets the rest,
 * within half a minute. True: it stays, and is looked at again later.
 */
export function staysForReaders(association: Association, now: Nanos): boolean {
  const { phase, ending, channels, lastReceivedAt } = association;
  const until = lastReceivedAt + MOST_READING;
  if (phase !== "draining" || ending?.code !== 0 || now >= until || !hasUnread(channels)) return false;
  association.closeAt = Math.min(until, now + LEAST_CLOSING);
  return true;
}

/** What arrived, and nobody took or gave up. */
function hasUnread({ byId }: Association["channels"]): boolean {
  for (const { receive } of byId.values()) {
    if (receive.state !== "open") continue;
    let arrived = 0;
    for (let at = 0; at < receive.received.length; at += 2)
      arrived += (receive.received[at + 1] as number) - (receive.received[at] as number);
    if (arrived > receive.taken) return true;
  }
  return false;
}

/** The time to answer stragglers is over. */
export function endClosing(association: Association): void {
  association.closeAt = -1;
  association.closeDue = false;
  enter(association, "closed", "close.expired");
}

export function expireIdle(association: Association): void {
  association.ending = { by: "nobody", word: "idle", code: 0, reason: "nothing came for too long" };
  enter(association, "closed", "idle.expired");
}

function isOver({ phase }: Association): boolean {
  return phase === "closing" || phase === "draining" || phase === "closed";
}

function beginClosing(
  association: Association,
  word: "association.closed" | "association.violated",
  ctx: Surroundings,
): void {
  association.handshake = null;
  if (association.phase !== "established") {
    association.closeAt = ctx.now;
    enter(association, "closing", word);
    return;
  }
  association.closeDue = true;
  association.closeAt = ctx.now + closingTime(association);
  enter(association, "closing", word);
}

/** Three probe timeouts of the slowest path, by what was measured: a guess at an unused one would keep everybody waiting. */
function closingTime({ paths }: Association): Nanos {
  let longest = LEAST_CLOSING;
  for (const { recovery } of paths.list) {
    if (recovery.rtt.firstSampleAt >= 0) longest = Math.max(longest, 3 * probeTimeout(recovery.rtt, 0));
  }
  return longest;
}
