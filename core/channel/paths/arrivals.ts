/** What comes over the paths: packets, which tell the responder where its peer is, and frames about paths. */
import { sampleRtt } from "../../transport/rtt.ts";
import type { Bytes, Nanos } from "../../units.ts";
import { leastRtt, openWanted } from "./offer.ts";
import { sizeConfirmed, stopPmtu } from "./pmtu.ts";
import { isReady, makeReady, refresh } from "./states.ts";
import {
  abandonPath,
  addPath,
  buryId,
  changeWay,
  hasRoom,
  livePaths,
  pathIndex,
  retire,
  retiredId,
  tell,
} from "./table.ts";
import { ABANDON_REASON, type Paths, type PathState } from "./types.ts";
import { answered } from "./validation.ts";

/** Challenges that wait for their response, by path. */
const RESPONSES_KEPT = 4;

/**
 * A packet whose seal was right has come: answers the position of its path, -1: it is not to be taken. Call it before the packet's
 * number is noted. `key`: the way it came by; `mtu`: of that way by what we know of it. The responder opens paths here, and validates
 * anew where a path's newest packet came by another way than those before (RFC 9000, 9.3).
 */
export function onPacket(
  paths: Paths,
  id: number,
  key: string,
  mtu: Bytes,
  number: number,
  bytes: Bytes,
  now: Nanos,
): number {
  let index = pathIndex(paths, id);
  if (index < 0) {
    index = openForPeer(paths, id, key, mtu, number, now);
    if (index < 0) {
      paths.counts.refused++;
      return -1;
    }
  }
  const path = paths.list[index] as PathState;
  if (paths.options.role === "responder") followPeer(paths, path, key, mtu, number, now);
  path.traffic.receivedPackets++;
  path.traffic.receivedBytes += bytes;
  if (path.state === "failed") tryAgain(path, now);
  if (path.key !== key || path.validated) return index;
  path.allowance.received += bytes;
  return index;
}

/** Something came over a failed path: it may well be alive. At most once a round trip. */
function tryAgain({ recovery, validation }: PathState, now: Nanos): void {
  const last = validation.pending.at(-1);
  if (validation.nextAt <= now || (last !== undefined && now - last.sentAt < recovery.rtt.smoothed)) return;
  validation.nextAt = now;
}

/** The initiator has opened a path, unless the packet is a late one of a path that is gone. */
function openForPeer(paths: Paths, id: number, key: string, mtu: Bytes, number: number, now: Nanos): number {
  if (paths.options.role !== "responder" || !paths.started || id < 0 || id > 255) return -1;
  const former = retiredId(paths, id);
  if (former !== undefined && (former.freeAt > now || number <= former.received)) return -1;
  if (!hasRoom(paths, paths.options.maxPaths, now)) {
    if (former === undefined) retire(paths, id, number, ABANDON_REASON.noRoom);
    return -1;
  }
  addPath(paths, id, key, mtu, leastRtt(paths), now);
  return paths.list.length - 1;
}

/** Responder: the peer has moved, or only seems to (its packets may be copied by somebody on the way). */
function followPeer(paths: Paths, path: PathState, key: string, mtu: Bytes, number: number, now: Nanos): void {
  if (path.key === key || path.state === "abandoned" || number <= path.acks.largest) return;
  if (key === path.formerKey) return restore(paths, path, now);
  const former = path.validated ? path.key : path.formerKey;
  stopPmtu(path.pmtu);
  changeWay(paths, path, key, mtu, now);
  path.formerKey = former;
  paths.counts.rebindings++;
  tell(paths, "redirected", path);
  refresh(paths, now);
}

/** Back to the way that was valid before: newer packets came by it, or the new one did not answer (RFC 9000, 9.3.2). */
export function restore(paths: Paths, path: PathState, now: Nanos): void {
  path.key = path.formerKey;
  path.formerKey = "";
  tell(paths, "redirected", path);
  makeReady(paths, path, 0, now);
}

/** PATH_CHALLENGE: the response goes back over the path it came by. */
export function onChallenge(paths: Paths, index: number, high: number, low: number): void {
  const path = paths.list[index];
  if (path === undefined || path.state === "abandoned") return;
  if (path.responses.length >= RESPONSES_KEPT) {
    path.responses.shift();
    paths.counts.droppedChallenges++;
  }
  path.responses.push({ high, low });
}

/** PATH_RESPONSE, by whatever path it comes (RFC 9000, 8.2.3); answers whether it answers a challenge of ours. */
export function onResponse(paths: Paths, high: number, low: number, now: Nanos): boolean {
  for (const path of paths.list) {
    const challenge = answered(path, high, low);
    if (challenge === null) continue;
    const { rtt } = path.recovery;
    if (rtt.firstSampleAt < 0) sampleRtt(rtt, now - challenge.sentAt, 0, now);
    if (isReady(path)) {
      path.traffic.answeredAt = now;
      confirmSize(paths, path, challenge.size, now);
    } else makeReady(paths, path, challenge.size, now);
    openWanted(paths, now);
    return true;
  }
  paths.counts.strayResponses++;
  return false;
}

function confirmSize(paths: Paths, path: PathState, size: Bytes, now: Nanos): void {
  const before = path.pmtu.size;
  sizeConfirmed(path.pmtu, size, now);
  if (path.pmtu.size !== before) tell(paths, "mtu", path);
}

/** PATH_STATUS: the initiator wants data over this path, or only where there is nothing else. Older news than known is ignored. */
export function onPathStatus(paths: Paths, id: number, sequence: number, available: boolean, now: Nanos): void {
  const path = paths.list[pathIndex(paths, id)];
  if (path === undefined || paths.options.role !== "responder" || sequence <= path.statusSequence) {
    paths.counts.staleFrames++;
    return;
  }
  path.statusSequence = sequence;
  path.wanted = available;
  refresh(paths, now);
}

/** PATH_ABANDON: the peer has given a path up, or had no room for it. */
export function onPathAbandon(paths: Paths, id: number, reason: number, now: Nanos): void {
  const path = paths.list[pathIndex(paths, id)];
  if (path === undefined) return forgetUnknown(paths, id, now);
  if (reason === ABANDON_REASON.noRoom && path.state !== "abandoned" && livePaths(paths) > 1) {
    paths.limit = Math.max(1, Math.min(paths.limit, livePaths(paths) - 1));
  }
  if (path.state !== "abandoned" && paths.candidates.some(({ key }) => key === path.key)) {
    paths.failedAt.set(path.key, now);
  }
  abandonPath(paths, path, ABANDON_REASON.displaced, true, now);
  refresh(paths, now);
  openWanted(paths, now);
}

/** A path that is gone, or that none of whose packets came: late ones must not open it. */
function forgetUnknown(paths: Paths, id: number, now: Nanos): void {
  if (retiredId(paths, id) === undefined) {
    paths.counts.staleFrames++;
    if (paths.options.role === "initiator" || id < 0 || id > 255) return;
    retire(paths, id, -1, ABANDON_REASON.displaced);
  }
  buryId(paths, id, now);
}
