/** Frames of the path manager on their way out, and what became of them. */
import { probeTimeout } from "../../transport/rtt.ts";
import type { Nanos } from "../../units.ts";
import { probeDue, probeSent } from "./pmtu.ts";
import { isReady } from "./states.ts";
import { allowanceOf, buryId, expanded, pathIndex, retiredId } from "./table.ts";
import type { ChallengeData, Control, Paths, PathState, Random } from "./types.ts";
import { challengeIsDue, keepChallenge, LEAST_CHALLENGE, makeChallenge } from "./validation.ts";

/**
 * The next frame to send, and over which path; null: none now. Challenges and responses make packets of their own, padded to `size`, which
 * ask for no acknowledgement: their loss is no congestion. The others stand in any packet, asks for an acknowledgement, and is
 * reported by `controlAcked` or `controlLost`.
 */
export function nextControl(paths: Paths, now: Nanos, random: Random): Control | null {
  for (let index = 0; index < paths.list.length; index++) {
    const path = paths.list[index] as PathState;
    if (path.state === "abandoned") continue;
    const found = nextResponse(paths, path, index) ?? nextChallenge(paths, path, index, now, random);
    if (found !== null) return found;
  }
  return nextNotice(paths);
}

function nextResponse(paths: Paths, path: PathState, index: number): Control | null {
  if (path.responses.length === 0) return null;
  const size = expanded(paths, path);
  if (size < LEAST_CHALLENGE) return null;
  const data = path.responses.shift() as ChallengeData;
  return { kind: "response", index, id: path.id, data, size };
}

function nextChallenge(paths: Paths, path: PathState, index: number, now: Nanos, random: Random): Control | null {
  if (challengeIsDue(path, now)) {
    const challenge = makeChallenge(paths, path, now, random);
    if (challenge !== null)
      return { kind: "challenge", index, id: path.id, data: challenge.data, size: challenge.size };
  }
  const size = isReady(path) ? probeDue(path.pmtu) : 0;
  if (size === 0) return null;
  probeSent(path.pmtu, 3 * probeTimeout(path.recovery.rtt, 0), now);
  const { data } = keepChallenge(paths, path, size, now, random);
  return { kind: "challenge", index, id: path.id, data, size };
}

function nextNotice(paths: Paths): Control | null {
  const index = carrierOf(paths);
  if (index < 0) return null;
  for (const path of paths.list) {
    if (!path.statusDue) continue;
    path.statusDue = false;
    return { kind: "status", index, id: path.id, sequence: path.statusSequence, available: path.told };
  }
  for (const retired of paths.retired) {
    if (!retired.due) continue;
    retired.due = false;
    return { kind: "abandon", index, id: retired.id, reason: retired.reason };
  }
  return null;
}

/** The path for frames that any path may carry: the first active one, else the first ready one. */
function carrierOf(paths: Paths): number {
  const active = paths.list.findIndex((path) => path.state === "active" && path.recovery.probeCount === 0);
  return active >= 0 ? active : paths.list.findIndex(isReady);
}

/** The peer has got a PATH_STATUS or PATH_ABANDON. */
export function controlAcked(paths: Paths, control: Control, now: Nanos): void {
  if (control.kind === "abandon") buryId(paths, control.id, now);
}

/** A packet with this frame is lost: it goes again where it still holds. */
export function controlLost(paths: Paths, control: Control): void {
  if (control.kind === "abandon") {
    const retired = retiredId(paths, control.id);
    if (retired !== undefined && retired.freeAt === Number.MAX_SAFE_INTEGER) retired.due = true;
  }
  if (control.kind !== "status") return;
  const path = paths.list[pathIndex(paths, control.id)];
  if (path !== undefined && path.state !== "abandoned" && path.statusSequence === control.sequence)
    path.statusDue = true;
}

/** Does anything wait to be sent by `nextControl`? Cheap: to be asked before every packet. */
export function controlIsDue(paths: Paths, now: Nanos): boolean {
  for (const path of paths.list) {
    if (path.statusDue || path.responses.length > 0 || path.pmtu.due) return true;
    if (path.validation.nextAt >= 0 && path.validation.nextAt <= now) return true;
  }
  for (const retired of paths.retired) if (retired.due) return true;
  return false;
}

/** May a packet of `bytes` go over the path as far as its validation is concerned? */
export function isAllowed(paths: Paths, path: PathState, bytes: number): boolean {
  return path.validated || allowanceOf(paths, path) >= bytes;
}
