/** Schedulers that may wait for a quicker path rather than use a slow one now. */
import type { Nanos } from "../../units.ts";
import type { Demand, Paths, PathState } from "./types.ts";

/** ECF's beta (section 4; the authors' implementation in Linux has 1/4). */
const ECF_BETA = 0.25;
/** BLEST's correction, its steps and bounds, as the authors' implementation in Linux has them. */
const LAMBDA_WORSE = 0.04;
const LAMBDA_BETTER = 0.01;
export const LAMBDA_LEAST = 1;
export const LAMBDA_MOST = 1.3;

/**
 * Earliest Completion First (Lim, Nahum, Towsley, Gibbens: "ECF: An MPTCP Path Scheduler to Manage Heterogeneous Paths", CoNEXT 2017,
 * algorithm 1): with k bytes to send, windows and round-trip times of the fast path f (whose window is full) and the slow path s, and
 * delta the larger of their deviations, wait where
 *
 *   (1 + k / CWND_f) RTT_f < (1 + waiting beta) (RTT_s + delta)   and   k / CWND_s RTT_s >= 2 RTT_f + delta
 *
 * k counting as one window at least, as the authors' implementation has it: nothing takes less than a round trip.
 */
export function sendsEcf(paths: Paths, fast: PathState, slow: PathState, demand: Demand): boolean {
  const { scheduling } = paths;
  const quick = fast.recovery.rtt;
  const late = slow.recovery.rtt;
  const delta = Math.max(quick.variation, late.variation);
  const rounds = 1 + windowsOf(demand, fast);
  const patience = (1 + (scheduling.waiting ? ECF_BETA : 0)) * (late.smoothed + delta);
  if (rounds * quick.smoothed >= patience) {
    scheduling.waiting = false;
    return true;
  }
  if (windowsOf(demand, slow) * late.smoothed < 2 * quick.smoothed + delta) return true;
  scheduling.waiting = true;
  return false;
}

function windowsOf({ queued }: Demand, { recovery }: PathState): number {
  return Math.max(1, queued / recovery.controller.window);
}

/**
 * Blocking estimation (Ferlin, Alay, Mehani, Boreli: "BLEST: Blocking Estimation-based MPTCP Scheduler for Heterogeneous Networks", IFIP
 * Networking 2016, section III): while a packet is under way on the slow path s, the fast path f could send
 *
 *   X = MSS_f (CWND_f + (rtts - 1) / 2) rtts,   rtts = RTT_s / RTT_f
 *
 * bytes. Send on s only where X lambda <= |M| - MSS_s (inflight_s + 1), |M| the peer's window for the association; otherwise the window
 * would be full before, and the fast path stand still. Lambda rises where that happened nevertheless, and falls where it did not.
 */
export function sendsBlest(paths: Paths, fast: PathState, slow: PathState, demand: Demand, now: Nanos): boolean {
  adaptLambda(paths, fast, demand, now);
  const datagram = fast.recovery.controller.datagram;
  const rounds = slow.recovery.rtt.smoothed / fast.recovery.rtt.smoothed;
  const couldSend = (fast.recovery.controller.window + (datagram * (rounds - 1)) / 2) * rounds;
  let window = demand.credit;
  for (const { recovery } of paths.list) window += recovery.flyingBytes;
  const held = slow.recovery.flyingBytes + slow.recovery.controller.datagram;
  return couldSend * paths.scheduling.lambda <= window - held;
}

/** Once a round trip of the fast path. */
function adaptLambda({ scheduling }: Paths, fast: PathState, { blocked }: Demand, now: Nanos): void {
  if (now - scheduling.adaptedAt < fast.recovery.rtt.smoothed) return;
  scheduling.adaptedAt = now;
  const lambda = scheduling.lambda + (blocked ? LAMBDA_WORSE : -LAMBDA_BETTER);
  scheduling.lambda = Math.min(LAMBDA_MOST, Math.max(LAMBDA_LEAST, lambda));
}
