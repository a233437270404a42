/** The timers of all paths: recovery's, those of challenges, and of the path MTU's discovery. */
import { abandon, deadlineOf as recoveryDeadline, onTimeout as recoveryTimeout } from "../recovery/recovery.ts";
import type { News } from "../recovery/state.ts";
import type { Nanos } from "../../units.ts";
import { restore } from "./arrivals.ts";
import { openWanted } from "./offer.ts";
import { pmtuTimeout } from "./pmtu.ts";
import { failPath } from "./states.ts";
import { sweep, tell } from "./table.ts";
import type { Paths, PathState } from "./types.ts";
import { isUnanswered } from "./validation.ts";

/** When `onTimeout` or `nextControl` has to be called next; -1: nothing runs. */
export function deadlineOf(paths: Paths): Nanos {
  let deadline = -1;
  for (const path of paths.list) deadline = sooner(deadline, pathDeadline(path));
  return deadline;
}

function pathDeadline(path: PathState): Nanos {
  if (path.state === "abandoned") return -1;
  const own = sooner(path.validation.nextAt, path.pmtu.timerAt);
  return path.state === "failed" ? own : sooner(own, recoveryDeadline(path.recovery));
}

function sooner(one: Nanos, other: Nanos): Nanos {
  if (one < 0) return other;
  return other < 0 || one < other ? one : other;
}

/** Position of a path with a timer that `onTimeout` has to serve; -1: none. */
export function dueAt(paths: Paths, now: Nanos): number {
  return paths.list.findIndex((path) => isDue(path, now));
}

function isDue(path: PathState, now: Nanos): boolean {
  if (path.state === "abandoned") return false;
  const { timerAt } = path.pmtu;
  return isUnanswered(path, now) || (timerAt >= 0 && timerAt <= now) || recoveryIsDue(path, now);
}

/** The pacer's time is none of `onTimeout`'s. */
function recoveryIsDue({ state, recovery }: PathState, now: Nanos): boolean {
  if (state === "failed" || recovery.flying === 0) return false;
  const pace = recovery.paceAt;
  recovery.paceAt = -1;
  const deadline = recoveryDeadline(recovery);
  recovery.paceAt = pace;
  return deadline >= 0 && deadline <= now;
}

/** Serves what is due on the path at `index`; `news`, emptied first, tells which of its packets are lost. Then `takeLost`. */
export function onTimeout(paths: Paths, index: number, now: Nanos, news: News): void {
  news.acked.length = 0;
  news.lost.length = 0;
  news.spurious.length = 0;
  const path = paths.list[index];
  if (path === undefined || path.state === "abandoned") return;
  if (recoveryIsDue(path, now)) {
    recoveryTimeout(path.recovery, now, news);
    if (path.state === "validating") path.recovery.probes = 0;
    else if (path.recovery.probeCount >= paths.options.failAfter) failPath(paths, path, now);
  }
  pmtuTimer(paths, path, now);
  if (isUnanswered(path, now)) giveUp(paths, path, now);
  openWanted(paths, now);
}

function pmtuTimer(paths: Paths, path: PathState, now: Nanos): void {
  const before = path.pmtu.size;
  pmtuTimeout(path.pmtu, now);
  if (path.pmtu.size !== before) tell(paths, "mtu", path);
}

function giveUp(paths: Paths, path: PathState, now: Nanos): void {
  if (path.formerKey !== "") restore(paths, path, now);
  else failPath(paths, path, now);
}

/** A path whose packets in flight have to be taken for lost: `news`, emptied first, has them. Answers its position; -1: none (any more). */
export function takeLost(paths: Paths, news: News, now: Nanos): number {
  const index = paths.list.findIndex((path) => path.lostDue);
  const path = paths.list[index];
  if (path === undefined) {
    sweep(paths, now);
    return -1;
  }
  path.lostDue = false;
  abandon(path.recovery, news);
  return index;
}
