/** Challenges: when, how large, how often. PATH_CHALLENGE and PATH_RESPONSE as RFC 9000 has them (section 8.2). */
import { probeTimeout } from "../../transport/rtt.ts";
import { type Bytes, type Nanos, SECOND } from "../../units.ts";
import { MIN_PLPMTU } from "./pmtu.ts";
import { allowanceOf, expanded } from "./table.ts";
import type { Paths, PathState, PendingChallenge, Random } from "./types.ts";

/** Challenges without response after which a way counts as failed: seven probe timeouts, with the doubling between them. */
export const MAX_ATTEMPTS = 3;
/** Challenges whose response still counts. */
const CHALLENGES_KEPT = 4;
/** Failed paths are tried at least so often: where nothing else carries data, and where something does. */
const REVIVAL_ALONE: Nanos = 2 * SECOND;
const REVIVAL_BESIDE: Nanos = 10 * SECOND;
/** A packet with nothing but a challenge: header, frame and tag with room to spare. */
export const LEAST_CHALLENGE: Bytes = 64;
/** Jitter of retries: up to 1/8 longer, in steps of 1/8192. */
const JITTER_STEPS = 1_024;
const WORD = 0x1_0000_0000;

export function challengeIsDue(path: PathState, now: Nanos): boolean {
  const { attempts, nextAt } = path.validation;
  if (nextAt < 0 || nextAt > now) return false;
  return path.state === "failed" || (path.state === "validating" && attempts < MAX_ATTEMPTS);
}

/** The time for responses to all challenges is over. */
export function isUnanswered({ state, validation }: PathState, now: Nanos): boolean {
  return (
    state === "validating" && validation.nextAt >= 0 && validation.nextAt <= now && validation.attempts >= MAX_ATTEMPTS
  );
}

/** Makes a challenge, and sets the time of the next; null where the allowance is used up, which counts as an attempt too. */
export function makeChallenge(paths: Paths, path: PathState, now: Nanos, random: Random): PendingChallenge | null {
  const { validation } = path;
  const size = challengeSize(paths, path);
  validation.attempts++;
  const interval = retryInterval(paths, path);
  validation.nextAt = now + interval + Math.floor((interval * random.below(JITTER_STEPS)) / (8 * JITTER_STEPS));
  return size < LEAST_CHALLENGE ? null : keepChallenge(paths, path, size, now, random);
}

/** A challenge whose response will be known. */
export function keepChallenge(
  paths: Paths,
  path: PathState,
  size: Bytes,
  now: Nanos,
  random: Random,
): PendingChallenge {
  const { pending } = path.validation;
  const challenge = { data: { high: random.below(WORD), low: random.below(WORD) }, size, sentAt: now };
  if (pending.length >= CHALLENGES_KEPT) pending.shift();
  pending.push(challenge);
  paths.counts.challenges++;
  return challenge;
}

/** Takes the challenge that this response answers out of those of `path`; null: none of them. */
export function answered(path: PathState, high: number, low: number): PendingChallenge | null {
  const { pending } = path.validation;
  const at = pending.findIndex(({ data }) => data.high === high && data.low === low);
  if (at < 0) return null;
  const [challenge] = pending.splice(at, 1);
  return challenge ?? null;
}

/** The first is as large as the metadata promise, which shows at once that they are true; then less, in case they are not. */
function challengeSize(paths: Paths, path: PathState): Bytes {
  const { attempts } = path.validation;
  if (attempts === 0 && paths.options.probeMtu) return Math.min(path.pmtu.assumed, allowanceOf(paths, path));
  if (attempts % MAX_ATTEMPTS === MAX_ATTEMPTS - 1) return Math.min(MIN_PLPMTU, expanded(paths, path));
  return expanded(paths, path);
}

function retryInterval(paths: Paths, path: PathState): Nanos {
  const timeout = probeTimeout(path.recovery.rtt, Math.max(0, path.validation.attempts - 1));
  if (path.state !== "failed") return timeout;
  const alone = !paths.list.some(({ state }) => state === "active");
  return Math.min(timeout, alone ? REVIVAL_ALONE : REVIVAL_BESIDE);
}

/** When a path that fails now is to be tried again; -1: not before the selector thinks it usable. */
export function reviveAt(paths: Paths, path: PathState, now: Nanos): Nanos {
  return path.usable ? now + retryInterval(paths, path) : -1;
}
