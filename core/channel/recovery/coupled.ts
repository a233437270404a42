/**
 * Congestion control coupled over the paths of one association.
 *
 * LIA, RFC 6356: slow start, halving and recovery of each path as a single path has them; in congestion avoidance the window of path i grows
 * with every acknowledgement by the lesser of
 *
 *   alpha bytes_acked MSS_i / cwnd_total     and     bytes_acked MSS_i / cwnd_i               (section 3)
 *   alpha = cwnd_total max(cwnd_i / rtt_i^2) / (sum cwnd_i / rtt_i)^2                         (equation 2)
 *
 * OLIA, Khalili et al., "MPTCP is not Pareto-optimal" (CoNEXT 2012; draft-khalili-mptcp-congestion-control, section 3): by
 *
 *   ((cwnd_i / rtt_i^2) / (sum cwnd_p / rtt_p)^2 + alpha_i / cwnd_i) MSS_i bytes_acked
 *
 * where alpha moves window from the paths with the largest windows to those that would be best by l / rtt^2, l the bytes between losses.
 *
 * Each path's state knows its slot in the shared table; whatever changes a window writes it there.
 */
import type { Rtt } from "../../transport/rtt.ts";
import type { Bytes, Nanos } from "../../units.ts";
import { type Controller, type ControllerState, initialWindow } from "./controller.ts";
import { createReduction, noteReduction, type Reduction, undoReduction } from "./reduction.ts";

/** What coupled paths know of each other, by slot. */
export interface Coupling {
  readonly windows: number[];
  /** Smoothed round-trip times, 0: no sample yet. */
  readonly rtts: number[];
  /** Paths that carry data now: the others count for nothing. */
  readonly using: boolean[];
  /** Bytes acknowledged since the last loss, and between the two before (OLIA's l2 and l1). */
  readonly since: number[];
  readonly between: number[];
}

export interface CoupledState extends ControllerState {
  readonly kind: "lia" | "olia";
  /** Own slot in `coupling`. */
  slot: number;
  /** Shared by the paths of an association; a new controller has one to itself. */
  coupling: Coupling;
  readonly before: Reduction;
}

export function createCoupling(): Coupling {
  return { windows: [], rtts: [], using: [], since: [], between: [] };
}

export function isCoupled(state: ControllerState): state is CoupledState {
  return state.kind === "lia" || state.kind === "olia";
}

/** Puts a path's controller into the shared table; it counts there from `setCoupled` on. */
export function joinCoupling(coupling: Coupling, state: CoupledState, slot: number): void {
  state.coupling = coupling;
  state.slot = slot;
  coupling.windows[slot] = state.window;
  coupling.rtts[slot] = 0;
  coupling.using[slot] = false;
  coupling.since[slot] = 0;
  coupling.between[slot] = 0;
}

/** Whether the path in this slot carries data. */
export function setCoupled(coupling: Coupling, slot: number, using: boolean): void {
  coupling.using[slot] = using;
}

function counts(coupling: Coupling, slot: number): boolean {
  return coupling.using[slot] === true && (coupling.rtts[slot] as number) > 0;
}

/** Growth of `slot`'s window by LIA for `bytes` acknowledged. */
export function liaIncrease(coupling: Coupling, slot: number, datagram: Bytes, bytes: Bytes): number {
  const own = coupling.windows[slot] as number;
  let total = 0;
  let best = 0;
  let rate = 0;
  for (let at = 0; at < coupling.windows.length; at++) {
    if (!counts(coupling, at)) continue;
    const window = coupling.windows[at] as number;
    const rtt = coupling.rtts[at] as number;
    total += window;
    rate += window / rtt;
    best = Math.max(best, window / (rtt * rtt));
  }
  if (!counts(coupling, slot)) return (bytes * datagram) / own;
  const alpha = (total * best) / (rate * rate);
  return Math.min((alpha * bytes * datagram) / total, (bytes * datagram) / own);
}

/** Growth (or, below 0, shrinking) of `slot`'s window by OLIA for `bytes` acknowledged. */
export function oliaIncrease(coupling: Coupling, slot: number, datagram: Bytes, bytes: Bytes): number {
  const own = coupling.windows[slot] as number;
  if (!counts(coupling, slot)) return (bytes * datagram) / own;
  const rtt = coupling.rtts[slot] as number;
  let rate = 0;
  for (let at = 0; at < coupling.windows.length; at++) {
    if (counts(coupling, at)) rate += (coupling.windows[at] as number) / (coupling.rtts[at] as number);
  }
  return (own / (rtt * rtt) / (rate * rate) + oliaAlpha(coupling, slot) / own) * datagram * bytes;
}

/** OLIA's alpha of a path: above 0 for the best paths whose windows are not the largest, below 0 for the largest where there are such. */
export function oliaAlpha(coupling: Coupling, slot: number): number {
  let paths = 0;
  let largest = 0;
  let best = 0;
  for (let at = 0; at < coupling.windows.length; at++) {
    if (!counts(coupling, at)) continue;
    paths++;
    largest = Math.max(largest, coupling.windows[at] as number);
    best = Math.max(best, quality(coupling, at));
  }
  let collected = 0;
  let large = 0;
  for (let at = 0; at < coupling.windows.length; at++) {
    if (!counts(coupling, at)) continue;
    if ((coupling.windows[at] as number) === largest) large++;
    else if (quality(coupling, at) === best) collected++;
  }
  if (collected === 0) return 0;
  if ((coupling.windows[slot] as number) === largest) return -1 / (paths * large);
  return quality(coupling, slot) === best ? 1 / (paths * collected) : 0;
}

function quality(coupling: Coupling, slot: number): number {
  const rtt = coupling.rtts[slot] as number;
  return Math.max(coupling.since[slot] as number, coupling.between[slot] as number) / (rtt * rtt);
}

/** RFC 6356, section 3: a window may fall to one full packet where several paths share the load; alone to two (RFC 9002, 7.2). */
function leastWindow(state: CoupledState): number {
  return state.coupling.windows.length > 1 ? state.datagram : 2 * state.datagram;
}

function setWindow(state: CoupledState, window: number): void {
  state.window = window;
  state.coupling.windows[state.slot] = window;
}

function onAcked(state: CoupledState, bytes: Bytes, sentAt: Nanos, rtt: Rtt, limited: boolean): void {
  const { coupling, slot } = state;
  if (rtt.firstSampleAt >= 0) coupling.rtts[slot] = rtt.smoothed;
  coupling.since[slot] = (coupling.since[slot] as number) + bytes;
  if (!limited || sentAt <= state.recoveryStart) return;
  if (state.window < state.threshold) return setWindow(state, state.window + bytes);
  const increase = state.kind === "lia" ? liaIncrease : oliaIncrease;
  const growth = increase(coupling, slot, state.datagram, bytes);
  setWindow(state, Math.max(state.window + growth, leastWindow(state)));
}

/** Halves, as a single path does (RFC 6356, section 3; OLIA likewise). */
function onCongestion(state: CoupledState, sentAt: Nanos, now: Nanos): boolean {
  if (sentAt <= state.recoveryStart) return false;
  noteReduction(state.before, state);
  const { coupling, slot } = state;
  coupling.between[slot] = coupling.since[slot] as number;
  coupling.since[slot] = 0;
  state.recoveryStart = now;
  setWindow(state, Math.max(state.window / 2, leastWindow(state)));
  state.threshold = state.window;
  state.events++;
  return true;
}

function coupledController(kind: "lia" | "olia"): Controller<CoupledState> {
  return {
    create(options) {
      const window = initialWindow(options);
      const alone = { windows: [window], rtts: [0], using: [true], since: [0], between: [0] };
      return {
        kind,
        window,
        threshold: Number.MAX_SAFE_INTEGER,
        datagram: options.datagram,
        recoveryStart: -1,
        events: 0,
        slot: 0,
        coupling: alone,
        before: createReduction(),
      };
    },
    onAcked: (state, bytes, sentAt, _now, rtt, limited) => onAcked(state, bytes, sentAt, rtt, limited),
    onCongestion: (state, sentAt, now) => onCongestion(state, sentAt, now),
    onPersistent(state) {
      state.recoveryStart = -1;
      state.before.window = 0;
      setWindow(state, leastWindow(state));
    },
    onSpurious(state) {
      if (!undoReduction(state.before, state)) return;
      setWindow(state, state.window);
      const { coupling, slot } = state;
      coupling.since[slot] = (coupling.since[slot] as number) + (coupling.between[slot] as number);
    },
    pacingRate: () => 0,
  };
}

/** Linked increases (RFC 6356). */
export const LIA = coupledController("lia");
/** Opportunistic linked increases (Khalili et al. 2012). */
export const OLIA = coupledController("olia");
