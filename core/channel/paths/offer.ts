/** What the selector offers and wishes becomes paths; news of failures ends their use at once. */
import { type Bytes, type Nanos, SECOND } from "../../units.ts";
import { packetTooBig } from "./pmtu.ts";
import { failPath, makeReady, refresh } from "./states.ts";
import { addPath, changeWay, forgetWay, hasRoom, livePaths, sweep, takeId, tell } from "./table.ts";
import type { Candidate, Paths, PathState } from "./types.ts";

/** A wish that failed is tried again with an offer so much later, even beside a path that works. */
const WISH_AGAIN: Nanos = 10 * SECOND;

/**
 * The handshake is through: path 0, over which it went. `rtt`: as the handshake showed, 0: unknown. Then `offerCandidates` opens others.
 */
export function startPaths(paths: Paths, key: string, mtu: number, rtt: Nanos, now: Nanos): void {
  if (paths.started) return;
  paths.started = true;
  const id = paths.options.role === "initiator" ? takeId(paths, now) : 0;
  const path = addPath(paths, id, key, mtu, rtt, now);
  path.withdrawn = paths.candidates.length > 0 && !paths.candidates.some((candidate) => candidate.key === key);
  makeReady(paths, path, 0, now);
  openWanted(paths, now);
}

/**
 * The selector's offer, in its order, and the position of the one it wishes (-1: none). New ones are tried, those it has news against
 * are left, those it does not offer any more are abandoned when something else carries data. Duplicate keys count once.
 */
export function offerCandidates(paths: Paths, candidates: readonly Candidate[], preferred: number, now: Nanos): void {
  sweep(paths, now);
  paths.candidates = candidates.map(({ key, mtu, latencyNs, usable }) => ({ key, mtu, latencyNs, usable }));
  const wish = candidates[preferred]?.key ?? "";
  const failedAt = paths.failedAt.get(wish) ?? now;
  if (wish !== paths.preferred || now - failedAt > WISH_AGAIN) paths.failedAt.delete(wish);
  paths.preferred = wish;
  const offered = new Map(candidates.map((candidate) => [candidate.key, candidate]));
  for (const key of paths.failedAt.keys()) if (!offered.has(key)) paths.failedAt.delete(key);
  for (const path of paths.list) {
    if (path.state === "abandoned") continue;
    const candidate = offered.get(path.key);
    path.withdrawn = candidate === undefined;
    if (candidate !== undefined) noteUsable(paths, path, candidate.usable, now);
  }
  refresh(paths, now);
  openWanted(paths, now);
}

function noteUsable(paths: Paths, path: PathState, usable: boolean, now: Nanos): void {
  const before = path.usable;
  path.usable = usable;
  if (!usable) return failPath(paths, path, now);
  if (before || path.state !== "failed") return;
  path.validation.attempts = 0;
  path.validation.nextAt = now;
}

/** News of a failure (SCMP, BFD, a local link): the paths whose key `isDown` carry nothing until they answer a challenge again. */
export function pathDown(paths: Paths, isDown: (key: string) => boolean, now: Nanos): void {
  for (const path of paths.list) if (isDown(path.key)) failPath(paths, path, now);
  openWanted(paths, now);
}

/** Tries candidates as far as there is room, the one wished for first; failed paths go over to others (initiator). */
export function openWanted(paths: Paths, now: Nanos): void {
  if (!paths.started || paths.options.role !== "initiator") return;
  for (const candidate of wanted(paths)) {
    if (!place(paths, candidate, now)) return;
  }
}

/** Gives a candidate a path: one that is of no use as it is, else a new one. The one wished for may be one too many until it is ready. */
function place(paths: Paths, candidate: Candidate, now: Nanos): boolean {
  const full = livePaths(paths) >= paths.limit;
  const useless = paths.list.find((path) => isUseless(paths, path));
  if (useless !== undefined && (full || useless.withdrawn)) {
    redirect(paths, useless, candidate, now);
    return true;
  }
  const wished = candidate.key === paths.preferred && !paths.failedAt.has(candidate.key);
  return hasRoom(paths, wished ? 1 : 0, now) && open(paths, candidate, now);
}

/** Neither carries anything nor will: withdrawn before it was ready, or failed. The one wished for is tried on, beside others. */
function isUseless(paths: Paths, { key, state, withdrawn }: PathState): boolean {
  if (withdrawn) return state === "failed" || state === "validating";
  return state === "failed" && (paths.limit === 1 || key !== paths.preferred);
}

function redirect(paths: Paths, path: PathState, { key, mtu, latencyNs }: Candidate, now: Nanos): void {
  changeWay(paths, path, key, mtu, now);
  forgetWay(paths, path, guessRtt(paths, latencyNs), now);
  tell(paths, "redirected", path);
}

/** Usable candidates without a path: the preferred one, then those that failed longest ago or never, in the order of the offer. */
function wanted(paths: Paths): Candidate[] {
  const taken = new Set(paths.list.filter((path) => path.state !== "abandoned").map((path) => path.key));
  const free: Candidate[] = [];
  for (const candidate of paths.candidates) {
    if (!candidate.usable || taken.has(candidate.key)) continue;
    taken.add(candidate.key);
    free.push(candidate);
  }
  const since = ({ key }: Candidate): number => paths.failedAt.get(key) ?? (key === paths.preferred ? -2 : -1);
  return free.sort((one, other) => since(one) - since(other));
}

function open(paths: Paths, { key, mtu, latencyNs }: Candidate, now: Nanos): boolean {
  const id = takeId(paths, now);
  if (id < 0) return false;
  addPath(paths, id, key, mtu, guessRtt(paths, latencyNs), now);
  return true;
}

function guessRtt(paths: Paths, latency: Nanos | null): Nanos {
  return latency === null ? leastRtt(paths) : 2 * latency;
}

/** Guess for a way nothing is known of: the quickest known one's round trip, 0: none known. */
export function leastRtt(paths: Paths): Nanos {
  let least = 0;
  for (const { recovery } of paths.list) {
    if (recovery.rtt.firstSampleAt < 0) continue;
    if (least === 0 || recovery.rtt.smoothed < least) least = recovery.rtt.smoothed;
  }
  return least;
}

/** A router says that packets over this way may have at most `mtu` bytes (SCMP, packet too big). */
export function onPacketTooBig(paths: Paths, key: string, mtu: Bytes, now: Nanos): void {
  for (const path of paths.list) {
    if (path.key === key && packetTooBig(path.pmtu, mtu, now)) tell(paths, "mtu", path);
  }
}
