/** One timer for all that an association waits for. */
import { type Nanos, SECOND } from "../../units.ts";
import { retireKeys } from "../crypto/rekey.ts";
import { hasTrustedOther } from "../paths/schedulers.ts";
import { deadlineOf as pathsDeadline, dueAt, onTimeout as pathTimeout, takeLost } from "../paths/timers.ts";
import { ackCarrierOf, type Association, type Surroundings } from "./association.ts";
import { endClosing, expireIdle, staysForReaders } from "./closing.ts";
import { repeatHandshake } from "./handshake.ts";
import { createNews, repeatAll, settle } from "./settling.ts";

const NEWS = createNews();
/** How long an association that was asked for, but whose handshake does not end, takes its place. */
const HALF_OPEN: Nanos = 10 * SECOND;

/** When `onTimeout` is due, or `transmit` has something again; -1: not before something happens. */
export function deadlineOf(association: Association): Nanos {
  const { phase } = association;
  if (phase === "closing" || phase === "draining") return association.closeAt;
  if (phase === "idle" || phase === "closed") return -1;
  let deadline = earlier(-1, association.handshake?.retryAt ?? -1);
  deadline = earlier(deadline, idleAt(association));
  if (phase !== "established") return deadline;
  deadline = earlier(deadline, keepAliveAt(association));
  deadline = earlier(deadline, association.retireAt);
  deadline = earlier(deadline, acksAt(association));
  return earlier(deadline, pathsDeadline(association.paths));
}

/** When the first acknowledgement that waits for company, and has a way to go, must go. */
function acksAt({ paths }: Association): Nanos {
  let deadline = -1;
  for (const path of paths.list) {
    const { ackAt } = path.acks;
    if (ackAt < 0 || path.state === "abandoned" || ackCarrierOf(paths, path) === null) continue;
    deadline = earlier(deadline, ackAt);
  }
  return deadline;
}

/** Whatever is due by now. Time that is too early does nothing. */
export function onTimeout(association: Association, ctx: Surroundings): void {
  const { phase } = association;
  const { now } = ctx;
  if (phase === "idle" || phase === "closed") return;
  if (phase === "closing" || phase === "draining") {
    if (association.closeAt <= now && !staysForReaders(association, now)) endClosing(association);
    return;
  }
  if (isDue(idleAt(association), now)) {
    expireIdle(association);
    return;
  }
  if (isDue(association.handshake?.retryAt ?? -1, now)) repeatHandshake(association, ctx);
  if (association.phase !== "established") return;
  if (isDue(keepAliveAt(association), now)) keepAlive(association, now);
  if (isDue(association.retireAt, now) && association.keys !== null) {
    association.retireAt = retireKeys(association.keys, now);
  }
  runPaths(association, ctx);
}

/** Packets on paths that failed are lost, and their freight goes elsewhere. After everything that may fail a path. */
export function collectLost(association: Association, ctx: Surroundings): void {
  const { paths } = association;
  if (!hasLosses(association)) return;
  for (let at = takeLost(paths, NEWS, ctx.now); at >= 0; at = takeLost(paths, NEWS, ctx.now)) {
    settle(association, at, NEWS, ctx);
  }
}

/** Asked after every packet. */
function hasLosses({ paths }: Association): boolean {
  for (const path of paths.list) if (path.lostDue || path.state === "abandoned") return true;
  return false;
}

function runPaths(association: Association, ctx: Surroundings): void {
  const { paths } = association;
  for (let index = dueAt(paths, ctx.now); index >= 0; index = dueAt(paths, ctx.now)) {
    pathTimeout(paths, index, ctx.now, NEWS);
    settle(association, index, NEWS, ctx);
    const path = paths.list[index];
    if (path !== undefined && path.recovery.probes > 0 && hasTrustedOther(paths, path)) repeatAll(association, path);
  }
  collectLost(association, ctx);
}

/**
 * Since the last packet that came, or the first sent after it that asks for an answer (RFC 9000, section 10.1). An end that was asked
 * waits for the handshake's last message a while, whatever its idle timeout; one that asks counts its attempts.
 */
function idleAt({ idleTimeout, lastReceivedAt, lastSentAt, phase, role }: Association): Nanos {
  if (phase !== "established") return role === "initiator" ? -1 : lastReceivedAt + HALF_OPEN;
  return idleTimeout === 0 ? -1 : Math.max(lastReceivedAt, lastSentAt) + idleTimeout;
}

function keepAliveAt({ options, lastReceivedAt, lastSentAt, keptAliveAt, pingDue }: Association): Nanos {
  if (options.keepAlive === 0 || pingDue) return -1;
  return Math.max(lastReceivedAt, lastSentAt, keptAliveAt) + options.keepAlive;
}

function keepAlive(association: Association, now: Nanos): void {
  association.pingDue = true;
  association.keptAliveAt = now;
  association.counts.pings++;
}

function isDue(at: Nanos, now: Nanos): boolean {
  return at >= 0 && at <= now;
}

function earlier(one: Nanos, other: Nanos): Nanos {
  if (one < 0) return other;
  return other >= 0 && other < one ? other : one;
}
