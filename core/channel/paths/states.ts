/**
 * Which paths carry data.
 *
 *                         response                             another path is the one in use (single),
 *   validating -------------------------------> active <------ the initiator wants others (responder) ----> standby
 *    |      ^                                     |                                                           |
 *    |      | the peer came by another way        |  probe timeouts in a row, news of a failure               |
 *    |      +-------------------------------------+-----------------------------------------------------------+
 *    | too many challenges without response       v
 *    +----------------------------------------> failed --- challenges go on, ever more rarely; response ---> active
 *
 *   any --- withdrawn, displaced, or the peer says so ---> abandoned ---> gone
 */
import { setCoupled } from "../recovery/coupled.ts";
import type { Nanos } from "../../units.ts";
import { startPmtu, stopPmtu } from "./pmtu.ts";
import { abandonPath, forgetWay, livePaths, tell } from "./table.ts";
import { ABANDON_REASON, type Paths, type PathState } from "./types.ts";
import { reviveAt } from "./validation.ts";

export function isReady(path: PathState): boolean {
  return path.state === "active" || path.state === "standby";
}

/** A response has come, or the handshake is through: the path may carry data. `proven`: size of the packet that showed it, 0: unknown. */
export function makeReady(paths: Paths, path: PathState, proven: number, now: Nanos): void {
  const { validation } = path;
  const revived = path.state === "failed";
  const moved = path.formerKey !== "";
  validation.attempts = 0;
  validation.nextAt = -1;
  validation.pending.length = 0;
  path.validated = true;
  path.formerKey = "";
  paths.failedAt.delete(path.key);
  path.traffic.answeredAt = now;
  if (isReady(path)) return;
  if (revived || moved) forgetWay(paths, path, path.recovery.rtt.smoothed, now);
  if (revived) paths.counts.revivals++;
  else paths.counts.validated++;
  path.state = "standby";
  startPmtu(path.pmtu, proven, paths.options.probeMtu, now);
  tell(paths, revived ? "revived" : "validated", path);
  refresh(paths, now);
}

/** The path carries nothing for now: what is in flight on it counts as lost. */
export function failPath(paths: Paths, path: PathState, now: Nanos): void {
  if (path.state === "failed" || path.state === "abandoned") return;
  path.state = "failed";
  path.lostDue = true;
  path.recovery.probes = 0;
  path.recovery.probeCount = 0;
  stopPmtu(path.pmtu);
  path.validation.nextAt = reviveAt(paths, path, now);
  paths.counts.failures++;
  if (paths.candidates.some(({ key }) => key === path.key)) paths.failedAt.set(path.key, now);
  tell(paths, "failed", path);
  refresh(paths, now);
}

/** Makes paths active or standby anew, and gives up withdrawn ones that are not needed any more. */
export function refresh(paths: Paths, now: Nanos): void {
  const single = paths.options.scheduler === "single";
  if (single) chooseCurrent(paths);
  const anyWanted = paths.list.some((path) => isReady(path) && path.wanted && !path.withdrawn);
  for (const path of paths.list) {
    if (isReady(path)) {
      const carries = single ? path.id === paths.current : !anyWanted || (path.wanted && !path.withdrawn);
      path.state = carries ? "active" : "standby";
    }
    setCoupled(paths.coupling, path.slot, path.state === "active");
    noteTold(paths, path);
  }
  dropSpare(paths, now);
}

/** Where something else carries data, withdrawn paths go, and the one too many that the candidate wished for was tried beside. */
function dropSpare(paths: Paths, now: Nanos): void {
  if (paths.options.role !== "initiator") return;
  if (!paths.list.some((path) => path.state === "active" && !path.withdrawn)) return;
  for (const path of paths.list) {
    if (path.withdrawn && path.state !== "abandoned") abandonPath(paths, path, ABANDON_REASON.withdrawn, false, now);
  }
  while (livePaths(paths) > paths.limit) {
    const spare = sparePath(paths);
    if (spare === undefined) return;
    abandonPath(paths, spare, ABANDON_REASON.displaced, false, now);
  }
}

function sparePath(paths: Paths): PathState | undefined {
  const { list, limit, preferred } = paths;
  const failed = list.find(({ state, key }) => state === "failed" && (limit === 1 || key !== preferred));
  if (failed !== undefined) return failed;
  if (list.some(({ state, key }) => state === "validating" && key === preferred)) return undefined;
  const standby = list.findLast(({ state, key }) => state === "standby" && key !== preferred);
  return (
    standby ?? list.findLast(({ state, key }) => (state === "active" || state === "validating") && key !== preferred)
  );
}

/** The initiator tells the responder over which paths it wants data. */
function noteTold(paths: Paths, path: PathState): void {
  if (paths.options.role !== "initiator" || path.state === "validating" || path.state === "abandoned") return;
  const carries = path.state === "active";
  if (path.told === carries) return;
  path.told = carries;
  path.statusSequence = ++paths.statusSequence;
  path.statusDue = true;
}

/**
 * The path in use by `single`: the candidate that the selector wishes; else the one in use as long as it can be; else the first ready
 * one in the order of the offer. The responder follows what the initiator says.
 */
function chooseCurrent(paths: Paths): void {
  const before = paths.current;
  paths.current = bestForSingle(paths);
  if (paths.current === before || paths.current < 0) return;
  const path = paths.list.find(({ id }) => id === paths.current);
  if (path !== undefined) tell(paths, "current", path);
}

function bestForSingle(paths: Paths): number {
  let best: PathState | undefined;
  let bestRank = -1;
  for (const path of paths.list) {
    if (!isReady(path)) continue;
    const rank = rankForSingle(paths, path);
    if (rank <= bestRank) continue;
    best = path;
    bestRank = rank;
  }
  return best?.id ?? -1;
}

function rankForSingle(paths: Paths, path: PathState): number {
  const current = path.id === paths.current;
  const sought = path.wanted && !path.withdrawn;
  if (sought && paths.options.role === "initiator" && path.key === paths.preferred) return 4_000;
  if (current && sought) return 3_000;
  const at = paths.candidates.findIndex(({ key }) => key === path.key);
  const early = at < 0 ? 0 : Math.max(0, 900 - at);
  return (sought ? 2_000 : current ? 1_000 : 0) + early;
}
