/**
 * CUBIC (RFC 9438). Sizes of the equations are in datagrams and seconds, as there; the window is in bytes.
 *
 *   W_cubic(t) = C (t - K)^3 + W_max,  K = cbrt((W_max - cwnd_epoch) / C)          (figures 1 and 2)
 *   W_est     += alpha * acked / cwnd, what Reno would have with the same losses    (figure 4)
 *
 * Slow start is plain; HyStart++ (RFC 9406) if asked for. The window grows by acknowledged bytes, so that the number of packets an
 * acknowledgement stands for does not matter.
 */
import { cbrt } from "../../math.ts";
import type { Rtt } from "../../transport/rtt.ts";
import { type Nanos, SECOND } from "../../units.ts";
import { type Controller, type ControllerState, initialWindow, minimumWindow } from "./controller.ts";
import { createHystart, type Hystart, hystartAcked, hystartGrowth } from "./hystart.ts";
import { createReduction, noteReduction, type Reduction, undoReduction } from "./reduction.ts";

/** beta_cubic (4.6), C (5), and alpha_cubic, which gives Reno's average rate with beta_cubic (4.3). */
const BETA = 0.7;
const C = 0.4;
const ALPHA = (3 * (1 - BETA)) / (1 + BETA);
/** The target lies at most half a window above the window (4.2). */
const MOST_GROWTH = 1.5;

export interface CubicState extends ControllerState {
  readonly friendly: boolean;
  readonly fastConvergence: boolean;
  /** W_max, datagrams; 0: there was no congestion since the beginning, or since persistent congestion. */
  wMax: number;
  /** Seconds from the beginning of the epoch to the middle of the curve. */
  k: number;
  /** When congestion avoidance began, -1: it did not since the last congestion. */
  epochStart: Nanos;
  /** Since when the window was not what held the sender up, -1: it is. The curve stands still meanwhile (5.8). */
  idleSince: Nanos;
  /** W_est and the window before the last reduction, datagrams. */
  wEst: number;
  cwndPrior: number;
  readonly hystart: Hystart | null;
  readonly before: Reduction & { wMax: number; k: number; epochStart: Nanos; wEst: number; cwndPrior: number };
}

export const CUBIC: Controller<CubicState> = {
  create: (options) => ({
    kind: "cubic",
    window: initialWindow(options),
    threshold: Number.MAX_SAFE_INTEGER,
    datagram: options.datagram,
    recoveryStart: -1,
    events: 0,
    friendly: options.friendly ?? true,
    fastConvergence: options.fastConvergence ?? true,
    wMax: 0,
    k: 0,
    epochStart: -1,
    idleSince: -1,
    wEst: 0,
    cwndPrior: 0,
    hystart: options.hystart === true ? createHystart() : null,
    before: { ...createReduction(), wMax: 0, k: 0, epochStart: -1, wEst: 0, cwndPrior: 0 },
  }),

  onAcked(state, bytes, sentAt, now, rtt, limited) {
    if (!limited) {
      if (state.idleSince < 0) state.idleSince = now;
      return;
    }
    resume(state, now);
    if (sentAt <= state.recoveryStart) return;
    if (state.window < state.threshold) growInSlowStart(state, bytes, sentAt, now, rtt);
    else avoidCongestion(state, bytes / state.datagram, now, rtt);
  },

  onCongestion(state, sentAt, now) {
    if (sentAt <= state.recoveryStart) return false;
    remember(state);
    const window = state.window / state.datagram;
    state.cwndPrior = window;
    state.wMax = state.fastConvergence && window < state.wMax ? (window * (1 + BETA)) / 2 : window;
    state.epochStart = -1;
    state.recoveryStart = now;
    state.threshold = Math.max(state.window * BETA, minimumWindow(state));
    state.window = state.threshold;
    state.events++;
    return true;
  },

  /** As after a timeout (4.8): the next epoch begins in the middle of its curve. */
  onPersistent(state) {
    state.window = minimumWindow(state);
    state.recoveryStart = -1;
    state.epochStart = -1;
    state.wMax = 0;
    state.before.window = 0;
  },

  onSpurious(state) {
    const { before } = state;
    if (!undoReduction(before, state)) return;
    state.wMax = before.wMax;
    state.k = before.k;
    state.epochStart = before.epochStart;
    state.wEst = before.wEst;
    state.cwndPrior = before.cwndPrior;
  },

  pacingRate: () => 0,
};

/** Figure 1, datagrams; `t`: seconds since the epoch began. */
export function cubicWindow({ wMax, k }: Pick<CubicState, "wMax" | "k">, t: number): number {
  const d = t - k;
  return C * d * d * d + wMax;
}

function resume(state: CubicState, now: Nanos): void {
  if (state.idleSince < 0) return;
  if (state.epochStart >= 0) state.epochStart += now - state.idleSince;
  state.idleSince = -1;
}

function growInSlowStart(state: CubicState, bytes: number, sentAt: Nanos, now: Nanos, rtt: Rtt): void {
  const { hystart } = state;
  if (hystart === null) {
    state.window += bytes;
    return;
  }
  if (hystartAcked(hystart, sentAt, now, rtt.latest)) state.threshold = state.window;
  else state.window += hystartGrowth(hystart, bytes);
}

function avoidCongestion(state: CubicState, acked: number, now: Nanos, rtt: Rtt): void {
  const window = state.window / state.datagram;
  if (state.epochStart < 0) beginEpoch(state, window, now);
  const t = (now - state.epochStart) / SECOND;
  state.wEst += ((state.wEst < state.cwndPrior ? ALPHA : 1) * acked) / window;
  const target = Math.min(cubicWindow(state, t + rtt.smoothed / SECOND), MOST_GROWTH * window);
  let next = target > window ? window + ((target - window) * acked) / window : window;
  if (state.friendly && cubicWindow(state, t) < state.wEst) next = Math.max(window, state.wEst);
  state.window = next * state.datagram;
}

function beginEpoch(state: CubicState, window: number, now: Nanos): void {
  state.epochStart = now;
  state.wEst = window;
  if (window < state.wMax) {
    state.k = cbrt((state.wMax - window) / C);
  } else {
    state.k = 0;
    state.wMax = window;
  }
}

function remember(state: CubicState): void {
  const { before } = state;
  noteReduction(before, state);
  before.wMax = state.wMax;
  before.k = state.k;
  before.epochStart = state.epochStart;
  before.wEst = state.wEst;
  before.cwndPrior = state.cwndPrior;
}
