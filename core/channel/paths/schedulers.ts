/**
 * Which path the next packet of data goes over. Every scheduler chooses among the active paths that may send now (window, pacer); paths
 * with probe timeouts in a row are left for others where there are such.
 *
 *   single       the one in use
 *   minrtt       the least smoothed round-trip time (default of Linux' Multipath TCP)
 *   round-robin  one after the other
 *   weighted     in proportion to given weights, or to window over round-trip time
 *   redundant    the quickest that may send, and copies over all others as soon as they may (`copiesOf`)
 *   blest, ecf   waiting.ts: rather none than one that is too slow
 */
import { maySend } from "../recovery/recovery.ts";
import type { Bytes, Nanos } from "../../units.ts";
import { isAllowed } from "./control.ts";
import type { Demand, Paths, PathState, SchedulerName } from "./types.ts";
import { sendsBlest, sendsEcf } from "./waiting.ts";

/** Answers one of `ready`, positions in `paths.list` of paths that may send now; -1: rather none. */
type Scheduler = (paths: Paths, ready: readonly number[], demand: Demand, now: Nanos) => number;

const SCHEDULERS: { readonly [name in SchedulerName]: Scheduler } = {
  single: (_paths, ready) => ready[0] ?? -1,
  minrtt: quickest,
  "round-robin": nextInTurn,
  weighted: leastServed,
  redundant: quickest,
  blest: (paths, ready, demand, now) => unlessWaiting(paths, ready, demand, now, sendsBlest),
  ecf: (paths, ready, demand, now) => unlessWaiting(paths, ready, demand, now, sendsEcf),
};

const NO_LIMITS: Demand = { queued: Number.MAX_SAFE_INTEGER, credit: Number.MAX_SAFE_INTEGER, blocked: false };

/**
 * Position of the path for a packet of `bytes`, -1: none may send, or the scheduler waits for a better one. Without `demand` there is more
 * to send than any window takes. Paths with probes to send come first.
 */
export function pickPath(paths: Paths, bytes: Bytes, now: Nanos, demand: Demand = NO_LIMITS): number {
  const { list } = paths;
  if (list.length === 1) return carriesNow(paths, list[0] as PathState, bytes, now) ? 0 : -1;
  const probing = list.findIndex((path) => path.state === "active" && path.recovery.probes > 0);
  if (probing >= 0 && maySend((list[probing] as PathState).recovery, bytes, now)) return probing;
  const ready = readyPaths(paths, bytes, now);
  if (ready.length === 0) return -1;
  const index = SCHEDULERS[paths.options.scheduler](paths, ready, demand, now);
  if (index >= 0) noteTurn(paths, list[index] as PathState, bytes);
  return index;
}

/** The other paths that copies of a packet sent over `chosen` are to take, each when it may send (scheduler `redundant`). */
export function copiesOf(paths: Paths, chosen: PathState): readonly PathState[] {
  if (paths.options.scheduler !== "redundant") return NONE;
  return paths.list.filter((path) => path !== chosen && path.state === "active");
}

const NONE: readonly PathState[] = [];

function readyPaths(paths: Paths, bytes: Bytes, now: Nanos): number[] {
  const { list } = paths;
  const single = paths.options.scheduler === "single";
  const trusted = !single && list.some((path) => path.state === "active" && !isSuspect(paths, path));
  const ready: number[] = [];
  for (let index = 0; index < list.length; index++) {
    const path = list[index] as PathState;
    if (trusted && isSuspect(paths, path)) continue;
    if (carriesNow(paths, path, bytes, now)) ready.push(index);
  }
  return ready;
}

/** Probe timeouts speak against it, though it has not failed yet (as RFC 7829 has "potentially failed"). */
function isSuspect(paths: Paths, { recovery }: PathState): boolean {
  return recovery.probeCount >= paths.options.suspectAfter;
}

/** Another path carries data, and nothing speaks against it: what hangs on this one need not wait for it. */
export function hasTrustedOther(paths: Paths, path: PathState): boolean {
  return paths.list.some((other) => other !== path && other.state === "active" && !isSuspect(paths, other));
}

function carriesNow(paths: Paths, path: PathState, bytes: Bytes, now: Nanos): boolean {
  return mayCarry(paths, path, bytes) && maySend(path.recovery, bytes, now);
}

/** Active; or, at the responder while nothing is, a way not yet validated, as far as its allowance goes. */
function mayCarry(paths: Paths, path: PathState, bytes: Bytes): boolean {
  if (path.state === "active") return true;
  if (path.state !== "validating" || paths.options.role === "initiator") return false;
  return isAllowed(paths, path, bytes) && !paths.list.some(({ state }) => state === "active");
}

/** Notes whose turn it was, for round robin and weights. */
function noteTurn(paths: Paths, chosen: PathState, bytes: Bytes): void {
  const { scheduling, options } = paths;
  scheduling.last = chosen.id;
  if (options.scheduler !== "weighted") return;
  // Who could not send when its turn came has no claim to make up for it later.
  for (const path of paths.list) path.share = Math.max(path.share, chosen.share);
  chosen.share += bytes / weightOf(paths, chosen);
}

function quickest(paths: Paths, ready: readonly number[]): number {
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  for (const index of ready) {
    const { smoothed } = (paths.list[index] as PathState).recovery.rtt;
    if (smoothed >= least) continue;
    best = index;
    least = smoothed;
  }
  return best;
}

function nextInTurn(paths: Paths, ready: readonly number[]): number {
  const last = paths.list.findIndex(({ id }) => id === paths.scheduling.last);
  return ready.find((index) => index > last) ?? ready[0] ?? -1;
}

/** Start-time fair queueing over the paths: the one that has sent least for its weight. */
function leastServed(paths: Paths, ready: readonly number[]): number {
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  for (const index of ready) {
    const { share } = paths.list[index] as PathState;
    if (share >= least) continue;
    best = index;
    least = share;
  }
  return best;
}

/** As given, else by window over round-trip time (bytes a second): what the path can carry. */
function weightOf(paths: Paths, { key, recovery }: PathState): number {
  const given = paths.options.weights[key];
  if (given !== undefined && given > 0) return given;
  return Math.max(1e-9, (recovery.controller.window / recovery.rtt.smoothed) * 1e9);
}

type Decision = (paths: Paths, fast: PathState, slow: PathState, demand: Demand, now: Nanos) => boolean;

/** The quickest of all if it may send; else the quickest that may, unless waiting for the former is better. */
function unlessWaiting(paths: Paths, ready: readonly number[], demand: Demand, now: Nanos, sends: Decision): number {
  const slow = quickest(paths, ready);
  const fast = paths.list[quickestOfAll(paths)];
  const chosen = paths.list[slow] as PathState;
  if (fast === undefined || chosen === fast || chosen.recovery.rtt.smoothed <= fast.recovery.rtt.smoothed) return slow;
  return sends(paths, fast, chosen, demand, now) ? slow : -1;
}

/** Only paths whose own acknowledgements will wake us are worth waiting for. */
function quickestOfAll(paths: Paths): number {
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  for (let index = 0; index < paths.list.length; index++) {
    const path = paths.list[index] as PathState;
    const { recovery } = path;
    if (path.state !== "active" || isSuspect(paths, path)) continue;
    if (recovery.flying === 0 && recovery.paceAt < 0 && recovery.limited) continue;
    if (recovery.rtt.smoothed >= least) continue;
    best = index;
    least = recovery.rtt.smoothed;
  }
  return best;
}
